-- Every hour of every answer of Open-Meteo, typed, in one set of units, tied to the ballpark that it was asked for. One
-- record is one element of hourly.time; a place without hours is one record, and so is an unreadable body.
-- kind forecast: what was forecast when it was asked; historical_forecast: the first hours of each model run, strung
-- together, known at the hour itself (the run may be as late as that); archive: what was, known five days later.
-- offset 0: a fence; without it the planner repeats each cast in every place that reads it.
{% set kinds = ['forecast', 'historical_forecast', 'archive'] %}
{% set variables = weather_variables() %}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads([
        source('raw_data', 'open_meteo_forecast'), source('raw_data', 'open_meteo_historical_forecast'),
        source('raw_data', 'open_meteo_archive')]) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}, {'columns': ['venue_id', 'valid_at']}],
) }}

with responses as (

    {% for kind in kinds %}
    {% if not loop.first %}union all{% endif %}
    select
        raw.load_id,
        '{{ kind }}' as kind,
        raw.request_key,
        raw.observed_at,
        raw.ingested_at,
        raw.provenance,
        raw.capture,
        raw_data.json_of(coalesce(raw.body, original.body)) as document
    from {{ source('raw_data', 'open_meteo_' ~ kind) }} as raw
    left join {{ source('raw_data', 'open_meteo_' ~ kind) }} as original on original.load_id = raw.repeat_of
    where raw.load_id in {{ pending_loads() }}
        and not {{ is_no_news('raw', source('raw_data', 'open_meteo_' ~ kind)) }}
    {% endfor %}

),

-- The coordinates asked for stand in the request, a place of the answer is the one in the same position; the answer's own
-- are those of its grid. Where those are far from the ones in its position (a place was left out) and near others that
-- were asked for, it is those. Each variable is read under the name that the place uses, once.
places as materialized (

    select
        responses.load_id,
        responses.kind,
        responses.observed_at,
        responses.ingested_at,
        responses.provenance,
        responses.capture,
        place.position as place_number,
        coalesce(asked.latitude_text, place.value ->> 'latitude') as latitude_text,
        coalesce(asked.longitude_text, place.value ->> 'longitude') as longitude_text,
        place.value ->> 'utc_offset_seconds' as offset_text,
        left(place.value ->> 'reason', 200) as refusal,
        jsonb_path_query_array(place.value, 'lax $.hourly.time[*]') as times
        {%- for variable in variables %},
        {% for part in ['values', 'unit'] -%}
        case
            {%- for name in variable.names %}
            when jsonb_path_exists(place.value, 'lax $.hourly.{{ name }}')
                then {% if part == 'values' -%}
                    jsonb_path_query_array(place.value, 'lax $.hourly.{{ name }}[*]')
                {%- else -%}
                    place.value -> 'hourly_units' ->> '{{ name }}'
                {%- endif %}
            {%- endfor %}
        end as {{ variable.column }}_{{ part }}{{ ',' if not loop.last }}
        {% endfor -%}
        {%- endfor %}
    from responses
    -- The condition that always holds makes a list within the list fall apart as the counting path does.
    cross join lateral jsonb_path_query(responses.document, 'lax $[*] ? (1 == 1)') with ordinality as place (value, position)
    left join lateral (
        select coordinates.latitude_text, coordinates.longitude_text
        from (
            select
                pair.latitude_text,
                pair.longitude_text,
                pair.position = place.position as is_in_position,
                abs({{ try_measure('pair.latitude_text') }} - {{ try_measure("(place.value ->> 'latitude')") }}) as latitude_off,
                abs({{ try_measure('pair.longitude_text') }} - {{ try_measure("(place.value ->> 'longitude')") }}) as longitude_off
            from rows from (
                unnest(string_to_array(substring(responses.request_key from '[?&]latitude=([^&]*)'), ',')),
                unnest(string_to_array(substring(responses.request_key from '[?&]longitude=([^&]*)'), ','))
            ) with ordinality as pair (latitude_text, longitude_text, position)
        ) as coordinates
        -- Half a step of the coarsest grid off, and in its position or the nearest; else, in its position.
        where is_in_position or (latitude_off < 0.2 and longitude_off < 0.25)
        order by
            coalesce(latitude_off < 0.2 and longitude_off < 0.25, true) desc,
            is_in_position desc,
            greatest(latitude_off, longitude_off)
        limit 1
    ) as asked on true

),

-- The nearest park within some fifteen kilometres.
located as materialized (

    select places.*, park.venue_id
    from (
        select
            places.*,
            {{ try_measure('places.latitude_text') }} as latitude,
            {{ try_measure('places.longitude_text') }} as longitude,
            {{ try_integer('places.offset_text') }} as utc_offset_seconds
        from places
    ) as places
    left join lateral (
        select ballparks.venue_id
        from {{ ref('ballparks') }} as ballparks
        where abs(ballparks.latitude - places.latitude) < 0.15 and abs(ballparks.longitude - places.longitude) < 0.2
        order by (ballparks.latitude - places.latitude) ^ 2 + (ballparks.longitude - places.longitude) ^ 2
        limit 1
    ) as park on true

),

-- Parallel arrays, read side by side; a shorter one is padded with NULL, and what a longer one has beyond is no hour.
hours as (

    select
        located.load_id,
        located.kind,
        located.observed_at,
        located.ingested_at,
        located.provenance,
        located.capture,
        located.place_number,
        located.venue_id,
        located.latitude,
        located.longitude,
        located.utc_offset_seconds,
        located.refusal,
        hour.position as hour_number,
        hour.time_value #>> '{}' as time_text
        {%- for variable in variables %},
        hour.{{ variable.column }} #>> '{}' as {{ variable.column }}_text,
        located.{{ variable.column }}_unit
        {%- endfor %}
    from located
    left join lateral rows from (
        jsonb_array_elements(located.times)
        {%- for variable in variables %},
        jsonb_array_elements(located.{{ variable.column }}_values)
        {%- endfor %}
    ) with ordinality as hour (
        time_value{% for variable in variables %}, {{ variable.column }}{% endfor %}, position
    ) on hour.time_value is not null

),

