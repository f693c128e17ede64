"""The tables of raw_data that the live sources fill: what each holds, and what raw must hold before it is asked for.

Values alone. How a stretch of days is asked for is the function of the table's name in ``sources/daily.py``; the assets
are ``raw_live.py``'s.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from dagster_mlb.settings import Settings

if TYPE_CHECKING:  # the HTTP client is 0.2 s of importing, and the graph can be drawn without it
    from dagster_mlb.sources.collect import CollectionResult


@dataclass(frozen=True)
class LiveTable:
    """One table of raw_data: its source, what it holds, and what raw must hold before it is asked for."""

    name: str
    source: str
    description: str
    absence: str = "these days leave nothing to ask"
    deps: tuple[str, ...] = ()
    # Only backfills ask for it, so no day is late.
    is_history: bool = False
    # It changes by the hour while games are ahead: the intraday job asks for it.
    moves: bool = False
    # What its bodies are, as the UI's icon.
    kind: str = "json"
    # The question of the month's plan that it is (sources/odds_api/credit_plan.py); None: it costs no credits.
    paid_as: str | None = None

    @property
    def collect(self) -> "Callable[[Settings, Sequence[date], str], list[CollectionResult]]":
        """The function that asks: settings, days, run id → what was collected."""
        from dagster_mlb.sources import daily

        return getattr(daily, self.name)

    @property
    def health_of(self) -> str:
        """Under which name the polite client keeps its health: each of the weather's hosts has its own."""
        return self.name if self.source == "open_meteo" else self.source


