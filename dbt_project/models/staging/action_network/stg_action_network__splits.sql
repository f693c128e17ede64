-- The public's tickets and money as the scoreboards told them. One record is one outcome that bears a percentage; the
-- figure is the game's and every book repeats it, so one copy is staged (the consensus's where it is whole) and the equal
-- others are out of scope. Zero on every side means that there is no figure: NULL, with the reason.
-- A second reading of the outcomes that stg_action_network__quotes accounts for.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_loads_staged_by(['stg_action_network__quotes']) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}, {'columns': ['source', 'event_id']}],
) }}

with told as (

    select
        load_id, record_number, source, event_id, market, period, side, alternate_line, line, price_american, known_at,
        observed_at, capture, provenance, away_team_id, home_team_id, official_date, commence_at, source_book_id, is_live,
        last_update_at, tickets_text, money_text, rule as quote_rule,
        {{ try_number('tickets_text') }} as tickets,
        {{ try_number('money_text') }} as money
    from {{ ref('stg_action_network__quotes') }}
    where load_id in {{ pending_loads() }} and (tickets_text is not null or money_text is not null)
    offset 0

),

-- The sides of one market at one book belong together.
grouped as (

    select
        told.*,
        count(*) over market_of_book as sides,
        count(tickets_text) over market_of_book as told_tickets,
        count(money_text) over market_of_book as told_money,
        sum(tickets) over market_of_book as tickets_together,
        sum(money) over market_of_book as money_together,
        coalesce(bool_or(not coalesce(tickets between 0 and 100, false)) filter (where tickets_text is not null) over market_of_book, false)
        or coalesce(bool_or(not coalesce(money between 0 and 100, false)) filter (where money_text is not null) over market_of_book, false)
            as has_invalid
    from told
    window market_of_book as (
        partition by load_id, event_id, source_book_id, market, period, alternate_line, is_live
    )

),

judged as (

    select
        grouped.*,
        case
            when event_id is null or source_book_id is null then 'missing_value'
            when is_live then 'in_play'
            when market is null or market not in ('moneyline', 'spread', 'total') then 'market_not_staged'
            when period is null then 'period_not_staged'
            when quote_rule in ('unknown_team', 'same_team_twice') then 'unknown_team'
            when commence_at is null then 'invalid_time'
            when side is null then 'invalid_side'
            when known_at is null then 'no_time_of_its_own'
            when has_invalid then 'invalid_percentage'
            when tickets_together > 0 and not {{ makes_a_whole('tickets_together') }} then 'sides_do_not_sum'
            when money_together > 0 and not {{ makes_a_whole('money_together') }} then 'sides_do_not_sum'
        end as rule_alone,
        tickets_together > 0 and told_tickets = sides as has_tickets,
        money_together > 0 and told_money = sides as has_money
    from grouped
    offset 0

),

-- Which book's copy stands for the game's: one with figures, the consensus first.
chosen as (

    select
        judged.*,
        first_value(source_book_id) over best as chosen_book_id,
        row_number() over (
            partition by load_id, event_id, market, period, side, source_book_id, alternate_line, rule_alone is null
            order by record_number
        ) as copy_number
    from judged
    window best as (
        partition by load_id, event_id, market, period, rule_alone is null
        order by
            (coalesce(has_tickets, false) or coalesce(has_money, false)) desc,
            alternate_line = '' desc,
            source_book_id = '15' desc,
            length(source_book_id),
            source_book_id,
            record_number
    )

),

compared as (

    select
        chosen.*,
        max(tickets) filter (where source_book_id = chosen_book_id and alternate_line = '') over figure as chosen_tickets,
        max(money) filter (where source_book_id = chosen_book_id and alternate_line = '') over figure as chosen_money
    from chosen
    window figure as (partition by load_id, event_id, market, period, side, rule_alone is null)

),

ruled as (

    select
        compared.*,
        case
            when rule_alone is not null then rule_alone
            when source_book_id = chosen_book_id and alternate_line = '' and copy_number = 1 then null
            when not coalesce(has_tickets, false) and not coalesce(has_money, false) then 'blank_copy'
            when tickets is not distinct from chosen_tickets and money is not distinct from chosen_money
                then 'same_public_figure'
            else 'public_figure_differs'
        end as rule
    from compared
    offset 0

)

select
    load_id,
    record_number,
    source,
    event_id,
    '' as book,
    market,
    period,
    side,
    line,
    price_american,
    case when rule is null and has_tickets then tickets::numeric(5, 2) end as tickets_pct,
    case when rule is null and has_money then money::numeric(5, 2) end as money_pct,
    case when rule is null then nullif(concat_ws(
        '; ',
        case
            when coalesce(has_tickets, false) then null
            when told_tickets = 0 then 'tickets are not told'
            when told_tickets < sides then 'tickets are told of one side only'
            else 'tickets are 0 on every side'
        end,
        case
            when coalesce(has_money, false) then null
            when told_money = 0 then 'money is not told'
            when told_money < sides then 'money is told of one side only'
            else 'money is 0 on every side'
        end
    ), '') end as missing_reason,
    last_update_at as stated_at,
    known_at,
    observed_at,
    capture,
    provenance,
    away_team_id,
    home_team_id,
    official_date,
    commence_at,
    source_book_id,
    case
        when rule is null then 'staged'
        when rule in (
            'in_play', 'market_not_staged', 'period_not_staged', 'no_time_of_its_own', 'same_public_figure', 'blank_copy'
        ) then 'out_of_scope'
        else 'quarantined'
    end as disposition,
    rule,
    left(case rule
        when 'missing_value' then 'a figure needs its game''s id and its book'
        when 'in_play' then 'a figure beside a price during the game'
        when 'market_not_staged' then 'no public figure is kept of ' || coalesce(market, 'this type')
        when 'period_not_staged' then 'no public figure is kept of this period'
        when 'unknown_team' then 'the game''s clubs are not known'
        when 'invalid_time' then 'the game''s start is no time'
        when 'invalid_side' then 'the side is none of the market'
        when 'no_time_of_its_own' then 'asked afterwards, and nothing tells when this figure stood'
        when 'invalid_percentage' then 'tickets "' || coalesce(tickets_text, '') || '" and money "' || coalesce(money_text, '')
            || '" (or another side''s) are no percentages'
        when 'sides_do_not_sum' then 'the sides sum to ' || coalesce(tickets_together::text, 'nothing') || ' (tickets) and '
            || coalesce(money_together::text, 'nothing') || ' (money), not to 100'
        when 'same_public_figure' then 'the game''s figure once more, at book ' || source_book_id
        when 'blank_copy' then 'book ' || source_book_id || ' repeats no figure'
        when 'public_figure_differs' then 'book ' || source_book_id || ' says ' || coalesce(tickets_text, 'nothing') || ' and '
            || coalesce(money_text, 'nothing') || ', book ' || chosen_book_id || ' ' || coalesce(chosen_tickets::text, 'nothing')
            || ' and ' || coalesce(chosen_money::text, 'nothing')
    end, 500) as reason
from ruled
