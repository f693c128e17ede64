-- The bets that a person placed and wrote down: the file is an archive like the others, its rows are text.

alter table raw_data.archive_files drop constraint archive_files_archive_check;
alter table raw_data.archive_files add constraint archive_files_archive_check
    check (archive in ('sbr_archive', 'tick_archive', 'retrosheet_games', 'mlb_games', 'bet_slips'));

create table raw_data.bet_slips (
    load_id        bigint not null,
    row_number     int not null,                  -- 1-based line of the file, the header is line 1
    placed_at      text, date text, start text, away text, home text, game text, market text, side text, line text,
    price          text, stake text, book text, ref text, tag text, note text,
    other_columns  text,                          -- columns that are not read: a JSON object of heading and cell
    malformed_line text                           -- a line with another number of fields than the header; the rest is NULL
);
create index on raw_data.bet_slips (load_id);
create trigger append_only before update or delete on raw_data.bet_slips
    for each row execute function raw_data.refuse_change();
create trigger append_only_truncate before truncate on raw_data.bet_slips
    for each statement execute function raw_data.refuse_change();

do $$
begin
    grant select, insert on raw_data.bet_slips to mlb_ingest;
    grant select on raw_data.bet_slips to mlb_transform;
    grant select, delete on raw_data.bet_slips to mlb_retention;
exception
    when insufficient_privilege or undefined_object then
        raise notice 'this login may not grant: the bets are guarded by their triggers alone';
end $$;
