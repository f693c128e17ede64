-- raw_data: what the sources said, append-only. operational: what the platform did about it.
-- staging and curated belong to dbt (and to the Python assets that publish into curated).

create schema raw_data;
create schema operational;
create schema staging;
create schema curated;

-- One sequence for every load (one HTTP response or one archive file), so a load_id names one thing in the warehouse.
create sequence raw_data.load_id_seq as bigint;

-- ---------------------------------------------------------------- guards

create function raw_data.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'raw_data.% is append-only: % is refused (law 2; corrections arrive as new loads)', tg_table_name, tg_op
        using errcode = 'insufficient_privilege';
end $$;

-- Bytes to text without raising: NULL where the bytes are not UTF-8. A byte order mark is not content.
create function raw_data.text_of(body bytea) returns text language plpgsql immutable as $$
begin
    return ltrim(convert_from(body, 'UTF8'), E'\uFEFF');
exception when others then
    return null;
end $$;

-- Bytes to jsonb without raising: NULL where it is no JSON. An escaped NUL, which jsonb refuses, becomes U+FFFD,
-- so that one bad string cannot lose its neighbours.
create function raw_data.json_of(body bytea) returns jsonb language plpgsql immutable as $$
declare
    content text := raw_data.text_of(body);
begin
    if content is null then
        return null;
    end if;
    if position('\u0000' in content) > 0 then
        content := regexp_replace(content, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g');
    end if;
    return content::jsonb;
exception when others then
    return null;
end $$;

-- ---------------------------------------------------------------- responses of live sources: one row per response

create function raw_data.create_response_table(name text) returns void language plpgsql as $$
begin
    execute format($ddl$
        create table raw_data.%1$I (
            load_id       bigint primary key default nextval('raw_data.load_id_seq'),
            source        text not null,
            endpoint      text not null,
            request_key   text not null,          -- method, path and sorted parameters, without secrets
            official_date date,                   -- the baseball day that was asked for, where the request names one
            observed_at   timestamptz not null,   -- when the response arrived, on the clock of settings
            ingested_at   timestamptz not null,   -- when it was written, same clock
            http_status   int not null,
            content_type  text,
            content_hash  text not null,          -- sha256 of the body, hex
            byte_length   bigint not null,        -- of the whole body, also where it is truncated
            is_truncated  boolean not null default false,
            body          bytea,                  -- NULL for an unchanged repeat: the bytes stand at repeat_of
            repeat_of     bigint references raw_data.%1$I (load_id),
            provenance    text not null check (provenance in ('live', 'archive', 'replayed', 'simulated')),
            capture       text not null check (capture in ('captured', 'backfilled')),
            run_id        text not null,
            check ((body is null) = (repeat_of is not null))
        )$ddl$, name);
    execute format('create index on raw_data.%I (request_key, content_hash)', name);
    execute format('create trigger append_only before update or delete on raw_data.%I '
                   'for each row execute function raw_data.refuse_change()', name);
    execute format('create trigger append_only_truncate before truncate on raw_data.%I '
                   'for each statement execute function raw_data.refuse_change()', name);
end $$;

select raw_data.create_response_table(t) from unnest(array[
    'mlb_stats_schedule', 'mlb_stats_teams',
    'odds_api_odds', 'odds_api_scores', 'odds_api_historical_odds'
]) as t;

-- ---------------------------------------------------------------- archives: the file as received, then its records

create table raw_data.archive_files (
    load_id      bigint primary key default nextval('raw_data.load_id_seq'),
    archive      text not null check (archive in ('sbr_archive', 'tick_archive', 'retrosheet_games', 'mlb_games')),
    file_kind    text not null,                   -- xlsx | csv | parquet | game_log | gameinfo | jsonl
    file_name    text not null,                   -- without its folder
    season       int,                             -- where the file is of one season
    observed_at  timestamptz not null,
    ingested_at  timestamptz not null,
    content_hash text not null unique,            -- sha256 of the bytes: the same file twice is one load
    byte_length  bigint not null,
    record_count bigint not null,                 -- data records that the reader found, headers excluded
    body         bytea not null,
    provenance   text not null check (provenance in ('archive', 'replayed', 'simulated')),
    capture      text not null default 'backfilled' check (capture = 'backfilled'),
    run_id       text not null
);

-- Cells as the spreadsheet shows them, in the sheet's own order; the header row is kept with is_header.
create table raw_data.sbr_archive (
    load_id    bigint not null,
    sheet      text not null,
    row_number int not null,                      -- 1-based, as a spreadsheet program shows it
    is_header  boolean not null default false,
    cells      text[] not null
);

create table raw_data.tick_archive (
    load_id       bigint not null,
    row_number    int not null,                   -- 1-based line of the file, the header is line 1
    source        text, book text, event_ref text, official_date text, commence_time text,
    away_team     text, home_team text, market text, side text, line text, price text,
    observed_at   text, label text
);

-- Game logs have 161 fields without a header; gameinfo files have named columns: field_names says which.
create table raw_data.retrosheet_games (
    load_id    bigint not null,
    row_number int not null,
    file_kind  text not null check (file_kind in ('game_log', 'gameinfo')),
    cells      text[] not null                    -- game_log: the fields in order; gameinfo: in the order of RETROSHEET_GAMEINFO_FIELDS
);

create table raw_data.mlb_games (
    load_id    bigint not null,
    row_number int not null,
    line       text not null                      -- the line of the file, one JSON object
);

do $$
declare
    t text;
begin
    foreach t in array array['archive_files', 'sbr_archive', 'tick_archive', 'retrosheet_games', 'mlb_games'] loop
        execute format('create trigger append_only before update or delete on raw_data.%I '
                       'for each row execute function raw_data.refuse_change()', t);
        execute format('create trigger append_only_truncate before truncate on raw_data.%I '
                       'for each statement execute function raw_data.refuse_change()', t);
    end loop;
end $$;
create index on raw_data.sbr_archive (load_id);
create index on raw_data.tick_archive using brin (load_id);
create index on raw_data.retrosheet_games (load_id);
create index on raw_data.mlb_games (load_id);

-- ---------------------------------------------------------------- operational

-- The one clock, for SQL: written from settings before any transformation; no model asks the server for the time.
create table operational.clock (
    is_singleton boolean primary key default true check (is_singleton),
    now_at       timestamptz not null
);

-- One row per attempt to get something: a request, or a file. Refused files stand here with the reason.
create table operational.collection_log (
    attempt_id     bigint generated always as identity primary key,
    correlation_id text not null,
    run_id         text not null,
    source         text not null,
    target         text not null,                 -- redacted request, or file name
    attempt        int not null default 1,
    outcome        text not null check (outcome in ('stored', 'repeat', 'empty', 'transient', 'permanent', 'blocked', 'malformed', 'refused')),
    http_status    int,
    byte_length    bigint,
    elapsed_ms     double precision,
    message        text,                          -- what was wrong, where, and what to do
    load_id        bigint,
    logged_at      timestamptz not null
);
create index on operational.collection_log (source, logged_at);

create table operational.source_health (
    source               text primary key,
    status               text not null check (status in ('healthy', 'degraded', 'down')),
    last_success_at      timestamptz,
    last_failure_at      timestamptz,
    consecutive_failures int not null default 0,
    last_message         text,
    checked_at           timestamptz not null
);

create table operational.staged_loads (
    model     text not null,
    load_id   bigint not null,
    staged_at timestamptz not null,
    primary key (model, load_id)
);

-- The loads that a running model of staging has set out to stage: what commits meanwhile is not among them.
create table operational.pending_loads (
    model   text not null,
    load_id bigint not null,
    primary key (model, load_id)
);

-- What each dbt selection last ran through with: nothing new in raw and the same project make a run needless.
create table operational.transformations (
    selection    text primary key,
    project_hash text not null,
    seconds      double precision not null,
    finished_at  timestamptz not null
);

create table operational.held_loads (
    load_id     bigint primary key,
    source      text not null,
    rule        text not null,
    reason      text not null,
    held_at     timestamptz not null,
    released_at timestamptz,
    released_by text
);

create table operational.data_quality_metrics (
    metric_id   bigint generated always as identity primary key,
    run_id      text not null,
    table_name  text not null,
    metric      text not null,
    value       double precision,
    details     jsonb,
    measured_at timestamptz not null
);

create table operational.performance_monitoring (
    measurement_id bigint generated always as identity primary key,
    run_id         text not null,
    component      text not null,
    metric         text not null,
    value          double precision not null,
    measured_at    timestamptz not null
);

-- Every run of a model or a strategy, whether its result is liked or not (deflated statistics count on it).
create table operational.trial_ledger (
    trial_id      bigint generated always as identity primary key,
    trial_hash    text not null unique,           -- kind, name, parameters, code version and sample: a rerun is the same trial
    kind          text not null check (kind in ('model', 'strategy')),
    name          text not null,
    parameters    jsonb not null,
    code_version  text not null,
    sample        text not null,                  -- what it was run on, in words: seasons, decision, provenance
    n             bigint not null,
    metrics       jsonb not null,
    run_id        text not null,
    first_run_at  timestamptz not null,
    last_run_at   timestamptz not null,
    times_run     int not null default 1
);

create table operational.model_registry (
    model_id        text primary key,             -- name, training window, feature hash and parameters, hashed
    name            text not null,
    target          text not null,
    decision        text not null,
    market_source   text not null,                -- which price the offset is of
    no_vig_method   text not null,
    feature_names   text[] not null,
    feature_hash    text not null,
    train_start     date not null,
    train_end       date not null,
    n_train         bigint not null,
    parameters      jsonb not null,
    metrics         jsonb not null,
    code_version    text not null,
    artifact        text not null,                -- the model's own text format
    provenance      text[] not null,
    created_at      timestamptz not null
);

create table operational.alerts (
    alert_id   bigint generated always as identity primary key,
    severity   text not null check (severity in ('info', 'warning', 'critical')),
    source     text not null,
    message    text not null,
    run_id     text,
    raised_at  timestamptz not null,
    cleared_at timestamptz
);

-- Aliases that a person taught the platform (a team code nobody knew); the seeds hold those it came with.
create table operational.team_aliases (
    alias    text primary key,
    team_id  int not null,
    added_at timestamptz not null
);

-- ---------------------------------------------------------------- roles
-- Roles belong to the server, so another environment may have made them already; a login without the right to
-- make roles goes on as itself, and the triggers above still hold.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['mlb_ingest', 'mlb_transform'] loop
        if not exists (select from pg_roles where rolname = wanted) then
            begin
                execute format('create role %I nologin', wanted);
            exception
                when duplicate_object or unique_violation then null;  -- another database's migration made it just now
            end;
        end if;
        if not pg_has_role(current_user, wanted, 'SET') then
            execute format('grant %I to %I', wanted, current_user);
        end if;
    end loop;

    grant usage on schema raw_data, operational to mlb_ingest, mlb_transform;
    grant select, insert on all tables in schema raw_data to mlb_ingest;
    grant usage, select on all sequences in schema raw_data to mlb_ingest;
    grant select, insert, update on operational.collection_log, operational.source_health, operational.held_loads,
        operational.performance_monitoring, operational.alerts to mlb_ingest;
    grant usage, select on all sequences in schema operational to mlb_ingest, mlb_transform;

    grant select on all tables in schema raw_data to mlb_transform;
    grant select, insert, update, delete on all tables in schema operational to mlb_transform;
    grant all on schema staging, curated, operational to mlb_transform;
    execute format('grant create on database %I to mlb_transform', current_database());
exception
    when insufficient_privilege then
        raise notice 'this login may not make roles: raw_data is guarded by its triggers alone';
end $$;
