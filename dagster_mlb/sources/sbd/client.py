"""What is asked of SportsBettingDime: the current slate with prices per book and the public's bets. Pure: values.

No key, but a browser's user agent and the referring page. There is no date to ask for: what was not asked for on its
day cannot be had later. The splits are counted every hour; without games the answer is 204.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dagster_mlb.sources.http_messages import SourcePolicy, SourceRequest

SOURCE: Final = "sbd"
POLL_EVERY_S: Final = 600.0
POLICY: Final = SourcePolicy(
    source=SOURCE,
    concurrency=1,
    min_interval_s=2.0,
    backoff_initial_s=2.0,
    max_attempts=3,
    max_body_bytes=16 * 1024 * 1024,
    budget_s=90.0,
    budget_per_request_s=10.0,
    expected_every_s=POLL_EVERY_S,
    headers={
        "user-agent": (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/128.0.0.0 Safari/537.36"
        ),
        "accept": "application/json",
        "referer": "https://www.sportsbettingdime.com/mlb/public-betting-trends/",
    },
    may_be_empty=True,
)
ODDS_TABLE: Final = "sbd_odds"

# BetMGM, DraftKings, BetRivers, bet365, Caesars, FanDuel: those that its own page asks for.
BOOKS: Final = (
    "sr:book:17324",
    "sr:book:18149",
    "sr:book:27447",
    "sr:book:28901",
    "sr:book:32219",
    "sr:book:18186",
)


def odds_request(books: Sequence[str] = BOOKS) -> SourceRequest:
    """The games of now with American prices of ``books`` (Sportradar's ids) and tickets and money of each market."""
    if not books:
        raise ValueError("no books: the answer would hold no prices")
    return SourceRequest(
        endpoint="odds",
        path="/wp-json/adpt/v1/mlb-odds",
        params={"books": ",".join(books), "format": "us"},
        capture="captured",
        expects="json",
        priority="live",
    )
