-- Prices of VSIN's pages, one record per club's row and market. The page gives a price for the moneyline only; the lines
-- of the run line and the total stand there without one and are no quotes (they stay with the splits).
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_loads_staged_by(['stg_vsin__rows']) }}",
    post_hook=["{{ quarantine_contradictions() }}", "{{ remember_staged_loads() }}"],
    indexes=[{'columns': ['load_id']}, {'columns': ['series_id']}],
) }}

with page_rows as (

    select *
    from {{ ref('stg_vsin__rows') }}
    where load_id in {{ pending_loads() }}

),

typed as (

    select
        page_rows.*,
        (page_rows.record_number - 1) * 3 + told.place as market_number,
        told.market,
        told.line_text,
        coalesce(told.line_text, '') ~ '^[\s—–-]*$|^n/?a$' as is_blank,
        case
            when told.market <> 'moneyline' then null
            when lower(told.line_text) in ('even', 'ev') then 100
            else {{ try_number('told.line_text') }}
        end as price_american,
        case
            when told.market = 'moneyline' then null
            when told.market = 'spread' and lower(told.line_text) in ('pk', 'pick') then 0::numeric(6, 2)
            else {{ try_line('told.line_text') }}
        end as line
    from page_rows
    cross join lateral (
        values
        (1, 'spread', translate(page_rows.spread_line, '−', '-')),
        (2, 'total', translate(page_rows.total_line, '−', '-')),
        (3, 'moneyline', translate(page_rows.moneyline, '−', '-'))
    ) as told (place, market, line_text)
    -- A body that is no page is one record, not three.
    where page_rows.pair is not null or told.place = 1
    offset 0

),

judged as (

    select
        typed.*,
        coalesce(typed.rule, case
            when is_blank then 'not_given'
            when market = 'moneyline' and price_american is null then 'invalid_price'
            when market = 'moneyline' and abs(price_american) < 100 then 'price_inside_100'
            when market = 'moneyline' and abs(price_american) > 100000 then 'price_out_of_range'
            when market <> 'moneyline' and line is null then 'invalid_line'
            when market <> 'moneyline' and line * 2 <> trunc(line * 2) then 'line_not_half_runs'
            when {{ is_line_out_of_range() }} then 'line_out_of_range'
            when market <> 'moneyline' then 'line_without_price'
        end) as quote_rule,
        case
            when market = 'total' then case position when 'away' then 'over' when 'home' then 'under' end
            else position
        end as side
    from typed
    offset 0

)

select
    load_id,
    market_number as record_number,
    case when quote_rule is null then {{ series_id("'vsin'", 'event_id', 'book', 'market', "'game'", 'side') }} end
        as series_id,
    source,
    event_id,
    book,
    market,
    'game' as period,
    side,
    '' as alternate_line,
    line,
    price_american::double precision as price_american,
    'open' as status,
    known_at,
    observed_at,
    null::text as label,
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
    case
        when rule is not null then disposition
        when quote_rule is null then 'staged'
        when quote_rule in ('not_given', 'line_without_price') then 'out_of_scope'
        else 'quarantined'
    end as disposition,
    quote_rule as rule,
    left(case quote_rule
        when 'not_given' then market || ': the page shows none'
        when 'line_without_price' then market || ' ' || line_text || ' stands there without a price'
        when 'invalid_price' then 'price "' || line_text || '" is no price'
        when 'price_inside_100' then 'American odds ' || line_text || ' lie between -100 and 100'
        when 'price_out_of_range' then 'American odds ' || line_text || ' are beyond ±100000'
        when 'invalid_line' then 'line "' || line_text || '" is no number of runs'
        when 'line_not_half_runs' then 'line ' || line_text || ' is no multiple of half a run'
        when 'line_out_of_range' then line_text || ' is no line of a ' || market
        else reason
    end, 500) as reason
from judged
