"""What is asked of PrizePicks: the board of a league, page by page. Pure: requests are values.

No key. The board is an app's own feed: it wants a browser's headers and a slow pace, answers 403 with a page of HTML to
whom it takes for a machine and 429 with ``Retry-After`` to whom is too fast. Lines disappear at the start of their game
and there is no history: what was not asked for then cannot be had later.
"""

from __future__ import annotations

from dagster_mlb.sources.http import SourcePolicy, SourceRequest

SOURCE = "prizepicks"
POLICY = SourcePolicy(
    source=SOURCE,
    concurrency=1,
    min_interval_s=2.0,
    backoff_initial_s=2.0,
    max_attempts=3,
    max_body_bytes=32 * 1024 * 1024,
    budget_s=90.0,
    budget_per_request_s=10.0,
    expected_every_s=900.0,
    headers={
        "user-agent": (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/128.0.0.0 Safari/537.36"
        ),
        "accept": "application/json",
        "accept-language": "en-US,en;q=0.9",
        "origin": "https://app.prizepicks.com",
        "referer": "https://app.prizepicks.com/",
    },
)

PROJECTIONS_TABLE = "prizepicks_projections"

MLB = 2
PER_PAGE = 250


def projections_request(page: int = 1, *, league_id: int = MLB, per_page: int = PER_PAGE) -> SourceRequest:
    """One page (from 1) of a league's board: projections with the players, teams and games that they point at."""
    if page < 1 or per_page < 1:
        raise ValueError(f"page {page} of {per_page}: pages are counted from 1 and hold at least one projection")
    params = {
        "league_id": str(league_id),
        "per_page": str(per_page),
        "single_stat": "true",
        "game_mode": "pickem",
        "page": str(page),
    }
    return SourceRequest(
        endpoint="projections", path="/projections", params=params, capture="captured", priority="props"
    )
