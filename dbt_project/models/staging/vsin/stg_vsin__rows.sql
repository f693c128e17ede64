-- Every club's row of every page of splits, with its game, its book and what is wrong with it as a whole. One record is
-- one row of a club. The page names no time: a row is known when it had been seen and written.
-- offset 0: a fence; without it the planner repeats each cast in every place that reads it.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads([source('raw_data', 'vsin_splits')]) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}],
) }}

with responses as materialized (

    select
        raw.load_id,
        coalesce(raw.repeat_of, raw.load_id) as read_as,
        raw.observed_at,
        case when raw.capture = 'captured' then greatest(raw.observed_at, raw.ingested_at) else raw.observed_at end
            as known_at,
        raw.capture,
        raw.provenance,
        -- The book that was asked for: by parameter, or (before March 2026) by view, DraftKings where none is named.
        upper(coalesce(
            substring(raw.request_key from '[?&](?:source|bookid)=([A-Za-z]+)'),
            case
                when raw.request_key ~ '^GET /mlb/betting-splits'
                    then coalesce(
                        substring(raw.request_key from '[?&]view=(?!today|tomorrow|front|mlb)([A-Za-z]+)'), 'DK'
                    )
            end
        )) as asked_for
    from {{ source('raw_data', 'vsin_splits') }} as raw
    where raw.load_id in {{ pending_loads() }} and not {{ is_no_news('raw', source('raw_data', 'vsin_splits'), are_prices=true) }}

),

-- What the latest version of the reader made of each body.
readings as (

    select distinct on (parsed.load_id)
        parsed.load_id,
        parsed.parser_version,
        parsed.row_count,
        parsed.problem
    from {{ source('raw_data', 'parsed_loads') }} as parsed
    where parsed.raw_table = 'vsin_splits' and parsed.load_id in (select read_as from responses)
    order by parsed.load_id, parsed.parser_version desc

),

books (spelling, book) as (

    values
    ('DK', 'draftkings'), ('DRAFTKINGS', 'draftkings'),
    ('CIRCA', 'circasports'),
    ('FD', 'fanduel'), ('FANDUEL', 'fanduel'),
    ('MGM', 'betmgm'), ('BETMGM', 'betmgm'),
    ('CAESARS', 'williamhill_us')

),

-- Slugs of the older markup that are no alias of a club.
slugs (slug, alias) as (

    values ('REDSOX', 'RED SOX'), ('WHITESOX', 'WHITE SOX'), ('BLUEJAYS', 'BLUE JAYS')

),

page_rows as materialized (

    select
        responses.load_id,
        responses.observed_at,
        responses.known_at,
        responses.capture,
        responses.provenance,
        row_cells.row_number as record_number,
        row_cells.markup,
        row_cells.section,
        nullif(row_cells.game_code, '') as game_code,
        row_cells.game_date,
        row_cells.sport,
        row_cells.pair,
        row_cells.position,
        row_cells.status as row_status,
        row_cells.team,
        row_cells.team_slug,
        coalesce(by_name.team_id, by_slug.team_id) as team_id,
        asked.book as asked_book,
        shown.book as shown_book,
        responses.asked_for,
        row_cells.source_class,
        row_cells.spread_line,
        row_cells.spread_handle,
        row_cells.spread_bets,
        row_cells.total_line,
        row_cells.total_handle,
        row_cells.total_bets,
        row_cells.moneyline,
        row_cells.moneyline_handle,
        row_cells.moneyline_bets,
        row_cells.problem,
        true as is_readable
    from responses
    inner join readings on readings.load_id = responses.read_as
    inner join {{ source('raw_data', 'vsin_split_rows') }} as row_cells
        on row_cells.load_id = readings.load_id and row_cells.parser_version = readings.parser_version
    left join {{ ref('int_team_aliases') }} as by_name on by_name.alias = {{ club_alias('row_cells.team') }}
    left join slugs on slugs.slug = upper(row_cells.team_slug)
    left join {{ ref('int_team_aliases') }} as by_slug
        on by_slug.alias = coalesce(slugs.alias, {{ club_alias("replace(row_cells.team_slug, '-', ' ')") }})
    left join books as asked on asked.spelling = responses.asked_for
    left join books as shown on shown.spelling = upper(row_cells.source_class)

    union all

    -- A body that is no page of splits is one record.
    select
        responses.load_id, responses.observed_at, responses.known_at, responses.capture, responses.provenance,
        1, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
        null, null, null, null, null, null, null, null, null, readings.problem, false
    from responses
    inner join readings on readings.load_id = responses.read_as
    where readings.row_count = 0 and readings.problem is not null

),

