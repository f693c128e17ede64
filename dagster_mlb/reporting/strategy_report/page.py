"""The report as one page of HTML: figures put into words, pictures drawn, all into ``report.html.j2``.

The page needs nothing from elsewhere: styles and pictures are in it, no script is. Whatever comes from data is escaped
by the template.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from dagster_mlb.reporting.numerals import MISSING, count, number, p_value, percent, plus_minus
from dagster_mlb.reporting.strategy_report import findings as said
from dagster_mlb.reporting.strategy_report import plots
from dagster_mlb.reporting.strategy_report.anchors import ANCHORS, Anchor
from dagster_mlb.reporting.strategy_report.jumps import moment_in_words
from dagster_mlb.reporting.strategy_report.samples import FOUR_BOOKS, LABELS, ONE_BOOK, short_of, title_of
from dagster_mlb.strategies.figures.summary import deflated_p_value, expected_best_z

if TYPE_CHECKING:
    from dagster_mlb.reporting.strategy_report.contents import Contents

TEMPLATE: Final = "report.html.j2"
RETROSHEET: Final = (
    "The information used here was obtained free of charge from and is copyrighted by Retrosheet. Interested parties "
    "may contact Retrosheet at www.retrosheet.org."
)
#: Headings of the one row that every strategy has; each with what it means.
COLUMNS: Final = (
    ("strategy", "with form: follow, or fade (the other side at its own price)"),
    ("sample", "whose prices, and when they were taken"),
    ("provenance", "archive, live, replayed or simulated"),
    ("market", "and whose price: the benchmark's, the best, each book's, or one by name"),
    ("n", "bets won, lost or pushed; below it those that are open, void or were not filled"),
    ("turnover", "units staked"),
    ("ROI % ± se", "profit on turnover, error by whole dates"),
    ("95 in 100", "interval of the ROI, whole dates drawn anew"),
    ("EV-CLV % ± se", "price × no-vig closing probability − 1; ° the close is of the very book that was bet"),
    ("close %", "share of the bets that have a close"),
    ("beats %", "share of those that beat it"),
    ("random side", "ROI / EV-CLV in percent of a random side of the same sample, decision and market"),
    ("− hold", "in percent, of the very prices that were paid"),
    ("p", "share of worlds, the closing prices being true in them, that earn as much by luck"),
    ("p*", "that p as one of all trials, of which one looks at the best"),
    ("run", "most losses in a row"),
    ("down", "deepest fall below the peak, units"),
)
#: Fewer bets than these are not shaded, whatever their closing value.
ENOUGH_TO_SHADE: Final = 100
FORM_MARK: Final = {"fade": " (fade)", "follow": ""}


def html(contents: Contents) -> str:
    """The whole page."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("dagster_mlb.reporting.strategy_report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["svg"] = Markup  # drawn by us, its words escaped where they were drawn
    return environment.get_template(TEMPLATE).render(context(contents))


