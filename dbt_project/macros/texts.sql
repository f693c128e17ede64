{# A name that something goes by (an event, a book, a player): NULL where it is blank, or longer than any name is. An index
   holds no novel, and one spoiled field must not be written beside each of a thousand prices. #}
{% macro try_name(expression) -%}
    case when length({{ expression }}) between 1 and 200 then {{ expression }} end
{%- endmacro %}
