"""The Odds API into staging: formats told by their prices, periods, alternate lines, single events, listed events."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from dagster_mlb.settings import Settings
from tests.integration.recordings.quote_bodies import EVENT_ODDS_RECORDS, keep, records_of, rows, stage

ODDS = "/v4/sports/baseball_mlb/odds"
EVENT_ID = "0123456789abcdef0123456789abcdef"
EVENT_ODDS = f"/v4/sports/baseball_mlb/events/{EVENT_ID}/odds"
AT = datetime(2025, 7, 15, 15, tzinfo=UTC)
HOME, AWAY = "New York Yankees", "Oakland Athletics"
AMERICAN = {"oddsFormat": "american"}
DECIMAL = {"oddsFormat": "decimal"}


def market(key: str, *outcomes: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {"key": key, "outcomes": list(outcomes), **other}


def outcome(name: str, price: Any, point: float | None = None, **other: Any) -> dict[str, Any]:
    return {"name": name, "price": price, **({} if point is None else {"point": point}), **other}


def event(*markets: dict[str, Any], book: str = "fanduel", **changes: Any) -> dict[str, Any]:
    books = [{"key": book, "title": book, "last_update": "2025-07-15T14:59:00Z", "markets": list(markets)}]
    return {
        "id": EVENT_ID,
        "sport_key": "baseball_mlb",
        "commence_time": "2025-07-15T23:05:00Z",
        "home_team": HOME,
        "away_team": AWAY,
        "bookmakers": books if markets else [],
    } | changes


def body(document: Any) -> bytes:
    return json.dumps(document).encode()


def staged(settings: Settings, load_id: int) -> list[dict[str, Any]]:
    return rows(
        settings,
        "select book, market, period, side, alternate_line, line::float as line, price_american::float as price, "
        "status, rule, disposition, reason, last_update_at, known_at, capture from staging.stg_odds_api__quotes "
        "where load_id = %s order by record_number",
        load_id,
    )


def test_an_answer_of_2022_is_american_has_lays_and_tells_updates_by_the_book(database: Settings) -> None:
    document = [
        event(
            market("h2h", outcome(HOME, -150), outcome(AWAY, 130)),
            market("h2h_lay", outcome(HOME, -140), outcome(AWAY, 150)),
            book="betfair",
        )
    ]
    load = keep(database, "odds_api_odds", ODDS, body(document), at=AT, params=DECIMAL)
    stage(database, "stg_odds_api__quotes")
    found = staged(database, load)
    assert [(row["market"], row["side"], row["price"], row["disposition"], row["rule"]) for row in found] == [
        ("moneyline", "home", -150, "staged", None),
        ("moneyline", "away", 130, "staged", None),
        (None, None, -140, "out_of_scope", "lay_price"),
        (None, None, 150, "out_of_scope", "lay_price"),
    ]
    assert found[0]["last_update_at"] == datetime(2025, 7, 15, 14, 59, tzinfo=UTC)
    assert "nobody offers it" in found[2]["reason"]


def test_decimal_or_american_is_decided_for_the_whole_answer(database: Settings) -> None:
    def prices(*pairs: tuple[Any, Any]) -> bytes:
        return body(
            [
                event(market("h2h", outcome(HOME, one), outcome(AWAY, other)), id=f"{n:032x}")
                for n, (one, other) in enumerate(pairs)
            ]
        )

    answers = {
        # asked for American, answered in decimal: a price of 101.0 is a long shot, not +101
        "decimal": (prices((2.02, 1.82), (101.0, 1.01), (1.5, 2.6)), AMERICAN),
        # asked for decimal, answered in American: 85 is inside, not a decimal of 85
        "american": (prices((-150, 130), (-110, 85), (-105, -115)), DECIMAL),
        "whole decimals": (prices((2, 2)), DECIMAL),
        "level": (prices((2.5, 150)), AMERICAN),
        "no price": (prices(("off", None)), AMERICAN),
    }
    loads = {
        name: keep(database, "odds_api_odds", ODDS, answer, at=AT + timedelta(seconds=n), params=params)
        for n, (name, (answer, params)) in enumerate(answers.items())
    }
    stage(database, "stg_odds_api__quotes")
    told = {name: [(row["price"], row["rule"]) for row in staged(database, load)] for name, load in loads.items()}
    assert told["decimal"][2] == (10000, None)
    assert told["decimal"][3] == (-10000, None) or abs(told["decimal"][3][0] + 10000) < 1e-6
    assert all(rule is None for _, rule in told["decimal"])
    assert [rule for _, rule in told["american"]] == [None, None, None, "price_inside_100", None, None]
    assert told["american"][0] == (-150, None)
    assert told["whole decimals"] == [(100, None), (100, None)]
    assert told["level"] == [(2.5, "price_inside_100"), (150, None)]
    assert told["no price"] == [(None, "invalid_price")] * 2


def test_one_event_has_periods_team_totals_and_alternate_lines_and_props_elsewhere(database: Settings) -> None:
    document = event(
        market("h2h_1st_5_innings", outcome(HOME, -130), outcome(AWAY, 110), outcome("Draw", 450)),
        market("totals_1st_1_innings", outcome("Over", 105, 0.5), outcome("Under", -135, 0.5)),
        market("spreads_1st_5_innings", outcome(HOME, -115, -0.5), outcome(AWAY, -105, 0.5)),
        market(
            "team_totals", outcome("Over", -110, 4.5, description=HOME), outcome("Under", -110, 3.5, description=AWAY)
        ),
        market("team_totals", outcome("Over", -110, 4.5, description="Boston Red Sox")),
        market("alternate_spreads", outcome(HOME, 190, -2.5), outcome(AWAY, -240, 2.5), outcome(HOME, -250, 1.5)),
        market("alternate_totals_1st_5_innings", outcome("Over", 100, 5.0)),
        market("alternate_team_totals", outcome("Over", 160, 5.5, description=AWAY)),
        market("batter_home_runs", outcome("Over", 320, 0.5, description="Aaron Judge")),
        market("pitcher_strikeouts_alternate", outcome("Over", 120, 6.5, description="Max Fried")),
        market("h2h_3_way", outcome(HOME, -120)),
        market("totals_1st_3_innings", outcome("Over", 120, 2.5)),
        market("h2h", outcome("Draw", 900)),
    )
    snapshot = {
        "timestamp": "2025-07-14T18:00:00Z",
        "previous_timestamp": None,
        "data": event(market("totals", outcome("Over", -110, 8.5))),
    }
    loads = {
        "now": keep(database, "odds_api_event_odds", EVENT_ODDS, body(document), at=AT, params=AMERICAN),
        "then": keep(
            database,
            "odds_api_event_odds",
            f"/v4/historical{EVENT_ODDS[3:]}",
            body(snapshot),
            at=AT,
            params=AMERICAN,
            capture="backfilled",
        ),
        "nothing": keep(database, "odds_api_event_odds", f"{EVENT_ODDS}?", body(event()), at=AT, params=AMERICAN),
        "unreadable": keep(database, "odds_api_event_odds", f"{EVENT_ODDS}/", b"<html>", at=AT, params=AMERICAN),
        "a list": keep(
            database,
            "odds_api_event_odds",
            f"{EVENT_ODDS}//",
            body([document, snapshot["data"]]),
            at=AT,
            params=AMERICAN,
        ),
    }
    stage(database, "stg_odds_api__quotes")
    found = staged(database, loads["now"])
    assert [
        (row["market"], row["period"], row["side"], row["alternate_line"], row["line"], row["price"])
        for row in found
        if row["rule"] is None
    ] == [
        ("moneyline", "first_five", "home", "", None, -130),
        ("moneyline", "first_five", "away", "", None, 110),
        ("moneyline", "first_five", "draw", "", None, 450),
        ("total", "first_inning", "over", "", 0.5, 105),
        ("total", "first_inning", "under", "", 0.5, -135),
        ("spread", "first_five", "home", "", -0.5, -115),
        ("spread", "first_five", "away", "", 0.5, -105),
        ("team_total_home", "game", "over", "", 4.5, -110),
        ("team_total_away", "game", "under", "", 3.5, -110),
        ("spread", "game", "home", "-2.5", -2.5, 190),
        ("spread", "game", "away", "2.5", 2.5, -240),
        ("spread", "game", "home", "1.5", 1.5, -250),
        ("total", "first_five", "over", "5", 5.0, 100),
        ("team_total_away", "game", "over", "5.5", 5.5, 160),
    ]
    assert [(row["disposition"], row["rule"]) for row in found if row["rule"]] == [
        ("quarantined", "invalid_side"),
        ("out_of_scope", "prop_market"),
        ("out_of_scope", "prop_market"),
        ("out_of_scope", "market_not_staged"),
        ("out_of_scope", "market_not_staged"),
        ("quarantined", "invalid_side"),
    ]
    assert {row["status"] for row in found} == {"open"}
    [past] = staged(database, loads["then"])
    assert (past["known_at"], past["capture"], past["rule"]) == (
        datetime(2025, 7, 14, 18, tzinfo=UTC),
        "backfilled",
        None,
    )
    assert staged(database, loads["nothing"]) == []
    assert [row["rule"] for row in staged(database, loads["unreadable"])] == ["unreadable"]
    for name, load in loads.items():
        assert records_of(database, "odds_api_event_odds", load, EVENT_ODDS_RECORDS) == len(staged(database, load)), (
            name
        )
    series = rows(
        database,
        "select count(distinct series_id)::int as n from staging.stg_odds_api__quotes where load_id = %s",
        loads["now"],
    )
    assert series == [{"n": 14}]


def test_an_event_that_moves_keeps_every_start_that_was_stated(database: Settings) -> None:
    def listed(**changes: Any) -> dict[str, Any]:
        told = event(**changes)
        del told["bookmakers"]
        return told

    path = "/v4/sports/baseball_mlb/events"
    first = [
        listed(),
        listed(id="f" * 32, commence_time="2025-07-16T00:10:00Z"),
        listed(id="e" * 32, home_team="Yomiuri Giants"),
    ]
    moved = [listed(commence_time="2025-07-15T23:22:09Z")]
    odd = [
        listed(id=None),
        "text",
        listed(commence_time="soon"),
        listed(sport_key="baseball_npb"),
        listed(home_team=AWAY),
        listed(commence_time=1752620700),
    ]
    keep(database, "odds_api_events", path, body(first), at=AT)
    keep(database, "odds_api_events", path, body(first), at=AT + timedelta(minutes=5))
    keep(database, "odds_api_events", path, body(moved), at=AT + timedelta(hours=9))
    other = keep(database, "odds_api_events", path, body(odd), at=AT + timedelta(hours=10))
    unreadable = keep(database, "odds_api_events", path, b"[{", at=AT + timedelta(hours=11))
    stage(database, "stg_odds_api__events")
    starts = rows(
        database,
        "select commence_at, known_at, official_date from staging.stg_odds_api__events "
        "where event_id = %s and rule is null and load_id < %s order by known_at",
        EVENT_ID,
        other,
    )
    assert [(row["commence_at"], row["known_at"]) for row in starts] == [
        (datetime(2025, 7, 15, 23, 5, tzinfo=UTC), AT),
        (datetime(2025, 7, 15, 23, 22, 9, tzinfo=UTC), AT + timedelta(hours=9)),
    ]
    rules = rows(
        database,
        "select rule, disposition from staging.stg_odds_api__events where load_id = %s order by record_number",
        other,
    )
    assert [(row["rule"], row["disposition"]) for row in rules] == [
        ("missing_value", "quarantined"),
        ("unreadable", "quarantined"),
        ("invalid_time", "quarantined"),
        ("other_league", "out_of_scope"),
        ("same_team_twice", "quarantined"),
        (None, "staged"),
    ]
    assert [
        row["rule"]
        for row in rows(database, "select rule from staging.stg_odds_api__events where load_id = %s", unreadable)
    ] == ["unreadable"]
    [unknown] = rows(database, "select reason from staging.stg_odds_api__events where event_id = %s", "e" * 32)
    assert "Yomiuri Giants" in unknown["reason"]
