"""Raw assets of the live sources: a partition per official date, few requests a day, the answers kept as bytes.

Any range of days is one run. What a source cannot be asked, or does not answer, is recorded as an absence, never made
up. (Dagster reads annotations at definition time: modules of assets go without ``from __future__ import annotations``.)
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_mlb.defs.asking import plan_in_words, reason_not_to_ask
from dagster_mlb.defs.live_tables import LIVE_TABLES, LiveTable
from dagster_mlb.defs.partitions import daily_partitions, days_of, official_today
from dagster_mlb.defs.provenance_check import no_simulated_rows, simulated_rows_spec
from dagster_mlb.defs.source_health import CHECK, health_result, health_spec, table_health
from dagster_mlb.defs.table_metadata import one_table
from dagster_mlb.settings import Settings
from dagster_mlb.sources.http_outcome import Outcome, SourceNotConfiguredError

if TYPE_CHECKING:  # the HTTP client is 0.2 s of importing, and the graph can be drawn without it
    from dagster_mlb.sources.collect import CollectionResult

# Asked again by the run: the client itself has already tried each request several times.
MAX_RETRIES = 2
RETRY_DELAY_SECONDS = 60
# The daily run is at 06:00: by noon of the next day it has failed twice.
FRESHNESS = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=30), warn_window=timedelta(hours=25))
WORTH_ANOTHER_RUN = {Outcome.TRANSIENT.value, Outcome.REFUSED.value}


def live_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """The raw assets of every live source."""
    return [_asset(table, settings) for table in LIVE_TABLES]


def retries(settings: Settings) -> dg.RetryPolicy:
    """A minute and then two: on a clock that stands there is no later moment to wait for."""
    delay = RETRY_DELAY_SECONDS if settings.fixed_now is None else 0
    return dg.RetryPolicy(max_retries=MAX_RETRIES, delay=delay, backoff=dg.Backoff.EXPONENTIAL)


def _asset(table: LiveTable, of_graph: Settings) -> dg.AssetsDefinition:
    key = ["raw_data", table.name]

    @dg.asset(
        key=key,
        deps=[dg.AssetKey(["raw_data", dep]) for dep in table.deps],
        description=table.description,
        group_name=table.source,
        kinds={"python", "postgres", table.kind},
        owners=["team:ingest"],
        partitions_def=daily_partitions(of_graph),
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=table.source,
        retry_policy=retries(of_graph),
        freshness_policy=None if table.is_history else FRESHNESS,
        check_specs=[simulated_rows_spec(key), health_spec(table)],
        code_version="2",
    )
    def collect_days(
        context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        days = days_of(list(context.partition_keys))
        asked = ask(
            settings,
            table,
            days,
            run_id=context.run_id,
            tags=context.run.tags,
            is_last_try=context.retry_number >= MAX_RETRIES,
        )
        report = table_health(settings, table)
        metadata = {
            **one_table(settings, *key),
            **collection_metadata(asked, days),
            "health": report.line,
            **({"credits plan": dg.MetadataValue.md(plan_in_words(settings))} if table.source == "odds_api" else {}),
        }
        # Check results are yielded apart: given with a range of partitions they would be repeated for each of them.
        yield dg.MaterializeResult(asset_key=key, metadata=metadata)
        yield no_simulated_rows(settings, key)
        yield health_result(report, key, CHECK, asked.troubles)

    return collect_days


@dataclass(frozen=True)
class Asked:
    """What came of asking. ``absence``: why nothing was asked; ``is_trouble``: it should have been.
    ``missing``: the questions that stay without an answer."""

    results: "Sequence[CollectionResult]" = ()
    absence: str | None = None
    is_trouble: bool = False
    missing: Sequence[str] = field(default_factory=tuple)

    @property
    def troubles(self) -> list[str]:
        """What the check warns of."""
        told = [self.absence] if self.is_trouble and self.absence else []
        if self.missing:
            told.append(f"{len(self.missing)} answers are missing, the first: {self.missing[0]}")
        return told


def ask(
    settings: Settings,
    table: LiveTable,
    days: Sequence[date],
    *,
    run_id: str,
    tags: Mapping[str, str],
    is_last_try: bool,
) -> Asked:
    """Ask for a table's days, unless the run's tags or the settings say otherwise.

    Days gone by can be asked again, so a backfill of them fails where an answer is missing. Today cannot wait: after
    the last try what is missing is recorded, and the rest of the day's run goes on. Raises SourceError where another
    try may help, dg.Failure for a backfill where it would not.
    """
    from dagster_mlb.sources.odds_api.credits import CreditsExhaustedError

    reason = reason_not_to_ask(settings, table, tags)
    if reason is not None:
        return Asked(absence=reason)
    is_today = official_today(settings) in days
    try:
        results = table.collect(settings, days, run_id)
    except CreditsExhaustedError as error:
        return Asked(absence=str(error), is_trouble=True)
    except SourceNotConfiguredError as error:
        if is_today:
            return Asked(absence=str(error), is_trouble=True)
        raise dg.Failure(str(error), allow_retries=False) from error
    failures = [failure for result in results for failure in result.failures]
    is_worth_it = bool(failures) and all(failure.outcome in WORTH_ANOTHER_RUN for failure in failures)
    if not is_today or (is_worth_it and not is_last_try):
        for result in results:
            raise_unless_complete(result)
    return Asked(
        results,
        absence=None if results else table.absence,
        missing=[f"{failure.target} [{failure.outcome}] {failure.message}".rstrip() for failure in failures],
    )


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


def collection_metadata(asked: Asked, days: Sequence[date]) -> dict[str, Any]:
    """Requests, answers and bytes of a collection; what is missing; where nothing was asked, why."""
    results = asked.results
    metadata: dict[str, Any] = {
        "first day": days[0].isoformat(),
        "last day": days[-1].isoformat(),
        "requests": sum(result.requests for result in results),
        "answers stored": sum(result.stored for result in results),
        "unchanged answers": sum(result.repeats for result in results),
        "bytes": sum(result.bytes for result in results),
    }
    if asked.absence is not None:
        return {**metadata, "nothing asked because": asked.absence}
    if asked.missing:
        from dagster_mlb.reporting.source_health import missing_list

        metadata["answers missing"] = len(asked.missing)
        metadata["what is missing"] = dg.MetadataValue.md(missing_list(asked.missing))
    if len({result.provenance for result in results}) == 1:
        metadata["provenance"] = results[0].provenance
    metadata["seconds"] = round(sum(result.seconds for result in results), 3)
    metadata["cache hit rate"] = cache_hit_rate(results)
    if results[-1].credits_remaining is not None:
        metadata["credits left"] = results[-1].credits_remaining
    return metadata


def cache_hit_rate(results: "Sequence[CollectionResult]") -> float | str:
    """The share of requests that brought no body over the network; in words where HTTP's rules are not applied."""
    cached = [result for result in results if result.caches and result.requests]
    if not cached:
        return "not cached: a server on this machine, a standing clock, or a secret in the address"
    return sum(one.cached + one.revalidated for one in cached) / sum(one.requests for one in cached)
