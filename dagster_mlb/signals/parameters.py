"""What counts as an event: every threshold, once, with where its default comes from.

*BD* is betting_domain, *PS* prior_systems (the thresholds that people and earlier systems used). A change of any of
them gives another ``parameters_hash``, which stands beside every event.
"""

from __future__ import annotations

import hashlib

from pydantic import BaseModel, ConfigDict, Field, model_validator


class _Parameters(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SteamParameters(_Parameters):
    """Several books move together (BD §2.6, PS §3.3)."""

    books: int = Field(3, ge=2, description="Books that must have moved (BD §2.6: K = 3; PS §4: 3)")
    delta: float = Field(0.045, gt=0, description="Logit that each must have moved (BD §2.6: .04 to .05)")
    window_minutes: float = Field(30, gt=0, description="In which it moved (BD §2.6: 10 to 30 polled, 1 to 5 streamed)")
    together_minutes: float = Field(30, gt=0, description="From the first mover to the last (BD §2.6: R)")
    longest_silence_minutes: float | None = Field(
        360, gt=0, description="Refuse what was seen in one look so long after the last (BD §2.6: polling bounds it)"
    )
    sharp_books: int = Field(1, ge=0, description="Market makers among them (BD §2.6: at least 1 sharp originator)")
    cooldown_hours: float = Field(3, ge=0, description="One event per game, market and side (BD §2.6: debounce)")


class JumpParameters(_Parameters):
    """One book moves. Real steam needs several; this is what a single stream can show (BD §2.6, PS §3.3)."""

    delta: float = Field(0.045, gt=0, description="Logit (BD §2.6: .04 to .05, about a point of probability)")
    window_minutes: float = Field(30, gt=0, description="In which it moved; 5 where quotes are streamed (BD §2.6)")
    sharp_only: bool = Field(True, description="Only market makers: a follower's jump is the echo of one (BD §2.6)")
    cooldown_hours: float = Field(3, ge=0, description="One event per game, market and side")


class _Tiers(_Parameters):
    @staticmethod
    def _rising(tiers: tuple[float, float, float]) -> None:
        if not tiers[0] < tiers[1] < tiers[2]:
            raise ValueError(f"weak, moderate and strong must rise: {tiers}")


class ReverseLineMovementParameters(_Tiers):
    """The price moves against the side that holds the tickets (BD §2.6, PS §3.2: the recommended single rule)."""

    tickets: tuple[float, float, float] = Field(
        (55, 60, 70), description="Percent of the tickets for weak, moderate, strong (PS §3.2)"
    )
    delta: float = Field(0.045, gt=0, description="Logit against them since the open (BD §2.6: ≥ 1 point)")
    books: int = Field(2, ge=1, description="Books that stand so far from the open (PS §3.2: across ≥ 2 books)")
    cooldown_hours: float = Field(6, ge=0, description="One event per game, market and side, unless it grows stronger")

    @model_validator(mode="after")
    def _tiers_rise(self) -> ReverseLineMovementParameters:
        self._rising(self.tickets)
        return self


class DivergenceParameters(_Tiers):
    """The money is on another side than the tickets, or more so (BD §2.6, PS §3.1)."""

    points: tuple[float, float, float] = Field(
        (10, 15, 20), description="Points of money above tickets for weak, moderate, strong (BD §2.6, PS §4: 10/15/20)"
    )
    cooldown_hours: float = Field(6, ge=0, description="One event per game, market and side, unless it grows stronger")

    @model_validator(mode="after")
    def _tiers_rise(self) -> DivergenceParameters:
        self._rising(self.points)
        return self


class FreezeParameters(_Parameters):
    """The tickets pile up on one side and the price does not move (BD §2.6: *freeze*)."""

    tickets: float = Field(75, gt=50, le=100, description="Percent of the tickets on one side (BD §2.6: ≥ 75)")
    delta: float = Field(0.02, gt=0, description="Logit within which the price stayed: half a point (BD §2.6: eps)")
    hours: float = Field(3, gt=0, description="For how long both held")
    cooldown_hours: float = Field(12, ge=0, description="One event per game, market and side")


class LateMoveParameters(_Parameters):
    """The consensus moves in the last hour (BD §2.6: *late move*)."""

    minutes: float = Field(60, gt=0, description="Before the scheduled start (BD §2.6: 60)")
    delta: float = Field(0.045, gt=0, description="Logit since then (BD §2.6: ≥ 1 point)")
    cooldown_hours: float = Field(1, ge=0, description="One event per game, market and side")


class ConflictParameters(_Parameters):
    """A retail book's price against the market makers' (BD §2.7, PS §3.8)."""

    value: float = Field(0.01, description="Expected return there against the sharp consensus, d p - 1 (BD §2.7)")
    delta: float = Field(
        0.145, gt=0, description="Or a gap of levels in logit: 15 cents around even money (PS §3.8: critical)"
    )
    cooldown_hours: float = Field(2, ge=0, description="One event per game, market and side")


class ArbitrageParameters(_Parameters):
    """The best prices of both sides cost less than they pay (BD §2.7, PS §3.8)."""

    profit: float = Field(0.0, ge=0, description="More than this share of the stake (BD §2.7: S* < 1; PS §4: 2 %)")
    cooldown_hours: float = Field(1, ge=0, description="One event per game, market and side")


class Parameters(_Parameters):
    """All of them. ``stale_after_minutes`` counts from a price's last change (see ``board``)."""

    steam: SteamParameters = SteamParameters()
    jump: JumpParameters = JumpParameters()
    reverse_line_movement: ReverseLineMovementParameters = ReverseLineMovementParameters()
    sharp_public_divergence: DivergenceParameters = DivergenceParameters()
    line_freeze: FreezeParameters = FreezeParameters()
    late_move: LateMoveParameters = LateMoveParameters()
    book_conflict: ConflictParameters = ConflictParameters()
    arbitrage: ArbitrageParameters = ArbitrageParameters()
    stale_after_minutes: float = Field(1440, gt=0, description="A price that has not changed for a day is no offer")
    splits_max_age_minutes: float = Field(180, gt=0, description="Same-time splits (BD §2.6), counted by the hour")
    news_minutes: float = Field(30, ge=0, description="After a change of starter a move is news first (BD §2.6)")
    latency_seconds: int = Field(60, ge=0, description="From detection to the bet (BD §2.9: execution)")

    def hash(self) -> str:
        """Sixteen hexadecimal digits that name these parameters."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]
