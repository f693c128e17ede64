-- Per series: how many quotes each raw table gave it, how many of them only repeat the one before, and how many became
-- ticks. Repeats are counted from the quotes themselves, not as what ticks leave over: a series that never became ticks
-- shows. The series that a load touches are counted anew.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='series_id',
    on_schema_change='fail',
    pre_hook=["{{ freeze_loads_staged_by(quote_models(), has_load_id=false) }}", "{{ find_touched('series_id', models_of_quotes() | rejectattr(0, 'equalto', 'stg_sbr_archive__quotes') | list, has_load_id=false) }}"],
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['series_id']}],
) }}

with valid_quotes as (

    -- The rows of int_quotes, each model asked for its own: beside years of them the view would be read whole.
    {% for model in quote_models() %}
    {% if not loop.first %}union all{% endif %}
    select series_id, load_id, label, known_at, record_number, price_american, line, status
    from (select {{ quote_columns(model) }} from {{ ref(model) }} where {{ is_valid_quote(model) }}) as quotes
    where series_id in {{ touched('series_id') }}
    {% endfor %}

),

compared as (

    select
        series_id,
        load_id,
        lag(series_id) over in_series is not null
        and price_american is not distinct from lag(price_american) over in_series
        and line is not distinct from lag(line) over in_series
        and status is not distinct from lag(status) over in_series as is_repeat
    from valid_quotes
    window in_series as (
        partition by series_id, label order by known_at, record_number, price_american, line, load_id
    )

),

quotes as (

    select compared.series_id, loads.raw_table, count(*) as quotes, count(*) filter (where is_repeat) as repeats
    from compared
    inner join {{ ref('stg_raw__record_counts') }} as loads on loads.load_id = compared.load_id
    group by compared.series_id, loads.raw_table

),

ticks as (

    select ticks.series_id, loads.raw_table, count(*) as ticks
    from {{ ref('odds_ticks') }} as ticks
    inner join {{ ref('stg_raw__record_counts') }} as loads on loads.load_id = ticks.load_id
    where ticks.series_id in {{ touched('series_id') }}
    group by ticks.series_id, loads.raw_table

)

select
    quotes.series_id,
    quotes.raw_table,
    quotes.quotes,
    quotes.repeats,
    coalesce(ticks.ticks, 0) as ticks
from quotes
left join ticks on ticks.series_id = quotes.series_id and ticks.raw_table = quotes.raw_table
