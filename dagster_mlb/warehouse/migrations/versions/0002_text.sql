-- Reading bytes as text and JSON, so that one bad string cannot lose its neighbours. What is mended on the way is only the
-- reading: raw keeps the bytes, and a document that had to be mended is told of (staging.validation_results).

-- Bytes to text; each byte that belongs to no UTF-8 becomes U+FFFD. As fast on noise as on text.
create function raw_data.lossy_text_of(body bytea) returns text language plpgsql immutable as $$
begin
    return convert_from(body, 'UTF8');
exception when others then
    -- A byte a character; runs of what is UTF-8 (ASCII, two to four bytes) stay, any other byte is one U+FFFD.
    return convert_from(convert_to(string_agg(
        case when run.bytes[1] ~ '^[\u0080-\u00ff]$' then U&'\00EF\00BF\00BD' else run.bytes[1] end, '' order by run.place
    ), 'LATIN1'), 'UTF8')
    from regexp_matches(
        convert_from(body, 'LATIN1'),
        '(?:[\u0001-\u007f]|[\u00c2-\u00df][\u0080-\u00bf]|\u00e0[\u00a0-\u00bf][\u0080-\u00bf]'
        '|[\u00e1-\u00ec\u00ee\u00ef][\u0080-\u00bf]{2}|\u00ed[\u0080-\u009f][\u0080-\u00bf]'
        '|\u00f0[\u0090-\u00bf][\u0080-\u00bf]{2}|[\u00f1-\u00f3][\u0080-\u00bf]{3}|\u00f4[\u0080-\u008f][\u0080-\u00bf]{2})+'
        '|[\u0080-\u00ff]', 'g'
    ) with ordinality as run (bytes, place);
end $$;

-- Bytes to jsonb without raising: NULL where it is no JSON. Escaped NULs and lone surrogates become U+FFFD; NaN, Infinity
-- and numbers beyond any scale become null; bytes that are no UTF-8 and control characters become U+FFFD, tabs and ends of
-- lines (which may stand between values as well) spaces.
create or replace function raw_data.json_of(body bytea) returns jsonb language plpgsql immutable as $$
declare
    content text := raw_data.text_of(body);
begin
    if content is not null then
        begin
            return content::jsonb;
        exception when others then
            null;
        end;
    elsif body is null or length(body) > 1000 and get_byte(body, 0) not in (9, 10, 13, 32, 34, 91, 123, 239) then
        return null;  -- no JSON begins so: a large body of noise is not searched for it
    else
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

-- Whether bytes are JSON as they stand, unmended. (pg_input_is_valid raises where JSON is nested too deep.)
create function raw_data.is_json(body bytea) returns boolean language plpgsql immutable as $$
begin
    return raw_data.text_of(body)::jsonb is not null;
exception when others then
    return false;
end $$;
