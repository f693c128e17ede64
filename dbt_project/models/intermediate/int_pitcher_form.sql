-- Runs his club allowed in a starter's last ten starts, after each result became known.
{{ config(indexes=[{'columns': ['pitcher_id', 'known_at']}]) }}

with started as (

    -- Who did start: the best source's last word.
    select distinct on (game_key, side) game_key, side, pitcher_id
    from {{ ref('starters') }}
    order by game_key, side, source_rank, known_at desc

)

select
    started.pitcher_id,
    results.game_key,
    results.known_at,
    sum(case started.side when 'home' then results.away_runs else results.home_runs end) over last_10 as runs_allowed,
    count(*) over last_10 as starts
from started
inner join {{ ref('game_results') }} as results on results.game_key = started.game_key and results.version = 1
window last_10 as (partition by started.pitcher_id order by results.known_at, results.game_key rows 9 preceding)
