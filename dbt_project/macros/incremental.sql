{# The incremental materialization of this project, in fewer questions to the database than dbt's own (a no-op costs a
   sixth): loads are frozen by the model's hook, so a model whose loads are none has nothing to do; one keyed by load has
   had their rows taken away by its hook and only inserts. What is made for the first time, or in full, is made dbt's way.
   Columns that differ from the table's are an error, never a guess. #}
{% materialization incremental, adapter='postgres' %}
    {%- set existing = load_cached_relation(this) -%}
    {% if existing is none or existing.is_view or should_full_refresh() %}
        {{ return(dbt.materialization_incremental_default()) }}
    {% endif %}

    {%- set target = this.incorporate(type='table') -%}
    {%- set key = config.get('unique_key') or [] -%}
    {%- set keys = [key] if key is string else key -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% set waiting %}
        select exists (select from operational.pending_loads where model = '{{ this.identifier }}')
    {% endset %}
    {# A model may also follow what is no load (meta: runs_without_loads), such as a game that was moved. #}
    {% if (config.get('meta') or {}).get('runs_without_loads') or run_query(waiting).columns[0][0] %}
        {% set told = get_column_schema_from_query(sql) | map(attribute='name') | list %}
        {% set stored = adapter.get_columns_in_relation(target) | map(attribute='name') | list %}
        {% if told | sort != stored | sort %}
            {% do exceptions.raise_compiler_error(
                target ~ ' has other columns than its model: in the table ' ~ (stored | join(', ')) ~ '; in the model '
                ~ (told | join(', ')) ~ '. Make it anew from raw: `mlb transform --full-refresh`'
            ) %}
        {% endif %}
        {% set columns %}({% for name in told %}{{ adapter.quote(name) }}{{ ', ' if not loop.last }}{% endfor %}){% endset %}
        {% if keys in [[], ['load_id']] %}
            {% call statement('main') %}
                insert into {{ target }} {{ columns }}
                {{ sql }}
            {% endcall %}
        {% else %}
            {% set fresh = make_temp_relation(target) %}
            {% do run_query(get_create_table_as_sql(True, fresh, sql)) %}
            {% call statement('main') %}
                delete from {{ target }} as old
                using (select distinct {{ keys | join(', ') }} from {{ fresh }}) as fresh
                where {% for name in keys %}{{ 'and ' if not loop.first }}old.{{ name }} = fresh.{{ name }} {% endfor %};
                insert into {{ target }} {{ columns }}
                select {{ columns[1:-1] }} from {{ fresh }}
            {% endcall %}
            {% do drop_relation_if_exists(fresh) %}
        {% endif %}
        {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% else %}
        {% call noop_statement('main', 'nothing new', 'INSERT', 0) %}{% endcall %}
    {% endif %}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
