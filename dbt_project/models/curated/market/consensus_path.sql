-- The consensus at every moment: one row per game × market × moment at which what the books say together changed. What a
-- row holds is what was known at its moment, so the consensus as of any time is the last row known by then. A book's last
-- price speaks until it changes or is taken down; weights are the books' own and do not fade here (how fresh each price
-- is, is asked at decisions: market_consensus). A mean of books that a source makes itself speaks only until the first
-- real book does.
{{ config(pre_hook='set local enable_nestloop = off') }}

-- Levels in millionths and weights in tenths, whole numbers: what a book adds to a sum it takes away again exactly.
with said as (

    select
        game_key,
        market,
        kind,
        known_at,
        book,
        is_sharp,
        is_open,
        was_open,
        label,
        line::float8 as line,
        last_line::float8 as last_line,
        (is_open::int - was_open::int)::float8 as turn,
        round(weight * 10)::float8 as heavy,
        case when is_open then round(level * 1e6) end as told,
        case when was_open then round(last_level * 1e6) end as told_before,
        round(last_level * 1e6) as told_last,
        case when is_open then round(hold * 1e6) else 0 end - coalesce(round(last_hold * 1e6), 0) as hold_turn,
        moment_assumed,
        capture,
        provenance,
        load_id
    from {{ ref('int_voices') }}
    offset 0

),

moments as (

    select
        game_key,
        market,
        kind,
        known_at,
        sum(turn) as books_turn,
        sum(turn * heavy) as weight_turn,
        sum(heavy * (coalesce(told, 0) - coalesce(told_before, 0))) as level_turn,
        sum(heavy * (coalesce(told * told, 0) - coalesce(told_before * told_before, 0))) as square_turn,
        sum(hold_turn) as hold_turn,
        coalesce(sum(turn) filter (where is_sharp), 0) as sharp_turn,
        coalesce(sum(turn * heavy) filter (where is_sharp), 0) as sharp_weight_turn,
        coalesce(sum(heavy * (coalesce(told, 0) - coalesce(told_before, 0))) filter (where is_sharp), 0)
            as sharp_level_turn,
        sum(case when is_open then line else 0 end - coalesce(last_line, 0)) as line_turn,
        -- A book that is back was counted as down.
        sum(case when not is_open then 1 when not was_open and told_last is not null then -1 else 0 end::float8) as down_turn,
        sum(heavy * (told - told_last)) as moved,
        array_agg(book order by book) filter (where told <> told_last) as moved_books,
        array_agg(book order by book) filter (where not was_open) as joined_books,
        array_agg(book order by book) filter (where not is_open) as left_books,
        max(label) as label,
        bool_or(moment_assumed) as moment_assumed,
        min(capture) as capture,
        min(provenance) as provenance,
        max(load_id) as load_id
    from said
    group by game_key, market, kind, known_at

),

summed as (

    select
        moments.*,
        sum(books_turn) over so_far as n_books,
        sum(weight_turn) over so_far as weights,
        sum(level_turn) over so_far as levels,
        sum(square_turn) over so_far as squares,
        sum(hold_turn) over so_far as holds,
        sum(sharp_turn) over so_far as n_sharp,
        sum(sharp_weight_turn) over so_far as sharp_weights,
        sum(sharp_level_turn) over so_far as sharp_levels,
        sum(line_turn) over so_far as lines,
        sum(down_turn) over so_far as n_suspended
    from moments
    window so_far as (partition by game_key, market, kind order by known_at rows unbounded preceding)

),

first_books as (

    select game_key, market, min(known_at) as spoke_at
    from {{ ref('int_voices') }}
    where kind = 'book'
    group by game_key, market

),

told as (

    select
        summed.*,
        coalesce(main_lines.line, summed.lines / nullif(summed.n_books, 0))::numeric(6, 2) as line,
        summed.levels / nullif(summed.weights, 0) / 1e6 as level
    from summed
    left join {{ ref('int_main_lines') }} as main_lines
        on main_lines.game_key = summed.game_key and main_lines.market = summed.market
        and main_lines.kind = summed.kind and main_lines.known_at = summed.known_at
    left join first_books
        on first_books.game_key = summed.game_key and first_books.market = summed.market and summed.kind <> 'book'
    where first_books.spoke_at is null or summed.known_at < first_books.spoke_at
    offset 0

)

select
    game_key,
    market,
    known_at,
    kind,
    label,
    case when market <> 'moneyline' then line end as line,
    {{ probability_at('market', 'level', 'line') }} as probability_1,
    level,
    coalesce(moved, 0) / nullif(weights, 0) / 1e6 as move,
    n_books::int as n_books,
    case when n_books > 0 then sqrt(greatest(squares / weights - (levels / weights) ^ 2, 0)) / 1e6 end as dispersion,
    sharp_levels / nullif(sharp_weights, 0) / 1e6 as sharp_level,
    case when kind = 'book' then (levels - sharp_levels) / nullif(weights - sharp_weights, 0) / 1e6 end as retail_level,
    n_sharp::int as n_sharp,
    case when kind = 'book' then n_books - n_sharp else 0 end::int as n_retail,
    holds / nullif(n_books, 0) / 1e6 as hold,
    n_suspended::int as n_suspended,
    coalesce(moved_books, '{}') as moved_books,
    coalesce(joined_books, '{}') as joined_books,
    coalesce(left_books, '{}') as left_books,
    moment_assumed,
    capture,
    provenance,
    load_id
from told
