-- Stays on the injured list, as versions: placed, moved to a longer list, activated, each with the moment from which a
-- decision may know it. An as-of read takes the last version of each stay; activated_on NULL is still on the list.
{{ config(indexes=[
    {'columns': ['player_id', 'stay', 'version'], 'unique': true}, {'columns': ['known_at']}, {'columns': ['team_id']},
]) }}

with moves as (

    -- A move is told again by every later answer about its day: it is known from the first one on.
    select distinct on (transaction_id)
        transaction_id, player_id, player_name, team_id, announced_on, retroactive_to, action, il_days, injury, known_at,
        capture, provenance, load_id
    from {{ ref('stg_mlb_stats__transactions') }}
    where disposition = 'staged' and action in ('placed', 'transferred', 'activated') and player_id is not null
    order by transaction_id, known_at, observed_at, load_id, record_number

),

compared as (

    select
        moves.*,
        lag(action) over in_time as previous_action
    from moves
    window in_time as (partition by player_id order by announced_on, transaction_id)

),

stays as (

    select
        compared.*,
        count(*) filter (
            where action <> 'activated' and (previous_action is null or previous_action = 'activated')
        ) over in_time as stay
    from compared
    -- Activated twice, or from a list that he was put on before our first answer: nothing ends.
    where action <> 'activated' or previous_action <> 'activated'
    window in_time as (partition by player_id order by announced_on, transaction_id)

),

versions as (

    select
        stays.*,
        row_number() over in_stay as version,
        first_value(announced_on) over in_stay as placed_on,
        first_value(retroactive_to) over in_stay as placed_retroactive_to,
        first_value(injury) over in_stay as placed_for,
        max(known_at) over in_stay as known_from,
        max(il_days) filter (where action <> 'activated') over in_stay as list_days
    from stays
    where stay > 0
    window in_stay as (partition by player_id, stay order by announced_on, transaction_id)

)

select
    'mlb:' || player_id as player_id,
    stay::int as stay,
    version::int as version,
    player_name,
    team_id,
    list_days as il_days,
    coalesce(injury, placed_for) as injury,
    placed_on,
    placed_retroactive_to as retroactive_to,
    case when action = 'activated' then announced_on end as activated_on,
    transaction_id,
    known_from as known_at,
    'mlb_stats' as source,
    capture,
    provenance,
    load_id
from versions
