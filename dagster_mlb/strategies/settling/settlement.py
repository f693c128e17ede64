"""What became of a bet: win, loss, push, void, pending or unfilled, at the price that it got.

The rules, as the large American books publish them:

==========  ===========================================================================================================
moneyline   has action after five innings (four and a half with the home side ahead); shorter: void; a tie: push
spread      needs the full game: nine innings (eight and a half with the home side ahead); shorter: void.
            ``line`` is signed for the side taken; its runs + line against the other's runs; equal: push
total       as the spread; ``line`` against the sum of runs; equal: push
full game   seven innings in the doubleheaders of 2020 and 2021
innings     NULL (the source does not say) counts as a full game
pitchers    *action*: whoever starts. *listed*: void where a side's starter is another than the one known at the
            decision (``listed_pitchers.py``); where none was known then: action
suspended   settled by the final score once the game is finished; void when 180 days have gone by without
no result   postponed or cancelled: void once the baseball day is over (12:00 UTC on the day after ``official_date``).
            Otherwise pending, and void when three more days have gone by without a result
==========  ===========================================================================================================

A result counts from ``known_at`` on: what is not known yet at *now* is pending. A later version of a result settles
anew from the latest version known; ``settlement_history`` keeps every settlement that ever stood.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import polars as pl

from dagster_mlb.strategies.protocol import UTC_TIMESTAMP
from dagster_mlb.strategies.settling.listed_pitchers import with_listed_pitchers

SEVEN_INNING_SEASONS = (2020, 2021)
DAY_OVER = timedelta(days=1, hours=12)  # from 00:00 UTC of the official date
LONG_OVER = DAY_OVER + timedelta(days=3)
GIVEN_UP = DAY_OVER + timedelta(days=180)  # no suspended game is resumed in another season

#: What settlement reads of a game; one row per game_key.
GAME_COLUMNS = ["game_key", "season", "official_date", "status", "is_doubleheader"]
#: Versions of results; several rows per game_key.
RESULT_COLUMNS = ["game_key", "version", "home_runs", "away_runs", "innings", "known_at"]
#: One row per bet and settlement that ever stood. ``version`` is the result's, 0 where there was none (a void).
HISTORY_COLUMNS: Final = (
    *("bet_id", "version", "game_key", "result", "profit", "settled_at", "superseded_at"),
    *("home_runs", "away_runs", "settlement_reason"),
)


def latest_results(results: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """The last version of each game's result that is known at ``now``: one row per game_key with a score."""
    return standing_results(results, now).filter(pl.col("superseded_at").is_null()).drop("superseded_at")


