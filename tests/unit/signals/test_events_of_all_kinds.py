"""``detect``: ids, parameters, what is empty, games that must not mix."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import polars as pl
import pytest
from pydantic import ValidationError
from signal_worlds import GAME, START, count, game, games_of, quote, seen, splits_of, states_of

from dagster_mlb.market.frames import STARTERS
from dagster_mlb.signals.events import KINDS, SIGNALS, detect, no_signals
from dagster_mlb.signals.parameters import Parameters

JUMP = [quote("pinnacle", 300), quote("pinnacle", 100, 0.06)]


def test_an_id_says_what_where_and_when() -> None:
    event = seen(JUMP, kind="jump").row(0, named=True)
    told = f"jump|{GAME}|moneyline|home|2025-07-15T21:25:00.000000Z"
    assert event["signal_id"] == hashlib.sha256(told.encode()).hexdigest()[:32]
    assert (event["season"], event["official_date"], event["provenance"]) == (2025, START.date(), "live")
    assert (event["capture"], event["load_id"]) == ("captured", 7)


def test_parameters_have_one_hash_and_refuse_what_they_do_not_know() -> None:
    assert Parameters().hash() == Parameters.model_validate({"steam": {}}).hash()
    assert Parameters().hash() != Parameters.model_validate({"steam": {"books": 4}}).hash()
    assert seen(JUMP)["parameters_hash"].unique().to_list() == [Parameters().hash()]
    for wrong in ({"steam": {"book": 3}}, {"steam": {"books": 1}}, {"latency_seconds": -1}, {"smoke": {}}):
        with pytest.raises(ValidationError):
            Parameters.model_validate(wrong)


def test_every_parameter_says_where_it_comes_from() -> None:
    for kind in KINDS:
        for name, field in Parameters.model_fields[kind].annotation.model_fields.items():  # type: ignore[union-attr]
            assert field.description, f"{kind}.{name}"


@pytest.mark.parametrize("there", [(), ("games",), ("games", "splits")])
def test_nothing_gives_a_frame_of_the_schema(there: tuple[str, ...]) -> None:
    told = detect(
        states_of([]),
        splits_of([count(100, 60.0)] if "splits" in there else []),
        games_of([game()] if "games" in there else []),
        starters=pl.DataFrame(schema=STARTERS),
    )
    assert told.schema == pl.Schema(SIGNALS) == no_signals().schema
    assert told.is_empty()


def test_states_without_a_game_and_a_quiet_market_give_none() -> None:
    assert detect(states_of(JUMP), splits_of([]), games_of([])).schema == pl.Schema(SIGNALS)
    quiet = [quote("pinnacle", 300), quote("draftkings", 290)]
    assert seen(quiet, [count(200, 50.0, 50.0)]).is_empty()
    assert seen(JUMP[:1]).is_empty()


def test_labels_give_none() -> None:
    """An archive that knows only an open and a close has no path between them."""
    labelled = [
        row | {"label": label, "moment_assumed": True} for row, label in zip(JUMP, ("open", "close"), strict=True)
    ]
    assert seen(labelled).is_empty()


def test_the_two_games_of_a_doubleheader_do_not_mix() -> None:
    """Two books move in the first game and one in the second: no steam in either, whatever their starts."""
    second = START + timedelta(hours=4)
    games = [game(), game(GAME + 1, second)]
    opens = [
        quote(book, 300, game_key=key) for key in (GAME, GAME + 1) for book in ("pinnacle", "draftkings", "fanduel")
    ]
    moves = [
        quote("pinnacle", 100, 0.06),
        quote("draftkings", 95, 0.06),
        quote("fanduel", 92, 0.06, game_key=GAME + 1),
    ]
    assert seen(opens + moves, kind="steam", games=games).is_empty()
    together = [row | {"game_key": GAME} for row in moves]
    assert seen(opens + together, kind="steam", games=games)["game_key"].to_list() == [GAME]


def test_markets_of_one_game_do_not_mix() -> None:
    lines = {"moneyline": None, "spread": -1.5, "total": 8.5}
    opens = [
        quote(book, 300, market=market, line=line)
        for market, line in lines.items()
        for book in ("pinnacle", "draftkings", "fanduel")
    ]
    moves = [
        quote(book, 100, 0.06, market=market, line=line)
        for book, (market, line) in zip(("pinnacle", "draftkings", "fanduel"), lines.items(), strict=True)
    ]
    assert seen(opens + moves, kind="steam").is_empty()
    assert seen(opens + moves, kind="jump")["market"].to_list() == ["moneyline"]


def test_everything_is_of_the_side() -> None:
    down = [quote("pinnacle", 300, market="total", line=9.0), quote("pinnacle", 100, -0.06, market="total", line=9.0)]
    event = seen(down, [count(110, 70.0, 55.0, market="total")], kind="jump").row(0, named=True)
    assert (event["side"], event["line"], event["tickets_pct"], event["money_pct"]) == ("under", 9.0, 30, 45)
    assert event["probability"] == pytest.approx(0.515, abs=1e-3)
    assert event["level"] == pytest.approx(0.06 - 0.36 * 0.5)
    assert event["move"] == pytest.approx(0.06)
