-- A side's announced starter replaced by another: news after which the market is another one (a new episode). Only what
-- was captured: a starter that an archive names is known at first pitch by convention, which is no moment of news.
{{ config(indexes=[{'columns': ['game_key', 'changed_at'], 'unique': true}]) }}

with announced as (

    select
        game_key,
        side,
        pitcher_id,
        pitcher_name,
        known_at,
        lag(pitcher_id) over in_time as last_pitcher_id,
        lag(pitcher_name) over in_time as last_pitcher_name
    from {{ ref('starters') }}
    where capture = 'captured'
    window in_time as (partition by game_key, side, source order by known_at)

)

select
    game_key,
    known_at as changed_at,
    string_agg(
        side || ' starter ' || coalesce(last_pitcher_name, last_pitcher_id) || ' replaced by '
            || coalesce(pitcher_name, pitcher_id),
        '; ' order by side desc
    ) as reason
from announced
where pitcher_id <> last_pitcher_id
group by game_key, known_at
