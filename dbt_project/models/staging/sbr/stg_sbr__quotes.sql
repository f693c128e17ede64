-- Prices on SportsbookReview's daily pages, one market a page, typed and judged. One record is one side of an opening or
-- a current line. The page tells no moment: every row is known when it was seen, the opening one labelled so. (On the page
-- of a past day the current line may be one in play: it is known when seen, which is after the game.)
-- offset 0: a fence; without it the planner repeats each cast in every place that reads it.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads([source('raw_data', 'sbr_odds')]) }}",
    post_hook=["{{ quarantine_contradictions() }}", "{{ remember_staged_loads() }}"],
    indexes=[{'columns': ['load_id']}, {'columns': ['series_id']}],
) }}

with responses as (

    select
        raw.load_id,
        raw.observed_at,
        greatest(raw.observed_at, raw.ingested_at) as known_at,
        raw.provenance,
        raw.capture,
        -- Only the fields of the page's own market are filled, so it is the address that says which one it is.
        case
            when raw.request_key ~ '^GET /betting-odds/mlb-baseball/(money-line/[^?]*)?(\?|$)' then 'moneyline'
            when raw.request_key ~ '^GET /betting-odds/mlb-baseball/pointspread/' then 'spread'
            when raw.request_key ~ '^GET /betting-odds/mlb-baseball/totals/' then 'total'
        end as market,
        case when raw.request_key ~ '/1st-half/' then 'first_five' else 'game' end as period,
        raw_data.next_data_of(coalesce(raw.body, original.body)) as document
    from {{ source('raw_data', 'sbr_odds') }} as raw
    left join {{ source('raw_data', 'sbr_odds') }} as original on original.load_id = raw.repeat_of
    where raw.load_id in {{ pending_loads() }}
        and not {{ is_no_news('raw', source('raw_data', 'sbr_odds'), are_prices=true) }}

),

pages as materialized (

    select responses.*, {{ is_sbr_daily_page('document') }} as is_page
    from responses

),

-- Once per game, so that what its books share is read and judged once.
games as materialized (

    select
        pages.load_id,
        pages.observed_at,
        pages.known_at,
        pages.provenance,
        pages.capture,
        pages.market,
        pages.period,
        game.position as game_position,
        {{ sbr_game_columns("(game.value -> 'gameView')") }},
        game.value as game
    from pages
    cross join lateral jsonb_path_query(
        pages.document, 'lax $.props.pageProps.oddsTables[*].oddsTableModel.gameRows[*]'
    ) with ordinality as game (value, position)
    where pages.is_page

),

sides as (

    select
        games.load_id,
        games.observed_at,
        games.known_at,
        games.provenance,
        games.capture,
        games.market,
        games.period,
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
            order by games.game_position, view.position, line.kind desc, line.position, side.position
        ) as record_number,
        {{ try_name("(view.value ->> 'sportsbook')") }} as book_text,
        view.value ->> 'gameId' as view_event_text,
        line.kind as line_kind,
        jsonb_typeof(line.value) = 'object' as is_readable,
        side.name as side,
        line.value ->> side.price_field as price_text,
        line.value ->> side.line_field as line_text
    from games
    cross join lateral jsonb_path_query(games.game, 'lax $.oddsViews[*]') with ordinality as view (value, position)
    cross join lateral (
        select 'opening' as kind, opening.value, opening.position
        from jsonb_path_query(view.value, 'lax $.openingLine[*] ? (@ != null)') with ordinality as opening (value, position)
        union all
        select 'current', now_offered.value, now_offered.position
        from jsonb_path_query(view.value, 'lax $.currentLine[*] ? (@ != null)')
            with ordinality as now_offered (value, position)
    ) as line
    inner join (values
        ('moneyline', 1, 'home', 'homeOdds', null),
        ('moneyline', 2, 'away', 'awayOdds', null),
        ('spread', 1, 'home', 'homeOdds', 'homeSpread'),
        ('spread', 2, 'away', 'awayOdds', 'awaySpread'),
        ('total', 1, 'over', 'overOdds', 'total'),
        ('total', 2, 'under', 'underOdds', 'total'),
        ('', 1, null, null, null),
        ('', 2, null, null, null)
    ) as side (market, position, name, price_field, line_field) on side.market = coalesce(games.market, '')

),

typed as (

    select
        load_id,
        record_number,
        provenance,
        capture,
        observed_at,
        known_at,
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
        period,
        side,
        line_kind,
        price_text,
        line_text,
        {{ try_number('price_text') }} as price,
        {{ try_line('line_text') }} as line
    from sides

    union all

    -- An unreadable body, or a page without its table, is one record.
    select
        load_id, 1, provenance, capture, observed_at, known_at, false,
        null, null, null, null, null, null, null, null, null, null, null, market, period, null, null, null, null, null, null
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
            when market is null then 'unknown_page'
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
    known_at,
    observed_at,
    case when line_kind = 'opening' then 'open' end as label,
    capture,
    provenance,
    away_team_id,
    home_team_id,
    {{ new_york_date('commence_at') }} as official_date,
    commence_at,
    {{ sbr_disposition() }} as disposition,
    rule,
    left(case rule
        when 'unreadable' then 'the page holds no table of odds (or this line is no JSON object)'
        when 'missing_value' then 'a price needs its sportsbook and its gameId (here "' || coalesce(event_text, '') || '")'
        when 'unknown_page' then 'the address of the page tells none of moneyline, run line and totals'
        {{ sbr_game_reason() }}
        {{ sbr_quote_reason() }}
    end, 500) as reason
from judged
