"""Props of The Odds API in staging: prices in both formats, alternates, history, and what is quoted elsewhere."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dagster_mlb.settings import Settings
from tests.integration.prop_documents import EVENT, book, event, market, outcome
from tests.integration.staged_bodies import put, rows, stage

TABLE = "odds_api_event_odds"
PATH = f"/v4/sports/baseball_mlb/events/{EVENT}/odds"
AMERICAN = {"oddsFormat": "american", "regions": "us"}


def record(told: Any, rule: str | None) -> tuple[Any, str | None]:
    return told, rule


ODDITIES = (
    record(("h2h", outcome("New York Yankees", None, -130)), "quoted_elsewhere"),
    record(("alternate_totals", outcome("Over", None, 120, 9.5)), "quoted_elsewhere"),
    record(("team_totals", outcome("Over", "Boston Red Sox", -110, 4.5)), "quoted_elsewhere"),
    record(("batter_hits", outcome("Over", "Ronald Acuña Jr.", -180, 0.5)), None),
    record(("batter_hits", outcome("Under", "Ronald Acuña Jr.", 150, 0.5)), None),
    record(("batter_total_bases", outcome("Over", "J.T. Realmuto", 115, 1.5)), None),
    record(("batter_total_bases", outcome("Over", "J.T. Realmuto", 260, 2.5)), None),
    record(("batter_hits_alternate", outcome("Over", "Ketel Marte", 320, 1.5)), None),
    record(("pitcher_record_a_win", outcome("Yes", "Gerrit Cole", 140)), None),
    record(("pitcher_record_a_win", outcome("No", "Gerrit Cole", -170)), None),
    record(("batter_home_runs", outcome("over", "Max Muncy (LAD)", 100000, 0.5)), None),
    record(("pitcher_strikeouts", outcome("Over", "Gerrit Cole", "-115", "6.5")), None),
    record(("pitcher_strikeouts", outcome("Over", None, -115, 6.5)), "missing_player"),
    record(("pitcher_strikeouts", outcome("Over", "  ", -115, 6.5)), "missing_player"),
    record(("pitcher_strikeouts", outcome("Exactly", "Gerrit Cole", -115, 6.5)), "invalid_side"),
    record(("pitcher_strikeouts", outcome("Over", "Gerrit Cole", "even", 6.5)), "invalid_price"),
    record(("pitcher_strikeouts", outcome("Over", "Gerrit Cole", -50, 6.5)), "price_inside_100"),
    record(("pitcher_strikeouts", outcome("Over", "Gerrit Cole", 100001, 6.5)), "price_out_of_range"),
    record(("pitcher_strikeouts", outcome("Over", "Gerrit Cole", -115)), "invalid_line"),
    record(("pitcher_strikeouts", outcome("Over", "Gerrit Cole", -115, "six")), "invalid_line"),
    record(("pitcher_strikeouts", outcome("Over", "Gerrit Cole", -115, 6.25)), "line_not_half"),
    record(("pitcher_strikeouts", outcome("Over", "Gerrit Cole", -115, 101.5)), "line_out_of_range"),
    record(("pitcher_strikeouts", outcome("Over", "G" * 201, -115, 6.5)), "text_too_long"),
    record(("pitcher_strikeouts", 7), "unreadable"),
    record(("", outcome("Over", "Gerrit Cole", -115, 6.5)), "missing_value"),
)


def oddities() -> bytes:
    markets: list[dict[str, Any]] = []
    for (key, told), _ in ODDITIES:
        if not markets or markets[-1]["key"] != key:
            markets.append(market(key))
        markets[-1]["outcomes"].append(told)
    return json.dumps(event(book("fanduel", *markets))).encode()


def test_every_outcome_is_judged_and_no_neighbour_is_lost(database: Settings) -> None:
    hit = market("batter_hits", outcome("Over", "Ketel Marte", 1.91, 0.5), outcome("Under", "Ketel Marte", 2.0, 0.5))
    one = outcome("Over", "Ketel Marte", -120, 0.5)
    bodies: list[tuple[bytes, dict[str, Any]]] = [
        (oddities(), {"params": AMERICAN}),
        # What was asked for is not known: the prices tell that they are decimal.
        (json.dumps(event(book("betmgm", hit))).encode(), {"params": {}}),
        (json.dumps(event(book("underdog", market("batter_hits", one)), id="cd" * 16)).encode(), {"params": AMERICAN}),
        (json.dumps(event(book("fanduel", hit), home_team="Boston Braves")).encode(), {"params": {"n": "1"}}),
        (json.dumps(event(book("fanduel", hit), commence_time="soon")).encode(), {"params": {"n": "2"}}),
        (json.dumps(event(book("fanduel", hit), sport_key="basketball_nba")).encode(), {"params": {"n": "3"}}),
        (json.dumps(event()).encode(), {"params": {"n": "4"}}),
        (b'{"id": "cut', {"params": {"n": "5"}}),
        # A list too many: its outcomes are of no market, and counted all the same.
        (json.dumps(event({"key": "fanduel", "markets": [[hit]]})).encode(), {"params": {"n": "6"}}),
    ]
    for body, how in bodies:
        put(database, TABLE, body, path=PATH, **how)
    stage(database, "+stg_odds_api__props")
    told = rows(
        database, "select rule, disposition, reason from staging.stg_odds_api__props order by load_id, record_number"
    )
    others = [None, None, None, "unknown_team", "unknown_team", "invalid_time", "invalid_time"]
    assert [rule for rule, _, _ in told] == [
        *(rule for _, rule in ODDITIES),
        *others,
        *("other_league", "other_league", "unreadable", "missing_value", "missing_value"),
    ]
    outside = {None: "staged", "quoted_elsewhere": "out_of_scope", "other_league": "out_of_scope"}
    assert [kind for _, kind, _ in told] == [outside.get(rule, "quarantined") for rule, _, _ in told]
    assert all((reason is None) == (rule is None) for rule, _, reason in told)

    staged = rows(
        database,
        """select book, player_name, player_key, market, side, line::float, alternate_line, price_american, price_kind
           from staging.stg_odds_api__props where disposition = 'staged' order by load_id, record_number""",
    )
    acuna, realmuto = ("Ronald Acuña Jr.", "ronald acuna"), ("J.T. Realmuto", "jt realmuto")
    marte, cole, muncy = (
        ("Ketel Marte", "ketel marte"),
        ("Gerrit Cole", "gerrit cole"),
        ("Max Muncy (LAD)", "max muncy"),
    )
    assert staged == [
        ("fanduel", *acuna, "batter_hits", "over", 0.5, "", -180, "price"),
        ("fanduel", *acuna, "batter_hits", "under", 0.5, "", 150, "price"),
        ("fanduel", *realmuto, "batter_total_bases", "over", 1.5, "", 115, "price"),
        ("fanduel", *realmuto, "batter_total_bases", "over", 2.5, "2.5", 260, "price"),
        ("fanduel", *marte, "batter_hits", "over", 1.5, "1.5", 320, "price"),
        ("fanduel", *cole, "pitcher_record_a_win", "yes", None, "", 140, "price"),
        ("fanduel", *cole, "pitcher_record_a_win", "no", None, "", -170, "price"),
        ("fanduel", *muncy, "batter_home_runs", "over", 0.5, "", 100000, "price"),
        ("fanduel", *cole, "pitcher_strikeouts", "over", 6.5, "", -115, "price"),
        ("betmgm", *marte, "batter_hits", "over", 0.5, "", pytest.approx(-100 / 0.91), "price"),
        ("betmgm", *marte, "batter_hits", "under", 0.5, "", 100, "price"),
        ("underdog", *marte, "batter_hits", "over", 0.5, "", -120, "pick_em"),
    ]


def test_a_snapshot_of_the_past_is_known_at_its_own_time(database: Settings) -> None:
    hit = market("batter_hits", outcome("Over", "Ketel Marte", -120, 0.5), last_update="2025-07-10T15:58:00Z")
    snapshot = {"timestamp": "2025-07-10T16:00:00Z", "previous_timestamp": None, "next_timestamp": None}
    past = "/v4/historical/sports/baseball_mlb/events/x/odds"
    for n, wrapped in enumerate(
        ({**snapshot, "data": event(book("fanduel", hit))}, {"data": event(book("fanduel", hit))})
    ):
        params = {**AMERICAN, "n": str(n)}
        put(database, TABLE, json.dumps(wrapped).encode(), path=past, params=params, capture="backfilled")
    stage(database, "+stg_odds_api__props")
    at = datetime(2025, 7, 10, 16, tzinfo=UTC)
    assert rows(
        database,
        "select rule, known_at, observed_at, last_update_at from staging.stg_odds_api__props order by load_id",
    ) == [
        (None, at, at, at - timedelta(minutes=2)),
        ("missing_snapshot_time", None, None, at - timedelta(minutes=2)),
    ]


def test_a_price_that_stands_is_one_row_and_a_repeat_that_is_news_stays_known(database: Settings) -> None:
    now = database.now()
    for minutes, price in ((0, -120), (10, -120), (20, -125), (30, -120)):
        body = json.dumps(event(book("fanduel", market("batter_hits", outcome("Over", "Ketel Marte", price, 0.5)))))
        at = now + timedelta(minutes=minutes)
        put(database, TABLE, body.encode(), path=PATH, params=AMERICAN, observed_at=at)
    stage(database, "+player_props")
    # The fourth answer repeats the first one's bytes: it is not the answer before it, so it is news.
    assert rows(database, "select count(*), count(distinct load_id) from staging.stg_odds_api__props") == [(4, 4)]
    assert rows(
        database,
        "select price_american, price_decimal, known_at from staging.player_props order by known_at",
    ) == [
        (price, pytest.approx(1 + 100 / -price), now + timedelta(minutes=minutes, seconds=1))
        for price, minutes in ((-120, 0), (-125, 20), (-120, 30))
    ]
