"""A formula that stands in SQL and in Python gives the same on both sides, in a real PostgreSQL; casts never raise."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
import psycopg
import pytest

from dagster_mlb.baseball import game_keys, official_date, teams
from dagster_mlb.market import levels, no_vig, odds
from dagster_mlb.market.consensus import consensus, logit_gap
from tests.dbt.macro_sql import macro

NASTY = [
    *(
        "",
        " ",
        "\t",
        "\n",
        "null",
        "NULL",
        "NaN",
        "nan",
        "Infinity",
        "-Infinity",
        "inf",
        "1e309",
        "1e5",
        "1E-9",
        "0x1F",
    ),
    *("½", "-½", "+½", "7½", "-7½", "7½½", "½7", "7 ½", "1234½", "7.25", "7.255", ".5", "5.", "+5", "--5", "+-5", "5-"),
    *(
        "9" * 400,
        "-" + "9" * 400,
        "1_000",
        "1,000",
        "１２",
        "٣",
        "12 ",
        " 12",
        "12\n",
        "100000000000000000000",
        "0.1" * 50,
    ),
    *(
        "🎲",
        "Ω",
        "é",
        "\u00a0",
        "\u200b5",
        "'; drop table x; --",
        "%s",
        "{{ 1 }}",
        "$1",
        "\\",
        "\x01",
        "NL",
        "PK",
        "EVEN",
    ),
    *(
        "2024-02-30",
        "2024-13-01",
        "20240230",
        "20240704",
        "2024-07-04",
        "0000-00-00",
        "99999999",
        "2024-7-4",
        "infinity",
    ),
    *("2024-07-04T23:05:00Z", "2024-07-04 23:05", "2024-07-04T23:05:00", "2024-07-04T25:05:00Z", "2024-07-04T23:05Z"),
    *(
        "2024-07-04T23:05:00+99:00",
        "2024-07-04T23:05:00-0400",
        "2024-07-04T23:05:60Z",
        "2024-07-04T23:05:00.123456789Z",
    ),
    *("-infinity", "now", "today", "epoch", "9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
]


def column(connection: psycopg.Connection, expression: str, values: Sequence, kind: str) -> list:
    """The macro's SQL over a column ``x`` of values, in order."""
    sql = f"select {expression.replace('%', '%%')} from unnest(%s::{kind}[]) with ordinality as given (x, place)"
    rows = connection.execute(f"{sql} order by place", [list(values)]).fetchall()  # type: ignore[arg-type]
    return [row[0] for row in rows]


