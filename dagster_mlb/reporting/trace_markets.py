"""What a statement on a whole market rests on: the consensus, its path, movement, context, signals, and today's picks.

Each is made of many prices; what is shown is every voice that spoke in it, with the ticks of its price then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dagster_mlb.reporting.trace_lineage import DECIDING, Lineage, Row, strategy_result
from dagster_mlb.reporting.trace_tree import TraceStep

ANY_LABEL = (None, "open", "close")


def voices(lineage: Lineage, row: Row, known_at: Any) -> list[TraceStep]:
    """The last price of every book that speaks for a game's market by a moment, with its ticks."""
    speaking = lineage.rows(
        """select distinct on (book, kind) source, book, known_at, is_open, level
           from staging.int_voices
           where game_key = %s and market = %s and known_at <= %s
           order by book, kind, known_at desc""",
        *(row["game_key"], row["market"], known_at),
    )
    return [
        lineage.price(
            "a voice" if voice["is_open"] else "a voice that was silent (taken down)",
            {**row, "source": voice["source"], "book": voice["book"]},
            voice["known_at"],
            ANY_LABEL,
        )
        for voice in speaking
    ]


def shares(lineage: Lineage, row: Row, known_at: Any) -> list[TraceStep]:
    """The tickets and the money that were told of a game's market by a moment: the last of each source and book."""
    told = lineage.rows(
        """select distinct on (splits.source, splits.book, splits.side, splits.measure) splits.*
           from staging.betting_splits as splits
           inner join staging.game_crosswalk as ties
               on ties.source = splits.source and ties.event_id = splits.event_id
           where ties.game_key = %s and splits.market = %s and splits.period = 'game' and splits.known_at <= %s
           order by splits.source, splits.book, splits.side, splits.measure, splits.known_at desc, splits.seq desc""",
        *(row["game_key"], row["market"], known_at),
    )
    return [
        TraceStep(
            f"staging.betting_splits: {one['source']}{', ' + one['book'] if one['book'] else ''}, {one['measure']}",
            {"side": one["side"], "pct": one["pct"], "known_at": one["known_at"]},
            (lineage.raw.load_step(one["load_id"], [one["record_number"]]),),
        )
        for one in told
    ]


def _consensus_path(lineage: Lineage, row: Row) -> list[TraceStep]:
    return [lineage.game(row["game_key"]), *voices(lineage, row, row["known_at"])]


def _market_consensus(lineage: Lineage, row: Row) -> list[TraceStep]:
    offers = lineage.rows(
        """select * from curated.decision_prices
           where game_key = %s and decision = %s and market = %s and book = any(%s) order by book, source""",
        *(row["game_key"], row["decision"], row["market"], row["books"]),
    )
    return [
        lineage.game(row["game_key"]),
        *(lineage.price(offer["book"], offer, offer["price_known_at"], DECIDING) for offer in offers),
    ]


def _movement(lineage: Lineage, row: Row) -> list[TraceStep]:
    path = lineage.rows(
        """select * from curated.consensus_path
           where game_key = %s and market = %s and known_at <= %s order by known_at""",
        *(row["game_key"], row["market"], row["decision_at"]),
    )
    ends = [("its first moment", path[0]), ("its last by the decision", path[-1])] if path else []
    names = ("known_at", "level", "probability_1", "line", "n_books")
    steps = [
        TraceStep(
            f"curated.consensus_path: {what}, of {len(path)}",
            {name: moment[name] for name in names},
            tuple(voices(lineage, row, moment["known_at"])),
        )
        for what, moment in ends
    ]
    return [lineage.game(row["game_key"]), *steps]


def _betting_lines(lineage: Lineage, row: Row) -> list[TraceStep]:
    benchmark = {**row, "source": row["benchmark_source"], "book": row["benchmark_book"]}
    return [
        *_movement(lineage, row),
        lineage.decision_price(benchmark),
        *shares(lineage, row, row["decision_at"]),
    ]


def _signals(lineage: Lineage, row: Row) -> list[TraceStep]:
    """A signal: what the books said when it was detected, who had bet what, and the price that was left."""
    steps = [lineage.game(row["game_key"]), *voices(lineage, row, row["detected_at"])]
    if row["tickets_pct"] is not None or row["money_pct"] is not None:
        steps += shares(lineage, row, row["detected_at"])
    if row["fill_price"] is not None:
        filled = {**row, "source": row["fill_source"], "book": row["fill_book"]}
        steps.append(standing_price(lineage, filled, row["fill_at"]))
    return steps


def standing_price(lineage: Lineage, row: Row, moment: Any) -> TraceStep:
    """The price that stood at a book at a moment, which is that of its last change by then."""
    changed = lineage.rows(
        """select max(known_at) as known_at from staging.int_market_states
           where game_key = %s and market = %s and source = %s and book = %s and label is null and known_at <= %s""",
        *(row["game_key"], row["market"], row["source"], row["book"], moment),
    )
    return lineage.price(f"the price that stood at {moment}", row, changed[0]["known_at"], ANY_LABEL)


def _bet_settlements(lineage: Lineage, row: Row) -> list[TraceStep]:
    bets = lineage.rows("select * from curated.strategy_results where bet_id = %s", row["bet_id"])
    facts = {"version": row["version"], "superseded_at": row["superseded_at"]}
    traced = [
        TraceStep(f"curated.strategy_results {row['bet_id']}", facts, tuple(_bets(lineage, bet)), note="the bet")
        for bet in bets
    ]
    return traced or [TraceStep("curated.strategy_results", note="the bet stands there no more")]


def _bets(lineage: Lineage, row: Row) -> list[TraceStep]:
    """A bet: what it was decided on, the price it got, the close that it is measured by, its result and its trial."""
    steps = strategy_result(lineage, row)
    if row["signal_id"] is None:
        return steps
    signals = lineage.rows("select * from curated.sharp_action_signals where signal_id = %s", row["signal_id"])
    names = ("kind", "side", "detected_at", "strength", "strength_unit", "books")
    seen = [
        TraceStep(f"curated.sharp_action_signals {one['signal_id']}", {name: one[name] for name in names})
        for one in signals
    ]
    if row["filled_at"] is not None:
        seen.append(standing_price(lineage, row, row["filled_at"]))
    return [steps[0], *seen, *steps[2:]]


def _betting_analysis(lineage: Lineage, row: Row) -> list[TraceStep]:
    picks = lineage.rows(
        """select * from curated.strategy_results
           where game_key = %s and market = %s and side = %s and result = 'pending' and not is_shadow
               and fill_kind <> 'unfilled' and decision in ('current', 'signal')
           order by price_decimal desc, book, strategy""",
        *(row["game_key"], row["market"], row["side"]),
    )
    return [
        TraceStep(
            f"curated.strategy_results {pick['bet_id']}",
            {"strategy": pick["strategy"], "form": pick["form"], "reason": pick["reason"]},
            tuple(_bets(lineage, pick)),
        )
        for pick in picks
    ]


MARKET_ROADS: dict[str, Callable[[Lineage, Row], list[TraceStep]]] = {
    "curated.bet_settlements": _bet_settlements,
    "curated.betting_analysis": _betting_analysis,
    "curated.betting_lines_enhanced": _betting_lines,
    "curated.consensus_path": _consensus_path,
    "curated.market_consensus": _market_consensus,
    "curated.movement_analysis": _movement,
    "curated.sharp_action_signals": _signals,
    "curated.strategy_results": _bets,
}
