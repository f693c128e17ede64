"""What people do about the quarantine: teach a club, take it back, stage a load again; no row is left over."""

from __future__ import annotations

from pathlib import Path

import pytest
from archive_factories import grid, workbook
from archive_world import CLUBS, SBR_HEADER, game_log_file, sbr_rows, season, tick_file, tick_lines, written
from command_line import mlb
from world import untested

from dagster_mlb.pipeline import load_archives
from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.frames import read_frame
from dagster_mlb.warehouse.prepare import prepare
from dagster_mlb.warehouse.quarantine import (
    AliasError,
    QuarantineError,
    add_alias,
    list_aliases,
    list_quarantine,
    remove_alias,
    retry,
)


@pytest.mark.parametrize("club", ["117", "HOU", "hou", "Houston Astros", "Astros"])
def test_a_club_is_named_by_id_abbreviation_or_name(database: Settings, club: str) -> None:
    taught = add_alias(database, "  Colt   .45s ", club)
    assert (taught.alias, taught.team_id, taught.club) == ("COLT 45S", 117, "Houston Astros")
    assert list_aliases(database) == [taught]


def test_teaching_the_same_alias_twice_is_a_no_op(database: Settings) -> None:
    assert add_alias(database, "HOW", "HOU") == add_alias(database, "how", "117")
    assert len(list_aliases(database)) == 1


def test_an_alias_that_the_platform_came_with_is_known_for_its_club_and_refused_for_another(database: Settings) -> None:
    assert add_alias(database, "KAN", "KC").is_seed
    with pytest.raises(AliasError, match=r'"KAN" means Kansas City Royals \(118\) already, the platform came with it'):
        add_alias(database, "kan", "HOU")
    assert list_aliases(database) == []


def test_a_taught_alias_keeps_its_club_until_it_is_taken_back(database: Settings) -> None:
    add_alias(database, "HOW", "HOU")
    with pytest.raises(AliasError, match=r"means Houston Astros \(117\) already, it was taught so"):
        add_alias(database, "HOW", "KC")
    assert remove_alias(database, "how").team_id == 117
    assert add_alias(database, "HOW", "KC").team_id == 118


@pytest.mark.parametrize(
    ("alias", "club", "message"),
    [("HOW", "Expos", '"Expos" is none of the thirty clubs: LAA 108,'), (" . ", "HOU", "at least one character")],
)
def test_what_cannot_be_taught_is_told(database: Settings, alias: str, club: str, message: str) -> None:
    with pytest.raises(AliasError, match=message):
        add_alias(database, alias, club)


def test_an_alias_that_was_never_taught_cannot_be_taken_back(database: Settings) -> None:
    told = mlb(database, "alias", "remove", "HOW")
    assert (told.code, told.text.strip()) == (1, '"HOW" was never taught: `mlb alias list` shows what was.')


def test_the_seeds_stand_beside_what_was_taught(database: Settings) -> None:
    add_alias(database, "HOW", "HOU")
    told = mlb(database, "alias", "list", "--all")
    assert told.lines("HOW 117 Houston Astros taught")
    assert told.lines("KAN 118 Kansas City Royals seed")


def test_before_anything_was_staged_there_is_no_quarantine(database: Settings) -> None:
    prepare(database)
    with pytest.raises(QuarantineError, match="Nothing has been staged yet"):
        list_quarantine(database)
    with pytest.raises(QuarantineError, match="Nothing has been staged yet"):
        retry(database)


def test_an_alias_taught_wrongly_and_then_rightly_leaves_no_row_of_the_wrong_club(
    database: Settings, tmp_path: Path
) -> None:
    """The club is part of an event's identity, so a mended alias moves prices to another series."""
    games = season()
    rows = [[("HOW" if cell == "KAN" else cell) for cell in row] for row in sbr_rows(games)]
    files = {
        "gl2016.txt": game_log_file(games),
        "mlb-odds-2016.xlsx": workbook({"Sheet1": grid([SBR_HEADER, *rows])}),
        "ticks_2016.csv": tick_file(tick_lines(games, hours=(5, 2))),
    }
    with untested():
        load_archives(database, written(tmp_path / "season", files))
    waiting = list_quarantine(database, source="sbr_archive", limit=3)
    assert {count.rule: count.records for count in waiting.counts} == {"unknown_team": 7, "partner_unknown_team": 7}
    assert len(waiting.records) == 3
    [load_id] = {record.load_id for record in waiting.records}

    add_alias(database, "HOW", "HOU")
    assert retry(database, rule="unknown_team").after == []
    assert len(clubs_priced(database)) == 3  # Houston's among them
    assert priced_games(database) == 5

    remove_alias(database, "HOW")
    add_alias(database, "HOW", CLUBS[1].name)
    told = mlb(database, "quarantine", "retry", "--load", str(load_id))
    assert told.lines("0 were in quarantine, 0 are now.")
    assert priced_games(database) == 12
    assert rows_of(database, "select count(*) from staging.odds_series where event_id like '%117%'") == [(0,)]
    orphans = """select count(*) from staging.odds_ticks as t
                 where not exists (select from staging.int_quotes as q where q.series_id = t.series_id)"""
    assert rows_of(database, orphans) == [(0,)]
    assert rows_of(database, "select sum(abs(difference)) from operational.record_accounting") == [(0,)]

    assert "Nothing is in quarantine that could be tried again." in mlb(database, "quarantine", "retry").text
    assert "Nothing is in quarantine." in mlb(database, "quarantine", "list").text
    assert "Load 999 was never staged" in mlb(database, "quarantine", "retry", "--load", "999").text


def clubs_priced(settings: Settings) -> set[int]:
    query = "select distinct unnest(array[home_team_id, away_team_id]) from staging.stg_sbr_archive__games"
    return {team for (team,) in rows_of(settings, query)} - {121}


def priced_games(settings: Settings) -> int:
    """The games of the spine that the sheet prices."""
    query = """select count(*) from curated.moneylines as m join staging.games as g using (game_key)
               where m.source = 'sbr_archive' and g.spine = 'retrosheet'"""
    return rows_of(settings, query)[0][0]


def rows_of(settings: Settings, query: str) -> list[tuple]:
    return read_frame(settings, query).rows()
