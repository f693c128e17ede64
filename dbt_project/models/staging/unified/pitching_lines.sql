-- What each pitcher did in each game that is over, as versions: a correction is a new one. Known as results are: captured
-- lines when they were seen, others when the game had ended. What was captured is not overwritten by a later backfill.
{{ config(indexes=[
    {'columns': ['game_key', 'side', 'pitcher_id', 'version'], 'unique': true},
    {'columns': ['pitcher_id', 'known_at']},
]) }}

{% set line = [
    'appearance', 'is_starter', 'outs', 'batters_faced', 'hits', 'runs', 'earned_runs', 'walks', 'strikeouts', 'home_runs',
    'pitches', 'strikes', 'decision',
] %}

with finals as (

    select
        entries.*,
        max(greatest(official_date, {{ new_york_date('scheduled_start_at') }})) over (partition by game_pk) as last_day
    from {{ ref('stg_mlb_stats__schedule_games') }} as entries
    where disposition = 'staged'

),

ends as (

    select
        game_pk,
        case
            -- A suspended game ended on the day of its resumption, whatever its official date.
            when bool_or(last_day > official_date) then {{ assumed_result_moment('max(last_day)') }}
            else coalesce(
                max(first_pitch_at + duration_minutes * interval '1 minute'),
                {{ assumed_result_moment('max(official_date)') }}
            )
        end as ended_at
    from finals
    where status = 'final'
    group by game_pk

),

told as (

    select
        ties.game_key,
        lines.side,
        'mlb:' || lines.pitcher_id as pitcher_id,
        lines.pitcher_name,
        lines.team_id,
        {% for column in line %}
        lines.{{ column }},
        {% endfor %}
        coalesce(lines.known_at, ends.ended_at, {{ assumed_result_moment('games.official_date') }}) as known_at,
        lines.capture,
        lines.provenance,
        lines.load_id,
        lines.record_number,
        bool_or(lines.capture = 'captured') over (partition by ties.game_key) as has_captured
    from {{ ref('stg_mlb_stats__pitching_lines') }} as lines
    inner join {{ ref('game_crosswalk') }} as ties on ties.source = 'mlb' and ties.event_id = lines.game_pk::text
    inner join {{ ref('games') }} as games on games.game_key = ties.game_key
    left join ends on ends.game_pk = lines.game_pk
    where lines.disposition = 'staged' and lines.is_final

),

compared as (

    select
        told.*,
        lag(({{ line | join(', ') }})) over in_time as previous_line
    from told
    where capture = 'captured' or not has_captured
    window in_time as (
        partition by game_key, side, pitcher_id order by known_at, {{ line | join(', ') }}, load_id, record_number
    )

)

select
    game_key,
    side,
    pitcher_id,
    row_number() over (
        partition by game_key, side, pitcher_id order by known_at, {{ line | join(', ') }}, load_id, record_number
    )::int as version,
    pitcher_name,
    team_id,
    {% for column in line %}
    {{ column }},
    {% endfor %}
    known_at,
    'mlb_stats' as source,
    capture,
    provenance,
    load_id
from compared
where previous_line is null or previous_line is distinct from ({{ line | join(', ') }})
