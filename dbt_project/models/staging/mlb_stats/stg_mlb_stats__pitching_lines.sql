-- Pitchers of a game as each boxscore told them, by itself or within a live feed: their order of appearance is that of
-- `pitchers`, the first one started. "5.2" innings are 17 outs. A game still going on tells lines that still grow.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads(mlb_stats_relations(['boxscore', 'live_feed'])) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}, {'columns': ['game_pk']}],
) }}

with responses as materialized (

    {{ mlb_stats_responses(['boxscore', 'live_feed']) }}

),

boxscores as (

    select
        load_id,
        kind,
        observed_at,
        captured_at,
        capture,
        provenance,
        coalesce({{ try_int("document ->> 'gamePk'") }}, {{ asked_game_pk('request_key') }}) as game_pk,
        left(document -> 'gameData' -> 'status' ->> 'statusCode', 1) as state,
        case kind
            when 'live_feed' then {{ is_document('document', 'liveData') }}
            else {{ is_document('document', 'teams') }}
        end as is_boxscore,
        case kind when 'live_feed' then document -> 'liveData' -> 'boxscore' else document end as box
    from responses
    offset 0

),

clubs as (

    {% for side in ['away', 'home'] %}
    {% if not loop.first %}union all{% endif %}
    select
        load_id, kind, observed_at, captured_at, capture, provenance, game_pk, state,
        '{{ side }}' as side,
        {{ loop.index0 }} as side_number,
        {{ try_int("box -> 'teams' -> '" ~ side ~ "' -> 'team' ->> 'id'") }} as team_id,
        box -> 'teams' -> '{{ side }}' -> 'players' as players,
        jsonb_path_query_array(box -> 'teams' -> '{{ side }}', 'lax $.pitchers[*]') as pitchers
    from boxscores
    where is_boxscore
    {% endfor %}
    offset 0

),

entries as (

    select
        clubs.load_id, clubs.kind, clubs.observed_at, clubs.captured_at, clubs.capture, clubs.provenance, clubs.game_pk,
        clubs.state, clubs.side, clubs.side_number, clubs.team_id,
        pitcher.position,
        pitcher.value as id_text,
        clubs.players -> ('ID' || pitcher.value) -> 'person' ->> 'fullName' as pitcher_name,
        clubs.players -> ('ID' || pitcher.value) -> 'stats' -> 'pitching' as line
    from clubs
    cross join lateral jsonb_array_elements_text(clubs.pitchers) with ordinality as pitcher (value, position)

    union all

    select
        load_id, kind, observed_at, captured_at, capture, provenance, game_pk, state, null, 0, null, 0, null, null, null
    from boxscores
    where not is_boxscore and kind = 'boxscore'

),

typed as (

    select
        entries.*,
        {{ try_int('id_text') }} as pitcher_id,
        coalesce({{ innings_to_outs("line ->> 'inningsPitched'") }}, {{ try_int("line ->> 'outs'") }}) as outs,
        {{ try_int("line ->> 'hits'") }} as hits,
        {{ try_int("line ->> 'runs'") }} as runs,
        {{ try_int("line ->> 'earnedRuns'") }} as earned_runs,
        {{ try_int("line ->> 'baseOnBalls'") }} as walks,
        {{ try_int("line ->> 'strikeOuts'") }} as strikeouts,
        {{ try_int("line ->> 'homeRuns'") }} as home_runs,
        coalesce({{ try_int("line ->> 'numberOfPitches'") }}, {{ try_int("line ->> 'pitchesThrown'") }}) as pitches,
        {{ try_int("line ->> 'strikes'") }} as strikes,
        {{ try_int("line ->> 'battersFaced'") }} as batters_faced,
        case
            when line ->> 'wins' = '1' then 'W'
            when line ->> 'losses' = '1' then 'L'
            when line ->> 'saves' = '1' then 'S'
            when line ->> 'blownSaves' = '1' then 'BS'
            when line ->> 'holds' = '1' then 'H'
        end as decision,
        -- A boxscore does not say whether its game is over; who won and who lost is written at its end.
        case kind
            when 'live_feed' then coalesce(state in ('F', 'O'), false)
            else count(*) filter (where line ->> 'wins' = '1' or line ->> 'losses' = '1') over (partition by load_id) = 2
        end as is_final
    from entries
    offset 0

),

judged as (

    select
        typed.*,
        case
            when side is null then 'unreadable'
            when game_pk is null then 'invalid_game_pk'
            when pitcher_id is null then 'invalid_player'
            when line is null or jsonb_typeof(line) <> 'object' or line = '{}' then 'missing_value'
            when outs is null or outs > 90 then 'invalid_innings'
        end as rule
    from typed
    offset 0

)

select
    load_id,
    case when side is null then 1 else 2000000 + 2 * position + side_number end as record_number,
    kind as endpoint,
    game_pk,
    side,
    team_id,
    pitcher_id,
    pitcher_name,
    position::int as appearance,
    position = 1 as is_starter,
    is_final,
    outs,
    batters_faced,
    hits,
    runs,
    earned_runs,
    walks,
    strikeouts,
    home_runs,
    pitches,
    strikes,
    decision,
    captured_at as known_at,
    observed_at,
    capture,
    provenance,
    case when rule is null then 'staged' else 'quarantined' end as disposition,
    rule,
    left(case
        when rule = 'unreadable' then 'the body is no boxscore'
        when rule = 'invalid_game_pk' then 'neither the answer nor the question has a gamePk that is an id'
        when rule = 'invalid_player' then 'pitcher "' || left(coalesce(id_text, ''), 60) || '" is no id'
        when rule = 'missing_value' then 'no pitching line of player ' || left(id_text, 60)
        when rule = 'invalid_innings' then 'inningsPitched "' || left(coalesce(line ->> 'inningsPitched', ''), 60) || '" of player '
            || left(id_text, 60) || ' are no innings'
    end, 500) as reason
from judged
