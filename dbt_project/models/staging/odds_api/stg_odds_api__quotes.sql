-- Every outcome of every odds response (all games, one game, historical), typed and judged. One record is one outcome.
-- Current odds are captured: known when they had been seen and written. A historical snapshot is known at its own time.
-- Players' outcomes are stg_odds_api__props' and out of scope here; a price to lay on an exchange is no offer.
-- offset 0: a fence; without it the planner repeats each cast in every place that reads it.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads([
        source('raw_data', 'odds_api_odds'),
        source('raw_data', 'odds_api_historical_odds'),
        source('raw_data', 'odds_api_event_odds'),
    ]) }}",
    post_hook=["{{ quarantine_contradictions() }}", "{{ remember_staged_loads() }}"],
    indexes=[{'columns': ['load_id']}, {'columns': ['series_id', 'known_at']}],
) }}

with raw_responses as (

    {% for table in ['odds_api_odds', 'odds_api_historical_odds', 'odds_api_event_odds'] %}
    {% if not loop.first %}union all{% endif %}
    select
        raw.load_id,
        '{{ table }}' as raw_table,
        raw.request_key,
        raw.observed_at,
        raw.ingested_at,
        raw.provenance,
        raw.capture,
        raw_data.json_of(coalesce(raw.body, original.body)) as document
    from {{ source('raw_data', table) }} as raw
    left join {{ source('raw_data', table) }} as original on original.load_id = raw.repeat_of
    where raw.load_id in {{ pending_loads() }} and not {{ is_no_news('raw', source('raw_data', table), are_prices=true) }}
    {% endfor %}

),

responses as (

    select
        raw_responses.*,
        request_key like '%oddsFormat=american%' as is_asked_american,
        -- A historical answer wraps its events (or its one event) with the snapshot's own time.
        case
            when
                raw_table = 'odds_api_historical_odds'
                or (raw_table = 'odds_api_event_odds' and jsonb_typeof(document) = 'object' and document ? 'data')
                then 'lax $.data[*]'::jsonpath
            else 'lax $[*]'::jsonpath
        end as events_path,
        {{ odds_api_time("(document ->> 'timestamp')") }} as snapshot_at
    from raw_responses

),

-- Once per event, so that what a hundred outcomes share is read and judged once.
events as materialized (

    select
        responses.load_id,
        responses.observed_at,
        responses.ingested_at,
        responses.provenance,
        responses.capture,
        responses.is_asked_american,
        responses.snapshot_at,
        event.position as event_position,
        {{ try_name("(event.value ->> 'id')") }} as event_id,
        event.value ->> 'home_team' as home_text,
        event.value ->> 'away_team' as away_text,
        event.value ->> 'commence_time' as commence_text,
        {{ odds_api_time("(event.value ->> 'commence_time')") }} as commence_at,
        home.team_id as home_team_id,
        away.team_id as away_team_id,
        event.value as event
    from responses
    cross join lateral jsonb_path_query(responses.document, responses.events_path) with ordinality as event (value, position)
    left join {{ ref('int_team_aliases') }} as home on home.alias = {{ club_alias("event.value ->> 'home_team'") }}
    left join {{ ref('int_team_aliases') }} as away on away.alias = {{ club_alias("event.value ->> 'away_team'") }}

),

markets as materialized (

    select
        events.load_id,
        events.observed_at,
        events.ingested_at,
        events.provenance,
        events.capture,
        events.is_asked_american,
        events.snapshot_at,
        events.event_position,
        events.event_id,
        events.home_text,
        events.away_text,
        events.commence_text,
        events.commence_at,
        events.home_team_id,
        events.away_team_id,
        book.position as book_position,
        market.position as market_position,
        {{ try_name("(book.value ->> 'key')") }} as book,
        market.value ->> 'key' as market_key,
        -- alternate_ and the period stand around the name of the market.
        regexp_replace(market.value ->> 'key', '^alternate_|_1st_[15]_innings$', '', 'g') as market_name,
        starts_with(market.value ->> 'key', 'alternate_') as is_alternate,
        case
            when market.value ->> 'key' like '%\_1st\_5\_innings' then 'first_five'
            when market.value ->> 'key' like '%\_1st\_1\_innings' then 'first_inning'
            else 'game'
        end as period,
        -- Before 2023 only the book told when it last changed.
        coalesce(market.value ->> 'last_update', book.value ->> 'last_update') as last_update_text,
        market.value as market
    from events
    cross join lateral jsonb_path_query(events.event, 'lax $.bookmakers[*]') with ordinality as book (value, position)
    cross join lateral jsonb_path_query(book.value, 'lax $.markets[*]') with ordinality as market (value, position)

),

