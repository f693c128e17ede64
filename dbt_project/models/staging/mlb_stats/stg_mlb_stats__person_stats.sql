-- Statistics of people, one row per split: asked for one person, or told beside several. A player who changed clubs has a
-- split per club and a total that names no club. Ratios come as text; ".---" and "-.--" are no numbers.
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='load_id',
    on_schema_change='fail',
    pre_hook="{{ freeze_pending_loads(mlb_stats_relations(['people_stats', 'people'])) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['load_id']}, {'columns': ['player_id', 'season']}],
) }}

{% set counts = {
    'games_played': 'gamesPlayed', 'games_started': 'gamesStarted', 'wins': 'wins', 'losses': 'losses', 'saves': 'saves',
    'holds': 'holds', 'batters_faced': 'battersFaced', 'plate_appearances': 'plateAppearances', 'at_bats': 'atBats',
    'runs': 'runs', 'hits': 'hits', 'doubles': 'doubles', 'triples': 'triples', 'home_runs': 'homeRuns',
    'runs_batted_in': 'rbi', 'earned_runs': 'earnedRuns', 'walks': 'baseOnBalls', 'strikeouts': 'strikeOuts',
    'hit_by_pitch': 'hitByPitch', 'stolen_bases': 'stolenBases', 'pitches': 'numberOfPitches', 'strikes': 'strikes',
} %}
{% set ratios = {
    'era': 'era', 'whip': 'whip', 'batting_average': 'avg', 'on_base_percentage': 'obp', 'slugging': 'slg', 'ops': 'ops',
    'babip': 'babip', 'isolated_power': 'iso', 'strikeouts_per_nine': 'strikeoutsPer9Inn', 'walks_per_nine': 'walksPer9Inn',
    'home_runs_per_nine': 'homeRunsPer9',
} %}

with responses as materialized (

    {{ mlb_stats_responses(['people_stats', 'people']) }}

),

blocks as (

    select
        responses.load_id, responses.kind, responses.observed_at, responses.captured_at, responses.capture,
        responses.provenance, responses.asked_date,
        substring(responses.request_key from '/people/(\d{1,9})/stats') as person_text,
        block.position,
        block.value as block
    from responses
    cross join lateral jsonb_path_query(responses.document, 'lax $.stats[*]') with ordinality as block (value, position)
    where responses.kind = 'people_stats' and {{ is_document('responses.document', 'stats') }}

    union all

    select
        people.load_id, people.kind, people.observed_at, people.captured_at, people.capture, people.provenance,
        people.asked_date, people.person ->> 'id', 1000 * people.position + block.position, block.value
    from (
        select responses.*, person.value as person, person.position
        from responses
        cross join lateral jsonb_path_query(responses.document, 'lax $.people[*]') with ordinality as person (value, position)
        where responses.kind = 'people' and {{ is_document('responses.document', 'people') }}
    ) as people
    cross join lateral jsonb_path_query(people.person, 'lax $.stats[*]') with ordinality as block (value, position)

),

entries as (

    select
        blocks.load_id, blocks.kind, blocks.observed_at, blocks.captured_at, blocks.capture, blocks.provenance,
        blocks.asked_date,
        10000000000 + 100000 * blocks.position + split.position as record_number,
        blocks.block -> 'type' ->> 'displayName' as stat_type,
        blocks.block -> 'group' ->> 'displayName' as stat_group,
        coalesce(split.value -> 'player' ->> 'id', blocks.person_text) as person_text,
        split.value as split,
        split.value -> 'stat' as stat
    from blocks
    cross join lateral jsonb_path_query(blocks.block, 'lax $.splits[*]') with ordinality as split (value, position)

    union all

    select
        load_id, kind, observed_at, captured_at, capture, provenance, asked_date, 1, null, null, null, null, null
    from responses
    where kind = 'people_stats' and not {{ is_document('document', 'stats') }}

),

typed as (

    select
        entries.*,
        {{ try_int('person_text') }} as player_id,
        {{ try_int("split ->> 'season'") }} as season,
        {{ try_date("split ->> 'date'") }} as game_date,
        {{ try_int("split -> 'game' ->> 'gamePk'") }} as game_pk,
        {{ try_int("split -> 'team' ->> 'id'") }} as team_id,
        {{ try_int("split ->> 'numTeams'") }} as team_count,
        {{ innings_to_outs("stat ->> 'inningsPitched'") }} as outs
        {%- for column, field in counts.items() %},
        {{ try_int("stat ->> '" ~ field ~ "'") }} as {{ column }}
        {%- endfor %}
        {%- for column, field in ratios.items() %},
        {{ try_ratio("stat ->> '" ~ field ~ "'") }} as {{ column }}
        {%- endfor %}
    from entries
    offset 0

),

judged as (

    select
        typed.*,
        case
            when split is null or jsonb_typeof(split) <> 'object' then 'unreadable'
            when player_id is null then 'invalid_player'
            when stat_type is null or stat_group is null or stat is null or jsonb_typeof(stat) <> 'object'
                then 'missing_value'
        end as rule
    from typed
    offset 0

)

select
    load_id,
    record_number,
    kind as endpoint,
    player_id,
    stat_type,
    stat_group,
    season,
    split ->> 'gameType' as game_type,
    game_date,
    game_pk,
    team_id,
    team_count,
    -- A total over clubs names none; a career is one by nature.
    team_id is null as is_total,
    outs,
    {%- for column in counts %}
    {{ column }},
    {%- endfor %}
    {%- for column in ratios %}
    {{ column }},
    {%- endfor %}
    -- A sum stands as of the moment it was asked: what is asked about a past day says nothing of what it was then.
    coalesce(captured_at, greatest(observed_at, {{ end_of_baseball_day('game_date') }})) as known_at,
    observed_at,
    capture,
    provenance,
    case when rule is null then 'staged' else 'quarantined' end as disposition,
    rule,
    left(case
        when rule = 'unreadable' then 'the body is no list of statistics, or this split no JSON object'
        when rule = 'invalid_player' then 'player "' || left(coalesce(person_text, ''), 60) || '" is no id'
        when rule = 'missing_value' then 'a split needs its type, its group and its statistics'
    end, 500) as reason
from judged
