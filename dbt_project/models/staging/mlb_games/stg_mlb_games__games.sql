-- Games as MLB published them, one JSON object a line. One record is one line of the file.
-- offset 0: a fence; without it the planner repeats each cast in every place that reads it.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads([source('raw_data', 'archive_files')], \"raw.archive = 'mlb_games'\") }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}],
) }}

with parsed as (

    select
        raw.load_id,
        raw.row_number as record_number,
        raw.line,
        files.provenance,
        {{ try_cast('raw.line', 'jsonb') }} as game
    from {{ source('raw_data', 'mlb_games') }} as raw
    inner join {{ source('raw_data', 'archive_files') }} as files on files.load_id = raw.load_id
    where raw.load_id in {{ pending_loads() }}

),

typed as (

    select
        parsed.*,
        case when game ->> 'game_pk' ~ '^\d{1,9}$' then (game ->> 'game_pk')::bigint end as game_pk,
        {{ try_timestamptz("game ->> 'game_date'") }} as scheduled_start_at,
        {{ try_date("game ->> 'official_date'") }} as official_date,
        away.team_id as away_team_id,
        home.team_id as home_team_id,
        case when game ->> 'away_score' ~ '^\d{1,2}$' then (game ->> 'away_score')::int end as away_runs,
        case when game ->> 'home_score' ~ '^\d{1,2}$' then (game ->> 'home_score')::int end as home_runs
    from parsed
    left join {{ ref('int_team_aliases') }} as away on away.alias = {{ club_alias("parsed.game ->> 'away'") }}
    left join {{ ref('int_team_aliases') }} as home on home.alias = {{ club_alias("parsed.game ->> 'home'") }}
    offset 0

),

judged as (

    select
        typed.*,
        case
            when game is null or jsonb_typeof(game) <> 'object' then 'unreadable'
            when game_pk is null then 'invalid_game_pk'
            when official_date is null then 'invalid_date'
            when away_team_id is null or home_team_id is null then 'unknown_team'
            when away_team_id = home_team_id then 'same_team_twice'
            when (game ->> 'away_score' is not null and away_runs is null)
                or (game ->> 'home_score' is not null and home_runs is null) then 'invalid_score'
        end as rule
    from typed
    offset 0

)

select
    load_id,
    record_number,
    game_pk,
    extract(year from official_date)::int as season,
    scheduled_start_at,
    official_date,
    away_team_id,
    home_team_id,
    away_runs,
    home_runs,
    provenance,
    case when rule is null then 'staged' else 'quarantined' end as disposition,
    rule,
    case rule
        when 'unreadable' then 'the line is no JSON object: ' || left(line, 80)
        when 'invalid_game_pk' then 'game_pk "' || coalesce(game ->> 'game_pk', '') || '" is no id'
        when 'invalid_date' then 'official_date "' || coalesce(game ->> 'official_date', '') || '" is no date'
        when 'unknown_team' then 'unknown club in "' || coalesce(game ->> 'away', '') || '" at "'
            || coalesce(game ->> 'home', '') || '": teach it with `mlb alias add`'
        when 'same_team_twice' then 'both clubs are "' || (game ->> 'home') || '"'
        when 'invalid_score' then 'a score is no number of runs'
    end as reason
from judged
