-- Every bet of every list that a person wrote, typed and judged. One record is one row of the file that holds any text.
-- What a cell alone leaves open is read by the rest of its file: where another price of it has a minus sign and none is
-- decimal, 150 is +150; where another day of it is 7/15/2025, 7/8/2025 is in July. What still can be read in two ways is
-- quarantined, never guessed.
-- offset 0: a fence; without it the planner repeats each cast in every place that reads it.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads([source('raw_data', 'archive_files')], \"raw.archive = 'bet_slips'\") }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}],
) }}

{% set cells = ['placed_at', 'date', 'start', 'away', 'home', 'game', 'market', 'side', 'line', 'price', 'stake', 'book', 'ref', 'tag'] %}
{% set required = ['date', 'away', 'home', 'market', 'side', 'price', 'stake'] %}
with written as (

    select
        raw.load_id,
        raw.row_number as record_number,
        files.file_name,
        files.provenance,
        {% for cell in cells %}
        {{ bet_text('raw.' ~ cell) }} as {{ cell }}_text,
        {% endfor %}
        nullif(btrim(raw.note), '') as note,
        raw.other_columns,
        raw.malformed_line
    from {{ source('raw_data', 'bet_slips') }} as raw
    inner join {{ source('raw_data', 'archive_files') }} as files on files.load_id = raw.load_id
    where raw.load_id in {{ pending_loads() }}
    offset 0

),

-- A line on the side's cell (Yankees -1.5, o8.5) is the line where the line's own cell is empty.
parted as (

    select
        written.*,
        {{ bet_market('market_text') }} as market,
        case
            when line_text is null and side_text ~ '[^ \d.,½+-] ?[+-]?\d{0,2}(½|[.,]\d+|\d)$'
                then substring(side_text from '[+-]?\d{0,2}(?:½|[.,]\d+|\d)$')
        end as line_of_side,
        {{ bet_price_form('price_text') }} as price_form,
        {{ bet_day_parts('date_text') }} as date_parts,
        {{ bet_day_parts('placed_at_text') }} as placed_parts,
        {{ bet_day_parts('start_text') }} as start_parts
    from written
    offset 0

),

-- What the whole file says of how it is written.
in_their_file as (

    select
        parted.*,
        btrim(left(side_text, length(side_text) - length(coalesce(line_of_side, '')))) as side_alone,
        replace(coalesce(line_text, line_of_side), ',', '.') as line_written,
        bool_or(price_text like '-%' and price_form = 'american') over file
        and not bool_or(price_form = 'decimal') over file as has_signed_prices,
        case
            when max(greatest(date_parts[2], placed_parts[2], start_parts[2])) over file > 12
                and not coalesce(max(greatest(date_parts[1], placed_parts[1], start_parts[1])) over file > 12, false)
                then 'month_first'
            when max(greatest(date_parts[1], placed_parts[1], start_parts[1])) over file > 12
                and not coalesce(max(greatest(date_parts[2], placed_parts[2], start_parts[2])) over file > 12, false)
                then 'day_first'
        end as day_order,
        case when ref_text is not null then count(*) over (partition by load_id, ref_text) end as rows_of_ref
    from parted
    window file as (partition by load_id)
    offset 0

),

timed as (

    select
        in_their_file.*,
        {{ bet_day('date_text', 'day_order') }} as official_date,
        {{ bet_iso_day('placed_at_text', 'day_order') }} as placed_day_text,
        {{ bet_clock('placed_at_text') }} as placed_clock,
        case when {{ is_bet_clock('start_text') }} then {{ bet_iso_day('date_text', 'day_order') }}
            else {{ bet_iso_day('start_text', 'day_order') }} end as start_day_text,
        case when {{ is_bet_clock('start_text') }} then start_text else {{ bet_clock('start_text') }} end as start_clock,
        lower(regexp_replace(side_alone, ' (ml|moneyline|money line)$', '', 'i')) as side_word,
        (regexp_match(lower(game_text), '^(?:g|gm|game|dh)? ?#?([12])$'))[1]::int as game_number,
        {{ bet_american('price_text') }} as american_price,
        case when price_form = 'decimal' then replace(price_text, ',', '.')::double precision end as decimal_price,
        {{ try_line('line_written') }} as line,
        {{ bet_stake('stake_text') }} as stake
    from in_their_file
    offset 0

),

