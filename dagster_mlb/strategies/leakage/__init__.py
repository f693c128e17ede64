"""The leakage harness: proofs that nothing that is decided at a moment knows what came after it.

- ``frames``: truncation and poisoning of stores in memory, and differences to the bit
- ``warehouses``: the whole chain from raw to bets, compared between worlds that part at a moment
- ``graph``, ``rebuild``, ``comparison``, ``moments``, ``live``: the same two mutations on the live graph, by the SQL
  that dbt owns
"""

from dagster_mlb.strategies.leakage.frames import (
    Difference,
    cut_at,
    differences,
    keyed_differences,
    poison_future,
    poisoning_differences,
    truncation_differences,
)
from dagster_mlb.strategies.leakage.warehouses import AS_OF_TABLES, AsOfTable, rows_known_by, warehouse_differences

__all__ = [
    "AS_OF_TABLES",
    "AsOfTable",
    "Difference",
    "cut_at",
    "differences",
    "keyed_differences",
    "poison_future",
    "poisoning_differences",
    "rows_known_by",
    "truncation_differences",
    "warehouse_differences",
]
