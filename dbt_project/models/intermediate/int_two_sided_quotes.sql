-- How many times both sides of a main market were told at one moment, per load, event, book and day, and how many of those
-- moments were at or after the start that the source itself stated. Counted once, when a load is staged; prices of sources
-- that state no start, and labels, are not here.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ freeze_loads_staged_by(models_that_state_a_start()) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}, {'columns': ['source', 'event_id']}],
) }}

with moments as (

    {% for model in models_that_state_a_start() %}
    {% if not loop.first %}union all{% endif %}
    select
        load_id,
        source,
        event_id,
        book,
        market,
        known_at,
        min(commence_at) as commence_at,
        min(official_date) as official_date
    from {{ ref(model) }}
    where
        load_id in {{ pending_loads() }}
        and {{ is_valid_quote(model) }}
        and label is null
        and market in ('moneyline', 'spread', 'total')
        and commence_at is not null
        {%- if model != 'stg_tick_archive__quotes' %} and period = 'game' and alternate_line = ''{% endif %}
    group by load_id, source, event_id, book, market, known_at
    having bool_or(side in ('home', 'over')) and bool_or(side in ('away', 'under'))
    {% endfor %}

)

select
    load_id,
    source,
    event_id,
    book,
    market,
    {{ new_york_date('known_at') }} as told_on,
    extract(year from min(official_date))::int as season,
    count(*) as quotes,
    count(*) filter (where known_at >= commence_at) as at_or_after_start
from moments
group by load_id, source, event_id, book, market, told_on
