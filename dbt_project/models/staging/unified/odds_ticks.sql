-- Changes only: a tick is a quote that differs from the one before it in its series. The series that a load touches are
-- recomputed whole, so the result does not depend on the order of loads. Equal moments are told apart by the order in
-- their document (seq).
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='series_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_loads_staged_by(quote_models(), has_load_id=false) }}",
    post_hook=[
        "{{ forget_unfed_series() }}",
        "{{ remember_staged_loads() }}",
        "{{ gate('one_tick_per_moment', 'select series_id, known_at, seq from ' ~ this ~ ' group by 1, 2, 3 having count(*) > 1') }}",
    ],
    indexes=[{'columns': ['series_id', 'known_at', 'seq'], 'unique': true}],
) }}

-- A tick belongs to a series: depends_on: {{ ref('odds_series') }}
with touched as (

    {% for model in quote_models() %}
    {% if not loop.first %}union{% endif %}
    select distinct series_id
    from {{ ref(model) }}
    where load_id in {{ pending_loads() }}
    {% if model != 'stg_sbr_archive__quotes' %} and rule is null {% endif %}
    {% endfor %}
    {% if is_incremental() %}
    union
    -- A load staged once more may have lost quotes that were ticks.
    select distinct series_id from {{ this }} where load_id in {{ pending_loads() }}
    {% endif %}

),

quotes as (

    {% for model in quote_models() %}
    {% if not loop.first %}union all{% endif %}
    select
        series_id, known_at, record_number, observed_at, label, line, price_american, capture, provenance, load_id
    from {{ ref(model) }}
    where
        {% if is_incremental() %}series_id in (select series_id from touched)
        {% else %}load_id in {{ pending_loads() }}{% endif %}
        {% if model != 'stg_sbr_archive__quotes' %} and rule is null {% endif %}
    {% endfor %}

),

compared as (

    select
        quotes.*,
        row_number() over in_series as position,
        lag(price_american) over in_series as previous_price,
        lag(line) over in_series as previous_line,
        lag(label) over in_series as previous_label
    from quotes
    window in_series as (partition by series_id order by known_at, record_number, price_american, line, load_id)

)

select
    series_id,
    known_at,
    (row_number() over (partition by series_id, known_at order by position))::smallint as seq,
    observed_at,
    label,
    line,
    price_american,
    {{ american_to_decimal('price_american') }} as price_decimal,
    'open' as status,
    true as is_main,
    capture,
    provenance,
    load_id,
    record_number
from compared
where
    position = 1
    or price_american is distinct from previous_price
    or line is distinct from previous_line
    -- A label is a fact of its own: a close at the open's price is still the close.
    or label is distinct from previous_label
