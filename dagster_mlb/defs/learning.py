"""Learning as assets: ratings of the teams, the gate before training, models with their predictions and scores.

(Dagster reads annotations at definition time: modules of assets go without ``from __future__ import annotations``.)
"""

import base64
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from dagster_mlb.defs.table_metadata import one_table, table_metadata
from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import connect

if TYPE_CHECKING:
    from dagster_mlb.learning.expectations import ExpectationOutcome
    from dagster_mlb.learning.run import LearningReport

SERVED_MODEL = "lightgbm_offset"
TEAM_RATINGS = ["curated", "team_ratings"]
FEATURE_VECTORS = ["curated", "feature_vectors"]
PREDICTIONS = ["curated", "predictions"]
MODEL_PERFORMANCE = ["curated", "model_performance"]
MODEL_REGISTRY = ["operational", "model_registry"]
_NEWEST_MODEL_SQL = """
select model_id, feature_hash, train_start, train_end, n_train, code_version
from operational.model_registry
where name = %s
order by train_end desc, created_at desc, model_id
limit 1
"""


class Training(dg.Config):
    """Which decisions are learned, and how the walk-forward steps."""

    decisions: list[str] = Field(default=["open", "close"])
    scheme: str | None = None  # 'season' or 'month'; where it is not set, the demo's short seasons go by month


def training_scheme(settings: Settings, config: Training) -> str:
    return config.scheme or ("month" if settings.environment == "demo" else "season")


@dg.asset(
    key=TEAM_RATINGS,
    deps=[["staging", "game_results"], ["operational", "record_accounting"], ["curated", "enhanced_games"]],
    group_name="features",
    kinds={"python", "polars", "postgres"},
    owners=["team:modelling"],
    code_version="1",
)
def team_ratings(context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]) -> dg.MaterializeResult:
    """Elo with margin of victory: a row per game, team and version of the result, known when the result was known."""
    from dagster_mlb.learning.run import rate_teams

    rate_teams(settings, run_id=context.run_id)
    return dg.MaterializeResult(metadata=one_table(settings, *TEAM_RATINGS))


@dg.asset_check(asset=FEATURE_VECTORS, blocking=True)
def training_set_meets_expectations(
    context: dg.AssetCheckExecutionContext, config: Training, settings: dg.ResourceParam[Settings]
) -> dg.AssetCheckResult:
    """Great Expectations' suite on every training set: nothing is learned from one that does not hold.

    Where there are too few games for any fit nothing is learned anyway, and nothing is judged.
    """
    from dagster_mlb.learning.datasets import read_training_frame
    from dagster_mlb.learning.expectations import validate_training_set
    from dagster_mlb.learning.walk_forward import MIN_TRAIN_ROWS

    rows, judged = {}, {}
    for decision in config.decisions:
        for provenance in _provenances(settings, decision):
            frame, report = read_training_frame(settings, decision, provenance=provenance)
            name = f"{decision}, {provenance}"
            rows[name] = report.rows
            if frame.height >= MIN_TRAIN_ROWS:
                judged[name] = validate_training_set(frame)
    return expectations_result(judged, rows)


def expectations_result(judged: dict[str, list["ExpectationOutcome"]], rows: dict[str, int]) -> dg.AssetCheckResult:
    """One result for all training sets; what did not hold stands first in its table."""
    outcomes = [(name, one) for name, ones in judged.items() for one in ones]
    failed = [pair for pair in outcomes if not pair[1].success]
    table = ["| training set | expectation | held | seen |", "|---|---|---|---|"]
    for name, one in sorted(outcomes, key=lambda pair: pair[1].success):
        seen = one.details.replace("|", "\\|").replace("\n", " ")
        table.append(f"| {name} | `{one.expectation}` | {'yes' if one.success else '**no**'} | {seen} |")
    return dg.AssetCheckResult(
        passed=not failed,
        description="; ".join(f"{name}: {one.expectation}: {one.details}" for name, one in failed) or None,
        metadata={
            "expectations": len(outcomes),
            "failed": len(failed),
            "rows": dg.MetadataValue.json(rows),
            "suite": dg.MetadataValue.md("\n".join(table)),
        },
    )


