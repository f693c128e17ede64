{# What time it is, for SQL: the one clock of the settings, written into operational.clock before every run. #}
{% macro clock() -%} (select clock.now_at from operational.clock) {%- endmacro %}

{# The baseball day (New York) of a moment. #}
{% macro new_york_date(moment) -%} (({{ moment }}) at time zone 'America/New_York')::date {%- endmacro %}

{# Noon New York of the day before: when an archive's "open" is taken to have stood. #}
{% macro open_moment(official_date) -%}
    ((({{ official_date }}) - 1 + time '12:00') at time zone 'America/New_York')
{%- endmacro %}

{# The last second of the baseball day: stands for first pitch where no source tells it (later than any decision of the day). #}
{% macro end_of_baseball_day(official_date) -%}
    ((({{ official_date }}) + time '23:59:59') at time zone 'America/New_York')
{%- endmacro %}

{# When a backfilled result is taken to have become known, where its final time is not: noon UTC of the day after. #}
{% macro assumed_result_moment(official_date) -%}
    ((({{ official_date }}) + 1 + time '12:00') at time zone 'UTC')
{%- endmacro %}

{% macro require_clock() -%}
    do $clock$
    begin
        if not exists (select from operational.clock) then
            raise exception 'operational.clock is empty: set it from the settings before a run (`mlb db migrate` does)';
        end if;
    end $clock$
{%- endmacro %}
