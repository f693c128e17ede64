"""PrizePicks' boards in staging: every oddity of the format is staged, out of scope or quarantined with its reason."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

from dagster_mlb.settings import Settings
from tests.integration.prop_documents import GAME, START, board, game, named, player, projection
from tests.integration.staged_bodies import put, rows, stage

TABLE = "prizepicks_projections"
PARAMS = {"league_id": "2", "page": "1"}
START_AT = datetime.fromisoformat(START).astimezone(UTC)

PLAYERS = (
    player("501", "José Ramírez Jr."),
    player("502", "", display_name="Shown Only"),
    player("503", "", display_name=""),
    player("504", "Nobody Special", team="XXX"),
    player("505", "A Pitcher + B Pitcher", team="BOS/NYY", combo=True),
    player("506", "Home Hitter", team="NYY"),
    player("509", "".join(chr(97 + n * n % 26) for n in range(9_000))),
    player("507", "Stranger", team="SEA", market="Seattle", team_name="Mariners"),
    {**player("508", "Other Sport"), "attributes": {"name": "Other Sport", "league": "NBA", "league_id": 7}},
)

ODDITIES = (
    (projection(1), None),
    (projection(2, odds_type="goblin", allowed_wager_types="over"), None),
    (projection(3, odds_type="demon", allowed_wager_types=["over"], line_score=1.5), None),
    (projection(4, stat_type="Hits+Runs+RBIs", line_score=2.5, is_promo=True, flash_sale_line_score=0.5), None),
    (projection(5, "502", stat_type="1st Inning Runs Allowed", allowed_wager_types="under"), None),
    (projection(6, "506", status="suspended", allowed_wager_types="under_or_over"), None),
    (projection(7, "506", game=None, description="vs BOS", stat_type="RBIs"), None),
    (projection(8, "501", game=None, description="@ NYY", stat_type="Total Bases"), None),
    (projection(9, "501", game=None, description="NYY", stat_type="Walks", odds_type=None), None),
    (projection(10, "501", duration="13", stat_type="Pitcher Strikeouts"), None),
    (projection(11, league=None), None),
    (projection(12, "505", stat_type="Pitcher Strikeouts (Combo)"), "combo"),
    (projection(13, event_type="combo"), "combo"),
    (projection(14, in_game=True), "live"),
    (projection(15, status="in_progress"), "live"),
    (projection(16, "508", league="7"), "other_league"),
    (projection(17, "508", league=None), "other_league"),
    (projection(18, "503"), "unknown_player"),
    (projection(19, "599"), "unknown_player"),
    (projection(20, "504"), "unknown_team"),
    (projection(21, "507"), "team_not_in_game"),
    (projection(22, start_time="2025-07-15T19:05:00"), "invalid_time"),
    (projection(23, line_score="six"), "invalid_line"),
    (projection(24, line_score=-0.5), "line_out_of_range"),
    (projection(25, odds_type="angel"), "unknown_odds_type"),
    (projection(26, allowed_wager_types="sideways"), "unknown_sides"),
    (projection(27, status="settled"), "unknown_status"),
    (projection(28, game_id=""), "missing_value"),
    ({"type": "projection", "id": "29", "attributes": [1]}, "unreadable"),
    (5, "unreadable"),
    (projection(31, game="81235"), "same_team_twice"),
    (projection(32, "509"), "text_too_long"),
)


def oddities() -> bytes:
    more = (game("81235", "BOS", "BOS"), named("duration", "13", "1st Inning"), named("league", "7", "NBA"))
    return board([one for one, _ in ODDITIES], *PLAYERS, *more)


def test_every_projection_is_judged_and_no_neighbour_is_lost(database: Settings) -> None:
    put(database, TABLE, oddities(), path="/projections", params=PARAMS)
    put(database, TABLE, b"<html>Access denied</html>", path="/projections", params={"page": "2"})
    put(database, TABLE, b'{"data": [], "included": [], "meta": {}}', path="/projections", params={"page": "3"})
    put(
        database,
        TABLE,
        board([projection(1)], *PLAYERS),
        path="/projections",
        params={"page": "4"},
        capture="backfilled",
    )
    stage(database, "+stg_prizepicks__props")

    told = rows(
        database,
        "select rule, disposition, reason from staging.stg_prizepicks__projections order by load_id, record_number",
    )
    assert [rule for rule, _, _ in told] == [rule for _, rule in ODDITIES] + ["unreadable", None]
    expected = {None: "staged", "combo": "out_of_scope", "live": "out_of_scope", "other_league": "out_of_scope"}
    assert [kind for _, kind, _ in told] == [expected.get(rule, "quarantined") for rule, _, _ in told]
    assert all((reason is None) == (rule is None) for rule, _, reason in told)
    assert told[17][2] == "player 503 is not among what the page includes, or has no name"
    assert told[19][2] == 'unknown club "XXX": teach it with `mlb alias add`'

    staged = rows(
        database,
        """select projection_id, player_name, player_key, market, line::float, promo_line::float, odds_type,
                  offers_over, offers_under, sides_stated, team_id, opponent_team_id, away_team_id, home_team_id
           from staging.stg_prizepicks__projections where disposition = 'staged' order by load_id, record_number""",
    )
    jose, key = "José Ramírez Jr.", "jose ramirez"
    at_new_york, unknown = (111, 147, 111, 147), (111, 147, None, None)
    assert staged == [
        ("1", jose, key, "batter_hits", 0.5, None, "standard", True, True, False, *at_new_york),
        ("2", jose, key, "batter_hits", 0.5, None, "goblin", True, False, True, *at_new_york),
        ("3", jose, key, "batter_hits", 1.5, None, "demon", True, False, True, *at_new_york),
        ("4", jose, key, "batter_hits_runs_rbis", 2.5, 0.5, "standard", True, True, False, *at_new_york),
        (
            *("5", "Shown Only", "shown only", "1st_inning_runs_allowed", 0.5, None, "standard", False, True, True),
            *at_new_york,
        ),
        ("6", "Home Hitter", "home hitter", "batter_hits", 0.5, None, "standard", True, True, True, 147, 111, 111, 147),
        (
            "7",
            "Home Hitter",
            "home hitter",
            "batter_rbis",
            0.5,
            None,
            "standard",
            True,
            True,
            False,
            147,
            111,
            111,
            147,
        ),
        ("8", jose, key, "batter_total_bases", 0.5, None, "standard", True, True, False, *at_new_york),
        ("9", jose, key, "batter_walks", 0.5, None, None, True, True, False, *unknown),
        ("10", jose, key, "pitcher_strikeouts_1st_inning", 0.5, None, "standard", True, True, False, *at_new_york),
        ("11", jose, key, "batter_hits", 0.5, None, "standard", True, True, False, *at_new_york),
        ("1", jose, key, "batter_hits", 0.5, None, "standard", True, True, False, *at_new_york),
    ]

    sides = rows(
        database,
        """select projection_id, side, alternate_line, status, price_american, price_kind, event_id, commence_at,
                  official_date from staging.stg_prizepicks__props where projection_id in ('2', '3', '6')
           order by projection_id, side""",
    )
    shared = (None, "pick_em", GAME, START_AT, date(2025, 7, 15))
    assert sides == [
        ("2", "over", "0.5", "open", *shared),
        ("3", "over", "1.5", "open", *shared),
        ("6", "over", "", "suspended", *shared),
        ("6", "under", "", "suspended", *shared),
    ]
    # Captured: known when written. A board of the past was known when its line last changed.
    assert rows(
        database, "select distinct capture, known_at from staging.stg_prizepicks__props order by capture desc"
    ) == [
        ("captured", database.now() + timedelta(seconds=1)),
        ("backfilled", datetime(2025, 7, 15, 14, tzinfo=UTC)),
    ]


def test_the_board_keeps_only_changes_whatever_the_order_of_loads(database: Settings) -> None:
    now = database.now()

    def collected(minutes: int, line: float, *others: object) -> None:
        body = board([projection(1, line_score=line), *others], *PLAYERS)
        put(database, TABLE, body, path="/projections", params=PARAMS, observed_at=now + timedelta(minutes=minutes))

    collected(0, 0.5)
    collected(30, 1.5, projection(2, odds_type="goblin", allowed_wager_types="over"))
    stage(database, "+player_props", "+stg_odds_api__props")
    collected(20, 0.5)  # written late: the change at +30 stands
    collected(40, 1.5)  # an unchanged line is no row
    collected(50, 1.5, projection(2, odds_type="demon", allowed_wager_types="over"))
    collected(60, 1.5, projection(2, odds_type="demon", status="suspended", allowed_wager_types="over"))
    stage(database, "+player_props", "+stg_odds_api__props")

    query = """select extract(epoch from known_at - %s)::int / 60, seq, side, line::float, alternate_line, odds_type,
                      status from staging.player_props order by side, alternate_line, known_at"""
    changes = rows(database, query, [now])
    assert changes == [
        (0, 1, "over", 0.5, "", "standard", "open"),
        (30, 1, "over", 1.5, "", "standard", "open"),
        (30, 1, "over", 0.5, "0.5", "goblin", "open"),
        (50, 1, "over", 0.5, "0.5", "demon", "open"),
        (60, 1, "over", 0.5, "0.5", "demon", "suspended"),
        (0, 1, "under", 0.5, "", "standard", "open"),
        (30, 1, "under", 1.5, "", "standard", "open"),
    ]
    business = """select series_id, known_at, seq, source, event_id, book, player_key, market, side, line,
                         price_american, odds_type, status, official_date from staging.player_props order by 1, 2, 3"""
    before = rows(database, business)
    stage(database, "+player_props", "+stg_odds_api__props")
    assert rows(database, business) == before
    stage(database, "+player_props", "+stg_odds_api__props", full_refresh=True)
    assert rows(database, business) == before


def test_a_name_with_a_null_byte_spoils_neither_its_page_nor_its_neighbour(database: Settings) -> None:
    body = json.loads(board([projection(1), projection(2, "502")], *PLAYERS))
    body["included"][4]["attributes"]["name"] = "Jos\u0000e"
    put(database, TABLE, json.dumps(body).encode(), path="/projections", params=PARAMS)
    stage(database, "+stg_prizepicks__props")
    assert rows(
        database, "select projection_id, rule from staging.stg_prizepicks__projections order by record_number"
    ) == [("1", None), ("2", None)]
