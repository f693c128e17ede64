"""Clubs, their spellings, and what happens with a spelling nobody knows."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from dagster_mlb.baseball.teams import UnknownTeamError, normalised, team_aliases, team_of, teams


def test_there_are_thirty_clubs_in_six_divisions_of_five() -> None:
    divisions = [(team.league, team.division) for team in teams().values()]
    assert len(divisions) == 30
    assert {divisions.count(division) for division in divisions} == {5}


def test_every_club_knows_its_time_zone() -> None:
    assert all(ZoneInfo(team.time_zone) for team in teams().values())


def test_every_alias_is_spelt_as_it_is_looked_up_and_leads_to_a_club() -> None:
    assert {alias: normalised(alias) for alias in team_aliases()} == {alias: alias for alias in team_aliases()}
    assert set(team_aliases().values()) == set(teams())


def test_a_club_is_known_by_its_own_names() -> None:
    for team in teams().values():
        assert team_of(team.abbreviation) == team_of(team.name) == team


@pytest.mark.parametrize(
    ("one", "other"), [("CUB", "CHC"), ("LOS", "LAD"), ("BRS", "BOS"), ("SFO", "SFG"), ("ANA", "LAA"), ("FLA", "MIA")]
)
def test_two_codes_of_one_club_are_one_club(one: str, other: str) -> None:
    assert team_of(one) == team_of(other)


@pytest.mark.parametrize("spelling", ["St. Louis Cardinals", " st louis  cardinals ", "ST.LOUIS CARDINALS", "StL"])
def test_case_dots_and_spaces_do_not_make_another_club(spelling: str) -> None:
    if spelling == "ST.LOUIS CARDINALS":  # a missing space does
        with pytest.raises(UnknownTeamError):
            team_of(spelling)
    else:
        assert team_of(spelling).team_id == 138


def test_an_unknown_club_is_named_with_what_to_do() -> None:
    with pytest.raises(UnknownTeamError, match=r"'Mtl\. Expos'.*mlb alias add 'MTL EXPOS'"):
        team_of("Mtl. Expos")


def test_a_taught_spelling_is_known_and_never_overrides_a_seed() -> None:
    assert team_of("Mtl. Expos", {"MTL EXPOS": 120}).team_id == 120
    assert team_of("CHC", {"CHC": 145}).team_id == 112


def test_a_spelling_taught_for_a_club_that_does_not_exist_stays_unknown() -> None:
    with pytest.raises(UnknownTeamError):
        team_of("Mtl. Expos", {"MTL EXPOS": 9})