@pytest.fixture(scope="module")
def server(server_url: str):
    """Expressions alone: no table is read or made."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute("set timezone = 'Asia/Tokyo'")  # no answer may hang on the session's zone
        connection.execute("set datestyle = 'ISO, DMY'")
        yield connection


class TestCasts:
    """What a source wrote becomes a value or NULL, never an error that fails its batch."""

    @pytest.mark.parametrize("name", ["try_number", "try_line", "try_timestamptz", "try_date", "club_alias"])
    def test_no_text_whatever_raises(self, server: psycopg.Connection, name: str) -> None:
        chance = random.Random(20250715)
        alphabet = "0123456789+-.½eE:TZ /NaInfity\t🎲"
        made_up = ["".join(chance.choices(alphabet, k=chance.randint(0, 25))) for _ in range(3000)]
        assert len(column(server, f"({macro(name, 'x')})::text", NASTY + made_up, "text")) == len(NASTY) + 3000

    @pytest.mark.parametrize("kind", ["int", "bigint", "smallint", "numeric(5, 4)", "boolean", "jsonb", "uuid"])
    def test_try_cast_raises_for_no_type(self, server: psycopg.Connection, kind: str) -> None:
        column(server, macro("try_cast", "x", kind), NASTY, "text")

    def test_a_number_is_a_plain_decimal(self, server: psycopg.Connection) -> None:
        given = [
            "5",
            "+5",
            "-110",
            "7.5",
            "5.",
            ".5",
            "1e5",
            "NaN",
            "Infinity",
            "1e309",
            "9" * 400,
            " 5",
            "1,000",
            "0x1F",
            "1_000",
            "5 ",
            "1234567890",
            None,
        ]
        assert column(server, macro("try_number", "x"), given, "text") == [5, 5, -110, 7.5] + [None] * 14
        assert column(server, macro("try_number", "x"), ["007", "-0", "123456789"], "text") == [7, 0, 123456789]

    def test_a_line_may_be_written_with_the_glyph_of_a_half(self, server: psycopg.Connection) -> None:
        given = ["7½", "-1½", "½", "-½", "+½", "7", "10.25", "100", "1234", "7½½", "½7", "7.255", "", "NL", None]
        expected = [7.5, -1.5, 0.5, -0.5, 0.5, 7, 10.25, 100] + [None] * 7
        found = column(server, macro("try_line", "x"), given, "text")
        assert [None if line is None else float(line) for line in found] == expected

    def test_a_time_without_an_offset_is_no_moment(self, server: psycopg.Connection) -> None:
        moment = datetime(2024, 7, 4, 23, 5, tzinfo=UTC)
        given = {
            "2024-07-04T23:05:00Z": moment,
            "2024-07-04T23:05Z": moment,
            "2024-07-04 19:05:00-04": moment,
            "2024-07-04T19:05:00.000-04:00": moment,
            "2024-07-04T19:05:00-0400": moment,
            "2024-07-04T23:05:00": None,
            "2024-07-04": None,
            "infinity": None,
            "now": None,
            "2024-07-04T25:05:00Z": None,
            "2024-02-30T00:00:00Z": None,
            "2024-07-04T23:05:00 BC Z": None,
            "2024-07-04T23:05:00+02 Z": None,
            "2024-07-04T23:05:00 EST5EDTZ": None,
            "2024-07-04T23:05:00 America/New_YorkZ": None,
            "2024-07-04T23:05:00.5Z": moment.replace(microsecond=500_000),
        }
        assert column(server, macro("try_timestamptz", "x"), list(given), "text") == list(given.values())

    def test_a_day_that_the_calendar_does_not_know_is_no_day(self, server: psycopg.Connection) -> None:
        given = {
            "20240704": date(2024, 7, 4),
            "2024-07-04": date(2024, 7, 4),
            "2024-02-30": None,
            "20230229": None,
            "2024-7-4": None,
            "07/04/2024": None,
            "today": None,
        }
        assert column(server, macro("try_date", "x"), list(given), "text") == list(given.values())

    def test_a_spelling_of_a_club_is_normalised_as_python_does_it(self, server: psycopg.Connection) -> None:
        chance = random.Random(20250715)
        texts = ["".join(chance.choices("abcXYZ .'\t\n-&9", k=chance.randint(0, 20))) for _ in range(2000)]
        texts += [*teams.team_aliases(), *(team.name for team in teams.teams().values()), "St. Louis", " chi.  cubs "]
        assert column(server, macro("club_alias", "x"), texts, "text") == [teams.normalised(text) for text in texts]


class TestOdds:
    """SQL's formulas are those of dagster_mlb.market."""

    prices = np.unique(np.r_[-5000:-99:37, -110, -105, -101, -100, 100, 101, 105, 110, 100:5001:41, -99, -1, 0, 1, 99])

    @pytest.mark.parametrize(
        ("name", "twin"),
        [("american_to_decimal", odds.american_to_decimal), ("american_to_implied", odds.implied_from_american)],
    )
    def test_american_prices(self, server: psycopg.Connection, name: str, twin) -> None:
        for kind in ("int", "float8"):
            found = column(server, macro(name, "x"), self.prices.tolist(), kind)
            np.testing.assert_allclose(as_array(found), twin(self.prices), rtol=1e-15)

    def test_decimal_prices(self, server: psycopg.Connection) -> None:
        decimals = np.r_[0.5, 1.0, 1.001, 1.5, 1.909091, 1.99, 2.0, 2.01, 2.5, 51.0, 1001.0]
        found = column(server, macro("decimal_to_american", "x"), decimals.tolist(), "float8")
        np.testing.assert_allclose(as_array(found), odds.decimal_to_american(decimals), rtol=1e-13)

    @pytest.mark.parametrize("method", ["odds_ratio", "multiplicative", "additive"])
    def test_no_vig(self, server: psycopg.Connection, method: no_vig.Method) -> None:
        q1, q2 = implied_pairs()
        found = pairs(server, macro(f"no_vig_{method}", "a", "b"), q1, q2)
        np.testing.assert_allclose(found, no_vig.no_vig(q1, q2, method), rtol=1e-12)

    def test_hold(self, server: psycopg.Connection) -> None:
        q1, q2 = implied_pairs()
        np.testing.assert_allclose(pairs(server, macro("hold", "a", "b"), q1, q2), no_vig.hold(q1, q2), atol=1e-14)

    def test_an_expression_is_taken_whole(self, server: psycopg.Connection) -> None:
        """A macro that forgot its brackets would read `a + 0` in pieces."""
        q1, q2 = implied_pairs()
        for name in ("no_vig_odds_ratio", "no_vig_multiplicative", "no_vig_additive", "hold"):
            plain, composed = macro(name, "a", "b"), macro(name, "(a + 0)", "(b + 0)")
            np.testing.assert_array_equal(pairs(server, plain, q1, q2), pairs(server, composed, q1, q2))


