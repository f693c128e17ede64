-- Sportsbooks as Action Network lists them, an id per book and state, with the platform's name where it has one. One
-- record is one entry of books[] of a response.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads([source('raw_data', 'action_network_books')]) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}],
) }}

with responses as (

    select
        raw.load_id,
        raw.observed_at,
        raw.ingested_at,
        raw.provenance,
        raw.capture,
        raw_data.json_of(coalesce(raw.body, original.body)) as document
    from {{ source('raw_data', 'action_network_books') }} as raw
    left join {{ source('raw_data', 'action_network_books') }} as original on original.load_id = raw.repeat_of
    where raw.load_id in {{ pending_loads() }} and not {{ is_no_news('raw', source('raw_data', 'action_network_books')) }}

),

entries as (

    select
        responses.load_id,
        entry.position as record_number,
        responses.observed_at,
        responses.ingested_at,
        responses.provenance,
        responses.capture,
        entry.value as entry
    from responses
    cross join lateral jsonb_path_query(responses.document, 'lax $.books[*]') with ordinality as entry (value, position)

    union all

    select load_id, 1, observed_at, ingested_at, provenance, capture, null
    from responses
    where document is null

),

judged as (

    select
        entries.*,
        entry ->> 'id' as source_book_id,
        case
            when entry is null or jsonb_typeof(entry) <> 'object' then 'unreadable'
            when not coalesce(entry ->> 'id' ~ '^\d{1,9}$', false) then 'missing_value'
            when row_number() over (partition by load_id, entry ->> 'id' order by record_number) > 1 then 'listed_before'
        end as rule
    from entries
    offset 0

)

select
    judged.load_id,
    judged.record_number,
    'action_network' as source,
    judged.source_book_id,
    judged.entry ->> 'display_name' as display_name,
    judged.entry ->> 'source_name' as source_name,
    judged.entry ->> 'parent_name' as parent_name,
    coalesce(books.book, 'action_network:' || judged.source_book_id) as book,
    books.book is not null as is_known,
    greatest(judged.observed_at, judged.ingested_at) as known_at,
    judged.capture,
    judged.provenance,
    case when judged.rule is null then 'staged' else 'quarantined' end as disposition,
    judged.rule,
    left(case judged.rule
        when 'unreadable' then 'the body (or this entry) is no JSON object'
        when 'missing_value' then 'a book needs its id, digits'
        when 'listed_before' then 'book ' || judged.source_book_id || ' is listed twice'
    end, 500) as reason
from judged
left join {{ ref('source_books') }} as books
    on books.source = 'action_network' and books.source_book_id = judged.source_book_id
