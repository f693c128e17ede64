-- Profit of every strategy per season, month and in all: return on turnover at each bet's own price, and the expected
-- value against the no-vig close. Pushes and voids are no turnover.
{{ config(indexes=[{'columns': ['strategy', 'decision']}]) }}

with bets as (

    select * from {{ source('curated', 'strategy_results') }}

),

periods as (

    select bets.*, 'all' as period_kind, 'all' as period from bets
    union all
    select bets.*, 'season', bets.season::text from bets
    union all
    select bets.*, 'month', to_char(bets.official_date, 'YYYY-MM') from bets

),

settled as (

    select
        periods.*,
        result in ('win', 'loss') as is_decided,
        case when result in ('win', 'loss') then stake end as turnover
    from periods

)

select
    strategy,
    decision,
    market,
    provenance,
    period_kind,
    period,
    count(*) as bets,
    count(*) filter (where result = 'win') as wins,
    count(*) filter (where result = 'loss') as losses,
    count(*) filter (where result = 'push') as pushes,
    count(*) filter (where result = 'void') as voids,
    count(*) filter (where result = 'pending') as pending,
    coalesce(sum(turnover), 0)::double precision as turnover,
    coalesce(sum(profit) filter (where is_decided), 0)::double precision as profit,
    (sum(profit) filter (where is_decided) / nullif(sum(turnover), 0))::double precision as roi,
    count(ev_clv) filter (where is_decided) as bets_with_close,
    (avg(ev_clv) filter (where is_decided))::double precision as mean_ev_clv,
    (avg(beat_close::int) filter (where is_decided and ev_clv is not null))::double precision as beat_close_rate,
    (avg(price_decimal) filter (where is_decided))::double precision as mean_price_decimal
from settled
group by strategy, decision, market, provenance, period_kind, period
