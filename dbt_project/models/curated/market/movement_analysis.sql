-- How a market moved until each decision: its opening, its path, who led, and what its books did beside. Everything is as
-- of the decision. A move is a difference of levels (logit, toward home or over). A starter's change opens a new episode,
-- and no window reaches across it. Where a moment is a label's assumed one, nothing that hangs on the hour is said.
-- (How many rows the CTEs have no planner foresees, so no nested loops; a look at sixty columns need not be a close one.)
{{ config(
    pre_hook=['set local enable_nestloop = off', 'set local default_statistics_target = 10'],
    indexes=[{'columns': ['decision', 'market']}],
) }}

with news as (

    select
        game_key,
        array_agg(changed_at order by changed_at) as moments,
        array_agg(reason order by changed_at) as reasons
    from {{ ref('int_starter_changes') }}
    group by game_key

),

points as (

    select
        points.game_key,
        points.decision,
        points.decision_at,
        {{ episode_of('news.moments', 'points.decision_at') }} as now_episode,
        news.moments,
        news.reasons
    from {{ ref('int_decision_points') }} as points
    left join news on news.game_key = points.game_key

),

stepped as (

    select
        path.game_key,
        path.market,
        path.kind,
        path.known_at,
        path.label,
        path.line,
        path.probability_1,
        path.level,
        path.move,
        path.n_books,
        path.n_suspended,
        path.dispersion,
        path.hold,
        path.sharp_level,
        path.retail_level,
        path.joined_books,
        path.moment_assumed,
        path.capture,
        path.provenance,
        path.load_id,
        {{ episode_of('news.moments', 'path.known_at') }} as episode,
        row_number() over in_time as place,
        lead(path.known_at) over in_time as next_known_at,
        lag(path.kind) over in_time is distinct from path.kind as is_open,
        -- Where all books were down, the level before is two rows up.
        case when lag(path.level) over in_time is null then lag(path.level, 2) over in_time
            else lag(path.level) over in_time end as last_level,
        case when lag(path.level) over in_time is null then lag(path.known_at, 2) over in_time
            else lag(path.known_at) over in_time end as last_known_at,
        news.moments
    from {{ ref('consensus_path') }} as path
    left join news on news.game_key = path.game_key
    window in_time as (partition by path.game_key, path.market order by path.known_at)

),

-- Into a new episode, and from a source's own mean to the books, is no step.
stepping as (

    select
        stepped.*,
        case
            when is_open or {{ episode_of('moments', 'last_known_at') }} <> episode then null
            else level - last_level
        end as step
    from stepped

),

-- The last large move either way before each step, of these books and this episode.
turning as (

    select
        stepping.*,
        max(known_at) filter (where step is not null and move > 0.01) over so_far as last_up_at,
        max(known_at) filter (where step is not null and move < -0.01) over so_far as last_down_at,
        min(known_at) filter (where kind = 'book') over so_far as first_book_at
    from stepping
    window so_far as (
        partition by game_key, market order by known_at rows between unbounded preceding and 1 preceding
    )

),

-- A turn: the books' move of more than a hundredth against their last such move.
steps as (

    select
        game_key,
        market,
        kind,
        known_at,
        next_known_at,
        episode,
        is_open,
        place,
        label,
        line,
        probability_1,
        level,
        step,
        move,
        step is not null and abs(move) > 0.01
            and case when move > 0 then last_down_at else last_up_at end
            >= greatest(
                case when move > 0 then last_up_at else last_down_at end,
                case when kind = 'book' then first_book_at end,
                case when episode > 0 then moments[episode] end,
                '-infinity'
            ) as is_turn,
        n_books,
        n_suspended,
        dispersion,
        hold,
        sharp_level,
        retail_level,
        joined_books,
        moment_assumed,
        capture,
        provenance,
        load_id
    from turning
    offset 0

),

