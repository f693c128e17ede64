-- Players' props of every answer to an event's odds, typed and judged. One record is one outcome; moneylines, run lines,
-- totals and periods in the same body are told by stg_odds_api__quotes and out of scope here.
-- A current answer is one event, a historical one wraps it with the snapshot's own time, at which it was known.
-- offset 0: a fence; without it the planner repeats each cast in every place that reads it.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads([source('raw_data', 'odds_api_event_odds')]) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}, {'columns': ['series_id']}],
) }}

with raw_responses as (

    select
        raw.load_id,
        raw.request_key,
        raw.observed_at,
        raw.ingested_at,
        raw.provenance,
        raw.capture,
        raw_data.json_of(coalesce(raw.body, original.body)) as document
    from {{ source('raw_data', 'odds_api_event_odds') }} as raw
    left join {{ source('raw_data', 'odds_api_event_odds') }} as original on original.load_id = raw.repeat_of
    where
        raw.load_id in {{ pending_loads() }}
        and not {{ is_no_news('raw', source('raw_data', 'odds_api_event_odds'), are_prices=true) }}
    offset 0

),

responses as (

    select
        raw_responses.*,
        case when jsonb_typeof(document) = 'object' and document ? 'data' then 'lax $.data[*]'::jsonpath else 'lax $[*]'::jsonpath end
            as events_path,
        {{ odds_api_time("(document ->> 'timestamp')") }} as snapshot_at
    from raw_responses

),

-- Once per event, so that what a thousand outcomes share is read and judged once.
events as materialized (

    select
        responses.load_id,
        responses.request_key,
        responses.observed_at,
        responses.ingested_at,
        responses.provenance,
        responses.capture,
        responses.snapshot_at,
        event.position as event_position,
        {{ try_name("(event.value ->> 'id')") }} as event_id,
        event.value ->> 'sport_key' as sport_key,
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
        events.event_position,
        book.position as book_position,
        market.position as market_position,
        {{ try_name("(book.value ->> 'key')") }} as book,
        nullif(market.value ->> 'key', '') as market_key,
        market.value ->> 'key' ~ '^(batter|pitcher|player)_' as is_prop,
        {{ odds_api_time("coalesce(market.value ->> 'last_update', book.value ->> 'last_update')") }} as last_update_at,
        market.value as market
    from events
    cross join lateral jsonb_path_query(events.event, 'lax $.bookmakers[*]') with ordinality as book (value, position)
    cross join lateral jsonb_path_query(book.value, 'lax $.markets[*]') with ordinality as market (value, position)

),

outcomes as materialized (

    select
        markets.load_id,
        markets.event_position,
        markets.book_position,
        markets.market_position,
        outcome.position as outcome_position,
        row_number() over (
            partition by markets.load_id
            order by markets.event_position, markets.book_position, markets.market_position, outcome.position
        ) as record_number,
        markets.book,
        markets.market_key,
        markets.is_prop,
        markets.last_update_at,
        jsonb_typeof(outcome.value) = 'object' as is_readable,
        outcome.value ->> 'name' as outcome_name,
        nullif(trim(outcome.value ->> 'description'), '') as player_name,
        outcome.value ->> 'price' as price_text,
        outcome.value ->> 'point' as point_text
    from markets
    cross join lateral jsonb_path_query(markets.market, 'lax $.outcomes[*]') with ordinality as outcome (value, position)

),

-- A name is normalised once and not for each of its prices.
players as materialized (

    select player_name, {{ player_key('player_name') }} as player_key
    from (select distinct player_name from outcomes where is_prop and player_name is not null) as names

),

typed as (

    select
        outcomes.load_id,
        outcomes.event_position,
        outcomes.book_position,
        outcomes.market_position,
        outcomes.record_number,
        outcomes.book,
        outcomes.market_key,
        outcomes.is_prop,
        outcomes.last_update_at,
        outcomes.is_readable,
        outcomes.player_name,
        outcomes.price_text,
        outcomes.point_text,
        outcomes.outcome_name,
        players.player_key,
        regexp_replace(outcomes.market_key, '_alternate$', '') as market,
        outcomes.market_key like '%\_alternate' as is_alternate,
        case when lower(outcomes.outcome_name) in ('over', 'under', 'yes', 'no') then lower(outcomes.outcome_name) end
            as side,
        {{ try_number('outcomes.price_text') }} as price,
        {{ try_line('outcomes.point_text') }} as line
    from outcomes
    left join players on players.player_name = outcomes.player_name
    offset 0

),

-- American or decimal is a property of the whole answer, and the answer shows it better than the question: prices of 100
-- and more (or less than -100) against fractions below 100. Where neither prevails, it is what was asked for.
formats as (

    select
        load_id,
        count(*) filter (where abs(price) >= 100) as american_prices,
        count(*) filter (where price > 1 and price < 100 and price <> trunc(price)) as decimal_prices
    from typed
    group by load_id

),

