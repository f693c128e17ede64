{# Laws of a market: two sides that belong together, a close before first pitch, one benchmark. #}

{# Markets whose two implied probabilities add up to less than `min_value` or more than `max_value`: of one pair of prices, or
   of several that stand in one row (`pairs`). #}
{% test booksum_in_range(model, price_1=none, price_2=none, pairs=none, min_value=0.97, max_value=1.15) %}
    {% set tested = pairs or [[price_1, price_2]] %}
    select *
    from (
        select
            priced.*
            {%- for one, other in tested %},
            {{ american_to_implied(one) }} + {{ american_to_implied(other) }} as tested_booksum_{{ loop.index }}
            {%- endfor %}
        from {{ model }} as priced
    ) as summed
    where
        {%- for _ in tested %}
        {{ 'or ' if not loop.first }}tested_booksum_{{ loop.index }} not between {{ min_value }} and {{ max_value }}
        {%- endfor %}
{% endtest %}

{# Groups of quotes in which a side is missing, or stands more than once. #}
{% test both_sides_together(model, group_by, side='side', rows_where=none) %}
    select {{ group_by | join(', ') }}, string_agg({{ side }}, ', ' order by {{ side }}) as sides
    from {{ model }}
    {% if rows_where %}where {{ rows_where }}{% endif %}
    group by {{ group_by | join(', ') }}
    having count(*) <> 2 or count(distinct {{ side }}) <> 2
{% endtest %}

{# Prices not known before first pitch (actual, else scheduled). A labelled close stands at first pitch by convention. #}
{% test before_first_pitch(model, moment, games, rows_where=none, is_label='priced.moment_assumed') %}
    select priced.*, coalesce(games.first_pitch_at, games.scheduled_start_at) as starts_at
    from {{ model }} as priced
    inner join {{ games }} as games on games.game_key = priced.game_key
    where
        priced.{{ moment }} >= coalesce(games.first_pitch_at, games.scheduled_start_at)
        and not ({{ is_label }} and priced.{{ moment }} = coalesce(games.first_pitch_at, games.scheduled_start_at))
        {%- if rows_where %} and ({{ rows_where }}){% endif %}
{% endtest %}

{# Games that have more than one benchmark close, or closes and no benchmark. #}
{% test one_benchmark_per_game(model, close_price) %}
    select game_key, count(*) filter (where is_benchmark) as benchmarks
    from {{ model }}
    group by game_key
    having count(*) filter (where is_benchmark) <> least(count({{ close_price }}), 1)
{% endtest %}

{# Seasons whose benchmark closes score a log-loss outside the range of every season measured (2010-2021). #}
{% test closing_log_loss_in_range(model, probability, outcome, min_value, max_value, min_games=500) %}
    select season, count(*) as games, avg(loss) as log_loss
    from (
        select season, -ln(case when {{ outcome }} then {{ probability }} else 1 - {{ probability }} end) as loss
        from {{ model }}
        where is_benchmark and {{ outcome }} is not null
    ) as scored
    group by season
    having count(*) >= {{ min_games }} and avg(loss) not between {{ min_value }} and {{ max_value }}
{% endtest %}

{# Sources of which a larger share of the rows than `max_shares` says is told unusable for a reason. A single bad market waits
   by itself; so many tell that a source is misread. #}
{% test reason_shares_at_most(model, because, max_shares, min_rows=200) %}
    select
        source, count(*) as of_rows
        {%- for reason in max_shares %}, count(*) filter (where {{ because }} = '{{ reason }}') as {{ reason }}{% endfor %}
    from {{ model }}
    group by source
    having
        count(*) >= {{ min_rows }}
        and (
            {%- for reason, share in max_shares.items() %}
            {{ 'or ' if not loop.first }}count(*) filter (where {{ because }} = '{{ reason }}') > {{ share }} * count(*)
            {%- endfor %}
        )
{% endtest %}

{# Sources whose alternate lines are out of order in a larger share than `max_share` of the neighbours on one ladder (book,
   event, side and moment): the more runs a side is given, or the fewer it must make, the likelier it is. `series`: the table
   that says whose series a tick is. One book's slip is its own affair; many say that sides or signs are misread. #}
{% test alternates_in_order(model, series, max_share=0.02, min_pairs=50) %}
    with alternates as (

        select distinct source, event_id, book, market, period, side from {{ series }} where alternate_line <> ''

    ),

    ladders as (

        select
            series.source,
            {{ american_to_implied('ticks.price_american') }} as implied,
            lag({{ american_to_implied('ticks.price_american') }}) over on_ladder as implied_below,
            -- A side's own run line, and the under's total, help it as they rise; the over's total does not.
            case when series.side = 'over' then -1 else 1 end as way
        from alternates
        inner join {{ series }} as series
            on series.source = alternates.source and series.event_id = alternates.event_id
            and series.book = alternates.book and series.market = alternates.market
            and series.period = alternates.period and series.side = alternates.side
        inner join {{ model }} as ticks on ticks.series_id = series.series_id
        where ticks.status = 'open' and ticks.label is null and ticks.line is not null
        window on_ladder as (
            partition by
                series.source, series.event_id, series.book, series.market, series.period, series.side, ticks.known_at
            order by ticks.line
        )

    )

    select source, count(*) as pairs, count(*) filter (where (implied - implied_below) * way < 0) as out_of_order
    from ladders
    where implied_below is not null
    group by source
    having
        count(*) >= {{ min_pairs }}
        and count(*) filter (where (implied - implied_below) * way < 0) > {{ max_share }} * count(*)
{% endtest %}
