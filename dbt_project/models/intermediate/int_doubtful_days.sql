-- Days on which an archive without names of events tells a book's prices of a later game of two clubs and none of the game
-- that they play before it. Such a file keeps one line per pair of clubs and snapshot: under the later game's start stand
-- the prices of those books that list it already, and of the others the prices of the nearer game. A book that tells games
-- a day early where their clubs do not meet before is believed; the other books' prices stand in staging and in no market.
-- Measured on the four books of 2024 (487 events told a day early while the clubs met that day): FanDuel, which lists 166 of
-- the 168 others, is .10 logit from the consensus close of the game it is stated of and .21 from that of the day's own
-- game; Pinnacle, DraftKings and BetMGM (3 to 18 of them) are .21 and .05.
{{ config(indexes=[{'columns': ['source', 'event_id', 'book', 'told_on'], 'unique': true}]) }}

with told as (

    select distinct
        quotes.source,
        quotes.event_id,
        quotes.book,
        quotes.told_on,
        games.game_key,
        games.official_date,
        games.away_team_id,
        games.home_team_id
    from {{ ref('int_two_sided_quotes') }} as quotes
    inner join {{ ref('game_crosswalk') }} as ties on ties.source = quotes.source and ties.event_id = quotes.event_id
    inner join {{ ref('games') }} as games on games.game_key = ties.game_key
    where {{ is_named_by_clubs('quotes.event_id') }}

),

-- Of an archive of openers, all told the day before, the nearer game is not missing: it was told on another day.
day_by_day as (

    select source
    from told
    group by source
    having count(*) filter (where told_on = official_date) > count(*) filter (where told_on < official_date)

),

early as (

    select
        told.*,
        (
            select min(nearer.game_key)
            from {{ ref('games') }} as nearer
            where
                nearer.away_team_id = told.away_team_id
                and nearer.home_team_id = told.home_team_id
                and nearer.game_key <> told.game_key
                and nearer.official_date between told.told_on and told.official_date
                and not exists (
                    select from told as beside
                    where
                        beside.source = told.source
                        and beside.told_on = told.told_on
                        and beside.game_key = nearer.game_key
                )
        ) as other_game_key
    from told
    inner join day_by_day on day_by_day.source = told.source
    where told.told_on < told.official_date

),

undoubted as (

    select source, count(distinct (event_id, told_on)) as events
    from early
    where other_game_key is null
    group by source

),

early_books as (

    select early.source, early.book
    from early
    inner join undoubted on undoubted.source = early.source
    where early.other_game_key is null
    group by early.source, early.book, undoubted.events
    having count(*) >= 0.5 * undoubted.events

)

select
    early.source,
    early.event_id,
    early.book,
    early.told_on,
    early.other_game_key
from early
where
    early.other_game_key is not null
    and not exists (
        select from early_books where early_books.source = early.source and early_books.book = early.book
    )
