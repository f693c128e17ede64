-- The moneyline of every book on every game: open and close, hold, no-vig probability, the close's age, the result.
{{ config(alias='moneylines', indexes=[{'columns': ['official_date']}]) }}

with {{ open_and_close('moneyline') }}

select
    ranked.game_key,
    ranked.source,
    ranked.book,
    {{ mart_game_columns() }},
    ranked.open_price_1 as open_home_price,
    ranked.open_price_2 as open_away_price,
    ranked.open_at,
    ranked.open_hold,
    ranked.open_probability_1 as open_home_probability,
    ranked.open_probability_1_multiplicative as open_home_probability_multiplicative,
    ranked.close_price_1 as close_home_price,
    ranked.close_price_2 as close_away_price,
    ranked.close_at,
    ranked.close_age_minutes,
    ranked.close_hold,
    ranked.close_probability_1 as close_home_probability,
    ranked.close_probability_1_multiplicative as close_home_probability_multiplicative,
    'odds_ratio' as no_vig_method,
    ranked.is_benchmark,
    ranked.moment_assumed,
    games.home_win,
    games.home_runs,
    games.away_runs,
    ranked.open_load_id,
    ranked.close_load_id,
    ranked.provenance,
    ranked.capture
from ranked
inner join {{ ref('enhanced_games') }} as games on games.game_key = ranked.game_key
