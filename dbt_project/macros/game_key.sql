{# game_key = spine code × 10^12 + id in the spine, an id below 10^12, so two spines cannot collide. Twin of
   dagster_mlb/baseball/game_keys.py, proven equal.
   mlb: code 1, gamePk. Others: code 2 retrosheet, 3 sbr_archive, 4 tick_archive; id = yyyymmdd, home club (3 digits),
   number of the game on that day (1 digit). #}
{% macro game_key_from_mlb(game_pk) -%} (1000000000000 + {{ game_pk }})::bigint {%- endmacro %}

{% macro game_key_from_day(spine_code, official_date, home_team_id, number) -%}
    ({{ spine_code }} * 1000000000000 + to_char({{ official_date }}, 'YYYYMMDD')::bigint * 10000
        + {{ home_team_id }} * 10 + {{ number }})::bigint
{%- endmacro %}
