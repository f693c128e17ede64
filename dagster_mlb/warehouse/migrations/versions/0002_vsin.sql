-- VSIN's pages: the rows that its reader cuts out of them, and how many there are by another path.

-- One row per club and game. `section` numbers the tables' headers, `pair` the games on the page; position 1 is the
-- visitor's row, 2 the home club's.
select raw_data.create_rows_table('vsin_split_rows', array[
    'markup', 'section', 'source_class', 'game_date', 'game_code', 'sport', 'pair', 'position', 'status', 'team',
    'team_slug', 'spread_line', 'spread_handle', 'spread_bets', 'total_line', 'total_handle', 'total_bets',
    'moneyline', 'moneyline_handle', 'moneyline_bets', 'problem'
]);

-- The rows of clubs that a page of splits holds, counted in its text; 0 for a page without games, NULL for what is no
-- page of splits. Bytes that are no UTF-8 (or NUL) are no reason to lose a page: its tags are ASCII.
-- A text without what stands between two marks; what is never closed goes up to the next mark. (The regular expression
-- for it would take the square of the length where marks are not closed.)
create function raw_data.text_without(content text, opening text, closing text) returns text
language sql immutable as $$
    select coalesce(string_agg(
        case
            when place = 1 then piece
            when position(closing in piece) > 0 then substr(piece, position(closing in piece) + length(closing))
            else ''
        end, '' order by place
    ), '')
    from unnest(string_to_array(content, opening)) with ordinality as cut (piece, place)
$$;

-- The rows of clubs that a page of splits holds, counted in its text; 0 for a page without games, NULL for what is no
-- page of splits. Bytes that are no UTF-8 (or NUL) are no reason to lose a page: its tags are ASCII.
create function raw_data.vsin_team_rows(body bytea) returns bigint language plpgsql immutable as $$
declare
    content text := coalesce(raw_data.text_of(body), encode(body, 'escape'));
    found bigint;
begin
    content := translate(content, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz');
    -- Nothing is shown of a comment or a script.
    content := raw_data.text_without(raw_data.text_without(content, '<!--', '-->'), '<script', '</script');
    if content !~ '<table[ \t\r\n\f][^<>]*(sp-table|freezetable)' and position('sp-row' in content) = 0 then
        return null;
    end if;
    found := regexp_count(content, '<tr[ \t\r\n\f/][^<>]*[ "''=\t\r\n\f]sp-row(?![a-z0-9_-])');
    if content ~ '<table[ \t\r\n\f][^<>]*freezetable' then
        -- The older markup has a row a game; its code stands there more than once.
        found := found + 2 * (
            select count(distinct code.parts[1])
            from regexp_matches(
                content, 'data-param2[ \t\r\n\f]*=[ \t\r\n\f]*["'']?([0-9]{6,10}[a-z]{2,8}[0-9]{1,8})', 'g'
            ) as code (parts)
        );
    end if;
    return found;
end $$;
