"""Choosing parameters on past dates only: what the best variant so far does next.

The best of many variants over all seasons is the luckiest. Here every fold of dates is bet by the variant that was best
before it: on earlier dates, without the last few days before the fold (*embargo*), and without bets whose result or
close was not known when the fold began (*purge*). Every variant that was tried goes to the trial ledger.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import polars as pl

from dagster_mlb.strategies.figures.summary import BetSummary, clustered_mean, summarise
from dagster_mlb.strategies.history import History, Outcomes
from dagster_mlb.strategies.protocol import UTC_TIMESTAMP, Decision, Rule, Schema, Strategy
from dagster_mlb.strategies.results_table import RESULTS_SCHEMA
from dagster_mlb.strategies.strategy_run import StrategyRun, decide, follow, run_strategy

if TYPE_CHECKING:
    from dagster_mlb.settings import Settings

Fold = Literal["season", "month"]
EMBARGO_DAYS: Final = 3
LEAST_BETS: Final = 50
CHOICE_SCHEMA: Final[Schema] = {
    "fold": pl.String,  # 2019, 2019-04
    "first_day": pl.Date,
    "begins_at": UTC_TIMESTAMP,  # the fold's first decision: nothing known later was chosen on
    "strategy": pl.String,
    "parameters_hash": pl.String,
    "parameters": pl.String,  # as JSON
    "variants": pl.Int64,  # that had enough bets to be judged
    "n_train": pl.Int64,
    "train_ev_clv": pl.Float64,
    "train_ev_clv_se": pl.Float64,
    "n_test": pl.Int64,
    "test_ev_clv": pl.Float64,
    "test_roi": pl.Float64,
    "why_none": pl.String,
}


@dataclass(frozen=True)
class WalkForward:
    """``bets``: those of every fold by the variant chosen for it (``RESULTS_SCHEMA``, with ``fold``); ``choices``: one
    row a fold (``CHOICE_SCHEMA``); ``runs``: every variant over all dates, tried and told.
    """

    bets: pl.DataFrame
    choices: pl.DataFrame
    runs: list[StrategyRun]
    summary: BetSummary


def parameter_grid(family: type[Rule], decision: Decision | None = None, **values: Sequence[Any]) -> list[Rule]:
    """Every combination of these values as a strategy.

    >>> from dagster_mlb.strategies.families.nulls import Favourite
    >>> [rule.parameters.shortest_price for rule in parameter_grid(Favourite, shortest_price=[-200, -150])]
    [-200, -150]
    """
    names = list(values)
    return [
        family(decision=decision, **dict(zip(names, chosen, strict=True)))
        for chosen in itertools.product(*values.values())
    ]


def walk_forward_grid(
    variants: Sequence[Strategy],
    frame: pl.DataFrame,
    history: History,
    outcomes: Outcomes,
    now: datetime,
    *,
    decision: Decision | None = None,
    fold: Fold = "season",
    embargo_days: int = EMBARGO_DAYS,
    least_bets: int = LEAST_BETS,
    record: Callable[[StrategyRun], str] | None = None,
) -> WalkForward:
    """Each fold's bets by the variant with the best mean EV-CLV before it.

    ``variants``: flat stakes only, for what a bankroll did under one variant is no past of another. ``least_bets``:
    with a closing value, before a variant is judged; where none has so many the fold is not bet. ``record`` writes one
    run into the trial ledger and returns its hash.
    """
    _refuse_bankrolls(variants)
    runs = [run_strategy(one, frame, history, outcomes, now, decision=decision) for one in variants]
    return _walk(runs, frame, fold=fold, embargo_days=embargo_days, least_bets=least_bets, record=record)


def walk_forward_in_warehouse(
    settings: Settings,
    variants: Sequence[Strategy],
    *,
    run_id: str,
    decision: Decision | None = None,
    seasons: set[int] | None = None,
    fold: Fold = "season",
    embargo_days: int = EMBARGO_DAYS,
    least_bets: int = LEAST_BETS,
) -> WalkForward:
    """``walk_forward_grid`` on the warehouse's own frames, with every variant in the trial ledger."""
    from dagster_mlb.learning.trials import record_trial
    from dagster_mlb.strategies.as_of import as_of_frame
    from dagster_mlb.warehouse.connection import connect

    _refuse_bankrolls(variants)
    now = settings.now()
    moment = decision or variants[0].decision
    frame = as_of_frame(settings, moment, seasons=seasons)
    decided = [decide(one, frame, moment) for one in variants]
    outcomes = Outcomes.read(settings)
    history = History.read(settings, pl.concat([one.bets for one in decided]), outcomes.games)
    runs = [follow(one, history, outcomes, now) for one in decided]
    with connect(settings, role="transform") as connection:

        def record(run: StrategyRun) -> str:
            return record_trial(
                connection,
                kind="strategy",
                name=run.strategy,
                parameters={**run.parameters, "version": run.version},
                sample=f"{run.sample}, grid by {fold}",
                n=run.bets.height,
                metrics=run.summary.as_dict(),
                run_id=run_id,
                now=now,
            )

        return _walk(runs, frame, fold=fold, embargo_days=embargo_days, least_bets=least_bets, record=record)


