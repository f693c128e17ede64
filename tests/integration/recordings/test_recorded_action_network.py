"""Action Network's recordings through raw and staging: every record counted, values asserted for a few."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import NOW

from dagster_mlb.settings import PROJECT_ROOT, Settings
from tests.integration.staged_bodies import put, rows, stage
from tests.integration.world import Server, fresh_database
from tests.recordings import envelopes_action_network

MANIFEST: list[dict[str, Any]] = json.loads(
    (PROJECT_ROOT / "tests" / "recordings" / "action_network.json").read_text(encoding="utf-8")
)
MODEL_OF_TABLE = {
    "action_network_scoreboard": "stg_action_network__quotes",
    "action_network_market_history": "stg_action_network__history_quotes",
}
AT = datetime(2026, 8, 8, 16, 38, 7, tzinfo=UTC)  # the capture, and a second to write it

pytestmark = pytest.mark.real_data


@dataclass(frozen=True)
class Staged:
    settings: Settings
    loads: dict[str, int]  # file → load

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return rows(self.settings, query, parameters)


@pytest.fixture(scope="module")
def staged(
    server_url: str, postgres_server: str, wire_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Staged]:
    server = Server(server_url, postgres_server)
    with fresh_database(server, tmp_path_factory.mktemp("data"), NOW) as settings:
        loads = {}
        for entry in MANIFEST:
            body = (wire_dir / "action_network" / entry["file"]).read_bytes()
            if entry["envelope"]:
                body = getattr(envelopes_action_network, entry["envelope"])(body)
            at = datetime.fromisoformat(entry["fetched_at"])
            loads[entry["file"]] = put(
                settings, entry["table"], body, path=entry["path"], params=entry["params"], observed_at=at
            )
        stage(
            settings, "+stg_action_network__splits", "+stg_action_network__games", "+stg_action_network__history_quotes"
        )
        yield Staged(settings, loads)


def test_the_manifest_names_every_recording(wire_dir: Path) -> None:
    there = {path.name for path in (wire_dir / "action_network").iterdir()} - {"SOURCES.txt"}
    assert {entry["file"] for entry in MANIFEST} == there


@pytest.mark.parametrize("entry", MANIFEST, ids=lambda entry: entry["file"])
def test_every_record_is_counted(staged: Staged, entry: dict[str, Any]) -> None:
    told = staged.rows(
        f"select disposition, count(*) from staging.{MODEL_OF_TABLE[entry['table']]} where load_id = %s group by 1",
        staged.loads[entry["file"]],
    )
    counts = {"staged": 0, "quarantined": 0, "out_of_scope": 0} | dict(told)
    assert counts == {name: entry[name] for name in counts}
    assert sum(counts.values()) == entry["records"]


def quotes(staged: Staged, where: str) -> list[tuple[Any, ...]]:
    return staged.rows(
        f"""select market, period, side, line, price_american from staging.stg_action_network__quotes
            where event_id = '292748' and {where} order by market, period, side"""
    )


def test_the_game_is_atlanta_at_the_yankees(staged: Staged) -> None:
    assert staged.rows(
        """select event_id, away_team_id, home_team_id, official_date, commence_at, status, away_rotation_number,
                  home_rotation_number, away_starter_ref, home_starter_ref, away_runs, num_bets, known_at, rule
           from staging.stg_action_network__games where event_id = '292748'"""
    ) == [
        (
            *("292748", 144, 147, date(2026, 8, 8), datetime(2026, 8, 8, 19, 5, tzinfo=UTC), "scheduled", 967, 968),
            *("3211", "3560", None, 10688, AT, None),
        )
    ]


def test_the_consensus_has_every_market(staged: Staged) -> None:
    assert quotes(staged, "source_book_id = '15' and market in ('moneyline', 'spread')") == [
        ("moneyline", "first_five", "away", None, -166.0),
        ("moneyline", "first_five", "home", None, 130.0),
        ("moneyline", "game", "away", None, -141.0),
        ("moneyline", "game", "home", None, 127.0),
        ("spread", "first_five", "away", Decimal("-0.5"), -110.0),
        ("spread", "first_five", "home", Decimal("0.5"), -121.0),
        ("spread", "game", "away", Decimal("-1.5"), 120.0),
        ("spread", "game", "home", Decimal("1.5"), -144.0),
    ]
    assert quotes(staged, "source_book_id = '15' and market = 'total'") == [
        ("total", "first_five", "over", Decimal("3.5"), -138.0),
        ("total", "first_five", "under", Decimal("3.5"), 106.0),
        ("total", "first_inning", "over", Decimal("0.5"), 110.0),
        ("total", "first_inning", "under", Decimal("0.5"), -140.0),
        ("total", "game", "over", Decimal("7.5"), -115.0),
        ("total", "game", "under", Decimal("7.5"), -105.0),
    ]


def test_team_totals_are_told_by_the_team_and_not_by_the_order(staged: Staged) -> None:
    assert quotes(staged, "book = 'betparx' and market like 'team_total%%'") == [
        ("team_total_away", "game", "over", Decimal("3.5"), -143.0),
        ("team_total_away", "game", "under", Decimal("3.5"), 118.0),
        ("team_total_home", "game", "over", Decimal("3.5"), 114.0),
        ("team_total_home", "game", "under", Decimal("3.5"), -137.0),
    ]


def test_book_30_is_the_opening_of_the_consensus(staged: Staged) -> None:
    counted = staged.rows(
        """select book, label, status, capture, count(*), min(known_at), max(known_at)
           from staging.stg_action_network__quotes where source_book_id = '30' group by 1, 2, 3, 4"""
    )
    assert counted == [("consensus", "open", "open", "captured", 22, AT, AT)]
    assert quotes(staged, "label = 'open' and market = 'moneyline' and period = 'game'") == [
        ("moneyline", "game", "away", None, -135.0),
        ("moneyline", "game", "home", None, 115.0),
    ]


def test_a_first_inning_may_end_in_a_draw(staged: Staged) -> None:
    assert staged.rows(
        """select book, market, period, side, price_american, is_three_way, away_team_id, home_team_id
           from staging.stg_action_network__quotes where event_id = '292762' order by side"""
    ) == [
        ("thescorebet", "moneyline", "first_inning", "away", 340.0, True, 139, 136),
        ("thescorebet", "moneyline", "first_inning", "draw", -165.0, True, 139, 136),
        ("thescorebet", "moneyline", "first_inning", "home", 320.0, True, 139, 136),
    ]


def test_the_public_is_staged_once_and_nothing_is_not_zero(staged: Staged) -> None:
    assert staged.rows(
        """select market, period, side, tickets_pct, money_pct, source_book_id from staging.stg_action_network__splits
           where disposition = 'staged' and tickets_pct is not null order by market, side"""
    ) == [
        ("moneyline", "game", "away", Decimal(62), Decimal(66), "15"),
        ("moneyline", "game", "home", Decimal(38), Decimal(34), "15"),
        ("spread", "game", "away", Decimal(61), Decimal(75), "15"),
        ("spread", "game", "home", Decimal(39), Decimal(25), "15"),
        ("total", "game", "over", Decimal(53), Decimal(43), "15"),
        ("total", "game", "under", Decimal(47), Decimal(57), "15"),
    ]
    assert staged.rows(
        """select disposition, rule, period, missing_reason, count(*) from staging.stg_action_network__splits
           where event_id = '292748' and tickets_pct is null group by 1, 2, 3, 4 order by 1, 2, 3"""
    ) == [
        ("out_of_scope", "market_not_staged", "first_five", None, 4),
        ("out_of_scope", "market_not_staged", "game", None, 8),
        ("out_of_scope", "same_public_figure", "game", None, 6),
        ("staged", None, "first_five", "tickets are 0 on every side; money is 0 on every side", 6),
        ("staged", None, "first_inning", "tickets are 0 on every side; money is 0 on every side", 2),
    ]


def test_a_move_is_known_at_its_own_time_and_the_current_price_when_it_was_seen(staged: Staged) -> None:
    seen = datetime(2025, 7, 21, 18, 0, 1, tzinfo=UTC)
    assert staged.rows(
        """select side, line, price_american, known_at, capture, is_opener, market, period, book, away_team_id
           from staging.stg_action_network__history_quotes order by side, known_at"""
    ) == [
        (
            *("over", Decimal(8), -115.0, datetime(2025, 7, 21, 17, 39, 30, 200068, tzinfo=UTC), "backfilled", True),
            *("total", "game", "consensus", None),
        ),
        ("over", Decimal(8), -112.0, seen, "captured", None, "total", "game", "consensus", None),
        (
            *("under", Decimal(8), -105.0, datetime(2025, 7, 21, 17, 39, 30, 195056, tzinfo=UTC), "backfilled", None),
            *("total", "game", "consensus", None),
        ),
        ("under", Decimal(8), -109.0, seen, "captured", None, "total", "game", "consensus", None),
    ]
