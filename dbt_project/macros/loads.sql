{# Incremental staging by load id (law 8). The hook freezes the set of loads that this run of the model stages, before
   the model reads them: what commits in between stays pending for the next run and is never marked as done.

   pending: freezes the loads; pending_loads: the condition in the model; remember: marks exactly those. #}
{% macro freeze_pending_loads(raw_relations, condition='true') -%}
    delete from operational.pending_loads where model = '{{ this.identifier }}';
    insert into operational.pending_loads (model, load_id)
    select '{{ this.identifier }}', raw.load_id
    from (
        {%- for relation in raw_relations %}
        {% if not loop.first %}union all {% endif %}select * from (select load_id {% if relation.identifier == 'archive_files' %}, archive {% else %}, null::text as archive {% endif %} from {{ relation }}) as r
        {%- endfor %}
    ) as raw
    where
        ({{ condition }})
        and not exists (
            select from operational.held_loads as held where held.load_id = raw.load_id and held.released_at is null
        )
        {%- if is_incremental() %}
        and not exists (
            select from operational.staged_loads as done
            where done.model = '{{ this.identifier }}' and done.load_id = raw.load_id
        )
        {%- endif %};
    {%- if not is_incremental() %}
    delete from operational.staged_loads where model = '{{ this.identifier }}';
    {%- endif %}
{%- endmacro %}

{% macro pending_loads() -%}
    (select pending.load_id from operational.pending_loads as pending where pending.model = '{{ this.identifier }}')
{%- endmacro %}

{% macro remember_staged_loads() -%}
    insert into operational.staged_loads (model, load_id, staged_at)
    select '{{ this.identifier }}', pending.load_id, {{ clock() }}
    from operational.pending_loads as pending
    where pending.model = '{{ this.identifier }}'
    on conflict do nothing;
    delete from operational.pending_loads where model = '{{ this.identifier }}'
{%- endmacro %}

{% macro series_id(source, event_id, book, market, period, side, alternate_line="''") -%}
    hashtextextended(
        {{ source }} || '|' || {{ event_id }} || '|' || {{ book }} || '|' || {{ market }} || '|' || {{ period }}
        || '|' || {{ side }} || '|' || {{ alternate_line }}, 0)
{%- endmacro %}

{# The raw tables that hold quotes: what the tick models stage by load. #}
{% macro quote_relations() -%}
    {{ return([source('raw_data', 'archive_files'), source('raw_data', 'odds_api_odds'), source('raw_data', 'odds_api_historical_odds')]) }}
{%- endmacro %}

{# A response that tells nothing new: the bytes of an earlier one, for the same moment. A captured repeat of prices is
   news (the price was still there later): its quotes are staged as repeats of their series. #}
{% macro is_no_news(raw, original) -%}
    (
        {{ raw }}.repeat_of is not null
        and (
            {{ raw }}.capture = 'backfilled'
            or greatest({{ raw }}.observed_at, {{ raw }}.ingested_at)
                = greatest({{ original }}.observed_at, {{ original }}.ingested_at)
        )
    )
{%- endmacro %}
