{# The one way to cast what a source said: NULL where the text is no such value, never an error that fails its batch. #}
{% macro try_cast(expression, type) -%}
    case when pg_input_is_valid({{ expression }}, '{{ type }}') then ({{ expression }})::{{ type }} end
{%- endmacro %}

{# A time with an explicit offset; a text without one is no moment. 'infinity' and friends are not times of a source. #}
{% macro try_timestamptz(expression) -%}
    case
        -- LIKE first: ten times cheaper than the pattern, and most sources write their times in one of these lengths.
        when (
                {{ expression }} like '____-__-__T__:__:__Z'
                or {{ expression }} like '____-__-__T__:__:__.___Z'
                or {{ expression }} ~ '^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)$'
            )
            and pg_input_is_valid({{ expression }}, 'timestamptz')
            then ({{ expression }})::timestamptz
    end
{%- endmacro %}

{% macro try_date(expression) -%}
    case
        when {{ expression }} ~ '^\d{4}-?\d\d-?\d\d$' and pg_input_is_valid({{ expression }}, 'date')
            then ({{ expression }})::date
    end
{%- endmacro %}

{# A plain decimal number; NaN and Infinity are not numbers of a source. #}
{% macro try_number(expression) -%}
    case
        -- An integer written as we would write it, first: most prices are, and the pattern costs eight times as much.
        when
            length({{ expression }}) < 10 and pg_input_is_valid({{ expression }}, 'integer')
            and ({{ expression }})::integer::text = {{ expression }}
            then ({{ expression }})::integer::double precision
        when {{ expression }} ~ '^[+-]?\d{1,9}(\.\d{1,9})?$' then ({{ expression }})::double precision
    end
{%- endmacro %}

{# A line of a book: halves may be written with the glyph (7½). #}
{% macro try_line(expression) -%}
    case
        when {{ expression }} like '%½' and {{ expression }} ~ '^[+-]?\d{0,2}½$'
            then (regexp_replace({{ expression }}, '½$', '') || '.5')::numeric(6, 2)
        when {{ expression }} ~ '^[+-]?\d{1,3}(\.\d{1,2})?$' then ({{ expression }})::numeric(6, 2)
    end
{%- endmacro %}

{# A name of a club as its alias is written in the seed: upper case, no dots, single spaces. #}
{% macro club_alias(expression) -%}
    upper(regexp_replace(replace(trim({{ expression }}), '.', ''), '\s+', ' ', 'g'))
{%- endmacro %}
