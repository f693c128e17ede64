"""Baseball Savant's CSV of the league's pitches: 119 columns in today's order, newest first, and its silent cut.

A game's pitches are there from three in the morning (New York) after it ended. Of some the first classification was
wrong, and their row changes within the next days; what a row says depends on the moment it is asked for.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from dagster_mlb.simulator import pitch_measures as measures
from dagster_mlb.simulator import rosters
from dagster_mlb.simulator.clubs import club_in
from dagster_mlb.simulator.league import League, Season
from dagster_mlb.simulator.play_by_play import plays
from dagster_mlb.simulator.schedule import HOUR, NEW_YORK, Listing, epoch, utc
from dagster_mlb.sources.savant.schemas import COLUMNS

if TYPE_CHECKING:
    import polars as pl

    from dagster_mlb.simulator.world import World

MEASURES: Final = 72  # domain of stream addresses
ROW_CAP: Final = 25_000
CORRECTED: Final = 0.006  # share of pitches whose first row is corrected later
KEPT_GAMES: Final = 120

_WORD_NAMES: Final = (
    "pitch_type game_date player_name events description des game_type stand p_throws home_team away_team type "
    "bb_type inning_topbot pitch_name if_fielding_alignment of_fielding_alignment"
)
_WHOLE_NAMES: Final = (
    "batter pitcher zone hit_location balls strikes game_year on_1b on_2b on_3b outs_when_up inning hit_distance_sc "
    "launch_angle release_spin_rate game_pk fielder_2 fielder_3 fielder_4 fielder_5 fielder_6 fielder_7 fielder_8 "
    "fielder_9 woba_denom babip_value iso_value launch_speed_angle at_bat_number pitch_number home_score away_score "
    "bat_score fld_score post_away_score post_home_score post_bat_score post_fld_score spin_axis home_score_diff "
    "bat_score_diff n_thruorder_pitcher n_priorpa_thisgame_player_at_bat"
)
_WORDS: Final = frozenset(_WORD_NAMES.split())
_WHOLE: Final = frozenset(_WHOLE_NAMES.split())
_FIELDERS: Final = {"C": 2, "1B": 3, "2B": 4, "3B": 5, "SS": 6, "LF": 7, "CF": 8, "RF": 9}


@dataclass(frozen=True)
class GamePitches:
    """A game's rows as they are in the end, newest first, and which of them said something else before a moment."""

    final: pl.DataFrame
    corrected_at: NDArray[np.float64]  # −∞: never wrong

    def as_of(self, moment: float) -> pl.DataFrame:
        """The rows as Savant shows them at a moment."""
        import polars as pl

        if not (self.corrected_at > moment).any():
            return self.final
        is_wrong = pl.Series("is_wrong", self.corrected_at > moment)
        first = pl.col("pitch_type").replace_strict(measures.CONFUSED_WITH, default=None)
        return self.final.with_columns(
            pitch_type=pl.when(is_wrong).then(first).otherwise("pitch_type"),
            pitch_name=pl.when(is_wrong)
            .then(first.replace_strict(measures.PITCH_NAMES, default=None))
            .otherwise("pitch_name"),
            release_spin_rate=pl.when(is_wrong).then(None).otherwise("release_spin_rate"),
            launch_angle=pl.when(is_wrong).then(pl.col("launch_angle") + 2).otherwise("launch_angle"),
        )


class _Kept:
    def __init__(self) -> None:
        self.games: OrderedDict[tuple[int, int], GamePitches] = OrderedDict()


_kept: WeakKeyDictionary[League, _Kept] = WeakKeyDictionary()


def available_at(season: Season, listing: Listing) -> float:
    """From when a game's pitches are to be had: three in the morning, New York, after the day on which it ended."""
    ended = float(season.ended[listing.number])
    if not np.isfinite(ended):
        return ended
    return epoch(utc(ended - 6 * HOUR).astimezone(NEW_YORK).date() + timedelta(days=1), 3, NEW_YORK)


