-- Every projection of every page of PrizePicks' board, joined to what it points at and judged. One record is one
-- projection, whatever its sides. Out of scope: other leagues, combos (two players, so no player's prop) and lines of
-- games in play. Nothing is dropped: what is out of scope is typed and counted all the same.
-- offset 0: a fence; without it the planner repeats each cast in every place that reads it.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads([source('raw_data', 'prizepicks_projections')]) }}",
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
    from {{ source('raw_data', 'prizepicks_projections') }} as raw
    left join {{ source('raw_data', 'prizepicks_projections') }} as original on original.load_id = raw.repeat_of
    where
        raw.load_id in {{ pending_loads() }}
        and not {{ is_no_news('raw', source('raw_data', 'prizepicks_projections'), are_prices=true) }}
    offset 0

),

-- What projections point at, by type and id within its document; the first of a repeated id stands.
included as materialized (

    select
        responses.load_id,
        resource.position,
        resource.value ->> 'type' as type,
        resource.value ->> 'id' as id,
        resource.value -> 'attributes' as attributes,
        resource.value -> 'relationships' as relationships
    from responses
    cross join lateral jsonb_path_query(responses.document, 'lax $.included[*]') with ordinality as resource (value, position)

),

names as materialized (

    select distinct on (load_id, type, id) load_id, type, id, name
    from (
        select load_id, position, type, id, attributes ->> 'name' as name
        from included
        where type in ('duration', 'league', 'stat_type')
        offset 0
    ) as named
    order by load_id, type, id, position

),

clubs as materialized (

    select distinct on (stated.load_id, stated.id)
        stated.load_id,
        stated.id,
        coalesce(by_name.team_id, by_code.team_id) as team_id
    from (
        select
            load_id,
            position,
            id,
            {{ club_alias("concat_ws(' ', attributes ->> 'market', attributes ->> 'name')") }} as full_name,
            {{ club_alias("attributes ->> 'abbreviation'") }} as code
        from included
        where type = 'team'
        offset 0
    ) as stated
    left join {{ ref('int_team_aliases') }} as by_name on by_name.alias = stated.full_name
    left join {{ ref('int_team_aliases') }} as by_code on by_code.alias = stated.code
    order by stated.load_id, stated.id, stated.position

),

games as materialized (

    select distinct on (stated.load_id, stated.id)
        stated.load_id,
        stated.id,
        coalesce(home_club.team_id, home_code.team_id) as home_team_id,
        coalesce(away_club.team_id, away_code.team_id) as away_team_id
    from (
        select
            load_id,
            position,
            id,
            relationships #>> '{home_team_data,data,id}' as home_ref,
            relationships #>> '{away_team_data,data,id}' as away_ref,
            {{ club_alias("attributes #>> '{metadata,game_info,teams,home,abbreviation}'") }} as home_text,
            {{ club_alias("attributes #>> '{metadata,game_info,teams,away,abbreviation}'") }} as away_text
        from included
        where type in ('game', 'new_game')
        offset 0
    ) as stated
    left join clubs as home_club on home_club.load_id = stated.load_id and home_club.id = stated.home_ref
    left join clubs as away_club on away_club.load_id = stated.load_id and away_club.id = stated.away_ref
    left join {{ ref('int_team_aliases') }} as home_code on home_code.alias = stated.home_text
    left join {{ ref('int_team_aliases') }} as away_code on away_code.alias = stated.away_text
    order by stated.load_id, stated.id, stated.position

),

