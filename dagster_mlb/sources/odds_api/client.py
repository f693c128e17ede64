"""What is asked of The Odds API v4: odds now, scores now, and odds as they stood at a moment.

Pure: requests are values. The key is a query parameter, so it never stands in one: the client adds it.
Credits: odds cost markets × regions, scores 1 (2 with past days), historical odds 10 × markets × regions.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from pydantic import SecretStr

from dagster_mlb.settings import Settings
from dagster_mlb.sources.http_messages import SourcePolicy, SourceRequest
from dagster_mlb.sources.http_outcome import SourceNotConfiguredError

SOURCE = "odds_api"
# The documentation allows thirty requests a second; a snapshot of the slate never needs them.
POLICY = SourcePolicy(
    source=SOURCE,
    concurrency=4,
    min_interval_s=0.1,
    backoff_initial_s=1.0,
    max_body_bytes=16 * 1024 * 1024,
    budget_s=120.0,
    budget_per_request_s=2.0,
    expected_every_s=600.0,  # prices move all day; how often the credits let us look is the credit plan's
    cost_header="x-requests-last",
    remaining_header="x-requests-remaining",
)

ODDS_TABLE = "odds_api_odds"
SCORES_TABLE = "odds_api_scores"
HISTORICAL_ODDS_TABLE = "odds_api_historical_odds"

SPORT = "baseball_mlb"
MARKETS = ("h2h", "spreads", "totals")
REGIONS = ("us",)


def secret_params(settings: Settings) -> dict[str, SecretStr]:
    """The key as the query parameter it becomes. Raises SourceNotConfiguredError where there is none."""
    key = settings.odds_api_key
    text = key.get_secret_value().strip() if key is not None else ""
    if not text:
        raise SourceNotConfiguredError("The Odds API needs a key: set MLB_ODDS_API_KEY. Nothing was asked.")
    return {"apiKey": SecretStr(text)}


def _odds_params(markets: Sequence[str], regions: Sequence[str], bookmakers: Sequence[str]) -> dict[str, str]:
    params = {"dateFormat": "iso", "markets": ",".join(markets), "oddsFormat": "american"}
    # Named bookmakers win over regions on the server's side; asking for both would only hide which was meant.
    return params | ({"bookmakers": ",".join(bookmakers)} if bookmakers else {"regions": ",".join(regions)})


def odds_request(
    *, markets: Sequence[str] = MARKETS, regions: Sequence[str] = REGIONS, bookmakers: Sequence[str] = ()
) -> SourceRequest:
    """Every upcoming and running game with the prices of each book, American."""
    return SourceRequest(
        endpoint="odds",
        path=f"/v4/sports/{SPORT}/odds",
        params=_odds_params(markets, regions, bookmakers),
        capture="captured",
    )


def scores_request(days_from: int | None) -> SourceRequest:
    """Scores of running games and, with ``days_from`` 1 to 3, of those that ended in the last days."""
    if days_from is not None and not 1 <= days_from <= 3:
        raise ValueError(f"days_from is {days_from}: The Odds API gives scores of the last 1 to 3 days")
    params = {"dateFormat": "iso"}
    if days_from is not None:
        params["daysFrom"] = str(days_from)
    return SourceRequest(endpoint="scores", path=f"/v4/sports/{SPORT}/scores", params=params, capture="captured")


class OddsMoment(NamedTuple):
    """A moment whose odds are asked for and, where only some games matter, the range of their first pitches."""

    at: datetime
    commence_from: datetime | None = None
    commence_to: datetime | None = None


def historical_odds_request(
    moment: datetime | OddsMoment,
    *,
    markets: Sequence[str] = MARKETS,
    regions: Sequence[str] = REGIONS,
    bookmakers: Sequence[str] = (),
) -> SourceRequest:
    """The last snapshot at or before a moment (UTC or any zone, never naive): always a backfill."""
    asked = moment if isinstance(moment, OddsMoment) else OddsMoment(moment)
    ranges = {"commenceTimeFrom": asked.commence_from, "commenceTimeTo": asked.commence_to}
    return SourceRequest(
        endpoint="historical_odds",
        path=f"/v4/historical/sports/{SPORT}/odds",
        params={
            "date": _iso(asked.at),
            **{name: _iso(bound) for name, bound in ranges.items() if bound is not None},
            **_odds_params(markets, regions, bookmakers),
        },
        capture="backfilled",
    )


def _iso(moment: datetime) -> str:
    """As the source reads a moment: UTC, whole seconds, ``Z``."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone: which moment is meant cannot be known")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
