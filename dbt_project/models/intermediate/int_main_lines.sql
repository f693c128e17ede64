-- The main line of a spread or total at every moment, where several books speak on several lines: the one that most of
-- them have then, and of two such the heavier books'. Elsewhere the books' one line is the main line, and has no row.
{{ config(
    pre_hook='set local enable_nestloop = off',
    indexes=[{'columns': ['game_key', 'market', 'kind', 'known_at'], 'unique': true}],
) }}

with voices as (

    select game_key, market, kind, book, known_at, line, last_line, is_open, was_open, weight
    from {{ ref('int_voices') }}
    where market <> 'moneyline'

),

apart as (

    select game_key, market, kind
    from voices
    group by game_key, market, kind
    having min(line) < max(line) and min(book) < max(book)

),

several as (

    select voices.*
    from voices
    inner join apart
        on apart.game_key = voices.game_key and apart.market = voices.market and apart.kind = voices.kind

),

line_turns as (

    select
        several.game_key,
        several.market,
        several.kind,
        several.known_at,
        turns.line,
        sum(turns.turn)::float8 as turn,
        sum(turns.turn * several.weight) as weight_turn
    from several
    cross join lateral (values (line, is_open::int), (last_line, -was_open::int)) as turns (line, turn)
    where turns.turn <> 0 and (several.is_open <> several.was_open or several.line <> several.last_line)
    group by several.game_key, several.market, several.kind, several.known_at, turns.line

),

-- Every line at every moment, whether it changed there or not.
told as (

    select game_key, market, kind, known_at, line, turn, weight_turn
    from line_turns
    union all
    select times.game_key, times.market, times.kind, times.known_at, lines.line, 0, 0
    from (select distinct game_key, market, kind, known_at from several) as times
    inner join (select distinct game_key, market, kind, line from line_turns) as lines
        on lines.game_key = times.game_key and lines.market = times.market and lines.kind = times.kind

),

counted as (

    select
        game_key,
        market,
        kind,
        known_at,
        line,
        sum(turn) over so_far as n_books,
        sum(weight_turn) over so_far as weight
    from told
    window so_far as (partition by game_key, market, kind, line order by known_at)

)

select distinct on (game_key, market, kind, known_at) game_key, market, kind, known_at, line
from counted
where n_books > 0
order by game_key, market, kind, known_at, n_books desc, round(weight::numeric, 6) desc, abs(line), line
