"""Bad market input, of every source at once: what no market can be is quarantined by name, its neighbours are priced.

One database: a season of archives (2016), one game of 2025 as six sources tell it, then a file that contradicts what
stands already.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from archive_factories import grid, tick_line, workbook
from archive_world import SBR_HEADER, Game, mlb_games_file, sbr_rows, season, tick_file, tick_lines, written

from dagster_mlb.settings import Settings
from dagster_mlb.sources.archives import load_archive
from dagster_mlb.sources.parsing import parse_loads
from dagster_mlb.sources.vsin.client import splits_request
from dagster_mlb.sources.vsin.parse import READER
from dagster_mlb.strategies.history import Outcomes
from dagster_mlb.strategies.settling.settlement import settle, settlement_history
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.frames import read_frame
from dagster_mlb.warehouse.held import gate_loads
from dagster_mlb.warehouse.prepare import prepare
from dagster_mlb.warehouse.quarantine import QuarantinedRecord, list_quarantine
from tests.integration import market_bodies as bodies
from tests.integration.staged_bodies import put, stage
from tests.integration.world import Server, fresh_database

NOW = datetime(2025, 7, 15, 16, tzinfo=UTC)
SEEN = datetime(2025, 7, 15, 15, tzinfo=UTC)
GAMES = season()
GAME_KEY = 1_000_000_777_001
CORRECTED_KEY = 1_000_000_777_002
SCHEDULE = "/api/v1/schedule"
# The marts of the markets, with all they stand on, and what keeps account of it.
MADE = (
    "moneylines",
    "spreads",
    "totals",
    "market_consensus",
    "betting_splits",
    "record_accounting",
    "validation_results",
)


@dataclass(frozen=True)
class World:
    settings: Settings

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return read_frame(self.settings, query).rows()

    def rules(self, raw_table: str, scope: str = "record") -> dict[str, int]:
        """How many of a raw table's records each rule keeps out."""
        found = self.rows(
            f"select rule, count(*) from staging.validation_results "
            f"where raw_table = 'raw_data.{raw_table}' and scope = '{scope}' group by rule"
        )
        return dict(found)

    def reasons(self, rule: str, raw_table: str) -> set[str]:
        found = self.rows(
            f"select reason from staging.validation_results "
            f"where rule = '{rule}' and raw_table = 'raw_data.{raw_table}'"
        )
        return {reason for (reason,) in found}

    def unaccounted(self) -> list[tuple[Any, ...]]:
        return self.rows("select raw_table, difference from operational.record_accounting where difference <> 0")


# --------------------------------------------------------------------------------------------- the archives


def tick(game: Game, hours: float, **changed: str) -> str:
    """A side of a game's market, observed so many hours before its start; ``label`` in place of a moment."""
    at = game.start - timedelta(hours=hours)
    row = {
        "event_ref": f"e{game.index}",
        "official_date": f"{game.day}",
        "commence_time": f"{game.start:%Y-%m-%dT%H:%M:%SZ}",
        "away_team": game.away.name,
        "home_team": game.home.name,
        "observed_at": "" if "label" in changed else f"{at:%Y-%m-%dT%H:%M:%SZ}",
    }
    return tick_line(**(row | changed))


