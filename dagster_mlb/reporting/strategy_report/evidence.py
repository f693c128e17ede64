"""What stands beside the prices of a sample, what a strategy reads, and so why it cannot be asked there.

What a strategy reads is found by taking columns away: what it cannot do without, it asks for by name.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from dagster_mlb.strategies.protocol import SIDE_SCHEMA, Decision, Strategy

PREDICTIONS: Final = "a model's predictions"
#: Kinds of evidence, each with the columns of the sides that hold it.
EVIDENCE: Final[dict[str, tuple[str, ...]]] = {
    "tickets": ("tickets_pct", "tickets_min", "tickets_max", "early_tickets_pct", "signal_tickets_pct"),
    "money": ("money_pct", "money_min", "money_max", "money_sd", "early_money_pct", "signal_money_pct"),
    "moves": (
        *(
            "move",
            "move_1h",
            "move_3h",
            "move_6h",
            "move_24h",
            "late_move",
            "episode_move",
            "sharp_move",
            "retail_move",
        ),
        *("velocity", "line_move", "signal_move"),
    ),
    "sharp and retail books side by side": ("sharp_probability", "retail_probability"),
    PREDICTIONS: ("model_probability",),
    "hours to the start": ("hours_to_start",),
    "signals": ("signal_id", "signal_kind", "is_signal_side", "signal_strength"),
}


def held_by(sides: pl.DataFrame) -> tuple[str, ...]:
    """The kinds of evidence that are known for some row of ``sides`` (``SIDE_SCHEMA``). Of sharp and retail books both
    must be known in one row.
    """
    held = []
    for kind, columns in EVIDENCE.items():
        known = [pl.col(column).is_not_null() for column in columns]
        rule = pl.all_horizontal(known) if kind.startswith("sharp and retail") else pl.any_horizontal(known)
        if sides.height and sides.select(rule.any()).item():
            held.append(kind)
    return tuple(held)


def read_by(strategy: Strategy) -> tuple[str, ...]:
    """The kinds of evidence that ``strategy`` asks the sides for."""
    nothing = pl.DataFrame(schema=SIDE_SCHEMA)
    return tuple(
        kind for kind, columns in EVIDENCE.items() if any(_fails_without(strategy, nothing, name) for name in columns)
    )


@dataclass
class Evidence:
    """Why strategies make no bets; what was found out of a strategy or of a frame of sides is kept."""

    _read: dict[object, tuple[str, ...]] = field(default_factory=dict)
    _held: dict[int, tuple[pl.DataFrame, tuple[str, ...]]] = field(default_factory=dict)

    def why_no_bet(
        self, strategy: Strategy, decision: Decision, sides: pl.DataFrame, signal_kinds: Collection[str] = ()
    ) -> str:
        """What a strategy reads and nobody knows in ``sides``, or that nothing met its terms.

        ``signal_kinds``: those that stand in the sample, at the decision *signal*.
        """
        if sides.is_empty():
            markets = ", ".join(strategy.parameters.markets)
            return "no signal in this sample" if decision == "signal" else f"no {markets} price at this decision"
        asked = getattr(strategy.parameters, "signal_kinds", ())
        if decision == "signal" and asked and not set(asked) & set(signal_kinds):
            named = " or ".join(kind.replace("_", " ") for kind in asked)
            return f"needs signals of {named}: none in this sample"
        held = self._held_by(sides)
        missing = [
            kind for kind in self._read_by(strategy) if kind not in held and (kind != "signals" or decision == "signal")
        ]
        if missing:
            hint = " (`mlb learn` makes them)" if PREDICTIONS in missing else ""
            return f"needs {_listed(missing)}: none in this sample{hint}"
        return f"nothing met its terms in {sides.height // 2:,} markets"

    def _held_by(self, sides: pl.DataFrame) -> tuple[str, ...]:
        if id(sides) not in self._held:
            self._held[id(sides)] = (sides, held_by(sides))  # the frame is kept, so that its id stays its own
        return self._held[id(sides)][1]

    def _read_by(self, strategy: Strategy) -> tuple[str, ...]:
        key = (type(strategy), strategy.parameters)
        if key not in self._read:
            self._read[key] = read_by(strategy)
        return self._read[key]


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _fails_without(strategy: Strategy, sides: pl.DataFrame, column: str) -> bool:
    try:
        strategy.picks(sides.drop(column))
    except pl.exceptions.ColumnNotFoundError:
        return True
    return False
