"""``mlb …``: a thin face over the same functions that the asset graph calls. Imports stay inside the commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dagster_mlb import cli_bets, cli_leaks, cli_sources, cli_strategies
from dagster_mlb.cli_face import console, fail, plain_errors, prepared

if TYPE_CHECKING:
    from dagster_mlb.warehouse.quarantine import QuarantineCount


app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="The MLB platform.")


def _group(name: str, told: str) -> typer.Typer:
    group = typer.Typer(no_args_is_help=True, help=told)
    app.add_typer(group, name=name)
    return group


db = _group("db", "The database: the embedded server, or the one in MLB_DATABASE_URL.")
archive = _group("archive", "Folders of archive files: season sheets, ticks, game logs.")
quarantine = _group("quarantine", "Records that were not staged, each with file, row, rule and reason.")
alias = _group("alias", "Spellings of clubs that the platform was taught.")
loads = _group("loads", "Loads that the gate holds back until a person releases them.")
dbt = _group("dbt", "The dbt project.")
cli_bets.register(app)
cli_leaks.register(app)
cli_sources.register(app)
cli_strategies.register(app)

Source = Annotated[str | None, typer.Option(help="Only records of this source.")]
Rule = Annotated[str | None, typer.Option(help="Only records that break this rule.")]
LoadId = Annotated[int | None, typer.Option("--load", help="Only records of this load.")]


# ------------------------------------------------------------------ the whole way


@app.command()
def demo() -> None:
    """Run the whole graph on the simulated league: three seasons, over real HTTP, then today's slate."""
    from dagster_mlb.pipeline import demo as run_demo
    from dagster_mlb.settings import get_settings

    with plain_errors():
        code = run_demo(get_settings(), console())
    raise typer.Exit(code or 0)


@archive.command("load")
def archive_load(
    folder: Annotated[Path | None, typer.Argument(help="A folder, or one file. Default: MLB_ARCHIVE_DIR.")] = None,
) -> None:
    """Load every archive file below a folder, raw to curated, and print a table per season."""
    from dagster_mlb.pipeline import load_archives_and_report
    from dagster_mlb.settings import get_settings

    with plain_errors():
        settings = get_settings()
        code = load_archives_and_report(settings, folder or settings.archive_folder, console())
    raise typer.Exit(code or 0)


@app.command()
def learn() -> None:
    """Train, predict, bet on paper; print models beside the market and strategies beside the random side."""
    from dagster_mlb.pipeline import learn_and_report
    from dagster_mlb.settings import get_settings

    with plain_errors():
        learn_and_report(get_settings(), console())


@app.command()
def up() -> None:
    """Serve the Dagster UI, its daemon and dbt's docs on this machine until Ctrl-C."""
    from dagster_mlb.defs.serve import Addresses, ChildEndedError, PortTakenError, serve

    def tell(addresses: Addresses) -> None:
        typer.echo(f"Dagster: {addresses.ui}\ndocs:    {addresses.docs}\nlogs:    {addresses.logs}\nCtrl-C stops them.")

    from dagster_mlb.settings import get_settings

    with plain_errors():
        try:
            if get_settings().environment == "demo":
                from dagster_mlb.pipeline import serve_demo

                serve_demo(get_settings(), on_ready=tell)
            else:
                serve(prepared(), on_ready=tell)
        except (PortTakenError, ChildEndedError) as error:
            fail(str(error))


@app.command()
def docs() -> None:
    """Write dbt's docs of every table and column as one page."""
    from dagster_mlb.defs.serve import build_docs

    with plain_errors():
        typer.echo(f"{build_docs(prepared()) / 'index.html'}")


@dbt.command("parse")
def dbt_parse() -> None:
    """Parse the dbt project; says what is wrong in it."""
    from dagster_mlb.warehouse.transform import ensure_manifest

    with plain_errors():
        typer.echo(f"{ensure_manifest(prepared())}")


# ------------------------------------------------------------------ looking into it


