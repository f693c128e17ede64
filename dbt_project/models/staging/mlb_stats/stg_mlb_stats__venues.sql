-- Ballparks: where they stand, how they look at the sky, and how far their fences are. One record is one venue; only the
-- name is there without `hydrate=location,fieldInfo,timezone`.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads(mlb_stats_relations(['venues'])) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}],
) }}

with responses as materialized (

    {{ mlb_stats_responses(['venues']) }}

),

entries as (

    select
        responses.load_id, responses.observed_at, responses.captured_at, responses.capture, responses.provenance,
        venue.position,
        venue.value as venue,
        venue.value -> 'location' as location,
        venue.value -> 'fieldInfo' as field
    from responses
    cross join lateral jsonb_path_query(responses.document -> 'venues', 'lax $[*]') with ordinality as venue (value, position)
    where {{ is_document('responses.document', 'venues') }}

    union all

    select load_id, observed_at, captured_at, capture, provenance, 0, null, null, null
    from responses
    where not {{ is_document('document', 'venues') }}

),

typed as (

    select
        entries.*,
        {{ try_int("venue ->> 'id'") }} as venue_id,
        nullif(trim(venue ->> 'name'), '') as name,
        {{ try_number("location -> 'defaultCoordinates' ->> 'latitude'") }} as latitude,
        {{ try_number("location -> 'defaultCoordinates' ->> 'longitude'") }} as longitude,
        {{ try_number("location ->> 'azimuthAngle'") }} as azimuth_deg,
        {{ try_number("location ->> 'elevation'") }} as elevation_ft
    from entries
    offset 0

),

judged as (

    select
        typed.*,
        case
            when venue is null or jsonb_typeof(venue) <> 'object' then 'unreadable'
            when venue_id is null or name is null then 'missing_value'
            when abs(latitude) > 90 or abs(longitude) > 180 or azimuth_deg not between 0 and 360 then 'invalid_location'
        end as rule
    from typed
    offset 0

)

select
    load_id,
    case when position = 0 then 1 else 1000000 + position end as record_number,
    venue_id,
    name,
    location ->> 'city' as city,
    location ->> 'stateAbbrev' as state,
    location ->> 'country' as country,
    latitude,
    longitude,
    azimuth_deg,
    elevation_ft,
    venue -> 'timeZone' ->> 'id' as time_zone,
    field ->> 'roofType' as roof_type,
    field ->> 'turfType' as turf,
    {{ try_int("field ->> 'capacity'") }} as capacity,
    {{ try_int("field ->> 'leftLine'") }} as left_line_ft,
    {{ try_int("field ->> 'leftCenter'") }} as left_center_ft,
    {{ try_int("field ->> 'center'") }} as center_ft,
    {{ try_int("field ->> 'rightCenter'") }} as right_center_ft,
    {{ try_int("field ->> 'rightLine'") }} as right_line_ft,
    {{ try_int("venue ->> 'season'") }} as season,
    venue ->> 'active' = 'true' as is_active,
    coalesce(captured_at, observed_at) as known_at,
    observed_at,
    capture,
    provenance,
    case when rule is null then 'staged' else 'quarantined' end as disposition,
    rule,
    left(case
        when rule = 'unreadable' then 'the body is no list of venues, or this entry no JSON object'
        when rule = 'missing_value' then 'a venue needs id and name'
        when rule = 'invalid_location' then 'coordinates or azimuth are none: ' || left(location::text, 200)
    end, 500) as reason
from judged
