-- Versions of each game's result, each with the moment from which a decision may know it; a correction is a new version
-- and the old one stays. One source settles a game: MLB before Retrosheet before SBR's own Final. What was captured
-- while it was news is not overwritten by a later backfill.
{{ config(indexes=[{'columns': ['game_key', 'version'], 'unique': true}, {'columns': ['known_at']}]) }}

with told as (

    select
        ties.game_key,
        1 as source_rank,
        'mlb_stats' as result_source,
        listings.away_runs,
        listings.home_runs,
        listings.innings::numeric(4, 1) as innings,
        case
            when listings.capture = 'captured' then greatest(listings.observed_at, listings.ingested_at)
            -- A suspended game ended on the day of its resumption, whatever its official date.
            when listings.last_day > listings.official_date then {{ assumed_result_moment('listings.last_day') }}
            else coalesce(
                listings.first_pitch_at + listings.duration_minutes * interval '1 minute',
                {{ assumed_result_moment('listings.official_date') }}
            )
        end as known_at,
        listings.capture,
        listings.provenance,
        listings.load_id
    from (
        select
            entries.*,
            max(greatest(official_date, {{ new_york_date('scheduled_start_at') }})) over (partition by game_pk) as last_day
        from {{ ref('stg_mlb_stats__schedule_games') }} as entries
        where disposition = 'staged'
    ) as listings
    inner join {{ ref('game_crosswalk') }} as ties on ties.source = 'mlb' and ties.event_id = listings.game_pk::text
    where
        listings.disposition = 'staged'
        and listings.status = 'final'
        and listings.away_runs is not null
        and listings.home_runs is not null

    union all

    select
        ties.game_key,
        2,
        'mlb_games',
        games.away_runs,
        games.home_runs,
        null,
        {{ assumed_result_moment("greatest(games.official_date, (games.scheduled_start_at at time zone 'America/New_York')::date)") }},
        'backfilled',
        games.provenance,
        games.load_id
    from {{ ref('stg_mlb_games__games') }} as games
    inner join {{ ref('game_crosswalk') }} as ties on ties.source = 'mlb' and ties.event_id = games.game_pk::text
    where games.disposition = 'staged' and games.away_runs is not null and games.home_runs is not null

    union all

    select
        ties.game_key,
        3,
        'retrosheet',
        case when ties.sides_swapped then games.home_runs else games.away_runs end,
        case when ties.sides_swapped then games.away_runs else games.home_runs end,
        round(games.outs / 6.0, 1)::numeric(4, 1),
        {{ assumed_result_moment('greatest(games.official_date, games.completed_on)') }},
        'backfilled',
        games.provenance,
        games.load_id
    from {{ ref('int_retrosheet_games') }} as games
    inner join {{ ref('game_crosswalk') }} as ties
        on ties.source = 'retrosheet' and ties.event_id = games.retrosheet_id

    union all

    select
        ties.game_key,
        4,
        'sbr_archive',
        case when ties.sides_swapped then events.home_runs else events.away_runs end,
        case when ties.sides_swapped then events.away_runs else events.home_runs end,
        null,
        {{ assumed_result_moment('games.official_date') }},
        'backfilled',
        events.provenance,
        events.load_id
    from {{ ref('int_source_events') }} as events
    inner join {{ ref('game_crosswalk') }} as ties on ties.source = events.source and ties.event_id = events.event_id
    inner join {{ ref('games') }} as games on games.game_key = ties.game_key
    where events.source = 'sbr_archive' and events.away_runs is not null and events.home_runs is not null

),

settling as (

    select
        told.*,
        bool_or(capture = 'captured') over (partition by game_key, source_rank) as has_captured,
        min(source_rank) over (partition by game_key) as best_rank
    from told

),

ordered as (

    select
        settling.*,
        lag((away_runs, home_runs)) over in_time as previous_score
    from settling
    where source_rank = best_rank and (capture = 'captured' or not has_captured)
    window in_time as (partition by game_key order by known_at, away_runs, home_runs, innings, load_id)

)

select
    game_key,
    (row_number() over (partition by game_key order by known_at, away_runs, home_runs, innings, load_id))::int as version,
    away_runs,
    home_runs,
    innings,
    result_source,
    known_at,
    capture,
    provenance,
    load_id
from ordered
where previous_score is null or previous_score is distinct from (away_runs, home_runs)
