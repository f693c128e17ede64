"""docker-compose.yml and its image: no secret in them, everything on loopback, the services that Dagster needs."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
import yaml

from dagster_mlb.settings import PROJECT_ROOT

COMPOSE = PROJECT_ROOT / "docker-compose.yml"


def compose() -> dict:
    return yaml.safe_load(COMPOSE.read_text())


def test_the_services_are_postgres_webserver_daemon_and_their_code() -> None:
    assert {"postgres", "webserver", "daemon", "code"} <= set(compose()["services"])
    assert compose()["services"]["postgres"]["image"] == "postgres:18"


def test_no_password_stands_in_the_file_and_a_missing_one_is_an_error() -> None:
    text = COMPOSE.read_text()

    assert all(
        "${MLB_POSTGRES_PASSWORD:?" in line for line in text.splitlines() if "PASSWORD" in line and "#" not in line
    )
    assert not re.search(r"://\w+:[^$]", text)


def test_only_loopback_is_published() -> None:
    ports = [port for service in compose()["services"].values() for port in service.get("ports", [])]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_variable_that_must_be_set_is_in_the_example() -> None:
    example = (PROJECT_ROOT / ".env.example").read_text()
    needed = set(re.findall(r"\$\{(MLB_\w+):\?", COMPOSE.read_text()))

    assert needed
    assert all(f"{name}=" in example for name in needed)


def test_every_setting_of_the_example_reaches_the_containers() -> None:
    settings = re.findall(r"^(MLB_\w+)=", (PROJECT_ROOT / ".env.example").read_text(), flags=re.MULTILINE)
    text = COMPOSE.read_text()

    assert {"MLB_ENABLED_SOURCES", "MLB_ODDS_API_MONTHLY_CREDITS"} <= set(settings)
    assert [name for name in settings if f"${{{name}:" not in text and name != "MLB_DOCS_PORT"] == []


def test_the_image_copies_what_exists() -> None:
    copied = re.findall(r"^COPY (.+) \S+$", (PROJECT_ROOT / "deploy" / "Dockerfile").read_text(), flags=re.MULTILINE)

    assert all((PROJECT_ROOT / name).exists() for names in copied for name in names.split())


def test_docker_compose_accepts_it(monkeypatch: pytest.MonkeyPatch) -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("no docker compose on this machine")
    monkeypatch.setenv("MLB_POSTGRES_PASSWORD", "x")
    done = subprocess.run(
        [docker, "compose", "-f", str(COMPOSE), "config", "-q"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