NO_GAMES = "the stored schedule knows no such game of these days (is mlb_stats_schedule materialized?)"
ONLY_NOW = (
    "this endpoint tells only what is so now, and today is not among these days; "
    "past prices come from raw_data/odds_api_historical_odds, past results from raw_data/mlb_stats_schedule"
)
SCHEDULE = ("mlb_stats_schedule",)
LIVE_TABLES: tuple[LiveTable, ...] = (
    LiveTable(
        "mlb_stats_schedule",
        "mlb_stats",
        "Answers of the MLB Stats API's schedule, one request per official date: games, results by inning, probable "
        "pitchers, status. Today's run asks for yesterday too: its games ended since.",
        moves=True,
    ),
    LiveTable("mlb_stats_teams", "mlb_stats", "Answers of the MLB Stats API's teams, one request per season."),
    LiveTable(
        "mlb_stats_lineups",
        "mlb_stats",
        "Answers of the MLB Stats API's schedule with line-ups, one request per day.",
        moves=True,
    ),
    LiveTable(
        "mlb_stats_boxscore",
        "mlb_stats",
        "Boxscores of the MLB Stats API of games that have not begun: batting orders as they are posted. What has "
        "begun is told, boxscore and all, by the live feed.",
        NO_GAMES,
        SCHEDULE,
    ),
    LiveTable(
        "mlb_stats_live_feed",
        "mlb_stats",
        "Live feeds of the MLB Stats API of games that have begun, yesterday's in today's run: plays, pitching lines, "
        "weather at the park.",
        NO_GAMES,
        SCHEDULE,
    ),
    LiveTable(
        "mlb_stats_linescore",
        "mlb_stats",
        "Linescores of the MLB Stats API of games that have begun.",
        NO_GAMES,
        SCHEDULE,
    ),
    LiveTable(
        "mlb_stats_people",
        "mlb_stats",
        "The days' probable pitchers in the MLB Stats API, with their season.",
        "the stored schedule names no probable pitcher for these days",
        SCHEDULE,
    ),
    LiveTable(
        "mlb_stats_people_stats",
        "mlb_stats",
        "Season statistics of the days' probable pitchers in the MLB Stats API, one request each.",
        "the stored schedule names no probable pitcher for these days",
        SCHEDULE,
    ),
    LiveTable(
        "mlb_stats_transactions",
        "mlb_stats",
        "Moves of players in the MLB Stats API, the injured list among them; the last seven days are asked again.",
    ),
    LiveTable(
        "mlb_stats_venues", "mlb_stats", "Ballparks of the days' games in the MLB Stats API.", NO_GAMES, SCHEDULE
    ),
    LiveTable(
        "odds_api_odds",
        "odds_api",
        "Answers of The Odds API: the prices of now, moneyline, run line and total of every book, in the markets and "
        "regions that the month's credits pay for. Only today's partition asks; an earlier day's prices are in "
        "odds_api_historical_odds.",
        ONLY_NOW,
        paid_as="odds",
    ),
    LiveTable(
        "odds_api_scores",
        "odds_api",
        "Answers of The Odds API: scores of running games and of the last three days. Only today's partition asks.",
        ONLY_NOW,
        paid_as="scores",
    ),
    LiveTable(
        "odds_api_events",
        "odds_api",
        "Answers of The Odds API: its events and their starts, free of credits.",
        ONLY_NOW,
    ),
    LiveTable(
        "odds_api_event_odds",
        "odds_api",
        "Answers of The Odds API: players' props of the games of the next 24 hours, where the month's credits reach.",
        "no event begins within 24 hours, or today is not among these days",
        ("odds_api_events",),
        paid_as="event_odds",
    ),
    LiveTable(
        "odds_api_historical_odds",
        "odds_api",
        "Answers of The Odds API's history: prices as they stood at the open (noon New York of the day before) and "
        "ten minutes before first pitches. Ten credits a market and region, so never part of the daily job.",
        "the stored schedule knows no game of these days that was played (is mlb_stats_schedule materialized?)",
        SCHEDULE,
        is_history=True,
        paid_as="historical_odds",
    ),
    LiveTable(
        "action_network_scoreboard",
        "action_network",
        "Slates of Action Network (v2): prices of several books for the game, the first five innings and the first.",
        "Action Network serves about two weeks, and these days are older",
        moves=True,
    ),
    LiveTable(
        "action_network_scoreboard_v1",
        "action_network",
        "Slates of Action Network in the older shape, which has books that v2 lacks.",
        "Action Network serves about two weeks, and these days are older",
    ),
    LiveTable(
        "action_network_public_betting",
        "action_network",
        "Public tickets and money of Action Network's slates.",
        "Action Network serves about two weeks, and these days are older",
        moves=True,
    ),
    LiveTable(
        "action_network_market_history",
        "action_network",
        "Line moves of the games that stored slates of Action Network list.",
        "no stored slate lists a game of these days (is action_network_scoreboard materialized?)",
        ("action_network_scoreboard",),
    ),
    LiveTable("action_network_books", "action_network", "Action Network's list of sportsbooks.", ONLY_NOW),
    LiveTable(
        "vsin_splits",
        "vsin",
        "VSIN's pages of handle and bets, DraftKings and Circa, each read into rows.",
        ONLY_NOW,
        moves=True,
        kind="html",
    ),
    LiveTable(
        "sbd_odds",
        "sbd",
        "Answers of SportsBettingDime: prices of several books, bets and stakes.",
        ONLY_NOW,
        moves=True,
    ),
    LiveTable(
        "sbr_odds",
        "sbr",
        "SportsbookReview's pages of a day: moneyline, run line and total.",
        moves=True,
        kind="html",
    ),
    LiveTable(
        "sbr_line_history",
        "sbr",
        "SportsbookReview's line histories of the games that the days' stored pages list.",
        deps=("sbr_odds",),
        kind="html",
    ),
    LiveTable(
        "savant_pitches",
        "savant",
        "Baseball Savant's pitches by day, each read into rows. Today's run asks for the last seven days again: rows "
        "are corrected for days.",
        "no day of these is over",
        kind="csv",
    ),
    LiveTable(
        "prizepicks_projections",
        "prizepicks",
        "PrizePicks' lines of players, every page.",
        ONLY_NOW,
        moves=True,
    ),
    LiveTable(
        "open_meteo_forecast",
        "open_meteo",
        "The forecast of now at the thirty ballparks, Open-Meteo, hour by hour for three days.",
        ONLY_NOW,
        moves=True,
    ),
    LiveTable(
        "open_meteo_historical_forecast",
        "open_meteo",
        "What was forecast for past days at the ballparks, Open-Meteo.",
        "no day of these is over",
        is_history=True,
    ),
    LiveTable(
        "open_meteo_archive",
        "open_meteo",
        "The weather as it was at the ballparks, Open-Meteo; the reanalysis is five days behind.",
        "the reanalysis has not reached these days",
    ),
)

LIVE_SOURCES = tuple(dict.fromkeys(table.health_of for table in LIVE_TABLES))
BACKFILLED_SOURCES = frozenset(LIVE_SOURCES) - {table.health_of for table in LIVE_TABLES if not table.is_history}
