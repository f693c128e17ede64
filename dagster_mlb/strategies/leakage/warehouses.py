"""Two warehouses compared: the whole chain from raw to bets, built on worlds that differ only after a moment.

``rows_known_by`` reads what a warehouse says was known by *t* (``AS_OF_TABLES``), and ``warehouse_differences``
compares two of them row by row. One was built on a world that ended at *t*, or went on otherwise after it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from dagster_mlb.signals.fills import FILLS
from dagster_mlb.strategies.leakage.frames import Difference, keyed_differences

if TYPE_CHECKING:
    from dagster_mlb.settings import Settings


@dataclass(frozen=True)
class AsOfTable:
    """A table of the warehouse each of whose rows belongs to one moment; what stands in it is known by then.

    ``key`` is unique; ``moment`` is the column that says from when (or as of when) the row is. ``ignored`` columns
    say how the row came here and not what it says; ``columns``, where given, are all that is compared. ``where``
    keeps only rows that the clock does not move.
    """

    name: str
    key: tuple[str, ...]
    moment: str
    ignored: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    where: str = "true"
    relation: str = ""

    @property
    def query(self) -> str:
        listed = ", ".join(dict.fromkeys((*self.key, self.moment, *self.columns))) if self.columns else "*"
        return f"select {listed} from {self.relation or self.name} where {self.moment} <= %s and {self.where}"


_BY_DECISION = "decision <> 'current'"  # a decision of now moves with the clock
_LOADS = ("load_id", "record_number")

#: Everything of the warehouse that a decision reads, and what is decided by it.
AS_OF_TABLES: tuple[AsOfTable, ...] = (
    AsOfTable("staging.odds_ticks", ("series_id", "known_at", "seq"), "known_at", _LOADS),
    AsOfTable("staging.game_results", ("game_key", "version"), "known_at", _LOADS),
    AsOfTable("staging.starters", ("game_key", "side", "known_at", "source"), "known_at", _LOADS),
    AsOfTable("curated.team_ratings", ("game_key", "team_id", "version"), "known_at"),
    AsOfTable(
        "curated.decision_prices",
        ("game_key", "decision", "market", "source", "book"),
        "decision_at",
        _LOADS,
        where=_BY_DECISION,
    ),
    AsOfTable("staging.int_split_states", ("game_key", "market", "source", "book", "known_at"), "known_at", _LOADS),
    *(
        AsOfTable(name, ("game_key", "decision", "market"), "decision_at", _LOADS, where=_BY_DECISION)
        for name in ("curated.market_consensus", "curated.movement_analysis", "curated.betting_lines_enhanced")
    ),
    AsOfTable(
        "curated.feature_vectors", ("game_key", "decision"), "decision_at", ("market_load_id",), where=_BY_DECISION
    ),
    AsOfTable(
        "curated.sharp_action_signals",
        ("signal_id",),
        "detected_at",
        ("load_id", *FILLS),  # a fill comes after its signal
    ),
    AsOfTable(
        "curated.predictions",
        ("game_key", "decision", "model_name"),
        "known_at",
        ("model_id",),  # a model's id hashes its whole text, which names the rows it was later scored on
        where=_BY_DECISION,
    ),
    AsOfTable(
        "curated.strategy_results",
        ("bet_id",),
        "decision_at",
        # As it was decided: what it was filled at, staked and worth comes after.
        columns=(
            *("strategy", "strategy_version", "parameters_hash", "form", "decision", "game_key", "season"),
            *("official_date", "market", "side", "source", "book", "signal_id", "hours_to_start", "quoted_line"),
            *("quoted_price_american", "probability", "strength", "reason", "provenance", "capture"),
        ),
        where=_BY_DECISION,
    ),
)


def rows_known_by(
    settings: Settings, moment: datetime, tables: Collection[AsOfTable] = AS_OF_TABLES
) -> dict[str, pl.DataFrame]:
    """What the warehouse says was known, or decided, by ``moment``: a frame per table, in the order of its key.

    Columns that only say how a row came here are left out. A table that nobody has made yet is absent.
    """
    from dagster_mlb.warehouse.frames import read_frame, readers_kept

    found = {}
    with readers_kept():
        for table in tables:
            relation = table.relation or table.name
            if read_frame(settings, f"select to_regclass('{relation}') is not null as there")["there"][0]:
                frame = read_frame(settings, table.query, [moment])
                found[table.name] = frame.drop(table.ignored, strict=False).sort(table.key)
    return found


def warehouse_differences(
    expected: Mapping[str, pl.DataFrame],
    found: Mapping[str, pl.DataFrame],
    tables: Collection[AsOfTable] = AS_OF_TABLES,
) -> list[Difference]:
    """Where two answers of ``rows_known_by`` are not equal to the bit: rows that only one side has, then every column
    of the rows that both have. Empty: no leak found.
    """
    result = []
    for table in tables:
        if table.name not in expected and table.name not in found:
            continue
        if table.name not in expected or table.name not in found:
            result.append(Difference(table.name, "*", 0, "the table is only on one side"))
            continue
        result += keyed_differences(table.name, expected[table.name], found[table.name], table.key)
    return result
