{# Laws of games and of the events that are tied to them. #}

{# Games of a day and pair of clubs that are told apart by nothing: the same number, or no sign of a doubleheader. #}
{% test doubleheader_games_distinct(model) %}
    select official_date, home_team_id, away_team_id, count(*) as games
    from {{ model }}
    group by official_date, home_team_id, away_team_id
    having
        count(distinct game_number) <> count(*)
        or bool_or(is_doubleheader) <> (count(*) > 1)
        or bool_and(is_doubleheader) <> (count(*) > 1)
{% endtest %}

{# Games of a doubleheader to which one source's events are tied that start at different times: at most one is right. #}
{% test doubleheader_not_crossed(model, games, events, apart='30 minutes') %}
    select ties.source, ties.game_key, count(*) as events, min(events.commence_at) as earliest, max(events.commence_at) as latest
    from {{ model }} as ties
    inner join {{ games }} as games on games.game_key = ties.game_key and games.is_doubleheader
    inner join {{ events }} as events on events.source = ties.source and events.event_id = ties.event_id
    group by ties.source, ties.game_key
    having max(events.commence_at) - min(events.commence_at) > interval '{{ apart }}'
{% endtest %}

{# Final games without a result. A result is known some hours after its game, so the last days are not judged. #}
{% test final_games_have_results(model, results, days_to_wait=2) %}
    select games.*
    from {{ model }} as games
    where
        games.status = 'final'
        and games.official_date < {{ new_york_date(clock()) }} - {{ days_to_wait }}
        and not exists (select from {{ results }} as results where results.game_key = games.game_key)
{% endtest %}

{# Versions of a result that are not 1, 2, 3 … in the order in which they became known, or that change nothing. #}
{% test versions_in_order(model) %}
    select *
    from (
        select
            versions.*,
            row_number() over in_order as expected_version,
            lag(known_at) over in_order as previous_known_at,
            lag((away_runs, home_runs)) over in_order as previous_score
        from {{ model }} as versions
        window in_order as (partition by game_key order by version)
    ) as compared
    where
        version <> expected_version
        or known_at < previous_known_at
        or (expected_version > 1 and previous_score = (away_runs, home_runs))
{% endtest %}

{# Sources of which a larger share than `max_share` is in the model (open events, quarantined records) beside `total`. #}
{% test share_at_most(model, total, max_share, min_total=100) %}
    select parts.source, parts.n, totals.n as of_total, parts.n::float8 / totals.n as share
    from (select source, count(*) as n from {{ model }} group by source) as parts
    inner join (select source, count(*) as n from {{ total }} group by source) as totals on totals.source = parts.source
    where totals.n >= {{ min_total }} and parts.n > {{ max_share }} * totals.n
{% endtest %}
