"""The wire format of SportsBettingDime's ``mlb-odds``: games, prices per book, splits. Every leaf is optional.

What the names don't say: clubs by nickname only; prices are text with a sign; ``spread`` is text ("" in a moneyline)
and ``opening_spread`` text or the number 0; a total's own line is text now and was a number at its open; ``best`` is
the highest price on the page; splits belong to the game, not to a book, and a market of them may be missing or blank.
"""

from __future__ import annotations

from datetime import datetime

from dagster_mlb.sources.wire import WireModel


class Price(WireModel):
    """One side at one book."""

    odds: str | None = None
    opening_odds: str | None = None
    spread: str | None = None
    opening_spread: str | float | None = None
    best: bool | None = None


class Book(WireModel):
    """``home``/``away`` for moneyline and spread, ``over``/``under`` and the line itself for a total."""

    id: str | None = None
    name: str | None = None
    home: Price | None = None
    away: Price | None = None
    over: Price | None = None
    under: Price | None = None
    total: str | None = None
    opening_total: float | str | None = None


class Market(WireModel):
    books: list[Book] | None = None


class Markets(WireModel):
    moneyline: Market | None = None
    spread: Market | None = None
    total: Market | None = None


class Share(WireModel):
    """Percent with two decimals; "" where it is not known."""

    betsPercentage: float | str | None = None  # noqa: N815 (the wire's name)
    stakePercentage: float | str | None = None  # noqa: N815 (the wire's name)


class MarketSplits(WireModel):
    updated: datetime | str | None = None
    home: Share | None = None
    away: Share | None = None
    over: Share | None = None
    under: Share | None = None


class BettingSplits(WireModel):
    moneyline: MarketSplits | None = None
    spread: MarketSplits | None = None
    total: MarketSplits | None = None


class Rgb(WireModel):
    red: int | None = None
    green: int | None = None
    blue: int | None = None


class Colour(WireModel):
    type: str | None = None
    hex_color: str | None = None
    rgb_color: Rgb | None = None


class Grouping(WireModel):
    """A league or a division."""

    id: str | None = None
    alias: str | None = None
    name: str | None = None


class Competitor(WireModel):
    """A club; ``rotation_number`` is the day's, two consecutive ones a game."""

    id: str | None = None
    name: str | None = None
    country: str | None = None
    country_code: str | None = None
    abbreviation: str | None = None
    qualifier: str | None = None
    rotation_number: int | None = None
    uuids: str | None = None
    market: str | None = None
    abbr: str | None = None
    sr_id: str | None = None
    founded: int | None = None
    team_colors: list[Colour] | None = None
    league: Grouping | None = None
    division: Grouping | None = None
    filter_keys: list[str] | None = None
    owner: str | None = None
    president: str | None = None
    general_manager: str | None = None
    mascot: str | None = None
    nicknames: str | None = None
    retired_numbers: str | None = None
    championships_won: int | None = None
    championship_seasons: str | None = None
    conference_titles: int | None = None
    division_titles: int | None = None
    playoff_appearances: int | None = None
    fight_song: str | None = None


class Competitors(WireModel):
    home: Competitor | None = None
    away: Competitor | None = None


class Game(WireModel):
    """``scheduled`` may move while the id stays."""

    id: str | None = None
    tournamentId: str | None = None  # noqa: N815 (the wire's name)
    status: str | None = None
    scheduled: datetime | None = None
    competitors: Competitors | None = None
    league: str | None = None
    markets: Markets | None = None
    bettingSplits: BettingSplits | None = None  # noqa: N815 (the wire's name)
    filter_key: dict[str, bool] | None = None


class Odds(WireModel):
    """The whole answer."""

    filter_keys: list[str] | None = None
    data: list[Game] | None = None
