{# What the staging of players' props has in common. #}

{# The staging models that hold props: what the unified table stages by load. #}
{% macro prop_models() -%}
    {{ return(['stg_odds_api__props', 'stg_prizepicks__props']) }}
{%- endmacro %}

{% macro models_of_props() -%}
    {% set models = [] %}
    {% for model in prop_models() %}{% do models.append((model, "disposition = 'staged'")) %}{% endfor %}
    {{ return(models) }}
{%- endmacro %}

{# A player's name as it is compared: no accents, capitals, dots, apostrophes, generation (Jr., III) or club in brackets;
   whatever else is no Latin letter or digit is one space. NULL for a blank. *Ronald Acuña Jr.* → ronald acuna #}
{% macro player_key(name) -%}
    coalesce(
        nullif(trim(regexp_replace(
            regexp_replace(
                translate(
                    lower(regexp_replace(
                        regexp_replace(normalize(translate({{ name }}, 'øØđĐłŁıß', 'oOdDlLis'), nfd), '[\u0300-\u036f]', '', 'g'),
                        '\s*\([^)]*\)\s*$', ''
                    )),
                    '.''’`´', ''
                ),
                '[^a-z0-9]+', ' ', 'g'
            ),
            '\s+(jr|sr|ii|iii|iv)\s*$', ''
        )), ''),
        nullif(trim({{ name }}), '')
    )
{%- endmacro %}

{# A series of props: as a series of quotes, the player beside the market. #}
{% macro prop_series_id(source, event_id, book, market, player, side, alternate_line) -%}
    {{ series_id(source, event_id, book, market ~ " || '|' || " ~ player, "'game'", side, alternate_line) }}
{%- endmacro %}

{# Rows of a load that was staged once more and no longer feeds their series. #}
{% macro forget_unfed_props() -%}
    {%- if is_incremental() %}
    delete from {{ this }} as prop
    where
        prop.load_id in {{ pending_loads() }}
        {%- for model in prop_models() %}
        and not exists (select from {{ ref(model) }} as told where told.series_id = prop.series_id)
        {%- endfor %}
    {%- else -%} select 1 {%- endif -%}
{%- endmacro %}
