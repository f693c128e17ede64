"""The wire format of Action Network: scoreboards v2 and v1, public betting, line moves, books. Every leaf is optional.

What the names don't say: ``teams`` is in no order that counts (match by ``away_team_id``/``home_team_id``) and neither
is a list of outcomes (match by ``side``); book 15 is a consensus and book 30 its opening line, which bears 15's market
and outcome ids and lacks half the fields; ``team_id`` is absent (book 30: 0) for totals and draws; ``bet_info`` is the
public's and the same on every book, with counts that are always 0, and all-zero percentages mean that there are none;
a period or type that a book does not have has no key; in v1 ``*_line`` is a price and ``spread_*`` the line.
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from dagster_mlb.sources.wire import WireModel

Number = int | float


# ---------------------------------------------------------------- what both scoreboards have


class Conference(WireModel):
    id: str | None = None
    display: str | None = None


class Division(WireModel):
    id: str | None = None
    display: str | None = None
    conference_id: str | None = None


class League(WireModel):
    """``blacklist_dates``: days without games, midnight Pacific in UTC. ``current_season`` is text."""

    id: int | None = None
    sport: str | None = None
    name: str | None = None
    description: str | None = None
    logo: str | None = None
    current_season: str | None = None
    current_season_type: str | None = None
    pre_season_start: str | None = None
    pre_season_end: str | None = None
    reg_season_start: str | None = None
    reg_season_end: str | None = None
    post_season_start: str | None = None
    post_season_end: str | None = None
    blacklist_dates: list[str] | None = None
    calendar_info: dict[str, Any] | None = None
    current_week: int | None = None
    updated_at: str | None = None
    is_active: bool | None = None
    conferences: list[Conference] | None = None
    divisions: list[Division] | None = None


class Standings(WireModel):
    win: int | None = None
    loss: int | None = None
    ties: int | None = None
    overtime_losses: int | None = None
    draw: int | None = None


class Team(WireModel):
    """``core_id`` only in v2."""

    id: int | None = None
    full_name: str | None = None
    display_name: str | None = None
    short_name: str | None = None
    location: str | None = None
    abbr: str | None = None
    logo: str | None = None
    primary_color: str | None = None
    secondary_color: str | None = None
    conference_type: str | None = None
    division_type: str | None = None
    url_slug: str | None = None
    standings: Standings | None = None
    core_id: int | None = None


class Line(WireModel):
    """Runs, hits and errors of one club."""

    hits: int | None = None
    runs: int | None = None
    errors: int | None = None


class BothLines(WireModel):
    away: Line | None = None
    home: Line | None = None


class Pitcher(WireModel):
    """Action Network's own player ids: ``probable_id`` when announced, ``starting_id`` when he starts."""

    probable_id: int | None = None
    starting_id: int | None = None


class Pitching(WireModel):
    away: Pitcher | None = None
    home: Pitcher | None = None
    win_id: int | None = None
    loss_id: int | None = None
    save_id: int | None = None


class Inning(WireModel):
    """Points are null for an inning not batted yet."""

    id: int | None = None
    abbr: str | None = None
    display_name: str | None = None
    full_name: str | None = None
    away_points: int | None = None
    home_points: int | None = None


class Runners(WireModel):
    first: Any = None
    second: Any = None
    third: Any = None


class Situation(WireModel):
    outs: int | None = None
    balls: int | None = None
    strikes: int | None = None
    display: str | None = None
    runners: Runners | None = None
    batter_id: int | None = None
    pitcher_id: int | None = None
    inning_half: str | None = None
    batter_order: Any = None


class Boxscore(WireModel):
    """``latest_odds`` is v1's, after the start."""

    stats: BothLines | None = None
    period: int | None = None
    pitching: Pitching | None = None
    linescore: list[Inning] | None = None
    situation: Situation | None = None
    latest_odds: dict[str, Any] | None = None
    clock: str | None = None
    total_away_points: int | None = None
    total_home_points: int | None = None
    total_away_firstfive_points: int | None = None
    total_home_firstfive_points: int | None = None


class PlayerStats(WireModel):
    """Season figures of a starter; ratios are numbers or text, as it pleases."""

    player_id: int | None = None
    pitching: dict[str, Any] | None = None
    batting: dict[str, Any] | None = None


class BothPlayerStats(WireModel):
    away: list[PlayerStats] | None = None
    home: list[PlayerStats] | None = None


class Broadcast(WireModel):
    network: str | None = None
    network_short: str | None = None


class GameHead(WireModel):
    """What a game is in both versions. ``status``: scheduled, inprogress, complete, postponed."""

    id: int | None = None
    league_id: int | None = None
    status: str | None = None
    real_status: str | None = None
    status_display: str | None = None
    start_time: str | None = None
    away_team_id: int | None = None
    home_team_id: int | None = None
    winning_team_id: int | None = None
    league_name: str | None = None
    type: str | None = None
    season: int | None = None
    week: int | None = None
    attendance: int | None = None
    coverage: str | None = None
    is_free: bool | None = None
    trending: bool | None = None
    away_rotation_number: int | None = None
    home_rotation_number: int | None = None
    teams: list[Team] | None = None
    meta: dict[str, Any] | None = None
    num_bets: int | None = None
    core_id: int | None = None
    last_play: dict[str, Any] | None = None
    boxscore: Boxscore | None = None
    player_stats: BothPlayerStats | None = None
    broadcast: Broadcast | None = None


# ---------------------------------------------------------------- v2


class Share(WireModel):
    """``value`` is always 0; ``percent`` 0 on both sides means that there is no figure."""

    value: Number | None = None
    percent: Number | None = None


class BetInfo(WireModel):
    tickets: Share | None = None
    money: Share | None = None


