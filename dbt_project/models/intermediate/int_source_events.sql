-- Every event that a source prices or scores, with what the source says of its identity. The last stated start holds.
{{ config(indexes=[{'columns': ['source', 'event_id'], 'unique': true}]) }}

with stated as (

    select
        source,
        event_id,
        away_team_id,
        home_team_id,
        official_date,
        commence_at,
        max(known_at) as last_stated_at,
        min(provenance) as provenance,
        min(load_id) as load_id
    from {{ ref('stg_tick_archive__quotes') }}
    where rule is null
    group by source, event_id, away_team_id, home_team_id, official_date, commence_at

    union all

    select
        source,
        event_id,
        away_team_id,
        home_team_id,
        official_date,
        commence_at,
        max(known_at),
        min(provenance),
        min(load_id)
    from {{ ref('stg_odds_api__quotes') }}
    where rule is null
    group by source, event_id, away_team_id, home_team_id, official_date, commence_at

),

priced as (

    select distinct on (source, event_id)
        source,
        event_id,
        away_team_id,
        home_team_id,
        official_date,
        commence_at,
        null::int as game_number,
        null::int as away_runs,
        null::int as home_runs,
        provenance,
        load_id
    from stated
    order by source, event_id, last_stated_at desc, commence_at desc nulls last, official_date desc

),

sbr as (

    select
        'sbr_archive' as source,
        event_id,
        away_team_id,
        home_team_id,
        official_date,
        null::timestamptz as commence_at,
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
    games.official_date,
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
    games.official_date,
    null,
    games.game_number,
    null,
    null,
    games.provenance,
    games.load_id
from {{ ref('int_mlb_games') }} as games
inner join {{ ref('int_season_spines') }} as spines on spines.season = games.season and spines.spine = 'retrosheet'
