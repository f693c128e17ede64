"""Team ratings: Elo with margin of victory, processed in the order in which results became known.

The input is every *version* of every result. The rating as of *t* depends only on versions with ``known_at <= t``: a
correction never rewrites a row, it appends one. It applies the difference between the update that the corrected
score asks
for and the one that was applied, both in the context (expectation, rating difference) of the game's first
processing. So the table built from a store cut at *t* equals the full table's rows with ``known_at <= t``, exactly.

Formula: FiveThirtyEight's MLB Elo (betting_domain §3.2)

- expectation     E = 1 / (1 + 10^(-D/400)),  D = R_home + 24 - R_away
- update          R += K * M * (S - E),  K = 4, S = 1 for a win, 0.5 for a tie (regular season and postseason alike)
- margin          M = 1.41 (m+1)^0.7 / (5.46554876e-8 d^3 + 8.96073139e-6 d^2 + 0.00244895265 d + 3.4),
                  m runs, d the winner's D before the game (0 for a tie)
- new season      R = 1500 + 2/3 (R - 1500), at the team's first processed game of a season

The regression happens at that first game, so an as-of reader who takes a team's last row before a season's first
game has to apply it: ``1500 + (rating_after - 1500) * (2/3)^(season - rating_season)``; :func:`carried_over` does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import polars as pl

K_FACTOR = 4.0
HOME_ADVANTAGE = 24.0
MEAN_RATING = 1500.0
CARRY_OVER = 2.0 / 3.0

VERSION_COLUMNS = (
    "game_key",
    "version",
    "season",
    "official_date",
    "home_team_id",
    "away_team_id",
    "home_runs",
    "away_runs",
    "known_at",
    "provenance",
)

RATING_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "game_key": pl.Int64,
    "team_id": pl.Int32,
    "version": pl.Int32,
    "season": pl.Int32,
    "official_date": pl.Date,
    "opponent_id": pl.Int32,
    "is_home": pl.Boolean,
    "rating_before": pl.Float64,
    "rating_after": pl.Float64,
    "games_played": pl.Int32,
    "rating_season": pl.Int32,
    "rating_sequence": pl.Int32,
    "known_at": pl.Datetime("us", "UTC"),
    "provenance": pl.String,
}


class _Context(NamedTuple):
    """What was believed when a game was first processed; every later version is judged in it."""

    expectation: float
    difference: float
    season: int


@dataclass(slots=True)
class _Team:
    rating: float = MEAN_RATING
    season: int = 0
    games_played: int = 0
    rows: int = 0


@dataclass(slots=True)
class _Game:
    context: _Context
    applied: float  # the update that stands in the home team's rating; the away team carries its negative
    counted: bool = True


@dataclass(slots=True)
class _Ratings:
    teams: dict[int, _Team] = field(default_factory=dict)
    games: dict[int, _Game] = field(default_factory=dict)

    def at_season(self, team_id: int, season: int) -> _Team:
        """The team, regressed to the mean once for each season that began since its last game."""
        team = self.teams.get(team_id)
        if team is None:
            team = self.teams[team_id] = _Team(season=season)
        elif season > team.season:
            team.rating = carried_over(team.rating, season - team.season)
            team.season = season
        return team


def carried_over(rating: float, seasons: int) -> float:
    """``rating`` after ``seasons`` winters: what the mean is away from it shrinks to 2/3 each time."""
    return MEAN_RATING + (rating - MEAN_RATING) * CARRY_OVER**seasons


def expected_home_win(home_rating: float, away_rating: float) -> float:
    """Elo's probability that the home team wins, home advantage of 24 points included."""
    return 1.0 / (1.0 + 10.0 ** (-(home_rating + HOME_ADVANTAGE - away_rating) / 400.0))


def margin_multiplier(margin: int, winner_difference: float) -> float:
    """M: a wide margin counts more, and less when the favourite ran it up. ``winner_difference`` includes home
    advantage."""
    d = winner_difference
    return 1.41 * (margin + 1.0) ** 0.7 / (5.46554876e-8 * d**3 + 8.96073139e-6 * d**2 + 0.00244895265 * d + 3.4)


def _update(context: _Context, home_runs: int | None, away_runs: int | None) -> float:
    """Points the home team gains from this score in this context; a version without a score takes back what stood."""
    if home_runs is None or away_runs is None:
        return 0.0
    margin = home_runs - away_runs
    if margin == 0:
        return K_FACTOR * margin_multiplier(0, 0.0) * (0.5 - context.expectation)
    winner_difference = context.difference if margin > 0 else -context.difference
    outcome = 1.0 if margin > 0 else 0.0
    return K_FACTOR * margin_multiplier(abs(margin), winner_difference) * (outcome - context.expectation)


