"""The model registry: which rows, features, price and code made a model, and the refusal to use it for anything else.

``model_id`` is a hash of all that makes the model what it is, the data of its training matrix included, so the same
fit is the same id and registering it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from dagster_mlb.learning.datasets import FEATURES, Matrices, feature_hash, matrices
from dagster_mlb.learning.models import Predictor, load_predictor
from dagster_mlb.learning.trials import as_json, code_version, content_hash

if TYPE_CHECKING:
    import psycopg

    from dagster_mlb.settings import Settings

TARGET = "home_win"
NEW_YORK = "America/New_York"

# Which decisions' rows a model of a decision may score. Before the game everything is "current"; a model of the
# close knows features (the whole move) that no earlier row has.
SCORES: dict[str, tuple[str, ...]] = {
    "open": ("open", "current"),
    "pregame": ("pregame", "current"),
    "close": ("close",),
}


class ModelMismatchError(ValueError):
    """A model was asked to score rows it was not made for."""


class UnknownModelError(LookupError):
    """No such model in the registry."""


@dataclass(frozen=True)
class ModelRecord:
    """A row of ``operational.model_registry``; dates are baseball days, ``market_source`` joins several with '+'."""

    model_id: str
    name: str
    target: str
    decision: str
    market_source: str
    no_vig_method: str
    feature_names: tuple[str, ...]
    feature_hash: str
    train_start: date
    train_end: date
    n_train: int
    parameters: dict[str, Any]
    code_version: str
    artifact: str
    provenance: tuple[str, ...]
    metrics: dict[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None


def data_hash(data: Matrices) -> str:
    """Hash of a training matrix: features, labels and offsets, bit for bit."""
    digest = sha256()
    for array in data:
        digest.update(repr(array.shape).encode())
        digest.update(np.ascontiguousarray(array, dtype=np.float64).tobytes())
    return digest.hexdigest()[:16]


def make_record(
    predictor: Predictor, train: pl.DataFrame, valid: pl.DataFrame, *, all_features: Sequence[str] = FEATURES
) -> ModelRecord:
    """Describe a fitted predictor. The window covers training and validation rows: both shaped the model.

    ``feature_hash`` is that of ``all_features``, the list in force when the rows were made, for baselines too: a
    change of the list refuses all models of before.
    """
    seen = pl.concat([train, valid])
    description = {
        "name": predictor.name,
        "target": TARGET,
        "decision": _only(seen, "decision"),
        "market_source": "+".join(_values(seen, "market_source")),
        "no_vig_method": _only(seen, "no_vig_method"),
        "feature_names": list(predictor.feature_names),
        "feature_hash": feature_hash(all_features),
        "train_start": seen["official_date"].min(),
        "train_end": seen["official_date"].max(),
        "parameters": predictor.parameters,
        "code_version": code_version(),
        "train_data": data_hash(matrices(train, all_features)),
        "valid_data": data_hash(matrices(valid, all_features)),
    }
    metrics: dict[str, Any] = {"n_valid": valid.height}
    trees = getattr(predictor, "trees", None)
    if trees is not None:
        metrics["trees"] = trees
    data = {key: description.pop(key) for key in ("train_data", "valid_data")}
    return ModelRecord(
        model_id=f"{predictor.name}-{content_hash({**description, **data})}",
        n_train=train.height,
        artifact=predictor.artifact(),
        provenance=tuple(_values(seen, "provenance")),
        metrics=metrics,
        **{**description, "feature_names": tuple(predictor.feature_names)},  # type: ignore[arg-type]
    )


def _values(frame: pl.DataFrame, column: str) -> list[str]:
    return frame[column].drop_nulls().unique().sort().to_list()


def _only(frame: pl.DataFrame, column: str) -> str:
    values = _values(frame, column)
    if len(values) != 1:
        raise ModelMismatchError(f"a model is of one {column}, these rows have {values or 'none'}; filter them first")
    return values[0]


def save(conn: psycopg.Connection, records: Sequence[ModelRecord], *, now: datetime) -> int:
    """Register models. One that is registered already stays as it was, ``created_at`` included; its metrics are
    renewed."""
    from psycopg.types.json import Jsonb

    statement = """
        insert into operational.model_registry
            (model_id, name, target, decision, market_source, no_vig_method, feature_names, feature_hash, train_start,
             train_end, n_train, parameters, metrics, code_version, artifact, provenance, created_at)
        values (%(model_id)s, %(name)s, %(target)s, %(decision)s, %(market_source)s, %(no_vig_method)s,
                %(feature_names)s, %(feature_hash)s, %(train_start)s, %(train_end)s, %(n_train)s, %(parameters)s,
                %(metrics)s, %(code_version)s, %(artifact)s, %(provenance)s, %(created_at)s)
        on conflict (model_id) do update set metrics = excluded.metrics
    """
    rows = [
        {
            **record.__dict__,
            "feature_names": list(record.feature_names),
            "provenance": list(record.provenance),
            "parameters": Jsonb(as_json(record.parameters)),
            "metrics": Jsonb(as_json(record.metrics)),
            "created_at": now,
        }
        for record in records
    ]
    with conn.cursor() as cursor:
        cursor.executemany(statement, rows)
    return len(rows)


_COLUMNS = (
    "model_id, name, target, decision, market_source, no_vig_method, feature_names, feature_hash, train_start, "
    "train_end, n_train, parameters, metrics, code_version, artifact, provenance, created_at"
)


def load(settings: Settings, model_id: str) -> ModelRecord:
    """The registered model; :class:`UnknownModelError` where there is none."""
    from dagster_mlb.warehouse.connection import connect

    with connect(settings) as conn:
        row = conn.execute(
            f"select {_COLUMNS} from operational.model_registry where model_id = %s", [model_id]
        ).fetchone()
    if row is None:
        raise UnknownModelError(
            f"no model {model_id!r} in operational.model_registry; train first, or list its model_id column"
        )
    return _record_of(row)


def newest(
    settings: Settings,
    name: str,
    *,
    decisions: Sequence[str],
    provenance: Sequence[str],
    trained_before: date,
    market_source: str | None = None,
    features: str | None = None,
) -> ModelRecord | None:
    """The model ``name`` with the latest training day before ``trained_before``; earlier ``decisions`` are preferred.

    ``market_source`` and ``features`` (a feature hash) narrow the choice to models whose offset and inputs they are.
    """
    from dagster_mlb.warehouse.connection import connect

    statement = (
        "select "
        + _COLUMNS
        + """
        from operational.model_registry
        where name = %(name)s
            and decision = any(%(decisions)s::text[])
            and provenance && %(provenance)s::text[]
            and train_end < %(trained_before)s
            and (%(market_source)s::text is null or %(market_source)s = any(string_to_array(market_source, '+')))
            and (%(features)s::text is null or feature_hash = %(features)s)
        order by array_position(%(decisions)s::text[], decision), train_end desc, created_at desc, model_id
        limit 1
        """
    )
    parameters = {
        "name": name,
        "decisions": list(decisions),
        "provenance": list(provenance),
        "trained_before": trained_before,
        "market_source": market_source,
        "features": features,
    }
    with connect(settings) as conn:
        row = conn.execute(statement, parameters).fetchone()
    return _record_of(row) if row is not None else None


def _record_of(row: Any) -> ModelRecord:
    names = [name.strip() for name in _COLUMNS.split(",")]
    record = ModelRecord(**dict(zip(names, row, strict=True)))
    return replace(record, feature_names=tuple(record.feature_names), provenance=tuple(record.provenance))


def check_match(record: ModelRecord, frame: pl.DataFrame, *, feature_names: Sequence[str] = FEATURES) -> None:
    """Raise :class:`ModelMismatchError`, naming every difference, unless ``record`` was made for rows like
    ``frame``."""
    differences = []
    current = feature_hash(feature_names)
    if record.feature_hash != current:
        differences.append(f"features: the model was trained on list {record.feature_hash}, the rows have {current}")
    allowed = SCORES.get(record.decision, (record.decision,))
    foreign = [value for value in _values(frame, "decision") if value not in allowed]
    if foreign:
        differences.append(f"decision: the model is of {record.decision!r}, the rows are of {foreign}")
    known_sources = record.market_source.split("+")
    foreign = [value for value in _values(frame, "market_source") if value not in known_sources]
    if foreign:
        differences.append(f"market source: the model's offset is of {known_sources}, the rows' of {foreign}")
    foreign = [value for value in _values(frame, "no_vig_method") if value != record.no_vig_method]
    if foreign:
        differences.append(f"no-vig method: the model's offset is {record.no_vig_method!r}, the rows' {foreign}")
    if frame.height:
        first = min(frame["decision_at"].dt.convert_time_zone(NEW_YORK).dt.date().to_list())
        if record.train_end >= first:
            differences.append(
                f"time: the model learned from games up to {record.train_end}, the first decision is of {first}"
            )
    if differences:
        raise ModelMismatchError(
            f"model {record.model_id} refuses these {frame.height} rows: " + "; ".join(differences) + ". "
            "Use a model trained for such rows before that day, or train one"
        )


def predict_with(record: ModelRecord, frame: pl.DataFrame, *, feature_names: Sequence[str] = FEATURES) -> np.ndarray:
    """Home-win probabilities of ``frame`` by a registered model, or :class:`ModelMismatchError`."""
    check_match(record, frame, feature_names=feature_names)
    return load_predictor(record.name, record.artifact, record.feature_names).predict(frame)
