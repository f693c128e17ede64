-- Scores as The Odds API told them. One record is one event of a response. A second opinion on results, no spine.
-- offset 0: a fence; without it the planner repeats each cast in every place that reads it.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads([source('raw_data', 'odds_api_scores')]) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}],
) }}

with responses as (

    select
        raw.load_id,
        raw.observed_at,
        raw.ingested_at,
        raw.provenance,
        raw.capture,
        raw_data.json_of(coalesce(raw.body, original.body)) as document
    from {{ source('raw_data', 'odds_api_scores') }} as raw
    left join {{ source('raw_data', 'odds_api_scores') }} as original on original.load_id = raw.repeat_of
    -- An unchanged repeat tells nothing new: it is accounted for as a whole (record_accounting).
    where raw.load_id in {{ pending_loads() }} and not {{ is_no_news('raw', source('raw_data', 'odds_api_scores')) }}

),

events as (

    select
        responses.load_id,
        event.position as record_number,
        responses.observed_at,
        responses.ingested_at,
        responses.provenance,
        responses.capture,
        event.value as event
    from responses
    cross join lateral jsonb_path_query(responses.document, 'lax $[*]') with ordinality as event (value, position)

    union all

    select load_id, 1, observed_at, ingested_at, provenance, capture, null
    from responses
    where document is null

),

typed as (

    select
        events.*,
        {{ try_name("(event ->> 'id')") }} as event_id,
        {{ try_timestamptz("events.event ->> 'commence_time'") }} as commence_at,
        home.team_id as home_team_id,
        away.team_id as away_team_id,
        event ->> 'completed' = 'true' as is_completed,
        jsonb_path_query_first(
            event, 'lax $.scores[*] ? (@.name == $team).score', jsonb_build_object('team', event ->> 'home_team')
        ) #>> '{}' as home_text,
        jsonb_path_query_first(
            event, 'lax $.scores[*] ? (@.name == $team).score', jsonb_build_object('team', event ->> 'away_team')
        ) #>> '{}' as away_text
    from events
    left join {{ ref('int_team_aliases') }} as home on home.alias = {{ club_alias("events.event ->> 'home_team'") }}
    left join {{ ref('int_team_aliases') }} as away on away.alias = {{ club_alias("events.event ->> 'away_team'") }}
    offset 0

),

judged as (

    select
        typed.*,
        case
            when event is null or jsonb_typeof(event) <> 'object' then 'unreadable'
            when event_id is null then 'missing_value'
            when home_team_id is null or away_team_id is null then 'unknown_team'
            when commence_at is null then 'invalid_time'
            when (home_text is not null and home_text !~ '^\d{1,2}$') or (away_text is not null and away_text !~ '^\d{1,2}$')
                then 'invalid_score'
        end as rule
    from typed
    offset 0

)

select
    load_id,
    record_number,
    event_id,
    commence_at,
    {{ new_york_date('commence_at') }} as official_date,
    away_team_id,
    home_team_id,
    is_completed,
    case when away_text ~ '^\d{1,2}$' then away_text::int end as away_runs,
    case when home_text ~ '^\d{1,2}$' then home_text::int end as home_runs,
    greatest(observed_at, ingested_at) as known_at,
    capture,
    provenance,
    case when rule is null then 'staged' else 'quarantined' end as disposition,
    rule,
    left(case
        when rule = 'unreadable' then 'the body (or this event) is no JSON object'
        when rule = 'missing_value' then 'an event needs its id (of 200 characters at most)'
        when rule = 'unknown_team' then 'unknown club in "' || coalesce(event ->> 'away_team', '') || '" at "'
            || coalesce(event ->> 'home_team', '') || '": teach it with `mlb alias add`'
        when rule = 'invalid_time' then 'commence_time "' || coalesce(event ->> 'commence_time', '') || '" is no time'
        when rule = 'invalid_score' then 'a score is no number of runs'
    end, 500) as reason
from judged
