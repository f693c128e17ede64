-- How many records an answer of the MLB Stats API holds, counted for the accounting without the models that stage them.
-- A body that is no document of its endpoint (no JSON, an error body, a heartbeat) is one record.

-- Players of one club who have a place in the batting order; where none says so, the entries of its list.
create function raw_data.mlb_stats_batters(club jsonb) returns bigint language sql immutable as $$
    select case
        when count(*) > 0 then count(*)
        else (select count(*) from jsonb_path_query(club, 'lax $.battingOrder[*]'))
    end
    from jsonb_path_query(club, 'lax $.players.* ? (exists (@.battingOrder))')
$$;

create function raw_data.mlb_stats_boxscore_records(box jsonb) returns bigint language sql immutable as $$
    select coalesce(sum(
        raw_data.mlb_stats_batters(club.value)
        + (select count(*) from jsonb_path_query(club.value, 'lax $.pitchers[*]'))
    ), 0)::bigint
    from (values (box -> 'teams' -> 'away'), (box -> 'teams' -> 'home')) as club (value)
$$;

create function raw_data.mlb_stats_records(endpoint text, body bytea) returns bigint language plpgsql immutable as $$
declare
    document jsonb := raw_data.json_of(body);
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
