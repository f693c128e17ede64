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
        count(*) filter (where is_open) over (
            partition by game_key, market, book order by known_at, source, label nulls first rows unbounded preceding
        ) as opened
    from states

),

voiced as (

    select
        begun.*,
        first_value(source) over (
            partition by game_key, market, book order by known_at, source, label nulls first
        ) as voice
    from begun
    -- Who has not had one usable price yet has not spoken.
    where opened > 0

),

turned as (

    select
        voiced.*,
        lag(is_open, 1, false) over (
            partition by game_key, market, book order by known_at, source, label nulls first
        ) as was_open
    from voiced
    where source = voice

),

-- Of a closed stretch its first row alone is left, so the last open price is one row up, or two.
compared as (

    select
        turned.*,
        case when was_open then lag(level) over in_time else lag(level, 2) over in_time end as last_level,
        case when was_open then lag(line) over in_time end as last_line,
        case when was_open then lag(hold) over in_time end as last_hold
    from turned
    where is_open or was_open
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
    compared.last_line,
    compared.level,
    compared.last_level,
    compared.hold,
    compared.last_hold,
    compared.moment_assumed,
    compared.capture,
    compared.provenance,
    compared.load_id
from compared
left join {{ ref('sportsbooks') }} as books on books.book = compared.book
where
    compared.is_open <> compared.was_open
    or compared.level is distinct from compared.last_level
    or compared.line is distinct from compared.last_line
    or compared.hold is distinct from compared.last_hold
