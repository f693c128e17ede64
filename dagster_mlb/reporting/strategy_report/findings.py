"""What the figures say, in sentences that are computed from them. Each has a test; where it fails the sentence says the
opposite, and where there is nothing to test it says that.

*Within errors* is two standard errors for one figure. Of many figures some stray further by chance, so for a list the
sentence tells how many are beyond two, and the test is at three.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import polars as pl

from dagster_mlb.reporting.numerals import count, number, p_value, percent, plus_minus
from dagster_mlb.reporting.strategy_report.anchors import furthest_from_anchor
from dagster_mlb.reporting.strategy_report.books import BEST, SHARP
from dagster_mlb.reporting.strategy_report.chase import HEADLINE
from dagster_mlb.reporting.strategy_report.samples import FOUR_BOOKS, short_of, title_of

if TYPE_CHECKING:
    from dagster_mlb.reporting.strategy_report.contents import InPlay

Verdict = Literal["holds", "fails", "open"]
ALPHA: Final = 0.05
ONE, MANY = 2.0, 3.0  # standard errors that a figure, or the worst of a list, may be away
#: Of a claim on which nothing in the warehouse bears.
NO_BASIS: Final = "–"
#: From the reference figures, which have four decimals.
MOST_GAMES_OFF, MOST_NATS_OFF = 5, 5e-4
#: Fewer bets than these make no return that a list may be judged by.
ENOUGH: Final = 300


@dataclass(frozen=True)
class Finding:
    """One claim: ``verdict`` (holds, fails, or open where nothing can be said), the sentence, and what it rests on."""

    claim: str
    verdict: Verdict
    sentence: str
    basis: str

    @property
    def is_unanswered(self) -> bool:
        """Nothing in the warehouse bears on it."""
        return self.verdict == "open" and self.basis == NO_BASIS


def the_archive_was_read_rightly(seasons: pl.DataFrame, basis: str) -> Finding:
    """``seasons``: ``season_report.season_table``."""
    claim = "The archive was read rightly"
    found = furthest_from_anchor(seasons) if seasons.height else None
    if found is None:
        return _nothing(claim, "No season with reference figures is in the warehouse.")
    held, games, nats = found
    agrees = games <= MOST_GAMES_OFF and nats <= MOST_NATS_OFF
    sentence = (
        f"{held} {'season' if held == 1 else 'seasons'} beside figures measured apart from this code: the worst is "
        f"{games} games and {number(nats, 4)} nats of log-loss away"
        + (", which is rounding." if agrees else ", which is too much: look for what is read differently.")
    )
    return Finding(claim, _verdict(agrees), sentence, basis)


def roi_is_ev_clv(by_season: pl.DataFrame, basis: str) -> Finding:
    """``by_season``: ``open_to_close.value_by_season``, its last row pooled."""
    claim = "Mean return equals mean EV-CLV"
    pooled = _pooled(by_season)
    if pooled is None or pooled["roi_se"] is None or pooled["ev_clv"] is None:
        return _nothing(claim, "No archive with opening and closing prices is in the warehouse.")
    apart = pooled["roi"] - pooled["ev_clv"]
    agrees = abs(apart) <= ONE * pooled["roi_se"]
    sentence = (
        f"Both sides of every game at the open returned {_pm(pooled['roi'], pooled['roi_se'], 2)}, and their EV-CLV "
        f"had said {_pm(pooled['ev_clv'], pooled['ev_clv_se'], 2)}: they {'agree' if agrees else 'do not agree'} "
        f"({_points(apart)} apart, two errors are {_points(ONE * pooled['roi_se'])})."
    )
    return Finding(claim, _verdict(agrees), sentence, f"{basis} · {count(pooled['n'])} sides")


def clv_is_worth_its_face(by_season: pl.DataFrame, basis: str) -> Finding:
    claim = "A point of EV-CLV is a point of return"
    pooled = _pooled(by_season)
    if pooled is None or pooled["clv_slope"] is None or pooled["clv_slope_se"] is None:
        return _nothing(claim, "No archive with opening and closing prices is in the warehouse.")
    slope, se = pooled["clv_slope"], pooled["clv_slope_se"]
    is_one, is_some = abs(slope - 1) <= ONE * se, slope > ONE * se
    told = "one for one" if is_one else ("but not one for one" if is_some else "and cannot be told from nothing")
    sentence = f"Return regressed on EV-CLV has slope {plus_minus(slope, se, 2)}: a better price is money, {told}."
    return Finding(
        claim, _verdict(is_one and is_some), sentence, f"{basis} · {count(pooled['n'])} sides, errors by date"
    )


def no_naive_rule_beats_the_hold(rows: pl.DataFrame) -> Finding:
    """``rows``: ``rows.ROW_SCHEMA``; those of rules without skill with enough bets are looked at."""
    claim = "No naive rule beats minus the hold"
    judged = naive(rows).with_columns(
        _z=(pl.col("roi") - pl.col("minus_hold")) / pl.col("roi_se"), _above=pl.col("roi") / pl.col("roi_se")
    )
    if judged.is_empty():
        return _nothing(claim, "No rule without skill was bet on a real sample.")
    best = judged.sort("_above").row(-1, named=True)
    winners = judged.filter(pl.col("_above") > ONE)
    strays = judged.filter(pl.col("_z").abs() > ONE)
    within = bool((judged["_z"].abs() <= MANY).all())
    named = _name_of(best)
    if winners.is_empty():
        first = (
            f"Of {judged.height} runs of rules that know nothing, none returns more than nothing by two errors; the "
            f"best, {named}, returned {_pm(best['roi'], best['roi_se'])}."
        )
    else:
        first = (
            f"{winners.height} of {judged.height} runs of rules that know nothing return more than nothing by two "
            f"errors, first of all {named}: {_pm(best['roi'], best['roi_se'])}."
        )
    near = judged.height - strays.height
    second = f" {_of(near, judged.height)} are within two errors of minus the hold of their own prices"
    second += "." if not strays.height else f", {'all' if within else 'not all'} within three."
    return Finding(claim, _verdict(winners.is_empty() and within), first + second, _samples_of(judged))


def chasing_loses_the_hold(chase: pl.DataFrame, basis: str) -> Finding:
    """``chase``: ``chase.SCHEMA``."""
    claim = "Chasing a finished move loses about the hold"
    follow, fade = _bet(chase, "follow"), _bet(chase, "fade")
    if follow is None or fade is None:
        return _nothing(claim, "No archive with opening and closing prices is in the warehouse.")
    gains = follow["roi"] > ONE * follow["roi_se"]
    near = all(abs(row["roi"] + row["hold"]) <= MANY * row["roi_se"] for row in (follow, fade))
    ending = "chasing pays" if gains else "neither pays"
    if not gains and near:
        ending = "neither pays, and both are within three errors of the hold that the price charges"
    elif not gains:
        ending += ", but they are not both within three errors of the hold"
    sentence = (
        f"The side whose fair probability had risen by {_threshold()} or more, bought at the close: "
        f"{_pm(follow['roi'], follow['roi_se'])}; against it: {_pm(fade['roi'], fade['roi_se'])} "
        f"(minus the hold: {percent(-follow['hold'], signed=True)}). So {ending}."
    )
    return Finding(
        claim, _verdict(near and not gains), sentence, f"{basis} · {count(follow['n'])} and {count(fade['n'])} bets"
    )


def the_oracle_only_seems_to_win(chase: pl.DataFrame, basis: str) -> Finding:
    claim = "The same side at the open wins, and could not be known"
    oracle = _bet(chase, "oracle")
    if oracle is None:
        return _nothing(claim, "No archive with opening and closing prices is in the warehouse.")
    wins = oracle["roi"] > ONE * oracle["roi_se"]
    sentence = (
        f"ORACLE, not a strategy: those sides at their opening price returned {_pm(oracle['roi'], oracle['roi_se'])}. "
        + (
            "They were chosen by their close: it is what a backtest shows that fills at the price from before the move."
            if wins
            else "Even with the close in hand that cannot be told from nothing here."
        )
    )
    return Finding(
        claim, _verdict(wins), sentence, f"{basis} · {count(oracle['n'])} sides, chosen with the close in hand"
    )


def a_jump_takes_its_price_with_it(latency: pl.DataFrame, basis: str, seconds: int = 60) -> Finding:
    """``latency``: ``jumps.SCHEMA``."""
    claim = "After a jump its old price is gone"
    before = _row(latency, pl.col("moment") == "before")
    after = _row(latency, pl.col("latency") == seconds)
    if before is None or after is None or before["ev_clv_se"] is None or after["ev_clv_se"] is None:
        return _nothing(claim, "No book's ticks with jumps on more than one day are in the warehouse.")
    error = (before["ev_clv_se"] ** 2 + after["ev_clv_se"] ** 2) ** 0.5
    is_gone = before["ev_clv"] - after["ev_clv"] > ONE * error
    is_hold = abs(after["ev_clv"] + after["hold"]) <= max(MANY * after["ev_clv_se"], 0.002)
    kept = "is gone" if is_gone else "seems to be there still"
    level = "about minus the hold" if is_hold else "not minus the hold"
    sentence = (
        f"ORACLE, the price before the jump: EV-CLV {_pm(before['ev_clv'], before['ev_clv_se'], 2)}. {seconds} s after "
        f"its detection: {_pm(after['ev_clv'], after['ev_clv_se'], 2)}, {level} "
        f"({percent(-after['hold'], 2, signed=True)}). The old price {kept}."
    )
    return Finding(
        claim, _verdict(is_gone and is_hold), sentence, f"{basis} · {count(after['n'])} fills of jumps of one book"
    )


def skill_is_luck_after_all(rows: pl.DataFrame, trials: int) -> Finding:
    """Whether any run of a strategy on a real sample earns more than the closing prices allow by luck, once it is one
    of so many.
    """
    claim = "No strategy survives the number of trials"
    told = rows.filter(pl.col("p_no_skill").is_not_null() & ~pl.col("is_null") & (pl.col("n") > 0) & _is_real())
    if told.is_empty():
        return _nothing(claim, "No strategy has made a bet on a real sample that could be judged.")
    best = told.sort("p_no_skill").row(0, named=True)
    survivors = told.filter(pl.col("p_deflated") <= ALPHA).height
    plain = told.filter(pl.col("p_no_skill") <= ALPHA).height
    ending = f"{survivors} survive: look for the leak first." if survivors else "Nothing survives."
    sentence = (
        f"Of {told.height} rows of strategies {plain} {'has' if plain == 1 else 'have'} p ≤ {ALPHA:.2f}, where chance "
        f"alone makes about {number(ALPHA * told.height, 0)}. The smallest, {_name_of(best)}, has p = "
        f"{p_value(best['p_no_skill'])}; as one of {count(trials)} trials p* = {p_value(best['p_deflated'])}. {ending}"
    )
    return Finding(claim, _verdict(not survivors), sentence, _samples_of(told))


def no_prices_beat_the_close(rows: pl.DataFrame) -> Finding:
    """Closing value is the sharper judge: whether any run on a real sample has found prices better than the close. What
    runs on the simulated league find is told, and proves nothing.
    """
    claim = "No strategy's prices beat the close"
    told = rows.filter((pl.col("n") >= ENOUGH) & (pl.col("ev_clv_se") > 0) & ~pl.col("is_null"))
    real, simulated = told.filter(_is_real()), told.filter(~_is_real())
    aside = f" In the simulated league: {_above_the_close(simulated)}" if simulated.height else ""
    if real.is_empty():
        basis = _samples_of(simulated) if aside else NO_BASIS
        return Finding(claim, "open", f"No strategy has {ENOUGH} bets with a close on a real sample.{aside}", basis)
    found = real.filter(pl.col("ev_clv") > MANY * pl.col("ev_clv_se"))
    ending = "" if found.is_empty() else " Look for the leak before the champagne."
    sentence = f"{_above_the_close(real)}{ending}{aside}"
    return Finding(claim, _verdict(found.is_empty()), sentence, _samples_of(told))


def _above_the_close(rows: pl.DataFrame) -> str:
    best = rows.sort("ev_clv").row(-1, named=True)
    above = rows.filter(pl.col("ev_clv") > MANY * pl.col("ev_clv_se")).height
    many = f"{above} have" if above else "none has"
    return (
        f"Of {rows.height} rows with {ENOUGH} bets or more {many} a mean EV-CLV above nothing by three errors; the "
        f"best is {_pm(best['ev_clv'], best['ev_clv_se'], 2)}, of {_name_of(best)}."
    )


def retail_asks_more_than_the_sharp_book(retail: pl.DataFrame, basis: str) -> Finding:
    """``retail``: ``books.SCHEMA``."""
    claim = "Retail books charge more than the sharp one"
    others = retail.filter(~pl.col("book").is_in([SHARP, BEST]) & (pl.col("ev_sharp_se") > 0))
    sharp = _row(retail, pl.col("book") == SHARP)
    if sharp is None or others.is_empty():
        return _nothing(claim, "No snapshots of several books are in the warehouse.")
    dearer = others.filter(pl.col("hold") > sharp["hold"])
    gains = others.filter(pl.col("ev_sharp") > ONE * pl.col("ev_sharp_se"))
    best = _row(retail, pl.col("book") == BEST)
    shopping = (
        "" if best is None else f" The best of them all is worth {_pm(best['ev_sharp'], best['ev_sharp_se'], 2)}."
    )
    named = ", ".join(f"{row['book']} {percent(row['hold'])}" for row in others.iter_rows(named=True))
    sentence = (
        f"Holds: {SHARP} {percent(sharp['hold'])}, {named}. At {SHARP}'s own no-vig price of the same snapshot a side "
        f"at a retail book is worth {percent(others['ev_sharp'].min(), 1, signed=True)} to "
        f"{percent(others['ev_sharp'].max(), 1, signed=True)} on average"
        + (", which is below nothing at each." if gains.is_empty() else ", which is above nothing somewhere.")
        + shopping
    )
    return Finding(claim, _verdict(dearer.height == others.height and gains.is_empty()), sentence, basis)


def games_under_way_are_left_out(in_play: InPlay | None, basis: str) -> Finding:
    claim = "Quotes of games under way are left out"
    if in_play is None:
        return _nothing(claim, "No snapshots of several books are in the warehouse.")
    used = (
        f"{count(in_play.used)} of them stand in a market all the same."
        if in_play.used
        else "None of them is in any figure."
    )
    doubt = f" {count(in_play.doubtful)} more may be of another game of the same clubs and are left out too."
    sentence = (
        f"{count(in_play.late)} of {count(in_play.quotes)} two-sided quotes were at or after the start. {used}"
        f"{doubt if in_play.doubtful else ''}"
    )
    return Finding(claim, _verdict(not in_play.used), sentence, basis)


def what_is_left_scores_as_the_market_does(scores: pl.DataFrame, basis: str) -> Finding:
    """``scores``: ``four_books.SCHEMA``. A price of a game under way scores far better than any before it."""
    claim = "What is left scores as closing prices do"
    told = scores.filter(pl.col("difference_se") > 0)
    if told.is_empty():
        return _nothing(claim, "No snapshots of several books are in the warehouse.")
    far = told.filter(pl.col("difference").abs() > MANY * pl.col("difference_se"))
    named = ", ".join(
        f"{row['book']} {plus_minus(1000 * row['difference'], 1000 * row['difference_se'], 1, signed=True)}"
        for row in told.iter_rows(named=True)
    )
    sentence = (
        f"Log-loss against the consensus close of the same games, in thousandths of a nat: {named}. "
        + ("None is" if far.is_empty() else f"{', '.join(far['book'])}: they are")
        + " further away than three errors."
    )
    return Finding(claim, _verdict(far.is_empty()), sentence, f"{basis} · {count(told['n'].max())} games")


def several_books_only_in_the_league(has_simulated: bool, events: pl.DataFrame) -> Finding:
    """``events``: ``EVENT_SCHEMA``, of the kinds that take several books' ticks or public splits."""
    claim = "Events of several books, tickets and money are simulated only"
    apart = events.filter(pl.col("sample") == FOUR_BOOKS.key)
    real = events.filter((pl.col("provenance") != "simulated") & (pl.col("sample") != FOUR_BOOKS.key))
    aside = (
        f" {count(apart['n'].sum())} that the detector sees in the four books' snapshots are used nowhere: a day lies "
        "between two snapshots, so nobody knows whether a price moved within minutes."
        if apart.height
        else ""
    )
    if real.is_empty():
        here = "the figures of this report that rest on them are marked simulated" if has_simulated else "here are none"
        sentence = (
            "No real sample holds several books' ticks or public splits. Steam, reverse line movement, divergence of "
            f"tickets and money and frozen lines are in the simulated league only; {here}.{aside}"
        )
        return Finding(claim, "holds", sentence, "signals by sample")
    named = ", ".join(
        f"{count(row['n'])} {row['kind'].replace('_', ' ')} ({row['provenance']})" for row in real.iter_rows(named=True)
    )
    sentence = f"Real events of several books or of splits are here: {named}.{aside}"
    return Finding(claim, "fails", sentence, "signals by sample")


