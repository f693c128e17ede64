-- What every strategy earned, by period (all, season, month, week, day), and within all and season by book and by hours
-- to first pitch: return on turnover at each bet's own price, and the expected value against the no-vig close. Pushes and
-- voids are no turnover; a bet that found no price is counted and is no bet.
{{ config(indexes=[{'columns': ['strategy', 'decision']}]) }}

with bets as (

    select
        results.*,
        {{ hours_band('results.hours_to_start') }} as hours_band
    from {{ source('curated', 'strategy_results') }} as results

),

periods as (

    select bets.*, 'all' as period_kind, 'all' as period from bets
    union all
    select bets.*, 'season', bets.season::text from bets
    union all
    select bets.*, 'month', to_char(bets.official_date, 'YYYY-MM') from bets
    union all
    select bets.*, 'week', to_char(bets.official_date, 'IYYY-"W"IW') from bets
    union all
    select bets.*, 'day', to_char(bets.official_date, 'YYYY-MM-DD') from bets

),

cut as (

    select periods.*, 'all' as cut_by, 'all' as cut_value from periods
    union all
    select periods.*, 'book', periods.book from periods where period_kind in ('all', 'season')
    union all
    select periods.*, 'hours_to_start', periods.hours_band from periods where period_kind in ('all', 'season')

),

settled as (

    select
        cut.*,
        result in ('win', 'loss') as is_decided,
        case when result in ('win', 'loss') then stake end as turnover,
        case when result in ('win', 'loss', 'push') then stake end as at_risk,
        case when result in ('win', 'loss') then profit end as decided_profit
    from cut

)

select
    strategy,
    form,
    is_shadow,
    decision,
    market,
    provenance,
    period_kind,
    period,
    cut_by,
    cut_value,
    count(*) filter (where result <> 'unfilled') as bets,
    count(*) filter (where result = 'win') as wins,
    count(*) filter (where result = 'loss') as losses,
    count(*) filter (where result = 'push') as pushes,
    count(*) filter (where result = 'void') as voids,
    count(*) filter (where result = 'pending') as pending,
    count(*) filter (where result = 'unfilled') as unfilled,
    coalesce(sum(turnover), 0)::double precision as turnover,
    coalesce(sum(decided_profit), 0)::double precision as profit,
    (sum(decided_profit) / nullif(sum(turnover), 0))::double precision as roi,
    (sum(decided_profit) / nullif(sum(at_risk), 0))::double precision as return_on_stakes,
    case
        when count(*) filter (where is_decided) > 1
            then stddev_samp(profit / nullif(stake, 0)) filter (where is_decided)
                / sqrt(count(*) filter (where is_decided))::double precision
    end as roi_se,
    count(ev_clv) filter (where is_decided) as bets_with_close,
    (avg(ev_clv) filter (where is_decided))::double precision as mean_ev_clv,
    case
        when count(ev_clv) filter (where is_decided) > 1
            then stddev_samp(ev_clv) filter (where is_decided)
                / sqrt(count(ev_clv) filter (where is_decided))::double precision
    end as ev_clv_se,
    (avg(beat_close::int) filter (where is_decided and ev_clv is not null))::double precision as beat_close_rate,
    (avg(price_decimal) filter (where is_decided))::double precision as mean_price_decimal
from settled
group by strategy, form, is_shadow, decision, market, provenance, period_kind, period, cut_by, cut_value
