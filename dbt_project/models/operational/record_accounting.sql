-- Law 7: every record is accounted for. Left, the records counted from the document itself (a jsonpath or an expression
-- per endpoint, the reader's own count of a file); right, what the models made of them. Per source and raw table.
-- Everything is summed from counts that were taken once per load, so that this costs the same however much is stored.

with loads as (

    {% for entry in accounted_tables() %}
    select
        raw.load_id,
        held.load_id is not null as is_held,
        held.load_id is null and raw.repeat_of is not null
        and {{ is_no_news('raw', source('raw_data', entry.table), are_prices=entry.prices) }} as is_repeated
    from {{ source('raw_data', entry.table) }} as raw
    left join operational.held_loads as held on held.load_id = raw.load_id and held.released_at is null
    union all
    {% endfor %}
    select files.load_id, held.load_id is not null, false
    from {{ source('raw_data', 'archive_files') }} as files
    left join operational.held_loads as held on held.load_id = files.load_id and held.released_at is null

),

-- A load that is held is not counted with its records by any model: the file's own count, or one record of a body.
counted as (

    select
        coalesce(counts.source, files.archive) as source,
        coalesce(counts.raw_table, 'raw_data.' || files.archive) as raw_table,
        sum(coalesce(counts.records, files.record_count, 1)) as records,
        coalesce(sum(coalesce(counts.records, files.record_count, 1)) filter (where loads.is_repeated), 0) as repeated,
        coalesce(sum(coalesce(counts.records, files.record_count, 1)) filter (where loads.is_held), 0) as held
    from loads
    left join {{ ref('stg_raw__record_counts') }} as counts on counts.load_id = loads.load_id
    left join {{ source('raw_data', 'archive_files') }} as files on files.load_id = loads.load_id
    where counts.load_id is not null or files.load_id is not null
    group by 1, 2

),

disposed as (

    select
        counts.raw_table,
        sum(made.staged) as staged,
        sum(made.quarantined) as quarantined,
        sum(made.out_of_scope) as out_of_scope
    from {{ ref('int_dispositions') }} as made
    inner join {{ ref('stg_raw__record_counts') }} as counts on counts.load_id = made.load_id
    group by counts.raw_table

),

-- Of prices only changes are kept: what a model staged is a tick or a repeat.
series as (

    select raw_table, sum(ticks) as ticks, sum(repeats) as repeats
    from {{ ref('int_series_accounts') }}
    -- Only where quotes are what accounts for the records; elsewhere they are a second reading of them.
    where raw_table in (
        'raw_data.tick_archive'
        {%- for entry in accounted_tables() if entry.model in quote_models() %}, 'raw_data.{{ entry.table }}'{% endfor %}
    )
    group by raw_table

)

select
    counted.source,
    counted.raw_table,
    counted.records::bigint as records,
    coalesce(series.ticks, disposed.staged, 0)::bigint as staged,
    coalesce(disposed.quarantined, 0)::bigint as quarantined,
    (coalesce(series.repeats, 0) + counted.repeated)::bigint as repeats,
    coalesce(disposed.out_of_scope, 0)::bigint as out_of_scope,
    counted.held::bigint as held,
    (counted.records - coalesce(series.ticks, disposed.staged, 0) - coalesce(disposed.quarantined, 0)
        - coalesce(series.repeats, 0) - counted.repeated - coalesce(disposed.out_of_scope, 0) - counted.held)::bigint
        as difference
from counted
left join disposed on disposed.raw_table = counted.raw_table
left join series on series.raw_table = counted.raw_table
