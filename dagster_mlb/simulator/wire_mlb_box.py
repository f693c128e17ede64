"""Boxscores and statistics in the words of the MLB Stats API. Ratios are text, ``".---"`` where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from dagster_mlb.simulator import rosters
from dagster_mlb.simulator.box import Batting, Box, Pitching, SideBox
from dagster_mlb.simulator.clubs import club_in
from dagster_mlb.simulator.league import Season
from dagster_mlb.simulator.rosters import Player
from dagster_mlb.simulator.schedule import Listing

if TYPE_CHECKING:
    from dagster_mlb.simulator.world import World

Wire = dict[str, Any]

# abbreviation → code, name, type
POSITIONS: Final = {
    "P": ("1", "Pitcher", "Pitcher"),
    "C": ("2", "Catcher", "Catcher"),
    "1B": ("3", "First Base", "Infielder"),
    "2B": ("4", "Second Base", "Infielder"),
    "3B": ("5", "Third Base", "Infielder"),
    "SS": ("6", "Shortstop", "Infielder"),
    "LF": ("7", "Outfielder", "Outfielder"),
    "CF": ("8", "Outfielder", "Outfielder"),
    "RF": ("9", "Outfielder", "Outfielder"),
    "DH": ("10", "Designated Hitter", "Hitter"),
}
_NO_STATS: Final[Wire] = {"batting": {}, "pitching": {}, "fielding": {}}


def position(abbreviation: str) -> Wire:
    """``position`` and ``primaryPosition``."""
    code, name, kind = POSITIONS[abbreviation]
    return {"code": code, "name": name, "type": kind, "abbreviation": abbreviation}


def person(player: Player) -> Wire:
    """A person as other objects name him."""
    return {"id": player.player_id, "fullName": player.name, "link": f"/api/v1/people/{player.player_id}"}


def innings(outs: int) -> str:
    """``"5.2"``: the digit after the point counts outs."""
    return f"{outs // 3}.{outs % 3}"


def share(part: float, whole: float) -> str:
    """``".252"``, ``"1.000"``; ``".---"`` of nothing."""
    if not whole:
        return ".---"
    text = f"{part / whole:.3f}"
    return text if not text.startswith("0") else text[1:]


def per_nine(count: float, outs: int) -> str:
    """``"3.38"`` per nine innings; ``"-.--"`` where no out was made."""
    return f"{27 * count / outs:.2f}" if outs else "-.--"


def batting_stat(line: Batting, *, ratios: bool) -> Wire:
    """``stat`` of group hitting; the ratios stand in a season's, not in a game's."""
    stat: Wire = {
        "gamesPlayed": line.games,
        "flyOuts": line.air_outs,
        "groundOuts": line.ground_outs,
        "airOuts": line.air_outs,
        "runs": line.runs,
        "doubles": line.doubles,
        "triples": line.triples,
        "homeRuns": line.home_runs,
        "strikeOuts": line.strikeouts,
        "baseOnBalls": line.walks,
        "hits": line.hits,
        "hitByPitch": line.hit_by_pitch,
        "atBats": line.at_bats,
        "groundIntoDoublePlay": line.double_plays,
        "numberOfPitches": line.pitches,
        "plateAppearances": line.plate_appearances,
        "totalBases": line.total_bases,
        "rbi": line.rbi,
        "sacFlies": line.sac_flies,
    }
    if ratios:
        reached = line.hits + line.walks + line.hit_by_pitch
        times = line.at_bats + line.walks + line.hit_by_pitch + line.sac_flies
        on_base = reached / times if times else 0.0
        slugging = line.total_bases / line.at_bats if line.at_bats else 0.0
        in_play = line.at_bats - line.strikeouts - line.home_runs + line.sac_flies
        stat |= {
            "avg": share(line.hits, line.at_bats),
            "obp": share(reached, times),
            "slg": share(line.total_bases, line.at_bats),
            "ops": share(on_base + slugging, 1) if times else ".---",
            "babip": share(line.hits - line.home_runs, in_play),
            "atBatsPerHomeRun": f"{line.at_bats / line.home_runs:.2f}" if line.home_runs else "-.--",
        }
    return stat


def pitching_stat(line: Pitching, *, ratios: bool) -> Wire:
    """``stat`` of group pitching; the ratios stand in a season's, not in a game's."""
    stat: Wire = {
        "gamesPlayed": line.games,
        "gamesStarted": line.games_started,
        "groundOuts": line.ground_outs,
        "airOuts": line.air_outs,
        "runs": line.runs,
        "doubles": line.doubles,
        "triples": line.triples,
        "homeRuns": line.home_runs,
        "strikeOuts": line.strikeouts,
        "baseOnBalls": line.walks,
        "hits": line.hits,
        "hitByPitch": line.hit_batsmen,
        "atBats": line.at_bats,
        "numberOfPitches": line.pitches,
        "inningsPitched": innings(line.outs),
        "wins": line.wins,
        "losses": line.losses,
        "saves": line.saves,
        "holds": 0,
        "blownSaves": 0,
        "earnedRuns": line.earned_runs,
        "battersFaced": line.batters_faced,
        "outs": line.outs,
        "gamesPitched": line.games,
        "pitchesThrown": line.pitches,
        "balls": line.pitches - line.strikes,
        "strikes": line.strikes,
        "strikePercentage": share(line.strikes, line.pitches),
        "hitBatsmen": line.hit_batsmen,
    }
    if ratios:
        stat |= {
            "era": per_nine(line.earned_runs, line.outs),
            "whip": f"{3 * (line.walks + line.hits) / line.outs:.2f}" if line.outs else "-.--",
            "avg": share(line.hits, line.at_bats),
            "winPercentage": share(line.wins, line.wins + line.losses),
            "strikeoutsPer9Inn": per_nine(line.strikeouts, line.outs),
            "walksPer9Inn": per_nine(line.walks, line.outs),
            "hitsPer9Inn": per_nine(line.hits, line.outs),
            "homeRunsPer9": per_nine(line.home_runs, line.outs),
            "strikeoutWalkRatio": f"{line.strikeouts / line.walks:.2f}" if line.walks else "-.--",
        }
    else:
        note = {"W": "(W, 1-0)", "L": "(L, 0-1)", "S": "(S, 1)"}.get(line.decision or "")
        head = {"note": note} if note else {}
        told = f"{innings(line.outs)} IP, {line.earned_runs} ER, {line.strikeouts} K, {line.walks} BB"
        stat = {**head, "summary": told, **stat}
    return stat


def boxscore(world: World, season: Season, listing: Listing, box: Box, moment: float, *, is_final: bool) -> Wire:
    """``/api/v1/game/{pk}/boxscore`` (without copyright) as of a moment; batting orders are empty until posted."""
    teams = {
        "away": _club(world, season, listing, 1, box[1], box[0], moment),
        "home": _club(world, season, listing, 0, box[0], box[1], moment),
    }
    info = []
    if any(side.pitching for side in box):
        thrown = [
            f"{rosters.player_of(world, season.plan.season, n).name} {line.pitches}-{line.strikes}"  # type: ignore[union-attr]
            for side in (box[1], box[0])
            for n, line in side.pitching.items()
        ]
        info.append({"label": "Pitches-strikes", "value": "; ".join(thrown) + "."})
    if is_final:
        minutes = round((season.ended[listing.number] - season.first_pitch[listing.number]) / 60)
        info.append({"label": "T", "value": f"{minutes // 60}:{minutes % 60:02d}."})
        info.append({"label": "Att", "value": f"{int(season.attendance[listing.number]):,}."})
    return {"teams": teams, "officials": [], "info": info, "pitchingNotes": [], "topPerformers": []}


def _club(
    world: World, season: Season, listing: Listing, side: int, own: SideBox, other: SideBox, moment: float
) -> Wire:
    index = (listing.home, listing.away)[side]
    year = season.plan.season
    club = club_in(index, year)
    order = rosters.lineup(world, season, listing, side, moment) or []
    slots = {player.player_id: slot for slot, player in enumerate(order, 1)}
    men = {player.player_id: player for player in rosters.active(world, season, index, min(moment, listing.start))}
    men |= {player.player_id: player for player in order}
    for pitcher in own.pitching:
        if pitcher not in men and (found := rosters.player_of(world, year, pitcher)) is not None:
            men[pitcher] = found
    batters = [*slots, *own.pitching]
    on_the_mound = own.pitchers[-1] if own.pitching else None
    return {
        "team": {"id": club.club_id, "name": club.name, "link": f"/api/v1/teams/{club.club_id}"},
        "teamStats": {
            "batting": batting_stat(_sum_batting(own.batting.values()), ratios=True),
            "pitching": pitching_stat(_sum_pitching(own.pitching.values()), ratios=True),
            "fielding": {},
        },
        "players": {
            f"ID{n}": _player(player, club.club_id, slots.get(n), own, n == on_the_mound) for n, player in men.items()
        },
        "batters": batters,
        "pitchers": own.pitchers,
        "bench": [n for n, player in men.items() if player.role == "hitter" and n not in slots],
        "bullpen": [n for n, player in men.items() if player.role != "hitter" and n not in own.pitching],
        "battingOrder": list(slots),
        "info": [],
        "note": [],
    }


def _player(player: Player, club_id: int, slot: int | None, own: SideBox, is_pitching: bool) -> Wire:
    stats: Wire = dict(_NO_STATS)
    if (batting := own.batting.get(player.player_id)) is not None:
        stats["batting"] = batting_stat(batting, ratios=False)
    if (pitching := own.pitching.get(player.player_id)) is not None:
        stats["pitching"] = pitching_stat(pitching, ratios=False)
    played = position(player.position)
    told: Wire = {
        "person": person(player) | {"boxscoreName": player.name},
        "jerseyNumber": str(player.jersey),
        "position": played,
        "status": {"code": "A", "description": "Active"},
        "parentTeamId": club_id,
    }
    if slot is not None:
        told["battingOrder"] = str(100 * slot)
    is_in = slot is not None or pitching is not None
    told |= {
        "stats": stats,
        "seasonStats": _NO_STATS,
        "gameStatus": {
            "isCurrentBatter": False,
            "isCurrentPitcher": is_pitching,
            "isOnBench": not is_in and player.role == "hitter",
            "isSubstitute": False,
        },
    }
    if is_in:
        told["allPositions"] = [played]
    return told


def _sum_batting(lines: Any) -> Batting:
    return _sum(Batting(), lines)


def _sum_pitching(lines: Any) -> Pitching:
    return _sum(Pitching(), lines)


def _sum(total: Any, lines: Sequence[Any]) -> Any:
    for line in lines:
        for name in line.__slots__:
            if name != "decision":
                setattr(total, name, getattr(total, name) + getattr(line, name))
    return total
