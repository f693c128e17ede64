"""What a row of each table rests on: the step from a curated row to its game, its prices, its result, and their loads.

One function per kind of row; each follows the same road that the models took, by keys, and reads nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg
from psycopg.rows import dict_row

from dagster_mlb.reporting.trace_raw import RawReader
from dagster_mlb.reporting.trace_tree import TraceStep

Row = Mapping[str, Any]
OPENING = ("open", None)  # which label a mart prefers at a moment, best first
CLOSING = ("close", None)
DECIDING = ("close", "open", None)


class Lineage:
    """Reads the rows that a row rests on. One per trace; nothing is written."""

    def __init__(self, conn: psycopg.Connection) -> None:
        self.conn = conn
        self.raw = RawReader(conn)

    def rows(self, query: str, *values: Any, **named: Any) -> list[dict[str, Any]]:
        with self.conn.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query, named or values).fetchall()

    def is_there(self, table: str) -> bool:
        return bool(self.rows("select to_regclass(%s) is not null as there", table)[0]["there"])

    # ------------------------------------------------------------------ the game, and what tied it

    def game(self, game_key: int | None, source: str | None = None, event_id: str | None = None) -> TraceStep:
        """The spine's game; below it the ties (of ``source`` alone, where given) and the spine's own record in raw."""
        found = self.rows("select * from staging.games where game_key = %s", game_key)
        if not found:
            return TraceStep(f"game {game_key}", note="staging.games has no such game")
        game = found[0]
        clubs = self.clubs(game)
        facts = {k: game[k] for k in ("spine", "spine_id", "season", "official_date", "game_number", "status")}
        ties = self.rows("select * from staging.game_crosswalk where game_key = %s order by source, event_id", game_key)
        wanted = [tie for tie in ties if source is None or tie["source"] == source]
        wanted = [tie for tie in wanted if event_id is None or tie["event_id"] == event_id]
        steps = [self.tie(tie) for tie in wanted]
        if source is not None and not wanted:
            steps = [TraceStep("staging.game_crosswalk", note=f"no event of {source} is tied to this game")]
        return TraceStep(f"staging.games {game_key}: {clubs}", facts, (*steps, self.spine_record(game)))

    def tie(self, tie: Row) -> TraceStep:
        swapped = ", home and away swapped" if tie["sides_swapped"] else ""
        return TraceStep(
            f"staging.game_crosswalk: {tie['source']} event {tie['event_id']}",
            {"rung": tie["rung"], "confidence": tie["confidence"]},
            note=f"tied by {tie['rung']}{swapped}",
        )

    def spine_record(self, game: Row) -> TraceStep:
        """The record in raw that says the game exists."""
        load, spine_id = game["load_id"], game["spine_id"]
        sheet, note = None, f"the spine's own record ({game['spine']})"
        if game["spine"] == "retrosheet":
            query = """select record_number from staging.stg_retrosheet_games__games
                       where load_id = %s and retrosheet_id = %s"""
            numbers = self._numbers(query, load, spine_id)
        elif game["spine"] == "mlb":
            numbers = self._numbers(
                """select record_number from staging.stg_mlb_stats__schedule_games where load_id = %s and game_pk = %s
                   union all
                   select record_number from staging.stg_mlb_games__games where load_id = %s and game_pk = %s""",
                *(load, int(spine_id)) * 2,
            )
        elif game["spine"] == "sbr_archive":
            numbers, sheet = self.sbr_rows(load, spine_id)
        else:
            source, _, event_id = spine_id.partition(":")
            query = """select min(record_number) from staging.stg_tick_archive__quotes
                       where load_id = %s and source = %s and event_id = %s and rule is null"""
            numbers = self._numbers(query, load, source, event_id)
        return self.raw.load_step(load, numbers, sheet=sheet, note=note)

    def sbr_rows(self, load_id: int, event_id: str) -> tuple[list[int], str | None]:
        """Both rows of a game in a season's sheet, and the sheet's name."""
        query = """select away_record_number, home_record_number, sheet from staging.stg_sbr_archive__games
                   where load_id = %s and event_id = %s"""
        found = self.rows(query, load_id, event_id)
        if not found:
            return [], None
        return [found[0]["away_record_number"], found[0]["home_record_number"]], found[0]["sheet"]

    def clubs(self, row: Row) -> str:
        query = "select team_id, abbreviation from staging.teams where team_id in (%s, %s)"
        names = {t["team_id"]: t["abbreviation"] for t in self.rows(query, row["away_team_id"], row["home_team_id"])}
        away, home = (names.get(row[side], str(row[side])) for side in ("away_team_id", "home_team_id"))
        return f"{away} at {home}, {row['official_date']}"

    def _numbers(self, query: str, *values: Any) -> list[int]:
        return [value for row in self.rows(query, *values) for value in row.values() if value is not None]

    # ------------------------------------------------------------------ prices

    def price(self, what: str, row: Row, known_at: Any, labels: Sequence[str | None]) -> TraceStep:
        """The two ticks that made a price: of each side the last one known at that moment, with its load.

        ``row``: game_key, source, book, market. ``labels``: which label the table prefers at that moment.
        """
        if known_at is None:
            return TraceStep(what, note="no price stands here (NULL)")
        key = (row["game_key"], row["source"], row["book"], row["market"])
        condition = "game_key = %s and source = %s and book = %s and market = %s"
        there = self.rows(
            f"select distinct label from staging.int_game_ticks where {condition} and known_at = %s", *key, known_at
        )
        found = {tick["label"] for tick in there}
        label = next((label for label in labels if label in found), None)
        ticks = self.rows(
            f"""select distinct on (slot) * from staging.int_game_ticks
                where {condition} and known_at <= %s and label is not distinct from %s
                order by slot, known_at desc, seq desc, series_id""",
            *(*key, known_at, label),
        )
        moment = f"label {label}" if label else f"as known at {known_at}"
        if not ticks:
            return TraceStep(what, note="no tick of this series was known then")
        return TraceStep(
            f"{what}: {row['source']}, {row['book']}, {row['market']}, {moment}", {}, tuple(map(self.tick, ticks))
        )

    def tick(self, tick: Row) -> TraceStep:
        """A tick of ``staging.odds_ticks`` (or one under its game) with its series and its load."""
        series = self.rows("select * from staging.odds_series where series_id = %s", tick["series_id"])
        name = f"series {tick['series_id']}"
        sheet = None
        if series:
            s = series[0]
            parts = (s["source"], f"event {s['event_id']}", s["book"], s["market"], s["side"])
            name = f"{', '.join(parts)} (series {tick['series_id']})"
            if s["source"] == "sbr_archive":
                _, sheet = self.sbr_rows(tick["load_id"], s["event_id"])
        facts = {k: tick[k] for k in ("known_at", "seq", "label", "line", "price_american", "price_decimal", "capture")}
        if tick.get("moment_assumed"):
            facts["known_at"] = f"{tick['known_at']} (assumed: the source gives a label, not a moment)"
        step = self.raw.load_step(tick["load_id"], [tick["record_number"]], sheet=sheet)
        return TraceStep(f"staging.odds_ticks: {name}", {k: v for k, v in facts.items() if v is not None}, (step,))

    # ------------------------------------------------------------------ results

    def results(self, game_key: int, known_at: Any = None) -> list[TraceStep]:
        """Every version of a game's result (up to ``known_at``), each with the record that told it."""
        query = """select * from staging.game_results
                   where game_key = %s and (%s::timestamptz is null or known_at <= %s) order by version"""
        versions = self.rows(query, game_key, known_at, known_at)
        if not versions:
            return [TraceStep("staging.game_results", note="no result is known of this game")]
        return [self.result(version) for version in versions]

    def result(self, row: Row) -> TraceStep:
        facts = {k: row[k] for k in ("away_runs", "home_runs", "innings", "result_source", "known_at", "capture")}
        title = f"staging.game_results {row['game_key']}, version {row['version']}"
        numbers, sheet = self.result_records(row)
        return TraceStep(title, facts, (self.raw.load_step(row["load_id"], numbers, sheet=sheet),))

    def result_records(self, row: Row) -> tuple[list[int], str | None]:
        """Which records of the result's load told it."""
        source = row["result_source"]
        crosswalk = {"mlb_stats": "mlb", "mlb_games": "mlb"}.get(source, source)
        ties = self.rows(
            "select event_id from staging.game_crosswalk where game_key = %s and source = %s",
            row["game_key"],
            crosswalk,
        )
        events = [tie["event_id"] for tie in ties]
        if source == "sbr_archive":
            found = [self.sbr_rows(row["load_id"], event) for event in events]
            return [n for numbers, _ in found for n in numbers], next((sheet for n, sheet in found if n), None)
        if source == "retrosheet":
            table, column = "stg_retrosheet_games__games", "retrosheet_id"
        elif source == "mlb_games":
            table, column = "stg_mlb_games__games", "game_pk::text"
        else:
            table, column = "stg_mlb_stats__schedule_games", "game_pk::text"
        query = f"""select record_number from staging.{table}
                    where load_id = %s and {column} = any(%s) and away_runs = %s and home_runs = %s
                    order by record_number"""
        return self._numbers(query, row["load_id"], events, row["away_runs"], row["home_runs"]), None

    # ------------------------------------------------------------------ what Python made

    def features(self, row: Row) -> list[TraceStep]:
        """What a feature vector was computed from: the market's price, both clubs' ratings, the game."""
        market = {"source": row["market_source"], "book": row["market_book"], "market": "moneyline", **_game(row)}
        price = (
            self.price("market_home_probability", market, row["market_price_known_at"], DECIDING)
            if row["market_source"]
            else TraceStep("market_home_probability", note="no price was known at the decision")
        )
        ratings = [self.rating_as_of(row, side) for side in ("home", "away")]
        return [price, *ratings, self.game(row["game_key"], row["market_source"])]

    def rating_as_of(self, row: Row, side: str) -> TraceStep:
        """The club's last rating that was known at the decision."""
        title, team = f"elo_{side}", row[f"{side}_team_id"]
        if not self.is_there("curated.team_ratings"):
            return TraceStep(title, note="curated.team_ratings is not there yet")
        found = self.rows(
            """select * from curated.team_ratings where team_id = %s and known_at <= %s
               order by known_at desc, rating_sequence desc limit 1""",
            *(team, row["decision_at"]),
        )
        if not found:
            return TraceStep(title, note=f"no game of club {team} was known before: the starting rating")
        rating = found[0]
        key = f"{rating['game_key']} {rating['team_id']} {rating['version']}"
        facts = {k: rating[k] for k in ("rating_after", "games_played", "known_at")}
        return TraceStep(f"{title}: curated.team_ratings {key}", facts, tuple(self.rating(rating, with_previous=False)))

    def rating(self, row: Row, *, with_previous: bool = True) -> list[TraceStep]:
        """The result that moved a rating, and the rating before it."""
        steps = self.results(row["game_key"], row["known_at"])[-1:]
        if with_previous:
            before = self.rows(
                """select game_key, team_id, version, rating_after from curated.team_ratings
                   where team_id = %s and (known_at, rating_sequence) < (%s, %s)
                   order by known_at desc, rating_sequence desc limit 1""",
                *(row["team_id"], row["known_at"], row["rating_sequence"]),
            )
            for rating in before:
                key = f"{rating['game_key']} {rating['team_id']} {rating['version']}"
                note = "the rating before it: trace it by its own key"
                steps.append(
                    TraceStep(f"curated.team_ratings {key}", {"rating_after": rating["rating_after"]}, note=note)
                )
        return steps

    def decision_price(self, row: Row) -> TraceStep:
        """The offer that a bet took, by game, decision, market, source and book."""
        offers = self.rows(
            """select * from curated.decision_prices
               where game_key = %s and decision = %s and market = %s and source = %s and book = %s""",
            *(row[k] for k in ("game_key", "decision", "market", "source", "book")),
        )
        if not offers:
            return TraceStep("curated.decision_prices", note="the price that was bet stands there no more")
        offer = offers[0]
        facts = {k: offer[k] for k in ("line", "home_price", "away_price", "price_known_at", "hold")}
        ticks = self.price("the price", offer, offer["price_known_at"], DECIDING)
        return TraceStep("curated.decision_prices: what could be bet at the decision", facts, (ticks,))

    def bet_close(self, bet: Row) -> TraceStep:
        """The close that a bet of any market is measured by."""
        if bet["close_at"] is None:
            return TraceStep("the close", note=bet["missing_close_reason"] or "no close is known")
        close = {**bet, "source": bet["close_source"], "book": bet["close_book"]}
        return self.price("the close", close, bet["close_at"], CLOSING)

    def model(self, model_id: str) -> TraceStep:
        found = self.rows("select * from operational.model_registry where model_id = %s", model_id)
        if not found:
            return TraceStep(f"operational.model_registry {model_id}", note="the registry has no such model")
        names = ("name", "market_source", "train_start", "train_end", "n_train", "feature_hash", "code_version")
        return TraceStep(f"operational.model_registry {model_id}", {k: found[0][k] for k in names})


