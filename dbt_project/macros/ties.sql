{# Two clubs, whoever is at home: their ids, the lower first; NULL where they are not two. #}
{% macro club_pair(one, other) -%}
    case when {{ one }} <> {{ other }} then least({{ one }}, {{ other }}) || '-' || greatest({{ one }}, {{ other }}) end
{%- endmacro %}

{# Whether an archive does not name its events: then its day, its start and its clubs stand for a name. #}
{% macro is_named_by_clubs(event_id) -%} {{ event_id }} like '%|%|%@%' {%- endmacro %}

{# The ladder that ties a source's events to games (law 4). Each rung takes what the rungs above left open; a rung ties
   only what is unique on both sides, but for starts: a source may state one game anew under another event.
   `games` and `events` are relations or CTE names with the columns of int_spine_games and int_source_events.

   start_time          clubs, and starts within 75 minutes: the nearest game. A start stated after it had come may be the
                       first pitch. Not against the order of a doubleheader whose starts are as far apart on both sides
   doubleheader_order  two events and two games of a day, in the order of their starts
   begun_first         two events and two games of a day, where the source tells no start: one was seen begun while the
                       other was seen waiting
   start_nearby        clubs, and starts within three hours, on a day with one game of these clubs. An event that was
                       moved to this day does not join another that is tied
   clubs_and_start     like start_time, where the source does not say which club is at home
   clubs_and_day       two clubs and a day, one event and one game, where the source does not say who is at home
   game_number         day, clubs and the number of the game
   official_date       day and clubs, one event and one game. Not where only clubs and start name the event and its start is
                       hours from the game's: that is the other game of a day, of which one was not played
   final_score         day, clubs and final score: after the fact
   elimination         the one event and the one game that a doubleheader's other ties leave
   date_repaired       clubs and final score within two days: the source's day is wrong
   sides_swapped       day, clubs the other way round and the score the other way round: a relocated game
   No rung crosses a doubleheader: where nothing tells its games apart, both stay open. #}
{% macro tie_events(events, games) %}
stated_events as (

    select
        event.*,
        lag(event.seen_begun_at) over pair as before_begun_at,
        lead(event.seen_begun_at) over pair as after_begun_at,
        lag(event.seen_waiting_at) over pair as before_waiting_at,
        lead(event.seen_waiting_at) over pair as after_waiting_at
    from {{ events }} as event
    window pair as (
        partition by event.source, event.official_date, event.home_team_id, event.away_team_id, event.clubs
        order by event.event_id
    )

),

counted_events as materialized (

    -- As the source lists the day, ties or not: what is unique must be so before anything is taken away.
    select
        event.*,
        count(*) over day as events_that_day,
        count(event.commence_at) over day as starts_that_day,
        max(event.commence_at) over day - min(event.commence_at) over day as start_spread,
        row_number() over (
            partition by event.source, event.official_date, event.home_team_id, event.away_team_id, event.clubs
            order by event.commence_at, event.event_id
        ) as start_order,
        -- Read on a day of two events: 1 begun while the other waited, 2 the other way round.
        case
            when
                event.seen_begun_at <= event.seen_waiting_at
                or coalesce(event.before_begun_at, event.after_begun_at)
                <= coalesce(event.before_waiting_at, event.after_waiting_at)
                then null
            when event.seen_begun_at <= coalesce(event.before_waiting_at, event.after_waiting_at) then 1
            when coalesce(event.before_begun_at, event.after_begun_at) <= event.seen_waiting_at then 2
        end as begun_order
    from stated_events as event
    window day as (
        partition by event.source, event.official_date, event.home_team_id, event.away_team_id, event.clubs
    )

),

counted_games as materialized (

    select
        game.*,
        {{ club_pair('game.away_team_id', 'game.home_team_id') }} as clubs,
        count(*) over day as games_that_day,
        case
            when count(game.scheduled_start_at) over day = 2
                then max(game.scheduled_start_at) over day - min(game.scheduled_start_at) over day
        end as start_spread,
        row_number() over (
            partition by game.official_date, game.home_team_id, game.away_team_id
            order by game.game_number, game.scheduled_start_at, game.game_key
        ) as day_order
    from {{ games }} as game
    window day as (partition by game.official_date, game.home_team_id, game.away_team_id)

),

tied_0 as (

    select
        null::text as source, null::text as event_id, null::bigint as game_key, null::text as rung,
        null::numeric(5, 4) as confidence, null::boolean as sides_swapped
    where false

),

{% set by_day = 'e.official_date = g.official_date and e.home_team_id = g.home_team_id and e.away_team_id = g.away_team_id' %}
{% set same_clubs = 'e.home_team_id = g.home_team_id and e.away_team_id = g.away_team_id' %}
{% set same_pair = '(e.home_team_id is null or e.away_team_id is null) and e.clubs = g.clubs' %}
{% set near_days = 'g.official_date between e.official_date - 1 and e.official_date + 1' %}
{% set near_start = "g.scheduled_start_at between e.commence_at - interval '75 minutes' and e.commence_at + interval '75 minutes'" %}
{% set at_first_pitch = "not e.is_start_ahead and g.first_pitch_at between e.commence_at - interval '15 minutes' and e.commence_at + interval '15 minutes'" %}
{% set two_and_two = 'e.official_date = g.official_date and e.events_that_day = 2 and g.games_that_day = 2' %}
{% set spreads_agree = "abs(extract(epoch from e.start_spread - g.start_spread)) <= 5400" %}
{% set against_order = two_and_two ~ " and e.starts_that_day = 2 and e.start_spread >= interval '30 minutes' and " ~ spreads_agree ~ ' and e.start_order <> g.day_order' %}
{% set not_beside_another = 'not (e.has_moved is true and exists (select from tied_before as t where t.source = e.source and t.game_key = g.game_key))' %}
{% set not_another_start = '(' ~ is_named_by_clubs('e.event_id') ~ " and abs(extract(epoch from e.commence_at - g.scheduled_start_at)) > 3 * 3600) is not true" %}
{% set rungs = [
    ('start_time', same_clubs ~ ' and ' ~ near_days ~ ' and (' ~ near_start ~ ' or (' ~ at_first_pitch ~ ')) and (' ~ against_order ~ ') is not true', 1.0, false, true),
    ('doubleheader_order', same_clubs ~ ' and ' ~ two_and_two ~ " and e.starts_that_day = 2 and e.start_spread >= interval '30 minutes' and coalesce(" ~ spreads_agree ~ ', true) and e.start_order = g.day_order', 0.95, false, false),
    ('begun_first', same_clubs ~ ' and ' ~ two_and_two ~ ' and e.starts_that_day = 0 and e.begun_order = g.day_order', 0.97, false, false),
    ('start_nearby', same_clubs ~ ' and ' ~ near_days ~ " and g.scheduled_start_at between e.commence_at - interval '3 hours' and e.commence_at + interval '3 hours' and g.games_that_day = 1 and " ~ not_beside_another, 0.98, false, true),
    ('game_number', by_day ~ ' and e.game_number = g.game_number', 1.0, false, false),
    ('official_date', by_day ~ ' and e.events_that_day = 1 and g.games_that_day = 1 and ' ~ not_another_start, 0.99, false, false),
    ('clubs_and_start', same_pair ~ ' and ' ~ near_days ~ ' and ' ~ near_start, 0.97, false, true),
    ('clubs_and_day', same_pair ~ ' and e.official_date = g.official_date and e.events_that_day = 1 and g.games_that_day = 1', 0.95, false, false),
    ('final_score', by_day ~ ' and e.home_runs = g.home_runs and e.away_runs = g.away_runs', 0.97, false, false),
    ('elimination', by_day ~ ' and e.events_that_day = g.games_that_day and g.games_that_day = 2', 0.9, false, false),
    ('date_repaired', same_clubs ~ ' and e.home_runs = g.home_runs and e.away_runs = g.away_runs and g.official_date between e.official_date - 2 and e.official_date + 2', 0.9, false, false),
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
            order by
                least(
                    abs(extract(epoch from e.commence_at - g.scheduled_start_at)),
                    case when not e.is_start_ahead then abs(extract(epoch from e.commence_at - g.first_pitch_at)) end
                ),
                g.game_key
        ) as games_of_event,
        1 as events_of_game
        {% else %}
        count(*) over (partition by e.source, e.event_id) as games_of_event,
        count(*) over (partition by e.source, g.game_key) as events_of_game
        {% endif %}
    from counted_events as e
    inner join counted_games as g on {{ condition | replace('tied_before', 'tied_' ~ (n - 1)) }}
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
