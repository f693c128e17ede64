-- Law 7: every record is accounted for. Left, the records counted from the document itself (a jsonpath per endpoint, the
-- rows of an archive table, the reader's own count); right, what the models made of them. Per source and raw table.

{% set endpoints = [
    ('mlb_stats', 'mlb_stats_schedule', '$.dates[*].games[*]'),
    ('odds_api', 'odds_api_odds', '$[*].bookmakers[*].markets[*].outcomes[*]'),
    ('odds_api', 'odds_api_historical_odds', '$.data[*].bookmakers[*].markets[*].outcomes[*]'),
    ('odds_api', 'odds_api_scores', '$[*]'),
] %}

with counted as (

    {% for source_name, table, path in endpoints %}
    select
        '{{ source_name }}' as source,
        'raw_data.{{ table }}' as raw_table,
        sum(document.records) as records,
        coalesce(sum(document.records) filter (
            where held.load_id is null
            and {{ is_no_news('raw', source('raw_data', table), are_prices=table in ['odds_api_odds', 'odds_api_historical_odds']) }}
        ), 0) as repeated,
        coalesce(sum(document.records) filter (where held.load_id is not null), 0) as held
    from {{ source('raw_data', table) }} as raw
    left join {{ source('raw_data', table) }} as original on original.load_id = raw.repeat_of
    left join operational.held_loads as held on held.load_id = raw.load_id and held.released_at is null
    cross join lateral (
        select case
            when body.document is null then 1
            else (select count(*) from jsonb_path_query(body.document, 'lax {{ path }}'))
        end as records
        from (select raw_data.json_of(coalesce(raw.body, original.body)) as document offset 0) as body
    ) as document
    union all
    {% endfor %}
    select
        files.archive,
        'raw_data.' || files.archive,
        sum(files.record_count),
        0,
        coalesce(sum(files.record_count) filter (where held.load_id is not null), 0)
    from {{ source('raw_data', 'archive_files') }} as files
    left join operational.held_loads as held on held.load_id = files.load_id and held.released_at is null
    group by files.archive

),

quotes_made as (

    select
        tables.raw_table,
        count(*) filter (where quotes.disposition = 'quarantined') as quarantined,
        count(*) filter (where quotes.disposition = 'out_of_scope') as out_of_scope
    from {{ ref('stg_odds_api__quotes') }} as quotes
    inner join (
        select load_id, 'raw_data.odds_api_odds' as raw_table from {{ source('raw_data', 'odds_api_odds') }}
        union all
        select load_id, 'raw_data.odds_api_historical_odds' from {{ source('raw_data', 'odds_api_historical_odds') }}
    ) as tables on tables.load_id = quotes.load_id
    group by tables.raw_table

    union all

    select
        'raw_data.tick_archive',
        count(*) filter (where rule is not null),
        0
    from {{ ref('stg_tick_archive__quotes') }}

),

tables_of_loads as (

    select load_id, 'raw_data.odds_api_odds' as raw_table from {{ source('raw_data', 'odds_api_odds') }}
    union all
    select load_id, 'raw_data.odds_api_historical_odds' from {{ source('raw_data', 'odds_api_historical_odds') }}
    union all
    select load_id, 'raw_data.tick_archive' from {{ source('raw_data', 'archive_files') }} where archive = 'tick_archive'

),

ticks_made as (

    select tables.raw_table, count(*) as ticks
    from {{ ref('odds_ticks') }} as ticks
    inner join tables_of_loads as tables on tables.load_id = ticks.load_id
    group by tables.raw_table

),

-- Repeats are counted from the quotes themselves, not as what ticks leave over: a series that never became ticks shows.
compared as (

    select
        load_id,
        lag(series_id) over in_series is not null
        and price_american is not distinct from lag(price_american) over in_series
        and line is not distinct from lag(line) over in_series
        and label is not distinct from lag(label) over in_series as is_repeat
    from {{ ref('int_quotes') }}
    where source <> 'sbr_archive'
    window in_series as (partition by series_id order by known_at, record_number, price_american, line, load_id)

),

repeats_made as (

    select tables.raw_table, count(*) as repeats
    from compared
    inner join tables_of_loads as tables on tables.load_id = compared.load_id
    where compared.is_repeat
    group by tables.raw_table

),

made as (

    select
        quotes_made.raw_table,
        coalesce(ticks_made.ticks, 0) as staged,
        quotes_made.quarantined,
        coalesce(repeats_made.repeats, 0) as repeats,
        quotes_made.out_of_scope
    from quotes_made
    left join ticks_made on ticks_made.raw_table = quotes_made.raw_table
    left join repeats_made on repeats_made.raw_table = quotes_made.raw_table

    {% for raw_table, model in [
        ('raw_data.sbr_archive', 'stg_sbr_archive__rows'),
        ('raw_data.retrosheet_games', 'stg_retrosheet_games__games'),
        ('raw_data.mlb_games', 'stg_mlb_games__games'),
        ('raw_data.mlb_stats_schedule', 'stg_mlb_stats__schedule_games'),
        ('raw_data.odds_api_scores', 'stg_odds_api__scores'),
    ] %}
    union all
    select
        '{{ raw_table }}',
        count(*) filter (where disposition = 'staged'),
        count(*) filter (where disposition = 'quarantined'),
        0,
        count(*) filter (where disposition = 'out_of_scope')
    from {{ ref(model) }}
    {% endfor %}

)

select
    counted.source,
    counted.raw_table,
    counted.records::bigint as records,
    coalesce(made.staged, 0)::bigint as staged,
    coalesce(made.quarantined, 0)::bigint as quarantined,
    (coalesce(made.repeats, 0) + counted.repeated)::bigint as repeats,
    coalesce(made.out_of_scope, 0)::bigint as out_of_scope,
    counted.held::bigint as held,
    (counted.records - coalesce(made.staged, 0) - coalesce(made.quarantined, 0) - coalesce(made.repeats, 0)
        - counted.repeated - coalesce(made.out_of_scope, 0) - counted.held)::bigint as difference
from counted
left join made on made.raw_table = counted.raw_table
where counted.records is not null
