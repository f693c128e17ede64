{# A gate inside the model's own transaction (law 9): a row that should not be rolls the new table back, and the old
   one stays. Used as a post hook; the query returns the bad rows. #}
{% macro gate(name, bad_rows) -%}
    do $gate$
    declare
        example text;
        bad_count bigint;
    begin
        select count(*), min(bad::text) into bad_count, example from ({{ bad_rows }}) as bad;
        if bad_count > 0 then
            raise exception 'gate {{ name }} of {{ this.schema }}.{{ this.identifier }}: % bad rows, for example %',
                bad_count, left(example, 400);
        end if;
    end $gate$
{%- endmacro %}