present as (

    select
        points.decision,
        points.decision_at,
        points.now_episode,
        points.moments as news,
        points.reasons,
        steps.game_key,
        steps.market,
        steps.kind,
        steps.known_at,
        steps.place,
        steps.line,
        steps.probability_1,
        steps.level,
        steps.move,
        steps.n_books,
        steps.n_suspended,
        steps.dispersion,
        steps.hold,
        steps.sharp_level,
        steps.retail_level,
        steps.moment_assumed,
        steps.capture,
        steps.provenance,
        steps.load_id
    from points
    inner join steps
        on steps.game_key = points.game_key and steps.known_at <= points.decision_at
        and (steps.next_known_at is null or steps.next_known_at > points.decision_at)

),

opens as (

    select
        steps.game_key,
        steps.market,
        steps.kind,
        steps.line,
        steps.probability_1,
        steps.level,
        steps.known_at,
        steps.joined_books,
        steps.n_books,
        steps.dispersion,
        steps.hold,
        steps.episode,
        steps.moment_assumed,
        case when steps.kind = 'book' then coalesce(steps.sharp_level, (
            select later.sharp_level
            from {{ ref('consensus_path') }} as later
            where
                later.game_key = steps.game_key and later.market = steps.market and later.kind = 'book'
                and later.sharp_level is not null
            order by later.known_at
            limit 1
        )) end as sharp_level,
        case when steps.kind = 'book' then coalesce(steps.retail_level, (
            select later.retail_level
            from {{ ref('consensus_path') }} as later
            where
                later.game_key = steps.game_key and later.market = steps.market and later.kind = 'book'
                and later.retail_level is not null
            order by later.known_at
            limit 1
        )) end as retail_level
    from steps
    -- A label's close is no open.
    where steps.is_open and steps.label is distinct from 'close'

),

-- What the path until the decision adds up to, the same in whatever order the rows come. (A label or two add up to
-- themselves: the last select says it.)
walked as (

    select
        present.game_key,
        present.market,
        present.decision,
        max(present.decision_at) as decision_at,
        max(present.now_episode) as now_episode,
        max(present.level) as level,
        max(present.kind) as kind,
        bool_or(steps.moment_assumed) as moment_assumed,
        count(*) filter (where steps.move <> 0 and steps.step is not null)::int as n_moves,
        count(*) filter (where steps.is_turn)::int as reversals,
        max(steps.level) as level_high,
        min(steps.level) as level_low,
        {{ exact_sum('abs(steps.move)', 'steps.step is not null') }} as total_variation,
        max(steps.level) filter (where steps.step is null and is_of_now) as episode_level,
        min(steps.known_at) filter (where is_of_now and steps.level is not null) as episode_at,
        {% for name, window in [('move_1h', '1 hour'), ('move_3h', '3 hours'), ('move_6h', '6 hours'), ('move_24h', '24 hours')] %}
        {{ exact_sum('steps.step', "is_of_now and steps.known_at > present.decision_at - interval '" ~ window ~ "'") }} as {{ name }},
        {% endfor %}
        {% for name, condition in [('seconds_told', 'steps.level is not null'), ('seconds_near', 'abs(steps.level - present.level) <= 0.02')] %}
        {{ exact_sum(
            "extract(epoch from least(steps.next_known_at, present.decision_at)
            - greatest(steps.known_at, present.decision_at - interval '6 hours'))::float8",
            "is_of_now and " ~ condition
            ~ " and (steps.next_known_at is null or steps.next_known_at > present.decision_at - interval '6 hours')"
        ) }} as {{ name }}{{ ',' if not loop.last }}
        {% endfor %}
    from present
    inner join steps
        on steps.game_key = present.game_key and steps.market = present.market and steps.kind = present.kind
        and steps.known_at <= present.decision_at
    cross join lateral (select steps.episode = present.now_episode as is_of_now) as told
    where
        present.kind = 'book' or present.place > 2 or not present.moment_assumed or present.news is not null
    group by present.game_key, present.market, present.decision

),

