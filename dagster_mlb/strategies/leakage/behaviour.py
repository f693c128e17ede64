"""What Python makes of the live graph, asked whether it knows its future: ratings, signals, bets.

Frames of the games of a few days are read once for every moment. What is built of them cut, and with the future's
values shuffled, is compared with what is built of them whole, and that with the rows that stand in the tables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import polars as pl

from dagster_mlb.learning.ratings import RATING_SCHEMA
from dagster_mlb.learning.run import read_versions
from dagster_mlb.signals.events import SIGNALS
from dagster_mlb.strategies.leakage.builds import (
    BET_KEY,
    FINAL_AT,
    KEYS,
    RATING_KEY,
    SHUFFLE_KEPT,
    SHUFFLE_WITHIN,
    STRATEGY_KEY,
    Maker,
    Outputs,
    bets_of,
    final_by,
    first_pitches,
    ratings,
    signals_of,
    split_fills,
)
from dagster_mlb.strategies.leakage.frames import Store, cut_at, keyed_differences, shuffle_future
from dagster_mlb.strategies.leakage.moments import Moment
from dagster_mlb.strategies.leakage.report import AS_IT_STANDS, TableReport
from dagster_mlb.strategies.protocol import OFFER_SCHEMA, Strategy, parameters_hash
from dagster_mlb.strategies.results_table import RESULTS_SCHEMA

if TYPE_CHECKING:
    from dagster_mlb.settings import Settings

Part = Literal["ratings", "signals", "bets"]
PARTS: Final[tuple[Part, ...]] = ("ratings", "signals", "bets")
TABLE_OF: Final[Mapping[str, str]] = {
    "ratings": "curated.team_ratings",
    "signals": "curated.sharp_action_signals",
    "signal fills": "curated.sharp_action_signals",
    "bets": "curated.strategy_results",
    "fills": "curated.strategy_results",
    "stakes": "curated.strategy_results",
}
#: What a bet was decided at, under the names of the table of results.
_DECIDED: Final = {"quoted_line": "line", "quoted_price_american": "price_american"}
_AS_DECIDED: Final = (*BET_KEY, *_DECIDED, "hours_to_start", "probability", "strength", "reason")

_GAMES_SQL: Final = """
select game_key, season, official_date, status, is_doubleheader, provenance, scheduled_start_at,
    coalesce(first_pitch_at, scheduled_start_at) as starts_at
