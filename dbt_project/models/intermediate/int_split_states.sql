-- Tickets and money of a market as a source tells them, over time: both measures at every moment at which one of them
-- changed, the other carried forward; slot 1 is the spine's home side, or over. Known before first pitch, of the whole
-- game. Both sides are told and must sum to 100, give or take their rounding: what does not, a share whose other side is
-- missing, and one of 0 or 100 (a handful of bets) is no share of the public.
{{ config(indexes=[{'columns': ['game_key', 'market', 'source', 'book', 'known_at'], 'unique': true}]) }}

with told as (

    select distinct on (
        ties.game_key, splits.market, splits.source, splits.book, splits.known_at, splits.measure, slot
    )
        ties.game_key,
        splits.market,
        splits.source,
        splits.book,
        splits.known_at,
        splits.measure,
        case
            when splits.side in ('over', 'under') then (splits.side = 'under')::int + 1
            else (((splits.side = 'away') <> ties.sides_swapped))::int + 1
        end as slot,
        splits.pct,
        splits.stated_at,
        splits.capture,
        splits.provenance,
        splits.load_id
    from {{ ref('betting_splits') }} as splits
    inner join {{ ref('game_crosswalk') }} as ties on ties.source = splits.source and ties.event_id = splits.event_id
    inner join {{ ref('games') }} as games on games.game_key = ties.game_key
    where
        splits.period = 'game'
        and splits.market in ('moneyline', 'spread', 'total')
        and splits.known_at < coalesce(games.first_pitch_at, games.scheduled_start_at)
    -- Several events of a source may be tied to one game: of one moment the last word counts.
    order by
        ties.game_key, splits.market, splits.source, splits.book, splits.known_at, splits.measure, slot,
        splits.stated_at desc nulls last, splits.seq desc, splits.event_id

),

moments as (

    select
        game_key,
        market,
        source,
        book,
        known_at,
        max(pct) filter (where measure = 'tickets' and slot = 1) as tickets_1,
        max(pct) filter (where measure = 'tickets' and slot = 2) as tickets_2,
        max(pct) filter (where measure = 'money' and slot = 1) as money_1,
        max(pct) filter (where measure = 'money' and slot = 2) as money_2,
        max(stated_at) as stated_at,
        min(capture) as capture,
        min(provenance) as provenance,
        max(load_id) as load_id
    from told
    group by game_key, market, source, book, known_at

),

counted as (

    select
        moments.*,
        count(tickets_1) over so_far as change_tickets_1,
        count(tickets_2) over so_far as change_tickets_2,
        count(money_1) over so_far as change_money_1,
        count(money_2) over so_far as change_money_2
    from moments
    window so_far as (partition by game_key, market, source, book order by known_at)

),

carried as (

    select
        game_key,
        market,
        source,
        book,
        known_at,
        {% for share in ['tickets_1', 'tickets_2', 'money_1', 'money_2'] %}
        first_value({{ share }}) over (
            partition by game_key, market, source, book, change_{{ share }} order by known_at
        )::float8 as {{ share }},
        {% endfor %}
        stated_at,
        capture,
        provenance,
        load_id
    from counted

),

judged as (

    select
        carried.*,
        {% for measure in ['tickets', 'money'] %}
        case
            when num_nulls({{ measure }}_1, {{ measure }}_2) = 2 then 'not_told'
            when num_nulls({{ measure }}_1, {{ measure }}_2) = 1 then 'one_sided'
            when abs({{ measure }}_1 + {{ measure }}_2 - 100) > 2 then 'sides_do_not_sum_to_100'
            when {{ measure }}_1 in (0, 100) then 'all_on_one_side'
        end as {{ measure }}_unusable_because{{ ',' if not loop.last }}
        {% endfor %}
    from carried

)

select
    game_key,
    market,
    source,
    book,
    known_at,
    case when tickets_unusable_because is null then tickets_1 end as tickets_1,
    case when money_unusable_because is null then money_1 end as money_1,
    tickets_unusable_because,
    money_unusable_because,
    tickets_1 as told_tickets_1,
    tickets_2 as told_tickets_2,
    money_1 as told_money_1,
    money_2 as told_money_2,
    stated_at,
    capture,
    provenance,
    load_id
from judged
