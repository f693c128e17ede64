"""What may be asked of the odds feed and what it costs; the rest it refuses in its own words: status, code, message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dagster_mlb.simulator import wire_odds
from dagster_mlb.simulator.prices import BOOKS

DETAILS_URL = "https://the-odds-api.com/liveapi/guides/v4/api-error-codes.html"


@dataclass
class Credits:
    """The feed's account of one key: what was spent of a month's quota, by all of its endpoints together."""

    quota: int
    used: int = 0

    def spend(self, cost: int) -> dict[str, str]:
        """Take credits (0 for a refusal) and say so in the headers that every answer of the feed carries."""
        self.used += cost
        return {
            "x-requests-remaining": str(max(self.quota - self.used, 0)),
            "x-requests-used": str(self.used),
            "x-requests-last": str(cost),
        }

    def check(self, query: Mapping[str, str]) -> None:
        """Refuse (``OddsApiError`` 401) a missing or invalid key, and any key once the quota is spent."""
        check_key(query, self.used, self.quota)


class OddsApiError(Exception):
    """A refusal in the feed's own words."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    @property
    def body(self) -> dict[str, str]:
        anchor = self.code.lower().replace("_", "-")
        return {"message": self.message, "error_code": self.code, "details_url": f"{DETAILS_URL}#{anchor}"}


def check_key(query: Mapping[str, str], used: int, quota: int) -> None:
    key = query.get("apiKey", "")
    if not key:
        raise OddsApiError(
            401,
            "MISSING_KEY",
            "API key is missing. Please include your API key in the apiKey query parameter. "
            "See usage plans at https://the-odds-api.com",
        )
    if key.startswith("invalid"):
        raise OddsApiError(401, "INVALID_KEY", "API key is not valid. See usage plans at https://the-odds-api.com")
    if used >= quota:
        raise OddsApiError(
            401,
            "OUT_OF_USAGE_CREDITS",
            "Usage quota has been reached. See usage plans at https://the-odds-api.com",
        )


def odds_request(query: Mapping[str, str]) -> tuple[wire_odds.Request, int]:
    """The validated request and its cost in quota (markets × regions)."""
    books, regions = _books(query)
    markets = tuple(dict.fromkeys(m for m in query.get("markets", "h2h").split(",") if m))
    unknown = [m for m in markets if m not in wire_odds.MARKETS]
    if unknown or not markets:
        raise OddsApiError(422, "INVALID_MARKET", f"Invalid markets: {','.join(unknown)}")
    odds_format = query.get("oddsFormat", "decimal")
    if odds_format not in ("decimal", "american"):
        raise OddsApiError(422, "INVALID_ODDS_FORMAT", "Invalid oddsFormat parameter. Must be one of decimal, american")
    request = wire_odds.Request(markets=markets, books=books, odds_format=odds_format, **common(query))
    return request, len(markets) * regions


def _books(query: Mapping[str, str]) -> tuple[tuple[int, ...], int]:
    """Positions in ``BOOKS`` and the number of regions charged. ``bookmakers`` wins over ``regions``."""
    keys = [book.key for book in BOOKS]
    if named := query.get("bookmakers"):
        wanted = named.split(",")
        if any(not name.replace("_", "").isalnum() for name in wanted):
            raise OddsApiError(422, "INVALID_BOOKMAKERS", f"Invalid bookmakers parameter: {named}")
        return tuple(keys.index(name) for name in wanted if name in keys), -(-len(wanted) // 10)
    regions = [r for r in query.get("regions", "").split(",") if r]
    if not regions:
        raise OddsApiError(422, "MISSING_REGION", "Missing regions parameter")
    if any(region not in wire_odds.REGIONS for region in regions):
        raise OddsApiError(422, "INVALID_REGION", f"Invalid regions parameter: {','.join(regions)}")
    return tuple(i for i, book in enumerate(BOOKS) if book.region in regions), len(regions)


def common(query: Mapping[str, str]) -> dict[str, Any]:
    """The parameters that every endpoint of the feed knows."""
    date_format = query.get("dateFormat", "iso")
    if date_format not in ("iso", "unix"):
        raise OddsApiError(422, "INVALID_DATE_FORMAT", "Invalid dateFormat parameter. Must be one of unix, iso")
    chosen: dict[str, Any] = {"unix": date_format == "unix"}
    for name, field, code in (
        ("commenceTimeFrom", "commence_from", "INVALID_COMMENCE_TIME_FROM"),
        ("commenceTimeTo", "commence_to", "INVALID_COMMENCE_TIME_TO"),
    ):
        if name in query:
            chosen[field] = _moment(query[name], code, name).timestamp()
    if chosen.get("commence_from", 0) > chosen.get("commence_to", float("inf")):
        raise OddsApiError(422, "INVALID_COMMENCE_TIME_RANGE", "commenceTimeFrom must be before commenceTimeTo")
    if ids := query.get("eventIds"):
        chosen["event_ids"] = frozenset(ids.split(","))
        if any(len(i) != 32 for i in chosen["event_ids"]):
            raise OddsApiError(422, "INVALID_EVENT_IDS", "Invalid eventIds parameter")
    return chosen


def historical_date(query: Mapping[str, str]) -> datetime:
    if "date" not in query:
        raise OddsApiError(422, "MISSING_HISTORICAL_TIMESTAMP", "Missing date parameter")
    return _moment(query["date"], "INVALID_HISTORICAL_TIMESTAMP", "date")


def _moment(text: str, code: str, name: str) -> datetime:
    """``YYYY-MM-DDTHH:MM:SSZ`` as the feed wants it."""
    try:
        if not text.endswith("Z") or "T" not in text:
            raise ValueError(text)
        return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)
    except ValueError:
        message = f"Invalid {name} parameter. The format must be YYYY-MM-DDTHH:MM:SSZ"
        raise OddsApiError(422, code, message) from None
