-- The games that a results source knows, each under the key of its season's spine.
{{ config(indexes=[{'columns': ['game_key'], 'unique': true}, {'columns': ['official_date', 'home_team_id']}]) }}

select
    {{ game_key_from_mlb('games.game_pk') }} as game_key,
    'mlb' as spine,
    games.game_pk::text as spine_id,
    games.season,
    games.official_date,
    games.game_number,
    games.game_type,
    games.away_team_id,
    games.home_team_id,
    games.scheduled_start_at,
    games.first_pitch_at,
    games.status,
    games.venue,
    games.scheduled_innings,
    games.away_runs,
    games.home_runs,
    games.provenance,
    games.load_id
from {{ ref('int_mlb_games') }} as games
inner join {{ ref('int_season_spines') }} as spines on spines.season = games.season and spines.spine = 'mlb'

union all

select
    {{ game_key_from_day(2, 'games.official_date', 'games.home_team_id', 'games.game_number') }},
    'retrosheet',
    games.retrosheet_id,
    games.season,
    games.official_date,
    greatest(games.game_number, 1),
    'R',
    games.away_team_id,
    games.home_team_id,
    null,
    null,
    'final',
    games.park_id,
    games.scheduled_innings,
    games.away_runs,
    games.home_runs,
    games.provenance,
    games.load_id
from {{ ref('int_retrosheet_games') }} as games
inner join {{ ref('int_season_spines') }} as spines on spines.season = games.season and spines.spine = 'retrosheet'
