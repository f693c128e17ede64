"""Action Network's staging on the league's answers, on answers made for one rule each, and on spoiled ones."""

from __future__ import annotations

import copy
import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from conftest import NOW

from dagster_mlb.settings import Settings
from dagster_mlb.simulator import wire_action_network as wire
from dagster_mlb.simulator.clubs import CLUBS
from dagster_mlb.simulator.demo import DEMO_WORLD
from dagster_mlb.simulator.http_answers import json_bytes
from dagster_mlb.simulator.schedule import Listing, utc
from dagster_mlb.simulator.splits import public_splits
from dagster_mlb.simulator.wire_action_network_games import event_id
from dagster_mlb.sources.action_network.books import DEFAULT_BOOKS
from dagster_mlb.sources.action_network.collect import Event, listed_events
from dagster_mlb.sources.http import Capture, ResponseRecord
from dagster_mlb.sources.raw_responses import store_many
from dagster_mlb.warehouse.connection import connect
from tests.integration.staged_bodies import rows, stage
from tests.integration.world import Server, fresh_database
from tests.mutations import mutate_json

PERIODS = ("event", "firstfiveinnings", "firstinning")
# An afternoon of the league: games over, in play and to come.
WORLD = DEMO_WORLD.at(datetime(2025, 7, 15, 19, 30, tzinfo=UTC))
AT = WORLD.now
SLATE = WORLD.today
QUOTES, HISTORY = "stg_action_network__quotes", "stg_action_network__history_quotes"
MUTATIONS = 60

# Records counted from the document by another path than the models (jsonpath, or SQL over raw.body).
COUNTS = {
    "action_network_scoreboard": (
        QUOTES,
        "case when d.document is null then 1 "
        "else (select count(*) from jsonb_path_query(d.document, 'lax $.games[*].markets.*.*.*[*]')) end",
    ),
    "action_network_public_betting": (
        QUOTES,
        "case when d.document is null then 1 "
        "else (select count(*) from jsonb_path_query(d.document, 'lax $.games[*].markets.*.*.*[*]')) end",
    ),
    "action_network_scoreboard_v1": (
        QUOTES,
        """case when d.document is null then 1 else (
            select coalesce(sum(case when jsonb_typeof(line.value) <> 'object' then 1 else greatest(1, (
                select count(*) from jsonb_each(line.value) as field
                where jsonb_typeof(field.value) <> 'null' and field.key in (
                    'ml_away', 'ml_home', 'draw', 'spread_away_line', 'spread_home_line', 'over', 'under', 'away_over',
                    'away_under', 'home_over', 'home_under')
            )) end), 0)
            from jsonb_path_query(d.document, 'lax $.games[*].odds[*]') as line (value)) end""",
    ),
    "action_network_market_history": (
        HISTORY,
        "case when d.document is null then 1 "
        "else (select count(*) from jsonb_path_query(d.document, 'lax $.*.*.*[*]')) "
        "+ (select count(*) from jsonb_path_query(d.document, 'lax $.*.*.*[*].history[*]')) end",
    ),
    "action_network_books": (
        "stg_action_network__books",
        "case when d.document is null then 1 "
        "else (select count(*) from jsonb_path_query(d.document, 'lax $.books[*]')) end",
    ),
}


@dataclass
class Staged:
    settings: Settings
    loads: dict[str, int]

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return rows(self.settings, query, parameters)


class Kept:
    """Collects bodies, each the answer to a question of its own, and puts them into raw in one go."""

    def __init__(self) -> None:
        self.answers: dict[str, list[tuple[str, ResponseRecord, Capture]]] = {}

    def put(
        self,
        name: str,
        table: str,
        body: Any,
        *,
        path: str = "/web",
        capture: Capture = "captured",
        day: date | None = None,
    ) -> None:
        data = body if isinstance(body, bytes) else json_bytes(body)
        digest = hashlib.sha256(data).hexdigest()
        record = ResponseRecord(
            source="action_network",
            endpoint=table,
            request_key=f"GET {path}?q={name}",
            official_date=day,
            observed_at=AT,
            http_status=200,
            content_type="application/json",
            body=data,
            content_hash=digest,
            byte_length=len(data),
        )
        self.answers.setdefault(table, []).append((name, record, capture))

    def store(self, settings: Settings) -> dict[str, int]:
        loads: dict[str, int] = {}
        with connect(settings) as connection:
            for table, answers in self.answers.items():
                stored = store_many(
                    connection,
                    table,
                    [record for _, record, _ in answers],
                    run_id="test",
                    capture=[capture for *_, capture in answers],
                    provenance="simulated",
                    ingested_at=AT + timedelta(seconds=1),
                )
                loads |= {name: load.load_id for (name, *_), load in zip(answers, stored, strict=True)}
        return loads


