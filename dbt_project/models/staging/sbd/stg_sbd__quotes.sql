-- Prices of SportsBettingDime, four records per book and market: both sides, at the open and now. An opening price has
-- no time of its own: it is known when it was seen, says label open, and is a series of its own beside the price of now.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_loads_staged_by(['stg_sbd__games']) }}",
    post_hook=["{{ quarantine_contradictions() }}", "{{ remember_staged_loads() }}"],
    indexes=[{'columns': ['load_id']}, {'columns': ['series_id']}],
) }}

with responses as (

    select
        raw.load_id,
        raw_data.json_of(coalesce(raw.body, original.body)) as document
    from {{ source('raw_data', 'sbd_odds') }} as raw
    left join {{ source('raw_data', 'sbd_odds') }} as original on original.load_id = raw.repeat_of
    where raw.load_id in {{ pending_loads() }}

),

-- Once per game, so that what dozens of prices share is read once.
games as (

    select
        game.*,
        document.value
    from {{ ref('stg_sbd__games') }} as game
    left join (
        select responses.load_id, listed.position, listed.value
        from responses
        cross join lateral jsonb_path_query(responses.document, 'lax $.data[*]') with ordinality as listed (value, position)
    ) as document on document.load_id = game.load_id and document.position = game.record_number
    where game.load_id in {{ pending_loads() }}

),

names (book_id, book) as (

    values
    ('sr:book:17324', 'betmgm'),
    ('sr:book:18149', 'draftkings'),
    ('sr:book:18186', 'fanduel'),
    ('sr:book:27447', 'betrivers'),
    ('sr:book:28901', 'bet365'),
    ('sr:book:32219', 'williamhill_us'),
    ('sr:book:30334', 'pinnacle'),
    ('sr:book:6', 'unibet_us'),
    ('sr:book:7612', 'betway'),
    ('sr:book:27769', 'pointsbetus')

),

books as materialized (

    select
        games.load_id,
        games.record_number as game_position,
        row_number() over (
            partition by games.load_id order by games.record_number, told.position, market.position, book.position
        ) as book_position,
        market.name as market_key,
        case when market.name in ('moneyline', 'spread', 'total') then market.name end as market,
        jsonb_typeof(book.value) = 'object' as is_readable,
        {{ try_name("(book.value ->> 'id')") }} as book_id,
        {{ try_name("(book.value ->> 'name')") }} as book_name,
        book.value
    from games
    cross join lateral jsonb_path_query(games.value, 'lax $.markets ? (@.type() == "object")')
        with ordinality as told (markets, position)
    cross join lateral jsonb_each(told.markets) with ordinality as market (name, value, position)
    cross join lateral jsonb_path_query(market.value, 'lax $.books[*]') with ordinality as book (value, position)

),

