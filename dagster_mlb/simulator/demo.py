"""The demo's world: a fixed seed, two short seasons and a third on whose 15 July it is noon in New York.

The seed was chosen for that day: fifteen games from 13:05 to 22:05, two of them a split doubleheader whose first game
makes up for a rain-out. One game of that spring was suspended (26 April) and went on the next day, before the regular
one; one starter of the day was scratched that morning, and the books took their prices down for it.

``collection_plan`` says what is worth asking for: the days with games and the moments of their prices.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from dagster_mlb.simulator.schedule import DAY, NEW_YORK, SeasonPlan, epoch, utc
from dagster_mlb.simulator.world import World

DEMO_SEED: Final = 378
DEMO_WORLD: Final = World(
    seed=DEMO_SEED,
    plans=(
        SeasonPlan(2023, date(2023, 8, 14), date(2023, 10, 1)),
        SeasonPlan(2024, date(2024, 8, 12), date(2024, 9, 29)),
        SeasonPlan(2025, date(2025, 3, 27), date(2025, 9, 28)),
    ),
    now=datetime(2025, 7, 15, 16, 0, tzinfo=UTC),
)
# A game's last pre-game snapshot is at most this long before its start.
SLOT_SECONDS: Final = 30 * 60
BEFORE_START_SECONDS: Final = 10 * 60
MOST_SLOTS: Final = 4


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One request of the historical odds: the moment, and the range of ``commence_time`` worth having."""

    at: datetime
    commence_from: datetime
    commence_to: datetime
    purpose: str


@dataclass(frozen=True, slots=True)
class CollectionDay:
    """One official date with games and the snapshots that give its games an open and a close."""

    official_date: date
    snapshots: tuple[Snapshot, ...]


def collection_plan(world: World, *, first: date | None = None, last: date | None = None) -> list[CollectionDay]:
    """Every date with games up to the world's today, with its snapshots not after the world's now.

    Per date: noon New York of the day before (the open), then ten minutes before first pitches, at most four times a
    day and chosen so that as many games as possible have a price from their last half hour. Each snapshot's range of
    starts reaches from its own moment to the end of that date.
    """
    days = []
    for plan in world.league.plans.values():
        season = world.league.season(plan.season)
        for day in world.dates(plan.opening, min(plan.closing, world.today)):
            if (first and day < first) or (last and day > last):
                continue
            starts = [x.start for x in season.by_date.get(day, []) if x.is_played_as_of(world.moment)]
            if not starts:
                continue
            morning, night = utc(epoch(day, 5, NEW_YORK)), utc(epoch(day, 29, NEW_YORK))
            noon = utc(epoch(day, 12, NEW_YORK) - DAY)
            wanted = [Snapshot(noon, morning, night, "open")]
            for slot in slots(starts):
                at = utc(slot - BEFORE_START_SECONDS)
                wanted.append(Snapshot(at, at, night, "close"))
            days.append(CollectionDay(day, tuple(s for s in wanted if s.at <= world.now)))
    return days


def slots(starts: list[float], most: int = MOST_SLOTS) -> list[float]:
    """At most ``most`` of the starts, so that the snapshots before them serve as many games as possible.

    A snapshot before a start serves it and every start in the twenty minutes after it. Greedy by games served.
    """
    left = sorted(starts)
    chosen: list[float] = []
    reach = SLOT_SECONDS - BEFORE_START_SECONDS
    while left and len(chosen) < most:
        best = max(sorted(set(left)), key=lambda s: sum(s <= other <= s + reach for other in left))
        chosen.append(best)
        left = [s for s in left if not best <= s <= best + reach]
    return sorted(chosen)
