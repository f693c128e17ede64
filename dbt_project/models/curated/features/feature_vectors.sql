-- Features of every game at every decision, as of the decision: each read takes the last row that was known then, by
-- known_at alone. No label and no closing price stands here.
{{ config(indexes=[{'columns': ['decision', 'season']}]) }}

with points as (

    select
        points.game_key,
        points.decision,
        points.decision_at,
        games.season,
        games.official_date,
        games.game_type,
        games.is_doubleheader,
        games.game_number,
        games.home_team_id,
        games.away_team_id,
        games.provenance
    from {{ ref('int_decision_points') }} as points
    inner join {{ ref('games') }} as games on games.game_key = points.game_key

),

-- The market of a decision is the sharpest book's whose price was fresh then, else the consensus, else the sharpest.
offers as (

    select
        prices.*,
        row_number() over (
            partition by prices.game_key, prices.decision
            order by
                (coalesce(prices.age_minutes, 0) > 180),
                (coalesce(books.sharp_rank, 99) > 5 and coalesce(books.kind, 'book') <> 'consensus'),
                coalesce(books.sharp_rank, 99),
                prices.source,
                prices.book
        ) as market_rank
    from {{ ref('decision_prices') }} as prices
    left join {{ ref('sportsbooks') }} as books on books.book = prices.book
    where prices.market = 'moneyline'

),

market as (

    select * from offers where market_rank = 1

),

books_of_decision as (

    select
        game_key,
        decision,
        count(*)::int as n_books,
        case when count(*) > 1 then stddev_samp({{ logit('home_probability') }}) end as book_dispersion
    from offers
    group by game_key, decision

),

-- Where the market's own book stood when it opened.
opening as (

    select distinct on (states.game_key, states.source, states.book)
        states.game_key, states.source, states.book, states.probability_1, states.known_at
    from {{ ref('int_market_states') }} as states
    where states.market = 'moneyline' and states.unusable_because is null and states.label is distinct from 'close'
    order by states.game_key, states.source, states.book, states.known_at

),

ratings as (

    select
        points.game_key,
        points.decision,
        1500 + (home.rating_after - 1500) * power(2.0 / 3, greatest(points.season - home.rating_season, 0)) as elo_home,
        1500 + (away.rating_after - 1500) * power(2.0 / 3, greatest(points.season - away.rating_season, 0)) as elo_away
    from points
    left join lateral (
        select rating_after, rating_season
        from {{ source('curated', 'team_ratings') }} as ratings
        where ratings.team_id = points.home_team_id and ratings.known_at <= points.decision_at
        order by ratings.known_at desc, ratings.rating_sequence desc
        limit 1
    ) as home on true
    left join lateral (
        select rating_after, rating_season
        from {{ source('curated', 'team_ratings') }} as ratings
        where ratings.team_id = points.away_team_id and ratings.known_at <= points.decision_at
        order by ratings.known_at desc, ratings.rating_sequence desc
        limit 1
    ) as away on true

),

form as (

    select
        points.game_key,
        points.decision,
        home.form_10 as home_form_10,
        away.form_10 as away_form_10,
        home.win_rate_10 as home_win_rate_10,
        away.win_rate_10 as away_win_rate_10,
        least(points.official_date - home.last_official_date, 10) as rest_days_home,
        least(points.official_date - away.last_official_date, 10) as rest_days_away,
        -- Runs per game in the home club's home games against its away games, 40 average games added to either.
        case
            when home.home_games + home.away_games > 0 then
                ((coalesce(home.home_total_runs, 0) + 40 * home.mean_total) / (home.home_games + 40))
                / ((coalesce(home.away_total_runs, 0) + 40 * home.mean_total) / (home.away_games + 40))
        end as park_runs_factor
    from points
    left join lateral (
        select
            form.*,
            (coalesce(form.home_total_runs, 0) + coalesce(form.away_total_runs, 0))::double precision
                / (form.home_games + form.away_games) as mean_total
        from {{ ref('int_team_form') }} as form
        where form.team_id = points.home_team_id and form.known_at <= points.decision_at
        order by form.known_at desc, form.game_key desc
        limit 1
    ) as home on true
    left join lateral (
        select form.*
        from {{ ref('int_team_form') }} as form
        where form.team_id = points.away_team_id and form.known_at <= points.decision_at
        order by form.known_at desc, form.game_key desc
        limit 1
    ) as away on true

),

