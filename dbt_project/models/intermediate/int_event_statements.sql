-- What each load said of its events: clubs, day and start. One row per load and event, read once.
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
    official_date,
    commence_at,
    max(known_at) as stated_at,
    min(provenance) as provenance
from {{ ref(model) }}
where
    load_id in {{ pending_loads() }} and rule is null and event_id is not null
    -- A board may name a player's club and not whom it plays, or where: that says of no game which one it is.
    and away_team_id is not null and home_team_id is not null and official_date is not null
group by load_id, source, event_id, away_team_id, home_team_id, official_date, commence_at
{% endfor %}
