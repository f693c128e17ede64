{# Cells of Baseball Savant's pitches, by the type they have in staging. The names are the source's own. #}
{% macro pitch_integers() -%}
    {{ return([
        'batter', 'pitcher', 'fielder_2', 'fielder_3', 'fielder_4', 'fielder_5', 'fielder_6', 'fielder_7', 'fielder_8',
        'fielder_9', 'on_1b', 'on_2b', 'on_3b', 'zone', 'hit_location', 'balls', 'strikes', 'game_year',
        'outs_when_up', 'inning', 'hit_distance_sc', 'release_spin_rate', 'spin_axis', 'launch_speed_angle',
        'woba_denom', 'babip_value', 'iso_value', 'home_score', 'away_score', 'bat_score', 'fld_score',
        'post_away_score', 'post_home_score', 'post_bat_score', 'post_fld_score', 'home_score_diff', 'bat_score_diff',
        'age_pit_legacy', 'age_bat_legacy', 'age_pit', 'age_bat', 'n_thruorder_pitcher',
        'n_priorpa_thisgame_player_at_bat', 'pitcher_days_since_prev_game', 'batter_days_since_prev_game',
        'pitcher_days_until_next_game', 'batter_days_until_next_game',
    ]) }}
{%- endmacro %}

{% macro pitch_measures() -%}
    {{ return([
        'release_speed', 'effective_speed', 'release_pos_x', 'release_pos_y', 'release_pos_z', 'release_extension',
        'pfx_x', 'pfx_z', 'plate_x', 'plate_z', 'vx0', 'vy0', 'vz0', 'ax', 'ay', 'az', 'sz_top', 'sz_bot', 'hc_x', 'hc_y',
        'launch_speed', 'launch_angle', 'hyper_speed', 'estimated_ba_using_speedangle',
        'estimated_woba_using_speedangle', 'estimated_slg_using_speedangle', 'woba_value', 'delta_home_win_exp',
        'delta_run_exp', 'delta_pitcher_run_exp', 'home_win_exp', 'bat_win_exp', 'bat_speed', 'swing_length',
        'miss_distance', 'api_break_z_with_gravity', 'api_break_x_arm', 'api_break_x_batter_in', 'arm_angle',
        'attack_angle', 'attack_direction', 'swing_path_tilt', 'intercept_ball_minus_batter_pos_x_inches',
        'intercept_ball_minus_batter_pos_y_inches',
    ]) }}
{%- endmacro %}

{% macro pitch_words() -%}
    {{ return([
        'pitch_type', 'pitch_name', 'player_name', 'events', 'description', 'des', 'type', 'bb_type', 'game_type',
        'stand', 'p_throws', 'inning_topbot', 'if_fielding_alignment', 'of_fielding_alignment', 'sv_id',
    ]) }}
{%- endmacro %}

{# A cell is a plain number: digits, point, sign, exponent (PostgreSQL's own input knows more: NaN, 0x1F, 1_000). Whole
   numbers may come with a zero fraction. #}
{% macro is_plain_number(cell, type) -%}
    (translate({{ cell }}, '0123456789.+-eE', '') = '' and pg_input_is_valid({{ cell }}, '{{ type }}'))
{%- endmacro %}

{% macro try_integer(cell) -%}
    case
        when {{ is_plain_number(cell, 'int4') }} then ({{ cell }})::int
        when {{ cell }} ~ '^[+-]?\d{1,9}\.0*$' then split_part({{ cell }}, '.', 1)::int
    end
{%- endmacro %}

{% macro try_measure(cell) -%}
    case when {{ is_plain_number(cell, 'float8') }} then ({{ cell }})::double precision end
{%- endmacro %}

{# Whether every cell that is there is a plain number of a type, by one look at the whole line: a hundred looks at its
   cells cost ten times as much. Only digits, points, signs and exponents get through the first half, so neither NaN nor a
   comma within a cell does. #}
{% macro all_are(cells, type) -%}
    (
        array_to_string(array[{{ cells | join(', ') }}], ';', '') !~ '[^0-9.+eE;-]'
        and pg_input_is_valid('{' || array_to_string(array[{{ cells | join(', ') }}], ',', 'NULL') || '}', '{{ type }}[]')
    )
{%- endmacro %}

{# Which loads of a table with a reader may be staged: those whose body (or the body they repeat) has been read. #}
{% macro is_read_by_its_reader(table) -%}
    exists (
        select from {{ source('raw_data', table) }} as answer
        inner join {{ source('raw_data', 'parsed_loads') }} as parsed
            on parsed.load_id = coalesce(answer.repeat_of, answer.load_id)
        where answer.load_id = raw.load_id
    )
{%- endmacro %}

{# Versions of pitches whose line no longer stands, because its load was staged once more and has fewer. #}
{% macro forget_unstaged_pitches() -%}
    {%- if is_incremental() %}
    delete from {{ this }} as old
    where
        old.load_id in {{ pending_loads() }}
        and not exists (
            select from {{ ref('stg_savant__pitches') }} as pitch
            where pitch.load_id = old.load_id and pitch.record_number = old.record_number and pitch.disposition = 'staged'
        )
    {%- else -%} select 1 {%- endif -%}
{%- endmacro %}

{# No statistics of columns that no join and no filter reads: gathering them for a hundred would cost a second a run. #}
{% macro skip_statistics_of_measures() -%}
    {%- set read = ['batter', 'pitcher', 'events', 'description', 'pitch_type'] -%}
    alter table {{ this }}
    {% for column in pitch_integers() + pitch_measures() + pitch_words() + ['extra', 'bad_cells', 'line_hash'] if column not in read -%}
    alter column {{ column }} set statistics 0{{ ',' if not loop.last }}
    {% endfor -%}
{%- endmacro %}
