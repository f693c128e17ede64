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
    {%- if is_incremental() %}
    {{ forget_pending_rows() }}
    {%- else %}
    delete from operational.staged_loads where model = '{{ this.identifier }}';
    {%- endif %}
{%- endmacro %}

{# The same for a model that reads other staging models: what they have staged and it has not. #}
{% macro freeze_loads_staged_by(models, has_load_id=true) -%}
    delete from operational.pending_loads where model = '{{ this.identifier }}';
    insert into operational.pending_loads (model, load_id)
    select distinct '{{ this.identifier }}', upstream.load_id
    from operational.staged_loads as upstream
    where
        upstream.model in ('{{ models | join("', '") }}')
        {%- if is_incremental() %}
        and not exists (
            select from operational.staged_loads as done
            where done.model = '{{ this.identifier }}' and done.load_id = upstream.load_id
        )
        {%- endif %};
    {%- if is_incremental() and has_load_id %}
    {{ forget_pending_rows() }}
    {%- elif not is_incremental() %}
    delete from operational.staged_loads where model = '{{ this.identifier }}';
    {%- endif %}
{%- endmacro %}

{# A load that is staged once more may yield fewer rows than before, or none. #}
{% macro forget_pending_rows() -%}
    delete from {{ this }} as old
    where old.load_id in (
        select pending.load_id from operational.pending_loads as pending where pending.model = '{{ this.identifier }}'
    );
{%- endmacro %}

{% macro pending_loads() -%}
    (select pending.load_id from operational.pending_loads as pending where pending.model = '{{ this.identifier }}')
{%- endmacro %}

{# What the pending loads touch (series, games), found before the model runs and looked at, so that the planner knows how
   little it is: beside years of rows it would otherwise read all of them. For models that are made anew key by key.
   models: [(model, condition)]. `touched`: the keys, as a subquery. #}
{% macro find_touched(key, models, has_load_id=true) -%}
    set local random_page_cost = 1.1; -- what was touched lately is in memory: no reason to read all there is
    create temporary table touched_keys on commit drop as
    {%- for model, condition in models %}
    {{ 'union' if not loop.first }}
    select distinct {{ key }} from {{ ref(model) }} where load_id in {{ pending_loads() }} and {{ condition }}
    {%- endfor %}
    {%- if has_load_id and is_incremental() %}
    union
    -- A load staged once more may have lost rows that stand here.
    select distinct {{ key }} from {{ this }} where load_id in {{ pending_loads() }}
    {%- endif %};
    analyze touched_keys
{%- endmacro %}

{% macro touched(key) -%}
    (select touched_keys.{{ key }} from touched_keys)
{%- endmacro %}

{# (model, condition of what stands) of all models that hold quotes. #}
{% macro models_of_quotes() -%}
    {% set models = [] %}
    {% for model in quote_models() %}{% do models.append((model, is_valid_quote(model))) %}{% endfor %}
    {{ return(models) }}
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

{# A response that tells nothing new: the same bytes as the answer before it to the same request (an answer that goes
   back to an earlier one is news). Prices that were captured again later are news too: they were still there. #}
{% macro is_no_news(raw, relation, are_prices=false) -%}
    (
        {{ raw }}.repeat_of is not null
        and {{ raw }}.content_hash = (
            select before.content_hash
            from {{ relation }} as before
            where
                before.request_key = {{ raw }}.request_key
                and before.provenance = {{ raw }}.provenance
                and (before.observed_at, before.load_id) < ({{ raw }}.observed_at, {{ raw }}.load_id)
            order by before.observed_at desc, before.load_id desc
            limit 1
        )
        {%- if are_prices %}
        and (
            {{ raw }}.capture = 'backfilled'
            or greatest({{ raw }}.observed_at, {{ raw }}.ingested_at) = (
                select greatest(before.observed_at, before.ingested_at)
                from {{ relation }} as before
                where
                    before.request_key = {{ raw }}.request_key
                    and before.provenance = {{ raw }}.provenance
                    and (before.observed_at, before.load_id) < ({{ raw }}.observed_at, {{ raw }}.load_id)
                order by before.observed_at desc, before.load_id desc
                limit 1
            )
        )
        {%- endif %}
    )
{%- endmacro %}

{# Ticks of a load that was staged once more and no longer feeds their series. #}
{% macro forget_unfed_series() -%}
    {%- if is_incremental() %}
    delete from {{ this }} as tick
    where
        tick.load_id in {{ pending_loads() }}
        {%- for model in quote_models() %}
        and not exists (select from {{ ref(model) }} as quote where quote.series_id = tick.series_id)
        {%- endfor %}
    {%- else -%} select 1 {%- endif -%}
{%- endmacro %}

{# Splits of a load that was staged once more and whose record no longer stands. #}
{% macro forget_unfed_splits() -%}
    {%- if is_incremental() and split_models() %}
    delete from {{ this }} as old
    where
        old.load_id in {{ pending_loads() }}
        {%- for model in split_models() %}
        and not exists (
            select from {{ ref(model) }} as split
            where split.load_id = old.load_id and split.record_number = old.record_number and split.disposition = 'staged'
        )
        {%- endfor %}
    {%- else -%} select 1 {%- endif -%}
{%- endmacro %}
