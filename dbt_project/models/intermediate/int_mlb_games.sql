-- One row per gamePk, from the live schedule and from archives of MLB's own games. A postponed game is listed under its
-- old day and its new one: of each day the latest listing counts, and among those the one that is not the postponement.
-- A suspended game is listed with the start of its resumption: a start on another day than the game's own is none.
{{ config(indexes=[{'columns': ['game_pk'], 'unique': true}]) }}

with listings as (

    select
        game_pk,
        season,
        official_date,
        coalesce(listed_date, official_date) as listed_date,
        scheduled_start_at,
        coalesce(game_type, 'R') as game_type,
        game_number,
        double_header,
        status,
        away_team_id,
        home_team_id,
        venue,
        scheduled_innings,
        first_pitch_at,
        case when status = 'final' then away_runs end as away_runs,
        case when status = 'final' then home_runs end as home_runs,
        observed_at,
        provenance,
        load_id,
        record_number,
        1 as source_rank
    from {{ ref('stg_mlb_stats__schedule_games') }}
    where disposition = 'staged'

    union all

    select
        game_pk,
        season,
        official_date,
        official_date,
        scheduled_start_at,
        'R',
        null,
        null,
        case when away_runs is not null and home_runs is not null then 'final' else 'unknown' end,
        away_team_id,
        home_team_id,
        null,
        null,
        null,
        away_runs,
        home_runs,
        null,
        provenance,
        load_id,
        record_number,
        2
    from {{ ref('stg_mlb_games__games') }}
    where disposition = 'staged'

),

latest_of_day as (

    select distinct on (game_pk, source_rank, listed_date) *
    from listings
    order by
        game_pk, source_rank, listed_date, observed_at desc nulls last, official_date desc, scheduled_start_at desc,
        status, load_id, record_number

),

ranked as (

    select
        latest_of_day.*,
        row_number() over (
            partition by game_pk
            order by
                source_rank, status = 'postponed', observed_at desc nulls last, official_date desc, status, load_id,
                record_number
        ) as listing_rank,
        max(first_pitch_at) over (partition by game_pk, official_date) as known_first_pitch_at
    from latest_of_day

)

select
    game_pk,
    season,
    official_date,
    case when {{ new_york_date('scheduled_start_at') }} = official_date then scheduled_start_at end as scheduled_start_at,
    game_type,
    coalesce(
        game_number,
        row_number() over (
            partition by official_date, home_team_id, away_team_id order by scheduled_start_at, game_pk
        )::int
    ) as game_number,
    status,
    away_team_id,
    home_team_id,
    venue,
    scheduled_innings,
    coalesce(first_pitch_at, known_first_pitch_at) as first_pitch_at,
    -- The latest listing's score: it tells an archive's events apart after the fact, and settles nothing.
    away_runs,
    home_runs,
    provenance,
    load_id
from ranked
where listing_rank = 1