typed as (

    select
        hours.load_id,
        row_number() over (partition by hours.load_id order by hours.place_number, hours.hour_number) as record_number,
        hours.kind,
        hours.observed_at,
        greatest(hours.observed_at, hours.ingested_at) as seen_at,
        hours.provenance,
        hours.capture,
        true as is_readable,
        hours.hour_number is not null as has_hour,
        hours.refusal,
        hours.venue_id,
        hours.latitude,
        hours.longitude,
        hours.utc_offset_seconds,
        hours.time_text,
        {{ try_timestamptz("(hours.time_text || ':00Z')") }} as local_at
        {%- for variable in variables %},
        {{ weather_value(variable, 'hours.' ~ variable.column ~ '_text', 'hours.' ~ variable.column ~ '_unit') }} as {{ variable.column }}
        {%- endfor %},
        array_remove(array[
            {%- for variable in variables %}
            case
                when hours.{{ variable.column }}_text is null then null
                when hours.{{ variable.column }}_unit is null then '{{ variable.names[0] }} without a unit'
                when hours.{{ variable.column }}_unit not in ('{{ variable.units.keys() | join("', '") }}')
                    then '{{ variable.names[0] }} in ' || left(hours.{{ variable.column }}_unit, 20)
            end{{ ',' if not loop.last }}
            {%- endfor %}
        ], null) as strange_units,
        array_remove(array[
            {%- for variable in variables %}
            case
                when hours.{{ variable.column }}_text is not null and {{ try_weather('hours.' ~ variable.column ~ '_text') }} is null
                    then '{{ variable.names[0] }} "' || left(hours.{{ variable.column }}_text, 20) || '"'
            end{{ ',' if not loop.last }}
            {%- endfor %}
        ], null) as strange_values,
        num_nonnulls({% for variable in variables %}hours.{{ variable.column }}_text{{ ', ' if not loop.last }}{% endfor %}) as values_told
    from hours

    union all

    -- An unreadable body is one record.
    select
        load_id, 1, kind, observed_at, greatest(observed_at, ingested_at), provenance, capture, false, false,
        null, null, null, null, null, null, null{% for variable in variables %}, null{% endfor %}, array[]::text[], array[]::text[], 0
    from responses
    where document is null
    offset 0

),

judged as (

    select
        typed.*,
        local_at - make_interval(secs => utc_offset_seconds) as valid_at,
        case
            when not is_readable then 'unreadable'
            when not has_hour then 'no_hours'
            when latitude is null or longitude is null then 'missing_place'
            when local_at is null then 'invalid_time'
            when utc_offset_seconds is null or abs(utc_offset_seconds) > 54000 then 'missing_offset'
            when cardinality(strange_units) > 0 then 'unit_not_known'
            when cardinality(strange_values) > 0 then 'invalid_value'
            when values_told = 0 then 'no_values'
            when temperature_f not between -100 and 150
                or humidity_pct not between 0 and 100
                or precipitation_probability_pct not between 0 and 100
                or precipitation_in not between 0 and 20
                or wind_speed_mph not between 0 and 250
                or wind_gusts_mph not between 0 and 300
                or wind_direction_deg not between 0 and 360
                or pressure_hpa not between 500 and 1100
                or cloud_cover_pct not between 0 and 100
                or weather_code not between 0 and 99 then 'value_out_of_range'
            -- A copy: it would count twice in what a game's hours sum up to.
            when row_number() over (
                partition by load_id, venue_id, latitude, longitude, local_at, utc_offset_seconds order by record_number
            ) > 1 then 'hour_twice'
        end as rule
    from typed
    offset 0

)

select
    load_id,
    record_number,
    'open_meteo_' || kind as source,
    kind,
    venue_id,
    latitude,
    longitude,
    valid_at,
    {% for variable in variables -%}
    {% if variable.column == 'weather_code' -%}
    case when weather_code between 0 and 99 then weather_code::int end as weather_code,
    {%- else -%}
    {{ variable.column }},
    {%- endif %}
    {% endfor -%}
    observed_at,
    case
        when capture = 'captured' then seen_at
        when kind = 'archive' then valid_at + interval '5 days'
        else valid_at
    end as known_at,
    capture,
    provenance,
    case when rule is null then 'staged' when rule = 'no_values' then 'out_of_scope' else 'quarantined' end
        as disposition,
    rule,
    left(case rule
        when 'unreadable' then 'the body is no JSON'
        when 'no_hours' then coalesce(refusal, 'the place has no hours')
        when 'missing_place' then 'neither the request nor the answer says where it is'
        when 'invalid_time' then 'time "' || coalesce(time_text, '') || '" is no hour'
        when 'missing_offset' then 'times are local and utc_offset_seconds does not say where'
        when 'unit_not_known' then array_to_string(strange_units, ', ')
        when 'invalid_value' then 'no number: ' || array_to_string(strange_values, ', ')
        when 'hour_twice' then 'the answer tells this place''s hour ' || time_text || ' more than once'
        when 'no_values' then 'the model has no value for this hour (yet)'
        when 'value_out_of_range' then 'a value that no weather has: ' || concat_ws(', ', temperature_f, humidity_pct,
            precipitation_probability_pct, precipitation_in, wind_speed_mph, wind_direction_deg, wind_gusts_mph,
            pressure_hpa, cloud_cover_pct, weather_code)
    end, 500) as reason
from judged
