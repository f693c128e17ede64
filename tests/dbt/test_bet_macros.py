"""What people write into their lists of bets is read in one way or not at all, in a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import psycopg
import pytest

from dagster_mlb.warehouse.connection import open_connection
from tests.dbt.macro_sql import macro


@pytest.fixture(scope="module")
def connection(server_url: str) -> Iterator[psycopg.Connection]:
    """To the server itself: nothing is read but what is asked, and no table is needed."""
    with open_connection(server_url) as opened:
        yield opened


def asked(connection: psycopg.Connection, name: str, text: str, *others: str) -> object:
    """The macro's value of a text; ``others`` are further SQL arguments."""
    row = connection.execute(
        f"select {macro(name, 'told.text', *others)} from (select %s::text as text) as told", [text]
    )
    return row.fetchone()[0]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("-110", "american"),
        ("+120", "american"),
        ("+100", "american"),
        ("-110.0", "american"),
        ("+1,200", "american"),
        ("EVEN", "american"),
        ("evens", "american"),
        ("1.91", "decimal"),
        ("1,91", "decimal"),
        ("1.909", "decimal"),
        ("2", "decimal"),
        ("11.5", "decimal"),
        ("100", "unsigned"),
        ("110", "unsigned"),
        ("150.0", "unsigned"),
        ("-95", "below_100"),
        ("+1.91", "below_100"),
        ("-1.10", "below_100"),
        ("1", "below_one"),
        ("1.00", "below_one"),
        ("0.91", "below_one"),
        (".91", "below_one"),
        ("10/11", None),
        ("1,909", None),
        ("-110.5", None),
        ("-", None),
        ("pk", None),
        ("1.9.1", None),
        ("١.٩", None),
    ],
)
def test_a_price_is_american_or_decimal_by_its_form_alone_or_left_open(connection, text, form):
    assert asked(connection, "bet_price_form", text) == form


@pytest.mark.parametrize(
    ("text", "number"),
    [("-110", -110), ("+1,200", 1200), ("150.0", 150), ("100,00", 100), ("even", 100), ("1.91", None), ("+1.91", None)],
)
def test_an_american_price_is_a_whole_number(connection, text, number):
    assert asked(connection, "bet_american", text) == number


@pytest.mark.parametrize(
    ("text", "stake"),
    [
        ("50", 50),
        ("$50", 50),
        ("50 €", 50),
        ("2.5u", Decimal("2.5")),
        ("3 units", 3),
        ("12,5", Decimal("12.5")),
        ("1,250.00", 1250),
        ("1.250,00", 1250),
        ("-5", -5),
        ("1,250", None),
        ("1.250", None),
        ("ten", None),
        ("1e3", None),
        ("NaN", None),
        ("", None),
    ],
)
def test_a_stake_that_can_be_read_in_two_ways_is_no_stake(connection, text, stake):
    assert asked(connection, "bet_stake", text) == stake


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("2025-07-11", None, date(2025, 7, 11)),
        ("2025-7-1", None, date(2025, 7, 1)),
        ("2025-07-11 00:00:00", None, date(2025, 7, 11)),
        ("11.7.2025", None, date(2025, 7, 11)),
        ("7/11/2025", "month_first", date(2025, 7, 11)),
        ("7/11/2025", "day_first", date(2025, 11, 7)),
        ("7/11/2025", None, None),
        ("13/7/2025", "month_first", None),
        ("2025-02-30", None, None),
        ("7/11/25", "month_first", None),
        ("July 11", None, None),
        ("20250711", None, None),
        ("infinity", None, None),
        ("0001-01-01", None, None),
        ("1.1.0001", None, None),
    ],
)
def test_a_day_is_read_as_the_file_writes_days(connection, text, order, day):
    assert asked(connection, "bet_day", text, f"'{order}'" if order else "null::text") == day


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-07-11T18:02:00-04:00", datetime(2025, 7, 11, 22, 2, tzinfo=UTC)),
        ("2025-07-11 18:02", datetime(2025, 7, 11, 22, 2, tzinfo=UTC)),
        ("2025-07-11 6:02 PM", datetime(2025, 7, 11, 22, 2, tzinfo=UTC)),
        ("2025-07-11 6:02pm ET", datetime(2025, 7, 11, 22, 2, tzinfo=UTC)),
        ("2025-07-11T22:02Z", datetime(2025, 7, 11, 22, 2, tzinfo=UTC)),
        ("2025-07-11 22:02 UTC", datetime(2025, 7, 11, 22, 2, tzinfo=UTC)),
        ("2025-04-01 12:00", datetime(2025, 4, 1, 16, tzinfo=UTC)),
        ("2025-11-03 12:00", datetime(2025, 11, 3, 17, tzinfo=UTC)),
        ("2025-07-11", None),
        ("2025-07-11 25:00", None),
        ("2025-07-11 18:02 PST", None),
        ("2025-07-11 18:02 +99:00", None),
        ("2025-07-11 noon", None),
    ],
)
def test_a_moment_without_a_zone_is_new_yorks_summer_and_winter(connection, text, moment):
    sql = macro("bet_moment", macro("bet_iso_day", "told.text", "null::text"), macro("bet_clock", "told.text"))
    row = connection.execute(f"select {sql} from (select %s::text as text) as told", [text]).fetchone()
    assert row[0] == moment


@pytest.mark.parametrize(
    ("text", "market"),
    [
        ("ML", "moneyline"),
        ("Money Line", "moneyline"),
        ("run line", "spread"),
        ("RL", "spread"),
        ("Over/Under", "total"),
        ("O/U", "total"),
        ("F5 ML", None),
        ("team total", None),
        ("parlay", None),
        ("first inning", None),
        ("", None),
    ],
)
def test_only_markets_of_the_whole_game_are_known(connection, text, market):
    assert asked(connection, "bet_market", text) == market


@pytest.mark.parametrize(
    ("text", "cell"),
    [("  Red   Sox ", "Red Sox"), ("−110", "-110"), ("–1.5", "-1.5"), ("\u00a0", None), ("", None), ("a\tb", "a b")],
)
def test_a_cell_has_single_spaces_and_plain_signs(connection, text, cell):
    assert asked(connection, "bet_text", text) == cell


def test_a_book_is_known_by_its_letters(connection):
    assert {asked(connection, "book_spelling", name) for name in ("Draft Kings", "DraftKings", "draft-kings")} == {
        "draftkings"
    }
