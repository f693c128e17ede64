-- Events as The Odds API lists them, free of charge: one record is one event of a response. A start that is moved is a row
-- of its own, so what the source stated when stays readable; a make-up game is another event.
-- offset 0: a fence; without it the planner repeats each cast in every place that reads it.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads([source('raw_data', 'odds_api_events')]) }}",
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
    from {{ source('raw_data', 'odds_api_events') }} as raw
    left join {{ source('raw_data', 'odds_api_events') }} as original on original.load_id = raw.repeat_of
    where raw.load_id in {{ pending_loads() }} and not {{ is_no_news('raw', source('raw_data', 'odds_api_events')) }}

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
        event ->> 'sport_key' as sport_key,
        event ->> 'home_team' as home_text,
        event ->> 'away_team' as away_text,
        event ->> 'commence_time' as commence_text,
        {{ odds_api_time("(event ->> 'commence_time')") }} as commence_at,
        home.team_id as home_team_id,
        away.team_id as away_team_id
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
            when sport_key <> 'baseball_mlb' then 'other_league'
            when home_team_id is null or away_team_id is null then 'unknown_team'
            when home_team_id = away_team_id then 'same_team_twice'
            when commence_at is null then 'invalid_time'
        end as rule
    from typed
    offset 0

)

select
    load_id,
    record_number,
    'odds_api' as source,
    event_id,
    commence_at,
    {{ new_york_date('commence_at') }} as official_date,
    away_team_id,
    home_team_id,
    greatest(observed_at, ingested_at) as known_at,
    observed_at,
    capture,
    provenance,
    case when rule is null then 'staged' when rule = 'other_league' then 'out_of_scope' else 'quarantined' end
        as disposition,
    rule,
    left(case rule
        when 'unreadable' then 'the body (or this event) is no JSON object'
        when 'missing_value' then 'an event needs its id (of 200 characters at most)'
        when 'other_league' then 'an event of "' || sport_key || '"'
        when 'unknown_team' then 'unknown club in "' || coalesce(away_text, '') || '" at "' || coalesce(home_text, '')
            || '": teach it with `mlb alias add`'
        when 'same_team_twice' then 'both clubs are "' || home_text || '"'
        when 'invalid_time' then 'commence_time "' || coalesce(commence_text, '') || '" is no time'
    end, 500) as reason
from judged
