{# Laws of loads: what raw holds is whole, and staging accounts for all of it. #}

{# Raw tables of which a record is neither staged nor quarantined nor a repeat nor out of scope nor held. #}
{% test row_counts_add_up(model, total='records', parts=['staged', 'quarantined', 'repeats', 'out_of_scope', 'held']) %}
    select *
    from {{ model }}
    where
        {{ total }} <> {{ parts | join(' + ') }}
        or least({{ parts | join(', ') }}) < 0
{% endtest %}

{# Files of an archive that are not whole in the register, or that say they hold records of which the archive's table
   holds none. Bodies are not read. (The register is bookkeeping, no asset: it is named, not referenced.) #}
{% test files_are_whole(model, archive) %}
    select files.load_id, files.file_name, files.record_count
    from raw_data.archive_files as files
    where
        files.archive = '{{ archive }}'
        and (
            length(files.content_hash) <> 64
            or files.byte_length <= 0
            or files.record_count < 0
            or files.file_name like '%/%'
            or (
                files.record_count > 0
                and (select held.load_id from {{ model }} as held where held.load_id = files.load_id limit 1) is null
            )
        )
{% endtest %}

{# Series of valid quotes that have no tick: a load that staging took and the ticks missed. #}
{% test every_quoted_series_ticks(model, quotes) %}
    select quoted.series_id
    from (
        {%- for relation in quotes %}
        select distinct series_id from {{ relation }} where series_id is not null
        {{ 'union' if not loop.last }}
        {%- endfor %}
    ) as quoted
    where not exists (select from {{ model }} as ticks where ticks.series_id = quoted.series_id)
{% endtest %}

{# Loads that a model counts as staged while the models that it reads have not staged them, or the other way round: what
   commits between the two would be lost for good. `chain`: [the models read, or the name of
   the registry's list of them; the model that reads them]. #}
{% test no_load_staged_ahead(model, chain) %}
    -- Every model that reads must have run: depends_on: {% for read, downstream in chain %}{{ ref(downstream) }} {% endfor %}
    {% for read, downstream in chain %}
    {% if read is not string %}{% set upstreams = read %}
    {% elif read == 'quote_models' %}{% set upstreams = quote_models() %}
    {% elif read == 'split_models' %}{% set upstreams = split_models() %}
    {% else %}{% set upstreams = accounting_models() %}{% endif %}
    {{ 'union all' if not loop.first }}
    select '{{ upstreams | join(', ') }}' as upstream, '{{ downstream }}' as downstream, load_id
    from operational.staged_loads
    where model in ('{{ (upstreams + [downstream]) | join("', '") }}')
    group by load_id
    having bool_or(model = '{{ downstream }}') <> bool_or(model <> '{{ downstream }}')
    {% endfor %}
{% endtest %}
