-- What each book says in the consensus, turn by turn: a new price, taken down, back again. One voice per book: the
-- source that spoke of it first in this game and market keeps the voice (a later source cannot change what was said
-- before). A word for a price whose moment is known, such as a source's "open", is no price of that moment.
{{ config(indexes=[{'columns': ['game_key', 'market', 'book']}]) }}

with states as (

    select
        game_key,
        market,
        source,
        book,
        known_at,
        label,
        line,
        level,
        hold,
        unusable_because is null as is_open,
        moment_assumed,
        capture,
        provenance,
        load_id
    from {{ ref('int_market_states') }}
    where label is null or moment_assumed
    offset 0

),

begun as (

    select
        states.*,
        first_value(case when is_open then source end) over (
            partition by game_key, market, book order by known_at, source, label nulls first
        ) as voice
    from states

),

compared as (

    select
        begun.*,
        coalesce(lag(is_open) over in_time, false) as was_open,
        lag(is_open) over in_time is not null as has_been_told,
        lag(level) over in_time as level_before,
        lag(line) over in_time as line_before,
        lag(hold) over in_time as hold_before
    from begun
    -- Where the very first price was no usable one (rare), the voice is that of the first that was.
    where source = coalesce(voice, (
        select told.source
        from {{ ref('int_market_states') }} as told
        where
            told.game_key = begun.game_key and told.market = begun.market and told.book = begun.book
            and told.unusable_because is null and (told.label is null or told.moment_assumed)
        order by told.known_at, told.source
        limit 1
    ))
    window in_time as (partition by game_key, market, book order by known_at, source, label nulls first)

)

select
    compared.game_key,
    compared.market,
    compared.book,
    coalesce(books.kind, 'book') as kind,
    coalesce(books.kind, 'book') = 'book' and coalesce(books.sharp_rank, 99) <= 5 as is_sharp,
    coalesce(books.weight, 1) as weight,
    compared.source,
    compared.known_at,
    compared.label,
    compared.is_open,
    compared.was_open,
    compared.line,
    case when compared.was_open then compared.line_before end as last_line,
    compared.level,
    case
        when compared.was_open then compared.level_before
        -- Back again: what it last said is some rows up.
        when compared.has_been_told and compared.is_open then (
            select told.level
            from {{ ref('int_market_states') }} as told
            where
                told.game_key = compared.game_key and told.market = compared.market
                and told.source = compared.source and told.book = compared.book
                and told.unusable_because is null and (told.label is null or told.moment_assumed)
                and told.known_at < compared.known_at
            order by told.known_at desc
            limit 1
        )
    end as last_level,
    compared.hold,
    case when compared.was_open then compared.hold_before end as last_hold,
    compared.moment_assumed,
    compared.capture,
    compared.provenance,
    compared.load_id
from compared
left join {{ ref('sportsbooks') }} as books on books.book = compared.book
where
    compared.is_open <> compared.was_open
    or (
        compared.is_open
        and (
            compared.level is distinct from compared.level_before
            or compared.line is distinct from compared.line_before
            or compared.hold is distinct from compared.hold_before
        )
    )
