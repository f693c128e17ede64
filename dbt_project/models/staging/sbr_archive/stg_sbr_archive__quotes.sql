-- The quotes of the season sheets, one row per side, market and moment, of the markets that passed.
-- The moments are assumed (label): open = noon New York of the day before, close = the end of the baseball day until a
-- game's first pitch is known.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_loads_staged_by(['stg_sbr_archive__games']) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}, {'columns': ['series_id']}],
) }}

with games as (

    select * from {{ ref('stg_sbr_archive__games') }} where load_id in {{ pending_loads() }}

),

quotes as (

    {% set open_and_close = [
        ('moneyline', 'open', 'away', 'away_record_number', 'null::numeric', 'open_away_price', 'open_moneyline_rule'),
        ('moneyline', 'open', 'home', 'home_record_number', 'null::numeric', 'open_home_price', 'open_moneyline_rule'),
        ('moneyline', 'close', 'away', 'away_record_number', 'null::numeric', 'close_away_price', 'close_moneyline_rule'),
        ('moneyline', 'close', 'home', 'home_record_number', 'null::numeric', 'close_home_price', 'close_moneyline_rule'),
        ('spread', 'close', 'away', 'away_record_number', 'away_run_line', 'run_line_away_price', 'run_line_rule'),
        ('spread', 'close', 'home', 'home_record_number', 'home_run_line', 'run_line_home_price', 'run_line_rule'),
        ('total', 'open', 'over', 'away_record_number', 'open_total', 'open_over_price', 'open_total_rule'),
        ('total', 'open', 'under', 'home_record_number', 'open_total', 'open_under_price', 'open_total_rule'),
        ('total', 'close', 'over', 'away_record_number', 'close_total', 'close_over_price', 'close_total_rule'),
        ('total', 'close', 'under', 'home_record_number', 'close_total', 'close_under_price', 'close_total_rule'),
    ] %}
    {% for market, label, side, record_number, line, price, rule in open_and_close %}
    {% if not loop.first %}union all{% endif %}
    select
        load_id,
        {{ record_number }} as record_number,
        event_id,
        official_date,
        '{{ market }}' as market,
        '{{ side }}' as side,
        '{{ label }}' as label,
        {{ line }} as line,
        {{ price }} as price_american
    from games
    where {{ rule }} is null
    {% endfor %}

)

select
    quotes.load_id,
    quotes.record_number,
    {{ series_id("'sbr_archive'", 'quotes.event_id', "'consensus'", 'quotes.market', "'game'", 'quotes.side') }}
        as series_id,
    'sbr_archive' as source,
    quotes.event_id,
    'consensus' as book,
    quotes.market,
    quotes.side,
    quotes.line::numeric(6, 2) as line,
    quotes.price_american,
    case quotes.label
        when 'open' then {{ open_moment('quotes.official_date') }}
        else {{ end_of_baseball_day('quotes.official_date') }}
    end as known_at,
    null::timestamptz as observed_at,
    quotes.label,
    'backfilled' as capture,
    files.provenance
from quotes
inner join {{ source('raw_data', 'archive_files') }} as files on files.load_id = quotes.load_id
