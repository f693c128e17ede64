-- Every valid quote of every source, repeats included. A view: the quotes stand in the staging table of their source.
{{ config(materialized='view') }}

{% for model in ['stg_sbr_archive__quotes', 'stg_tick_archive__quotes', 'stg_odds_api__quotes'] %}
{% if not loop.first %}union all{% endif %}
select
    series_id, source, event_id, book, market, side, known_at, observed_at, label, line, price_american, capture,
    provenance, load_id, record_number
from {{ ref(model) }}
{% if model != 'stg_sbr_archive__quotes' %}where rule is null{% endif %}
{% endfor %}
