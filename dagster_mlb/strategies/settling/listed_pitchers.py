"""Bets on listed pitchers: whether those who started are those who were known to start when the bet was decided.

Only statements of one source are compared with one another: each has names of its own for the same pitcher.
"""

from __future__ import annotations

from typing import Final

import polars as pl

#: Who was said to start; ``source_rank``: the lower, the sooner it is believed.
STARTER_COLUMNS: Final = ("game_key", "side", "known_at", "source", "source_rank", "pitcher_id", "pitcher_name")


def with_listed_pitchers(bets: pl.DataFrame, starters: pl.DataFrame) -> pl.DataFrame:
    """``bets`` with ``_scratched`` (whose starter is another one, NULL where nobody's is) and ``_unlisted`` (whose was
    not known at the decision, NULL where both were).

    ``bets``: game_key, decision_at, result_known_at (the last word about who started that counts; NULL without a
    result). ``starters``: ``STARTER_COLUMNS``.
    """
    told = starters.select(STARTER_COLUMNS).sort("known_at")
    voices = told.select("game_key", "side", "source", "source_rank").unique()
    placed = bets.with_columns(_place=pl.int_range(pl.len()))
    by = ["game_key", "side", "source"]
    asked = placed.select("_place", "game_key", "decision_at", "result_known_at").join(voices, on="game_key")
    known = (
        _last_word(asked, told, by, "decision_at")
        .rename({"pitcher_id": "_listed_id", "pitcher_name": "_listed"})
        .drop_nulls("_listed_id")
        .sort("_place", "side", "source_rank", "source")
        .unique(["_place", "side"], keep="first", maintain_order=True)
    )
    started = _last_word(known, told, by, "result_known_at")
    change = pl.format(
        "listed pitchers: {} started for the {} side, {} was listed",
        pl.col("pitcher_name").fill_null("another"),
        "side",
        pl.col("_listed").fill_null("somebody else"),
    )
    of_bet = started.group_by("_place").agg(
        _scratched=change.filter(pl.col("pitcher_id") != pl.col("_listed_id")).sort().str.join("; "),
        _known=pl.col("side").sort().str.join(" "),
    )
    nobody = pl.lit("no starter of the {} was known at the decision: action")
    missing = (
        pl.when(pl.col("_known").is_null())
        .then(nobody.str.replace("{}", "two sides", literal=True))
        .when(pl.col("_known") == "home")
        .then(nobody.str.replace("{}", "away side", literal=True))
        .when(pl.col("_known") == "away")
        .then(nobody.str.replace("{}", "home side", literal=True))
    )
    return (
        placed.join(of_bet, on="_place", how="left", maintain_order="left")
        .with_columns(_scratched=pl.when(pl.col("_scratched") != "").then("_scratched"), _unlisted=missing)
        .drop("_place", "_known")
    )


def _last_word(asked: pl.DataFrame, told: pl.DataFrame, by: list[str], moment: str) -> pl.DataFrame:
    """``asked`` with the pitcher that each source last named by ``moment``."""
    return asked.sort(moment).join_asof(
        told.select(*by, "known_at", "pitcher_id", "pitcher_name"),
        left_on=moment,
        right_on="known_at",
        by=by,
        strategy="backward",
        check_sortedness=False,
    )