class TestConsensus:
    """The books of a market together say in SQL what dagster_mlb.market.consensus says."""

    def test_books_of_every_weight_and_age(self, server: psycopg.Connection) -> None:
        p, weight, age = books_of_markets()
        told = consensus(p, weight=weight, age_minutes=age)
        found = grouped(server, p, weight, age)
        np.testing.assert_allclose(found[0], told.probability, rtol=1e-12)
        np.testing.assert_allclose(found[1], told.dispersion, atol=1e-6)
        np.testing.assert_allclose(found[2], told.effective_books, rtol=1e-9)

    def test_some_of_the_books_alone(self, server: psycopg.Connection) -> None:
        """Books of weight 2 and more against the others: the gap of two consensuses."""
        p, weight, age = books_of_markets()
        sharp = consensus(np.where(weight >= 2, p, np.nan), weight=weight, age_minutes=age).probability
        retail = consensus(np.where(weight < 2, p, np.nan), weight=weight, age_minutes=age).probability
        np.testing.assert_allclose(grouped(server, p, weight, age)[3], logit_gap(sharp, retail), atol=1e-9)

    def test_one_book_and_books_of_one_mind_are_not_apart(self, server: psycopg.Connection) -> None:
        p = np.array([[0.537, np.nan, np.nan], [0.537, 0.537, 0.537]])
        found = grouped(server, p, np.full(p.shape, 1.2), np.full(p.shape, 7.0))
        assert found[1].tolist() == [0.0, 0.0]
        np.testing.assert_allclose(found[2], [1.0, 3.0])

    def test_a_label_has_not_aged(self, server: psycopg.Connection) -> None:
        assert column(server, macro("spoken_weight", "2", "x"), [None, 0.0, 30.0], "float8") == [2.0, 2.0, 1.0]


