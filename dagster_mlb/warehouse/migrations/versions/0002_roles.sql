do $$
begin
    grant usage on schema raw_data, operational to mlb_ingest, mlb_transform, mlb_retention;
    grant select, insert on all tables in schema raw_data to mlb_ingest;
    grant usage, select on all sequences in schema raw_data to mlb_ingest;
    grant select on all tables in schema raw_data to mlb_transform;
    grant select, delete on all tables in schema raw_data to mlb_retention;
    grant execute on function raw_data.ensure_month(text, timestamptz) to mlb_ingest;
    if not pg_has_role(current_user, 'mlb_retention', 'SET') then
        execute format('grant mlb_retention to %I', current_user);
    end if;
exception
    when insufficient_privilege or undefined_object then
        raise notice 'this login may not make roles: raw_data is guarded by its triggers alone';
end $$;
