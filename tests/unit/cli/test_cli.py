"""The command line without a database: what it offers, and how it fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import mlb

import dagster_mlb.pipeline as pipeline
from dagster_mlb.settings import Settings
from dagster_mlb.warehouse import transform
from dagster_mlb.warehouse.transform import TransformError


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(environment="test", data_dir=tmp_path)


@pytest.mark.parametrize(
    "command",
    [
        *("demo", "learn", "up", "docs", "trace", "status", "sources", "leaks"),
        *("archive load", "quarantine list", "quarantine retry", "alias add", "alias remove", "alias list"),
        *("strategies list", "strategies new"),
        *("loads held", "loads release", "dbt parse", "db start", "db stop", "db status", "db url", "db migrate"),
    ],
)
def test_every_command_tells_what_it_does(command: str) -> None:
    told = mlb(None, *command.split(), "--help")
    assert told.code == 0
    assert command.split()[-1] in told.text


def test_a_setting_that_is_wrong_is_named_with_what_it_may_be() -> None:
    told = mlb(None, "status", MLB_ENVIRONMENT="staging")
    assert told.code == 1
    assert told.text.strip() == "Setting MLB_ENVIRONMENT: Input should be 'demo', 'dev', 'test' or 'production'"


def test_no_secret_stands_in_a_message_about_settings() -> None:
    told = mlb(None, "status", MLB_DATABASE_URL="mysql://mlb:hunter2@host/mlb")
    assert told.code == 1
    assert "postgresql://user:password@host:port/database" in told.text
    assert "hunter2" not in told.text


def replaced(monkeypatch: pytest.MonkeyPatch, name: str, answer: object) -> list[tuple]:
    """Puts a function in the place of one of the pipeline's; returns the calls that it got."""
    calls: list[tuple] = []

    def instead(*arguments: object) -> object:
        calls.append(arguments)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(pipeline, name, instead)
    return calls


@pytest.mark.parametrize("code", [0, 1])
def test_archive_load_ends_with_the_code_of_the_load(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    calls = replaced(monkeypatch, "load_archives_and_report", code)
    assert mlb(settings, "archive", "load", str(tmp_path)).code == code
    assert [(call[0].data_dir, call[1]) for call in calls] == [(settings.data_dir, tmp_path)]


def test_archive_load_without_a_folder_takes_the_one_of_the_settings(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = replaced(monkeypatch, "load_archives_and_report", 0)
    mlb(settings, "archive", "load")
    mlb(settings, "archive", "load", MLB_ARCHIVE_DIR="/somewhere/else")
    assert [call[1] for call in calls] == [tmp_path / "archives", Path("/somewhere/else")]


@pytest.mark.parametrize("code", [0, 1])
def test_demo_ends_with_the_code_of_its_run(settings: Settings, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    calls = replaced(monkeypatch, "demo", code)
    assert mlb(settings, "demo").code == code
    assert len(calls) == 1


def test_learn_runs_models_and_strategies(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = replaced(monkeypatch, "learn_and_report", None)
    assert mlb(settings, "learn").code == 0
    assert len(calls) == 1


def test_a_failed_gate_is_told_without_a_traceback(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    replaced(monkeypatch, "learn_and_report", TransformError("gate closes_are_pregame: 3 bad rows"))
    told = mlb(settings, "learn")
    assert (told.code, told.text.strip()) == (1, "gate closes_are_pregame: 3 bad rows")


def test_an_error_that_nobody_foresaw_keeps_its_traceback(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    replaced(monkeypatch, "learn_and_report", ZeroDivisionError("a bug"))
    with pytest.raises(ZeroDivisionError):
        mlb(settings, "learn")


@pytest.fixture
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dagster_mlb.warehouse.prepare.prepare", lambda settings: None)


def test_dbt_parse_prints_where_the_manifest_stands(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, no_database: None, tmp_path: Path
) -> None:
    monkeypatch.setattr(transform, "ensure_manifest", lambda settings: tmp_path / "manifest.json")
    assert mlb(settings, "dbt", "parse").text.strip() == str(tmp_path / "manifest.json")


def test_up_prints_the_addresses_and_docs_the_page(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, no_database: None, tmp_path: Path
) -> None:
    from dagster_mlb.defs import serve

    def served(settings: Settings, *, on_ready: Callable[[serve.Addresses], None]) -> None:
        on_ready(serve.Addresses(ui="http://127.0.0.1:3070", docs="http://127.0.0.1:3071", logs=tmp_path))

    monkeypatch.setattr(serve, "serve", served)
    monkeypatch.setattr(serve, "build_docs", lambda settings: tmp_path)
    assert mlb(settings, "up").lines("Dagster: http://127.0.0.1:3070")
    assert mlb(settings, "docs").text.strip() == str(tmp_path / "index.html")


def test_up_tells_of_a_taken_port(settings: Settings, monkeypatch: pytest.MonkeyPatch, no_database: None) -> None:
    from dagster_mlb.defs import serve

    def taken(settings: Settings, **_: object) -> None:
        raise serve.PortTakenError("port 3070 is taken")

    monkeypatch.setattr(serve, "serve", taken)
    told = mlb(settings, "up")
    assert (told.code, told.text.strip()) == (1, "port 3070 is taken")