def pitches(
    world: World, first: date, last: date, *, game_pk: int | None = None, team: str | None = None, side: str = ""
) -> bytes:
    """The CSV of all pitches of the games from ``first`` to ``last``, both included, as known at the world's clock.

    ``game_pk``: one game's. ``team``: those thrown by a club (its abbreviation); ``side``: Home or Road, of that club.
    Cut at 25,000 rows, and nothing says so.
    """
    import polars as pl

    frames, rows = [], 0
    for season, listing in _games(world, first, last, game_pk):
        frame = _game(world, season, listing).as_of(world.moment)
        if team or side:
            frame = frame.filter(_thrown_by(team, side))
        frames.append(frame)
        rows += frame.height
        if rows >= ROW_CAP:
            break
    shown = pl.concat(frames).head(ROW_CAP) if frames else _frame({name: [] for name in COLUMNS})
    written = BytesIO()
    shown.write_csv(written, quote_style="non_numeric")
    return written.getvalue()


def _thrown_by(team: str | None, side: str) -> pl.Expr:
    """Pitchers are what is searched for: the home club throws in the top half."""
    import polars as pl

    is_home = pl.col("inning_topbot") == "Top"
    thrower = pl.when(is_home).then("home_team").otherwise("away_team")
    chosen = thrower == team if team else pl.lit(True)
    return chosen & (is_home if side == "Home" else ~is_home if side == "Road" else pl.lit(True))


def _games(world: World, first: date, last: date, game_pk: int | None) -> list[tuple[Season, Listing]]:
    """The games asked for whose pitches are out, newest first."""
    seasons = [
        world.league.season(plan.season)
        for plan in world.plans
        if game_pk is not None or (plan.opening <= last and first <= plan.closing)
    ]
    found = [
        (season, listing)
        for season in seasons
        for listing in season.listings
        if (listing.game_pk == game_pk if game_pk is not None else first <= listing.date <= last)
        and listing.resumed_from is None  # a game that went on later has all its pitches on its first day
        and np.isfinite(season.first_pitch[listing.number])
        and available_at(season, listing) <= world.moment
    ]
    return sorted(found, key=lambda pair: (pair[1].date, pair[1].start, pair[1].game_pk), reverse=True)


def _game(world: World, season: Season, listing: Listing) -> GamePitches:
    """A game's rows; kept, because each of the following days asks for them again."""
    kept = _kept.setdefault(world.league, _Kept()).games
    key = (season.plan.season, listing.number)
    if key not in kept:
        kept[key] = _draw_game(world, season, listing)
        if len(kept) > KEPT_GAMES:
            kept.popitem(last=False)
    kept.move_to_end(key)
    return kept[key]


def _draw_game(world: World, season: Season, listing: Listing) -> GamePitches:
    appearances = plays(world, season, listing)
    told = _told(world, season, listing)
    count = len(told["pitch_type"])
    rng = world.league.streams.at(float(season.ended[listing.number]), MEASURES, season.plan.season, listing.number)
    z = rng.standard_normal((count, 10))
    u = rng.random((count, 2))

    throws = np.array(told["p_throws"])
    speed = np.array(told["release_speed"], dtype=float)
    start = measures.release(throws, np.array(told["release_extension"], dtype=float), z[:, :2])
    described = np.array(told["description"])
    is_miss = described == "swinging_strike"
    columns: dict[str, Any] = told | start
    columns |= measures.flight(told["pitch_type"], throws, speed, start, z[:, 2:4])
    batted = (_floats(told[name]) for name in ("launch_speed", "launch_angle", "spray", "hit_distance_sc"))
    columns |= measures.contact(*batted)
    columns |= measures.swings(is_miss | np.isin(described, ("foul", "hit_into_play")), is_miss, z[:, 4:])
    columns |= _worth(told)
    available = available_at(season, listing)
    # Corrected between nine hours and two and a half days after the row came out.
    corrected_at = np.where(u[:, 0] < CORRECTED, np.round(available + (9 + 51 * u[:, 1]) * HOUR), -np.inf)
    assert appearances
    return GamePitches(_frame(columns).reverse(), corrected_at[::-1].copy())


