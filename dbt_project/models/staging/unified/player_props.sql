-- Players' props of every source, changes only: a row is a line, a price or a status that differs from the one before it
-- in its series. The series that a load touches are recomputed whole, so the result does not depend on the order of
-- loads. Equal moments are told apart by the order in their document (seq).
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='series_id',
    on_schema_change='fail',
    pre_hook=["{{ freeze_loads_staged_by(prop_models(), has_load_id=false) }}", "{{ find_touched('series_id', models_of_props()) }}"],
    post_hook=[
        "{{ forget_unfed_props() }}",
        "{{ gate('one_prop_per_moment', 'select series_id, known_at, seq from ' ~ this ~ ' where series_id in ' ~ touched('series_id') ~ ' group by 1, 2, 3 having count(*) > 1') }}",
        "{{ remember_staged_loads() }}",
    ],
    indexes=[
        {'columns': ['series_id', 'known_at', 'seq'], 'unique': true},
        {'columns': ['official_date', 'market', 'player_key']},
        {'columns': ['source', 'event_id']},
        {'columns': ['load_id']},
    ],
) }}

with told as (

    {% for model in prop_models() %}
    {% if not loop.first %}union all{% endif %}
    select
        series_id, source, event_id, book, player_name, player_key, player_ref, team_id, market, side, line,
        alternate_line, price_american, price_kind, odds_type, status, known_at, observed_at, capture, provenance,
        away_team_id, home_team_id, official_date, commence_at, load_id, record_number
    from {{ ref(model) }}
    where
        {% if is_incremental() %}series_id in {{ touched('series_id') }}{% else %}load_id in {{ pending_loads() }}{% endif %}
        and disposition = 'staged'
    {% endfor %}

),

compared as (

    select
        told.*,
        row_number() over in_series as position,
        lag(price_american) over in_series as previous_price,
        lag(line) over in_series as previous_line,
        lag(odds_type) over in_series as previous_odds_type,
        lag(status) over in_series as previous_status,
        lag(official_date) over in_series as previous_date
    from told
    window in_series as (
        partition by series_id
        order by known_at, record_number, line, price_american, odds_type, status, official_date, load_id
    )

)

select
    series_id,
    known_at,
    (row_number() over (partition by series_id, known_at order by position))::smallint as seq,
    source,
    event_id,
    book,
    player_name,
    player_key,
    player_ref,
    team_id,
    market,
    side,
    line,
    alternate_line,
    price_american,
    {{ american_to_decimal('price_american') }} as price_decimal,
    price_kind,
    odds_type,
    status,
    observed_at,
    capture,
    provenance,
    away_team_id,
    home_team_id,
    official_date,
    commence_at,
    load_id,
    record_number
from compared
where
    position = 1
    or price_american is distinct from previous_price
    or line is distinct from previous_line
    or odds_type is distinct from previous_odds_type
    or status is distinct from previous_status
    -- A game that is moved to another day keeps its event.
    or official_date is distinct from previous_date
