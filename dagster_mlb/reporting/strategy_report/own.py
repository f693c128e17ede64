"""A strategy of one's own on what the warehouse holds, beside the random side of the very same sample: what
`mlb backtest` shows.

Nothing is published. The run is a trial and goes into the ledger: whoever tries a rule twenty times has tried twenty.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from dagster_mlb.reporting.strategy_report.contents import Contents
from dagster_mlb.reporting.strategy_report.inputs import read_ledger
from dagster_mlb.reporting.strategy_report.rows import IDENTITY, ROW_SCHEMA, beside_the_null, deflated, in_order, row_of
from dagster_mlb.reporting.strategy_report.runs import curve_of, ladder_of, with_hold
from dagster_mlb.reporting.strategy_report.samples import OWN
from dagster_mlb.strategies.as_of import as_of_frame
from dagster_mlb.strategies.families.nulls import RandomSide
from dagster_mlb.strategies.figures.summary import summarise
from dagster_mlb.strategies.history import History, Outcomes
from dagster_mlb.strategies.own_file import OwnFileError, load_strategy_file, where_in
from dagster_mlb.strategies.protocol import Decision, Rule, Strategy, StrategyParameters
from dagster_mlb.strategies.sides import BOOK_RULES, IS_ON_OFFER
from dagster_mlb.strategies.strategy_run import SidesSeen, StrategyRun, decide, follow

if TYPE_CHECKING:
    from datetime import datetime

    from dagster_mlb.settings import Settings

#: Bets that are shown with their reasons, the earliest first.
SHOWN_BETS: Final = 10
BET_COLUMNS: Final = (
    *("official_date", "game", "market", "side", "line", "book", "price_american", "reason", "result", "profit"),
    *("ev_clv", "missing_close_reason", "unfilled_reason"),
)


@dataclass(frozen=True)
class OwnBacktest:
    """``contents`` holds the rows (the strategy and its random side), ladder, curves and first bets of one run."""

    name: str
    run: StrategyRun
    contents: Contents
    games: int  # with prices at the decision
    sources: tuple[str, ...]
    stale: int  # prices of its markets and book that nobody could have at the decision
    trial_hash: str
    times_run: int
    seconds: float  # of this strategy, the reading not among them


@dataclass(frozen=True)
class _World:
    frame: pl.DataFrame
    outcomes: Outcomes
    now: datetime
    sides: SidesSeen


def backtest_file(
    settings: Settings,
    path: Path,
    *,
    decision: Decision | None = None,
    seasons: set[int] | None = None,
    book: str | None = None,
) -> Iterator[OwnBacktest]:
    """Every strategy of a file, each at its own decision and book unless others are asked for.

    Raises ``OwnFileError`` with file and line for what is wrong in the file.
    """
    worlds: dict[Decision, _World] = {}
    outcomes = None
    for loaded in load_strategy_file(path):
        strategy = asked_for(path, loaded, decision, book)
        moment = strategy.decision
        outcomes = outcomes or Outcomes.read(settings)
        if moment not in worlds:
            frame = as_of_frame(settings, moment, seasons=seasons)
            worlds[moment] = _World(frame, outcomes, settings.now(), {})
        yield _backtest(settings, path, strategy, worlds[moment])


def asked_for(path: Path, strategy: Strategy, decision: Decision | None, book: str | None) -> Strategy:
    """The strategy at another decision or book, where one is asked for."""
    if decision is None and book is None:
        return strategy
    if not isinstance(strategy, Rule):
        raise OwnFileError(f"{path}: {strategy.name} is no Rule, so decision and book are those it has")
    parameters = strategy.parameters if book is None else strategy.parameters.model_copy(update={"book": book})
    moment = decision or strategy.decision
    if moment not in strategy.decisions:
        raise OwnFileError(f"{path}: {strategy.name} decides at {', '.join(strategy.decisions)}, not at {moment}")
    return type(strategy)(parameters, moment, name=strategy.name)


def _backtest(settings: Settings, path: Path, strategy: Strategy, world: _World) -> OwnBacktest:
    started = time.perf_counter()
    moment = strategy.decision
    null = RandomSide(decision=moment, markets=strategy.parameters.markets, book=strategy.parameters.book)
    try:
        own = decide(strategy, world.frame, moment, sides=world.sides)
    except Exception as error:
        raise OwnFileError(where_in(path, error)) from error
    decided = [own, decide(null, world.frame, moment, sides=world.sides)]
    history = History.read(settings, pl.concat([one.bets for one in decided]), world.outcomes.games)
    runs = [follow(one, history, world.outcomes, world.now) for one in decided]
    trial_hash, times_run = _recorded(settings, runs[0], world.now)
    ledger = read_ledger(settings)
    trials = int(ledger.filter(pl.col("kind") == "strategy")["with_bets"].sum())
    identities = [
        {
            "sample": OWN.key,
            "decision": moment,
            "strategy": rule.name,
            "family": getattr(rule, "family", rule.name),
            "form": rule.parameters.form,
            "book": rule.parameters.book,
            "is_null": getattr(rule, "is_null", False),
        }
        for rule in (strategy, null)
    ]
    with_holds = [with_hold(run.bets, world.frame) for run in runs]
    rows = _rows(with_holds, identities, trials)
    first = rows.filter(~pl.col("is_null"))
    has_bets = bool(first.height)
    contents = Contents(
        made_at=f"{settings.now():%Y-%m-%d %H:%M} UTC",
        environment=settings.environment,
        asked_seasons=runs[0].sample,
        title=f"{strategy.name}: a backtest",
        samples=(OWN,),
        rows=rows,
        ladders=ladder_of(with_holds[0], first.row(0, named=True)) if has_bets else Contents.nothing().ladders,
        curves=_curves(with_holds, rows),
        bets=first_bets(with_holds[0], world.frame),
        ledger=ledger,
        trials=trials,
    )
    return OwnBacktest(
        name=strategy.name,
        run=runs[0],
        contents=contents,
        games=world.frame["game_key"].n_unique(),
        sources=tuple(world.frame["source"].unique().sort()),
        stale=_stale(world.frame, strategy.parameters),
        trial_hash=trial_hash,
        times_run=times_run,
        seconds=time.perf_counter() - started,
    )


def _stale(frame: pl.DataFrame, parameters: StrategyParameters) -> int:
    of_book = pl.lit(value=True) if parameters.book in BOOK_RULES else pl.col("book") == parameters.book
    return frame.filter(pl.col("market").is_in(parameters.markets) & of_book & ~IS_ON_OFFER).height


def first_bets(bets: pl.DataFrame, frame: pl.DataFrame, most: int = SHOWN_BETS) -> pl.DataFrame:
    """The earliest bets (``BET_COLUMNS``) with the names of the clubs and the strategy's own words."""
    games = frame.select("game_key", game=pl.format("{} at {}", "away_team", "home_team")).unique("game_key")
    return (
        bets.sort("decision_at", "official_date", "game_key", "market", "side")
        .head(most)
        .join(games, on="game_key", how="left", maintain_order="left")
        .select(
            pl.coalesce("line", "quoted_line").alias("line") if name == "line"
            else pl.coalesce("price_american", "quoted_price_american").alias(name) if name == "price_american"
            else pl.col(name)
            for name in BET_COLUMNS
        )
    )  # fmt: skip


