"""What is asked of Action Network: a slate's prices and public betting, a game's line moves, and the list of books.

No key, but it wants a browser's headers and answers 403 to whom it takes for a machine. An answer may be cached for
thirty seconds (``CADENCE_S``): asking more often tells nothing new. Pure: requests are values.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from dagster_mlb.sources.action_network.books import DEFAULT_BOOKS
from dagster_mlb.sources.http import Capture, SourcePolicy, SourceRequest

SOURCE: Final = "action_network"
SITE: Final = "https://www.actionnetwork.com"
CADENCE_S: Final = 30.0
POLICY: Final = SourcePolicy(
    source=SOURCE,
    concurrency=2,
    min_interval_s=0.5,
    backoff_initial_s=1.0,
    max_attempts=3,
    max_body_bytes=16 * 1024 * 1024,
    budget_s=90.0,
    budget_per_request_s=5.0,
    expected_every_s=300.0,  # prices move all day; nothing here asks more often
    headers={
        "user-agent": (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/128.0.0.0 Safari/537.36"
        ),
        "accept": "application/json",
        "accept-language": "en-US,en;q=0.9",
        "origin": SITE,
        "referer": f"{SITE}/",
    },
)

SCOREBOARD_TABLE: Final = "action_network_scoreboard"
SCOREBOARD_V1_TABLE: Final = "action_network_scoreboard_v1"
PUBLIC_BETTING_TABLE: Final = "action_network_public_betting"
MARKET_HISTORY_TABLE: Final = "action_network_market_history"
BOOKS_TABLE: Final = "action_network_books"

PERIODS: Final = ("event", "firstfiveinnings", "firstinning")
# Line moves are served for about two weeks; of an older game the answer is an empty object.
HISTORY_DAYS: Final = 14


def scoreboard_request(
    day: date, *, capture: Capture, books: Sequence[int] = DEFAULT_BOOKS, periods: Sequence[str] = PERIODS
) -> SourceRequest:
    """Every game of a slate (a baseball day) with each book's prices: whole game, first five innings, first inning."""
    return SourceRequest(
        endpoint="scoreboard",
        path="/web/v2/scoreboard/mlb",
        params={"date": _day(day), "bookIds": _list("books", books), "periods": _list("periods", periods)},
        official_date=day,
        capture=capture,
    )


def public_betting_request(day: date, *, capture: Capture, books: Sequence[int] = DEFAULT_BOOKS) -> SourceRequest:
    """A slate's public tickets and money, in percent. The shape is the scoreboard's, so prices come too."""
    return SourceRequest(
        endpoint="public_betting",
        path="/web/v2/scoreboard/publicbetting/mlb",
        params={"date": _day(day), "bookIds": _list("books", books), "periods": "event"},
        official_date=day,
        capture=capture,
    )


def scoreboard_v1_request(day: date, *, capture: Capture, books: Sequence[int] = DEFAULT_BOOKS) -> SourceRequest:
    """The older scoreboard: a flat row per book and period. It sends the books that it likes, not those asked for."""
    return SourceRequest(
        endpoint="scoreboard_v1",
        path="/web/v1/scoreboard/mlb",
        params={"date": _day(day), "bookIds": _list("books", books), "period": "game"},
        official_date=day,
        capture=capture,
    )


def market_history_request(
    event_id: str,
    *,
    capture: Capture,
    official_date: date | None = None,
    books: Sequence[int] = DEFAULT_BOOKS,
    periods: Sequence[str] = PERIODS,
) -> SourceRequest:
    """The line moves of one game, each with its own time. ``event_id`` is Action Network's; digits."""
    if not event_id.isdecimal():
        raise ValueError(f"event {event_id!r} is no id of Action Network: those are digits")
    return SourceRequest(
        endpoint="market_history",
        path=f"/web/v2/markets/event/{event_id}/history",
        params={"bookIds": _list("books", books), "periods": _list("periods", periods)},
        official_date=official_date,
        capture=capture,
        priority="history",
    )


def books_request() -> SourceRequest:
    """Every sportsbook id with its names; the version 2 of this path does not exist."""
    return SourceRequest(endpoint="books", path="/web/v1/books", capture="captured", priority="history")


def _day(day: date) -> str:
    return day.strftime("%Y%m%d")


def _list(name: str, values: Sequence[int] | Sequence[str]) -> str:
    """Comma-separated, without the spaces that make the server see only the first."""
    if not values:
        raise ValueError(f"no {name} are asked for: without them the server answers something else than nothing")
    return ",".join(str(value) for value in values)