@dg.multi_asset(
    name="train_and_predict",
    specs=[
        dg.AssetSpec(
            PREDICTIONS,
            deps=[FEATURE_VECTORS, ["curated", "enhanced_games"], ["curated", "moneylines"]],
            description="Probability of a home win, by game, decision and model: walk-forward for games that were "
            "played, and 'current' for those to come. No model has seen its game's season or month.",
            group_name="learning",
            kinds={"python", "lightgbm", "postgres"},
            owners=["team:modelling"],
            code_version="1",
        ),
        dg.AssetSpec(
            MODEL_PERFORMANCE,
            deps=[FEATURE_VECTORS, ["curated", "enhanced_games"], ["curated", "moneylines"]],
            description="How good each model was, by decision and period: log-loss, Brier, calibration, and the paired "
            "difference to the market with date-clustered errors.",
            group_name="learning",
            kinds={"python", "lightgbm", "postgres"},
            owners=["team:modelling"],
            code_version="1",
        ),
        dg.AssetSpec(
            MODEL_REGISTRY,
            deps=[FEATURE_VECTORS],
            description="Every model ever fitted: its text, features, training window, price, code and figures.",
            group_name="learning",
            kinds={"python", "lightgbm", "postgres"},
            owners=["team:modelling"],
            code_version="1",
        ),
    ],
)
def train_and_predict(
    context: dg.AssetExecutionContext, config: Training, settings: dg.ResourceParam[Settings]
) -> Iterator[dg.MaterializeResult]:
    """Fit and score by walk-forward, register the models, then predict the games to come."""
    from dagster_mlb.learning import run

    scheme = training_scheme(settings, config)
    report = run.train_and_predict(settings, run_id=context.run_id, decisions=config.decisions, scheme=scheme)  # type: ignore[arg-type]
    current = run.predict_current(settings, run_id=context.run_id)
    tables = table_metadata(settings, [PREDICTIONS, MODEL_PERFORMANCE, MODEL_REGISTRY])
    newest = newest_model_metadata(settings)
    yield dg.MaterializeResult(
        asset_key=PREDICTIONS,
        metadata={
            **tables.get(tuple(PREDICTIONS), {}),
            "predictions of games to come": current.predictions,
            "not predicted because": dg.MetadataValue.md("\n".join(f"- {why}" for why in current.refused) or "–"),
            **newest,
        },
    )
    yield dg.MaterializeResult(
        asset_key=MODEL_PERFORMANCE,
        metadata={
            **tables.get(tuple(MODEL_PERFORMANCE), {}),
            **performance_metadata(report),
            "walk-forward": f"by {scheme}",
            **newest,
        },
    )
    yield dg.MaterializeResult(
        asset_key=MODEL_REGISTRY,
        metadata={**tables.get(tuple(MODEL_REGISTRY), {}), "models of this run": report.models, **newest},
    )


def performance_metadata(report: "LearningReport") -> dict[str, Any]:
    """Figures of the served model as floats, which Dagster draws over time, all models as a table, and the plot."""
    pooled = [row for row in report.performance.to_dicts() if row["period"] == "all"]
    metadata: dict[str, Any] = {}
    for row in (row for row in pooled if row["model_name"] == SERVED_MODEL):
        at = row["decision"] if row["provenance"] != "simulated" else f"{row['decision']}, simulated"
        for figure in ("log_loss", "market_log_loss", "log_loss_difference", "brier", "calibration_slope"):
            if row[figure] is not None:
                metadata[f"{figure.replace('_', ' ')} ({at})"] = float(row[figure])
        metadata[f"calibration ({at})"] = plot(report, row["decision"], row["provenance"])
    table = [
        "| model | decision | games | log-loss | minus market | ± | Brier | slope |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for row in pooled:
        figures = (
            ("log_loss", ".5f"), ("log_loss_difference", "+.5f"), ("difference_se", ".5f"), ("brier", ".5f"),
            ("calibration_slope", ".3f"),
        )  # fmt: skip
        shown = " | ".join("–" if row[name] is None else format(row[name], form) for name, form in figures)
        table.append(f"| {row['model_name']} | {row['decision']} | {row['n']:,} | {shown} |")
    metadata["models against the market"] = dg.MetadataValue.md(
        "\n".join(table) if pooled else "no decision has enough seasons (or months) for a walk-forward yet"
    )
    metadata["left out of training"] = dg.MetadataValue.json(
        {f"{one.decision}, {'+'.join(one.provenance)}": one.excluded for one in report.datasets}
    )
    return metadata


def plot(report: "LearningReport", decision: str, provenance: str) -> dg.MarkdownMetadataValue:
    """The calibration plot, inside the markdown itself: nothing to serve and nothing to lose."""
    import polars as pl

    from dagster_mlb.learning.plots import calibration_png

    of_one = pl.col("provenance") == provenance
    png = calibration_png(
        report.scored.filter(of_one), report.performance.filter(of_one), model=SERVED_MODEL, decision=decision
    )
    return dg.MetadataValue.md(f"![calibration](data:image/png;base64,{base64.b64encode(png).decode()})")


def newest_model_metadata(settings: Settings) -> dict[str, Any]:
    """Feature hash, training window and code version of the newest served model; empty where there is none."""
    with connect(settings) as connection:
        row = connection.execute(_NEWEST_MODEL_SQL, [SERVED_MODEL]).fetchone()
    if row is None:
        return {}
    model_id, feature_hash, train_start, train_end, n_train, code_version = row
    return {
        "model": model_id,
        "feature hash": feature_hash,
        "trained on": f"{train_start} to {train_end}, {n_train:,} games",
        "code version": code_version,
    }


def _provenances(settings: Settings, decision: str) -> list[str]:
    with connect(settings) as connection:
        found = connection.execute(
            "select distinct provenance from curated.feature_vectors where decision = %s order by 1", [decision]
        )
        return [row[0] for row in found]
