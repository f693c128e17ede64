"""What a collection is asked to do (``Plan``) and what it brought (``CollectionResult``): values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from pydantic import SecretStr

from dagster_mlb.settings import Provenance
from dagster_mlb.sources.http import SourceError, SourcePolicy, SourceRequest
from dagster_mlb.sources.parsing import RowReader


class Failure(NamedTuple):
    """A request that did not deliver: its redacted target, its outcome and why."""

    target: str
    outcome: str
    message: str


@dataclass
class CollectionResult:
    """What one collection brought. ``bytes`` counts whole bodies, repeats included."""

    source: str
    endpoint: str
    table: str
    provenance: Provenance
    requests: int = 0
    attempts: int = 0
    stored: int = 0
    repeats: int = 0
    bytes: int = 0
    failures: list[Failure] = field(default_factory=list)
    load_ids: list[int] = field(default_factory=list)
    caches: bool = False  # whether answers were kept by HTTP's rules
    cached: int = 0  # not asked, because the stored answer was still fresh
    revalidated: int = 0  # asked, and a 304 said that the stored answer holds
    credits_used: int | None = None
    credits_remaining: int | None = None
    first_observed_at: datetime | None = None
    last_observed_at: datetime | None = None
    seconds: float = 0.0

    @property
    def is_complete(self) -> bool:
        return not self.failures

    @property
    def cache_hit_rate(self) -> float | None:
        """The share of requests that brought no body over the network; None where nothing is cached."""
        return (self.cached + self.revalidated) / self.requests if self.caches and self.requests else None

    def raise_if_failed(self) -> None:
        """Raise SourceError naming what is missing; the answers that did come are stored already."""
        if not self.failures:
            return
        shown = "; ".join(f"{target} [{outcome}] {message}" for target, outcome, message in self.failures[:5])
        more = f"; and {len(self.failures) - 5} more (operational.collection_log)" if len(self.failures) > 5 else ""
        raise SourceError(
            f"{self.source}: {len(self.failures)} of {self.requests} {self.endpoint} requests failed: {shown}{more}"
        )


@dataclass(frozen=True)
class Plan:
    """Everything a collection is: which source, with which policy and secrets, what to ask, and where it goes."""

    policy: SourcePolicy
    base_url: str
    table: str
    requests: Sequence[SourceRequest]
    secret_params: Mapping[str, SecretStr] = field(default_factory=dict, repr=False)
    reader: RowReader | None = None
    tells_health: bool = True  # a replay says nothing of how its source is today, and asks no circuit
