-- Which line of which answer says what a pitch was, from when on: one row per pitch and distinct statement in order of
-- time. Version 1 is the first; a later one is a correction; is_current marks the last. The statement itself stands in
-- stg_savant__pitches under (load_id, record_number), once.
-- A backfilled answer never overwrites a captured one: where a pitch was captured, backfills of it do not count.
-- The games that a load touches are worked out anew, so the order of the loads does not matter.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='game_pk',
    on_schema_change='fail',
    pre_hook=["{{ freeze_loads_staged_by(['stg_savant__pitches'], has_load_id=false) }}", "{{ find_touched('game_pk', [('stg_savant__pitches', \"disposition = 'staged'\")], has_load_id=false) }}"],
    post_hook=["{{ forget_unstaged_pitches() }}", "{{ remember_staged_loads() }}"],
    indexes=[
        {'columns': ['game_pk', 'at_bat_number', 'pitch_number', 'version'], 'unique': true},
        {'columns': ['load_id', 'record_number']},
    ],
) }}

with statements as (

    select
        pitches.game_pk,
        pitches.at_bat_number,
        pitches.pitch_number,
        pitches.official_date,
        pitches.load_id,
        pitches.record_number,
        pitches.known_at,
        pitches.capture,
        pitches.provenance,
        pitches.line_hash is distinct from lag(pitches.line_hash) over in_order as is_news
    from (
        select
            staged.*,
            bool_or(staged.capture = 'captured') over (
                partition by staged.game_pk, staged.at_bat_number, staged.pitch_number
            ) as was_captured
        from {{ ref('stg_savant__pitches') }} as staged
        where staged.disposition = 'staged' and staged.game_pk in {{ touched('game_pk') }}
    ) as pitches
    where pitches.capture = 'captured' or not pitches.was_captured
    window in_order as (
        partition by pitches.game_pk, pitches.at_bat_number, pitches.pitch_number
        order by pitches.known_at, pitches.observed_at, pitches.load_id
    )

),

versions as (

    select
        statements.*,
        row_number() over in_order as version,
        lead(statements.known_at) over in_order is null as is_current
    from statements
    where statements.is_news
    window in_order as (
        partition by statements.game_pk, statements.at_bat_number, statements.pitch_number
        order by statements.known_at, statements.load_id
    )

)

select
    game_pk,
    at_bat_number,
    pitch_number,
    version::int as version,
    is_current,
    official_date,
    known_at,
    capture,
    provenance,
    load_id,
    record_number
from versions
