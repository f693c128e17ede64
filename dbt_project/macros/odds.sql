{# Market formulas that SQL needs. Each has its twin in dagster_mlb/market, proven equal on the golden vectors. #}

{# American odds → decimal. NULL inside (-100, 100). #}
{% macro american_to_decimal(a) -%}
    case when {{ a }} >= 100 then 1 + {{ a }} / 100.0::float8 when {{ a }} <= -100 then 1 - 100.0::float8 / {{ a }} end
{%- endmacro %}

{# American odds → implied probability, the margin still in it. #}
{% macro american_to_implied(a) -%}
    case
        when {{ a }} >= 100 then 100.0::float8 / ({{ a }} + 100)
        when {{ a }} <= -100 then -{{ a }}::float8 / (100 - {{ a }})
    end
{%- endmacro %}

{# Decimal odds → American. #}
{% macro decimal_to_american(d) -%}
    case when {{ d }} >= 2 then 100 * ({{ d }} - 1) when {{ d }} > 1 then -100 / ({{ d }} - 1) end
{%- endmacro %}

{% macro logit(p) -%} ln({{ p }} / (1 - {{ p }})) {%- endmacro %}

{# No-vig probability of side 1, from implied probabilities q1, q2. Odds ratio is the platform's default method. #}
{% macro no_vig_odds_ratio(q1, q2) -%}
    1 / (1 + exp(-({{ logit(q1) }} - {{ logit(q2) }}) / 2))
{%- endmacro %}

{% macro no_vig_multiplicative(q1, q2) -%} {{ q1 }} / ({{ q1 }} + {{ q2 }}) {%- endmacro %}

{# Shin's method; for two ways identical to the additive one. #}
{% macro no_vig_additive(q1, q2) -%} {{ q1 }} - ({{ q1 }} + {{ q2 }} - 1) / 2 {%- endmacro %}

{# Theoretical hold: the share of turnover a book keeps when both sides are bet in proportion. #}
{% macro hold(q1, q2) -%} 1 - 1 / ({{ q1 }} + {{ q2 }}) {%- endmacro %}

{# How much a market likes side 1, in logit, comparable when the line changes (market/levels.py; sources there): a run of
   the home line is worth .40, a run of the total .36. NULL where the probability is NULL or outside (0, 1), or a line is
   missing. A market of another name is NULL too. #}
{% macro market_level(market, p, line) -%}
    case when {{ p }} > 0 and {{ p }} < 1 then ln(({{ p }}) / (1 - ({{ p }}))) + ({{ level_of_line(market, line) }}) end
{%- endmacro %}

{# The probability of side 1 on a line that a level stands for: the inverse. #}
{% macro probability_at(market, level, line) -%}
    1 / (1 + exp(({{ level_of_line(market, line) }}) - ({{ level }})))
{%- endmacro %}

{# What a line adds to the logit. #}
{% macro level_of_line(market, line) -%}
    case {{ market }}
        when 'moneyline' then 0
        when 'spread' then -0.40::float8 * ({{ line }})
        when 'total' then 0.36::float8 * ({{ line }} - 8.5)
    end
{%- endmacro %}

{# How heavily a book speaks in a consensus (market/consensus.py): its weight, halved with every half hour since its price
   was last confirmed. A label's price, which has no age, has not aged. #}
{% macro spoken_weight(weight, age_minutes) -%}
    ({{ weight }}) * power(2::float8, -coalesce({{ age_minutes }}, 0) / 30)
{%- endmacro %}

{# What the grouped books say together, in logit: the mean of their logits `x` by their weights `w`. #}
{% macro consensus_logit(x, w, filter=none) -%}
    sum(({{ w }}) * ({{ x }})){{ ' filter (where ' ~ filter ~ ')' if filter }}
    / sum({{ w }}){{ ' filter (where ' ~ filter ~ ')' if filter }}
{%- endmacro %}

{# How far apart they are: the weighted standard deviation of the same. (What is left of two equal sums is no distance.) #}
{% macro consensus_dispersion(x, w) -%}
    sqrt(greatest(
        sum(({{ w }}) * ({{ x }}) * ({{ x }})) / sum({{ w }}) - ({{ consensus_logit(x, w) }}) ^ 2 - 1e-13, 0
    ))
{%- endmacro %}

{# How many equally heavy books would weigh the same. #}
{% macro effective_books(w) -%} sum({{ w }}) ^ 2 / sum(({{ w }}) * ({{ w }})) {%- endmacro %}

{# How long a price is fresh after it was last confirmed, in minutes. #}
{% macro fresh_minutes() -%} 90 {%- endmacro %}

{#- A sum of floats that does not depend on the order of its rows: of whole units of 1e-12, so |x| stays below 9e6. -#}
{% macro exact_sum(x, filter=none) -%}
    (sum(round(({{ x }}) * 1e12)::int8){{ ' filter (where ' ~ filter ~ ')' if filter }})::float8 / 1e12
{%- endmacro %}