def _walk(
    runs: list[StrategyRun],
    frame: pl.DataFrame,
    *,
    fold: Fold,
    embargo_days: int,
    least_bets: int,
    record: Callable[[StrategyRun], str] | None,
) -> WalkForward:
    hashes = [record(run) if record is not None else "" for run in runs]
    tried = [
        run.bets.with_columns(trial_hash=pl.lit(trial), fold=_fold(fold))
        for run, trial in zip(runs, hashes, strict=True)
    ]
    folds = (
        frame.select(_fold(fold).alias("fold"), "official_date", "decision_at")
        .group_by("fold")
        .agg(first_day=pl.col("official_date").min(), begins_at=pl.col("decision_at").min())
        .sort("first_day")
    )
    chosen = [pl.DataFrame(schema={**RESULTS_SCHEMA, "fold": pl.String})]
    choices = []
    for name, first_day, begins_at in folds.iter_rows():
        scores = [_score(_known_before(bets, first_day, begins_at, embargo_days), least_bets) for bets in tried]
        judged = [place for place, score in enumerate(scores) if score is not None]
        choice: dict[str, Any] = {"fold": name, "first_day": first_day, "begins_at": begins_at, "variants": len(judged)}
        if not judged:
            choices.append(choice | {"why_none": f"no variant had {least_bets} bets with a closing value before"})
            continue
        # Of equals the one that was named first.
        best = max(judged, key=lambda place: (scores[place][0], -place))  # type: ignore[index]
        run, score = runs[best], scores[best]
        test = tried[best].filter(pl.col("fold") == name).select(*RESULTS_SCHEMA, "fold")
        told = summarise(test)
        chosen.append(test)
        choices.append(
            choice
            | {
                "strategy": run.strategy,
                "parameters_hash": run.parameters_hash,
                "parameters": json.dumps(run.parameters, sort_keys=True),
                "n_train": score[2] if score else None,
                "train_ev_clv": score[0] if score else None,
                "train_ev_clv_se": score[1] if score else None,
                "n_test": told.n,
                "test_ev_clv": told.ev_clv,
                "test_roi": told.roi,
            }
        )
    bets = pl.concat(chosen)
    return WalkForward(bets, pl.DataFrame(choices, schema=CHOICE_SCHEMA), runs, summarise(bets))


def _known_before(bets: pl.DataFrame, first_day: date, begins_at: datetime, embargo_days: int) -> pl.DataFrame:
    """What a choice for a fold may look at: bets of earlier days whose result and close are known when it begins."""
    last_day = first_day - timedelta(days=embargo_days)
    return bets.filter(
        (pl.col("official_date") < last_day)
        & (pl.col("decision_at") < begins_at)
        & (pl.col("settled_at") < begins_at)
        & (pl.col("close_at") < begins_at)
        & pl.col("ev_clv").is_not_null()
        & pl.col("result").is_in(["win", "loss", "push"])
    )


def _score(bets: pl.DataFrame, least_bets: int) -> tuple[float, float, int] | None:
    """Mean EV-CLV with its error, and of how many bets; None of too few."""
    if bets.height < least_bets:
        return None
    mean = clustered_mean(bets["ev_clv"].to_numpy(), bets["official_date"].cast(pl.Int32).to_numpy())
    return mean.value, float(np.nan_to_num(mean.se)), bets.height


def _fold(fold: Fold) -> pl.Expr:
    return pl.col("official_date").dt.strftime("%Y" if fold == "season" else "%Y-%m")


def _refuse_bankrolls(variants: Sequence[Strategy]) -> None:
    if not variants:
        raise ValueError("a grid without variants: give at least one strategy")
    other = [one.name for one in variants if one.parameters.staking.method != "flat"]
    if other:
        raise ValueError(
            f"variants are chosen on flat stakes, {', '.join(dict.fromkeys(other))} stakes by Kelly: search flat, then "
            "run what was chosen with its staking"
        )
