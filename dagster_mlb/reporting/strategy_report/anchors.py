"""What the archive's prices score by season, as it was measured apart from this code on the same files: a reading that
gives other figures is a wrong one.

All four moneylines with 100 ≤ |American| ≤ 600 and booksums in [1, 1.1], the archive's own final scores, multiplicative
no-vig, postseason in. 2020 is no anchor.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import polars as pl


class Anchor(NamedTuple):
    n: int
    log_loss_open: float
    log_loss_close: float
    brier_close: float
    accuracy_close: float
    booksum_close: float
    home_win_rate: float


ANCHORS: Final = {
    2010: Anchor(2459, 0.6767, 0.6755, 0.2413, 0.5815, 1.0377, 0.5571),
    2011: Anchor(2466, 0.6798, 0.6772, 0.2421, 0.5787, 1.0384, 0.5268),
    2012: Anchor(2467, 0.6793, 0.6771, 0.2421, 0.5740, 1.0384, 0.5322),
    2013: Anchor(2467, 0.6764, 0.6757, 0.2413, 0.5711, 1.0381, 0.5387),
    2014: Anchor(2458, 0.6813, 0.6773, 0.2423, 0.5663, 1.0253, 0.5309),
    2015: Anchor(2462, 0.6803, 0.6764, 0.2418, 0.5747, 1.0255, 0.5410),
    2016: Anchor(2457, 0.6780, 0.6733, 0.2402, 0.5881, 1.0262, 0.5299),
    2017: Anchor(2467, 0.6759, 0.6734, 0.2403, 0.5756, 1.0261, 0.5420),
    2018: Anchor(2462, 0.6698, 0.6712, 0.2392, 0.5837, 1.0266, 0.5272),
    2019: Anchor(2456, 0.6650, 0.6633, 0.2355, 0.6018, 1.0207, 0.5281),
}


def furthest_from_anchor(seasons: pl.DataFrame) -> tuple[int, int, float] | None:
    """How many seasons have an anchor, and by how much the worst of them is off: games, and log-loss in nats. None
    where no season has one. ``seasons``: ``season_report.season_table``.
    """
    known = [row for row in seasons.iter_rows(named=True) if row["season"] in ANCHORS and row["n"]]
    if not known:
        return None
    games = max(abs(row["n"] - ANCHORS[row["season"]].n) for row in known)
    nats = max(
        abs(row[name] - getattr(ANCHORS[row["season"]], name))
        for row in known
        for name in ("log_loss_open", "log_loss_close")
    )
    return len(known), games, nats
