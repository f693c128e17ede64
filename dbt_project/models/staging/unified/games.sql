-- The spine: one row per game, under one key. Games that no results source knows keep a key of their own (spine
-- sbr_archive or tick_archive), marked so.
{{ config(indexes=[{'columns': ['game_key'], 'unique': true}, {'columns': ['official_date']}]) }}

with archive_alone as (

    select distinct on (game_key)
        game_key,
        'tick_archive' as spine,
        source || ':' || event_id as spine_id,
        extract(year from official_date)::int as season,
        official_date,
        game_number,
        'unknown' as game_type,
        away_team_id,
        home_team_id,
        commence_at as scheduled_start_at,
        null::timestamptz as first_pitch_at,
        'unknown' as status,
        null as venue,
        null::int as scheduled_innings,
        null::int as away_runs,
        null::int as home_runs,
        provenance,
        load_id
    from {{ ref('int_archive_only_events') }}
    order by game_key, commence_at nulls last, source, event_id

),

all_games as (

    select * from {{ ref('int_known_games') }}
    union all
    select * from archive_alone

),

starts as (

    -- Where the spine tells no start, an archive that prices the game may: the earliest rung's statement.
    select distinct on (ties.game_key)
        ties.game_key,
        events.commence_at,
        ties.source
    from {{ ref('int_price_ties') }} as ties
    inner join {{ ref('int_source_events') }} as events
        on events.source = ties.source and events.event_id = ties.event_id
    inner join all_games as tied on tied.game_key = ties.game_key
    where {{ new_york_date('events.commence_at') }} = tied.official_date
    order by ties.game_key, ties.confidence desc, ties.source, events.event_id

)

select
    all_games.game_key,
    all_games.spine,
    all_games.spine_id,
    all_games.season,
    all_games.official_date,
    all_games.game_number,
    count(*) over (
        partition by all_games.official_date, all_games.home_team_id, all_games.away_team_id
    ) > 1 as is_doubleheader,
    all_games.game_type,
    all_games.away_team_id,
    all_games.home_team_id,
    coalesce(all_games.scheduled_start_at, starts.commence_at) as scheduled_start_at,
    case
        when all_games.scheduled_start_at is not null then all_games.spine
        when starts.commence_at is not null then starts.source
    end as start_source,
    all_games.first_pitch_at,
    all_games.status,
    all_games.venue,
    all_games.scheduled_innings,
    all_games.provenance,
    all_games.load_id
from all_games
left join starts on starts.game_key = all_games.game_key