def _rows(bets: list[pl.DataFrame], identities: list[dict[str, Any]], trials: int) -> pl.DataFrame:
    """A row for each market of each list of bets, the null's beside the strategy's."""
    told = []
    for of_rule, identity in zip(bets, identities, strict=True):
        for (market,), part in of_rule.group_by("market", maintain_order=True):
            provenance = ", ".join(part["provenance"].unique().sort())
            named = {**identity, "market": market, "provenance": provenance}
            told.append(row_of(part, summarise(part), {name: named[name] for name in IDENTITY}))
    plain = pl.DataFrame(told, schema={name: kind for name, kind in ROW_SCHEMA.items() if not told or name in told[0]})
    return in_order(deflated(beside_the_null(plain), trials)).select(ROW_SCHEMA.keys())


def _curves(bets: list[pl.DataFrame], rows: pl.DataFrame) -> pl.DataFrame:
    drawn = [Contents.nothing().curves]
    for row in rows.iter_rows(named=True):
        of_rule = bets[1] if row["is_null"] else bets[0]
        drawn.append(curve_of(of_rule.filter(pl.col("market") == row["market"]), row))
    return pl.concat(drawn)


def _recorded(settings: Settings, run: StrategyRun, now: datetime) -> tuple[str, int]:
    """The run as a trial in the ledger: its hash, and how often that very trial has been run."""
    from dagster_mlb.learning.trials import record_trial
    from dagster_mlb.warehouse.connection import connect

    with connect(settings, role="transform") as connection:
        trial_hash = record_trial(
            connection,
            kind="strategy",
            name=run.strategy,
            parameters={**run.parameters, "version": run.version},
            sample=f"own file: {run.sample}",
            n=run.bets.height,
            metrics=run.summary.as_dict(),
            run_id="backtest",
            now=now,
        )
        counted = connection.execute(
            "select times_run from operational.trial_ledger where trial_hash = %s", [trial_hash]
        ).fetchone()
    return trial_hash, int(counted[0]) if counted else 1
