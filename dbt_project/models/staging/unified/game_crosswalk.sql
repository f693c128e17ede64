-- Which event of which source is which game, by which rung of the ladder, and how sure. A spine's own id comes first.
{{ config(indexes=[{'columns': ['source', 'event_id'], 'unique': true}, {'columns': ['game_key']}]) }}

select
    case spine when 'mlb' then 'mlb' when 'retrosheet' then 'retrosheet' else 'sbr_archive' end as source,
    spine_id as event_id,
    game_key,
    'source_id' as rung,
    1.0::numeric(5, 4) as confidence,
    false as sides_swapped
from {{ ref('int_known_games') }}

union all

-- What only tick archives know: their own day and clubs are all that ties them.
select source, event_id, game_key, 'archive_only', 0.8::numeric(5, 4), false
from {{ ref('int_archive_only_events') }}

union all
select source, event_id, game_key, rung, confidence, sides_swapped from {{ ref('int_result_ties') }}

union all
select source, event_id, game_key, rung, confidence, sides_swapped from {{ ref('int_price_ties') }}