-- The two rows of a game know each other; a game that stands on the page again is told from the second of a
-- doubleheader, which stands under the same date.
games as (

    select
        page_rows.*,
        count(*) over game as rows_of_game,
        max(team_id) filter (where position = '1') over game as away_team_id,
        max(team_id) filter (where position = '2') over game as home_team_id,
        max(team) filter (where position = '1') over game as away_text,
        max(team) filter (where position = '2') over game as home_text,
        dense_rank() over (partition by load_id, game_code, section order by pair::int) as game_number,
        section <> first_value(section) over (partition by load_id, game_code order by record_number) as is_repeated,
        {{ try_date("case when page_rows.game_code ~ '^\\d{8}' then left(page_rows.game_code, 8) else page_rows.game_date end") }}
            as official_date
    from page_rows
    window game as (partition by load_id, pair)
    offset 0

),

judged as (

    select
        games.*,
        coalesce(asked_book, shown_book) as book,
        dense_rank() over (partition by load_id, official_date, away_team_id, home_team_id order by pair::int)
            as order_of_day,
        case
            when not is_readable then 'unreadable'
            when sport <> 'MLB' then 'other_sport'
            when problem is not null then 'row_not_readable'
            when game_code is null then 'missing_game_code'
            when official_date is null then 'invalid_date'
            when rows_of_game <> 2 then 'game_not_paired'
            when coalesce(asked_book, shown_book) is null then 'missing_book'
            when asked_book <> shown_book then 'book_conflict'
            when away_team_id is null or home_team_id is null then 'unknown_team'
            when away_team_id = home_team_id then 'same_team_twice'
            when is_repeated then 'game_repeated'
        end as rule
    from games
    offset 0

)

select
    load_id,
    record_number,
    'vsin' as source,
    game_code || case when game_number > 1 then '/' || game_number else '' end as event_id,
    book,
    case position when '1' then 'away' when '2' then 'home' end as position,
    pair,
    order_of_day,
    markup,
    row_status,
    row_status in ('live', 'final') as has_started,
    team,
    spread_line,
    spread_handle,
    spread_bets,
    total_line,
    total_handle,
    total_bets,
    moneyline,
    moneyline_handle,
    moneyline_bets,
    known_at,
    observed_at,
    capture,
    provenance,
    away_team_id,
    home_team_id,
    official_date,
    case
        when rule is null then 'staged'
        when rule in ('other_sport', 'game_repeated') then 'out_of_scope'
        else 'quarantined'
    end as disposition,
    rule,
    left(case rule
        when 'unreadable' then problem
        when 'other_sport' then 'a game of ' || sport
        when 'row_not_readable' then problem
        when 'missing_game_code' then 'the row of "' || coalesce(team, '') || '" names no game'
        when 'invalid_date' then 'game code "' || game_code || '" begins with no date'
        when 'game_not_paired' then rows_of_game || ' rows of game ' || game_code || ' in a row, not two'
        when 'missing_book' then 'neither the request ("' || coalesce(asked_for, '') || '") nor the page ("'
            || coalesce(source_class, '') || '") names a book that is known'
        when 'book_conflict' then 'asked for ' || asked_book || ', the page says ' || shown_book
        when 'unknown_team' then 'unknown club in "' || coalesce(away_text, '') || '" at "' || coalesce(home_text, '')
            || '": teach it with `mlb alias add`'
        when 'same_team_twice' then 'both clubs are "' || home_text || '"'
        when 'game_repeated' then 'game ' || game_code || ' stands on the page before, under another date'
    end, 500) as reason
from judged
