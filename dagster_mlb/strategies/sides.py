"""From the as-of frame to the sides that a strategy chooses among: everything said from the side's own point of view,
at one book, at the best price, or at every book.

Only selection among quoted prices and change of viewpoint happen here; what to bet is the families' business.
"""

from __future__ import annotations

import polars as pl

from dagster_mlb.market.odds import american_to_decimal
from dagster_mlb.strategies.protocol import OPPOSITE, SIDE_SCHEMA

#: A moment at which a game's market can be decided on; a game may have several signals.
MOMENT = ("game_key", "decision_at", "market", "signal_id")
#: A price is fresh so long after it was last confirmed. A label has no age: it stood at its own moment.
FRESH_MINUTES = 90.0

#: What ``book`` may be beside a book's name.
BOOK_RULES = ("benchmark", "best", "each")
_IS_FRESH = (pl.col("age_minutes") <= FRESH_MINUTES).fill_null(value=True)
#: A price that somebody could have at the decision. At a signal only its last change is known, and nothing is left out.
IS_ON_OFFER = _IS_FRESH | (pl.col("decision") == "signal")

_MOVES = (
    *("move", "move_1h", "move_3h", "move_6h", "move_24h", "late_move", "episode_move"),
    *("sharp_move", "retail_move", "velocity"),
)
_AS_THEY_ARE = (
    *("game_key", "decision", "decision_at", "official_date", "season", "hours_to_start", "market", "source", "book"),
    *("is_benchmark", "book_kind", "sharp_rank", "hold", "age_minutes", "consensus_dispersion", "consensus_books"),
    *("reversals", "n_moves", "hold_change", "dispersion_change", "split_voices", "money_sd_1"),
    *("signal_id", "signal_kind", "signal_strength", "load_id", "provenance", "capture", "moment_assumed"),
)


def sides_of(offers: pl.DataFrame, book: str = "benchmark", markets: tuple[str, ...] | None = None) -> pl.DataFrame:
    """The sides of ``offers`` (``OFFER_SCHEMA``) under the rule ``book``: ``SIDE_SCHEMA``, ordered by its key.

    *benchmark*: the sharpest book with both sides quoted, one per moment. *best*: each side at its highest price over
    books that have the benchmark's line; among equals the sharper book. *each*: every book. Else the one book of that
    name.

    A price that was last confirmed more than ``FRESH_MINUTES`` before the decision is nobody's to have and is no side.
    At a signal only a price's last change is known: *best* wants that within the same time (an old price beside a
    market that has moved is rather gone than generous), the others take it. *best* compares what stood at one moment:
    labels with those of the benchmark's own source (two archives' closes are two clocks), moments with moments.
    """
    quoted = offers.filter(pl.col("price_1").is_not_null() & pl.col("price_2").is_not_null() & IS_ON_OFFER)
    if markets is not None:
        quoted = quoted.filter(pl.col("market").is_in(markets))
    first, second = _seen_from(quoted, 1), _seen_from(quoted, 2)
    sides = pl.concat([first, second]).sort(
        [*MOMENT, "side", "is_benchmark", "sharp_rank", "age_minutes", "source", "book"],
        descending=[False] * 5 + [True] + [False] * 4,
        nulls_last=True,
    )
    one = [*MOMENT, "side"]
    match book:
        case "each":
            chosen = sides
        case "benchmark":
            chosen = sides.unique(one, keep="first", maintain_order=True)
        case "best":
            has_age, source = pl.col("age_minutes").is_not_null(), pl.col("source")
            of_one_moment = (has_age == has_age.first().over(one)) & (has_age | (source == source.first().over(one)))
            on_the_line = pl.col("line").eq_missing(pl.col("line").first().over(one))
            takes_bets = pl.col("book_kind").is_in(["book", "exchange"])
            chosen = (
                sides.filter(_IS_FRESH & of_one_moment & on_the_line)
                .filter(takes_bets | ~takes_bets.any().over(one))
                .sort([*one, "price_decimal"], descending=[False] * 5 + [True], maintain_order=True, nulls_last=True)
                .unique(one, keep="first", maintain_order=True)
            )
        case _:
            chosen = sides.filter(pl.col("book") == book).unique(one, keep="first", maintain_order=True)
    return chosen.sort(*MOMENT, "side", "source", "book", nulls_last=True)