def naive(rows: pl.DataFrame, *, simulated: bool = False) -> pl.DataFrame:
    """Rules without skill with bets enough and an error; on real samples, where the simulated is not asked for too."""
    return rows.filter(
        pl.col("is_null")
        & (pl.col("n") >= ENOUGH)
        & (pl.col("roi_se") > 0)
        & pl.col("minus_hold").is_not_null()
        & (_is_real() | pl.lit(simulated))
    )


def _is_real() -> pl.Expr:
    return ~pl.col("provenance").str.contains("simulated")


def _nothing(claim: str, why: str) -> Finding:
    return Finding(claim, "open", f"{why} Nothing is said.", NO_BASIS)


def _verdict(is_so: bool) -> Verdict:
    return "holds" if is_so else "fails"


def _pooled(by_season: pl.DataFrame) -> dict[str, Any] | None:
    return None if by_season.is_empty() else by_season.row(-1, named=True)


def _row(frame: pl.DataFrame, which: pl.Expr) -> dict[str, Any] | None:
    found = frame.filter(which)
    return None if found.is_empty() or not found["n"][0] else found.row(0, named=True)


def _bet(chase: pl.DataFrame, bet: str) -> dict[str, Any] | None:
    found = _row(chase, (pl.col("bet") == bet) & (pl.col("threshold") == HEADLINE))
    return None if found is None or found["roi_se"] is None else found


def _threshold() -> str:
    return f"{number(100 * HEADLINE)} points"


def _pm(value: float | None, se: float | None, digits: int = 1) -> str:
    return plus_minus(value, se, digits, as_percent=True)


def _points(value: float) -> str:
    return f"{number(100 * abs(value), 2)} points"


def _name_of(row: dict[str, Any]) -> str:
    form = "" if row["form"] == "follow" else f" ({row['form']})"
    return f"{row['strategy']}{form} at {row['decision']} in {short_of(row['sample'])}, {row['market']}"


def _of(some: int, all_: int) -> str:
    return f"All {all_}" if some == all_ else f"{some} of {all_}"


def _samples_of(rows: pl.DataFrame) -> str:
    names: Iterable[str] = rows["sample"].unique(maintain_order=True)
    return f"{', '.join(map(title_of, names))} · {rows.height} rows, {count(rows['n'].sum())} bets"
