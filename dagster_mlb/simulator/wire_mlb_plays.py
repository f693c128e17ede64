"""Plays, pitches and line scores of a game in the words of the MLB Stats API, cut at a moment."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final

from dagster_mlb.simulator.play_by_play import CALLS, Pitch, PlateAppearance
from dagster_mlb.simulator.schedule import utc
from dagster_mlb.simulator.wire_mlb_box import POSITIONS

Wire = dict[str, Any]

EVENTS: Final = {
    "strikeout": "Strikeout",
    "walk": "Walk",
    "hit_by_pitch": "Hit By Pitch",
    "single": "Single",
    "double": "Double",
    "triple": "Triple",
    "home_run": "Home Run",
    "field_error": "Field Error",
    "grounded_into_double_play": "Grounded Into DP",
    "force_out": "Forceout",
    "sac_fly": "Sac Fly",
}
_OUTS: Final = {"ground_ball": "Groundout", "fly_ball": "Flyout", "line_drive": "Lineout", "popup": "Pop Out"}
_CALL_WORDS: Final = {
    "B": "Ball",
    "C": "Called Strike",
    "S": "Swinging Strike",
    "F": "Foul",
    "H": "Hit By Pitch",
    "X": "In play, out(s)",
    "D": "In play, no out",
    "E": "In play, run(s)",
}
_PITCH_WORDS: Final = {
    "FF": "Four-Seam Fastball",
    "SI": "Sinker",
    "SL": "Slider",
    "CH": "Changeup",
    "CU": "Curveball",
    "FC": "Cutter",
    "ST": "Sweeper",
}
_BASES: Final = {0: None, 1: "1B", 2: "2B", 3: "3B", 4: "score"}
_SIDES: Final = {"L": {"code": "L", "description": "Left"}, "R": {"code": "R", "description": "Right"}}
_ORDINALS: Final = {1: "1st", 2: "2nd", 3: "3rd", 21: "21st", 22: "22nd", 23: "23rd"}


def millis(moment: float) -> str:
    """``2024-07-01T19:28:04.055Z``."""
    return utc(moment).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(moment * 1000) % 1000:03d}Z"


def event_of(x: PlateAppearance) -> str:
    """The outcome in MLB's words (``Flyout``; ``eventType`` says ``field_out``)."""
    return EVENTS[x.event] if x.event in EVENTS else _OUTS[x.trajectory or "ground_ball"]


def plays(appearances: Sequence[PlateAppearance], moment: float) -> Wire:
    """``liveData.plays`` as of a moment: complete ones, and the one that is going on with the pitches thrown so far."""
    told = [play(x, moment) for x in appearances if x.started_at <= moment]
    by_inning: list[Wire] = []
    for index, x in enumerate(appearances[: len(told)]):
        if len(by_inning) < x.inning:
            by_inning.append({"startIndex": index, "endIndex": index, "top": [], "bottom": []})
        by_inning[-1]["endIndex"] = index
        by_inning[-1]["top" if x.is_top else "bottom"].append(index)
    scoring = [i for i, x in enumerate(appearances[: len(told)]) if x.ended_at <= moment and x.is_scoring]
    whole: Wire = {"allPlays": told}
    if told:
        whole["currentPlay"] = told[-1]
    return whole | {"scoringPlays": scoring, "playsByInning": by_inning}


def play(x: PlateAppearance, moment: float) -> Wire:
    """One entry of ``allPlays``."""
    is_complete = x.ended_at <= moment
    thrown = [p for p in x.pitches if p.at <= moment]
    index = x.at_bat_number - 1
    result: Wire = {"type": "atBat"}
    if is_complete:
        result |= {
            "event": event_of(x),
            "eventType": x.event,
            "description": x.description,
            "rbi": x.rbi,
            "awayScore": x.away_score,
            "homeScore": x.home_score,
            "isOut": x.outs_after > x.outs_before,
        }
    else:
        result |= {"awayScore": x.away_score_before, "homeScore": x.home_score_before}
    about = {
        "atBatIndex": index,
        "halfInning": "top" if x.is_top else "bottom",
        "isTopInning": x.is_top,
        "inning": x.inning,
        "startTime": millis(x.started_at),
        "endTime": millis(x.ended_at if is_complete else thrown[-1].at if thrown else x.started_at),
        "isComplete": is_complete,
        "isScoringPlay": is_complete and x.is_scoring,
        "hasReview": False,
        "hasOut": is_complete and x.outs_after > x.outs_before,
        "captivatingIndex": 0,
    }
    balls, strikes = _count(thrown)
    told: Wire = {
        "result": result,
        "about": about,
        "count": {"balls": balls, "strikes": strikes, "outs": x.outs_after if is_complete else x.outs_before},
        "matchup": _matchup(x, is_complete),
        "pitchIndex": list(range(len(thrown))),
        "actionIndex": [],
        "runnerIndex": list(range(len(x.runners))) if is_complete else [],
        "runners": _runners(x) if is_complete else [],
        "playEvents": [_event(x, p, number) for number, p in enumerate(thrown)],
    }
    if is_complete:
        told["playEndTime"] = about["endTime"]
    return told | {"atBatIndex": index}


