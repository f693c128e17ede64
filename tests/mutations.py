"""Payloads spoiled one place at a time: what a source may send on its worst day, and where it was spoiled."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

HUGE_TEXT = "x" * 100_000
RETYPED: tuple[Any, ...] = (
    "",
    "NaN",
    "-1",
    "abc",
    0,
    -1,
    1e308,
    10**25,
    True,
    None,
    [],
    {},
    [1, 2],
    {"a": {"b": 1}},
    "½",
)
KINDS = (
    *("drop", "retype", "nest", "huge_text", "huge_number", "nul", "surrogate", "nan", "negative", "duplicate"),
    *("repeat_element", "bad_bytes", "raw_nul", "number_as_text", "shuffle"),
)


@dataclass(frozen=True)
class Mutation:
    """A spoiled body. ``path`` leads to the spoiled place; () means the document as a whole."""

    kind: str
    body: bytes
    path: tuple[str | int, ...]


class _Token(str):
    """A text that is written into the JSON as it is: what ``json`` would refuse to write."""


def places(document: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Paths of everything below the root."""
    items: Iterator[tuple[str | int, Any]] = iter(())
    if isinstance(document, dict):
        items = iter(document.items())
    elif isinstance(document, list):
        items = iter(enumerate(document))
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


def mutate_json(rng: random.Random, body: bytes) -> Mutation:
    """One place of a JSON document spoiled in one way."""
    document = json.loads(body)
    path = rng.choice(list(places(document)) or [()])
    kind = rng.choice(KINDS)
    if not path:
        return Mutation("whole", rng.choice([b"", b"null", b"[]", b"{}", b"0", body[: len(body) // 2]]), ())
    holder = document
    for key in path[:-1]:
        holder = holder[key]
    key = path[-1]
    value = holder[key]
    raw: bytes | None = None  # what stands in the place of a marker once the rest is JSON
    if kind == "drop":
        del holder[key]
    elif kind == "retype":
        holder[key] = rng.choice(RETYPED)
    elif kind == "nest":
        holder[key] = {"value": value} if rng.random() < 0.5 else [value]
    elif kind == "huge_text":
        holder[key] = HUGE_TEXT
    elif kind == "huge_number":
        raw = rng.choice([b"1e400", b"-1e5000", b"9" * 400, b"0." + b"1" * 300])
    elif kind == "nul":
        raw = b'"a\\u0000b"'
    elif kind == "surrogate":
        raw = rng.choice([b'"\\ud83d"', b'"\\udc00x"', b'"x\\ud83dy"'])
    elif kind == "nan":
        raw = rng.choice([b"NaN", b"Infinity", b"-Infinity"])
    elif kind == "negative":
        holder[key] = -abs(value) - 1 if isinstance(value, (int, float)) and not isinstance(value, bool) else "-1"
    elif kind == "number_as_text":
        holder[key] = f" {value} "
    elif kind == "bad_bytes":
        raw = b'"\xff\xfe\x80' + str(key).encode() + b'"'
    elif kind == "raw_nul":
        raw = b'"a\x00b"'
    elif kind == "duplicate" and isinstance(key, str):
        raw = json.dumps(value).encode() + b", " + json.dumps(key).encode() + b": null"
    elif isinstance(holder, list):
        holder.insert(rng.randrange(len(holder) + 1), value)
        if kind == "shuffle":
            rng.shuffle(holder)
        path = path[:-1]
    else:
        holder[key] = None
    if raw is None:
        return Mutation(kind, json.dumps(document, ensure_ascii=False).encode(), path)
    marker = "\u2603marker\u2603"
    holder[key] = marker
    written = json.dumps(document, ensure_ascii=False).encode()
    return Mutation(kind, written.replace(json.dumps(marker, ensure_ascii=False).encode(), raw, 1), path)


def mutate_text(rng: random.Random, body: bytes) -> Mutation:
    """An HTML or CSV document spoiled: lines lost, doubled, cut, or a stretch of bytes replaced."""
    kind = rng.choice(["cut", "drop_line", "double_line", "bytes", "nul", "swap_cells", "whole"])
    lines = body.split(b"\n")
    place = rng.randrange(max(len(lines), 1))
    if kind == "cut":
        return Mutation(kind, body[: rng.randrange(len(body) + 1)], ())
    if kind == "drop_line":
        del lines[place]
    elif kind == "double_line":
        lines.insert(place, lines[place])
    elif kind == "swap_cells":
        cells = lines[place].split(b",")
        rng.shuffle(cells)
        lines[place] = b",".join(cells)
    elif kind == "whole":
        return Mutation(kind, rng.choice([b"<html></html>", b"\xff\xfe" * 50, b'error\n"Error: Query Timeout"\n']), ())
    else:
        at = rng.randrange(len(body) + 1)
        spoiled = b"\x00" if kind == "nul" else bytes(rng.randrange(128, 256) for _ in range(rng.randrange(1, 6)))
        return Mutation(kind, body[:at] + spoiled + body[at + rng.randrange(3) :], ())
    return Mutation(kind, b"\n".join(lines), ())
