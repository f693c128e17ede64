"""The last steps of a trace: a load in raw_data, whether its bytes are still those that came, and the record in them.

A record is shown twice: as raw keeps it (a row, a line, a fragment of JSON) and, for archive files, as it reads in the
stored bytes today.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from dagster_mlb.reporting.trace_tree import TraceStep
from dagster_mlb.sources.archive_file import ArchiveFile
from dagster_mlb.sources.raw_responses import RESPONSE_TABLES
from dagster_mlb.sources.retrosheet_games.schemas import RETROSHEET_GAMEINFO_FIELDS

LONGEST_LINE = 400

# Where in a response the record of that number stands: the path of staging, counted in the document's own order.
_FRAGMENTS = {
    "mlb_stats_schedule": """
        select jsonb_build_object('listed_under', day.value ->> 'date', 'game', entry.value) as fragment,
            row_number() over (order by day.position, entry.position) as record_number
        from document
        cross join lateral jsonb_path_query(body, 'lax $.dates[*]') with ordinality as day (value, position)
        cross join lateral jsonb_path_query(day.value, 'lax $.games[*]') with ordinality as entry (value, position)""",
    "odds_api_scores": """
        select event.value as fragment, event.position as record_number
        from document
        cross join lateral jsonb_path_query(body, 'lax $[*]') with ordinality as event (value, position)""",
}
_ODDS_FRAGMENT = """
    select (event.value - 'bookmakers') || jsonb_build_object(
            'bookmaker', book.value - 'markets', 'market', market.value - 'outcomes', 'outcome', outcome.value
        ) as fragment,
        row_number() over (order by event.position, book.position, market.position, outcome.position) as record_number
    from document
    cross join lateral jsonb_path_query(body, '{path}') with ordinality as event (value, position)
    cross join lateral jsonb_path_query(event.value, 'lax $.bookmakers[*]') with ordinality as book (value, position)
    cross join lateral jsonb_path_query(book.value, 'lax $.markets[*]') with ordinality as market (value, position)
    cross join lateral jsonb_path_query(market.value, 'lax $.outcomes[*]')
        with ordinality as outcome (value, position)"""
_FRAGMENTS["odds_api_odds"] = _ODDS_FRAGMENT.format(path="lax $[*]")
_FRAGMENTS["odds_api_historical_odds"] = _ODDS_FRAGMENT.format(path="lax $.data[*]")

# What people look for in the 161 fields of a game log: (name, 1-based field).
_GAME_LOG_FIELDS = (
    *(("date", 1), ("number", 2), ("visitor", 4), ("home", 7), ("visitor_runs", 10), ("home_runs", 11), ("outs", 12)),
    *(("day_night", 13), ("completion", 14), ("forfeit", 15), ("park", 17)),
    *(("visitor_starter", 103), ("home_starter", 105)),
)


class RawReader:
    """Reads loads and their records; a body is fetched and hashed once, however many records of it are asked for."""

    def __init__(self, conn: psycopg.Connection) -> None:
        self.conn = conn
        self._loads: dict[int, tuple[str, dict[str, Any]]] = {}
        self._bodies: dict[int, bytes] = {}

    def load_step(
        self, load_id: int | None, records: Sequence[int] = (), *, sheet: str | None = None, note: str = ""
    ) -> TraceStep:
        """The load with its records below it. Without a load (a row that no load made) the step says so."""
        if load_id is None:
            return TraceStep("no load", note=note or "the row names no load")
        found = self.find(load_id)
        if found is None:
            return TraceStep(f"load {load_id}", note="stands in no table of raw_data", load_id=load_id)
        table, row = found
        is_file = table == "archive_files"
        name = row["file_name"] if is_file else f"{row['source']} {row['endpoint']}"
        facts = {name: row[name] for name in _LOAD_FACTS if row.get(name) is not None}
        facts["content_hash"] = f"sha256 {row['content_hash']}"
        facts["bytes"] = self._verified(table, row)
        raw_table = row["archive"] if is_file else table
        steps = tuple(self._record(raw_table, row, number, sheet) for number in dict.fromkeys(records))
        return TraceStep(f"raw_data.{table}, load {load_id}: {name}", facts, steps, note, load_id)

    def find(self, load_id: int) -> tuple[str, dict[str, Any]] | None:
        """The table of raw_data that holds a load, and its row without the body (``bytes_are_equal`` beside it)."""
        if load_id not in self._loads:
            for table in ("archive_files", *sorted(RESPONSE_TABLES)):
                if row := self._row(table, load_id):
                    self._loads[load_id] = (table, row)
                    break
        return self._loads.get(load_id)

    def body(self, load_id: int) -> bytes:
        """The bytes of a load as received; of a repeat those that it repeats. Raises LookupError for an unknown one."""
        found = self.find(load_id)
        if found is None:
            raise LookupError(f"load {load_id} stands in no table of raw_data")
        table, row = found
        kept_at = row.get("repeat_of") or load_id
        if kept_at not in self._bodies:
            query = sql.SQL("select body from raw_data.{} where load_id = %s").format(sql.Identifier(table))
            self._bodies[kept_at] = bytes(self.conn.execute(query, [kept_at], binary=True).fetchone()[0])  # type: ignore[index]
        return self._bodies[kept_at]

    def _row(self, table: str, load_id: int) -> dict[str, Any] | None:
        response = table != "archive_files"
        columns = sql.SQL(
            "source, endpoint, request_key, official_date, http_status, content_type, is_truncated, repeat_of"
            if response
            else "archive, file_kind, file_name, season, record_count"
        )
        kept = sql.SQL("coalesce(raw.body, (select o.body from raw_data.{} as o where o.load_id = raw.repeat_of))")
        query = sql.SQL(
            "select load_id, {}, observed_at, ingested_at, content_hash, byte_length, provenance, capture, run_id, "
            "encode(sha256({}), 'hex') as hash_of_bytes from raw_data.{} as raw where load_id = %s"
        ).format(columns, kept.format(sql.Identifier(table)) if response else sql.SQL("body"), sql.Identifier(table))
        with self.conn.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, [load_id]).fetchone()

    def _verified(self, table: str, row: dict[str, Any]) -> str:
        where = f"raw_data.{table}.body" + (f" of load {row['repeat_of']}" if row.get("repeat_of") else "")
        size = f"{row['byte_length']:,} bytes"
        if row.get("is_truncated"):
            return (
                f"{where} keeps the first part of {size}: over the size cap, so the hash of the whole cannot be checked"
            )
        if row["hash_of_bytes"] == row["content_hash"]:
            return f"{where}, {size}: sha256 verified, they are the bytes that came"
        return f"{where}, {size}: SHA256 DIFFERS ({row['hash_of_bytes']}): these are not the bytes that came"

    def _record(self, raw_table: str, load: dict[str, Any], number: int, sheet: str | None) -> TraceStep:
        if raw_table in _FRAGMENTS or raw_table in RESPONSE_TABLES:
            return self._fragment(raw_table, load, number)
        rows = self._rows(raw_table, load["load_id"], number, sheet)
        if not rows:
            return TraceStep(f"record {number}", note=f"raw_data.{raw_table} has no such row of this load")
        name = f"sheet {rows[0]['sheet']}, row {number}" if raw_table == "sbr_archive" else f"line {number}"
        if load["file_kind"] == "parquet":
            name = f"row {number}"
        facts = self._cells(raw_table, rows[0], load["load_id"])
        facts["in the bytes"] = self._in_the_bytes(raw_table, load, rows[0])
        note = "" if len(rows) == 1 else f"{len(rows)} sheets have a row {number}: this is the first"
        return TraceStep(f"raw_data.{raw_table}, {name}", facts, note=note)

    def _rows(self, raw_table: str, load_id: int, number: int, sheet: str | None) -> list[dict[str, Any]]:
        query = sql.SQL("select * from raw_data.{} where load_id = %s and row_number = %s").format(
            sql.Identifier(raw_table)
        )
        with self.conn.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(query, [load_id, number]).fetchall()
        return [row for row in rows if sheet is None or row.get("sheet") == sheet]

    def _cells(self, raw_table: str, row: dict[str, Any], load_id: int) -> dict[str, Any]:
        """The record as raw keeps it, named as the file names its columns."""
        if raw_table == "mlb_games":
            return {"in raw": row["line"]}
        if raw_table in ("tick_archive", "bet_slips"):
            return {
                name: text for name, text in row.items() if name not in ("load_id", "row_number") and text is not None
            }
        cells: list[str | None] = row["cells"]
        if raw_table == "sbr_archive":
            return _named(self._header(load_id, row["sheet"]), cells)
        if row["file_kind"] == "gameinfo":
            return _named(RETROSHEET_GAMEINFO_FIELDS, cells)
        return {name: cells[at - 1] for name, at in _GAME_LOG_FIELDS if at <= len(cells) and cells[at - 1] is not None}

    def _header(self, load_id: int, sheet: str) -> list[str | None]:
        query = """select cells from raw_data.sbr_archive
                   where load_id = %s and sheet = %s and is_header order by row_number limit 1"""
        found = self.conn.execute(query, [load_id, sheet]).fetchone()
        return found[0] if found else []

    def _in_the_bytes(self, raw_table: str, load: dict[str, Any], row: dict[str, Any]) -> str:
        """What stands at that place of the stored file today, read by the source's own reader."""
        file = ArchiveFile(load["file_name"], self.body(load["load_id"]))
        number = row["row_number"]
        if raw_table == "sbr_archive":
            from dagster_mlb.sources.sbr_archive.parse import read_rows

            there = [r for r in read_rows(file.body) if r.sheet == row["sheet"] and r.row_number == number]
            equal = bool(there) and list(there[0].cells) == row["cells"]
            return (
                "read again: the same cells" if equal else f"DIFFERENT CELLS: {there[0].cells if there else 'no row'}"
            )
        if file.is_parquet:
            return "a row of a Parquet file, which has no lines to show"
        line = next((text for at, text in file.lines() if at == number), "NO SUCH LINE")
        return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}… ({len(line)} characters)"

    def _fragment(self, table: str, load: dict[str, Any], number: int) -> TraceStep:
        title = f"raw_data.{table}, record {number} of the response"
        if table not in _FRAGMENTS:
            return TraceStep(title)
        query = sql.SQL(
            "with document as (select raw_data.json_of(body) as body from raw_data.{} where load_id = %s), "
            "fragments as ({}) "
            "select jsonb_pretty(fragment) from fragments where record_number = %s"
        ).format(sql.Identifier(table), sql.SQL(_FRAGMENTS[table]))
        found = self.conn.execute(query, [load.get("repeat_of") or load["load_id"], number]).fetchone()
        if found is None:
            return TraceStep(title, note="the body is no JSON, or has no such record")
        return TraceStep(title, {"json": found[0]})


_LOAD_FACTS = (
    *("source", "endpoint", "request_key", "archive", "file_kind", "file_name", "season", "official_date"),
    *("http_status", "observed_at", "ingested_at", "provenance", "capture", "run_id"),
)


def _named(names: Iterable[str | None], cells: Sequence[str | None]) -> dict[str, Any]:
    """Cells under their column's name, empty ones left out; one without a column name goes by its neighbour's."""
    facts: dict[str, Any] = {}
    last = "cell"
    known = [*names]
    for at, cell in enumerate(cells):
        name = known[at] if at < len(known) else None
        last = name or f"{last.removesuffix(' (next)')} (next)"
        if cell is not None:
            facts[last if last not in facts else f"{last} [{at + 1}]"] = cell
    return facts