def _game(row: Row) -> dict[str, Any]:
    return {"game_key": row["game_key"]}


# ---------------------------------------------------------------------- one road per table


def _market_mart(market: str) -> Callable[[Lineage, Row], list[TraceStep]]:
    def road(lineage: Lineage, row: Row) -> list[TraceStep]:
        quoted = {**row, "market": market}
        return [
            lineage.game(row["game_key"], row["source"]),
            lineage.price("open", quoted, row["open_at"], OPENING),
            lineage.price("close", quoted, row["close_at"], CLOSING),
            *lineage.results(row["game_key"]),
        ]

    return road


def _decision_prices(lineage: Lineage, row: Row) -> list[TraceStep]:
    ticks = lineage.price("the price", row, row["price_known_at"], DECIDING)
    return [lineage.game(row["game_key"], row["source"]), ticks]


def _enhanced_games(lineage: Lineage, row: Row) -> list[TraceStep]:
    starters = [
        TraceStep(
            f"staging.starters: {s['side']} {s['pitcher_name']} ({s['source']})",
            {"known_at": s["known_at"], "load_id": s["load_id"]},
        )
        for s in lineage.rows(
            "select * from staging.starters where game_key = %s order by side, known_at", row["game_key"]
        )
    ]
    return [lineage.game(row["game_key"]), *lineage.results(row["game_key"]), *starters]


