-- When each market of each book was last confirmed before each decision: a price that has not changed for hours is not
-- stale if it was seen a minute ago. Repeats count; a label has no such moment.
{{ config(indexes=[{'columns': ['game_key', 'market', 'source', 'book']}]) }}

with decisions as (

    select
        game_key,
        max(decision_at) filter (where decision = 'open') as open_at,
        max(decision_at) filter (where decision = 'pregame') as pregame_at,
        max(close_at) as close_at,
        max(decision_at) filter (where decision = 'current') as current_at
    from {{ ref('int_decision_points') }}
    group by game_key

),

series as (

    select
        series.series_id,
        series.source,
        series.book,
        series.market,
        decisions.*
    from {{ ref('odds_series') }} as series
    inner join {{ ref('game_crosswalk') }} as ties on ties.source = series.source and ties.event_id = series.event_id
    inner join decisions on decisions.game_key = ties.game_key
    where series.source <> 'sbr_archive'

)

select
    series.game_key,
    series.source,
    series.book,
    series.market,
    max(quotes.known_at) filter (where quotes.known_at <= series.open_at) as seen_by_open_at,
    max(quotes.known_at) filter (where quotes.known_at <= series.pregame_at) as seen_by_pregame_at,
    max(quotes.known_at) filter (where quotes.known_at < series.close_at) as seen_by_close_at,
    max(quotes.known_at) filter (where quotes.known_at <= series.current_at) as seen_by_current_at
from {{ ref('int_quotes') }} as quotes
inner join series on series.series_id = quotes.series_id
where quotes.label is null
group by series.game_key, series.source, series.book, series.market
