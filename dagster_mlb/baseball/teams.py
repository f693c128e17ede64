"""The thirty clubs and every spelling of them that the platform came with: the seeds of the dbt project, read once.

Spellings that a person taught the platform (``mlb alias add``) live in operational.team_aliases; a caller that has a
database passes them in.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from dagster_mlb.settings import PROJECT_ROOT

SEEDS_DIR = PROJECT_ROOT / "dbt_project" / "seeds"


class UnknownTeamError(LookupError):
    """A source named a club that no alias knows."""

    def __init__(self, alias: str) -> None:
        super().__init__(
            f"no club is known as {alias!r}: if it is one, teach it with "
            f"`mlb alias add {normalised(alias)!r} <team_id>`"
        )
        self.alias = alias


@dataclass(frozen=True)
class Team:
    """One club. ``team_id`` is MLB's and never changes; ``time_zone`` is the IANA zone of its home park."""

    team_id: int
    abbreviation: str
    name: str
    nickname: str
    league: str
    division: str
    time_zone: str


def normalised(alias: str) -> str:
    """A spelling as the seed writes it: upper case, no dots, single spaces. Twin of the macro ``club_alias``.

    >>> normalised(" St.  Louis Cardinals")
    'ST LOUIS CARDINALS'
    """
    return re.sub(r"\s+", " ", alias.strip(" ").replace(".", ""), flags=re.ASCII).upper()


@lru_cache(maxsize=1)
def teams() -> dict[int, Team]:
    """The clubs by id."""
    with (SEEDS_DIR / "teams.csv").open(encoding="utf-8", newline="") as file:
        return {
            int(row["team_id"]): Team(int(row["team_id"]), **{key: row[key] for key in row if key != "team_id"})
            for row in csv.DictReader(file)
        }


@lru_cache(maxsize=1)
def team_aliases() -> dict[str, int]:
    """Team id by normalised spelling."""
    with (SEEDS_DIR / "team_aliases.csv").open(encoding="utf-8", newline="") as file:
        return {row["alias"]: int(row["team_id"]) for row in csv.DictReader(file)}


def team_of(alias: str, taught: Mapping[str, int] | None = None) -> Team:
    """The club behind a spelling; ``taught`` holds spellings a person added (normalised), which never override.

    >>> team_of("Chi. Cubs").abbreviation
    'CHC'
    """
    spelling = normalised(alias)
    team_id = team_aliases().get(spelling, (taught or {}).get(spelling))
    if team_id is None or team_id not in teams():
        raise UnknownTeamError(alias)
    return teams()[team_id]
