"""What is asked of The Odds API about one game: players' props and whatever else ``/odds`` does not offer.

Pure: requests are values; ``within_plan.py`` asks them within the month's credits. An event's odds cost the markets
that are *returned* × regions (an empty answer is free), those of a past moment ten times as much: asked for every game
of a slate, props are the dearest thing there is, so they come after live prices and only for the games that are named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from dagster_mlb.sources.http_messages import SourceRequest
from dagster_mlb.sources.odds_api import client

EVENT_ODDS_TABLE = "odds_api_event_odds"

# What most books quote on most days; each further market costs a credit per game and region.
PROP_MARKETS = (
    "pitcher_strikeouts",
    "pitcher_outs",
    "batter_hits",
    "batter_total_bases",
    "batter_home_runs",
    "batter_rbis",
)
# Every prop that the source has for baseball; each may carry `_alternate` for further lines.
ALL_PROP_MARKETS = (
    "batter_home_runs",
    "batter_hits",
    "batter_total_bases",
    "batter_rbis",
    "batter_runs_scored",
    "batter_hits_runs_rbis",
    "batter_singles",
    "batter_doubles",
    "batter_triples",
    "batter_walks",
    "batter_strikeouts",
    "batter_stolen_bases",
    "pitcher_strikeouts",
    "pitcher_record_a_win",
    "pitcher_hits_allowed",
    "pitcher_walks",
    "pitcher_earned_runs",
    "pitcher_outs",
)
# Props are sold by books of the United States.
REGIONS = ("us",)
BOOKS_PER_REGION = 10  # so many named bookmakers cost as much as one region

_EVENT_ID = re.compile(r"[0-9a-f]{32}")


def event_odds_request(
    event_id: str,
    *,
    markets: Sequence[str] = PROP_MARKETS,
    regions: Sequence[str] = REGIONS,
    bookmakers: Sequence[str] = (),
) -> SourceRequest:
    """The prices of one event (32 hexadecimal digits) as of now, American, each market of each book."""
    return SourceRequest(
        endpoint="event_odds",
        path=f"/v4/sports/{client.SPORT}/events/{_checked(event_id)}/odds",
        params=_params(markets, regions, bookmakers),
        capture="captured",
        priority="props",
    )


def historical_event_odds_request(
    event_id: str,
    moment: datetime,
    *,
    markets: Sequence[str] = PROP_MARKETS,
    regions: Sequence[str] = REGIONS,
    bookmakers: Sequence[str] = (),
) -> SourceRequest:
    """The last snapshot of one event at or before a moment (aware): always a backfill. Props exist from May 2023."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone: which moment is meant cannot be known")
    return SourceRequest(
        endpoint="historical_event_odds",
        path=f"/v4/historical/sports/{client.SPORT}/events/{_checked(event_id)}/odds",
        params={
            "date": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            **_params(markets, regions, bookmakers),
        },
        capture="backfilled",
        priority="history",
    )


def most_credits(
    markets: Sequence[str] = PROP_MARKETS,
    regions: Sequence[str] = REGIONS,
    bookmakers: Sequence[str] = (),
    *,
    is_historical: bool = False,
) -> int:
    """Credits that one event can cost at most: less where the books do not have every market."""
    sold_in = -(-len(bookmakers) // BOOKS_PER_REGION) if bookmakers else len(regions)
    return len(dict.fromkeys(markets)) * sold_in * (10 if is_historical else 1)


def _params(markets: Sequence[str], regions: Sequence[str], bookmakers: Sequence[str]) -> dict[str, str]:
    if not markets:
        raise ValueError("no market is asked for: an event's odds name theirs")
    params = {"dateFormat": "iso", "markets": ",".join(markets), "oddsFormat": "american"}
    # Named bookmakers win over regions on the server's side; asking for both would only hide which was meant.
    return params | ({"bookmakers": ",".join(bookmakers)} if bookmakers else {"regions": ",".join(regions)})


def _checked(event_id: str) -> str:
    if not _EVENT_ID.fullmatch(event_id):
        raise ValueError(f"{event_id!r} is no event of The Odds API: theirs are 32 hexadecimal digits")
    return event_id
