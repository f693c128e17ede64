"""The identity of a trial."""

from __future__ import annotations

import json
from datetime import date

import numpy as np

from dagster_mlb.learning.trials import CODE_ROOMS, as_json, code_version, content_hash, trial_hash_of


def test_the_order_of_parameters_does_not_make_another_trial() -> None:
    first = trial_hash_of("model", "elo", {"k": 4, "home": 24}, "v", "2016")
    assert first == trial_hash_of("model", "elo", {"home": 24, "k": 4}, "v", "2016")
    assert first != trial_hash_of("model", "elo", {"k": 5, "home": 24}, "v", "2016")
    assert first != trial_hash_of("model", "elo", {"k": 4, "home": 24}, "w", "2016")
    assert first != trial_hash_of("strategy", "elo", {"k": 4, "home": 24}, "v", "2016")


def test_whatever_is_kept_is_json_and_not_a_number_is_null() -> None:
    kept = as_json(
        {"a": np.float64("nan"), "b": (np.int64(3), np.True_), "c": {2, 1}, "d": date(2021, 4, 1), 5: float("inf")}
    )
    assert json.loads(json.dumps(kept)) == {"a": None, "b": [3, True], "c": [1, 2], "d": "2021-04-01", "5": None}
    assert content_hash({"x": 1}) == content_hash({"x": np.int64(1)})


def test_the_code_version_is_stable_and_of_the_named_rooms() -> None:
    assert code_version() == code_version(("market", "learning"))
    assert code_version() != code_version(CODE_ROOMS)
    assert len(code_version()) == 16
