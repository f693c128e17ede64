"""The ballparks for which weather is asked, read from the seed that the warehouse joins with: one list for both."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from dagster_mlb.settings import PROJECT_ROOT

SEED = PROJECT_ROOT / "dbt_project" / "seeds" / "ballparks.csv"
Roof = Literal["open", "retractable", "dome"]


@dataclass(frozen=True, slots=True)
class Ballpark:
    """A park under MLB's venue id. Degrees; ``azimuth_deg`` points from home plate to centre field, clockwise from
    north; ``elevation_ft`` in feet; ``last_season`` None while the club still plays there."""

    venue_id: int
    name: str
    other_names: tuple[str, ...]
    home_team_id: int
    first_season: int
    last_season: int | None
    latitude: float
    longitude: float
    azimuth_deg: float
    elevation_ft: float
    roof: Roof
    time_zone: str

    @property
    def has_roof(self) -> bool:
        return self.roof != "open"


@lru_cache(maxsize=1)
def ballparks(path: Path = SEED) -> dict[int, Ballpark]:
    """Every park by venue id, in the seed's order."""
    with path.open(encoding="utf-8", newline="") as lines:
        return {int(row["venue_id"]): _ballpark(row) for row in csv.DictReader(lines)}


def _ballpark(row: dict[str, str]) -> Ballpark:
    roof = row["roof"]
    if roof not in ("open", "retractable", "dome"):
        raise ValueError(f"ballpark {row['venue_id']}: roof {roof!r} is none of open, retractable, dome")
    return Ballpark(
        venue_id=int(row["venue_id"]),
        name=row["name"],
        other_names=tuple(name for name in row["other_names"].split("|") if name),
        home_team_id=int(row["home_team_id"]),
        first_season=int(row["first_season"]),
        last_season=int(row["last_season"]) if row["last_season"] else None,
        latitude=float(row["latitude"]),
        longitude=float(row["longitude"]),
        azimuth_deg=float(row["azimuth_deg"]),
        elevation_ft=float(row["elevation_ft"]),
        roof=roof,  # type: ignore[arg-type]
        time_zone=row["time_zone"],
    )


def parks_of_season(season: int) -> list[Ballpark]:
    """Where games of a season may be played, by venue id: both parks of a club that has two (Tampa Bay in 2025)."""
    return sorted(
        (
            park
            for park in ballparks().values()
            if park.first_season <= season and (park.last_season is None or season <= park.last_season)
        ),
        key=lambda park: park.venue_id,
    )
