-- Plate appearances as each live feed told them. One record is one entry of allPlays; its events may lack any key
-- (pitches are counted where an event says that it is one). The last one may be going on.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads(mlb_stats_relations(['live_feed'])) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}, {'columns': ['game_pk', 'at_bat_index']}],
) }}

with responses as materialized (

    {{ mlb_stats_responses(['live_feed']) }}

),

feeds as (

    select
        load_id,
        observed_at,
        captured_at,
        capture,
        provenance,
        coalesce({{ try_int("document ->> 'gamePk'") }}, {{ asked_game_pk('request_key') }}) as game_pk,
        {{ try_date("document -> 'gameData' -> 'datetime' ->> 'officialDate'") }} as official_date,
        document -> 'liveData' -> 'plays' as plays
    from responses
    where {{ is_document('document', 'liveData') }}
    offset 0

),

entries as (

    select
        feeds.load_id,
        feeds.observed_at,
        feeds.captured_at,
        feeds.capture,
        feeds.provenance,
        feeds.game_pk,
        feeds.official_date,
        play.position,
        jsonb_typeof(play.value) = 'object' as is_object,
        play.value -> 'result' as result,
        play.value -> 'about' as about,
        play.value -> 'count' as ball_count,
        play.value -> 'matchup' as matchup,
        coalesce(play.value -> 'about' ->> 'atBatIndex', play.value ->> 'atBatIndex') as index_text,
        jsonb_path_query_array(play.value, 'lax $.playEvents[*] ? (@.isPitch == true)') as pitches,
        play.value ->> 'playEndTime' as play_end_text
    from feeds
    cross join lateral jsonb_path_query(feeds.plays, 'lax $.allPlays[*]') with ordinality as play (value, position)

),

typed as (

    select
        entries.*,
        {{ try_int('index_text') }} as at_bat_index,
        {{ try_int("about ->> 'inning'") }} as inning,
        case about ->> 'halfInning' when 'top' then 'top' when 'bottom' then 'bottom' end as half,
        {{ try_int("matchup -> 'batter' ->> 'id'") }} as batter_id,
        {{ try_int("matchup -> 'pitcher' ->> 'id'") }} as pitcher_id,
        coalesce(about ->> 'isComplete' = 'true', false) as is_complete,
        {{ try_timestamptz("about ->> 'startTime'") }} as started_at,
        coalesce({{ try_timestamptz("about ->> 'endTime'") }}, {{ try_timestamptz('play_end_text') }}) as ended_at
    from entries
    offset 0

),

judged as (

    select
        typed.*,
        case
            when not is_object then 'unreadable'
            when game_pk is null then 'invalid_game_pk'
            when at_bat_index is null or inning is null or half is null then 'invalid_place'
            when batter_id is null or pitcher_id is null then 'missing_value'
        end as rule
    from typed
    offset 0

)

select
    load_id,
    3000000 + position as record_number,
    game_pk,
    official_date,
    at_bat_index,
    inning,
    half,
    batter_id,
    pitcher_id,
    matchup -> 'batter' ->> 'fullName' as batter_name,
    matchup -> 'pitcher' ->> 'fullName' as pitcher_name,
    left(matchup -> 'batSide' ->> 'code', 1) as bat_side,
    left(matchup -> 'pitchHand' ->> 'code', 1) as pitch_hand,
    result ->> 'eventType' as event_type,
    result ->> 'event' as event,
    result ->> 'description' as description,
    {{ try_int("result ->> 'rbi'") }} as rbi,
    {{ try_int("result ->> 'awayScore'") }} as away_score,
    {{ try_int("result ->> 'homeScore'") }} as home_score,
    {{ try_int("ball_count ->> 'balls'") }} as balls,
    {{ try_int("ball_count ->> 'strikes'") }} as strikes,
    {{ try_int("ball_count ->> 'outs'") }} as outs,
    jsonb_array_length(pitches) as pitch_count,
    is_complete,
    about ->> 'isScoringPlay' = 'true' as is_scoring,
    started_at,
    ended_at,
    coalesce(captured_at, ended_at, started_at) as known_at,
    observed_at,
    capture,
    provenance,
    case when rule is null then 'staged' else 'quarantined' end as disposition,
    rule,
    left(case
        when rule = 'unreadable' then 'the play is no JSON object'
        when rule = 'invalid_game_pk' then 'neither the feed nor the question has a gamePk that is an id'
        when rule = 'invalid_place' then 'atBatIndex "' || coalesce(index_text, '') || '" in the '
            || coalesce(about ->> 'halfInning', '') || ' of inning "' || coalesce(about ->> 'inning', '') || '" is no place'
        when rule = 'missing_value' then 'a play needs batter and pitcher'
    end, 500) as reason
from judged
