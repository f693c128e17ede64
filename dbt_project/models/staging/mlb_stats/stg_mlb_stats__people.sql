-- People as MLB describes them: name, position, hands, birth.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads(mlb_stats_relations(['people'])) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}],
) }}

with responses as materialized (

    {{ mlb_stats_responses(['people']) }}

),

entries as (

    select
        responses.load_id, responses.observed_at, responses.captured_at, responses.capture, responses.provenance,
        person.position,
        person.value as person
    from responses
    cross join lateral jsonb_path_query(responses.document, 'lax $.people[*]') with ordinality as person (value, position)
    where {{ is_document('responses.document', 'people') }}

    union all

    select load_id, observed_at, captured_at, capture, provenance, 0, null
    from responses
    where not {{ is_document('document', 'people') }}

),

judged as (

    select
        entries.*,
        {{ try_int("person ->> 'id'") }} as player_id,
        nullif(trim(person ->> 'fullName'), '') as full_name,
        case
            when person is null or jsonb_typeof(person) <> 'object' then 'unreadable'
            when {{ try_int("person ->> 'id'") }} is null then 'invalid_player'
            when nullif(trim(person ->> 'fullName'), '') is null then 'missing_value'
        end as rule
    from entries
    offset 0

)

select
    load_id,
    case when position = 0 then 1 else 1000000 + position end as record_number,
    player_id,
    full_name,
    person ->> 'firstName' as first_name,
    person ->> 'lastName' as last_name,
    person ->> 'nameSuffix' as name_suffix,
    person ->> 'boxscoreName' as boxscore_name,
    person ->> 'primaryNumber' as jersey_number,
    person -> 'primaryPosition' ->> 'abbreviation' as position,
    left(person -> 'batSide' ->> 'code', 1) as bat_side,
    left(person -> 'pitchHand' ->> 'code', 1) as pitch_hand,
    {{ try_date("person ->> 'birthDate'") }} as birth_date,
    {{ try_date("person ->> 'mlbDebutDate'") }} as debut_date,
    person ->> 'active' = 'true' as is_active,
    coalesce(captured_at, observed_at) as known_at,
    observed_at,
    capture,
    provenance,
    case when rule is null then 'staged' else 'quarantined' end as disposition,
    rule,
    left(case
        when rule = 'unreadable' then 'the body is no list of people, or this entry no JSON object'
        when rule = 'invalid_player' then 'id "' || left(coalesce(person ->> 'id', ''), 60) || '" is no id'
        when rule = 'missing_value' then 'a person needs a name'
    end, 500) as reason
from judged
