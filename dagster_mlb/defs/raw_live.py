"""Raw assets of the live sources: a partition per official date, few requests a day, the answers kept as bytes.

Any range of days is one run. What a source cannot be asked any more is recorded as an absence, never made up.
(Dagster reads annotations at definition time: modules of assets go without ``from __future__ import annotations``.)
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_mlb.defs.partitions import daily_partitions, days_of
from dagster_mlb.defs.provenance_check import no_simulated_rows, simulated_rows_spec
from dagster_mlb.defs.table_metadata import one_table
from dagster_mlb.settings import Settings
from dagster_mlb.sources.http_outcome import Outcome, SourceNotConfiguredError

if TYPE_CHECKING:  # the HTTP client is 0.1 s of importing, and the graph can be drawn without it
    from dagster_mlb.sources.collect import CollectionResult

# Asked again by the run: the client itself has already tried each request several times.
RETRIES = dg.RetryPolicy(max_retries=2, delay=60, backoff=dg.Backoff.EXPONENTIAL)
# The daily run is at 06:00: by noon of the next day it has failed twice.
FRESHNESS = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=30), warn_window=timedelta(hours=25))
WORTH_ANOTHER_RUN = {Outcome.TRANSIENT.value, Outcome.REFUSED.value}


@dataclass(frozen=True)
class LiveTable:
    """One table of raw_data: its source, what it holds, and what raw must hold before it is asked for.

    How a stretch of days is asked for is the function of the table's name in ``sources/daily.py``.
    """

    name: str
    source: str
    description: str
    absence: str = "these days leave nothing to ask"
    deps: tuple[str, ...] = ()
    # Only backfills ask for it, so no day is late.
    is_history: bool = False

    @property
    def collect(self) -> "Callable[[Settings, Sequence[date], str], list[CollectionResult]]":
        """The function that asks: settings, days, run id → what was collected."""
        from dagster_mlb.sources import daily

        return getattr(daily, self.name)


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
    ),
    LiveTable("mlb_stats_teams", "mlb_stats", "Answers of the MLB Stats API's teams, one request per season."),
    LiveTable(
        "mlb_stats_lineups", "mlb_stats", "Answers of the MLB Stats API's schedule with line-ups, one request per day."
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
    ),
    LiveTable(
        "odds_api_scores",
        "odds_api",
        "Answers of The Odds API: scores of running games and of the last three days. Only today's partition asks.",
        ONLY_NOW,
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
    ),
    LiveTable(
        "odds_api_historical_odds",
        "odds_api",
        "Answers of The Odds API's history: prices as they stood at the open (noon New York of the day before) and "
        "ten minutes before first pitches. Ten credits a market and region, so never part of the daily job.",
        "the stored schedule knows no game of these days that was played (is mlb_stats_schedule materialized?)",
        SCHEDULE,
        is_history=True,
    ),
    LiveTable(
        "action_network_scoreboard",
        "action_network",
        "Slates of Action Network (v2): prices of several books for the game, the first five innings and the first.",
        "Action Network serves about two weeks, and these days are older",
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
        "vsin_splits", "vsin", "VSIN's pages of handle and bets, DraftKings and Circa, each read into rows.", ONLY_NOW
    ),
    LiveTable("sbd_odds", "sbd", "Answers of SportsBettingDime: prices of several books, bets and stakes.", ONLY_NOW),
    LiveTable("sbr_odds", "sbr", "SportsbookReview's pages of a day: moneyline, run line and total."),
    LiveTable(
        "sbr_line_history",
        "sbr",
        "SportsbookReview's line histories of the games that the days' stored pages list.",
        deps=("sbr_odds",),
    ),
    LiveTable(
        "savant_pitches",
        "savant",
        "Baseball Savant's pitches by day, each read into rows. Today's run asks for the last seven days again: rows "
        "are corrected for days.",
        "no day of these is over",
    ),
    LiveTable("prizepicks_projections", "prizepicks", "PrizePicks' lines of players, every page.", ONLY_NOW),
    LiveTable(
        "open_meteo_forecast",
        "open_meteo",
        "The forecast of now at the thirty ballparks, Open-Meteo, hour by hour for three days.",
        ONLY_NOW,
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


def live_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """The raw assets of every live source."""
    return [_asset(table, daily_partitions(settings)) for table in LIVE_TABLES]


def _asset(table: LiveTable, partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    key = ["raw_data", table.name]

    @dg.asset(
        key=key,
        deps=[dg.AssetKey(["raw_data", dep]) for dep in table.deps],
        description=table.description,
        group_name=table.source,
        kinds={"python", "postgres"},
        owners=["team:ingest"],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=table.source,
        retry_policy=RETRIES,
        freshness_policy=None if table.is_history else FRESHNESS,
        check_specs=[simulated_rows_spec(key)],
        code_version="1",
    )
    def collect_days(
        context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        from dagster_mlb.sources.odds_api.credits import CreditsExhaustedError

        days = days_of(list(context.partition_keys))
        results: list[CollectionResult] = []
        absence = table.absence
        if not settings.may_ask(table.source):
            absence = f"{table.source} is unofficial and off in production: name it in MLB_ENABLED_SOURCES"
        else:
            try:
                results = table.collect(settings, days, context.run_id)
            except CreditsExhaustedError as error:
                absence = str(error)
            except SourceNotConfiguredError as error:
                raise dg.Failure(str(error), allow_retries=False) from error
        for result in results:
            raise_unless_complete(result)
        metadata = {**one_table(settings, *key), **collection_metadata(results, days, absence)}
        # Check results are yielded apart: given with a range of partitions they would be repeated for each of them.
        yield dg.MaterializeResult(asset_key=key, metadata=metadata)
        yield no_simulated_rows(settings, key)

    return collect_days


def raise_unless_complete(result: "CollectionResult") -> None:
    """SourceError where another run may help; a Failure without retries where asking again would not."""
    if result.is_complete:
        return
    try:
        result.raise_if_failed()
    except Exception as error:
        if all(failure.outcome in WORTH_ANOTHER_RUN for failure in result.failures):
            raise
        raise dg.Failure(str(error), allow_retries=False) from error


def collection_metadata(results: "Sequence[CollectionResult]", days: Sequence[date], absence: str) -> dict[str, Any]:
    """Requests, answers and bytes of a collection; where nothing was asked, why."""
    metadata: dict[str, Any] = {
        "first day": days[0].isoformat(),
        "last day": days[-1].isoformat(),
        "requests": sum(result.requests for result in results),
        "answers stored": sum(result.stored for result in results),
        "unchanged answers": sum(result.repeats for result in results),
        "bytes": sum(result.bytes for result in results),
    }
    if not results:
        return {**metadata, "nothing asked because": absence}
    if len({result.provenance for result in results}) == 1:
        metadata["provenance"] = results[0].provenance
    metadata["seconds"] = round(sum(result.seconds for result in results), 3)
    if results[-1].credits_remaining is not None:
        metadata["credits left"] = results[-1].credits_remaining
    return metadata
