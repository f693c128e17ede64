-- Every row of every season sheet, typed, paired with its partner and judged. One record is one row of the sheet.
-- Columns are found by the header's text, whose spelling differs by year; a price stands right of its line.
-- offset 0: a fence; without it the planner repeats each cast in every place that reads it.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads([source('raw_data', 'archive_files')], \"raw.archive = 'sbr_archive'\") }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}],
) }}

with raw_rows as (

    select
        raw.load_id,
        raw.sheet,
        raw.row_number,
        raw.is_header,
        raw.cells,
        files.season
    from {{ source('raw_data', 'sbr_archive') }} as raw
    inner join {{ source('raw_data', 'archive_files') }} as files on files.load_id = raw.load_id
    where raw.load_id in {{ pending_loads() }}

),

header_cells as (

    select
        raw_rows.load_id,
        raw_rows.sheet,
        header.position,
        lower(regexp_replace(coalesce(header.cell, ''), '[^A-Za-z0-9]', '', 'g')) as name
    from raw_rows
    cross join lateral unnest(raw_rows.cells) with ordinality as header (cell, position)
    where raw_rows.is_header

),

-- The first cell that bears the name: a later one of the same name would be another table beside this one.
columns_of_sheet as (

    select
        load_id,
        sheet,
        min(position) filter (where name = 'date') as date_at,
        min(position) filter (where name = 'rot') as rot_at,
        min(position) filter (where name = 'vh') as vh_at,
        min(position) filter (where name = 'team') as team_at,
        min(position) filter (where name = 'pitcher') as pitcher_at,
        min(position) filter (where name = 'final') as final_at,
        min(position) filter (where name = 'open') as open_at,
        min(position) filter (where name = 'close') as close_at,
        min(position) filter (where name in ('runline', 'rl')) as run_line_at,
        min(position) filter (where name in ('openou', 'opentotal')) as open_total_at,
        min(position) filter (where name in ('closeou', 'closetotal')) as close_total_at
    from header_cells
    group by load_id, sheet

),

-- Where a price column has a name of its own (or there is none), the line's cell holds both: '+1.5(-160)'.
cells as (

    select
        raw_rows.load_id,
        raw_rows.sheet,
        raw_rows.row_number,
        raw_rows.season,
        array_remove(array[
            case when columns_of_sheet.date_at is null then 'Date' end,
            case when columns_of_sheet.vh_at is null then 'VH' end,
            case when columns_of_sheet.team_at is null then 'Team' end,
            case when columns_of_sheet.final_at is null then 'Final' end,
            case when columns_of_sheet.open_at is null then 'Open' end,
            case when columns_of_sheet.close_at is null then 'Close' end
        ], null) as missing_columns,
        coalesce(array_to_string(raw_rows.cells, ''), '') = '' as is_blank,
        trim(raw_rows.cells[columns_of_sheet.date_at]) as date_text,
        trim(raw_rows.cells[columns_of_sheet.rot_at]) as rot,
        upper(trim(raw_rows.cells[columns_of_sheet.vh_at])) as vh,
        trim(raw_rows.cells[columns_of_sheet.team_at]) as team_text,
        upper(trim(raw_rows.cells[columns_of_sheet.pitcher_at])) as pitcher,
        trim(raw_rows.cells[columns_of_sheet.final_at]) as final_text,
        nullif(upper(trim(raw_rows.cells[columns_of_sheet.open_at])), 'NL') as open_text,
        nullif(upper(trim(raw_rows.cells[columns_of_sheet.close_at])), 'NL') as close_text,
        nullif(upper(trim(split_part(raw_rows.cells[columns_of_sheet.run_line_at], '(', 1))), 'NL') as run_line_text,
        nullif(upper(trim(coalesce(
            substring(raw_rows.cells[columns_of_sheet.run_line_at] from '\(([^)]*)\)'),
            raw_rows.cells[columns_of_sheet.run_line_at + 1]
        ))), 'NL') as run_line_price_text,
        nullif(upper(trim(split_part(raw_rows.cells[columns_of_sheet.open_total_at], '(', 1))), 'NL') as open_total_text,
        nullif(upper(trim(coalesce(
            substring(raw_rows.cells[columns_of_sheet.open_total_at] from '\(([^)]*)\)'),
            raw_rows.cells[columns_of_sheet.open_total_at + 1]
        ))), 'NL') as open_total_price_text,
        nullif(upper(trim(split_part(raw_rows.cells[columns_of_sheet.close_total_at], '(', 1))), 'NL')
            as close_total_text,
        nullif(upper(trim(coalesce(
            substring(raw_rows.cells[columns_of_sheet.close_total_at] from '\(([^)]*)\)'),
            raw_rows.cells[columns_of_sheet.close_total_at + 1]
        ))), 'NL') as close_total_price_text
    from raw_rows
    left join columns_of_sheet
        on columns_of_sheet.load_id = raw_rows.load_id and columns_of_sheet.sheet = raw_rows.sheet
    where not raw_rows.is_header

),

