-- Reading bytes as text and JSON, so that one bad string cannot lose its neighbours. What is mended on the way is only the
-- reading: raw keeps the bytes, and a document that had to be mended is told of (staging.validation_results).

-- Bytes to text; what is no UTF-8 becomes U+FFFD, byte by byte. Halves are tried until the bad place is short.
create function raw_data.lossy_text_of(body bytea) returns text language plpgsql immutable as $$
declare
    middle int := length(body) / 2;
begin
    return convert_from(body, 'UTF8');
exception when others then
    if length(body) <= 8 then
        return regexp_replace(convert_from(body, 'LATIN1'), '[\u0080-\u00ff]', E'\uFFFD', 'g');
    end if;
    -- Never inside a character: the second half begins with a byte of ASCII.
    while middle < length(body) and get_byte(body, middle) >= 128 loop
        middle := middle + 1;
    end loop;
    if middle >= length(body) then
        return regexp_replace(convert_from(body, 'LATIN1'), '[\u0080-\u00ff]', E'\uFFFD', 'g');
    end if;
    return raw_data.lossy_text_of(substring(body from 1 for middle)) || raw_data.lossy_text_of(substring(body from middle + 1));
end $$;

-- Bytes to jsonb without raising: NULL where it is no JSON. Escaped NULs and lone surrogates become U+FFFD; NaN, Infinity
-- and numbers beyond any scale become null; bytes that are no UTF-8 become U+FFFD.
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
    content := regexp_replace(content, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g');
    content := regexp_replace(content, '(?<!\\)((?:\\\\)*)\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])', '\1\\ufffd', 'g');
    content := regexp_replace(content, '(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}', '\\ufffd', 'g');
    content := regexp_replace(content, '([:\[,]\s*)-?(NaN|Infinity)(?=\s*[,\]}])', '\1null', 'g');
    content := regexp_replace(content, '([:\[,]\s*)-?\d[\d.]*[eE][+-]?\d{4,}(?=\s*[,\]}])', '\1null', 'g');
    return content::jsonb;
exception when others then
    return null;
end $$;
