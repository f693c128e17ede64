"""Mutations spoil one place, say which, and know what must survive it."""

from __future__ import annotations

import csv
import io
import json
import random
from collections import Counter
from typing import Any

import pytest

from tests.mutations import (
    KINDS,
    ORDER_KINDS,
    Mutation,
    mutate_csv,
    mutate_json,
    mutate_next_data,
    mutate_rows,
    mutate_text,
    places,
    shape_of,
    surviving,
    value_at,
)

DOCUMENT: dict[str, Any] = {
    "league": "mlb",
    "games": [
        {"id": 1, "markets": {"15": {"moneyline": [{"odds": -110}, {"odds": 100}]}, "30": {"moneyline": []}}},
        {"id": 2, "markets": {"15": {"moneyline": [{"odds": 120}]}}},
    ],
}
BODY = json.dumps(DOCUMENT).encode()
CSV = b'"id","name"\n1,"a"\n2,"b"\n3,"c"\n'


def many(count: int = 3000) -> list[Mutation]:
    rng = random.Random(1)
    return [mutate_json(rng, BODY) for _ in range(count)]


def test_every_kind_is_drawn_and_a_seed_draws_the_same_again() -> None:
    assert Counter(mutation.kind for mutation in many()).keys() == {*KINDS, "whole"}
    assert many(50) == many(50)


def test_a_mutation_that_is_still_json_differs_at_its_path_alone() -> None:
    """What stands beside the path, and beside its parents, is as it was."""
    compared = 0
    for mutation in many():
        if mutation.kind in ("whole", "bottomless", "duplicate", "rename", "extra", "drop", *ORDER_KINDS):
            continue
        try:
            spoiled = json.loads(mutation.body)
        except ValueError:
            continue
        beside = [
            p for p in places(DOCUMENT) if p != mutation.path[: len(p)] and mutation.path != p[: len(mutation.path)]
        ]
        assert all(value_at(spoiled, path) == value_at(DOCUMENT, path) for path in beside), mutation
        compared += 1
    assert compared > 1000


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        (("games", 0, "id"), ("games", 0)),
        (("games", 0, "markets", "15", "moneyline", 1, "odds"), ("games", 0, "markets", "15", "moneyline", 1)),
        (("games", 0, "markets", "15", "moneyline"), ("games", 0, "markets", "15")),
    ],
)
def test_the_survivor_lacks_the_smallest_element_around_the_place(path: Any, gone: Any) -> None:
    rest = surviving(DOCUMENT, path, "retype")
    *holder, key = gone
    expected = json.loads(BODY)
    del value_at(expected, tuple(holder))[key]
    if not holder[1:]:  # in the list of the document itself
        assert len(rest["games"]) == 1
    assert rest == expected


def test_nothing_need_survive_where_the_list_itself_is_spoiled_and_all_where_a_field_beside_it_is() -> None:
    assert surviving(DOCUMENT, ("games",), "retype") is None
    assert surviving(DOCUMENT, ("league",), "retype") == DOCUMENT
    assert surviving(DOCUMENT, ("league",), "bottomless") is None
    assert surviving(DOCUMENT, ("games",), "shuffle") == DOCUMENT


def test_a_place_in_an_ordered_list_is_left_blank() -> None:
    lineup = {"homePlayers": [{"id": 1}, {"id": 2}]}
    assert surviving(lineup, ("homePlayers", 0, "id"), "nan") == {"homePlayers": [None, {"id": 2}]}
    hours = [{"hourly": {"time": ["0", "1"], "rain": [0.1, 0.2]}}]
    assert surviving(hours, (0, "hourly", "rain", 1), "nan") == [{"hourly": {"time": ["0", None], "rain": [0.1, None]}}]


def test_shapes_name_no_place() -> None:
    assert shape_of(("games", 3, "markets", "15", "ID12")) == "games[].markets.#.#"
    assert shape_of((0, "id")) == "[].id"


def test_a_pages_json_is_spoiled_where_it_stands() -> None:
    page = b'<html><script id="__NEXT_DATA__" type="application/json">%s</script></html>' % BODY
    mutation = mutate_next_data(random.Random(1), page)
    assert mutation.body.startswith(b"<html><script") and mutation.body.endswith(b"</script></html>")
    with pytest.raises(ValueError, match="no __NEXT_DATA__"):
        mutate_next_data(random.Random(1), b"<html></html>")


def test_the_survivor_of_a_csv_lacks_whole_lines_and_keeps_the_header() -> None:
    rng = random.Random(1)
    mutations = [mutate_csv(rng, CSV) for _ in range(500)]
    survivors = [mutation.survivor for mutation in mutations if mutation.survivor is not None]
    assert len(survivors) > 200
    for survivor in survivors:
        header, *lines = list(csv.reader(io.StringIO(survivor.decode())))
        assert header == ["id", "name"]
        assert set(map(tuple, lines)) <= {("1", "a"), ("2", "b"), ("3", "c")} and len(lines) < 3


def test_a_text_is_spoiled_between_the_rows_at_nobodys_cost_in_particular() -> None:
    rng = random.Random(1)
    body = b"<table>\n<tr>a</tr>\n<hr>\n<tr>b</tr>\n</table>\n"
    rows = [(8, 19), (24, 35)]
    kept = {mutate_rows(rng, body, lambda _: rows).survivor for _ in range(500)}
    assert kept >= {None, b"<table>\n<hr>\n<tr>b</tr>\n</table>\n", b"<table>\n<tr>a</tr>\n<hr>\n</table>\n"}
    assert {mutate_text(rng, body).survivor for _ in range(50)} == {None}
