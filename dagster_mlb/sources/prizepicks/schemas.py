"""The wire format of PrizePicks' board, a JSON:API document. Every leaf is optional.

What the names don't say: ``data`` points into ``included`` by (type, id), and ``included`` holds resources of other
leagues too; times carry New York's offset and are not UTC; ``description`` is the opponent (with a segment of the game
in other sports); several lines of one player and stat stand together: one standard, goblins below, demons above, mostly
to be taken for *more* only; there are no prices. Since 2025 ``game`` names home and away, and ``allowed_wager_types``
the sides (missing: both). The board of a league is in pages of at most ``per_page`` lines.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Discriminator, Tag

from dagster_mlb.sources.wire import WireModel


class Identifier(WireModel):
    """What a relationship points at."""

    type: str | None = None
    id: str | None = None


class Relationship(WireModel):
    """``data`` is null where there is nothing to point at, and a list where there may be many."""

    data: Identifier | list[Identifier] | None = None


class ProjectionRelationships(WireModel):
    duration: Relationship | None = None
    game: Relationship | None = None
    league: Relationship | None = None
    new_game: Relationship | None = None
    new_player: Relationship | None = None
    projection_type: Relationship | None = None
    score: Relationship | None = None
    stat_average: Relationship | None = None
    stat_type: Relationship | None = None


class ProjectionAttributes(WireModel):
    """``line_score`` is the line; ``flash_sale_line_score`` the discounted one of a promotion, null without one.

    ``odds_type``: standard, goblin or demon. ``status``: pre_game, in_progress, suspended. ``allowed_wager_types``: a
    word (over, under, under_or_over) or a list of them. ``event_type``: team or combo (several players in one line).
    """

    adjusted_odds: bool | None = None
    allowed_wager_types: str | list[str] | None = None
    board_time: datetime | None = None
    custom_image: str | None = None
    description: str | None = None
    discount_name: str | None = None
    discount_percentage: float | None = None
    end_time: datetime | None = None
    event_type: str | None = None
    flash_sale_line_score: float | None = None
    game_id: str | None = None
    group_key: str | None = None
    hr_20: bool | None = None
    in_game: bool | None = None
    is_live: bool | None = None
    is_live_scored: bool | None = None
    is_promo: bool | None = None
    line_score: float | None = None
    odds_type: str | None = None
    projection_type: str | None = None
    rank: int | None = None
    refundable: bool | None = None
    start_time: datetime | None = None
    stat_display_name: str | None = None
    stat_type: str | None = None
    status: str | None = None
    today: bool | None = None
    trending_count: int | None = None
    tv_channel: str | None = None
    updated_at: datetime | None = None


class Projection(WireModel):
    """One line of one player's stat in one game."""

    type: str | None = None
    id: str | None = None
    attributes: ProjectionAttributes | None = None
    relationships: ProjectionRelationships | None = None


class PlayerAttributes(WireModel):
    """``display_name`` may be empty where ``name`` is not; ``market`` is the club's city, ``team_name`` its name."""

    combo: bool | None = None
    display_name: str | None = None
    image_url: str | None = None
    jersey_number: str | None = None
    league: str | None = None
    league_id: int | None = None
    market: str | None = None
    name: str | None = None
    position: str | None = None
    team: str | None = None
    team_name: str | None = None


class PlayerRelationships(WireModel):
    league: Relationship | None = None
    team_data: Relationship | None = None


class NewPlayer(WireModel):
    type: str | None = None
    id: str | None = None
    attributes: PlayerAttributes | None = None
    relationships: PlayerRelationships | None = None


class TeamAttributes(WireModel):
    abbreviation: str | None = None
    market: str | None = None
    name: str | None = None
    primary_color: str | None = None
    secondary_color: str | None = None
    tertiary_color: str | None = None


class Team(WireModel):
    type: str | None = None
    id: str | None = None
    attributes: TeamAttributes | None = None


class GameTeam(WireModel):
    abbreviation: str | None = None
    city: str | None = None
    name: str | None = None