def context(contents: Contents) -> dict[str, Any]:
    """What the template shows, in the order of its sections."""
    return {
        "title": contents.title,
        "one_run": contents.is_of_one_run,
        "bets": [bet_in_words(row) for row in contents.bets.iter_rows(named=True)],
        "made_at": contents.made_at,
        "environment": contents.environment,
        "asked_seasons": contents.asked_seasons,
        "has_labels": LABELS in contents.samples,
        "is_simulated": any(sample.is_simulated for sample in contents.samples),
        "samples": [_sample(sample, contents.coverage) for sample in contents.samples],
        "findings": [finding for finding in contents.findings if not finding.is_unanswered],
        "unanswered": [finding for finding in contents.findings if finding.is_unanswered],
        "headlines": headlines(contents),
        "seasons": _seasons(contents.seasons),
        "seasons_picture": plots.seasons(contents.seasons),
        "value_by_season": _value_by_season(contents.value_by_season),
        "value_by_bin": _bins(contents.value_by_bin),
        "value_picture": plots.value_at_close(
            contents.value_by_bin,
            contents.value_by_season,
            f"{LABELS.title} {contents.asked_seasons}, both sides at the open",
        ),
        "naive_pictures": _forests(said.naive(contents.rows, simulated=True)),
        "chase": _chase(contents.chase),
        "chase_picture": plots.chased(contents.chase, LABELS.title),
        "latency": _latency(contents.latency),
        "latency_picture": plots.latency(contents.latency, ONE_BOOK.title),
        "events": [{**row, "sample": title_of(row["sample"])} for row in contents.events.iter_rows(named=True)],
        "in_play": contents.in_play,
        "book_scores": _book_scores(contents.book_scores),
        "retail": _retail(contents.retail),
        "retail_picture": plots.retail(contents.retail, FOUR_BOOKS.title),
        "columns": COLUMNS,
        "tables": _tables(contents),
        "lines_pictures": _forests(
            contents.rows.filter((pl.col("market") != "moneyline") & ~pl.col("is_null") & (pl.col("n") >= said.ENOUGH))
        ),
        "absent": _absent(contents.absent),
        "ladders": _ladders(contents.ladders),
        "calibration": _calibration(contents.calibration),
        "reliability": [plots.reliability(table, title_of(sample)) for sample, table in contents.reliability.items()],
        "curves": _curves(contents.curves),
        "ledger": list(contents.ledger.iter_rows(named=True)),
        "trials": contents.trials,
        "deflation": _deflation(contents.trials),
        "expected_best_z": number(expected_best_z(contents.trials), 2),
        "retrosheet": RETROSHEET,
        "seconds": [(name, number(taken, 1)) for name, taken in contents.seconds.items()],
        "total_seconds": number(sum(contents.seconds.values()), 1),
        "count": count,
    }


def headlines(contents: Contents) -> list[dict[str, str]]:
    """The few figures on top, each with its error, sample and provenance; those that there are."""
    cards = []
    if contents.value_by_season.height:
        pooled = contents.value_by_season.row(-1, named=True)
        cards.append(
            _card("return per point of EV-CLV", plus_minus(pooled["clv_slope"], pooled["clv_slope_se"], 2),
                  f"{count(pooled['n'])} sides at the open · SBR · archive", "market")
        )  # fmt: skip
        cards.append(
            _card("both sides at the open", plus_minus(pooled["roi"], pooled["roi_se"], 1, as_percent=True),
                  f"minus the hold is {percent(-pooled['hold'], signed=True)} · SBR · archive", "market")
        )  # fmt: skip
    for bet, words, kind in (
        ("follow", "a finished move, chased at the close", "strategy"),
        ("oracle", "ORACLE: the same sides at the open", "oracle"),
    ):
        row = said._bet(contents.chase, bet)
        if row is not None:
            cards.append(
                _card(
                    words,
                    plus_minus(row["roi"], row["roi_se"], 1, as_percent=True),
                    f"{count(row['n'])} bets · SBR · archive",
                    kind,
                )
            )
    after = contents.latency.filter(pl.col("latency") == 60)
    if after.height and after["ev_clv"][0] is not None:
        row = after.row(0, named=True)
        cards.append(
            _card("a jump, 60 s after its detection", plus_minus(row["ev_clv"], row["ev_clv_se"], 2, as_percent=True),
                  f"EV-CLV of {count(row['n'])} fills · Pinnacle 2016 · archive", "strategy")
        )  # fmt: skip
    return cards


def _card(words: str, figure: str, basis: str, kind: str) -> dict[str, str]:
    return {"words": words, "figure": figure, "basis": basis, "kind": kind}


def _sample(sample: Any, coverage: pl.DataFrame) -> dict[str, Any]:
    held = coverage.filter(pl.col("sample") == sample.key) if coverage.height else coverage
    return {
        "title": sample.title,
        "note": sample.note,
        "is_simulated": sample.is_simulated,
        "held": [
            {
                "decision": decision,
                "markets": " · ".join(f"{row['market']} {count(row['games'])}" for row in part.iter_rows(named=True)),
                "books": part["books"].max(),
                "seasons": part["seasons"][0],
                "provenance": part["provenance"][0],
                "evidence": part["evidence"][0],
            }
            for (decision,), part in (held.group_by("decision", maintain_order=True) if held.height else ())
        ],
    }


