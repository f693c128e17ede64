"""What the cameras measure beside the play: release, movement, spin, swing, and what an outcome was worth.

Arrays over a game's pitches. Who threw what with which result is in ``play_by_play.py``; here the rest of a row of
Baseball Savant is worked out from it, with draws of its own that change no result.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PITCH_NAMES: Final = {
    "FF": "4-Seam Fastball",
    "SI": "Sinker",
    "FC": "Cutter",
    "SL": "Slider",
    "ST": "Sweeper",
    "CU": "Curveball",
    "CH": "Changeup",
    "FS": "Split-Finger",
}
# What the first classification takes a pitch for, where it errs.
CONFUSED_WITH: Final = {"FF": "SI", "SI": "FF", "FC": "SL", "SL": "ST", "ST": "SL", "CU": "SL", "CH": "FS", "FS": "CH"}
# Movement of a right-hander's pitch as the catcher sees it (feet): to the side, against a ball without spin.
_MOVEMENT: Final = {
    "FF": (-0.6, 1.3),
    "SI": (-1.2, 0.7),
    "FC": (0.2, 0.7),
    "SL": (0.4, 0.2),
    "ST": (1.2, 0.1),
    "CU": (0.8, -0.8),
    "CH": (-1.2, 0.5),
    "FS": (-0.9, 0.3),
}
# wOBA weights of an outcome: (value, is a plate appearance of wOBA, is a hit on a ball in play, extra bases).
OUTCOME_VALUES: Final = {
    "walk": (0.7, 1, 0, 0),
    "hit_by_pitch": (0.7, 1, 0, 0),
    "single": (0.9, 1, 1, 0),
    "double": (1.25, 1, 1, 1),
    "triple": (1.6, 1, 1, 2),
    "home_run": (2.0, 1, 0, 3),
    "field_error": (0.9, 1, 0, 0),
}
# Runs expected to the end of a half-inning: outs × occupied bases (bit 0 first, bit 1 second, bit 2 third).
RUNS_EXPECTED: Final = np.array(
    [
        [0.48, 0.86, 1.10, 1.44, 1.35, 1.78, 1.96, 2.29],
        [0.26, 0.51, 0.66, 0.88, 0.95, 1.13, 1.38, 1.54],
        [0.10, 0.22, 0.32, 0.43, 0.35, 0.48, 0.58, 0.75],
        [0.0] * 8,
    ]
)


def release(throws: NDArray[np.str_], extension: Floats, z: Floats) -> dict[str, Floats]:
    """Where the ball leaves the hand, feet; ``z`` ``(n, 2)`` standard normals."""
    side = np.where(throws == "R", -1.0, 1.0)
    return {
        "release_pos_x": np.round(side * (1.9 + 0.35 * z[:, 0]), 2),
        "release_pos_z": np.round(5.8 + 0.3 * z[:, 1], 2),
        "release_pos_y": np.round(60.5 - extension, 2),
    }


def flight(
    kinds: list[str], throws: NDArray[np.str_], speed: Floats, start: Mapping[str, Floats], z: Floats
) -> dict[str, Floats]:
    """Movement (feet), velocity (ft/s) and acceleration (ft/s²) at 50 feet; ``z`` ``(n, 2)`` standard normals."""
    side = np.where(throws == "R", 1.0, -1.0)
    base = np.array([_MOVEMENT[kind] for kind in kinds])
    across = side * base[:, 0] + 0.2 * z[:, 0]
    rise = base[:, 1] + 0.15 * z[:, 1]
    feet_per_second = 1.4667 * speed
    time_of_flight = 54.0 / (0.96 * feet_per_second)
    return {
        "pfx_x": np.round(across, 2),
        "pfx_z": np.round(rise, 2),
        "vx0": -start["release_pos_x"] / time_of_flight,
        "vy0": -0.995 * feet_per_second,
        "vz0": -(start["release_pos_z"] - 2.5) / time_of_flight + 3.0,
        "ax": 2 * across / time_of_flight**2,
        "ay": 0.0032 * feet_per_second**2 / 2,
        "az": -32.174 + 2 * rise / time_of_flight**2,
        "api_break_z_with_gravity": np.round(16.087 * time_of_flight**2 - rise, 2),
        "api_break_x_arm": np.round(-side * across, 2),
        "effective_speed": np.round(speed * 0.992 + 0.4 * z[:, 0], 1),
        "spin_axis": np.round(np.degrees(np.arctan2(across, rise)) % 360),
        "arm_angle": np.round(38 + 8 * z[:, 1], 1),
    }


def contact(speed: Floats, angle: Floats, spray: Floats, distance: Floats) -> dict[str, Floats]:
    """Of batted balls (NaN elsewhere): where they were fielded, and what such balls are worth on average."""
    toward = np.radians(spray)
    hard = 1 / (1 + np.exp(-(speed - 92) / 6))
    sweet = np.exp(-(((angle - 14) / 16) ** 2))
    far = np.exp(-(((angle - 28) / 9) ** 2)) / (1 + np.exp(-(speed - 101) / 2.5))
    average = np.clip(0.08 + 0.62 * sweet * (0.45 + 0.55 * hard) + 0.25 * far, 0, 1)
    barrel = (speed >= 98) & (angle >= 22) & (angle <= 34)
    kind = np.select(
        [np.isnan(speed), barrel, speed < 65, angle < 3, angle > 45, sweet > 0.6, speed > 95],
        [np.nan, 6, 1, 2, 3, 4, 5],
        3,
    )
    return {
        "hc_x": np.round(125.4 + 0.4 * distance * np.sin(toward), 2),
        "hc_y": np.round(199.0 - 0.4 * distance * np.cos(toward), 2),
        "estimated_ba_using_speedangle": np.round(average, 3),
        "estimated_woba_using_speedangle": np.round(average * (0.9 + 0.9 * far), 3),
        "estimated_slg_using_speedangle": np.round(average * (1.2 + 2.6 * far), 3),
        "launch_speed_angle": kind,
        "hyper_speed": np.round(np.maximum(speed, 88.0), 1),
    }


def swings(is_swing: NDArray[np.bool_], is_miss: NDArray[np.bool_], z: Floats) -> dict[str, Floats]:
    """Of swings (NaN elsewhere): mph, feet, degrees; the miss in inches. ``z`` ``(n, 6)`` standard normals."""
    measured = {
        "bat_speed": 70.5 + 5.0 * z[:, 0],
        "swing_length": 7.3 + 0.6 * z[:, 1],
        "attack_angle": 9.0 + 8.0 * z[:, 2],
        "attack_direction": 2.0 + 12.0 * z[:, 3],
        "swing_path_tilt": 32.0 + 5.0 * z[:, 4],
        "intercept_ball_minus_batter_pos_x_inches": 38.0 + 4.0 * z[:, 5],
        "intercept_ball_minus_batter_pos_y_inches": 29.0 + 5.0 * z[:, 3],
    }
    told = {name: np.where(is_swing, np.round(values, 1), np.nan) for name, values in measured.items()}
    return told | {"miss_distance": np.where(is_miss, np.round(np.abs(3.5 + 2.0 * z[:, 0]), 1), np.nan)}


def home_win_chance(lead: Floats, half_innings_left: Floats) -> Floats:
    """The home club's chance with a lead (runs, negative: behind), by a curve that steepens towards the end."""
    return 1 / (1 + np.exp(-(0.12 + 0.62 * lead) / np.sqrt(np.maximum(half_innings_left, 0.6) / 3.0)))
