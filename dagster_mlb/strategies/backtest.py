"""Running strategies: frames, bets, settlement, closing value, and the record of it all.

``run_strategies`` writes ``curated.strategy_results`` (backtest and today's slate by the same code) and one entry
per run in the trial ledger; ``both_sides_at_open`` is the check that bets at the open return what their closing
value says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from dagster_mlb.market.odds import american_to_decimal
from dagster_mlb.strategies.as_of import DEFAULT_MODEL, as_of_frame
from dagster_mlb.strategies.closing_line import with_closing_value
from dagster_mlb.strategies.families.model_edge import ModelEdge
from dagster_mlb.strategies.families.nulls import Favourite, HomeSide, RandomSide, Underdog
from dagster_mlb.strategies.protocol import (
    BET_SCHEMA,
    Decision,
    Strategy,
    parameters_hash,
    refuse_prices_not_on_offer,
)
from dagster_mlb.strategies.results_table import (
    RESULTS_COLUMNS,
    RESULTS_DDL,
    RESULTS_INDEXES,
    RESULTS_TABLE,
)
from dagster_mlb.strategies.settlement import settle
from dagster_mlb.strategies.statistics import BetSummary, summarise

if TYPE_CHECKING:
    from datetime import datetime

    from dagster_mlb.settings import Settings

_GAMES_SQL = "select game_key, season, official_date, status, is_doubleheader from curated.enhanced_games"
_RESULTS_SQL = (
    "select game_key, version, home_runs, away_runs, innings::float8 as innings, known_at from staging.game_results"
)
_CLOSES_SQL = """
select game_key, source, book, close_home_probability, close_at from curated.moneylines where is_benchmark
"""
_BOTH_SIDES_SQL = """
select game_key, season, official_date, source, book, open_home_price, open_away_price, open_at, open_hold,
       close_home_price, close_away_price, close_home_probability, close_at
from curated.moneylines
where source = %s
"""


def default_strategies() -> tuple[Strategy, ...]:
    """The nulls that say what the market charges, and the model's edge."""
    return (RandomSide(), Favourite(), Underdog(), HomeSide(), ModelEdge())


@dataclass(frozen=True)
class Outcomes:
    """What became of the games: for settlement and closing value. Frames as their functions ask for them."""

    games: pl.DataFrame
    results: pl.DataFrame
    closes: pl.DataFrame

    @classmethod
    def read(cls, settings: Settings) -> Outcomes:
        from dagster_mlb.warehouse.frames import read_frame

        return cls(*(read_frame(settings, sql) for sql in (_GAMES_SQL, _RESULTS_SQL, _CLOSES_SQL)))


@dataclass(frozen=True)
class StrategyRun:
    """One strategy at one decision: its bets with what became of them, and the summary."""

    strategy: str
    version: str
    parameters: dict[str, Any]
    parameters_hash: str
    decision: str
    sample: str
    provenance: tuple[str, ...]
    bets: pl.DataFrame
    summary: BetSummary
    trial_hash: str = ""


@dataclass(frozen=True)
class BacktestReport:
    runs: list[StrategyRun] = field(default_factory=list)
    rows_published: int = 0

    def table(self) -> pl.DataFrame:
        """One row per run: strategy, version, decision, sample, provenance and every figure of ``BetSummary``."""
        return pl.DataFrame(
            [
                {
                    "strategy": run.strategy,
                    "version": run.version,
                    "decision": run.decision,
                    "sample": run.sample,
                    "provenance": ", ".join(run.provenance),
                    **run.summary.as_dict(),
                }
                for run in self.runs
            ],
            infer_schema_length=None,
        )


