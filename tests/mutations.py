"""Payloads spoiled one place at a time: what a source may send on its worst day, and where it was spoiled.

A mutation also knows what it may not cost: its ``survivor`` is the body without the smallest element (game, book,
outcome, line, row) that holds the spoiled place. Whatever a reader takes from the survivor it must take from the
spoiled body too.
"""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

Path = tuple[str | int, ...]

RETYPED: tuple[Any, ...] = (
    *("", "NaN", "-1", "abc", "½", " ", "null", "true", "\u202e\u200b\u0007", "'; drop table raw_data.x; --"),
    *(0, -1, 0.5, 1e308, 1e-320, 10**10, 10**19, 10**25, True, False, None),
    *([], {}, [1, 2], [[]], [None], {"a": {"b": 1}}, {"id": 1}),
)
_TIMES = """
infinity -infinity now epoch today 0000-00-00 2025-02-30 99999-01-01T00:00:00Z 294277-01-01T00:00:00Z
2025-07-15T25:00:00Z
2025-07-15T17:05:00 20250715 2025-07-15T17:05:00+99:99 2025-07-15T24:00:00Z 2025-07-15T23:59:60Z 0001-01-01T00:00:00Z
9999-12-31 9999-12-31T23:59:59Z 1e9 1752599100 15/07/2025 ٢٠٢٥-٠٧-١٥
"""
ODD_TIMES = (*_TIMES.split(), "4713-01-01T00:00:00Z BC", "2025-07-15 17:05")
_NUMBERS = """
1_000 0x1F 1e5 1e400 --5 5. .5 ٣ 99999999999 -0 + - 1,5 inf 999999999 -999999999 0.000000001 2147483648 1e-400 ７
9223372036854775808 100000
"""
ODD_NUMBERS = (*_NUMBERS.split(), "1 5")
# Kinds that need a list, that need an object, and that go anywhere.
ORDER_KINDS = ("repeat_element", "shuffle")
FIELD_KINDS = ("duplicate", "rename", "extra")
_KINDS = """
drop retype nest deep bottomless huge_text huge_number nul surrogate nan negative bad_bytes raw_nul number_as_text
odd_time odd_number
"""
KINDS = (*_KINDS.split(), *ORDER_KINDS, *FIELD_KINDS)
# Lists that are no list of records: one element that holds everything (what is spoiled beside the list within it may
# cost nothing), or parts of the one record around them (which may be lost with a part).
WRAPPERS = frozenset({"dates", "oddsTables"})
PARTS = frozenset({"scores", "allPositions", "playEvents"})
# Lists in which the place says something: their survivor has null where the spoiled element stood.
ORDERED = frozenset({"homePlayers", "awayPlayers", "pitchers", "battingOrder", "oddsViews"})
_MARKER = "\u2603marker\u2603"


@dataclass(frozen=True)
class Mutation:
    """A spoiled body. ``path`` leads to the spoiled place; () means the document as a whole.

    ``survivor`` is None where nothing need survive: the document cannot be read, or the list itself is spoiled.
    """

    kind: str
    body: bytes
    path: Path
    survivor: bytes | None = None


def places(document: Any, path: Path = ()) -> Iterator[Path]:
    """Paths of everything below the root."""
    items: Iterator[tuple[str | int, Any]] = iter(())
    if isinstance(document, dict):
        items = iter(document.items())
    elif isinstance(document, list):
        items = iter(enumerate(document))
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


def shape_of(path: Path) -> str:
    """A path with its places in lists and its numbers as keys taken out: ``games[].markets.#.event``.

    >>> shape_of(("games", 0, "markets", "15", "event"))
    'games[].markets.#.event'
    """
    parts = ["[]" if isinstance(key, int) else "#" if _is_number_key(key) else key for key in path]
    return ".".join(parts).replace(".[]", "[]")


def value_at(document: Any, path: Path) -> Any:
    for key in path:
        document = document[key]
    return document


@lru_cache(maxsize=256)
def _places_by_shape(body: bytes) -> dict[str, list[Path]]:
    by_shape: dict[str, list[Path]] = {}
    for path in places(json.loads(body)):
        by_shape.setdefault(shape_of(path), []).append(path)
    return by_shape


