-- Line-ups as told by the day's schedule, by a boxscore or within a live feed: one row per player with a place in the
-- order. `battingOrder` "401" is the first substitute in the fourth place; the club's own list of nine names whoever
-- stands there now, so a boxscore's starters are those whose place ends in 00.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads(mlb_stats_relations(['lineups', 'boxscore', 'live_feed'])) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}, {'columns': ['game_pk']}],
) }}

with responses as materialized (

    {{ mlb_stats_responses(['lineups', 'boxscore', 'live_feed']) }}

),

boxscores as (

    select
        load_id,
        kind,
        observed_at,
        captured_at,
        capture,
        provenance,
        coalesce({{ try_int("document ->> 'gamePk'") }}, {{ asked_game_pk('request_key') }})::text as game_pk_text,
        document -> 'gameData' -> 'datetime' ->> 'officialDate' as date_text,
        document -> 'gameData' -> 'status' ->> 'statusCode' as status_code,
        case kind when 'live_feed' then document -> 'liveData' -> 'boxscore' else document end as box
    from responses
    where
        kind = 'boxscore' and {{ is_document('document', 'teams') }}
        or kind = 'live_feed' and {{ is_document('document', 'liveData') }}
    offset 0

),

clubs as (

    {% for side in ['away', 'home'] %}
    {% if not loop.first %}union all{% endif %}
    select
        load_id, kind, observed_at, captured_at, capture, provenance, game_pk_text, date_text, status_code,
        '{{ side }}' as side,
        {{ loop.index0 }} as side_number,
        box -> 'teams' -> '{{ side }}' as club
    from boxscores
    {% endfor %}
    offset 0

),

days as (

    select
        responses.load_id, responses.kind, responses.observed_at, responses.captured_at, responses.capture,
        responses.provenance,
        game.position,
        game.value as game
    from responses
    cross join lateral jsonb_path_query(responses.document, 'lax $.dates[*].games[*]') with ordinality as game (value, position)
    where responses.kind = 'lineups' and {{ is_document('responses.document', 'dates') }}

),

entries as (

    select
        clubs.load_id, clubs.kind, clubs.observed_at, clubs.captured_at, clubs.capture, clubs.provenance,
        clubs.game_pk_text, clubs.date_text, clubs.status_code, clubs.side,
        1000000 + 2 * player.position + clubs.side_number as record_number,
        player.value ->> 'battingOrder' as order_text,
        player.value -> 'person' ->> 'id' as id_text,
        player.value -> 'person' ->> 'fullName' as player_name,
        coalesce(
            player.value -> 'allPositions' -> 0 ->> 'abbreviation', player.value -> 'position' ->> 'abbreviation'
        ) as position_played
    from clubs
    cross join lateral jsonb_path_query(clubs.club, 'lax $.players.* ? (exists (@.battingOrder))')
        with ordinality as player (value, position)

    union all

    -- Where no player says his place, the list is all there is.
    select
        clubs.load_id, clubs.kind, clubs.observed_at, clubs.captured_at, clubs.capture, clubs.provenance,
        clubs.game_pk_text, clubs.date_text, clubs.status_code, clubs.side,
        1000000 + 2 * player.position + clubs.side_number,
        (100 * player.position)::text,
        player.value #>> '{}',
        clubs.club -> 'players' -> ('ID' || (player.value #>> '{}')) -> 'person' ->> 'fullName',
        clubs.club -> 'players' -> ('ID' || (player.value #>> '{}')) -> 'position' ->> 'abbreviation'
    from clubs
    cross join lateral jsonb_path_query(clubs.club, 'lax $.battingOrder[*]') with ordinality as player (value, position)
    where not jsonb_path_exists(clubs.club, 'lax $.players.* ? (exists (@.battingOrder))')

    {% for side in ['away', 'home'] %}
    union all

    select
        days.load_id, days.kind, days.observed_at, days.captured_at, days.capture, days.provenance,
        days.game ->> 'gamePk', days.game ->> 'officialDate', days.game -> 'status' ->> 'statusCode', '{{ side }}',
        100000000 + 100000 * days.position + 2 * player.position + {{ loop.index0 }},
        (100 * player.position)::text,
        player.value ->> 'id',
        player.value ->> 'fullName',
        player.value -> 'primaryPosition' ->> 'abbreviation'
    from days
    cross join lateral jsonb_path_query(days.game, 'lax $.lineups.{{ side }}Players[*]')
        with ordinality as player (value, position)
    {% endfor %}

    union all

    select load_id, kind, observed_at, captured_at, capture, provenance, null, null, null, null, 1, null, null, null, null
    from responses
    where kind = 'lineups' and not {{ is_document('document', 'dates') }}

),

typed as (

    select
        entries.*,
        {{ try_int('game_pk_text') }} as game_pk,
        {{ try_date('date_text') }} as official_date,
        {{ try_int('id_text') }} as player_id,
        case when order_text ~ '^[1-9]\d\d$' then left(order_text, 1)::int end as batting_order,
        case when order_text ~ '^[1-9]\d\d$' then right(order_text, 2)::int end as substitution
    from entries
    offset 0

),

judged as (

    select
        typed.*,
        case
            when side is null then 'unreadable'
            when game_pk is null then 'invalid_game_pk'
            when player_id is null then 'invalid_player'
            when batting_order is null then 'invalid_place'
        end as rule
    from typed
    offset 0

)

select
    load_id,
    record_number,
    kind as endpoint,
    game_pk,
    official_date,
    left(status_code, 2) as status_code,
    side,
    batting_order,
    substitution,
    player_id,
    player_name,
    left(position_played, 10) as position,
    captured_at as known_at,
    observed_at,
    capture,
    provenance,
    case when rule is null then 'staged' else 'quarantined' end as disposition,
    rule,
    left(case
        when rule = 'unreadable' then 'the body is no schedule with line-ups'
        when rule = 'invalid_game_pk' then 'gamePk "' || left(coalesce(game_pk_text, ''), 60) || '" is no id'
        when rule = 'invalid_player' then 'player "' || left(coalesce(id_text, ''), 60) || '" is no id'
        when rule = 'invalid_place' then 'battingOrder "' || left(coalesce(order_text, ''), 60) || '" is no place in the order'
    end, 500) as reason
from judged
