{# What the scoreboards' prices and the line moves of Action Network have in common: how an outcome is judged, in the
   columns side_text, market, team_ref, home_ref, away_ref, price_text, price, line_text, line, status, is_taken_down and
   is_alternate. #}

{# The side of a market, by its name and never by its place; NULL where the market has no such side. #}
{% macro action_network_side() -%}
    case
        when side_text in ('home', 'away') and market in ('moneyline', 'spread') then side_text
        when side_text = 'draw' and market = 'moneyline' then side_text
        when side_text in ('over', 'under') and market not in ('moneyline', 'spread') then side_text
    end
{%- endmacro %}

{# Rules of the side and its club. #}
{% macro action_network_side_rules() -%}
            when status is null then 'unknown_status'
            when side is null then 'invalid_side'
            when
                side in ('home', 'away') and team_ref is not null
                and team_ref is distinct from case side when 'home' then home_ref else away_ref end
                then 'side_contradicts_team'
{%- endmacro %}

{# Rules of price and line; the last of a case, because a price that was taken down ends them. #}
{% macro action_network_price_rules() -%}
            when is_taken_down then null
            when price is null then 'invalid_price'
            when abs(price) < 100 - 1e-9 then 'price_inside_100'
            when abs(price) > 100000 then 'price_out_of_range'
            when market <> 'moneyline' and line is null then 'invalid_line'
            when market <> 'moneyline' and line * 2 <> trunc(line * 2) then 'line_not_half_runs'
            when {{ is_line_out_of_range(is_main_of_game="period = 'game' and not is_alternate") }} then 'line_out_of_range'
            when is_alternate and market = 'moneyline' then 'invalid_line'
{%- endmacro %}

{# The findings of those rules in words. #}
{% macro action_network_reasons() -%}
        when 'invalid_book' then 'book "' || book_ref || '" is no id of a book'
        when 'in_play' then 'a price during the game'
        when 'market_not_staged' then 'type "' || coalesce(type_ref, '') || '" is none of moneyline, spread, total and team total'
        when 'period_not_staged' then 'period "' || period_ref || '" is none of game, first five innings and first inning'
        when 'same_team_twice' then 'both clubs are "' || home_ref || '"'
        when 'unknown_status' then 'line status "' || status_text || '" is not known: open or not, nobody can say'
        when 'invalid_side' then 'side "' || coalesce(side_text, '') || '" is no side of ' || market
        when 'side_contradicts_team' then 'side ' || side || ' bears the team id "' || team_ref || '" of "'
            || coalesce(away_ref, '') || '" at "' || coalesce(home_ref, '') || '"'
        when 'invalid_price' then 'odds "' || coalesce(price_text, '') || '" are no price'
        when 'price_inside_100' then 'American odds ' || price_text || ' lie between -100 and 100'
        when 'price_out_of_range' then 'American odds ' || price_text || ' are beyond ±100000'
        when 'invalid_line' then 'value "' || coalesce(line_text, '') || '" is no line of ' || market
        when 'line_not_half_runs' then 'value ' || line_text || ' is no multiple of half a run'
        when 'line_out_of_range' then 'value ' || line_text || ' is no line of ' || market
        when 'no_time_of_its_own' then 'asked afterwards, and nothing tells when this price stood'
        when 'other_state_of_the_book'
            then 'book ' || book_ref || ' is ' || book || ' in another state than the one that speaks for it'
{%- endmacro %}