def _archive_benchmark(lineage: Lineage, row: Row) -> list[TraceStep]:
    numbers, sheet = lineage.sbr_rows(row["load_id"], row["event_id"])
    record = lineage.raw.load_step(row["load_id"], numbers, sheet=sheet, note="the prices and the Final as printed")
    if row["game_key"] is None:
        return [record, TraceStep("staging.game_crosswalk", note="no rung ties this event to a game")]
    game = lineage.game(row["game_key"], "sbr_archive", row["event_id"])
    return [record, game, *lineage.results(row["game_key"])]


def _feature_vectors(lineage: Lineage, row: Row) -> list[TraceStep]:
    return lineage.features(row)


def _feature_step(lineage: Lineage, row: Row) -> TraceStep:
    found = lineage.rows(
        "select * from curated.feature_vectors where game_key = %s and decision = %s", row["game_key"], row["decision"]
    )
    title = f"curated.feature_vectors {row['game_key']} {row['decision']}"
    if not found:
        return TraceStep(title, note="there no more")
    features = found[0]
    names = ("decision_at", "market_home_probability", "elo_logit", "form_diff", "rest_diff", "starter_runs_diff")
    facts = {name: features[name] for name in names if name in features}
    return TraceStep(title, facts, tuple(lineage.features(features)))


