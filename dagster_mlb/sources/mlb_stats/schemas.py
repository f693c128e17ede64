"""The wire format of the MLB Stats API: schedule, teams, linescore, errors. Every leaf is optional. (One game is in
``schemas_game.py``, people and places are in ``schemas_people.py``.)

What the names don't say: ``gamePk`` is *not* unique in a range of days (a postponed game stands under both its days);
``officialDate`` of a postponed entry is the new day; ``abstractGameState`` Final does not mean that it was played; the
first letter of ``statusCode`` is the state; ``score`` is absent before the start; ``runs`` of a half that was not
batted is absent; ``season`` is text in a game and a number in a team.
"""

from __future__ import annotations

from datetime import date, datetime

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from dagster_mlb.sources.wire import WireModel


class Model(WireModel):
    """An object whose names are written in camel case."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Reference(Model):
    """Something named elsewhere: a league, a division, a venue, a sport."""

    id: int | None = None
    name: str | None = None
    link: str | None = None
    abbreviation: str | None = None


class Person(Model):
    id: int | None = None
    full_name: str | None = None
    link: str | None = None


class Team(Model):
    """A club; only id, name and link without ``hydrate=team``. Ids never change, codes and names do."""

    id: int | None = None
    name: str | None = None
    link: str | None = None
    season: int | None = None
    abbreviation: str | None = None
    team_code: str | None = None
    file_code: str | None = None
    team_name: str | None = None
    location_name: str | None = None
    short_name: str | None = None
    franchise_name: str | None = None
    club_name: str | None = None
    first_year_of_play: str | None = None
    all_star_status: str | None = None
    active: bool | None = None
    venue: Reference | None = None
    spring_venue: Reference | None = None
    league: Reference | None = None
    spring_league: Reference | None = None
    division: Reference | None = None
    sport: Reference | None = None


class LeagueRecord(Model):
    """Wins and losses of the season; ``pct`` is text (``".512"``, ``".---"``)."""

    wins: int | None = None
    losses: int | None = None
    ties: int | None = None
    pct: str | None = None


class Side(Model):
    """One club's part in a game."""

    team: Team | None = None
    score: int | None = None
    is_winner: bool | None = None
    league_record: LeagueRecord | None = None
    probable_pitcher: Person | None = None
    series_number: int | None = None
    split_squad: bool | None = None


class Sides(Model):
    away: Side | None = None
    home: Side | None = None


class Status(Model):
    """``statusCode`` by its first letter.

    S, P: not begun · I, M, N: running · D: postponed · C: cancelled · T, U: suspended · O, F: over.
    """

    abstract_game_state: str | None = None
    abstract_game_code: str | None = None
    coded_game_state: str | None = None
    detailed_state: str | None = None
    status_code: str | None = None
    start_time_tbd: bool | None = Field(default=None, alias="startTimeTBD")
    reason: str | None = None


class LinescoreTotals(Model):
    runs: int | None = None
    hits: int | None = None
    errors: int | None = None
    left_on_base: int | None = None
    is_winner: bool | None = None


class Inning(Model):
    num: int | None = None
    ordinal_num: str | None = None
    away: LinescoreTotals | None = None
    home: LinescoreTotals | None = None


class LinescoreSides(Model):
    away: LinescoreTotals | None = None
    home: LinescoreTotals | None = None


class Position(Model):
    """Who stands where: fielders (defense), batters and runners (offense); a key is absent where nobody is."""

    team: Team | None = None
    batting_order: int | None = None
    pitcher: Person | None = None
    catcher: Person | None = None
    first: Person | None = None
    second: Person | None = None
    third: Person | None = None
    shortstop: Person | None = None
    left: Person | None = None
    center: Person | None = None
    right: Person | None = None
    batter: Person | None = None
    on_deck: Person | None = None
    in_hole: Person | None = None


class Linescore(Model):
    current_inning: int | None = None
    current_inning_ordinal: str | None = None
    inning_state: str | None = None
    inning_half: str | None = None
    is_top_inning: bool | None = None
    scheduled_innings: int | None = None
    innings: list[Inning] | None = None
    teams: LinescoreSides | None = None
    defense: Position | None = None
    offense: Position | None = None
    balls: int | None = None
    strikes: int | None = None
    outs: int | None = None
    note: str | None = None
    copyright: str | None = None


class GameInfo(Model):
    """``hydrate=gameInfo``: when the first pitch was thrown (UTC), how many came, how long it took (minutes)."""

    first_pitch: datetime | None = None
    attendance: int | None = None
    game_duration_minutes: int | None = None
    delay_duration_minutes: int | None = None


class Lineup(Person):
    """A player of a line-up, in batting order."""

    primary_position: dict[str, str] | None = None


class Lineups(Model):
    """``hydrate=lineups``: a side's list is absent until it is posted."""

    home_players: list[Lineup] | None = None
    away_players: list[Lineup] | None = None


class Content(Model):
    link: str | None = None


class Game(Model):
    """One entry of a day's schedule. Times are UTC, dates are baseball days."""

    game_pk: int | None = None
    game_guid: str | None = None
    link: str | None = None
    game_type: str | None = None
    season: str | None = None
    season_display: str | None = None
    game_date: datetime | None = None
    official_date: date | None = None
    status: Status | None = None
    teams: Sides | None = None
    venue: Reference | None = None
    linescore: Linescore | None = None
    game_info: GameInfo | None = None
    lineups: Lineups | None = None
    weather: dict[str, str] | None = None
    content: Content | None = None
    is_tie: bool | None = None
    is_featured_game: bool | None = None
    game_number: int | None = None
    double_header: str | None = None
    day_night: str | None = None
    description: str | None = None
    scheduled_innings: int | None = None
    games_in_series: int | None = None
    series_game_number: int | None = None
    series_description: str | None = None
    gameday_type: str | None = None
    tiebreaker: str | None = None
    calendar_event_id: str | None = Field(default=None, alias="calendarEventID")
    record_source: str | None = None
    if_necessary: str | None = None
    if_necessary_description: str | None = None
    reverse_home_away_status: bool | None = None
    inning_break_length: int | None = None
    public_facing: bool | None = None
    reschedule_date: datetime | None = None
    reschedule_game_date: date | None = None
    rescheduled_from: datetime | None = None
    rescheduled_from_date: date | None = None
    resume_date: datetime | None = None
    resume_game_date: date | None = None
    resumed_from: datetime | None = None
    resumed_from_date: date | None = None


class ScheduleDate(Model):
    date: str | None = None
    total_items: int | None = None
    total_events: int | None = None
    total_games: int | None = None
    total_games_in_progress: int | None = None
    games: list[Game] | None = None
    events: list[object] | None = None


class Schedule(Model):
    """``GET /api/v1/schedule``. A day without games is a 200 with ``dates`` empty."""

    copyright: str | None = None
    total_items: int | None = None
    total_events: int | None = None
    total_games: int | None = None
    total_games_in_progress: int | None = None
    dates: list[ScheduleDate] | None = None


class Teams(Model):
    """``GET /api/v1/teams``."""

    copyright: str | None = None
    teams: list[Team] | None = None


class Error(Model):
    """The body of a 404 or a 500."""

    message_number: int | None = None
    message: str | None = None
    timestamp: str | None = None
    trace_id: str | None = None