class Move(WireModel):
    """A past price of an outcome and when it was set. The oldest is an ``opener``."""

    odds: Number | None = None
    value: Number | None = None
    updated_at: str | None = None
    line_status: str | None = None


class Outcome(WireModel):
    """One side of a market at one book, in the usual shape. ``history`` only in the answer of line moves.

    ``option_type_id`` (1 over, 2 under) and ``prop_type_id`` only for team totals.
    """

    outcome_id: str | None = None
    market_id: str | None = None
    event_type: str | None = None
    event_id: int | None = None
    league_id: int | None = None
    book_id: int | None = None
    book_parent_id: int | None = None
    type: str | None = None
    option_type_id: int | None = None
    side: str | None = None
    period: str | None = None
    team_id: int | None = None
    odds: Number | None = None
    value: Number | None = None
    is_live: bool | None = None
    deeplink_id: str | None = None
    line_status: str | None = None
    bet_info: BetInfo | None = None
    prop_type_id: int | None = None
    odds_coefficient_score: Number | None = None
    is_alt_market: bool | None = None
    history: list[Move] | None = None


class OpeningOutcome(WireModel):
    """One side of book 30: no status, no public betting, no live flag; ``team_id`` 0 for totals."""

    event_id: int | None = None
    value: Number | None = None
    side: str | None = None
    odds: Number | None = None
    type: str | None = None
    book_id: int | None = None
    period: str | None = None
    player_id: int | None = None
    competitor_id: int | None = None
    team_id: int | None = None
    event_type: str | None = None
    market_id: str | None = None
    outcome_id: str | None = None
    option_type_id: int | None = None
    history: list[Move] | None = None


def _shape_of(outcome: Any) -> Any:
    """Book 30's outcomes by the shape of book 30, all others by the usual one."""
    is_opening = isinstance(outcome, dict) and outcome.get("book_id") == 30
    return (OpeningOutcome if is_opening else Outcome).model_validate(outcome)


Types = dict[str, list[Any]]
BookMarkets = dict[str, dict[str, Types]]


def _markets_of(markets: BookMarkets | None) -> list[Outcome | OpeningOutcome]:
    """The outcomes of a ``{book: {period: {type: [outcome]}}}`` map, in its order."""
    return [
        _shape_of(outcome)
        for periods in (markets or {}).values()
        for types in periods.values()
        for outcomes in types.values()
        for outcome in outcomes
    ]


class Game(GameHead):
    """A game of v2 with its prices: book → period → type → outcomes. Periods and types may be absent."""

    markets: BookMarkets | None = None

    def outcomes(self) -> list[Outcome | OpeningOutcome]:
        return _markets_of(self.markets)


class Scoreboard(WireModel):
    """The answer of the v2 scoreboard and of public betting."""

    league: League | None = None
    games: list[Game] | None = None
    market_rules: dict[str, Any] | None = None
    content_live_count: int | None = None


class MarketHistory(WireModel):
    """The line moves of a game, ``{book: {period: {type: [outcome]}}}``; nothing of games older than two weeks."""

    def outcomes(self) -> list[Outcome | OpeningOutcome]:
        books = {name: value for name, value in (self.model_extra or {}).items() if isinstance(value, dict)}
        return _markets_of(books)


# ---------------------------------------------------------------- v1


class OddsRow(WireModel):
    """One book and type (game, live, firstfiveinnings, firstinning): ``spread_*`` are lines, ``*_line`` prices.

    ``line_status`` per field: 0 open, 2 closed, null unknown. ``meta`` holds a book's own ids per field.
    """

    ml_away: Number | None = None
    ml_home: Number | None = None
    spread_away: Number | None = None
    spread_home: Number | None = None
    spread_away_line: Number | None = None
    spread_home_line: Number | None = None
    over: Number | None = None
    under: Number | None = None
    draw: Number | None = None
    total: Number | None = None
    away_total: Number | None = None
    away_over: Number | None = None
    away_under: Number | None = None
    home_total: Number | None = None
    home_over: Number | None = None
    home_under: Number | None = None
    ml_home_public: Number | None = None
    ml_away_public: Number | None = None
    spread_home_public: Number | None = None
    spread_away_public: Number | None = None
    total_over_public: Number | None = None
    total_under_public: Number | None = None
    ml_home_money: Number | None = None
    ml_away_money: Number | None = None
    spread_home_money: Number | None = None
    spread_away_money: Number | None = None
    total_over_money: Number | None = None
    total_under_money: Number | None = None
    meta: dict[str, Any] | None = None
    num_bets: int | None = None
    book_id: int | None = None
    type: str | None = None
    inserted: str | None = None
    line_status: dict[str, int | None] | None = None


class GameV1(GameHead):
    odds: list[OddsRow] | None = None


class ScoreboardV1(WireModel):
    league: League | None = None
    games: list[GameV1] | None = None
    content_live_count: int | None = None


# ---------------------------------------------------------------- books and refusals


class BookMeta(WireModel):
    logos: dict[str, Any] | None = None
    states: list[str] | None = None


class SportsbookEntry(WireModel):
    """``source_name`` is Action Network's own key, ``parent_name`` the brand over the states."""

    id: int | None = None
    display_name: str | None = None
    source_name: str | None = None
    parent_name: str | None = None
    meta: BookMeta | None = None


class Books(WireModel):
    books: list[SportsbookEntry] | None = None


class Refusal(WireModel):
    """404: no such path."""

    statusCode: int | None = None  # noqa: N815  (the wire's own spelling)
    error: str | None = None
    message: str | None = None


SCOREBOARD = TypeAdapter(Scoreboard)
SCOREBOARD_V1 = TypeAdapter(ScoreboardV1)
MARKET_HISTORY = TypeAdapter(MarketHistory)
BOOKS = TypeAdapter(Books)
