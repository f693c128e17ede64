-- Which game a bet is on: by the ladder that ties the sources' events (macro tie_events), on the clubs, the day, the number
-- of the game and the start as the person states them. Each statement is a source of its own: two of them may be of one
-- game, and what one says is no word about another, so no rung that reasons from the rest of a day can tie it.
-- The rungs build on each other's rows, whose number no planner can foresee: a nested loop costs minutes.
{{ config(
    pre_hook='set local enable_nestloop = off',
    indexes=[{'columns': ['statement'], 'unique': true}],
) }}

with statements as (

    select distinct
        official_date,
        away_team_id,
        home_team_id,
        game_number,
        stated_start_at,
        {{ bet_statement() }} as statement
    from {{ ref('stg_bet_slips__bets') }}
    where disposition = 'staged'

),

events as (

    select
        statement as source,
        statement as event_id,
        away_team_id,
        home_team_id,
        {{ club_pair('away_team_id', 'home_team_id') }} as clubs,
        official_date,
        stated_start_at as commence_at,
        true as is_start_ahead,
        false as has_moved,
        null::timestamptz as seen_begun_at,
        null::timestamptz as seen_waiting_at,
        game_number,
        null::int as away_runs,
        null::int as home_runs
    from statements

),

games as (

    select
        game_key,
        official_date,
        game_number,
        away_team_id,
        home_team_id,
        scheduled_start_at,
        first_pitch_at,
        null::int as away_runs,
        null::int as home_runs
    from {{ ref('games') }} as games
    where games.official_date in (
        select statements.official_date + shift.days from statements cross join generate_series(-1, 1) as shift (days)
    )

),

{{ tie_events('events', 'games') }},

games_of_day as (

    select
        official_date,
        {{ club_pair('away_team_id', 'home_team_id') }} as clubs,
        count(*) as n_games,
        min(home_team_id) as home_team_id
    from games
    group by 1, 2

),

-- Games that the schedule once had on this day and that were not played on it.
moved_games as (

    select
        listings.listed_date as official_date,
        {{ club_pair('listings.away_team_id', 'listings.home_team_id') }} as clubs,
        count(distinct listings.game_pk) as n_games,
        min(listings.status) as status
    from {{ ref('stg_mlb_stats__schedule_games') }} as listings
    where
        listings.disposition = 'staged' and listings.status in ('postponed', 'cancelled')
        and not exists (
            select from games
            where games.game_key = {{ game_key_from_mlb('listings.game_pk') }}
                and games.official_date = listings.listed_date
        )
    group by 1, 2

),

judged as (

    select
        statements.statement,
        ties.game_key as tied_game_key,
        ties.rung,
        ties.confidence,
        moved_games.status as moved_status,
        case
            when tied.game_key is null and games_of_day.n_games is null and moved_games.n_games is not null
                then 'called_off'
            when tied.game_key is null and games_of_day.n_games is null
                then 'no known game of these clubs on this day'
            when tied.game_key is null and games_of_day.n_games = 1 and games_of_day.home_team_id <> statements.home_team_id
                then 'the clubs play on this day, but the other way round: away and home are swapped'
            when tied.game_key is null and games_of_day.n_games = 1
                then 'the one known game of the day does not fit the start or the number of the game'
            when tied.game_key is null
                then 'a doubleheader: say in game (1 or 2) or in start which one'
            when tied.game_number <> statements.game_number and games_of_day.n_games = 1
                then 'one game of these clubs is known on this day, and game says ' || statements.game_number
            when tied.game_number <> statements.game_number
                then 'start and day are those of game ' || tied.game_number || ' of the day, and game says '
                    || statements.game_number
            when statements.game_number is null and statements.stated_start_at is null and moved_games.n_games is not null
                then 'of the games of these clubs on this day one was ' || moved_games.status
                    || ': say in game (1 or 2) or in start which one'
        end as untied_reason
    from statements
    left join ties on ties.event_id = statements.statement
    left join games as tied on tied.game_key = ties.game_key
    left join games_of_day
        on games_of_day.official_date = statements.official_date
        and games_of_day.clubs = {{ club_pair('statements.away_team_id', 'statements.home_team_id') }}
    left join moved_games
        on moved_games.official_date = statements.official_date
        and moved_games.clubs = {{ club_pair('statements.away_team_id', 'statements.home_team_id') }}

)

select
    statement,
    case when untied_reason is null then tied_game_key end as game_key,
    case when untied_reason is null then rung end as rung,
    case when untied_reason is null then confidence end as confidence,
    case when untied_reason = 'called_off' then moved_status end as called_off,
    case when untied_reason = 'called_off' then 'no game of these clubs on this day: it was ' || moved_status
        else untied_reason end as untied_reason
from judged
