-- Events that no rung ties: listed with the reason, staged, and kept out of every mart.
{{ config(indexes=[{'columns': ['source', 'event_id'], 'unique': true}]) }}

with candidates as (

    select
        events.source,
        events.event_id,
        count(games.game_key) as games_that_day
    from {{ ref('int_source_events') }} as events
    left join {{ ref('games') }} as games
        on games.official_date = events.official_date
        and least(games.home_team_id, games.away_team_id) = least(events.home_team_id, events.away_team_id)
        and greatest(games.home_team_id, games.away_team_id) = greatest(events.home_team_id, events.away_team_id)
    group by events.source, events.event_id

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
        when candidates.games_that_day = 0 then 'no known game of these clubs on this day (postponed, or a season not loaded)'
        when candidates.games_that_day = 1 then 'the one game of the day is already tied, or this source lists the day twice'
        else 'a doubleheader whose games nothing tells apart'
    end as reason,
    events.provenance,
    events.load_id
from {{ ref('int_source_events') }} as events
inner join candidates on candidates.source = events.source and candidates.event_id = events.event_id
where not exists (
    select from {{ ref('game_crosswalk') }} as ties where ties.source = events.source and ties.event_id = events.event_id
)
