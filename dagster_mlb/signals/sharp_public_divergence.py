"""Sharp-public divergence: a side's share of the money is well above its share of the tickets.

Few large bets stand against many small ones, ``D = money - tickets`` of the side. Only voices that tell both count.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from dagster_mlb.signals.board import Board
from dagster_mlb.signals.crowd import Crowd
from dagster_mlb.signals.moments import MINUTE
from dagster_mlb.signals.parameters import DivergenceParameters
from dagster_mlb.signals.sightings import (
    TIERS,
    first_sightings,
    of_side,
    sentences,
    side_names,
    sightings,
    tier_of,
    where,
)


def divergences(board: Board, crowd: Crowd, parameters: DivergenceParameters) -> pl.DataFrame:
    """``SIGHTINGS``, seen when a count tells of it; ``strength`` is D in points, averaged over the voices."""
    path = board.path
    opened = path.opened(len(board.name))
    market, at = crowd.market, crowd.at
    priced = path.moments.last(market, at) >= 0
    market, at = market[priced], at[priced]
    shares = crowd.shares_at(market, at)
    size = np.abs(shares.surplus)
    tier = tier_of(size, parameters.points)
    found = np.flatnonzero(tier >= 0)
    sign = np.sign(shares.surplus[found]).astype(np.int64)
    kept = first_sightings(market[found], sign, at[found], size[found], parameters.cooldown_hours, tier[found])
    found, sign = found[kept], sign[kept]
    market, at, size, tier, row = market[found], at[found], size[found], tier[found], shares.row[found]
    tickets, money = of_side(shares.tickets[found], sign), of_side(shares.money[found], sign)
    moved = sign * (path.level_at(market, at) - path.level[opened[market]])
    ratio = np.log(money / (100 - money)) - np.log(tickets / (100 - tickets))
    side = side_names(board, market, sign)
    supporting = sentences(
        [
            f"{TIERS[t]}: {m:.0f} % of the money and {n:.0f} % of the tickets on {toward}, log bet ratio {r:.2f}"
            for t, m, n, toward, r in zip(tier, money, tickets, side, ratio, strict=True)
        ],
        where(moved > 0.02, [f"the price has moved {move:.3f} logit that way since the open" for move in moved]),
    )
    contradicting = sentences(
        where(moved < -0.02, [f"the price has moved {-move:.3f} logit the other way since the open" for move in moved]),
        where(
            money < 50,
            [f"only {m:.0f} % of the money is on {toward}" for m, toward in zip(money, side, strict=True)],
        ),
        where(shares.voices[found] == 1, ["one voice tells of it"] * len(found)),
    )
    return sightings(
        "sharp_public_divergence",
        "points",
        crowd.frame[row],
        market=market,
        at=at,
        sign=sign,
        strength=size,
        move=moved,
        window_minutes=(at - path.at[opened[market]]) / MINUTE,
        supporting=supporting,
        contradicting=contradicting,
    )
