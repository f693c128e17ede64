"""``mlb leaks``: whether anything that was decided knew what came after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dagster_mlb.cli_face import console, plain_errors, prepared

if TYPE_CHECKING:
    from dagster_mlb.settings import Settings
    from dagster_mlb.strategies.leakage.report import LeakageReport

_TOLD = 30  # differences that are listed


def register(app: typer.Typer) -> None:
    """Put the command on the application."""
    app.command("leaks")(leaks)


def leaks(
    days: Annotated[int, typer.Option(help="How many past days are drawn, beside the latest.", min=0)] = 3,
    doubleheaders: Annotated[int, typer.Option(help="How many second games of doubleheaders.", min=0)] = 1,
    seed: Annotated[int | None, typer.Option(help="Draws the days and the noise; another one, other days.")] = None,
    part: Annotated[
        list[str] | None, typer.Option(help="tables, ratings, signals or bets; may be given again. Default: all.")
    ] = None,
    skill: Annotated[bool, typer.Option("--skill", help="Also label shuffle and time shift.")] = False,
) -> None:
    """Build once more what was decided at some moments without what came after them, and compare it with what stands.

    With --skill also: results dealt anew, features of a day earlier. Exit code 1 where something knew its future.
    Nothing that stands is changed.
    """
    from dagster_mlb.pipeline import is_up_to_date
    from dagster_mlb.strategies.leakage.live import ALL_PARTS, SEED, check_live_graph

    with plain_errors():
        chosen = [name for name in ALL_PARTS if part is None or name in part]
        if part is not None and len(chosen) < len(set(part)):
            raise typer.BadParameter(f"a part is one of {', '.join(ALL_PARTS)}")
        settings = prepared()
        if not is_up_to_date(settings):
            console().print("[yellow]Loads wait, or the project has changed since it ran[/]: `mlb transform` first.")
        report = check_live_graph(
            settings,
            parts=chosen,
            past=days,
            doubleheaders=doubleheaders,
            seed=SEED if seed is None else seed,
        )
        print_report(report)
        told = print_skill(settings, report.seed) if skill else []
    raise typer.Exit(0 if report.passed and not told else 1)


def print_skill(settings: Settings, seed: int) -> list[str]:
    """Every figure, the furthest off first; returns those that are too far."""
    from dagster_mlb.reporting.status import plain_table
    from dagster_mlb.strategies.leakage.skill import failed
    from dagster_mlb.strategies.leakage.skill_live import check_skill

    found = check_skill(settings, seed=seed)
    rows = [
        (one.check, one.subject, one.figure, one.n, f"{one.value:+.4f}", f"{one.expected:+.4f}", f"{one.z:+.1f}")
        for one in sorted(found, key=lambda one: -abs(one.z))
    ]
    columns = ("check", "of", "figure", ">n", ">is", ">may be", ">standard errors off")
    console().print(plain_table("Skill that must not be there", columns, rows) if rows else "Too few bets for skill.")
    told = failed(found)
    for line in told:
        console().print(f"[red]leak[/]  {line}", soft_wrap=True)
    return told


def print_report(report: LeakageReport) -> None:
    """The moments, a line per table, and what was found."""
    from dagster_mlb.reporting.status import plain_table
    from dagster_mlb.strategies.leakage.report import AS_IT_STANDS

    screen = console()
    if not report.moments:
        screen.print("No decision has been made yet: there is nothing to look at.")
        return
    screen.print(plain_table("Moments (UTC)", ("moment", "why"), [(one.at, one.why) for one in report.moments]))
    rows = [
        (one.table, one.mutation, one.moments, one.rows, one.differing or None, one.first or None)
        for one in report.sums()
    ]
    columns = ("table", "after", ">moments", ">rows", ">differ", "for example")
    screen.print(plain_table("Compared", columns, rows))
    told = report.told()
    for line in told[:_TOLD]:
        word = "[yellow]differs[/]" if AS_IT_STANDS in line else "[red]leak[/]"
        screen.print(f"{word}  {line}", soft_wrap=True)
    if len(told) > _TOLD:
        screen.print(f"… and {len(told) - _TOLD} more")
    verdict = "[green]nothing knows its future[/]" if report.passed else f"[red]{len(told)} differences[/]"
    screen.print(f"{verdict}: {report.rows:,} rows, {report.seconds:.1f} s, seed {report.seed}")
