-- What was known of a market at each decision, in one row: the game, the benchmark's price, the best prices, the consensus,
-- how the market moved, and tickets and money. Nothing in it is later than the decision: no result, no later close. What
-- each book offers is in decision_prices.
-- (How many rows the CTEs have no planner foresees, so no nested loops; a look at sixty columns need not be a close one.)
{{ config(
    pre_hook=['set local enable_nestloop = off', 'set local default_statistics_target = 10'],
    indexes=[{'columns': ['decision', 'official_date']}],
) }}

with offers as (

    select
        prices.*,
        (coalesce(prices.age_minutes, 0) > {{ fresh_minutes() }})::int * 1000
            + (coalesce(books.sharp_rank, 99) > 5 and coalesce(books.kind, 'book') <> 'consensus')::int * 500
            + coalesce(books.sharp_rank, 99) as place
    from {{ ref('decision_prices') }} as prices
    left join {{ ref('sportsbooks') }} as books on books.book = prices.book
    offset 0

),

-- The benchmark of a decision is chosen as the benchmark close is: the sharpest fresh book, else the consensus, else the
-- sharpest there is.
benchmarks as (

    select *
    from (
        select
            offers.*,
            row_number() over (partition by game_key, decision, market order by place, source, book) as choice
        from offers
    ) as ranked
    where choice = 1

),

points as (

    select
        points.game_key,
        points.decision,
        points.decision_at,
        games.scheduled_start_at - interval '6 hours' as early_at
    from {{ ref('int_decision_points') }} as points
    inner join {{ ref('enhanced_games') }} as games on games.game_key = points.game_key
    where exists (select from {{ ref('int_split_states') }} as splits where splits.game_key = points.game_key)

),

-- Every voice's last word by the decision, and by six hours before the start where the decision is later than that.
said as (

    select distinct on (points.game_key, points.decision, moments.is_early, splits.market, splits.source, splits.book)
        points.game_key,
        points.decision,
        moments.is_early,
        splits.market,
        splits.source,
        splits.book,
        splits.tickets_1,
        splits.money_1,
        splits.known_at
    from points
    cross join lateral (values (false, points.decision_at), (true, points.early_at)) as moments (is_early, as_of)
    inner join {{ ref('int_split_states') }} as splits
        on splits.game_key = points.game_key and splits.known_at <= moments.as_of
    where moments.as_of <= points.decision_at
    order by
        points.game_key, points.decision, moments.is_early, splits.market, splits.source, splits.book,
        splits.known_at desc

),

shares as (

    select
        game_key,
        decision,
        market,
        avg(tickets_1) filter (where not is_early) as tickets_1,
        avg(money_1) filter (where not is_early) as money_1,
        min(tickets_1) filter (where not is_early) as tickets_min_1,
        max(tickets_1) filter (where not is_early) as tickets_max_1,
        min(money_1) filter (where not is_early) as money_min_1,
        max(money_1) filter (where not is_early) as money_max_1,
        stddev_samp(money_1) filter (where not is_early) as money_sd_1,
        count(*) filter (where not is_early)::int as split_voices,
        max(known_at) filter (where not is_early) as splits_known_at,
        string_agg(source || case when book <> '' then ':' || book else '' end, ', ' order by source, book)
            filter (where not is_early) as splits_source,
        avg(tickets_1) filter (where is_early) as early_tickets_1,
        avg(money_1) filter (where is_early) as early_money_1,
        max(known_at) filter (where is_early) as early_splits_known_at
    from said
    where num_nulls(tickets_1, money_1) < 2
    group by game_key, decision, market

)

select
    benchmarks.game_key,
    benchmarks.decision,
    benchmarks.market,
    benchmarks.decision_at,
    games.season,
    games.official_date,
    games.home_team_id,
    games.away_team_id,
    games.home_team,
    games.away_team,
    games.scheduled_start_at,
    (extract(epoch from games.scheduled_start_at - benchmarks.decision_at) / 3600)::float8 as hours_to_start,
    benchmarks.source as benchmark_source,
    benchmarks.book as benchmark_book,
    benchmarks.line as benchmark_line,
    benchmarks.home_price as benchmark_price_1,
    benchmarks.away_price as benchmark_price_2,
    benchmarks.home_probability as benchmark_probability_1,
    benchmarks.hold as benchmark_hold,
    benchmarks.age_minutes as benchmark_age_minutes,
    consensus.best_home_price as best_price_1,
    consensus.best_home_book as best_book_1,
    consensus.best_away_price as best_price_2,
    consensus.best_away_book as best_book_2,
    consensus.best_booksum,
    consensus.line as consensus_line,
    consensus.home_probability as consensus_probability_1,
    consensus.dispersion as consensus_dispersion,
    coalesce(consensus.n_books, 0) as consensus_books,
    consensus.sharp_probability as sharp_probability_1,
    consensus.retail_probability as retail_probability_1,
    moves.open_line,
    moves.open_probability_1,
    moves.open_at,
    moves.move,
    moves.line_move,
    moves.move_1h,
    moves.move_3h,
    moves.move_6h,
    moves.move_24h,
    moves.late_move,
    moves.reversals,
    moves.n_moves,
    moves.velocity,
    moves.sharp_move,
    moves.retail_move,
    moves.episode_move,
    moves.hold_change,
    moves.dispersion_change,
    shares.tickets_1,
    shares.money_1,
    shares.tickets_min_1,
    shares.tickets_max_1,
    shares.money_min_1,
    shares.money_max_1,
    shares.money_sd_1,
    coalesce(shares.split_voices, 0) as split_voices,
    shares.splits_known_at,
    shares.splits_source,
    shares.early_tickets_1,
    shares.early_money_1,
    shares.early_splits_known_at,
    benchmarks.moment_assumed,
    benchmarks.capture,
    benchmarks.provenance,
    benchmarks.load_id
from benchmarks
inner join {{ ref('enhanced_games') }} as games on games.game_key = benchmarks.game_key
left join {{ ref('market_consensus') }} as consensus
    on consensus.game_key = benchmarks.game_key and consensus.decision = benchmarks.decision
    and consensus.market = benchmarks.market
left join {{ ref('movement_analysis') }} as moves
    on moves.game_key = benchmarks.game_key and moves.decision = benchmarks.decision
    and moves.market = benchmarks.market
left join shares
    on shares.game_key = benchmarks.game_key and shares.decision = benchmarks.decision
    and shares.market = benchmarks.market
