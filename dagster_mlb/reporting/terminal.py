"""What a run did, as tables in the terminal: rows per layer, quarantine, checks, model against market, strategies,
seasons.

Only how figures look. They come in as frames or plain values; ``run_summary.py`` reads them from the warehouse.
Every table fits ``WIDTH`` columns. A missing figure is shown as a dash, never as zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from dagster_mlb.reporting.numerals import MISSING, count, number, percent, plus_minus

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

WIDTH = 110
#: So many strategies are listed whole; of more the random sides, the strongest and the weakest.
MOST_STRATEGIES = 24
LAYERS = ("raw_data", "staging", "curated")


@dataclass(frozen=True)
class RunSummary:
    """Everything ``print_summary`` shows; what is None or empty is left out, except the rows."""

    title: str
    environment: str
    now: str
    seconds: float | None = None
    layers: pl.DataFrame | None = None  # schema, table, rows
    quarantine: pl.DataFrame | None = None  # source, rule, records
    checks: tuple[int, int] | None = None  # passed, failed
    failed_checks: Sequence[str] = ()
    models: pl.DataFrame | None = None  # curated.model_performance, period 'all'
    strategies: pl.DataFrame | None = None  # BacktestReport.table()
    seasons: pl.DataFrame | None = None  # season_table()
    next_steps: Mapping[str, str] = field(default_factory=dict)  # what to see -> where


def print_summary(summary: RunSummary, console: Console | None = None) -> None:
    """Write the whole summary, top to bottom, not wider than ``WIDTH``."""
    from rich.console import Console
    from rich.rule import Rule

    console = console or Console()
    width = min(WIDTH, console.width)
    for part in renderables(summary):
        console.print(part, width=width)
    console.print(Rule(style="dim"), width=width)


def renderables(summary: RunSummary) -> Iterable[RenderableType]:
    """The parts of the summary in the order in which people read them."""
    from rich.rule import Rule
    from rich.text import Text

    yield Rule(f"[bold]{summary.title}", style="cyan")
    took = f", {summary.seconds:.1f} s" if summary.seconds is not None else ""
    yield Text(f"environment {summary.environment}, clock {summary.now}{took}", style="dim")
    if summary.layers is not None:
        yield layers_table(summary.layers)
    if summary.quarantine is not None:
        yield quarantine_table(summary.quarantine)
    if summary.checks is not None:
        yield checks_line(*summary.checks, summary.failed_checks)
    if summary.models is not None and not summary.models.is_empty():
        yield models_table(summary.models)
    if summary.strategies is not None and not summary.strategies.is_empty():
        yield strategies_table(summary.strategies)
    if summary.seasons is not None and not summary.seasons.is_empty():
        yield seasons_table(summary.seasons)
    if summary.next_steps:
        yield next_steps_table(summary.next_steps)


def layers_table(layers: pl.DataFrame) -> RenderableType:
    """Rows per table, one column a layer, in the direction in which the data flows. ``layers``: schema, table, rows."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = open_table("Rows per layer")
    table.expand = True
    cells = []
    for layer in LAYERS:
        rows = layers.filter(pl.col("schema") == layer).sort("table").select("table", "rows")
        table.add_column(f"{layer}\n[dim]{int(rows['rows'].sum()):,} rows", ratio=1)
        inner = Table.grid(expand=True, padding=(0, 1, 0, 0))
        inner.add_column(overflow="ellipsis", no_wrap=True, ratio=1)
        inner.add_column(justify="right", no_wrap=True)
        for name, held in rows.iter_rows():
            inner.add_row(name, count(held), style=None if held else "dim")
        cells.append(inner)
    table.add_row(*cells)
    operational = layers.filter(pl.col("schema") == "operational").sort("table")
    if operational.is_empty():
        return table
    counts = ", ".join(f"{name} {rows:,}" for name, rows in operational.select("table", "rows").iter_rows() if rows)
    return Group(table, Text(f"operational: {counts or 'empty'}\n", style="dim"))


def quarantine_table(quarantine: pl.DataFrame) -> RenderableType:
    """Quarantined records by source and rule, most first. ``quarantine``: source, rule, records."""
    from rich.text import Text

    if quarantine.is_empty():
        return Text("✓ nothing is in quarantine", style="green")
    table = open_table("Quarantined, by reason", "source", "rule", ">records")
    for row in quarantine.sort(["records", "source", "rule"], descending=[True, False, False]).iter_rows(named=True):
        table.add_row(str(row["source"]), str(row["rule"]), f"{row['records']:,}")
    return table


