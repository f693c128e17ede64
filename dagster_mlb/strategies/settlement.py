"""What became of a bet: win, loss, push, void or pending, at the bet's own price.

The rules, as the large American books publish them:

==========  ===========================================================================================================
moneyline   has action after five innings (four and a half with the home side ahead); shorter: void; a tie: push
spread      needs the full game: nine innings (eight and a half with the home side ahead); shorter: void.
            ``line`` is signed for the side taken; its runs + line against the other's runs; equal: push
total       as the spread; ``line`` against the sum of runs; equal: push
full game   seven innings in the doubleheaders of 2020 and 2021
innings     NULL (the source does not say) counts as a full game
no result   postponed or cancelled: void once the baseball day is over (12:00 UTC on the day after ``official_date``).
            Otherwise pending, and void when three more days have gone by without a result
==========  ===========================================================================================================

A result counts from ``known_at`` on: what is not known yet at *now* is pending. A later version of a result settles
anew from the latest version known.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from dagster_mlb.strategies.protocol import UTC_TIMESTAMP

SEVEN_INNING_SEASONS = (2020, 2021)
DAY_OVER = timedelta(days=1, hours=12)  # from 00:00 UTC of the official date
LONG_OVER = DAY_OVER + timedelta(days=3)

#: What settlement reads of a game; one row per game_key.
GAME_COLUMNS = ["game_key", "season", "official_date", "status", "is_doubleheader"]
#: Versions of results; several rows per game_key.
RESULT_COLUMNS = ["game_key", "version", "home_runs", "away_runs", "innings", "known_at"]


def latest_results(results: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """The last version of each game's result that is known at ``now``: one row per game_key with a score."""
    return (
        results.filter(
            (pl.col("known_at") <= now) & pl.col("home_runs").is_not_null() & pl.col("away_runs").is_not_null()
        )
        .sort("game_key", "known_at", "version")
        .unique("game_key", keep="last", maintain_order=True)
        .select(
            "game_key", "home_runs", "away_runs", pl.col("innings").cast(pl.Float64), result_known_at=pl.col("known_at")
        )
    )


def settle(bets: pl.DataFrame, games: pl.DataFrame, results: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """``bets`` with ``result``, ``profit`` (units; NULL while pending), ``settled_at`` and ``settlement_reason``
    added.

    ``bets`` needs game_key, market, side, line, price_decimal, stake; ``games`` the ``GAME_COLUMNS``, ``results``
    the ``RESULT_COLUMNS``. The order and number of bets stay. A bet on a game that ``games`` does not know raises
    ``ValueError``.
    """
    keys = bets.select("game_key").unique()
    unknown = keys.join(games.select("game_key"), on="game_key", how="anti")
    if not unknown.is_empty():
        raise ValueError(
            f"{unknown.height} bets are on games that are not in curated.enhanced_games, first game_key "
            f"{unknown['game_key'][0]}: rebuild the games before settling"
        )
    settled = (
        bets.join(games.select(GAME_COLUMNS), on="game_key", how="left", suffix="_of_game", maintain_order="left")
        .join(latest_results(results, now), on="game_key", how="left", maintain_order="left")
        .with_columns(_day_over=_day_over(DAY_OVER), _long_over=_day_over(LONG_OVER))
        .with_columns(_outcome(now).alias("_outcome"))
        .unnest("_outcome")
        .with_columns(
            profit=pl.when(pl.col("result") == "win")
            .then(pl.col("stake") * (pl.col("price_decimal") - 1))
            .when(pl.col("result") == "loss")
            .then(-pl.col("stake"))
            .when(pl.col("result").is_in(["push", "void"]))
            .then(0.0),
            settled_at=pl.when(pl.col("result") == "pending")
            .then(None)
            .when(pl.col("result_known_at").is_not_null())
            .then("result_known_at")
            .when(pl.col("status").is_in(["postponed", "cancelled"]))
            .then("_day_over")
            .otherwise("_long_over"),
        )
    )
    return settled.select(*bets.columns, "result", "profit", "settled_at", "settlement_reason")


def _day_over(after: timedelta) -> pl.Expr:
    return pl.col("official_date").cast(pl.Datetime("us")).dt.replace_time_zone("UTC").cast(UTC_TIMESTAMP) + after


def _outcome(now: datetime) -> pl.Expr:
    """A struct of ``result`` and ``settlement_reason`` from the joined row."""
    has_result = pl.col("home_runs").is_not_null()
    home_leads = pl.col("home_runs") > pl.col("away_runs")
    regulation = (
        pl.when(pl.col("season").is_in(SEVEN_INNING_SEASONS) & pl.col("is_doubleheader").fill_null(value=False))
        .then(7.0)
        .otherwise(9.0)
    )
    needed = pl.when(pl.col("market") == "moneyline").then(5.0).otherwise(regulation)
    needed = pl.when(home_leads).then(needed - 0.5).otherwise(needed)
    too_short = (pl.col("innings") < needed).fill_null(value=False)

    home_margin = (pl.col("home_runs") - pl.col("away_runs")).cast(pl.Float64)
    line = pl.col("line").cast(pl.Float64).fill_null(0.0)
    margin = (
        pl.when(pl.col("side") == "home")
        .then(home_margin + line)
        .when(pl.col("side") == "away")
        .then(-home_margin + line)
        .when(pl.col("side") == "over")
        .then(pl.col("home_runs") + pl.col("away_runs") - line)
        .when(pl.col("side") == "under")
        .then(line - pl.col("home_runs") - pl.col("away_runs"))
    )
    called_off = pl.col("status").is_in(["postponed", "cancelled"]) & (pl.col("_day_over") <= now)
    lost_track = pl.col("_long_over") <= now

    def outcome(result: str, reason: pl.Expr | str | None = None) -> pl.Expr:
        text = pl.lit(reason, dtype=pl.String) if reason is None or isinstance(reason, str) else reason
        return pl.struct(result=pl.lit(result), settlement_reason=text)

    return (
        pl.when(has_result & too_short)
        .then(outcome("void", pl.format("called after {} innings", "innings")))
        .when(has_result & (margin > 0))
        .then(outcome("win"))
        .when(has_result & (margin < 0))
        .then(outcome("loss"))
        .when(has_result & (margin == 0))
        .then(outcome("push", "the score fell on the line"))
        .when(called_off)
        .then(outcome("void", pl.format("the game was {}", "status")))
        .when(lost_track)
        .then(outcome("void", "no result three days after the baseball day was over"))
        .otherwise(outcome("pending", "no result is known yet"))
    )