def _tables(contents: Contents) -> list[dict[str, Any]]:
    """One table a sample, all with the same columns."""
    tables = []
    for sample in contents.samples:
        rows = contents.rows.filter((pl.col("sample") == sample.key) & (pl.col("n") > 0))
        missing = (
            rows.drop_nulls("missing_closes")
            .group_by("decision", "market", "missing_closes", maintain_order=True)
            .agg(rows=pl.len())
        )
        reasons = [
            f"{row['decision']}, {row['market']}: {row['missing_closes']} (in {row['rows']} rows)"
            for row in missing.iter_rows(named=True)
        ]
        tables.append(
            {
                "title": sample.title,
                "key": sample.key,
                "is_simulated": sample.is_simulated,
                "rows": [_row(row) for row in rows.iter_rows(named=True)],
                "missing": _folded(reasons),
            }
        )
    return tables


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    """The cells of ``COLUMNS``: text, and what stands small below it."""
    others = ", ".join(
        f"{count(row[name])} {word}"
        for name, word in (("n_pending", "open"), ("n_void", "void"), ("n_unfilled", "not filled"))
        if row[name]
    )
    book = "" if row["book"] == "benchmark" else f" · {row['book']}"
    null = _in_percent(row["null_roi"]), _in_percent(row["null_ev_clv"])
    interval = _in_percent(row["roi_low"]), _in_percent(row["roi_high"])
    is_circular = bool(row["circular_share"]) and row["ev_clv"] is not None
    cells = (
        (f"{row['strategy']}{FORM_MARK[row['form']]}", ""),
        (f"{short_of(row['sample'])} · {row['decision']}", ""),
        (row["provenance"], ""),
        (f"{row['market']}{book}", ""),
        (count(row["n"]), others),
        (number(row["turnover"], 0), ""),
        (_plus_minus(row["roi"], row["roi_se"], 1), ""),
        (MISSING if interval[0] == MISSING else " / ".join(interval), ""),
        (_plus_minus(row["ev_clv"], row["ev_clv_se"], 2) + ("°" if is_circular else ""), ""),
        (percent(row["clv_coverage"], 0).removesuffix(" %"), ""),
        (percent(row["beat_close_rate"], 0).removesuffix(" %"), ""),
        (MISSING if null == (MISSING, MISSING) else " / ".join(null), ""),
        (_in_percent(row["minus_hold"]), ""),
        (p_value(row["p_no_skill"]), ""),
        (p_value(row["p_deflated"]), ""),
        (count(row["longest_losing_run"]), ""),
        (number(row["max_drawdown"], 0), ""),
    )
    is_good = row["ev_clv_se"] is not None and row["n"] >= ENOUGH_TO_SHADE and row["ev_clv"] > 3 * row["ev_clv_se"]
    return {"is_null": row["is_null"], "is_good": is_good, "cells": cells}


def _in_percent(value: Any) -> str:
    return MISSING if value is None else number(100 * value, 1, signed=True)


def _plus_minus(value: Any, se: Any, digits: int) -> str:
    return plus_minus(value, se, digits, as_percent=True).removesuffix(" %")


def _folded(reasons: Iterable[str], most: int = 12) -> list[str]:
    listed = list(reasons)
    return listed if len(listed) <= most else [*listed[:most], f"and {len(listed) - most} rows more of the same kind"]


def _absent(absent: pl.DataFrame) -> list[dict[str, Any]]:
    """By sample and reason, with the decisions and the strategies that it is about."""
    grouped = absent.group_by("sample", "reason", maintain_order=True).agg(
        pl.col("decision", "strategy").unique(maintain_order=True)
    )
    return [
        {
            "sample": short_of(row["sample"]),
            "reason": row["reason"],
            "decisions": ", ".join(row["decision"]),
            "strategies": ", ".join(row["strategy"]),
        }
        for row in grouped.iter_rows(named=True)
    ]


