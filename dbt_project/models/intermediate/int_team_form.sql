-- A club's form after each result, in the order in which results became known: what an as-of reader picks the last row
-- of. Rolling means run over the club's last ten known games; park sums over its last 81 at home and 81 away.
-- First known versions only: a later correction does not rewrite what a decision saw.
{{ config(indexes=[{'columns': ['team_id', 'known_at']}]) }}

with results as (

    select
        results.game_key,
        results.known_at,
        games.official_date,
        games.season,
        games.home_team_id,
        games.away_team_id,
        results.home_runs,
        results.away_runs
    from {{ ref('game_results') }} as results
    inner join {{ ref('games') }} as games on games.game_key = results.game_key
    where results.version = 1

),

team_games as (

    select
        home_team_id as team_id, game_key, known_at, official_date, true as is_home,
        home_runs - away_runs as run_difference, home_runs + away_runs as total_runs
    from results
    union all
    select
        away_team_id, game_key, known_at, official_date, false, away_runs - home_runs, home_runs + away_runs
    from results

)

select
    team_id,
    game_key,
    known_at,
    row_number() over in_order as games_known,
    avg(run_difference) over last_10 as form_10,
    avg((run_difference > 0)::int) over last_10 as win_rate_10,
    max(official_date) over in_order as last_official_date,
    sum(total_runs) filter (where is_home) over last_162 as home_total_runs,
    count(*) filter (where is_home) over last_162 as home_games,
    sum(total_runs) filter (where not is_home) over last_162 as away_total_runs,
    count(*) filter (where not is_home) over last_162 as away_games
from team_games
window
    in_order as (partition by team_id order by known_at, game_key),
    last_10 as (partition by team_id order by known_at, game_key rows 9 preceding),
    last_162 as (partition by team_id order by known_at, game_key rows 161 preceding)
