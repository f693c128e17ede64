-- Every price of Action Network's scoreboards (v2, public betting, v1), typed and judged. One record is one outcome of v2
-- or one price of a v1 row (a row without any is one record). The public's tickets and money of an outcome stand beside
-- it as text: stg_action_network__splits judges those.
-- Current prices are captured. Asked for afterwards, v1 tells when a row was written; v2 tells no time, so its last price
-- of a game that was played is its close and book 30's is its open, at the conventional moments.
-- offset 0: a fence; without it the planner repeats each cast in every place that reads it.
{% set v2_tables = ['action_network_scoreboard', 'action_network_public_betting'] %}
{% set members = '(@.type() == "object").keyvalue()' %}
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
    post_hook=["{{ quarantine_contradictions() }}", "{{ remember_staged_loads() }}"],
    indexes=[{'columns': ['load_id']}, {'columns': ['series_id']}],
) }}

with responses as materialized (

    {% for table in v2_tables + ['action_network_scoreboard_v1'] %}
    {% if not loop.first %}union all{% endif %}
    select
        raw.load_id,
        raw.observed_at,
        raw.ingested_at,
        raw.provenance,
        raw.capture,
        {{ 'true' if table in v2_tables else 'false' }} as is_v2,
        raw_data.json_of(coalesce(raw.body, original.body)) as document
    from {{ source('raw_data', table) }} as raw
    left join {{ source('raw_data', table) }} as original on original.load_id = raw.repeat_of
    where raw.load_id in {{ pending_loads() }} and not {{ is_no_news('raw', source('raw_data', table), are_prices=true) }}
    {% endfor %}

),

-- Once per game, so that what hundreds of outcomes share is read and judged once. Never by the order of teams[].
events as materialized (

    select
        responses.load_id,
        responses.observed_at,
        responses.ingested_at,
        responses.provenance,
        responses.capture,
        responses.is_v2,
        game.position as event_position,
        case when game.value ->> 'id' ~ '^\d{1,18}$' then game.value ->> 'id' end as event_id,
        game.value ->> 'status' as game_status,
        game.value ->> 'start_time' as commence_text,
        game.value ->> 'home_team_id' as home_ref,
        game.value ->> 'away_team_id' as away_ref,
        home.team_id as home_team_id,
        away.team_id as away_team_id,
        game.value as game
    from responses
    cross join lateral jsonb_path_query(responses.document, 'lax $.games[*]') with ordinality as game (value, position)
    left join {{ ref('source_team_ids') }} as home
        on home.source = 'action_network' and home.source_team_id = game.value ->> 'home_team_id'
    left join {{ ref('source_team_ids') }} as away
        on away.source = 'action_network' and away.source_team_id = game.value ->> 'away_team_id'

),

event_times as materialized (

    select
        load_id,
        event_position,
        {{ try_timestamptz('commence_text') }} as commence_at
    from events

),

v2_outcomes as (

    select
        events.load_id,
        events.event_position,
        book.position as book_position,
        period.position as period_position,
        type.position as type_position,
        outcome.position as outcome_position,
        jsonb_typeof(outcome.value) = 'object' as is_readable,
        book.value ->> 'key' as book_ref,
        period.value ->> 'key' as period_ref,
        type.value ->> 'key' as type_ref,
        outcome.value ->> 'side' as side_text,
        nullif(outcome.value ->> 'team_id', '0') as team_ref,
        outcome.value ->> 'odds' as price_text,
        outcome.value ->> 'value' as line_text,
        outcome.value ->> 'line_status' as status_text,
        coalesce(outcome.value ->> 'is_live' = 'true', false) as is_live,
        coalesce(outcome.value ->> 'is_alt_market' = 'true', false) as is_alternate,
        outcome.value #>> '{bet_info,tickets,percent}' as tickets_text,
        outcome.value #>> '{bet_info,money,percent}' as money_text,
        null::text as inserted_text
    from events
    cross join lateral jsonb_path_query(events.game, 'lax $.markets ? {{ members }}') with ordinality as book (value, position)
    cross join lateral jsonb_path_query(book.value, 'lax $.value ? {{ members }}') with ordinality as period (value, position)
    cross join lateral jsonb_path_query(period.value, 'lax $.value ? {{ members }}') with ordinality as type (value, position)
    cross join lateral jsonb_path_query(type.value, 'lax $.value[*]') with ordinality as outcome (value, position)
    where events.is_v2

),