typed as (

    select
        cells.*,
        {{ try_date("cells.season::text || lpad(cells.date_text, 4, '0')") }} as official_date,
        aliases.team_id,
        case when cells.final_text ~ '^\d{1,2}$' then cells.final_text::int end as final_score,
        {{ try_number('cells.open_text') }} as open_price,
        {{ try_number('cells.close_text') }} as close_price,
        {{ try_line('cells.run_line_text') }} as run_line,
        {{ try_number('cells.run_line_price_text') }} as run_line_price,
        {{ try_line('cells.open_total_text') }} as open_total,
        {{ try_number('cells.open_total_price_text') }} as open_total_price,
        {{ try_line('cells.close_total_text') }} as close_total,
        {{ try_number('cells.close_total_price_text') }} as close_total_price
    from cells
    left join {{ ref('int_team_aliases') }} as aliases on aliases.alias = {{ club_alias('cells.team_text') }}
    offset 0

),

-- The visitor's row is the first of a game; at a neutral site both rows say N and alternate.
neutral_runs as (

    select
        typed.*,
        row_number() over by_sheet - row_number() over by_sheet_and_vh as run_of_vh
    from typed
    where not typed.is_blank
    window
        by_sheet as (partition by typed.load_id, typed.sheet order by typed.row_number),
        by_sheet_and_vh as (partition by typed.load_id, typed.sheet, typed.vh order by typed.row_number)
    offset 0

),

sided as (

    select
        neutral_runs.*,
        case
            when vh = 'V' then 'away'
            when vh = 'H' then 'home'
            when vh = 'N' then
                case
                    when row_number() over (
                        partition by load_id, sheet, vh, run_of_vh order by row_number
                    ) % 2 = 1 then 'away'
                    else 'home'
                end
        end as side
    from neutral_runs

),

paired as (

    select
        sided.*,
        case
            when side = 'away' and lead(side) over by_sheet = 'home' then row_number
            when side = 'home' and lag(side) over by_sheet = 'away' then lag(row_number) over by_sheet
        end as pair_row,
        case
            when side = 'away' then lead(official_date) over by_sheet
            when side = 'home' then lag(official_date) over by_sheet
        end as partner_date,
        case
            when side = 'away' then lead(team_id) over by_sheet
            when side = 'home' then lag(team_id) over by_sheet
        end as partner_team_id,
        case
            when side = 'away' then lead(team_text) over by_sheet
            when side = 'home' then lag(team_text) over by_sheet
        end as partner_team_text
    from sided
    window by_sheet as (partition by load_id, sheet order by row_number)
    offset 0

),

judged as (

    select
        paired.*,
        case
            when cardinality(missing_columns) > 0 then 'missing_column'
            when official_date is null then 'invalid_date'
            when side is null then 'invalid_side'
            when team_id is null then 'unknown_team'
            when pair_row is null then 'unpaired_row'
            when partner_date is distinct from official_date then 'unpaired_row'
            when partner_team_id is null then 'partner_unknown_team'
            when partner_team_id = team_id then 'same_team_twice'
        end as rule
    from paired
    offset 0

)

select
    load_id,
    row_number as record_number,
    sheet,
    season,
    official_date,
    rot,
    team_id,
    side,
    pair_row,
    pitcher,
    final_score,
    open_price,
    close_price,
    run_line,
    run_line_price,
    open_total,
    open_total_price,
    close_total,
    close_total_price,
    case when rule is null then 'staged' else 'quarantined' end as disposition,
    rule,
    case rule
        when 'missing_column' then 'the sheet has no column ' || array_to_string(missing_columns, ', ')
        when 'invalid_date' then 'Date "' || coalesce(date_text, '') || '" is no day of ' || coalesce(season::text, 'an unknown season')
        when 'invalid_side' then 'VH "' || coalesce(vh, '') || '" is none of V, H, N'
        when 'unknown_team' then 'team code "' || coalesce(team_text, '') || '" is unknown: teach it with `mlb alias add`'
        when 'unpaired_row' then 'no ' || case side when 'away' then 'home' else 'visiting' end
            || ' row of the same day stands beside it'
        when 'partner_unknown_team' then 'the other row of the game names an unknown team "' || coalesce(partner_team_text, '') || '"'
        when 'same_team_twice' then 'both rows of the game name ' || coalesce(team_text, '')
    end as reason,
    -- Cells that hold something which is no price or line: listed one by one; the row's other quotes stand.
    array_remove(array[
        case when final_text is not null and final_text <> 'NL' and final_score is null then 'Final=' || final_text end,
        case when open_text is not null and (open_price is null or abs(open_price) < 100) then 'Open=' || open_text end,
        case when close_text is not null and (close_price is null or abs(close_price) < 100) then 'Close=' || close_text end,
        case when run_line_text is not null and run_line is null then 'Run Line=' || run_line_text end,
        case
            when run_line_text is not null and run_line_price_text is not null
                and (run_line_price is null or abs(run_line_price) < 100)
                then 'Run Line price=' || run_line_price_text
        end,
        case when open_total_text is not null and open_total is null then 'Open OU=' || open_total_text end,
        case
            when open_total_text is not null and open_total_price_text is not null
                and (open_total_price is null or abs(open_total_price) < 100)
                then 'Open OU price=' || open_total_price_text
        end,
        case when close_total_text is not null and close_total is null then 'Close OU=' || close_total_text end,
        case
            when close_total_text is not null and close_total_price_text is not null
                and (close_total_price is null or abs(close_total_price) < 100)
                then 'Close OU price=' || close_total_price_text
        end
    ], null) as bad_cells
from judged

union all

-- Blank rows between games are no records of a game.
select
    load_id, row_number, sheet, season, null, null, null, null, null, null, null, null, null, null, null, null, null,
    null, null, 'out_of_scope', 'blank_row', 'the row is empty', '{}'::text[]
from typed
where is_blank
