-- Who was said to bat where, and from when a decision may know it: a row per place in the order and change. What was
-- captured before the game is known when it was seen; what is asked about a past day, from its first pitch on.
{{ config(indexes=[{'columns': ['game_key', 'side', 'batting_order', 'known_at'], 'unique': true}]) }}

with told as (

    select
        ties.game_key,
        lineups.side,
        lineups.batting_order,
        'mlb:' || lineups.player_id as player_id,
        lineups.player_name,
        lineups.position,
        coalesce(
            lineups.known_at, games.first_pitch_at, games.scheduled_start_at,
            {{ end_of_baseball_day('games.official_date') }}
        ) as known_at,
        lineups.endpoint,
        lineups.observed_at,
        lineups.capture,
        lineups.provenance,
        lineups.load_id,
        lineups.record_number
    from {{ ref('stg_mlb_stats__lineups') }} as lineups
    inner join {{ ref('game_crosswalk') }} as ties on ties.source = 'mlb' and ties.event_id = lineups.game_pk::text
    inner join {{ ref('games') }} as games on games.game_key = ties.game_key
    where
        lineups.disposition = 'staged'
        -- Who came in later says nothing of who started.
        and lineups.substitution = 0
        -- A game that was moved has another line-up on its new day.
        and (lineups.official_date is null or lineups.official_date = games.official_date)
        and coalesce(lineups.status_code, '') not like 'D%'

),

at_a_moment as (

    select distinct on (game_key, side, batting_order, known_at) told.*
    from told
    order by game_key, side, batting_order, known_at, observed_at desc, endpoint, player_id, load_id, record_number

),

compared as (

    select
        at_a_moment.*,
        lag(player_id) over in_time as previous_player_id,
        lag(position) over in_time as previous_position
    from at_a_moment
    window in_time as (partition by game_key, side, batting_order order by known_at)

)

select
    game_key,
    side,
    batting_order,
    player_id,
    player_name,
    position,
    known_at,
    'mlb_stats' as source,
    capture,
    provenance,
    load_id
from compared
where previous_player_id is null or (player_id, position) is distinct from (previous_player_id, previous_position)
