-- In which park a game is played and at which hour it begins, as the schedule has it: where weather is looked up. A park
-- is known by any of its names; a game whose source names none is at its home club's park of the season (and says so);
-- one at a place that is no park of ours (London, Tokyo, a corn field) has none.
{{ config(indexes=[{'columns': ['game_key'], 'unique': true}]) }}

with names as (

    select upper(name) as name, venue_id from {{ ref('ballparks') }}
    union
    select upper(other.name), ballparks.venue_id
    from {{ ref('ballparks') }} as ballparks
    cross join lateral unnest(string_to_array(ballparks.other_names, '|')) as other (name)
    where other.name <> ''

),

parks as (

    select
        games.game_key,
        games.official_date,
        games.scheduled_start_at,
        coalesce(named.venue_id, home.venue_id) as venue_id,
        case when named.venue_id is not null then 'name' when home.venue_id is not null then 'home_club' end as found_by
    from {{ ref('games') }} as games
    left join names as named on named.name = upper(trim(games.venue))
    left join lateral (
        -- A club that moved for a season is at its newer park.
        select ballparks.venue_id
        from {{ ref('ballparks') }} as ballparks
        where
            games.venue is null
            and ballparks.home_team_id = games.home_team_id
            and ballparks.first_season <= games.season
            and coalesce(ballparks.last_season, 9999) >= games.season
        order by ballparks.first_season desc
        limit 1
    ) as home on true

)

select
    parks.game_key,
    parks.venue_id,
    parks.found_by,
    date_trunc('hour', parks.scheduled_start_at, 'UTC') as first_hour_at,
    ballparks.azimuth_deg,
    ballparks.elevation_ft,
    ballparks.roof
from parks
inner join {{ ref('ballparks') }} as ballparks on ballparks.venue_id = parks.venue_id
where parks.scheduled_start_at is not null
