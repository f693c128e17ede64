"""The wire format of one game: live feed and boxscore. Every leaf is optional, in a play more than anywhere.

What the names don't say: ``boxscore.teams.*.battingOrder`` names who stands in each place *now*; who began is in
the text ``battingOrder`` of a player (``"401"``: first substitute in the fourth place). ``weather`` is ``{}`` before it
is known and its numbers are text; ``decisions`` are there once a game is over; ``timeStamp`` is UTC.
"""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from dagster_mlb.sources.mlb_stats.schemas import (
    GameInfo,
    LeagueRecord,
    Linescore,
    Model,
    Person,
    Reference,
    Status,
    Team,
)
from dagster_mlb.sources.mlb_stats.schemas_people import Coded, PersonDetails, PlayerPosition, Stat, Venue


class Label(Model):
    label: str | None = None
    value: str | None = None


class Labels(Model):
    title: str | None = None
    field_list: list[Label] | None = None


class GameRecord(Model):
    """A club's record before the game."""

    games_played: int | None = None
    wild_card_games_back: str | None = None
    league_games_back: str | None = None
    spring_league_games_back: str | None = None
    sport_games_back: str | None = None
    division_games_back: str | None = None
    conference_games_back: str | None = None
    league_record: LeagueRecord | None = None
    records: object | None = None
    division_leader: bool | None = None
    wins: int | None = None
    losses: int | None = None
    winning_percentage: str | None = None


class GameTeam(Team):
    record: GameRecord | None = None


# ---------------------------------------------------------------- boxscore


class StatGroups(Model):
    batting: Stat | None = None
    pitching: Stat | None = None
    fielding: Stat | None = None


class BoxPerson(Person):
    boxscore_name: str | None = None


class GameStatus(Model):
    is_current_batter: bool | None = None
    is_current_pitcher: bool | None = None
    is_on_bench: bool | None = None
    is_substitute: bool | None = None


class BoxPlayer(Model):
    person: BoxPerson | None = None
    jersey_number: str | None = None
    position: PlayerPosition | None = None
    all_positions: list[PlayerPosition] | None = None
    status: Coded | None = None
    parent_team_id: int | None = None
    batting_order: str | None = None
    stats: StatGroups | None = None
    season_stats: StatGroups | None = None
    game_status: GameStatus | None = None


class BoxTeam(Model):
    team: GameTeam | None = None
    team_stats: StatGroups | None = None
    players: dict[str, BoxPlayer] | None = None
    batters: list[int] | None = None
    pitchers: list[int] | None = None
    bench: list[int] | None = None
    bullpen: list[int] | None = None
    batting_order: list[int] | None = None
    info: list[Labels] | None = None
    note: list[Label] | None = None


class BoxTeams(Model):
    away: BoxTeam | None = None
    home: BoxTeam | None = None


class Official(Model):
    official: Person | None = None
    official_type: str | None = None


class TopPerformer(Model):
    player: BoxPlayer | None = None
    type: str | None = None
    game_score: int | None = None
    pitching_game_score: int | None = None
    hitting_game_score: int | None = None


class Boxscore(Model):
    """``GET /api/v1/game/{pk}/boxscore``, and ``liveData.boxscore`` of a feed."""

    copyright: str | None = None
    teams: BoxTeams | None = None
    officials: list[Official] | None = None
    info: list[Label] | None = None
    pitching_notes: list[object] | None = None
    top_performers: list[TopPerformer] | None = None


# ---------------------------------------------------------------- plays


class Count(Model):
    balls: int | None = None
    strikes: int | None = None
    outs: int | None = None


class PlayResult(Model):
    type: str | None = None
    event: str | None = None
    event_type: str | None = None
    description: str | None = None
    rbi: int | None = None
    away_score: int | None = None
    home_score: int | None = None
    is_out: bool | None = None


class PlayAbout(Model):
    at_bat_index: int | None = None
    half_inning: str | None = None
    is_top_inning: bool | None = None
    inning: int | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    is_complete: bool | None = None
    is_scoring_play: bool | None = None
    has_review: bool | None = None
    has_out: bool | None = None
    captivating_index: int | None = None


