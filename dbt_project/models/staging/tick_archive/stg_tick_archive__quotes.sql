-- Every row of every tick archive file, typed and judged in one pass. One record is one line of the file.
-- An event is what the archive names (event_ref), else its day, start and clubs.
-- offset 0: a fence; without it the planner repeats each cast in every place that reads it. No merge join: it would sort
-- 1.4 million wide rows on disk to meet some ten thousand identities.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook=[
        "{{ freeze_pending_loads([source('raw_data', 'archive_files')], \"raw.archive = 'tick_archive'\") }}",
        "set local enable_mergejoin = off",
    ],
    post_hook=["{{ quarantine_contradictions() }}", "{{ remember_staged_loads() }}"],
    indexes=[{'columns': ['series_id']}],
) }}

{% set identity = ['source', 'book', 'event_ref', 'official_date', 'commence_time', 'away_team', 'home_team', 'market', 'side', 'label'] %}
with raw_ticks as not materialized (

    select
        raw.*,
        -- A 64-bit hash of what the row prices: narrow enough to join 1.4 million rows by. Should two identities ever
        -- share one, their rows would be staged twice and the accounting would block.
        hash_record_extended(row({% for column in identity %}raw.{{ column }}{% if not loop.last %}, {% endif %}{% endfor %}), 0)
            as identity_hash
    from {{ source('raw_data', 'tick_archive') }} as raw
    where raw.load_id in {{ pending_loads() }}

),

-- What a row prices is the same text over and over (1.4 million rows, 64 thousand identities): it is judged once each.
identities as (

    select distinct identity_hash, {{ identity | join(', ') }}
    from raw_ticks

),

typed_identities as (

    select
        identities.identity_hash,
        identities.source,
        lower(identities.book) as book,
        identities.event_ref,
        identities.official_date as official_date_text,
        identities.commence_time as commence_text,
        identities.away_team as away_text,
        identities.home_team as home_text,
        away.team_id as away_team_id,
        home.team_id as home_team_id,
        identities.market,
        identities.side,
        nullif(identities.label, '') as label,
        {{ try_date('identities.official_date') }} as stated_date,
        {{ try_timestamptz('identities.commence_time') }} as commence_at
    from identities
    left join {{ ref('int_team_aliases') }} as away on away.alias = {{ club_alias('identities.away_team') }}
    left join {{ ref('int_team_aliases') }} as home on home.alias = {{ club_alias('identities.home_team') }}
    offset 0

),

judged_identities as (

    select
        typed_identities.*,
        coalesce(stated_date, {{ new_york_date('commence_at') }}) as official_date,
        -- An archive may count its events anew each season.
        coalesce(
            extract(year from coalesce(stated_date, {{ new_york_date('commence_at') }})) || ':' || event_ref,
            coalesce(official_date_text, '') || '|' || coalesce(commence_text, '') || '|' || away_team_id || '@'
            || home_team_id
        ) as event_id,
        case
            when source is null and market is null and event_ref is not null then 'malformed_row'
            when source is null or book is null or away_text is null or home_text is null or market is null
                or side is null then 'missing_value'
            when source in ('sbr_archive', 'retrosheet', 'mlb', 'mlb_stats', 'mlb_games', 'odds_api') then 'reserved_source'
            when official_date_text is null and commence_text is null then 'missing_value'
            when official_date_text is not null and stated_date is null then 'invalid_date'
            when commence_text is not null and commence_at is null then 'invalid_time'
            when label is not null and label not in ('open', 'close') then 'invalid_label'
            when away_team_id is null or home_team_id is null then 'unknown_team'
            when away_team_id = home_team_id then 'same_team_twice'
            when market not in ('moneyline', 'spread', 'total') then 'unknown_market'
            when (market = 'total') <> (side in ('over', 'under')) or side not in ('home', 'away', 'over', 'under')
                then 'invalid_side'
        end as identity_rule
    from typed_identities
    offset 0

),

