"""The wire format of the MLB Stats API around people and places: persons, statistics, transactions, venues.

What the names don't say: counts are numbers and ratios are text (``".252"``, ``".---"`` where nothing can be divided);
``inningsPitched`` ``"5.2"`` is 5⅔ innings; a player who changed clubs has one split per club and a total with
``numTeams`` and without ``team``; venues have place, time zone and field only where they are asked for (``hydrate``).
"""

from __future__ import annotations

from datetime import date

from pydantic import Field

from dagster_mlb.sources.mlb_stats.schemas import Model, Person, Reference, Team


class Coded(Model):
    """A code and its word: a hand, a call, a kind of pitch, a status."""

    code: str | None = None
    description: str | None = None


class PlayerPosition(Model):
    code: str | None = None
    name: str | None = None
    type: str | None = None
    abbreviation: str | None = None


class PersonDetails(Person):
    """A person with everything that is known of him."""

    first_name: str | None = None
    last_name: str | None = None
    middle_name: str | None = None
    nick_name: str | None = None
    use_name: str | None = None
    use_last_name: str | None = None
    name_title: str | None = None
    name_suffix: str | None = None
    name_matrilineal: str | None = None
    pronunciation: str | None = None
    boxscore_name: str | None = None
    name_first_last: str | None = None
    name_slug: str | None = None
    first_last_name: str | None = None
    last_first_name: str | None = None
    last_init_name: str | None = None
    init_last_name: str | None = None
    full_fml_name: str | None = Field(default=None, alias="fullFMLName")
    full_lfm_name: str | None = Field(default=None, alias="fullLFMName")
    primary_number: str | None = None
    birth_date: date | None = None
    current_age: int | None = None
    birth_city: str | None = None
    birth_state_province: str | None = None
    birth_country: str | None = None
    height: str | None = None
    weight: int | None = None
    gender: str | None = None
    active: bool | None = None
    is_player: bool | None = None
    is_verified: bool | None = None
    draft_year: int | None = None
    mlb_debut_date: date | None = None
    last_played_date: date | None = None
    primary_position: PlayerPosition | None = None
    bat_side: Coded | None = None
    pitch_hand: Coded | None = None
    strike_zone_top: float | None = None
    strike_zone_bottom: float | None = None
    stats: list[StatBlock] | None = None


class Stat(Model):
    """A line of statistics, of any group and kind: the union of their fields."""

    note: str | None = None
    summary: str | None = None
    games_played: int | None = None
    games_started: int | None = None
    games_pitched: int | None = None
    games_finished: int | None = None
    complete_games: int | None = None
    shutouts: int | None = None
    quality_starts: int | None = None
    wins: int | None = None
    losses: int | None = None
    saves: int | None = None
    save_opportunities: int | None = None
    holds: int | None = None
    blown_saves: int | None = None
    win_percentage: str | None = None
    winning_percentage: str | None = None
    run_support: int | None = None
    innings_pitched: str | None = None
    outs: int | None = None
    outs_pitched: int | None = None
    batters_faced: int | None = None
    plate_appearances: int | None = None
    at_bats: int | None = None
    runs: int | None = None
    hits: int | None = None
    doubles: int | None = None
    triples: int | None = None
    home_runs: int | None = None
    extra_base_hits: int | None = None
    total_bases: int | None = None
    rbi: int | None = None
    left_on_base: int | None = None
    walk_offs: int | None = None
    earned_runs: int | None = None
    base_on_balls: int | None = None
    intentional_walks: int | None = None
    strike_outs: int | None = None
    hit_by_pitch: int | None = None
    hit_batsmen: int | None = None
    sac_bunts: int | None = None
    sac_flies: int | None = None
    catchers_interference: int | None = None
    reached_on_error: int | None = None
    stolen_bases: int | None = None
    caught_stealing: int | None = None
    pickoffs: int | None = None
    balks: int | None = None
    wild_pitches: int | None = None
    passed_ball: int | None = None
    inherited_runners: int | None = None
    inherited_runners_scored: int | None = None
    bequeathed_runners: int | None = None
    bequeathed_runners_scored: int | None = None
    ground_into_double_play: int | None = None
    ground_into_triple_play: int | None = None
    gidp: int | None = None
    gidp_opp: int | None = None
    ground_outs: int | None = None
    air_outs: int | None = None
    fly_outs: int | None = None
    pop_outs: int | None = None
    line_outs: int | None = None
    ground_hits: int | None = None
    fly_hits: int | None = None
    pop_hits: int | None = None
    line_hits: int | None = None
    balls_in_play: int | None = None
    total_swings: int | None = None
    swing_and_misses: int | None = None
    number_of_pitches: int | None = None
    pitches_thrown: int | None = None
    balls: int | None = None
    strikes: int | None = None
    assists: int | None = None
    put_outs: int | None = None
    errors: int | None = None
    chances: int | None = None
    fielding: str | None = None
    era: str | None = None
    whip: str | None = None
    avg: str | None = None
    obp: str | None = None
    slg: str | None = None
    ops: str | None = None
    iso: str | None = None
    babip: str | None = None
    stolen_base_percentage: str | None = None
    caught_stealing_percentage: str | None = None
    strike_percentage: str | None = None
    at_bats_per_home_run: str | None = None
    ground_outs_to_airouts: str | None = None
    pitches_per_inning: str | None = None
    pitches_per_plate_appearance: str | None = None
    walks_per_plate_appearance: str | None = None
    strikeouts_per_plate_appearance: str | None = None
    home_runs_per_plate_appearance: str | None = None
    walks_per_strikeout: str | None = None
    strikeout_walk_ratio: str | None = None
    strikesouts_to_walks: str | None = None  # as the source spells it
    strikeouts_per9_inn: str | None = Field(default=None, alias="strikeoutsPer9Inn")
    walks_per9_inn: str | None = Field(default=None, alias="walksPer9Inn")
    hits_per9_inn: str | None = Field(default=None, alias="hitsPer9Inn")
    runs_scored_per9: str | None = Field(default=None, alias="runsScoredPer9")
    home_runs_per9: str | None = Field(default=None, alias="homeRunsPer9")
    strikeouts_per9: str | None = Field(default=None, alias="strikeoutsPer9")
    base_on_balls_per9: str | None = Field(default=None, alias="baseOnBallsPer9")
    hits_per9: str | None = Field(default=None, alias="hitsPer9")


