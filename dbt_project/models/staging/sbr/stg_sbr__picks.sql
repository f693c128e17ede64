-- Consensus picks of SportsbookReview's visitors: the share of picks on each side. Picks are no bets: they count neither
-- tickets nor money, so they stand apart from betting splits. One record is one side of one market of one game. A pair of
-- zeros means that nobody picked, and is missing. The page tells no moment, so a row is known when it was seen.
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

sides as (

    select
        games.*,
        games.view -> 'consensus' as consensus,
        side.position as side_position,
        side.market,
        side.name as side,
        games.view #>> array['consensus', side.field] as share_text,
        games.view #>> array['consensus', side.other_field] as other_text
    from games
    cross join (values
        (1, 'moneyline', 'home', 'homeMoneyLinePickPercent', 'awayMoneyLinePickPercent'),
        (2, 'moneyline', 'away', 'awayMoneyLinePickPercent', 'homeMoneyLinePickPercent'),
        (3, 'spread', 'home', 'homeSpreadPickPercent', 'awaySpreadPickPercent'),
        (4, 'spread', 'away', 'awaySpreadPickPercent', 'homeSpreadPickPercent'),
        (5, 'total', 'over', 'overPickPercent', 'underPickPercent'),
        (6, 'total', 'under', 'underPickPercent', 'overPickPercent')
    ) as side (position, market, name, field, other_field)
    where games.is_readable or side.position = 1

),

typed as (

    select
        sides.*,
        -- Fifteen digits after the point: more than the guarded cast of prices allows.
        case when share_text ~ '^\d{1,3}(\.\d{1,20})?$' then share_text::numeric end as share,
        case when other_text ~ '^\d{1,3}(\.\d{1,20})?$' then other_text::numeric end as other_share
    from sides
    offset 0

),

judged as (

    select
        typed.*,
        case
            when is_readable is not true then 'unreadable'
            {{ sbr_game_rule() }}
            when share_text is not null and share is null then 'invalid_share'
            when share > 100 or (share is not null and other_share is not null and share + other_share <> 0
                and share + other_share not between 99 and 101) then 'shares_not_100'
        end as rule,
        case
            when share_text is null then 'not_stated'
            when share = 0 and coalesce(other_share, 0) = 0 then 'no_picks'
        end as missing_reason
    from typed
    offset 0

)

select
    load_id,
    row_number() over (partition by load_id order by game_position, side_position) as record_number,
    'sbr' as source,
    event_id,
    market,
    'game' as period,
    side,
    case when rule is null and missing_reason is null then share::numeric(5, 2) end as picks_pct,
    case when rule is null then missing_reason end as missing_reason,
    known_at,
    observed_at,
    capture,
    provenance,
    away_team_id,
    home_team_id,
    {{ new_york_date('commence_at') }} as official_date,
    commence_at,
    {{ sbr_disposition() }} as disposition,
    rule,
    left(case rule
        when 'unreadable' then 'the page holds no games (or this game is no JSON object)'
        when 'missing_value' then 'a game needs its gameId, not "' || coalesce(event_text, '') || '"'
        when 'invalid_share' then 'share "' || share_text || '" is no percentage'
        when 'shares_not_100' then 'shares ' || share_text || ' and ' || coalesce(other_text, 'none') || ' do not make 100'
        {{ sbr_game_reason() }}
    end, 500) as reason
from judged