starters_known as (

    select distinct on (points.game_key, points.decision, starters.side)
        points.game_key, points.decision, points.decision_at, starters.side, starters.pitcher_id, starters.pitcher_name
    from points
    inner join {{ ref('starters') }} as starters
        on starters.game_key = points.game_key and starters.known_at <= points.decision_at
    order by points.game_key, points.decision, starters.side, starters.source_rank, starters.known_at desc

),

-- Runs allowed per start, shrunk by five starts of 4.4 runs (the mean of a club's runs, Retrosheet 2009-2018).
starter_form as (

    select
        starters_known.game_key,
        starters_known.decision,
        starters_known.side,
        starters_known.pitcher_name,
        (coalesce(form.runs_allowed, 0) + 5 * 4.4) / (coalesce(form.starts, 0) + 5) as runs_per_start
    from starters_known
    left join lateral (
        select runs_allowed, starts
        from {{ ref('int_pitcher_form') }} as form
        where form.pitcher_id = starters_known.pitcher_id and form.known_at <= starters_known.decision_at
        order by form.known_at desc, form.game_key desc
        limit 1
    ) as form on true

),

season_days as (

    select season, min(official_date) as first_day from {{ ref('games') }} where game_type = 'R' group by season

)

select
    points.game_key,
    points.decision,
    points.decision_at,
    points.season,
    points.official_date,
    points.game_type,
    points.game_type = 'R' as is_regular,
    -- A make-up may be announced after the open: whether the day has two games is told from the day itself on.
    case when points.decision <> 'open' then points.is_doubleheader end as is_doubleheader,
    points.game_number,
    points.home_team_id,
    points.away_team_id,
    points.provenance,

    market.source as market_source,
    market.book as market_book,
    'odds_ratio' as no_vig_method,
    market.home_price as market_home_price,
    market.away_price as market_away_price,
    market.home_probability as market_home_probability,
    {{ logit('market.home_probability') }} as market_logit,
    market.hold as market_hold,
    market.age_minutes as market_age_minutes,
    market.moment_assumed as market_moment_assumed,
    market.price_known_at as market_price_known_at,
    market.load_id as market_load_id,
    coalesce(books_of_decision.n_books, 0) as n_books,
    books_of_decision.book_dispersion,
    case
        when opening.known_at <= points.decision_at
            then {{ logit('market.home_probability') }} - {{ logit('opening.probability_1') }}
    end as open_to_now_logit,

    ratings.elo_home,
    ratings.elo_away,
    ratings.elo_home + 24 - ratings.elo_away as elo_diff,
    1 / (1 + power(10, -(ratings.elo_home + 24 - ratings.elo_away) / 400)) as elo_home_probability,
    (ratings.elo_home + 24 - ratings.elo_away) / 400 * ln(10.0::double precision) as elo_logit,

    form.home_form_10::double precision as home_form_10,
    form.away_form_10::double precision as away_form_10,
    (form.home_form_10 - form.away_form_10)::double precision as form_diff,
    form.home_win_rate_10::double precision as home_win_rate_10,
    form.away_win_rate_10::double precision as away_win_rate_10,
    form.rest_days_home::double precision as rest_days_home,
    form.rest_days_away::double precision as rest_days_away,
    (form.rest_days_home - form.rest_days_away)::double precision as rest_diff,
    form.park_runs_factor::double precision as park_runs_factor,

    home_starter.pitcher_name is not null as home_starter_known,
    away_starter.pitcher_name is not null as away_starter_known,
    (away_starter.runs_per_start - home_starter.runs_per_start)::double precision as starter_runs_diff,
    least(greatest((points.official_date - season_days.first_day) / 190.0, 0), 1)::double precision as season_day
from points
left join market on market.game_key = points.game_key and market.decision = points.decision
left join books_of_decision
    on books_of_decision.game_key = points.game_key and books_of_decision.decision = points.decision
left join opening
    on opening.game_key = points.game_key and opening.source = market.source and opening.book = market.book
left join ratings on ratings.game_key = points.game_key and ratings.decision = points.decision
left join form on form.game_key = points.game_key and form.decision = points.decision
left join starter_form as home_starter
    on home_starter.game_key = points.game_key and home_starter.decision = points.decision
    and home_starter.side = 'home'
left join starter_form as away_starter
    on away_starter.game_key = points.game_key and away_starter.decision = points.decision
    and away_starter.side = 'away'
left join season_days on season_days.season = points.season