def opposite_sides(picks: pl.DataFrame, sides: pl.DataFrame) -> pl.DataFrame:
    """For every pick the row of ``sides`` that stands against it, with the pick's own words kept (``strength``,
    ``reason``); at the same book where that is there, else at the one that offers the other side.
    """
    words = [name for name in ("strength", "reason") if name in picks.columns]
    wanted = picks.select(
        *MOMENT,
        *words,
        pl.col("side").replace_strict(OPPOSITE, default=None, return_dtype=pl.String),
        _source="source",
        _book="book",
    )
    found = sides.join(wanted, on=[*MOMENT, "side"], how="inner", nulls_equal=True)
    same_book = (pl.col("source") == pl.col("_source")) & (pl.col("book") == pl.col("_book"))
    return (
        found.with_columns(_same=same_book)
        .sort([*MOMENT, "side", "_source", "_book", "_same"], descending=[False] * 7 + [True], nulls_last=True)
        .unique([*MOMENT, "side", "_source", "_book"], keep="first", maintain_order=True)
        .drop("_source", "_book", "_same")
    )


def _seen_from(offers: pl.DataFrame, slot: int) -> pl.DataFrame:
    """Every offer from the point of view of side 1 (home, over) or 2 (away, under)."""
    own, other = ("home", "away") if slot == 1 else ("away", "home")
    is_total = pl.col("market") == "total"
    side = pl.when(is_total).then(pl.lit("over" if slot == 1 else "under")).otherwise(pl.lit(own))
    sign = 1.0 if slot == 1 else -1.0

    def chance(name: str) -> pl.Expr:
        return pl.col(name) if slot == 1 else 1 - pl.col(name)

    def share(name: str) -> pl.Expr:
        return pl.col(name) if slot == 1 else 100 - pl.col(name)

    def of_side(name: str) -> pl.Expr:
        """A line as the side has it: a total is the same for both, a run line changes its sign."""
        return pl.when(is_total).then(pl.col(name)).otherwise(sign * pl.col(name))

    def extreme(measure: str, which: str) -> pl.Expr:
        opposite = {"min": "max", "max": "min"}[which]
        return share(f"{measure}_{which if slot == 1 else opposite}_1")

    is_signal_side = pl.col("signal_side") == side
    of_signal = {
        f"signal_{measure}_pct": pl.when(is_signal_side)
        .then(pl.col(f"signal_{measure}_pct"))
        .otherwise(100 - pl.col(f"signal_{measure}_pct"))
        for measure in ("tickets", "money")
    }
    toward_signal = pl.when(is_signal_side).then("signal_move").otherwise(-pl.col("signal_move"))
    # A total that rises went toward the over; a home line that falls (-1 to -1.5) toward the home side.
    line_move = pl.when(is_total).then(sign * pl.col("line_move")).otherwise(-sign * pl.col("line_move"))
    price, opposite = f"price_{slot}", f"price_{3 - slot}"
    return (
        offers.select(
            *_AS_THEY_ARE,
            side=side,
            team_id=pl.when(~is_total).then(f"{own}_team_id"),
            opponent_id=pl.when(~is_total).then(f"{other}_team_id"),
            team=pl.when(~is_total).then(f"{own}_team"),
            opponent=pl.when(~is_total).then(f"{other}_team"),
            line=of_side("line"),
            price_american=price,
            price_decimal=_decimal(offers[price]),
            opposite_price_decimal=_decimal(offers[opposite]),
            probability=chance("probability_1"),
            consensus_probability=chance("consensus_probability_1"),
            sharp_probability=chance("sharp_probability_1"),
            retail_probability=chance("retail_probability_1"),
            consensus_line=of_side("consensus_line"),
            open_line=of_side("open_line"),
            open_probability=chance("open_probability_1"),
            line_move=line_move,
            **{name: sign * pl.col(name) for name in _MOVES},
            tickets_pct=share("tickets_1"),
            money_pct=share("money_1"),
            tickets_min=extreme("tickets", "min"),
            tickets_max=extreme("tickets", "max"),
            money_min=extreme("money", "min"),
            money_max=extreme("money", "max"),
            early_tickets_pct=share("early_tickets_1"),
            early_money_pct=share("early_money_1"),
            model_probability=chance("model_probability_1"),
            is_signal_side=is_signal_side,
            signal_move=toward_signal,
            **of_signal,
            is_signal_book=(pl.col("signal_source") == pl.col("source")) & (pl.col("signal_book") == pl.col("book")),
        )
        .rename({"money_sd_1": "money_sd"})
        .select(SIDE_SCHEMA.keys())
        .cast(SIDE_SCHEMA)  # type: ignore[arg-type]
    )


def _decimal(american: pl.Series) -> pl.Series:
    return pl.Series(american_to_decimal(american.cast(pl.Float64).to_numpy())).fill_nan(None)
