-- One row per live feed: which game, how it stands, and the weather at the park as the feed tells it (temp is °F as text,
-- wind is "8 mph, Out To CF"; both absent or {} before they are known). A body that is no feed is quarantined here.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads(mlb_stats_relations(['live_feed'])) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}],
) }}

with responses as materialized (

    {{ mlb_stats_responses(['live_feed']) }}

),

games as (

    select
        load_id,
        request_key,
        observed_at,
        captured_at,
        capture,
        provenance,
        {{ is_document('document', 'liveData') }} as is_feed,
        document ->> 'gamePk' as game_pk_text,
        document -> 'metaData' ->> 'timeStamp' as timecode,
        document -> 'gameData' -> 'datetime' as times,
        document -> 'gameData' -> 'status' as status,
        document -> 'gameData' -> 'weather' as weather,
        document -> 'gameData' -> 'gameInfo' as info,
        document -> 'gameData' -> 'venue' as venue,
        document -> 'gameData' -> 'teams' -> 'away' ->> 'id' as away_text,
        document -> 'gameData' -> 'teams' -> 'home' ->> 'id' as home_text
    from responses
    offset 0

),

typed as (

    select
        games.*,
        coalesce({{ try_int('game_pk_text') }}, {{ asked_game_pk('request_key') }}) as game_pk,
        {{ try_date("times ->> 'officialDate'") }} as official_date,
        {{ try_timestamptz("times ->> 'dateTime'") }} as scheduled_start_at,
        {{ try_timestamptz("info ->> 'firstPitch'") }} as first_pitch_at,
        {{ try_int("info ->> 'gameDurationMinutes'") }} as duration_minutes,
        {{ try_int("info ->> 'attendance'") }} as attendance,
        left(status ->> 'statusCode', 2) as status_code,
        {{ try_int("venue ->> 'id'") }} as venue_id,
        nullif(trim(weather ->> 'condition'), '') as condition,
        -- Baseball was played between 23 and 109 °F; what is far off is no temperature.
        case when weather ->> 'temp' ~ '^-?\d{1,3}$' and (weather ->> 'temp')::int between -30 and 130
            then (weather ->> 'temp')::int end as temperature_f,
        case when weather ->> 'wind' ~ '^\d{1,3} mph' then substring(weather ->> 'wind' from '^(\d{1,3}) mph')::int
            when weather ->> 'wind' ilike 'calm%' then 0 end as wind_mph,
        nullif(nullif(trim(substring(weather ->> 'wind' from '^\d{1,3} mph,(.*)$')), ''), 'None') as wind_direction,
        away.team_id as away_team_id,
        home.team_id as home_team_id
    from games
    left join {{ ref('teams') }} as away on away.team_id = {{ try_int('games.away_text') }}
    left join {{ ref('teams') }} as home on home.team_id = {{ try_int('games.home_text') }}
    offset 0

),

judged as (

    select
        typed.*,
        case
            when not is_feed then 'unreadable'
            when game_pk is null then 'invalid_game_pk'
            when official_date is null then 'invalid_date'
            when status_code is null then 'missing_status'
            when away_team_id is null or home_team_id is null then 'unknown_team'
        end as rule
    from typed
    offset 0

)

select
    load_id,
    1::bigint as record_number,
    game_pk,
    official_date,
    scheduled_start_at,
    first_pitch_at,
    duration_minutes,
    status_code,
    status ->> 'detailedState' as detailed_state,
    away_team_id,
    home_team_id,
    venue_id,
    attendance,
    condition,
    temperature_f,
    wind_mph,
    wind_direction,
    case
        when condition is null and temperature_f is null and wind_mph is null then 'the feed tells no weather (yet)'
        when temperature_f is null then 'temp "' || coalesce(weather ->> 'temp', '') || '" is no temperature'
        when wind_mph is null then 'wind "' || coalesce(weather ->> 'wind', '') || '" is no speed'
    end as missing_reason,
    case when timecode ~ '^\d{8}_\d{6}$' and pg_input_is_valid(replace(timecode, '_', ' ') || ' UTC', 'timestamptz')
        then (replace(timecode, '_', ' ') || ' UTC')::timestamptz end as stated_at,
    -- The weather at first pitch is known from first pitch on, asked for afterwards as then.
    coalesce(captured_at, first_pitch_at, scheduled_start_at) as known_at,
    observed_at,
    capture,
    provenance,
    case when rule is null then 'staged' else 'quarantined' end as disposition,
    rule,
    left(case
        when rule = 'unreadable' then 'the body is no live feed'
        when rule = 'invalid_game_pk' then 'gamePk "' || coalesce(game_pk_text, '') || '" is no id'
        when rule = 'invalid_date' then 'officialDate "' || coalesce(times ->> 'officialDate', '') || '" is no date'
        when rule = 'missing_status' then 'the feed has no statusCode'
        when rule = 'unknown_team' then 'team ids "' || coalesce(away_text, '') || '" at "' || coalesce(home_text, '')
            || '" are not both of the thirty clubs'
    end, 500) as reason
from judged
