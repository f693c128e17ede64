# ruff: noqa: E501 (a table reads best with a club per line)
"""The thirty clubs of the league: real ids, names, venues and time zones, and the simulation's park factors.

Who plays is here; how strong they are is drawn in ``league.py``. Clubs are addressed by their *index* in ``CLUBS``
(0–29) inside the simulator and by their MLB id on the wire.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Club:
    """One club in one season. ``park_runs`` is the log factor that its park puts on both sides' mean runs."""

    club_id: int
    name: str
    abbreviation: str
    team_code: str
    file_code: str
    team_name: str
    location: str
    short_name: str
    franchise: str
    first_year: int
    league_id: int
    division_id: int
    venue_id: int
    venue_name: str
    time_zone: str
    night_start: str
    park_runs: float
    has_roof: bool


# fmt: off
CLUBS: tuple[Club, ...] = (
    Club(108, "Los Angeles Angels", "LAA", "ana", "ana", "Angels", "Anaheim", "LA Angels", "Los Angeles", 1961, 103, 200, 1, "Angel Stadium", "America/Los_Angeles", "18:38", 0.01, False),
    Club(109, "Arizona Diamondbacks", "AZ", "ari", "ari", "D-backs", "Phoenix", "Arizona", "Arizona", 1996, 104, 203, 15, "Chase Field", "America/Phoenix", "18:40", 0.02, True),
    Club(110, "Baltimore Orioles", "BAL", "bal", "bal", "Orioles", "Baltimore", "Baltimore", "Baltimore", 1901, 103, 201, 2, "Oriole Park at Camden Yards", "America/New_York", "18:35", 0.01, False),
    Club(111, "Boston Red Sox", "BOS", "bos", "bos", "Red Sox", "Boston", "Boston", "Boston", 1901, 103, 201, 3, "Fenway Park", "America/New_York", "19:10", 0.06, False),
    Club(112, "Chicago Cubs", "CHC", "chn", "chc", "Cubs", "Chicago", "Chi Cubs", "Chicago", 1874, 104, 205, 17, "Wrigley Field", "America/Chicago", "19:05", 0.0, False),
    Club(113, "Cincinnati Reds", "CIN", "cin", "cin", "Reds", "Cincinnati", "Cincinnati", "Cincinnati", 1882, 104, 205, 2602, "Great American Ball Park", "America/New_York", "18:40", 0.05, False),
    Club(114, "Cleveland Guardians", "CLE", "cle", "cle", "Guardians", "Cleveland", "Cleveland", "Cleveland", 1901, 103, 202, 5, "Progressive Field", "America/New_York", "18:40", -0.02, False),
    Club(115, "Colorado Rockies", "COL", "col", "col", "Rockies", "Denver", "Colorado", "Colorado", 1992, 104, 203, 19, "Coors Field", "America/Denver", "18:40", 0.22, False),
    Club(116, "Detroit Tigers", "DET", "det", "det", "Tigers", "Detroit", "Detroit", "Detroit", 1901, 103, 202, 2394, "Comerica Park", "America/Detroit", "18:40", -0.01, False),
    Club(117, "Houston Astros", "HOU", "hou", "hou", "Astros", "Houston", "Houston", "Houston", 1962, 103, 200, 2392, "Minute Maid Park", "America/Chicago", "19:10", 0.0, True),
    Club(118, "Kansas City Royals", "KC", "kca", "kc", "Royals", "Kansas City", "Kansas City", "Kansas City", 1968, 103, 202, 7, "Kauffman Stadium", "America/Chicago", "18:40", 0.03, False),
    Club(119, "Los Angeles Dodgers", "LAD", "lan", "la", "Dodgers", "Los Angeles", "LA Dodgers", "Los Angeles", 1884, 104, 203, 22, "Dodger Stadium", "America/Los_Angeles", "19:10", -0.01, False),
    Club(120, "Washington Nationals", "WSH", "was", "was", "Nationals", "Washington", "Washington", "Washington", 1968, 104, 204, 3309, "Nationals Park", "America/New_York", "18:45", 0.01, False),
    Club(121, "New York Mets", "NYM", "nyn", "nym", "Mets", "Flushing", "NY Mets", "New York", 1962, 104, 204, 3289, "Citi Field", "America/New_York", "19:10", -0.04, False),
    Club(133, "Oakland Athletics", "OAK", "oak", "oak", "Athletics", "Oakland", "Oakland", "Oakland", 1901, 103, 200, 10, "Oakland Coliseum", "America/Los_Angeles", "19:05", 0.03, False),
    Club(134, "Pittsburgh Pirates", "PIT", "pit", "pit", "Pirates", "Pittsburgh", "Pittsburgh", "Pittsburgh", 1882, 104, 205, 31, "PNC Park", "America/New_York", "18:40", -0.01, False),
    Club(135, "San Diego Padres", "SD", "sdn", "sd", "Padres", "San Diego", "San Diego", "San Diego", 1968, 104, 203, 2680, "Petco Park", "America/Los_Angeles", "18:40", -0.06, False),
    Club(136, "Seattle Mariners", "SEA", "sea", "sea", "Mariners", "Seattle", "Seattle", "Seattle", 1977, 103, 200, 680, "T-Mobile Park", "America/Los_Angeles", "18:40", -0.09, False),
    Club(137, "San Francisco Giants", "SF", "sfn", "sf", "Giants", "San Francisco", "San Francisco", "San Francisco", 1883, 104, 203, 2395, "Oracle Park", "America/Los_Angeles", "18:45", -0.06, False),
    Club(138, "St. Louis Cardinals", "STL", "sln", "stl", "Cardinals", "St. Louis", "St. Louis", "St. Louis", 1892, 104, 205, 2889, "Busch Stadium", "America/Chicago", "18:45", -0.03, False),
    Club(139, "Tampa Bay Rays", "TB", "tba", "tb", "Rays", "St. Petersburg", "Tampa Bay", "Tampa Bay", 1996, 103, 201, 12, "Tropicana Field", "America/New_York", "19:05", -0.04, True),
    Club(140, "Texas Rangers", "TEX", "tex", "tex", "Rangers", "Arlington", "Texas", "Texas", 1961, 103, 200, 5325, "Globe Life Field", "America/Chicago", "19:05", 0.0, True),
    Club(141, "Toronto Blue Jays", "TOR", "tor", "tor", "Blue Jays", "Toronto", "Toronto", "Toronto", 1977, 103, 201, 14, "Rogers Centre", "America/Toronto", "19:07", 0.01, True),
    Club(142, "Minnesota Twins", "MIN", "min", "min", "Twins", "Minneapolis", "Minnesota", "Minnesota", 1901, 103, 202, 3312, "Target Field", "America/Chicago", "18:40", 0.01, False),
    Club(143, "Philadelphia Phillies", "PHI", "phi", "phi", "Phillies", "Philadelphia", "Philadelphia", "Philadelphia", 1883, 104, 204, 2681, "Citizens Bank Park", "America/New_York", "18:45", 0.03, False),
    Club(144, "Atlanta Braves", "ATL", "atl", "atl", "Braves", "Atlanta", "Atlanta", "Atlanta", 1871, 104, 204, 4705, "Truist Park", "America/New_York", "19:15", 0.01, False),
    Club(145, "Chicago White Sox", "CWS", "cha", "cws", "White Sox", "Chicago", "Chi White Sox", "Chicago", 1901, 103, 202, 4, "Guaranteed Rate Field", "America/Chicago", "18:40", 0.01, False),
    Club(146, "Miami Marlins", "MIA", "mia", "mia", "Marlins", "Miami", "Miami", "Miami", 1991, 104, 204, 4169, "loanDepot park", "America/New_York", "18:40", -0.03, True),
    Club(147, "New York Yankees", "NYY", "nya", "nyy", "Yankees", "Bronx", "NY Yankees", "New York", 1903, 103, 201, 3313, "Yankee Stadium", "America/New_York", "19:05", 0.02, False),
    Club(158, "Milwaukee Brewers", "MIL", "mil", "mil", "Brewers", "Milwaukee", "Milwaukee", "Milwaukee", 1968, 104, 205, 32, "American Family Field", "America/Chicago", "18:40", 0.0, True),
)
# fmt: on

CLUB_INDEX = {club.club_id: index for index, club in enumerate(CLUBS)}

LEAGUES = {103: "American League", 104: "National League"}
DIVISIONS = {
    200: "American League West",
    201: "American League East",
    202: "American League Central",
    203: "National League West",
    204: "National League East",
    205: "National League Central",
}

ATHLETICS = 133


@lru_cache(maxsize=1024)
def club_in(index: int, season: int) -> Club:
    """The club as MLB calls it in a season: the Athletics left Oakland, its code and its park after 2024."""
    club = CLUBS[index]
    if club.club_id == ATHLETICS and season >= 2025:
        return replace(
            club,
            name="Athletics",
            abbreviation="ATH",
            team_code="ath",
            file_code="ath",
            location="Sacramento",
            short_name="Athletics",
            franchise="Athletics",
            venue_id=2529,
            venue_name="Sutter Health Park",
        )
    return club


def odds_api_name(index: int, season: int) -> str:
    """The club's name on the odds feed, which still said "Oakland Athletics" in August 2025."""
    club = CLUBS[index]
    if club.club_id == ATHLETICS and season >= 2026:
        return "Athletics"
    return club.name
