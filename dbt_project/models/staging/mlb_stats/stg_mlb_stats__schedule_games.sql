-- Games of the schedule as each response told them. One record is one entry of dates[].games[]: a postponed game is
-- listed under two days with one gamePk, so gamePk is no key here.
-- offset 0: a fence; without it the planner repeats each cast in every place that reads it.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads([source('raw_data', 'mlb_stats_schedule')]) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}],
) }}

with responses as (

    select
        raw.load_id,
        raw.official_date as asked_date,
        raw.observed_at,
        raw.ingested_at,
        raw.provenance,
        raw.capture,
        raw_data.json_of(coalesce(raw.body, original.body)) as document
    from {{ source('raw_data', 'mlb_stats_schedule') }} as raw
    left join {{ source('raw_data', 'mlb_stats_schedule') }} as original on original.load_id = raw.repeat_of
    -- An unchanged repeat tells nothing new: it is accounted for as a whole (record_accounting).
    where raw.load_id in {{ pending_loads() }} and not {{ is_no_news('raw', source('raw_data', 'mlb_stats_schedule')) }}

),

entries as (

    select
        responses.load_id,
        row_number() over (partition by responses.load_id order by day.position, entry.position) as record_number,
        responses.asked_date,
        responses.observed_at,
        responses.ingested_at,
        responses.provenance,
        responses.capture,
        day.value ->> 'date' as listed_date_text,
        entry.value as game
    from responses
    cross join lateral jsonb_path_query(responses.document, 'lax $.dates[*]') with ordinality as day (value, position)
    cross join lateral jsonb_path_query(day.value, 'lax $.games[*]') with ordinality as entry (value, position)

    union all

    select
        load_id, 1, asked_date, observed_at, ingested_at, provenance, capture, null, null
    from responses
    where document is null

),

typed as (

    select
        entries.*,
        case when game ->> 'gamePk' ~ '^\d{1,9}$' then (game ->> 'gamePk')::bigint end as game_pk,
        {{ try_timestamptz("game ->> 'gameDate'") }} as scheduled_start_at,
        {{ try_date("game ->> 'officialDate'") }} as official_date,
        {{ try_date('entries.listed_date_text') }} as listed_date,
        left(game ->> 'gameType', 4) as game_type,
        case when game ->> 'gameNumber' ~ '^\d$' then (game ->> 'gameNumber')::int end as game_number,
        game ->> 'doubleHeader' as double_header,
        game -> 'status' ->> 'detailedState' as detailed_state,
        left(game -> 'status' ->> 'statusCode', 2) as status_code,
        case when game -> 'teams' -> 'away' -> 'team' ->> 'id' ~ '^\d{1,6}$'
            then (game -> 'teams' -> 'away' -> 'team' ->> 'id')::int end as away_id,
        case when game -> 'teams' -> 'home' -> 'team' ->> 'id' ~ '^\d{1,6}$'
            then (game -> 'teams' -> 'home' -> 'team' ->> 'id')::int end as home_id,
        case when game -> 'teams' -> 'away' ->> 'score' ~ '^\d{1,2}$'
            then (game -> 'teams' -> 'away' ->> 'score')::int end as away_runs,
        case when game -> 'teams' -> 'home' ->> 'score' ~ '^\d{1,2}$'
            then (game -> 'teams' -> 'home' ->> 'score')::int end as home_runs,
        case when game -> 'teams' -> 'away' -> 'probablePitcher' ->> 'id' ~ '^\d{1,9}$'
            then game -> 'teams' -> 'away' -> 'probablePitcher' ->> 'id' end as away_starter_id,
        case when game -> 'teams' -> 'home' -> 'probablePitcher' ->> 'id' ~ '^\d{1,9}$'
            then game -> 'teams' -> 'home' -> 'probablePitcher' ->> 'id' end as home_starter_id,
        game -> 'teams' -> 'away' -> 'probablePitcher' ->> 'fullName' as away_starter_name,
        game -> 'teams' -> 'home' -> 'probablePitcher' ->> 'fullName' as home_starter_name,
        game -> 'venue' ->> 'name' as venue,
        case when game ->> 'scheduledInnings' ~ '^\d{1,2}$' then (game ->> 'scheduledInnings')::int end
            as scheduled_innings,
        case when game -> 'linescore' ->> 'currentInning' ~ '^\d{1,2}$'
            then (game -> 'linescore' ->> 'currentInning')::int end as innings,
        {{ try_timestamptz("game -> 'gameInfo' ->> 'firstPitch'") }} as first_pitch_at,
        case when game -> 'gameInfo' ->> 'gameDurationMinutes' ~ '^\d{1,4}$'
            then (game -> 'gameInfo' ->> 'gameDurationMinutes')::int end as duration_minutes
    from entries
    offset 0

),

