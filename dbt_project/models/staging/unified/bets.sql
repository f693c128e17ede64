-- A person's bets as they stand, each with its game or the reason why it has none. The newest list of a name stands for it:
-- rows that an older load of the same name has are no bets any more, whether the newer one tells them or not.
{{ config(
    indexes=[{'columns': ['bet_id'], 'unique': true}, {'columns': ['game_key']}],
) }}

with lists as (

    -- Of the register, not of the rows: a list that was emptied has none.
    select file_name, max(load_id) as load_id
    from {{ source('raw_data', 'archive_files') }} as files
    where
        archive = 'bet_slips'
        and exists (
            select from operational.staged_loads as done
            where done.model = 'stg_bet_slips__bets' and done.load_id = files.load_id
        )
        and not exists (
            select from operational.held_loads as held where held.load_id = files.load_id and held.released_at is null
        )
    group by file_name

),

standing as (

    select bets.*
    from {{ ref('stg_bet_slips__bets') }} as bets
    inner join lists on lists.load_id = bets.load_id
    where bets.disposition = 'staged'

),

-- One book may go by several names in the platform; a person writes the one on the sign.
books as (

    select {{ book_spelling('display_name') }} as spelling, book from {{ ref('sportsbooks') }} where kind = 'book'
    union
    select {{ book_spelling('book') }}, book from {{ ref('sportsbooks') }} where kind = 'book'

)

select
    standing.bet_id,
    standing.file_name,
    standing.record_number,
    standing.placed_at,
    standing.placed_on,
    standing.official_date,
    standing.away_team_id,
    standing.home_team_id,
    standing.game_number,
    standing.stated_start_at,
    standing.market,
    standing.side,
    standing.line,
    standing.price,
    standing.price_format,
    standing.price_decimal,
    standing.price_american,
    standing.stake,
    standing.book,
    array(select books.book from books where books.spelling = {{ book_spelling('standing.book') }} order by 1)
        as book_keys,
    standing.ref,
    standing.tag,
    standing.note,
    standing.other_columns,
    ties.game_key,
    ties.rung,
    ties.confidence,
    ties.called_off,
    ties.untied_reason,
    standing.provenance,
    standing.load_id
from standing
inner join {{ ref('int_bet_ties') }} as ties on ties.statement = {{ bet_statement() }}
