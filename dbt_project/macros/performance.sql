{# How long before the scheduled start a bet was decided, in bands that people speak of. #}
{% macro hours_band(hours) -%}
    case
        when {{ hours }} is null then 'unknown'
        when {{ hours }} <= 0.5 then '0 to ½ h'
        when {{ hours }} <= 1 then '½ to 1 h'
        when {{ hours }} <= 3 then '1 to 3 h'
        when {{ hours }} <= 6 then '3 to 6 h'
        when {{ hours }} <= 12 then '6 to 12 h'
        when {{ hours }} <= 24 then '12 to 24 h'
        else 'over 24 h'
    end
{%- endmacro %}