def _told(world: World, season: Season, listing: Listing) -> dict[str, list[Any]]:
    """What the play-by-play itself says, one element per pitch, oldest first."""
    home, away = (club_in(club, season.plan.season).abbreviation for club in (listing.home, listing.away))
    first_pitch = float(season.first_pitch[listing.number])
    fielders = [_fielders(world, season, listing, side, first_pitch) for side in (0, 1)]
    constant = {
        "game_date": listing.date.isoformat(),
        "game_year": listing.date.year,
        "game_type": "R",
        "game_pk": listing.game_pk,
        "home_team": home,
        "away_team": away,
        "sz_top": 3.4,
        "sz_bot": 1.6,
        "if_fielding_alignment": "Standard",
        "of_fielding_alignment": "Standard",
    }
    rows: list[dict[str, Any]] = []
    times_up: dict[int, int] = {}
    for play in plays(world, season, listing):
        before = times_up.get(play.batter_id, 0)
        times_up[play.batter_id] = before + 1
        value = measures.OUTCOME_VALUES.get(play.event, (0.0, 1, 0, 0))
        shared = constant | {
            "player_name": _last_first(play.pitcher_name),
            "batter": play.batter_id,
            "pitcher": play.pitcher_id,
            "stand": play.stand,
            "p_throws": play.throws,
            "on_1b": play.bases_before[0],
            "on_2b": play.bases_before[1],
            "on_3b": play.bases_before[2],
            "outs_when_up": play.outs_before,
            "inning": play.inning,
            "inning_topbot": "Top" if play.is_top else "Bot",
            "at_bat_number": play.at_bat_number,
            "n_thruorder_pitcher": before + 1,
            "n_priorpa_thisgame_player_at_bat": before,
            "home_score": play.home_score_before,
            "away_score": play.away_score_before,
            "post_home_score": play.home_score_before,
            "post_away_score": play.away_score_before,
            **fielders[0 if play.is_top else 1],
        }
        for pitch in play.pitches:
            rows.append(
                shared
                | {
                    "pitch_type": pitch.type_code,
                    "pitch_name": measures.PITCH_NAMES[pitch.type_code],
                    "pitch_number": pitch.number,
                    "release_speed": pitch.speed,
                    "release_spin_rate": pitch.spin,
                    "release_extension": pitch.extension,
                    "description": pitch.description,
                    "type": pitch.description_code,
                    "zone": pitch.zone,
                    "plate_x": pitch.plate_x,
                    "plate_z": pitch.plate_z,
                    "balls": pitch.balls,
                    "strikes": pitch.strikes,
                    "launch_speed": pitch.launch_speed,
                    "launch_angle": pitch.launch_angle,
                    "hit_distance_sc": pitch.distance,
                    "spray": pitch.spray,
                    "is_last": False,
                }
            )
        rows[-1] |= {
            "is_last": True,
            "events": play.event,
            "des": play.description,
            "bb_type": play.trajectory,
            "hit_location": _location(play.trajectory, rows[-1]["spray"]),
            "woba_value": value[0],
            "woba_denom": value[1],
            "babip_value": value[2],
            "iso_value": value[3],
            "post_home_score": play.home_score,
            "post_away_score": play.away_score,
            "runs": play.runs,
            "after": (play.outs_after, play.bases_after),
        }
    names = {name for row in rows for name in row}
    return {name: [row.get(name) for row in rows] for name in names}


