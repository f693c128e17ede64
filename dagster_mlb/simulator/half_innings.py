"""The half-inning as a sequence of plate appearances that ends with a given number of runs.

What may happen to the batter and to every runner is a table per (outs, bases); how likely each state is to end with
exactly the runs that the league's truth says is solved backwards once, and the plays are drawn from that conditional
distribution, weighted by who bats and who pitches. Pure: no league, no clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

# Bases are bits: 1 first, 2 second, 4 third. A move is (from, to): 0 the batter, 1–3 a base, 4 home, −1 out.
Move = tuple[int, int]
SECOND: Final = 2

# Share of plate appearances (MLB 2021–24, rounded).
RATES: Final = {
    "strikeout": 0.225,
    "walk": 0.083,
    "hit_by_pitch": 0.011,
    "single": 0.140,
    "double": 0.044,
    "triple": 0.004,
    "home_run": 0.031,
    "field_error": 0.007,
    "ground": 0.200,
    "air": 0.255,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing that may happen in a plate appearance. ``kind`` is the key of ``RATES`` that it is a case of."""

    event: str
    kind: str
    share: float
    moves: tuple[Move, ...]
    outs: int
    bases: int
    runs: int


def _outcome(event: str, kind: str, share: float, moves: list[Move], outs: int) -> Outcome:
    made = sum(end == -1 for _, end in moves)
    inning_over = outs + made >= 3
    # Nobody scores on a third out that is a force or takes the batter: that is all there is here.
    kept = [(a, b) for a, b in moves if not (inning_over and b != -1)]
    runs = sum(end == 4 for _, end in kept)
    bases = 0
    for _, end in kept:
        if 1 <= end <= 3:
            bases |= 1 << (end - 1)
    return Outcome(event, kind, share * RATES[kind], tuple(kept), made, bases, runs)


@lru_cache(maxsize=24)
def outcomes(outs: int, bases: int) -> tuple[Outcome, ...]:
    """What may happen with ``outs`` (0–2) and runners on ``bases``; the shares add up to 1."""
    first, second, third = bool(bases & 1), bool(bases & 2), bool(bases & 4)
    runners = [base for base, there in ((3, third), (2, second), (1, first)) if there]
    found: list[Outcome] = []

    def add(event: str, kind: str, share: float, moves: list[Move]) -> None:
        if share > 0:
            found.append(_outcome(event, kind, share, moves, outs))

    stay: list[Move] = [(base, base) for base in runners]
    add("strikeout", "strikeout", 1, [(0, -1), *stay])
    forced: list[Move] = []
    for base in runners:
        pushed = base == 1 or (base == 2 and first) or (base == 3 and first and second)
        forced.append((base, base + 1 if pushed else base))
    add("walk", "walk", 1, [*forced, (0, 1)])
    add("hit_by_pitch", "hit_by_pitch", 1, [*forced, (0, 1)])
    up_one: list[Move] = [(base, base + 1) for base in runners]
    add("field_error", "field_error", 1, [*up_one, (0, 1)])
    add("home_run", "home_run", 1, [*((base, 4) for base in runners), (0, 4)])
    add("triple", "triple", 1, [*((base, 4) for base in runners), (0, 3)])
    for share, from_first in ((0.4, 4), (0.6, 3)):
        if first or from_first == 3:
            moves = [(base, from_first if base == 1 else 4) for base in runners]
            add("double", "double", share if first else 1, [*moves, (0, 2)])
    for share, from_second, from_first in ((0.6, 4, 2), (0.1, 3, 2), (0.3, 4, 3)):
        moves = [(base, {3: 4, 2: from_second, 1: from_first}[base]) for base in runners]
        add("single", "single", share, [*moves, (0, 1)])
    _ground_balls(add, outs, bases, runners, stay, up_one)
    if third and outs < 2:
        add("sac_fly", "air", 0.35, [(base, 4 if base == 3 else base) for base in runners] + [(0, -1)])
        add("field_out", "air", 0.65, [(0, -1), *stay])
    else:
        add("field_out", "air", 1, [(0, -1), *stay])
    return tuple(found)