@app.command()
def trace(
    table: Annotated[str, typer.Argument(help="schema.table, for example curated.moneylines")],
    key: Annotated[
        list[str] | None, typer.Argument(help="Its key columns, in order; without one they are told.")
    ] = None,
    bytes_to: Annotated[
        Path | None, typer.Option("--bytes", help="Write the raw body here: of --load, else of the last load shown.")
    ] = None,
    load_id: Annotated[int | None, typer.Option("--load", help="Whose bytes --bytes writes.")] = None,
) -> None:
    """From any row back through crosswalk, ticks and loads to the bytes that it came from."""
    from dagster_mlb.reporting import trace as tracing

    with plain_errors():
        settings = prepared()
        step = tracing.trace(settings, table, key or [])
        console().print(tracing.rendered(step))
        if bytes_to is None:
            return
        if load_id is None and not step.load_ids:
            fail("This row ends in no load, so there are no bytes to write.")
        if load_id is not None and load_id not in step.load_ids:
            fail(f"Load {load_id} is none of those that this row rests on: {', '.join(map(str, step.load_ids))}.")
        wanted = load_id if load_id is not None else step.load_ids[-1]
        body = tracing.raw_body(settings, wanted)
        bytes_to.write_bytes(body)
        others = [str(other) for other in step.load_ids if other != wanted]
        told = f" (it also rests on {', '.join(others)}: choose with --load)" if others and load_id is None else ""
        typer.echo(f"{bytes_to}: {len(body):,} bytes of load {wanted}{told}")


@app.command()
def status(
    checksums: Annotated[bool, typer.Option("--checksums", help="Also the checksum of every table.")] = False,
) -> None:
    """Rows per layer, the newest loads, what waits, and prices that came too late to be bet."""
    from dagster_mlb.reporting.in_play import in_play_lines, read_in_play
    from dagster_mlb.reporting.status import plain_table, read_status
    from dagster_mlb.reporting.terminal import layers_table
    from dagster_mlb.warehouse.checksums import table_checksums

    with plain_errors():
        settings, screen = prepared(), console()
        found = read_status(settings)
        screen.print(layers_table(found.layers))
        columns = (">load", "source", "name", "ingested (UTC)", "provenance", ">records", "state")
        rows = [(o.load_id, o.source, o.name, o.ingested_at, o.provenance, o.records, o.state) for o in found.newest]
        screen.print(plain_table("Newest loads", columns, rows))
        screen.print(f"{found.pending} loads wait to be staged, {found.held} are held (`mlb loads held`).")
        for line in in_play_lines(read_in_play(settings)):
            screen.print(line, highlight=False)
        if checksums:
            sums = [(table, sum_.rows, sum_.checksum) for table, sum_ in table_checksums(settings).items()]
            screen.print(plain_table("Checksums of business columns", ("table", ">rows", ">checksum"), sums))


@app.command()
def sources() -> None:
    """Each source: its health, circuit, reliability and freshness, its loads, and what became of the last attempt."""
    from dagster_mlb.reporting.source_health import decimal, percent
    from dagster_mlb.reporting.status import plain_table, read_sources

    with plain_errors():
        rows = [
            (
                o.source,
                o.status,
                o.breaker_state and o.breaker_state.replace("_", " "),
                percent(o.reliability),
                decimal(o.freshness),
                o.loads,
                o.last_load_at,
                o.last_attempt_at,
                o.last_outcome,
                o.last_message,
            )
            for o in read_sources(prepared())
        ]
        columns: tuple[str, ...] = ("source", "health", "circuit", ">reliable", ">fresh", ">loads", "last load (UTC)")
        columns += ("last attempt (UTC)", "outcome", "message")
        console().print(plain_table("Sources", columns, rows))


# ------------------------------------------------------------------ mending


@quarantine.command("list")
def quarantine_list(
    source: Source = None,
    rule: Rule = None,
    load_id: LoadId = None,
    limit: Annotated[int, typer.Option(help="How many records are listed; 0 lists all.")] = 50,
) -> None:
    """Counts by source and rule with an example, then the records: file, row, rule, reason."""
    from dagster_mlb.reporting.status import plain_table
    from dagster_mlb.warehouse.quarantine import list_quarantine

    with plain_errors():
        found = list_quarantine(prepared(), source=source, rule=rule, load_id=load_id, limit=limit or None)
        screen = console()
        if not found.total:
            screen.print("Nothing is in quarantine.")
            return
        _print_counts(found.counts, "In quarantine, by rule")
        rows = [(o.load_id, o.name, o.record_number, o.scope, o.rule, o.reason) for o in found.records]
        screen.print(plain_table("Records", (">load", "file", ">row", "scope", "rule", "reason"), rows))
        if len(found.records) < found.total:
            screen.print(f"{len(found.records)} of {found.total}: narrow with --source and --rule, or give --limit 0.")


