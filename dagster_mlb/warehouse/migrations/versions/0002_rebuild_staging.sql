-- Staging has other columns from here on. All of it can be made anew from raw, and is, by the next run.

drop schema staging cascade;
create schema staging;
delete from operational.staged_loads;
delete from operational.transformations;

do $$
begin
    grant all on schema staging to mlb_transform;
exception
    when undefined_object or insufficient_privilege then
        raise notice 'this login may not make roles: staging belongs to it alone';
end $$;
