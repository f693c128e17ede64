-- The rows that a prediction of today's slate is made from: games not begun, as of now.
{{ config(indexes=[{'columns': ['official_date']}]) }}

select
    vectors.game_key,
    vectors.decision,
    vectors.decision_at,
    vectors.season,
    vectors.official_date,
    games.home_team,
    games.away_team,
    games.scheduled_start_at,
    vectors.market_source,
    vectors.market_book,
    vectors.market_home_price,
    vectors.market_away_price,
    vectors.market_home_probability,
    vectors.market_hold,
    vectors.market_age_minutes,
    vectors.elo_home_probability,
    vectors.form_diff,
    vectors.rest_diff,
    vectors.park_runs_factor,
    vectors.starter_runs_diff,
    vectors.home_starter_known,
    vectors.away_starter_known,
    vectors.provenance
from {{ ref('feature_vectors') }} as vectors
inner join {{ ref('enhanced_games') }} as games on games.game_key = vectors.game_key
where vectors.decision = 'current'
