"""Collecting SportsbookReview: daily pages, and the line histories of the games that they list.

In production only where the source is switched on. Which games a day has is read from the pages in raw, so a line
history needs its day's page first and no network beyond.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from dagster_mlb.settings import Settings
from dagster_mlb.sources.collection import CollectionResult, Plan, collect
from dagster_mlb.sources.http_outcome import SourceNotConfiguredError
from dagster_mlb.sources.sbr import client
from dagster_mlb.warehouse.connection import connect

NEW_YORK = ZoneInfo("America/New_York")

_LISTED_GAMES = """
    select distinct game.id #>> '{}' as game_id
    from raw_data.sbr_odds as raw
    left join raw_data.sbr_odds as original on original.load_id = raw.repeat_of
    cross join lateral jsonb_path_query(
        raw_data.next_data_of(coalesce(raw.body, original.body)),
        'lax $.props.pageProps.oddsTables[*].oddsTableModel.gameRows[*].gameView.gameId'
    ) as game (id)
    where raw.official_date = %s and game.id #>> '{}' ~ '^[0-9]{1,12}$'
    order by 1
"""


def collect_daily_odds(
    settings: Settings,
    start: date,
    end: date,
    *,
    run_id: str,
    markets: Sequence[client.Market] = client.MARKETS,
    period: client.Period = "game",
) -> CollectionResult:
    """One page per day and market from ``start`` to ``end`` (US Eastern, both included).

    A day from yesterday on is news and *captured*; an older one is *backfilled*: its page still tells its last line,
    but not when that was. Raises ``SourceNotConfiguredError`` where production has not switched the source on.
    """
    if start > end:
        raise ValueError(f"the first day {start} is after the last day {end}")
    news_from = settings.now().astimezone(NEW_YORK).date() - timedelta(days=1)
    days = [start + timedelta(days=n) for n in range((end - start).days + 1)]
    requests = [
        client.odds_request(day, market, period=period, capture="captured" if day >= news_from else "backfilled")
        for day in days
        for market in markets
    ]
    plan = Plan(client.POLICY, _base_url(settings), client.ODDS_TABLE, requests)
    return collect(settings, plan, run_id=run_id)


def collect_line_histories(settings: Settings, days: Sequence[date], *, run_id: str) -> CollectionResult:
    """The line history of each game that raw's daily pages list for the days, each game once: always backfilled.

    A day whose page was not collected lists none. Raises as ``collect_daily_odds``.
    """
    base_url = _base_url(settings)
    asked: dict[str, date] = {}
    for day in days:
        for game_id in listed_games(settings, day):
            asked.setdefault(game_id, day)
    requests = [client.line_history_request(game_id, day=day) for game_id, day in asked.items()]
    return collect(settings, Plan(client.POLICY, base_url, client.LINE_HISTORY_TABLE, requests), run_id=run_id)


def listed_games(settings: Settings, day: date) -> list[str]:
    """The gameIds on any page that raw holds for a day, postponed games included."""
    with connect(settings) as connection:
        return [row[0] for row in connection.execute(_LISTED_GAMES, [day]).fetchall()]


def _base_url(settings: Settings) -> str:
    if not settings.may_ask(client.SOURCE):
        raise SourceNotConfiguredError(
            "SportsbookReview's pages are unofficial and off in production: add sbr to MLB_ENABLED_SOURCES to ask them"
        )
    return settings.sbr_base_url