def _predictions(lineage: Lineage, row: Row) -> list[TraceStep]:
    model = [lineage.model(row["model_id"])] if row["model_id"] else []
    return [*model, _feature_step(lineage, row)]


def _prediction_inputs(lineage: Lineage, row: Row) -> list[TraceStep]:
    return [_feature_step(lineage, row)]


def strategy_result(lineage: Lineage, row: Row) -> list[TraceStep]:
    trials = lineage.rows(
        "select name, parameters, sample, n, code_version from operational.trial_ledger where trial_hash = %s",
        row["trial_hash"],
    )
    trial = TraceStep(
        f"operational.trial_ledger {row['trial_hash']}", trials[0] if trials else {}, note="" if trials else "not there"
    )
    return [
        lineage.game(row["game_key"], row["source"]),
        lineage.decision_price(row),
        lineage.bet_close(row),
        *lineage.results(row["game_key"]),
        trial,
    ]


def _graded_bets(lineage: Lineage, row: Row) -> list[TraceStep]:
    """A person's bet: its row in the list, the game, the close that it is measured by, and the result."""
    written = lineage.raw.load_step(row["load_id"], [row["record_number"]], note="the bet as it was written")
    if row["game_key"] is None:
        return [written]
    close = {name: row[name] for name in ("game_key", "market")}
    close |= {"source": row["close_source"], "book": row["close_book"]}
    return [
        written,
        lineage.game(row["game_key"]),
        lineage.price("close", close, row["close_at"], CLOSING),
        *lineage.results(row["game_key"]),
    ]


