"""The report as a page and in the terminal: complete, self-contained, escaped, and honest about what is what."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import polars as pl
import pytest
from report_world import a_jump_a_day, archive, inputs_of, row, rows_of, with_ticks
from rich.console import Console

from dagster_mlb.reporting.strategy_report.build import contents_of
from dagster_mlb.reporting.strategy_report.contents import ABSENT_SCHEMA, Contents, InPlay
from dagster_mlb.reporting.strategy_report.findings import Finding
from dagster_mlb.reporting.strategy_report.page import COLUMNS, RETROSHEET, html
from dagster_mlb.reporting.strategy_report.samples import LABELS, SIMULATED
from dagster_mlb.reporting.strategy_report.svg import as_svg, drawing
from dagster_mlb.reporting.strategy_report.terminal import print_report
from dagster_mlb.reporting.terminal import WIDTH
from dagster_mlb.strategies.families.closing_line_chase import ClosingLineChase

SECTIONS = (
    *("said", "samples", "seasons", "clv", "naive", "chase", "jumps", "books", "strategies", "lines", "ladders"),
    *("equity", "ledger", "method"),
)
NOTHING = Contents(made_at="2030-01-01 00:00 New York", environment="test", asked_seasons="as they stand")


class Tags(HTMLParser):
    """Every tag that is opened and not closed, and every attribute."""

    VOID = frozenset({"meta", "br", "link", "img", "input", "hr"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open[-3:])
        self.open.pop()

    def handle_data(self, data):
        self.text.append(data)


def parsed(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    return tags


@pytest.fixture(scope="module")
def contents() -> Contents:
    moneylines, outcomes = archive(n_days=120)
    inputs = with_ticks(inputs_of(moneylines, outcomes), *a_jump_a_day(40))
    return contents_of(inputs, [ClosingLineChase(), ClosingLineChase(form="fade")])


@pytest.fixture(scope="module")
def page(contents: Contents) -> str:
    return html(contents)


def section(page: str, name: str) -> str:
    return page.split(f'<section id="{name}">')[1].split("</section>")[0]


def text_of(page: str) -> str:
    return " ".join(" ".join(parsed(page).text).split())


# ------------------------------------------------------------------ the page as a whole


@pytest.mark.parametrize("of", ["whole", "empty"])
def test_every_section_stands_and_every_tag_is_closed(of, page):
    told = page if of == "whole" else html(NOTHING)
    assert parsed(told).open == []
    assert [name for name in SECTIONS if f'<section id="{name}">' not in told] == []


def test_an_empty_report_says_in_each_section_what_is_missing():
    told = html(NOTHING)
    for name in ("samples", "seasons", "clv", "naive", "chase", "jumps", "books", "strategies", "lines", "equity"):
        assert 'class="none"' in section(told, name), name
    assert "mlb archive load" in section(told, "samples")
    assert not re.search(r"\b(nan|None)\b", text_of(told))


def test_the_page_asks_nothing_from_elsewhere(page):
    tags = parsed(page)
    addresses = [value for name, value in tags.attributes if name in {"src", "href", "xlink:href", "data", "action"}]
    assert all(address.startswith("#") for address in addresses)
    assert (
        "<script" not in page
        and "@import" not in page
        and "<link" not in page
        and "url(" not in page.replace("url(#", "")
    )
    without_notice = page.replace(RETROSHEET, "")
    assert not re.search(r"https?:|//\w|www\.", without_notice)
    assert not any(name.startswith("on") for name, _ in tags.attributes)


def test_the_owners_of_the_results_are_named(page):
    assert page.count(RETROSHEET) == 2


def test_the_same_contents_give_the_same_page(contents, page):
    assert html(contents) == page


def test_ids_are_given_once(page):
    ids = [value for name, value in parsed(page).attributes if name == "id"]
    sections = [name for name in ids if name in SECTIONS]
    assert sections == list(SECTIONS)


def test_what_comes_from_data_is_escaped():
    hostile = '<img src=x onerror=alert(1)> & "dogs"'
    contents = replace(
        NOTHING,
        environment=hostile,
        samples=[LABELS],
        rows=rows_of(row(hostile, provenance=hostile, missing_closes=hostile)),
        absent=pl.DataFrame([("labels", "open", hostile, "follow", hostile)], schema=ABSENT_SCHEMA, orient="row"),
        findings=[Finding(hostile, "holds", hostile, hostile)],
    )
    told = html(contents)
    assert "<img" not in told
    assert "&lt;img src=x onerror=alert(1)&gt; &amp; &#34;dogs&#34;" in told
    assert parsed(told).open == []


def test_a_picture_s_words_are_escaped_and_its_ids_are_its_own():
    with drawing(2, 1, "hostile") as figure:
        axes = figure.subplots()
        axes.set_title("<script>alert(1)</script> & co")
        told = as_svg(figure, 'a "quoted" <title>')
    assert "<script>" not in told and "&lt;script&gt;" in told
    assert 'aria-label="a &quot;quoted&quot; &lt;title&gt;"' in told
    assert "http" not in told and "<style" not in told and "font-family" not in told


# ------------------------------------------------------------------ what people see


def test_every_strategy_has_the_same_columns_in_the_same_place(page):
    told = section(page, "strategies")
    tables = re.findall(r'<table class="figures">.*?</table>', told, flags=re.DOTALL)
    assert len(tables) == 2
    for table in tables:
        assert re.findall(r"<th(?: [^>]*)?>(.*?)</th>", table) == [name for name, _ in COLUMNS]
        for line in re.findall(r"<tr class.*?</tr>", table, flags=re.DOTALL):
            assert line.count("<td") == len(COLUMNS)
            assert "archive" in line


def test_a_strategy_s_row_says_all_of_it(page):
    lines = re.findall(r"<tr class.*?</tr>", section(page, "strategies"), flags=re.DOTALL)
    line = next(line for line in lines if "closing_line_chase (fade)" in line)
    cells = [re.sub(r"<.*?>", " ", cell).strip() for cell in re.findall(r"<td.*?</td>", line, flags=re.DOTALL)]
    told = dict(zip([name for name, _ in COLUMNS], cells, strict=True))
    assert told["sample"] == "SBR · close" and told["provenance"] == "archive" and told["market"] == "moneyline"
    assert re.fullmatch(r"[+−]\d+\.\d ± \d+\.\d", told["ROI % ± se"])
    assert re.fullmatch(r"−\d\.\d\d ± 0\.\d\d°", told["EV-CLV % ± se"])
    assert re.fullmatch(r"[+−]\d+\.\d / −\d+\.\d", told["random side"])
    assert told["close %"] == "100" and told["− hold"].startswith("−3.")
    assert float(told["p*"]) >= float(told["p"])


def test_the_oracle_is_labelled_wherever_it_stands(contents, page):
    for name in ("chase", "jumps"):
        told = section(page, name)
        assert told.count('class="oracle"') == (3 if name == "chase" else 1)
        for line in re.findall(r'<tr class="oracle">.*?</tr>', told, flags=re.DOTALL):
            assert "ORACLE" in line
        assert "ORACLE" in re.search(r"<svg.*?</svg>", told, flags=re.DOTALL).group(0) or name == "jumps"
    assert "#8e44ad" in section(page, "chase")
    oracle = contents.chase.filter(pl.col("bet") == "oracle")["roi"][1]
    assert f"{100 * oracle:+.1f}".replace("-", "−") in section(page, "chase")


def test_a_jump_of_one_book_is_no_steam(page):
    words = text_of(section(page, "jumps"))
    assert "Real steam is several books moving together and cannot be seen in one book's ticks" in words


def test_quotes_of_games_under_way_are_told_beside_the_books():
    told = html(replace(NOTHING, in_play=InPlay(9829, 1139), retail=retail()))
    assert "<strong>1,139 of 9,829</strong>" in section(told, "books")


def retail() -> pl.DataFrame:
    from dagster_mlb.reporting.strategy_report.books import SCHEMA

    rows = [
        {"book": book, "n": 3700, "hold": 0.04, "ev_sharp": -0.04, "ev_sharp_se": 0.001, "ev_clv": -0.04}
        | {"ev_clv_se": 0.001, "n_clv": 3600, "roi": -0.05, "roi_se": 0.01, "better_share": 0.01}
        for book in ("pinnacle", "fanduel")
    ]
    return pl.DataFrame(rows, schema=SCHEMA)


def test_everything_of_the_simulated_league_says_so():
    rows = rows_of(row(sample="simulated", provenance="simulated"), row("random_side", sample="simulated"))
    told = html(replace(NOTHING, samples=[SIMULATED], rows=rows))
    assert '<span class="tag simulated">simulated</span>' in told.split("<main>")[0]
    table = section(told, "strategies").split('id="table-simulated"')[1]
    assert table.startswith(">Simulated league") and '<span class="tag simulated">' in table.split("</h3>")[0]
    assert "it is no evidence about baseball" in section(told, "samples")


def test_a_list_that_beats_the_close_is_shaded_and_a_short_one_is_not():
    good = html(replace(NOTHING, samples=[LABELS], rows=rows_of(row(ev_clv=0.02))))
    short = html(replace(NOTHING, samples=[LABELS], rows=rows_of(row(ev_clv=0.02, n=5))))
    assert 'class="good"' in good and 'class="good"' not in short


def test_missing_closes_are_told_once_for_all_that_have_them():
    rows = rows_of(*(row(name, missing_closes="2 no book has a close") for name in ("cats", "dogs")))
    told = text_of(html(replace(NOTHING, samples=[LABELS], rows=rows)))
    assert "Bets without a close. open, moneyline: 2 no book has a close (in 2 rows)" in told


# ------------------------------------------------------------------ the terminal


def shown(contents: Contents, width: int = 200) -> str:
    out = io.StringIO()
    print_report(contents, Console(file=out, width=width, force_terminal=False))
    return out.getvalue()


@pytest.mark.parametrize("width", [WIDTH, 200])
def test_the_terminal_shows_every_row_within_its_width(contents, width):
    told = shown(contents, width)
    assert "…" not in told
    assert max(len(line.rstrip()) for line in told.splitlines()) <= WIDTH
    for strategy in contents.rows["strategy"].unique():
        assert told.count(f"\n {strategy} ") >= contents.rows.filter(pl.col("strategy") == strategy).height, strategy
    for title in ("SBR archive · archive", "Pinnacle 2016, ticks · archive"):
        assert title in told


def test_the_terminal_tells_the_findings_and_what_is_not_answered(contents):
    told = " ".join(shown(contents).split())
    assert "✓ No naive rule beats minus the hold." in told
    assert "? Without an answer, for nothing here bears on it: The archive was read rightly;" in told
    assert "ORACLE, not a strategy" in told


def test_an_empty_report_is_shown_without_tables():
    told = shown(NOTHING)
    assert "What the strategies earned" in told and "strategy " not in told