def bad_ticks() -> list[str]:
    """Game 0 contradicts itself, game 1 has odds and game 2 lines that are none, game 3 has one side only."""
    first, odd, lined, alone = GAMES[:4]
    return [
        *tick_lines(GAMES[:3], hours=(6, 3)),
        # Two prices of one side at one moment, in another spelling of it; the other side is told once.
        tick(first, 2, side="home", price="-130"),
        tick(first, 2, side="home", price="+125"),
        tick(first, 2, side="away", price="115"),
        # The same price twice is a repeat, not a contradiction; nor is another moment.
        tick(first, 1, side="home", price="-131"),
        tick(first, 1, side="home", price="-131.0"),
        # Two lines of one market at one moment, and two closes.
        tick(first, 2, market="total", side="over", line="8.5", price="-110"),
        tick(first, 2, market="total", side="over", line="9", price="-110"),
        tick(first, 0, book="bovada", side="home", price="-140", label="close"),
        tick(first, 0, book="bovada", side="home", price="-150", label="close"),
        tick(first, 0, book="bovada", side="away", price="120", label="close"),
        *(tick(odd, 2, side="home", price=price) for price in ("85", "-99.5", "0", "", "even money", "1e3", "250000")),
        *(tick(lined, 2, market="total", side="over", line=line) for line in ("8.3", "", "90", "high")),
        *(tick(lined, 2, market="spread", side="home", line=line) for line in ("-1.25", "-21")),
        tick(lined, 2, market="spread", side="home", line="-1.5", price="140"),
        tick(lined, 2, market="spread", side="away", line="1.5", price="-160"),
        tick(alone, 2, side="home", price="-120"),
    ]


def bad_sheet() -> bytes:
    """SBR's season sheet: a price of 50 and one of text, run lines of 1.25 and of 25, a total of 8.3."""
    rows = [list(row) for row in sbr_rows(GAMES)]
    rows[0][7] = 50  # Open of game 0's visitor
    rows[2][8] = "EVEN?"  # Close of game 1's visitor
    rows[4][9], rows[5][9] = 1.25, -1.25  # the run line of game 2
    rows[6][9], rows[7][9] = 25, -25  # of game 3
    rows[8][13] = rows[9][13] = 8.3  # the closing total of game 4
    rows[10][7], rows[11][7] = 200, 210  # both underdogs: no market
    return workbook({"Sheet1": grid([SBR_HEADER, *rows])})


def contradicting_ticks() -> list[str]:
    """Another file: one price of game 1 three hours before, told otherwise; the other as it was. Of what game 0
    contradicts itself in, a third price."""
    home, away = GAMES[1].prices[1], GAMES[1].prices[0]
    return [
        tick(GAMES[1], 3, side="home", price=str(home - 40)),
        tick(GAMES[1], 3, side="away", price=str(away + 1)),
        tick(GAMES[0], 2, side="home", price="-140"),
    ]


# --------------------------------------------------------------------------------------------- the game of 2025


