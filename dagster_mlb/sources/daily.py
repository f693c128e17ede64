"""What is asked of every endpoint for a stretch of baseball days: one function per table of raw_data.

Each takes the settings, the days (in order, none missing between) and a run id, and returns what was collected; an
empty list where these days leave nothing to ask. Which days are news and which are past is the endpoints' own
knowledge; an endpoint that only tells what is so now is asked where today is among the days.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dagster_mlb.settings import Settings
from dagster_mlb.sources import collect as spine
from dagster_mlb.sources.collection import CollectionResult
from dagster_mlb.warehouse.connection import connect

NEW_YORK = ZoneInfo("America/New_York")
Collector = Callable[[Settings, Sequence[date], str], list[CollectionResult]]

# Players' moves are announced days after they take effect.
TRANSACTION_DAYS = 7
# Props are asked for games that begin within this time.
PROPS_AHEAD = timedelta(hours=24)
FIRST_FIVE_MARKETS = ("h2h_1st_5_innings", "spreads_1st_5_innings", "totals_1st_5_innings")
_NOT_PLANNED = (
    "the month's credits have no {} in their plan (docs/sources.md says what they reach for); "
    "a larger plan is MLB_ODDS_API_MONTHLY_CREDITS"
)


def official_today(settings: Settings) -> date:
    """The baseball day in New York, on the clock of settings."""
    return settings.now().astimezone(NEW_YORK).date()


def _is_now(settings: Settings, days: Sequence[date]) -> bool:
    return official_today(settings) in days


# ---------------------------------------------------------------- MLB Stats API


def mlb_stats_schedule(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    if list(days) != [official_today(settings)]:
        return [spine.collect_schedule(settings, days[0], days[-1], run_id=run_id)]
    # A game of yesterday has ended, or was corrected, since it was asked for; tomorrow's are priced already.
    first, last = days[0] - timedelta(days=1), days[0] + timedelta(days=1)
    return [spine.collect_schedule(settings, first, last, run_id=run_id)]


def mlb_stats_teams(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    return [spine.collect_teams(settings, year, run_id=run_id) for year in sorted({day.year for day in days})]


def mlb_stats_lineups(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.mlb_stats.collect import collect_lineups

    return [collect_lineups(settings, days, run_id=run_id)]


def _with_yesterday(settings: Settings, days: Sequence[date]) -> list[date]:
    """Today's run closes yesterday's games: they ended after yesterday's run."""
    return [days[0] - timedelta(days=1), *days] if days[-1] == official_today(settings) else list(days)