judged as (

    select
        typed.*,
        case
            when game is null or jsonb_typeof(game) <> 'object' then 'unreadable'
            when game_pk is null then 'invalid_game_pk'
            when official_date is null then 'invalid_date'
            when scheduled_start_at is null then 'invalid_time'
            when game_type in ('S', 'E', 'A', 'I') then 'exhibition'
            when home.team_id is null or away.team_id is null then 'unknown_team'
            when home.team_id = away.team_id then 'same_team_twice'
            when status_code is null then 'missing_status'
        end as rule,
        home.team_id as home_team_id,
        away.team_id as away_team_id
    from typed
    left join {{ ref('teams') }} as home on home.team_id = typed.home_id
    left join {{ ref('teams') }} as away on away.team_id = typed.away_id
    offset 0

)

select
    load_id,
    record_number,
    asked_date,
    listed_date,
    game_pk,
    extract(year from official_date)::int as season,
    official_date,
    scheduled_start_at,
    game_type,
    game_number,
    double_header,
    status_code,
    detailed_state,
    case
        -- The first letter is the state; the listing of a postponed game under its old day is no state of the game.
        when left(status_code, 1) in ('F', 'O') then 'final'
        when left(status_code, 1) = 'D' then 'postponed'
        when left(status_code, 1) = 'C' then 'cancelled'
        when left(status_code, 1) in ('T', 'U') then 'suspended'
        when left(status_code, 1) in ('I', 'M', 'N') then 'in_progress'
        when left(status_code, 1) in ('S', 'P') then 'scheduled'
        else 'unknown'
    end as status,
    away_team_id,
    home_team_id,
    away_runs,
    home_runs,
    innings,
    scheduled_innings,
    away_starter_id,
    away_starter_name,
    home_starter_id,
    home_starter_name,
    venue,
    first_pitch_at,
    duration_minutes,
    observed_at,
    ingested_at,
    capture,
    provenance,
    case
        when rule is null then 'staged'
        when rule = 'exhibition' then 'out_of_scope'
        else 'quarantined'
    end as disposition,
    rule,
    left(case
        when rule = 'unreadable' then 'the body (or this entry) is no JSON object'
        when rule = 'invalid_game_pk' then 'gamePk "' || coalesce(game ->> 'gamePk', '') || '" is no id'
        when rule = 'invalid_date' then 'officialDate "' || coalesce(game ->> 'officialDate', '') || '" is no date'
        when rule = 'invalid_time' then 'gameDate "' || coalesce(game ->> 'gameDate', '') || '" is no time'
        when rule = 'exhibition' then 'spring, exhibition and all-star games are no games of a season'
        when rule = 'unknown_team' then 'team ids "' || coalesce(game -> 'teams' -> 'away' -> 'team' ->> 'id', '') || '" at "'
            || coalesce(game -> 'teams' -> 'home' -> 'team' ->> 'id', '') || '" are not both of the thirty clubs'
        when rule = 'same_team_twice' then 'both clubs have one id'
        when rule = 'missing_status' then 'the entry has no statusCode'
    end, 500) as reason
from judged
