"""``mlb strategies list`` and ``new``: what runs, and a strategy of one's own to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dagster_mlb.cli_face import console, plain_errors

strategies = typer.Typer(no_args_is_help=True, help="Strategies: which run, and one's own.")


def register(app: typer.Typer) -> None:
    """Put the commands on the application."""
    app.add_typer(strategies, name="strategies")


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
