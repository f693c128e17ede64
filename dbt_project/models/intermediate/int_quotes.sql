-- Every valid quote of every source, repeats included. A view: the quotes stand in the staging table of their source.
{{ config(materialized='view') }}

{% for model in quote_models() %}
{% if not loop.first %}union all{% endif %}
select {{ quote_columns(model) }}
from {{ ref(model) }}
where {{ is_valid_quote(model) }}
{% endfor %}
