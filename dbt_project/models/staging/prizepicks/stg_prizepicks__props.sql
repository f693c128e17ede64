-- The sides of PrizePicks' lines that can be taken: one row per projection and side. There are no prices: what a pick
-- pays depends on the whole slip, so price_kind is pick_em and the price NULL.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_loads_staged_by(['stg_prizepicks__projections']) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}, {'columns': ['series_id']}],
) }}

with projections as (

    select *
    from {{ ref('stg_prizepicks__projections') }}
    where load_id in {{ pending_loads() }} and disposition = 'staged'

),

offered as (

    select
        projections.*,
        sides.side,
        -- The standard line is one series that moves; goblins and demons stand at lines of their own.
        case when odds_type in ('goblin', 'demon') then trim_scale(line)::text else '' end as alternate_line
    from projections
    cross join (values ('over'), ('under')) as sides (side)
    where (sides.side = 'over' and projections.offers_over) or (sides.side = 'under' and projections.offers_under)

)

select
    load_id,
    record_number,
    {{ prop_series_id("'prizepicks'", 'event_id', "'prizepicks'", 'market', 'player_ref', 'side', 'alternate_line') }}
        as series_id,
    'prizepicks' as source,
    event_id,
    'prizepicks' as book,
    player_name,
    player_ref,
    team_id,
    market,
    side,
    line,
    alternate_line,
    null::double precision as price_american,
    'pick_em' as price_kind,
    odds_type,
    case when board_status = 'suspended' then 'suspended' else 'open' end as status,
    known_at,
    observed_at,
    capture,
    provenance,
    away_team_id,
    home_team_id,
    official_date,
    commence_at,
    player_key,
    opponent_team_id,
    promo_line,
    sides_stated,
    projection_id,
    'staged' as disposition,
    null::text as rule,
    null::text as reason
from offered
