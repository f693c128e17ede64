-- Changes only: a tick is a quote that differs from the one before it in its series. The series that a load touches are
-- recomputed whole, so the result does not depend on the order of loads. Equal moments are told apart by the order in
-- their document (seq).
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='series_id',
    on_schema_change='fail',
    pre_hook=["{{ freeze_loads_staged_by(quote_models(), has_load_id=false) }}", "{{ find_touched('series_id', models_of_quotes()) }}"],
    post_hook=[
        "{{ forget_unfed_series() }}",
        "{{ gate('one_tick_per_moment', 'select series_id, known_at, seq from ' ~ this ~ ' where series_id in ' ~ touched('series_id') ~ ' group by 1, 2, 3 having count(*) > 1') }}",
        "{{ remember_staged_loads() }}",
    ],
    indexes=[{'columns': ['series_id', 'known_at', 'seq'], 'unique': true}, {'columns': ['load_id']}],
) }}

-- A tick belongs to a series: depends_on: {{ ref('odds_series') }}
with quotes as (

    {% for model in quote_models() %}
    {% if not loop.first %}union all{% endif %}
    select {{ quote_columns(model) }}
    from {{ ref(model) }}
    where
        {% if is_incremental() %}series_id in {{ touched('series_id') }}
        {% else %}load_id in {{ pending_loads() }}{% endif %}
        and {{ is_valid_quote(model) }}
    {% endfor %}

),

compared as (

    select
        quotes.*,
        row_number() over in_series as position,
        lag(price_american) over in_series as previous_price,
        lag(line) over in_series as previous_line,
        lag(status) over in_series as previous_status
    from quotes
    -- A label is a fact of its own: a close at the open's price is still the close.
    window in_series as (
        partition by series_id, label order by known_at, record_number, price_american, line, load_id
    )

)

select
    series_id,
    known_at,
    (row_number() over (partition by series_id, known_at order by position, label))::smallint as seq,
    observed_at,
    label,
    line,
    price_american,
    {{ american_to_decimal('price_american') }} as price_decimal,
    status,
    alternate_line = '' as is_main,
    capture,
    provenance,
    load_id,
    record_number
from compared
where
    position = 1
    or price_american is distinct from previous_price
    or line is distinct from previous_line
    or status is distinct from previous_status
