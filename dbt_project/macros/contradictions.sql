{# Quotes that contradict each other: one source tells one side of one market of one book, at one moment, at two prices.
   Nothing says which of them stood, so none is staged; each names what was told. A moment is the source's own where it
   tells one (backfilled: whichever documents tell it), else the answer (captured: answers follow one another, however
   close), else the label. Within a document whose order is that of time (`in_order`) the last one stands and those
   before it are ticks of the same second: there only documents contradict each other.

   A hook after a model of quotes. The loads just staged are compared with each other and with all that is told of the
   same moments, so that the result does not depend on the order of loads: a row that was staged before may turn out to
   be contradicted now. Then its series are made anew, as `mlb quarantine retry` does. Looking costs a pass over a few
   columns; the rest costs nothing where nothing is told twice. #}
{% macro quarantine_contradictions(in_order=false) -%}
    {%- set has_status = this.identifier != 'stg_tick_archive__quotes' -%}
    {%- set answer = "case when quote.capture = 'captured' then quote.load_id end" -%}
    {%- set moment = 'case when quote.observed_at is not null or quote.label is null then quote.known_at end' -%}
    {%- set words -%}
        concat_ws(' at ',
            {%- if has_status %} case when quote.status <> 'open' then quote.status end,{% endif %}
            trim_scale(quote.line), trim_scale(round(quote.price_american::numeric, 2)))
    {%- endset -%}
    {%- set same -%}
        quote.series_id = told.series_id and quote.label is not distinct from told.label
        and {{ answer }} is not distinct from told.answer and {{ moment }} is not distinct from told.moment
    {%- endset -%}
    {%- set finding -%}
        left(
            quote.book || ' ' || quote.market || ' ' || quote.side || ' is told as ' || told.told || coalesce(
                ' at ' || to_char(told.moment at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"'),
                ', each labelled ' || told.label
            ) || ': nothing says which of them stood',
            500
        )
    {%- endset %}
    do $contradictions$
    begin
        create temporary table told_twice on commit drop as
        select quote.series_id, quote.label, {{ answer }} as answer, {{ moment }} as moment
        {%- if is_incremental() %}
        from (
            {%- set columns = 'quote.series_id, quote.load_id, quote.capture, quote.label, quote.observed_at, quote.known_at' %}
            {%- set fresh = 'load_id in ' ~ pending_loads() ~ ' and series_id is not null' %}
            select {{ columns }} from {{ this }} as quote where {{ fresh }} and capture = 'captured'
            union all
            select {{ columns }}
            from (
                select distinct series_id, known_at
                from {{ this }}
                where {{ fresh }} and capture = 'backfilled' and (observed_at is not null or label is null)
            ) as fresh
            inner join {{ this }} as quote on quote.series_id = fresh.series_id and quote.known_at = fresh.known_at
            where quote.capture = 'backfilled' and (quote.observed_at is not null or quote.label is null)
            union all
            select {{ columns }}
            from (
                select distinct series_id, label
                from {{ this }}
                where {{ fresh }} and capture = 'backfilled' and observed_at is null and label is not null
            ) as fresh
            inner join {{ this }} as quote on quote.series_id = fresh.series_id and quote.label = fresh.label
            where quote.capture = 'backfilled' and quote.observed_at is null
        ) as quote
        {%- else %}
        from {{ this }} as quote
        where quote.series_id is not null
        {%- endif %}
        group by 1, 2, 3, 4
        having count(*) > 1;

        if not exists (select from told_twice) then return; end if;
        analyze told_twice;

        create temporary table contradicted on commit drop as
        select series_id, label, answer, moment, string_agg(distinct words, ' and ') as told
        from (
            select
                {% if in_order %}distinct on (told.series_id, told.label, told.answer, told.moment, quote.load_id) {% endif -%}
                told.series_id, told.label, told.answer, told.moment, {{ words }} as words
            from told_twice as told
            inner join {{ this }} as quote on {{ same }}
            {%- if in_order %}
            order by told.series_id, told.label, told.answer, told.moment, quote.load_id, quote.record_number desc
            {%- endif %}
        ) as quotes
        group by series_id, label, answer, moment
        having count(distinct words) > 1;

        if not exists (select from contradicted) then return; end if;
        analyze contradicted;

        create temporary table lately_contradicted on commit drop as
        with marked as (
            update {{ this }} as quote
            set
                rule = 'contradicting_quotes',
                {%- if has_status %}
                disposition = 'quarantined',
                {%- endif %}
                reason = {{ finding }}
            from contradicted as told
            where {{ same }} and quote.reason is distinct from {{ finding }} -- a third price is told with the other two
            returning quote.series_id, quote.load_id
        )
        select series_id, load_id from marked where load_id not in {{ pending_loads() }};

        if not exists (select from lately_contradicted) then return; end if;
        {{ make_series_anew('lately_contradicted') }}
    end $contradictions$
{%- endmacro %}

{# What stands right of the quotes of these series is taken away and made anew by the same run, from every load that
   shares a series with them; what was counted of a load that was staged before is counted again. `changed`: a relation of
   series_id, load_id. The tables named here read the quotes and are missing on the very first run. #}
{% macro make_series_anew(changed) -%}
        delete from operational.staged_loads as done
        where
            done.model in ('int_dispositions', 'validation_results')
            and done.load_id in (select changed.load_id from {{ changed }} as changed);
        if to_regclass('staging.int_quotes') is not null then
            delete from operational.staged_loads as done
            where
                done.model in ('odds_series', 'odds_ticks', 'int_series_accounts')
                and done.load_id in (
                    select changed.load_id from {{ changed }} as changed
                    union
                    select quotes.load_id
                    from staging.int_quotes as quotes
                    where quotes.series_id in (select changed.series_id from {{ changed }} as changed)
                );
        end if;
        {%- for table in ['int_series_accounts', 'odds_ticks', 'odds_series'] %}
        if to_regclass('staging.{{ table }}') is not null then
            delete from staging.{{ table }} as old
            where old.series_id in (select changed.series_id from {{ changed }} as changed);
        end if;
        {%- endfor %}
{%- endmacro %}
