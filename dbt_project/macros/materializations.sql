{# How a model or a seed becomes a table, in fewer questions to the database and fewer contexts of dbt than its own
   materializations take (half of a small model's time): the graph has some two hundred nodes, run many times a day.
   What is made for the first time, or in full, is made dbt's way. #}

{# The names of a table's columns, in their order. #}
{% macro columns_of(relation) %}
    {% call statement('columns', fetch_result=true) %}
        select attname
        from pg_attribute
        where attrelid = to_regclass('{{ relation }}') and attnum > 0 and not attisdropped
        order by attnum
    {% endcall %}
    {{ return(load_result('columns')['data'] | map(attribute=0) | list) }}
{% endmacro %}

{# The names of the columns that a model's statement gives, asked of the database once and remembered. #}
{% macro columns_of_model(sql) %}
    {% set told = get_column_schema_from_query(sql) | map(attribute='name') | list %}
    {% call statement('remember_columns') %}
        insert into operational.model_columns (model, sql_md5, columns)
        values ('{{ this.identifier }}', '{{ local_md5(sql) }}', '{ {{- told | join(', ') -}} }')
        on conflict (model) do update set sql_md5 = excluded.sql_md5, columns = excluded.columns
    {% endcall %}
    {{ return(told) }}
{% endmacro %}

{# The descriptions of a table and its columns, in one statement. #}
{% macro postgres__persist_docs(relation, model, for_relation, for_columns) %}
    {% set about_table = for_relation and config.persist_relation_docs() and model.description %}
    {% set columns = {} %}
    {% if for_columns and config.persist_column_docs() and model.columns %}
        {% set columns = validate_doc_columns(relation, model.columns, columns_of(relation)) %}
    {% endif %}
    {% if about_table or columns %}
        {% call statement('docs') %}
            {% if about_table %}comment on {{ 'view' if relation.is_view else 'table' }} {{ relation }} is {{ postgres_escape_comment(model.description) }};{% endif %}
            {% for name in columns %}
            comment on column {{ relation }}.{{ adapter.quote(name) if columns[name]['quote'] else name }} is {{ postgres_escape_comment(columns[name]['description']) }};
            {% endfor %}
        {% endcall %}
    {% endif %}
{% endmacro %}

{# Freshly written tables have no statistics, and the next model would be planned as if they were empty. How many rows
   there are PostgreSQL sees by itself, and it looks again in the background at what has changed by a tenth: a table is
   looked at here when it was made, and when it is of another order than what was looked at. #}
{% macro look_at_rows(relation, is_new=false) %}
    {% call statement('look', auto_begin=true) -%}
        {% if is_new %}
        analyze {{ relation }}
        {% else %}
        do $look$
        begin
            -- How many pages there are is also written by an index that is made: that alone says nothing of the values.
            if
                (
                    select pg_relation_size(oid) > 4 * relpages::bigint * current_setting('block_size')::bigint
                    from pg_class
                    where oid = to_regclass('{{ relation }}')
                )
                or not exists (
                    select from pg_stats
                    where schemaname = '{{ relation.schema }}' and tablename = '{{ relation.identifier }}'
                )
            then
                analyze {{ relation }};
            end if;
        end $look$
        {% endif %}
    {%- endcall %}
{% endmacro %}

{# A table that stands is swapped for the new one in one transaction: whoever reads waits for the swap, never misses it. #}
{% materialization table, adapter='postgres' %}
    {%- set existing = load_cached_relation(this) -%}
    {% if existing is none or existing.is_view %}
        {% set made = dbt.materialization_table_default() %}
        {% do look_at_rows(this, is_new=true) %}
        {% do adapter.commit() %}
        {{ return(made) }}
    {% endif %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set fresh = make_intermediate_relation(target) -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('left_over') %}drop table if exists {{ fresh }} cascade{% endcall %}
    {% call statement('main') -%}
        {{ get_create_table_as_sql(False, fresh, sql) }}
    {%- endcall %}
    {% do create_indexes(fresh) %}
    {% call statement('swap') %}
        drop table {{ target }} cascade;
        alter table {{ fresh }} rename to {{ target.identifier }};
        analyze {{ target }};
    {% endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target, model) %}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{# A seed that stands as its file says is left alone; `--full-refresh` makes it anew all the same. #}
{% materialization seed, adapter='postgres' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set as_of_file = 'as of ' ~ local_md5(model.checksum.checksum ~ tojson(config.get('column_types') or {})) -%}
    {% if existing is not none and not flags.FULL_REFRESH %}
        {% call statement('stands', fetch_result=true) %}
            select obj_description(to_regclass('{{ this }}'), 'pg_class')
        {% endcall %}
        {% set stands = load_result('stands') %}
        {% if stands['data'][0][0] == as_of_file %}
            {# dbt shows this table's first rows where it is asked to. #}
            {% do store_result('agate_table', response='OK', agate_table=stands['table']) %}
            {% call noop_statement('main', 'stands as its file says', 'SELECT', 0) %}{% endcall %}
            {% do adapter.commit() %}
            {{ return({'relations': [existing]}) }}
        {% endif %}
    {% endif %}
    {%- set made = dbt.materialization_seed_default() -%}
    {% call statement('remember', auto_begin=true) %}comment on table {{ this }} is '{{ as_of_file }}'{% endcall %}
    {% do adapter.commit() %}
    {{ return(made) }}
{% endmaterialization %}

{# Incremental by load: loads are frozen by the model's hook, so a model whose loads are none has nothing to do (a sixth
   of what dbt's own would cost); one keyed by load has had their rows taken away by its hook and only inserts. Columns
   that differ from the table's are an error, never a guess. #}
{% materialization incremental, adapter='postgres' %}
    {%- set existing = load_cached_relation(this) -%}
    {% if existing is none or existing.is_view or should_full_refresh() %}
        {% set made = dbt.materialization_incremental_default() %}
        {% do look_at_rows(this, is_new=true) %}
        {% do adapter.commit() %}
        {{ return(made) }}
    {% endif %}

    {%- set target = this.incorporate(type='table') -%}
    {%- set key = config.get('unique_key') or [] -%}
    {%- set keys = [key] if key is string else key -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% call statement('standing', fetch_result=true) %}
        select
            exists (select from operational.pending_loads where model = '{{ this.identifier }}'),
            array(
                select attname from pg_attribute
                where attrelid = to_regclass('{{ target }}') and attnum > 0 and not attisdropped
            ),
            (
                select columns from operational.model_columns
                where model = '{{ this.identifier }}' and sql_md5 = '{{ local_md5(sql) }}'
            )
    {% endcall %}
    {% set waiting, stored, told = load_result('standing')['data'][0] %}
    {# A model may also follow what is no load (meta: runs_without_loads), such as a game that was moved. #}
    {% if (config.get('meta') or {}).get('runs_without_loads') or waiting %}
        {% set told = fromjson(told) if told else columns_of_model(sql) %}
        {% set stored = fromjson(stored) %}
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
        {% do look_at_rows(target) %}
        {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% else %}
        {% call noop_statement('main', 'nothing new', 'INSERT', 0) %}{% endcall %}
    {% endif %}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
