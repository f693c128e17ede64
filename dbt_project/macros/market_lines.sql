{# What no line of a market can be, of every source alike. A main line of a whole game is held to what the marts hold it
   to (their gates would stop a whole table for one such line); parts of games, alternate lines and team totals go
   further. #}
{% macro is_line_out_of_range(market='market', line='line', is_main_of_game='true') -%}
    (
        {{ market }} = 'spread'
        and not case when {{ is_main_of_game }} then abs({{ line }}) between 0.5 and 10 else {{ line }} between -20 and 20 end
        or {{ market }} = 'total'
        and not case when {{ is_main_of_game }} then {{ line }} between 3 and 25 else {{ line }} between 0.5 and 40 end
        or {{ market }} like 'team\_total%' and {{ line }} not between 0.5 and 25
    )
{%- endmacro %}