class MatchupSplits(Model):
    batter: str | None = None
    pitcher: str | None = None
    men_on_base: str | None = None


class Matchup(Model):
    batter: Person | None = None
    bat_side: Coded | None = None
    pitcher: Person | None = None
    pitch_hand: Coded | None = None
    post_on_first: Person | None = None
    post_on_second: Person | None = None
    post_on_third: Person | None = None
    batter_hot_cold_zones: list[object] | None = None
    pitcher_hot_cold_zones: list[object] | None = None
    splits: MatchupSplits | None = None


class Movement(Model):
    origin_base: str | None = None
    start: str | None = None
    end: str | None = None
    out_base: str | None = None
    is_out: bool | None = None
    out_number: int | None = None


class RunnerDetails(Model):
    event: str | None = None
    event_type: str | None = None
    movement_reason: str | None = None
    runner: Person | None = None
    responsible_pitcher: Person | None = None
    is_scoring_event: bool | None = None
    rbi: bool | None = None
    earned: bool | None = None
    team_unearned: bool | None = None
    play_index: int | None = None


class Credit(Model):
    player: Person | None = None
    position: PlayerPosition | None = None
    credit: str | None = None


class PlayRunner(Model):
    movement: Movement | None = None
    details: RunnerDetails | None = None
    credits: list[Credit] | None = None


class EventDetails(Model):
    description: str | None = None
    event: str | None = None
    event_type: str | None = None
    code: str | None = None
    call: Coded | None = None
    type: Coded | None = None
    ball_color: str | None = None
    trail_color: str | None = None
    away_score: int | None = None
    home_score: int | None = None
    is_in_play: bool | None = None
    is_strike: bool | None = None
    is_ball: bool | None = None
    is_out: bool | None = None
    is_scoring_play: bool | None = None
    has_review: bool | None = None
    runner_going: bool | None = None
    from_catcher: bool | None = None
    disengagement_num: int | None = None


class PitchCoordinates(Model):
    """Feet, feet per second, and pixels (x, y)."""

    x: float | None = None
    y: float | None = None
    a_x: float | None = None
    a_y: float | None = None
    a_z: float | None = None
    pfx_x: float | None = None
    pfx_z: float | None = None
    p_x: float | None = None
    p_z: float | None = None
    v_x0: float | None = None
    v_y0: float | None = None
    v_z0: float | None = None
    x0: float | None = None
    y0: float | None = None
    z0: float | None = None


class Breaks(Model):
    break_angle: float | None = None
    break_length: float | None = None
    break_y: float | None = None
    break_vertical: float | None = None
    break_vertical_induced: float | None = None
    break_horizontal: float | None = None
    spin_rate: int | None = None
    spin_direction: int | None = None


class PitchData(Model):
    start_speed: float | None = None
    end_speed: float | None = None
    strike_zone_top: float | None = None
    strike_zone_bottom: float | None = None
    strike_zone_width: float | None = None
    strike_zone_depth: float | None = None
    coordinates: PitchCoordinates | None = None
    breaks: Breaks | None = None
    zone: int | None = None
    type_confidence: float | None = None
    plate_time: float | None = None
    extension: float | None = None


class HitCoordinates(Model):
    coord_x: float | None = None
    coord_y: float | None = None


class HitData(Model):
    launch_speed: float | None = None
    launch_angle: float | None = None
    total_distance: float | None = None
    trajectory: str | None = None
    hardness: str | None = None
    location: str | None = None
    coordinates: HitCoordinates | None = None


class PlayEvent(Model):
    details: EventDetails | None = None
    count: Count | None = None
    pitch_data: PitchData | None = None
    hit_data: HitData | None = None
    index: int | None = None
    play_id: str | None = None
    action_play_id: str | None = None
    pitch_number: int | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    is_pitch: bool | None = None
    is_base_running_play: bool | None = None
    is_substitution: bool | None = None
    type: str | None = None
    player: Person | None = None
    replaced_player: Person | None = None
    position: PlayerPosition | None = None
    batting_order: str | None = None


