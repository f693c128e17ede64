-- Every event that a source prices or scores, with what the source says of its identity. The last stated day holds, and
-- of that day the last start that was still to come: once a game is on, some sources state its first pitch.
{{ config(indexes=[{'columns': ['source', 'event_id'], 'unique': true}]) }}

with statements as (

    select
        statements.*,
        stated_at <= commence_at as is_start_ahead,
        first_value(official_date) over newest as last_official_date,
        min(stated_at) filter (where has_begun) over event as seen_begun_at,
        max(stated_at) filter (where not has_begun) over event as seen_waiting_at,
        min(official_date) over event <> max(official_date) over event as has_moved,
        min(load_id) over event as first_load_id
    from {{ ref('int_event_statements') }} as statements
    window
        event as (partition by source, event_id),
        newest as (
            partition by source, event_id
            order by stated_at desc, commence_at desc nulls last, official_date desc
        )

),

priced as (

    select distinct on (source, event_id)
        source,
        event_id,
        away_team_id,
        home_team_id,
        clubs,
        official_date,
        commence_at,
        is_start_ahead,
        has_moved,
        seen_begun_at,
        seen_waiting_at,
        null::int as game_number,
        null::int as away_runs,
        null::int as home_runs,
        provenance,
        first_load_id as load_id
    from statements
    order by
        source, event_id, official_date = last_official_date desc, home_team_id is null or away_team_id is null,
        is_start_ahead is true desc, stated_at desc, commence_at desc nulls last, home_team_id, away_team_id

),

sbr as (

    select
        'sbr_archive' as source,
        event_id,
        away_team_id,
        home_team_id,
        {{ club_pair('away_team_id', 'home_team_id') }} as clubs,
        official_date,
        null::timestamptz as commence_at,
        null::boolean as is_start_ahead,
        false as has_moved,
        null::timestamptz as seen_begun_at,
        null::timestamptz as seen_waiting_at,
        null::int as game_number,
        away_runs,
        home_runs,
        provenance,
        load_id
    from {{ ref('int_sbr_games') }}

)

select * from priced
union all
select * from sbr
union all
-- A results source that is not its season's spine is an event source like any other.
select
    'retrosheet',
    games.retrosheet_id,
    games.away_team_id,
    games.home_team_id,
    {{ club_pair('games.away_team_id', 'games.home_team_id') }},
    games.official_date,
    null,
    null,
    false,
    null,
    null,
    case when games.game_number = 0 then 1 else games.game_number end,
    games.away_runs,
    games.home_runs,
    games.provenance,
    games.load_id
from {{ ref('int_retrosheet_games') }} as games
inner join {{ ref('int_season_spines') }} as spines on spines.season = games.season and spines.spine = 'mlb'
union all
select
    'mlb',
    games.game_pk::text,
    games.away_team_id,
    games.home_team_id,
    {{ club_pair('games.away_team_id', 'games.home_team_id') }},
    games.official_date,
    null,
    null,
    false,
    null,
    null,
    games.game_number,
    null,
    null,
    games.provenance,
    games.load_id
from {{ ref('int_mlb_games') }} as games
inner join {{ ref('int_season_spines') }} as spines on spines.season = games.season and spines.spine = 'retrosheet'
