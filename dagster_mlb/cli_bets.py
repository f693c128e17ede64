"""``mlb bets import``, ``show``, ``withdraw`` and ``template``: a person's own bets, graded as the strategies' are.

Paper only, and private: a list is read into the own database, and nothing of it is sent anywhere.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dagster_mlb.cli_face import console, fail, plain_errors, prepared

if TYPE_CHECKING:
    from dagster_mlb.pipeline import BetImport

bets = typer.Typer(no_args_is_help=True, help="Your own bets, graded as the strategies are. Nothing of them is sent.")

Tag = Annotated[str | None, typer.Option("--tag", help="Only bets of this tag (or strategy).")]


def register(app: typer.Typer) -> None:
    """Put the commands on the application."""
    app.add_typer(bets, name="bets")


@bets.command("import")
def bets_import(
    file: Annotated[Path, typer.Argument(help="A CSV: `mlb bets template FILE` writes an example.")],
    name: Annotated[
        str | None, typer.Option(help="Keep it under this name: a list replaces the one that had its name before.")
    ] = None,
) -> None:
    """Read a list of bets, grade them, and say of every row that was not read which rule it breaks."""
    from dagster_mlb.pipeline import import_bets
    from dagster_mlb.settings import get_settings

    with plain_errors():
        _tell(import_bets(get_settings(), file, name=name))


def _tell(told: BetImport) -> None:
    from dagster_mlb.bets.lists import told_twice

    def say(text: str, style: str | None = None) -> None:
        console().print(text, style=style, markup=False, soft_wrap=True)

    file = told.file
    if told.stands_for != file.load_id:
        fail(
            f"{file.file_name}: {file.message}, and load {told.stands_for} has replaced it since. To go back to it, "
            "save it with a change (a blank line at its end is one) and import that."
        )
    for row in told.refused:
        say(f"{row.name}, row {row.record_number}: {row.reason} (rule {row.rule})", "red")
    if file.message:
        say(f"{file.file_name}: {file.message}{'; nothing is to be done' if told.was_needless else ''}.")
    if told.replaced is not None and file.outcome == "stored":
        say(
            f"It replaces load {told.replaced.load_id}, {_number(told.replaced.rows, 'row')} that came under the same "
            "name. (Another list? Import both again, each with a --name of its own.)"
        )
    graded = told.of_list["result"].drop_nulls().len()
    say(
        f"{file.file_name}: {_number(told.of_list.height, 'bet')}, {graded:,} of them graded; "
        f"{_number(len(told.refused), 'row')} not read. `mlb bets show` lists the bets."
    )
    twice = told_twice(told.graded)
    if not twice.is_empty():
        lists = ", ".join(sorted(twice["lists"].explode().unique()))
        say(
            f"{_number(twice.height, 'bet')} word for word in more than one list ({lists}): all of them count. "
            "`mlb bets withdraw LIST` takes a list's bets out.",
            "yellow",
        )
    if any(row.rule == "unknown_team" for row in told.refused):
        say('`mlb alias add "SPELLING" CLUB` teaches a club, `mlb quarantine retry` reads those rows again.')


def _number(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


@bets.command("withdraw")
def bets_withdraw(
    name: Annotated[str, typer.Argument(metavar="LIST", help="The list's name: its file's, or the one it was given.")],
) -> None:
    """Take a list's bets out of all figures. The database keeps the list as it was."""
    from dagster_mlb.pipeline import withdraw_bets
    from dagster_mlb.settings import get_settings

    with plain_errors():
        withdraw_bets(get_settings(), name)
        typer.echo(f"The bets of {name} are out of all figures; importing the list with a change brings them back.")


@bets.command("show")
def bets_show(
    tag: Tag = None,
    limit: Annotated[int, typer.Option(help="How many bets are listed, the latest; 0 lists all.")] = 50,
) -> None:
    """The bets with result, profit and value at the close, then what they come to, in all and by tag."""
    from dagster_mlb.bets.lists import rows_not_read
    from dagster_mlb.bets.summary import read_graded, summaries
    from dagster_mlb.reporting.graded_bets import bets_table, remarks_of, summary_table

    with plain_errors():
        settings, screen = prepared(), console()
        graded = read_graded(settings, tag=tag)
        shown = graded.tail(limit) if limit else graded
        screen.print(bets_table(shown))
        if shown.height < graded.height:
            screen.print(f"The latest {shown.height:,} of {graded.height:,} bets: --limit 0 lists all.\n")
        found = summaries(graded)
        screen.print(summary_table(found[:1] if tag is not None else found))
        for line in remarks_of(found[0]):
            screen.print(line, soft_wrap=True)
        if unread := rows_not_read(settings):
            screen.print(f"{_number(unread, 'row')} of the lists not read: `mlb quarantine list --source bet_slips`.")


@bets.command("template")
def bets_template(file: Annotated[Path, typer.Argument(help="The file to write.")]) -> None:
    """Write an example with every column. A file that is there already is left alone."""
    from dagster_mlb.sources.bet_slips.parse import template
    from dagster_mlb.sources.bet_slips.schemas import COLUMNS, REQUIRED

    with plain_errors():
        try:
            with file.open("x", encoding="utf-8", newline="") as opened:
                opened.write(template())
        except FileExistsError:
            fail(f"{file} is there already and is left as it is: name another file.")
        except OSError as error:
            fail(f"{file} cannot be written: {error.strerror}.")
        screen = console()
        for column, told in COLUMNS.items():
            needed = " (needed)" if column in REQUIRED else ""
            screen.print(f"  {column:10} {told.holds}{needed}", markup=False, soft_wrap=True)
        screen.print(f"{file}: three example bets. `mlb bets import {file}` reads it.", markup=False, soft_wrap=True)
