"""Raw assets of the live sources: a partition per official date, few requests a day, the answers kept as bytes.

Any range of days is one run. What a source cannot be asked any more is recorded as an absence, never made up.
(Dagster reads annotations at definition time: modules of assets go without ``from __future__ import annotations``.)
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_mlb.defs.partitions import daily_partitions, days_of, official_today
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
    """One table of raw_data: its source, how a stretch of days is asked for, and what it needs in raw before."""

    name: str
    source: str
    description: str
    collect: Callable[[Settings, Sequence[date], str], "list[CollectionResult]"]
    absence: str = "there was nothing to ask for on these days"
    deps: tuple[tuple[str, str], ...] = ()


def _schedule(settings: Settings, days: Sequence[date], run_id: str) -> "list[CollectionResult]":
    from dagster_mlb.sources.collect import collect_schedule

    return [collect_schedule(settings, days[0], days[-1], run_id=run_id)]


def _teams(settings: Settings, days: Sequence[date], run_id: str) -> "list[CollectionResult]":
    from dagster_mlb.sources.collect import collect_teams

    return [collect_teams(settings, year, run_id=run_id) for year in sorted({day.year for day in days})]


def _odds(settings: Settings, days: Sequence[date], run_id: str) -> "list[CollectionResult]":
    from dagster_mlb.sources.collect import collect_odds

    return [collect_odds(settings, run_id=run_id)] if official_today(settings) in days else []


def _scores(settings: Settings, days: Sequence[date], run_id: str) -> "list[CollectionResult]":
    from dagster_mlb.sources.collect import collect_scores

    return [collect_scores(settings, 3, run_id=run_id)] if official_today(settings) in days else []


def _historical_odds(settings: Settings, days: Sequence[date], run_id: str) -> "list[CollectionResult]":
    from dagster_mlb.defs.price_moments import odds_moments, stored_first_pitches
    from dagster_mlb.sources.collect import collect_historical_odds

    starts = stored_first_pitches(settings, days)
    moments = [moment for day in days for moment in odds_moments(day, starts.get(day, []), settings.now())]
    return [collect_historical_odds(settings, moments, run_id=run_id)] if moments else []


ONLY_NOW = (
    "this endpoint tells only what is so now, and today is not among these days; "
    "past prices come from raw_data/odds_api_historical_odds, past results from raw_data/mlb_stats_schedule"
)
LIVE_TABLES: tuple[LiveTable, ...] = (
    LiveTable(
        "mlb_stats_schedule",
        "mlb_stats",
        "Answers of the MLB Stats API's schedule, one request per official date: games, results by inning, probable "
        "pitchers, status. Days with games yet to come are asked again every day.",
        _schedule,
    ),
    LiveTable(
        "mlb_stats_teams",
        "mlb_stats",
        "Answers of the MLB Stats API's teams, one request per season of the days asked for.",
        _teams,
    ),
    LiveTable(
        "odds_api_odds",
        "odds_api",
        "Answers of The Odds API: the prices of now, moneyline, run line and total of every book. Only today's "
        "partition asks; an earlier day's prices are in odds_api_historical_odds.",
        _odds,
        ONLY_NOW,
    ),
    LiveTable(
        "odds_api_scores",
        "odds_api",
        "Answers of The Odds API: scores of running games and of the last three days. Only today's partition asks.",
        _scores,
        ONLY_NOW,
    ),
    LiveTable(
        "odds_api_historical_odds",
        "odds_api",
        "Answers of The Odds API's history: prices as they stood at the open (noon New York of the day before) and "
        "ten minutes before first pitches. Ten credits a market and region, so never part of the daily job.",
        _historical_odds,
        "the stored schedule knows no game of these days that was played (is mlb_stats_schedule materialized?)",
        deps=(("raw_data", "mlb_stats_schedule"),),
    ),
)


def live_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """The raw assets of every live source."""
    return [_asset(table, daily_partitions(settings)) for table in LIVE_TABLES]


def _asset(table: LiveTable, partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    key = ["raw_data", table.name]

    @dg.asset(
        key=key,
        deps=[dg.AssetKey(list(dep)) for dep in table.deps],
        description=table.description,
        group_name=table.source,
        kinds={"python", "postgres"},
        owners=["team:ingest"],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=table.source,
        retry_policy=RETRIES,
        freshness_policy=None if table.name == "odds_api_historical_odds" else FRESHNESS,
        check_specs=[simulated_rows_spec(key)],
        code_version="1",
    )
    def collect_days(
        context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        days = days_of(list(context.partition_keys))
        try:
            results = table.collect(settings, days, context.run_id)
        except SourceNotConfiguredError as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        for result in results:
            raise_unless_complete(result)
        metadata = {**one_table(settings, *key), **collection_metadata(results, days, table.absence)}
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
    metadata["provenance"] = results[0].provenance
    metadata["seconds"] = round(sum(result.seconds for result in results), 3)
    if results[-1].credits_remaining is not None:
        metadata["credits left"] = results[-1].credits_remaining
    return metadata