keyed_identities as (

    select
        judged_identities.*,
        case
            when identity_rule is null
                then {{ series_id('source', 'event_id', 'book', 'market', "'game'", 'side') }}
        end as identity_series_id
    from judged_identities
    offset 0

),

typed as (

    select
        raw_ticks.load_id,
        raw_ticks.row_number as record_number,
        files.provenance,
        raw_ticks.line as line_text,
        raw_ticks.price as price_text,
        raw_ticks.observed_at as observed_text,
        keyed_identities.*,
        {{ try_timestamptz('raw_ticks.observed_at') }} as observed_at,
        {{ try_line('raw_ticks.line') }} as line,
        {{ try_number('raw_ticks.price') }} as price_american
    from raw_ticks
    inner join {{ source('raw_data', 'archive_files') }} as files on files.load_id = raw_ticks.load_id
    inner join keyed_identities on keyed_identities.identity_hash = raw_ticks.identity_hash
    offset 0

),

judged as (

    select
        typed.*,
        case
            when identity_rule is not null then identity_rule
            when price_text is null or (observed_text is null and label is null) then 'missing_value'
            when observed_text is not null and observed_at is null then 'invalid_time'
            when price_american is null then 'invalid_price'
            when abs(price_american) < 100 then 'price_inside_100'
            when abs(price_american) > 100000 then 'price_out_of_range'
            when market = 'moneyline' then case when line_text is not null and line is distinct from 0 then 'line_on_moneyline' end
            when line is null then 'invalid_line'
            when line * 2 <> trunc(line * 2) then 'line_not_half_runs'
            when {{ is_line_out_of_range() }} then 'line_out_of_range'
        end as rule
    from typed
    offset 0

)

select
    load_id,
    record_number,
    case when rule is null then identity_series_id end as series_id,
    source,
    event_id,
    book,
    market,
    side,
    case when market <> 'moneyline' then line end as line,
    price_american,
    case
        when observed_at is not null then observed_at
        when label = 'open' then {{ open_moment('official_date') }}
        when commence_at is not null then commence_at
        else {{ end_of_baseball_day('official_date') }}
    end as known_at,
    observed_at,
    case when observed_at is null then label end as label,
    'backfilled' as capture,
    provenance,
    away_team_id,
    home_team_id,
    official_date,
    commence_at,
    rule,
    case rule
        when 'malformed_row' then 'the line has another number of fields than the header: ' || left(event_ref, 120)
        when 'missing_value' then 'never empty: source, book, both teams, market, side, price, official_date or '
            || 'commence_time, observed_at or label'
        when 'reserved_source' then 'source "' || source || '" is the name of a source of its own: give the archive another'
        when 'invalid_date' then 'official_date "' || official_date_text || '" is no date'
        when 'invalid_time' then 'no UTC time: commence_time "' || coalesce(commence_text, '') || '", observed_at "'
            || coalesce(observed_text, '') || '"'
        when 'invalid_label' then 'label "' || label || '" is neither open nor close'
        when 'unknown_team' then 'unknown club in "' || away_text || '" at "' || home_text
            || '": teach it with `mlb alias add`'
        when 'same_team_twice' then 'both clubs are "' || home_text || '"'
        when 'unknown_market' then 'market "' || market || '" is none of moneyline, spread, total'
        when 'invalid_side' then 'side "' || side || '" does not fit market ' || market
        when 'invalid_price' then 'price "' || price_text || '" is no number'
        when 'price_inside_100' then 'American odds ' || price_text || ' lie between -100 and 100'
        when 'price_out_of_range' then 'American odds ' || price_text || ' are beyond ±100000'
        when 'line_on_moneyline' then 'a moneyline has no line, this one says "' || line_text || '"'
        when 'invalid_line' then 'line "' || coalesce(line_text, '') || '" is no number of runs'
        when 'line_not_half_runs' then 'line ' || line_text || ' is no multiple of half a run'
        when 'line_out_of_range' then 'line ' || line_text || ' is no line of a ' || market
    end as reason
from judged
