-- The columns that the statement of an incremental model gives (dbt_project/macros/materializations.sql): to ask for them
-- takes a second plan of the whole statement.
create table operational.model_columns (
    model   text primary key,
    sql_md5 text not null,   -- of the statement as compiled
    columns text[] not null  -- in its order
);

do $$
begin
    grant select, insert, update, delete on operational.model_columns to mlb_transform;
exception
    when insufficient_privilege or undefined_object then
        raise notice 'this login may not grant: the columns are open to their owner alone';
end $$;

-- Bytes are parsed once where both the document and whether it had to be mended are asked for.

-- The slow path of json_of: what is no JSON as it stands, mended. NULL where that does not help.
create function raw_data.mended_json_of(body bytea) returns jsonb language plpgsql immutable as $$
declare
    content text := raw_data.text_of(body);
begin
    if content is null then
        if body is null or length(body) > 1000 and get_byte(body, 0) not in (9, 10, 13, 32, 34, 91, 123, 239) then
            return null;  -- no JSON begins so: a large body of noise is not searched for it
        end if;
        if position('\x00'::bytea in body) > 0 then  -- no text of PostgreSQL holds a NUL
            body := decode(
                regexp_replace(encode(body, 'escape'), '(?<!\\)((?:\\\\)*)\\000', '\1\\357\\277\\275', 'g'), 'escape');
        end if;
        content := ltrim(raw_data.lossy_text_of(body), E'\uFEFF');
    end if;
    if content !~ '^\s*[\[{"]' then
        return null;  -- a page of HTML, a word: nothing to mend
    end if;
    content := translate(
        content, E'\t\n\r\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u000B\u000C\u000E\u000F\u0010\u0011\u0012\u0013\u0014\u0015'
        '\u0016\u0017\u0018\u0019\u001A\u001B\u001C\u001D\u001E\u001F', '   ' || repeat(E'\uFFFD', 28));
    content := regexp_replace(content, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g');
    content := regexp_replace(content, '(?<!\\)((?:\\\\)*)\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])', '\1\\ufffd', 'g');
    content := regexp_replace(content, '(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}', '\\ufffd', 'g');
    content := regexp_replace(content, '([:\[,]\s*)-?(NaN|Infinity)(?=\s*[,\]}])', '\1null', 'g');
    content := regexp_replace(content, '([:\[,]\s*)-?\d[\d.]*[eE][+-]?\d{4,}(?=\s*[,\]}])', '\1null', 'g');
    content := regexp_replace(content, '([:\[,]\s*)-?\d{250}[\d.]*([eE][+-]?\d+)?(?=\s*[,\]}])', '\1null', 'g');
    return content::jsonb;
exception when others then
    return null;
end $$;

-- Bytes to jsonb without raising: NULL where it is no JSON. Escaped NULs and lone surrogates become U+FFFD; NaN, Infinity
-- and numbers beyond any scale become null; bytes that are no UTF-8 and control characters become U+FFFD, tabs and ends of
-- lines (which may stand between values as well) spaces.
create or replace function raw_data.json_of(body bytea) returns jsonb language plpgsql immutable as $$
declare
    content text := raw_data.text_of(body);
begin
    if content is not null then
        return content::jsonb;
    end if;
    return raw_data.mended_json_of(body);
exception when others then
    return raw_data.mended_json_of(body);
end $$;

-- The same, with whether the document is one of bytes that are JSON as they stand.
-- (pg_input_is_valid would raise where JSON is nested too deep.)
create function raw_data.json_reading(body bytea, out document jsonb, out is_mended boolean)
language plpgsql immutable as $$
declare
    content text := raw_data.text_of(body);
begin
    is_mended := false;
    if content is not null then
        begin
            document := content::jsonb;
            return;
        exception when others then
            null;
        end;
    end if;
    document := raw_data.mended_json_of(body);
    is_mended := document is not null;
end $$;

drop function raw_data.is_json(bytea);

drop function raw_data.mlb_stats_records(text, bytea);

-- How many records a document of the MLB Stats API holds: counted from the document itself, by another path than
-- staging's. One that is none, or lacks its list, is one.
create function raw_data.mlb_stats_records(endpoint text, document jsonb) returns bigint language plpgsql immutable as $$
declare
    list text := case endpoint
        when 'live_feed' then 'liveData' when 'boxscore' then 'teams' when 'linescore' then 'innings'
        when 'people' then 'people' when 'people_stats' then 'stats' when 'lineups' then 'dates'
        when 'transactions' then 'transactions' when 'venues' then 'venues' when 'teams' then 'teams'
    end;
    n bigint := 0;
begin
    if list is null then
        raise exception 'the MLB Stats API has no endpoint %', endpoint;
    end if;
    if document is null or jsonb_typeof(document) <> 'object' or not document ? list then
        return 1;
    end if;
    case endpoint
        when 'live_feed' then
            n := 1 + (select count(*) from jsonb_path_query(document -> 'liveData' -> 'plays', 'lax $.allPlays[*]'))
                + (select count(*) from jsonb_path_query(document -> 'liveData' -> 'linescore', 'lax $.innings[*]'))
                + raw_data.mlb_stats_boxscore_records(document -> 'liveData' -> 'boxscore');
        when 'boxscore' then
            n := raw_data.mlb_stats_boxscore_records(document);
        when 'people' then
            n := (select count(*) from jsonb_path_query(document, 'lax $.people[*]'))
                + (select count(*) from jsonb_path_query(document, 'lax $.people[*].stats[*].splits[*]'));
        when 'people_stats' then
            n := (select count(*) from jsonb_path_query(document, 'lax $.stats[*].splits[*]'));
        when 'lineups' then
            n := (select count(*) from jsonb_path_query(document, 'lax $.dates[*].games[*].lineups.awayPlayers[*]'))
                + (select count(*) from jsonb_path_query(document, 'lax $.dates[*].games[*].lineups.homePlayers[*]'));
        else
            n := (select count(*) from jsonb_path_query(document -> list, 'lax $[*]'));
    end case;
    return n;
end $$;
