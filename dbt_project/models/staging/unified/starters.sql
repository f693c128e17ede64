-- Who was said to start, by whom, and from when a decision may know it. An archive names those who did start, known at
-- first pitch only; a schedule asked while it was news names the probable starter, known when it was seen.
{{ config(indexes=[{'columns': ['game_key', 'side', 'known_at', 'source'], 'unique': true}]) }}

with told as (

    {% for side in ['away', 'home'] %}
    {% if not loop.first %}union all{% endif %}
    select
        ties.game_key,
        '{{ side }}' as side,
        'mlb:' || listings.{{ side }}_starter_id as pitcher_id,
        listings.{{ side }}_starter_name as pitcher_name,
        case
            when listings.capture = 'captured' then greatest(listings.observed_at, listings.ingested_at)
            else coalesce(
                games.first_pitch_at, games.scheduled_start_at, {{ end_of_baseball_day('games.official_date') }}
            )
        end as known_at,
        'mlb_stats' as source,
        1 as source_rank,
        listings.observed_at as stated_at,
        listings.capture,
        listings.provenance,
        listings.load_id
    from {{ ref('stg_mlb_stats__schedule_games') }} as listings
    inner join {{ ref('game_crosswalk') }} as ties on ties.source = 'mlb' and ties.event_id = listings.game_pk::text
    inner join {{ ref('games') }} as games
        on games.game_key = ties.game_key and games.official_date = listings.official_date
    where listings.disposition = 'staged' and listings.{{ side }}_starter_id is not null
        and listings.status <> 'postponed'

    union all

    select
        ties.game_key,
        case when ties.sides_swapped then '{{ 'home' if side == 'away' else 'away' }}' else '{{ side }}' end,
        'retrosheet:' || archive.{{ side }}_starter_id,
        archive.{{ side }}_starter_name,
        coalesce(games.first_pitch_at, games.scheduled_start_at, {{ end_of_baseball_day('games.official_date') }}),
        'retrosheet',
        2,
        null,
        'backfilled',
        archive.provenance,
        archive.load_id
    from {{ ref('int_retrosheet_games') }} as archive
    inner join {{ ref('game_crosswalk') }} as ties
        on ties.source = 'retrosheet' and ties.event_id = archive.retrosheet_id
    inner join {{ ref('games') }} as games on games.game_key = ties.game_key
    where archive.{{ side }}_starter_id is not null

    union all

    select
        ties.game_key,
        case when ties.sides_swapped then '{{ 'home' if side == 'away' else 'away' }}' else '{{ side }}' end,
        'sbr:' || archive.{{ side }}_team_id || ':' || archive.{{ side }}_starter,
        archive.{{ side }}_starter,
        coalesce(games.first_pitch_at, games.scheduled_start_at, {{ end_of_baseball_day('games.official_date') }}),
        'sbr_archive',
        3,
        null,
        'backfilled',
        files.provenance,
        archive.load_id
    from {{ ref('stg_sbr_archive__games') }} as archive
    inner join {{ source('raw_data', 'archive_files') }} as files on files.load_id = archive.load_id
    inner join {{ ref('game_crosswalk') }} as ties
        on ties.source = 'sbr_archive' and ties.event_id = archive.event_id
    inner join {{ ref('games') }} as games on games.game_key = ties.game_key
    where archive.{{ side }}_starter is not null
    {% endfor %}

)

select distinct on (game_key, side, known_at, source)
    game_key,
    side,
    pitcher_id,
    pitcher_name,
    known_at,
    source,
    source_rank,
    capture,
    provenance,
    load_id
from told
order by game_key, side, known_at, source, stated_at desc nulls last, pitcher_id, load_id
