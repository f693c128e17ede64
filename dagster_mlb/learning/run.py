"""Learning from the warehouse, end to end: rate the teams, train and predict fold by fold, predict today's games.

Each function reads what dbt made, calls the pure rooms beside this one and publishes in one transaction. Real (live,
archive, replayed) and simulated results never meet in one set of ratings; a training set is of one provenance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from dagster_mlb.learning import registry, tables
from dagster_mlb.learning.datasets import FEATURES, VECTOR_COLUMNS, DatasetReport, feature_hash, read_training_frame
from dagster_mlb.learning.evaluation import PERFORMANCE_SCHEMA, performance
from dagster_mlb.learning.models import default_predictors
from dagster_mlb.learning.ratings import RATING_SCHEMA, rate
from dagster_mlb.learning.registry import NEW_YORK, ModelMismatchError, predict_with
from dagster_mlb.learning.trials import record_trial
from dagster_mlb.learning.walk_forward import PREDICTION_SCHEMA, Scheme, WalkForward, score, walk_forward

if TYPE_CHECKING:
    import psycopg

    from dagster_mlb.settings import Settings

# Exhibitions say little about a club in earnest.
UNRATED_GAME_TYPES = ("S", "E", "A")
REAL = ("live", "archive", "replayed")
SIMULATED = ("simulated",)
# Models that score the games to come, and the decisions they may have been trained at, the preferred first.
SERVING_DECISIONS = ("pregame", "open")

_VERSIONS_SQL = """
select results.game_key, results.version, games.season, games.official_date, games.home_team_id, games.away_team_id,
    results.home_runs, results.away_runs, results.known_at, results.provenance
from staging.game_results as results
join curated.enhanced_games as games using (game_key)
where (games.game_type is null or games.game_type <> all (%s::text[]))
    and games.home_team_id is not null and games.away_team_id is not null
