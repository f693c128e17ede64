-- Every line of every answer of Baseball Savant's pitch search, typed and judged. One record is one line: a day that
-- was corrected is here once per answer; which row of a pitch holds is said by stg_savant__pitch_versions.
-- A line whose numbers are all numbers (one look) is cast as it is; in any other each cell is asked on its own.
-- offset 0: a fence; without it the planner repeats each cast in every place that reads it.
{% set raw = source('raw_data', 'savant_pitches') %}
{% set key_cells = ['game_pk', 'at_bat_number', 'pitch_number'] %}
{% set integer_cells = key_cells + pitch_integers() %}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads([source('raw_data', 'savant_pitches')], condition=is_read_by_its_reader('savant_pitches')) }}",
    post_hook=["{{ skip_statistics_of_measures() }}", "{{ remember_staged_loads() }}"],
    indexes=[{'columns': ['load_id']}, {'columns': ['game_pk', 'at_bat_number', 'pitch_number']}],
) }}

with responses as (

    select
        raw.load_id,
        coalesce(raw.repeat_of, raw.load_id) as body_of,
        raw.observed_at,
        raw.ingested_at,
        raw.provenance,
        raw.capture
    from {{ raw }} as raw
    where raw.load_id in {{ pending_loads() }} and not {{ is_no_news('raw', raw) }}

),

-- The newest reading of each body.
readings as (

    select distinct on (responses.load_id)
        responses.load_id,
        responses.body_of,
        responses.observed_at,
        responses.ingested_at,
        responses.provenance,
        responses.capture,
        parsed.parser_version,
        parsed.row_count,
        parsed.problem
    from responses
    inner join {{ source('raw_data', 'parsed_loads') }} as parsed on parsed.load_id = responses.body_of
    order by responses.load_id, parsed.parser_version desc

),

lines as (

    select
        readings.load_id,
        lines.row_number as record_number,
        readings.observed_at,
        readings.provenance,
        readings.capture,
        greatest(readings.observed_at, readings.ingested_at) as seen_at,
        lines.line_problem as problem,
        {{ all_are(integer_cells, 'int4') }} as has_whole_numbers,
        {{ all_are(pitch_measures(), 'float8') }} as has_measures,
        {% for cell in integer_cells + pitch_measures() + pitch_words() -%}
        lines.{{ cell }},
        {% endfor -%}
        lines.game_date,
        lines.home_team,
        lines.away_team,
        lines.extra
    from readings
    -- Load by load along the index: the table holds every line of every season.
    cross join lateral (
        select *
        from {{ source('raw_data', 'savant_pitch_rows') }} as cut
        where cut.load_id = readings.body_of and cut.parser_version = readings.parser_version
        offset 0
    ) as lines
    offset 0

),

typed as (

    select
        lines.load_id,
        lines.record_number,
        lines.observed_at,
        lines.provenance,
        lines.capture,
        lines.seen_at,
        lines.problem,
        {% for cell in integer_cells -%}
        case when lines.has_whole_numbers then lines.{{ cell }}::int else {{ try_integer('lines.' ~ cell) }} end as {{ cell }},
        {% endfor -%}
        {% for cell in pitch_measures() -%}
        case when lines.has_measures then lines.{{ cell }}::double precision else {{ try_measure('lines.' ~ cell) }} end as {{ cell }},
        {% endfor -%}
        {% for cell in pitch_words() -%}
        lines.{{ cell }},
        {% endfor -%}
        {{ try_date('lines.game_date') }} as official_date,
        lines.game_date as game_date_text,
        lines.home_team as home_text,
        lines.away_team as away_text,
        home.team_id as home_team_id,
        away.team_id as away_team_id,
        case when lines.extra is not null then lines.extra::jsonb end as extra,
        case when not (lines.has_whole_numbers and lines.has_measures) then array_remove(array[
            {%- for cell in integer_cells %}
            case when lines.{{ cell }} is not null and {{ try_integer('lines.' ~ cell) }} is null then '{{ cell }}' end,
            {%- endfor %}
            {%- for cell in pitch_measures() %}
            case when lines.{{ cell }} is not null and {{ try_measure('lines.' ~ cell) }} is null then '{{ cell }}' end
            {{- ',' if not loop.last }}
            {%- endfor %}
        ], null) else array[]::text[] end as bad_cells,
        -- What the line says, for telling a correction from a repetition: every cell in the order of the columns here, but
        -- the name, which is the pitcher's or the batter's as the request had it.
        hashtextextended(array_to_string(array[
            {% for cell in integer_cells + pitch_measures() + pitch_words() if cell != 'player_name' -%}
            lines.{{ cell }},
            {% endfor -%}
            lines.game_date, lines.home_team, lines.away_team
        ], '|', ''), 0) as line_hash
    from lines
    left join {{ ref('int_team_aliases') }} as home on home.alias = {{ club_alias('lines.home_team') }}
    left join {{ ref('int_team_aliases') }} as away on away.alias = {{ club_alias('lines.away_team') }}

    union all

    -- A body without pitches that is no empty day is one record.
    select
        load_id, 1, observed_at, provenance, capture, greatest(observed_at, ingested_at), problem,
        {% for cell in integer_cells + pitch_measures() + pitch_words() -%}
        null,
        {% endfor -%}
        null, null, null, null, null, null, null, array[]::text[], null
    from readings
    where row_count = 0 and problem is not null
    offset 0

),

judged as (

    select
        typed.*,
        case
            when problem is not null and line_hash is null then 'unreadable'
            when problem is not null then 'cells_unlike_header'
            when not coalesce(least(game_pk, at_bat_number, pitch_number) > 0, false)
                or num_nulls(game_pk, at_bat_number, pitch_number) > 0 then 'missing_key'
            when official_date is null then 'invalid_date'
            when game_type in ('S', 'E', 'A', 'I') then 'exhibition'
            when home_team_id is null or away_team_id is null then 'unknown_team'
            when home_team_id = away_team_id then 'same_team_twice'
            when row_number() over (
                partition by load_id, game_pk, at_bat_number, pitch_number order by record_number
            ) > 1 then 'pitch_twice'
        end as rule
    from typed
    offset 0

)

select
    load_id,
    record_number,
    game_pk,
    at_bat_number,
    pitch_number,
    official_date,
    away_team_id,
    home_team_id,
    {% for cell in pitch_integers() + pitch_measures() + pitch_words() -%}
    {{ cell }},
    {% endfor -%}
    extra,
    bad_cells,
    line_hash,
    observed_at,
    case when capture = 'captured' then seen_at else {{ assumed_result_moment('official_date') }} end as known_at,
    capture,
    provenance,
    case when rule is null then 'staged' when rule = 'exhibition' then 'out_of_scope' else 'quarantined' end
        as disposition,
    rule,
    left(case rule
        when 'unreadable' then problem
        when 'cells_unlike_header' then problem
        when 'missing_key' then 'a pitch needs its game_pk, at_bat_number and pitch_number, from 1 on'
        when 'invalid_date' then 'game_date "' || coalesce(game_date_text, '') || '" is no date'
        when 'exhibition' then 'spring, exhibition and all-star games are no games of a season'
        when 'unknown_team' then 'unknown club in "' || coalesce(away_text, '') || '" at "' || coalesce(home_text, '')
            || '": teach it with `mlb alias add`'
        when 'same_team_twice' then 'both clubs are "' || home_text || '"'
        when 'pitch_twice' then 'the answer holds pitch ' || pitch_number || ' of plate appearance ' || at_bat_number
            || ' of game ' || game_pk || ' more than once'
    end, 500) as reason
from judged