# ---------------------------------------------------------------- JSON


def mutate_json(rng: random.Random, body: bytes) -> Mutation:
    """One place of a JSON document spoiled in one way. Raises ValueError where the body is no JSON or nested too deep
    for this Python."""
    try:
        return _mutated(rng, body)
    except RecursionError as error:
        raise ValueError("nested deeper than this Python reads") from error


def _mutated(rng: random.Random, body: bytes) -> Mutation:
    document = json.loads(body)
    by_shape = _places_by_shape(body)
    if not by_shape or rng.random() < 0.01:
        return Mutation("whole", rng.choice([b"", b"null", b"[]", b"{}", b"0", body[: len(body) // 2]]), ())
    if rng.random() < 0.7:  # a field that stands there once as often as one that every outcome has
        path = rng.choice(by_shape[rng.choice(list(by_shape))])
    else:
        path = rng.choice([path for paths in by_shape.values() for path in paths])
    holder, key = value_at(document, path[:-1]), path[-1]
    kind = rng.choice([k for k in KINDS if k not in (FIELD_KINDS if isinstance(holder, list) else ORDER_KINDS)])
    where = path[:-1] if kind in ORDER_KINDS else path
    survivor = surviving(document, where, kind)
    kept = None if survivor is None else _dumped(survivor)
    return Mutation(kind, _spoil(rng, document, holder, key, kind), where, kept)


def _spoil(rng: random.Random, document: Any, holder: Any, key: Any, kind: str) -> bytes:
    value = holder[key]
    raw: bytes | None = None  # what stands in the place of a marker once the rest is JSON
    if kind == "drop":
        del holder[key]
    elif kind == "retype":
        holder[key] = rng.choice(RETYPED)
    elif kind == "nest":
        holder[key] = rng.choice([{"value": value}, [value], [[value]]])
    elif kind == "deep":
        levels = rng.choice([40, 900])
        raw = rng.choice([b"[" * levels + b"]" * levels, b'{"a":' * levels + b"1" + b"}" * levels])
    elif kind == "bottomless":
        raw = b"[" * 50_000 + b"]" * 50_000  # deeper than any reader of JSON goes
    elif kind == "huge_text":
        holder[key] = huge_text(rng)
    elif kind == "huge_number":
        raw = rng.choice([b"1e400", b"-1e5000", b"1e-5000", b"9" * 400, b"-" + b"9" * 30, b"0." + b"1" * 300])
    elif kind == "nul":
        raw = rng.choice([b'"a\\u0000b"', b'"\\u0000"', b'"\\\\u0000"'])
    elif kind == "surrogate":
        raw = rng.choice([b'"\\ud83d"', b'"\\udc00x"', b'"x\\ud83dy"', b'"\\ud83d\\ud83d"', b'"\\udc00\\ud83d"'])
    elif kind == "nan":
        raw = rng.choice([b"NaN", b"Infinity", b"-Infinity"])
    elif kind == "negative":
        holder[key] = -abs(value) - 1 if isinstance(value, (int, float)) and not isinstance(value, bool) else "-1"
    elif kind == "number_as_text":
        holder[key] = f" {value} "
    elif kind == "odd_time":
        holder[key] = rng.choice(ODD_TIMES)
    elif kind == "odd_number":
        holder[key] = rng.choice(ODD_NUMBERS)
    elif kind == "bad_bytes":
        raw = b'"\xff\xfe\x80' + str(key).encode("utf-8", "replace") + b'"'
    elif kind == "raw_nul":
        raw = rng.choice([b'"a\x00b"', b'"\x00"', b'"\x01\t\x1f"'])
    elif kind == "duplicate":
        other = rng.choice([value, None, "", {}])
        raw = b"%s, %s: %s" % (_dumped(other), _dumped(key), _dumped(value))
    elif kind == "rename":
        renamed = {rng.choice([f"{key}_2", str(key).swapcase(), ""]) if k == key else k: v for k, v in holder.items()}
        holder.clear()
        holder.update(renamed)
    elif kind == "extra":
        holder[rng.choice(["unheard_of", "\u00e9", "a.b", "", '"', "x" * 3000])] = rng.choice([value, *RETYPED])
    elif kind == "repeat_element":
        holder.insert(rng.randrange(len(holder) + 1), value)
    elif kind == "shuffle":
        rng.shuffle(holder)
    else:
        raise ValueError(f"no mutation is called {kind}")
    if raw is None:
        return _dumped(document)
    holder[key] = _MARKER
    return _dumped(document).replace(_dumped(_MARKER), raw, 1)


def huge_text(rng: random.Random) -> str:
    """Long texts: one that packs well, and some that do not (an index cannot hold them)."""
    length = rng.choices([0, 5_000, 20_000, 500_000], [10, 10, 5, 1])[0]
    return rng.randbytes(length // 2).hex() if length else "x" * 100_000


def surviving(document: Any, path: Path, kind: str) -> Any:
    """The document without the smallest element that holds a place; None where nothing need survive."""
    value = value_at(document, path)
    if kind == "bottomless":
        return None
    is_ordered = bool(path) and path[-1] in ORDERED
    if kind == "extra" or (kind in ORDER_KINDS and _holds_records(value) and not is_ordered):
        return document  # all is still there
    for depth in range(len(path) - 1, -1, -1):
        if _is_column(path, depth) and kind not in ("drop", *ORDER_KINDS):
            rest = copy.deepcopy(document)
            for column in value_at(rest, path[: depth - 1]).values():
                column[path[depth]] = None
            return rest
        if _is_element(value_at(document, path[:depth]), path, depth):
            rest = copy.deepcopy(document)
            holder, key = value_at(rest, path[:depth]), path[depth]
            if isinstance(holder, list) and (depth == 0 or path[depth - 1] in ORDERED):
                holder[int(key)] = None
            else:
                del holder[key]
            return rest
    return None if _has_elements(value) else document


def _is_element(holder: Any, path: Path, depth: int) -> bool:
    if isinstance(holder, list):
        named = path[depth - 1] if depth > 0 else ""
        return (_holds_records(holder) and named not in WRAPPERS | PARTS) or named in ORDERED
    return _is_keyed(holder)


def _is_column(path: Path, depth: int) -> bool:
    """Parallel lists, a column each: what is spoiled in one is one place of all."""
    return depth > 1 and path[depth - 2] == "hourly" and isinstance(path[depth], int)


def _is_number_key(key: str) -> bool:
    return re.fullmatch(r"(ID)?\d+", key) is not None


def _is_keyed(value: Any) -> bool:
    """An object that is a list in truth: by number, or a part for each club."""
    return (
        isinstance(value, dict)
        and bool(value)
        and (all(map(_is_number_key, value)) or (set(value) == {"away", "home"}))
        and any(isinstance(element, (dict, list)) for element in value.values())
    )


def _holds_records(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(element, (dict, list)) for element in value)


def _has_elements(value: Any) -> bool:
    if _holds_records(value) or _is_keyed(value):
        return True
    return any(map(_has_elements, value.values())) if isinstance(value, dict) else False


def _dumped(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


# ---------------------------------------------------------------- a page that carries JSON in a script

NEXT_DATA = re.compile(rb'(<script[^>]*id="__NEXT_DATA__"[^>]*>)(.*?)(</script>)', re.DOTALL)


def mutate_next_data(rng: random.Random, body: bytes) -> Mutation:
    """One place of the JSON that a page of a Next.js site carries. Raises ValueError where it carries none."""
    script = NEXT_DATA.search(body)
    if script is None:
        raise ValueError("the page carries no __NEXT_DATA__")
    spoiled = mutate_json(rng, script[2])

    def page(data: bytes) -> bytes:
        return body[: script.start(2)] + data + body[script.end(2) :]

    kept = None if spoiled.survivor is None else page(spoiled.survivor)
    return Mutation(spoiled.kind, page(spoiled.body), spoiled.path, kept)


# ---------------------------------------------------------------- lines and rows

TEXT_KINDS = ("cut", "drop_line", "double_line", "bytes", "nul", "swap_cells", "cell", "flip", "whole")
_CELLS = (
    b'null NaN -1 1e400 abc \xff\xfe \x00 " "" a"b <b> &#0; &nbsp; & < 1,2 \' \\ infinity 2025-02-30 99999999999 \xc3'
)
ODD_CELLS = (*_CELLS.split(b" "), b"", b"\r", b"9" * 400, "½".encode())
Span = tuple[int, int]


def mutate_text(rng: random.Random, body: bytes) -> Mutation:
    """An HTML or CSV document spoiled: lines lost, doubled, cut, a cell or a stretch of bytes replaced."""
    return mutate_rows(rng, body, lambda _: None)


def mutate_csv(rng: random.Random, body: bytes) -> Mutation:
    """A CSV spoiled; its elements are its lines, the header's line is none."""

    def lines(text: bytes) -> list[Span]:
        ends = [found.end() for found in re.finditer(b"\n", text)] + [len(text)]
        return [(start, end) for start, end in pairwise(ends) if start < end]

    return mutate_rows(rng, body, lines)


def mutate_rows(rng: random.Random, body: bytes, elements: Callable[[bytes], list[Span] | None]) -> Mutation:
    """A text spoiled whose elements stand where ``elements`` says (from, to); None: nothing need survive."""
    kind = rng.choices(TEXT_KINDS, [2, 4, 4, 6, 2, 4, 12, 4, 1])[0]
    if kind == "whole":
        return Mutation(
            kind, rng.choice([b"<html></html>", b"\xff\xfe" * 50, b'error\n"Error: Query Timeout"\n', b""]), ()
        )
    lines = body.split(b"\n")
    number = rng.randrange(len(lines))
    line = lines[number]
    start = sum(len(other) + 1 for other in lines[:number])
    end = min(start + len(line) + 1, len(body))
    if kind == "drop_line":
        new = b""
    elif kind == "double_line":
        new = body[start:end] * 2
    elif kind == "swap_cells":
        cells = line.split(b",")
        rng.shuffle(cells)
        new = b",".join(cells) + body[start + len(line) : end]
    elif kind == "cell":
        start, end = rng.choice(_cells(body) or [(0, 0)])
        new = rng.choice([*ODD_CELLS, huge_text(rng).encode()])
    elif kind == "cut":
        start, end, new = rng.randrange(len(body) + 1), len(body), b""
    elif kind == "flip":
        start = rng.randrange(len(body))
        end, new = start + 1, bytes([body[start] ^ (1 << rng.randrange(8))])
    else:
        start = rng.randrange(len(body) + 1)
        end = min(start + rng.randrange(3), len(body))
        new = b"\x00" if kind == "nul" else bytes(rng.randrange(128, 256) for _ in range(rng.randrange(1, 6)))
    # A line whose end is spoiled is one with the next.
    joined = b"\n" in body[start:end] and kind not in ("drop_line", "double_line", "swap_cells")
    kept = _without(body, (start, end + joined), elements(body))
    return Mutation(kind, body[:start] + new + body[end:], (start,), kept)


def _cells(body: bytes) -> list[Span]:
    """Where the texts between tags stand, and the cells of lines."""
    pattern = rb">([^<>]+)<" if b"<t" in body[:2000] else rb'(?:^|,|")([^",\n\r]+)(?=,|"|$)'
    return [found.span(1) for found in re.finditer(pattern, body, re.MULTILINE)]


def _without(body: bytes, touched: Span, elements: list[Span] | None) -> bytes | None:
    start, end = touched
    if not elements or start < elements[0][0]:
        return None
    if end > elements[-1][1]:  # cut: what ends before it stands
        whole = [stop for _, stop in elements if stop <= start]
        return body[: whole[-1]] if whole else None
    hit = [(a, b) for a, b in elements if a < max(end, start + 1) and start < b]
    if not hit or start < hit[0][0] or end > hit[-1][1]:
        return None  # between elements: a frame, which may matter to all
    kept, at = [], 0
    for a, b in hit:
        kept.append(body[at:a])
        at = b
    return b"".join([*kept, body[at:]])