outcomes as (

    select
        books.load_id,
        books.game_position,
        (books.book_position - 1) * 4 + 2 * outcome.number - 1 + told.number as record_number,
        books.market_key,
        books.market,
        books.is_readable and jsonb_typeof(books.value -> outcome.side) = 'object' as is_readable,
        books.book_id,
        books.book_name,
        outcome.side,
        told.label,
        books.value #>> array[outcome.side, case when told.label = 'open' then 'opening_odds' else 'odds' end]
            as price_text,
        case books.market
            when 'spread' then
                books.value #>> array[outcome.side, case when told.label = 'open' then 'opening_spread' else 'spread' end]
            when 'total' then books.value ->> case when told.label = 'open' then 'opening_total' else 'total' end
        end as line_text,
        case when books.market = 'spread' then
            books.value #>> array[outcome.other, case when told.label = 'open' then 'opening_spread' else 'spread' end]
        end as other_line_text,
        (books.value #>> array[outcome.side, 'best']) = 'true' as is_best
    from books
    cross join lateral (
        values
        (1, case when books.market = 'total' then 'over' else 'home' end, case when books.market = 'total' then 'under' else 'away' end),
        (2, case when books.market = 'total' then 'under' else 'away' end, case when books.market = 'total' then 'over' else 'home' end)
    ) as outcome (number, side, other)
    cross join (values (0, 'open'), (1, null)) as told (number, label)
    offset 0

),

typed as (

    select
        outcomes.*,
        games.event_id,
        coalesce(names.book, 'sbd:' || outcomes.book_id) as book,
        games.known_at,
        games.observed_at,
        games.capture,
        games.provenance,
        games.away_team_id,
        games.home_team_id,
        games.official_date,
        games.commence_at,
        games.game_status,
        games.disposition as game_disposition,
        games.rule as game_rule,
        games.reason as game_reason,
        case when upper(outcomes.price_text) in ('EVEN', 'EV') then 100 else {{ try_number('outcomes.price_text') }} end
            as price_american,
        {{ try_line('outcomes.line_text') }} as line,
        {{ try_line('outcomes.other_line_text') }} as other_line
    from outcomes
    inner join games on games.load_id = outcomes.load_id and games.record_number = outcomes.game_position
    left join names on names.book_id = outcomes.book_id

    union all

    -- An unreadable body is one record.
    select
        load_id, record_number, 1, null, null, false, null, null, null, null, null, null, null, null,
        null, null, known_at, observed_at, capture, provenance, away_team_id, home_team_id, official_date, commence_at,
        game_status, disposition, rule, reason, null, null, null
    from games
    where not exists (
        select from responses where responses.load_id = games.load_id and responses.document is not null
    )
    offset 0

),

judged as (

    select
        typed.*,
        case
            when game_rule is not null then game_rule
            when market is null then 'market_not_staged'
            when not is_readable then 'unreadable'
            when book_id is null then 'missing_value'
            when coalesce(price_text, '') = '' then 'not_given'
            when price_american is null then 'invalid_price'
            when abs(price_american) < 100 then 'price_inside_100'
            when abs(price_american) > 100000 then 'price_out_of_range'
            -- An opening line that it does not know is written as 0.
            when market <> 'moneyline' and (coalesce(line_text, '') = '' or (label = 'open' and line = 0)) then 'not_given'
            when market <> 'moneyline' and line is null then 'invalid_line'
            when market <> 'moneyline' and line * 2 <> trunc(line * 2) then 'line_not_half_runs'
            when {{ is_line_out_of_range() }} then 'line_out_of_range'
            when market = 'spread' and line <> -other_line and not (label is not null and other_line = 0)
                then 'lines_do_not_mirror'
        end as rule
    from typed
    offset 0

)

select
    load_id,
    record_number,
    case
        when rule is null
            then {{ series_id("'sbd'", 'event_id', 'book', 'market', "'game'", 'side') }}
    end as series_id,
    'sbd' as source,
    event_id,
    book,
    market,
    'game' as period,
    side,
    '' as alternate_line,
    case when market <> 'moneyline' then line end as line,
    price_american::double precision as price_american,
    'open' as status,
    known_at,
    observed_at,
    label,
    capture,
    provenance,
    away_team_id,
    home_team_id,
    official_date,
    commence_at,
    book_id,
    book_name,
    is_best and label is null as is_best,
    game_status,
    case
        when game_rule is not null then game_disposition
        when rule is null then 'staged'
        when rule in ('market_not_staged', 'not_given') then 'out_of_scope'
        else 'quarantined'
    end as disposition,
    rule,
    left(case
        when game_rule is not null then game_reason
        when rule = 'unreadable' then 'the book (or its side) is no JSON object'
        when rule = 'missing_value' then 'a price needs its book (a name of 200 characters at most)'
        when rule = 'market_not_staged' then 'market "' || market_key || '" is not one of moneyline, spread, total'
        when rule = 'not_given' then book || ' has no ' || coalesce(label || ' ', '') || market || ' for this side'
        when rule = 'invalid_price' then 'price "' || price_text || '" is no price'
        when rule = 'price_inside_100' then 'American odds ' || price_text || ' lie between -100 and 100'
        when rule = 'price_out_of_range' then 'American odds ' || price_text || ' are beyond ±100000'
        when rule = 'invalid_line' then 'line "' || line_text || '" is no number of runs'
        when rule = 'line_not_half_runs' then 'line ' || line_text || ' is no multiple of half a run'
        when rule = 'line_out_of_range' then line_text || ' is no line of a ' || market
        when rule = 'lines_do_not_mirror' then 'run lines ' || line_text || ' and ' || other_line_text
            || ' are not each other''s'
    end, 500) as reason
from judged