def run_strategies(
    settings: Settings,
    *,
    run_id: str,
    strategies: Sequence[Strategy] | None = None,
    decision: Decision | None = None,
    model_name: str = DEFAULT_MODEL,
) -> BacktestReport:
    """Bet, settle and value every strategy, publish ``curated.strategy_results`` and record each run in the trial
    ledger.

    Without ``decision`` every strategy bets its own decision over all games and then today's slate (*current*), and
    the table is replaced whole. With one, only that decision's bets are made anew and the others' rows stay.
    """
    from dagster_mlb.learning.trials import record_trial
    from dagster_mlb.warehouse.connection import connect
    from dagster_mlb.warehouse.frames import publish_frame

    chosen = tuple(strategies) if strategies is not None else default_strategies()
    now = settings.now()
    outcomes = Outcomes.read(settings)
    frames: dict[Decision, pl.DataFrame] = {}
    runs = []
    with connect(settings, role="transform") as conn:
        for strategy in chosen:
            for moment in dict.fromkeys([decision] if decision else [strategy.decision, "current"]):
                if moment not in frames:
                    frames[moment] = as_of_frame(settings, moment, model_name=model_name)
                run = run_strategy(strategy, frames[moment], outcomes, now, decision=moment)
                trial_hash = record_trial(
                    conn,
                    kind="strategy",
                    name=run.strategy,
                    parameters={**run.parameters, "version": run.version},
                    sample=run.sample,
                    n=run.bets.height,
                    metrics=run.summary.as_dict(),
                    run_id=run_id,
                    now=now,
                )
                runs.append(_with_trial(run, trial_hash))
        table = pl.concat([run.bets for run in runs])
        if decision is not None:
            table = pl.concat([_rows_of_other_decisions(settings, decision, table), table])
        published = publish_frame(conn, RESULTS_TABLE, table, RESULTS_DDL, RESULTS_INDEXES)
    return BacktestReport(runs, published)


def run_strategy(
    strategy: Strategy, frame: pl.DataFrame, outcomes: Outcomes, now: datetime, *, decision: Decision | None = None
) -> StrategyRun:
    """One strategy on one as-of frame: bets, settled and valued, in the columns of ``curated.strategy_results``.

    Raises ``LeakageError`` for a bet at a price that the frame does not offer.
    """
    bets = strategy.bets(frame).select(BET_SCHEMA.keys()).cast(BET_SCHEMA)  # type: ignore[arg-type]
    refuse_prices_not_on_offer(bets, frame)
    digest = parameters_hash(strategy)
    about = frame.select(
        "game_key", "source", "book", "season", "official_date", "decision_at", "provenance", "capture", "load_id"
    )
    placed = bets.join(about, on=["game_key", "source", "book"], how="left", maintain_order="left")
    valued = with_closing_value(settle(placed, outcomes.games, outcomes.results, now), outcomes.closes, now)
    rows = valued.with_columns(
        bet_id=_bet_ids(valued, strategy, digest),
        strategy=pl.lit(strategy.name),
        strategy_version=pl.lit(strategy.version),
        parameters_hash=pl.lit(digest),
        filled_at=pl.col("decision_at"),
        trial_hash=pl.lit(""),
    ).select(RESULTS_COLUMNS)
    provenance = tuple(sorted(frame["provenance"].drop_nulls().unique()))
    moment = decision or strategy.decision
    return StrategyRun(
        strategy=strategy.name,
        version=strategy.version,
        parameters=strategy.parameters.model_dump(mode="json"),
        parameters_hash=digest,
        decision=moment,
        sample=_sample(frame, moment, provenance),
        provenance=provenance,
        bets=rows.sort("official_date", "game_key", "side", "book"),
        summary=summarise(rows),
    )


def both_sides_at_open(
    settings: Settings, seasons: set[int] | None = None, source: str = "sbr_archive"
) -> pl.DataFrame:
    """Both sides of every game at the source's opening price: what they returned and what their closing value said.

    See ``both_sides_table`` for the columns. Read from the warehouse as it stands at ``settings.now()``.
    """
    from dagster_mlb.warehouse.frames import read_frame

    moneylines = read_frame(settings, _BOTH_SIDES_SQL, [source])
    if seasons is not None:
        moneylines = moneylines.filter(pl.col("season").is_in(sorted(seasons)))
    return both_sides_table(moneylines, Outcomes.read(settings), settings.now())