def rate(versions: pl.DataFrame) -> pl.DataFrame:
    """Ratings of every team after every version of every result.

    Args:
        versions: columns :data:`VERSION_COLUMNS`, one row per game_key and version; runs may be NULL (a result
        withdrawn).
            ``known_at`` must not be NULL. Real and simulated results never belong in one call.

    Returns:
        ``curated.team_ratings``: two rows per processed version (home, away), columns of :data:`RATING_SCHEMA`.
        ``rating_sequence`` counts a team's rows: with equal ``known_at`` the larger one is the later state.
    """
    missing = [name for name in VERSION_COLUMNS if name not in versions.columns]
    if missing:
        raise ValueError(f"result versions lack the columns {missing}; rate() needs {list(VERSION_COLUMNS)}")
    if versions["known_at"].null_count():
        unknown = versions["known_at"].null_count()
        raise ValueError(f"{unknown} result versions have no known_at; a result that nobody knew cannot rate a team")
    ordered = versions.select(VERSION_COLUMNS).sort("known_at", "official_date", "game_key", "version")
    state = _Ratings()
    columns: list[list] = [[] for _ in range(8)]
    index_of, team_ids, before, after, played, seasons, sequences, is_home = columns

    keys, seasons_in = ordered["game_key"].to_list(), ordered["season"].to_list()
    homes, aways = ordered["home_team_id"].to_list(), ordered["away_team_id"].to_list()
    scores = zip(ordered["home_runs"].to_list(), ordered["away_runs"].to_list(), strict=True)
    for index, (home_runs, away_runs) in enumerate(scores):
        game = state.games.get(keys[index])
        if game is None:
            if home_runs is None or away_runs is None:
                continue  # nothing was ever known of this game
            home = state.at_season(homes[index], seasons_in[index])
            away = state.at_season(aways[index], seasons_in[index])
            difference = home.rating + HOME_ADVANTAGE - away.rating
            context = _Context(expected_home_win(home.rating, away.rating), difference, seasons_in[index])
            game = state.games[keys[index]] = _Game(context, 0.0, counted=False)
        else:
            home, away = state.teams[homes[index]], state.teams[aways[index]]
        wanted = _update(game.context, home_runs, away_runs)
        change = wanted - game.applied
        counts = home_runs is not None and away_runs is not None
        step = int(counts) - int(game.counted)
        game.applied, game.counted = wanted, counts
        for team, team_id, sign in ((home, homes[index], 1.0), (away, aways[index], -1.0)):
            # Of an old season's game only what the winters left of it is corrected.
            points = sign * change * CARRY_OVER ** max(team.season - game.context.season, 0)
            index_of.append(index)
            team_ids.append(team_id)
            before.append(team.rating)
            team.rating += points
            team.games_played += step
            team.rows += 1
            after.append(team.rating)
            played.append(team.games_played)
            seasons.append(team.season)
            sequences.append(team.rows)
            is_home.append(sign > 0)
    return _as_frame(ordered, columns)


def _as_frame(ordered: pl.DataFrame, columns: list[list]) -> pl.DataFrame:
    index_of, team_ids, before, after, played, seasons, sequences, is_home = columns
    rows = ordered[pl.Series(index_of, dtype=pl.UInt32)]
    frame = rows.select("game_key", "version", "season", "official_date", "known_at", "provenance").with_columns(
        pl.Series("team_id", team_ids, dtype=pl.Int32),
        pl.Series("is_home", is_home, dtype=pl.Boolean),
        pl.Series("rating_before", before, dtype=pl.Float64),
        pl.Series("rating_after", after, dtype=pl.Float64),
        pl.Series("games_played", played, dtype=pl.Int32),
        pl.Series("rating_season", seasons, dtype=pl.Int32),
        pl.Series("rating_sequence", sequences, dtype=pl.Int32),
        pl.when(pl.Series(is_home, dtype=pl.Boolean))
        .then(rows["away_team_id"])
        .otherwise(rows["home_team_id"])
        .alias("opponent_id"),
    )
    return frame.select(pl.col(name).cast(dtype) for name, dtype in RATING_SCHEMA.items())


def ratings_as_of(ratings: pl.DataFrame, moment: datetime, season: int) -> pl.DataFrame:
    """Each team's rating as a decision at ``moment`` for a game of ``season`` may know it: team_id, rating,
    games_played."""
    return (
        ratings.filter(pl.col("known_at") <= moment)
        .sort("known_at", "rating_sequence")
        .group_by("team_id", maintain_order=True)
        .last()
        .select(
            "team_id",
            (
                MEAN_RATING
                + (pl.col("rating_after") - MEAN_RATING)
                * pl.lit(CARRY_OVER).pow((season - pl.col("rating_season")).clip(lower_bound=0))
            ).alias("rating"),
            "games_played",
        )
        .sort("team_id")
    )
