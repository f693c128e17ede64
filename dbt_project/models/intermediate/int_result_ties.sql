-- Events of sources that know results (SBR's archive; Retrosheet or MLB where the other is the spine), tied to the
-- games of the spine.
-- The rungs build on each other's rows, whose number no planner can foresee: a nested loop costs minutes.
{{ config(
    pre_hook='set local enable_nestloop = off',
    indexes=[{'columns': ['source', 'event_id'], 'unique': true}],
) }}

with events as (

    select * from {{ ref('int_source_events') }} where source in ('sbr_archive', 'retrosheet', 'mlb')

),

games as (

    select * from {{ ref('int_spine_games') }}

),

{{ tie_events('events', 'games') }}

select * from ties
