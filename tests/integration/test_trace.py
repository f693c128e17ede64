"""From a number in curated back to the bytes: what `mlb trace` shows is what stands in the files that were loaded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from archive_factories import tick_line
from archive_world import (
    CLUBS,
    Game,
    game_log_file,
    sbr_file,
    season,
    season_files,
    tick_file,
    tick_lines,
    written,
)
from command_line import mlb
from conftest import NOW
from world import Server, fresh_database, untested

from dagster_mlb.learning.tables import DDL
from dagster_mlb.pipeline import run_to_the_end, transform
from dagster_mlb.reporting.trace import TraceError, TraceStep, key_columns, raw_body, trace, traceable_tables
from dagster_mlb.settings import Settings
from dagster_mlb.signals.table import publish_signals
from dagster_mlb.sources.archives import load_archive
from dagster_mlb.sources.http import ResponseRecord
from dagster_mlb.sources.raw_responses import store_many
from dagster_mlb.strategies.backtest import run_strategies
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.frames import read_frame
from dagster_mlb.warehouse.prepare import prepare

GAMES = season()
PRICED = GAMES[0]
# What has no row here: no game is to come, nobody moved a market, and no one wrote a list of bets.
NOT_HERE = {
    *("curated.betting_analysis", "curated.graded_bets", "curated.prediction_inputs", "curated.sharp_action_signals"),
    *("staging.bets", "staging.stg_bet_slips__bets", "staging.stg_odds_api__scores"),
}
VERIFIED = "sha256 verified, they are the bytes that came"


@dataclass(frozen=True)
class World:
    settings: Settings
    folder: Path
    odds_load: int
    repeat_load: int

    def keys(self, table: str, where: str = "true") -> list[list[str]]:
        columns = key_columns(self.settings, table)
        query = f"select {', '.join(f'{c}::text' for c in columns)} from {table} where {where} order by 1"
        return [list(row) for row in read_frame(self.settings, query).rows()]

    def trace(self, table: str, *key: str) -> TraceStep:
        return trace(self.settings, table, key)


def other_seasons() -> dict[str, bytes]:
    """Seasons that other sources alone know, and in 2016 an event that nobody knows and a price that is none."""
    sheet_only, ticks_only, log_only = (season(first_day=date(year, 5, year - 2010)) for year in (2015, 2014, 2017))
    stranger = replace(PRICED, index=77, away=CLUBS[2])
    return {
        "mlb-odds-2015.xlsx": sbr_file(sheet_only),
        "ticks_2014.csv": tick_file(tick_lines(ticks_only[:1], hours=(5, 2))).replace(b"test_archive", b"old_archive"),
        "gl2017.txt": game_log_file(log_only),
        "mlb-odds-2017.xlsx": sbr_file(log_only),
        "ticks_strange_2016.csv": tick_file([*tick_lines([stranger], hours=(5,)), tick_line(price="even")]),
    }


def schedule_answer() -> bytes:
    """Two games of a day of 2018, one final and one postponed."""
    games = []
    for number, (code, state) in enumerate((("F", "Final"), ("DR", "Postponed"))):
        sides = {
            side: {"team": {"id": team}, **({"score": runs} if code == "F" else {})}
            for side, team, runs in (("away", 121 - number, 2), ("home", 118 + number, 5))
        }
        games.append(
            {
                "gamePk": 530_000 + number,
                "officialDate": "2018-05-02",
                "gameDate": "2018-05-02T17:05:00Z",
                "gameType": "R",
                "season": "2018",
                "doubleHeader": "N",
                "gameNumber": 1,
                "scheduledInnings": 9,
                "status": {"statusCode": code, "detailedState": state},
                "teams": sides,
                "venue": {"name": "Park"},
            }
        )
    return json.dumps({"dates": [{"date": "2018-05-02", "games": games}]}).encode()


def odds_answer(game: Game) -> bytes:
    outcomes = [{"name": game.home.name, "price": -130}, {"name": game.away.name, "price": 115}]
    market = {
        "key": "h2h",
        "last_update": f"{game.start - timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}",
        "outcomes": outcomes,
    }
    event = {
        "id": "abc123",
        "sport_key": "baseball_mlb",
        "commence_time": f"{game.start:%Y-%m-%dT%H:%M:%SZ}",
        "home_team": game.home.name,
        "away_team": game.away.name,
        "bookmakers": [{"key": "fanduel", "title": "FanDuel", "markets": [market]}],
    }
    return json.dumps([event]).encode()


def response(body: bytes, moment: datetime, *, source: str = "odds_api", endpoint: str = "odds") -> ResponseRecord:
    return ResponseRecord(
        source=source,
        endpoint=endpoint,
        request_key=f"GET /{endpoint}?markets=h2h&oddsFormat=american",
        official_date=moment.date(),
        observed_at=moment,
        http_status=200,
        content_type="application/json",
        body=body,
        content_hash=hashlib.sha256(body).hexdigest(),
        byte_length=len(body),
    )


def predict_the_market(settings: Settings) -> None:
    """A model whose prediction is the market's own, and its figures: what learning would publish."""
    model = {
        "model_id": "market-1",
        "name": "market",
        "target": "home_win",
        "decision": "open",
        "artifact": "none",
        "market_source": "sbr_archive",
        "no_vig_method": "odds_ratio",
        "feature_names": ["market_logit"],
        "feature_hash": "hash",
        "train_start": GAMES[0].day,
        "train_end": GAMES[0].day,
        "n_train": 1,
        "parameters": "{}",
        "metrics": "{}",
        "code_version": "1",
        "provenance": ["archive"],
        "created_at": NOW,
    }
    placeholders = ", ".join(f"%({name})s" for name in model)
    with connect(settings, role="transform") as conn:
        for table in ("curated.predictions", "curated.model_performance"):
            if conn.execute("select to_regclass(%s)", [table]).fetchone() == (None,):
                conn.execute(DDL[table])
        conn.execute(f"insert into operational.model_registry ({', '.join(model)}) values ({placeholders})", model)
        conn.execute(
            """insert into curated.predictions
               select game_key, decision, 'market', 'market-1', '2016', official_date, market_home_probability,
                   market_home_probability, 'hash', provenance, decision_at
               from curated.feature_vectors where decision = 'open' and market_home_probability is not null"""
        )
        conn.execute(
            """insert into curated.model_performance
               values ('market', 'open', '2016-05', 'archive', 12, .69, .24, .5, 1, 0.1, 0, .69, 0, 0, .69)"""
        )