def _aggregate(
    what: str, query: str, keys: Sequence[str], road: Callable[[Lineage, Row], list[TraceStep]]
) -> Callable[[Lineage, Row], list[TraceStep]]:
    """A figure over many rows: how many, and the first of them traced whole."""

    def steps(lineage: Lineage, row: Row) -> list[TraceStep]:
        rows = lineage.rows(query, **row)
        if not rows:
            return [TraceStep(what, note="no rows of this sample are there")]
        first = rows[0]
        key = " ".join(str(first[k]) for k in keys)
        title = f"{what}: {first['in_all']:,} rows from {first['first_day']} to {first['last_day']}"
        traced = TraceStep(f"{what} {key}", {}, tuple(road(lineage, first)), note="one of them, traced")
        return [TraceStep(title, {}, (traced,))]

    return steps


_PREDICTIONS_OF_FIGURE = """
    select
        p.*, count(*) over () as in_all,
        min(predicted_for) over () as first_day, max(predicted_for) over () as last_day
    from curated.predictions as p
    where model_name = %(model_name)s and decision = %(decision)s and provenance = %(provenance)s
        and %(period)s in ('all', to_char(predicted_for, 'YYYY'), to_char(predicted_for, 'YYYY-MM'))
    order by predicted_for, game_key limit 1
"""
_BETS_OF_FIGURE = """
    select
        b.*, count(*) over () as in_all,
        min(official_date) over () as first_day, max(official_date) over () as last_day
    from curated.strategy_results as b
    where strategy = %(strategy)s and decision = %(decision)s and market = %(market)s and provenance = %(provenance)s
        and form = %(form)s and is_shadow = %(is_shadow)s
        and %(period)s = case %(period_kind)s
            when 'all' then 'all'
            when 'season' then season::text
            when 'month' then to_char(official_date, 'YYYY-MM')
            when 'week' then to_char(official_date, 'IYYY-"W"IW')
            else to_char(official_date, 'YYYY-MM-DD')
        end
        and (%(cut_by)s <> 'book' or book = %(cut_value)s)
    order by official_date, bet_id limit 1
"""


