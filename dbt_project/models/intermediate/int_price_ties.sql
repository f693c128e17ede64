-- Events of sources that only price games, tied to the games that a results source or SBR's archive knows.
-- The rungs build on each other's rows, whose number no planner can foresee: a nested loop costs minutes.
{{ config(
    pre_hook='set local enable_nestloop = off',
    indexes=[{'columns': ['source', 'event_id'], 'unique': true}],
) }}

with events as (

    select * from {{ ref('int_source_events') }} where source not in ('sbr_archive', 'retrosheet', 'mlb')

),

games as (

    select * from {{ ref('int_known_games') }}

),

{{ tie_events('events', 'games') }}

select * from ties