-- Which way the present episode went as a whole, and when each book first went that way by a hundredth or more.
ways as (

    select
        game_key,
        market,
        decision,
        decision_at,
        now_episode,
        sign(level - episode_level) as way
    from walked
    where kind = 'book' and abs(level - episode_level) > 1e-6 and not moment_assumed

),

first_moves as (

    select
        voices.game_key,
        voices.market,
        voices.book,
        sign(voices.level - voices.last_level) as way,
        {{ episode_of('news.moments', 'voices.known_at') }} as episode,
        min(voices.known_at) as moved_at
    from {{ ref('int_voices') }} as voices
    left join news on news.game_key = voices.game_key
    where voices.is_open and voices.kind = 'book' and abs(voices.level - voices.last_level) >= 0.01
    group by 1, 2, 3, 4, 5

),

followed as (

    select
        ways.game_key,
        ways.market,
        ways.decision,
        first_moves.book,
        first_moves.moved_at,
        min(first_moves.moved_at) over (partition by ways.game_key, ways.market, ways.decision) as leader_at
    from ways
    inner join first_moves
        on first_moves.game_key = ways.game_key and first_moves.market = ways.market and first_moves.way = ways.way
        and first_moves.episode = ways.now_episode and first_moves.moved_at <= ways.decision_at

),

led as (

    select
        game_key,
        market,
        decision,
        min(leader_at) as leader_at,
        array_agg(book order by book) filter (where moved_at = leader_at) as leader_books,
        count(*) filter (where moved_at > leader_at)::int as n_followers,
        percentile_cont(0.5) within group (order by extract(epoch from moved_at - leader_at)::float8 / 60)
            filter (where moved_at > leader_at) as follow_minutes
    from followed
    group by game_key, market, decision

),

-- What was bet between two looks weighs the level at the second.
weighed as (

    select
        present.game_key,
        present.market,
        present.decision,
        count(*) as looks,
        sum(counts.new_bets) filter (where told.level is not null)::int as bets,
        sum(counts.new_bets * (told.level - opens.level) order by counts.known_at) / nullif(sum(counts.new_bets) filter (where told.level is not null), 0)
            as move
    from {{ ref('int_bet_counts') }} as counts
    inner join present on present.game_key = counts.game_key and present.decision_at >= counts.known_at
    left join opens
        on opens.game_key = present.game_key and opens.market = present.market and opens.kind = present.kind
    left join lateral (
        select path.level
        from {{ ref('consensus_path') }} as path
        where
            path.game_key = present.game_key and path.market = present.market and path.kind = present.kind
            and path.known_at <= counts.known_at
        order by path.known_at desc
        limit 1
    ) as told on true
    group by present.game_key, present.market, present.decision

),

joined as (

    select
        present.*,
        opens.line as open_line,
        opens.probability_1 as open_probability_1,
        opens.level as open_level,
        opens.known_at as open_at,
        opens.joined_books as open_books,
        opens.n_books as open_n_books,
        opens.dispersion as open_dispersion,
        opens.hold as open_hold,
        opens.sharp_level as open_sharp_level,
        opens.retail_level as open_retail_level,
        present.now_episode - opens.episode as news_since_open,
        coalesce(walked.moment_assumed, present.moment_assumed or coalesce(opens.moment_assumed, false)) as is_assumed,
        coalesce(walked.n_moves, (present.move <> 0)::int) as n_moves,
        coalesce(walked.level_high, greatest(present.level, opens.level)) as level_high,
        coalesce(walked.level_low, least(present.level, opens.level)) as level_low,
        coalesce(case when walked.game_key is null then abs(present.move) else walked.total_variation end, 0)
            as total_variation,
        coalesce(walked.reversals, 0) as reversals,
        case when walked.game_key is null then opens.level else walked.episode_level end as episode_level,
        walked.episode_at,
        -- Windows are of measured moments, from a level that stands to one that stands.
        not walked.moment_assumed and walked.episode_level is not null and present.level is not null as is_timed,
        coalesce(walked.move_1h, 0) as move_1h,
        coalesce(walked.move_3h, 0) as move_3h,
        coalesce(walked.move_6h, 0) as move_6h,
        coalesce(walked.move_24h, 0) as move_24h,
        walked.seconds_near / nullif(walked.seconds_told, 0) as stability,
        led.leader_at,
        led.leader_books,
        led.n_followers,
        led.follow_minutes,
        present.n_suspended::float8 / nullif(present.n_books + present.n_suspended, 0) as suspended_share,
        weighed.looks,
        weighed.bets,
        weighed.move as volume_weighted_move
    from present
    left join opens
        on opens.game_key = present.game_key and opens.market = present.market and opens.kind = present.kind
    left join walked
        on walked.game_key = present.game_key and walked.market = present.market
        and walked.decision = present.decision
    left join led
        on led.game_key = present.game_key and led.market = present.market and led.decision = present.decision
    left join weighed
        on weighed.game_key = present.game_key and weighed.market = present.market
        and weighed.decision = present.decision

),

