-- Retrosheet's game logs (161 unnamed fields) and gameinfo files (named columns), typed and judged.
-- One record is one line of a file; the same game usually stands in a file of either kind.
-- offset 0: a fence; without it the planner repeats each cast in every place that reads it.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads([source('raw_data', 'archive_files')], \"raw.archive = 'retrosheet_games'\") }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}],
) }}

with records as (

    select raw.*, files.provenance
    from {{ source('raw_data', 'retrosheet_games') }} as raw
    inner join {{ source('raw_data', 'archive_files') }} as files on files.load_id = raw.load_id
    where raw.load_id in {{ pending_loads() }}

),

named as (

    select
        load_id,
        row_number as record_number,
        file_kind,
        provenance,
        cells[1] as date_text,
        cells[2] as number_text,
        cells[4] as away_text,
        cells[7] as home_text,
        cells[10] as away_runs_text,
        cells[11] as home_runs_text,
        case upper(cells[13]) when 'D' then 'day' when 'N' then 'night' end as day_night,
        nullif(cells[14], '') as completion,
        nullif(cells[15], '') as forfeit,
        cells[17] as park_id,
        cells[12] as outs_text,
        null::text as innings_text,
        nullif(cells[102], '') as away_starter_id,
        nullif(cells[103], '') as away_starter_name,
        nullif(cells[104], '') as home_starter_id,
        nullif(cells[105], '') as home_starter_name,
        cardinality(cells) = 161 as is_whole
    from records
    where file_kind = 'game_log'

    union all

    select
        load_id,
        row_number,
        file_kind,
        provenance,
        cells[5],
        cells[6],
        cells[2],
        cells[3],
        cells[24],
        cells[25],
        case when cells[7] in ('day', 'night') then cells[7] end,
        null,
        null,
        cells[4],
        null,
        cells[8],
        null,
        null,
        null,
        null,
        true
    from records
    where file_kind = 'gameinfo'

),

typed as (

    select
        named.*,
        {{ try_date('named.date_text') }} as official_date,
        case when named.number_text ~ '^[0-3](\.0)?$' then left(named.number_text, 1)::int end as game_number,
        away.team_id as away_team_id,
        home.team_id as home_team_id,
        case when named.away_runs_text ~ '^\d{1,2}$' then named.away_runs_text::int end as away_runs,
        case when named.home_runs_text ~ '^\d{1,2}$' then named.home_runs_text::int end as home_runs,
        case when named.outs_text ~ '^\d{1,3}$' then named.outs_text::int end as outs,
        case when named.innings_text ~ '^\d{1,2}(\.0)?$' then left(named.innings_text, 1)::int end as scheduled_innings
    from named
    left join {{ ref('int_team_aliases') }} as away on away.alias = {{ club_alias('named.away_text') }}
    left join {{ ref('int_team_aliases') }} as home on home.alias = {{ club_alias('named.home_text') }}
    offset 0

),

judged as (

    select
        typed.*,
        case
            when not is_whole then 'malformed_row'
            when official_date is null then 'invalid_date'
            when game_number is null then 'invalid_game_number'
            when away_team_id is null or home_team_id is null then 'unknown_team'
            when away_runs is null or home_runs is null then 'invalid_score'
        end as rule
    from typed
    offset 0

)

select
    load_id,
    record_number,
    file_kind,
    upper(home_text) || to_char(official_date, 'YYYYMMDD') || game_number as retrosheet_id,
    extract(year from official_date)::int as season,
    official_date,
    game_number,
    away_team_id,
    home_team_id,
    away_runs,
    home_runs,
    outs,
    scheduled_innings,
    day_night,
    completion,
    forfeit,
    park_id,
    away_starter_id,
    away_starter_name,
    home_starter_id,
    home_starter_name,
    provenance,
    case when rule is null then 'staged' else 'quarantined' end as disposition,
    rule,
    case rule
        when 'malformed_row' then 'the line has not the 161 fields of a game log'
        when 'invalid_date' then 'date "' || coalesce(date_text, '') || '" is no date'
        when 'invalid_game_number' then 'game number "' || coalesce(number_text, '') || '" is none of 0, 1, 2, 3'
        when 'unknown_team' then 'unknown club in "' || coalesce(away_text, '') || '" at "' || coalesce(home_text, '')
            || '": teach it with `mlb alias add`'
        when 'invalid_score' then 'score "' || coalesce(away_runs_text, '') || '"-"' || coalesce(home_runs_text, '')
            || '" is no number of runs'
    end as reason
from judged
