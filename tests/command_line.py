"""Runs ``mlb …`` in this process with the settings of a test."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from typer.testing import CliRunner

from dagster_mlb.settings import Settings, get_settings


@dataclass(frozen=True)
class Told:
    """What a command wrote (tables with their rows on one line each) and its exit code."""

    code: int
    text: str

    def lines(self, *words: str) -> list[str]:
        """The lines that hold all of these words, spaces run together."""
        lines = [re.sub(r"\s+", " ", line).strip() for line in self.text.splitlines()]
        return [line for line in lines if all(word in line for word in words)]


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables that make a process's settings these."""
    variables = {"MLB_ENVIRONMENT": settings.environment, "MLB_DATA_DIR": str(settings.data_dir)}
    if settings.database_url is not None:
        variables["MLB_DATABASE_URL"] = settings.database_url.get_secret_value()
    if settings.dagster_database_url is not None:
        variables["MLB_DAGSTER_DATABASE_URL"] = settings.dagster_database_url.get_secret_value()
    if settings.fixed_now is not None:
        variables["MLB_FIXED_NOW"] = settings.fixed_now.isoformat()
    return variables


def mlb(settings: Settings | None, *arguments: str, **variables: str) -> Told:
    """``mlb arguments…``; an exception that no command catches is raised here. Standard error is in the text."""
    from dagster_mlb.cli import app

    with pytest.MonkeyPatch.context() as patch:
        for name, value in ((environment_of(settings) if settings else {}) | variables).items():
            patch.setenv(name, value)
        get_settings.cache_clear()
        try:
            result = CliRunner().invoke(app, list(arguments))
        finally:
            get_settings.cache_clear()
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Told(result.exit_code, result.output)
