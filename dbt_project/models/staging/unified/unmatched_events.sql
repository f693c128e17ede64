-- Events that no rung ties: listed with the reason, staged, and kept out of every mart.
{{ config(indexes=[{'columns': ['source', 'event_id'], 'unique': true}]) }}

with open_events as (

    select *
    from {{ ref('int_source_events') }} as events
    where not exists (
        select from {{ ref('game_crosswalk') }} as ties
        where ties.source = events.source and ties.event_id = events.event_id
    )

),

games_of_day as (

    select
        official_date,
        {{ club_pair('away_team_id', 'home_team_id') }} as clubs,
        count(*) as games
    from {{ ref('games') }}
    group by 1, 2

),

-- Lines of the schedule that say: not on this day.
moved_games as (

    select distinct
        listed_date as official_date,
        {{ club_pair('away_team_id', 'home_team_id') }} as clubs,
        status
    from {{ ref('stg_mlb_stats__schedule_games') }}
    where disposition = 'staged' and status in ('postponed', 'cancelled')

)

select
    events.source,
    events.event_id,
    events.official_date,
    events.commence_at,
    events.away_team_id,
    events.home_team_id,
    events.away_runs,
    events.home_runs,
    case
        when events.clubs is null then 'the source does not name both clubs'
        when games_of_day.games is null and exists (
            select from moved_games as moved
            where moved.official_date = events.official_date and moved.clubs = events.clubs and moved.status = 'postponed'
        ) then 'no known game of these clubs on this day: it was postponed, and its make-up is another event'
        when games_of_day.games is null and exists (
            select from moved_games as moved
            where moved.official_date = events.official_date and moved.clubs = events.clubs
        ) then 'no known game of these clubs on this day: it was cancelled'
        when games_of_day.games is null
            then 'no known game of these clubs on this day (postponed, or a season not loaded)'
        when games_of_day.games = 1 then 'the one game of the day is already tied, or this source lists the day twice'
        else 'a doubleheader whose games nothing tells apart'
    end as reason,
    events.provenance,
    events.load_id
from open_events as events
left join games_of_day on games_of_day.official_date = events.official_date and games_of_day.clubs = events.clubs
