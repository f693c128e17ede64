{# Variables of Open-Meteo in the units of staging. `names`: how the source has called it, newest first; `units`: what a
   value of each printed unit is multiplied with and what is then added. A unit that is not listed is refused. #}
{% macro weather_variables() -%}
    {{ return([
        {'column': 'temperature_f', 'names': ['temperature_2m'], 'units': {'°F': (1, 0), '°C': (1.8, 32)}},
        {'column': 'humidity_pct', 'names': ['relative_humidity_2m', 'relativehumidity_2m'], 'units': {'%': (1, 0)}},
        {'column': 'precipitation_probability_pct', 'names': ['precipitation_probability'], 'units': {'%': (1, 0)}},
        {'column': 'precipitation_in', 'names': ['precipitation'], 'units': {'inch': (1, 0), 'mm': (0.0393700787, 0)}},
        {'column': 'wind_speed_mph', 'names': ['wind_speed_10m', 'windspeed_10m'],
            'units': {'mp/h': (1, 0), 'mph': (1, 0), 'km/h': (0.6213711922, 0), 'm/s': (2.2369362921, 0), 'kn': (1.1507794480, 0)}},
        {'column': 'wind_direction_deg', 'names': ['wind_direction_10m', 'winddirection_10m'], 'units': {'°': (1, 0)}},
        {'column': 'wind_gusts_mph', 'names': ['wind_gusts_10m', 'windgusts_10m'],
            'units': {'mp/h': (1, 0), 'mph': (1, 0), 'km/h': (0.6213711922, 0), 'm/s': (2.2369362921, 0), 'kn': (1.1507794480, 0)}},
        {'column': 'pressure_hpa', 'names': ['surface_pressure'], 'units': {'hPa': (1, 0)}},
        {'column': 'cloud_cover_pct', 'names': ['cloud_cover', 'cloudcover'], 'units': {'%': (1, 0)}},
        {'column': 'weather_code', 'names': ['weather_code', 'weathercode'], 'units': {'wmo code': (1, 0)}},
    ]) }}
{%- endmacro %}

{# The part of a wind that blows from home plate towards centre field, mph; negative: it blows in. The direction is where
   the wind comes from, the azimuth where centre field lies; both in degrees clockwise from north. #}
{% macro wind_out_mph(speed, direction, azimuth) -%}
    (-({{ speed }}) * cosd(({{ direction }}) - ({{ azimuth }})))
{%- endmacro %}

{# The part that blows across, towards right field (the right of who looks from home plate to centre field). #}
{% macro wind_to_right_mph(speed, direction, azimuth) -%}
    (-({{ speed }}) * sind(({{ direction }}) - ({{ azimuth }})))
{%- endmacro %}

{# A number that a weather could be; one beyond a million is none, and would overflow in another unit. #}
{% macro try_weather(text) -%}
    case
        when {{ is_plain_number(text, 'float8') }}
            then case when abs(({{ text }})::double precision) < 1e6 then ({{ text }})::double precision end
    end
{%- endmacro %}

{# The value of a variable for one hour: its text at the hour's place, in the unit of staging. #}
{% macro weather_value(variable, text, unit) -%}
    case
        {%- for printed, (factor, offset) in variable.units.items() %}
        when {{ unit }} = '{{ printed }}' then {{ try_weather(text) }}{{ ' * ' ~ factor if factor != 1 }}{{ ' + ' ~ offset if offset }}
        {%- endfor %}
    end
{%- endmacro %}

{# Weather of games that have since moved to another hour or park. #}
{% macro forget_moved_weather() -%}
    {%- if is_incremental() %}
    delete from {{ this }} as old
    where not exists (
        select from {{ ref('int_game_parks') }} as game
        where game.game_key = old.game_key and game.venue_id = old.venue_id and game.first_hour_at = old.first_hour_at
    )
    {%- else -%} select 1 {%- endif -%}
{%- endmacro %}
