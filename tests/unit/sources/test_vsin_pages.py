"""VSIN: what is asked, and what its reader makes of pages in both markups, whole and spoiled."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_mlb.settings import Settings
from dagster_mlb.sources.http import SourceNotConfiguredError
from dagster_mlb.sources.vsin import collect
from dagster_mlb.sources.vsin.client import BOOKS, POLICY, legacy_splits_request, splits_request
from dagster_mlb.sources.vsin.columns import Column, read_header
from dagster_mlb.sources.vsin.parse import READER, read_page
from dagster_mlb.sources.vsin.rows import TeamRow

HANDLE_FIRST = ("Spread", "Handle", "Bets", "Total", "Handle", "Bets", "Money", "Handle", "Bets")
MONEY_FIRST = ("Money", "Bets", "Handle", "Total", "Bets", "Handle", "Spread", "Bets", "Handle")
AWAY = {"Spread": ("-1.5", "82% <i>▲</i>", "81%"), "Total": ("9.5", "88%", "76%"), "Money": ("-286", "83%", "89%")}
HOME = {"Spread": ("+1.5", "18%", "19%"), "Total": ("9.5", "12%", "24%"), "Money": ("+229", "17%", "11%")}
CODE = "20260403MLB00018"


def header(names: Sequence[str] = HANDLE_FIRST, title: str = 'class="sp-sport-name" colspan="2"') -> str:
    cells = "".join(f"<th>{name}</th>" for name in names)
    link = '<a href="/mlb/games/?gamedate=2026-04-03">MLB</a>'
    return f'<tr class="sp-sport-header sp-source-dk"><th {title}>{link}</th>{cells}</tr>'


def row(
    values: dict[str, tuple[str, str, str]],
    team: str = "St Louis Cardinals",
    *,
    code: str = CODE,
    names: Sequence[str] = HANDLE_FIRST,
    status: str = " sp-game-live",
) -> str:
    market, cells = "", ""
    for name in names:
        market = name if name in values else market
        cells += (
            f"<td><span>{values[market][('Handle', 'Bets').index(name) + 1 if name != market else 0]}</span></td>\r\n"
        )
    slug = team.lower().replace(" ", "-")
    return (
        f'<tr class="sp-row{status}">\r\n<td class="sp-cell-action"><button data-gamecode="{code}">3</button></td>\r\n'
        f'<td class="sp-cell-team"><img data-gamecode="{code}">'
        f'<a class="sp-team-link" href="/mlb/teams/{slug}">{team}</a>'
        f"</td>\r\n{cells}</tr>\r\n"
    )


def table(rows: str, head: str | None = None) -> str:
    head = header() if head is None else head
    return f'<table class="sp-table"><thead>{head}</thead><tbody>{rows}</tbody></table>'


def read(page: str | bytes) -> list[TeamRow]:
    parsed = read_page(page if isinstance(page, bytes) else page.encode())
    return [TeamRow(*cells) for cells in parsed.rows]


def game(code: str = CODE, names: Sequence[str] = HANDLE_FIRST) -> str:
    return row(AWAY, "Los Angeles Dodgers", code=code, names=names) + row(HOME, code=code, names=names)


# ---------------------------------------------------------------- what is asked


def test_a_page_is_asked_per_book_for_mlb_alone() -> None:
    assert splits_request().request_key == "GET /betting-splits/?source=DK&sport=MLB"
    assert splits_request("CIRCA", view="tomorrow").request_key == (
        "GET /betting-splits/?source=CIRCA&sport=MLB&view=tomorrow"
    )
    assert splits_request().expects == "html"
    assert POLICY.expected_every_s == 300
    with pytest.raises(ValueError, match="FANDUEL is not a book of the page: DK, CIRCA"):
        splits_request("FANDUEL")


def test_the_older_address_names_its_book_by_view() -> None:
    assert legacy_splits_request().request_key == "GET /mlb/betting-splits/"
    assert legacy_splits_request("circa").request_key == "GET /mlb/betting-splits/?view=circa"


def test_production_asks_only_when_it_is_switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "collect", lambda settings, plan, run_id: plan)
    with pytest.raises(SourceNotConfiguredError, match="add vsin to MLB_ENABLED_SOURCES"):
        collect.collect_splits(Settings(environment="production"), run_id="r")
    on = Settings(environment="production", enabled_sources="vsin")
    plan = collect.collect_splits(on, run_id="r")
    assert [request.params["source"] for request in plan.requests] == list(BOOKS)  # type: ignore[attr-defined]
    assert plan.reader is READER  # type: ignore[attr-defined]
    old = collect.collect_legacy_splits(on, run_id="r", views=["circa"])
    assert old.requests[0].request_key == "GET /mlb/betting-splits/?view=circa"  # type: ignore[attr-defined]


# ---------------------------------------------------------------- headers


def test_columns_are_where_the_header_says() -> None:
    columns = read_header(["MLB", "MLB", *MONEY_FIRST])
    assert columns is not None and columns.problem is None and columns.count == 9
    assert columns.places[Column("moneyline", "bets")] == 1
    assert columns.places[Column("spread", "handle")] == 8


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (HANDLE_FIRST[:-1], "the header lacks: bets of the moneyline"),
        (HANDLE_FIRST[:6], "the header lacks: moneyline, handle of the moneyline, bets of the moneyline"),
        (("Handle", *HANDLE_FIRST), 'the header names "Handle" before any market'),
        ((*HANDLE_FIRST, "Total"), "the header names the total twice"),
        (("Spread", "Handle", "Handle", *HANDLE_FIRST[3:]), "the header names the handle of the spread twice"),
    ],
)
def test_a_header_that_leaves_a_doubt_is_refused(names: Sequence[str], problem: str) -> None:
    columns = read_header(names)
    assert columns is not None and columns.problem == problem
    rows = read(table(game(), header(names)))
    assert [told.problem for told in rows] == [problem, problem]
    assert {told.spread_handle for told in rows} == {None}
    assert read_page(table(game(), header(names)).encode()).problem == problem


def test_a_title_is_no_header() -> None:
    assert read_header(["MLB Betting Splits"]) is None


def test_a_header_may_carry_marks_and_details_between_rows_are_none() -> None:
    marked = [f"{name} % ▾" if name != "Total" else "O/U" for name in HANDLE_FIRST]
    details = "<tr class='sp-compare'><td>Handle</td><td>Bets</td></tr>"
    rows = read(table(game() + details + game("20260403MLB00099"), header(marked)))
    assert [told.total_handle for told in rows] == ["88%", "12%", "88%", "12%"]


# ---------------------------------------------------------------- the current markup


@pytest.mark.parametrize("names", [HANDLE_FIRST, MONEY_FIRST])
@pytest.mark.parametrize("title", ['class="sp-sport-name" colspan="2"', 'class="sp-sport-name"'])
def test_a_game_is_two_rows_whatever_the_order_of_columns(names: Sequence[str], title: str) -> None:
    away, home = read(table(game(names=names), header(names, title)))
    assert away == TeamRow(
        markup="current",
        section="1",
        source_class="dk",
        game_date="2026-04-03",
        game_code=CODE,
        sport="MLB",
        pair="1",
        position="1",
        status="live",
        team="Los Angeles Dodgers",
        team_slug="los-angeles-dodgers",
        spread_line="-1.5",
        spread_handle="82% ▲",
        spread_bets="81%",
        total_line="9.5",
        total_handle="88%",
        total_bets="76%",
        moneyline="-286",
        moneyline_handle="83%",
        moneyline_bets="89%",
    )
    assert (home.position, home.team, home.moneyline, home.total_bets) == ("2", "St Louis Cardinals", "+229", "24%")


def test_without_a_header_nothing_is_taken_from_positions() -> None:
    rows = read(table(game(), ""))
    assert {(told.problem, told.moneyline) for told in rows} == {("the table has no header above the row", None)}


def test_a_header_holds_for_its_own_table_only() -> None:
    rows = read(table(game()) + table(game("20260404MLB00018"), ""))
    assert [told.problem for told in rows] == [None, None, *["the table has no header above the row"] * 2]


def test_today_and_tomorrow_stand_under_headers_of_their_own() -> None:
    tomorrow = header(MONEY_FIRST).replace("2026-04-03", "2026-04-04")
    rows = read(table(game() + tomorrow + game("20260404MLB00018", MONEY_FIRST)))
    assert [(told.section, told.game_date, told.moneyline_handle) for told in rows] == [
        ("1", "2026-04-03", "83%"),
        ("1", "2026-04-03", "17%"),
        ("2", "2026-04-04", "83%"),
        ("2", "2026-04-04", "17%"),
    ]


def test_rows_belong_together_by_their_code_and_their_order() -> None:
    lone = row(HOME, code="20260403MLB00007")
    rows = read(table(lone + game() + game("20260403MLB00118") + game("20260403MLB00118")))
    assert [(told.pair, told.position) for told in rows] == [
        ("1", "1"),
        *[(pair, position) for pair in "234" for position in "12"],
    ]


def test_a_broken_row_takes_no_neighbour_with_it() -> None:
    away, home = (row(AWAY, "Los Angeles Dodgers"), row(HOME))
    rows = read(table(away.replace("<td><span>9.5</span></td>\r\n", "") + home + game("20260403MLB00099")))
    assert [told.problem for told in rows] == ["8 cells under 9 columns", None, None, None]
    two = away.replace(f'<img data-gamecode="{CODE}">', '<img data-gamecode="20260403MLB00001">')
    assert read(table(two))[0].problem == f"the row names two games: {CODE}, 20260403MLB00001"
    nobody = away.replace('class="sp-cell-team"', "")
    assert read(table(nobody))[0].problem == "the row has no cell of the team, or several"
    cut = table(game())[: -len("</tbody></table>") - 500]
    assert len(read(cut)) == 2


def test_other_sports_are_named_for_what_they_are() -> None:
    rows = read(table(game("20260403NBA00083") + row(AWAY, code="").replace("/mlb/teams", "/nhl/teams")))
    assert [told.sport for told in rows] == ["NBA", "NBA", "NHL"]


def test_what_is_commented_out_or_in_a_script_is_not_on_the_page() -> None:
    page = f"<!-- {game()} --><script>const row = '{game()}'</script>" + table(game("20260403MLB00099"))
    assert {told.game_code for told in read(page)} == {"20260403MLB00099"}


@pytest.mark.parametrize("page", ["", "<html><body>Please log in</body></html>", "<table><tr><td>1</td></tr></table>"])
def test_a_page_without_a_table_of_splits_says_so(page: str) -> None:
    assert read_page(page.encode()).problem == "no table of splits: neither table.sp-table nor table.freezetable"


def test_a_day_without_games_is_a_page_without_rows() -> None:
    parsed = read_page(table("").encode())
    assert (list(parsed.rows), parsed.problem) == ([], None)


# ---------------------------------------------------------------- the older markup


def legacy(code: str = CODE, *, teams: int = 2, cells: int = 9) -> str:
    links = "".join(
        f'<div><a class="txt-color-vsinred" href="/mlb/teams/{slug}">{name}</a></div>'
        for slug, name in [("dodgers", "Los Angeles Dodgers"), ("redsox", "Boston Red Sox")][:teams]
    )
    folded = (
        '<div class="collapse"><table><tr><td><a class="txt-color-vsinred" href="/mlb/teams/x">VSiN Pick</a>'
        f'<a data-param2="{code}">+</a></td><td>1</td></tr></table></div>'
    )
    values = [
        "<div>-120</div><div>+100</div>",
        "<div>60%</div><div>40%</div>",
        "<div>55%</div><div>45%</div>",
        "<a>8.5</a>",
        "<div>70%</div><div>30%</div>",
        '<div class="x">65%</div><div>35%</div>',
        '<div><a>-1.5</a></div><div class="collapse">more</div><div><a>+1.5</a></div>',
        "<div>—</div><div>—</div>",
        "<div></div><div></div>",
    ][:cells]
    return f'<tr><td><a data-param2="{code}">h</a>{links}{folded}</td>{"".join(f"<td>{v}</td>" for v in values)}</tr>'


LEGACY_HEADER = (
    '<tr><td colspan="10">MLB Betting Splits</td></tr><tr><th>Friday,Apr 3</th>'
    + "".join(
        f"<th>{name}</th>"
        for name in ("Money", "Handle", "Bets", "Total", "Handle", "Bets", "Run Line", "Handle", "Bets")
    )
    + "</tr>"
)


def legacy_table(rows: str, head: str = LEGACY_HEADER) -> str:
    return f'<table class="freezetable w-100">{head}{rows}</table>'


def test_a_game_of_the_older_markup_is_two_rows_too() -> None:
    away, home = read(legacy_table(legacy()))
    assert (away.markup, away.position, away.team, away.team_slug) == ("legacy", "1", "Los Angeles Dodgers", "dodgers")
    assert (home.position, home.team, home.team_slug) == ("2", "Boston Red Sox", "redsox")
    assert (away.moneyline, away.moneyline_handle, away.moneyline_bets) == ("-120", "60%", "55%")
    assert (home.moneyline, home.moneyline_handle, home.moneyline_bets) == ("+100", "40%", "45%")
    assert (away.total_line, home.total_line, away.total_handle, home.total_bets) == ("8.5", "8.5", "70%", "35%")
    assert (away.spread_line, home.spread_line, away.spread_handle, home.spread_bets) == ("-1.5", "+1.5", "—", None)
    assert (away.game_code, away.sport, away.problem) == (CODE, "MLB", None)


def test_the_older_markup_is_refused_without_its_header_too() -> None:
    assert {told.problem for told in read(legacy_table(legacy(), ""))} == {"the table has no header above the row"}


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (legacy(teams=1), "1 clubs in the cell of the teams"),
        (legacy(cells=8), "8 cells under 9 columns"),
        (legacy() + legacy(), "the game stands on the page twice"),
        (f'<p data-param2="{CODE}">', "no row of the table is this game's"),
    ],
)
def test_a_game_of_the_older_markup_that_cannot_be_read_is_told(rows: str, problem: str) -> None:
    assert [told.problem for told in read(legacy_table(rows))] == [problem, problem]


def test_a_broken_tag_within_a_game_of_the_older_markup_costs_the_game_alone() -> None:
    """A table inside a cell that is not opened, but closed, ends the table of the games as a browser sees it."""
    codes = [CODE, "20260403MLB00099", "20260403MLB00077"]
    broken = legacy(codes[0]).replace("<table>", "<\ufffdtable>")
    tomorrow = LEGACY_HEADER.replace("<th>Friday", '<th><a href="/mlb/games/?gamedate=2026-04-04">Saturday</a>')
    page = legacy_table(broken + legacy(codes[1]) + tomorrow + legacy(codes[2]))
    whole = read(page.replace("\ufffd", ""))
    told = read(page)
    assert [row.game_code for row in told] == [code for code in codes for _ in range(2)]
    assert told[2:] == whole[2:]
    assert all(row.problem for row in told[:2])


# ---------------------------------------------------------------- spoiled pages

WHOLE = table(game() + game("20260403MLB00099")) + table(game("20260404MLB00018", MONEY_FIRST), header(MONEY_FIRST))
OLD = legacy_table(legacy() + legacy("20260403MLB00099"))
PIECES = (
    "<tr",
    '<tr class="sp-row">',
    "</tr>",
    "<td>",
    "</table>",
    '<table class="sp-table">',
    "<!--",
    "-->",
    "<script>",
    "</script>",
    "\x00",
    "\ud83d\ude00",
    "&#0;",
    '"',
    "data-param2=",
    "<th>Handle</th>",
    "%",
    "<table>",
    "é",
)


@settings(max_examples=250, deadline=None)
@given(
    page=st.sampled_from([WHOLE, OLD]),
    cuts=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 300), st.sampled_from(PIECES)), max_size=6),
    noise=st.binary(max_size=8),
    at=st.integers(0, 5000),
)
def test_no_spoiled_page_raises_and_every_row_in_its_text_is_a_row(
    page: str, cuts: list[tuple[int, int, str]], noise: bytes, at: int
) -> None:
    for place, length, piece in cuts:
        place %= len(page) + 1
        page = page[:place] + piece + page[place + length :]
    body = page.encode("utf-8", "replace")
    body = body[: at % (len(body) + 1)] + noise + body[at % (len(body) + 1) :]
    parsed = read_page(body)
    assert all(len(cells) == len(READER.columns) for cells in parsed.rows)
    text = body.decode("utf-8", "replace")
    if "<!--" not in text and "<script" not in text.lower():
        found = re.findall(r"""<tr[ \t\r\n\f/][^<>]*[ "'=\t\r\n\f]sp-row(?![A-Za-z0-9_-])""", text)
        assert sum(cells[0] == "current" for cells in parsed.rows) == len(found)
    for cells in parsed.rows:
        told = TeamRow(*cells)
        assert told.problem or told.moneyline_handle is None or len(told.moneyline_handle) <= 200


@given(st.binary(max_size=400))
def test_no_bytes_raise(body: bytes) -> None:
    read_page(body)
    read_page(b'<table class="sp-table">' + body)
    read_page(b'<table class="freezetable">' + body)
