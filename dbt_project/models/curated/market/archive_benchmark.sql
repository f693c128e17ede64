-- The reference scores' sample, one row per game of SBR's archive: its four moneylines as printed, its own Final beside
-- the official result.
{{ config(indexes=[{'columns': ['season']}]) }}

with latest as (

    select * from {{ ref('int_sbr_games') }}

)

select
    latest.event_id,
    ties.game_key,
    latest.season,
    coalesce(games.official_date, latest.official_date) as official_date,
    coalesce(games.game_type, 'unknown') as game_type,
    latest.open_home_price,
    latest.open_away_price,
    latest.close_home_price,
    latest.close_away_price,
    latest.open_moneyline_rule,
    latest.close_moneyline_rule,
    latest.home_runs as archive_home_runs,
    latest.away_runs as archive_away_runs,
    case when ties.sides_swapped then results.away_runs else results.home_runs end as official_home_runs,
    case when ties.sides_swapped then results.home_runs else results.away_runs end as official_away_runs,
    ties.rung,
    coalesce(ties.sides_swapped, false) as sides_swapped,
    coalesce(results.result_source <> 'sbr_archive', false) as is_tied_to_results,
    case
        when results.result_source <> 'sbr_archive' then
            latest.home_runs is not distinct from
                (case when ties.sides_swapped then results.away_runs else results.home_runs end)
            and latest.away_runs is not distinct from
                (case when ties.sides_swapped then results.home_runs else results.away_runs end)
    end as scores_agree,
    latest.provenance,
    latest.load_id
from latest
left join {{ ref('game_crosswalk') }} as ties on ties.source = 'sbr_archive' and ties.event_id = latest.event_id
left join {{ ref('games') }} as games on games.game_key = ties.game_key
left join {{ ref('game_results') }} as results on results.game_key = ties.game_key and results.version = 1