class GameReference(Model):
    game_pk: int | None = None
    link: str | None = None


class Split(Model):
    """One line of statistics and what it is about; ``date``, ``game``, ``opponent`` in a game log."""

    season: str | None = None
    date: str | None = None
    stat: Stat | None = None
    team: Reference | None = None
    opponent: Reference | None = None
    player: Person | None = None
    league: Reference | None = None
    sport: Reference | None = None
    game: GameReference | None = None
    game_type: str | None = None
    num_teams: int | None = None
    is_home: bool | None = None
    is_win: bool | None = None


class Named(Model):
    display_name: str | None = None


class StatBlock(Model):
    type: Named | None = None
    group: Named | None = None
    total_splits: int | None = None
    exemptions: list[object] | None = None
    splits: list[Split] | None = None


class People(Model):
    """``GET /api/v1/people?personIds=…`` and ``/api/v1/people/{id}``."""

    copyright: str | None = None
    people: list[PersonDetails] | None = None


class PersonStats(Model):
    """``GET /api/v1/people/{id}/stats``."""

    copyright: str | None = None
    stats: list[StatBlock] | None = None


class Transaction(Model):
    """A move of a player. What it does to the injured list is told in ``description`` alone."""

    id: int | None = None
    person: Person | None = None
    from_team: Team | None = None
    to_team: Team | None = None
    date: str | None = None
    effective_date: str | None = None
    resolution_date: str | None = None
    type_code: str | None = None
    type_desc: str | None = None
    description: str | None = None


class Transactions(Model):
    """``GET /api/v1/transactions``."""

    copyright: str | None = None
    transactions: list[Transaction] | None = None


class Coordinates(Model):
    latitude: float | None = None
    longitude: float | None = None


class Location(Model):
    """``azimuthAngle``: from home plate to centre field, degrees clockwise from north; ``elevation`` in feet."""

    address1: str | None = None
    city: str | None = None
    state: str | None = None
    state_abbrev: str | None = None
    postal_code: str | None = None
    default_coordinates: Coordinates | None = None
    azimuth_angle: float | None = None
    elevation: int | None = None
    country: str | None = None
    phone: str | None = None


class TimeZone(Model):
    id: str | None = None
    tz: str | None = None
    offset: int | None = None
    offset_at_game_time: int | None = None


class FieldInfo(Model):
    """Distances to the fence in feet."""

    capacity: int | None = None
    turf_type: str | None = None
    roof_type: str | None = None
    left_line: int | None = None
    left: int | None = None
    left_center: int | None = None
    center: int | None = None
    right_center: int | None = None
    right: int | None = None
    right_line: int | None = None


class Venue(Reference):
    location: Location | None = None
    time_zone: TimeZone | None = None
    field_info: FieldInfo | None = None
    active: bool | None = None
    season: str | None = None


class Venues(Model):
    """``GET /api/v1/venues``."""

    copyright: str | None = None
    venues: list[Venue] | None = None
