"""Seeded random streams: every draw has an address and a moment.

The *address* (domain, season, number …) makes one game's numbers independent of which other games were asked for.
The *moment* is when the draw becomes a fact of the world: a world whose future was drawn again (``later_seed`` from
``cut`` on) is equal up to ``cut``, which is how the tests prove that the server never tells the future.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Domains of addresses.
CALENDAR: Final = 1
CLUB_SEASON: Final = 2
ROTATION: Final = 3
POSTPONEMENT: Final = 4
LISTING: Final = 5
QUOTES: Final = 6


@dataclass(frozen=True, slots=True)
class Streams:
    """The world's randomness. ``cut`` is in epoch seconds; without it there is one seed for all time."""

    seed: int
    cut: float | None = None
    later_seed: int | None = None

    def generator(self, *address: int, later: bool = False) -> np.random.Generator:
        """A generator of its own for an address."""
        seed = self.later_seed if later and self.later_seed is not None else self.seed
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy=seed, spawn_key=address)))

    def at(self, moment: float, *address: int) -> np.random.Generator:
        """The generator of an address whose draws all become facts at one moment."""
        return self.generator(*address, later=self.cut is not None and moment > self.cut)

    def uniforms(self, addresses: Sequence[tuple[int, ...]], count: int) -> tuple[Floats, Floats]:
        """``(len(addresses), count)`` uniforms of the world and of its other future (if none: the same array)."""
        drawn = np.stack([self.generator(*address).random(count) for address in addresses])
        if self.cut is None:
            return drawn, drawn
        return drawn, np.stack([self.generator(*address, later=True).random(count) for address in addresses])

    def normals(self, addresses: Sequence[tuple[int, ...]], count: int) -> tuple[Floats, Floats]:
        """As ``uniforms``, standard normal."""
        drawn = np.stack([self.generator(*address).standard_normal(count) for address in addresses])
        if self.cut is None:
            return drawn, drawn
        return drawn, np.stack([self.generator(*address, later=True).standard_normal(count) for address in addresses])

    def choose(self, moments: Floats, drawn: tuple[Floats, Floats]) -> Floats:
        """Element by element: the world's draw up to ``cut``, the other future's after it. ``moments`` broadcasts."""
        if self.cut is None:
            return drawn[0]
        return np.where(moments > self.cut, drawn[1], drawn[0])


def column(drawn: tuple[Floats, Floats], columns: int | slice) -> tuple[Floats, Floats]:
    """Some columns of a pair of draws (the world's, its other future's)."""
    return drawn[0][:, columns], drawn[1][:, columns]
