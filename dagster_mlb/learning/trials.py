"""The trial ledger: every run of a model or a strategy, liked or not, because deflated statistics count on all of
them.

One trial is one (kind, name, parameters, code version, sample). Running it again is the same trial: its row keeps
``first_run_at``, gets the new ``last_run_at`` and metrics, and counts one more in ``times_run``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import psycopg

PACKAGE_ROOT = Path(__file__).resolve().parent.parent
CODE_ROOMS = ("market", "learning", "strategies")


@lru_cache(maxsize=8)
def code_version(rooms: tuple[str, ...] = ("market", "learning")) -> str:
    """Hash of the package's source files in ``rooms``, 16 hex digits: says which code made a number, without git."""
    digest = sha256()
    for room in rooms:
        for path in sorted((PACKAGE_ROOT / room).rglob("*.py")):
            digest.update(path.relative_to(PACKAGE_ROOT).as_posix().encode() + b"\0")
            digest.update(path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def as_json(value: Any) -> Any:
    """``value`` made of JSON's own types; NaN and infinities become null (they are no numbers to keep)."""
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value, key=repr) if isinstance(value, set | frozenset) else value
        return [as_json(item) for item in items]
    if hasattr(value, "item") and not isinstance(value, str | bytes):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def content_hash(value: Any) -> str:
    """sha256 of ``value`` as canonical JSON, 16 hex digits."""
    canonical = json.dumps(as_json(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(canonical.encode()).hexdigest()[:16]


def trial_hash_of(kind: str, name: str, parameters: Mapping[str, Any], version: str, sample: str) -> str:
    """The identity of a trial; bets and predictions carry it."""
    return content_hash([kind, name, parameters, version, sample])


def record_trial(
    conn: psycopg.Connection,
    *,
    kind: Literal["model", "strategy"],
    name: str,
    parameters: Mapping[str, Any],
    sample: str,
    n: int,
    metrics: Mapping[str, Any],
    run_id: str,
    now: datetime,
    version: str | None = None,
) -> str:
    """Write one run of a trial into ``operational.trial_ledger`` and return its hash.

    Args:
        conn: an open connection; the caller commits.
        sample: what it was run on, in words: seasons, decision, provenance.
        n: games or bets in the sample.
        now: ``settings.now()``.
        version: the code's version; default the hash of market, learning and strategies for a strategy, of market and
            learning for a model.
    """
    from psycopg.types.json import Jsonb

    version = version or (code_version(CODE_ROOMS) if kind == "strategy" else code_version())
    trial_hash = trial_hash_of(kind, name, parameters, version, sample)
    conn.execute(
        """
        insert into operational.trial_ledger as ledger
            (trial_hash, kind, name, parameters, code_version, sample, n, metrics, run_id, first_run_at, last_run_at)
        values (%(trial_hash)s, %(kind)s, %(name)s, %(parameters)s, %(version)s, %(sample)s, %(n)s, %(metrics)s,
                %(run_id)s, %(now)s, %(now)s)
        on conflict (trial_hash) do update set
            n = excluded.n,
            metrics = excluded.metrics,
            run_id = excluded.run_id,
            last_run_at = excluded.last_run_at,
            times_run = ledger.times_run + 1
        """,
        {
            "trial_hash": trial_hash,
            "kind": kind,
            "name": name,
            "parameters": Jsonb(as_json(parameters)),
            "version": version,
            "sample": sample,
            "n": n,
            "metrics": Jsonb(as_json(metrics)),
            "run_id": run_id,
            "now": now,
        },
    )
    return trial_hash
