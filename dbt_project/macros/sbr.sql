{# What SportsbookReview's pages have in common: a page is the JSON in its script (raw_data.next_data_of), a game is a
   `gameView`, a book goes by its machineName. #}

{# Whether a document is the page that was asked for; a page without its table is one unreadable record. #}
{% macro is_sbr_daily_page(document) -%}
    coalesce(jsonb_typeof({{ document }} #> '{props,pageProps,oddsTables}') = 'array', false)
{%- endmacro %}

{% macro is_sbr_history_page(document) -%}
    coalesce(jsonb_typeof({{ document }} #> '{props,pageProps,lineHistoryModel,lineHistory}') = 'object', false)
{%- endmacro %}

{# What is asked of a column of quotes, games and picks alike: the game behind `view` (a gameView). #}
{% macro sbr_game_columns(view) -%}
    case when {{ view }} ->> 'gameId' ~ '^\d{1,12}$' then {{ view }} ->> 'gameId' end as event_id,
    {{ view }} ->> 'gameId' as event_text,
    {{ view }} ->> 'leagueName' as league_text,
    {{ sbr_club_words(view, 'awayTeam') }} as away_text,
    {{ sbr_club_words(view, 'homeTeam') }} as home_text,
    {{ sbr_club(view, 'awayTeam') }} as away_team_id,
    {{ sbr_club(view, 'homeTeam') }} as home_team_id,
    {{ view }} ->> 'startDate' as start_text,
    {{ try_timestamptz(view ~ " ->> 'startDate'") }} as commence_at
{%- endmacro %}

{# The club of a team object. Its full name is asked first ("Athletics Athletics"), a city's name alone last: "New York"
   is no alias of anybody, and "LA" could be either of two, so both are refused. #}
{% macro sbr_club(view, team) -%}
    (
        select known.team_id
        from (values
            (1, {{ view }} #>> '{ {{- team }},fullName}'),
            (2, {{ view }} #>> '{ {{- team }},displayName}'),
            (3, {{ view }} #>> '{ {{- team }},nickname}'),
            (4, {{ view }} #>> '{ {{- team }},shortName}'),
            (5, {{ view }} #>> '{ {{- team }},name}')
        ) as spelling (rank, words)
        inner join {{ ref('int_team_aliases') }} as known on known.alias = {{ club_alias('spelling.words') }}
        where known.alias not in ('LA', 'LOS')
        order by spelling.rank
        limit 1
    )
{%- endmacro %}

{% macro sbr_club_words(view, team) -%}
    coalesce(
        {{ view }} #>> '{ {{- team }},fullName}', {{ view }} #>> '{ {{- team }},displayName}',
        {{ view }} #>> '{ {{- team }},shortName}', {{ view }} #>> '{ {{- team }},name}'
    )
{%- endmacro %}

{# A book under the key that all sources share; one that nobody knows keeps its own name behind the source's. #}
{% macro sbr_book(name) -%}
    case
        when {{ name }} in ('draftkings', 'fanduel', 'betmgm', 'bet365', 'fanatics', 'bovada', 'pinnacle') then {{ name }}
        when {{ name }} = 'caesars' then 'williamhill_us'
        when {{ name }} = 'hardrock' then 'hardrockbet'
        when {{ name }} ~ '^bet_?rivers(_[a-z]{2})?$' then 'betrivers'
        when {{ name }} <> '' then 'sbr:' || {{ name }}
    end
{%- endmacro %}

{# No price: null, the largest 32-bit integer that the site writes for it, or a field that was never filled (0). #}
{% macro is_sbr_no_price(text) -%}
    ({{ text }} is null or {{ text }} ~ '^-?(214748364[78]|0)(\.0+)?$')
{%- endmacro %}

{# The rule that judges a side of a line, once the game behind it is known. `typed` rows have the columns named here. #}
{% macro sbr_quote_rule() -%}
    when {{ is_sbr_no_price('price_text') }} then 'no_price'
    when price is null then 'invalid_price'
    when abs(price) < 100 then 'price_inside_100'
    when abs(price) > 100000 then 'price_out_of_range'
    when market <> 'moneyline' and line is null then 'invalid_line'
    when market = 'spread' and line = 0 then 'spread_of_zero'
    when market <> 'moneyline' and line * 2 <> trunc(line * 2) then 'line_not_half_runs'
    when {{ is_line_out_of_range(is_main_of_game="period = 'game'") }} then 'line_out_of_range'
{%- endmacro %}

{# The rules that judge the game behind a record. #}
{% macro sbr_game_rule() -%}
    when event_id is null then 'missing_value'
    when upper(league_text) <> 'MLB' then 'other_league'
    when away_team_id is null or home_team_id is null then 'unknown_team'
    when away_team_id = home_team_id then 'same_team_twice'
    when commence_at is null then 'invalid_time'
{%- endmacro %}

{% macro sbr_game_reason() -%}
    when 'other_league' then 'a game of "' || league_text || '"'
    when 'unknown_team' then 'unknown club in "' || coalesce(away_text, '') || '" at "' || coalesce(home_text, '')
        || '": teach it with `mlb alias add`'
    when 'same_team_twice' then 'both clubs are "' || coalesce(home_text, '') || '"'
    when 'invalid_time' then 'startDate "' || coalesce(start_text, '') || '" is no time'
{%- endmacro %}

{% macro sbr_quote_reason() -%}
    when 'event_mismatch' then 'prices of game "' || coalesce(view_event_text, '') || '" under game ' || event_id
    when 'no_price' then 'the book has no price for this side'
    when 'invalid_price' then 'price "' || price_text || '" is no price'
    when 'price_inside_100' then 'American odds ' || price_text || ' lie between -100 and 100'
    when 'price_out_of_range' then 'American odds ' || price_text || ' are beyond ±100000'
    when 'invalid_line' then 'line "' || coalesce(line_text, '') || '" is no number of runs'
    when 'spread_of_zero' then 'a run line of 0 is a field that was not filled'
    when 'line_not_half_runs' then 'line ' || line_text || ' is no multiple of half a run'
    when 'line_out_of_range' then 'line ' || line_text || ' is no line of a ' || market
{%- endmacro %}

{# What is looked at and left aside, not refused. #}
{% macro sbr_disposition() -%}
    case
        when rule is null then 'staged'
        when rule in ('no_price', 'other_league') then 'out_of_scope'
        else 'quarantined'
    end
{%- endmacro %}

{# Every gameView of both kinds of page, one row per game of a load, with the columns that identify it; a page that holds
   none where it should is one row without a game. Needs `responses` with load_id, page, request_key and document. #}
{% macro sbr_game_views() -%}
    views as materialized (

        select
            responses.load_id,
            row_number() over (partition by responses.load_id order by game.position) as game_position,
            responses.page,
            responses.official_date as listed_on,
            responses.observed_at,
            responses.known_at,
            responses.capture,
            responses.provenance,
            game.view
        from responses
        cross join lateral (
            select listed.value -> 'gameView' as view, listed.position
            from jsonb_path_query(
                responses.document, 'lax $.props.pageProps.oddsTables[*].oddsTableModel.gameRows[*]'
            ) with ordinality as listed (value, position)
            where responses.page = 'odds' and {{ is_sbr_daily_page('responses.document') }}
            union all
            select responses.document #> '{props,pageProps,lineHistoryModel,lineHistory,gameView}', 1
            where responses.page = 'line_history' and {{ is_sbr_history_page('responses.document') }}
            union all
            select null, 1
            where not case responses.page
                when 'odds' then {{ is_sbr_daily_page('responses.document') }}
                else {{ is_sbr_history_page('responses.document') }}
            end
        ) as game

    ),

    games as materialized (

        select
            views.*,
            jsonb_typeof(views.view) = 'object' as is_readable,
            {{ sbr_game_columns('views.view') }}
        from views

    )
{%- endmacro %}

{# Responses of both kinds of page. What stands on them is known when it was seen, whatever day was asked for. #}
{% macro sbr_responses() -%}
    responses as (

        {% for table, page in [('sbr_odds', 'odds'), ('sbr_line_history', 'line_history')] %}
        {% if not loop.first %}union all{% endif %}
        select
            raw.load_id,
            '{{ page }}' as page,
            raw.official_date,
            raw.observed_at,
            greatest(raw.observed_at, raw.ingested_at) as known_at,
            raw.capture,
            raw.provenance,
            raw_data.next_data_of(coalesce(raw.body, original.body)) as document
        from {{ source('raw_data', table) }} as raw
        left join {{ source('raw_data', table) }} as original on original.load_id = raw.repeat_of
        where raw.load_id in {{ pending_loads() }} and not {{ is_no_news('raw', source('raw_data', table)) }}
        {% endfor %}

    )
{%- endmacro %}
