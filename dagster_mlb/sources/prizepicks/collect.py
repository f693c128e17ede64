"""Collecting a board: its first page says how many there are, then the others are asked for.

The board moves while it is read: a line may stand on two pages or on none. What stands on two is one line to staging;
a board that is read again an hour later fills what was on none.
"""

from __future__ import annotations

from dataclasses import replace

from dagster_mlb.settings import Settings
from dagster_mlb.sources.collection import CollectionResult, Failure, Plan, collect
from dagster_mlb.sources.http import SourceNotConfiguredError
from dagster_mlb.sources.http_outcome import Outcome
from dagster_mlb.sources.prizepicks import client
from dagster_mlb.warehouse.connection import connect

# An MLB board has some 20 pages on a full day; one that says it has thousands is not believed.
MOST_PAGES = 60


def collect_projections(settings: Settings, *, run_id: str, league_id: int = client.MLB) -> CollectionResult:
    """Every page of a league's board as of now.

    A page that fails is a named failure of the result, and so is a board that does not say how many pages it has.
    Raises ``SourceNotConfiguredError`` where production has not switched the source on.
    """
    if not settings.may_ask(client.SOURCE):
        raise SourceNotConfiguredError(
            "PrizePicks' board is unofficial and off in production: add prizepicks to MLB_ENABLED_SOURCES to ask it"
        )
    first = collect(settings, _plan(settings, [1], league_id), run_id=run_id)
    if not first.is_complete:
        said = "not asked: the first page says how many there are, and it did not come"
        first.failures.append(_missing(2, league_id, said, Outcome.REFUSED))
        return first
    pages, is_full = _stated_pages(settings, client.projections_request(league_id=league_id).request_key)
    if pages is None:
        if is_full:
            said = "the first page is full, or cannot be read, and does not say how many there are"
            first.failures.append(_missing(2, league_id, said))
        return first
    wanted = list(range(2, min(pages, MOST_PAGES) + 1))
    board = _joined(first, collect(settings, _plan(settings, wanted, league_id), run_id=run_id))
    if pages > MOST_PAGES:
        said = f"the board says it has {pages} pages; more than {MOST_PAGES} are not asked for"
        board.failures.append(_missing(MOST_PAGES + 1, league_id, said))
    return board


def _missing(page: int, league_id: int, said: str, outcome: Outcome = Outcome.MALFORMED) -> Failure:
    """The pages from one on, as one failure."""
    target = client.projections_request(page, league_id=league_id).request_key
    return Failure(target, outcome.value, said)


def _plan(settings: Settings, pages: list[int], league_id: int) -> Plan:
    requests = [client.projections_request(page, league_id=league_id) for page in pages]
    return Plan(client.POLICY, settings.prizepicks_base_url, client.PROJECTIONS_TABLE, requests)


def _stated_pages(settings: Settings, request_key: str) -> tuple[int | None, bool]:
    """(pages that the last stored answer says there are, whether it may have others: it is full or unreadable)."""
    with connect(settings) as connection:
        row = connection.execute(
            """
            select
                case when document #>> '{meta,total_pages}' ~ '^[0-9]{1,6}$'
                    then (document #>> '{meta,total_pages}')::int end,
                document is null or (select count(*) from jsonb_path_query(document, 'lax $.data[*]')) >= %s
            from (
                select raw_data.json_of(coalesce(raw.body, original.body)) as document
                from raw_data.prizepicks_projections as raw
                left join raw_data.prizepicks_projections as original on original.load_id = raw.repeat_of
                where raw.request_key = %s
                order by raw.observed_at desc, raw.load_id desc
                limit 1
            ) as answer
            """,
            [client.PER_PAGE, request_key],
        ).fetchone()
    return (row[0], bool(row[1])) if row is not None else (None, False)


def _joined(first: CollectionResult, rest: CollectionResult) -> CollectionResult:
    """Two collections of one board as one."""
    return replace(
        first,
        requests=first.requests + rest.requests,
        attempts=first.attempts + rest.attempts,
        stored=first.stored + rest.stored,
        repeats=first.repeats + rest.repeats,
        bytes=first.bytes + rest.bytes,
        failures=first.failures + rest.failures,
        load_ids=first.load_ids + rest.load_ids,
        caches=first.caches or rest.caches,
        cached=first.cached + rest.cached,
        revalidated=first.revalidated + rest.revalidated,
        last_observed_at=rest.last_observed_at or first.last_observed_at,
        seconds=first.seconds + rest.seconds,
    )