def bet_in_words(row: Mapping[str, Any]) -> tuple[str, ...]:
    """A bet as it is listed: date, game, what was bet, price, why, what became of it."""
    line = "" if row["line"] is None else f" {number(row['line'], 1, signed=row['market'] == 'spread')}"
    price = MISSING if row["price_american"] is None else f"{row['price_american']:+d}".replace("-", "−")
    outcome = row["result"] if row["unfilled_reason"] is None else f"not filled: {row['unfilled_reason']}"
    value = percent(row["ev_clv"], 1, signed=True)
    if row["ev_clv"] is None and row["missing_close_reason"]:
        value = row["missing_close_reason"]
    return (
        str(row["official_date"]),
        row["game"] or MISSING,
        f"{row['side']}{line} ({row['book']})",
        price,
        row["reason"],
        outcome,
        number(row["profit"], 2, signed=True),
        value,
    )


def _forests(rows: pl.DataFrame, most: int = 22) -> list[str]:
    """A picture per sample and sort of market: run lines and totals together, the longest lists in two."""
    drawn = []
    is_line = (pl.col("market") != "moneyline").alias("_is_line")
    for (sample, is_lines), part in rows.with_columns(is_line).group_by("sample", "_is_line", maintain_order=True):
        labels = [
            f"{row['strategy']}{FORM_MARK[row['form']]}, {row['decision']}" + (f", {row['market']}" if is_lines else "")
            for row in part.iter_rows(named=True)
        ]
        labelled = part.with_columns(pl.Series("label", labels, dtype=pl.String))
        named = f"{short_of(str(sample))}, {'run lines and totals' if is_lines else 'moneylines'}"
        pieces = -(-labelled.height // most)
        size = -(-labelled.height // pieces)
        for piece in range(pieces):
            numbered = named if pieces == 1 else f"{named} ({piece + 1} of {pieces})"
            drawn.append(plots.forest(labelled.slice(piece * size, size), numbered))
    return [picture for picture in drawn if picture]


def _seasons(table: pl.DataFrame) -> list[list[tuple[str, str]]]:
    """Each figure with its anchor, where the season has one."""
    told = []
    for row in (table.sort("season") if table.height else table).iter_rows(named=True):
        anchor = ANCHORS.get(row["season"])
        cells = [(str(row["season"]), "")]
        for name in Anchor._fields:
            digits = 0 if name == "n" else 4
            cells.append((number(row[name], digits), "" if anchor is None else number(getattr(anchor, name), digits)))
        tied = row["tied_same_score"] / row["regular_games"] if row["regular_games"] else None
        cells += [
            (count(row["n_official"]), ""),
            (number(row["log_loss_close_official"], 4), ""),
            (percent(tied, 2), ""),
        ]
        told.append(cells)
    return told


def _value_by_season(table: pl.DataFrame) -> list[tuple[str, ...]]:
    return [
        (
            "all" if row["season"] is None else str(row["season"]),
            count(row["n"]),
            percent(-row["hold"], 2, signed=True),
            plus_minus(row["roi"], row["roi_se"], 2, as_percent=True),
            plus_minus(row["ev_clv"], row["ev_clv_se"], 2, as_percent=True),
            plus_minus(row["clv_slope"], row["clv_slope_se"], 2),
            percent(row["beat_close_rate"], 1),
        )
        for row in table.iter_rows(named=True)
    ]


def _bins(table: pl.DataFrame) -> list[tuple[str, ...]]:
    def bounds(low: float, high: float) -> str:
        if low == float("-inf"):
            return f"below {percent(high, 1, signed=True)}"
        if high == float("inf"):
            return f"above {percent(low, 1, signed=True)}"
        return f"{percent(low, 1, signed=True)} to {percent(high, 1, signed=True)}"

    return [
        (
            bounds(row["low"], row["high"]),
            count(row["n"]),
            percent(row["ev_clv"], 1, signed=True),
            plus_minus(row["roi"], row["roi_se"], 1, as_percent=True),
        )
        for row in table.iter_rows(named=True)
    ]


def _chase(table: pl.DataFrame) -> list[dict[str, Any]]:
    words = {
        "follow": "the side that rose, at the close",
        "fade": "against it, at the close",
        "oracle": "ORACLE: the side that rose, at the open",
    }
    return [
        {
            "is_oracle": row["bet"] == "oracle",
            "cells": (
                f"{100 * row['threshold']:g} points",
                words[row["bet"]],
                count(row["n"]),
                plus_minus(row["roi"], row["roi_se"], 1, as_percent=True),
                plus_minus(row["ev_clv"], row["ev_clv_se"], 2, as_percent=True)
                + ("°" if row["moment"] == "close" else ""),
                percent(-row["hold"], signed=True),
            ),
        }
        for row in table.iter_rows(named=True)
    ]


def _latency(table: pl.DataFrame) -> list[dict[str, Any]]:
    return [
        {
            "is_oracle": row["moment"] == "before",
            "cells": (
                moment_in_words(row),
                count(row["n"]),
                count(row["not_filled"]),
                plus_minus(row["ev_clv"], row["ev_clv_se"], 2, as_percent=True),
                percent(row["beat_close_rate"], 0),
                plus_minus(row["ev_clv_other"], row["ev_clv_other_se"], 2, as_percent=True),
                plus_minus(row["roi"], row["roi_se"], 1, as_percent=True),
                percent(-row["hold"] if row["hold"] is not None else None, 2, signed=True),
            ),
        }
        for row in table.iter_rows(named=True)
    ]


def _book_scores(table: pl.DataFrame) -> list[tuple[str, ...]]:
    return [
        (
            row["book"],
            count(row["quotes"]),
            count(row["in_play_left_out"]),
            count(row["doubtful_left_out"]),
            count(row["n"]),
            plus_minus(row["log_loss"], row["se"], 4),
            number(row["consensus_log_loss"], 4),
            plus_minus(row["difference"], row["difference_se"], 4, signed=True),
        )
        for row in table.iter_rows(named=True)
    ]


def _retail(table: pl.DataFrame) -> list[tuple[str, ...]]:
    return [
        (
            row["book"],
            count(row["n"]),
            percent(row["hold"], 2),
            plus_minus(row["ev_sharp"], row["ev_sharp_se"], 2, as_percent=True),
            percent(row["better_share"], 1),
            count(row["n_clv"]),
            plus_minus(row["ev_clv"], row["ev_clv_se"], 2, as_percent=True),
            plus_minus(row["roi"], row["roi_se"], 1, as_percent=True),
        )
        for row in table.iter_rows(named=True)
    ]


def _calibration(table: pl.DataFrame) -> list[tuple[str, ...]]:
    return [
        (
            row["strategy"],
            f"{short_of(row['sample'])} · {row['decision']}",
            row["provenance"],
            count(row["n"]),
            number(row["log_loss"], 4),
            number(row["close_log_loss"], 4),
            plus_minus(row["slope"], row["slope_se"], 2),
        )
        for row in table.iter_rows(named=True)
    ]


def _ladders(ladders: pl.DataFrame) -> list[str]:
    drawn = []
    keys = ["sample", "provenance", "decision", "strategy", "form", "measure"]
    for key, rungs in ladders.group_by(keys, maintain_order=True):
        sample, provenance, decision, strategy, form, measure = map(str, key)
        told = f"{short_of(sample)} · {decision}\n{provenance} · by {measure}"
        drawn.append(plots.ladder(rungs, f"{strategy}{FORM_MARK[form]}", told))
    return [picture for picture in drawn if picture]


def _curves(curves: pl.DataFrame) -> list[str]:
    drawn = []
    keys = ["sample", "provenance", "decision", "market", "strategy", "form"]
    for key, curve in curves.group_by(keys, maintain_order=True):
        sample, provenance, decision, market, strategy, form = map(str, key)
        told = f"{short_of(sample)} · {decision}\n{provenance} · {market}"
        drawn.append(plots.equity(curve, f"{strategy}{FORM_MARK[form]}", told, is_simulated="simulated" in provenance))
    return [picture for picture in drawn if picture]


def _deflation(trials: int) -> list[tuple[str, str]]:
    """What a p-value becomes as one of so many trials."""
    return [(p_value(p), p_value(deflated_p_value(p, trials))) for p in (0.05, 0.01, 0.001, 0.0001)]