def _crosswalk(lineage: Lineage, row: Row) -> list[TraceStep]:
    return [lineage.game(row["game_key"], row["source"], row["event_id"]), *_event_record(lineage, row)]


def _event_record(lineage: Lineage, row: Row) -> list[TraceStep]:
    """The first record in raw that speaks of a priced event."""
    if row["source"] == "sbr_archive":
        query = "select load_id from staging.stg_sbr_archive__games where event_id = %s order by load_id"
        loads = [found["load_id"] for found in lineage.rows(query, row["event_id"])]
        rows = [(load, *lineage.sbr_rows(load, row["event_id"])) for load in loads]
        return [lineage.raw.load_step(load, numbers, sheet=sheet) for load, numbers, sheet in rows]
    found = lineage.rows(
        """select load_id, record_number from staging.int_quotes where source = %s and event_id = %s
           order by known_at, load_id, record_number limit 1""",
        *(row["source"], row["event_id"]),
    )
    return [lineage.raw.load_step(f["load_id"], [f["record_number"]], note="the event's first quote") for f in found]


def _record(lineage: Lineage, row: Row) -> list[TraceStep]:
    return [lineage.raw.load_step(row["load_id"], [row["record_number"]], sheet=row.get("sheet"))]


def _series(lineage: Lineage, row: Row) -> list[TraceStep]:
    ticks = lineage.rows(
        "select * from staging.odds_ticks where series_id = %s order by known_at, seq", row["series_id"]
    )
    return [lineage.tick(tick) for tick in (ticks if len(ticks) <= 2 else [ticks[0], ticks[-1]])]


ROADS_OF_ROWS: dict[str, Callable[[Lineage, Row], list[TraceStep]]] = {
    "curated.archive_benchmark": _archive_benchmark,
    "curated.decision_prices": _decision_prices,
    "curated.enhanced_games": _enhanced_games,
    "curated.feature_vectors": _feature_vectors,
    "curated.graded_bets": _graded_bets,
    "curated.model_performance": _aggregate(
        "curated.predictions", _PREDICTIONS_OF_FIGURE, ("game_key", "decision", "model_name"), _predictions
    ),
    "curated.moneylines": _market_mart("moneyline"),
    "curated.prediction_inputs": _prediction_inputs,
    "curated.predictions": _predictions,
    "curated.profitability_metrics": _aggregate(
        "curated.strategy_results", _BETS_OF_FIGURE, ("bet_id",), strategy_result
    ),
    "curated.spreads": _market_mart("spread"),
    "curated.team_ratings": lambda lineage, row: [*lineage.rating(row), lineage.game(row["game_key"])],
    "curated.totals": _market_mart("total"),
    "staging.bets": _record,
    "staging.game_crosswalk": _crosswalk,
    "staging.game_results": lambda lineage, row: [lineage.game(row["game_key"]), lineage.result(row)],
    "staging.games": lambda lineage, row: [lineage.game(row["game_key"])],
    "staging.odds_series": _series,
    "staging.odds_ticks": lambda lineage, row: [lineage.tick(row)],
    "staging.starters": lambda lineage, row: [lineage.game(row["game_key"]), lineage.raw.load_step(row["load_id"])],
    "staging.unmatched_events": _event_record,
    "staging.validation_results": _record,
    **{
        f"staging.{model}": _record
        for model in (
            *("stg_mlb_games__games", "stg_mlb_stats__schedule_games", "stg_odds_api__quotes", "stg_odds_api__scores"),
            *("stg_retrosheet_games__games", "stg_sbr_archive__rows", "stg_sbr_archive__quotes"),
            *("stg_tick_archive__quotes", "stg_bet_slips__bets"),
        )
    },
}
