-- What became of each load's records in the model that accounts for them: the right side of the accounting.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ freeze_loads_staged_by(accounting_models()) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}],
) }}

{% for model in accounting_models() %}
{% if not loop.first %}union all{% endif %}
select
    told.load_id,
    '{{ model }}' as model,
    {% if model == 'stg_tick_archive__quotes' %}
    count(*) filter (where rule is null) as staged,
    count(*) filter (where rule is not null) as quarantined,
    0::bigint as out_of_scope
    {% else %}
    count(*) filter (where disposition = 'staged') as staged,
    count(*) filter (where disposition = 'quarantined') as quarantined,
    count(*) filter (where disposition = 'out_of_scope') as out_of_scope
    {% endif %}
from {{ ref(model) }} as told
inner join {{ ref('stg_raw__record_counts') }} as counts on counts.load_id = told.load_id
where
    told.load_id in {{ pending_loads() }}
    -- A model may read a table for another purpose than to account for it.
    and counts.raw_table in ('{{ tables_accounted_by(model) | join("', '") }}')
group by told.load_id
{% endfor %}
