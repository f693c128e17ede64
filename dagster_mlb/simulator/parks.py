"""The league's parks: where each club plays in a season, how the field lies, whether it has a roof.

The facts are those of the warehouse's own seed of ballparks; that a league's game is at a park is its club's.
"""

from __future__ import annotations

from dagster_mlb.simulator.clubs import club_in
from dagster_mlb.simulator.schedule import Listing
from dagster_mlb.sources.open_meteo.ballparks import Ballpark, ballparks

Park = Ballpark


def park(venue_id: int) -> Park:
    """A park by MLB's venue id. Raises ``KeyError`` for one where no club of the league plays."""
    return ballparks()[venue_id]


def park_of(club: int, season: int) -> Park:
    """The home park of a club (its index in ``CLUBS``) in a season.

    >>> park_of(14, 2025).name
    'Sutter Health Park'
    """
    return ballparks()[club_in(club, season).venue_id]


def park_of_game(listing: Listing) -> Park:
    """The park of a listing: its home club's."""
    return park_of(listing.home, listing.season)