typed as (

    select
        timed.*,
        away.team_id as away_team_id,
        home.team_id as home_team_id,
        backed.team_id as side_team_id,
        {{ bet_moment('placed_day_text', 'placed_clock') }} as placed_at,
        case when pg_input_is_valid(placed_day_text, 'date') then placed_day_text::date end as placed_day,
        {{ bet_moment('start_day_text', 'start_clock') }} as stated_start_at,
        case
            when side_word in ('home', 'h') then 'home'
            when side_word in ('away', 'a', 'visitor', 'road') then 'away'
            when side_word in ('over', 'o') then 'over'
            when side_word in ('under', 'u') then 'under'
            when backed.team_id = home.team_id then 'home'
            when backed.team_id = away.team_id then 'away'
        end as side,
        case
            when price_form = 'american' or (price_form = 'unsigned' and has_signed_prices)
                then {{ american_to_decimal('american_price') }}
            when price_form = 'decimal' then decimal_price
        end as price_decimal,
        case
            when price_form = 'american' or (price_form = 'unsigned' and has_signed_prices) then 'american'
            when price_form = 'decimal' then 'decimal'
        end as price_format
    from timed
    left join {{ ref('int_team_aliases') }} as away on away.alias = {{ club_alias('timed.away_text') }}
    left join {{ ref('int_team_aliases') }} as home on home.alias = {{ club_alias('timed.home_text') }}
    left join {{ ref('int_team_aliases') }} as backed on backed.alias = {{ club_alias('timed.side_word') }}
    offset 0

),

judged as (

    select
        typed.*,
        case
            when malformed_line is not null then 'malformed_row'
            when {% for cell in required %}{{ cell }}_text is null{{ ' or ' if not loop.last }}{% endfor %} then 'missing_value'
            when official_date is null and date_parts is not null and day_order is null then 'ambiguous_day'
            when official_date is null then 'invalid_date'
            when placed_at_text is not null and placed_day is null and placed_parts is not null and day_order is null
                then 'ambiguous_day'
            when placed_at_text is not null and (placed_day is null or (placed_at is null and placed_clock <> ''))
                then 'invalid_time'
            when start_text is not null and stated_start_at is null then 'invalid_start'
            when away_team_id is null or home_team_id is null then 'unknown_team'
            when away_team_id = home_team_id then 'same_team_twice'
            when game_text is not null and game_number is null and game_text <> '0' then 'invalid_game_number'
            when market is null then 'unknown_market'
            when side is null and side_team_id is null and market <> 'total' then 'unknown_team'
            when side is null then 'side_not_in_game'
            when (market = 'total') <> (side in ('over', 'under')) then 'invalid_side'
            when price_form is null then 'invalid_price'
            when price_form = 'below_100' then 'price_inside_100'
            when price_form = 'below_one' then 'price_below_one'
            when price_form = 'unsigned' and price_format is null then 'ambiguous_price'
            when price_decimal > 1001 or price_decimal < 1.001 then 'price_out_of_range'
            when market = 'moneyline' and line_written is not null and line is distinct from 0 then 'line_on_moneyline'
            when market <> 'moneyline' and line is null then 'invalid_line'
            when market <> 'moneyline' and line * 2 <> trunc(line * 2) then 'line_not_half_runs'
            when market = 'total' and line not between 1 and 40 then 'line_out_of_range'
            when market = 'spread' and line not between -20 and 20 then 'line_out_of_range'
            when stake is null then 'invalid_stake'
            when stake <= 0 then 'invalid_stake'
            when coalesce({{ new_york_date('placed_at') }}, placed_day) > official_date + 1 then 'placed_after_game'
            when coalesce({{ new_york_date('placed_at') }}, placed_day) < official_date - 366 then 'placed_long_before'
            when rows_of_ref > 1 then 'repeated_reference'
        end as rule
    from typed
    offset 0

)

