"""SportsbookReview's pages into staging: every quirk of the format is staged, left aside or quarantined by name."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

from dagster_mlb.settings import Settings
from tests.integration.recordings.quote_bodies import (
    SBR_LINE_HISTORY_RECORDS,
    SBR_ODDS_RECORDS,
    dispositions,
    keep,
    records_of,
    rows,
    stage,
)
from tests.recordings.envelopes_sbr import next_data_page

ROOT = "/betting-odds/mlb-baseball/"
SPREADS = f"{ROOT}pointspread/full-game/"
TOTALS = f"{ROOT}totals/full-game/"
AT = datetime(2025, 7, 15, 15, tzinfo=UTC)
NO_PRICE = 2147483647


def team(full: str, **other: str) -> dict[str, Any]:
    return {"fullName": full, **other}


def game(**changes: Any) -> dict[str, Any]:
    return {
        "gameId": 350001,
        "leagueName": "MLB",
        "startDate": "2025-07-15T23:05:00+00:00",
        "awayTeam": team("Chicago White Sox"),
        "homeTeam": team("New York Yankees"),
        "gameStatusText": "",
    } | changes


def line(**prices: Any) -> dict[str, Any]:
    unfilled = dict.fromkeys(("odds", "homeOdds", "awayOdds", "overOdds", "underOdds", "drawOdds"))
    return unfilled | {"homeSpread": 0, "awaySpread": None, "total": 0} | prices


def view(book: str | None, current: Any, opening: Any = None, **other: Any) -> dict[str, Any]:
    return {"gameId": 350001, "sportsbook": book, "openingLine": opening, "currentLine": current} | other


def daily(*games: tuple[dict[str, Any], list[Any]]) -> bytes:
    game_rows = [{"gameView": one, "oddsViews": views} for one, views in games]
    tables = [{"league": "MLB", "oddsTableModel": {"sportsbooks": [], "gameRows": game_rows}}]
    return page({"oddsTables": tables if games else []})


def page(page_props: Any) -> bytes:
    return next_data_page(json.dumps({"props": {"pageProps": page_props}}).encode())


def history(one: dict[str, Any], *views: Any) -> bytes:
    return page({"lineHistoryModel": {"sportsbooks": [], "lineHistory": {"gameView": one, "oddsViews": list(views)}}})


def by_rule(settings: Settings, model: str, load_id: int) -> dict[str | None, int]:
    counted = rows(
        settings, f"select rule, count(*)::int as n from staging.{model} where load_id = %s group by 1", load_id
    )
    return {row["rule"]: row["n"] for row in counted}


def test_a_daily_page_gives_its_market_s_opening_and_current_lines(database: Settings) -> None:
    moneylines = daily(
        (
            game(),
            [
                None,
                view("draftkings", line(homeOdds=-150, awayOdds=130), line(homeOdds=-140, awayOdds=120)),
                view("caesars", line(homeOdds=-152, awayOdds=NO_PRICE)),
                view("bet_rivers_co", line(homeOdds=85, awayOdds=132)),
                view("novelty_book", line(homeOdds=-148, awayOdds=0)),
                view("fanduel", None, None),
            ],
        )
    )
    spreads = daily(
        (
            game(),
            [
                view("hardrock", line(homeOdds=140, awayOdds=-165, homeSpread=-1.5, awaySpread=1.5)),
                view("bet365", line(homeOdds=140, awayOdds=-165, homeSpread=0, awaySpread=0)),
                view("betmgm", line(homeOdds=140, awayOdds=-165, homeSpread=None, awaySpread=1.5)),
            ],
        )
    )
    totals = daily((game(), [view("fanatics", line(overOdds=-110, underOdds=-110, total=8.5, homeOdds=7))]))
    loads = {
        path: keep(database, "sbr_odds", path, body, at=AT, params={"date": "2025-07-15"})
        for path, body in ((ROOT, moneylines), (SPREADS, spreads), (TOTALS, totals))
    }
    stage(database, "stg_sbr__quotes")

    assert by_rule(database, "stg_sbr__quotes", loads[ROOT]) == {None: 7, "no_price": 2, "price_inside_100": 1}
    assert dispositions(database, "stg_sbr__quotes", loads[ROOT]) == {"staged": 7, "out_of_scope": 2, "quarantined": 1}
    assert by_rule(database, "stg_sbr__quotes", loads[SPREADS]) == {None: 3, "spread_of_zero": 2, "invalid_line": 1}
    assert by_rule(database, "stg_sbr__quotes", loads[TOTALS]) == {None: 2}
    staged = rows(
        database,
        "select book, market, side, line::float as line, price_american, label, period, status, known_at, "
        "official_date, event_id, away_team_id, home_team_id from staging.stg_sbr__quotes where rule is null "
        "order by load_id, record_number",
    )
    assert [(row["book"], row["side"], row["price_american"], row["label"]) for row in staged[:4]] == [
        ("draftkings", "home", -140, "open"),
        ("draftkings", "away", 120, "open"),
        ("draftkings", "home", -150, None),
        ("draftkings", "away", 130, None),
    ]
    assert {row["book"] for row in staged} == {
        *("draftkings", "williamhill_us", "betrivers", "sbr:novelty_book", "hardrockbet", "betmgm", "fanatics"),
    }
    assert [(row["side"], row["line"], row["price_american"]) for row in staged if row["book"] == "hardrockbet"] == [
        ("home", -1.5, 140),
        ("away", 1.5, -165),
    ]
    assert [(row["side"], row["line"]) for row in staged if row["market"] == "total"] == [("over", 8.5), ("under", 8.5)]
    assert {(row["period"], row["status"], row["known_at"], row["official_date"]) for row in staged} == {
        ("game", "open", AT, date(2025, 7, 15))
    }
    assert {(row["event_id"], row["away_team_id"], row["home_team_id"]) for row in staged} == {("350001", 145, 147)}
    for path, load in loads.items():
        assert records_of(database, "sbr_odds", load, SBR_ODDS_RECORDS) == sum(
            by_rule(database, "stg_sbr__quotes", load).values()
        ), path


KNOWN_GAMES: list[tuple[dict[str, Any], str | None]] = [
    ({"homeTeam": {"name": "New York"}}, "unknown_team"),
    ({"homeTeam": {"shortName": "LA"}}, "unknown_team"),
    ({"homeTeam": {"name": "New York", "nickname": "Yankees"}}, None),
    ({"homeTeam": {"name": "New York", "shortName": "NYY"}}, None),
    ({"homeTeam": {"name": "Washington"}}, None),
    ({"homeTeam": team("Athletics Athletics", name="Athletics", shortName="ATH")}, None),
    ({"homeTeam": team("Chicago White Sox")}, "same_team_twice"),
    ({"startDate": "2025-07-15T23:05:00"}, "invalid_time"),
    ({"startDate": None}, "invalid_time"),
    ({"gameId": None}, "missing_value"),
    ({"gameId": "abc"}, "missing_value"),
    ({"gameId": 350002}, "event_mismatch"),
    ({"leagueName": "KBO"}, "other_league"),
]


def test_a_game_is_known_by_its_clubs_and_its_start(database: Settings) -> None:
    loads = [
        keep(
            database,
            "sbr_odds",
            ROOT,
            daily((game(**changes), [view("fanduel", line(homeOdds=-150, awayOdds=130))])),
            at=AT + timedelta(seconds=number),
            params={"date": str(number)},
        )
        for number, (changes, _) in enumerate(KNOWN_GAMES)
    ]
    stage(database, "stg_sbr__quotes")
    for load, (changes, rule) in zip(loads, KNOWN_GAMES, strict=True):
        assert by_rule(database, "stg_sbr__quotes", load) == {rule: 2}, changes
        [row] = rows(
            database,
            "select disposition, count(reason)::int as reasons from staging.stg_sbr__quotes "
            "where load_id = %s group by 1",
            load,
        )
        expected = "staged" if rule is None else "out_of_scope" if rule == "other_league" else "quarantined"
        assert row == {"disposition": expected, "reasons": 0 if rule is None else 2}, changes


def test_a_page_that_is_none_is_one_record_and_a_day_without_games_is_none(database: Settings) -> None:
    bodies: dict[str, tuple[bytes, int]] = {
        "a bot wall": (b"<html><body>Just a moment...</body></html>", 1),
        "no utf-8": (b"\xff\xfe\x00", 1),
        "a broken document": (b'<script id="__NEXT_DATA__">{"props": {"pageProps": </script>', 1),
        "another page": (page({"articles": []}), 1),
        "tables that are none": (page({"oddsTables": {"league": "MLB"}}), 1),
        "no games": (daily(), 0),
        "no views": (daily((game(), [])), 0),
        "views that are null": (
            page({"oddsTables": [{"oddsTableModel": {"gameRows": [{"oddsViews": None}, None]}}]}),
            0,
        ),
        "a line of text": (daily((game(), [view("fanduel", "closed")])), 2),
        "lines in a list": (daily((game(), [view("fanduel", [line(homeOdds=-110), [1, 2], None])])), 6),
        "a view of text": (daily((game(), ["fanduel", 7, [view("fanduel", line(homeOdds=-110))]])), 2),
        "no book": (daily((game(), [view(None, line(homeOdds=-110, awayOdds=100))])), 2),
        "huge and odd prices": (daily((game(), [view("fanduel", line(homeOdds=10**30, awayOdds="-1e9"))])), 2),
    }
    loads = {
        name: keep(database, "sbr_odds", ROOT, body, at=AT + timedelta(seconds=number), params={"date": name})
        for number, (name, (body, _)) in enumerate(bodies.items())
    }
    unknown = keep(
        database, "sbr_odds", f"{ROOT}futures/", daily((game(), [view("fanduel", line(homeOdds=-110))])), at=AT
    )
    stage(database, "stg_sbr__quotes", "stg_sbr__games", "stg_sbr__picks")
    for name, (_, records) in bodies.items():
        found = by_rule(database, "stg_sbr__quotes", loads[name])
        assert sum(found.values()) == records, name
        assert records_of(database, "sbr_odds", loads[name], SBR_ODDS_RECORDS) == records, name
        if name not in ("lines in a list", "a view of text"):
            assert None not in found, name
    assert by_rule(database, "stg_sbr__quotes", unknown) == {"unknown_page": 2}
    assert by_rule(database, "stg_sbr__quotes", loads["a line of text"]) == {"unreadable": 2}
    assert by_rule(database, "stg_sbr__games", loads["a bot wall"]) == {"unreadable": 1}
    assert by_rule(database, "stg_sbr__picks", loads["another page"]) == {"unreadable": 1}


def move(at: str | None, **prices: Any) -> dict[str, Any]:
    return {"oddsDate": at, **prices}


def test_a_history_keeps_the_order_of_a_second_and_books_that_are_listed_twice(database: Settings) -> None:
    second = "2025-07-14T23:33:23+00:00"
    body = history(
        game(awayTeamScore=3, homeTeamScore=2, gameStatusText="Final"),
        {
            "gameId": 350001,
            "sportsbook": "fanduel",
            "moneyLineHistory": [
                move("2025-05-02T12:00:00+00:00", homeOdds=-120, awayOdds=102),
                move(second, homeOdds=-275, awayOdds=220),
                move(second, homeOdds=-275, awayOdds=225),
            ],
            "spreadHistory": None,
            "totalHistory": [],
        },
        None,
        {
            "gameId": 350001,
            "sportsbook": "fanduel",
            "moneyLineHistory": [
                move("2025-07-15T15:00:00+00:00", homeOdds=-280, awayOdds=NO_PRICE),
                move("2025-07-16T00:05:00+00:00", homeOdds=-900, awayOdds=600),
                move("0001-01-01T00:00:00+00:00", homeOdds=-280, awayOdds=230),
                move("2025-07-15 15:00", homeOdds=-280, awayOdds=230),
                None,
                "moved",
            ],
            "totalHistory": [move(second, overOdds=-115, underOdds=-105, total=8.25)],
        },
    )
    load = keep(
        database,
        "sbr_line_history",
        f"{ROOT}line-history/350001/",
        body,
        at=AT + timedelta(days=2),
        capture="backfilled",
    )
    stage(database, "stg_sbr__history_quotes", "stg_sbr__games")
    assert by_rule(database, "stg_sbr__history_quotes", load) == {
        None: 9,
        "no_price": 1,
        "move_time_out_of_range": 2,
        "invalid_move_time": 2,
        "unreadable": 2,
        "line_not_half_runs": 2,
    }
    assert records_of(database, "sbr_line_history", load, SBR_LINE_HISTORY_RECORDS) == 18
    away = rows(
        database,
        "select price_american, known_at, view_number, capture, commence_at from staging.stg_sbr__history_quotes "
        "where rule is null and side = 'away' order by known_at, record_number",
    )
    assert [(row["price_american"], row["view_number"]) for row in away] == [(102, 1), (220, 1), (225, 1), (600, 3)]
    assert away[-1]["known_at"] > away[-1]["commence_at"]  # a move in play stands here: whoever wants the close cuts it
    assert {row["capture"] for row in away} == {"backfilled"}
    [known] = rows(database, "select away_runs, home_runs, status_text from staging.stg_sbr__games")
    assert known == {"away_runs": 3, "home_runs": 2, "status_text": "Final"}


def test_both_pages_name_one_series_and_a_moved_start_is_told_anew(database: Settings) -> None:
    first = daily((game(), [view("fanduel", line(homeOdds=-150, awayOdds=130))]))
    moved = game(startDate="2025-07-16T17:05:00+00:00")
    later = history(
        moved,
        {
            "gameId": 350001,
            "sportsbook": "fanduel",
            "moneyLineHistory": [move("2025-07-15T14:00:00+00:00", homeOdds=-150)],
        },
    )
    keep(database, "sbr_odds", ROOT, first, at=AT, params={"date": "2025-07-15"})
    keep(
        database,
        "sbr_line_history",
        f"{ROOT}line-history/350001/",
        later,
        at=AT + timedelta(days=1),
        capture="backfilled",
    )
    stage(database, "stg_sbr__quotes", "stg_sbr__history_quotes", "stg_sbr__games")
    series = rows(
        database,
        "select series_id from staging.stg_sbr__quotes where side = 'home' "
        "union select series_id from staging.stg_sbr__history_quotes where side = 'home'",
    )
    assert len(series) == 1
    starts = rows(database, "select commence_at, official_date, page from staging.stg_sbr__games order by known_at")
    assert [(row["commence_at"].day, row["official_date"].day, row["page"]) for row in starts] == [
        (15, 15, "odds"),
        (16, 16, "line_history"),
    ]


def test_picks_are_shares_or_missing_with_a_reason(database: Settings) -> None:
    told: list[tuple[Any, Any, tuple[float | None, str | None, str | None]]] = [
        (66.7238421955403, 33.27615780445969, (66.72, None, None)),
        (0, 0, (None, "no_picks", None)),
        (None, None, (None, "not_stated", None)),
        (100, 0, (100.0, None, None)),
        (70, 40, (None, None, "shares_not_100")),
        ("most", 40, (None, None, "invalid_share")),
        (-5, 105, (None, None, "invalid_share")),
    ]
    loads = []
    for number, (home, away, _) in enumerate(told):
        consensus = {"homeMoneyLinePickPercent": home, "awayMoneyLinePickPercent": away}
        body = daily((game(consensus=consensus), []))
        loads.append(keep(database, "sbr_odds", TOTALS, body, at=AT, params={"date": str(number)}))
    stage(database, "stg_sbr__picks")
    for load, (home, away, expected) in zip(loads, told, strict=True):
        [row] = rows(
            database,
            "select picks_pct::float as pct, missing_reason, rule from staging.stg_sbr__picks "
            "where market = 'moneyline' and side = 'home' and load_id = %s",
            load,
        )
        assert tuple(row.values()) == expected, (home, away)
    assert len(rows(database, "select from staging.stg_sbr__picks")) == 6 * len(told)


def test_an_unchanged_page_is_news_of_its_prices_and_none_of_its_games(database: Settings) -> None:
    body = daily((game(), [view("fanduel", line(homeOdds=-150, awayOdds=130))]))
    for minutes in (0, 10):
        keep(database, "sbr_odds", ROOT, body, at=AT + timedelta(minutes=minutes), params={"date": "2025-07-15"})
        stage(database, "stg_sbr__quotes", "stg_sbr__games")
    assert [row["n"] for row in rows(database, "select count(*)::int as n from staging.stg_sbr__quotes")] == [4]
    assert [row["n"] for row in rows(database, "select count(*)::int as n from staging.stg_sbr__games")] == [1]
