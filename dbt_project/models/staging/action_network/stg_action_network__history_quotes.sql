-- Line moves of a game: past prices, each with the time at which it was set, and the price of now. One record is one
-- price: an outcome, or one entry of its history.
-- A past price is backfilled by nature, whenever it is asked for: it is known at its own time (updated_at), lag 0. The
-- price of now bears no time: asked while it was news it is captured, asked afterwards it is out of scope, because
-- nothing tells when it was set. Clubs are told by the sides' team ids alone, a start not at all.
-- offset 0: a fence; without it the planner repeats each cast in every place that reads it.
{% set members = '(@.type() == "object").keyvalue()' %}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads([source('raw_data', 'action_network_market_history')]) }}",
    post_hook=["{{ quarantine_contradictions() }}", "{{ remember_staged_loads() }}"],
    indexes=[{'columns': ['load_id']}, {'columns': ['series_id', 'known_at']}],
) }}

with raw_responses as materialized (

    select
        raw.load_id,
        raw.observed_at,
        raw.ingested_at,
        raw.provenance,
        raw.capture,
        raw.official_date,
        substring(raw.request_key from '/event/(\d+)/history') as event_id,
        raw_data.json_of(coalesce(raw.body, original.body)) as document
    from {{ source('raw_data', 'action_network_market_history') }} as raw
    left join {{ source('raw_data', 'action_network_market_history') }} as original on original.load_id = raw.repeat_of
    where
        raw.load_id in {{ pending_loads() }}
        and not {{ is_no_news('raw', source('raw_data', 'action_network_market_history'), are_prices=true) }}

),

responses as materialized (

    select
        raw_responses.*,
        jsonb_path_query_first(document, 'lax $.*.*.*[*] ? (@.side == "home" && @.team_id > 0).team_id') #>> '{}' as home_ref,
        jsonb_path_query_first(document, 'lax $.*.*.*[*] ? (@.side == "away" && @.team_id > 0).team_id') #>> '{}' as away_ref
    from raw_responses

),

outcomes as materialized (

    select
        responses.load_id,
        book.position as book_position,
        period.position as period_position,
        type.position as type_position,
        outcome.position as outcome_position,
        book.value ->> 'key' as book_ref,
        period.value ->> 'key' as period_ref,
        type.value ->> 'key' as type_ref,
        outcome.value ->> 'side' as side_text,
        nullif(outcome.value ->> 'team_id', '0') as team_ref,
        outcome.value ->> 'event_id' as stated_event_id,
        coalesce(outcome.value ->> 'is_live' = 'true', false) as is_live,
        coalesce(outcome.value ->> 'is_alt_market' = 'true', false) as is_alternate,
        outcome.value as outcome
    from responses
    cross join lateral jsonb_path_query(responses.document, 'lax $ ? {{ members }}') with ordinality as book (value, position)
    cross join lateral jsonb_path_query(book.value, 'lax $.value ? {{ members }}') with ordinality as period (value, position)
    cross join lateral jsonb_path_query(period.value, 'lax $.value ? {{ members }}') with ordinality as type (value, position)
    cross join lateral jsonb_path_query(type.value, 'lax $.value[*]') with ordinality as outcome (value, position)

),

prices as (

    select outcomes.*, 0::bigint as move_position, outcome as price
    from outcomes

    union all

    select outcomes.*, move.position, move.value
    from outcomes
    cross join lateral jsonb_path_query(outcomes.outcome, 'lax $.history[*]') with ordinality as move (value, position)

),

typed as (

    select
        responses.load_id,
        row_number() over (
            partition by responses.load_id
            order by book_position, period_position, type_position, outcome_position, move_position
        ) as record_number,
        responses.provenance,
        responses.capture as answer_capture,
        responses.observed_at as response_observed_at,
        greatest(responses.observed_at, responses.ingested_at) as seen_at,
        responses.event_id,
        responses.official_date,
        responses.home_ref,
        responses.away_ref,
        jsonb_typeof(prices.price) = 'object' as is_readable,
        prices.move_position,
        prices.book_ref,
        prices.period_ref,
        prices.type_ref,
        prices.side_text,
        prices.team_ref,
        prices.stated_event_id,
        prices.is_live,
        prices.is_alternate,
        prices.price ->> 'odds' as price_text,
        prices.price ->> 'value' as line_text,
        prices.price ->> 'line_status' as status_text,
        prices.price ->> 'updated_at' as updated_text,
        {{ try_number("prices.price ->> 'odds'") }} as price,
        {{ try_line("prices.price ->> 'value'") }} as line,
        {{ try_timestamptz("prices.price ->> 'updated_at'") }} as updated_at
    from prices
    inner join responses on responses.load_id = prices.load_id

    union all

    -- An unreadable body is one record.
    select
        load_id, 1, provenance, capture, observed_at, null, event_id, official_date, null, null, false, null, null, null,
        null, null, null, null, false, false, null, null, null, null, null, null, null
    from responses
    where document is null
    offset 0

),

