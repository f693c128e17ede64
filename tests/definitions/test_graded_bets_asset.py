"""The asset of a person's bets: made before there is anything to grade, and silent about what the person wrote."""

from __future__ import annotations

import dagster as dg
import polars as pl

from dagster_mlb.bets.graded_table import GRADED_COLUMNS, GRADED_SCHEMA
from dagster_mlb.defs.graded_bets import bets_metadata, graded_bets
from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import connect


def test_it_can_be_made_before_anything_is_staged(database: Settings) -> None:
    done = dg.materialize([graded_bets], resources={"settings": database})

    assert done.success
    with connect(database) as connection:
        assert connection.execute("select to_regclass('curated.graded_bets')").fetchone() == (None,)


def test_its_metadata_is_counts_and_no_word_of_the_persons() -> None:
    row = dict.fromkeys(GRADED_COLUMNS) | {"bet_id": "a", "note": "my secret", "tag": "hunch", "stake": 1234.5}
    frame = pl.DataFrame([row | {"result": "win", "profit": 1000.0}], schema=GRADED_SCHEMA)

    told = bets_metadata(frame)

    assert told == {"bets": 1, "graded": 1, "pending": 0, "without a game": 0, "with a value at the close": 0}