"""


@dataclass(frozen=True)
class LearningReport:
    """What one run of training made. ``scored`` holds every prediction with its outcome, for plots and checks."""

    predictions: int
    models: int
    performance: pl.DataFrame
    scored: pl.DataFrame
    datasets: list[DatasetReport] = field(default_factory=list)


@dataclass(frozen=True)
class CurrentReport:
    """Predictions of games to come: rows written, and why others were not made."""

    predictions: int
    models: tuple[str, ...]
    refused: tuple[str, ...]


def rate_teams(settings: Settings, *, run_id: str) -> int:
    """Rebuild ``curated.team_ratings`` from every version of every result; returns its number of rows."""
    from dagster_mlb.warehouse.connection import connect

    ratings = rate_worlds(read_versions(settings))
    with connect(settings, role="transform") as conn:
        return tables.publish(conn, tables.TEAM_RATINGS, ratings)


def read_versions(settings: Settings) -> pl.DataFrame:
    """Every version of every result that is rated (``ratings.VERSION_COLUMNS``)."""
    from dagster_mlb.warehouse.frames import read_frame

    return read_frame(settings, _VERSIONS_SQL, [list(UNRATED_GAME_TYPES)])


def rate_worlds(versions: pl.DataFrame) -> pl.DataFrame:
    """``RATING_SCHEMA`` of versions of results, real and simulated ones each by themselves."""
    worlds = [rate(versions.filter(pl.col("provenance").is_in(world))) for world in (REAL, SIMULATED)]
    return pl.concat([pl.DataFrame(schema=RATING_SCHEMA), *worlds])


def train_and_predict(
    settings: Settings,
    *,
    run_id: str,
    decisions: Sequence[str] = ("open", "close"),
    scheme: Scheme = "season",
) -> LearningReport:
    """Walk forward over every decision and provenance; write predictions, performance, models and the trial ledger.

    Replaces the predictions and performance of ``decisions``; those of other decisions stay. A decision without
    enough seasons (or months) gives no prediction, which is no error: the report says what was there.
    """
    from dagster_mlb.warehouse.connection import connect

    results: list[tuple[WalkForward, pl.DataFrame]] = []
    reports = []
    for decision in decisions:
        for provenance in _provenances(settings, decision):
            rows, report = read_training_frame(settings, decision, provenance=provenance)
            reports.append(report)
            walked = walk_forward(rows, scheme)
            results.append((walked, performance(walked.scored, by=scheme)))
    predictions = pl.concat([pl.DataFrame(schema=PREDICTION_SCHEMA), *(walked.predictions for walked, _ in results)])
    measured = pl.concat([pl.DataFrame(schema=PERFORMANCE_SCHEMA), *(table for _, table in results)])
    condition = "decision = any(%s)"
    with connect(settings, role="transform") as conn:
        tables.replace_slice(conn, tables.PREDICTIONS, predictions, condition, [list(decisions)])
        tables.replace_slice(conn, tables.MODEL_PERFORMANCE, measured, condition, [list(decisions)])
        models = 0
        for walked, table in results:
            models += registry.save(conn, walked.records, now=settings.now())
            _record_trials(conn, settings, walked, table, scheme=scheme, run_id=run_id)
    scored = [walked.scored for walked, _ in results if walked.scored.height]
    return LearningReport(
        predictions=predictions.height,
        models=models,
        performance=measured,
        scored=pl.concat(scored, how="diagonal_relaxed") if scored else pl.DataFrame(),
        datasets=reports,
    )


def predict_current(settings: Settings, *, run_id: str) -> CurrentReport:
    """Predict the games to come (decision 'current') with the newest registered model of each kind that fits them.

    Replaces the current predictions. Where no model fits, the rows stay unpredicted and the report tells why.
    """
    from dagster_mlb.warehouse.connection import connect
    from dagster_mlb.warehouse.frames import read_frame

    names = ", ".join(dict.fromkeys((*VECTOR_COLUMNS, *FEATURES)))
    vectors = read_frame(settings, f"select {names} from curated.feature_vectors where decision = 'current'")
    made, refused, used = [pl.DataFrame(schema=PREDICTION_SCHEMA)], [], []
    without = vectors.filter(pl.col("market_logit").is_null())
    if without.height:
        refused.append(f"{without.height} games have no two-sided price yet")
    priced = vectors.filter(pl.col("market_logit").is_not_null())
    for (provenance, source), rows in priced.group_by(["provenance", "market_source"], maintain_order=True):
        for name in (predictor.name for predictor in default_predictors()):
            try:
                record = _serving_model(settings, name, str(provenance), str(source), rows)
                probability = predict_with(record, rows)
            except (ModelMismatchError, registry.UnknownModelError) as error:
                refused.append(str(error))
                continue
            used.append(record.model_id)
            scored = score(record, probability, rows, "current")
            made.append(scored.select(pl.col(column).cast(dtype) for column, dtype in PREDICTION_SCHEMA.items()))
    predictions = pl.concat(made)
    with connect(settings, role="transform") as conn:
        tables.replace_slice(conn, tables.PREDICTIONS, predictions, "decision = %s", ["current"])
    return CurrentReport(predictions.height, tuple(dict.fromkeys(used)), tuple(dict.fromkeys(refused)))


def _serving_model(
    settings: Settings, name: str, provenance: str, source: str, rows: pl.DataFrame
) -> registry.ModelRecord:
    """The newest model that fits the rows; else the newest of all, so that its refusal can say what differs."""
    first = min(rows["decision_at"].dt.convert_time_zone(NEW_YORK).dt.date().to_list())
    world = SIMULATED if provenance in SIMULATED else REAL
    for narrowing in ({"market_source": source, "features": feature_hash()}, {}):
        record = registry.newest(
            settings, name, decisions=SERVING_DECISIONS, provenance=world, trained_before=first, **narrowing
        )
        if record is not None:
            return record
    raise registry.UnknownModelError(
        f"no {name} model was trained on {provenance} games before {first} at {' or '.join(SERVING_DECISIONS)}; "
        "train one first (it needs three seasons, or months of one)"
    )


def _provenances(settings: Settings, decision: str) -> list[str]:
    from dagster_mlb.warehouse.frames import read_frame

    found = read_frame(
        settings, "select distinct provenance from curated.feature_vectors where decision = %s", [decision]
    )
    return sorted(found["provenance"].to_list())


def _record_trials(
    conn: psycopg.Connection,
    settings: Settings,
    walked: WalkForward,
    measured: pl.DataFrame,
    *,
    scheme: Scheme,
    run_id: str,
) -> None:
    """One trial per model: its parameters and sample, and the pooled figures."""
    last_of = {record.name: record for record in walked.records}
    for row in measured.filter(pl.col("period") == "all").to_dicts():
        record = last_of[row["model_name"]]
        folds = walked.folds
        sample = (
            f"{row['decision']}, {row['provenance']}, walk-forward by {scheme}, {folds[0].name} to {folds[-1].name}, "
            f"features {record.feature_hash}"
        )
        metrics = {name: row[name] for name in PERFORMANCE_SCHEMA if name not in ("model_name", "decision", "period")}
        record_trial(
            conn,
            kind="model",
            name=record.name,
            parameters={**record.parameters, "features": list(record.feature_names)},
            sample=sample,
            n=row["n"],
            metrics=metrics,
            run_id=run_id,
            now=settings.now(),
        )
