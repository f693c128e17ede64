"""What a small league answers, spoiled: raw responses of every endpoint, and what staging made of each.

``answers_of_the_league`` collects a day of a short season into a database; ``small_bodies`` takes a few stored answers
of every table and cuts them down to a few games, books and players; ``spoil`` draws mutations of them, and ``store``
puts them, their originals and their survivors (see ``tests.mutations``) into raw_data as answers to requests of their
own. What staging made of a load is told as a bag of rows without what names the load and the place in it.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from dagster_mlb.pipeline import demo_settings
from dagster_mlb.settings import Settings
from dagster_mlb.simulator import wire_vsin
from dagster_mlb.simulator.schedule import SeasonPlan
from dagster_mlb.simulator.server import run_league_server
from dagster_mlb.simulator.world import World
from dagster_mlb.sources import daily
from dagster_mlb.sources.catalog import ENDPOINTS
from dagster_mlb.sources.http import Capture, ResponseRecord
from dagster_mlb.sources.parsing import parse_loads
from dagster_mlb.sources.raw_responses import store_many
from dagster_mlb.sources.slate import collect_slate
from dagster_mlb.sources.vsin.client import legacy_splits_request
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.prepare import prepare
from dagster_mlb.warehouse.transform import DBT_PROJECT_DIR
from tests.mutations import (
    NEXT_DATA,
    Mutation,
    Span,
    mutate_csv,
    mutate_json,
    mutate_next_data,
    mutate_rows,
    shape_of,
)

# A mid-season fortnight; games over, in play and to come.
WORLD = World(
    seed=12,
    plans=(SeasonPlan(2025, date(2025, 7, 5), date(2025, 7, 18)),),
    now=datetime(2025, 7, 15, 23, 30, tzinfo=UTC),
)
# How many elements of a list are kept of a body, by table where it is not MOST; and how many bodies of a table.
MOST = 2
MOST_OF = {"odds_api_scores": 4, "mlb_stats_transactions": 4, "mlb_stats_teams": 3, "action_network_books": 4}
BODIES = 2
BODIES_OF = {"sbr_odds": 3, "mlb_stats_live_feed": 1, "vsin_splits": 3}
HOURS = 4  # of Open-Meteo
LINES = 6  # of Savant's CSV


@dataclass(frozen=True)
class Answer:
    """A stored answer, cut down."""

    table: str
    request_key: str
    official_date: date | None
    content_type: str | None
    endpoint: str
    source: str
    capture: Capture
    body: bytes


@dataclass
class Load:
    """A response in raw_data. ``mutation`` is None of an original or a survivor; ``survivor``: the load of that."""

    answer: Answer
    body: bytes
    mutation: Mutation | None = None
    survivor: Load | None = None
    load_id: int = 0


@dataclass
class Fuzz:
    """Everything that is stored: the mutated bodies in their order, and what they are compared with."""

    spoiled: list[Load]
    compared: list[Load]
    by_kind: Counter[str] = field(default_factory=Counter)
    by_table: Counter[str] = field(default_factory=Counter)


# ---------------------------------------------------------------- the bodies


def small_answers(settings: Settings) -> list[Answer]:
    """The league's answers in ``settings``'s database (collected here), cut down to a few elements each."""
    with run_league_server(WORLD) as league_url:
        at_league = demo_settings(settings, league_url).model_copy(update={"environment": "test"})
        prepare(at_league)
        rows = collect_slate(at_league, run_id="fuzz")
        yesterday = [WORLD.today - timedelta(days=1)]
        for collector in (daily.odds_api_historical_odds, daily.open_meteo_historical_forecast):
            for result in collector(at_league, yesterday, "fuzz"):
                result.raise_if_failed()
    problems = [f"{row.table}: {row.not_asked or row.failures}" for row in rows if row.not_asked or row.failures]
    assert not problems, problems
    answers = []
    with connect(settings) as connection:
        for table in ENDPOINTS:
            found = connection.execute(
                f"select request_key, official_date, content_type, endpoint, source, capture, body "
                f"from raw_data.{table} where body is not null order by load_id"
            ).fetchall()
            assert found, f"the league answered nothing for {table}"
            whole = [Answer(table, *row) for row in found]
            if table == "vsin_splits":
                request = legacy_splits_request("circa")
                query = "&".join(f"{name}={value}" for name, value in sorted(request.params.items()))
                key = f"GET {request.path}?{query}"
                body = wire_vsin.legacy_page(WORLD, "CIRCA")
                whole.insert(0, _replaced(whole[0], body, request_key=key))
            cut = [_replaced(answer, smaller(answer)) for answer in whole]
            cut.sort(key=lambda answer: -len(answer.body))
            answers += cut[: BODIES_OF.get(table, BODIES)]
    return answers


def _replaced(answer: Answer, body: bytes, *, request_key: str | None = None) -> Answer:
    return Answer(**{**answer.__dict__, "body": body, "request_key": request_key or answer.request_key})


def smaller(answer: Answer) -> bytes:
    """The body with a few elements of every list."""
    if answer.table == "savant_pitches":
        return b"".join(answer.body.splitlines(keepends=True)[: 1 + LINES])
    if answer.table == "vsin_splits":
        spans = vsin_games(answer.body)
        kept = spans[:2] + spans[-2:]
        body = answer.body
        for start, end in reversed([span for span in spans if span not in kept]):
            body = body[:start] + body[end:]
        return body
    if script := NEXT_DATA.search(answer.body):
        data = _dumped(_smaller(json.loads(script[2]), MOST))
        return answer.body[: script.start(2)] + data + answer.body[script.end(2) :]
    document = json.loads(answer.body)
    if answer.table == "prizepicks_projections":
        return _dumped(_smaller_board(document))
    return _dumped(_smaller(document, MOST_OF.get(answer.table, MOST)))


def _smaller(value: Any, most: int) -> Any:
    if isinstance(value, list):
        flat = not any(isinstance(element, (dict, list)) for element in value)
        return [_smaller(element, most) for element in value[: HOURS if flat else most]]
    if not isinstance(value, dict):
        return value
    if "players" in value and "battingOrder" in value:  # a club of a boxscore: some of each list, and who they are
        value = dict(value)
        for name in ("batters", "pitchers", "bench", "bullpen", "battingOrder"):
            value[name] = value[name][:most]
        named = {f"ID{person}" for name in ("battingOrder", "pitchers") for person in value[name]}
        value["players"] = {key: player for key, player in value["players"].items() if key in named}
    keys = list(value)
    if len(keys) > most and all(re.fullmatch(r"\d+", key) for key in keys):
        keys = keys[:most]
    return {key: _smaller(value[key], most) for key in keys}


def _smaller_board(document: dict[str, Any]) -> dict[str, Any]:
    """Some projections of each kind of odds, and what they refer to."""
    data: list[dict[str, Any]] = []
    for odds_type in ("standard", "goblin", "demon"):
        data += [one for one in document["data"] if one["attributes"]["odds_type"] == odds_type][:2]
    wanted = {
        (link["data"]["type"], link["data"]["id"])
        for one in data
        for link in one["relationships"].values()
        if isinstance(link.get("data"), dict)
    }
    included = [one for one in document["included"] if (one["type"], one["id"]) in wanted]
    return {**document, "data": data, "included": included}


def _dumped(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


_VSIN_ROW = re.compile(rb'<tr class="sp-row.*?</tr>\s*', re.DOTALL)


def vsin_games(body: bytes) -> list[Span]:
    """Where the games of a page stand: two rows of one code, or a line of the older markup."""
    games: dict[bytes, Span] = {}
    rows = list(_VSIN_ROW.finditer(body)) or list(re.finditer(rb'<tr class="game">[^\n]*\n', body))
    for row in rows:
        code = re.search(rb'data-(?:gamecode|param2)="([^"]*)"', row[0])
        if code:
            first = games.get(code[1], row.span())
            games[code[1]] = (first[0], row.end())
    return list(games.values())


# ---------------------------------------------------------------- spoiling and storing


def mutate(rng: random.Random, answer: Answer) -> Mutation:
    """A mutation of an answer in the way of its format."""
    if answer.table == "savant_pitches":
        return mutate_csv(rng, answer.body)
    if answer.table == "vsin_splits":
        return mutate_rows(rng, answer.body, vsin_games)
    textual = rng.random() < 0.06
    if textual:  # bytes of JSON spoiled: a document that cannot be read, mostly
        return mutate_rows(rng, answer.body, lambda _: None)
    return mutate_next_data(rng, answer.body) if answer.table.startswith("sbr_") else mutate_json(rng, answer.body)


def spoil(answers: Sequence[Answer], count: int, *, seed: int) -> Fuzz:
    """``count`` mutations, the tables in turn, and what they are compared with, each body once."""
    rng = random.Random(seed)
    by_table: dict[str, list[Load]] = defaultdict(list)
    compared: dict[tuple[str, bytes], Load] = {}
    for answer in answers:
        original = compared.setdefault((answer.request_key, answer.body), Load(answer, answer.body))
        by_table[answer.table].append(original)
    fuzz = Fuzz([], [])
    tables = list(by_table)
    for number in range(count):
        originals = by_table[tables[number % len(tables)]]
        original = originals[number // len(tables) % len(originals)]
        mutation = mutate(rng, original.answer)
        load = Load(original.answer, mutation.body, mutation)
        if mutation.survivor is not None:
            key = (original.answer.request_key, mutation.survivor)
            load.survivor = compared.setdefault(key, Load(original.answer, mutation.survivor))
        fuzz.spoiled.append(load)
        fuzz.by_kind[mutation.kind] += 1
        fuzz.by_table[original.answer.table] += 1
    fuzz.compared = list(compared.values())
    return fuzz


def store(settings: Settings, loads: Sequence[Load], *, start: datetime, batch: int = 200) -> datetime:
    """Every body an answer to a request of its own, 0.1 s after the one before. Returns the last moment."""
    by_table: dict[str, list[tuple[datetime, Load]]] = defaultdict(list)
    for number, load in enumerate(loads):
        by_table[load.answer.table].append((start + timedelta(milliseconds=100 * number), load))
    with connect(settings, role="ingest") as connection:
        for table, timed in by_table.items():
            reader = ENDPOINTS[table].reader
            for first in range(0, len(timed), batch):
                some = timed[first : first + batch]
                records = [_record(load, at) for at, load in some]
                stored = store_many(
                    connection,
                    table,
                    records,
                    run_id="fuzz",
                    capture=[load.answer.capture for _, load in some],
                    provenance="simulated",
                    ingested_at=some[-1][0],
                )
                for (_, load), row in zip(some, stored, strict=True):
                    assert not row.is_repeat
                    load.load_id = row.load_id
                if reader is not None:
                    bodies = [(load.load_id, load.body) for _, load in some]
                    parse_loads(connection, reader, bodies, parsed_at=some[-1][0])
                connection.commit()
    return start + timedelta(milliseconds=100 * len(loads))


def _record(load: Load, at: datetime) -> ResponseRecord:
    answer = load.answer
    separator = "&" if "?" in answer.request_key else "?"
    return ResponseRecord(
        source=answer.source,
        endpoint=answer.endpoint,
        request_key=f"{answer.request_key}{separator}spoiled={at.timestamp():.1f}",
        official_date=answer.official_date,
        observed_at=at,
        http_status=200,
        content_type=answer.content_type,
        body=load.body,
        content_hash=hashlib.sha256(load.body).hexdigest(),
        byte_length=len(load.body),
    )


# ---------------------------------------------------------------- what staging made of it

# What names the load and the place of a record in it, and the moment that a load is known by.
_OF_THE_LOAD = (
    *("load_id", "record_number", "known_at", "observed_at", "ingested_at", "disposition", "rule", "reason"),
    *("is_three_way",),  # of the market, told beside each of its outcomes
)


def accountants() -> dict[str, list[str]]:
    """raw table → the staging models that account for its records, as dbt's registry says."""
    found = {}
    for line in (DBT_PROJECT_DIR / "macros" / "registry.sql").read_text().splitlines():
        table, model = re.search(r"'table': '(\w+)'", line), re.search(r"'model': '(\w+)'", line)
        if table and model:
            also = re.search(r"'also': \[([^\]]*)\]", line)
            found[table[1]] = [model[1], *re.findall(r"'(\w+)'", also[1] if also else "")]
    assert set(found) == set(ENDPOINTS)
    return found


