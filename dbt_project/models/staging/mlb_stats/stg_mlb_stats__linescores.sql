-- Innings as each linescore told them, by itself or within a live feed. Runs of a half that was not batted are absent.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads(mlb_stats_relations(['linescore', 'live_feed'])) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}, {'columns': ['game_pk']}],
) }}

with responses as materialized (

    {{ mlb_stats_responses(['linescore', 'live_feed']) }}

),

linescores as (

    select
        load_id,
        kind,
        observed_at,
        captured_at,
        capture,
        provenance,
        coalesce({{ try_int("document ->> 'gamePk'") }}, {{ asked_game_pk('request_key') }}) as game_pk,
        case kind
            when 'live_feed' then {{ is_document('document', 'liveData') }}
            else {{ is_document('document', 'innings') }}
        end as is_linescore,
        case kind when 'live_feed' then document -> 'liveData' -> 'linescore' else document end as linescore
    from responses
    offset 0

),

entries as (

    select
        linescores.load_id, linescores.kind, linescores.observed_at, linescores.captured_at, linescores.capture,
        linescores.provenance, linescores.game_pk,
        inning.position,
        inning.value as inning,
        linescores.linescore ->> 'scheduledInnings' as scheduled_text
    from linescores
    cross join lateral jsonb_path_query(linescores.linescore, 'lax $.innings[*]') with ordinality as inning (value, position)
    where linescores.is_linescore

    union all

    select load_id, kind, observed_at, captured_at, capture, provenance, game_pk, 0, null, null
    from linescores
    where not is_linescore and kind = 'linescore'

),

judged as (

    select
        entries.*,
        {{ try_int("inning ->> 'num'") }} as number,
        case
            when inning is null or jsonb_typeof(inning) <> 'object' then 'unreadable'
            when game_pk is null then 'invalid_game_pk'
            when coalesce({{ try_int("inning ->> 'num'") }}, 0) < 1 then 'invalid_place'
        end as rule
    from entries
    offset 0

)

select
    load_id,
    case when position = 0 then 1 else 4000000 + position end as record_number,
    kind as endpoint,
    game_pk,
    number as inning,
    {{ try_int('scheduled_text') }} as scheduled_innings,
    {% for side in ['away', 'home'] %}
    {{ try_int("inning -> '" ~ side ~ "' ->> 'runs'") }} as {{ side }}_runs,
    {{ try_int("inning -> '" ~ side ~ "' ->> 'hits'") }} as {{ side }}_hits,
    {{ try_int("inning -> '" ~ side ~ "' ->> 'errors'") }} as {{ side }}_errors,
    {{ try_int("inning -> '" ~ side ~ "' ->> 'leftOnBase'") }} as {{ side }}_left_on_base,
    {% endfor %}
    captured_at as known_at,
    observed_at,
    capture,
    provenance,
    case when rule is null then 'staged' else 'quarantined' end as disposition,
    rule,
    left(case
        when rule = 'unreadable' then 'the body is no linescore, or this inning no JSON object'
        when rule = 'invalid_game_pk' then 'neither the answer nor the question has a gamePk that is an id'
        when rule = 'invalid_place' then 'inning "' || left(coalesce(inning ->> 'num', ''), 60) || '" is no number'
    end, 500) as reason
from judged
