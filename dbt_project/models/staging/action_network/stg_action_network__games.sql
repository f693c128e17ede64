-- Games as Action Network's scoreboards listed them: identity, status, start, rotation numbers and starters. One record is
-- one entry of games[] of a response. A postponed game keeps its id and its make-up is another: no event is two games.
-- A second reading of the documents whose prices stg_action_network__quotes accounts for.
-- offset 0: a fence; without it the planner repeats each cast in every place that reads it.
{% set tables = ['action_network_scoreboard', 'action_network_public_betting', 'action_network_scoreboard_v1'] %}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads([
        source('raw_data', 'action_network_scoreboard'),
        source('raw_data', 'action_network_public_betting'),
        source('raw_data', 'action_network_scoreboard_v1'),
    ]) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}, {'columns': ['event_id']}],
) }}

with responses as (

    {% for table in tables %}
    {% if not loop.first %}union all{% endif %}
    select
        raw.load_id,
        raw.official_date as asked_date,
        raw.observed_at,
        raw.ingested_at,
        raw.provenance,
        raw.capture,
        raw_data.json_of(coalesce(raw.body, original.body)) as document
    from {{ source('raw_data', table) }} as raw
    left join {{ source('raw_data', table) }} as original on original.load_id = raw.repeat_of
    -- An unchanged repeat tells nothing new of a game.
    where raw.load_id in {{ pending_loads() }} and not {{ is_no_news('raw', source('raw_data', table)) }}
    {% endfor %}

),

-- Without the prices, which are nine tenths of an entry.
entries as materialized (

    select
        responses.load_id,
        game.position as record_number,
        responses.asked_date,
        responses.observed_at,
        responses.ingested_at,
        responses.provenance,
        responses.capture,
        case when jsonb_typeof(game.value) = 'object' then game.value - array['markets', 'odds', 'player_stats'] end as game
    from responses
    cross join lateral jsonb_path_query(responses.document, 'lax $.games[*]') with ordinality as game (value, position)

    union all

    select load_id, 1, asked_date, observed_at, ingested_at, provenance, capture, null
    from responses
    where document is null

),

typed as (

    select
        entries.*,
        case when game ->> 'id' ~ '^\d{1,18}$' then game ->> 'id' end as event_id,
        game ->> 'status' as status_text,
        game ->> 'real_status' as real_status,
        {{ try_timestamptz("game ->> 'start_time'") }} as commence_at,
        game ->> 'away_team_id' as away_ref,
        game ->> 'home_team_id' as home_ref,
        case when game ->> 'away_rotation_number' ~ '^\d{1,6}$' then (game ->> 'away_rotation_number')::int end
            as away_rotation_number,
        case when game ->> 'home_rotation_number' ~ '^\d{1,6}$' then (game ->> 'home_rotation_number')::int end
            as home_rotation_number,
        case when game ->> 'num_bets' ~ '^\d{1,9}$' then (game ->> 'num_bets')::int end as num_bets,
        coalesce(
            nullif(game #>> '{boxscore,pitching,away,starting_id}', ''), nullif(game #>> '{boxscore,pitching,away,probable_id}', '')
        ) as away_starter_ref,
        coalesce(
            nullif(game #>> '{boxscore,pitching,home,starting_id}', ''), nullif(game #>> '{boxscore,pitching,home,probable_id}', '')
        ) as home_starter_ref,
        case when game #>> '{boxscore,total_away_points}' ~ '^\d{1,2}$'
            then (game #>> '{boxscore,total_away_points}')::int end as away_points,
        case when game #>> '{boxscore,total_home_points}' ~ '^\d{1,2}$'
            then (game #>> '{boxscore,total_home_points}')::int end as home_points
    from entries
    offset 0

),

resolved as (

    select
        typed.*,
        home.team_id as home_team_id,
        away.team_id as away_team_id
    from typed
    left join {{ ref('source_team_ids') }} as home
        on home.source = 'action_network' and home.source_team_id = typed.home_ref
    left join {{ ref('source_team_ids') }} as away
        on away.source = 'action_network' and away.source_team_id = typed.away_ref

),

judged as (

    select
        resolved.*,
        case
            when game is null then 'unreadable'
            when event_id is null then 'missing_value'
            when home_team_id is null or away_team_id is null then 'unknown_team'
            when home_team_id = away_team_id then 'same_team_twice'
            when commence_at is null then 'invalid_time'
            when status_text is null then 'missing_status'
        end as rule
    from resolved
    offset 0

)

select
    load_id,
    record_number,
    'action_network' as source,
    event_id,
    asked_date,
    {{ new_york_date('commence_at') }} as official_date,
    commence_at,
    away_team_id,
    home_team_id,
    case status_text
        when 'scheduled' then 'scheduled' when 'inprogress' then 'in_progress' when 'complete' then 'final'
        when 'postponed' then 'postponed' when 'suspended' then 'suspended' when 'cancelled' then 'cancelled'
        when 'canceled' then 'cancelled' else 'unknown'
    end as status,
    status_text,
    real_status,
    away_rotation_number,
    home_rotation_number,
    away_starter_ref,
    home_starter_ref,
    -- Before the first pitch the source writes nil to nil: that is no score.
    case when status_text in ('inprogress', 'complete', 'suspended') then away_points end as away_runs,
    case when status_text in ('inprogress', 'complete', 'suspended') then home_points end as home_runs,
    num_bets,
    observed_at,
    case
        when capture = 'captured' then greatest(observed_at, ingested_at)
        else {{ assumed_result_moment(new_york_date('commence_at')) }}
    end as known_at,
    capture,
    provenance,
    case when rule is null then 'staged' else 'quarantined' end as disposition,
    rule,
    left(case rule
        when 'unreadable' then 'the body (or this entry) is no JSON object'
        when 'missing_value' then 'a game needs its id, digits'
        when 'unknown_team' then 'team ids "' || coalesce(away_ref, '') || '" at "' || coalesce(home_ref, '')
            || '" are not both of the thirty clubs'
        when 'same_team_twice' then 'both clubs are "' || home_ref || '"'
        when 'invalid_time' then 'start_time "' || coalesce(game ->> 'start_time', '') || '" is no time'
        when 'missing_status' then 'the game has no status'
    end, 500) as reason
from judged
