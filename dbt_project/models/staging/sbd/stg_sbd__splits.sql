-- Tickets and money of SportsBettingDime, six records per game: two sides of three markets. One figure per game, not per
-- book; the source says itself when it counted. What is blank, absent, or 0 on both sides is no fact: NULL with the reason.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_loads_staged_by(['stg_sbd__games']) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}],
) }}

with responses as (

    select
        raw.load_id,
        raw_data.json_of(coalesce(raw.body, original.body)) as document
    from {{ source('raw_data', 'sbd_odds') }} as raw
    left join {{ source('raw_data', 'sbd_odds') }} as original on original.load_id = raw.repeat_of
    where raw.load_id in {{ pending_loads() }}

),

games as materialized (

    select
        game.*,
        document.splits,
        -- What the books of the game quote now: where they differ, a share is not of one line.
        array(
            select distinct {{ try_line("book.value #>> '{home,spread}'") }}
            from jsonb_path_query(document.markets, 'lax $.spread.books[*]') as book (value)
            where {{ try_line("book.value #>> '{home,spread}'") }} is not null
        ) as home_lines,
        array(
            select distinct {{ try_line("book.value ->> 'total'") }}
            from jsonb_path_query(document.markets, 'lax $.total.books[*]') as book (value)
            where {{ try_line("book.value ->> 'total'") }} is not null
        ) as totals
    from {{ ref('stg_sbd__games') }} as game
    left join (
        select
            responses.load_id,
            listed.position,
            listed.value -> 'bettingSplits' as splits,
            listed.value -> 'markets' as markets
        from responses
        cross join lateral jsonb_path_query(responses.document, 'lax $.data[*]') with ordinality as listed (value, position)
    ) as document on document.load_id = game.load_id and document.position = game.record_number
    where game.load_id in {{ pending_loads() }}

),

sides as (

    select
        games.*,
        (games.record_number - 1) * 6 + side.place as side_number,
        side.market,
        side.name as side,
        side.is_first,
        games.splits -> side.market as told,
        games.splits #>> array[side.market, 'updated'] as stated_text,
        games.splits #>> array[side.market, side.name, 'betsPercentage'] as bets_text,
        games.splits #>> array[side.market, side.name, 'stakePercentage'] as stake_text
    from games
    cross join (
        values
        (1, 'moneyline', 'home', true), (2, 'moneyline', 'away', false),
        (3, 'spread', 'home', true), (4, 'spread', 'away', false),
        (5, 'total', 'over', true), (6, 'total', 'under', false)
    ) as side (place, market, name, is_first)
    -- A body that is no document is one record, not six.
    where side.place = 1 or exists (
        select from responses where responses.load_id = games.load_id and responses.document is not null
    )

),

typed as (

    select
        sides.*,
        {{ try_timestamptz('stated_text') }} as stated_at,
        {{ try_number('bets_text') }}::numeric as bets,
        {{ try_number('stake_text') }}::numeric as stake
    from sides
    offset 0

),

summed as (

    select
        typed.*,
        case when count(bets) over both_sides = 2 then sum(bets) over both_sides end as bets_of_both,
        case when count(stake) over both_sides = 2 then sum(stake) over both_sides end as stake_of_both
    from typed
    window both_sides as (partition by load_id, record_number, market)
    offset 0

),

judged as (

    select
        summed.*,
        coalesce(summed.rule, case
            when (bets is null and bets_text <> '') or (stake is null and stake_text <> '') then 'invalid_share'
            when bets not between 0 and 100 or stake not between 0 and 100 then 'share_out_of_range'
            when
                (bets_of_both <> 0 and not {{ makes_a_whole('bets_of_both') }})
                or (stake_of_both <> 0 and not {{ makes_a_whole('stake_of_both') }})
                then 'shares_do_not_add_up'
        end) as share_rule
    from summed
    offset 0

)

select
    load_id,
    side_number as record_number,
    source,
    event_id,
    '' as book,
    market,
    'game' as period,
    side,
    case
        when market = 'spread' and cardinality(home_lines) = 1 then case when is_first then home_lines[1] else -home_lines[1] end
        when market = 'total' and cardinality(totals) = 1 then totals[1]
    end as line,
    null::double precision as price_american,
    case when share_rule is null and bets_of_both is distinct from 0 then bets::numeric(5, 2) end as tickets_pct,
    case when share_rule is null and stake_of_both is distinct from 0 then stake::numeric(5, 2) end as money_pct,
    case
        when share_rule is not null then null
        when told is null or jsonb_typeof(told) = 'null' then 'market absent'
        else nullif(concat_ws(
            ', ',
            case when bets is null then 'tickets blank' when bets_of_both = 0 then 'tickets pending' end,
            case when stake is null then 'money blank' when stake_of_both = 0 then 'money pending' end
        ), '')
    end as missing_reason,
    stated_at,
    known_at,
    observed_at,
    capture,
    provenance,
    away_team_id,
    home_team_id,
    official_date,
    commence_at,
    market = 'spread' and cardinality(home_lines) <> 1 as is_line_ambiguous,
    game_status,
    case when rule is not null then disposition when share_rule is null then 'staged' else 'quarantined' end
        as disposition,
    share_rule as rule,
    left(case share_rule
        when 'invalid_share' then market || ': "' || coalesce(bets_text, '') || '" or "' || coalesce(stake_text, '')
            || '" is no share in percent'
        when 'share_out_of_range' then market || ': "' || bets_text || '" or "' || stake_text || '" is beyond 0 to 100 %'
        when 'shares_do_not_add_up' then market || ': both sides together have ' || coalesce(bets_of_both::text, 'no')
            || ' % of the tickets and ' || coalesce(stake_of_both::text, 'no') || ' % of the money'
        else reason
    end, 500) as reason
from judged
