-- Clubs of a season as MLB lists them: ids never change, codes and names do.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads(mlb_stats_relations(['teams'])) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}],
) }}

with responses as materialized (

    {{ mlb_stats_responses(['teams']) }}

),

entries as (

    select
        responses.load_id, responses.observed_at, responses.captured_at, responses.capture, responses.provenance,
        team.position,
        team.value as team
    from responses
    cross join lateral jsonb_path_query(responses.document -> 'teams', 'lax $[*]') with ordinality as team (value, position)
    where {{ is_document('responses.document', 'teams') }}

    union all

    select load_id, observed_at, captured_at, capture, provenance, 0, null
    from responses
    where not {{ is_document('document', 'teams') }}

),

judged as (

    select
        entries.*,
        {{ try_int("team ->> 'id'") }} as team_id,
        case
            when team is null or jsonb_typeof(team) <> 'object' then 'unreadable'
            when {{ try_int("team ->> 'id'") }} is null or nullif(trim(team ->> 'name'), '') is null then 'missing_value'
            when team -> 'sport' ->> 'id' <> '1' then 'other_league'
        end as rule
    from entries
    offset 0

)

select
    load_id,
    case when position = 0 then 1 else 1000000 + position end as record_number,
    team_id,
    {{ try_int("team ->> 'season'") }} as season,
    team ->> 'name' as name,
    team ->> 'abbreviation' as abbreviation,
    team ->> 'teamName' as nickname,
    team ->> 'locationName' as location,
    team -> 'league' ->> 'name' as league,
    team -> 'division' ->> 'name' as division,
    {{ try_int("team -> 'venue' ->> 'id'") }} as venue_id,
    team -> 'venue' ->> 'name' as venue,
    team ->> 'active' = 'true' as is_active,
    coalesce(captured_at, observed_at) as known_at,
    observed_at,
    capture,
    provenance,
    case when rule is null then 'staged' when rule = 'other_league' then 'out_of_scope' else 'quarantined' end as disposition,
    rule,
    left(case
        when rule = 'unreadable' then 'the body is no list of clubs, or this entry no JSON object'
        when rule = 'missing_value' then 'a club needs id and name'
        when rule = 'other_league' then 'no club of the Major Leagues: "' || left(coalesce(team ->> 'name', ''), 60) || '"'
    end, 500) as reason
from judged