def both_sides_table(moneylines: pl.DataFrame, outcomes: Outcomes, now: datetime) -> pl.DataFrame:
    """Per season and pooled (season NULL, last row): n, roi, roi_se, ev_clv, ev_clv_se, clv_slope, clv_slope_se,
    beat_close_rate.

    ``moneylines``: game_key, season, official_date, source, book, open_home_price, open_away_price, open_at,
    close_home_probability, close_at; one row per game. Games without all four prices are left out. The close is the
    source's own.
    """
    complete = moneylines.filter(
        pl.all_horizontal(pl.col("open_home_price", "open_away_price", "close_home_probability").is_not_null())
    )
    sides = [
        complete.select(
            "game_key",
            "season",
            "official_date",
            "source",
            "book",
            decision_at="open_at",
            market=pl.lit("moneyline"),
            side=pl.lit(side),
            line=pl.lit(None, dtype=pl.Float64),
            price_decimal=pl.Series(american_to_decimal(complete[f"open_{side}_price"].cast(pl.Float64).to_numpy())),
            stake=pl.lit(1.0),
        )
        for side in ("home", "away")
    ]
    bets = pl.concat(sides)
    valued = with_closing_value(settle(bets, outcomes.games, outcomes.results, now), complete, now)
    figures = ["n", "roi", "roi_se", "ev_clv", "ev_clv_se", "clv_slope", "clv_slope_se", "beat_close_rate"]
    rows = []
    for season in [*sorted(valued["season"].unique()), None]:
        part = valued if season is None else valued.filter(pl.col("season") == season)
        summary = summarise(part).as_dict()
        rows.append({"season": season, **{name: summary[name] for name in figures}})
    return pl.DataFrame(rows, infer_schema_length=None)


def _with_trial(run: StrategyRun, trial_hash: str) -> StrategyRun:
    from dataclasses import replace

    return replace(run, trial_hash=trial_hash, bets=run.bets.with_columns(trial_hash=pl.lit(trial_hash)))


def _sample(frame: pl.DataFrame, decision: str, provenance: tuple[str, ...]) -> str:
    """What a run was made on, in words that stay the same while the same seasons are run again."""
    if frame.is_empty():
        return f"{decision}: no games"
    if decision == "current":
        return f"current slate, {', '.join(provenance)}"
    seasons = sorted(frame["season"].unique().to_list())
    words = f"season {seasons[0]}" if len(seasons) == 1 else f"seasons {seasons[0]}–{seasons[-1]}"
    return f"{decision}, {words}, {', '.join(provenance)}"


def _bet_ids(bets: pl.DataFrame, strategy: Strategy, digest: str) -> pl.Series:
    """32 hexadecimal digits of SHA-256 over (strategy, version, parameters hash, game_key, decision, market, side,
    source, book).
    """
    prefix = hashlib.sha256(f"{strategy.name}|{strategy.version}|{digest}|".encode())
    keys = bets.select(
        pl.concat_str("game_key", "decision", "market", "side", "source", "book", separator="|").alias("key")
    )["key"]
    ids = []
    for key in keys:
        hashed = prefix.copy()
        hashed.update(key.encode())
        ids.append(hashed.hexdigest()[:32])
    return pl.Series("bet_id", ids, dtype=pl.String)


def _rows_of_other_decisions(settings: Settings, decision: Decision, like: pl.DataFrame) -> pl.DataFrame:
    from dagster_mlb.warehouse.frames import read_frame

    there = read_frame(settings, f"select to_regclass('{RESULTS_TABLE}') is not null as there")["there"][0]
    if not there:
        return like.clear()
    columns = ", ".join("line::float8 as line" if name == "line" else name for name in RESULTS_COLUMNS)
    kept = read_frame(settings, f"select {columns} from {RESULTS_TABLE} where decision <> %s", [decision])
    return kept.cast(dict(like.schema))  # type: ignore[arg-type]