def checks_line(passed: int, failed: int, failures: Sequence[str] = ()) -> RenderableType:
    """How many checks passed, and the names of those that did not."""
    from rich.text import Text

    if not failed:
        return Text(f"✓ {passed} checks passed", style="green")
    names = "".join(f"\n  ✗ {name}" for name in failures)
    return Text(f"✗ {failed} of {passed + failed} checks failed{names}", style="bold red")


def models_table(models: pl.DataFrame) -> Table:
    """Models beside their market, best first.

    ``models``: model_name, decision, provenance, n, log_loss, brier, accuracy, calibration_slope, calibration_slope_se,
    log_loss_difference, difference_se, close_log_loss.
    """
    table = open_table(
        "Model against market",
        "model",
        "sample",
        ">n",
        ">log-loss",
        ">− market ± se",
        ">Brier",
        ">acc",
        ">cal. slope",
        ">close",
        caption="− market: paired difference in nats per game, date-clustered; below zero is better than the price.",
    )
    for row in models.sort("decision", "log_loss", "model_name").iter_rows(named=True):
        table.add_row(
            row["model_name"],
            _sample(row),
            count(row["n"]),
            number(row["log_loss"], 4),
            plus_minus(row["log_loss_difference"], row["difference_se"], 4, signed=True),
            number(row["brier"], 4),
            percent(row["accuracy"]),
            plus_minus(row["calibration_slope"], row["calibration_slope_se"], 2),
            number(row.get("close_log_loss"), 4),
        )
    return table


def strategies_table(strategies: pl.DataFrame) -> Table:
    """Strategies beside the random side, which stands first in each decision. Columns: those of
    ``BacktestReport.table``. Of more than ``MOST_STRATEGIES`` those that say most are shown; below the table stands how
    many were left out, and those that found nothing to bet.
    """
    bets = pl.sum_horizontal(
        pl.col(name).fill_null(0) for name in ("n", "n_void", "n_pending", "n_unfilled") if name in strategies.columns
    )
    silent = strategies.filter(bets == 0)
    with_bets = strategies.filter(bets > 0)
    shown = most_telling(with_bets)
    table = open_table(
        "Strategies against the random side",
        "strategy",
        "sample",
        ">bets",
        ">ROI % (95 %)",
        ">EV-CLV % ± se",
        ">beats",
        ">p",
        ">p*",
        ">run",
        ">down",
        caption="ROI on turnover, interval by whole dates; without skill it is minus the hold, not zero. beats:\n"
        "percent of bets that beat the close. p: share of worlds, the close being true in them, that earn\n"
        "as much by luck; p*: that p as one of all trials in the ledger, of which one looks at the best.\n"
        "run: most losses in a row. down: deepest fall, in units. open: not settled yet."
        + _left_out(with_bets.height - shown.height)
        + _nothing_bet(silent),
        gap=1,
    )
    table.columns[0].no_wrap, table.columns[0].overflow, table.columns[0].max_width = False, "fold", 26
    ordered = shown.with_columns(_is_null().alias("_null")).sort(
        ["decision", "_null", "strategy"], descending=[True, True, False], nulls_last=True
    )
    for row in ordered.iter_rows(named=True):
        played = row["n"] > 0
        table.add_row(
            _strategy_name(row),
            _sample(row),
            _bet_count(row["n"], row["n_pending"]),
            _interval(row["roi"], row["roi_low"], row["roi_high"]),
            plus_minus(row["ev_clv"], row["ev_clv_se"], 2, as_percent=True).removesuffix(" %"),
            percent(row["beat_close_rate"]).removesuffix(" %"),
            number(row["p_no_skill"], 2),
            number(row.get("p_deflated"), 2),
            str(row["longest_losing_run"]) if played else MISSING,
            number(row["max_drawdown"], 0) if played else MISSING,
            style="dim" if row["_null"] else None,
        )
    return table


