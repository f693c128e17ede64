"""``mlb collect``, ``transform``, ``reparse``, ``record`` and ``replay``: asking the sources, and asking them again."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from dagster_mlb.cli_face import console, fail, plain_errors, prepared

Sources = Annotated[list[str] | None, typer.Option("--source", help="Only this source; may be given several times.")]


def register(app: typer.Typer) -> None:
    """Put the commands on the application."""
    for command in (collect, transform, reparse, record, replay):
        app.command()(command)


def collect(
    sources: Sources = None,
    day: Annotated[list[str] | None, typer.Option(help="A baseball day, YYYY-MM-DD; default: today.")] = None,
) -> None:
    """Ask the sources for today (or given days), side by side, and say what came and what is missing."""
    from dagster_mlb.reporting.status import plain_table
    from dagster_mlb.sources.slate import TABLES, collect_slate

    with plain_errors():
        settings = prepared()
        days = sorted({_day(text) for text in day or []})
        if unknown := ", ".join(sorted(set(sources or []) - set(TABLES))):
            fail(f"No source is called {unknown}; those that are: {', '.join(TABLES)}")
        told = collect_slate(settings, days, run_id="collect", sources=sources or [])
        rows = [
            (
                row.source,
                row.table,
                sum(result.requests for result in row.results),
                sum(result.stored for result in row.results),
                sum(result.repeats for result in row.results),
                len(row.failures),
                "; ".join(row.missing[:2]) or row.not_asked or "",
            )
            for row in told
        ]
        columns = ("source", "table", ">requests", ">stored", ">repeats", ">failed", "message")
        console().print(plain_table("Collected", columns, rows))
        if not all(row.is_complete for row in told):
            for row in told:
                for missing in row.missing[2:]:
                    console().print(f"  {row.table}: {missing}", markup=False)
            fail("Something is missing: each attempt stands in operational.collection_log.")


def transform(
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Make every staged table anew from raw, not only what is new.")
    ] = False,
) -> None:
    """Everything right of raw, from what raw holds: staging, markets, ratings, features. No source is asked."""
    from dagster_mlb.pipeline import StepTimes
    from dagster_mlb.pipeline import transform as run

    with plain_errors():
        times = StepTimes()
        run(prepared(), run_id="transform", times=times, full_refresh=full_refresh)
        for name, seconds in times.seconds.items():
            console().print(f"  {seconds:6.1f} s  {name}")


def reparse(sources: Sources = None) -> None:
    """Read the stored bodies of HTML and CSV again where a reader is newer than what it read. No source is asked."""
    from dagster_mlb.sources.catalog import ENDPOINTS
    from dagster_mlb.sources.parsing import parse_again

    with plain_errors():
        settings = prepared()
        readers = {e.table: e.reader for e in ENDPOINTS.values() if e.reader and (not sources or e.source in sources)}
        if not readers:
            fail(f"No reader is of {', '.join(sources or [])}: SQL reads those bodies (`mlb quarantine retry`).")
        for table, reader in readers.items():
            done = parse_again(settings, reader)
            console().print(f"{table}: {len(done):,} loads read again by version {reader.version}")
        console().print("`mlb transform` stages them.")


def record(
    folder: Path,
    first: Annotated[str | None, typer.Option("--from", help="First moment, ISO with a zone.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last moment, ISO with a zone.")] = None,
    sources: Sources = None,
) -> None:
    """Write what raw_data observed in a stretch of time into a folder, to be replayed."""
    from dagster_mlb.sources.recordings import record as write

    with plain_errors():
        made = write(prepared(), folder, first=_moment(first), last=_moment(last), sources=sources or [])
        console().print(f"{len(made.responses):,} responses in {folder}; `mlb replay {folder}` asks them again.")
        if made.left_out:
            console().print(f"{made.left_out:,} were cut at the size cap when they were collected and are left out.")


def replay(
    path: Annotated[Path, typer.Argument(help="A recording, or a file that somebody saved (with --as).")],
    as_table: Annotated[
        str | None, typer.Option("--as", help="Table of raw_data that the file is an answer of.")
    ] = None,
    at: Annotated[str | None, typer.Option(help="The moment the file was saved, ISO with a zone.")] = None,
    asked: Annotated[
        str | None, typer.Option("--path", help="The address that was asked, /path?name=value, where it is known.")
    ] = None,
    param: Annotated[
        list[str] | None, typer.Option(help="What was asked, name=value; may be given several times.")
    ] = None,
    day: Annotated[str | None, typer.Option(help="The baseball day that was asked for, YYYY-MM-DD.")] = None,
    stage: Annotated[bool, typer.Option(help="Also stage it, and say what became of every record.")] = True,
) -> None:
    """Ask a recording again through the same client, into raw and staging. Provenance: replayed."""
    from dagster_mlb.reporting.replayed import replayed_table
    from dagster_mlb.simulator.replay import replay as ask
    from dagster_mlb.sources.recordings import SavedBody, read_recording, recording_of_bodies

    with plain_errors():
        if path.is_file():
            if as_table is None:
                fail("A file needs --as: the table of raw_data whose answer it is, for example odds_api_odds")
            settings = prepared()
            import tempfile

            with tempfile.TemporaryDirectory(prefix="mlb-replay-") as folder:
                address, params = _asked(asked, param or [])
                saved = SavedBody(
                    str(as_table),
                    path.read_bytes(),
                    _moment(at) or settings.now(),
                    path=address,
                    params=params,
                    official_date=_day(day) if day else None,
                )
                results = ask(settings, recording_of_bodies(Path(folder), [saved]), run_id="replay")
        else:
            recording = read_recording(path)
            settings = prepared()
            results = ask(settings, recording, run_id="replay")
        loads = [load for result in results for load in result.load_ids]
        console().print(f"{len(loads):,} answers replayed; {sum(r.repeats for r in results):,} repeat what raw held.")
        odd = [failure for result in results for failure in result.failures]
        for target, outcome, message in odd[:20]:
            console().print(f"  {outcome}  {target}: {message}", markup=False)
        if stage and loads:
            from dagster_mlb.pipeline import run_to_the_end

            run_to_the_end(settings, "upstream")
            console().print(replayed_table(settings, loads))
        lost = sum(result.requests for result in results) - len(loads)
        if lost:
            fail(f"{lost} requests of the recording did not come through.")


def _asked(address: str | None, params: list[str]) -> tuple[str | None, dict[str, str] | None]:
    """Path and parameters of --path and --param; None for what nobody told."""
    from urllib.parse import parse_qsl

    path, _, query = (address or "").partition("?")
    told = dict(parse_qsl(query, keep_blank_values=True))
    for text in params:
        name, equals, value = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"--param {text}: write name=value")
        told[name] = value
    if address is not None and not path.startswith("/"):
        raise typer.BadParameter(f"--path {address}: an address begins with /, without the site's name")
    return (path or None), (told if told or address is not None else None)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no day: write 2025-07-15") from None


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no moment: write 2025-07-15T16:00:00Z") from None
    if moment.tzinfo is None:
        raise typer.BadParameter(f"{text} has no zone: write 2025-07-15T16:00:00Z")
    return moment.astimezone(UTC)
