"""``mlb …``: a thin face over the same functions that the asset graph calls. Imports stay inside the commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="The MLB platform.")
db = typer.Typer(no_args_is_help=True, help="The database: the embedded server, or the one in MLB_DATABASE_URL.")
app.add_typer(db, name="db")


@contextmanager
def plain_errors() -> Iterator[None]:
    """Errors that are meant for people end the command with their message alone, and exit code 1."""
    from dagster_mlb.warehouse.errors import WarehouseTooNewError, WarehouseUnavailableError

    try:
        yield
    except (WarehouseUnavailableError, WarehouseTooNewError) as error:
        typer.secho(str(error), err=True, fg=typer.colors.RED)
        raise typer.Exit(1) from None


@db.command("start")
def db_start() -> None:
    """Start the embedded server (made on the first start), and make the databases."""
    from dagster_mlb.settings import get_settings
    from dagster_mlb.warehouse.connection import dagster_database_url, database_url, place_of

    with plain_errors():
        settings = get_settings()
        typer.echo(f"platform: {place_of(database_url(settings))}")
        typer.echo(f"dagster:  {place_of(dagster_database_url(settings))}")


@db.command("stop")
def db_stop() -> None:
    """Stop the embedded server; open sessions are ended."""
    from dagster_mlb.settings import get_settings
    from dagster_mlb.warehouse.server import EmbeddedServer

    with plain_errors():
        stopped = EmbeddedServer(get_settings().postgres_dir).stop()
        typer.echo("stopped" if stopped else "no embedded server was running")


@db.command("status")
def db_status() -> None:
    """Whether a server answers, where its data is, and the revision of the database. Exit code 1 where none answers."""
    from dagster_mlb.settings import get_settings
    from dagster_mlb.warehouse.connection import database_url, open_connection, place_of
    from dagster_mlb.warehouse.migrate import code_revisions, database_revision
    from dagster_mlb.warehouse.server import EmbeddedServer

    with plain_errors():
        settings = get_settings()
        if settings.database_url is None:
            status = EmbeddedServer(settings.postgres_dir).status()
            running = f"running (pid {status.pid}, port {status.port})" if status.running else "not running"
            typer.echo(f"embedded server: {running}")
            typer.echo(f"data: {status.cluster}" + (f", of the OS user {status.os_user}" if status.os_user else ""))
            if status.note:
                typer.echo(f"note: {status.note}")
            if not status.running:
                raise typer.Exit(1)
        url = database_url(settings)
        with open_connection(url) as connection:
            revision = database_revision(connection) or "none yet"
        typer.echo(f"database: {place_of(url)}, revision {revision} (the code knows up to {code_revisions()[-1]})")


@db.command("url")
def db_url() -> None:
    """Print the address of the platform's database, its password included, for psql and the like."""
    from dagster_mlb.settings import get_settings
    from dagster_mlb.warehouse.connection import database_url

    with plain_errors():
        typer.echo(database_url(get_settings()))


@db.command("migrate")
def db_migrate() -> None:
    """Bring raw_data and operational to the newest revision."""
    from dagster_mlb.settings import get_settings
    from dagster_mlb.warehouse.migrate import migrate

    with plain_errors():
        typer.echo(f"revision {migrate(get_settings())}")


if __name__ == "__main__":
    app()
