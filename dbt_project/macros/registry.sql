{# Which staging model accounts for the records of which raw table, and how its records are counted from the document by
   another path than the model's: a jsonpath (`path`), an SQL expression over the document (`json_count`, of
   `body.document`) or, where the answer is no JSON, over the bytes (`count`, of `raw.body`). `also`: further models that
   take records of the same document. What staging, the quarantine and the accounting have in common reads this list and
   nothing else. `prices`: later captures of the same answer are news (is_no_news). A new endpoint is one line here. #}
{% macro accounted_tables() -%}
    {{ return([
        {'source': 'mlb_stats', 'table': 'mlb_stats_schedule', 'path': '$.dates[*].games[*]', 'model': 'stg_mlb_stats__schedule_games', 'prices': false},
        {'source': 'mlb_stats', 'table': 'mlb_stats_live_feed', 'json_count': "raw_data.mlb_stats_records('live_feed', body.document)", 'model': 'stg_mlb_stats__weather_at_game', 'also': ['stg_mlb_stats__plate_appearances', 'stg_mlb_stats__pitching_lines', 'stg_mlb_stats__lineups', 'stg_mlb_stats__linescores'], 'prices': false},
        {'source': 'mlb_stats', 'table': 'mlb_stats_boxscore', 'json_count': "raw_data.mlb_stats_records('boxscore', body.document)", 'model': 'stg_mlb_stats__pitching_lines', 'also': ['stg_mlb_stats__lineups'], 'prices': false},
        {'source': 'mlb_stats', 'table': 'mlb_stats_linescore', 'json_count': "raw_data.mlb_stats_records('linescore', body.document)", 'model': 'stg_mlb_stats__linescores', 'also': [], 'prices': false},
        {'source': 'mlb_stats', 'table': 'mlb_stats_people', 'json_count': "raw_data.mlb_stats_records('people', body.document)", 'model': 'stg_mlb_stats__people', 'also': ['stg_mlb_stats__person_stats'], 'prices': false},
        {'source': 'mlb_stats', 'table': 'mlb_stats_people_stats', 'json_count': "raw_data.mlb_stats_records('people_stats', body.document)", 'model': 'stg_mlb_stats__person_stats', 'also': [], 'prices': false},
        {'source': 'mlb_stats', 'table': 'mlb_stats_lineups', 'json_count': "raw_data.mlb_stats_records('lineups', body.document)", 'model': 'stg_mlb_stats__lineups', 'also': [], 'prices': false},
        {'source': 'mlb_stats', 'table': 'mlb_stats_transactions', 'json_count': "raw_data.mlb_stats_records('transactions', body.document)", 'model': 'stg_mlb_stats__transactions', 'also': [], 'prices': false},
        {'source': 'mlb_stats', 'table': 'mlb_stats_venues', 'json_count': "raw_data.mlb_stats_records('venues', body.document)", 'model': 'stg_mlb_stats__venues', 'also': [], 'prices': false},
        {'source': 'mlb_stats', 'table': 'mlb_stats_teams', 'json_count': "raw_data.mlb_stats_records('teams', body.document)", 'model': 'stg_mlb_stats__teams', 'also': [], 'prices': false},
        {'source': 'odds_api', 'table': 'odds_api_odds', 'path': '$[*].bookmakers[*].markets[*].outcomes[*]', 'model': 'stg_odds_api__quotes', 'prices': true},
        {'source': 'odds_api', 'table': 'odds_api_historical_odds', 'path': '$.data[*].bookmakers[*].markets[*].outcomes[*]', 'model': 'stg_odds_api__quotes', 'prices': true},
        {'source': 'odds_api', 'table': 'odds_api_event_odds', 'json_count': event_odds_records(), 'model': 'stg_odds_api__props', 'prices': true},
        {'source': 'odds_api', 'table': 'odds_api_events', 'path': '$[*]', 'model': 'stg_odds_api__events', 'prices': false},
        {'source': 'odds_api', 'table': 'odds_api_scores', 'path': '$[*]', 'model': 'stg_odds_api__scores', 'prices': false},
        {'source': 'action_network', 'table': 'action_network_scoreboard', 'path': '$.games[*].markets.*.*.*[*]', 'model': 'stg_action_network__quotes', 'prices': true},
        {'source': 'action_network', 'table': 'action_network_public_betting', 'path': '$.games[*].markets.*.*.*[*]', 'model': 'stg_action_network__quotes', 'prices': true},
        {'source': 'action_network', 'table': 'action_network_scoreboard_v1', 'json_count': action_network_v1_records(), 'model': 'stg_action_network__quotes', 'prices': true},
        {'source': 'action_network', 'table': 'action_network_market_history', 'json_count': "(select count(*) from jsonb_path_query(body.document, 'lax $.*.*.*[*]')) + (select count(*) from jsonb_path_query(body.document, 'lax $.*.*.*[*].history[*]'))", 'model': 'stg_action_network__history_quotes', 'prices': true},
        {'source': 'vsin', 'table': 'vsin_splits', 'count': 'coalesce(raw_data.vsin_team_rows(raw.body) * 3, 1)', 'model': 'stg_vsin__splits', 'prices': true},
        {'source': 'sbd', 'table': 'sbd_odds', 'json_count': "select 4 * count(*) from jsonb_path_query(body.document, 'lax $.data[*].markets ? (@.type() == \"object\").*.books[*]')", 'model': 'stg_sbd__quotes', 'prices': true},
        {'source': 'sbr', 'table': 'sbr_odds', 'count': sbr_records('{props,pageProps,oddsTables}', 'array', '$.props.pageProps.oddsTables[*].oddsTableModel.gameRows[*].oddsViews[*]', ['openingLine', 'currentLine']), 'model': 'stg_sbr__quotes', 'prices': true},
        {'source': 'sbr', 'table': 'sbr_line_history', 'count': sbr_records('{props,pageProps,lineHistoryModel,lineHistory}', 'object', '$.props.pageProps.lineHistoryModel.lineHistory.oddsViews[*]', ['moneyLineHistory', 'spreadHistory', 'totalHistory']), 'model': 'stg_sbr__history_quotes', 'prices': false},
        {'source': 'prizepicks', 'table': 'prizepicks_projections', 'path': '$.data[*]', 'model': 'stg_prizepicks__projections', 'prices': true},
        {'source': 'savant', 'table': 'savant_pitches', 'count': savant_records(), 'model': 'stg_savant__pitches', 'prices': false},
        {'source': 'open_meteo', 'table': 'open_meteo_forecast', 'json_count': open_meteo_records(), 'model': 'stg_open_meteo__hours', 'prices': false},
        {'source': 'open_meteo', 'table': 'open_meteo_historical_forecast', 'json_count': open_meteo_records(), 'model': 'stg_open_meteo__hours', 'prices': false},
        {'source': 'open_meteo', 'table': 'open_meteo_archive', 'json_count': open_meteo_records(), 'model': 'stg_open_meteo__hours', 'prices': false},
        {'source': 'action_network', 'table': 'action_network_books', 'path': '$.books[*]', 'model': 'stg_action_network__books', 'prices': false},
    ]) }}
{%- endmacro %}

