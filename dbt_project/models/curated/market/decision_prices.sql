-- What could be bet at each decision: for every book the last price that was known then, with its age. Nothing in a row
-- is later than its decision.
{{ config(indexes=[{'columns': ['decision', 'market']}]) }}

with points as (

    select * from {{ ref('int_decision_points') }}

),

states as (

    select
        states.*,
        lead(known_at) over (partition by game_key, market, source, book, label order by known_at) as next_known_at
    from {{ ref('int_market_states') }} as states

),

known as (

    select
        points.game_key,
        points.decision,
        points.decision_at,
        states.market,
        states.source,
        states.book,
        states.line,
        states.price_1,
        states.price_2,
        states.known_at,
        states.label,
        states.probability_1,
        states.hold,
        states.unusable_because,
        states.moment_assumed,
        states.capture,
        states.provenance,
        states.load_id,
        row_number() over (
            partition by points.game_key, points.decision, states.market, states.source, states.book
            order by states.known_at desc, (states.label is null), states.label
        ) as recency
    from points
    inner join states
        on states.game_key = points.game_key
        and states.known_at <= points.decision_at
        and (states.next_known_at is null or states.next_known_at > points.decision_at)
        -- A labelled price stood at its own moment; of any other nothing is known.
        and (states.label is null or states.label = points.decision)

)

select
    known.game_key,
    known.decision,
    known.market,
    known.source,
    known.book,
    known.decision_at,
    known.line,
    known.price_1 as home_price,
    known.price_2 as away_price,
    known.known_at as price_known_at,
    known.probability_1 as home_probability,
    known.hold,
    case
        when known.label is null then extract(
            epoch from known.decision_at - greatest(
                known.known_at,
                case known.decision
                    when 'open' then seen.seen_by_open_at
                    when 'pregame' then seen.seen_by_pregame_at
                    when 'close' then seen.seen_by_close_at
                    when 'current' then seen.seen_by_current_at
                end
            )
        ) / 60
    end::double precision as age_minutes,
    known.moment_assumed,
    known.capture,
    known.provenance,
    known.load_id
from known
left join {{ ref('int_last_seen') }} as seen
    on seen.game_key = known.game_key and seen.source = known.source and seen.book = known.book
    and seen.market = known.market
-- A market whose last state is unusable (one side, lines apart) offers nothing: no older state is fetched in its place.
where known.recency = 1 and known.unusable_because is null
