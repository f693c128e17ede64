{# Laws of one table, wide: many columns or a whole condition in one query. Each returns the rows that break it. #}

{# The rows in which one of the columns is NULL; `broken_columns` names them. #}
{% test not_null_columns(model, columns, rows_where=none) %}
    select
        array_remove(array[
            {%- for column in columns %}
            case when {{ column }} is null then '{{ column }}' end{{ ',' if not loop.last }}
            {%- endfor %}
        ], null) as broken_columns,
        bad.*
    from {{ model }} as bad
    where
        (
            {%- for column in columns %}
            {{ 'or ' if not loop.first }}{{ column }} is null
            {%- endfor %}
        )
        {%- if rows_where %} and ({{ rows_where }}){% endif %}
{% endtest %}

{# Values of the columns that more than one row has. #}
{% test unique_combination_of_columns(model, columns, rows_where=none) %}
    select {{ columns | join(', ') }}, count(*) as rows_of_one_key
    from {{ model }}
    {% if rows_where %}where {{ rows_where }}{% endif %}
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}

{# Rows outside [min_value, max_value]; NULL is no value and passes. #}
{% test accepted_range(model, column, min_value=none, max_value=none) %}
    {% if min_value is none and max_value is none %}
        {{ exceptions.raise_compiler_error("accepted_range needs min_value, max_value or both") }}
    {% endif %}
    select *
    from {{ model }}
    where
        false
        {% if min_value is not none %}or {{ column }} < {{ min_value }}{% endif %}
        {% if max_value is not none %}or {{ column }} > {{ max_value }}{% endif %}
{% endtest %}

{# Rows for which the expression is false; one that is NULL (nothing to judge) passes. #}
{% test expression_is_true(model, expression, rows_where=none) %}
    select *
    from {{ model }}
    where not ({{ expression }})
        {%- if rows_where %} and ({{ rows_where }}){% endif %}
{% endtest %}

{# Rows known only after the moment that they are said to have served. #}
{% test no_future_rows(model, known_at, moment) %}
    select *
    from {{ model }}
    where {{ known_at }} > {{ moment }}
{% endtest %}

{# Rows that point at nothing; NULL points at nothing on purpose and passes. #}
{% test foreign_key_holds(model, column, to, field, rows_where=none) %}
    select child.{{ column }}, count(*) as orphans
    from {{ model }} as child
    where
        child.{{ column }} is not null
        and not exists (select from {{ to }} as parent where parent.{{ field }} = child.{{ column }})
        {%- if rows_where %} and ({{ rows_where }}){% endif %}
    group by child.{{ column }}
{% endtest %}
