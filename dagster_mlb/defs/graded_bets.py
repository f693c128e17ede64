"""A person's bets as an asset: graded by the strategies' own functions, whenever results or closes are made anew.

(Dagster reads annotations at definition time: modules of assets go without ``from __future__ import annotations``.)
"""

from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_mlb.defs.table_metadata import one_table
from dagster_mlb.settings import Settings

if TYPE_CHECKING:
    import polars as pl

GRADED_BETS = ["curated", "graded_bets"]


@dg.asset(
    key=GRADED_BETS,
    deps=[
        ["staging", "bets"],
        ["staging", "game_results"],
        ["staging", "int_market_states"],
        ["curated", "enhanced_games"],
        ["curated", "moneylines"],
        ["curated", "spreads"],
        ["curated", "totals"],
    ],
    group_name="strategies",
    kinds={"python", "polars", "postgres"},
    owners=["team:betting"],
    code_version="1",
)
def graded_bets(settings: dg.ResourceParam[Settings]) -> dg.MaterializeResult:
    """A person's own bets with result, profit and value at the close. Private: the figures here are counts alone."""
    from dagster_mlb.bets.grading import grade_bets

    graded = grade_bets(settings)
    return dg.MaterializeResult(metadata={**one_table(settings, *GRADED_BETS), **bets_metadata(graded)})


def bets_metadata(graded: "pl.DataFrame") -> dict[str, Any]:
    """How many bets there are and what became of them; no stake, no profit, no word of the person's."""
    results = graded["result"].drop_nulls()
    return {
        "bets": graded.height,
        "graded": results.len(),
        "pending": int((results == "pending").sum()),
        "without a game": graded["ungraded_reason"].drop_nulls().len(),
        "with a value at the close": graded["ev_clv"].drop_nulls().len(),
    }