@quarantine.command("retry")
def quarantine_retry(source: Source = None, rule: Rule = None, load_id: LoadId = None) -> None:
    """Stage once more just the loads that hold quarantined records, after a rule or an alias was mended."""
    from dagster_mlb.pipeline import transform_what_waits
    from dagster_mlb.warehouse.quarantine import retry

    with plain_errors():
        settings = prepared()
        done = retry(
            settings,
            source=source,
            rule=rule,
            load_id=load_id,
            transform=lambda: transform_what_waits(settings, run_id="quarantine-retry"),
        )
        if not done.loads:
            typer.echo("Nothing is in quarantine that could be tried again.")
            return
        _print_counts(done.before, f"Before (loads {', '.join(map(str, done.loads))})")
        if done.after:
            _print_counts(done.after, "After")
        before, after = (sum(count.records for count in counts) for counts in (done.before, done.after))
        typer.echo(f"{before} were in quarantine, {after} are now.")


def _print_counts(counts: list[QuarantineCount], title: str) -> None:
    from dagster_mlb.reporting.status import plain_table

    rows = [(count.source, count.rule, count.scope, count.records, count.example) for count in counts]
    console().print(plain_table(title, ("source", "rule", "scope", ">number", "for example"), rows))


@alias.command("add")
def alias_add(
    spelling: Annotated[str, typer.Argument(metavar="ALIAS", help='As the source writes it, for example "HOW".')],
    club: Annotated[str, typer.Argument(help="The club's id, abbreviation or name, for example HOU or 117.")],
) -> None:
    """Teach the platform a spelling of a club."""
    from dagster_mlb.warehouse.quarantine import add_alias

    with plain_errors():
        taught = add_alias(prepared(), spelling, club)
        known = " (the platform knew it already)" if taught.is_seed else ""
        typer.echo(f'"{taught.alias}" is {taught.club} ({taught.team_id}){known}.')
        if not taught.is_seed:
            typer.echo("`mlb quarantine retry --rule unknown_team` stages the records that waited for it.")


@alias.command("remove")
def alias_remove(spelling: Annotated[str, typer.Argument(metavar="ALIAS")]) -> None:
    """Take back a spelling that was taught."""
    from dagster_mlb.warehouse.quarantine import remove_alias

    with plain_errors():
        gone = remove_alias(prepared(), spelling)
        typer.echo(f'"{gone.alias}" is no longer {gone.club} ({gone.team_id}); rows staged by it stay as they are.')


@alias.command("list")
def alias_list(
    seeds: Annotated[bool, typer.Option("--all", help="Also those that the platform came with.")] = False,
) -> None:
    """The spellings that were taught."""
    from dagster_mlb.reporting.status import plain_table
    from dagster_mlb.warehouse.quarantine import list_aliases

    with plain_errors():
        rows = [
            (o.alias, str(o.team_id), o.club, "seed" if o.is_seed else "taught")
            for o in list_aliases(prepared(), seeds=seeds)
        ]
        console().print(plain_table("Aliases of clubs", ("alias", ">team_id", "club", "from"), rows))


@loads.command("held")
def loads_held(released: Annotated[bool, typer.Option("--all", help="Also those released since.")] = False) -> None:
    """The loads that the gate holds back, each with its rule and reason."""
    from dagster_mlb.reporting.status import plain_table
    from dagster_mlb.warehouse.held import list_held

    with plain_errors():
        found = list_held(prepared(), released=released)
        rows = [(o.load_id, o.source, o.name, o.rule, o.reason, o.held_at, o.released_at) for o in found]
        columns = (">load", "source", "file", "rule", "reason", "held (UTC)", "released (UTC)")
        console().print(plain_table("Held loads", columns, rows) if found else "No load is held.")


@loads.command("release")
def loads_release(
    load_id: int,
    by: Annotated[str, typer.Option(help="Who releases it, for the record.")] = "mlb loads release",
) -> None:
    """Let a held load into staging; the next run stages it."""
    from dagster_mlb.warehouse.held import release

    with plain_errors():
        done = release(prepared(), load_id, released_by=by)
        typer.echo(f"Load {done.load_id} ({done.name or done.source}) is released: the next run stages it.")


# ------------------------------------------------------------------ the database


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
            server = EmbeddedServer(settings.postgres_dir).status()
            running = f"running (pid {server.pid}, port {server.port})" if server.running else "not running"
            typer.echo(f"embedded server: {running}")
            typer.echo(f"data: {server.cluster}" + (f", of the OS user {server.os_user}" if server.os_user else ""))
            if server.note:
                typer.echo(f"note: {server.note}")
            if not server.running:
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
