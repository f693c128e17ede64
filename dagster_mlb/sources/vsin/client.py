"""What is asked of VSIN: the page of betting splits, per book. Pure: requests are values.

No key. The site says that it counts every five minutes: asked more often it only repeats itself. The page names no
time, so a split is as old as its capture. One page holds today's and tomorrow's games.
"""

from __future__ import annotations

from typing import Final, Literal

from dagster_mlb.sources.http_messages import SourcePolicy, SourceRequest

SOURCE: Final = "vsin"
POLL_EVERY_S: Final = 300.0
POLICY: Final = SourcePolicy(
    source=SOURCE,
    concurrency=1,
    min_interval_s=2.0,
    backoff_initial_s=2.0,
    max_attempts=3,
    budget_s=90.0,
    budget_per_request_s=10.0,
    expected_every_s=POLL_EVERY_S,
    follow_redirects="same_host",  # its older address points to the newer one
    max_body_bytes=16 * 1024 * 1024,
    headers={"accept": "text/html,application/xhtml+xml", "accept-language": "en-US,en;q=0.9"},
)
SPLITS_TABLE: Final = "vsin_splits"

# The books whose customers are counted, as the page's parameter spells them.
BOOKS: Final = ("DK", "CIRCA")
View = Literal["today", "tomorrow"]


def splits_request(book: str = "DK", *, view: View | None = None) -> SourceRequest:
    """The page of one book (``DK`` or ``CIRCA``), MLB only; without ``view`` it holds today and tomorrow."""
    if book not in BOOKS:
        raise ValueError(f"{book} is not a book of the page: {', '.join(BOOKS)}")
    params = {"source": book, "sport": "MLB"} | ({"view": view} if view else {})
    return SourceRequest(
        endpoint="splits", path="/betting-splits/", params=params, capture="captured", expects="html", priority="live"
    )


def legacy_splits_request(view: str | None = None) -> SourceRequest:
    """The page at its address before March 2026, where it stood alone; ``view`` names a book, without it DraftKings."""
    return SourceRequest(
        endpoint="splits",
        path="/mlb/betting-splits/",
        params={"view": view} if view else {},
        capture="captured",
        expects="html",
        priority="live",
    )