def _count(thrown: Sequence[Pitch]) -> tuple[int, int]:
    """Balls and strikes after the pitches thrown."""
    if not thrown:
        return 0, 0
    last = thrown[-1]
    strikes = last.strikes + (last.call in "CS" or (last.call == "F" and last.strikes < 2))
    return last.balls + (last.call == "B"), strikes


def _matchup(x: PlateAppearance, is_complete: bool) -> Wire:
    told: Wire = {
        "batter": _named(x.batter_id, x.batter_name),
        "batSide": _SIDES[x.stand],
        "pitcher": _named(x.pitcher_id, x.pitcher_name),
        "pitchHand": _SIDES[x.throws],
    }
    if is_complete:
        for key, runner in zip(("postOnFirst", "postOnSecond", "postOnThird"), x.bases_after, strict=True):
            if runner is not None and x.outs_after < 3:
                told[key] = {"id": runner, "link": f"/api/v1/people/{runner}"}
    on = [b is not None for b in x.bases_before]
    men = "Loaded" if all(on) else "RISP" if on[1] or on[2] else "Men_On" if on[0] else "Empty"
    splits = {"batter": f"vs_{x.throws}HP", "pitcher": f"vs_{x.stand}HB", "menOnBase": men}
    return told | {"batterHotColdZones": [], "pitcherHotColdZones": [], "splits": splits}


def _named(player_id: int, name: str) -> Wire:
    return {"id": player_id, "fullName": name, "link": f"/api/v1/people/{player_id}"}


def _runners(x: PlateAppearance) -> list[Wire]:
    told = []
    outs = x.outs_before
    for runner in x.runners:
        is_out = runner.end == -1
        outs += is_out
        start = _BASES[runner.start]
        end = None if is_out else _BASES[runner.end]
        if start is not None and start == end:
            continue  # who stays where he is has no movement
        told.append(
            {
                "movement": {
                    "originBase": start,
                    "start": start,
                    "end": end,
                    "outBase": f"{min(runner.start + 1, 4)}B" if is_out else None,
                    "isOut": is_out,
                    "outNumber": outs if is_out else None,
                },
                "details": {
                    "event": event_of(x),
                    "eventType": x.event,
                    "movementReason": None,
                    "runner": {"id": runner.player_id, "link": f"/api/v1/people/{runner.player_id}"},
                    "responsiblePitcher": {"id": runner.responsible_pitcher_id} if runner.end == 4 else None,
                    "isScoringEvent": runner.end == 4,
                    "rbi": runner.end == 4 and x.rbi > 0,
                    "earned": runner.end == 4 and runner.is_earned,
                    "teamUnearned": False,
                    "playIndex": len(x.pitches) - 1,
                },
                "credits": [],
            }
        )
    return told


