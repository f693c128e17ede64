"""The page of the report in a browser: nothing is asked of a network, no word of an error, and it fits a phone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from report_world import a_jump_a_day, archive, inputs_of, with_ticks

from dagster_mlb.reporting.strategy_report.build import contents_of
from dagster_mlb.reporting.strategy_report.page import html
from dagster_mlb.strategies.families.closing_line_chase import ClosingLineChase

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    moneylines, outcomes = archive(n_days=120)
    inputs = with_ticks(inputs_of(moneylines, outcomes), *a_jump_a_day(40))
    path: Path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(html(contents_of(inputs, [ClosingLineChase()])), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


def opened(browser: Any, address: str, width: int) -> tuple[Any, list[str], list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 900})
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address)
    return page, asked, said


@pytest.mark.parametrize("width", [360, 800, 1600])
def test_the_page_fits_its_screen_and_asks_for_nothing(browser: Any, address: str, width: int) -> None:
    page, asked, said = opened(browser, address, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert asked == [address] and said == []
    page.close()


def test_every_picture_has_a_size_and_words(browser: Any, address: str) -> None:
    page, _, _ = opened(browser, address, 1200)
    boxes = page.evaluate(
        "[...document.querySelectorAll('svg')].map(s => [s.getBoundingClientRect().width, "
        "s.getBoundingClientRect().height, s.getAttribute('aria-label').length, s.querySelectorAll('text').length])"
    )
    assert len(boxes) >= 8
    assert all(width > 150 and height > 80 and words > 10 and texts >= 4 for width, height, words, texts in boxes)
    page.close()


def test_the_first_column_stays_while_a_table_is_pushed(browser: Any, address: str) -> None:
    page, _, _ = opened(browser, address, 360)
    cell = "document.querySelector('table.figures tbody td:first-child').getBoundingClientRect().left"
    before = page.evaluate(cell)
    page.evaluate("document.querySelector('table.figures').parentElement.scrollLeft = 300")
    assert page.evaluate("document.querySelector('table.figures').parentElement.scrollLeft") == 300
    assert page.evaluate(cell) == pytest.approx(before, abs=1)
    page.close()
