"""Quotes of one game for the tests of the families: as-of offers with what is known of the market, and their mirror."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from dagster_mlb.strategies.protocol import OFFER_SCHEMA, OPPOSITE, Rule
from dagster_mlb.strategies.sides import sides_of

NYY, BOS, TB = 147, 111, 139
START = datetime(2025, 7, 1, 23, tzinfo=UTC)

#: Context whose sign turns with the point of view, and context that is a chance or a share of side 1.
SIGNED = (
    *("move", "line_move", "move_1h", "move_3h", "move_6h", "move_24h", "late_move", "episode_move"),
    *("sharp_move", "retail_move", "velocity"),
)
CHANCES = (
    *("probability_1", "consensus_probability_1", "sharp_probability_1", "retail_probability_1"),
    *("open_probability_1", "model_probability_1"),
)
SHARES = ("tickets_1", "money_1", "early_tickets_1", "early_money_1")


def quote(market: str = "moneyline", **changes: Any) -> dict[str, Any]:
    """One book's prices of a market of BOS at NYY, an hour before the start, with nothing known but them."""
    row = dict.fromkeys(OFFER_SCHEMA) | {
        "game_key": 1,
        "decision": "pregame",
        "decision_at": START - timedelta(hours=1),
        "official_date": date(2025, 7, 1),
        "season": 2025,
        "home_team_id": NYY,
        "away_team_id": BOS,
        "home_team": "NYY",
        "away_team": "BOS",
        "hours_to_start": 1.0,
        "market": market,
        "source": "a_source",
        "book": "pinnacle",
        "is_benchmark": True,
        "book_kind": "book",
        "sharp_rank": 1,
        "line": {"moneyline": None, "spread": -1.5, "total": 8.5}[market],
        "price_1": 120,
        "price_2": -130,
        "probability_1": 0.447,
        "hold": 0.02,
        "age_minutes": 5.0,
        "price_known_at": START - timedelta(hours=2),
        "load_id": 7,
        "provenance": "simulated",
        "capture": "captured",
        "moment_assumed": False,
    }
    if unknown := set(changes) - set(OFFER_SCHEMA):
        raise ValueError(f"no column of an offer: {', '.join(sorted(unknown))}")
    return row | {"consensus_line": row["line"]} | changes


def signal(kind: str, side: str, market: str = "moneyline", **changes: Any) -> dict[str, Any]:
    """A quote at the moment of a signal's detection, three hours before the start."""
    told = {
        "decision": "signal",
        "decision_at": START - timedelta(hours=3),
        "hours_to_start": 3.0,
        "signal_id": f"{kind}/{market}/{side}",
        "signal_kind": kind,
        "signal_side": side,
        "consensus_line": None,
    }
    return quote(market, **told | changes)


def sides_for(strategy: Rule, *quotes: dict[str, Any]) -> pl.DataFrame:
    """What the strategy is shown of these quotes."""
    offers = pl.DataFrame(list(quotes), schema=OFFER_SCHEMA)
    return sides_of(offers, strategy.parameters.book, strategy.parameters.markets)


def picks_of(strategy: Rule, *quotes: dict[str, Any]) -> pl.DataFrame:
    return strategy.picks(sides_for(strategy, *quotes))


def picked(strategy: Rule, *quotes: dict[str, Any]) -> list[str]:
    """The sides that are picked of one game and market, or market and side where there are several."""
    picks = picks_of(strategy, *quotes)
    if len({row["market"] for row in quotes}) == 1:
        return sorted(picks["side"])
    return sorted(f"{market} {side}" for market, side in picks.select("market", "side").iter_rows())


def the_pick(strategy: Rule, *quotes: dict[str, Any]) -> dict[str, Any]:
    """The only pick there is."""
    picks = picks_of(strategy, *quotes)
    assert picks.height == 1, picks.select("market", "side", "reason").rows()
    return picks.row(0, named=True)


def mirrored(row: dict[str, Any]) -> dict[str, Any]:
    """The same world with home and away (over and under) exchanged."""
    turned = dict(row)
    for one, other in [("price_1", "price_2"), ("home_team", "away_team"), ("home_team_id", "away_team_id")]:
        turned[one], turned[other] = row[other], row[one]
    for name in SIGNED:
        turned[name] = _turned(row[name], lambda value: -value)
    for name in CHANCES:
        turned[name] = _turned(row[name], lambda value: 1 - value)
    for name in SHARES:
        turned[name] = _turned(row[name], lambda value: 100 - value)
    for measure in ("tickets", "money"):
        for one, other in (("min", "max"), ("max", "min")):
            turned[f"{measure}_{one}_1"] = _turned(row[f"{measure}_{other}_1"], lambda value: 100 - value)
    if row["market"] == "spread":
        for name in ("line", "consensus_line", "open_line"):
            turned[name] = _turned(row[name], lambda value: -value)
    turned["signal_side"] = OPPOSITE.get(row["signal_side"])
    return turned


def _turned(value: Any, how: Any) -> Any:
    return None if value is None else how(value)
