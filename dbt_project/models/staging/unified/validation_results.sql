-- The quarantine: what was not staged, with the rule and the reason. scope record: a whole record; market: the two
-- prices of a market that cannot belong together; field: one cell. Only records count in the accounting.
{{ config(indexes=[{'columns': ['source', 'rule']}, {'columns': ['load_id']}]) }}

with records as (

    select 'sbr_archive' as source, 'raw_data.sbr_archive' as raw_table, load_id, record_number, rule, reason
    from {{ ref('stg_sbr_archive__rows') }} where disposition = 'quarantined'
    union all
    select coalesce(source, 'tick_archive'), 'raw_data.tick_archive', load_id, record_number, rule, reason
    from {{ ref('stg_tick_archive__quotes') }} where rule is not null
    union all
    select 'retrosheet_games', 'raw_data.retrosheet_games', load_id, record_number, rule, reason
    from {{ ref('stg_retrosheet_games__games') }} where disposition = 'quarantined'
    union all
    select 'mlb_games', 'raw_data.mlb_games', load_id, record_number, rule, reason
    from {{ ref('stg_mlb_games__games') }} where disposition = 'quarantined'
    union all
    select 'mlb_stats', 'raw_data.mlb_stats_schedule', load_id, record_number, rule, reason
    from {{ ref('stg_mlb_stats__schedule_games') }} where disposition = 'quarantined'
    union all
    select 'odds_api', 'raw_data.odds_api_odds', load_id, record_number, rule, reason
    from {{ ref('stg_odds_api__quotes') }} where disposition = 'quarantined'
    union all
    select 'odds_api', 'raw_data.odds_api_scores', load_id, record_number, rule, reason
    from {{ ref('stg_odds_api__scores') }} where disposition = 'quarantined'

),

cells as (

    select
        'sbr_archive' as source, 'raw_data.sbr_archive' as raw_table, load_id, record_number,
        'invalid_cell' as rule, 'no price, line or score: ' || array_to_string(bad_cells, ', ') as reason
    from {{ ref('stg_sbr_archive__rows') }}
    where disposition = 'staged' and cardinality(bad_cells) > 0

),

markets as (

    select
        'sbr_archive' as source,
        'raw_data.sbr_archive' as raw_table,
        games.load_id,
        games.away_record_number as record_number,
        market.rule,
        market.name || ' of ' || to_char(games.official_date, 'YYYY-MM-DD') || ' ' || games.away_team_id || '@'
            || games.home_team_id || ': ' || market.prices
            || coalesce(' (booksum ' || round(market.booksum::numeric, 3) || ')', '') as reason
    from {{ ref('stg_sbr_archive__games') }} as games
    cross join lateral (values
        ('moneyline open', games.open_moneyline_rule, concat_ws('/', games.open_away_price, games.open_home_price), games.open_booksum),
        ('moneyline close', games.close_moneyline_rule, concat_ws('/', games.close_away_price, games.close_home_price), games.close_booksum),
        ('run line', games.run_line_rule, concat_ws('/', games.run_line_away_price, games.run_line_home_price), null),
        ('total open', games.open_total_rule, concat_ws('/', games.open_total, games.open_over_price, games.open_under_price), null),
        ('total close', games.close_total_rule, concat_ws('/', games.close_total, games.close_over_price, games.close_under_price), null)
    ) as market (name, rule, prices, booksum)
    where market.rule is not null and market.rule <> 'no_line'

)

select source, raw_table, load_id, record_number, 'record' as scope, rule, reason from records
union all
select source, raw_table, load_id, record_number, 'field', rule, reason from cells
union all
select source, raw_table, load_id, record_number, 'market', rule, reason from markets
