-- What The Odds API's credits were spent on: one row per reservation, made before anything is asked.

create table operational.credit_ledger (
    reservation_id bigint generated always as identity primary key,
    account        text not null,                 -- whose credits: the source's own (live), or a league's or a replay's
    month          date not null check (extract(day from month) = 1),  -- UTC
    purpose        text not null,                 -- what is asked for, without secrets
    run_id         text not null,
    reserved       int not null check (reserved >= 0),  -- the most that it can cost
    reserved_at    timestamptz not null,
    spent          int check (spent >= 0),        -- NULL: not settled yet (or never: a crash), so `reserved` counts
    told_remaining int check (told_remaining >= 0),  -- what the source said is left, where it said so
    settled_at     timestamptz,
    settlement_id  bigint,                        -- of the sequence of reservations: what came before what
    check ((spent is null) = (settled_at is null) and (spent is null) = (settlement_id is null))
);
create index on operational.credit_ledger (account, month);

do $$
begin
    grant select, insert, update on operational.credit_ledger to mlb_ingest;
    grant usage, select on all sequences in schema operational to mlb_ingest, mlb_transform;
    grant select, insert, update, delete on operational.credit_ledger to mlb_transform;
exception
    when insufficient_privilege or undefined_object then
        raise notice 'this login may not make roles: the ledger is open to its owner alone';
end $$;
