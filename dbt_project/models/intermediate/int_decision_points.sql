-- When a decision about a game is made: open (noon New York of the day before), pregame (an hour before the scheduled
-- start, where a source ticks), close (first pitch), current (now, for a game not begun).
{{ config(indexes=[{'columns': ['game_key', 'decision'], 'unique': true}]) }}

with moments as (

    select
        game_key,
        official_date,
        {{ open_moment('official_date') }} as open_at,
        scheduled_start_at - interval '60 minutes' as pregame_at,
        coalesce(first_pitch_at, scheduled_start_at, {{ end_of_baseball_day('official_date') }}) as close_at,
        first_pitch_at is null and scheduled_start_at is null as is_start_unknown
    from {{ ref('games') }}
    where status not in ('cancelled')

),

ticking as (

    select distinct ties.game_key
    from {{ ref('game_crosswalk') }} as ties
    inner join {{ ref('odds_series') }} as series on series.source = ties.source and series.event_id = ties.event_id
    where series.source <> 'sbr_archive'
        and exists (
            select from {{ ref('odds_ticks') }} as ticks where ticks.series_id = series.series_id and ticks.label is null
        )

),

points as (

    select game_key, official_date, 'open' as decision, open_at as decision_at, close_at, is_start_unknown from moments
    union all
    select moments.game_key, official_date, 'pregame', pregame_at, close_at, is_start_unknown
    from moments
    inner join ticking on ticking.game_key = moments.game_key
    where pregame_at is not null
    union all
    select game_key, official_date, 'close', close_at, close_at, is_start_unknown from moments
    union all
    select game_key, official_date, 'current', {{ clock() }}, close_at, is_start_unknown
    from moments
    where close_at > {{ clock() }}

)

-- A decision whose moment has not come is not made yet.
select * from points where decision_at <= {{ clock() }}
