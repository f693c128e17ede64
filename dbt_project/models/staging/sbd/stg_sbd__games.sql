-- The games of every answer of SportsBettingDime, typed and judged. One record is one game of an answer; what its
-- quotes and splits share (clubs, start, when it was known) is resolved here, once.
-- offset 0: a fence; without it the planner repeats each cast in every place that reads it.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads([source('raw_data', 'sbd_odds')]) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}],
) }}

with responses as (

    select
        raw.load_id,
        raw.observed_at,
        case when raw.capture = 'captured' then greatest(raw.observed_at, raw.ingested_at) else raw.observed_at end
            as known_at,
        raw.provenance,
        raw.capture,
        raw_data.json_of(coalesce(raw.body, original.body)) as document
    from {{ source('raw_data', 'sbd_odds') }} as raw
    left join {{ source('raw_data', 'sbd_odds') }} as original on original.load_id = raw.repeat_of
    where raw.load_id in {{ pending_loads() }} and not {{ is_no_news('raw', source('raw_data', 'sbd_odds'), are_prices=true) }}

),

games as materialized (

    select
        responses.load_id,
        game.position as record_number,
        responses.observed_at,
        responses.known_at,
        responses.provenance,
        responses.capture,
        jsonb_typeof(game.value) = 'object' as is_readable,
        {{ try_name("(game.value ->> 'id')") }} as event_id,
        {{ try_name("(game.value ->> 'tournamentId')") }} as tournament_id,
        game.value ->> 'league' as league,
        {{ try_name("(game.value ->> 'status')") }} as game_status,
        game.value ->> 'scheduled' as commence_text,
        game.value #> '{competitors,away}' as away,
        game.value #> '{competitors,home}' as home
    from responses
    cross join lateral jsonb_path_query(responses.document, 'lax $.data[*]') with ordinality as game (value, position)

    union all

    -- An unreadable body is one record.
    select load_id, 1, observed_at, known_at, provenance, capture, false, null, null, null, null, null, null, null
    from responses
    where document is null

),

-- A club by its abbreviation, else by market and nickname, else by its nickname alone.
typed as (

    select
        games.*,
        {{ try_timestamptz('games.commence_text') }} as commence_at,
        coalesce(away_code.team_id, away_name.team_id, away_nickname.team_id) as away_team_id,
        coalesce(home_code.team_id, home_name.team_id, home_nickname.team_id) as home_team_id,
        away_code.team_id <> away_nickname.team_id or home_code.team_id <> home_nickname.team_id as is_contradictory,
        concat_ws(' ', away ->> 'abbreviation', away ->> 'market', away ->> 'name') as away_text,
        concat_ws(' ', home ->> 'abbreviation', home ->> 'market', home ->> 'name') as home_text,
        case when away ->> 'rotation_number' ~ '^\d{1,6}$' then (away ->> 'rotation_number')::int end
            as away_rotation_number,
        case when home ->> 'rotation_number' ~ '^\d{1,6}$' then (home ->> 'rotation_number')::int end
            as home_rotation_number
    from games
    {% for side in ['away', 'home'] %}
    left join {{ ref('int_team_aliases') }} as {{ side }}_code
        on {{ side }}_code.alias = {{ club_alias("coalesce(nullif(games." ~ side ~ " ->> 'abbreviation', ''), games." ~ side ~ " ->> 'abbr')") }}
    left join {{ ref('int_team_aliases') }} as {{ side }}_name
        on {{ side }}_name.alias = {{ club_alias("(games." ~ side ~ " ->> 'market') || ' ' || (games." ~ side ~ " ->> 'name')") }}
    left join {{ ref('int_team_aliases') }} as {{ side }}_nickname
        on {{ side }}_nickname.alias = {{ club_alias("games." ~ side ~ " ->> 'name'") }}
    {% endfor %}
    offset 0

),

judged as (

    select
        typed.*,
        case
            when not is_readable then 'unreadable'
            when event_id is null then 'missing_value'
            when league <> 'mlb' then 'other_league'
            when away_team_id is null or home_team_id is null then 'unknown_team'
            when is_contradictory then 'contradictory_team'
            when away_team_id = home_team_id then 'same_team_twice'
            when commence_at is null then 'invalid_time'
        end as rule
    from typed
    offset 0

)

select
    load_id,
    record_number,
    'sbd' as source,
    event_id,
    tournament_id,
    game_status,
    away_rotation_number,
    home_rotation_number,
    known_at,
    observed_at,
    capture,
    provenance,
    away_team_id,
    home_team_id,
    {{ new_york_date('commence_at') }} as official_date,
    commence_at,
    case when rule is null then 'staged' when rule = 'other_league' then 'out_of_scope' else 'quarantined' end
        as disposition,
    rule,
    left(case rule
        when 'unreadable' then 'the body (or this game) is no JSON object'
        when 'missing_value' then 'a game needs its id (of 200 characters at most)'
        when 'other_league' then 'a game of league "' || league || '"'
        when 'unknown_team' then 'unknown club in "' || away_text || '" at "' || home_text
            || '": teach it with `mlb alias add`'
        when 'contradictory_team' then 'abbreviation and name are of two clubs in "' || away_text || '" at "' || home_text
            || '"'
        when 'same_team_twice' then 'both clubs are "' || home_text || '"'
        when 'invalid_time' then 'scheduled "' || coalesce(commence_text, '') || '" is no time'
    end, 500) as reason
from judged