from staging.games
where official_date between %s and %s
"""
_RESULTS_SQL: Final = """
select game_key, version, home_runs, away_runs, innings::float8 as innings, known_at
from staging.game_results where game_key = any(%s)
"""


_SIGNALS_SQL: Final = f"select {', '.join(SIGNALS)} from curated.sharp_action_signals where game_key = any(%s)"
_BETS_SQL: Final = f"""
select {", ".join(_AS_DECIDED)} from curated.strategy_results where game_key = any(%s) and decision <> 'current'
"""
_RATINGS_SQL: Final = "select * from curated.team_ratings"


@dataclass(frozen=True)
class Case:
    """What is made of a store, and what stands in its tables (where it is there to compare): rows with ``FINAL_AT``."""

    make: Maker
    store: Store
    stands: Outputs = field(default_factory=dict)

    @cached_property
    def whole(self) -> Outputs:
        return self.make(self.store)


def check_case(
    case: Case, moment: Moment, rng: np.random.Generator, judged: pl.Series | None = None
) -> list[TableReport]:
    """Every output at one moment, after truncation, after poisoning, and against what stands.

    ``judged``: the keys of the games that are compared, where not all are (see ``judged_games``).
    """
    whole = _judged(case.whole, moment, judged)
    mutated = {
        "truncation": cut_at(case.store, moment.at),
        "poisoning": shuffle_future(case.store, moment.at, rng, keep=SHUFFLE_KEPT, within=SHUFFLE_WITHIN),
    }
    compared = [(name, whole, _judged(case.make(store), moment, judged)) for name, store in mutated.items()]
    standing = _judged(case.stands, moment, judged)
    compared.append((AS_IT_STANDS, standing, {name: _like(whole[name], rows) for name, rows in standing.items()}))
    return [
        TableReport(
            TABLE_OF[output],
            mutation,
            moment,
            expected.height,
            tuple(keyed_differences(TABLE_OF[output], expected, built[output], KEYS[output])),
        )
        for mutation, outputs, built in compared
        for output, expected in outputs.items()
    ]


def judged_games(games: pl.DataFrame, moment: datetime) -> pl.Series:
    """Without games that were to begin and had not: which of their prices were pregame is told by their first pitch."""
    waits = (pl.col("scheduled_start_at") <= moment) & (pl.col("starts_at") > moment)
    return games.filter(~waits.fill_null(value=False))["game_key"]


def check_behaviour(
    settings: Settings,
    moments: Sequence[Moment],
    window: tuple[date, date],
    *,
    seed: int,
    parts: Sequence[Part] = PARTS,
    strategies: Sequence[Strategy] | None = None,
) -> list[TableReport]:
    """Ratings, signals and bets of the live warehouse at ``moments``, of the games of ``window`` (first and last
    official date). ``strategies``: the catalog's where none are given. A table that nobody has made is left out.
    """
    from dagster_mlb.warehouse.frames import read_frame, readers_kept

    with readers_kept():
        games = read_frame(settings, _GAMES_SQL, list(window))
        there = [part for part in parts if _is_there(settings, TABLE_OF[part])]
        cases = {part: _case(settings, part, games, strategies) for part in there}
    reports = []
    for part, case in cases.items():
        for moment in moments:
            rng = np.random.default_rng([seed, int(moment.at.timestamp())])
            reports += check_case(case, moment, rng, None if part == "ratings" else judged_games(games, moment.at))
    return reports


def _case(settings: Settings, part: Part, games: pl.DataFrame, strategies: Sequence[Strategy] | None) -> Case:
    match part:
        case "ratings":
            return _ratings_case(settings)
        case "signals":
            return _signals_case(settings, games)
        case "bets":
            return _bets_case(settings, games, strategies)


def _ratings_case(settings: Settings) -> Case:
    from dagster_mlb.warehouse.frames import read_frame

    rows = read_frame(settings, _RATINGS_SQL).select(RATING_SCHEMA.keys()).cast(RATING_SCHEMA).sort(RATING_KEY)  # type: ignore[arg-type]
    stands = {"ratings": rows.with_columns(pl.col("known_at").alias(FINAL_AT))}
    return Case(ratings, {"versions": read_versions(settings)}, stands)


def _signals_case(settings: Settings, games: pl.DataFrame) -> Case:
    from dagster_mlb.signals.table import read_games, read_splits, read_starters, read_states
    from dagster_mlb.warehouse.frames import read_frame

    keys = games["game_key"].to_list()
    schedule = read_games(settings, games=keys)
    rows = read_frame(settings, _SIGNALS_SQL, [keys]).cast(SIGNALS)  # type: ignore[arg-type]

    store = {
        "states": read_states(settings, games=keys),
        "splits": read_splits(settings, games=keys),
        "starters": read_starters(settings, games=keys),
        "first_pitches": first_pitches(schedule),
    }
    return Case(signals_of(schedule), store, split_fills(rows))


def _bets_case(settings: Settings, games: pl.DataFrame, strategies: Sequence[Strategy] | None) -> Case:
    from dagster_mlb.signals.table import read_states
    from dagster_mlb.strategies.as_of import as_of_frame
    from dagster_mlb.warehouse.frames import read_frame

    keys = games["game_key"].to_list()
    chosen = [one for one in _strategies(settings, strategies) if one.decision != "current"]
    decisions = dict.fromkeys(one.decision for one in chosen)
    offers = [as_of_frame(settings, decision, games=keys) for decision in decisions]
    rows = read_frame(settings, _BETS_SQL, [keys]).select(
        pl.col(name).cast(RESULTS_SCHEMA[name]) for name in _AS_DECIDED
    )
    store = {
        "offers": pl.concat([pl.DataFrame(schema=OFFER_SCHEMA), *offers]).with_columns(known_at="decision_at"),
        "states": read_states(settings, games=keys),
        "results": read_frame(settings, _RESULTS_SQL, [keys]),
        "first_pitches": first_pitches(games),
    }
    theirs = pl.DataFrame(
        [(one.name, parameters_hash(one), one.parameters.form, one.decision) for one in chosen],
        schema=list(STRATEGY_KEY),
        orient="row",
    )
    rows = rows.join(theirs, on=STRATEGY_KEY, how="semi")
    stands = {"bets": rows.with_columns(pl.col("decision_at").alias(FINAL_AT))}
    return Case(bets_of(chosen, games, settings.now()), store, stands)


def _strategies(settings: Settings, strategies: Sequence[Strategy] | None) -> Sequence[Strategy]:
    from dagster_mlb.strategies.catalog import configured_strategies

    if strategies is not None:
        return strategies
    return [configured.strategy for configured in configured_strategies(settings.strategies_file)]


def _judged(outputs: Outputs, moment: Moment, judged: pl.Series | None) -> dict[str, pl.DataFrame]:
    """The rows that were final at the moment, of the judged games."""
    final = final_by(outputs, moment.at)
    if judged is None:
        return final
    return {name: frame.filter(pl.col("game_key").is_in(judged.implode())) for name, frame in final.items()}


def _like(built: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """What was built under the names, and in the types, of the rows that stand."""
    renamed = built.rename({own: stored for stored, own in _DECIDED.items() if stored in rows.columns})
    return renamed.select(rows.columns).cast(dict(rows.schema))  # type: ignore[arg-type]


def _is_there(settings: Settings, table: str) -> bool:
    from dagster_mlb.warehouse.frames import read_frame

    return bool(read_frame(settings, f"select to_regclass('{table}') is not null as there")["there"][0])