{# The archives and the models that account for their records; the reader of a file counts them. #}
{% macro accounted_archives() -%}
    {{ return({
        'sbr_archive': 'stg_sbr_archive__rows',
        'tick_archive': 'stg_tick_archive__quotes',
        'retrosheet_games': 'stg_retrosheet_games__games',
        'mlb_games': 'stg_mlb_games__games',
        'bet_slips': 'stg_bet_slips__bets',
    }) }}
{%- endmacro %}

{# Every staging model that accounts for records, once. #}
{% macro accounting_models() -%}
    {% set models = accounted_archives().values() | list %}
    {% for entry in accounted_tables() %}
        {% do models.append(entry.model) %}{% do models.extend(entry.also | default([])) %}
    {% endfor %}
    {{ return(models | unique | list) }}
{%- endmacro %}

{# The tables of raw_data for whose records a model accounts. #}
{% macro tables_accounted_by(model) -%}
    {% set tables = [] %}
    {% for entry in accounted_tables() if entry.model == model or model in (entry.also | default([])) %}
        {% do tables.append('raw_data.' ~ entry.table) %}
    {% endfor %}
    {% for archive, accountant in accounted_archives().items() if accountant == model %}
        {% do tables.append('raw_data.' ~ archive) %}
    {% endfor %}
    {{ return(tables) }}
{%- endmacro %}

{# The staging models that hold quotes: what the tick models stage by load. #}
{% macro quote_models() -%}
    {{ return([
        'stg_sbr_archive__quotes', 'stg_tick_archive__quotes', 'stg_odds_api__quotes',
        'stg_action_network__quotes', 'stg_action_network__history_quotes', 'stg_vsin__quotes', 'stg_sbd__quotes',
        'stg_sbr__quotes', 'stg_sbr__history_quotes',
    ]) }}
{%- endmacro %}

{# The staging models that hold tickets and money. #}
{% macro split_models() -%}
    {{ return(['stg_action_network__splits', 'stg_vsin__splits', 'stg_sbd__splits']) }}
{%- endmacro %}

{# The models of quotes whose rows state when the game is to begin. #}
{% macro models_that_state_a_start() -%}
    {{ return([
        'stg_tick_archive__quotes', 'stg_odds_api__quotes', 'stg_action_network__quotes', 'stg_sbd__quotes',
        'stg_sbr__quotes', 'stg_sbr__history_quotes',
    ]) }}
{%- endmacro %}

{# Models of prices and shares that read records which another model accounts for (of some raw tables, or of all). #}
{% macro second_reading_models() -%}
    {{ return((quote_models() + split_models()) | reject('in', ['stg_sbr_archive__quotes', 'stg_tick_archive__quotes']) | list) }}
{%- endmacro %}

{# Rules that judge a price, a line or a share itself, not the game or the book that it is of. #}
{% macro rules_of_values() -%}
    {{ return([
        'invalid_price', 'price_inside_100', 'price_out_of_range', 'contradicting_quotes',
        'invalid_line', 'line_not_half_runs', 'line_out_of_range', 'lines_do_not_mirror', 'spread_of_zero',
        'invalid_share', 'invalid_percentage', 'share_out_of_range', 'shares_do_not_add_up', 'sides_do_not_sum',
        'public_figure_differs',
    ]) }}
{%- endmacro %}

{# The staging models whose rows name an event of a source: its clubs, its day and its start as stated then. #}
{% macro event_models() -%}
    {{ return([
        'stg_tick_archive__quotes', 'stg_odds_api__quotes', 'stg_action_network__games', 'stg_vsin__splits',
        'stg_sbd__games', 'stg_sbr__quotes', 'stg_sbr__games', 'stg_odds_api__events', 'stg_odds_api__props',
        'stg_prizepicks__props',
    ]) }}
{%- endmacro %}

{# The columns of a quote model that later models read, with those that an archive's quotes do not have. #}
{% macro quote_columns(model) -%}
    {%- set is_archive = model in ['stg_sbr_archive__quotes', 'stg_tick_archive__quotes'] -%}
    series_id, source, event_id, book, market,
    {% if is_archive %}'game' as period, '' as alternate_line, 'open' as status,{% else %}period, alternate_line, status,{% endif %}
    side, known_at, observed_at, label, line, price_american, capture, provenance, load_id, record_number
{%- endmacro %}

{# Valid quotes of a model; SBR's archive judges its rows before it makes quotes of them. #}
{% macro is_valid_quote(model) -%}
    {% if model == 'stg_sbr_archive__quotes' %}true{% elif model == 'stg_tick_archive__quotes' %}rule is null{% else %}disposition = 'staged'{% endif %}
{%- endmacro %}

{# Raw relations of the registry, the archives' files last. #}
{% macro raw_relations_accounted_for() -%}
    {% set relations = [] %}
    {% for entry in accounted_tables() %}{% do relations.append(source('raw_data', entry.table)) %}{% endfor %}
    {% do relations.append(source('raw_data', 'archive_files')) %}
    {{ return(relations) }}
{%- endmacro %}

{# A line of Action Network's v1 is one record per price that it holds, at least one. #}
{% macro action_network_v1_records() -%}
    select coalesce(sum(case when jsonb_typeof(line.value) <> 'object' then 1 else greatest(1, (
        select count(*) from jsonb_each(line.value) as field
        where jsonb_typeof(field.value) <> 'null' and field.key in (
            'ml_away', 'ml_home', 'draw', 'spread_away_line', 'spread_home_line', 'over', 'under', 'away_over',
            'away_under', 'home_over', 'home_under')
    )) end), 0)
    from jsonb_path_query(body.document, 'lax $.games[*].odds[*]') as line (value)
{%- endmacro %}

{# SBR's pages hold two records for each element of these fields that is not null; a page without its table is one. #}
{% macro sbr_records(table, kind, views, fields) -%}
    select case when jsonb_typeof(page.d #> '{{ table }}') is distinct from '{{ kind }}' then 1 else 2 * (
        {%- for field in fields %}
        {{ '+ ' if not loop.first }}(select count(*) from jsonb_path_query(page.d, 'lax {{ views }}.{{ field }}[*] ? (@ != null)'))
        {%- endfor %}
    ) end
    from (select raw_data.next_data_of(raw.body) as d offset 0) as page
{%- endmacro %}

{# The answer about one event is an object; a historical one wraps it. #}
{% macro event_odds_records() -%}
    select count(*) from jsonb_path_query(body.document, case
        when jsonb_typeof(body.document) = 'object' and body.document ? 'data'
            then 'lax $.data[*].bookmakers[*].markets[*].outcomes[*]'::jsonpath
        else 'lax $[*].bookmakers[*].markets[*].outcomes[*]'::jsonpath
    end)
{%- endmacro %}

{# The lines that the reader of a CSV found; one that it could not read at all is one record. #}
{% macro savant_records() -%}
    coalesce((
        select case when parsed.row_count = 0 and parsed.problem is not null then 1 else parsed.row_count end
        from raw_data.parsed_loads as parsed
        where parsed.load_id = raw.load_id
        order by parsed.parser_version desc
        limit 1
    ), 1)
{%- endmacro %}

{# Hours of every place; a place without hours is one record. #}
{% macro open_meteo_records() -%}
    (select count(*) from jsonb_path_query(body.document, 'lax $[*] ? (1 == 1).hourly.time[*]'))
    + (select count(*) from jsonb_path_query(body.document, 'lax $[*] ? (1 == 1) ? (!exists(@.hourly.time[*]))'))
{%- endmacro %}
