"""Whether a run asks for a live table at all, and if not, why.

What is off is not asked, what costs credits is asked at the moments of the month's plan, and what was just asked is
left alone by the runs that come every few minutes. A person's own run, without these tags, asks whatever it selects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from dagster_mlb.defs.live_tables import LiveTable
from dagster_mlb.settings import Settings
from dagster_mlb.sources.odds_api.credit_plan import CreditPlan, credit_plan
from dagster_mlb.warehouse.connection import connect

# Tag of a run that keeps to the credits' plan: a moment of it ("18:30", New York), or that it is none.
LOOK = "mlb/look"
NO_LOOK = "none"
# Tag of a run that leaves alone what was asked within its source's own cadence.
CADENCE = "mlb/cadence"
RESPECTED = "respected"
# Runs come by the minute hand: one that starts some seconds early is not too early.
TOLERANCE = 0.9

# A month of every length: a shorter one has more credits a day, so perhaps more looks.
_MONTHS = (date(2025, 1, 1), date(2025, 2, 1), date(2024, 2, 1), date(2025, 4, 1))


def reason_not_to_ask(settings: Settings, table: LiveTable, tags: Mapping[str, str]) -> str | None:
    """Why a run with these tags leaves a table alone; None: it asks."""
    if not settings.may_ask(table.source):
        return (
            f"{table.source} is unofficial and off in production: "
            f"name it in MLB_ENABLED_SOURCES (now: {settings.enabled_sources or 'none'})"
        )
    if LOOK in tags and table.paid_as is not None:
        return _not_in_the_plan(credit_plan(settings, settings.now().date()), table.paid_as, tags[LOOK])
    if tags.get(CADENCE) == RESPECTED:
        return _too_soon(settings, table)
    return None


def looks(settings: Settings) -> tuple[time, ...]:
    """The moments (New York) at which the plan of any month looks at The Odds API's prices; none without credits."""
    polls = [credit_plan(settings, month).odds for month in _MONTHS]
    return tuple(sorted({moment for poll in polls if poll is not None for moment in poll.at}))


def is_look(settings: Settings, moment: time, day: date) -> bool:
    """Whether the plan of the day's own month looks at this moment."""
    poll = credit_plan(settings, day).odds
    return poll is not None and moment in poll.at


def plan_in_words(settings: Settings) -> str:
    """The month's plan as a list in markdown: what is asked when, what is kept back, what is not captured."""
    return "\n".join(f"- {sentence}" for sentence in credit_plan(settings, settings.now().date()).describe())


def _not_in_the_plan(plan: CreditPlan, endpoint: str, look: str) -> str | None:
    at = [f"{moment:%H:%M}" for poll in plan.polls if poll.endpoint == endpoint for moment in poll.at]
    if look in at:
        return None
    planned = f"at {', '.join(at)} New York (schedule odds_looks)" if at else "not at all"
    return f"the plan for {plan.granted} credits in {plan.month:%B %Y} asks for it {planned}"


def _too_soon(settings: Settings, table: LiveTable) -> str | None:
    from dagster_mlb.sources.catalog import ENDPOINTS

    every = ENDPOINTS[table.name].policy.expected_every_s
    last = last_observed_at(settings, table.name) if every else None
    if every is None or last is None:
        return None
    age = (settings.now() - last).total_seconds()
    if age >= every * TOLERANCE:
        return None
    return f"it was asked {age:.0f} s ago, and its source has news every {every:.0f} s"


def last_observed_at(settings: Settings, table: str) -> datetime | None:
    """When a raw table was last answered, within the last two days (older months are not even opened)."""
    from psycopg import sql

    query = sql.SQL("select max(observed_at) from {} where ingested_at > %s").format(sql.Identifier("raw_data", table))
    with connect(settings) as connection:
        row = connection.execute(query, [settings.now() - timedelta(days=2)]).fetchone()
    return row[0] if row else None


def crons(moments: Sequence[time]) -> list[str]:
    """
    >>> crons([time(12), time(18, 30)])
    ['0 12 * * *', '30 18 * * *']
    """
    return [f"{moment.minute} {moment.hour} * * *" for moment in moments]