def standing_results(results: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Every version with a score that stood for a while by ``now``: game_key, version, home_runs, away_runs, innings,
    result_known_at, superseded_at (NULL for the one that stands). Of two known at once only the last ever stood.
    """
    return (
        results.filter(
            (pl.col("known_at") <= now) & pl.col("home_runs").is_not_null() & pl.col("away_runs").is_not_null()
        )
        .sort("game_key", "known_at", "version")
        .unique(["game_key", "known_at"], keep="last", maintain_order=True)
        .select(
            "game_key",
            pl.col("version").cast(pl.Int32),
            "home_runs",
            "away_runs",
            pl.col("innings").cast(pl.Float64),
            result_known_at=pl.col("known_at"),
            superseded_at=pl.col("known_at").shift(-1).over("game_key"),
        )
    )


def settle(
    bets: pl.DataFrame,
    games: pl.DataFrame,
    results: pl.DataFrame,
    now: datetime,
    *,
    starters: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """``bets`` with ``result``, ``profit`` (units; NULL while pending), ``settled_at`` and ``settlement_reason``
    added.

    ``bets`` needs game_key, market, side, line, price_decimal, stake; ``games`` the ``GAME_COLUMNS``, ``results``
    the ``RESULT_COLUMNS``. ``starters`` (``listed_pitchers.STARTER_COLUMNS``), where given: the bets are on listed
    pitchers, and need decision_at. A bet without a price is *unfilled*. The order and number of bets stay. A bet on a
    game that ``games`` does not know raises ``ValueError``.
    """
    of_bets = results.join(bets.select("game_key"), on="game_key", how="semi")
    joined = _with_games(bets, games).join(
        latest_results(of_bets, now), on="game_key", how="left", maintain_order="left"
    )
    return _settled(joined, now, starters).select(*bets.columns, "result", "profit", "settled_at", "settlement_reason")


def settlement_history(
    bets: pl.DataFrame,
    games: pl.DataFrame,
    results: pl.DataFrame,
    now: datetime,
    *,
    starters: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Every settlement of ``bets`` that ever stood by ``now`` (``HISTORY_COLUMNS``), ordered by bet_id and settled_at.

    The arguments are those of ``settle``, with bet_id. What ``settle`` says at any moment up to ``now`` is the row
    whose settled_at has come and whose superseded_at has not. Pending and unfilled bets have none.
    """
    on_games = _with_games(bets.filter(pl.col("price_decimal").is_not_null()), games)
    standing = standing_results(results.join(on_games.select("game_key"), on="game_key", how="semi"), now)
    by_result = _settled(on_games.join(standing, on="game_key", how="inner"), now, starters)
    # A bet can be void before any result is known: the game was called off, or nobody told how it ended.
    first_known = standing.group_by("game_key").agg(superseded_at=pl.col("result_known_at").min())
    empty = standing.clear().drop("superseded_at")
    without = _settled(
        on_games.join(empty, on="game_key", how="left").join(first_known, on="game_key", how="left"), now, starters
    ).filter(
        (pl.col("result") == "void")
        & (pl.col("superseded_at").is_null() | (pl.col("settled_at") < pl.col("superseded_at")))
    )
    both = [
        frame.with_columns(pl.col("version").fill_null(0)).select(HISTORY_COLUMNS) for frame in (by_result, without)
    ]
    return pl.concat(both).sort("bet_id", "settled_at")


def _with_games(bets: pl.DataFrame, games: pl.DataFrame) -> pl.DataFrame:
    keys = bets.select("game_key").unique()
    unknown = keys.join(games.select("game_key"), on="game_key", how="anti")
    if not unknown.is_empty():
        raise ValueError(
            f"{unknown.height} bets are on games that are not in curated.enhanced_games, first game_key "
            f"{unknown['game_key'][0]}: rebuild the games before settling"
        )
    of_game = games.select(pl.col(name).alias(name if name == "game_key" else f"_{name}") for name in GAME_COLUMNS)
    return bets.join(of_game, on="game_key", how="left", maintain_order="left")


def _settled(joined: pl.DataFrame, now: datetime, starters: pl.DataFrame | None) -> pl.DataFrame:
    """Bets with their game and a version of its result (or none), settled."""
    dated = joined.with_columns(
        _day_over=_after_midnight(DAY_OVER), _long_over=_after_midnight(LONG_OVER), _given_up=_after_midnight(GIVEN_UP)
    )
    if starters is None:
        told = dated.with_columns(
            pl.lit(None, pl.String).alias("_scratched"), pl.lit(None, pl.String).alias("_unlisted")
        )
    else:
        told = with_listed_pitchers(dated, starters)
    return (
        told.with_columns(_outcome(now).alias("_outcome"))
        .unnest("_outcome")
        .with_columns(
            profit=pl.when(pl.col("result") == "win")
            .then(pl.col("stake") * (pl.col("price_decimal") - 1))
            .when(pl.col("result") == "loss")
            .then(-pl.col("stake"))
            .when(pl.col("result").is_in(["push", "void"]))
            .then(0.0),
            settled_at=pl.when(pl.col("result").is_in(["pending", "unfilled"]))
            .then(None)
            .when(pl.col("result_known_at").is_not_null())
            .then("result_known_at")
            .when(pl.col("_status").is_in(["postponed", "cancelled"]))
            .then("_day_over")
            .when(pl.col("_status") == "suspended")
            .then("_given_up")
            .otherwise("_long_over"),
        )
    )


def _after_midnight(after: timedelta) -> pl.Expr:
    return pl.col("_official_date").cast(pl.Datetime("us")).dt.replace_time_zone("UTC").cast(UTC_TIMESTAMP) + after


def _outcome(now: datetime) -> pl.Expr:
    """A struct of ``result`` and ``settlement_reason`` from the joined row."""
    has_result = pl.col("home_runs").is_not_null()
    home_leads = pl.col("home_runs") > pl.col("away_runs")
    regulation = (
        pl.when(pl.col("_season").is_in(SEVEN_INNING_SEASONS) & pl.col("_is_doubleheader").fill_null(value=False))
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
    is_suspended = (pl.col("_status") == "suspended").fill_null(value=False)
    called_off = pl.col("_status").is_in(["postponed", "cancelled"]) & (pl.col("_day_over") <= now)
    lost_track = ~is_suspended & (pl.col("_long_over") <= now)

    def outcome(result: str, reason: pl.Expr | str | None = None) -> pl.Expr:
        text = pl.lit(reason, dtype=pl.String) if reason is None or isinstance(reason, str) else reason
        return pl.struct(result=pl.lit(result), settlement_reason=text)

    return (
        pl.when(pl.col("price_decimal").is_null())
        .then(outcome("unfilled"))
        .when(has_result & too_short)
        .then(outcome("void", pl.format("called after {} innings", "innings")))
        .when(has_result & pl.col("_scratched").is_not_null())
        .then(outcome("void", pl.col("_scratched")))
        .when(has_result & (margin > 0))
        .then(outcome("win", pl.col("_unlisted")))
        .when(has_result & (margin < 0))
        .then(outcome("loss", pl.col("_unlisted")))
        .when(has_result & (margin == 0))
        .then(outcome("push", "the score fell on the line"))
        .when(called_off)
        .then(outcome("void", pl.format("the game was {}", "_status")))
        .when(is_suspended & (pl.col("_given_up") <= now))
        .then(outcome("void", "the game was suspended and not finished in half a year"))
        .when(is_suspended)
        .then(outcome("pending", "the game is suspended: settled when it is finished"))
        .when(lost_track)
        .then(outcome("void", "no result three days after the baseball day was over"))
        .otherwise(outcome("pending", "no result is known yet"))
    )
