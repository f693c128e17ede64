-- Tickets and money, each a fact of its own with its own clock: one row per series and change. A source's own public
-- figure has book ''; a book's own has its name. Blank and 0/0 are no facts and are not here. The series that a load
-- touches are recomputed whole, so the result does not depend on the order of loads.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['source', 'event_id'],
    on_schema_change='fail',
    pre_hook="{{ freeze_loads_staged_by(split_models(), has_load_id=false) }}",
    post_hook=[
        "{{ forget_unfed_splits() }}",
        "{{ remember_staged_loads() }}",
    ],
    indexes=[{'columns': ['load_id']}, {'columns': ['source', 'event_id', 'book', 'market', 'period', 'side', 'measure', 'known_at', 'seq'], 'unique': true}],
) }}

with touched as (

    {% for model in split_models() %}
    {% if not loop.first %}union{% endif %}
    select distinct source, event_id
    from {{ ref(model) }}
    where load_id in {{ pending_loads() }} and event_id is not null
    {% endfor %}
    {% if is_incremental() %}
    union
    select distinct source, event_id from {{ this }} where load_id in {{ pending_loads() }}
    {% endif %}

),

told as (

    {% for model in split_models() %}
    {% if not loop.first %}union all{% endif %}
    select
        splits.source, splits.event_id, splits.book, splits.market, splits.period, splits.side, splits.line,
        fact.measure, fact.pct, splits.stated_at, splits.known_at, splits.observed_at, splits.capture,
        splits.provenance, splits.load_id, splits.record_number
    from {{ ref(model) }} as splits
    inner join touched on touched.source = splits.source and touched.event_id = splits.event_id
    cross join lateral (values ('tickets', splits.tickets_pct), ('money', splits.money_pct)) as fact (measure, pct)
    where splits.disposition = 'staged' and fact.pct is not null
    {% endfor %}

),

compared as (

    select
        told.*,
        row_number() over in_series as position,
        lag(pct) over in_series as previous_pct,
        lag(stated_at) over in_series as previous_stated_at
    from told
    window in_series as (
        partition by source, event_id, book, market, period, side, measure
        order by known_at, record_number, pct, line, load_id
    )

)

select
    source,
    event_id,
    book,
    market,
    period,
    side,
    measure,
    known_at,
    (row_number() over (
        partition by source, event_id, book, market, period, side, measure, known_at order by position
    ))::smallint as seq,
    pct,
    line,
    stated_at,
    observed_at,
    capture,
    provenance,
    load_id,
    record_number
from compared
-- The same share said again at a later hour of the source's own clock is news: it still stood then.
where position = 1 or pct is distinct from previous_pct or stated_at is distinct from previous_stated_at
