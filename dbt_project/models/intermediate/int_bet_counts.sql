-- How many bets a source counts on a game, all its markets together, look by look: what volume there is to weigh a move
-- with. Only what was counted while it was news.
{{ config(indexes=[{'columns': ['game_key', 'known_at'], 'unique': true}]) }}

with looks as (

    select ties.game_key, games.known_at, max(games.num_bets) as bets, min(games.source) as source
    from {{ ref('stg_action_network__games') }} as games
    inner join {{ ref('game_crosswalk') }} as ties on ties.source = games.source and ties.event_id = games.event_id
    where games.disposition = 'staged' and games.capture = 'captured' and games.num_bets is not null
    group by ties.game_key, games.known_at

)

select
    game_key,
    source,
    known_at,
    bets,
    -- A count that falls is a source's correction: nobody took a bet back.
    greatest(bets - lag(bets) over (partition by game_key order by known_at), 0) as new_bets
from looks