v1_rows as (

    select
        events.load_id,
        events.event_position,
        line.position as row_position,
        line.value as odds
    from events
    cross join lateral jsonb_path_query(events.game, 'lax $.odds[*]') with ordinality as line (value, position)
    where not events.is_v2

),

-- *_line is a price, spread_* the line; a status is a number per field.
v1_prices as (

    select
        v1_rows.load_id,
        v1_rows.event_position,
        v1_rows.row_position,
        v1_rows.odds,
        price.position,
        price.type_ref,
        price.side_text,
        price.price_text,
        price.line_text,
        price.status_text,
        price.tickets_text,
        price.money_text
    from v1_rows
    cross join lateral (
        values
        {% set fields = [
            ('moneyline', 'away', 'ml_away', none, 'ml_away', 'ml_away'),
            ('moneyline', 'home', 'ml_home', none, 'ml_home', 'ml_home'),
            ('moneyline', 'draw', 'draw', none, 'draw', none),
            ('spread', 'away', 'spread_away_line', 'spread_away', 'spread_away', 'spread_away'),
            ('spread', 'home', 'spread_home_line', 'spread_home', 'spread_home', 'spread_home'),
            ('total', 'over', 'over', 'total', 'over', 'total_over'),
            ('total', 'under', 'under', 'total', 'under', 'total_under'),
            ('team_total_away', 'over', 'away_over', 'away_total', 'away_over', none),
            ('team_total_away', 'under', 'away_under', 'away_total', 'away_under', none),
            ('team_total_home', 'over', 'home_over', 'home_total', 'home_over', none),
            ('team_total_home', 'under', 'home_under', 'home_total', 'home_under', none),
        ] %}
        {% for type, side, price, line, status, public in fields %}
        (
            {{ loop.index }}, '{{ type }}', '{{ side }}', odds ->> '{{ price }}',
            {{ "odds ->> '" ~ line ~ "'" if line else 'null' }},
            coalesce(odds #>> '{line_status,{{ status }}}', odds #>> '{line_status,{{ price }}}'),
            {{ "odds ->> '" ~ public ~ "_public'" if public else 'null' }},
            {{ "odds ->> '" ~ public ~ "_money'" if public else 'null' }}
        ){{ ',' if not loop.last }}
        {% endfor %}
    ) as price (position, type_ref, side_text, price_text, line_text, status_text, tickets_text, money_text)
    where price.price_text is not null and jsonb_typeof(v1_rows.odds) = 'object'

    union all

    select load_id, event_position, row_position, odds, 0, null, null, null, null, null, null, null
    from v1_rows
    where
        jsonb_typeof(odds) <> 'object'
        or coalesce(
            {% for type, side, price, line, status, public in fields %}odds ->> '{{ price }}'{{ ', ' if not loop.last }}{% endfor %}
        ) is null

),

outcomes as (

    select * from v2_outcomes

    union all

    select
        load_id,
        event_position,
        row_position,
        0,
        0,
        position,
        jsonb_typeof(odds) = 'object',
        odds ->> 'book_id',
        odds ->> 'type',
        type_ref,
        side_text,
        null,
        price_text,
        line_text,
        status_text,
        odds ->> 'type' = 'live',
        false,
        tickets_text,
        money_text,
        odds ->> 'inserted'
    from v1_prices

),

typed as (

    select
        outcomes.load_id,
        row_number() over (
            partition by outcomes.load_id
            order by
                outcomes.event_position, outcomes.book_position, outcomes.period_position, outcomes.type_position,
                outcomes.outcome_position
        ) as record_number,
        events.provenance,
        events.capture,
        events.is_v2,
        events.observed_at as response_observed_at,
        greatest(events.observed_at, events.ingested_at) as seen_at,
        events.event_id,
        events.game_status,
        events.commence_text,
        event_times.commence_at,
        events.home_ref,
        events.away_ref,
        events.home_team_id,
        events.away_team_id,
        outcomes.is_readable,
        outcomes.book_ref,
        outcomes.period_ref,
        outcomes.type_ref,
        outcomes.side_text,
        outcomes.team_ref,
        outcomes.price_text,
        outcomes.line_text,
        outcomes.status_text,
        coalesce(outcomes.is_live, false) as is_live,
        outcomes.is_alternate,
        outcomes.tickets_text,
        outcomes.money_text,
        {{ try_number('outcomes.price_text') }} as price,
        {{ try_line('outcomes.line_text') }} as line,
        {{ try_timestamptz('outcomes.inserted_text') }} as last_update_at
    from outcomes
    inner join events on events.load_id = outcomes.load_id and events.event_position = outcomes.event_position
    inner join event_times
        on event_times.load_id = outcomes.load_id and event_times.event_position = outcomes.event_position

    union all

    -- An unreadable body is one record.
    select
        load_id, 1, provenance, capture, is_v2, observed_at, null, null, null, null, null, null, null, null, null, false,
        null, null, null, null, null, null, null, null, false, false, null, null, null, null, null
    from responses
    where document is null
    offset 0

),

resolved as (

    select
        typed.*,
        coalesce(books.book, 'action_network:' || typed.book_ref) as book,
        coalesce(books.preference, 1) as book_preference,
        case typed.period_ref
            when 'event' then 'game' when 'game' then 'game' when 'live' then 'game'
            when 'firstfiveinnings' then 'first_five' when 'firstinning' then 'first_inning'
        end as period,
        case
            when typed.type_ref <> 'core_bet_type_6_team_score' then
                case
                    when typed.type_ref in ('moneyline', 'spread', 'total', 'team_total_home', 'team_total_away')
                        then typed.type_ref
                end
            when typed.team_ref = typed.home_ref then 'team_total_home'
            when typed.team_ref = typed.away_ref then 'team_total_away'
            else 'team_total'
        end as market,
        case
            when typed.status_text is null or typed.status_text in ('normal', 'opener', '0') then 'open'
            when typed.status_text in ('suspended', 'unavailable', '2') then 'suspended'
        end as status,
        case
            when typed.book_ref = '30' then 'open'
            when typed.capture = 'backfilled' and typed.is_v2 then 'close'
        end as label
    from typed
    left join {{ ref('source_books') }} as books
        on books.source = 'action_network' and books.source_book_id = typed.book_ref
    offset 0

),

dated as (

    select
        resolved.*,
        {{ new_york_date('resolved.commence_at') }} as official_date,
        -- A book may take a price down and leave its status: that is told without a price.
        status = 'suspended' and coalesce(price_text, '0') = '0' as is_taken_down,
        {{ action_network_side() }} as side,
        case
            when capture = 'captured' then seen_at
            when not is_v2 then last_update_at
            when label = 'open' then {{ open_moment(new_york_date('resolved.commence_at')) }}
            when game_status = 'complete' then commence_at
        end as known_at
    from resolved
    offset 0

),

judged as (

    select
        dated.*,
        case
            when not is_readable then 'unreadable'
            when type_ref is null and price_text is null then 'no_price'
            when event_id is null or book_ref is null or period_ref is null then 'missing_value'
            when book_ref !~ '^\d{1,9}$' then 'invalid_book'
            when is_live then 'in_play'
            when market is null then 'market_not_staged'
            when period is null then 'period_not_staged'
            when home_team_id is null or away_team_id is null then 'unknown_team'
            when home_team_id = away_team_id then 'same_team_twice'
            when commence_at is null then 'invalid_time'
            when market = 'team_total' then 'unknown_team'
            {{ action_network_side_rules() }}
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
                partition by load_id, event_id, book, market, period, side, alternate_line, label, rule_alone
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
    case when capture = 'captured' then response_observed_at when not is_v2 then last_update_at end as observed_at,
    label,
    capture,
    provenance,
    away_team_id,
    home_team_id,
    official_date,
    commence_at,
    book_ref as source_book_id,
    case when market = 'moneyline' then coalesce(is_three_way, false) end as is_three_way,
    is_live,
    last_update_at,
    tickets_text,
    money_text,
    case
        when rule is null then 'staged'
        when rule in (
            'no_price', 'in_play', 'market_not_staged', 'period_not_staged', 'no_time_of_its_own',
            'other_state_of_the_book'
        ) then 'out_of_scope'
        else 'quarantined'
    end as disposition,
    rule,
    left(case rule
        when 'unreadable' then 'the body (or this outcome) is no JSON object'
        when 'no_price' then 'the row of book ' || coalesce(book_ref, '') || ' carries no price'
        when 'missing_value' then 'an outcome needs its game''s id, its book and its period'
        when 'unknown_team' then 'team ids "' || coalesce(away_ref, '') || '" at "' || coalesce(home_ref, '') || '"'
            || case when market = 'team_total' then ', total of "' || coalesce(team_ref, '') || '"' else '' end
            || ' are not known clubs of the game'
        when 'invalid_time' then 'start_time "' || coalesce(commence_text, '') || '" is no time'
        {{ action_network_reasons() }}
    end, 500) as reason
from ruled