class Play(Model):
    result: PlayResult | None = None
    about: PlayAbout | None = None
    count: Count | None = None
    matchup: Matchup | None = None
    pitch_index: list[int] | None = None
    action_index: list[int] | None = None
    runner_index: list[int] | None = None
    runners: list[PlayRunner] | None = None
    play_events: list[PlayEvent] | None = None
    play_end_time: datetime | None = None
    at_bat_index: int | None = None


class HitPoint(Model):
    x: float | None = None
    y: float | None = None


class Hit(Model):
    team: Team | None = None
    inning: int | None = None
    pitcher: Person | None = None
    batter: Person | None = None
    coordinates: HitPoint | None = None
    type: str | None = None
    description: str | None = None


class Hits(Model):
    away: list[Hit] | None = None
    home: list[Hit] | None = None


class InningPlays(Model):
    start_index: int | None = None
    end_index: int | None = None
    top: list[int] | None = None
    bottom: list[int] | None = None
    hits: Hits | None = None


class Plays(Model):
    all_plays: list[Play] | None = None
    current_play: Play | None = None
    scoring_plays: list[int] | None = None
    plays_by_inning: list[InningPlays] | None = None


# ---------------------------------------------------------------- live feed


class MetaData(Model):
    wait: int | None = None
    time_stamp: str | None = None
    game_events: list[object] | None = None
    logical_events: list[object] | None = None


class FeedGame(Model):
    pk: int | None = None
    type: str | None = None
    double_header: str | None = None
    id: str | None = None
    gameday_type: str | None = None
    tiebreaker: str | None = None
    game_number: int | None = None
    calendar_event_id: str | None = Field(default=None, alias="calendarEventID")
    season: str | None = None
    season_display: str | None = None


class FeedTimes(Model):
    date_time: datetime | None = None
    original_date: date | None = None
    official_date: date | None = None
    day_night: str | None = None
    time: str | None = None
    ampm: str | None = None


class FeedTeams(Model):
    away: GameTeam | None = None
    home: GameTeam | None = None


class Weather(Model):
    condition: str | None = None
    temp: str | None = None
    wind: str | None = None


class Allowance(Model):
    used: int | None = None
    remaining: int | None = None


class Allowances(Model):
    has_challenges: bool | None = None
    away: Allowance | None = None
    home: Allowance | None = None


class Flags(Model):
    no_hitter: bool | None = None
    perfect_game: bool | None = None
    away_team_no_hitter: bool | None = None
    away_team_perfect_game: bool | None = None
    home_team_no_hitter: bool | None = None
    home_team_perfect_game: bool | None = None


class Starters(Model):
    away: Person | None = None
    home: Person | None = None


class GameData(Model):
    game: FeedGame | None = None
    datetime: FeedTimes | None = None
    status: Status | None = None
    teams: FeedTeams | None = None
    players: dict[str, PersonDetails] | None = None
    venue: Venue | None = None
    official_venue: Reference | None = None
    weather: Weather | None = None
    game_info: GameInfo | None = None
    review: Allowances | None = None
    abs_challenges: object | None = None
    flags: Flags | None = None
    alerts: list[object] | None = None
    probable_pitchers: Starters | None = None
    official_scorer: Person | None = None
    primary_datacaster: Person | None = None
    mound_visits: Allowances | None = None


class Decisions(Model):
    winner: Person | None = None
    loser: Person | None = None
    save: Person | None = None


class LiveData(Model):
    plays: Plays | None = None
    linescore: Linescore | None = None
    boxscore: Boxscore | None = None
    decisions: Decisions | None = None
    leaders: object | None = None


class LiveFeed(Model):
    """``GET /api/v1.1/game/{pk}/feed/live``."""

    copyright: str | None = None
    game_pk: int | None = None
    link: str | None = None
    meta_data: MetaData | None = None
    game_data: GameData | None = None
    live_data: LiveData | None = None
