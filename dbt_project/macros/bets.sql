{# Reading what people write into their lists of bets. Every macro gives NULL where the text is no such thing. #}

{# A cell of a list: single spaces, plain minus signs; NULL where it is blank. #}
{% macro bet_text(cell) -%}
    nullif(btrim(regexp_replace(translate({{ cell }}, '−–—', '---'), '[[:space:]\u00a0\u202f]+', ' ', 'g')), '')
{%- endmacro %}

{# A number with a point, or with a comma of one or two decimals; thousands only beside decimals (1,250.00). What can be
   read in two ways (1,250) is no number. Currency signs and "u" are passed over. #}
{% macro bet_number(text) -%}
    case
        when {{ bet_digits(text) }} ~ '^[+-]?\d{1,9}(\.\d{1,6})?$' then {{ bet_digits(text) }}::numeric
        when {{ bet_digits(text) }} ~ '^[+-]?\d{1,9},\d{1,2}$' then replace({{ bet_digits(text) }}, ',', '.')::numeric
        when {{ bet_digits(text) }} ~ '^[+-]?\d{1,3}(,\d{3})+\.\d{1,2}$' then replace({{ bet_digits(text) }}, ',', '')::numeric
        when {{ bet_digits(text) }} ~ '^[+-]?\d{1,3}(\.\d{3})+,\d{1,2}$'
            then replace(replace({{ bet_digits(text) }}, '.', ''), ',', '.')::numeric
    end
{%- endmacro %}

{% macro bet_digits(text) -%} regexp_replace({{ text }}, '[$€£ ]|u(nits?)?$', '', 'gi') {%- endmacro %}

{# A stake: three digits after a lone mark (1,250 or 1.250) are thousands to one person and decimals to another. #}
{% macro bet_stake(text) -%}
    case when {{ bet_digits(text) }} !~ '^[+-]?\d{1,3}[.,]\d{3}$' then {{ bet_number(text) }} end
{%- endmacro %}

{# The parts of a day that is not written year first: {7,15,2025}. With points it is day.month.year. #}
{% macro bet_day_parts(text) -%} regexp_match({{ text }}, '^(\d{1,2})/(\d{1,2})/(\d{4})(?:[ T]|$)')::int[] {%- endmacro %}

{# A day. `order` says how 7/8/2025 is read in this file: month_first or day_first, NULL where nothing tells. #}
{% macro bet_day(text, order) -%}
    case when pg_input_is_valid({{ bet_iso_day(text, order) }}, 'date') then ({{ bet_iso_day(text, order) }})::date end
{%- endmacro %}

{% macro bet_iso_day(text, order) -%}
    case
        when {{ text }} ~ '^(19|20)\d\d-\d{1,2}-\d{1,2}([ T]|$)' then substring({{ text }} from '^\d{4}-\d{1,2}-\d{1,2}')
        when {{ text }} ~ '^\d{1,2}\.\d{1,2}\.(19|20)\d\d([ T]|$)'
            then regexp_replace({{ text }}, '^(\d{1,2})\.(\d{1,2})\.(\d{4}).*$', '\3-\2-\1')
        when {{ text }} ~ '^\d{1,2}/\d{1,2}/(19|20)\d\d([ T]|$)' and {{ order }} = 'month_first'
            then regexp_replace({{ text }}, '^(\d{1,2})/(\d{1,2})/(\d{4}).*$', '\3-\1-\2')
        when {{ text }} ~ '^\d{1,2}/\d{1,2}/(19|20)\d\d([ T]|$)' and {{ order }} = 'day_first'
            then regexp_replace({{ text }}, '^(\d{1,2})/(\d{1,2})/(\d{4}).*$', '\3-\2-\1')
    end
{%- endmacro %}

{# What stands after the day: a time of the day with or without a zone; '' for a day alone. #}
{% macro bet_clock(text) -%} btrim(regexp_replace({{ text }}, '^[\d./-]{8,10}(?=[ T]|$)[ T]?', '')) {%- endmacro %}

{% macro is_bet_clock(clock) -%}
    ({{ clock }} ~* '^\d{1,2}:\d\d(:\d\d(\.\d+)?)?( ?[ap]m)? ?(z|utc|gmt|et|[+-]\d\d(:?\d\d)?)?$')
{%- endmacro %}

{# A moment: the clock of the day `iso_day` (text), New York's where it names no zone. #}
{% macro bet_moment(iso_day, clock) -%}
    case
        when not {{ is_bet_clock(clock) }} then null
        when {{ clock }} ~* '(z|utc|gmt|[+-]\d\d(:?\d\d)?)$' then
            case when pg_input_is_valid({{ iso_day }} || ' ' || {{ clock }}, 'timestamptz')
                then ({{ iso_day }} || ' ' || {{ clock }})::timestamptz end
        else
            case when pg_input_is_valid({{ iso_day }} || ' ' || regexp_replace({{ clock }}, ' ?et$', '', 'i'), 'timestamp')
                then ({{ iso_day }} || ' ' || regexp_replace({{ clock }}, ' ?et$', '', 'i'))::timestamp
                    at time zone 'America/New_York' end
    end
{%- endmacro %}

{# Which of the three markets; NULL for any other (first innings, players, parlays). #}
{% macro bet_market(text) -%}
    case
        when lower({{ text }}) in ('moneyline', 'money line', 'money', 'ml', 'h2h', 'winner', 'to win', 'win', 'match winner')
            then 'moneyline'
        when lower({{ text }}) in ('spread', 'spreads', 'run line', 'runline', 'run-line', 'rl', 'handicap', 'ats', 'line')
            then 'spread'
        when lower({{ text }}) in ('total', 'totals', 'total runs', 'game total', 'over/under', 'over-under', 'over under', 'ou',
            'o/u', 'over', 'under') then 'total'
    end
{%- endmacro %}

{# How a price is written: american, decimal, below_100 (signed, and no American price is so small), unsigned (a whole number
   of a hundred or more without a sign), below_one; NULL: no price at all. #}
{% macro bet_price_form(text) -%}
    case
        when lower({{ text }}) in ('even', 'evens', 'ev', 'even money') then 'american'
        when {{ text }} ~ '^[+-](\d{3,6}|\d{1,3},\d{3})(\.0+)?$' then 'american'
        when {{ text }} ~ '^[+-]\d{1,2}([.,]\d+)?$' then 'below_100'
        when {{ text }} ~ '^\d{3,6}([.,]0{1,2})?$' then 'unsigned'
        when {{ text }} ~ '^(1|0?[.,]\d+|0+([.,]\d+)?|1[.,]0+)$' then 'below_one'
        when {{ text }} ~ '^\d{1,2}(\.\d{1,6}|,\d{1,2})?$' then 'decimal'
    end
{%- endmacro %}

{# An American price as a number: +1,200 is 1200, evens are 100. #}
{% macro bet_american(text) -%}
    case
        when {{ text }} ~ '^[+-]?(\d{3,6}|\d{1,3},\d{3})([.,]0{1,2})?$'
            then replace(regexp_replace({{ text }}, '[.,]0{1,2}$', ''), ',', '')::int
        when lower({{ text }}) in ('even', 'evens', 'ev', 'even money') then 100
    end
{%- endmacro %}

{# What a bet says of its game, as one text. #}
{% macro bet_statement() -%}
    concat_ws('|', official_date, away_team_id || '@' || home_team_id, 'game ' || game_number,
        'start ' || extract(epoch from stated_start_at)::bigint)
{%- endmacro %}

{# A sportsbook's name as it is compared: small letters and digits alone. #}
{% macro book_spelling(name) -%} regexp_replace(lower({{ name }}), '[^a-z0-9]', '', 'g') {%- endmacro %}
