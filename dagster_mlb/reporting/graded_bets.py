"""A person's graded bets as tables in the terminal: bet by bet, then what they come to beside the null.

Only how figures look: they come in as rows of ``curated.graded_bets`` and as ``TagSummary``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dagster_mlb.bets.summary import TagSummary
from dagster_mlb.reporting.numerals import MISSING, count, number, p_value, percent, plus_minus

if TYPE_CHECKING:
    import polars as pl
    from rich.console import RenderableType
    from rich.table import Table

_STYLES = {"win": "green", "loss": "red", "push": "dim", "void": "dim"}
_SEEN = {"as quoted": "=", "better than quoted": "above", "worse than quoted": "below"}


def bets_table(graded: pl.DataFrame) -> Table:
    """One line per bet, oldest game first. ``graded``: rows of ``curated.graded_bets``."""
    from rich.text import Text

    columns = ("game", "bet", ">price", "seen", ">stake", "result", ">profit", ">EV-CLV", ">line CLV", "tag", "remark")
    table = _table(
        "Bets",
        columns,
        caption="seen: = the book's own price when the bet was placed; above it, below it; – not known.\n"
        "line CLV: runs better than the closing line.",
    )
    for row in graded.iter_rows(named=True):
        result = row["result"] or "not graded"
        cells = (
            f"{row['official_date']:%Y-%m-%d} {row['away_team']} at {row['home_team']}"
            + (f" ({row['game_number']})" if row["game_number"] else ""),
            bet_in_words(row),
            row["price"],
            _SEEN.get(row["price_seen"], MISSING),
            number(row["stake"], 2),
            Text(result, style=_STYLES.get(result, "yellow")),
            number(row["profit"], 2, signed=True),
            percent(row["ev_clv"], signed=True),
            number(row["line_clv"], 1, signed=True),
            row["tag"] or "",
            remark(row),
        )
        table.add_row(
            *(cell if isinstance(cell, Text) else Text(cell) for cell in cells)
        )  # a person's words are no markup
    return table


def bet_in_words(row: Mapping[str, Any]) -> str:
    """``BOS``, ``BOS +1.5`` or ``over 8.5``."""
    side = {"home": row["home_team"], "away": row["away_team"]}.get(row["side"], row["side"])
    if row["line"] is None:
        return str(side)
    return f"{side} {row['line']:+g}" if row["market"] == "spread" else f"{side} {row['line']:g}"


def remark(row: Mapping[str, Any]) -> str:
    """What a person must know to read the line: why it has no result, why no value."""
    reasons = (row["ungraded_reason"], row["settlement_reason"] if row["result"] == "void" else None)
    told = [reason for reason in reasons if reason]
    if row["is_in_play"]:
        told.append("in play")
    elif row["result"] in ("win", "loss", "push") and row["missing_close_reason"]:
        told.append(f"no close: {row['missing_close_reason']}")
    return "; ".join(told)


def summary_table(found: Sequence[TagSummary]) -> Table:
    """All bets and each tag: returns, closing value, and the null beside them."""
    table = _table(
        "What they come to",
        (
            *("bets", ">n", ">turnover", ">profit", ">ROI % (95 %)", ">null %", ">EV-CLV ± se"),
            *(">beats", ">with close", ">p", ">not graded"),
        ),
        caption="ROI on turnover, its interval by whole days. null: what a random side at the same prices is expected\n"
        "to return, minus the hold. EV-CLV: what the prices were worth at the no-vig close. beats: bets that beat it.\n"
        "p: share of worlds without skill, the close being true in them, in which these bets earn as much.",
    )
    from rich.markup import escape

    for one in found:
        bets = one.bets
        waiting = f" [dim]+{bets.n_pending:,} open[/]" if bets.n_pending else ""
        table.add_row(
            "all" if one.tag is None else escape(one.tag),
            f"{bets.n:,}{waiting}",
            number(bets.turnover, 2),
            number(bets.profit, 2, signed=True),
            _interval(bets.roi, bets.roi_low, bets.roi_high),
            MISSING if one.null_return is None else number(100 * one.null_return, 1, signed=True),
            plus_minus(bets.ev_clv, bets.ev_clv_se, 2, signed=True, as_percent=True),
            percent(bets.beat_close_rate),
            f"{count(bets.n_clv)} ({percent(bets.clv_coverage, 0)})",
            p_value(bets.p_no_skill),
            count(one.n_ungraded),
            style="bold" if one.tag is None else None,
        )
    return table


def remarks_of(found: TagSummary) -> Iterable[RenderableType]:
    """Below the summary: what has no value at the close and why, what is not graded and why, whose price was seen."""
    from rich.text import Text

    for title, counts in (
        ("Without a value at the close", found.missing_closes),
        ("Not graded", found.ungraded),
    ):
        if counts:
            yield Text(f"{title}:", style="bold")
            yield from (Text(f"  {n:,}  {reason}") for reason, n in counts.items())
    seen = ", ".join(f"{n:,} {told}" for told, n in found.prices_seen.items())
    yield Text(f"Prices beside the book's own when the bet was placed: {seen}.")
    if found.n_in_play:
        yield Text(f"{found.n_in_play:,} placed in play: settled, and kept out of closing value.")
    if found.bets.n and found.null_return is not None and (found.null_coverage or 0) < 0.995:
        yield Text(f"The null is over the {percent(found.null_coverage, 0)} of the turnover whose hold is known.")


def _interval(value: Any, low: Any, high: Any) -> str:
    if value is None:
        return MISSING
    text = number(100 * value, 1, signed=True)
    if low is None or high is None:
        return text
    return f"{text} [dim]({number(100 * low, 1, signed=True)}/{number(100 * high, 1, signed=True)})[/]"


def _table(title: str, columns: Sequence[str], caption: str | None = None) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(
        title=title,
        title_justify="left",
        title_style="bold cyan",
        caption=f"{caption}\n" if caption else None,
        caption_justify="left",
        caption_style="dim",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for column in columns:
        justify = "right" if column.startswith(">") else "left"
        table.add_column(column.lstrip(">"), justify=justify, no_wrap=column != "remark")  # type: ignore[arg-type]
    return table
