-- The weather of a game, one row per statement about it: what a source said at a moment about the hour of the scheduled
-- first pitch and the three hours after it, at the game's park. A forecast stated again is another row with its own
-- known_at; decisions take the newest that they may know.
-- Of a backfilled forecast only the first hour counts: its later hours were not known before the game was under way.
-- The games that a load tells of, and those that have moved since, are worked out anew.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='game_key',
    on_schema_change='fail',
    meta={'runs_without_loads': true},
    pre_hook="{{ freeze_loads_staged_by(['stg_open_meteo__hours'], has_load_id=false) }}",
    post_hook=["{{ forget_moved_weather() }}", "{{ remember_staged_loads() }}"],
    indexes=[{'columns': ['game_key', 'source', 'known_at'], 'unique': true}],
) }}

with parks as (

    select * from {{ ref('int_game_parks') }}

),

touched as (

    select parks.game_key
    from {{ ref('stg_open_meteo__hours') }} as hours
    inner join parks
        on parks.venue_id = hours.venue_id
        and hours.valid_at between parks.first_hour_at and parks.first_hour_at + interval '3 hours'
    where hours.load_id in {{ pending_loads() }}

    {% if is_incremental() %}
    union

    select parks.game_key
    from parks
    left join (select distinct game_key, venue_id, first_hour_at from {{ this }}) as known using (game_key)
    where (known.venue_id, known.first_hour_at) is distinct from (parks.venue_id, parks.first_hour_at)

    union

    select game_key from {{ this }} where load_id in {{ pending_loads() }}
    {% endif %}

),

told as (

    select
        parks.game_key,
        parks.venue_id,
        parks.found_by,
        parks.roof,
        parks.first_hour_at,
        hours.source,
        hours.kind,
        hours.load_id,
        hours.capture,
        hours.provenance,
        hours.known_at,
        hours.observed_at,
        hours.valid_at,
        hours.temperature_f,
        hours.humidity_pct,
        hours.precipitation_probability_pct,
        hours.precipitation_in,
        hours.wind_speed_mph,
        hours.wind_direction_deg,
        hours.wind_gusts_mph,
        hours.pressure_hpa,
        hours.cloud_cover_pct,
        hours.weather_code,
        -- No wind reaches the field under a dome.
        case when parks.roof <> 'dome' then
            {{ wind_out_mph('hours.wind_speed_mph', 'hours.wind_direction_deg', 'parks.azimuth_deg') }}
        end as wind_out_mph,
        case when parks.roof <> 'dome' then
            {{ wind_to_right_mph('hours.wind_speed_mph', 'hours.wind_direction_deg', 'parks.azimuth_deg') }}
        end as wind_to_right_mph
    from parks
    inner join {{ ref('stg_open_meteo__hours') }} as hours
        on hours.venue_id = parks.venue_id
        and hours.valid_at between parks.first_hour_at and parks.first_hour_at + interval '3 hours'
    where
        hours.disposition = 'staged'
        and parks.game_key in (select touched.game_key from touched)
        and (hours.capture = 'captured' or hours.kind = 'archive' or hours.valid_at = parks.first_hour_at)

),

statements as (

    select
        game_key,
        venue_id,
        found_by,
        roof,
        first_hour_at,
        source,
        load_id,
        capture,
        provenance,
        max(known_at) as known_at,
        max(observed_at) as observed_at,
        count(*) as hours_told,
        {% for column in [
            'temperature_f', 'humidity_pct', 'precipitation_probability_pct', 'precipitation_in', 'wind_speed_mph',
            'wind_direction_deg', 'wind_gusts_mph', 'pressure_hpa', 'cloud_cover_pct', 'weather_code', 'wind_out_mph',
            'wind_to_right_mph',
        ] -%}
        max({{ column }}) filter (where valid_at = first_hour_at) as {{ column }},
        {% endfor -%}
        avg(temperature_f) as game_temperature_f,
        avg(wind_out_mph) as game_wind_out_mph,
        max(precipitation_probability_pct) as game_precipitation_probability_pct,
        sum(precipitation_in) as game_precipitation_in
    from told
    group by game_key, venue_id, found_by, roof, first_hour_at, source, load_id, capture, provenance
    -- Without the hour of first pitch it is no statement about this game's beginning.
    having bool_or(valid_at = first_hour_at)

)

-- Other statements about a game's weather (the live feed's, at first pitch) join here, each with a source of its own.
select distinct on (game_key, source, known_at)
    game_key,
    source,
    known_at,
    observed_at,
    venue_id,
    found_by as venue_found_by,
    roof,
    roof <> 'open' as is_roofed,
    first_hour_at,
    hours_told::int as hours_told,
    temperature_f,
    humidity_pct,
    precipitation_probability_pct,
    precipitation_in,
    wind_speed_mph,
    wind_direction_deg,
    wind_out_mph,
    wind_to_right_mph,
    wind_gusts_mph,
    pressure_hpa,
    cloud_cover_pct,
    weather_code,
    game_temperature_f,
    game_wind_out_mph,
    game_precipitation_probability_pct,
    game_precipitation_in,
    capture,
    provenance,
    load_id
from statements
order by game_key, source, known_at, observed_at desc, load_id desc
