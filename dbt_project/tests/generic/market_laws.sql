{# Laws of a market: two sides that belong together, a close before first pitch, one benchmark. #}

{# Markets whose two implied probabilities add up to less than `min_value` or more than `max_value`. #}
{% test booksum_in_range(model, price_1, price_2, min_value=0.97, max_value=1.15) %}
    select *
    from (
        select priced.*, {{ american_to_implied(price_1) }} + {{ american_to_implied(price_2) }} as tested_booksum
        from {{ model }} as priced
    ) as summed
    where tested_booksum not between {{ min_value }} and {{ max_value }}
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
