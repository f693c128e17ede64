"""What holds of every family: a mirrored world has mirrored picks, the unknown is no evidence, picks are well made."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from side_worlds import NYY, TB, mirrored, picks_of, quote, signal

from dagster_mlb.strategies.catalog import CatalogEntry, read_catalog
from dagster_mlb.strategies.families.model_edge import ModelEdge
from dagster_mlb.strategies.placing import place
from dagster_mlb.strategies.protocol import (
    MARKETS,
    OFFER_SCHEMA,
    OPPOSITE,
    PICK_COLUMNS,
    SIDE_KEY,
    SIDE_SCHEMA,
    Rule,
    Strategy,
)
from dagster_mlb.strategies.sides import sides_of

ENTRIES = read_catalog()
RULES = [entry.family(entry.parameters, name=entry.name) for entry in ENTRIES]
#: These mean one side by its place and have no mirror.
ONE_SIDED = {"random_side", "home_side", "over"}

move = st.sampled_from([None, -0.2, -0.05, 0.0, 0.01, 0.046, 0.1, 0.3])
percentage = st.sampled_from([None, 0.0, 8.0, 15.0, 30.0, 41.0, 50.0, 55.0, 66.0, 77.0, 90.0, 92.0])
probability = st.sampled_from([None, 0.35, 0.47, 0.5, 0.55, 0.62])
count = st.sampled_from([None, 0, 1, 2, 3, 5, 7])
prices = st.sampled_from([(-110, -110), (130, -150), (-260, 220), (105, -125), (112, 108)])
hours = st.sampled_from([None, 0.3, 0.8, 2.0, 5.0])
kinds = st.sampled_from(
    [
        *("steam", "jump", "reverse_line_movement", "sharp_public_divergence", "line_freeze"),
        *("late_move", "book_conflict", "arbitrage"),
    ]
)


@st.composite
def context(draw: st.DrawFn) -> dict[str, Any]:
    tickets, money = draw(percentage), draw(percentage)
    told: dict[str, Any] = {
        name: draw(move) for name in ("move", "episode_move", "late_move", "move_1h", "move_3h", "move_6h", "move_24h")
    }
    for measure, mean in (("tickets", tickets), ("money", money)):
        spread = draw(st.sampled_from([0.0, 4.0]))
        told[f"{measure}_1"] = mean
        told[f"{measure}_min_1"] = None if mean is None else mean - spread
        told[f"{measure}_max_1"] = None if mean is None else mean + spread
    return told | {
        "early_tickets_1": draw(percentage),
        "early_money_1": draw(percentage),
        "split_voices": draw(count),
        "consensus_books": draw(count),
        "reversals": draw(count),
        "consensus_probability_1": draw(probability),
        "sharp_probability_1": draw(probability),
        "retail_probability_1": draw(probability),
        "hours_to_start": draw(hours),
    }


@st.composite
def games(draw: st.DrawFn) -> list[dict[str, Any]]:
    """The quotes of some games."""
    found = draw(st.lists(worlds(), min_size=5, max_size=5))
    return [row | {"game_key": key} for key, quotes in enumerate(found) for row in quotes]


@st.composite
def worlds(draw: st.DrawFn) -> list[dict[str, Any]]:
    """All markets of one game at one decision, or two signals about it, at two books."""
    quotes = []
    clubs = draw(st.sampled_from([{}, {"home_team_id": TB}, {"home_team_id": NYY, "away_team_id": TB}]))
    if draw(st.booleans()):
        for market in MARKETS:
            told = draw(context()) | clubs
            if market == "moneyline":
                told["model_probability_1"] = draw(probability)
            quotes += [_at_book(market, name, draw(prices), told) for name in ("pinnacle", "fanduel")]
        return quotes
    for number in range(2):
        market = draw(st.sampled_from(MARKETS))
        side = draw(st.sampled_from(["over", "under"] if market == "total" else ["home", "away"]))
        told = (
            signal(draw(kinds), side, market, signal_id=f"signal {number}")
            | clubs
            | {
                "signal_move": draw(move),
                "signal_strength": draw(st.sampled_from([None, 0.02, 0.1, 20.0])),
                "signal_tickets_pct": draw(percentage),
                "signal_money_pct": draw(percentage),
            }
        )
        quotes += [_at_book(market, name, draw(prices), told) for name in ("pinnacle", "fanduel")]
    return quotes


def _at_book(market: str, name: str, price: tuple[int, int], told: dict[str, Any]) -> dict[str, Any]:
    is_sharp = name == "pinnacle"
    at_book = {"book": name, "is_benchmark": is_sharp, "sharp_rank": 1 if is_sharp else 10}
    return quote(market) | told | at_book | {"price_1": price[0], "price_2": price[1]}


class Shown:
    """What each rule is shown of these quotes; those that ask for the same book and markets share it."""

    def __init__(self, quotes: list[dict[str, Any]]) -> None:
        self.offers = pl.DataFrame(quotes, schema=OFFER_SCHEMA)
        self.sides: dict[tuple[str, tuple[str, ...]], pl.DataFrame] = {}

    def to(self, rule: Rule) -> pl.DataFrame:
        asked = rule.parameters.book, rule.parameters.markets
        if asked not in self.sides:
            self.sides[asked] = sides_of(self.offers, *asked)
        return self.sides[asked]


def chosen(picks: pl.DataFrame, *, turned: bool = False) -> list[tuple[Any, ...]]:
    side = pl.col("side").replace_strict(OPPOSITE, return_dtype=pl.String) if turned else pl.col("side")
    told = picks.select("game_key", "market", side, "source", "book", "signal_id", pl.col("strength").round(6))
    return sorted(told.rows(), key=str)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(world=games())
def test_a_mirrored_world_has_mirrored_picks(world: list[dict[str, Any]]) -> None:
    shown, reflected = Shown(world), Shown([mirrored(row) for row in world])
    for rule in RULES:
        if rule.family not in ONE_SIDED:
            picks, mirror = rule.picks(shown.to(rule)), rule.picks(reflected.to(rule))
            if "strength" not in picks.columns:
                picks, mirror = (frame.with_columns(strength=pl.lit(0.0)) for frame in (picks, mirror))
            assert chosen(picks) == chosen(mirror, turned=True), rule


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(world=games())
def test_picks_are_rows_of_the_sides_with_reasons_and_strengths(world: list[dict[str, Any]]) -> None:
    shown = Shown(world)
    for rule in RULES:
        sides = shown.to(rule)
        picks = rule.picks(sides)
        added = set(picks.columns) - set(sides.columns)
        assert added <= set(PICK_COLUMNS), rule
        assert picks.join(sides, on=list(SIDE_KEY), how="anti", nulls_equal=True).is_empty(), rule
        assert picks["reason"].is_not_null().all(), rule
        assert ("own_probability" in added) == isinstance(rule, ModelEdge), rule
        if not rule.is_null:
            assert (picks["strength"].is_finite() & (picks["strength"] >= 0)).all(), rule


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(world=games())
def test_every_form_can_be_placed_in_the_same_markets(world: list[dict[str, Any]]) -> None:
    shown = Shown(world)
    for entry in ENTRIES:
        rules = [entry.family(entry.parameters.model_copy(update={"form": form})) for form in entry.forms]
        placed = [set(place(rule, shown.to(rule)).select("game_key", "market").rows()) for rule in rules]
        assert placed[0] == placed[-1], entry.name


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_nothing_known_but_prices_is_no_evidence(rule: Rule) -> None:
    worlds = [quote(market, consensus_line=None, price_1=-115, price_2=105) for market in MARKETS]
    assert rule.is_null or picks_of(rule, *worlds).is_empty()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_day_without_games_has_no_picks(rule: Rule) -> None:
    picks = rule.picks(pl.DataFrame(schema=SIDE_SCHEMA))
    assert picks.is_empty()
    assert picks.schema["reason"] == pl.String
    assert isinstance(rule, Strategy)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_a_family_says_what_to_follow_and_what_to_fade(entry: CatalogEntry) -> None:
    told = entry.family.__doc__ or ""
    assert entry.family.is_null or entry.family.name == "arbitrage" or ("Follow" in told and "Fade" in told)
