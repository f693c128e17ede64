"""The league's truth as frames, in memory only: for proofs about the market and the models, never for a warehouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dagster_mlb.simulator.clubs import CLUBS
from dagster_mlb.simulator.prices import BOOKS, fair_outcomes
from dagster_mlb.simulator.schedule import utc
from dagster_mlb.simulator.world import World

if TYPE_CHECKING:
    import polars as pl


def games_frame(world: World, season: int) -> pl.DataFrame:
    """The games played in a season, one row each, future ones included.

    ``game_pk, official_date, start_at, home_team_id, away_team_id, fair_open`` (P(home wins) at the market's opening),
    ``true_home_probability`` (at first pitch), ``home_runs, away_runs, innings``.
    """
    import polars as pl

    truth = world.league.season(season)
    played = [x for x in truth.listings if x.is_played]
    index = np.array([x.number for x in played])
    return pl.DataFrame(
        {
            "game_pk": [x.game_pk for x in played],
            "official_date": [x.date for x in played],
            "start_at": [utc(x.start) for x in played],
            "home_team_id": [CLUBS[x.home].club_id for x in played],
            "away_team_id": [CLUBS[x.away].club_id for x in played],
            "fair_open": fair_outcomes(truth, index, truth.open_at[index])[:, 0],
            "true_home_probability": truth.true_home_probability[index],
            "home_runs": truth.runs[index, 0],
            "away_runs": truth.runs[index, 1],
            "innings": truth.innings[index],
        }
    ).sort("official_date", "start_at", "game_pk")


def quotes_frame(world: World, season: int) -> pl.DataFrame:
    """Open and last pre-game quote of every game and book that offered it.

    ``game_pk, book, open_at, open_home_price, open_away_price, close_at, close_home_price, close_away_price,
    close_home_point, close_spread_home_price, close_spread_away_price, open_total, close_total, close_over_price,
    close_under_price, changes``; prices American, times epoch seconds.
    """
    import polars as pl

    truth = world.league.season(season)
    rows = []
    for day, listings in truth.by_date.items():
        quotes = world.market.quotes(day)
        for listing in listings:
            if not listing.is_played:
                continue
            row = quotes.row[listing.number]
            for book, last in enumerate(quotes.current(listing, listing.start)):
                if last < 0:
                    continue
                first, at = (row, book, 0), (row, book, last)
                rows.append(
                    {
                        "game_pk": listing.game_pk,
                        "book": BOOKS[book].key,
                        "open_at": quotes.at[first],
                        "open_home_price": int(quotes.home[first]),
                        "open_away_price": int(quotes.away[first]),
                        "close_at": quotes.at[at],
                        "close_home_price": int(quotes.home[at]),
                        "close_away_price": int(quotes.away[at]),
                        "close_home_point": quotes.home_point[at],
                        "close_spread_home_price": int(quotes.spread_home[at]),
                        "close_spread_away_price": int(quotes.spread_away[at]),
                        "open_total": quotes.total[first],
                        "close_total": quotes.total[at],
                        "close_over_price": int(quotes.over[at]),
                        "close_under_price": int(quotes.under[at]),
                        "changes": last,
                    }
                )
    return pl.DataFrame(rows)
