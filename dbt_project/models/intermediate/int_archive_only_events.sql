-- Priced events outside the days of every results source (a season not loaded, a postseason that no source holds): they
-- keep a key of their own. An event within those days that ties to nothing is a known game unidentified, or one that was
-- never played, and gets no key.
{{ config(indexes=[{'columns': ['source', 'event_id'], 'unique': true}]) }}

with known_days as (

    select season, min(official_date) as first_day, max(official_date) as last_day
    from {{ ref('int_known_games') }}
    group by season

),

numbered as (

    select
        events.*,
        row_number() over (
            partition by events.source, events.official_date, events.home_team_id, events.away_team_id
            order by events.commence_at, events.event_id
        )::int as number_that_day,
        row_number() over (
            partition by events.source, events.official_date, events.home_team_id
            order by events.away_team_id, events.commence_at, events.event_id
        )::int as number_at_home
    from {{ ref('int_source_events') }} as events
    left join known_days on known_days.season = extract(year from events.official_date)::int
    where
        events.provenance in ('archive', 'replayed')
        and events.away_team_id is not null and events.home_team_id is not null
        and events.source not in ('sbr_archive', 'retrosheet', 'mlb')
        and (known_days.season is null or events.official_date not between known_days.first_day and known_days.last_day)
        and not exists (
            select from {{ ref('int_price_ties') }} as ties
            where ties.source = events.source and ties.event_id = events.event_id
        )

)

select
    {{ game_key_from_day(4, 'official_date', 'home_team_id', 'least(number_at_home, 9)') }} as game_key,
    source,
    event_id,
    official_date,
    number_that_day as game_number,
    away_team_id,
    home_team_id,
    commence_at,
    provenance,
    load_id
from numbered