class GameTeams(WireModel):
    away: GameTeam | None = None
    home: GameTeam | None = None


class GameInfo(WireModel):
    status: str | None = None
    teams: GameTeams | None = None


class GameMetadata(WireModel):
    game_info: GameInfo | None = None


class GameAttributes(WireModel):
    created_at: datetime | None = None
    end_time: datetime | None = None
    external_game_id: str | None = None
    is_live: bool | None = None
    lfg_ignored_leagues: list[Any] | None = None
    metadata: GameMetadata | None = None
    start_time: datetime | None = None
    status: str | None = None
    updated_at: datetime | None = None


class GameRelationships(WireModel):
    away_team_data: Relationship | None = None
    home_team_data: Relationship | None = None
    league: Relationship | None = None


class Game(WireModel):
    type: str | None = None
    id: str | None = None
    attributes: GameAttributes | None = None
    relationships: GameRelationships | None = None


class StatTypeAttributes(WireModel):
    display_name: str | None = None
    lfg_ignored_leagues: list[Any] | None = None
    name: str | None = None
    rank: int | None = None


class StatType(WireModel):
    type: str | None = None
    id: str | None = None
    attributes: StatTypeAttributes | None = None


class NameAttributes(WireModel):
    name: str | None = None


class Named(WireModel):
    """A duration (the part of the game that the line is on) or a type of projection."""

    type: str | None = None
    id: str | None = None
    attributes: NameAttributes | None = None


class LeagueAttributes(WireModel):
    active: bool | None = None
    f2p_enabled: bool | None = None
    full_logo: str | None = None
    has_live_projections: bool | None = None
    icon: str | None = None
    image_url: str | None = None
    last_five_games_enabled: bool | None = None
    league_icon_id: int | None = None
    name: str | None = None
    parent_id: int | None = None
    parent_name: str | None = None
    projections_count: int | None = None
    rank: int | None = None
    show_trending: bool | None = None


class LeagueRelationships(WireModel):
    projection_filters: Relationship | None = None


class League(WireModel):
    type: str | None = None
    id: str | None = None
    attributes: LeagueAttributes | None = None
    relationships: LeagueRelationships | None = None


class StatAverageAttributes(WireModel):
    average: float | None = None
    count: int | None = None


class StatAverage(WireModel):
    type: str | None = None
    id: str | None = None
    attributes: StatAverageAttributes | None = None


class Unknown(WireModel):
    """A resource of a type that nobody has described; ``unknown_fields`` names what it holds."""

    type: str | None = None
    id: str | None = None


_KINDS = {
    "duration": "named",
    "game": "game",
    "league": "league",
    "new_player": "new_player",
    "projection_type": "named",
    "stat_average": "stat_average",
    "stat_type": "stat_type",
    "team": "team",
}


def _kind(resource: Any) -> str:
    kind = resource.get("type") if isinstance(resource, dict) else getattr(resource, "type", None)
    return _KINDS.get(kind, "unknown") if isinstance(kind, str) else "unknown"


Resource = Annotated[
    Annotated[NewPlayer, Tag("new_player")]
    | Annotated[Team, Tag("team")]
    | Annotated[Game, Tag("game")]
    | Annotated[StatType, Tag("stat_type")]
    | Annotated[Named, Tag("named")]
    | Annotated[League, Tag("league")]
    | Annotated[StatAverage, Tag("stat_average")]
    | Annotated[Unknown, Tag("unknown")],
    Discriminator(_kind),
]


class Links(WireModel):
    first: str | None = None
    last: str | None = None
    next: str | None = None
    prev: str | None = None
    self: str | None = None


class Meta(WireModel):
    """Which page this is, and of how many."""

    current_page: int | None = None
    total_pages: int | None = None


class Board(WireModel):
    """The answer to /projections."""

    data: list[Projection] | None = None
    included: list[Resource] | None = None
    links: Links | None = None
    meta: Meta | None = None
