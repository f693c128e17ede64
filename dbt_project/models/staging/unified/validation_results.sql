-- The quarantine: what was not staged, with the rule and the reason. scope record: a whole record; reading: a price or a
-- share read of a record that another model accounts for; market: the two prices of a market that cannot belong together;
-- field: one cell; document: bad text that was replaced in the reading, so that its neighbours could be read. Only records
-- count in the accounting.
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ freeze_loads_staged_by((accounting_models() + second_reading_models() + ['stg_sbr_archive__games']) | unique | list) }}",
    post_hook="{{ remember_staged_loads() }}",
    indexes=[{'columns': ['source', 'rule']}, {'columns': ['load_id']}],
) }}

with records as (

    {% for model in accounting_models() %}
    {% if not loop.first %}union all{% endif %}
    select
        {% if model == 'stg_tick_archive__quotes' %}coalesce(told.source, counts.source){% else %}counts.source{% endif %}
            as source,
        counts.raw_table, told.load_id, told.record_number, told.rule, told.reason
    from {{ ref(model) }} as told
    inner join {{ ref('stg_raw__record_counts') }} as counts on counts.load_id = told.load_id
    where
        told.load_id in {{ pending_loads() }}
        and counts.raw_table in ('{{ tables_accounted_by(model) | join("', '") }}')
        and {% if model == 'stg_tick_archive__quotes' %}told.rule is not null{% else %}told.disposition = 'quarantined'{% endif %}
    {% endfor %}

),

-- What is wrong with the game behind a price or a share is told by the model that accounts for it.
readings as (

    {% for model in second_reading_models() %}
    {% if not loop.first %}union all{% endif %}
    select counts.source, counts.raw_table, told.load_id, told.record_number, told.rule, told.reason
    from {{ ref(model) }} as told
    inner join {{ ref('stg_raw__record_counts') }} as counts on counts.load_id = told.load_id
    where
        told.load_id in {{ pending_loads() }}
        and counts.raw_table not in ('{{ tables_accounted_by(model) | join("', '") }}')
        and told.disposition = 'quarantined'
        and told.rule in ('{{ rules_of_values() | join("', '") }}')
    {% endfor %}

),

cells as (

    select
        'sbr_archive' as source, 'raw_data.sbr_archive' as raw_table, load_id, record_number,
        'invalid_cell' as rule, 'no price, line or score: ' || array_to_string(bad_cells, ', ') as reason
    from {{ ref('stg_sbr_archive__rows') }}
    where load_id in {{ pending_loads() }} and disposition = 'staged' and cardinality(bad_cells) > 0

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
    where games.load_id in {{ pending_loads() }} and market.rule is not null and market.rule <> 'no_line'

)

select source, raw_table, load_id, record_number, 'record' as scope, rule, reason from records
union all
select source, raw_table, load_id, record_number, 'reading', rule, reason from readings
union all
select source, raw_table, load_id, record_number, 'field', rule, reason from cells
union all
select source, raw_table, load_id, record_number, 'market', rule, reason from markets
union all
select source, raw_table, load_id, 0, 'document', 'mended_text',
    'the document was readable only after bad text in it was replaced (NUL, lone surrogates, NaN or bytes that are no UTF-8)'
from {{ ref('stg_raw__record_counts') }}
where load_id in {{ pending_loads() }} and is_mended
