-- One row per game with what people ask of it first: who, when, where, how it ended and who said so.
{{ config(indexes=[{'columns': ['official_date']}, {'columns': ['season']}]) }}

with games as (

    select * from {{ ref('games') }}

),

-- The result as it is known now: the latest version that the clock has reached.
results as (

    select distinct on (game_key) *
    from {{ ref('game_results') }}
    where known_at <= {{ clock() }}
    order by game_key, version desc

),

starters as (

    select distinct on (game_key, side) game_key, side, pitcher_name
    from {{ ref('starters') }}
    where known_at <= {{ clock() }}
    order by game_key, side, source_rank, known_at desc

)

select
    games.game_key,
    games.spine,
    games.spine_id,
    games.season,
    games.official_date,
    games.game_number,
    games.is_doubleheader,
    games.game_type,
    games.home_team_id,
    games.away_team_id,
    home.abbreviation as home_team,
    away.abbreviation as away_team,
    games.scheduled_start_at,
    games.start_source,
    games.first_pitch_at,
    case
        when results.game_key is not null and games.status not in ('suspended') then 'final'
        else games.status
    end as status,
    results.home_runs,
    results.away_runs,
    case when results.home_runs <> results.away_runs then results.home_runs > results.away_runs end as home_win,
    results.innings,
    games.scheduled_innings,
    results.result_source,
    results.known_at as result_known_at,
    games.venue,
    home_starter.pitcher_name as home_starter,
    away_starter.pitcher_name as away_starter,
    games.provenance,
    games.load_id,
    results.load_id as result_load_id
from games
inner join {{ ref('teams') }} as home on home.team_id = games.home_team_id
inner join {{ ref('teams') }} as away on away.team_id = games.away_team_id
left join results on results.game_key = games.game_key
left join starters as home_starter on home_starter.game_key = games.game_key and home_starter.side = 'home'
left join starters as away_starter on away_starter.game_key = games.game_key and away_starter.side = 'away'
