-- What the polite client remembers of a source between runs, processes and machines.

alter table operational.source_health
    add column breaker_state text not null default 'closed'
        check (breaker_state in ('closed', 'open', 'half_open')),
    add column breaker_failures int not null default 0,  -- requests in a row that failed for the source's own reasons
    add column times_opened     int not null default 0,  -- since it was last closed: each time the wait doubles
    add column opened_at        timestamptz,
    add column opened_by        text,                    -- the run that opened it
    add column next_probe_at    timestamptz,             -- half open: until when the probe is somebody's
    -- Requests that said something of the source, and the good ones of them, each worth a little less than the next.
    add column good_weight      double precision not null default 0,
    add column scored_weight    double precision not null default 0,
    add column reliability      double precision
        generated always as (good_weight / nullif(scored_weight, 0)) stored,  -- 0 to 1; NULL: nothing to go by yet
    add column expected_every_s double precision,        -- the source's cadence, as its policy declares it
    add column freshness        double precision;        -- at checked_at: 1 within the cadence, then cadence / age

-- One row a source. Times are of this server's clock, so that machines whose clocks differ share one rate.
create table operational.rate_limits (
    source        text primary key,
    arrivals_us   bigint[] not null,           -- theoretical arrival times (GCRA): of all requests, of props and history, of history
    not_before_ms bigint not null default 0    -- until then the source asked to be left alone
);

alter table operational.collection_log
    drop constraint collection_log_outcome_check,
    add constraint collection_log_outcome_check check (outcome in
        ('stored', 'repeat', 'cached', 'empty', 'transient', 'permanent', 'blocked', 'malformed', 'refused'));

do $$
begin
    grant select, insert, update on operational.rate_limits to mlb_ingest;
    grant select, insert, update, delete on operational.rate_limits to mlb_transform;
exception
    when insufficient_privilege or undefined_object then
        raise notice 'this login may not make roles: it goes on as itself';
end $$;
