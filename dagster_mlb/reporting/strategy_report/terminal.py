"""The report in the terminal: what the figures say, and every strategy's row, sample by sample.

The same columns in the same place; sample and provenance stand over each table, and what is simulated says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from dagster_mlb.reporting.numerals import MISSING, count, number, p_value, percent, plus_minus
from dagster_mlb.reporting.strategy_report.findings import Finding
from dagster_mlb.reporting.strategy_report.samples import short_of
from dagster_mlb.reporting.terminal import WIDTH, open_table
from dagster_mlb.strategies.figures.summary import counts_text
from dagster_mlb.strategies.sides import FRESH_MINUTES

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

    from dagster_mlb.reporting.strategy_report.contents import Contents
    from dagster_mlb.reporting.strategy_report.own import OwnBacktest

MARKETS: Final = {"moneyline": "money", "spread": "run", "total": "total"}
MARKS: Final = {"holds": ("✓", "green"), "fails": ("✗", "bold red"), "open": ("?", "dim")}
CAPTION: Final = (
    "ROI on turnover; without skill it is minus the hold (of the very prices paid), not zero. random: ROI of\n"
    "a random side of the same sample, decision and market. beats: percent of bets that beat the close.\n"
    "p: share of worlds, the close being true in them, that earn as much by luck; p*: that p as one of all\n"
    "trials in the ledger. °: the close is of the very book that was bet."
)


def print_report(contents: Contents, console: Console) -> None:
    """Findings, the rows of every sample, and what the data does not allow, not wider than ``WIDTH``."""
    width = min(WIDTH, console.width)
    for part in renderables(contents):
        console.print(part, width=width)


def renderables(contents: Contents) -> Iterable[RenderableType]:
    """The parts in the order in which they are read."""
    from rich.rule import Rule
    from rich.text import Text

    yield Rule(f"[bold]What the strategies earned: {contents.environment}, {contents.made_at}", style="cyan")
    for sample in contents.samples:
        rows = contents.rows.filter((pl.col("sample") == sample.key) & (pl.col("n") > 0))
        if rows.height:
            provenance = ", ".join(rows["provenance"].unique().sort())
            yield rows_table(rows, f"{sample.title} · {provenance}")
    if contents.rows.height:
        yield Text(f"{CAPTION}\n", style="dim")
    if contents.absent.height:
        yield absent_table(contents.absent)
    yield findings_table(contents.findings)


def findings_table(findings: Sequence[Finding]) -> Table:
    """Each claim with its mark and its sentence."""
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        if finding.is_unanswered:
            continue
        mark, style = MARKS[finding.verdict]
        sentence = Text.assemble((f"{finding.claim}. ", "bold"), finding.sentence, (f" {finding.basis}", "dim"))
        table.add_row(Text(mark, style=style), sentence)
    unanswered = [finding.claim for finding in findings if finding.is_unanswered]
    if unanswered:
        told = f"Without an answer, for nothing here bears on it: {'; '.join(unanswered)}."
        table.add_row(Text("?", style="dim"), Text(told, style="dim"))
    return table


def rows_table(rows: pl.DataFrame, title: str) -> Table:
    """One row per strategy, decision and market. ``rows``: ``rows.ROW_SCHEMA``."""
    from rich import box
    from rich.table import Table

    table = Table(
        title=title,
        title_justify="left",
        title_style="bold cyan",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 0, 0, 0),
    )
    table.add_column("strategy", overflow="fold", ratio=1)
    for name in ("at", "market"):
        table.add_column(name, no_wrap=True)
    for name in ("n", "ROI % ± se", "EV-CLV % ± se", "random", "− hold", "beats", "p", "p*"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows.iter_rows(named=True):
        table.add_row(*cells(row), style="dim" if row["is_null"] else None)
    return table


def cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    """The figures of one row, percent without their sign."""
    waiting = f"+{row['n_pending']:,}" if row["n_pending"] else ""
    circular = "°" if row["circular_share"] and row["ev_clv"] is not None else ""
    return (
        f"{row['strategy']}{' (fade)' if row['form'] == 'fade' else ''}",
        row["decision"],
        MARKETS.get(row["market"], row["market"]),
        f"{count(row['n'])}{waiting}",
        _pm(row["roi"], row["roi_se"], 1),
        _pm(row["ev_clv"], row["ev_clv_se"], 2) + circular,
        _percent(row["null_roi"]),
        _percent(row["minus_hold"]),
        percent(row["beat_close_rate"], 0).removesuffix(" %"),
        p_value(row["p_no_skill"]),
        p_value(row["p_deflated"]),
    )


def print_backtest(done: OwnBacktest, console: Console) -> None:
    """One strategy beside its random side: the rows, what is missing, the ladder, the first bets, the trial."""
    width = min(WIDTH, console.width)
    for part in backtest_renderables(done):
        console.print(part, width=width)


def backtest_renderables(done: OwnBacktest) -> Iterable[RenderableType]:
    from rich.rule import Rule
    from rich.text import Text

    contents, summary = done.contents, done.run.summary
    yield Rule(f"[bold]{done.name}", style="cyan")
    yield Text(
        f"{done.run.sample}: {done.games:,} games with prices of {', '.join(done.sources) or 'nobody'}", style="dim"
    )
    if done.stale:
        yield Text(
            f"Left out as old: {done.stale:,} of the prices, last confirmed more than {FRESH_MINUTES:.0f} minutes "
            "before the decision.",
            style="dim",
        )
    if not done.run.bets.height:
        yield Text("It bet nothing: nothing on offer met its terms.", style="yellow")
    elif contents.rows.height:
        yield rows_table(contents.rows, "Beside the random side of the same prices")
        yield Text(f"{CAPTION}\n", style="dim")
    if summary.roi_low is not None and summary.roi_high is not None:
        interval = (
            f"{number(100 * summary.roi_low, 1, signed=True)} to {number(100 * summary.roi_high, 1, signed=True)} %"
        )
        yield Text(
            f"ROI in 95 of 100 draws of its days: {interval}. Longest losing run {summary.longest_losing_run}, deepest "
            f"fall {number(summary.max_drawdown, 1)} units (as many days in any order: "
            f"{number(summary.expected_max_drawdown, 1)})."
        )
    counted = [("void", summary.n_void), ("not settled yet", summary.n_pending), ("not filled", summary.n_unfilled)]
    if any(amount for _, amount in counted):
        yield Text(", ".join(f"{amount:,} {word}" for word, amount in counted if amount) + ".")
    for words, reasons in (("Without a close", summary.missing_closes), ("Not filled", summary.unfilled)):
        if reasons:
            yield Text(f"{words}: {counts_text(reasons)}.")
    if contents.ladders.height:
        yield ladder_table(contents.ladders)
    if contents.bets.height:
        yield bets_table(contents.bets)
    times = "once" if done.times_run == 1 else f"{done.times_run} times"
    yield Text(
        f"Trial {done.trial_hash} in the ledger, run {times}. Strategy trials with bets so far: {contents.trials:,}, "
        f"and p* counts them all. {done.seconds:.1f} s.",
        style="dim",
    )


def ladder_table(ladder: pl.DataFrame) -> Table:
    """Bets from the weakest to the strongest. ``ladder``: ``contents.LADDER_SCHEMA`` of one run."""
    measure = ladder["measure"][0]
    caption = "edge: own probability × price − 1" if measure == "edge" else "strength: in the strategy's own unit"
    table = open_table(
        "Stronger bets, better bets?", f">{measure}", ">n", ">ROI % ± se", ">EV-CLV % ± se", caption=caption
    )
    for row in ladder.iter_rows(named=True):
        table.add_row(
            f"{row['mean']:.3g}",
            count(row["n"]),
            _pm(row["roi"], row["roi_se"], 1),
            _pm(row["ev_clv"], row["ev_clv_se"], 2),
        )
    return table


def bets_table(bets: pl.DataFrame) -> Table:
    """The first bets and why. ``bets``: ``own.BET_COLUMNS``."""
    from dagster_mlb.reporting.strategy_report.page import bet_in_words

    table = open_table("The first bets", "date", "game", "bet", ">price", "reason", "result", ">units", ">EV-CLV")
    for column in table.columns[1:6]:
        column.no_wrap, column.overflow = False, "fold"
    for row in bets.iter_rows(named=True):
        table.add_row(*bet_in_words(row))
    return table


def absent_table(absent: pl.DataFrame) -> Table:
    """What the data does not allow, by sample and reason. ``absent``: ``contents.ABSENT_SCHEMA``."""
    reasons = (
        absent.filter(~pl.col("reason").str.starts_with("nothing met"))
        .group_by("sample", "reason", maintain_order=True)
        .agg(pl.col("strategy").unique(maintain_order=True))
    )
    table = open_table("What the data does not allow", "sample", "reason", "strategies")
    for column in table.columns[1:]:
        column.no_wrap, column.overflow = False, "fold"
    for row in reasons.iter_rows(named=True):
        table.add_row(short_of(row["sample"]), row["reason"], ", ".join(row["strategy"]), style="dim")
    return table


def _pm(value: Any, se: Any, digits: int) -> str:
    return plus_minus(value, se, digits, as_percent=True).removesuffix(" %")


def _percent(value: Any) -> str:
    return MISSING if value is None else number(100 * value, 1, signed=True)
