"""The documents inside SportsbookReview's pages: a day's odds of one market, and the line history of a game.

Every leaf is optional. What the names don't say: only the fields of the page's own market are filled (the others are
null or 0); 2147483647 is no price; an element of ``oddsViews`` may be null; a day without games has an empty
``oddsTables``; picks of 0 and 0 are none; two moves may share a second; a book may be listed twice after a
postponement; ``firstInital`` is theirs.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from dagster_mlb.sources.wire import WireModel

NO_PRICE = 2147483647

_NEXT_DATA = re.compile(rb'<script[^>]*id="__NEXT_DATA__"[^>]*>(.*?)</script>', re.DOTALL)


class _Model(WireModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Icon(_Model):
    type: str | None = None
    title: str | None = None
    file_name: str | None = None
    alt: str | None = None
    width: int | None = None
    height: int | None = None
    caption: str | None = None


class Sportsbook(_Model):
    """``machineName`` is what odds name their book by."""

    sportsbook_id: int | None = None
    slug: str | None = None
    vertical: str | None = None
    name: str | None = None
    machine_name: str | None = None
    affiliate_link: str | None = None
    icon_monochrome: Icon | None = None
    icon_color: Icon | None = None
    icon_color_background: Icon | None = None


class Team(_Model):
    """``name`` is a city and may be two clubs'; ``fullName`` reads "Athletics Athletics" for one of them."""

    name: str | None = None
    full_name: str | None = None
    short_name: str | None = None
    display_name: str | None = None
    nickname: str | None = None
    rank: int | None = None


class Starter(_Model):
    first_name: str | None = None
    last_name: str | None = None
    throws_short: str | None = None
    first_inital: str | None = None


class Consensus(_Model):
    """Percent of the visitors' picks, neither of bets nor of money."""

    home_money_line_pick_percent: float | None = None
    away_money_line_pick_percent: float | None = None
    home_spread_pick_percent: float | None = None
    away_spread_pick_percent: float | None = None
    over_pick_percent: float | None = None
    under_pick_percent: float | None = None


class Livescore(_Model):
    inning: int | None = None
    top_bottom: str | None = None
    current_pitcher_id: int | None = None
    current_pitcher_first_name: str | None = None
    current_pitcher_last_name: str | None = None
    current_batter_id: int | None = None
    current_batter_first_name: str | None = None
    current_batter_last_name: str | None = None
    outs: int | None = None
    balls: int | None = None
    strikes: int | None = None
    runner_on_first: bool | None = None
    runner_on_second: bool | None = None
    runner_on_third: bool | None = None
    home_team_hits: int | None = None
    home_team_errors: int | None = None
    away_team_hits: int | None = None
    away_team_errors: int | None = None


class GameView(_Model):
    """``startDate`` is UTC; ``gameId`` stays when a game is postponed."""

    game_id: int | None = None
    league_name: str | None = None
    start_date: datetime | None = None
    away_team: Team | None = None
    away_team_rotation_number: str | None = None
    away_starter: Starter | None = None
    away_team_score: int | None = None
    home_team: Team | None = None
    home_team_rotation_number: str | None = None
    home_starter: Starter | None = None
    home_team_score: int | None = None
    game_status_text: str | None = None
    status: str | None = None
    venue_name: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    consensus: Consensus | None = None
    baseball_livescore: Livescore | None = None


class Line(_Model):
    """American prices; a side's own run line; the total."""

    odds: float | None = None
    home_odds: float | None = None
    away_odds: float | None = None
    over_odds: float | None = None
    under_odds: float | None = None
    draw_odds: float | None = None
    home_spread: float | None = None
    away_spread: float | None = None
    total: float | None = None


class OddsView(_Model):
    game_id: int | None = None
    sportsbook: str | None = None
    view_type: Any = None
    opening_line: Line | None = None
    current_line: Line | None = None
    opening_line_views: list[Any] | None = None


class GameRow(_Model):
    game_view: GameView | None = None
    odds_views: list[OddsView | None] | None = None


class OddsTableModel(_Model):
    sportsbooks: list[Sportsbook] | None = None
    game_rows: list[GameRow] | None = None


class OddsTable(_Model):
    league: str | None = None
    odds_table_model: OddsTableModel | None = None


class Move(Line):
    odds_date: datetime | None = None


class HistoryView(_Model):
    """Moves in ascending order of their seconds; their order within a second is the list's."""

    game_id: int | None = None
    sportsbook: str | None = None
    total_history: list[Move] | None = None
    spread_history: list[Move] | None = None
    money_line_history: list[Move] | None = None


class LineHistory(_Model):
    game_view: GameView | None = None
    odds_views: list[HistoryView | None] | None = None


class LineHistoryModel(_Model):
    sportsbooks: list[Sportsbook] | None = None
    line_history: LineHistory | None = None


class PageProps(_Model):
    """``oddsTables`` on a daily page, ``lineHistoryModel`` on a line history."""

    odds_tables: list[OddsTable] | None = None
    line_history_model: LineHistoryModel | None = None


class Props(_Model):
    page_props: PageProps | None = None
    is_rendered_per_visit: bool | None = Field(default=None, alias="__N_SSP")
    is_rendered_ahead: bool | None = Field(default=None, alias="__N_SSG")


class Page(_Model):
    """The document in the page's script. What the site's framework adds beside ``props`` is of no concern."""

    props: Props | None = None
    page: Any = None
    query: Any = None
    build_id: Any = None
    runtime_config: Any = None
    is_fallback: Any = None
    is_experimental_compile: Any = None
    gssp: Any = None
    gsp: Any = None
    script_loader: Any = None
    locale: Any = None
    locales: Any = None
    default_locale: Any = None
    asset_prefix: Any = None
    next_export: Any = None


def read_page(body: bytes) -> Page:
    """The document of a page of HTML. Raises ValueError where it carries none."""
    found = _NEXT_DATA.search(body)
    if found is None:
        raise ValueError("the page carries no __NEXT_DATA__")
    return Page.model_validate(json.loads(found.group(1)))
