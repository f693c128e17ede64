-- Which source is the spine of a season: MLB where raw holds the season's whole MLB schedule, else Retrosheet.
-- "Whole" means: not fewer regular-season games than Retrosheet knows (no season is half in one key and half in another).
with mlb as (

    select season, count(*) as games from {{ ref('int_mlb_games') }} where game_type = 'R' group by season

),

retrosheet as (

    select season, count(*) as games from {{ ref('int_retrosheet_games') }} group by season

)

select
    coalesce(mlb.season, retrosheet.season) as season,
    case when coalesce(mlb.games, 0) >= coalesce(retrosheet.games, 0) then 'mlb' else 'retrosheet' end as spine,
    coalesce(mlb.games, 0) as mlb_games,
    coalesce(retrosheet.games, 0) as retrosheet_games
from mlb
full join retrosheet on retrosheet.season = mlb.season