resolved as (

    select
        typed.*,
        events.event_id,
        events.sport_key,
        events.home_text,
        events.away_text,
        events.commence_text,
        events.commence_at,
        events.home_team_id,
        events.away_team_id,
        events.provenance,
        events.capture,
        case when events.capture = 'captured' then events.observed_at else events.snapshot_at end as observed_at,
        case
            when events.capture = 'captured' then greatest(events.observed_at, events.ingested_at)
            else events.snapshot_at
        end as known_at,
        case
            when
                formats.american_prices > formats.decimal_prices
                or (
                    formats.american_prices = formats.decimal_prices
                    and events.request_key like '%oddsFormat=american%'
                )
                then typed.price
            when typed.price > 1 then {{ decimal_to_american('typed.price') }}
        end as price_american,
        -- A book that lists a side of a player at several lines under the main key: the first is its main line.
        row_number() over (
            partition by typed.load_id, typed.event_position, typed.book_position, typed.market_position,
                typed.player_key, typed.side
            order by typed.record_number
        ) as place_on_side
    from typed
    inner join events on events.load_id = typed.load_id and events.event_position = typed.event_position
    inner join formats on formats.load_id = typed.load_id
    offset 0

),

judged as (

    select
        resolved.*,
        case
            when side is null then null
            when is_alternate or place_on_side > 1 then coalesce(trim_scale(line)::text, '')
            else ''
        end as alternate_line,
        case
            when not is_readable then 'unreadable'
            when sport_key is not null and sport_key <> 'baseball_mlb' then 'other_league'
            when market_key is null or book is null or event_id is null then 'missing_value'
            when not is_prop then 'quoted_elsewhere'
            -- Names stand in indexes, which hold no novels.
            when greatest(length(market_key), length(player_name)) > 200 then 'text_too_long'
            when home_team_id is null or away_team_id is null then 'unknown_team'
            when home_team_id = away_team_id then 'same_team_twice'
            when commence_at is null then 'invalid_time'
            when known_at is null then 'missing_snapshot_time'
            when player_key is null then 'missing_player'
            when side is null then 'invalid_side'
            when price_american is null then 'invalid_price'
            when abs(price_american) < 100 - 1e-9 then 'price_inside_100'
            when abs(price_american) > 100000 then 'price_out_of_range'
            when line is null and (side in ('over', 'under') or point_text is not null) then 'invalid_line'
            when line * 2 <> trunc(line * 2) then 'line_not_half'
            when line not between 0 and 100 then 'line_out_of_range'
        end as rule
    from resolved
    offset 0

),

accounted as (

    select
        load_id, record_number, event_id, book, player_name, player_key, market, market_key, side, line, alternate_line,
        price_american, price_text, point_text, outcome_name, known_at, observed_at, capture, provenance, away_team_id,
        home_team_id, away_text, home_text, commence_text, commence_at, last_update_at, sport_key, rule
    from judged

    union all

    -- An unreadable body is one record.
    select
        load_id, 1, null, null, null, null, null, null, null, null, null,
        null, null, null, null, null, observed_at, capture, provenance, null,
        null, null, null, null, null, null, null, 'unreadable'
    from responses
    where document is null

)

select
    load_id,
    record_number,
    case
        when rule is null
            then {{ prop_series_id("'odds_api'", 'event_id', 'book', 'market', 'player_key', 'side', 'alternate_line') }}
    end as series_id,
    'odds_api' as source,
    event_id,
    book,
    player_name,
    null::text as player_ref,
    null::int as team_id,
    market,
    side,
    line,
    alternate_line,
    price_american,
    -- Fantasy sites pay by the number of picks; the price that the feed gives for them is nominal.
    case when book in ('prizepicks', 'underdog', 'pick6', 'betr_us_dfs') then 'pick_em' else 'price' end as price_kind,
    null::text as odds_type,
    case when rule is null then 'open' end as status,
    known_at,
    observed_at,
    capture,
    provenance,
    away_team_id,
    home_team_id,
    {{ new_york_date('commence_at') }} as official_date,
    commence_at,
    player_key,
    last_update_at,
    case
        when rule is null then 'staged'
        when rule in ('quoted_elsewhere', 'other_league') then 'out_of_scope'
        else 'quarantined'
    end as disposition,
    rule,
    left(case rule
        when 'unreadable' then 'the body (or this outcome) is no JSON object'
        when 'other_league' then 'an event of ' || sport_key
        when 'missing_value' then 'an outcome needs its event id, book and market (of 200 characters at most)'
        when 'quoted_elsewhere' then 'market "' || market_key || '" is no prop: stg_odds_api__quotes has it'
        when 'text_too_long' then 'a name of more than 200 characters: ' || left(coalesce(player_name, market_key), 60)
        when 'unknown_team' then 'unknown club in "' || coalesce(away_text, '') || '" at "' || coalesce(home_text, '')
            || '": teach it with `mlb alias add`'
        when 'same_team_twice' then 'both clubs are "' || home_text || '"'
        when 'invalid_time' then 'commence_time "' || coalesce(commence_text, '') || '" is no time'
        when 'missing_snapshot_time' then 'the snapshot does not tell its time'
        when 'missing_player' then 'an outcome of ' || market_key || ' without a player (description)'
        when 'invalid_side' then 'outcome "' || coalesce(outcome_name, '') || '" is no side of ' || market_key
        when 'invalid_price' then 'price "' || coalesce(price_text, '') || '" is no price'
        when 'price_inside_100' then 'American odds ' || price_text || ' lie between -100 and 100'
        when 'price_out_of_range' then 'American odds ' || price_text || ' are beyond ±100000'
        when 'invalid_line' then 'point "' || coalesce(point_text, '') || '" is no number'
        when 'line_not_half' then 'point ' || point_text || ' is no multiple of a half'
        when 'line_out_of_range' then 'point ' || point_text || ' is no line of ' || market_key
    end, 500) as reason
from accounted
