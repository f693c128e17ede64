"""The pitches of a plate appearance: what was thrown, where it crossed the plate, how it was hit, and when."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from dagster_mlb.simulator.league import Season
from dagster_mlb.simulator.play_by_play import Pitch, PlateAppearance
from dagster_mlb.simulator.schedule import Listing

if TYPE_CHECKING:
    from dagster_mlb.simulator.world import World

PITCHES: Final = 44  # domain of stream addresses

# code, share, speed (mph), its sd, spin (rpm)
ARSENAL: Final = (
    ("FF", 0.33, 94.2, 1.6, 2290),
    ("SI", 0.15, 93.4, 1.6, 2150),
    ("SL", 0.18, 85.4, 2.0, 2420),
    ("CH", 0.11, 85.6, 2.0, 1780),
    ("CU", 0.08, 79.2, 2.2, 2550),
    ("FC", 0.08, 89.3, 1.7, 2390),
    ("ST", 0.07, 81.9, 2.0, 2570),
)
_SHARES = np.cumsum([row[1] for row in ARSENAL])
HALF_PLATE: Final = 0.83  # feet from the middle to where a ball still touches the plate
ZONE_BOTTOM, ZONE_TOP = 1.6, 3.4
# (launch speed, sd, launch angle, sd) by trajectory
_CONTACT: Final = {
    "ground_ball": (86.0, 11.0, -9.0, 9.0),
    "line_drive": (94.0, 9.0, 15.0, 5.0),
    "fly_ball": (90.0, 8.0, 37.0, 8.0),
    "popup": (75.0, 9.0, 62.0, 8.0),
}
_DRAWS = 10


def with_pitches(
    world: World, season: Season, listing: Listing, appearances: list[PlateAppearance]
) -> list[PlateAppearance]:
    """The same plate appearances with their pitches."""
    out: list[PlateAppearance] = []
    first = 0
    while first < len(appearances):
        begin = appearances[first]
        after = first
        while after < len(appearances) and (appearances[after].inning, appearances[after].is_top) == (
            begin.inning,
            begin.is_top,
        ):
            after += 1
        whole = appearances[first:after]
        streams = world.league.streams
        address = (PITCHES, season.plan.season, listing.number, begin.inning, int(begin.is_top))
        # Drawn when the half began: its calls are drawn then, too.
        rng = streams.at(begin.started_at, *address)
        count = sum(len(x.calls) for x in whole)
        uniforms, normals = rng.random((count, 3)), rng.standard_normal((count, _DRAWS))
        done = 0
        for appearance in whole:
            part = slice(done, done + len(appearance.calls))
            out.append(replace(appearance, pitches=_pitches(appearance, uniforms[part], normals[part])))
            done += len(appearance.calls)
        first = after
    return out


def _pitches(
    appearance: PlateAppearance, uniforms: NDArray[np.float64], normals: NDArray[np.float64]
) -> tuple[Pitch, ...]:
    found = []
    balls = strikes = 0
    span = appearance.ended_at - appearance.started_at
    drawn = zip(appearance.calls, uniforms.tolist(), normals.tolist(), strict=True)
    for number, (call, u, z) in enumerate(drawn, 1):
        kind, _, speed, sd, spin = ARSENAL[min(int(np.searchsorted(_SHARES, u[0])), len(ARSENAL) - 1)]
        x, y, zone = _location(call, u[1], u[2], z[0], z[1])
        code = call
        hit: tuple[float | None, float | None, float | None, float | None] = (None, None, None, None)
        if call == "X":
            code = "E" if appearance.runs else "D" if appearance.outs_after == appearance.outs_before else "X"
            hit = _contact(appearance, z[2], z[3], u[1], u[2])
        found.append(
            Pitch(
                number=number,
                type_code=kind,
                call=code,
                balls=balls,
                strikes=strikes,
                speed=round(speed + sd * z[4], 1),
                plate_x=x,
                plate_z=y,
                zone=zone,
                at=round(appearance.started_at + span * (number / (len(appearance.calls) + 0.6)), 3),
                spin=int(spin + 160 * z[5]),
                extension=round(6.4 + 0.35 * z[6], 1),
                launch_speed=hit[0],
                launch_angle=hit[1],
                distance=hit[2],
                spray=hit[3],
            )
        )
        balls += call == "B"
        strikes += call in "CS" or (call == "F" and strikes < 2)
    return tuple(found)


def _location(call: str, u1: float, u2: float, z1: float, z2: float) -> tuple[float, float, int]:
    """Plate coordinates (feet) and zone: 1–9 in the strike zone, row by row from the top, 11–14 around it."""
    if call == "C" or (call in "XF" and u1 < 0.75) or (call == "S" and u1 < 0.5):
        x, y = (2 * u1 - 1) * 0.98 * HALF_PLATE, ZONE_BOTTOM + u2 * (ZONE_TOP - ZONE_BOTTOM)
        if call != "C":
            x = (2 * (u1 / (0.75 if call in "XF" else 0.5)) - 1) * 0.98 * HALF_PLATE
        column = min(int((x + HALF_PLATE) / (2 * HALF_PLATE) * 3), 2)
        row = min(int((ZONE_TOP - y) / (ZONE_TOP - ZONE_BOTTOM) * 3), 2)
        return round(x, 2), round(y, 2), 3 * row + column + 1
    side = 1 if u2 < 0.5 else -1
    if call == "H":
        return round(side * (1.6 + abs(0.3 * z1)), 2), round(2.8 + 0.6 * z2, 2), 11 if side < 0 else 12
    if abs(z1) > 0.9:  # beside the plate
        x, y = side * (HALF_PLATE + 0.08 + 0.35 * abs(z2)), 2.5 + 0.7 * z1
    else:  # above or below
        below = z2 < 0.35
        x = 0.6 * z1
        y = ZONE_BOTTOM - 0.08 - 0.5 * abs(z2) if below else ZONE_TOP + 0.08 + 0.5 * abs(z2)
    top, left = y >= 2.5, x < 0
    return round(x, 2), round(y, 2), (11 if left else 12) if top else (13 if left else 14)


def _contact(
    appearance: PlateAppearance, z1: float, z2: float, u1: float, u2: float
) -> tuple[float, float, float, float]:
    """Launch speed, angle, distance and spray of a ball in play, as its trajectory and its outcome ask for."""
    speed, speed_sd, angle, angle_sd = _CONTACT[appearance.trajectory or "ground_ball"]
    launch_speed, launch_angle = speed + speed_sd * z1, angle + angle_sd * z2
    if appearance.event == "home_run":
        launch_speed, launch_angle = 103.5 + 3.4 * z1, 28 + 4.5 * z2
        distance = 398 + 22 * z1
        return round(launch_speed, 1), round(launch_angle, 0), round(max(distance, 330), 0), round(84 * u1 - 42, 1)
    if appearance.event in ("double", "triple"):
        launch_speed = 98.0 + 6.0 * z1
    launch_speed = min(max(launch_speed, 40.0), 119.0)
    if launch_angle < 3:
        distance = max(6.0, 30 + 2.6 * launch_angle + 0.4 * (launch_speed - 85))
    else:
        lift = float(np.sin(np.radians(min(2 * launch_angle, 176.0))))
        distance = min(max(launch_speed**2 / 32.17 * 2.151 * lift * 0.56, 15.0), 395.0)
    spread = 40.0 if appearance.outs_after > appearance.outs_before else 44.0
    return round(launch_speed, 1), round(launch_angle, 0), round(distance, 0), round(spread * (2 * u2 - 1), 1)
