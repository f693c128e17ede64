-- One row per series of quotes: source × event × book × market × period × side × (main | alternate line). Its integer
-- key is a hash of that, so it does not depend on the order of loads; a collision would break the unique index.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ freeze_loads_staged_by(quote_models(), has_load_id=false) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['series_id'], 'unique': true},
             {'columns': ['source', 'event_id', 'book', 'market', 'period', 'side', 'alternate_line'], 'unique': true}],
) }}

with new_series as (

    {% for model in quote_models() %}
    {% if not loop.first %}union{% endif %}
    select distinct series_id, source, event_id, book, market, period, side, alternate_line
    from (
        select {{ quote_columns(model) }} from {{ ref(model) }}
        where load_id in {{ pending_loads() }} and {{ is_valid_quote(model) }}
    ) as quotes
    {% endfor %}

)

select series_id, source, event_id, book, market, period, side, alternate_line
from new_series
{% if is_incremental() %}
where not exists (select from {{ this }} as known where known.series_id = new_series.series_id)
{% endif %}
