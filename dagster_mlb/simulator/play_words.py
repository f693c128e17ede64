"""What a plate appearance is called: the path of the ball and the sentence that is written about it."""

from __future__ import annotations

from typing import Final

from dagster_mlb.simulator.half_innings import Outcome


def trajectory_of(drawn: Outcome, rest: float) -> str | None:
    """ground_ball, line_drive, fly_ball or popup; None where nothing was put in play. ``rest`` is a uniform."""
    if drawn.kind in ("strikeout", "walk", "hit_by_pitch"):
        return None
    if drawn.kind == "ground":
        return "ground_ball"
    if drawn.event == "sac_fly":
        return "fly_ball"
    if drawn.event == "home_run":
        return "fly_ball" if rest < 0.8 else "line_drive"
    if drawn.kind == "air":
        return "fly_ball" if rest < 0.55 else "line_drive" if rest < 0.78 else "popup"
    if drawn.event == "single":
        return "line_drive" if rest < 0.5 else "ground_ball" if rest < 0.92 else "fly_ball"
    if drawn.event == "field_error":
        return "ground_ball" if rest < 0.85 else "fly_ball"
    return "line_drive" if rest < 0.65 else "fly_ball"


_SAID: Final = {
    "strikeout": "strikes out.",
    "walk": "walks.",
    "hit_by_pitch": "hit by pitch.",
    "single": "singles.",
    "double": "doubles.",
    "triple": "triples.",
    "home_run": "homers.",
    "field_error": "reaches on a fielding error.",
    "grounded_into_double_play": "grounds into a double play.",
    "force_out": "grounds into a force out.",
    "sac_fly": "out on a sacrifice fly.",
}
_OUT_SAID: Final = {
    "ground_ball": "grounds out.",
    "fly_ball": "flies out.",
    "line_drive": "lines out.",
    "popup": "pops out.",
}


def description_of(name: str, event: str, trajectory: str | None, runs: int) -> str:
    """The sentence of a play."""
    said = _OUT_SAID[trajectory or ""] if event == "field_out" else _SAID[event]
    others = runs - (event == "home_run")
    return f"{name} {said}" + (f" {others} runner{'s' if others > 1 else ''} score." if others else "")