def staged_rows(settings: Settings, models: Sequence[str], loads: Sequence[int]) -> dict[int, Counter[str]]:
    """load → the bag of rows that its models staged, each a hash of what it says."""
    bags: dict[int, Counter[str]] = defaultdict(Counter)
    with connect(settings) as connection:
        for model in models:
            rows = connection.execute(
                f"""
                select load_id, md5((to_jsonb(told) - %s::text[])::text) as said
                from staging.{model} as told where disposition = 'staged' and load_id = any(%s)
                """,
                [list(_OF_THE_LOAD), list(loads)],
            )
            for load_id, said in rows:
                bags[load_id][f"{model} {said}"] += 1
    return bags


def of_two(first: Counter[str], second: Counter[str], spoiled: Counter[str]) -> bool:
    """Whether at least as many rows as ``first`` has stand in ``spoiled`` as one of the two tells them.

    For what is referred to: without the spoiled place, rows that refer to it say less than they do with it.
    """
    return sum((spoiled & (first | second)).values()) >= sum(first.values())


def lost_neighbours(settings: Settings, fuzz: Fuzz, may_cost: Callable[[Load], str | None]) -> list[str]:
    """What mutations cost beyond the element that holds their place, a line each.

    ``may_cost`` names the models (a regular expression) whose rows all hang on a mutation's place; None: none do.
    """
    problems = []
    for table, models in accountants().items():
        loads = [load for load in fuzz.spoiled if load.answer.table == table and load.survivor is not None]
        originals = {
            (load.answer.request_key, load.body): load.load_id
            for load in fuzz.compared
            if load.body == load.answer.body
        }
        wanted = [load.load_id for load in loads] + [load.survivor.load_id for load in loads if load.survivor]
        bags = staged_rows(settings, models, [*wanted, *originals.values()])
        for load in loads:
            assert load.survivor is not None and load.mutation is not None
            survivor, spoiled = bags[load.survivor.load_id], bags[load.load_id]
            lost = survivor - spoiled
            if load.mutation.path[:1] == ("included",):
                original = bags[originals[load.answer.request_key, load.answer.body]]
                lost = Counter() if of_two(survivor, original, spoiled) else lost
            if (allowed := may_cost(load)) is not None:
                lost = Counter({row: n for row, n in lost.items() if not re.match(allowed, row)})
            if lost:
                problems.append(
                    f"{table} {load.mutation.kind} {shape_of(load.mutation.path)}: {sum(lost.values())} of "
                    f"{sum(survivor.values())} rows lost (load {load.load_id}, survivor {load.survivor.load_id})"
                )
    return problems
