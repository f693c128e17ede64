"""``mlb collect``, ``mlb transform``, ``mlb record`` and ``mlb replay``: asking the sources, and asking them again."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from dagster_mlb.cli_face import console, fail, plain_errors, prepared

Sources = Annotated[list[str] | None, typer.Option("--source", help="Only this source; may be given several times.")]
Moment = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d"])]


def register(app: typer.Typer) -> None:
    """Put the commands on the application."""
    for command in (collect, transform, record, replay):
        app.command()(command)


def collect(
    sources: Sources = None,
    day: Annotated[list[str] | None, typer.Option(help="A baseball day, YYYY-MM-DD; default: today.")] = None,
) -> None:
    """Ask the sources for today (or given days), side by side, and say what came and what is missing."""
    from dagster_mlb.reporting.status import plain_table
    from dagster_mlb.sources.slate import collect_slate

    with plain_errors():
        settings = prepared()
        days = sorted(date.fromisoformat(text) for text in day or [])
        told = collect_slate(settings, days, run_id="collect", sources=sources or [])
        rows = [
            (
                row.source,
                row.table,
                sum(result.requests for result in row.results),
                sum(result.stored for result in row.results),
                sum(result.repeats for result in row.results),
                len(row.failures),
                row.not_asked or "; ".join(row.failures[:2]),
            )
            for row in told
        ]
        columns = ("source", "table", ">requests", ">stored", ">repeats", ">failed", "message")
        console().print(plain_table("Collected", columns, rows))
        if any(row.failures for row in told):
            fail("Something is missing: each attempt stands in operational.collection_log.")


def transform() -> None:
    """Everything right of raw, from what raw holds: staging, markets, ratings, features. No source is asked."""
    from dagster_mlb.pipeline import StepTimes
    from dagster_mlb.pipeline import transform as run

    with plain_errors():
        times = StepTimes()
        run(prepared(), run_id="transform", times=times)
        for name, seconds in times.seconds.items():
            console().print(f"  {seconds:6.1f} s  {name}")


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


def replay(
    path: Annotated[Path, typer.Argument(help="A recording, or a file that somebody saved (with --as).")],
    as_table: Annotated[
        str | None, typer.Option("--as", help="Table of raw_data that the file is an answer of.")
    ] = None,
    at: Annotated[str | None, typer.Option(help="The moment the file was saved, ISO with a zone.")] = None,
    param: Annotated[
        list[str] | None, typer.Option(help="What was asked, name=value; may be given several times.")
    ] = None,
    stage: Annotated[bool, typer.Option(help="Also stage it, and say what became of every record.")] = True,
) -> None:
    """Ask a recording again through the same client, into raw and staging. Provenance: replayed."""
    from dagster_mlb.reporting.replayed import replayed_table
    from dagster_mlb.simulator.replay import replay as ask
    from dagster_mlb.sources.recordings import read_recording, recording_of_bodies

    with plain_errors():
        settings = prepared()
        if path.is_file():
            if as_table is None:
                fail("A file needs --as: the table of raw_data whose answer it is, for example odds_api_odds")
            import tempfile

            with tempfile.TemporaryDirectory(prefix="mlb-replay-") as folder:
                params = dict(text.split("=", 1) for text in param or [])
                when = _moment(at) or settings.now()
                body = [(str(as_table), path.read_bytes())]
                made = recording_of_bodies(Path(folder), body, observed_at=when, params=params)
                results = ask(settings, made, run_id="replay")
        else:
            results = ask(settings, read_recording(path), run_id="replay")
        loads = [load for result in results for load in result.load_ids]
        console().print(f"{len(loads):,} answers replayed; {sum(r.repeats for r in results):,} repeat what raw held.")
        missing = [failure for result in results for failure in result.failures]
        for target, outcome, message in missing[:20]:
            console().print(f"  [red]{outcome}[/]  {target}: {message}")
        if stage and loads:
            from dagster_mlb.pipeline import run_to_the_end

            run_to_the_end(settings, "upstream")
            console().print(replayed_table(settings, loads))
        if missing:
            fail(f"{len(missing)} requests of the recording did not come through.")


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise typer.BadParameter(f"{text} has no zone: write 2025-07-15T16:00:00Z")
    return moment.astimezone(UTC)