def books_of_markets() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Five hundred markets of up to twelve books (a missing probability is no book), with weights and ages."""
    rng = np.random.default_rng(20250715)
    shape = (500, 12)
    p = np.where(rng.random(shape) < 0.3, np.nan, rng.uniform(0.1, 0.9, shape))
    p[:, 0] = rng.uniform(0.1, 0.9, 500)
    return p, rng.choice([1.0, 1.2, 2.5, 4.0], shape), rng.uniform(0, 90, shape)


def grouped(connection: psycopg.Connection, p: np.ndarray, weight: np.ndarray, age: np.ndarray) -> list[np.ndarray]:
    """Per market: probability, dispersion, effective books, and how far those of weight 2 and more are above others."""
    w, x = macro("spoken_weight", "weight", "age"), "ln(p / (1 - p))"
    sharp, retail = (macro("consensus_logit", "x", "w", f"weight {side} 2") for side in (">=", "<"))
    rows = connection.execute(
        f"select 1 / (1 + exp(-({macro('consensus_logit', 'x', 'w')}))), {macro('consensus_dispersion', 'x', 'w')},"  # type: ignore[arg-type]
        f" {macro('effective_books', 'w')}, ({sharp}) - ({retail}) from ("
        f"select market, weight, {w} as w, {x} as x from unnest(%s::int[], %s::float8[], %s::float8[], %s::float8[])"
        " as t (market, p, weight, age) where p <> 'NaN') as books group by market order by market",
        [np.repeat(np.arange(len(p)), p.shape[1]).tolist(), *(v.ravel().tolist() for v in (p, weight, age))],
    ).fetchall()
    return [as_array(list(values)) for values in zip(*rows, strict=True)]


def test_an_exact_sum_is_the_same_in_every_order_of_its_rows(server: psycopg.Connection) -> None:
    """A plain sum of these is not: a table would differ from its own rebuilding in the last digit."""
    values = np.random.default_rng(3).normal(0, 0.2, 2_000)
    orders = [values, values[::-1], np.sort(values), np.random.default_rng(4).permutation(values)]

    def sums(expression: str) -> list[float]:
        query = f"select {expression} from unnest(%s::float8[]) with ordinality as t (x, place)"
        return [server.execute(query, [order.tolist()]).fetchone()[0] for order in orders]  # type: ignore[arg-type, index]

    assert len(set(sums("sum(x)"))) > 1
    [exact] = set(sums(macro("exact_sum", "x")))
    assert exact == pytest.approx(math.fsum(values), abs=2_000 * 0.5e-12)
    assert set(sums(macro("exact_sum", "x", "x > 9"))) == {None}


class TestLevels:
    """A market's level and the probability that it stands for are the same on both sides."""

    def test_the_level_of_a_probability(self, server: psycopg.Connection) -> None:
        market, p, line = markets()
        found = triples(server, macro("market_level", "m", "a", "b"), market, p, line)
        np.testing.assert_allclose(found, levels.market_level(market, p, line), rtol=1e-12, atol=1e-12)
        assert np.isnan(found).sum() == 8

    def test_the_probability_at_a_level(self, server: psycopg.Connection) -> None:
        market, p, line = markets()
        level = levels.market_level(market, p, line)
        found = triples(server, macro("probability_at", "m", "a", "b"), market, level, line)
        np.testing.assert_allclose(found, levels.probability_at(market, level, line), rtol=1e-12)
        np.testing.assert_allclose(found[~np.isnan(level)], p[~np.isnan(level)], rtol=1e-12)

    def test_a_line_of_the_type_that_the_tables_have(self, server: psycopg.Connection) -> None:
        sql = macro("market_level", "'spread'", "0.5::float8", "-1.5::numeric(6, 2)")
        assert column(server, sql, [1], "int") == [pytest.approx(0.6)]

    def test_an_expression_is_taken_whole(self, server: psycopg.Connection) -> None:
        market, p, line = markets()
        for name in ("market_level", "probability_at"):
            plain, composed = macro(name, "m", "a", "b"), macro(name, "m", "a + 0", "b + 0")
            np.testing.assert_array_equal(
                triples(server, plain, market, p, line), triples(server, composed, market, p, line)
            )


def markets() -> tuple[list[str], np.ndarray, np.ndarray]:
    """Golden markets, three thousand made-up ones, and eight without a level."""
    rng = np.random.default_rng(20250715)
    names = ["moneyline", "spread", "spread", "total", "total", *rng.choice(levels.MARKETS, 3000).tolist()]
    p = np.r_[0.5, 0.327, 0.6157, 0.5, 0.47, rng.uniform(0.02, 0.98, 3000)]
    line = np.r_[np.nan, -1.5, 1.5, 8.5, 9.0, rng.integers(-8, 30, 3000) / 2]
    names += ["moneyline", "moneyline", "moneyline", "spread", "spread", "total", "total", "total"]
    p = np.r_[p, np.nan, 0.0, 1.0, 0.5, np.nan, 0.5, np.nan, -0.1]
    return names, p, np.r_[line, np.nan, np.nan, np.nan, np.nan, 1.5, np.nan, 8.5, 8.5]


