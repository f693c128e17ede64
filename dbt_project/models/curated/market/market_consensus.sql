-- What the books agree on at each decision, made of what was fresh then and saying of what: a source that is down or
-- stale is named, never replaced. One voice per book (the source that confirmed it last); a source's own mean of books is
-- no book. Of spreads and totals only the books on the line that most of them have.
{{ config(indexes=[{'columns': ['decision', 'market']}]) }}

with offers as (

    select
        prices.*,
        coalesce(books.sharp_rank, 99) as sharp_rank,
        coalesce(prices.age_minutes, 0) <= {{ fresh_minutes() }} as is_fresh
    from {{ ref('decision_prices') }} as prices
    left join {{ ref('sportsbooks') }} as books on books.book = prices.book
    where coalesce(books.kind, 'book') = 'book'

),

voices as (

    select distinct on (game_key, decision, market, book) *
    from offers
    where is_fresh
    order by game_key, decision, market, book, age_minutes nulls last, price_known_at desc, source

),

lines as (

    select distinct on (game_key, decision, market) game_key, decision, market, line
    from (
        select game_key, decision, market, line, count(*) as books, min(sharp_rank) as sharpest
        from voices
        group by game_key, decision, market, line
    ) as counted
    order by game_key, decision, market, books desc, sharpest, abs(line), line

),

fresh as (

    select
        voices.game_key,
        voices.decision,
        voices.market,
        lines.line,
        percentile_cont(0.5) within group (order by voices.home_probability) as home_probability,
        count(*)::int as n_books,
        array_agg(voices.book order by voices.book) as books,
        array_agg(distinct voices.source) as sources,
        max(voices.age_minutes) as oldest_age_minutes,
        max(voices.price_known_at) as known_at,
        min(voices.capture) as capture,
        min(voices.provenance) as provenance,
        max(voices.load_id) as load_id
    from voices
    inner join lines
        on lines.game_key = voices.game_key and lines.decision = voices.decision and lines.market = voices.market
        and lines.line is not distinct from voices.line
    group by voices.game_key, voices.decision, voices.market, lines.line

),

every as (

    select
        game_key,
        decision,
        market,
        max(decision_at) as decision_at,
        coalesce(
            array_agg(distinct source || ':' || book order by source || ':' || book) filter (where not is_fresh), '{}'
        ) as stale_books,
        max(price_known_at) as known_at,
        min(capture) as capture,
        min(provenance) as provenance,
        max(load_id) as load_id
    from offers
    group by game_key, decision, market

)

select
    every.game_key,
    every.decision,
    every.market,
    every.decision_at,
    fresh.line,
    fresh.home_probability,
    coalesce(fresh.n_books, 0) as n_books,
    coalesce(fresh.books, '{}') as books,
    coalesce(fresh.sources, '{}') as sources,
    every.stale_books,
    case when fresh.game_key is null then 'no book was confirmed within {{ fresh_minutes() }} minutes of the decision' end
        as unavailable_because,
    fresh.oldest_age_minutes,
    coalesce(fresh.known_at, every.known_at) as known_at,
    coalesce(fresh.capture, every.capture) as capture,
    coalesce(fresh.provenance, every.provenance) as provenance,
    coalesce(fresh.load_id, every.load_id) as load_id
from every
left join fresh
    on fresh.game_key = every.game_key and fresh.decision = every.decision and fresh.market = every.market
