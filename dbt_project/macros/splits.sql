{# Whether the shares of all sides of a market make a whole: 100 with what rounding takes or gives. int_split_states holds
   its pairs to the same. #}
{% macro makes_a_whole(shares_together) -%} {{ shares_together }} between 98 and 102 {%- endmacro %}
