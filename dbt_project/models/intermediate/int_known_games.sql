-- The spine's games and those that SBR's archive alone knows (its postseason, where no results source has it), under a
-- key of their own.
{{ config(indexes=[{'columns': ['game_key'], 'unique': true}, {'columns': ['official_date', 'home_team_id']}]) }}

select * from {{ ref('int_spine_games') }}

union all

select
    {{ game_key_from_day(
        3, 'events.official_date', 'events.home_team_id',
        'row_number() over (partition by events.official_date, events.home_team_id order by events.event_id)'
    ) }},
    'sbr_archive',
    events.event_id,
    extract(year from events.official_date)::int,
    events.official_date,
    row_number() over (
        partition by events.official_date, events.home_team_id, events.away_team_id order by events.event_id
    )::int,
    -- The sheet does not say what kind of game it is; after the spine's last regular day it is the postseason.
    case
        when events.official_date > (
            select max(spine.official_date) from {{ ref('int_spine_games') }} as spine
            where spine.season = extract(year from events.official_date)::int and spine.game_type = 'R'
        ) then 'P'
        else 'unknown'
    end,
    events.away_team_id,
    events.home_team_id,
    null,
    null,
    case when events.home_runs is null then 'unknown' else 'final' end,
    null,
    null,
    events.away_runs,
    events.home_runs,
    events.provenance,
    events.load_id
from {{ ref('int_source_events') }} as events
where
    events.source = 'sbr_archive'
    and not exists (
        select from {{ ref('int_result_ties') }} as ties
        where ties.source = 'sbr_archive' and ties.event_id = events.event_id
    )
    -- On a day on which the spine has these clubs, an open event is a game of the spine that nothing identifies.
    and not exists (
        select from {{ ref('int_spine_games') }} as spine
        where spine.official_date = events.official_date
            and least(spine.home_team_id, spine.away_team_id) = least(events.home_team_id, events.away_team_id)
            and greatest(spine.home_team_id, spine.away_team_id) = greatest(events.home_team_id, events.away_team_id)
    )
