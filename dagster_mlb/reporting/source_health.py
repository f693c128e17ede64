"""How each source fares, judged and put into words: for the asset checks, their tables, and ``mlb sources``.

Judged by what the polite client wrote down (operational.source_health, operational.collection_log); nothing is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import connect

if TYPE_CHECKING:
    from dagster_mlb.sources.health import SourceHealth

NEW_YORK = ZoneInfo("America/New_York")
# What is asked daily at 06:00 is overdue by noon of the next day.
STALE_AFTER = timedelta(hours=30)
# How far back an answer that never came is still told.
MISSING_WITHIN = timedelta(hours=30)
SHOWN_MISSING = 10

# The last attempt at each question decides: what came at another try is not missing.
_MISSING_SQL = """
select source, target, outcome, message, logged_at
from (
    select distinct on (source, target) source, target, outcome, message, logged_at
    from operational.collection_log
    where source = any(%s) and logged_at > %s
    order by source, target, attempt_id desc
) as last_attempts
where outcome in ('transient', 'permanent', 'blocked', 'malformed', 'refused')
order by source, target
"""


class MissingAnswer(NamedTuple):
    """A question whose last attempt brought nothing readable."""

    source: str
    target: str
    outcome: str
    message: str | None
    logged_at: datetime


@dataclass(frozen=True)
class SourceReport:
    """One source at ``now``. ``health`` is None where it was never asked; ``is_on``: it may be asked here at all;
    ``only_backfills``: nothing but a backfill asks it, so it is never late."""

    source: str
    now: datetime
    health: SourceHealth | None
    missing: Sequence[MissingAnswer] = ()
    is_on: bool = True
    only_backfills: bool = False

    @property
    def status(self) -> str:
        """*healthy*, *degraded*, *down*, *off* or *never asked*."""
        if not self.is_on:
            return "off"
        return self.health.status if self.health is not None else "never asked"

    @property
    def troubles(self) -> list[str]:
        """What a person should know of, worst first; empty where all is well, or where the source is off."""
        if not self.is_on:
            return []
        if self.health is None:
            return [] if self.only_backfills else ["it was never asked"]
        health, found = self.health, []
        if health.status != "healthy":
            found.append(f"{health.status}: {health.last_message or 'no reason was given'}")
        if health.breaker_state != "closed":
            found.append(self._circuit)
        if health.last_success_at is None:
            found.append("it never answered")
        elif not self.only_backfills and self.now - health.last_success_at > STALE_AFTER:
            found.append(f"its last answer is {in_words(self.now - health.last_success_at)} old")
        if self.missing:
            found.append(f"{len(self.missing)} answers are missing, the first: {missing_line(self.missing[0])}")
        return found

    @property
    def line(self) -> str:
        """The source's health in one line."""
        if not self.is_on:
            return f"off: unofficial, and not named in MLB_ENABLED_SOURCES ({self.source})"
        health = self.health
        if health is None:
            return "never asked: only backfills do" if self.only_backfills else "never asked"
        return " · ".join(
            (
                health.status,
                self._circuit,
                f"reliability {percent(health.reliability)}",
                f"freshness {decimal(health.freshness)} ({self._cadence})",
                f"last success {clock(health.last_success_at)} New York",
            )
        )

    @property
    def _circuit(self) -> str:
        health = self.health
        if health is None or health.breaker_state == "closed":
            return "circuit closed"
        return f"circuit {health.breaker_state.replace('_', ' ')}, next probe {clock(health.next_probe_at)}"

    @property
    def _cadence(self) -> str:
        every = self.health.expected_every_s if self.health is not None else None
        return f"news every {in_words(timedelta(seconds=every))}" if every else "no cadence is known"


def read_reports(
    settings: Settings, sources: Iterable[str], *, only_backfills: Iterable[str] = ()
) -> dict[str, SourceReport]:
    """Source → its report, of each of ``sources``, on the clock of settings. One connection, two queries.

    The weather's hosts are asked as ``open_meteo_<kind>``; each has a health of its own.
    """
    from dagster_mlb.sources.health import read_health

    now, wanted, backfilled = settings.now(), list(sources), set(only_backfills)
    with connect(settings) as connection:
        known = {health.source: health for health in read_health(connection, now)}
        rows = connection.execute(_MISSING_SQL, [wanted, now - MISSING_WITHIN]).fetchall()
    missing: dict[str, list[MissingAnswer]] = {}
    for row in rows:
        missing.setdefault(row[0], []).append(MissingAnswer(*row))
    return {
        source: SourceReport(
            source,
            now,
            known.get(source),
            missing.get(source, []),
            is_on=settings.may_ask(source),
            only_backfills=source in backfilled,
        )
        for source in wanted
    }


def missing_line(answer: MissingAnswer) -> str:
    return f"{answer.target} [{answer.outcome}] {answer.message or ''}".rstrip()


def missing_list(lines: Sequence[str]) -> str:
    """What did not come, as a list in markdown: the first of them, and how many more there are."""
    shown = [f"- {line}" for line in lines[:SHOWN_MISSING]]
    more = len(lines) - SHOWN_MISSING
    return "\n".join([*shown, *([f"- and {more} more: operational.collection_log"] if more > 0 else [])]) or "nothing"


def health_markdown(reports: Iterable[SourceReport]) -> str:
    """A row per source, as a table in markdown."""
    rows = [
        "| source | status | circuit | reliability | freshness | last success (New York) | missing | last trouble |",
        "|---|---|---|--:|--:|---|--:|---|",
    ]
    for report in reports:
        health = report.health
        if health is None or not report.is_on:
            rows.append(f"| {report.source} | {report.status} | – | – | – | – | – | |")
            continue
        told = (health.last_message or "").replace("|", "\\|")
        answered = _unbroken(clock(health.last_success_at))
        rows.append(
            f"| {report.source} | {report.status} | {health.breaker_state.replace('_', ' ')} "
            f"| {percent(health.reliability)} | {decimal(health.freshness)} | {answered} "
            f"| {len(report.missing)} | {told} |"
        )
    return "\n".join(rows)


def _unbroken(text: str) -> str:
    """In a narrow column a moment stays on one line."""
    return text.replace("-", "\N{NON-BREAKING HYPHEN}").replace(" ", "\N{NO-BREAK SPACE}")


def percent(share: float | None) -> str:
    """A share as a percentage; below 100 % it never reads 100."""
    return "–" if share is None else "100 %" if share == 1 else f"{min(share * 100, 99.9):.1f} %"


def decimal(score: float | None) -> str:
    return "–" if score is None else f"{score:.2f}"


def clock(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment.astimezone(NEW_YORK):%Y-%m-%d %H:%M}"


def in_words(span: timedelta) -> str:
    """A duration in its largest fitting unit.

    >>> in_words(timedelta(seconds=900)), in_words(timedelta(hours=50)), in_words(timedelta(seconds=30))
    ('15 minutes', '2 days', '30 seconds')
    """
    seconds = span.total_seconds()
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * size or seconds == size:
            count = int(seconds // size)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{seconds:.0f} seconds"
