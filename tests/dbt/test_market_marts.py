"""The consensus at every moment and the movement until a decision, against a plain reckoning of the same, on markets
made up at random: books that come, go and move, several sources of a book, several lines, means of books, labels,
news."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

import psycopg
import pytest

from tests.dbt.model_sql import build, rows_of

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)
BOOKS = {
    "pinnacle": ("book", 1, 4.0),
    "circa": ("book", 2, 3.5),
    "lowvig": ("book", 5, 2.5),
    "draftkings": ("book", 10, 1.2),
    "consensus": ("consensus", 6, 1.0),
}
UNLISTED = ("book", 99, 1.0)
LINES = {"moneyline": [None], "spread": [-1.5, 1.5], "total": [8.0, 8.5, 9.0]}


class State(NamedTuple):
    game_key: int
    market: str
    source: str
    book: str
    known_at: datetime
    label: str | None
    line: float | None
    level: float
    hold: float
    unusable_because: str | None
    moment_assumed: bool


@pytest.fixture(scope="module")
def server(server_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(
            "create temp table sportsbooks (book text, kind text, sharp_rank int, weight float8);"
            "create temp table int_market_states (game_key bigint, market text, source text, book text,"
            " known_at timestamptz, label text, line numeric(6, 2), level float8, hold float8, unusable_because text,"
            " moment_assumed boolean, capture text, provenance text, load_id bigint);"
            "create temp table int_decision_points (game_key bigint, decision text, decision_at timestamptz);"
            "create temp table int_starter_changes (game_key bigint, changed_at timestamptz, reason text);"
            "create temp table int_bet_counts (game_key bigint, known_at timestamptz, bets int, new_bets int)"
        )
        connection.cursor().executemany(
            "insert into sportsbooks values (%s, %s, %s, %s)", [(book, *told) for book, told in BOOKS.items()]
        )
        yield connection


def states_at_random(seed: int, games: int = 60) -> list[State]:
    """Some 25 states of every game and market, minutes apart, now and then several at one moment."""
    chance = random.Random(seed)
    states = []
    for game in range(games):
        for market, lines in LINES.items():
            books = chance.sample([*BOOKS, "unlisted"], chance.randint(1, 5))
            start = NOON - timedelta(hours=chance.choice([2, 8, 30]))
            if chance.random() < 0.3:
                labelled = State(
                    game, market, "archive", "consensus", start, "open", lines[0], 0.5, 0.03, None, moment_assumed=True
                )
                states += [labelled, labelled._replace(known_at=NOON, label="close", level=0.25)]
            moment = start
            for _ in range(25):
                moment += timedelta(minutes=chance.choice([0, 0, 1, 7, 40]))
                states.append(
                    State(
                        game,
                        market,
                        chance.choice(["odds_api", "odds_api", "action"]),
                        chance.choice(books),
                        min(moment, NOON - timedelta(minutes=1)),
                        chance.choice([None] * 9 + ["open"]),
                        chance.choice(lines),
                        round(chance.gauss(0.1, 0.08), 6),
                        chance.choice([0.02, 0.03, 0.045]),
                        chance.choice([None] * 5 + ["suspended"]),
                        moment_assumed=False,
                    )
                )
    unique = {(*state[:5], state.label): state for state in states}
    return list(unique.values())


def load(connection: psycopg.Connection, states: list[State]) -> None:
    connection.execute("truncate int_market_states")
    connection.cursor().executemany(
        "insert into int_market_states values (" + ", ".join(["%s"] * len(State._fields)) + ", 'captured', 'live', 1)",
        states,
    )
    build(connection, "int_voices", "int_main_lines", "consensus_path")


def told_of(book: str) -> tuple[str, int, float]:
    return BOOKS.get(book, UNLISTED)


def path_by_hand(states: list[State]) -> dict[datetime, dict[str, Any]]:
    """The consensus of one game and market at every moment, by looking at all books anew at each."""
    states = [state for state in states if state.label is None or state.moment_assumed]
    states.sort(key=lambda state: (state.known_at, state.source, state.label or ""))
    voice: dict[str, str] = {}
    for state in states:
        if state.unusable_because is None:
            voice.setdefault(state.book, state.source)
    path = {}
    now: dict[str, State] = {}
    last: dict[str, float] = {}
    real_has_spoken = False
    for moment in sorted({state.known_at for state in states}):
        before, last_before = dict(now), dict(last)
        for state in states:
            if state.known_at == moment and voice.get(state.book) == state.source:
                if state.unusable_because is None:
                    now[state.book], last[state.book] = state, state.level
                else:
                    now.pop(state.book, None)
        real_has_spoken |= any(told_of(book)[0] == "book" for book in now)
        kind = "book" if real_has_spoken else "consensus"
        said = {book: state for book, state in now.items() if told_of(book)[0] == kind}
        was = {book: state for book, state in before.items() if told_of(book)[0] == kind}
        what = {book: (state.line, state.level, state.hold) for book, state in said.items()}
        if what != {book: (state.line, state.level, state.hold) for book, state in was.items()}:
            path[moment] = spoken(kind, said) | {
                "moved_books": sorted(b for b in said if b in last_before and said[b].level != last_before[b]),
                "joined_books": sorted(said.keys() - was.keys()),
                "left_books": sorted(was.keys() - said.keys()),
                "n_suspended": sum(told_of(book)[0] == kind and book not in now for book in last),
                "move": sum(told_of(b)[2] * (said[b].level - last_before.get(b, said[b].level)) for b in said)
                / sum(told_of(b)[2] for b in said)
                if said
                else None,
            }
    return path


def spoken(kind: str, said: dict[str, State]) -> dict[str, Any]:
    """What the books that have a price say together."""
    if not said:
        return {"kind": kind, "n_books": 0, "level": None, "dispersion": None, "hold": None, "line": None} | {
            "sharp_level": None,
            "retail_level": None,
        }
    level = mean_level(said)
    lines: dict[float | None, list[float]] = {}
    for book, state in said.items():
        lines.setdefault(state.line, []).append(told_of(book)[2])
    weights = {book: told_of(book)[2] for book in said}
    apart = sum(weights[book] * (state.level - level) ** 2 for book, state in said.items()) / sum(weights.values())
    sharp = {book: state for book, state in said.items() if told_of(book)[1] <= 5}
    retail = {book: state for book, state in said.items() if book not in sharp}
    return {
        "kind": kind,
        "n_books": len(said),
        "level": level,
        "dispersion": math.sqrt(apart),
        "hold": sum(state.hold for state in said.values()) / len(said),
        "line": min(lines, key=lambda line: (-len(lines[line]), -round(sum(lines[line]), 6), abs(line or 0), line)),
        "sharp_level": mean_level(sharp) if kind == "book" and sharp else None,
        "retail_level": mean_level(retail) if kind == "book" and retail else None,
    }


def mean_level(said: dict[str, State]) -> float:
    weight = sum(told_of(book)[2] for book in said)
    return sum(told_of(book)[2] * state.level for book, state in said.items()) / weight


def same(found: Any, expected: Any) -> bool:
    if isinstance(expected, float) and found is not None:
        return math.isclose(float(found), expected, abs_tol=3e-6)
    return bool(found == expected)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_path_is_what_a_plain_reckoning_gives(server: psycopg.Connection, seed: int) -> None:
    states = states_at_random(seed)
    load(server, states)
    found: dict[tuple[int, str], dict[datetime, dict[str, Any]]] = {}
    for row in rows_of(server, "select * from consensus_path"):
        found.setdefault((row["game_key"], row["market"]), {})[row["known_at"]] = row
    markets: dict[tuple[int, str], list[State]] = {}
    for state in states:
        markets.setdefault((state.game_key, state.market), []).append(state)

    kinds = set()
    for key, of_market in markets.items():
        expected = path_by_hand(of_market)
        assert found.get(key, {}).keys() == expected.keys(), key
        for moment, row in expected.items():
            told = found[key][moment]
            assert {name: told[name] for name in row if not same(told[name], row[name])} == {}, (key, moment, row)
            kinds.add((told["kind"], told["n_books"] == 0, bool(told["moved_books"]), bool(told["left_books"])))
    # The worlds hold what they are meant to hold.
    assert {("consensus", False, False, False), ("book", True, False, True), ("book", False, True, False)} <= kinds


@pytest.mark.parametrize("seed", [4, 5])
def test_what_comes_later_changes_nothing_that_was_known(server: psycopg.Connection, seed: int) -> None:
    """Cut off, or thrown about, whatever is known after a moment: the path until then stays bit for bit, and so does
    every decision until then."""
    states = states_at_random(seed)
    cut = NOON - timedelta(minutes=50)
    chance = random.Random(seed)
    poisoned = [
        state._replace(level=chance.gauss(0, 5), line=8.0, hold=0.1, unusable_because=None)
        if state.known_at > cut
        else state
        for state in states
    ]
    told = []
    for world in (states, [state for state in states if state.known_at <= cut], poisoned):
        load(server, world)
        decide(server, cut, {game: [cut - timedelta(minutes=90)] for game in range(0, 60, 3)})
        told.append(
            (
                rows_of(server, f"select * from consensus_path where known_at <= '{cut}' order by 1, 2, 3"),
                rows_of(server, f"select * from movement_analysis where decision_at <= '{cut}' order by 1, 2, 3"),
            )
        )
    assert len(told[0][0]) > 500 and len(told[0][1]) > 150
    assert told[1] == told[0]
    assert told[2] == told[0]


def decide(connection: psycopg.Connection, moment: datetime, news: dict[int, list[datetime]]) -> None:
    """Two decisions for every game, one at ``moment`` and one at noon, and the movement until each."""
    connection.execute("truncate int_decision_points, int_starter_changes")
    connection.execute(
        "insert into int_decision_points select distinct game_key, told.decision, told.at::timestamptz from"
        " int_market_states cross join (values ('pregame', %s), ('close', %s)) as told (decision, at)",
        [moment.isoformat(), NOON.isoformat()],
    )
    connection.cursor().executemany(
        "insert into int_starter_changes values (%s, %s, 'away starter A replaced by B')",
        [(game, moment) for game, moments in news.items() for moment in moments],
    )
    build(connection, "movement_analysis")


@pytest.mark.parametrize("seed", [6, 7])
def test_the_movement_is_what_a_plain_reckoning_gives(server: psycopg.Connection, seed: int) -> None:
    load(server, states_at_random(seed))
    news = {game: [NOON - timedelta(minutes=95), NOON - timedelta(minutes=55)] for game in range(0, 60, 2)}
    decide(server, NOON - timedelta(minutes=50), news)
    path: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for row in rows_of(server, "select * from consensus_path order by known_at"):
        path.setdefault((row["game_key"], row["market"]), []).append(row)
    voices: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for row in rows_of(server, "select * from int_voices where is_open and last_level is not null order by known_at"):
        voices.setdefault((row["game_key"], row["market"]), []).append(row)

    rows = rows_of(server, "select * from movement_analysis")
    for row in rows:
        key = (row["game_key"], row["market"])
        expected = movement_by_hand(path[key], voices.get(key, []), row["decision_at"], news.get(key[0], []))
        wrong = {name: (row[name], value) for name, value in expected.items() if not same(row[name], value)}
        assert wrong == {}, (key, row["decision"])
    assert sum(row["n_episodes"] > 1 for row in rows) > 50
    assert sum(row["reversals"] > 1 for row in rows) > 50
    assert sum(bool(row["n_followers"]) for row in rows) > 30
    assert sum(row["level"] is None for row in rows) > 3
    assert {row["decision"] for row in rows} == {"pregame", "close"}


def movement_by_hand(
    path: list[dict[str, Any]], voices: list[dict[str, Any]], decided: datetime, news: list[datetime]
) -> dict[str, Any]:
    """How the market moved until ``decided``, by walking its path row by row."""
    path = [row for row in path if row["known_at"] <= decided]
    now = path[-1]
    path = [row for row in path if row["kind"] == now["kind"]]
    first = path[0]
    came = max((moment for moment in news if moment <= decided), default=None)
    entries = {
        min((r["known_at"] for r in path if r["known_at"] >= m and r["level"] is not None), default=None) for m in news
    }
    episode = [row for row in path if came is None or row["known_at"] >= came]
    levels = [row for row in episode if row["level"] is not None]
    moves = [row for row in path[1:] if row["move"] and row["known_at"] not in entries]
    opened = None if first["label"] == "close" else first["level"]
    expected: dict[str, Any] = {
        "move": None if opened is None or now["level"] is None else now["level"] - opened,
        "n_moves": len(moves),
        "total_variation": sum(abs(row["move"]) for row in moves) + 0.0,
        "reversals": sum(
            (one["move"] > 0) != (other["move"] > 0)
            for part in by_episode([row for row in moves if abs(row["move"]) > 0.01], news)
            for one, other in pairwise(part)
        ),
        "episode_move": now["level"] - levels[0]["level"] if levels and now["level"] is not None else None,
        "n_episodes": 1 + (0 if opened is None else sum(first["known_at"] < moment <= decided for moment in news)),
        "leader_books": None,
        "n_followers": None,
        "follow_minutes": None,
    }
    is_timed = not any(row["moment_assumed"] for row in path) and bool(levels) and now["level"] is not None
    for hours in (1, 3, 6, 24):
        stood = [row["level"] for row in levels if row["known_at"] <= decided - timedelta(hours=hours)]
        expected[f"move_{hours}h"] = now["level"] - (stood or [levels[0]["level"]])[-1] if is_timed else None
    expected["stability"] = calm(path, episode, decided, now["level"]) if is_timed else None
    if is_timed and now["kind"] == "book" and abs(now["level"] - levels[0]["level"]) > 1e-6:
        way = 1 if now["level"] > levels[0]["level"] else -1
        went: dict[str, datetime] = {}
        for row in voices:
            is_of_episode = (came is None or row["known_at"] >= came) and row["known_at"] <= decided
            if is_of_episode and row["kind"] == "book" and way * (row["level"] - row["last_level"]) >= 0.01:
                went.setdefault(row["book"], row["known_at"])
        if went:
            led = min(went.values())
            lags = [(moment - led).total_seconds() / 60 for moment in went.values() if moment > led]
            expected["leader_books"] = sorted(book for book, moment in went.items() if moment == led)
            expected["n_followers"] = len(lags)
            expected["follow_minutes"] = float(median(lags)) if lags else None
    return expected


def by_episode(rows: list[dict[str, Any]], news: list[datetime]) -> list[list[dict[str, Any]]]:
    parts: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        parts.setdefault(sum(moment <= row["known_at"] for moment in news), []).append(row)
    return list(parts.values())


def calm(path: list[dict[str, Any]], episode: list[dict[str, Any]], decided: datetime, level: float) -> float | None:
    """Of the last six hours of the episode, the share near the present level; hours without a level do not count."""
    told = near = 0.0
    for row, after in zip(path, [*path[1:], {"known_at": decided}], strict=True):
        seconds = (after["known_at"] - max(row["known_at"], decided - timedelta(hours=6))).total_seconds()
        if row in episode and row["level"] is not None and seconds > 0:
            told += seconds
            near += seconds if abs(row["level"] - level) <= 0.02 else 0.0
    return near / told if told else None
