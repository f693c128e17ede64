"""``mlb strategies list`` and ``new``: what runs, and a strategy of one's own to begin with; ``mlb backtest`` and
``mlb report``: what they earned.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dagster_mlb.cli_face import console, fail, plain_errors, prepared

if TYPE_CHECKING:
    from dagster_mlb.settings import Settings

strategies = typer.Typer(no_args_is_help=True, help="Strategies: which run, and one's own.")


def register(app: typer.Typer) -> None:
    """Put the commands on the application."""
    app.add_typer(strategies, name="strategies")
    app.command("backtest")(backtest)
    app.command("report")(report)


@strategies.command("list")
def strategies_list() -> None:
    """Every strategy of the catalog: family, forms, decisions, markets, state, and what differs from the defaults."""
    from dagster_mlb.reporting.status import plain_table
    from dagster_mlb.settings import get_settings
    from dagster_mlb.strategies.catalog import DEFAULT_CATALOG, read_catalog

    with plain_errors():
        path = get_settings().strategies_file
        entries = read_catalog(path)
        rows = [
            (
                entry.name,
                entry.family.name,
                ", ".join(entry.forms),
                ", ".join(entry.decisions),
                ", ".join(entry.parameters.markets),
                entry.state,
                ", ".join(_worded(name, value) for name, value in entry.changed.items() if name != "markets"),
            )
            for entry in entries
        ]
        columns = ("strategy", "family", "form", "decision", "markets", "state", "changed")
        console().print(plain_table(f"Strategies of {path or DEFAULT_CATALOG.name}", columns, rows))
        running = [entry for entry in entries if entry.state != "off"]
        trials = sum(len(entry.forms) * len(set(entry.decisions) - {"current"}) for entry in running)
        console().print(f"{len(running)} run, as {trials} trials: each at its decisions, in its forms.")


def _worded(name: str, value: Any) -> str:
    told = (
        ", ".join(map(str, value)) if isinstance(value, list) else f"{value:g}" if isinstance(value, float) else value
    )
    return f"{name} = {told}"


@strategies.command("new")
def strategies_new(
    file: Annotated[Path, typer.Argument(help="The file to write, for example my_strategy.py.")],
) -> None:
    """Write a strategy that runs as it is, to be changed. A file that is there already is left alone."""
    from dagster_mlb.strategies.own_file import load_strategy_file, write_template

    with plain_errors():
        write_template(file)
        names = ", ".join(strategy.name for strategy in load_strategy_file(file))
        typer.echo(f"{file} holds the strategy {names}. docs/strategies.md says what a strategy may read.")


def backtest(
    file: Annotated[Path, typer.Argument(help="A file of strategies: `mlb strategies new <file>` writes one.")],
    decision: Annotated[
        str | None, typer.Option(help="open, pregame, close or signal; else each strategy's own.")
    ] = None,
    season: Annotated[str | None, typer.Option(help="Seasons, for example 2016 or 2014-2019; else all.")] = None,
    book: Annotated[str | None, typer.Option(help="benchmark, best, each, or a book by name; else its own.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Also write the result as a page here.")] = None,
) -> None:
    """Run a strategy of one's own on what the warehouse holds, beside the random side. The run is a trial: it goes into
    the ledger."""
    from dagster_mlb.reporting.strategy_report.own import backtest_file
    from dagster_mlb.reporting.strategy_report.page import html as page_of
    from dagster_mlb.reporting.strategy_report.samples import seasons_of
    from dagster_mlb.reporting.strategy_report.terminal import print_backtest

    with plain_errors():
        moments = ("open", "pregame", "close", "signal")
        if decision is not None and decision not in moments:
            fail(f"There is no decision {decision}: a backtest decides at {', '.join(moments)}.")
        seasons = None if season is None else seasons_of(season)
        settings, screen, pages = _prepared(), console(), []
        for done in backtest_file(settings, file, decision=decision, seasons=seasons, book=book):  # type: ignore[arg-type]
            print_backtest(done, screen)
            pages.append(done)
        if html is not None:
            for done in pages:
                path = html if len(pages) == 1 else html.with_stem(f"{html.stem}-{done.name}")
                path.write_text(page_of(done.contents), encoding="utf-8")
                screen.print(f"{path}: the same as a page.", soft_wrap=True)


def report(
    out: Annotated[
        Path | None, typer.Option(help="Where the page is written; else report.html in the data folder.")
    ] = None,
    seasons: Annotated[str, typer.Option(help="Seasons of the archive with labels.")] = "2010-2019",
) -> None:
    """Every strategy on every sample that the warehouse holds: a page with pictures, and a table here."""
    from dagster_mlb.reporting.strategy_report.samples import seasons_of
    from dagster_mlb.reporting.strategy_report.terminal import print_report
    from dagster_mlb.reporting.strategy_report.write import write_report

    with plain_errors():
        wanted = seasons_of(seasons)
        settings, screen = _prepared(), console()
        written = write_report(settings, out or settings.data_dir / "report.html", wanted)
        print_report(written.contents, screen)
        size = written.path.stat().st_size / 1000
        screen.print(f"{written.path}: {size:,.0f} kB, made in {written.seconds:.1f} s", soft_wrap=True)


def _prepared() -> Settings:
    """The settings, with the warehouse up; in the demo the clock stands where the league's does."""
    from dagster_mlb.settings import get_settings
    from dagster_mlb.warehouse.prepare import prepare

    settings = get_settings()
    if settings.environment != "demo" or settings.fixed_now is not None:
        return prepared()
    from dagster_mlb.simulator.demo import DEMO_WORLD

    settings = settings.model_copy(update={"fixed_now": DEMO_WORLD.now})
    prepare(settings)
    return settings
