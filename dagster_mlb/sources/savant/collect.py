"""Collecting pitches from Baseball Savant: the days that may have changed, and days that came cut asked again in parts.

The search cuts an answer at its cap and says nothing. An answer with so many rows is taken as cut: its rows are kept
(they are true), and the day is asked again, club by club.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from dagster_mlb.settings import Settings
from dagster_mlb.sources.collection import CollectionResult, Failure, Plan, collect
from dagster_mlb.sources.http import Capture, SourceNotConfiguredError, SourceRequest
from dagster_mlb.sources.savant import client
from dagster_mlb.sources.savant.parse import READER, ROW_CAP
from dagster_mlb.warehouse.connection import connect

NEW_YORK = ZoneInfo("America/New_York")


def collect_pitches(settings: Settings, days: Iterable[date] | None = None, *, run_id: str) -> CollectionResult:
    """All pitches of ``days`` (default: those of the last seven days, new or corrected since).

    A day of the last seven is news and *captured*; an older one is *backfilled*. A part of a cut day that is itself cut
    is a failure by name. Raises SourceNotConfiguredError where the source is switched off; nothing is asked then.
    """
    today = settings.now().astimezone(NEW_YORK).date()
    wanted = client.days_to_pull(today) if days is None else sorted(set(days))
    requests = [client.day_request(day, capture=_capture(day, today)) for day in wanted]
    result = _collect(settings, requests, run_id=run_id)
    if cut := _cut_days(settings, result.load_ids):
        parts = [part for day in cut for part in client.team_requests(day, capture=_capture(day, today))]
        of_parts = _collect(settings, parts, run_id=run_id)
        still_cut = _cut_days(settings, of_parts.load_ids)
        result = _together(result, of_parts)
        result.failures += [
            Failure(f"pitches of {day}", "malformed", f"{ROW_CAP} rows even for one club: the day is not whole")
            for day in still_cut
        ]
    return result


def collect_game_pitches(settings: Settings, game_pks: Sequence[int], *, run_id: str) -> CollectionResult:
    """All pitches of single games, by gamePk: always backfilled, for filling gaps."""
    requests = [client.game_request(game_pk, capture="backfilled") for game_pk in dict.fromkeys(game_pks)]
    return _collect(settings, requests, run_id=run_id)


def _capture(day: date, today: date) -> Capture:
    return "captured" if day >= client.days_to_pull(today)[0] else "backfilled"


def _collect(settings: Settings, requests: Sequence[SourceRequest], *, run_id: str) -> CollectionResult:
    if not settings.may_ask(client.SOURCE):
        raise SourceNotConfiguredError(
            "Baseball Savant is an unofficial source and off in production: name it in MLB_ENABLED_SOURCES. "
            "Nothing was asked."
        )
    plan = Plan(client.POLICY, settings.savant_base_url, client.PITCHES_TABLE, requests, reader=READER)
    return collect(settings, plan, run_id=run_id)


def _cut_days(settings: Settings, load_ids: Sequence[int]) -> list[date]:
    """The days of these loads whose answers have as many rows as the search gives at most."""
    if not load_ids:
        return []
    with connect(settings, role="ingest") as connection:
        rows = connection.execute(
            """
            select distinct answer.official_date
            from raw_data.savant_pitches as answer
            join raw_data.parsed_loads as parsed on parsed.load_id = coalesce(answer.repeat_of, answer.load_id)
            where answer.load_id = any(%s) and parsed.row_count >= %s and answer.official_date is not null
            order by answer.official_date
            """,
            [list(load_ids), ROW_CAP],
        ).fetchall()
    return [row[0] for row in rows]


def _together(first: CollectionResult, second: CollectionResult) -> CollectionResult:
    """Two collections of one source as one."""
    moments = [
        moment
        for result in (first, second)
        for moment in (result.first_observed_at, result.last_observed_at)
        if moment is not None
    ]
    return replace(
        first,
        requests=first.requests + second.requests,
        attempts=first.attempts + second.attempts,
        stored=first.stored + second.stored,
        repeats=first.repeats + second.repeats,
        bytes=first.bytes + second.bytes,
        failures=[*first.failures, *second.failures],
        load_ids=[*first.load_ids, *second.load_ids],
        first_observed_at=min(moments, default=None),
        last_observed_at=max(moments, default=None),
        seconds=first.seconds + second.seconds,
    )
