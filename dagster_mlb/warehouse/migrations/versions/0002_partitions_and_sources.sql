-- Response tables in monthly partitions, a role for retention, and the tables of every source.

-- ---------------------------------------------------------------- guards

do $$
begin
    if not exists (select from pg_roles where rolname = 'mlb_retention') then
        begin
            create role mlb_retention nologin;
        exception
            when duplicate_object or unique_violation then null;  -- another database's migration made it just now
            when insufficient_privilege then
                raise notice 'this login may not make roles: nothing can be deleted from raw_data';
        end;
    end if;
end $$;

-- Only `set role mlb_retention` may delete, and nobody may rewrite: a superuser is not let through by being one.
create or replace function raw_data.refuse_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and current_user = 'mlb_retention' then
        return old;
    end if;
    raise exception 'raw_data.% is append-only: % is refused (law 2; corrections arrive as new loads)', tg_table_name, tg_op
        using errcode = 'insufficient_privilege';
end $$;

-- A heartbeat points at the body that it repeats: the body must stand, and stays while a heartbeat needs it. (A foreign
-- key would need the partition's month beside every pointer.)
create function raw_data.require_repeated_body() returns trigger language plpgsql as $$
declare
    is_there boolean;
begin
    execute format('select exists (select from raw_data.%I where load_id = $1 and body is not null)', tg_argv[0])
        into is_there using new.repeat_of;
    if not is_there then
        raise exception 'raw_data.%: load % repeats load %, which keeps no body', tg_argv[0], new.load_id, new.repeat_of
            using errcode = 'foreign_key_violation';
    end if;
    return new;
end $$;

create function raw_data.keep_repeated_body() returns trigger language plpgsql as $$
declare
    is_needed boolean;
begin
    execute format('select exists (select from raw_data.%I where repeat_of = $1)', tg_argv[0])
        into is_needed using old.load_id;
    if is_needed then
        raise exception 'raw_data.%: load % keeps the body of later heartbeats; delete those first', tg_argv[0], old.load_id
            using errcode = 'foreign_key_violation';
    end if;
    return old;
end $$;

-- ---------------------------------------------------------------- responses: one row per response, a partition a month

create or replace function raw_data.create_response_table(name text) returns void language plpgsql as $$
begin
    execute format($ddl$
        create table raw_data.%1$I (
            load_id       bigint not null default nextval('raw_data.load_id_seq'),
            source        text not null,
            endpoint      text not null,
            request_key   text not null,          -- method, path and sorted parameters, without secrets
            official_date date,                   -- the baseball day that was asked for, where the request names one
            observed_at   timestamptz not null,   -- when the response arrived, on the clock of settings
            ingested_at   timestamptz not null,   -- when it was written, same clock; its month (UTC) is the partition
            http_status   int not null,
            content_type  text,
            content_hash  text not null,          -- sha256 of the body, hex
            byte_length   bigint not null,        -- of the whole body, also where it is truncated
            is_truncated  boolean not null default false,
            body          bytea,                  -- NULL for an unchanged repeat: the bytes stand at repeat_of
            repeat_of     bigint,                 -- load_id of this table
            provenance    text not null check (provenance in ('live', 'archive', 'replayed', 'simulated')),
            capture       text not null check (capture in ('captured', 'backfilled')),
            run_id        text not null,
            primary key (load_id, ingested_at),
            constraint is_whole check (
                length(content_hash) = 64 and ingested_at >= observed_at and http_status between 200 and 299
            ),
            check ((body is null) = (repeat_of is not null))
        ) partition by range (ingested_at)$ddl$, name);
    execute format('create index on raw_data.%I (request_key, content_hash)', name);
    execute format('create index on raw_data.%I (request_key, observed_at, load_id)', name);
    execute format('create index on raw_data.%I (repeat_of) where repeat_of is not null', name);
    execute format('create trigger append_only before update or delete on raw_data.%I '
                   'for each row execute function raw_data.refuse_change()', name);
    execute format('create trigger append_only_truncate before truncate on raw_data.%I '
                   'for each statement execute function raw_data.refuse_change()', name);
    execute format('create trigger keep_repeated_body before delete on raw_data.%I '
                   'for each row execute function raw_data.keep_repeated_body(%L)', name, name);
    execute format('create trigger require_repeated_body before insert on raw_data.%I '
                   'for each row when (new.repeat_of is not null) '
                   'execute function raw_data.require_repeated_body(%L)', name, name);
end $$;

-- The partition of a moment's month (UTC), made where it is missing. With the rights of its owner: who inserts may not
-- make tables.
create function raw_data.ensure_month(name text, moment timestamptz) returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    first_day timestamp := date_trunc('month', moment at time zone 'UTC');
    part text := format('%s_%s', name, to_char(first_day, 'YYYYMM'));
begin
    if to_regclass(format('raw_data.%I', part)) is not null then
        return;
    end if;
    if not exists (
        select from pg_partitioned_table as p where p.partrelid = to_regclass(format('raw_data.%I', name))
    ) then
        raise exception 'raw_data.% holds no responses', name using errcode = 'undefined_table';
    end if;
    -- The lock of the table's writers: those of another table do not wait for this one.
    perform pg_advisory_xact_lock(hashtextextended('raw_data.' || name, 0));
    if to_regclass(format('raw_data.%I', part)) is not null then
        return;
    end if;
    execute format(
        'create table raw_data.%I partition of raw_data.%I for values from (%L) to (%L)',
        part, name, first_day at time zone 'UTC', (first_day + interval '1 month') at time zone 'UTC'
    );
    execute format('create trigger append_only_truncate before truncate on raw_data.%I '
                   'for each statement execute function raw_data.refuse_change()', part);
end $$;

do $$
declare
    t text;
    m timestamptz;
begin
    foreach t in array array['mlb_stats_schedule', 'mlb_stats_teams', 'odds_api_odds', 'odds_api_scores',
                             'odds_api_historical_odds'] loop
        execute format('alter table raw_data.%I rename to %I', t, t || '_unpartitioned');
        perform raw_data.create_response_table(t);
        for m in execute format('select distinct date_trunc(''month'', ingested_at) from raw_data.%I', t || '_unpartitioned') loop
            perform raw_data.ensure_month(t, m - interval '1 day');  -- a month of the session's zone touches two of UTC
            perform raw_data.ensure_month(t, m + interval '1 day');
            perform raw_data.ensure_month(t, m + interval '32 days');
        end loop;
        execute format(
            'insert into raw_data.%I select load_id, source, endpoint, request_key, official_date, observed_at, ingested_at, '
            'http_status, content_type, content_hash, byte_length, is_truncated, body, repeat_of, provenance, capture, '
            'run_id from raw_data.%I order by load_id', t, t || '_unpartitioned');
        execute format('drop table raw_data.%I', t || '_unpartitioned');
    end loop;
end $$;

select raw_data.create_response_table(t) from unnest(array[
    'mlb_stats_live_feed', 'mlb_stats_boxscore', 'mlb_stats_linescore', 'mlb_stats_people', 'mlb_stats_people_stats',
    'mlb_stats_lineups', 'mlb_stats_transactions', 'mlb_stats_venues',
    'action_network_scoreboard', 'action_network_scoreboard_v1', 'action_network_public_betting',
    'action_network_market_history', 'action_network_books',
    'vsin_splits',
    'sbd_odds',
    'sbr_odds', 'sbr_line_history',
    'odds_api_events', 'odds_api_event_odds',
    'savant_pitches',
    'prizepicks_projections',
    'open_meteo_forecast', 'open_meteo_historical_forecast', 'open_meteo_archive'
]) as t;

-- ---------------------------------------------------------------- records that SQL cannot read out of a body

-- What the reader of a format made of a body, once per version of the reader. No row: not read yet.
create table raw_data.parsed_loads (
    load_id        bigint not null,
    raw_table      text not null,
    parser_version int not null,
    row_count      bigint not null,
    problem        text,                          -- why nothing (or not all) could be read
    parsed_at      timestamptz not null,
    primary key (load_id, parser_version)
);
create trigger append_only before update or delete on raw_data.parsed_loads
    for each row execute function raw_data.refuse_change();
create trigger append_only_truncate before truncate on raw_data.parsed_loads
    for each statement execute function raw_data.refuse_change();

-- Text columns in the order given, beside load, version of the reader and place in the document.
create function raw_data.create_rows_table(name text, columns text[]) returns void language plpgsql as $$
begin
    execute format(
        'create table raw_data.%I (load_id bigint not null, parser_version int not null, row_number int not null, %s)',
        name, (select string_agg(format('%I text', c), ', ' order by n) from unnest(columns) with ordinality as u (c, n)));
    execute format('create index on raw_data.%I (load_id)', name);
    execute format('create trigger append_only before update or delete on raw_data.%I '
                   'for each row execute function raw_data.refuse_change()', name);
    execute format('create trigger append_only_truncate before truncate on raw_data.%I '
                   'for each statement execute function raw_data.refuse_change()', name);
end $$;

-- The document that a page of a Next.js site carries in its script; NULL where there is none. A body that is JSON itself
-- is that document.
create function raw_data.next_data_of(body bytea) returns jsonb language plpgsql immutable as $$
declare
    document jsonb := raw_data.json_of(body);
    place int;
begin
    if document is not null then
        return document;
    end if;
    -- Cut out as bytes: one that is no UTF-8, here or elsewhere on the page, must not lose the page.
    place := position('id="__NEXT_DATA__"'::bytea in body);
    if place is null or place = 0 then
        return null;
    end if;
    body := substring(body from place);
    body := substring(body from position('>'::bytea in body) + 1);
    place := position('</script>'::bytea in body);
    return case when place > 0 then raw_data.json_of(substring(body for place - 1)) end;
end $$;