def bad_answers(settings: Settings) -> None:
    """What six sources say of the game, each at a minute of its own."""
    good = bodies.outcomes("h2h", (bodies.HOME, -150, None), (bodies.AWAY, 130, None))
    other = bodies.outcomes("h2h", (bodies.HOME, 120, None), (bodies.AWAY, 130, None))
    put(
        settings,
        "odds_api_odds",
        bodies.odds_api(
            ("pinnacle", [good]),
            ("fanduel", [good, other]),
            ("betmgm", [bodies.outcomes("h2h", (bodies.HOME, 85, None), (bodies.AWAY, 0, None))]),
            ("bovada", [bodies.outcomes("h2h", (bodies.HOME, "", None), (bodies.AWAY, "even", None))]),
            ("betrivers", [bodies.outcomes("h2h", (bodies.HOME, -152, None))]),
            ("draftkings", [bodies.outcomes("totals", ("Over", -110, 8.3), ("Under", -110, 8.5))]),
            ("fanatics", [bodies.outcomes("spreads", (bodies.HOME, 140, -1.25), (bodies.AWAY, -160, 1.5))]),
        ),
        path="/v4/sports/baseball_mlb/odds",
        params={"oddsFormat": "american"},
        observed_at=SEEN,
    )
    whole, empty = bodies.shares(60, 55), bodies.shares(0, 0)
    rest = bodies.shares(40, 45)
    put(
        settings,
        "action_network_scoreboard",
        bodies.action_network(
            ("1534", "moneyline", {"side": "home", "odds": -150, "bet_info": whole}),
            ("1534", "moneyline", {"side": "away", "odds": 130, "bet_info": rest}),
            ("1541", "moneyline", {"side": "home", "odds": -150}),
            ("1541", "moneyline", {"side": "home", "odds": 105}),
            ("1541", "moneyline", {"side": "away", "odds": 85}),
            ("1534", "spread", {"side": "home", "odds": 140, "value": -1.25, "bet_info": bodies.shares(140, 60)}),
            ("1534", "spread", {"side": "away", "odds": -160, "value": 1.5, "bet_info": bodies.shares(-40, 40)}),
            ("1534", "total", {"side": "over", "odds": -110, "value": 8.3, "bet_info": bodies.shares(60, 50)}),
            ("1534", "total", {"side": "under", "odds": "text", "value": 8.5, "bet_info": bodies.shares(60, 50)}),
        ),
        path="/web/v2/scoreboard/mlb",
        params={"date": "20250715"},
        observed_at=SEEN + timedelta(minutes=1),
    )
    # A second look: nobody has bet yet.
    put(
        settings,
        "action_network_public_betting",
        bodies.action_network(
            ("1534", "total", {"side": "over", "odds": -110, "value": 8.5, "bet_info": empty}),
            ("1534", "total", {"side": "under", "odds": -110, "value": 8.5, "bet_info": empty}),
        ),
        path="/web/v2/scoreboard/publicbetting/mlb",
        params={"date": "20250715"},
        observed_at=SEEN + timedelta(minutes=2),
    )
    pages = {
        "DK": bodies.vsin(
            ("-1.5", "140%", "55%", "8.3", "60%", "55%", "-150", "60%", "52%"),
            ("+1.5", "-40%", "45%", "8.5", "60%", "45%", "+85", "40%", "48%"),
        ),
        "CIRCA": bodies.vsin(
            ("-1.5", "60%", "55%", "8.5", "0%", "0%", "-150", "60%", "53%"),
            ("+1.5", "40%", "47%", "8.5", "0%", "0%", "0", "40%", "44%"),
            book="circa",
        ),
    }
    for book, page in pages.items():
        request = splits_request(book)
        load = put(settings, "vsin_splits", page, path=request.path, params=request.params, observed_at=SEEN)
        with connect(settings) as connection:
            parse_loads(connection, READER, [(load, page)], parsed_at=SEEN)
    put(settings, "sbd_odds", sbd_body(), path="/wp-json/adpt/v1/mlb-odds", observed_at=SEEN)
    put(
        settings,
        "sbr_odds",
        bodies.sbr_page(
            ("draftkings", {"homeOdds": -150, "awayOdds": 130}),
            ("fanduel", {"homeOdds": -150, "awayOdds": 130}),
            ("fanduel", {"homeOdds": -105, "awayOdds": 130}),
            ("betmgm", {"homeOdds": 85, "awayOdds": "text"}),
        ),
        path="/betting-odds/mlb-baseball/",
        params={"date": bodies.DAY},
        observed_at=SEEN,
    )
    # The page's order is that of time: two moves of one second follow each other. A minute later one is told otherwise.
    early, late = "2025-07-15T12:00:00+00:00", "2025-07-15T13:00:00+00:00"
    for minute, price in enumerate((-150, -155)):
        moves = ((early, -140, 120), (early, -145, 125), (late, price, 130))
        put(
            settings,
            "sbr_line_history",
            bodies.sbr_history(*moves),
            path=f"/betting-odds/mlb-baseball/line-history/350001/?{minute}",
            observed_at=SEEN + timedelta(minutes=minute),
        )


