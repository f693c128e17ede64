"""Reads from the warehouse what the terminal shows after a run. How it looks is the business of ``terminal.py``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl

from dagster_mlb.reporting.season_report import read_season_table
from dagster_mlb.reporting.terminal import RunSummary
from dagster_mlb.strategies.figures.summary import deflated_p_value, summarise

if TYPE_CHECKING:
    from dagster_mlb.settings import Settings

NEW_YORK = ZoneInfo("America/New_York")

# The server writes the counting query itself, so that it also quotes the names.
_COUNTS_SQL = """
select string_agg(
    format('select %L as "schema", %L as "table", count(*) as "rows" from %I.%I', nspname, relname, nspname, relname),
    ' union all ' order by nspname, relname
) as counting
from pg_catalog.pg_class
inner join pg_catalog.pg_namespace on pg_namespace.oid = relnamespace
where relkind in ('r', 'p') and not relispartition
    and nspname in ('raw_data', 'staging', 'curated', 'operational')
"""

_QUARANTINE_SQL = "select source, rule, count(*) as records from staging.validation_results group by source, rule"

_MODELS_SQL = """
select model_name, decision, provenance, n, log_loss, brier, accuracy, calibration_slope, calibration_slope_se,
       log_loss_difference, difference_se, close_log_loss
from curated.model_performance
where period = 'all'
"""

_BETS_SQL = """
select strategy, form, decision, is_shadow, provenance, game_key, official_date, decision_at, market, side, line, stake,
       price_decimal, result, profit, close_probability, push_probability, ev_clv, line_clv, beat_close,
       is_circular_close, probability, strength, fill_kind, unfilled_reason, stake_reason, missing_close_reason
from curated.strategy_results
"""


# A strategy that found nothing to bet has run all the same: its trial says so. A slate without a bet is no news.
_SILENT_SQL = """
select distinct name as strategy, coalesce(parameters ->> 'form', 'follow') as form,
       (regexp_match(sample, '^[a-z]+'))[1] as decision, sample
from operational.trial_ledger
where kind = 'strategy' and n = 0 and sample not like 'current%'
order by strategy, form, decision, sample
"""


# Every version of a strategy, of its parameters and of the code that was tried on some bets.
_TRIALS_SQL = "select count(*) as trials from operational.trial_ledger where kind = 'strategy' and n > 0"


def read_run_summary(
    settings: Settings,
    *,
    title: str,
    seconds: float | None = None,
    checks: tuple[int, int] | None = None,
    failed_checks: Sequence[str] = (),
    strategies: pl.DataFrame | None = None,
    next_steps: Mapping[str, str] | None = None,
) -> RunSummary:
    """The summary of what stands in the warehouse now; tables that are not there yet are left out.

    ``checks`` (passed, failed) and ``failed_checks`` come from the run itself. ``strategies``:
    ``BacktestReport.table()`` where the caller has it; else the figures are computed from
    ``curated.strategy_results``.
    """
    there = _existing(settings, "staging.validation_results", "curated.model_performance", "curated.archive_benchmark")
    return RunSummary(
        title=title,
        environment=settings.environment,
        now=f"{settings.now().astimezone(NEW_YORK):%Y-%m-%d %H:%M} New York",
        seconds=seconds,
        layers=without_plumbing(rows_per_table(settings)),
        quarantine=_read(settings, _QUARANTINE_SQL) if "staging.validation_results" in there else None,
        checks=checks,
        failed_checks=failed_checks,
        models=_read(settings, _MODELS_SQL) if "curated.model_performance" in there else None,
        strategies=deflated(settings, strategies if strategies is not None else strategy_figures(settings)),
        seasons=read_season_table(settings) if "curated.archive_benchmark" in there else None,
        next_steps=next_steps or {},
    )


def rows_per_table(settings: Settings) -> pl.DataFrame:
    """Exact counts of every table of the four layers: schema, table, rows."""
    counting = _read(settings, _COUNTS_SQL)["counting"][0]
    if counting is None:
        return pl.DataFrame(schema={"schema": pl.String, "table": pl.String, "rows": pl.Int64})
    return _read(settings, counting)


def without_plumbing(rows: pl.DataFrame) -> pl.DataFrame:
    """``rows`` with the tables of one source (``stg_…``) and the steps between layers (``int_…``) as one line each."""
    prefix = pl.col("table").str.extract(r"^(stg|int)_")
    kind = (
        pl.when(prefix.is_null())
        .then(pl.col("table"))
        .otherwise(prefix + "_… (" + pl.len().over(prefix).cast(pl.String) + " tables)")
    )
    return rows.group_by("schema", table=kind, maintain_order=True).agg(pl.col("rows").sum())


def strategy_figures(settings: Settings) -> pl.DataFrame | None:
    """``BetSummary`` of each strategy, form and decision in ``curated.strategy_results``; None where the table is not
    there yet.
    """
    if not _existing(settings, "curated.strategy_results"):
        return None
    key = ("strategy", "form", "decision")
    every = _read(settings, _BETS_SQL)
    rows = []
    for names, bets in every.group_by(*key, maintain_order=True):
        provenance = ", ".join(sorted(bets["provenance"].unique().to_list()))
        told = {**dict(zip(key, names, strict=True)), "provenance": provenance, "is_shadow": bets["is_shadow"].all()}
        rows.append({**told, **summarise(bets).as_dict()})
    seen = {tuple(row[name] for name in key) for row in rows}
    for silent in _read(settings, _SILENT_SQL).iter_rows(named=True):
        if tuple(silent[name] for name in key) not in seen:
            seen.add(tuple(silent[name] for name in key))
            provenance = silent["sample"].rsplit(", ", 1)[-1]
            told = {**{name: silent[name] for name in key}, "provenance": provenance, "is_shadow": False}
            rows.append({**told, **summarise(every.clear()).as_dict()})
    return pl.DataFrame(rows, infer_schema_length=None)


def deflated(settings: Settings, strategies: pl.DataFrame | None) -> pl.DataFrame | None:
    """``strategies`` with ``p_deflated`` and ``trials``: their p-values, seen as those of some among all trials that
    the ledger holds."""
    if strategies is None or "p_no_skill" not in strategies.columns:
        return strategies
    trials = int(_read(settings, _TRIALS_SQL)["trials"][0])
    told = [deflated_p_value(p, trials) for p in strategies["p_no_skill"]]
    return strategies.with_columns(pl.Series("p_deflated", told, dtype=pl.Float64), trials=pl.lit(trials))


def _existing(settings: Settings, *tables: str) -> set[str]:
    checks = ", ".join(f"to_regclass('{table}') is not null as t{index}" for index, table in enumerate(tables))
    found = _read(settings, f"select {checks}").row(0)
    return {table for table, is_there in zip(tables, found, strict=True) if is_there}


def _read(settings: Settings, sql: str) -> pl.DataFrame:
    from dagster_mlb.warehouse.frames import read_frame

    return read_frame(settings, sql)