select
    load_id,
    record_number,
    file_name,
    -- A bet is known by its reference within its list, else by its row: a corrected list tells the same bets.
    left(encode(sha256(convert_to(
        file_name || case when ref_text is null then '|row|' || record_number else '|ref|' || ref_text end, 'UTF8'
    )), 'hex'), 32) as bet_id,
    official_date,
    away_team_id,
    home_team_id,
    game_number,
    stated_start_at,
    market,
    side,
    case when market <> 'moneyline' then line end as line,
    price_text as price,
    price_format,
    price_decimal,
    case price_format
        when 'american' then case when american_price = -100 then 100 else american_price end
        when 'decimal' then round({{ decimal_to_american('price_decimal') }})::int
    end as price_american,
    stake::double precision as stake,
    placed_at,
    coalesce({{ new_york_date('placed_at') }}, placed_day) as placed_on,
    book_text as book,
    ref_text as ref,
    tag_text as tag,
    note,
    other_columns,
    provenance,
    case when rule is null then 'staged' else 'quarantined' end as disposition,
    rule,
    case rule
        when 'malformed_row' then 'the line has another number of fields than the header: ' || left(malformed_line, 120)
        when 'missing_value' then 'empty: ' || concat_ws(
            ', '{% for cell in required %}, case when {{ cell }}_text is null then '{{ cell }}' end{% endfor %}
        )
        when 'ambiguous_day' then 'the day "' || case when official_date is null then date_text else placed_at_text end
            || '" can be read in two ways, and no other of the file tells which: write 2025-07-15'
        when 'invalid_date' then 'date "' || date_text || '" is no day: write 2025-07-15'
        when 'invalid_time' then 'placed_at "' || placed_at_text || '" is no moment: write 2025-07-15T18:02:00-04:00'
        when 'invalid_start' then 'start "' || start_text || '" is no start: write 19:05'
        when 'unknown_team' then 'unknown club in "' || away_text || '" at "' || home_text || '"'
            || case when side is null and market <> 'total' then ', side "' || side_text || '"' else '' end
            || ': teach it with `mlb alias add`'
        when 'same_team_twice' then 'both clubs are "' || home_text || '"'
        when 'invalid_game_number' then 'game "' || game_text || '" is neither 1 nor 2'
        when 'unknown_market' then 'market "' || market_text
            || '" is none that is graded: moneyline, spread, total of the whole game'
        when 'side_not_in_game' then 'side "' || side_text || '" is none of "' || away_text || '" at "' || home_text
            || '", over, under'
        when 'invalid_side' then 'side "' || side_text || '" does not fit market ' || market
        when 'invalid_price' then 'price "' || price_text || '" is no price that can be read in one way: write -110 or 1.91'
        when 'price_inside_100' then 'American odds ' || price_text || ' lie between -100 and 100'
        when 'price_below_one' then 'price "' || price_text || '" pays nothing: decimal odds hold the stake, 1.91 is -110'
        when 'ambiguous_price' then 'price "' || price_text || '" has no sign, and the file''s other prices do not tell what '
            || 'it is: write -' || american_price || ', +' || american_price || ' or decimal odds'
        when 'price_out_of_range' then 'price ' || price_text || ' is beyond all odds of a game'
        when 'line_on_moneyline' then 'a moneyline has no line, this one says "' || line_written || '"'
        when 'invalid_line' then case when line_written is null then 'a ' || market || ' needs its line'
            else 'line "' || line_written || '" is no number of runs' end
        when 'line_not_half_runs' then 'line ' || line_written || ' is no multiple of half a run'
        when 'line_out_of_range' then 'line ' || line_written || ' is no line of a ' || market
        when 'invalid_stake' then 'stake "' || stake_text || '" is no amount above zero that can be read in one way: '
            || 'write 1250 or 1250.00'
        when 'placed_after_game' then 'placed on ' || coalesce({{ new_york_date('placed_at') }}, placed_day)
            || ', but the game was on ' || official_date
        when 'placed_long_before' then 'placed on ' || coalesce({{ new_york_date('placed_at') }}, placed_day)
            || ', more than a year before the game on ' || official_date
        when 'repeated_reference' then 'reference "' || ref_text || '" stands in ' || rows_of_ref
            || ' rows of the file: a row is one single bet (legs of a parlay are not graded)'
    end as reason
from judged
