-- Games as SportsbookReview's pages list them: one record is one game of a page. A postponed game keeps its id while its
-- start moves; the two games of a doubleheader are two ids, told apart by their starts.
-- offset 0: a fence; without it the planner repeats each cast in every place that reads it.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads([source('raw_data', 'sbr_odds'), source('raw_data', 'sbr_line_history')]) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}],
) }}

with {{ sbr_responses() }},

{{ sbr_game_views() }},

typed as (

    select
        games.*,
        {% for side in ['away', 'home'] %}
        nullif(concat_ws(' ', games.view #>> '{ {{- side }}Starter,firstName}', games.view #>> '{ {{- side }}Starter,lastName}'), '')
            as {{ side }}_starter,
        games.view ->> '{{ side }}TeamScore' as {{ side }}_score_text,
        {% endfor %}
        nullif(games.view ->> 'gameStatusText', '') as status_text,
        games.view ->> 'gameStatusText' ~* '^final' as is_final,
        nullif(games.view ->> 'venueName', '') as venue_name
    from games
    offset 0

),

judged as (

    select
        typed.*,
        case
            when is_readable is not true then 'unreadable'
            {{ sbr_game_rule() }}
            when is_final and not coalesce(away_score_text ~ '^\d{1,2}$' and home_score_text ~ '^\d{1,2}$', false)
                then 'invalid_score'
        end as rule
    from typed
    offset 0

)

select
    load_id,
    game_position as record_number,
    'sbr' as source,
    event_id,
    page,
    listed_on,
    commence_at,
    {{ new_york_date('commence_at') }} as official_date,
    away_team_id,
    home_team_id,
    away_starter,
    home_starter,
    venue_name,
    status_text,
    coalesce(is_final, false) as is_final,
    -- Before the end a page writes 0 for runs that nobody scored.
    case when is_final and away_score_text ~ '^\d{1,2}$' then away_score_text::int end as away_runs,
    case when is_final and home_score_text ~ '^\d{1,2}$' then home_score_text::int end as home_runs,
    known_at,
    observed_at,
    capture,
    provenance,
    {{ sbr_disposition() }} as disposition,
    rule,
    left(case rule
        when 'unreadable' then 'the page holds no games (or this game is no JSON object)'
        when 'missing_value' then 'a game needs its gameId, not "' || coalesce(event_text, '') || '"'
        when 'invalid_score' then 'the runs of a final game are "' || coalesce(away_score_text, '') || '" and "'
            || coalesce(home_score_text, '') || '"'
        {{ sbr_game_reason() }}
    end, 500) as reason
from judged
