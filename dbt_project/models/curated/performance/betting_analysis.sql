-- Today's picks, explained: for every side of a game not begun what the strategies that are on would bet, why, what
-- speaks against it, and what the price is worth at the consensus. Shadow strategies bet on the record only and are not
-- here.
{{ config(indexes=[{'columns': ['official_date']}]) }}

with picks as (

    select
        game_key, market, side, source, book, line, price_american, price_decimal, filled_at, reason, probability,
        stake, load_id, capture, provenance, strategy || ' (' || form || ')' as who, strategy
    from {{ source('curated', 'strategy_results') }}
    where
        result = 'pending' and not is_shadow and fill_kind <> 'unfilled'
        and decision in ('current', 'signal')

),

games as (

    select *
    from {{ ref('enhanced_games') }}
    where coalesce(first_pitch_at, scheduled_start_at) > {{ clock() }}

),

context as (

    select * from {{ ref('betting_lines_enhanced') }} where decision = 'current'

),

-- One row per game, market and side; the best price that any of the strategies found stands for it.
by_side as (

    select
        picks.game_key,
        picks.market,
        picks.side,
        {% for column in ['source', 'book', 'line', 'price_american'] %}
        (array_agg(picks.{{ column }} order by picks.price_decimal desc, picks.book, picks.strategy))[1]
            as {{ column }},
        {% endfor %}
        max(picks.price_decimal) as price_decimal,
        max(picks.filled_at) as priced_at,
        array_agg(distinct picks.who order by picks.who) as strategies,
        count(distinct picks.who)::int as n_strategies,
        string_agg(distinct picks.who || ': ' || picks.reason, E'\n' order by picks.who || ': ' || picks.reason)
            as reasons,
        max(picks.probability) as model_probability,
        max(picks.stake) as stake,
        max(picks.load_id) as load_id,
        min(picks.capture) as capture,
        min(picks.provenance) as provenance
    from picks
    group by picks.game_key, picks.market, picks.side

),

opposed as (

    select
        by_side.*,
        other.strategies as strategies_against
    from by_side
    left join by_side as other
        on other.game_key = by_side.game_key and other.market = by_side.market and other.side <> by_side.side

),

worth as (

    select
        opposed.*,
        games.season,
        games.official_date,
        games.home_team,
        games.away_team,
        games.scheduled_start_at,
        case
            when opposed.market = 'moneyline' or context.consensus_line = (
                case when opposed.side = 'away' then -opposed.line else opposed.line end
            ) then
                case when opposed.side in ('home', 'over') then context.consensus_probability_1
                    else 1 - context.consensus_probability_1 end
        end as consensus_probability,
        context.consensus_books,
        case when opposed.side in ('home', 'over') then context.tickets_1 else 100 - context.tickets_1 end
            as tickets_pct,
        case when opposed.side in ('home', 'over') then context.money_1 else 100 - context.money_1 end as money_pct,
        case when opposed.side in ('home', 'over') then context.move else -context.move end as move
    from opposed
    inner join games on games.game_key = opposed.game_key
    left join context on context.game_key = opposed.game_key and context.market = opposed.market

)

select
    game_key,
    market,
    side,
    season,
    official_date,
    home_team,
    away_team,
    scheduled_start_at,
    source,
    book,
    line,
    price_american,
    price_decimal,
    priced_at,
    stake,
    strategies,
    n_strategies,
    reasons,
    coalesce(strategies_against, '{}') as strategies_against,
    consensus_probability,
    consensus_books,
    case when consensus_probability is not null then price_decimal * consensus_probability - 1 end as expected_value,
    case when consensus_probability is not null then 1 / consensus_probability end as fair_price_decimal,
    model_probability,
    tickets_pct,
    money_pct,
    move,
    array_remove(array[
        case when strategies_against is not null then 'other strategies take the other side' end,
        case when consensus_probability is null then 'no consensus on this line' end,
        case when price_decimal * consensus_probability < 1 then 'the price is below what the consensus calls fair' end,
        case when price_decimal * consensus_probability - 1 > 0.03
            then 'more than 3 % above the consensus: look whether the price still stands' end
    ], null) as cautions,
    capture,
    provenance,
    load_id
from worth
