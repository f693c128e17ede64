"""Signals as an asset: what the market was seen doing, each with the moment at which it could be known.

(Dagster reads annotations at definition time: modules of assets go without ``from __future__ import annotations``.)
"""

from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_mlb.defs.table_metadata import one_table
from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import connect

if TYPE_CHECKING:
    import polars as pl

SHARP_ACTION_SIGNALS = ["curated", "sharp_action_signals"]


@dg.asset(
    key=SHARP_ACTION_SIGNALS,
    deps=[
        ["staging", "int_market_states"],
        ["staging", "int_split_states"],
        ["staging", "games"],
        ["staging", "starters"],
        ["staging", "sportsbooks"],
        ["operational", "record_accounting"],
    ],
    group_name="signals",
    kinds={"python", "polars", "postgres"},
    owners=["team:betting"],
    code_version="1",
)
def sharp_action_signals(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> dg.MaterializeResult:
    """Events of the market with a detection time: steam, jumps, reverse line movement, divergence of tickets and money,
    freezes, late moves, books in conflict, arbitrage; with evidence for and against, and the first price after latency.
    """
    from dagster_mlb.signals.table import publish_signals

    signals = publish_signals(settings, context.run_id)
    return dg.MaterializeResult(metadata={**one_table(settings, *SHARP_ACTION_SIGNALS), **signal_metadata(signals)})


def signal_metadata(signals: "pl.DataFrame") -> dict[str, Any]:
    """Events by kind as a table, and how many had a price left after the latency."""
    import polars as pl

    counted = (
        signals.group_by("kind", "provenance")
        .agg(events=pl.len(), games=pl.col("game_key").n_unique(), filled=pl.col("fill_price").is_not_null().sum())
        .sort("kind", "provenance")
    )
    table = ["| kind | provenance | events | games | with a price after latency |", "|---|---|--:|--:|--:|"]
    table += [
        f"| {row['kind']} | {row['provenance']} | {row['events']:,} | {row['games']:,} | {row['filled']:,} |"
        for row in counted.iter_rows(named=True)
    ]
    return {"events": signals.height, "events by kind": dg.MetadataValue.md("\n".join(table))}


_LAWS_SQL = """
select
    count(*) filter (
        where signals.detected_at >= coalesce(games.first_pitch_at, games.scheduled_start_at)
    ) as after_start,
    count(*) filter (
        where signals.fill_at < signals.detected_at + signals.latency_seconds * interval '1 second'
    ) as too_early,
    count(*) filter (
        where signals.fill_price is not null and not exists (
            select
            from staging.int_market_states as states
            where
                states.game_key = signals.game_key and states.market = signals.market
                and states.source = signals.fill_source and states.book = signals.fill_book
                and states.label is null and states.unusable_because is null and states.known_at <= signals.fill_at
                and signals.fill_price in (states.price_1, states.price_2)
        )
    ) as never_offered,
    count(*) filter (where games.game_key is null) as of_no_game,
    count(*) as signals
from curated.sharp_action_signals as signals
left join staging.games as games on games.game_key = signals.game_key
"""


@dg.asset_check(asset=SHARP_ACTION_SIGNALS, blocking=True)
def signals_keep_the_laws(settings: dg.ResourceParam[Settings]) -> dg.AssetCheckResult:
    """Every signal is of a known game and from before first pitch; its price stood at that book by then, after the
    latency. Nothing is bet on signals that break this."""
    with connect(settings) as connection:
        after_start, too_early, never_offered, of_no_game, signals = (
            connection.execute(_LAWS_SQL).fetchone() or (0,) * 5
        )
    broken = {
        "detected at or after first pitch": after_start,
        "filled before the latency was over": too_early,
        "filled at a price that the book did not offer": never_offered,
        "of a game that is not there": of_no_game,
    }
    return dg.AssetCheckResult(
        passed=not any(broken.values()),
        description="; ".join(f"{count:,} {what}" for what, count in broken.items() if count) or None,
        metadata={"signals": signals, **broken},
    )