def mlb_stats_live_feed(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.mlb_stats.collect import AskedGame, collect_live_feeds
    from dagster_mlb.sources.mlb_stats.stored_schedule import stored_games

    games = [game for game in stored_games(settings, _with_yesterday(settings, days)) if game.has_begun]
    asked = [AskedGame(game.game_pk, game.official_date) for game in games]
    return [collect_live_feeds(settings, asked, run_id=run_id)] if asked else []


def mlb_stats_boxscore(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.mlb_stats.collect import AskedGame, collect_boxscores
    from dagster_mlb.sources.mlb_stats.stored_schedule import stored_games

    # What has begun is told, with its boxscore, by the live feed.
    games = [game for game in stored_games(settings, days) if not game.is_off and not game.has_begun]
    asked = [AskedGame(game.game_pk, game.official_date) for game in games]
    return [collect_boxscores(settings, asked, run_id=run_id)] if asked else []


def mlb_stats_linescore(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.mlb_stats.collect import AskedGame, collect_linescores
    from dagster_mlb.sources.mlb_stats.stored_schedule import stored_games

    games = stored_games(settings, _with_yesterday(settings, days))
    asked = [AskedGame(game.game_pk, game.official_date) for game in games if game.has_begun]
    return [collect_linescores(settings, asked, run_id=run_id)] if asked else []


def mlb_stats_people(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.mlb_stats.collect import collect_people

    pitchers = _probable_pitchers(settings, days)
    return [collect_people(settings, pitchers, days[-1].year, run_id=run_id)] if pitchers else []


def mlb_stats_people_stats(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.mlb_stats.collect import collect_person_stats

    pitchers = _probable_pitchers(settings, days)
    return [collect_person_stats(settings, pitchers, days[-1].year, run_id=run_id)] if pitchers else []


def _probable_pitchers(settings: Settings, days: Sequence[date]) -> list[int]:
    from dagster_mlb.sources.mlb_stats.stored_schedule import stored_games

    return sorted({person for game in stored_games(settings, days) for person in game.probable_pitchers})


def mlb_stats_transactions(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.mlb_stats.collect import collect_transactions

    return [collect_transactions(settings, days[0] - timedelta(days=TRANSACTION_DAYS), days[-1], run_id=run_id)]


def mlb_stats_venues(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.mlb_stats.collect import collect_venues
    from dagster_mlb.sources.mlb_stats.stored_schedule import stored_games

    venues = sorted({game.venue_id for game in stored_games(settings, days) if game.venue_id is not None})
    return [collect_venues(settings, venues, days[-1].year, run_id=run_id)] if venues else []


# ---------------------------------------------------------------- The Odds API


def odds_api_odds(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.odds_api.within_plan import collect_odds_within_plan

    return [collect_odds_within_plan(settings, run_id=run_id)] if _is_now(settings, days) else []


def odds_api_scores(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.odds_api.credit_plan import credit_plan
    from dagster_mlb.sources.odds_api.credits import CreditsExhaustedError
    from dagster_mlb.sources.odds_api.within_plan import collect_scores_within_plan

    if not _is_now(settings, days):
        return []
    if not credit_plan(settings, settings.now().date()).has("scores"):
        raise CreditsExhaustedError(_NOT_PLANNED.format("scores"))
    return [collect_scores_within_plan(settings, 3, run_id=run_id)]


def odds_api_events(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.odds_api.events import collect_events

    return [collect_events(settings, run_id=run_id)] if _is_now(settings, days) else []


def odds_api_event_odds(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.odds_api.credit_plan import credit_plan
    from dagster_mlb.sources.odds_api.credits import CreditsExhaustedError
    from dagster_mlb.sources.odds_api.within_plan import collect_event_odds_within_plan

    if not _is_now(settings, days):
        return []
    plan = credit_plan(settings, settings.now().date())
    if not plan.has("event_odds"):
        raise CreditsExhaustedError(_NOT_PLANNED.format("players' props"))
    events = events_to_come(settings, settings.now(), settings.now() + PROPS_AHEAD)
    if not events:
        return []
    results = [collect_event_odds_within_plan(settings, events, run_id=run_id)]
    if plan.has("first_five"):
        asked = {"markets": FIRST_FIVE_MARKETS, "regions": settings.odds_api_region_list}
        results.append(collect_event_odds_within_plan(settings, events, run_id=run_id, **asked))
    return results


def odds_api_historical_odds(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.odds_api.price_moments import odds_moments, stored_first_pitches
    from dagster_mlb.sources.odds_api.within_plan import collect_historical_odds_within_plan

    starts = stored_first_pitches(settings, days)
    moments = [moment for day in days for moment in odds_moments(day, starts.get(day, []), settings.now())]
    return [collect_historical_odds_within_plan(settings, moments, run_id=run_id)] if moments else []


_EVENTS_SQL = """
with answers as (
    select raw_data.json_of(coalesce(raw.body, original.body)) as document
    from raw_data.odds_api_events as raw
    left join raw_data.odds_api_events as original on original.load_id = raw.repeat_of
    order by raw.observed_at desc, raw.load_id desc
    offset 0
),
-- Raw keeps what could not be read, too.
newest as (
    select document from answers where jsonb_typeof(document) = 'array' limit 1
)
select event ->> 'id'
from newest
cross join lateral jsonb_path_query(newest.document, 'lax $[*]') as event
where event ->> 'id' ~ '^[0-9a-f]{32}$' and pg_input_is_valid(event ->> 'commence_time', 'timestamptz')
    and (event ->> 'commence_time')::timestamptz > %s and (event ->> 'commence_time')::timestamptz <= %s
order by (event ->> 'commence_time')::timestamptz, 1
"""


def events_to_come(settings: Settings, after: datetime, until: datetime) -> list[str]:
    """Ids of the events that the newest readable answer of /events lets begin after one moment and by another."""
    with connect(settings) as connection:
        return [row[0] for row in connection.execute(_EVENTS_SQL, [after, until]).fetchall()]


# ---------------------------------------------------------------- Action Network


def _recent(settings: Settings, days: Sequence[date]) -> list[date]:
    """The days of which the site still tells its lines."""
    from dagster_mlb.sources.action_network.client import HISTORY_DAYS

    oldest = official_today(settings) - timedelta(days=HISTORY_DAYS)
    return [day for day in days if day >= oldest]


def action_network_scoreboard(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.action_network.collect import collect_scoreboard

    asked = _recent(settings, days)
    return [collect_scoreboard(settings, asked, run_id=run_id)] if asked else []


def action_network_scoreboard_v1(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.action_network.collect import collect_scoreboard_v1

    asked = _recent(settings, days)
    return [collect_scoreboard_v1(settings, asked, run_id=run_id)] if asked else []


def action_network_public_betting(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.action_network.collect import collect_public_betting

    asked = _recent(settings, days)
    return [collect_public_betting(settings, asked, run_id=run_id)] if asked else []


def action_network_market_history(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.action_network.collect import collect_market_history, listed_events

    events = listed_events(settings, _with_yesterday(settings, days)[0], days[-1])
    return [collect_market_history(settings, events, run_id=run_id)] if events else []


def action_network_books(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.action_network.collect import collect_books

    return [collect_books(settings, run_id=run_id)] if _is_now(settings, days) else []


# ---------------------------------------------------------------- VSIN, SBD, SBR, PrizePicks


def vsin_splits(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.vsin.collect import collect_splits

    return [collect_splits(settings, run_id=run_id)] if _is_now(settings, days) else []


def sbd_odds(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.sbd.collect import collect_odds

    return [collect_odds(settings, run_id=run_id)] if _is_now(settings, days) else []


def sbr_odds(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.sbr.collect import collect_daily_odds

    return [collect_daily_odds(settings, days[0], days[-1], run_id=run_id)]


def sbr_line_history(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.sbr.collect import collect_line_histories

    # A game's last moves come after its day's run.
    return [collect_line_histories(settings, _with_yesterday(settings, days), run_id=run_id)]


def prizepicks_projections(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.prizepicks.collect import collect_projections

    return [collect_projections(settings, run_id=run_id)] if _is_now(settings, days) else []


# ---------------------------------------------------------------- Baseball Savant, weather


def savant_pitches(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.savant.client import days_to_pull
    from dagster_mlb.sources.savant.collect import collect_pitches

    today = official_today(settings)
    wanted = {day for day in days if day < today} | (set(days_to_pull(today)) if today in days else set())
    return [collect_pitches(settings, sorted(wanted), run_id=run_id)] if wanted else []


def open_meteo_forecast(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.open_meteo.collect import collect_forecast

    return [collect_forecast(settings, run_id=run_id)] if _is_now(settings, days) else []


def open_meteo_historical_forecast(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.open_meteo.collect import collect_historical_forecast

    # A night game in the West ends on the next day, UTC.
    last = min(days[-1] + timedelta(days=1), official_today(settings) - timedelta(days=1))
    return [collect_historical_forecast(settings, days[0], last, run_id=run_id)] if days[0] <= last else []


def open_meteo_archive(settings: Settings, days: Sequence[date], run_id: str) -> list[CollectionResult]:
    from dagster_mlb.sources.open_meteo.client import ARCHIVE_LAG_DAYS
    from dagster_mlb.sources.open_meteo.collect import collect_archive

    # The reanalysis lags: today's run asks for the day that it has just reached.
    lag = timedelta(days=ARCHIVE_LAG_DAYS)
    first = days[0] - lag - timedelta(days=1) if _is_now(settings, days) else days[0]
    last = min(days[-1], datetime.combine(official_today(settings), time(), UTC).date() - lag)
    return [collect_archive(settings, first, last, run_id=run_id)] if first <= last else []
