"""Every table of responses and the endpoint behind it: one line each, for what concerns all of them alike (recordings,
replays, the tables that raw may write). What is asked of an endpoint when is its source's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Final

from dagster_mlb.sources.action_network import client as action_network
from dagster_mlb.sources.http_messages import SourcePolicy, SourceRequest
from dagster_mlb.sources.mlb_stats import client as mlb_stats
from dagster_mlb.sources.odds_api import client as odds_api
from dagster_mlb.sources.odds_api import events as odds_api_events
from dagster_mlb.sources.odds_api import props as odds_api_props
from dagster_mlb.sources.open_meteo import client as open_meteo
from dagster_mlb.sources.parsing import RowReader
from dagster_mlb.sources.prizepicks import client as prizepicks
from dagster_mlb.sources.savant import client as savant
from dagster_mlb.sources.sbd import client as sbd
from dagster_mlb.sources.sbr import client as sbr
from dagster_mlb.sources.vsin import client as vsin

_DAY: Final = date(2025, 7, 15)
_MOMENT: Final = datetime(2025, 7, 15, 16, tzinfo=UTC)
_EVENT: Final = "0" * 32
# What an example says of one day, game, person or place: not true of another answer of its endpoint.
_OF_THE_EXAMPLE: Final = frozenset(
    {
        *("date", "startDate", "endDate", "start_date", "end_date", "game_date_gt", "game_date_lt", "season"),
        *("personIds", "venueIds", "latitude", "longitude", "team", "page", "source"),
    }
)
_ID_IN_PATH: Final = re.compile(r"/(1|0{32})(?=/|$)")
_CONTENT_TYPES: Final = {"json": "application/json", "html": "text/html; charset=utf-8", "csv": "text/csv"}


@dataclass(frozen=True)
class Endpoint:
    """One table of responses. ``base``: the setting ``<base>_base_url``. ``example``: a request of this endpoint."""

    table: str
    policy: SourcePolicy
    base: str
    example: SourceRequest
    reader_of: Callable[[], RowReader] | None = None

    @property
    def source(self) -> str:
        return self.policy.source

    @property
    def reader(self) -> RowReader | None:
        """The reader of its bodies, where SQL cannot read them."""
        return self.reader_of() if self.reader_of else None

    def content_type_of(self, body: bytes) -> str:
        """What a body saved without its headers came as: JSON where it is a document, else as its endpoint answers."""
        is_document = body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")
        return _CONTENT_TYPES["json" if is_document else self.example.expects]

    @property
    def unaddressed(self) -> SourceRequest:
        """A request for an answer that somebody saved without its address: the example without what is true of the
        example alone. An id in its path is the word ``unknown``."""
        kept = {name: value for name, value in self.example.params.items() if name not in _OF_THE_EXAMPLE}
        path = _ID_IN_PATH.sub("/unknown", self.example.path)
        return replace(self.example, path=path, params=kept, official_date=None)


def _vsin_reader() -> RowReader:
    from dagster_mlb.sources.vsin.parse import READER

    return READER


def _savant_reader() -> RowReader:
    from dagster_mlb.sources.savant.parse import READER

    return READER


def _endpoints() -> dict[str, Endpoint]:
    mlb: dict[str, SourceRequest] = {
        mlb_stats.SCHEDULE_TABLE: mlb_stats.schedule_request(_DAY, capture="captured"),
        mlb_stats.TEAMS_TABLE: mlb_stats.teams_request(2025, capture="captured"),
        mlb_stats.LIVE_FEED_TABLE: mlb_stats.live_feed_request(1, capture="captured"),
        mlb_stats.BOXSCORE_TABLE: mlb_stats.boxscore_request(1, capture="captured"),
        mlb_stats.LINESCORE_TABLE: mlb_stats.linescore_request(1, capture="captured"),
        mlb_stats.PEOPLE_TABLE: mlb_stats.people_request([1], capture="captured"),
        mlb_stats.PERSON_STATS_TABLE: mlb_stats.person_stats_request(1, season=2025, capture="captured"),
        mlb_stats.LINEUPS_TABLE: mlb_stats.lineups_request(_DAY, capture="captured"),
        mlb_stats.TRANSACTIONS_TABLE: mlb_stats.transactions_request(_DAY, _DAY, capture="captured"),
        mlb_stats.VENUES_TABLE: mlb_stats.venues_request([1], capture="captured"),
    }
    books: dict[str, SourceRequest] = {
        action_network.SCOREBOARD_TABLE: action_network.scoreboard_request(_DAY, capture="captured"),
        action_network.SCOREBOARD_V1_TABLE: action_network.scoreboard_v1_request(_DAY, capture="captured"),
        action_network.PUBLIC_BETTING_TABLE: action_network.public_betting_request(_DAY, capture="captured"),
        action_network.MARKET_HISTORY_TABLE: action_network.market_history_request("1", capture="captured"),
        action_network.BOOKS_TABLE: action_network.books_request(),
    }
    odds: dict[str, SourceRequest] = {
        odds_api.ODDS_TABLE: odds_api.odds_request(),
        odds_api.SCORES_TABLE: odds_api.scores_request(None),
        odds_api.HISTORICAL_ODDS_TABLE: odds_api.historical_odds_request(_MOMENT),
        odds_api_events.EVENTS_TABLE: odds_api_events.events_request(),
        odds_api_props.EVENT_ODDS_TABLE: odds_api_props.event_odds_request(_EVENT),
    }
    return {
        **{table: Endpoint(table, mlb_stats.POLICY, "mlb_stats", example) for table, example in mlb.items()},
        **{
            table: Endpoint(table, action_network.POLICY, "action_network", example) for table, example in books.items()
        },
        vsin.SPLITS_TABLE: Endpoint(vsin.SPLITS_TABLE, vsin.POLICY, "vsin", vsin.splits_request(), _vsin_reader),
        sbd.ODDS_TABLE: Endpoint(sbd.ODDS_TABLE, sbd.POLICY, "sbd", sbd.odds_request()),
        sbr.ODDS_TABLE: Endpoint(sbr.ODDS_TABLE, sbr.POLICY, "sbr", sbr.odds_request(_DAY, "moneyline")),
        sbr.LINE_HISTORY_TABLE: Endpoint(sbr.LINE_HISTORY_TABLE, sbr.POLICY, "sbr", sbr.line_history_request("1")),
        **{table: Endpoint(table, odds_api.POLICY, "odds_api", example) for table, example in odds.items()},
        savant.PITCHES_TABLE: Endpoint(
            savant.PITCHES_TABLE, savant.POLICY, "savant", savant.day_request(_DAY, capture="captured"), _savant_reader
        ),
        prizepicks.PROJECTIONS_TABLE: Endpoint(
            prizepicks.PROJECTIONS_TABLE, prizepicks.POLICY, "prizepicks", prizepicks.projections_request()
        ),
        **{
            table: Endpoint(table, open_meteo.policy(kind), f"open_meteo_{kind}", _weather_example(kind))
            for kind, table in open_meteo.TABLES.items()
        },
    }


def _weather_example(kind: open_meteo.Kind) -> SourceRequest:
    from dagster_mlb.sources.open_meteo.ballparks import parks_of_season

    parks = parks_of_season(_DAY.year)[:1]
    if kind == "forecast":
        return open_meteo.forecast_request(parks)
    return open_meteo.past_request(kind, parks, _DAY, _DAY)


ENDPOINTS: Final = _endpoints()