resolved as (

    select
        typed.*,
        home.team_id as home_team_id,
        away.team_id as away_team_id,
        coalesce(books.book, 'action_network:' || typed.book_ref) as book,
        coalesce(books.preference, 1) as book_preference,
        case typed.period_ref
            when 'event' then 'game' when 'firstfiveinnings' then 'first_five' when 'firstinning' then 'first_inning'
        end as period,
        case
            when typed.type_ref in ('moneyline', 'spread', 'total') then typed.type_ref
            when typed.type_ref <> 'core_bet_type_6_team_score' then null
            when typed.team_ref = typed.home_ref then 'team_total_home'
            when typed.team_ref = typed.away_ref then 'team_total_away'
            else 'team_total'
        end as market,
        case
            when typed.status_text is null or typed.status_text in ('normal', 'opener') then 'open'
            when typed.status_text in ('suspended', 'unavailable') then 'suspended'
        end as status
    from typed
    left join {{ ref('source_books') }} as books
        on books.source = 'action_network' and books.source_book_id = typed.book_ref
    left join {{ ref('source_team_ids') }} as home
        on home.source = 'action_network' and home.source_team_id = typed.home_ref
    left join {{ ref('source_team_ids') }} as away
        on away.source = 'action_network' and away.source_team_id = typed.away_ref
    offset 0

),

dated as (

    select
        resolved.*,
        status = 'suspended' and coalesce(price_text, '0') = '0' as is_taken_down,
        {{ action_network_side() }} as side,
        case when move_position > 0 then 'backfilled' else answer_capture end as capture,
        case
            when move_position > 0 then updated_at
            when answer_capture = 'captured' then seen_at
        end as known_at
    from resolved
    offset 0

),

judged as (

    select
        dated.*,
        case
            when not is_readable then 'unreadable'
            when event_id is null then 'missing_value'
            when book_ref !~ '^\d{1,9}$' then 'invalid_book'
            when stated_event_id is not null and stated_event_id <> event_id then 'another_event'
            when is_live then 'in_play'
            when book_ref = '30' and move_position > 0 then 'moves_of_the_opening_line'
            when market is null then 'market_not_staged'
            when period is null then 'period_not_staged'
            when home_team_id = away_team_id then 'same_team_twice'
            when market = 'team_total' then 'unknown_team'
            {{ action_network_side_rules() }}
            when move_position > 0 and updated_at is null then 'invalid_time'
            when move_position > 0 and updated_at > response_observed_at + interval '5 minutes' then 'time_after_the_answer'
            {{ action_network_price_rules() }}
        end as quality_rule
    from dated
    offset 0

),

placed as (

    select
        judged.*,
        case when is_alternate then coalesce(trim_scale(line)::text, '') else '' end as alternate_line,
        coalesce(quality_rule, case when known_at is null then 'no_time_of_its_own' end) as rule_alone
    from judged

),

-- Of several states of one book in an answer, one speaks for it.
ranked as (

    select
        placed.*,
        case
            when rule_alone is null then dense_rank() over (
                partition by load_id, book, market, period, side, book_ref = '30', rule_alone
                order by book_preference, book_ref
            )
        end as state_rank,
        bool_or(side = 'draw' and market = 'moneyline') over (
            partition by load_id, event_id, book_ref, period_ref, type_ref
        ) as is_three_way
    from placed

),

ruled as (

    select
        ranked.*,
        case when state_rank > 1 then 'other_state_of_the_book' else rule_alone end as rule
    from ranked
    offset 0

)

select
    load_id,
    record_number,
    case when rule is null
        then {{ series_id("'action_network'", 'event_id', 'book', 'market', 'period', 'side', 'alternate_line') }} end
        as series_id,
    'action_network' as source,
    event_id,
    book,
    market,
    period,
    side,
    alternate_line,
    case when market <> 'moneyline' and not is_taken_down then line end as line,
    case when not is_taken_down then price end as price_american,
    status,
    known_at,
    case when move_position > 0 then updated_at when answer_capture = 'captured' then response_observed_at end as observed_at,
    case when book_ref = '30' then 'open' end as label,
    capture,
    provenance,
    away_team_id,
    home_team_id,
    official_date,
    null::timestamptz as commence_at,
    book_ref as source_book_id,
    case when market = 'moneyline' then coalesce(is_three_way, false) end as is_three_way,
    status_text = 'opener' as is_opener,
    case
        when rule is null then 'staged'
        when rule in (
            'in_play', 'moves_of_the_opening_line', 'market_not_staged', 'period_not_staged', 'no_time_of_its_own',
            'other_state_of_the_book'
        ) then 'out_of_scope'
        else 'quarantined'
    end as disposition,
    rule,
    left(case rule
        when 'unreadable' then 'the body (or this price) is no JSON object'
        when 'missing_value' then 'the request names no event'
        when 'another_event' then 'asked of event ' || event_id || ', told of ' || stated_event_id
        when 'moves_of_the_opening_line' then 'the opening line is one price; what came before it is none of ours'
        when 'unknown_team' then 'a total of team "' || coalesce(team_ref, '') || '", which is no side of this game'
        when 'invalid_time' then 'updated_at "' || coalesce(updated_text, '') || '" is no time'
        when 'time_after_the_answer' then 'updated_at ' || updated_text || ' is later than the answer itself'
        {{ action_network_reasons() }}
    end, 500) as reason
from ruled