players as materialized (

    select distinct on (stated.load_id, stated.id)
        stated.load_id,
        stated.id,
        stated.name,
        {{ player_key('stated.name') }} as player_key,
        stated.player_position,
        stated.is_combo,
        stated.league_id,
        stated.league,
        stated.team_text,
        coalesce(club.team_id, by_name.team_id, by_code.team_id) as team_id
    from (
        select
            load_id,
            position,
            id,
            coalesce(nullif(trim(attributes ->> 'name'), ''), nullif(trim(attributes ->> 'display_name'), '')) as name,
            nullif(attributes ->> 'position', '') as player_position,
            attributes ->> 'combo' = 'true' as is_combo,
            coalesce(relationships #>> '{league,data,id}', attributes ->> 'league_id') as league_id,
            attributes ->> 'league' as league,
            attributes ->> 'team' as team_text,
            relationships #>> '{team_data,data,id}' as team_ref,
            {{ club_alias("concat_ws(' ', attributes ->> 'market', attributes ->> 'team_name')") }} as full_name,
            {{ club_alias("attributes ->> 'team'") }} as code
        from included
        where type = 'new_player'
        offset 0
    ) as stated
    left join clubs as club on club.load_id = stated.load_id and club.id = stated.team_ref
    left join {{ ref('int_team_aliases') }} as by_name on by_name.alias = stated.full_name
    left join {{ ref('int_team_aliases') }} as by_code on by_code.alias = stated.code
    order by stated.load_id, stated.id, stated.position

),

projections as materialized (

    select
        responses.load_id,
        projection.position as record_number,
        case
            when responses.capture = 'captured' then greatest(responses.observed_at, responses.ingested_at)
            -- A board that was asked for later than it stood tells no moment of its own but its last update.
            else {{ try_timestamptz("projection.value #>> '{attributes,updated_at}'") }}
        end as known_at,
        responses.observed_at,
        responses.provenance,
        responses.capture,
        jsonb_typeof(projection.value) = 'object' and jsonb_typeof(projection.value -> 'attributes') = 'object'
            and coalesce(projection.value ->> 'type', 'projection') = 'projection' as is_readable,
        nullif(projection.value ->> 'id', '') as projection_id,
        projection.value -> 'attributes' as attributes,
        projection.value #>> '{relationships,new_player,data,id}' as player_ref,
        projection.value #>> '{relationships,league,data,id}' as league_ref,
        coalesce(
            projection.value #>> '{relationships,game,data,id}', projection.value #>> '{relationships,new_game,data,id}'
        ) as game_ref,
        projection.value #>> '{relationships,duration,data,id}' as duration_ref,
        projection.value #>> '{relationships,stat_type,data,id}' as stat_ref
    from responses
    cross join lateral jsonb_path_query(responses.document, 'lax $.data[*]') with ordinality as projection (value, position)

    union all

    -- An unreadable body is one record.
    select load_id, 1, null, observed_at, provenance, capture, false, null, null, null, null, null, null, null
    from responses
    where document is null

),

stated as (

    select
        projections.load_id,
        projections.record_number,
        projections.known_at,
        projections.observed_at,
        projections.provenance,
        projections.capture,
        projections.is_readable,
        projections.projection_id,
        projections.player_ref,
        projections.league_ref,
        projections.game_ref,
        projections.duration_ref,
        projections.stat_ref,
        nullif(attributes ->> 'game_id', '') as event_id,
        nullif(trim(attributes ->> 'stat_type'), '') as stat_text,
        attributes ->> 'line_score' as line_text,
        {{ try_line("attributes ->> 'line_score'") }} as line,
        {{ try_line("attributes ->> 'flash_sale_line_score'") }} as promo_line,
        attributes ->> 'is_promo' = 'true' as is_promo,
        nullif(lower(attributes ->> 'odds_type'), '') as odds_type,
        -- A word or a list of words; an empty list says as little as none.
        nullif(nullif(lower(attributes ->> 'allowed_wager_types'), ''), '[]') as sides_text,
        nullif(lower(attributes ->> 'status'), '') as board_status,
        attributes ->> 'in_game' = 'true' or attributes ->> 'is_live' = 'true' as is_in_game,
        attributes ->> 'event_type' = 'combo' as is_combo_event,
        attributes ->> 'description' as description,
        attributes ->> 'start_time' as start_text,
        {{ try_timestamptz("attributes ->> 'start_time'") }} as commence_at,
        {{ try_timestamptz("attributes ->> 'board_time'") }} as board_at,
        {{ try_timestamptz("attributes ->> 'updated_at'") }} as updated_at
    from projections
    offset 0

),

joined as (

    select
        stated.*,
        players.name as player_name,
        players.player_key,
        players.player_position,
        players.team_text,
        coalesce(stated.league_ref, players.league_id) as league_id,
        coalesce(leagues.name, players.league) as league,
        coalesce(stated.league_ref, players.league_id) = '2' as is_mlb,
        coalesce(players.is_combo, false) or coalesce(stated.is_combo_event, false) or stated.stat_text ilike '%(combo)%'
            or players.name like '% + %' as is_combo,
        coalesce(stated.stat_text, stats.name) as stat_type,
        durations.name as duration,
        players.team_id as player_team_id,
        games.home_team_id as game_home_team_id,
        games.away_team_id as game_away_team_id,
        {{ club_alias("regexp_replace(stated.description, '^\s*(@|(vs\.?|at)\s)\s*', '', 'i')") }} as opponent_alias,
        case
            when stated.description ~* '^\s*(@|at\s)' then 'away'
            when stated.description ~* '^\s*vs\.?\s' then 'home'
        end as own_side
    from stated
    left join players on players.load_id = stated.load_id and players.id = stated.player_ref
    left join games on games.load_id = stated.load_id and games.id = stated.game_ref
    left join names as leagues
        on leagues.load_id = stated.load_id and leagues.type = 'league' and leagues.id = stated.league_ref
    left join names as durations
        on durations.load_id = stated.load_id and durations.type = 'duration' and durations.id = stated.duration_ref
    left join names as stats
        on stats.load_id = stated.load_id and stats.type = 'stat_type' and stats.id = stated.stat_ref
    offset 0

),

-- Home and away where the game or the description says so; clubs of other leagues are none of ours.
placed as (

    select
        joined.*,
        case when is_mlb then player_team_id end as team_id,
        case when is_mlb then coalesce(
            case player_team_id when game_home_team_id then game_away_team_id when game_away_team_id then game_home_team_id end,
            opponents.team_id
        ) end as opponent_team_id,
        case when is_mlb then coalesce(
            game_home_team_id, case own_side when 'home' then player_team_id when 'away' then opponents.team_id end
        ) end as home_team_id,
        case when is_mlb then coalesce(
            game_away_team_id, case own_side when 'away' then player_team_id when 'home' then opponents.team_id end
        ) end as away_team_id,
        trim(both '_' from regexp_replace(lower(stat_type), '[^a-z0-9]+', '_', 'g')) as stat_word,
        coalesce(sides_text ~ '(over|more)', true) as offers_over,
        coalesce(sides_text ~ '(under|less)', true) as offers_under
    from joined
    left join {{ ref('int_team_aliases') }} as opponents on opponents.alias = joined.opponent_alias
    offset 0

),

judged as (

    select
        placed.*,
        case
            when not coalesce(is_readable, false) then 'unreadable'
            when league_id is not null and not is_mlb then 'other_league'
            when projection_id is null or league_id is null or player_ref is null or stat_type is null or event_id is null
                then 'missing_value'
            when player_key is null then 'unknown_player'
            -- Names stand in indexes, which hold no novels.
            when greatest(length(event_id), length(player_ref), length(player_name), length(stat_type), length(duration)) > 200
                then 'text_too_long'
            when is_combo then 'combo'
            when is_in_game or board_status in ('in_progress', 'live') then 'live'
            when board_status not in ('pre_game', 'suspended') then 'unknown_status'
            when team_id is null then 'unknown_team'
            when team_id not in (home_team_id, away_team_id) then 'team_not_in_game'
            when home_team_id = away_team_id then 'same_team_twice'
            when commence_at is null then 'invalid_time'
            when known_at is null then 'missing_board_time'
            when line is null then 'invalid_line'
            when line < 0 then 'line_out_of_range'
            when odds_type not in ('standard', 'goblin', 'demon') then 'unknown_odds_type'
            when not offers_over and not offers_under then 'unknown_sides'
        end as rule
    from placed
    offset 0

)

select
    load_id,
    record_number,
    projection_id,
    'prizepicks' as source,
    event_id,
    league_id,
    league,
    player_ref,
    player_name,
    player_key,
    player_position,
    team_id,
    opponent_team_id,
    stat_type,
    -- In the words of The Odds API where it has the stat; a part of the game is a stat of its own.
    case stat_word
        when 'hits' then 'batter_hits'
        when 'total_bases' then 'batter_total_bases'
        when 'home_runs' then 'batter_home_runs'
        when 'runs' then 'batter_runs_scored'
        when 'rbis' then 'batter_rbis'
        when 'singles' then 'batter_singles'
        when 'doubles' then 'batter_doubles'
        when 'triples' then 'batter_triples'
        when 'walks' then 'batter_walks'
        when 'batter_walks' then 'batter_walks'
        when 'stolen_bases' then 'batter_stolen_bases'
        when 'hits_runs_rbis' then 'batter_hits_runs_rbis'
        when 'hitter_strikeouts' then 'batter_strikeouts'
        when 'batter_strikeouts' then 'batter_strikeouts'
        when 'pitcher_strikeouts' then 'pitcher_strikeouts'
        when 'strikeouts' then 'pitcher_strikeouts'
        when 'pitching_outs' then 'pitcher_outs'
        when 'hits_allowed' then 'pitcher_hits_allowed'
        when 'walks_allowed' then 'pitcher_walks'
        when 'earned_runs_allowed' then 'pitcher_earned_runs'
        else stat_word
    end || case
        when duration is null or duration ~* '^\s*(full|game|regulation|$)' then ''
        else '_' || trim(both '_' from regexp_replace(lower(duration), '[^a-z0-9]+', '_', 'g'))
    end as market,
    duration,
    line,
    promo_line,
    is_promo,
    odds_type,
    offers_over,
    offers_under,
    sides_text is not null as sides_stated,
    is_combo,
    board_status,
    board_at,
    updated_at,
    known_at,
    observed_at,
    capture,
    provenance,
    away_team_id,
    home_team_id,
    {{ new_york_date('commence_at') }} as official_date,
    commence_at,
    case
        when rule is null then 'staged'
        when rule in ('other_league', 'combo', 'live') then 'out_of_scope'
        else 'quarantined'
    end as disposition,
    rule,
    left(case rule
        when 'unreadable' then 'the body (or this record) is no projection'
        when 'other_league' then 'a line of league ' || league_id || coalesce(' (' || league || ')', '')
        when 'missing_value' then 'a projection needs its id, league, player, stat and game'
        when 'unknown_player' then 'player ' || player_ref || ' is not among what the page includes, or has no name'
        when 'text_too_long' then 'a name of more than 200 characters: ' || left(player_name, 60)
        when 'combo' then 'several players in one line: "' || coalesce(player_name, '') || '"'
        when 'live' then 'a line of a game in play'
        when 'unknown_status' then 'status "' || board_status || '" is none of pre_game, suspended, in_progress'
        when 'unknown_team' then 'unknown club "' || coalesce(team_text, '') || '": teach it with `mlb alias add`'
        when 'team_not_in_game' then 'club "' || coalesce(team_text, '') || '" plays in no side of game ' || event_id
        when 'same_team_twice' then 'both clubs of game ' || event_id || ' are the same'
        when 'invalid_time' then 'start_time "' || coalesce(start_text, '') || '" is no time'
        when 'missing_board_time' then 'a board of the past does not tell when it stood'
        when 'invalid_line' then 'line_score "' || coalesce(line_text, '') || '" is no number'
        when 'line_out_of_range' then 'line_score ' || line_text || ' is below 0'
        when 'unknown_odds_type' then 'odds_type "' || odds_type || '" is none of standard, goblin, demon'
        when 'unknown_sides' then 'allowed_wager_types ' || sides_text || ' names neither side'
    end, 500) as reason
from judged
