"""Signals: a season of Pinnacle's ticks (1.37 M side rows), read and searched for jumps and late moves.

Beside it the bare read, and the search for jumps in pandas (the price of half an hour ago by ``merge_asof``; no pauses,
no evidence, no fills).
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.figures import Figure, NotHereError, best_seconds
from dagster_mlb.market.frames import SPLITS
from dagster_mlb.settings import PROJECT_ROOT
from dagster_mlb.signals.events import detect
from dagster_mlb.signals.parameters import Parameters
from tests.unit.signals.pinnacle_ticks import TICKS, pinnacle_2016, read_ticks

BUDGET_S = 10.0


def measure() -> list[Figure]:
    data = Path(os.environ.get("MLB_REAL_DATA_DIR", PROJECT_ROOT.parent / "shared" / "data")).resolve()
    path = data / TICKS
    if not path.is_file():
        raise NotHereError(f"no ticks at {path}: name the folder with MLB_REAL_DATA_DIR")
    no_splits = pl.DataFrame(schema=SPLITS)
    states, games = pinnacle_2016(path)

    def read_and_search() -> None:
        read, played = pinnacle_2016(path)
        detect(read, no_splits, played)

    return [
        Figure(
            "a season of Pinnacle's ticks: read, jumps and late moves with evidence and fills",
            best_seconds(read_and_search, 3),
            "s",
            best_seconds(lambda: read_ticks(path), 3),
            "the bare read",
            BUDGET_S,
        ),
        Figure(
            f"the search alone, {states.height:,} states",
            best_seconds(lambda: detect(states, no_splits, games), 3),
            "s",
            best_seconds(lambda: _jumps_in_pandas(states), 3),
            "jumps in pandas",
        ),
    ]


def _jumps_in_pandas(states: pl.DataFrame) -> int:
    import pandas as pd

    names = ("game_key", "market", "known_at", "level")
    frame = pd.DataFrame({name: states.filter("is_open")[name].to_numpy() for name in names}).sort_values("known_at")
    frame["then"] = frame["known_at"] - pd.Timedelta(minutes=30)
    earlier = pd.merge_asof(
        frame, frame, left_on="then", right_on="known_at", by=["game_key", "market"], suffixes=("", "_then")
    )
    opened = frame.groupby(["game_key", "market"])["level"].transform("first").to_numpy()
    reference = np.where(np.isnan(earlier["level_then"]), opened, earlier["level_then"])
    return int((np.abs(earlier["level"] - reference) >= Parameters().jump.delta).sum())
