"""Addresses: what is read from them, and that no message repeats their password."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import (
    _unavailable,
    connect,
    database_name,
    open_connection,
    place_of,
    plain_url,
    with_database,
)
from dagster_mlb.warehouse.errors import WarehouseTooNewError, WarehouseUnavailableError

URL = "postgresql://mlb:p%40ss/word@db.example:6543/games?sslmode=require"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2", "postgresql+psycopg"])
def test_every_spelling_of_the_scheme_becomes_the_plain_one(scheme: str) -> None:
    assert plain_url(SecretStr(f" {scheme}://u@h/d ")) == "postgresql://u@h/d"


@pytest.mark.parametrize("text", ["mysql://u:s3cret@h/d", "s3cret", ""])
def test_what_is_no_address_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(WarehouseUnavailableError, match="postgresql://user:password@host") as caught:
        plain_url(text)
    assert "s3cret" not in str(caught.value)


def test_an_address_is_told_by_its_place_alone() -> None:
    assert place_of("postgresql://mlb:secret@db.example:6543/games?sslmode=require") == "db.example:6543/games"
    assert place_of("postgresql:///") == "localhost:5432/(no database)"
    assert "cannot be read" in place_of("postgresql://u:s3cret@h:port/d")


def test_another_database_keeps_server_login_and_options() -> None:
    other = with_database("postgresql://u:p@h:1/one?sslmode=require", "two words")
    assert other == "postgresql://u:p@h:1/two%20words?sslmode=require"
    assert database_name(other) == "two words"


@pytest.mark.parametrize(
    ("reason", "advice"),
    [
        ('connection failed: FATAL:  database "games" does not exist', "createdb"),
        ('FATAL:  password authentication failed for user "mlb"', "Correct user and password"),
        ("connection refused", "Start that server"),
    ],
)
def test_each_reason_comes_with_what_to_do(reason: str, advice: str) -> None:
    assert advice in _unavailable("postgresql://mlb:secret@h/games", reason)


@pytest.mark.parametrize("reason", ["no p@ss for you", "no p%40ss for you", "in postgresql://mlb:p%40ss@h/games", ""])
def test_a_driver_that_repeats_the_password_is_silenced(reason: str) -> None:
    message = _unavailable("postgresql://mlb:p%40ss@h/games", reason)
    assert "p@ss" not in message
    assert "p%40ss" not in message
    assert "h:5432/games" in message


@pytest.mark.parametrize("url", ["postgresql://u:s3cret@127.0.0.1:port/d", "postgresql://u:s3cret@[/d"])
def test_an_address_that_cannot_be_read_is_told_so_without_its_password(url: str) -> None:
    with pytest.raises(WarehouseUnavailableError, match="cannot be read") as caught:
        open_connection(url)
    assert "s3cret" not in str(caught.value)


def test_a_bad_address_in_the_settings_fails_at_the_connection() -> None:
    with pytest.raises(WarehouseUnavailableError, match="MLB_DATABASE_URL"):
        connect(Settings(environment="test", database_url=SecretStr("somewhere")))


def test_a_too_new_database_is_told_with_both_revisions() -> None:
    message = str(WarehouseTooNewError("0009", "0001", "h:5432/games"))
    assert "0009" in message
    assert "0001" in message
    assert "h:5432/games" in message
