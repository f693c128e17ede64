"""What is asked of SportsbookReview: a day's page of one market, and the line history of one game. Pure: values.

No key. The pages are HTML with the data in a script; nobody published them for others, so they are asked slowly, one at
a time. A page's market is in its address alone: the fields of the other markets are null or 0.
"""

from __future__ import annotations

from datetime import date
from typing import Final, Literal

from dagster_mlb.sources.http_messages import Capture, SourcePolicy, SourceRequest
from dagster_mlb.sources.http_outcome import Outcome

SOURCE: Final = "sbr"
POLL_EVERY_S: Final = 900.0


def judge_page(body: bytes) -> tuple[Outcome, str] | None:
    """A page without its document is a bot wall or a notice, whatever its status says."""
    if b"__NEXT_DATA__" in body:
        return None
    return Outcome.BLOCKED, "a page without __NEXT_DATA__, the script that holds its data"


POLICY: Final = SourcePolicy(
    source=SOURCE,
    concurrency=1,
    min_interval_s=0.7,
    read_timeout_s=30.0,
    backoff_initial_s=2.0,
    max_attempts=3,
    max_body_bytes=16 * 1024 * 1024,
    budget_s=90.0,
    budget_per_request_s=10.0,
    expected_every_s=POLL_EVERY_S,
    follow_redirects="same_host",  # an address that gained or lost its slash
    judge=judge_page,
    headers={"accept": "text/html,application/xhtml+xml"},
)

ODDS_TABLE: Final = "sbr_odds"
LINE_HISTORY_TABLE: Final = "sbr_line_history"

Market = Literal["moneyline", "spread", "total"]
MARKETS: Final[tuple[Market, ...]] = ("moneyline", "spread", "total")
Period = Literal["game", "first_five"]

_ROOT = "/betting-odds/mlb-baseball/"
# The addresses of the first five innings are a recollection that no recording confirms: they are asked only by name.
_PAGES: Final[dict[tuple[Market, Period], str]] = {
    ("moneyline", "game"): _ROOT,
    ("spread", "game"): f"{_ROOT}pointspread/full-game/",
    ("total", "game"): f"{_ROOT}totals/full-game/",
    ("moneyline", "first_five"): f"{_ROOT}money-line/1st-half/",
    ("spread", "first_five"): f"{_ROOT}pointspread/1st-half/",
    ("total", "first_five"): f"{_ROOT}totals/1st-half/",
}


def odds_request(day: date, market: Market, *, period: Period = "game", capture: Capture = "captured") -> SourceRequest:
    """The page of one market with the games of a day (US Eastern): opening and current lines of each book."""
    return SourceRequest(
        endpoint="odds",
        path=_PAGES[market, period],
        params={"date": day.isoformat()},
        official_date=day,
        capture=capture,
        expects="html",
        priority="live" if capture == "captured" else "history",
    )


def line_history_request(game_id: str, *, day: date | None = None) -> SourceRequest:
    """Every line move of a game, each with its own moment: always a backfill. ``day`` is the day that listed the game.

    Without the slash at its end the address would be answered by a redirect.
    """
    if not (game_id.isascii() and game_id.isdigit()):
        raise ValueError(f"{game_id!r} is no game of SportsbookReview: theirs are whole numbers")
    return SourceRequest(
        endpoint="line_history",
        path=f"{_ROOT}line-history/{game_id}/",
        official_date=day,
        capture="backfilled",
        expects="html",
        priority="history",
    )