def sbd_body() -> bytes:
    def side(odds: str, **lines: Any) -> dict[str, Any]:
        return {"odds": odds, "opening_odds": "", **lines}

    draftkings = {"id": "sr:book:18149", "name": "DraftKings"}
    fanduel = {"id": "sr:book:18186", "name": "FanDuel"}
    pinnacle = {"id": "sr:book:30334", "name": "Pinnacle"}
    return bodies.sbd(
        {
            "moneyline": [
                draftkings | {"home": side("-150"), "away": side("+130")},
                fanduel | {"home": side("-150"), "away": side("+130")},
                fanduel | {"home": side("-170"), "away": side("+130")},
                pinnacle | {"home": side("+50"), "away": side("0")},
            ],
            "spread": [draftkings | {"home": side("+140", spread="-1.25"), "away": side("-160", spread="+1.25")}],
            "total": [draftkings | {"over": side("-110"), "under": side("text"), "total": "8.3"}],
        },
        {
            "moneyline": {
                "home": {"betsPercentage": 60, "stakePercentage": 55},
                "away": {"betsPercentage": 40, "stakePercentage": 45},
            },
            "spread": {
                "home": {"betsPercentage": 140, "stakePercentage": 60},
                "away": {"betsPercentage": -40, "stakePercentage": 60},
            },
            "total": {
                "over": {"betsPercentage": 0, "stakePercentage": 103},
                "under": {"betsPercentage": 0, "stakePercentage": 0},
            },
        },
    )


def results(settings: Settings) -> None:
    """The game of today, and one of three days ago whose score is changed a day and a half after it was told."""
    today = bodies.listed_game(777001, bodies.DAY, "S")
    for observed_at, score in (
        (datetime(2025, 7, 13, 3, tzinfo=UTC), (3, 5)),
        (datetime(2025, 7, 14, 15, tzinfo=UTC), (4, 5)),
        (datetime(2025, 7, 15, 15, tzinfo=UTC), (4, 5)),
    ):
        over = bodies.listed_game(777002, "2025-07-12", "F", score)
        put(settings, "mlb_stats_schedule", bodies.schedule(over, today), path=SCHEDULE, observed_at=observed_at)


