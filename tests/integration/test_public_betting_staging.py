"""VSIN and SportsBettingDime from bodies to staging: the league's pages, doubtful rows, spoiled bodies, accounts."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from dagster_mlb.settings import Settings
from dagster_mlb.simulator import wire_sbd, wire_vsin
from dagster_mlb.simulator.clubs import CLUBS
from dagster_mlb.simulator.http_answers import json_bytes
from dagster_mlb.simulator.schedule import SeasonPlan
from dagster_mlb.simulator.server import run_league_server
from dagster_mlb.simulator.splits import public_splits
from dagster_mlb.simulator.world import World
from dagster_mlb.sources.parsing import parse_loads
from dagster_mlb.sources.sbd import collect as sbd
from dagster_mlb.sources.sbd.client import odds_request
from dagster_mlb.sources.vsin import collect as vsin
from dagster_mlb.sources.vsin.client import legacy_splits_request, splits_request
from dagster_mlb.sources.vsin.parse import READER
from tests.integration.recordings.quote_bodies import keep, stage
from tests.mutations import mutate_json, mutate_text

VSIN = ("stg_vsin__rows", "stg_vsin__splits", "stg_vsin__quotes")
SBD = ("stg_sbd__games", "stg_sbd__quotes", "stg_sbd__splits")
NOW = datetime(2025, 4, 20, 0, 7, tzinfo=UTC)  # games over, in play and to come
# How many records a body holds, by another path than the models'.
VSIN_RECORDS = "coalesce(raw_data.vsin_team_rows(raw.body) * 3, 1)"
_SBD = """(
    select case
        when d is null then 1 else {times} * (select count(*) from jsonb_path_query(d, 'lax $.data[*]{path}'))
    end
    from (select raw_data.json_of(raw.body) as d offset 0) as body
)"""
SBD_RECORDS = {
    "stg_sbd__games": _SBD.format(times=1, path=""),
    "stg_sbd__splits": _SBD.format(times=6, path=""),
    "stg_sbd__quotes": _SBD.format(times=4, path='.markets ? (@.type() == "object").*.books[*]'),
}


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=21, plans=(SeasonPlan(2025, date(2025, 4, 1), date(2025, 5, 25)),), now=NOW)


def keep_page(
    settings: Settings, connection: psycopg.Connection, body: bytes, *, book: str = "DK", at: datetime = NOW
) -> int:
    request = splits_request(book)
    load = keep(settings, "vsin_splits", request.path, body, at=at, params=request.params)
    parse_loads(connection, READER, [(load, body)], parsed_at=at)
    return load


def keep_slate(settings: Settings, document: object, *, at: datetime = NOW) -> int:
    body = document if isinstance(document, bytes) else json_bytes(document)
    request = odds_request()
    return keep(settings, "sbd_odds", request.path, body, at=at, params=request.params)


def accounts(connection: psycopg.Connection, table: str, model: str, records: str) -> dict[int, tuple[int, int]]:
    """load → (records counted from the body, rows of the model), for the loads whose accounts do not agree."""
    found = connection.execute(
        f"""
        select counted.load_id, counted.records, coalesce(made.n, 0)
        from (select load_id, {records} as records from raw_data.{table} as raw where raw.body is not null) as counted
        left join (select load_id, count(*) as n from staging.{model} group by 1) as made using (load_id)
        """
    ).fetchall()
    return {load: (counted, made) for load, counted, made in found if counted != made}


def unexplained(connection: psycopg.Connection, models: Iterable[str]) -> list[tuple]:
    """Records that are neither staged nor have a rule and a reason."""
    query = " union all ".join(
        f"""select '{model}', load_id, record_number, rule from staging.{model}
            where (disposition = 'staged') <> (rule is null) or (rule is not null and reason is null)
               or disposition not in ('staged', 'quarantined', 'out_of_scope')"""
        for model in models
    )
    return connection.execute(query).fetchall()


def test_the_leagues_pages_are_staged_as_the_league_knows_them(
    database: Settings, connection: psycopg.Connection, world: World
) -> None:
    for source in wire_vsin.SOURCES:
        keep_page(database, connection, wire_vsin.page(world, source), book=source)
    legacy = legacy_splits_request("circa")
    body = wire_vsin.legacy_page(world, "CIRCA")
    old = keep(database, "vsin_splits", legacy.path, body, at=NOW, params=legacy.params)
    parse_loads(connection, READER, [(old, body)], parsed_at=NOW)
    keep_slate(database, wire_sbd.odds(world, list(wire_sbd.NAMES)))
    stage(database, *VSIN, *SBD)

    assert [accounts(connection, "vsin_splits", model, VSIN_RECORDS) for model in VSIN[1:]] == [{}, {}]
    assert [accounts(connection, "sbd_odds", model, records) for model, records in SBD_RECORDS.items()] == [{}, {}, {}]
    assert unexplained(connection, (*VSIN, *SBD)) == []
    for model in (VSIN[1], SBD[0], SBD[1], SBD[2]):
        told = connection.execute(f"select disposition, count(*) from staging.{model} group by 1").fetchall()
        assert dict(told).keys() == {"staged"}, model

    truths = {"vsin": wire_vsin.event_listings(world), "sbd": wire_sbd.event_listings(world)}
    rows = connection.execute(
        """
        select source, event_id, book, market, side, tickets_pct, money_pct, missing_reason, stated_at, away_team_id,
               home_team_id, official_date
        from staging.stg_vsin__splits union all
        select source, event_id, book, market, side, tickets_pct, money_pct, missing_reason, stated_at, away_team_id,
               home_team_id, official_date
        from staging.stg_sbd__splits
        """
    ).fetchall()
    assert Counter(row[0] for row in rows)["vsin"] == 3 * 60 * 3
    matched = 0
    for source, event, book, market, side, tickets, money, missing, stated, away, home, day in rows:
        listing = truths[source][event]
        assert (away, home) == (CLUBS[listing.away].club_id, CLUBS[listing.home].club_id)
        assert day == listing.date
        assert (tickets is None) == ("tickets" in (missing or "") or missing == "market absent")
        moment = NOW.timestamp() // 300 * 300 if source == "vsin" else NOW.timestamp()
        truth = public_splits(world, listing, market, min(moment, listing.start), book)
        if tickets is None or money is None:
            continue
        assert truth is not None
        on_first = side in ("home", "over")
        assert float(tickets) == pytest.approx(truth.tickets if on_first else 100 - truth.tickets, abs=1.6)
        assert float(money) == pytest.approx(truth.money if on_first else 100 - truth.money, abs=1.6)
        if source == "sbd":
            assert stated is not None and abs(stated.timestamp() - truth.stated_at) < 0.01
        matched += 1
    assert matched > 500

    # One book, two markups: the same quotes, so one series each.
    series = connection.execute(
        "select series_id, array_agg(distinct price_american) from staging.stg_vsin__quotes "
        "where book = 'circasports' and disposition = 'staged' group by 1"
    ).fetchall()
    assert series and all(len(prices) == 1 for _, prices in series)
    assert {
        row[0] for row in connection.execute("select distinct market from staging.stg_vsin__quotes where rule is null")
    } == {"moneyline"}
    flagged = dict(
        connection.execute(
            "select row_status, bool_and(has_started) from staging.stg_vsin__rows where markup = 'current' group by 1"
        ).fetchall()
    )
    assert flagged == {None: None, "live": True, "final": True}


def test_an_unchanged_page_a_minute_later_is_news_and_at_the_same_moment_is_none(
    database: Settings, connection: psycopg.Connection, world: World
) -> None:
    page, slate = wire_vsin.page(world, "DK"), wire_sbd.odds(world, list(wire_sbd.NAMES))
    loads = []
    for at in (NOW, NOW, NOW + timedelta(minutes=1)):
        request = splits_request()
        loads.append(keep(database, "vsin_splits", request.path, page, at=at, params=request.params))
        keep_slate(database, slate, at=at)
    parse_loads(connection, READER, [(loads[0], page)], parsed_at=NOW)
    stage(database, *VSIN, *SBD)
    for model in (*VSIN, *SBD):
        assert connection.execute(f"select count(distinct load_id) from staging.{model}").fetchone() == (2,), model
        known = connection.execute(f"select distinct known_at from staging.{model} order by 1").fetchall()
        assert known == [(NOW,), (NOW + timedelta(minutes=1),)]


# ---------------------------------------------------------------- doubtful rows of VSIN

HEADER = (
    '<tr class="sp-sport-header sp-source-{source}"><th class="sp-sport-name" colspan="2">'
    '<a href="/mlb/games/?gamedate={day}">MLB</a></th>'
    + "".join(
        f"<th>{name}</th>"
        for name in ("Spread", "Handle", "Bets", "Total", "Handle", "Bets", "Money", "Handle", "Bets")
    )
    + "</tr>"
)
PLAIN = ("-1.5", "60%", "55%", "8.5", "70%", "65%", "-150", "58%", "52%")
OTHER = ("+1.5", "40%", "45%", "8.5", "30%", "35%", "+130", "42%", "48%")


def club_row(cells: tuple[str, ...], team: str, code: str) -> str:
    values = "".join(f"<td>{cell}</td>" for cell in cells)
    return (
        f'<tr class="sp-row"><td><button data-gamecode="{code}"></button></td>'
        f'<td class="sp-cell-team"><a class="sp-team-link" href="/mlb/teams/x">{team}</a></td>{values}</tr>'
    )


def game(
    code: str,
    away: tuple[str, ...] = PLAIN,
    home: tuple[str, ...] = OTHER,
    clubs: tuple[str, str] = ("New York Mets", "Atlanta Braves"),
) -> str:
    return club_row(away, clubs[0], code) + club_row(home, clubs[1], code)


def page(*games: str, source: str = "dk", day: str = "2025-04-19") -> str:
    return f'<table class="sp-table">{HEADER.format(source=source, day=day)}{"".join(games)}</table>'


def changed(cells: tuple[str, ...], **new: str) -> tuple[str, ...]:
    names = (
        "line",
        "line_handle",
        "line_bets",
        "total",
        "total_handle",
        "total_bets",
        "money",
        "money_handle",
        "money_bets",
    )
    return tuple(new.get(name, cell) for name, cell in zip(names, cells, strict=True))


def test_each_doubt_about_a_row_has_its_rule(database: Settings, connection: psycopg.Connection) -> None:
    codes = {
        name: f"20250419MLB{number:05d}"
        for number, name in enumerate(["blank", "pending", "odd", "sum", "over", "nobody", "twice"], 1)
    }
    body = (
        page(
            game(
                codes["blank"],
                changed(PLAIN, line_handle="—", line_bets="", money="-"),
                changed(OTHER, line_handle="", money="EVEN"),
            ),
            game(codes["pending"], changed(PLAIN, total_handle="0%"), changed(OTHER, total_handle="0 %")),
            game(codes["odd"], changed(PLAIN, line_bets="many", total="9.25"), changed(OTHER, money="+90")),
            game(codes["sum"], changed(PLAIN, money_handle="60%", line_bets="56%"), changed(OTHER, money_handle="60%")),
            game(codes["over"], changed(PLAIN, line_bets="155%"), changed(OTHER, total="none")),
            game(codes["nobody"], clubs=("Montreal Expos", "Atlanta Braves")),
            game(codes["twice"], clubs=("Atlanta Braves", "St Louis Cardinals")),
            # The second game of a day under one code, then the first again in the next day's table.
            game(codes["twice"], clubs=("Atlanta Braves", "St Louis Cardinals")),
            club_row(PLAIN, "Atlanta Braves", "20250419MLB00077"),
            game("20250419NBA00001"),
        )
        + page(game("soon"), day="soon")
        + page(game(codes["twice"], clubs=("Atlanta Braves", "St Louis Cardinals")), day="2025-04-20")
    )
    keep_page(database, connection, body.encode())
    conflict = keep_page(database, connection, page(game(codes["sum"]), source="circa").encode())
    silent = page(game(codes["sum"])).replace("sp-source-dk", "")
    keep(database, "vsin_splits", "/betting-splits/", silent.encode(), at=NOW)
    parse_loads(connection, READER, [(conflict + 1, silent.encode())], parsed_at=NOW)
    wall = keep_page(database, connection, b"<html>Are you a robot?</html>")
    stage(database, *VSIN)

    def ask(query: str) -> list[tuple[Any, ...]]:
        return connection.execute(query).fetchall()

    rules = ask(
        "select coalesce(rule, 'staged'), disposition, count(*) from staging.stg_vsin__rows group by 1, 2 order by 1"
    )
    assert {rule: (disposition, n) for rule, disposition, n in rules} == {
        "book_conflict": ("quarantined", 2),
        "game_not_paired": ("quarantined", 1),
        "game_repeated": ("out_of_scope", 2),
        "invalid_date": ("quarantined", 2),
        "missing_book": ("quarantined", 2),
        "other_sport": ("out_of_scope", 2),
        "staged": ("staged", 14),
        "unknown_team": ("quarantined", 2),
        "unreadable": ("quarantined", 1),
    }
    events = ask(
        """select distinct event_id, order_of_day from staging.stg_vsin__rows
           where disposition = 'staged' and event_id like '%00007%'"""
    )
    assert sorted(events) == [(codes["twice"], 1), (codes["twice"] + "/2", 2)]

    def splits(name: str, market: str) -> list[tuple[Any, ...]]:
        return ask(
            f"""select side, tickets_pct::float, money_pct::float, coalesce(missing_reason, rule)
                from staging.stg_vsin__splits
                where event_id = '{codes[name]}' and market = '{market}' and load_id < {conflict}
                order by record_number"""
        )

    assert splits("blank", "spread") == [
        ("away", None, None, "tickets blank, money blank"),
        ("home", 45, None, "money blank"),
    ]
    assert splits("pending", "total") == [("over", 65, None, "money pending"), ("under", 35, None, "money pending")]
    assert splits("odd", "spread") == [("away", None, None, "invalid_share"), ("home", 45, 40, None)]
    assert splits("odd", "moneyline") == [("away", 52, 58, None), ("home", 48, 42, None)]
    assert splits("sum", "moneyline") == [
        ("away", None, None, "shares_do_not_add_up"),
        ("home", None, None, "shares_do_not_add_up"),
    ]
    assert splits("sum", "spread") == [("away", 56, 60, None), ("home", 45, 40, None)]
    assert splits("over", "spread")[0] == ("away", None, None, "share_out_of_range")

    quotes = ask(
        f"""select event_id, market, side, rule from staging.stg_vsin__quotes
            where load_id < {conflict} and rule not in ('line_without_price', 'other_sport', 'invalid_date',
                'unknown_team', 'game_not_paired', 'game_repeated') order by record_number"""
    )
    assert quotes == [
        (codes["blank"], "moneyline", "away", "not_given"),
        (codes["odd"], "total", "over", "line_not_half_runs"),
        (codes["odd"], "moneyline", "home", "price_inside_100"),
        (codes["over"], "total", "under", "invalid_line"),
    ]
    even = ask(
        f"""select price_american from staging.stg_vsin__quotes
            where event_id = '{codes["blank"]}' and side = 'home' and rule is null"""
    )
    assert even == [(100,)]
    assert ask(f"select disposition, rule, reason from staging.stg_vsin__splits where load_id = {wall}") == [
        ("quarantined", "unreadable", "no table of splits: neither table.sp-table nor table.freezetable")
    ]
    for model in VSIN[1:]:
        assert accounts(connection, "vsin_splits", model, VSIN_RECORDS) == {}
    assert unexplained(connection, VSIN) == []


# ---------------------------------------------------------------- doubtful games of SportsBettingDime


def test_each_doubt_about_a_game_or_a_price_has_its_rule(
    database: Settings, connection: psycopg.Connection, world: World
) -> None:
    books = ["sr:book:18149", "sr:book:18186"]
    moments = [datetime(2025, 4, 19, 15, tzinfo=UTC) + timedelta(hours=n) for n in range(0, 240, 24)]
    template = next(
        game
        for moment in moments
        for game in (wire_sbd.odds(world.at(moment), books) or {"data": []})["data"]
        if all(len(game["markets"][m]["books"]) == 2 for m in game["markets"])
        and len(game["bettingSplits"]) == 3
        and '""' not in json.dumps(game["bettingSplits"])
    )
    games = [deepcopy(template) | {"id": f"sr:match:{n}"} for n in range(12)]
    _, other, nobody, torn, same, when, prices, lines, shares, none, zero, names = games
    other["league"] = "kbo"
    nobody["competitors"]["away"] |= {"abbreviation": "XXX", "abbr": "XXX", "name": "Expos", "market": "Montreal"}
    torn["competitors"]["home"]["abbreviation"] = (
        "NYM" if template["competitors"]["home"]["abbreviation"] != "NYM" else "LAD"
    )
    same["competitors"]["away"] = deepcopy(same["competitors"]["home"])
    when["scheduled"] = "soon"
    moneyline = prices["markets"]["moneyline"]["books"]
    moneyline[0]["home"] |= {"odds": "N/A", "opening_odds": ""}
    moneyline[0]["away"] |= {"odds": "+50", "opening_odds": "-2000000"}
    moneyline[1]["id"] = "sr:book:4711"
    spread = lines["markets"]["spread"]["books"]
    spread[0]["home"] |= {"spread": "+1.5", "opening_spread": 0}
    spread[0]["away"] |= {"spread": "+1.5"}
    spread[1] = "closed"
    lines["markets"]["total"]["books"][0] |= {"total": "8.25", "opening_total": "many"}
    lines["markets"]["first_five"] = {"books": deepcopy(spread[:1])}
    shares["bettingSplits"]["moneyline"]["home"]["betsPercentage"] = 99.99
    shares["bettingSplits"]["spread"]["home"]["stakePercentage"] = "most"
    shares["bettingSplits"]["total"] |= {"updated": "now", "over": {"betsPercentage": -4, "stakePercentage": ""}}
    none["bettingSplits"] = {"total": None, "moneyline": {"updated": "", "home": {"betsPercentage": ""}, "away": {}}}
    zero["bettingSplits"]["total"]["over"] = zero["bettingSplits"]["total"]["under"] = {
        "betsPercentage": 0,
        "stakePercentage": 0.0,
    }
    # Without abbreviations a club is known by its names.
    for club in names["competitors"].values():
        club |= {"abbreviation": "", "abbr": ""}
    load = keep_slate(database, {"filter_keys": [], "data": [*games, 7]})
    keep_slate(database, b"not json")
    keep_slate(database, {"filter_keys": [], "data": []})
    stage(database, *SBD)

    def ask(query: str) -> list[tuple[Any, ...]]:
        return connection.execute(query).fetchall()

    assert ask(
        f"""select event_id, rule from staging.stg_sbd__games
            where rule is not null and load_id = {load} order by record_number"""
    ) == [
        ("sr:match:1", "other_league"),
        ("sr:match:2", "unknown_team"),
        ("sr:match:3", "contradictory_team"),
        ("sr:match:4", "same_team_twice"),
        ("sr:match:5", "invalid_time"),
        (None, "unreadable"),
    ]
    quotes = ask(
        f"""select event_id, market, book, side, label, rule from staging.stg_sbd__quotes
            where load_id = {load} and event_id in ('sr:match:6', 'sr:match:7') and rule is not null
            order by record_number"""
    )
    assert quotes[:4] == [
        ("sr:match:6", "moneyline", "draftkings", "home", "open", "not_given"),
        ("sr:match:6", "moneyline", "draftkings", "home", None, "invalid_price"),
        ("sr:match:6", "moneyline", "draftkings", "away", "open", "price_out_of_range"),
        ("sr:match:6", "moneyline", "draftkings", "away", None, "price_inside_100"),
    ]
    counted = Counter((market, rule) for event, market, *_, rule in quotes if event == "sr:match:7")
    assert counted == {
        (None, "market_not_staged"): 4,
        ("spread", "lines_do_not_mirror"): 2,
        ("spread", "not_given"): 1,
        ("spread", "unreadable"): 4,
        ("total", "invalid_line"): 2,
        ("total", "line_not_half_runs"): 2,
    }
    assert ask("select distinct book from staging.stg_sbd__quotes where book like 'sbd:%'") == [("sbd:sr:book:4711",)]

    def splits(number: int) -> list[tuple[Any, ...]]:
        return ask(
            f"""select market, side, tickets_pct::float, money_pct::float, coalesce(missing_reason, rule)
                from staging.stg_sbd__splits where event_id = 'sr:match:{number}' order by record_number"""
        )

    over = template["bettingSplits"]["total"]["over"]
    assert splits(0)[4] == ("total", "over", over["betsPercentage"], over["stakePercentage"], None)
    assert [row[4] for row in splits(8)] == [
        *["shares_do_not_add_up"] * 2,
        "invalid_share",
        None,
        "share_out_of_range",
        "shares_do_not_add_up",
    ]
    assert [row[2:] for row in splits(9)] == [
        *[(None, None, "tickets blank, money blank")] * 2,
        *[(None, None, "market absent")] * 4,
    ]
    assert [row[2:] for row in splits(10)[4:]] == [(None, None, "tickets pending, money pending")] * 2
    assert {row[4] for row in splits(11)} == {None}
    for model, records in SBD_RECORDS.items():
        assert accounts(connection, "sbd_odds", model, records) == {}
    assert unexplained(connection, SBD) == []


# ---------------------------------------------------------------- spoiled bodies


def test_spoiled_bodies_lose_no_record(database: Settings, connection: psycopg.Connection, world: World) -> None:
    rng = random.Random(5)
    slate = wire_sbd.odds(world, ["sr:book:18149", "sr:book:18186"])
    assert slate is not None
    document = json_bytes({"filter_keys": [], "data": slate["data"][:2]})
    pages = [wire_vsin.page(world, "DK", ("today",))[:12_000] + b"</table>", wire_vsin.legacy_page(world, "DK")[:9_000]]
    for number in range(250):
        at = NOW + timedelta(seconds=number)
        keep_slate(database, mutate_json(rng, document).body, at=at)
        keep_page(database, connection, mutate_text(rng, pages[number % 2]).body, at=at)
    stage(database, *VSIN, *SBD)
    for model in VSIN[1:]:
        assert accounts(connection, "vsin_splits", model, VSIN_RECORDS) == {}
    for model, records in SBD_RECORDS.items():
        assert accounts(connection, "sbd_odds", model, records) == {}
    assert unexplained(connection, (*VSIN, *SBD)) == []
    # Spoiling one place of a body spoils little else.
    staged, total = connection.execute(
        "select count(*) filter (where disposition = 'staged'), count(*) from staging.stg_sbd__splits"
    ).fetchone() or (0, 1)
    assert staged / total > 0.8


def test_a_body_of_marks_that_are_never_closed_is_counted_in_no_time(
    database: Settings, connection: psycopg.Connection
) -> None:
    connection.execute("set statement_timeout = '5s'")
    body = b'<table class="sp-table">' + b"<!--" * 200_000 + b"<script " * 50_000 + b'<tr class="sp-row' * 20_000
    counted = connection.execute("select raw_data.vsin_team_rows(%s)", [body]).fetchone()
    assert counted == (len(READER.read(body).rows),)


# ---------------------------------------------------------------- over HTTP


def test_both_sources_are_collected_from_the_leagues_server(
    database: Settings, connection: psycopg.Connection, world: World
) -> None:
    with run_league_server(world) as url:
        asked = {"vsin_base_url": f"{url}/vsin", "sbd_base_url": f"{url}/sbd", "fixed_now": world.now}
        settings = Settings.model_validate(database.model_dump() | asked)
        pages = vsin.collect_splits(settings, run_id="r")
        old = vsin.collect_legacy_splits(settings, run_id="r", views=["circa"])
        slate = sbd.collect_odds(settings, run_id="r")
    for result, stored in ((pages, 2), (old, 1), (slate, 1)):
        result.raise_if_failed()
        assert (result.stored, result.provenance) == (stored, "simulated")
    read = connection.execute("select row_count, problem from raw_data.parsed_loads").fetchall()
    assert len(read) == 3 and all(count >= 30 and problem is None for count, problem in read)


def test_a_day_without_games_is_no_failure(database: Settings, connection: psycopg.Connection, world: World) -> None:
    off_season = world.at(datetime(2025, 12, 24, 17, tzinfo=UTC))
    with run_league_server(off_season) as url:
        asked = {"vsin_base_url": f"{url}/vsin", "sbd_base_url": f"{url}/sbd", "fixed_now": off_season.now}
        settings = Settings.model_validate(database.model_dump() | asked)
        slate = sbd.collect_odds(settings, run_id="r")
        pages = vsin.collect_splits(settings, run_id="r")
    assert (slate.is_complete, slate.stored, slate.attempts) == (True, 0, 1)
    assert (pages.is_complete, pages.stored) == (True, 2)
    assert connection.execute("select row_count, problem from raw_data.parsed_loads").fetchall() == [(0, None)] * 2
    assert connection.execute("select outcome from operational.collection_log where source = 'sbd'").fetchall() == [
        ("empty",)
    ]
