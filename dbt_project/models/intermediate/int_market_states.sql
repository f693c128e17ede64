-- Both sides of a market together, at every moment one of them changed: the other side's last price is carried forward
-- (ticks are changes only). Labelled prices pair only with the same label. A state is usable when both sides are there
-- and open, on the same line, and their prices belong together.
{{ config(indexes=[{'columns': ['game_key', 'market', 'source', 'book', 'known_at']}]) }}

with last_of_moment as (

    select distinct on (game_key, source, book, market, label, known_at, slot)
        game_key, source, book, market, label, known_at, slot, line, price_american, status, moment_assumed, is_pregame,
        capture, provenance, load_id
    from {{ ref('int_game_ticks') }}
    where is_pregame
    order by game_key, source, book, market, label, known_at, slot, seq desc, series_id

),

moments as (

    select
        game_key,
        source,
        book,
        market,
        label,
        known_at,
        max(price_american) filter (where slot = 1) as price_1,
        max(price_american) filter (where slot = 2) as price_2,
        max(line) filter (where slot = 1) as line_1,
        max(line) filter (where slot = 2) as line_2,
        max(status) filter (where slot = 1) as status_1,
        max(status) filter (where slot = 2) as status_2,
        max(load_id) filter (where slot = 1) as load_1,
        max(load_id) filter (where slot = 2) as load_2,
        bool_or(moment_assumed) as moment_assumed,
        min(capture) as capture,
        min(provenance) as provenance
    from last_of_moment
    group by game_key, source, book, market, label, known_at

),

counted as (

    select
        moments.*,
        count(status_1) over in_time as change_1,
        count(status_2) over in_time as change_2
    from moments
    window in_time as (partition by game_key, source, book, market, label order by known_at)

),

carried as (

    select
        game_key,
        source,
        book,
        market,
        label,
        known_at,
        first_value(price_1) over since_1 as price_1,
        first_value(line_1) over since_1 as line_1,
        first_value(status_1) over since_1 as status_1,
        first_value(load_1) over since_1 as load_1,
        first_value(price_2) over since_2 as price_2,
        first_value(line_2) over since_2 as line_2,
        first_value(status_2) over since_2 as status_2,
        first_value(load_2) over since_2 as load_2,
        moment_assumed,
        capture,
        provenance
    from counted
    window
        since_1 as (partition by game_key, source, book, market, label, change_1 order by known_at),
        since_2 as (partition by game_key, source, book, market, label, change_2 order by known_at)

),

implied as (

    select
        carried.*,
        {{ american_to_implied('price_1') }} as q_1,
        {{ american_to_implied('price_2') }} as q_2
    from carried
    offset 0

),

priced as (

    select
        implied.*,
        {{ no_vig_odds_ratio('q_1', 'q_2') }} as probability_1
    from implied
    offset 0

)

select
    game_key,
    source,
    book,
    market,
    label,
    known_at,
    price_1,
    price_2,
    line_1 as line,
    q_1 + q_2 as booksum,
    {{ hold('q_1', 'q_2') }} as hold,
    probability_1,
    {{ market_level('market', 'probability_1', 'line_1') }} as level,
    {{ no_vig_multiplicative('q_1', 'q_2') }} as probability_1_multiplicative,
    case
        when status_1 <> 'open' or status_2 <> 'open' then 'suspended'
        when price_1 is null or price_2 is null then 'one_sided'
        when market = 'spread' and line_1 is distinct from -line_2 then 'lines_apart'
        when market = 'total' and line_1 is distinct from line_2 then 'lines_apart'
        when q_1 + q_2 not between 0.97 and 1.15 then 'booksum_out_of_range'
    end as unusable_because,
    moment_assumed,
    capture,
    provenance,
    greatest(load_1, load_2) as load_id
from priced