def _ground_balls(add, outs: int, bases: int, runners: list[int], stay: list[Move], up_one: list[Move]) -> None:  # type: ignore[no-untyped-def]
    if outs == 2 or not runners:
        add("field_out", "ground", 1, [(0, -1), *stay])
        return
    if not bases & 1:
        add("field_out", "ground", 0.45, [(0, -1), *stay])
        add("field_out", "ground", 0.55, [*up_one, (0, -1)])
        return
    others: list[Move] = [(base, base + 1) for base in runners if base != 1]
    add("grounded_into_double_play", "ground", 0.40, [*others, (1, -1), (0, -1)])
    add("force_out", "ground", 0.35, [*others, (1, -1), (0, 1)])
    add("field_out", "ground", 0.25, [*up_one, (0, -1)])


State = tuple[int, int]


@lru_cache(maxsize=64)
def chances(runs: int) -> dict[tuple[int, int, int], float]:
    """(runs to come, outs, bases) → probability that the half ends with exactly those runs, by three outs."""
    value: dict[tuple[int, int, int], float] = {}
    for to_come in range(runs + 1):
        for outs in (2, 1, 0):
            for bases in sorted(range(8), key=lambda b: -b.bit_count()):
                total = 0.0
                for x in outcomes(outs, bases):
                    left = to_come - x.runs
                    if left < 0:
                        continue
                    if outs + x.outs >= 3:
                        total += x.share if left == 0 else 0.0
                    else:
                        total += x.share * value[left, outs + x.outs, x.bases]
                value[to_come, outs, bases] = total
    return value


@lru_cache(maxsize=256)
def walk_off_chances(needed: int, runs: int) -> dict[tuple[int, int, int], float]:
    """(runs scored so far, outs, bases) → probability that the half is won with the run that makes ``runs``, the first
    play to reach ``needed`` or more; only a home run brings in more than is needed."""
    value: dict[tuple[int, int, int], float] = {}
    for scored in range(needed - 1, -1, -1):
        for outs in (2, 1, 0):
            for bases in sorted(range(8), key=lambda b: -b.bit_count()):
                total = 0.0
                for x in outcomes(outs, bases):
                    after = scored + x.runs
                    if after >= needed:
                        total += x.share if wins_with(x, scored, needed) == runs else 0.0
                    elif outs + x.outs < 3:
                        total += x.share * value[after, outs + x.outs, x.bases]
                value[scored, outs, bases] = total
    return value


def wins_with(outcome: Outcome, scored: int, needed: int) -> int:
    """The runs of the half after a play that wins the game: all of a home run's, else just those needed."""
    return scored + outcome.runs if outcome.event == "home_run" else needed


def draw_outcome(
    options: tuple[Outcome, ...], weights: dict[str, float], ahead: list[float], uniform: float
) -> tuple[Outcome, float]:
    """One outcome, by share × the men's weights × how well it leads to the known end; and the draw's unused rest."""
    scaled = [x.share * weights[x.kind] * chance for x, chance in zip(options, ahead, strict=True)]
    place = uniform * sum(scaled)
    for x, weight in zip(options, scaled, strict=True):
        if place < weight:
            return x, place / weight
        place -= weight
    best = max(range(len(options)), key=scaled.__getitem__)
    return options[best], 0.5


def pitch_calls(event: str, uniforms: Iterator[float]) -> str:
    """The calls of a plate appearance: B ball, C called strike, S swinging strike, F foul, last H hit by pitch or X in
    play."""
    balls = _pick((0.37, 0.69, 0.89), next(uniforms))
    strikes = _pick((0.32, 0.64), next(uniforms))
    last = "X"
    if event == "strikeout":
        strikes, last = 2, "S" if next(uniforms) < 0.76 else "C"
    elif event == "walk":
        balls, last = 3, "B"
    elif event == "hit_by_pitch":
        last = "H"
    calls = []
    while balls or strikes:
        u = next(uniforms)
        share = strikes / (balls + strikes)
        if u < share:
            strikes -= 1
            place = u / share
            calls.append("C" if place < 0.45 else "S" if place < 0.65 else "F")
        else:
            balls -= 1
            calls.append("B")
        if sum(c in "CSF" for c in calls) >= 2 and next(uniforms) < 0.34:
            calls.append("F")
    return "".join(calls) + last


def _pick(cumulative: tuple[float, ...], uniform: float) -> int:
    return sum(uniform > edge for edge in cumulative)
