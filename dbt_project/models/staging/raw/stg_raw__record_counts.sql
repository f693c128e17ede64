-- How many records each load holds, counted from the document itself and once: the left side of the accounting.
-- A repeat holds what the body it repeats holds. is_mended: JSON only after bad text in it was replaced. After the models that stage them, so that a load counted here is staged.
-- depends_on: {% for model in accounting_models() %}{{ ref(model) }} {% endfor %}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads(raw_relations_accounted_for()) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id'], 'unique': true}],
) }}

with bodies as (

    {% for entry in accounted_tables() %}
    select
        raw.load_id,
        '{{ entry.source }}' as source,
        'raw_data.{{ entry.table }}' as raw_table,
        {% if entry.count is defined %}
        ({{ entry.count }})::bigint as records
        {% else %}
        case
            when body.document is null then 1
            {% if entry.path is defined %}
            else (select count(*) from jsonb_path_query(body.document, 'lax {{ entry.path }}'))
            {% else %}
            else ({{ entry.json_count }})
            {% endif %}
        end::bigint as records
        {% endif %},
        {{ 'false' if entry.count is defined else 'body.is_mended' }} as is_mended
    from {{ source('raw_data', entry.table) }} as raw
    {% if entry.count is not defined %}
    cross join lateral raw_data.json_reading(raw.body) as body
    {% endif %}
    where raw.load_id in {{ pending_loads() }} and raw.body is not null
    union all
    {% endfor %}
    select load_id, archive, 'raw_data.' || archive, record_count, false
    from {{ source('raw_data', 'archive_files') }}
    where load_id in {{ pending_loads() }}

),

repeats as (

    {% for entry in accounted_tables() %}
    {% if not loop.first %}union all{% endif %}
    select load_id, repeat_of
    from {{ source('raw_data', entry.table) }}
    where load_id in {{ pending_loads() }} and repeat_of is not null
    {% endfor %}

)

select load_id, source, raw_table, records, is_mended from bodies
union all
select repeats.load_id, bodies.source, bodies.raw_table, bodies.records, bodies.is_mended
from repeats
inner join bodies on bodies.load_id = repeats.repeat_of
{% if is_incremental() %}
union all
select repeats.load_id, known.source, known.raw_table, known.records, known.is_mended
from repeats
inner join {{ this }} as known on known.load_id = repeats.repeat_of
where not exists (select from bodies where bodies.load_id = repeats.repeat_of)
{% endif %}
