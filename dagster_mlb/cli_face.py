"""What every command has in common: settings made ready, errors told as people read them, the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from dagster_mlb.settings import Settings

WIDTH_OF_PIPES = 200


@contextmanager
def plain_errors() -> Iterator[None]:
    """Errors that are meant for people end the command with their message alone, and exit code 1."""
    from pydantic import ValidationError

    try:
        yield
    except ValidationError as error:
        told = [f"Setting MLB_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()]
        fail("\n".join(told))
    except Exception as error:
        if not isinstance(error, _errors_for_people()):
            raise
        fail(str(error))


def _errors_for_people() -> tuple[type[Exception], ...]:
    from dagster_mlb.bets.lists import BetImportError
    from dagster_mlb.bets.summary import NoBetsError
    from dagster_mlb.reporting.strategy_report.inputs import NothingToReportError
    from dagster_mlb.reporting.strategy_report.samples import SeasonsError
    from dagster_mlb.reporting.trace import TraceError
    from dagster_mlb.sources.archives import ArchiveFolderError
    from dagster_mlb.sources.http_outcome import SourceError
    from dagster_mlb.sources.recordings import RecordingError
    from dagster_mlb.strategies.catalog import CatalogError
    from dagster_mlb.strategies.leakage.graph import StaleTableError
    from dagster_mlb.strategies.own_file import OwnFileError
    from dagster_mlb.warehouse.errors import WarehouseTooNewError, WarehouseUnavailableError
    from dagster_mlb.warehouse.held import HeldLoadError
    from dagster_mlb.warehouse.quarantine import AliasError, QuarantineError
    from dagster_mlb.warehouse.transform import TransformError

    return (
        *(WarehouseUnavailableError, WarehouseTooNewError, ArchiveFolderError, TransformError),
        *(TraceError, QuarantineError, AliasError, HeldLoadError, SourceError, RecordingError),
        *(CatalogError, OwnFileError, BetImportError, NoBetsError, SeasonsError, StaleTableError, NothingToReportError),
    )


def fail(message: str) -> NoReturn:
    """The message in red, and exit code 1."""
    typer.secho(message, err=True, fg=typer.colors.RED)
    raise typer.Exit(1)


def prepared() -> Settings:
    """The settings, with the warehouse up, migrated and knowing what time it is."""
    from dagster_mlb.settings import get_settings
    from dagster_mlb.warehouse.prepare import prepare

    settings = get_settings()
    prepare(settings)
    return settings


def console() -> Console:
    """The terminal; into a file or a pipe lines are not broken at 80 characters."""
    import sys

    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_OF_PIPES)
