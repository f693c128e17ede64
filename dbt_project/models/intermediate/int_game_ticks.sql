-- Ticks under their game: sides as the spine has them, labels at the game's own moments, and whether it was pre-game.
-- slot 1 is home or over, slot 2 away or under. Main lines of the whole game; an archive's label stands for a moment, the
-- label of a price whose moment is known (a source's word for its first price) does not. Prices of which nobody can say
-- which game they are of (int_doubtful_days) are not here.
{{ config(indexes=[{'columns': ['game_key']}]) }}

select
    games.game_key,
    series.source,
    series.book,
    series.market,
    case
        when series.side in ('over', 'under') then series.side
        when ties.sides_swapped then case series.side when 'home' then 'away' else 'home' end
        else series.side
    end as side,
    case
        when series.side = 'over' then 1
        when series.side = 'under' then 2
        when (series.side = 'home') <> ties.sides_swapped then 1
        else 2
    end::smallint as slot,
    case
        when ticks.label = 'open' and ticks.observed_at is null then {{ open_moment('games.official_date') }}
        when ticks.label = 'close' and ticks.observed_at is null then coalesce(
            games.first_pitch_at, games.scheduled_start_at, {{ end_of_baseball_day('games.official_date') }}
        )
        else ticks.known_at
    end as known_at,
    ticks.seq,
    ticks.label,
    ticks.line,
    ticks.price_american,
    ticks.price_decimal,
    ticks.status,
    ticks.label is not null and ticks.observed_at is null as moment_assumed,
    coalesce(
        (ticks.label is not null and ticks.observed_at is null)
        or ticks.known_at < coalesce(games.first_pitch_at, games.scheduled_start_at), false
    ) as is_pregame,
    ticks.capture,
    ticks.provenance,
    ticks.load_id,
    ticks.record_number,
    ticks.series_id
from {{ ref('odds_ticks') }} as ticks
inner join {{ ref('odds_series') }} as series on series.series_id = ticks.series_id
inner join {{ ref('game_crosswalk') }} as ties on ties.source = series.source and ties.event_id = series.event_id
inner join {{ ref('games') }} as games on games.game_key = ties.game_key
where
    not (
        {{ is_named_by_clubs('ties.event_id') }} and ticks.observed_at is not null
        and exists (
            select from {{ ref('int_doubtful_days') }} as doubtful
            where
                doubtful.source = series.source
                and doubtful.event_id = series.event_id
                and doubtful.book = series.book
                and doubtful.told_on = {{ new_york_date('ticks.known_at') }}
        )
    )
    and series.period = 'game' and series.alternate_line = '' and series.market in ('moneyline', 'spread', 'total')
