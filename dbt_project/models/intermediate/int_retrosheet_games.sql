-- One row per Retrosheet game: its game log first, for it names the starters; gameinfo where there is no log.
{{ config(indexes=[{'columns': ['retrosheet_id'], 'unique': true}]) }}

with ranked as (

    select
        games.*,
        row_number() over (
            partition by retrosheet_id
            order by (file_kind <> 'game_log'), home_runs, away_runs, load_id, record_number
        ) as record_rank,
        min(scheduled_innings) over (partition by retrosheet_id) as stated_innings,
        min(day_night) over (partition by retrosheet_id) as stated_day_night
    from {{ ref('stg_retrosheet_games__games') }} as games
    where disposition = 'staged'

),

merged as (

    select * from ranked where record_rank = 1

)

select
    retrosheet_id,
    season,
    official_date,
    game_number,
    away_team_id,
    home_team_id,
    away_runs,
    home_runs,
    outs,
    stated_innings as scheduled_innings,
    stated_day_night as day_night,
    -- A game suspended and completed later: 'yyyymmdd,park,visitor's score,home's score,outs' of the completion.
    {{ try_date("split_part(completion, ',', 1)") }} as completed_on,
    park_id,
    away_starter_id,
    away_starter_name,
    home_starter_id,
    home_starter_name,
    provenance,
    load_id
from merged
-- A game moved to the other club's park stands under either club as home in the two kinds of file: the log holds.
where file_kind = 'game_log' or not exists (
    select from merged as log
    where log.file_kind = 'game_log'
        and log.official_date = merged.official_date
        and log.game_number = merged.game_number
        and log.home_team_id = merged.away_team_id
        and log.away_team_id = merged.home_team_id
        and log.home_runs = merged.away_runs
        and log.away_runs = merged.home_runs
)
