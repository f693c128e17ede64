-- What each load said of its events: clubs, day and start. One row per load and event, read once.
-- A board without its games names two clubs and not who is at home; pages of splits tell no start, but who has begun.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ freeze_loads_staged_by(event_models()) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}, {'columns': ['source', 'event_id']}],
) }}

{% for model in event_models() %}
{% if not loop.first %}union all{% endif %}
select
    load_id,
    source,
    event_id,
    away_team_id,
    home_team_id,
    {% if model == 'stg_prizepicks__props' %}
    {{ club_pair('team_id', 'opponent_team_id') }} as clubs,
    {% else %}
    {{ club_pair('away_team_id', 'home_team_id') }} as clubs,
    {% endif %}
    official_date,
    commence_at,
    {% if model == 'stg_vsin__splits' %}
    -- Today's markup marks a game that is on or over; the older one marks nothing.
    bool_or(coalesce(has_started, case when markup = 'current' then false end)) as has_begun,
    {% else %}
    null::boolean as has_begun,
    {% endif %}
    max(known_at) as stated_at,
    min(provenance) as provenance
from {{ ref(model) }}
where load_id in {{ pending_loads() }} and rule is null and event_id is not null and official_date is not null
group by load_id, source, event_id, away_team_id, home_team_id, clubs, official_date, commence_at
{% endfor %}
