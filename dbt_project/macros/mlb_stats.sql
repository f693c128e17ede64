{# What the staging models of the MLB Stats API have in common. #}

{# A count or an id: up to nine digits, never negative. #}
{% macro try_int(expression) -%}
    case when {{ expression }} ~ '^\d{1,9}$' then ({{ expression }})::int end
{%- endmacro %}

{# A ratio as the source writes it: ".252", "1.000", "4.50". Its placeholders ".---" and "-.--" (nothing to divide by) are no
   numbers. #}
{% macro try_ratio(expression) -%}
    case when {{ expression }} ~ '^-?\d{0,6}\.\d{1,6}$|^-?\d{1,6}$' then ({{ expression }})::numeric(10, 4) end
{%- endmacro %}

{# Innings pitched, where the digit after the point counts outs: "5.2" is 17 outs. #}
{% macro innings_to_outs(expression) -%}
    case
        when {{ expression }} ~ '^\d{1,5}(\.[012])?$'
            then 3 * split_part({{ expression }}, '.', 1)::int + coalesce(nullif(split_part({{ expression }}, '.', 2), '')::int, 0)
    end
{%- endmacro %}

{# Pending responses of endpoints that tell something new, parsed; `kind` is the endpoint's name in raw. #}
{% macro mlb_stats_responses(kinds) -%}
    {% for kind in kinds %}
    {% if not loop.first %}union all{% endif %}
    select
        raw.load_id,
        '{{ kind }}' as kind,
        raw.request_key,
        raw.official_date as asked_date,
        raw.observed_at,
        raw.ingested_at,
        raw.provenance,
        raw.capture,
        case when raw.capture = 'captured' then greatest(raw.observed_at, raw.ingested_at) end as captured_at,
        raw_data.json_of(coalesce(raw.body, original.body)) as document
    from {{ source('raw_data', 'mlb_stats_' ~ kind) }} as raw
    left join {{ source('raw_data', 'mlb_stats_' ~ kind) }} as original on original.load_id = raw.repeat_of
    where raw.load_id in {{ pending_loads() }} and not {{ is_no_news('raw', source('raw_data', 'mlb_stats_' ~ kind)) }}
    {% endfor %}
{%- endmacro %}

{# The raw relations of endpoints. #}
{% macro mlb_stats_relations(kinds) -%}
    {% set relations = [] %}
    {% for kind in kinds %}{% do relations.append(source('raw_data', 'mlb_stats_' ~ kind)) %}{% endfor %}
    {{ return(relations) }}
{%- endmacro %}

{# The gamePk of a request about one game. #}
{% macro asked_game_pk(request_key) -%}
    case when {{ request_key }} ~ '/game/\d{1,9}/' then substring({{ request_key }} from '/game/(\d{1,9})/')::bigint end
{%- endmacro %}

{# Whether a document is what its endpoint promises: an object with the list or part that holds its records. #}
{% macro is_document(document, part) -%}
    coalesce(jsonb_typeof({{ document }}) = 'object' and {{ document }} ? '{{ part }}', false)
{%- endmacro %}
