"""A season's whole market as frames, in memory only: every quote of every book, what the public did, who starts, and
what each bet was worth in truth. For proofs about signals and strategies, never for a warehouse.

The columns are those of ``market.frames``; ``game_key`` is that of the MLB spine, ``source`` is ``league``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from dagster_mlb.baseball.game_keys import game_key_from_mlb
from dagster_mlb.market.levels import market_level
from dagster_mlb.market.no_vig import hold, no_vig
from dagster_mlb.market.odds import implied_from_american
from dagster_mlb.simulator.prices import BOOKS, DayQuotes, fair_outcomes
from dagster_mlb.simulator.schedule import Listing
from dagster_mlb.simulator.splits import MARKETS, day_shares
from dagster_mlb.simulator.world import World

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SOURCE: Final = "league"
#: Whose splits are told: the market as a whole, a retail book, a book of sharps.
SPLIT_VOICES: Final = ("", "draftkings", "circasports")
_MICRO: Final = 1_000_000


def market_games_frame(world: World, season: int) -> pl.DataFrame:
    """``GAMES`` of the games played in a season; ``starts_at`` is first pitch."""
    import polars as pl

    from dagster_mlb.market.frames import GAMES

    truth = world.league.season(season)
    played = [x for x in truth.listings if x.is_played]
    starts = truth.first_pitch[[x.number for x in played]]
    return pl.DataFrame(
        {
            "game_key": [game_key_from_mlb(x.game_pk) for x in played],
            "starts_at": np.round(starts * _MICRO).astype(np.int64),
            "official_date": [x.date for x in played],
            "season": season,
            "provenance": "simulated",
        }
    ).cast(GAMES)  # type: ignore[arg-type]


def states_frame(world: World, season: int) -> pl.DataFrame:
    """``STATES`` of a season: a row per game, book, market and moment at which its prices changed, were taken down or
    came back, up to first pitch. While they are down the last prices stand there with ``is_open`` false."""
    import polars as pl

    from dagster_mlb.market.frames import STATES

    truth = world.league.season(season)
    days = []
    for day, listings in truth.by_date.items():
        played = [x for x in listings if x.is_played]
        if played:
            days.append(_day_states(world.market.quotes(day), played, truth.first_pitch))
    columns = {name: np.concatenate([day[name] for day in days]) for name in days[0]} if days else {}
    if not columns:
        return pl.DataFrame(schema=STATES)
    frame = pl.DataFrame(columns).with_columns(
        market=pl.Series(np.array(MARKETS)[columns["market"]].tolist()),
        book=pl.Series(np.array([book.key for book in BOOKS])[columns["book"]].tolist()),
    )
    q_1, q_2 = (implied_from_american(columns[name]) for name in ("price_1", "price_2"))
    p, line = no_vig(q_1, q_2), columns["line"]
    return (
        frame.with_columns(
            pl.col("line").fill_nan(None),
            source=pl.lit(SOURCE),
            probability_1=p,
            level=market_level(np.array(MARKETS)[columns["market"]], p, line),
            hold=hold(q_1, q_2),
            label=None,
            moment_assumed=False,
            capture=pl.lit("captured"),
            provenance=pl.lit("simulated"),
            load_id=0,
        )
        .select(STATES.keys())
        .cast(STATES)  # type: ignore[arg-type]
        .sort("game_key", "market", "book", "known_at")
    )


def _day_states(quotes: DayQuotes, played: Sequence[Listing], first_pitch: Floats) -> dict[str, NDArray[Any]]:
    """Columns of one date, markets and books as numbers."""
    row = np.array([quotes.row[x.number] for x in played])
    at = quotes.at[row]
    starts = first_pitch[[x.number for x in played]]
    moments = np.sort(np.concatenate([at, quotes.suspended_from[row], quotes.suspended_to[row]], axis=2), axis=2)
    quote = (at[:, :, None, :] <= moments[..., None]).sum(-1) - 1
    down = (quotes.suspended_from[row][:, :, None] <= moments[..., None]) & (
        moments[..., None] < quotes.suspended_to[row][:, :, None]
    )
    is_open = ~down.any(-1)
    there = np.isfinite(moments) & (moments < starts[:, None, None]) & (quote >= 0)
    there[..., :-1] &= moments[..., :-1] != moments[..., 1:]  # of what happens at once the last counts
    there &= quotes.offered[row][..., None]
    quote = np.maximum(quote, 0)
    key = np.array([game_key_from_mlb(x.game_pk) for x in played])
    parts = []
    for number, name in enumerate(MARKETS):
        price_1, price_2, line, offers = _prices(quotes, row, quote, name)
        told = there & offers[..., None]
        place = np.nonzero(told)
        columns = {
            "game_key": key[place[0]],
            "market": np.full(len(place[0]), number),
            "book": place[1],
            "known_at": np.round(moments[told] * _MICRO).astype(np.int64),
            "line": line[told],
            "price_1": price_1[told],
            "price_2": price_2[told],
            "is_open": is_open[told],
        }
        changed = np.zeros(len(place[0]), dtype=bool)
        changed[:1] = True
        for column in ("game_key", "book", "line", "price_1", "price_2", "is_open"):
            before, now = columns[column][:-1], columns[column][1:]
            changed[1:] |= (now != before) & ~((now != now) & (before != before))
        parts.append({column: values[changed] for column, values in columns.items()})
    return {column: np.concatenate([part[column] for part in parts]) for column in parts[0]}


def _prices(quotes: DayQuotes, row: Ints, quote: Ints, name: str) -> tuple[Ints, Ints, Floats, NDArray[np.bool_]]:
    """Prices of both sides and the line per listing, book and quote number, and who offers the market at all."""

    def at(values: NDArray[Any], which: Ints = quote) -> NDArray[Any]:
        return np.take_along_axis(values[row], which, axis=2)

    if name == "spread":
        return at(quotes.spread_home), at(quotes.spread_away), at(quotes.home_point), quotes.has_spread[row]
    if name == "total":
        # The line and price of the quote at which the total was last touched are repeated in those after it.
        return at(quotes.over), at(quotes.under), at(quotes.total), quotes.has_total[row]
    everyone = np.ones(quotes.has_total[row].shape, dtype=bool)
    return at(quotes.home), at(quotes.away), np.full(quote.shape, np.nan), everyone


def splits_frame(world: World, season: int, voices: Sequence[str] = SPLIT_VOICES) -> pl.DataFrame:
    """``SPLITS`` of a season, every hour as they were told; ``voices`` are books of the league, '' the whole market."""
    import polars as pl

    from dagster_mlb.market.frames import SPLITS

    truth = world.league.season(season)
    parts: list[pl.DataFrame] = []
    for day, listings in truth.by_date.items():
        played = [x for x in listings if x.is_played]
        if not played:
            continue
        key = np.array([game_key_from_mlb(x.game_pk) for x in played])
        starts = truth.first_pitch[[x.number for x in played]]
        for market in MARKETS:
            for book in voices:
                shares = day_shares(world.market, day, market, book)
                row = np.array([shares.row[x.number] for x in played])
                told = shares.told[row] & (shares.at[row] < starts[:, None])
                game = np.nonzero(told)[0]
                parts.append(
                    pl.DataFrame(
                        {
                            "game_key": key[game],
                            "known_at": np.round(shares.at[row][told] * _MICRO).astype(np.int64),
                            "tickets_1": np.round(100 * shares.tickets[row][told], 2),
                            "money_1": np.round(100 * shares.money[row][told], 2),
                        }
                    ).with_columns(market=pl.lit(market), book=pl.lit(book))
                )
    if not parts:
        return pl.DataFrame(schema=SPLITS)
    return (
        pl.concat(parts)
        .with_columns(
            source=pl.lit(SOURCE),
            stated_at="known_at",
            capture=pl.lit("captured"),
            provenance=pl.lit("simulated"),
            load_id=0,
        )
        .select(SPLITS.keys())
        .cast(SPLITS)  # type: ignore[arg-type]
        .sort("game_key", "market", "book", "known_at")
    )


def starters_frame(world: World, season: int) -> pl.DataFrame:
    """``STARTERS`` of a season: each side's, when he was announced and when he was confirmed or replaced."""
    import polars as pl

    from dagster_mlb.market.frames import STARTERS

    truth = world.league.season(season)
    rows = []
    for listing in truth.listings:
        if not listing.is_played:
            continue
        n = listing.number
        for place, side in enumerate(("home", "away")):
            changed = bool(truth.starters[n, place, 0] != truth.starters[n, place, 1])
            key = game_key_from_mlb(listing.game_pk)
            rows.append((key, side, int(truth.announced_at[n, place] * _MICRO), False))
            rows.append((key, side, int(truth.confirmed_at[n, place] * _MICRO), changed))
    frame = pl.DataFrame(rows, schema=["game_key", "side", "known_at", "changed"], orient="row")
    return frame.cast(STARTERS).sort("game_key", "side", "known_at")  # type: ignore[arg-type]