outcomes as (

    select
        markets.load_id,
        markets.observed_at,
        markets.ingested_at,
        markets.provenance,
        markets.capture,
        markets.is_asked_american,
        markets.snapshot_at,
        markets.event_id,
        markets.home_text,
        markets.away_text,
        markets.commence_text,
        markets.commence_at,
        markets.home_team_id,
        markets.away_team_id,
        markets.book,
        markets.market_key,
        markets.market_name,
        markets.is_alternate,
        markets.period,
        markets.last_update_text,
        row_number() over (
            partition by markets.load_id
            order by markets.event_position, markets.book_position, markets.market_position, outcome.position
        ) as record_number,
        jsonb_typeof(outcome.value) = 'object' as is_readable,
        outcome.value ->> 'name' as outcome_name,
        outcome.value ->> 'description' as description,
        outcome.value ->> 'price' as price_text,
        outcome.value ->> 'point' as point_text,
        {{ try_number("(outcome.value ->> 'price')") }} as price
    from markets
    cross join lateral jsonb_path_query(markets.market, 'lax $.outcomes[*]') with ordinality as outcome (value, position)
    offset 0

),

-- American or decimal is a property of the whole answer, and the answer shows it better than the question: prices of 100
-- and more (or less than -100) against fractions below 100. Where neither prevails, it is what was asked for.
told as (

    select
        outcomes.*,
        count(*) filter (where abs(price) >= 100) over in_answer as american_prices,
        count(*) filter (where price > 1 and price < 100 and price <> trunc(price)) over in_answer as decimal_prices
    from outcomes
    window in_answer as (partition by load_id)

),

named as (

    select
        told.*,
        case
            when american_prices = decimal_prices then is_asked_american
            else american_prices > decimal_prices
        end as is_american,
        case
            when market_name = 'h2h' then 'moneyline'
            when market_name = 'spreads' then 'spread'
            when market_name = 'totals' then 'total'
            when market_name = 'team_totals' and description = home_text then 'team_total_home'
            when market_name = 'team_totals' and description = away_text then 'team_total_away'
        end as market
    from told
    offset 0

),

typed as (

    select
        load_id,
        record_number,
        provenance,
        capture,
        is_american,
        is_readable,
        event_id,
        home_text,
        away_text,
        commence_text,
        commence_at,
        home_team_id,
        away_team_id,
        book,
        market_key,
        market_name,
        market,
        period,
        is_alternate,
        case
            when market_name in ('totals', 'team_totals') and outcome_name in ('Over', 'Under') then lower(outcome_name)
            when market_name in ('h2h', 'spreads') and outcome_name = home_text then 'home'
            when market_name in ('h2h', 'spreads') and outcome_name = away_text then 'away'
            -- Part of a game may end level; a game may not.
            when market_name = 'h2h' and period <> 'game' and outcome_name = 'Draw' then 'draw'
        end as side,
        outcome_name,
        description,
        price_text,
        point_text,
        price,
        {{ try_line('point_text') }} as line,
        {{ odds_api_time('last_update_text') }} as last_update_at,
        case when capture = 'captured' then observed_at else snapshot_at end as observed_at,
        case when capture = 'captured' then greatest(observed_at, ingested_at) else snapshot_at end as known_at
    from named

    union all

    -- An unreadable body is one record.
    select
        load_id, 1, provenance, capture, is_asked_american, false,
        null, null, null, null, null, null, null, null, null, null, null, 'game', false, null, null, null, null, null, null,
        null, null, observed_at, null
    from responses
    where document is null
    offset 0

),

