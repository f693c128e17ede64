-- What the books agree on at each decision, made of what was fresh then and saying of what: a source that is down or
-- stale is named, never replaced. One voice per book (the source that confirmed it last); a source's own mean of books is
-- no book. Of spreads and totals only the books on the line that most of them have. Each speaks in logit, by its weight,
-- halved with every half hour since its price was confirmed.
{{ config(
    pre_hook='set local enable_nestloop = off',
    indexes=[{'columns': ['decision', 'market']}],
) }}

with offers as (

    select
        prices.*,
        coalesce(prices.age_minutes, 0) <= {{ fresh_minutes() }} as is_fresh
    from {{ ref('decision_prices') }} as prices
    where prices.book not in (select books.book from {{ ref('sportsbooks') }} as books where books.kind <> 'book')

),

confirmed as (

    select distinct on (game_key, decision, market, book) *
    from offers
    where is_fresh
    order by game_key, decision, market, book, age_minutes nulls last, price_known_at desc, source

),

voices as (

    select
        confirmed.*,
        {{ logit('confirmed.home_probability') }} as told,
        {{ spoken_weight('coalesce(books.weight, 1)', 'confirmed.age_minutes') }} as heavy,
        coalesce(books.sharp_rank, 99) as sharp_rank,
        coalesce(books.sharp_rank, 99) <= 5 as is_sharp
    from confirmed
    left join {{ ref('sportsbooks') }} as books on books.book = confirmed.book
    offset 0

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

spoken as (

    select voices.*
    from voices
    inner join lines
        on lines.game_key = voices.game_key and lines.decision = voices.decision and lines.market = voices.market
        and lines.line is not distinct from voices.line
    offset 0

),

-- The higher American number is the better price, on either side of the hole around even money.
fresh as (

    select
        game_key,
        decision,
        market,
        max(line) as line,
        {{ consensus_logit('told', 'heavy') }} as told,
        {{ consensus_dispersion('told', 'heavy') }} as dispersion,
        {{ effective_books('heavy') }} as effective_books,
        {{ consensus_logit('told', 'heavy', filter='is_sharp') }} as sharp_told,
        {{ consensus_logit('told', 'heavy', filter='not is_sharp') }} as retail_told,
        max(home_price) as best_home_price,
        (array_agg(book order by home_price desc, sharp_rank, book))[1] as best_home_book,
        max(away_price) as best_away_price,
        (array_agg(book order by away_price desc, sharp_rank, book))[1] as best_away_book,
        count(*)::int as n_books,
        array_agg(book order by book) as books,
        array_agg(distinct source) as sources,
        max(age_minutes) as oldest_age_minutes,
        max(price_known_at) as known_at,
        min(capture) as capture,
        min(provenance) as provenance,
        max(load_id) as load_id
    from spoken
    group by game_key, decision, market

),

every as (

    select
        game_key,
        decision,
        market,
        max(decision_at) as decision_at,
        max(price_known_at) as known_at,
        min(capture) as capture,
        min(provenance) as provenance,
        max(load_id) as load_id
    from offers
    group by game_key, decision, market

),

stale as (

    select
        game_key,
        decision,
        market,
        array_agg(source || ':' || book order by source || ':' || book) as books
    from offers
    where not is_fresh
    group by game_key, decision, market

)

select
    every.game_key,
    every.decision,
    every.market,
    every.decision_at,
    fresh.line,
    1 / (1 + exp(-fresh.told)) as home_probability,
    fresh.dispersion,
    coalesce(fresh.n_books, 0) as n_books,
    fresh.effective_books,
    1 / (1 + exp(-fresh.sharp_told)) as sharp_probability,
    1 / (1 + exp(-fresh.retail_told)) as retail_probability,
    fresh.sharp_told - fresh.retail_told as sharp_minus_retail,
    fresh.best_home_price,
    fresh.best_home_book,
    fresh.best_away_price,
    fresh.best_away_book,
    {{ american_to_implied('fresh.best_home_price') }} + {{ american_to_implied('fresh.best_away_price') }} as best_booksum,
    coalesce(fresh.books, '{}') as books,
    coalesce(fresh.sources, '{}') as sources,
    coalesce(stale.books, '{}') as stale_books,
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
left join stale
    on stale.game_key = every.game_key and stale.decision = every.decision and stale.market = every.market
