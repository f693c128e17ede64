{# Real foreign keys. A rebuilt table loses those that point at it (dbt swaps tables), so they are put back at the end
   of every run; adding one validates it, so a broken one fails the run. Between the selections a key may stand unvalidated. #}
{% macro foreign_keys() %}
    {{ return([
        ('staging', 'game_results', 'game_key', 'staging', 'games', 'game_key'),
        ('staging', 'game_crosswalk', 'game_key', 'staging', 'games', 'game_key'),
        ('staging', 'starters', 'game_key', 'staging', 'games', 'game_key'),
        ('staging', 'weather', 'game_key', 'staging', 'games', 'game_key'),
        ('staging', 'bets', 'game_key', 'staging', 'games', 'game_key'),
        ('staging', 'games', 'home_team_id', 'staging', 'teams', 'team_id'),
        ('staging', 'games', 'away_team_id', 'staging', 'teams', 'team_id'),
        ('staging', 'odds_ticks', 'series_id', 'staging', 'odds_series', 'series_id'),
        ('curated', 'enhanced_games', 'game_key', 'staging', 'games', 'game_key'),
        ('curated', 'moneylines', 'game_key', 'curated', 'enhanced_games', 'game_key'),
        ('curated', 'spreads', 'game_key', 'curated', 'enhanced_games', 'game_key'),
        ('curated', 'totals', 'game_key', 'curated', 'enhanced_games', 'game_key'),
        ('curated', 'decision_prices', 'game_key', 'curated', 'enhanced_games', 'game_key'),
        ('curated', 'betting_lines_enhanced', 'game_key', 'curated', 'enhanced_games', 'game_key'),
        ('curated', 'feature_vectors', 'game_key', 'curated', 'enhanced_games', 'game_key'),
    ]) }}
{% endmacro %}

{# Dropping a swapped-out table locks what its keys point at, and two neighbours at once lock each other out (a deadlock).
   So before the models run, the keys of every table that this run makes anew are taken off, in one step. #}
{% macro drop_foreign_keys(selected_resources) %}
    {% if execute %}
        {% set remade = [] %}
        {% for id in selected_resources if id in graph.nodes %}
            {% set node = graph.nodes[id] %}
            {% set is_table = node.resource_type == 'seed' or node.config.materialized == 'table' %}
            {% if is_table or (node.config.materialized == 'incremental' and flags.FULL_REFRESH) %}
                {% do remade.append(node.schema ~ '.' ~ node.alias) %}
            {% endif %}
        {% endfor %}
        {% set taken_off = [] %}
        {% for child_schema, child, child_column, parent_schema, parent, parent_column in foreign_keys() %}
            {% if child_schema ~ '.' ~ child in remade or parent_schema ~ '.' ~ parent in remade %}
                {% do taken_off.append(child) %}
                {% call statement('no_fk', auto_begin=true) %}
                    alter table if exists {{ child_schema }}.{{ child }}
                        drop constraint if exists fk_{{ child }}_{{ child_column }}
                {% endcall %}
            {% endif %}
        {% endfor %}
        {% if taken_off %}{% do adapter.commit() %}{% endif %}
    {% endif %}
{% endmacro %}

{% macro add_foreign_keys(results) %}
    {% if execute %}
        {% set built = [] %}
        {% for result in results if result.node.resource_type == 'model' and result.status == 'success' %}
            {% do built.append(result.node.schema ~ '.' ~ result.node.alias) %}
        {% endfor %}
        {% for child_schema, child, child_column, parent_schema, parent, parent_column in foreign_keys() %}
            {% set name = 'fk_' ~ child ~ '_' ~ child_column %}
            {% call statement('fk', auto_begin=true) %}
                do $fk$
                begin
                    if to_regclass('{{ child_schema }}.{{ child }}') is not null
                        and to_regclass('{{ parent_schema }}.{{ parent }}') is not null
                        and not exists (
                            select from pg_constraint
                            where conname = '{{ name }}' and conrelid = to_regclass('{{ child_schema }}.{{ child }}')
                        )
                    then
                        alter table {{ child_schema }}.{{ child }}
                            add constraint {{ name }} foreign key ({{ child_column }})
                            references {{ parent_schema }}.{{ parent }} ({{ parent_column }});
                    end if;
                {% if child_schema ~ '.' ~ child not in built %}
                -- A later selection makes this child anew: till then it may hold keys of a spine that has changed.
                exception when foreign_key_violation then
                    alter table {{ child_schema }}.{{ child }}
                        add constraint {{ name }} foreign key ({{ child_column }})
                        references {{ parent_schema }}.{{ parent }} ({{ parent_column }}) not valid;
                {% endif %}
                end $fk$
            {% endcall %}
        {% endfor %}
        {% do adapter.commit() %}
    {% endif %}
{% endmacro %}
