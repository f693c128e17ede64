-- Moves of players as MLB announces them, and what they say of the injured list ("… placed RHP Ann Other on the 15-day
-- injured list retroactive to June 9, 2025. Right elbow sprain."; a disabled list until 2018). One record is one move.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads(mlb_stats_relations(['transactions'])) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}],
) }}

with responses as materialized (

    {{ mlb_stats_responses(['transactions']) }}

),

entries as (

    select
        responses.load_id, responses.observed_at, responses.captured_at, responses.capture, responses.provenance,
        move.position,
        move.value as move
    from responses
    cross join lateral jsonb_path_query(responses.document -> 'transactions', 'lax $[*]')
        with ordinality as move (value, position)
    where {{ is_document('responses.document', 'transactions') }}

    union all

    select load_id, observed_at, captured_at, capture, provenance, 0, null
    from responses
    where not {{ is_document('document', 'transactions') }}

),

typed as (

    select
        entries.*,
        case when move ->> 'id' ~ '^\d{1,15}$' then (move ->> 'id')::bigint end as transaction_id,
        {{ try_int("move -> 'person' ->> 'id'") }} as player_id,
        {{ try_date("left(move ->> 'date', 10)") }} as announced_on,
        {{ try_date("left(move ->> 'effectiveDate', 10)") }} as effective_on,
        coalesce(to_team.team_id, from_team.team_id) as team_id,
        from_team.team_id as from_team_id,
        to_team.team_id as to_team_id,
        coalesce(move -> 'toTeam' ->> 'id', move -> 'fromTeam' ->> 'id') is not null as names_a_team,
        move ->> 'description' as description,
        lower(move ->> 'description') as words
    from entries
    left join {{ ref('teams') }} as to_team on to_team.team_id = {{ try_int("entries.move -> 'toTeam' ->> 'id'") }}
    left join {{ ref('teams') }} as from_team on from_team.team_id = {{ try_int("entries.move -> 'fromTeam' ->> 'id'") }}
    offset 0

),

read as (

    select
        typed.*,
        case
            when words ~ '\mtransferred\M.* to the \d+-day (injured|disabled) list' then 'transferred'
            when words ~ '\mplaced\M.* on the (\d+-day|full-season) (injured|disabled) list' then 'placed'
            when words ~ '\m(activated|reinstated|returned)\M.* from the (\d+-day |full-season )?(injured|disabled) list'
                then 'activated'
            when words ~ '\m(activated|reinstated)\M' and words !~ ' from the ' then 'activated'
            when words ~ '\mrehab assignment\M' then 'rehab_assignment'
        end as action,
        coalesce(
            substring(words from ' to the (\d{1,3})-day (?:injured|disabled) list'),
            substring(words from '(\d{1,3})-day (?:injured|disabled) list')
        )::int as il_days,
        -- "retroactive to June 9, 2025"
        substring(words from 'retroactive to ([a-z]+ \d{1,2}, \d{4})') as retroactive_text,
        nullif(trim(both ' .' from substring(
            description from '(?:[Ii]njured|[Dd]isabled) list(?: retroactive to [A-Za-z]+ \d{1,2}, \d{4})?\. ?(.*)$'
        )), '') as injury
    from typed
    offset 0

),

judged as (

    select
        read.*,
        case
            when move is null or jsonb_typeof(move) <> 'object' then 'unreadable'
            when transaction_id is null then 'missing_value'
            when announced_on is null then 'invalid_date'
            when action is not null and player_id is null then 'invalid_player'
            when names_a_team and team_id is null then 'other_league'
        end as rule
    from read
    offset 0

)

select
    load_id,
    case when position = 0 then 1 else 1000000 + position end as record_number,
    transaction_id,
    player_id,
    move -> 'person' ->> 'fullName' as player_name,
    team_id,
    from_team_id,
    to_team_id,
    announced_on,
    effective_on,
    case
        when pg_input_is_valid(retroactive_text, 'date') then retroactive_text::date
    end as retroactive_to,
    left(move ->> 'typeCode', 10) as type_code,
    move ->> 'typeDesc' as type_description,
    action,
    case when action in ('placed', 'transferred', 'activated') then il_days end as il_days,
    case when action in ('placed', 'transferred') then injury end as injury,
    description,
    -- A move of a past day is told with its day only: it is known once that day is over.
    coalesce(captured_at, {{ end_of_baseball_day('announced_on') }}) as known_at,
    observed_at,
    capture,
    provenance,
    case when rule is null then 'staged' when rule = 'other_league' then 'out_of_scope' else 'quarantined' end as disposition,
    rule,
    left(case
        when rule = 'unreadable' then 'the body is no list of transactions, or this entry no JSON object'
        when rule = 'missing_value' then 'a transaction needs its id'
        when rule = 'invalid_date' then 'date "' || left(coalesce(move ->> 'date', ''), 60) || '" is no date'
        when rule = 'invalid_player' then 'person "' || left(coalesce(move -> 'person' ->> 'id', ''), 60) || '" is no id'
        when rule = 'other_league' then 'no club of the thirty: "'
            || left(coalesce(move -> 'toTeam' ->> 'name', move -> 'fromTeam' ->> 'name', ''), 60) || '"'
    end, 500) as reason
from judged
