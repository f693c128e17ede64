-- Prices that were told too late to be bet, or of which nobody can say what game they are of: how many there are, of each
-- source and book, and how many of the late ones stand in a market all the same.
{{ config(indexes=[{'columns': ['source', 'book', 'market', 'season'], 'unique': true}]) }}

with told as (

    select
        quotes.source,
        quotes.book,
        quotes.market,
        quotes.season,
        count(distinct quotes.event_id) as events,
        sum(quotes.quotes) as quotes,
        sum(quotes.at_or_after_start) as at_or_after_start,
        count(distinct quotes.event_id) filter (where quotes.at_or_after_start > 0) as events_in_play,
        coalesce(sum(quotes.quotes) filter (where ties.event_id is null), 0) as untied,
        coalesce(sum(quotes.quotes) filter (where doubtful.event_id is not null), 0) as of_a_doubtful_game
    from {{ ref('int_two_sided_quotes') }} as quotes
    left join {{ ref('game_crosswalk') }} as ties on ties.source = quotes.source and ties.event_id = quotes.event_id
    left join {{ ref('int_doubtful_days') }} as doubtful
        on doubtful.source = quotes.source
        and doubtful.event_id = quotes.event_id
        and doubtful.book = quotes.book
        and doubtful.told_on = quotes.told_on
    group by quotes.source, quotes.book, quotes.market, quotes.season

),

-- A source may state a start anew under another event.
starts as (

    select ties.source, ties.game_key, games.season, min(events.commence_at) as commence_at
    from {{ ref('game_crosswalk') }} as ties
    inner join {{ ref('int_source_events') }} as events on events.source = ties.source and events.event_id = ties.event_id
    inner join {{ ref('games') }} as games on games.game_key = ties.game_key
    where events.commence_at is not null
    group by ties.source, ties.game_key, games.season

),

used as (

    select states.source, states.book, states.market, starts.season, count(*) as states
    from {{ ref('int_market_states') }} as states
    inner join starts
        on starts.source = states.source and starts.game_key = states.game_key and states.known_at >= starts.commence_at
    where states.label is null
    group by states.source, states.book, states.market, starts.season

)

select
    told.source,
    told.book,
    told.market,
    told.season,
    told.events,
    told.quotes::bigint as quotes,
    told.at_or_after_start::bigint as at_or_after_start,
    told.at_or_after_start::float8 / told.quotes as share_at_or_after_start,
    told.events_in_play,
    coalesce(used.states, 0) as used_at_or_after_start,
    told.of_a_doubtful_game::bigint as of_a_doubtful_game,
    told.untied::bigint as untied
from told
left join used
    on used.source = told.source and used.book = told.book and used.market = told.market and used.season = told.season
