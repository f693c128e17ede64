-- One row per game of a season sheet: both rows side by side, each market judged at each of its two moments.
-- A market whose two prices cannot belong together is not staged; the game's other markets are.
-- offset 0: a fence; without it the planner repeats each cast in every place that reads it.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_loads_staged_by(['stg_sbr_archive__rows']) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}],
) }}

with staged_rows as (

    select *
    from {{ ref('stg_sbr_archive__rows') }}
    where disposition = 'staged' and load_id in {{ pending_loads() }}

),

sides as (

    select
        away.load_id,
        away.sheet,
        away.record_number as away_record_number,
        home.record_number as home_record_number,
        away.season,
        away.official_date,
        away.rot as away_rot,
        home.rot as home_rot,
        away.team_id as away_team_id,
        home.team_id as home_team_id,
        nullif(nullif(away.pitcher, ''), 'UNDECIDED') as away_starter,
        nullif(nullif(home.pitcher, ''), 'UNDECIDED') as home_starter,
        away.final_score as away_runs,
        home.final_score as home_runs,
        away.open_price as open_away_price,
        home.open_price as open_home_price,
        away.close_price as close_away_price,
        home.close_price as close_home_price,
        away.run_line as away_run_line,
        home.run_line as home_run_line,
        away.run_line_price as run_line_away_price,
        home.run_line_price as run_line_home_price,
        away.open_total as open_total_over,
        home.open_total as open_total_under,
        away.open_total_price as open_over_price,
        home.open_total_price as open_under_price,
        away.close_total as close_total_over,
        home.close_total as close_total_under,
        away.close_total_price as close_over_price,
        home.close_total_price as close_under_price
    from staged_rows as away
    inner join staged_rows as home
        on home.load_id = away.load_id
        and home.sheet = away.sheet
        and home.pair_row = away.pair_row
        and home.side = 'home'
    where away.side = 'away'

),

measured as (

    select
        sides.*,
        {{ american_to_implied('open_away_price') }} + {{ american_to_implied('open_home_price') }} as open_booksum,
        {{ american_to_implied('close_away_price') }} + {{ american_to_implied('close_home_price') }} as close_booksum,
        {{ american_to_implied('run_line_away_price') }} + {{ american_to_implied('run_line_home_price') }}
            as run_line_booksum,
        {{ american_to_implied('open_over_price') }} + {{ american_to_implied('open_under_price') }}
            as open_total_booksum,
        {{ american_to_implied('close_over_price') }} + {{ american_to_implied('close_under_price') }}
            as close_total_booksum,
        -- A "total" that is no number of runs is a price that slipped a cell: then the moneyline of that moment did too.
        coalesce(greatest(open_total_over, open_total_under) >= 25, false) as is_open_shifted,
        coalesce(greatest(close_total_over, close_total_under) >= 25, false) as is_close_shifted
    from sides
    offset 0

)

select
    load_id,
    sheet,
    away_record_number,
    home_record_number,
    season,
    official_date,
    to_char(official_date, 'YYYY-MM-DD') || ':' || away_team_id || '@' || home_team_id || ':' || row_number() over (
        partition by load_id, official_date, away_team_id, home_team_id order by sheet, away_record_number
    ) as event_id,
    away_rot,
    home_rot,
    away_team_id,
    home_team_id,
    away_starter,
    home_starter,
    away_runs,
    home_runs,
    open_away_price,
    open_home_price,
    close_away_price,
    close_home_price,
    away_run_line,
    home_run_line,
    run_line_away_price,
    run_line_home_price,
    open_total_over as open_total,
    open_over_price,
    open_under_price,
    close_total_over as close_total,
    close_over_price,
    close_under_price,
    case
        when open_away_price is null and open_home_price is null then 'no_line'
        when is_open_shifted then 'shifted_cells'
        when open_booksum is null then 'one_sided_or_no_price'
        when open_booksum not between 0.97 and 1.15 then 'booksum_out_of_range'
    end as open_moneyline_rule,
    case
        when close_away_price is null and close_home_price is null then 'no_line'
        when is_close_shifted then 'shifted_cells'
        when close_booksum is null then 'one_sided_or_no_price'
        when close_booksum not between 0.97 and 1.15 then 'booksum_out_of_range'
    end as close_moneyline_rule,
    case
        when away_run_line is null and home_run_line is null then 'no_line'
        when run_line_booksum is null then 'one_sided_or_no_price'
        when away_run_line is distinct from -home_run_line then 'lines_do_not_mirror'
        when away_run_line * 2 <> trunc(away_run_line * 2) then 'line_not_half_runs'
        when {{ is_line_out_of_range("'spread'", 'away_run_line') }} then 'line_out_of_range'
        when run_line_booksum not between 0.97 and 1.15 then 'booksum_out_of_range'
    end as run_line_rule,
    case
        when open_total_over is null and open_total_under is null then 'no_line'
        when is_open_shifted then 'shifted_cells'
        when open_total_booksum is null then 'one_sided_or_no_price'
        when open_total_over is distinct from open_total_under then 'lines_do_not_match'
        when open_total_over not between 3 and 25 or open_total_over * 2 <> trunc(open_total_over * 2)
            then 'line_out_of_range'
        when open_total_booksum not between 0.97 and 1.15 then 'booksum_out_of_range'
    end as open_total_rule,
    case
        when close_total_over is null and close_total_under is null then 'no_line'
        when is_close_shifted then 'shifted_cells'
        when close_total_booksum is null then 'one_sided_or_no_price'
        when close_total_over is distinct from close_total_under then 'lines_do_not_match'
        when close_total_over not between 3 and 25 or close_total_over * 2 <> trunc(close_total_over * 2)
            then 'line_out_of_range'
        when close_total_booksum not between 0.97 and 1.15 then 'booksum_out_of_range'
    end as close_total_rule,
    open_booksum,
    close_booksum
from measured