def fair_chances(world: World, season: int, bets: pl.DataFrame) -> pl.DataFrame:
    """``bets`` (``game_key, market, side, line``: of the side; run lines of ±1.5) with ``fair_win`` and ``fair_push``:
    the chances at first pitch, when nothing more can become known."""
    import polars as pl

    truth = world.league.season(season)
    number = {game_key_from_mlb(x.game_pk): x.number for x in truth.listings if x.is_played}
    index = np.array([number[key] for key in bets["game_key"].to_list()], dtype=np.int64)
    games = np.unique(index)
    closing = fair_outcomes(truth, games, truth.first_pitch[games])
    outcome = closing[np.searchsorted(games, index)]
    line = bets["line"].cast(pl.Float64).fill_null(0.0).to_numpy()
    market, side = (bets[name].to_numpy().astype(str) for name in ("market", "side"))
    home = outcome[:, 0]
    by_two = (
        np.where(side == "home", outcome[:, 1], outcome[:, 2]),
        np.where(side == "home", outcome[:, 2], outcome[:, 1]),
    )
    win_spread = np.where(line < 0, by_two[0], 1 - by_two[1])
    whole = np.floor(line).astype(int)
    rows = np.arange(len(bets))
    at_most = outcome[rows, 3 + np.where(market == "total", whole, 8)]
    less = outcome[rows, 2 + np.where(market == "total", whole, 8)]
    push = np.where((market == "total") & (line == whole), at_most - less, 0.0)
    win_total = np.where(side == "over", 1 - at_most, at_most - push)
    win = np.select(
        [market == "moneyline", market == "spread"], [np.where(side == "home", home, 1 - home), win_spread], win_total
    )
    return bets.with_columns(fair_win=pl.Series(win, dtype=pl.Float64), fair_push=pl.Series(push, dtype=pl.Float64))
