{# Open and close of one market, per game × source × book, as CTEs `opens`, `closes`, `paired`. The close stands only
   once first pitch has come; an archive's labelled open or close goes before an observed one. #}
{% macro open_and_close(market) %}
states as (

    select *
    from {{ ref('int_market_states') }}
    where market = '{{ market }}' and unusable_because is null

),

opens as (

    select distinct on (game_key, source, book) *
    from states
    where label is distinct from 'close'
    -- A source's word for its first price is known when it was seen, which may be after later prices of its history.
    order by
        game_key, source, book, (label is distinct from 'open' or not moment_assumed), known_at,
        (label is distinct from 'open')

),

closes as (

    select distinct on (states.game_key, states.source, states.book)
        states.*,
        points.close_at as first_pitch_at,
        points.is_start_unknown
    from states
    inner join {{ ref('int_decision_points') }} as points
        on points.game_key = states.game_key and points.decision = 'close'
    where
        states.label is distinct from 'open'
        and (states.label = 'close' or states.known_at < points.close_at)
    order by states.game_key, states.source, states.book, (states.label is distinct from 'close'), states.known_at desc

),

keys as (

    select game_key, source, book from opens
    union
    select game_key, source, book from closes

),

paired as (

    select
        keys.game_key,
        keys.source,
        keys.book,
        opens.known_at as open_at,
        opens.price_1 as open_price_1,
        opens.price_2 as open_price_2,
        opens.line as open_line,
        opens.hold as open_hold,
        opens.probability_1 as open_probability_1,
        opens.probability_1_multiplicative as open_probability_1_multiplicative,
        opens.load_id as open_load_id,
        closes.known_at as close_at,
        closes.price_1 as close_price_1,
        closes.price_2 as close_price_2,
        closes.line as close_line,
        closes.hold as close_hold,
        closes.probability_1 as close_probability_1,
        closes.probability_1_multiplicative as close_probability_1_multiplicative,
        closes.load_id as close_load_id,
        -- How long before first pitch the price was last confirmed; a label has no such moment.
        case
            when closes.label is null and not closes.is_start_unknown
                then extract(epoch from closes.first_pitch_at - greatest(seen.seen_by_close_at, closes.known_at)) / 60
        end::double precision as close_age_minutes,
        coalesce(opens.moment_assumed, false) or coalesce(closes.moment_assumed, false) as moment_assumed,
        coalesce(closes.capture, opens.capture) as capture,
        coalesce(closes.provenance, opens.provenance) as provenance,
        coalesce(books.sharp_rank, 99) as sharp_rank,
        coalesce(books.kind, 'book') as book_kind
    from keys
    left join opens on opens.game_key = keys.game_key and opens.source = keys.source and opens.book = keys.book
    left join closes on closes.game_key = keys.game_key and closes.source = keys.source and closes.book = keys.book
    left join {{ ref('int_last_seen') }} as seen
        on seen.game_key = keys.game_key and seen.source = keys.source and seen.book = keys.book
        and seen.market = '{{ market }}'
    left join {{ ref('sportsbooks') }} as books on books.book = keys.book

),

-- The benchmark close: the sharpest book's whose price was fresh (confirmed within 90 minutes of first pitch), else the
-- consensus, else the sharpest there is.
ranked as (

    select
        paired.*,
        row_number() over (
            partition by game_key
            order by
                (close_price_1 is null),
                (coalesce(close_age_minutes, 0) > {{ fresh_minutes() }}),
                (sharp_rank > 5 and book_kind <> 'consensus'),
                sharp_rank,
                source,
                book
        ) = 1 and close_price_1 is not null as is_benchmark
    from paired

)
{% endmacro %}

{# Columns that every market mart shares after its own. #}
{% macro mart_game_columns() -%}
    games.season,
    games.official_date,
    games.home_team_id,
    games.away_team_id
{%- endmacro %}

{# Which episode of a game's markets a moment lies in: how many news there were by then. `moments`: an array of when, NULL
   where there were none. #}
{% macro episode_of(moments, moment) -%}
    case
        when {{ moments }} is null then 0
        else (select count(*)::int from unnest({{ moments }}) as news_of (told_at) where news_of.told_at <= {{ moment }})
    end
{%- endmacro %}
