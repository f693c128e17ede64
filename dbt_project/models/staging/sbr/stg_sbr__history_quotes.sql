-- Line moves of a game as SportsbookReview's history page lists them, typed and judged. One record is one side of one
-- move. A move is known from its own time (backfilled, whenever the page was asked). Moves of one second keep the order of
-- the page in record_number; a book may be listed twice (view_number) after a postponement; moves after the start stand here
-- and are cut where the close is taken.
-- offset 0: a fence; without it the planner repeats each cast in every place that reads it.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads([source('raw_data', 'sbr_line_history')]) }}",
    post_hook=["{{ quarantine_contradictions(in_order=true) }}", "{{ remember_staged_loads() }}"],
    indexes=[{'columns': ['load_id']}, {'columns': ['series_id', 'known_at']}],
) }}

with responses as (

    select
        raw.load_id,
        raw.provenance,
        raw_data.next_data_of(coalesce(raw.body, original.body)) as document
    from {{ source('raw_data', 'sbr_line_history') }} as raw
    left join {{ source('raw_data', 'sbr_line_history') }} as original on original.load_id = raw.repeat_of
    -- Moves tell their own time, so an unchanged repeat tells nothing new.
    where raw.load_id in {{ pending_loads() }} and not {{ is_no_news('raw', source('raw_data', 'sbr_line_history')) }}

),

pages as materialized (

    select responses.*, {{ is_sbr_history_page('document') }} as is_page
    from responses

),

games as materialized (

    select
        pages.load_id,
        pages.provenance,
        {{ sbr_game_columns("(pages.document #> '{props,pageProps,lineHistoryModel,lineHistory,gameView}')") }},
        pages.document #> '{props,pageProps,lineHistoryModel,lineHistory}' as history
    from pages
    where pages.is_page

),

sides as (

    select
        games.load_id,
        games.provenance,
        games.event_id,
        games.event_text,
        games.league_text,
        games.away_text,
        games.home_text,
        games.away_team_id,
        games.home_team_id,
        games.start_text,
        games.commence_at,
        row_number() over (
            partition by games.load_id
            order by view.position, move.market, move.position, side.position
        ) as record_number,
        view.position as view_number,
        {{ try_name("(view.value ->> 'sportsbook')") }} as book_text,
        view.value ->> 'gameId' as view_event_text,
        move.market,
        jsonb_typeof(move.value) = 'object' as is_readable,
        move.value ->> 'oddsDate' as moved_text,
        side.name as side,
        move.value ->> side.price_field as price_text,
        move.value ->> side.line_field as line_text
    from games
    cross join lateral jsonb_path_query(games.history, 'lax $.oddsViews[*]') with ordinality as view (value, position)
    cross join lateral (
        {% for field, market in [('moneyLineHistory', 'moneyline'), ('spreadHistory', 'spread'), ('totalHistory', 'total')] %}
        {% if not loop.first %}union all{% endif %}
        select '{{ market }}' as market, moves.value, moves.position
        from jsonb_path_query(view.value, 'lax $.{{ field }}[*] ? (@ != null)') with ordinality as moves (value, position)
        {% endfor %}
    ) as move
    inner join (values
        ('moneyline', 1, 'home', 'homeOdds', null),
        ('moneyline', 2, 'away', 'awayOdds', null),
        ('spread', 1, 'home', 'homeOdds', 'homeSpread'),
        ('spread', 2, 'away', 'awayOdds', 'awaySpread'),
        ('total', 1, 'over', 'overOdds', 'total'),
        ('total', 2, 'under', 'underOdds', 'total')
    ) as side (market, position, name, price_field, line_field) on side.market = move.market

),

typed as (

    select
        load_id,
        record_number,
        view_number,
        provenance,
        is_readable,
        event_id,
        event_text,
        view_event_text,
        league_text,
        away_text,
        home_text,
        away_team_id,
        home_team_id,
        start_text,
        commence_at,
        {{ sbr_book('book_text') }} as book,
        market,
        'game' as period,
        side,
        moved_text,
        price_text,
        line_text,
        {{ try_timestamptz('moved_text') }} as moved_at,
        {{ try_number('price_text') }} as price,
        {{ try_line('line_text') }} as line
    from sides

    union all

    -- An unreadable body, or a page without its history, is one record.
    select
        load_id, 1, null, provenance, false,
        null, null, null, null, null, null, null, null, null, null, null, null, 'game', null, null, null, null, null, null, null
    from pages
    where not is_page
    offset 0

),

judged as (

    select
        typed.*,
        case
            when not is_readable then 'unreadable'
            when book is null then 'missing_value'
            {{ sbr_game_rule() }}
            when view_event_text <> event_id then 'event_mismatch'
            when moved_at is null then 'invalid_move_time'
            -- A date that was never filled reads 0001-01-01. A postponed game may have been priced a season before.
            when moved_at not between commence_at - interval '400 days' and commence_at + interval '30 days'
                then 'move_time_out_of_range'
            {{ sbr_quote_rule() }}
        end as rule
    from typed
    offset 0

)

select
    load_id,
    record_number,
    case when rule is null then {{ series_id("'sbr'", 'event_id', 'book', 'market', 'period', 'side') }} end as series_id,
    'sbr' as source,
    event_id,
    book,
    market,
    period,
    side,
    '' as alternate_line,
    case when market <> 'moneyline' then line end as line,
    case when abs(price) >= 100 then price end as price_american,
    'open' as status,
    moved_at as known_at,
    moved_at as observed_at,
    null::text as label,
    'backfilled' as capture,
    provenance,
    away_team_id,
    home_team_id,
    {{ new_york_date('commence_at') }} as official_date,
    commence_at,
    view_number,
    {{ sbr_disposition() }} as disposition,
    rule,
    left(case rule
        when 'unreadable' then 'the page holds no line history (or this move is no JSON object)'
        when 'missing_value' then 'a move needs its sportsbook and its gameId (here "' || coalesce(event_text, '') || '")'
        when 'invalid_move_time' then 'oddsDate "' || coalesce(moved_text, '') || '" is no time'
        when 'move_time_out_of_range' then 'oddsDate ' || moved_text || ' is not near the start ' || start_text
        {{ sbr_game_reason() }}
        {{ sbr_quote_reason() }}
    end, 500) as reason
from judged
