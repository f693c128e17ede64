"""Answers that may be cached say so, and are not sent twice to who has them."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from dagster_mlb.simulator.http_answers import answer, cached, is_known, json_answer


async def books(request: Request) -> Response:
    return json_answer({"books": [1, 2]}, headers={"X-Cache": "Miss"}, max_age=30)


async def page(request: Request) -> Response:
    return answer(b"<p>1</p>", media_type="text/html; charset=utf-8")


async def feed(request: Request) -> Response:
    return cached(PlainTextResponse("runs", headers={"x-edge": "NYC"}), 10)


async def lost(request: Request) -> Response:
    return cached(json_answer({"message": "gone"}, 404, max_age=5), 10)


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(Starlette(routes=[Route(f"/{f.__name__}", f) for f in (books, page, feed, lost)]))


def test_json_with_an_age_has_a_tag_and_keeps_its_other_headers(client: TestClient) -> None:
    told = client.get("/books")
    assert told.json() == {"books": [1, 2]}
    assert told.headers["content-type"] == "application/json; charset=utf-8"
    assert told.headers["cache-control"] == "max-age=30, public"
    assert told.headers["x-cache"] == "Miss"


def test_who_has_the_body_is_told_so_without_it(client: TestClient) -> None:
    tag = client.get("/books").headers["etag"]
    for asked in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get("/books", headers={"if-none-match": asked})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag and again.headers["cache-control"] == "max-age=30, public"
    assert client.get("/books", headers={"if-none-match": '"other"'}).status_code == 200


def test_without_an_age_nothing_is_said_of_caches(client: TestClient) -> None:
    told = client.get("/page", headers={"if-none-match": "*"})
    assert (told.status_code, told.text) == (200, "<p>1</p>")
    assert "etag" not in told.headers and "cache-control" not in told.headers
    assert told.headers["content-type"] == "text/html; charset=utf-8"


def test_a_finished_answer_can_be_made_cacheable(client: TestClient) -> None:
    told = client.get("/feed")
    assert told.text == "runs" and told.headers["x-edge"] == "NYC"
    assert told.headers["content-type"] == "text/plain; charset=utf-8"
    assert client.get("/feed", headers={"if-none-match": told.headers["etag"]}).status_code == 304


def test_errors_are_not_cached(client: TestClient) -> None:
    told = client.get("/lost", headers={"if-none-match": "*"})
    assert told.status_code == 404 and "etag" not in told.headers


def test_a_cache_control_of_the_sources_own_wins() -> None:
    own = json_answer([], headers={"Cache-Control": "max-age=30, must-revalidate, public"}, max_age=30)
    assert own.headers["cache-control"] == "max-age=30, must-revalidate, public"
    assert own.headers["etag"]


def test_tags_are_compared_weakly() -> None:
    assert is_known('W/"a"', '"a"') and is_known('"b", "a"', 'W/"a"')
    assert not is_known(None, '"a"') and not is_known('"a"', None) and not is_known('"b"', '"a"')
