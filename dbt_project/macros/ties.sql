{# The ladder that ties a source's events to games (law 4). Each rung takes what the rungs above left open; a rung ties
   only what is unique on both sides, but for starts: a source may state one game anew under another event.
   `games` and `events` are relations or CTE names with the columns of int_spine_games and int_source_events.

   start_time          clubs, and starts within 75 minutes: the nearest game
   doubleheader_order  two events and two games of a day, in the order of their starts
   start_nearby        clubs, and starts within three hours, on a day with one game of these clubs
   game_number         day, clubs and the number of the game
   official_date       day and clubs, one event and one game
   final_score         day, clubs and final score: after the fact
   elimination         the one event and the one game that a doubleheader's other ties leave
   date_repaired       clubs and final score within two days: the source's day is wrong
   sides_swapped       day, clubs the other way round and the score the other way round: a relocated game
   No rung crosses a doubleheader: where nothing tells its games apart, both stay open. #}
{% macro tie_events(events, games) %}
counted_events as materialized (

    -- As the source lists the day, ties or not: what is unique must be so before anything is taken away.
    select
        event.*,
        count(*) over day as events_that_day,
        count(event.commence_at) over day as starts_that_day,
        max(event.commence_at) over day - min(event.commence_at) over day as start_spread,
        row_number() over (
            partition by event.source, event.official_date, event.home_team_id, event.away_team_id
            order by event.commence_at, event.event_id
        ) as start_order
    from {{ events }} as event
    window day as (partition by event.source, event.official_date, event.home_team_id, event.away_team_id)

),

counted_games as materialized (

    select
        game.*,
        count(*) over (partition by game.official_date, game.home_team_id, game.away_team_id) as games_that_day,
        row_number() over (
            partition by game.official_date, game.home_team_id, game.away_team_id
            order by game.game_number, game.scheduled_start_at, game.game_key
        ) as day_order
    from {{ games }} as game

),

tied_0 as (

    select
        null::text as source, null::text as event_id, null::bigint as game_key, null::text as rung,
        null::numeric(5, 4) as confidence, null::boolean as sides_swapped
    where false

),

{% set by_day = 'e.official_date = g.official_date and e.home_team_id = g.home_team_id and e.away_team_id = g.away_team_id' %}
{% set by_start = 'e.home_team_id = g.home_team_id and e.away_team_id = g.away_team_id and g.official_date between e.official_date - 1 and e.official_date + 1 and g.scheduled_start_at between e.commence_at - ' %}
{% set rungs = [
    ('start_time', by_start ~ "interval '75 minutes' and e.commence_at + interval '75 minutes'", 1.0, false, true),
    ('doubleheader_order', by_day ~ " and e.starts_that_day = 2 and e.start_spread >= interval '30 minutes' and e.events_that_day = 2 and g.games_that_day = 2 and e.start_order = g.day_order", 0.95, false, false),
    ('start_nearby', by_start ~ "interval '3 hours' and e.commence_at + interval '3 hours' and g.games_that_day = 1", 0.98, false, true),
    ('game_number', by_day ~ ' and e.game_number = g.game_number', 1.0, false, false),
    ('official_date', by_day ~ ' and e.events_that_day = 1 and g.games_that_day = 1', 0.99, false, false),
    ('final_score', by_day ~ ' and e.home_runs = g.home_runs and e.away_runs = g.away_runs', 0.97, false, false),
    ('elimination', by_day ~ ' and e.events_that_day = g.games_that_day and g.games_that_day = 2', 0.9, false, false),
    ('date_repaired', 'e.home_team_id = g.home_team_id and e.away_team_id = g.away_team_id and e.home_runs = g.home_runs and e.away_runs = g.away_runs and g.official_date between e.official_date - 2 and e.official_date + 2', 0.9, false, false),
    ('sides_swapped', 'e.official_date = g.official_date and e.home_team_id = g.away_team_id and e.away_team_id = g.home_team_id and e.home_runs = g.away_runs and e.away_runs = g.home_runs', 0.9, true, false),
] %}
{% for rung, condition, confidence, swapped, by_nearness in rungs %}
{% set n = loop.index %}
pairs_{{ n }} as (

    select
        e.source,
        e.event_id,
        g.game_key,
        {% if by_nearness %}
        row_number() over (
            partition by e.source, e.event_id
            order by abs(extract(epoch from e.commence_at - g.scheduled_start_at)), g.game_key
        ) as games_of_event,
        1 as events_of_game
        {% else %}
        count(*) over (partition by e.source, e.event_id) as games_of_event,
        count(*) over (partition by e.source, g.game_key) as events_of_game
        {% endif %}
    from counted_events as e
    inner join counted_games as g on {{ condition }}
    where
        not exists (select from tied_{{ n - 1 }} as t where t.source = e.source and t.event_id = e.event_id)
        {% if not by_nearness %}
        and not exists (select from tied_{{ n - 1 }} as t where t.source = e.source and t.game_key = g.game_key)
        {% endif %}

),

tied_{{ n }} as (

    select * from tied_{{ n - 1 }}
    union all
    select source, event_id, game_key, '{{ rung }}', {{ confidence }}::numeric(5, 4), {{ swapped }}
    from pairs_{{ n }}
    where games_of_event = 1 and events_of_game = 1

),
{% endfor %}
ties as (

    select * from tied_{{ rungs | length }}

)
{% endmacro %}