def _worth(told: dict[str, list[Any]]) -> dict[str, Any]:
    """Scores of the club at bat and in the field, and what the play changed: runs and chances to win."""
    is_top = np.array(told["inning_topbot"]) == "Top"
    scores = {name: np.array(told[name]) for name in ("home_score", "away_score", "post_home_score", "post_away_score")}
    bat = np.where(is_top, scores["away_score"], scores["home_score"])
    field = np.where(is_top, scores["home_score"], scores["away_score"])
    lead = (scores["home_score"] - scores["away_score"]).astype(float)
    lead_after = (scores["post_home_score"] - scores["post_away_score"]).astype(float)
    inning = np.array(told["inning"], dtype=float)
    left = np.maximum(18 - 2 * (inning - 1) - ~is_top, 1.0 + is_top)
    chance, chance_after = measures.home_win_chance(lead, left), measures.home_win_chance(lead_after, left)
    runs = np.array(
        [
            _runs_gained(last, outs, (one, two, three), brought, after)
            for last, outs, one, two, three, brought, after in zip(
                *(told[name] for name in ("is_last", "outs_when_up", "on_1b", "on_2b", "on_3b", "runs", "after")),
                strict=True,
            )
        ]
    )
    return {
        "bat_score": bat,
        "fld_score": field,
        "post_bat_score": np.where(is_top, scores["post_away_score"], scores["post_home_score"]),
        "post_fld_score": field,
        "home_score_diff": lead,
        "bat_score_diff": bat - field,
        "home_win_exp": np.round(chance, 3),
        "bat_win_exp": np.round(np.where(is_top, 1 - chance, chance), 3),
        "delta_home_win_exp": np.round(chance_after - chance, 3),
        "delta_run_exp": np.round(runs, 3),
        "delta_pitcher_run_exp": np.round(-runs, 3),
    }


def _runs_gained(
    is_last: bool, outs: int, bases: tuple[int | None, ...], runs: int | None, after: tuple[int, tuple] | None
) -> float:
    if not is_last or after is None:
        return 0.0
    gained = measures.RUNS_EXPECTED[after[0], _occupied(after[1])] - measures.RUNS_EXPECTED[outs, _occupied(bases)]
    return float(gained) + (runs or 0)


def _occupied(bases: tuple[int | None, ...]) -> int:
    return sum(1 << base for base, runner in enumerate(bases) if runner is not None)


def _fielders(world: World, season: Season, listing: Listing, side: int, moment: float) -> dict[str, int]:
    """The fielders of a side (0 home, 1 away) as it began the game."""
    nine = rosters.lineup(world, season, listing, side, moment) or ()
    return {f"fielder_{_FIELDERS[x.position]}": x.player_id for x in nine if x.position in _FIELDERS}


def _location(trajectory: str | None, spray: float | None) -> int | None:
    """Who fielded it, by its direction: infielders on the ground, outfielders in the air."""
    if trajectory is None or spray is None:
        return None
    if trajectory in ("ground_ball", "popup"):
        return int(np.select([spray < -22, spray < 0, spray < 22], [5, 6, 4], 3))
    return int(np.select([spray < -15, spray < 15], [7, 8], 9))


def _last_first(name: str) -> str:
    """``First Last`` as Savant writes it; a name of one word stays."""
    first, _, last = name.rpartition(" ")
    return f"{last}, {first}" if first else name


def _floats(values: list[Any]) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def _frame(columns: dict[str, Any]) -> pl.DataFrame:
    """All columns in today's order; those that nobody measures here are empty."""
    import polars as pl

    count = len(columns["game_pk"])
    nothing = [None] * count
    data = {name: columns.get(name, nothing) for name in COLUMNS}
    schema = {name: pl.String if name in _WORDS else pl.Float64 for name in COLUMNS}
    frame = pl.DataFrame(data, schema=schema, strict=False)
    numbers = pl.col([name for name in COLUMNS if name not in _WORDS]).fill_nan(None)
    return frame.with_columns(numbers).with_columns(pl.col(list(_WHOLE)).cast(pl.Int64))