resolved as (

    select
        typed.*,
        case
            when is_american then price
            when price > 1 then {{ decimal_to_american('price') }}
        end as price_american,
        -- The lines of an alternate market are series of their own, each named by its line.
        case when is_alternate then trim_scale(line)::text else '' end as alternate_line
    from typed
    offset 0

),

judged as (

    select
        resolved.*,
        case
            when not is_readable then 'unreadable'
            when market_key is null or book is null or event_id is null then 'missing_value'
            when market_key like 'batter\_%' or market_key like 'pitcher\_%' then 'prop_market'
            when market_key like '%\_lay' then 'lay_price'
            when market_name not in ('h2h', 'spreads', 'totals', 'team_totals') then 'market_not_staged'
            when home_team_id is null or away_team_id is null then 'unknown_team'
            when home_team_id = away_team_id then 'same_team_twice'
            when commence_at is null then 'invalid_time'
            when known_at is null then 'missing_snapshot_time'
            when side is null or market is null then 'invalid_side'
            when price_american is null then 'invalid_price'
            when abs(price_american) < 100 - 1e-9 then 'price_inside_100'
            when abs(price_american) > 100000 then 'price_out_of_range'
            when market <> 'moneyline' and line is null then 'invalid_line'
            when market <> 'moneyline' and line * 2 <> trunc(line * 2) then 'line_not_half_runs'
            when {{ is_line_out_of_range(is_main_of_game="period = 'game' and not is_alternate") }} then 'line_out_of_range'
        end as rule
    from resolved
    offset 0

)

select
    load_id,
    record_number,
    case
        when rule is null
            then {{ series_id("'odds_api'", 'event_id', 'book', 'market', 'period', 'side', 'alternate_line') }}
    end as series_id,
    'odds_api' as source,
    event_id,
    book,
    market,
    period,
    side,
    alternate_line,
    case when market <> 'moneyline' then line end as line,
    price_american,
    'open' as status,
    known_at,
    observed_at,
    null::text as label,
    capture,
    provenance,
    away_team_id,
    home_team_id,
    {{ new_york_date('commence_at') }} as official_date,
    commence_at,
    last_update_at,
    case
        when rule is null then 'staged'
        when rule in ('prop_market', 'lay_price', 'market_not_staged') then 'out_of_scope'
        else 'quarantined'
    end as disposition,
    rule,
    left(case rule
        when 'unreadable' then 'the body (or this outcome) is no JSON object'
        when 'missing_value' then 'an outcome needs its event id, book and market (of 200 characters at most)'
        when 'prop_market' then 'market "' || market_key || '" is of a player: staged in stg_odds_api__props'
        when 'lay_price' then 'market "' || market_key || '" is what an exchange asks for laying: nobody offers it'
        when 'market_not_staged' then 'market "' || market_key || '" is not one of h2h, spreads, totals, team_totals'
        when 'unknown_team' then 'unknown club in "' || coalesce(away_text, '') || '" at "' || coalesce(home_text, '')
            || '": teach it with `mlb alias add`'
        when 'same_team_twice' then 'both clubs are "' || home_text || '"'
        when 'invalid_time' then 'commence_time "' || coalesce(commence_text, '') || '" is no time'
        when 'missing_snapshot_time' then 'the snapshot does not tell its time'
        when 'invalid_side' then 'outcome "' || coalesce(outcome_name, '') || '"' || coalesce(' of "' || description || '"', '')
            || ' is no side of ' || market_key
        when 'invalid_price' then 'price "' || coalesce(price_text, '') || '" is no price'
        when 'price_inside_100' then 'American odds ' || price_text || ' lie between -100 and 100'
        when 'price_out_of_range' then 'American odds ' || price_text || ' are beyond ±100000'
        when 'invalid_line' then 'point "' || coalesce(point_text, '') || '" is no number of runs'
        when 'line_not_half_runs' then 'point ' || point_text || ' is no multiple of half a run'
        when 'line_out_of_range' then 'point ' || point_text || ' is no line of ' || market_key
    end, 500) as reason
from judged