@pytest.fixture(scope="module")
def world(server_url: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = written(
        tmp_path_factory.mktemp("bad"),
        {
            "mlb_games_2016.jsonl": mlb_games_file(GAMES),
            "mlb-odds-2016.xlsx": bad_sheet(),
            "ticks_2016.csv": tick_file(bad_ticks()),
        },
    )
    server = Server(server_url, postgres_server)
    with fresh_database(server, tmp_path_factory.mktemp("data"), NOW) as settings:
        prepare(settings)
        assert {file.outcome for file in load_archive(settings, folder, run_id="test")} == {"stored"}
        bad_answers(settings)
        results(settings)
        transformed(settings)
        yield World(settings)


def transformed(settings: Settings) -> None:
    assert gate_loads(settings, "test") == []
    stage(settings, *(f"+{name}" for name in MADE))


# --------------------------------------------------------------------------------------------- what becomes of it

RULES: dict[tuple[str, str], dict[str, int]] = {
    ("tick_archive", "record"): {
        "contradicting_quotes": 6,
        "price_inside_100": 3,  # 85, -99.5, 0
        "missing_value": 1,  # no price at all
        "invalid_price": 2,  # "even money", "1e3"
        "price_out_of_range": 1,
        "line_not_half_runs": 2,  # a total of 8.3, a run line of -1.25
        "invalid_line": 2,  # none, "high"
        "line_out_of_range": 2,  # a total of 90, a run line of -21
    },
    ("sbr_archive", "market"): {
        "one_sided_or_no_price": 2,
        "line_not_half_runs": 1,
        "line_out_of_range": 2,
        "booksum_out_of_range": 1,
    },
    ("sbr_archive", "field"): {"invalid_cell": 2},
    ("odds_api_odds", "record"): {
        "contradicting_quotes": 2,
        "price_inside_100": 2,
        "invalid_price": 2,
        "line_not_half_runs": 2,
    },
    ("action_network_scoreboard", "record"): {
        "contradicting_quotes": 2,
        "price_inside_100": 1,
        "invalid_price": 1,
        "line_not_half_runs": 2,
    },
    # 140 % beside -40 %; 60 beside 60.
    ("action_network_scoreboard", "reading"): {"invalid_percentage": 2, "sides_do_not_sum": 2},
    ("vsin_splits", "record"): {"share_out_of_range": 1, "invalid_share": 1, "shares_do_not_add_up": 4},
    ("vsin_splits", "reading"): {"price_inside_100": 2, "line_not_half_runs": 1},
    ("sbd_odds", "record"): {
        "contradicting_quotes": 2,
        "price_inside_100": 2,
        "invalid_price": 1,
        "line_not_half_runs": 3,
    },
    ("sbd_odds", "reading"): {"share_out_of_range": 3, "shares_do_not_add_up": 1},
    ("sbr_odds", "record"): {"contradicting_quotes": 2, "price_inside_100": 1, "invalid_price": 1},
    ("sbr_line_history", "record"): {"contradicting_quotes": 2},
}


@pytest.mark.parametrize(("raw_table", "scope"), RULES)
def test_each_source_s_bad_markets_are_quarantined_by_name(world: World, raw_table: str, scope: str) -> None:
    assert world.rules(raw_table, scope) == RULES[raw_table, scope]


def test_people_are_shown_what_was_told_twice(world: World) -> None:
    listed = list_quarantine(world.settings, rule="contradicting_quotes")
    assert listed.total == 16
    assert {(row.source, row.reason) for row in listed.records if row.source == "test_archive"} == {
        ("test_archive", f"{told}: nothing says which of them stood")
        for told in (
            "pinnacle moneyline home is told as -130 and 125 at 2016-05-02 15:05:00Z",
            "pinnacle total over is told as 8.5 at -110 and 9 at -110 at 2016-05-02 15:05:00Z",
            "bovada moneyline home is told as -140 and -150, each labelled close",
        )
    }


def test_every_record_is_accounted_for_and_its_neighbours_are_staged(world: World) -> None:
    assert world.unaccounted() == []
    counts = """select raw_table, staged + repeats, quarantined, out_of_scope from operational.record_accounting
                where raw_table in ('raw_data.tick_archive', 'raw_data.odds_api_odds', 'raw_data.sbd_odds',
                                    'raw_data.sbr_odds', 'raw_data.sbr_line_history') order by 1"""
    assert world.rows(counts) == [
        ("raw_data.odds_api_odds", 7, 8, 0),
        ("raw_data.sbd_odds", 4, 8, 12),  # no opening price was told
        ("raw_data.sbr_line_history", 10, 2, 0),
        ("raw_data.sbr_odds", 4, 4, 0),
        ("raw_data.tick_archive", 19, 19, 0),
    ]


def test_a_price_told_twice_alike_is_a_repeat(world: World) -> None:
    told = """select price_american, count(*) from staging.stg_tick_archive__quotes
              where event_id like '%e0' and side = 'home' and known_at = '2016-05-02 16:05:00+00' group by 1"""
    assert world.rows(told) == [(-131.0, 2)]


def test_moves_of_one_second_keep_the_order_of_their_page(world: World) -> None:
    told = """select known_at, seq, price_american from staging.odds_ticks
              inner join staging.odds_series using (series_id)
              where source = 'sbr' and side = 'home' and observed_at = known_at order by 1, 2"""
    early = datetime(2025, 7, 15, 12, tzinfo=UTC)
    assert world.rows(told) == [(early, 1, -140.0), (early, 2, -145.0)]


def test_nobody_is_offered_a_market_of_one_side(world: World) -> None:
    states = read_frame(
        world.settings, "select * from staging.int_market_states where price_1 is null or price_2 is null"
    )
    assert set(states["unusable_because"]) == {"one_sided"}
    assert states.select(pl.col("probability_1", "hold", "booksum").is_not_null().any()).row(0) == (False, False, False)
    one_sided = {tuple(row) for row in states.select("source", "book", "market").rows()}
    assert {("odds_api", "betrivers", "moneyline"), ("test_archive", "bovada", "moneyline")} <= one_sided
    two_sided = world.rows(
        "select distinct source, book, market from staging.int_market_states where unusable_because is null"
    )
    never = one_sided - set(two_sided)
    assert len(never) >= 7
    marts = " union all ".join(
        f"select source, book, '{market}' from curated.{market}s where num_nonnulls(open_at, close_at) > 0"
        for market in ("moneyline", "spread", "total")
    )
    assert never.isdisjoint(world.rows(marts))
    priced = "select source, book, market from curated.decision_prices where home_probability is not null"
    assert never.isdisjoint(world.rows(priced))
    books = f"""select unnest(books) from curated.market_consensus
                where game_key = {GAME_KEY} and market = 'moneyline' and decision = 'current'"""
    assert {book for (book,) in world.rows(books)} == {"pinnacle", "draftkings"}


def test_no_line_or_price_that_cannot_be_reaches_a_series(world: World) -> None:
    bad = """select series.source, series.market, ticks.line, ticks.price_american
             from staging.odds_ticks as ticks inner join staging.odds_series as series using (series_id)
             where abs(price_american) < 100 or line * 2 <> trunc(line * 2) or abs(line) not between 0.5 and 25"""
    assert world.rows(bad) == []


def test_only_shares_that_make_a_whole_are_splits(world: World) -> None:
    splits = world.rows(
        "select source, book, market, side, measure, pct::float from staging.betting_splits order by 1, 2, 3, 5, 4"
    )
    assert splits == [
        *(
            (source, "", "moneyline", side, measure, pct)
            for source in ("action_network", "sbd")
            for measure, told in (("money", (45.0, 55.0)), ("tickets", (40.0, 60.0)))
            for side, pct in zip(("away", "home"), told, strict=True)
        ),
        ("vsin", "circasports", "spread", "away", "money", 60.0),
        ("vsin", "circasports", "spread", "home", "money", 40.0),
        ("vsin", "circasports", "spread", "away", "tickets", 55.0),
        ("vsin", "circasports", "spread", "home", "tickets", 47.0),
        ("vsin", "draftkings", "moneyline", "away", "money", 60.0),
        ("vsin", "draftkings", "moneyline", "home", "money", 40.0),
        ("vsin", "draftkings", "moneyline", "away", "tickets", 52.0),
        ("vsin", "draftkings", "moneyline", "home", "tickets", 48.0),
    ]


def test_nothing_on_either_side_is_missing_and_says_so(world: World) -> None:
    told = """select source, market, side, tickets_pct, missing_reason from (
                  select source, market, side, tickets_pct, missing_reason, book from staging.stg_vsin__splits
                  union all
                  select source, market, side, tickets_pct, missing_reason, book from staging.stg_action_network__splits
                  where disposition = 'staged'
              ) as splits where missing_reason is not null order by 1, 3"""
    assert world.rows(told) == [
        ("action_network", "total", "over", None, "tickets are 0 on every side; money is 0 on every side"),
        ("action_network", "total", "under", None, "tickets are 0 on every side; money is 0 on every side"),
        ("vsin", "total", "over", None, "tickets pending, money pending"),
        ("vsin", "total", "under", None, "tickets pending, money pending"),
    ]


def test_a_result_that_changes_days_later_is_a_second_version_and_the_first_stays(world: World) -> None:
    versions = f"""select version, away_runs, home_runs, known_at, capture from staging.game_results
                   where game_key = {CORRECTED_KEY} order by version"""
    assert world.rows(versions) == [
        (1, 3, 5, datetime(2025, 7, 13, 3, 0, 1, tzinfo=UTC), "captured"),
        (2, 4, 5, datetime(2025, 7, 14, 15, 0, 1, tzinfo=UTC), "captured"),
    ]


def test_a_bet_on_a_corrected_result_is_settled_anew_and_its_old_settlement_is_kept(world: World) -> None:
    """Eight runs when it was first told, nine a day and a half later: over 8.5 lost, and then won."""
    at = datetime(2025, 7, 12, 20, tzinfo=UTC)
    bet = {"bet_id": "over", "game_key": CORRECTED_KEY, "market": "total", "side": "over", "line": 8.5}
    bets = pl.DataFrame([bet | {"price_decimal": 1.9, "stake": 1.0, "decision_at": at}])
    outcomes = Outcomes.read(world.settings)
    history = settlement_history(bets, outcomes.games, outcomes.results, NOW)
    first, second = (datetime(2025, 7, 13, 3, 0, 1, tzinfo=UTC), datetime(2025, 7, 14, 15, 0, 1, tzinfo=UTC))
    columns = ("version", "result", "profit", "settled_at", "superseded_at")
    lost, won = history.select(columns).rows()
    assert lost == (1, "loss", -1.0, first, second)
    assert won == (2, "win", pytest.approx(0.9), second, None)
    for moment, result in ((second - timedelta(hours=1), "loss"), (NOW, "win")):
        settled = settle(bets, outcomes.games, outcomes.results, moment)
        assert settled["result"].to_list() == [result]


def test_a_later_file_that_contradicts_an_earlier_one_takes_both_prices_away(world: World, tmp_path: Path) -> None:
    """Whichever came first: staging all of it anew, in one go, gives the same."""
    ticks = """select known_at, price_american from staging.odds_ticks inner join staging.odds_series using (series_id)
                where event_id like '%e1' and side = 'home' order by 1"""
    three, six = (GAMES[1].start - timedelta(hours=hours) for hours in (3, 6))
    assert [at for at, _ in world.rows(ticks)] == [six, three]

    folder = written(tmp_path / "later", {"ticks_later_2016.csv": tick_file(contradicting_ticks())})
    assert [file.outcome for file in load_archive(world.settings, folder, run_id="test")] == ["stored"]
    stage(world.settings, *_STAGED_ANEW)
    assert [at for at, _ in world.rows(ticks)] == [six]
    assert {(row.name, row.record_number) for row in _contradicted(world, "-120 and -161")} == {
        ("ticks_2016.csv", 9),
        ("ticks_later_2016.csv", 2),
    }
    assert {(row.name, row.record_number) for row in _contradicted(world, "-130 and -140 and 125")} == {
        ("ticks_2016.csv", 14),
        ("ticks_2016.csv", 15),
        ("ticks_later_2016.csv", 4),
    }
    assert world.unaccounted() == []

    one_by_one = [world.rows(query) for query in _MADE_OF_TICKS]
    stage(world.settings, *_STAGED_ANEW, full_refresh=True)
    assert [world.rows(query) for query in _MADE_OF_TICKS] == one_by_one


_STAGED_ANEW = (
    *("stg_tick_archive__quotes", "odds_series", "odds_ticks"),
    *("stg_raw__record_counts", "int_series_accounts", "int_dispositions", "validation_results", "record_accounting"),
)
_MADE_OF_TICKS = (
    "select series_id, known_at, seq, line, price_american, load_id from staging.odds_ticks order by 1, 2, 3",
    "select series_id from staging.odds_series order by 1",
    "select series_id, raw_table, quotes, repeats, ticks from staging.int_series_accounts order by 1, 2",
    "select load_id, model, staged, quarantined, out_of_scope from staging.int_dispositions order by 1, 2",
    "select load_id, record_number, scope, rule, reason from staging.validation_results order by 1, 2, 3, 4, 5",
)


def _contradicted(world: World, prices: str) -> list[QuarantinedRecord]:
    listed = list_quarantine(world.settings, rule="contradicting_quotes", limit=None)
    return [record for record in listed.records if prices in record.reason]