def game(*outcomes: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A scoreboard of one game, Atlanta at the Yankees, with some outcomes: ``book``, ``period`` and ``type`` name
    their place."""
    markets: dict[str, Any] = {}
    for outcome in outcomes:
        told = {"line_status": "normal", "is_live": False, "is_alt_market": False, "value": 0} | outcome
        place = [told.pop("book", "1534"), told.pop("period", "event"), told.pop("type", "moneyline")]
        markets.setdefault(place[0], {}).setdefault(place[1], {}).setdefault(place[2], []).append(told)
    head = {
        "id": 292748,
        "status": "scheduled",
        "start_time": "2025-07-15T23:05:00.000Z",
        "away_team_id": 215,
        "home_team_id": 191,
        "markets": markets,
    }
    return {"games": [head | fields]}


def share(tickets: Any, money: Any) -> dict[str, Any]:
    return {"tickets": {"value": 0, "percent": tickets}, "money": {"value": 0, "percent": money}}


def market(one: dict[str, Any], other: dict[str, Any], **place: Any) -> list[dict[str, Any]]:
    return [
        {"side": "home", "team_id": 191, "odds": -120, "bet_info": share(60, 55)} | place | one,
        {"side": "away", "team_id": 215, "odds": 110, "bet_info": share(40, 45)} | place | other,
    ]


HOME = {"side": "home", "team_id": 191, "odds": -120}

# One outcome and what becomes of it: (disposition, rule).
JUDGED: dict[str, tuple[dict[str, Any], str, str | None]] = {
    "a_price": (HOME, "staged", None),
    "an_opener": (HOME | {"line_status": "opener"}, "staged", None),
    "a_suspended_price": (HOME | {"line_status": "suspended"}, "staged", None),
    "a_price_taken_down": (HOME | {"line_status": "unavailable", "odds": 0}, "staged", None),
    "an_alternate_line": (
        {"type": "total", "side": "over", "odds": 150, "value": 9.5, "is_alt_market": True},
        "staged",
        None,
    ),
    "a_book_that_nobody_knows": (HOME | {"book": "972"}, "staged", None),
    "no_status_at_all": (HOME | {"line_status": None}, "staged", None),
    "a_status_that_nobody_knows": (HOME | {"line_status": "asleep"}, "quarantined", "unknown_status"),
    "a_live_price": (HOME | {"is_live": True}, "out_of_scope", "in_play"),
    "another_market": (HOME | {"type": "core_bet_type_99"}, "out_of_scope", "market_not_staged"),
    "another_period": (HOME | {"period": "firstthreeinnings"}, "out_of_scope", "period_not_staged"),
    "a_side_of_no_market": (HOME | {"side": "over"}, "quarantined", "invalid_side"),
    "a_side_with_the_other_club": (HOME | {"team_id": 215}, "quarantined", "side_contradicts_team"),
    "a_price_that_is_text": (HOME | {"odds": "even"}, "quarantined", "invalid_price"),
    "a_price_of_zero": (HOME | {"odds": 0}, "quarantined", "price_inside_100"),
    "a_price_beyond_reason": (HOME | {"odds": 250000}, "quarantined", "price_out_of_range"),
    "a_total_without_a_line": (
        {"type": "total", "side": "over", "odds": -110, "value": None},
        "quarantined",
        "invalid_line",
    ),
    "a_quarter_line": (
        {"type": "total", "side": "over", "odds": -110, "value": 8.25},
        "quarantined",
        "line_not_half_runs",
    ),
    "a_line_of_zero": ({"type": "total", "side": "over", "odds": -110, "value": 0}, "quarantined", "line_out_of_range"),
    "a_run_line_of_thirty": (HOME | {"type": "spread", "value": 30}, "quarantined", "line_out_of_range"),
    "a_total_of_a_third_club": (
        {"type": "core_bet_type_6_team_score", "side": "over", "team_id": 200, "odds": -110, "value": 3.5},
        "quarantined",
        "unknown_team",
    ),
    "a_book_of_letters": (HOME | {"book": "parx"}, "quarantined", "invalid_book"),
}
GAMES: dict[str, tuple[dict[str, Any], str]] = {
    "a_club_that_nobody_knows": ({"home_team_id": 9}, "unknown_team"),
    "one_club_twice": ({"home_team_id": 215}, "same_team_twice"),
    "a_start_that_is_no_time": ({"start_time": "tonight"}, "invalid_time"),
    "a_game_without_its_id": ({"id": None}, "missing_value"),
}


def league_answers(kept: Kept) -> None:
    for day in (SLATE, SLATE + timedelta(days=1)):
        slate = wire.scoreboard(WORLD, day, DEFAULT_BOOKS, PERIODS)
        kept.put(f"scoreboard {day}", "action_network_scoreboard", slate, day=day)
        kept.put(f"v1 {day}", "action_network_scoreboard_v1", wire.scoreboard_v1(WORLD, day))
    kept.put(
        "public",
        "action_network_public_betting",
        wire.scoreboard(WORLD, SLATE, DEFAULT_BOOKS, ["event"]),
        path="/public",
    )
    for _, listing in wire.slate(WORLD, SLATE):
        event = event_id(listing)
        moves = wire.market_history(WORLD, event, DEFAULT_BOOKS, PERIODS)
        kept.put(
            f"moves {event}", "action_network_market_history", moves, path=f"/web/v2/markets/event/{event}/history"
        )
    kept.put("books", "action_network_books", wire.books())
    yesterday = SLATE - timedelta(days=1)
    past = wire.scoreboard(WORLD, yesterday, DEFAULT_BOOKS, PERIODS)
    kept.put("past", "action_network_scoreboard", past, path="/past", capture="backfilled")
    kept.put("past v1", "action_network_scoreboard_v1", wire.scoreboard_v1(WORLD, yesterday), capture="backfilled")


def made_answers(kept: Kept) -> None:
    for name, (outcome, _, _) in JUDGED.items():
        kept.put(name, "action_network_scoreboard", game(outcome))
    for name, (fields, _) in GAMES.items():
        kept.put(name, "action_network_scoreboard", game(HOME, **fields))
    states = [HOME | {"book": "68", "odds": -125}, HOME | {"book": "1534"}, HOME | {"book": "69", "odds": -130}]
    kept.put("two states of one book", "action_network_scoreboard", game(*states))
    unlike = [*market({}, {}, book="15"), *market({}, {}, book="74")]
    unlike += market({"bet_info": share(70, 55)}, {"bet_info": share(30, 45)}, book="255")
    unlike += market({"bet_info": share(0, 0)}, {"bet_info": share(0, 0)}, book="280")
    unlike += market({"bet_info": share(60, 55)}, {"bet_info": share(60, 45)}, book="122")
    kept.put("figures that differ", "action_network_public_betting", game(*unlike))
    kept.put(
        "only another book has figures",
        "action_network_public_betting",
        game(*market({"bet_info": share(0, 0)}, {"bet_info": share(0, 0)}, book="15"), *market({}, {}, book="74")),
    )
    kept.put(
        "a figure that is no percentage",
        "action_network_public_betting",
        game(*market({"bet_info": share(160, 55)}, {"bet_info": share(-60, 45)}, book="15")),
    )
    kept.put(
        "everybody on one side",
        "action_network_public_betting",
        game(*market({"bet_info": share(100, 0)}, {"bet_info": share(0, 0)}, book="15")),
    )
    moves = {
        "1534": {
            "event": {
                "moneyline": [
                    HOME
                    | {
                        "event_id": 77,
                        "history": [
                            {"odds": -110, "value": 0, "updated_at": "2025-07-15T14:00:00.1Z", "line_status": "opener"},
                            {"odds": -115, "value": 0, "updated_at": "2026-01-01T00:00:00Z"},
                            {"odds": -118, "value": 0},
                        ],
                    }
                ]
            }
        }
    }
    path = "/web/v2/markets/event/77/history"
    kept.put("moves", "action_network_market_history", moves, path=path)
    kept.put("moves asked afterwards", "action_network_market_history", moves, path=path, capture="backfilled")
    kept.put("moves of another game", "action_network_market_history", moves, path=path.replace("77", "78"))
    v1 = {
        "book_id": 21,
        "type": "game",
        "ml_home": -120,
        "ml_away": 110,
        "inserted": "2025-07-15T18:48:55.83408+00:00",
        "ml_home_public": 61,
        "ml_away_public": 39,
        "line_status": {"ml_home": 2, "ml_away": 0},
    }
    empty = {"book_id": 75, "type": "game", "ml_home": None}
    old = {**game()["games"][0], "odds": [v1, empty, v1 | {"type": "live"}, "closed"]}
    kept.put("v1 rows", "action_network_scoreboard_v1", {"games": [old]})


def spoiled_answers(kept: Kept) -> None:
    rng = random.Random(11)
    one = wire.scoreboard(WORLD, SLATE, DEFAULT_BOOKS[:2], PERIODS)
    one["games"] = one["games"][:2]
    v1 = wire.scoreboard_v1(WORLD, SLATE)
    v1["games"] = [v1["games"][0] | {"odds": v1["games"][0]["odds"][:6]}]
    event = event_id(wire.slate(WORLD, SLATE)[3][1])
    small = [
        ("action_network_scoreboard", one, "/web/v2/scoreboard/mlb"),
        ("action_network_public_betting", one, "/web/v2/scoreboard/publicbetting/mlb"),
        ("action_network_scoreboard_v1", v1, "/web/v1/scoreboard/mlb"),
        (
            "action_network_market_history",
            wire.market_history(WORLD, event, [1534, 15], ["event"]),
            f"/web/v2/markets/event/{event}/history",
        ),
        ("action_network_books", wire.books(), "/web/v1/books"),
    ]
    for table, document, path in small:
        body = json_bytes(document)
        for number in range(MUTATIONS):
            spoiled = mutate_json(rng, body)
            for _ in range(rng.randrange(3)):
                try:
                    spoiled = mutate_json(rng, spoiled.body)
                except ValueError:
                    break
            kept.put(f"spoiled {table} {number}", table, spoiled.body, path=path)
        shapes: list[Any] = [
            [document],
            {"games": {"markets": 5}},
            {"games": [[document]]},
            7,
            None,
            {"games": [None, "x"]},
        ]
        shapes += [{"15": [document]}, {"15": {"event": {"total": {"odds": -110}}}}, {"books": {"id": 3}}]
        wrapped = copy.deepcopy(document)
        if "games" in wrapped:
            wrapped["games"][0]["markets"] = [wrapped["games"][0].get("markets"), [], 4]
            shapes.append(wrapped)
        for number, shape in enumerate(shapes):
            kept.put(f"shape {table} {number}", table, shape, path=path)


@pytest.fixture(scope="module")
def staged(server_url: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staged]:
    server = Server(server_url, postgres_server)
    with fresh_database(server, tmp_path_factory.mktemp("data"), NOW) as empty:
        settings = empty.model_copy(update={"fixed_now": AT})
        kept = Kept()
        league_answers(kept)
        made_answers(kept)
        spoiled_answers(kept)
        loads = kept.store(settings)
        models = ["quotes", "history_quotes", "splits", "games", "books"]
        stage(settings, *(f"+stg_action_network__{model}" for model in models))
        yield Staged(settings, loads)


# ---------------------------------------------------------------- the league


def listings() -> dict[str, Listing]:
    return wire.event_listings(WORLD)


def league_loads(staged: Staged, *prefixes: str) -> list[int]:
    return [load for name, load in staged.loads.items() if name.startswith(prefixes)]


@pytest.mark.parametrize("model", [QUOTES, HISTORY, "stg_action_network__books", "stg_action_network__games"])
def test_the_leagues_records_are_accepted(staged: Staged, model: str) -> None:
    loads = league_loads(staged, "scoreboard ", "v1 2", "public", "moves ", "books", "past")
    told = staged.rows(
        f"""select disposition, coalesce(rule, ''), count(*) from staging.{model}
            where load_id = any(%s) group by 1, 2""",
        loads,
    )
    counts: dict[str, int] = {}
    for disposition, _, count in told:
        counts[disposition] = counts.get(disposition, 0) + count
    judged = counts.get("staged", 0) + counts.get("quarantined", 0)
    assert judged > 10
    assert counts["staged"] >= 0.98 * judged, told
    assert {rule for disposition, rule, _ in told if disposition == "out_of_scope"} <= {
        *("in_play", "other_state_of_the_book", "no_time_of_its_own", "no_price", "moves_of_the_opening_line"),
    }


def test_the_clubs_and_starts_are_the_leagues(staged: Staged) -> None:
    known = listings()
    told = staged.rows(
        """select event_id, away_team_id, home_team_id, commence_at, official_date, status, away_rotation_number
           from staging.stg_action_network__games where load_id = any(%s)""",
        league_loads(staged, "scoreboard ", "past"),
    )
    assert len(told) >= 40
    for event, away, home, commence_at, day, status, rotation in told:
        listing = known[event]
        assert (away, home) == (CLUBS[listing.away].club_id, CLUBS[listing.home].club_id)
        assert (commence_at, day) == (utc(listing.start), listing.date)
        assert status in ("scheduled", "in_progress", "final", "postponed", "suspended")
        assert rotation % 2 == 1
    assert {status for *_, status, _ in told} >= {"scheduled", "in_progress", "final"}


def test_a_quote_is_the_books_price_under_its_own_name(staged: Staged) -> None:
    from dagster_mlb.simulator.prices import BOOKS

    quotes = WORLD.market.quotes(SLATE)
    place = next(number for number, book in enumerate(BOOKS) if book.key == "williamhill_us")
    told = dict(
        staged.rows(
            f"""select event_id || side, price_american from staging.{QUOTES}
                where load_id = %s and book = 'williamhill_us' and market = 'moneyline' and period = 'game'
                    and rule is null""",
            staged.loads[f"scoreboard {SLATE}"],
        )
    )
    compared = 0
    for event, listing in listings().items():
        if f"{event}home" in told:
            quote = quotes.current(listing, WORLD.moment)[place]
            row = quotes.row[listing.number]
            assert told[f"{event}home"] == quotes.home[row, place, quote]
            assert told[f"{event}away"] == quotes.away[row, place, quote]
            compared += 1
    assert compared >= 8


def test_the_public_figure_of_a_game_is_staged_once(staged: Staged) -> None:
    known = listings()
    told = staged.rows(
        """select event_id, market, side, tickets_pct, money_pct, book from staging.stg_action_network__splits
           where load_id = %s and disposition = 'staged' and tickets_pct is not null""",
        staged.loads["public"],
    )
    assert len(told) >= 60
    assert len({(event, name, side) for event, name, side, *_ in told}) == len(told)
    for event, name, side, tickets, money, book in told:
        splits = public_splits(WORLD, known[event], name, WORLD.moment)
        assert splits is not None
        expected = (round(splits.tickets), round(splits.money))
        if side in ("away", "under"):
            expected = (100 - expected[0], 100 - expected[1])
        assert (tickets, money, book) == (*expected, "")
    copies = staged.rows(
        """select rule, count(*) from staging.stg_action_network__splits
           where load_id = %s and rule is not null group by 1""",
        staged.loads["public"],
    )
    assert {rule for rule, _ in copies} <= {"same_public_figure", "market_not_staged", "in_play", "blank_copy"}


def test_moves_end_before_the_price_that_stands_and_bear_their_own_times(staged: Staged) -> None:
    [(moves, current, late)] = staged.rows(
        f"""select count(*) filter (where capture = 'backfilled'), count(*) filter (where capture = 'captured'),
                   count(*) filter (where capture = 'backfilled' and known_at >= %s)
            from staging.{HISTORY} where load_id = any(%s) and rule is null""",
        AT,
        league_loads(staged, "moves "),
    )
    assert moves > 500
    assert current > 500
    assert late == 0
    clubs = staged.rows(
        f"select distinct event_id, away_team_id, home_team_id from staging.{HISTORY} where load_id = any(%s)",
        [staged.loads[f"moves {event_id(x)}"] for _, x in wire.slate(WORLD, SLATE)],
    )
    known = listings()
    assert len(clubs) >= 10
    for event, away, home in clubs:
        assert (away, home) == (CLUBS[known[event].away].club_id, CLUBS[known[event].home].club_id)


def test_a_slate_asked_for_afterwards_has_opens_and_closes(staged: Staged) -> None:
    told = staged.rows(
        f"""select label, capture, observed_at is null, known_at = commence_at,
                   known_at = ((official_date - 1 + time '12:00') at time zone 'America/New_York'), count(*)
            from staging.{QUOTES} where load_id = %s and rule is null group by 1, 2, 3, 4, 5 order by 1""",
        staged.loads["past"],
    )
    assert [row[:5] for row in told] == [
        ("close", "backfilled", True, True, False),
        ("open", "backfilled", True, False, True),
    ]
    [(v1, early)] = staged.rows(
        f"""select count(*), count(*) filter (where known_at = last_update_at and label is distinct from 'close')
            from staging.{QUOTES} where load_id = %s and rule is null""",
        staged.loads["past v1"],
    )
    assert v1 == early > 100


def test_the_events_of_a_slate_are_found_in_raw(staged: Staged) -> None:
    expected = sorted(str(event_id(listing)) for _, listing in wire.slate(WORLD, SLATE))
    assert len(expected) >= 10
    assert listed_events(staged.settings, SLATE, SLATE) == [Event(event, SLATE) for event in expected]
    assert listed_events(staged.settings, SLATE - timedelta(days=9), SLATE - timedelta(days=8)) == []


# ---------------------------------------------------------------- one rule each


@pytest.mark.parametrize("name", JUDGED)
def test_an_outcome_is_judged(staged: Staged, name: str) -> None:
    _, disposition, rule = JUDGED[name]
    query = f"select disposition, rule, (reason is null) = (rule is null) from staging.{QUOTES} where load_id = %s"
    assert staged.rows(query, staged.loads[name]) == [(disposition, rule, True)]


@pytest.mark.parametrize("name", GAMES)
def test_a_game_is_judged_with_its_outcomes(staged: Staged, name: str) -> None:
    rule = GAMES[name][1]
    for model in (QUOTES, "stg_action_network__games"):
        query = f"select disposition, rule from staging.{model} where load_id = %s"
        assert staged.rows(query, staged.loads[name]) == [("quarantined", rule)]


def quoted(staged: Staged, name: str, columns: str) -> list[tuple[Any, ...]]:
    query = f"select {columns} from staging.{QUOTES} where load_id = %s order by record_number"
    return staged.rows(query, staged.loads[name])


def test_a_status_says_whether_a_price_can_be_had(staged: Staged) -> None:
    columns = "status, price_american"
    assert quoted(staged, "an_opener", columns) == [("open", -120.0)]
    assert quoted(staged, "no_status_at_all", columns) == [("open", -120.0)]
    assert quoted(staged, "a_suspended_price", columns) == [("suspended", -120.0)]
    assert quoted(staged, "a_price_taken_down", columns) == [("suspended", None)]


def test_an_alternate_line_is_a_series_of_its_own(staged: Staged) -> None:
    assert quoted(staged, "an_alternate_line", "line, alternate_line") == [(Decimal("9.5"), "9.5")]
    assert quoted(staged, "a_price", "line, alternate_line") == [(None, "")]


def test_a_book_that_nobody_knows_keeps_its_number(staged: Staged) -> None:
    assert quoted(staged, "a_book_that_nobody_knows", "book") == [("action_network:972",)]


def test_one_state_speaks_for_a_book(staged: Staged) -> None:
    assert quoted(staged, "two states of one book", "source_book_id, book, price_american, rule") == [
        ("68", "draftkings", -125.0, "other_state_of_the_book"),
        ("69", "fanduel", -130.0, None),
        ("1534", "draftkings", -120.0, None),
    ]


def split(staged: Staged, name: str) -> list[tuple[Any, ...]]:
    return staged.rows(
        """select source_book_id, side, tickets_pct, money_pct, missing_reason, rule
           from staging.stg_action_network__splits where load_id = %s
           order by length(source_book_id), 1, 2, rule nulls first""",
        staged.loads[name],
    )


def test_a_copy_that_differs_is_quarantined(staged: Staged) -> None:
    assert split(staged, "figures that differ") == [
        ("15", "away", 40, 45, None, None),
        ("15", "home", 60, 55, None, None),
        ("74", "away", None, None, None, "same_public_figure"),
        ("74", "home", None, None, None, "same_public_figure"),
        ("122", "away", None, None, None, "sides_do_not_sum"),
        ("122", "home", None, None, None, "sides_do_not_sum"),
        ("255", "away", None, None, None, "public_figure_differs"),
        ("255", "home", None, None, None, "public_figure_differs"),
        ("280", "away", None, None, None, "blank_copy"),
        ("280", "home", None, None, None, "blank_copy"),
    ]


def test_a_figure_is_taken_from_the_book_that_has_one(staged: Staged) -> None:
    assert split(staged, "only another book has figures") == [
        ("15", "away", None, None, None, "blank_copy"),
        ("15", "home", None, None, None, "blank_copy"),
        ("74", "away", 40, 45, None, None),
        ("74", "home", 60, 55, None, None),
    ]


def test_a_share_is_a_percentage_or_none(staged: Staged) -> None:
    assert {row[5] for row in split(staged, "a figure that is no percentage")} == {"invalid_percentage"}
    # All on one side is a figure; nothing on both is none.
    assert split(staged, "everybody on one side") == [
        ("15", "away", 0, None, "money is 0 on every side", None),
        ("15", "home", 100, None, "money is 0 on every side", None),
    ]


def test_a_move_needs_a_time_that_has_been(staged: Staged) -> None:
    query = f"""select price_american, capture, known_at, rule from staging.{HISTORY}
                where load_id = %s order by record_number"""
    opened = datetime(2025, 7, 15, 14, 0, 0, 100000, tzinfo=UTC)
    assert staged.rows(query, staged.loads["moves"]) == [
        (-120.0, "captured", AT + timedelta(seconds=1), None),
        (-110.0, "backfilled", opened, None),
        (-115.0, "backfilled", datetime(2026, 1, 1, tzinfo=UTC), "time_after_the_answer"),
        (-118.0, "backfilled", None, "invalid_time"),
    ]
    # Asked after the game, nothing tells when its last price was set.
    afterwards = staged.rows(query, staged.loads["moves asked afterwards"])
    assert [(price, rule) for price, _, _, rule in afterwards][:2] == [(-120.0, "no_time_of_its_own"), (-110.0, None)]
    assert {rule for *_, rule in staged.rows(query, staged.loads["moves of another game"])} == {"another_event"}


def test_v1_rows_are_read_price_by_price(staged: Staged) -> None:
    columns = "book, side, price_american, status, last_update_at, rule"
    written = datetime(2025, 7, 15, 18, 48, 55, 834080, tzinfo=UTC)
    assert quoted(staged, "v1 rows", columns) == [
        ("bovada", "away", 110.0, "open", written, None),
        ("bovada", "home", -120.0, "suspended", written, None),
        ("betmgm", None, None, "open", None, "no_price"),
        ("bovada", "away", 110.0, "open", written, "in_play"),
        ("bovada", "home", -120.0, "suspended", written, "in_play"),
        (None, None, None, "open", None, "unreadable"),
    ]
    assert split(staged, "v1 rows") == [
        ("21", "away", 39, None, "money is not told", None),
        ("21", "away", None, None, None, "in_play"),
        ("21", "home", 61, None, "money is not told", None),
        ("21", "home", None, None, None, "in_play"),
    ]


# ---------------------------------------------------------------- every record, whatever comes


@pytest.mark.parametrize("table", COUNTS)
def test_every_record_is_accounted_for_whatever_comes(staged: Staged, table: str) -> None:
    model, expression = COUNTS[table]
    told = staged.rows(
        f"""
        select counted.load_id, counted.records, coalesce(made.records, 0)
        from (
            select raw.load_id, {expression} as records
            from raw_data.{table} as raw
            left join raw_data.{table} as original on original.load_id = raw.repeat_of
            cross join lateral (select raw_data.json_of(coalesce(raw.body, original.body)) as document offset 0) as d
            where exists (
                select from operational.staged_loads as done where done.load_id = raw.load_id and done.model = '{model}'
            )
        ) as counted
        left join (select load_id, count(*) as records from staging.{model} group by 1) as made using (load_id)
        """
    )
    names = {load: name for name, load in staged.loads.items()}
    assert len(told) >= MUTATIONS
    assert {names[load]: (records, made) for load, records, made in told if records != made} == {}


@pytest.mark.parametrize("model", [QUOTES, HISTORY, "stg_action_network__splits", "stg_action_network__games"])
def test_whatever_is_not_staged_says_why(staged: Staged, model: str) -> None:
    assert (
        staged.rows(
            f"""select rule, disposition from staging.{model}
            where (rule is null) <> (disposition = 'staged') or (rule is null) <> (reason is null)"""
        )
        == []
    )


def test_a_spoiled_place_loses_no_neighbour(staged: Staged) -> None:
    """Of 60 scoreboards each spoiled in up to three places, most outcomes of most games still stand."""
    loads = league_loads(staged, "spoiled action_network_scoreboard ")
    [(good, bad)] = staged.rows(
        f"""select count(*) filter (where disposition <> 'quarantined'),
                   count(*) filter (where disposition = 'quarantined')
            from staging.{QUOTES} where load_id = any(%s)""",
        loads,
    )
    assert good > 30 * bad
    assert bad > 5