@pytest.fixture(scope="module")
def world(server_url: str, postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = written(tmp_path_factory.mktemp("season"), season_files(GAMES) | other_seasons())
    server = Server(server_url, postgres_server)
    with fresh_database(server, tmp_path_factory.mktemp("data"), NOW) as settings:
        prepare(settings)
        load_archive(settings, folder, run_id="test")
        moment = PRICED.start - timedelta(hours=3)
        answer = response(odds_answer(PRICED), moment)
        with connect(settings, role="ingest") as conn:
            first, repeat = store_many(
                conn,
                "odds_api_odds",
                [answer, answer],
                run_id="test",
                capture="captured",
                provenance="replayed",
                ingested_at=moment,
            )
            day = datetime(2018, 5, 3, 12, tzinfo=UTC)
            schedule = response(schedule_answer(), day, source="mlb_stats", endpoint="schedule")
            how = {"run_id": "test", "capture": "backfilled", "provenance": "replayed", "ingested_at": day}
            store_many(conn, "mlb_stats_schedule", [schedule], **how)  # type: ignore[arg-type]
        with untested():
            transform(settings, run_id="test")
        publish_signals(settings, "test")
        run_strategies(settings, run_id="test")
        predict_the_market(settings)
        run_to_the_end(settings, "performance")
        yield World(settings, folder, first.load_id, repeat.load_id)


def only(step: TraceStep, *words: str) -> list[TraceStep]:
    """The steps whose title holds these words."""
    return [one for one in step.walk() if all(word in one.title for word in words)]


def test_every_moneyline_of_the_sheet_ends_in_the_two_cells_that_print_its_prices(world: World) -> None:
    keys = world.keys("curated.moneylines", "source = 'sbr_archive'")
    assert len(keys) == 36
    for key in keys:
        step = world.trace("curated.moneylines", *key)
        for moment, cell in (("open", "Open"), ("close", "Close")):
            [price] = only(step, f"{moment}: sbr_archive")
            rows = only(price, "raw_data.sbr_archive, sheet Sheet1")
            printed = {row.facts["VH"]: row.facts[cell] for row in rows}
            assert printed == {
                "H": f"{step.facts[f'{moment}_home_price']:.0f}",
                "V": f"{step.facts[f'{moment}_away_price']:.0f}",
            }
            assert {row.facts["in the bytes"] for row in rows} == {"read again: the same cells"}


def test_every_moneyline_of_the_ticks_ends_in_the_lines_that_quote_it(world: World) -> None:
    keys = world.keys("curated.moneylines", "source = 'test_archive' and season = 2016")
    assert len(keys) == 12
    for key in keys:
        step = world.trace("curated.moneylines", *key)
        for moment in ("open", "close"):
            [price] = only(step, f"{moment}: test_archive")
            lines = [row for row in price.walk() if row.title.startswith("raw_data.tick_archive, line")]
            assert {row.facts["side"]: float(row.facts["price"]) for row in lines} == {
                "home": step.facts[f"{moment}_home_price"],
                "away": step.facts[f"{moment}_away_price"],
            }
            files = {load.load_id: load.facts["file_name"] for load in price.walk() if load.load_id}
            assert set(files.values()) <= {"ticks_early_2016.csv", "ticks_late_2016.csv"}
            for row in lines:
                body = b"".join((world.folder / name).read_bytes() for name in files.values()).decode()
                assert row.facts["in the bytes"] in body.splitlines()


def test_a_result_ends_in_the_line_that_tells_its_score(world: World) -> None:
    for key in world.keys("curated.enhanced_games", "season = 2016"):
        step = world.trace("enhanced_games", *key)
        [result] = only(step, "staging.game_results")
        [line] = only(result, "raw_data.mlb_games, line")
        told = json.loads(line.facts["in raw"])
        assert (told["away_score"], told["home_score"]) == (step.facts["away_runs"], step.facts["home_runs"])
        assert line.facts["in the bytes"] == line.facts["in raw"]


def test_the_crosswalk_stands_between_with_its_rung(world: World) -> None:
    [key] = world.keys("staging.game_crosswalk", f"source = 'test_archive' and event_id like '%:e{GAMES[5].index}'")
    step = world.trace("staging.game_crosswalk", *key)
    assert (
        only(step, f"staging.game_crosswalk: test_archive event {GAMES[5].day:%Y}:e5")[0].note == "tied by start_time"
    )
    assert any(one.title.startswith("raw_data.tick_archive") for one in step.walk())


@pytest.mark.parametrize(
    ("year", "spine", "record", "result"),
    [
        (2014, "tick_archive", "raw_data.tick_archive, line", None),
        (2015, "sbr_archive", "raw_data.sbr_archive, sheet", "raw_data.sbr_archive, sheet"),
        (2016, "mlb", "raw_data.mlb_games, line", "raw_data.mlb_games, line"),
        (2017, "retrosheet", "raw_data.retrosheet_games, line", "raw_data.retrosheet_games, line"),
        (2018, "mlb", "raw_data.mlb_stats_schedule, record", "raw_data.mlb_stats_schedule, record"),
    ],
)
def test_a_game_of_any_spine_ends_in_the_record_that_knows_it_and_in_the_one_that_settles_it(
    world: World, year: int, spine: str, record: str, result: str | None
) -> None:
    key, *_ = world.keys("curated.enhanced_games", f"season = {year}")
    step = world.trace("curated.enhanced_games", *key)
    game, told, *_ = step.children
    assert game.facts["spine"] == spine
    assert only(game, record)
    if result is None:
        assert told.note == "no result is known of this game"
    else:
        assert only(told, result)


def test_an_event_that_nobody_knows_ends_in_its_first_quote(world: World) -> None:
    [key] = world.keys("staging.unmatched_events")
    step = world.trace("staging.unmatched_events", *key)
    [line] = only(step, "raw_data.tick_archive, line 2")
    assert line.facts["event_ref"] == "e77"


def test_a_quarantined_record_is_shown_as_it_was_printed(world: World) -> None:
    [key] = world.keys("staging.validation_results")
    step = world.trace("staging.validation_results", *key)
    assert only(step, "raw_data.tick_archive, line 4")[0].facts["price"] == "even"
    assert step.facts["reason"] == 'price "even" is no number'


def test_every_table_that_can_be_traced_ends_in_bytes_that_are_still_those_that_came(world: World) -> None:
    untraced = []
    for table in traceable_tables():
        where = "record_number is not null" if "stg_" in table else "true"
        keys = world.keys(table, where)
        if not keys:
            untraced.append(table)
            continue
        step = world.trace(table, *keys[0])
        loads = [one for one in step.walk() if one.load_id is not None]
        assert loads, table
        assert all(one.facts["bytes"].endswith(VERIFIED) for one in loads), table
        assert not [one.note for one in step.walk() if "there no more" in one.note or "no such" in one.note], table
    assert set(untraced) == NOT_HERE


def test_a_bet_leads_to_the_price_it_took_and_to_its_close(world: World) -> None:
    [key, *_] = world.keys("curated.strategy_results", "source = 'sbr_archive'")
    step = world.trace("strategy_results", *key)
    [offer] = only(step, "curated.decision_prices")
    assert offer.facts[f"{step.facts['side']}_price"] == step.facts["price_american"]
    [close] = only(step, "the close:")
    prices = {tick.facts["price_american"] for tick in close.children}
    assert step.facts["close_price_american"] in prices
    assert only(step, "operational.trial_ledger")[0].facts["name"] == step.facts["strategy"]


def test_a_quote_of_a_response_ends_in_its_fragment_of_the_document(world: World) -> None:
    step = world.trace("staging.stg_odds_api__quotes", str(world.odds_load), "2")
    [fragment] = only(step, "raw_data.odds_api_odds, record 2 of the response")
    told = json.loads(fragment.facts["json"])
    assert (told["id"], told["bookmaker"]["key"], told["market"]["key"]) == ("abc123", "fanduel", "h2h")
    assert told["outcome"] == {"name": PRICED.away.name, "price": 115}
    assert only(step, f"load {world.odds_load}")[0].facts["provenance"] == "replayed"


def test_a_repeat_has_the_bytes_of_the_answer_that_it_repeats(world: World) -> None:
    from dagster_mlb.reporting.trace_raw import RawReader

    with connect(world.settings) as conn:
        step = RawReader(conn).load_step(world.repeat_load, [1])
    assert f"of load {world.odds_load}" in step.facts["bytes"]
    assert step.facts["bytes"].endswith(VERIFIED)
    assert json.loads(step.children[0].facts["json"])["outcome"]["name"] == PRICED.home.name
    assert raw_body(world.settings, world.repeat_load) == odds_answer(PRICED)


def test_bytes_that_were_changed_behind_our_back_are_told(world: World) -> None:
    [[load_id]] = read_frame(
        world.settings, "select load_id::text from raw_data.archive_files where archive = 'mlb_games'"
    ).rows()
    change = "update raw_data.archive_files set body = %s where load_id = %s"
    body = raw_body(world.settings, int(load_id))
    with connect(world.settings) as conn:
        conn.execute("alter table raw_data.archive_files disable trigger append_only")
        conn.execute(change, [body.replace(b'"home_score": 1', b'"home_score": 9'), load_id])
    try:
        step = world.trace("staging.stg_mlb_games__games", load_id, "1")
        assert "SHA256 DIFFERS" in only(step, f"load {load_id}")[0].facts["bytes"]
    finally:
        with connect(world.settings) as conn:
            conn.execute(change, [body, load_id])
            conn.execute("alter table raw_data.archive_files enable trigger append_only")


@pytest.mark.parametrize(
    ("table", "key", "message"),
    [
        ("curated.odds", ["1"], "curated.odds is no table that can be traced. These can:\n  curated.archive_benchmark"),
        ("moneylines", ["1"], "3 values, 1 were given: mlb trace curated.moneylines <game_key> <source> <book>"),
        ("team_ratings", [], "mlb trace curated.team_ratings <game_key> <team_id> <version>"),
        ("moneylines", ["one", "a", "b"], "game_key of curated.moneylines is of type bigint, and 'one' is none."),
        ("moneylines", ["1", "a", "b"], "curated.moneylines has no row with game_key 1, source a, book b."),
    ],
)
def test_a_question_that_cannot_be_answered_says_what_was_wanted(
    world: World, table: str, key: list[str], message: str
) -> None:
    with pytest.raises(TraceError) as told:
        trace(world.settings, table, key)
    assert message in str(told.value)


def test_before_anything_was_staged_the_message_says_what_to_do(database: Settings) -> None:
    with pytest.raises(TraceError, match=r"curated\.moneylines is not in the warehouse yet"):
        trace(database, "moneylines", ["1", "a", "b"])


def test_the_command_prints_the_tree_and_writes_the_bytes(world: World, tmp_path: Path) -> None:
    [key, *_] = world.keys("curated.moneylines", "source = 'sbr_archive' and season = 2016")
    plain = mlb(world.settings, "trace", "moneylines", *key)
    assert plain.code == 0
    assert plain.lines("sha256 verified")
    [[sheet]] = read_frame(
        world.settings, "select load_id::text from raw_data.archive_files where file_name = 'mlb-odds-2016.xlsx'"
    ).rows()
    target = tmp_path / "sheet.xlsx"
    told = mlb(world.settings, "trace", "moneylines", *key, "--bytes", str(target), "--load", sheet)
    assert told.lines(f"bytes of load {sheet}")
    assert target.read_bytes() == (world.folder / "mlb-odds-2016.xlsx").read_bytes()
    last = mlb(world.settings, "trace", "moneylines", *key, "--bytes", str(target))
    assert "choose with --load" in last.text
    wrong = mlb(world.settings, "trace", "moneylines", *key, "--bytes", str(target), "--load", "99999")
    assert (wrong.code, "is none of those that this row rests on" in wrong.text) == (1, True)


def test_a_key_that_is_missing_ends_the_command_with_its_columns(world: World) -> None:
    told = mlb(world.settings, "trace", "moneylines")
    assert (told.code, told.text.strip().endswith("<game_key> <source> <book>")) == (1, True)