def triples(
    connection: psycopg.Connection, expression: str, names: list[str], a: np.ndarray, b: np.ndarray
) -> np.ndarray:
    """The expression over columns ``m`` (text), ``a`` and ``b`` (numbers, NaN as NULL), in order."""
    rows = connection.execute(
        f"select {expression} from unnest(%s::text[], %s::float8[], %s::float8[])"  # type: ignore[arg-type]
        " with ordinality as t (m, a, b, place) order by place",
        [names, *([None if math.isnan(one) else one for one in values.tolist()] for values in (a, b))],
    ).fetchall()
    return as_array([row[0] for row in rows])


def implied_pairs() -> tuple[np.ndarray, np.ndarray]:
    """Golden prices and two thousand made-up ones, of both signs of hold."""
    rng = np.random.default_rng(20250715)
    fair, total = rng.uniform(0.02, 0.98, 2000), rng.uniform(0.97, 1.15, 2000)
    golden = odds.implied_from_american([-110, -150, -200, -300, 120, 105])
    against = odds.implied_from_american([-110, 130, 170, 250, -140, 105])
    q1 = np.r_[golden, np.clip(fair * total, 0.005, 0.995)]
    return q1, np.r_[against, np.clip((1 - fair) * total, 0.005, 0.995)]


def pairs(connection: psycopg.Connection, expression: str, q1: np.ndarray, q2: np.ndarray) -> np.ndarray:
    rows = connection.execute(
        f"select {expression} from unnest(%s::float8[], %s::float8[]) with ordinality as q (a, b, place)"  # type: ignore[arg-type]
        " order by place",
        [q1.tolist(), q2.tolist()],
    ).fetchall()
    return as_array([row[0] for row in rows])


def as_array(values: list) -> np.ndarray:
    return np.array([math.nan if value is None else float(value) for value in values])


class TestGameKeys:
    """A key is the same whether SQL or Python makes it."""

    def test_of_the_mlb_spine(self, server: psycopg.Connection) -> None:
        given = [1, 745431, 999_999, 10**12 - 1]
        found = column(server, macro("game_key_from_mlb", "x"), given, "bigint")
        assert found == [game_keys.game_key_from_mlb(game_pk) for game_pk in given]

    @pytest.mark.parametrize("spine", ["retrosheet", "sbr_archive", "tick_archive"])
    def test_of_a_day(self, server: psycopg.Connection, spine: game_keys.Spine) -> None:
        days = [date(2010, 4, 4) + timedelta(days=7 * week) for week in range(800)]
        expression = macro("game_key_from_day", game_keys.SPINE_CODES[spine], "x", 158, 2)
        expected = [game_keys.game_key_from_day(spine, day, 158, 2) for day in days]
        assert column(server, expression, days, "date") == expected

    def test_with_columns_of_the_widths_that_the_models_have(self, server: psycopg.Connection) -> None:
        expression = macro("game_key_from_day", 3, "date '2016-04-03'", "x", "x - 133")
        assert column(server, expression, [134], "int") == [
            game_keys.game_key_from_day("sbr_archive", date(2016, 4, 3), 134, 1)
        ]


class TestMoments:
    """The moments of a baseball day are the same on both sides, on every day of five years."""

    days = tuple(date(2019, 1, 1) + timedelta(days=n) for n in range(5 * 366))

    @pytest.mark.parametrize("name", ["open_moment", "end_of_baseball_day", "assumed_result_moment"])
    def test_of_a_day(self, server: psycopg.Connection, name: str) -> None:
        assert column(server, macro(name, "x"), self.days, "date") == [
            getattr(official_date, name)(day) for day in self.days
        ]

    def test_the_day_of_a_moment(self, server: psycopg.Connection) -> None:
        moments = [datetime(2019, 1, 1, tzinfo=UTC) + timedelta(hours=5 * n, minutes=n % 60) for n in range(4000)]
        found = column(server, macro("new_york_date", "x"), moments, "timestamptz")
        assert found == [official_date.new_york_date(moment) for moment in moments]
