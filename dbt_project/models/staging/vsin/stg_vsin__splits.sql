-- Tickets and money of VSIN's pages, one record per club's row and market. A share that is blank, or 0 on both sides, is
-- no fact: NULL with the reason.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_loads_staged_by(['stg_vsin__rows']) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}],
) }}

with page_rows as (

    select *
    from {{ ref('stg_vsin__rows') }}
    where load_id in {{ pending_loads() }}

),

markets as (

    select
        page_rows.*,
        (page_rows.record_number - 1) * 3 + told.place as market_number,
        told.market,
        translate(told.line_text, '−', '-') as line_text,
        told.handle_text,
        told.bets_text
    from page_rows
    cross join lateral (
        values
        (1, 'spread', page_rows.spread_line, page_rows.spread_handle, page_rows.spread_bets),
        (2, 'total', page_rows.total_line, page_rows.total_handle, page_rows.total_bets),
        (3, 'moneyline', page_rows.moneyline, page_rows.moneyline_handle, page_rows.moneyline_bets)
    ) as told (place, market, line_text, handle_text, bets_text)
    -- A body that is no page is one record, not three.
    where page_rows.pair is not null or told.place = 1

),

-- "82% ▲": the share, then which way it moved.
typed as (

    select
        markets.*,
        coalesce(bets_text, '') ~ '^[\s—–-]*$|^n/?a$' as is_bets_blank,
        coalesce(handle_text, '') ~ '^[\s—–-]*$|^n/?a$' as is_handle_blank,
        substring(bets_text from '^(\d{1,3}(?:\.\d{1,2})?)\s*%(?:\s*[▲▼])?$')::numeric as bets,
        substring(handle_text from '^(\d{1,3}(?:\.\d{1,2})?)\s*%(?:\s*[▲▼])?$')::numeric as handle
    from markets
    offset 0

),

summed as (

    select
        typed.*,
        case when count(bets) over sides = 2 then sum(bets) over sides end as bets_of_both,
        case when count(handle) over sides = 2 then sum(handle) over sides end as handle_of_both
    from typed
    window sides as (partition by load_id, pair, market)
    offset 0

),

judged as (

    select
        summed.*,
        coalesce(summed.rule, case
            when (bets is null and not is_bets_blank) or (handle is null and not is_handle_blank) then 'invalid_share'
            when bets > 100 or handle > 100 then 'share_out_of_range'
            when
                (bets_of_both <> 0 and not {{ makes_a_whole('bets_of_both') }})
                or (handle_of_both <> 0 and not {{ makes_a_whole('handle_of_both') }})
                then 'shares_do_not_add_up'
        end) as share_rule
    from summed
    offset 0

)

select
    load_id,
    market_number as record_number,
    source,
    event_id,
    book,
    market,
    'game' as period,
    case
        when market = 'total' then case position when 'away' then 'over' when 'home' then 'under' end
        else position
    end as side,
    case
        when market = 'spread' and lower(line_text) in ('pk', 'pick') then 0::numeric(6, 2)
        when market <> 'moneyline' then {{ try_line('line_text') }}
    end as line,
    case when market = 'moneyline' then {{ try_number('line_text') }} end as price_american,
    case when share_rule is null and bets_of_both is distinct from 0 then bets::numeric(5, 2) end as tickets_pct,
    case when share_rule is null and handle_of_both is distinct from 0 then handle::numeric(5, 2) end as money_pct,
    case
        when share_rule is null then nullif(concat_ws(
            ', ',
            case when is_bets_blank then 'tickets blank' when bets_of_both = 0 then 'tickets pending' end,
            case when is_handle_blank then 'money blank' when handle_of_both = 0 then 'money pending' end
        ), '')
    end as missing_reason,
    null::timestamptz as stated_at,
    known_at,
    observed_at,
    capture,
    provenance,
    away_team_id,
    home_team_id,
    official_date,
    null::timestamptz as commence_at,
    order_of_day,
    row_status,
    has_started,
    markup,
    case when rule is not null then disposition when share_rule is null then 'staged' else 'quarantined' end
        as disposition,
    share_rule as rule,
    left(case share_rule
        when 'invalid_share' then market || ': "' || coalesce(bets_text, '') || '" or "' || coalesce(handle_text, '')
            || '" is no share in percent'
        when 'share_out_of_range' then market || ': "' || bets_text || '" or "' || handle_text || '" is beyond 100 %'
        when 'shares_do_not_add_up' then market || ': both sides together have ' || coalesce(bets_of_both::text, 'no')
            || ' % of the tickets and ' || coalesce(handle_of_both::text, 'no') || ' % of the money'
        else reason
    end, 500) as reason
from judged