judged as (

    select
        joined.*,
        case
            when level is null then 'no open price at the decision'
            when open_level is null then 'no open price before the decision'
            when is_assumed then 'a label has no moment of its own'
            when least(open_n_books, n_books) < 2 then 'fewer than two books'
        end as liquidity_unknown_because,
        case
            when looks is null then 'no source counted the bets on this game before the decision'
            when coalesce(bets, 0) = 0 then 'no bets were counted between two looks'
            when volume_weighted_move is null then 'no open price before the decision'
        end as volume_unknown_because
    from joined

)

select
    game_key,
    market,
    decision,
    decision_at,
    kind,
    open_line,
    open_probability_1,
    open_level,
    open_at,
    open_books,
    line,
    probability_1,
    level,
    n_books,
    n_suspended,
    level - open_level as move,
    (line - open_line)::float8 as line_move,
    case when is_timed then move_1h end as move_1h,
    case when is_timed then move_3h end as move_3h,
    case when is_timed then move_6h end as move_6h,
    case when is_timed then move_24h end as move_24h,
    case when is_timed then move_3h / 3 end as velocity,
    case when is_timed and episode_at <= decision_at - interval '6 hours' then (2 * move_3h - move_6h) / 9 end
        as acceleration,
    case when is_timed then move_1h end as late_move,
    case when is_timed then level - episode_level - move_1h end as early_move,
    case when is_timed then sign(round(move_1h::numeric, 9)) * sign(round((level - episode_level - move_1h)::numeric, 9)) end::int
        as follow_through,
    n_moves,
    level_high,
    level_low,
    level_high - level_low as level_range,
    total_variation,
    reversals,
    leader_books,
    leader_at,
    n_followers,
    follow_minutes,
    open_dispersion,
    dispersion,
    dispersion - open_dispersion as dispersion_change,
    open_hold,
    hold,
    hold - open_hold as hold_change,
    sharp_level - open_sharp_level as sharp_move,
    retail_level - open_retail_level as retail_move,
    (sharp_level - open_sharp_level) - (retail_level - open_retail_level) as sharp_minus_retail_move,
    case when is_timed then stability end as stability,
    suspended_share,
    case
        when liquidity_unknown_because is null then
            (hold - open_hold) / 0.01 + suspended_share / 0.25 + (dispersion - open_dispersion) / 0.05
    end as liquidity_pressure,
    liquidity_unknown_because,
    case when volume_unknown_because is null then volume_weighted_move end as volume_weighted_move,
    case when volume_unknown_because is null then bets end as volume_bets,
    volume_unknown_because,
    coalesce(news_since_open, 0) + 1 as n_episodes,
    case when news_since_open > 0 then news[now_episode] else open_at end as episode_started_at,
    case when news_since_open > 0 then reasons[now_episode] when open_at is not null then 'open' end as episode_reason,
    level - episode_level as episode_move,
    known_at,
    is_assumed as moment_assumed,
    capture,
    provenance,
    load_id
from judged