def most_telling(strategies: pl.DataFrame, most: int = MOST_STRATEGIES) -> pl.DataFrame:
    """All of them, or of more than ``most`` the random sides and, by EV-CLV, the strongest and weakest of the others:
    those with the most bets among equals, and none that is not settled at all.
    """
    if strategies.height <= most:
        return strategies
    nulls = strategies.filter(_is_null())
    judged = strategies.filter(~_is_null() & pl.col("ev_clv").is_not_null())
    ranked = judged.sort(["ev_clv", "n", "strategy"], descending=[True, True, False])
    half = max(1, (most - nulls.height) // 2)
    return pl.concat([nulls, ranked.head(half), ranked.slice(max(half, ranked.height - half))])


def _is_null() -> pl.Expr:
    return pl.col("strategy") == "random_side"


def _left_out(number_of_rows: int) -> str:
    if not number_of_rows:
        return ""
    return f"\n{number_of_rows} more between the strongest and the weakest by EV-CLV: `mlb report` shows them all."


def _strategy_name(row: dict[str, Any]) -> str:
    """A strategy as it is called, with the form that is not the usual one and the word for what only runs along."""
    faded = " (fade)" if row.get("form") == "fade" else ""
    return f"{row['strategy']}{faded}{' (shadow)' if row.get('is_shadow') else ''}"


def _nothing_bet(silent: pl.DataFrame) -> str:
    """Names of the strategies without a bet, by decision, wrapped under the table."""
    import textwrap

    if silent.is_empty():
        return ""
    by_decision = silent.group_by("decision").agg(pl.col("strategy").unique().sort()).sort("decision")
    told = "; ".join(f"{', '.join(row['strategy'])} at {row['decision']}" for row in by_decision.iter_rows(named=True))
    return "\n" + textwrap.fill(f"Nothing to bet: {told}.", 108)


def seasons_table(seasons: pl.DataFrame) -> Table:
    """The archive season by season: by its own Final and, beside it, by official results. Columns: those of
    ``season_table``.
    """
    table = open_table(
        "Seasons of the archive: prices against results",
        ">season",
        ">n",
        ">LL\nopen",
        ">LL\nclose",
        ">Brier",
        ">acc",
        ">S\nclose",
        ">home\nwin",
        ">│\n│ n",
        ">LL\nopen",
        ">LL\nclose",
        ">home\nwin",
        ">tied",
        ">differ",
        caption="Left: the archive's own final scores; right of │: official results. LL: log-loss in nats, no-vig\n"
        "multiplicative. tied: regular-season games tied to an official one of the same score. differ: unequal scores.",
        gap=1,
    )
    for row in seasons.sort("season").iter_rows(named=True):
        regular = row["regular_games"]
        table.add_row(
            str(row["season"]),
            count(row["n"]),
            number(row["log_loss_open"], 4),
            number(row["log_loss_close"], 4),
            number(row["brier_close"], 4),
            number(row["accuracy_close"], 4),
            number(row["booksum_close"], 4),
            number(row["home_win_rate"], 4),
            f"│ {count(row['n_official'])}",
            number(row["log_loss_open_official"], 4),
            number(row["log_loss_close_official"], 4),
            number(row["home_win_rate_official"], 4),
            percent(row["tied_same_score"] / regular if regular else None, 2),
            count(row["scores_differ"]),
        )
    return table


def next_steps_table(steps: Mapping[str, str]) -> Table:
    """Where to look next: what to see, and the command or address for it."""
    table = open_table("Where to look next")
    table.show_header = False
    table.add_column("what", style="bold", no_wrap=True)
    table.add_column("where", overflow="fold")
    for what, where in steps.items():
        table.add_row(what, where)
    return table


def open_table(title: str, *columns: str, caption: str | None = None, gap: int = 2) -> Table:
    """An open table; a heading that starts with ``>`` stands to the right."""
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
        padding=(0, gap - 1, 0, 0),
    )
    for column in columns:
        right = column.startswith(">")
        table.add_column(column.lstrip(">"), justify="right" if right else "left", no_wrap=column != "sample")
    return table


def _interval(value: Any, low: Any, high: Any) -> str:
    if value is None:
        return MISSING
    text = number(100 * value, 1, signed=True)
    if low is None or high is None:
        return text
    return f"{text} [dim]({number(100 * low, 1, signed=True)}/{number(100 * high, 1, signed=True)})[/]"


def _bet_count(settled: int, pending: int) -> str:
    if not pending:
        return count(settled)
    return f"{pending:,} open" if not settled else f"{settled:,}+{pending:,} open"


def _sample(row: Mapping[str, Any]) -> str:
    """Decision and provenance: no figure stands without them."""
    return f"{row['decision']} [dim]{row['provenance'] or 'no games'}[/]"
