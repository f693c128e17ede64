{# A time of The Odds API: ISO in UTC, or seconds since the epoch where `dateFormat=unix` was asked for. #}
{% macro odds_api_time(expression) -%}
    coalesce(
        {{ try_timestamptz(expression) }},
        case when {{ expression }} ~ '^\d{9,10}$' then to_timestamp(({{ expression }})::double precision) end
    )
{%- endmacro %}