def _event(x: PlateAppearance, p: Pitch, index: int) -> Wire:
    is_strike = p.call in "CSFXDE"
    balls, strikes = _count([p])
    until = millis(p.at + 4.0)
    word = _CALL_WORDS[p.call]
    told: Wire = {
        "details": {
            "call": {"code": p.call, "description": word},
            "description": word,
            "code": p.call,
            "isInPlay": p.call in "XDE",
            "isStrike": is_strike,
            "isBall": p.call in "BH",
            "type": {"code": p.type_code, "description": _PITCH_WORDS[p.type_code]},
            "isOut": p.call == "X",
            "hasReview": False,
        },
        "count": {"balls": balls, "strikes": strikes, "outs": x.outs_before},
        "pitchData": {
            "startSpeed": p.speed,
            "endSpeed": round(p.speed * 0.915, 1),
            "strikeZoneTop": 3.4,
            "strikeZoneBottom": 1.6,
            "coordinates": {"pX": p.plate_x, "pZ": p.plate_z},
            "breaks": {"spinRate": p.spin},
            "zone": p.zone,
            "typeConfidence": 2.0,
            "plateTime": round(36.7 / p.speed, 3),
            "extension": p.extension,
        },
        "index": index,
        "playId": _play_id(x, p),
        "pitchNumber": p.number,
        "startTime": millis(p.at),
        "endTime": until,
        "isPitch": True,
        "type": "pitch",
    }
    if CALLS[p.call] == "hit_into_play":
        told["hitData"] = {
            "launchSpeed": p.launch_speed,
            "launchAngle": p.launch_angle,
            "totalDistance": p.distance,
            "trajectory": x.trajectory,
            "hardness": "medium",
            "location": POSITIONS["CF" if x.trajectory != "ground_ball" else "SS"][0],
        }
    return told


def _play_id(x: PlateAppearance, p: Pitch) -> str:
    h = hashlib.blake2b(f"{x.batter_id} {p.at} {p.number}".encode(), digest_size=16).hexdigest()
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


# ------------------------------------------------------------------------------------------------ line scores


def linescore(appearances: Sequence[PlateAppearance], moment: float, *, is_final: bool) -> Wire:
    """``liveData.linescore``: by inning, with who stands where; before the first pitch only the length of the game."""
    begun = [x for x in appearances if x.started_at <= moment]
    done = [x for x in begun if x.ended_at <= moment]
    if not begun:
        return {"scheduledInnings": 9, "innings": [], "teams": {"home": {}, "away": {}}, "defense": {}, "offense": {}}
    now = begun[-1]
    halves: dict[tuple[int, bool], Wire] = {}
    for x in begun:
        halves.setdefault((x.inning, x.is_top), {"runs": 0, "hits": 0, "errors": 0, "leftOnBase": 0})
    for x in done:
        half = halves[x.inning, x.is_top]
        half["runs"] += x.runs
        half["hits"] += x.is_hit
        if x.outs_after == 3:
            # The third out ends the half: who was on base and was not put out stays there; so does a forcing batter.
            caught = sum(runner.start > 0 and runner.end == -1 for runner in x.runners)
            half["leftOnBase"] = sum(b is not None for b in x.bases_before) - caught + (x.event == "force_out")
        if x.event == "field_error":
            other = halves.setdefault((x.inning, not x.is_top), {"hits": 0, "errors": 0, "leftOnBase": 0})
            other["errors"] += 1
    innings: list[dict[str, Any]] = []
    for number in range(1, now.inning + 1):
        empty: Wire = {"hits": 0, "errors": 0, "leftOnBase": 0}
        sides: dict[str, Wire] = {"home": halves.get((number, False), empty), "away": halves.get((number, True), empty)}
        innings.append({"num": number, "ordinalNum": _ordinal(number), **sides})
    totals = {
        side: {
            key: sum(inning[side].get(key, 0) for inning in innings) for key in ("runs", "hits", "errors", "leftOnBase")
        }
        for side in ("home", "away")
    }
    balls, strikes = _count([p for p in now.pitches if p.at <= moment])
    over = now.ended_at <= moment and now.outs_after == 3
    state = ("Middle" if now.is_top else "End") if over and not is_final else "Top" if now.is_top else "Bottom"
    bases = zip(
        ("first", "second", "third"), now.bases_after if now.ended_at <= moment else now.bases_before, strict=True
    )
    return {
        "currentInning": now.inning,
        "currentInningOrdinal": _ordinal(now.inning),
        "inningState": state,
        "inningHalf": "Top" if now.is_top else "Bottom",
        "isTopInning": now.is_top,
        "scheduledInnings": 9,
        "innings": innings,
        "teams": totals,
        "defense": {"pitcher": _named(now.pitcher_id, now.pitcher_name)},
        "offense": {
            "batter": _named(now.batter_id, now.batter_name),
            "battingOrder": now.batting_slot,
            **{base: {"id": n, "link": f"/api/v1/people/{n}"} for base, n in bases if n is not None and not over},
        },
        "balls": balls,
        "strikes": strikes,
        "outs": now.outs_after if now.ended_at <= moment else now.outs_before,
    }


def _ordinal(number: int) -> str:
    return _ORDINALS.get(number, f"{number}th")
