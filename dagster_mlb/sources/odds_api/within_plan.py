"""Asking The Odds API within its credits: reserve the most it can cost, ask, settle by what it said.

The functions of ``collect.py`` and ``props.py`` with the ledger around them: what would overspend the month is not
asked (CreditsExhaustedError). Free questions do not come here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from dagster_mlb.settings import Settings
from dagster_mlb.sources.collection import CollectionResult, Plan, collect
from dagster_mlb.sources.http_messages import SourceRequest
from dagster_mlb.sources.odds_api import client, props
from dagster_mlb.sources.odds_api.client import OddsMoment
from dagster_mlb.sources.odds_api.credit_plan import HISTORICAL_FACTOR, credit_plan
from dagster_mlb.sources.odds_api.credits import CreditsExhaustedError, reserve_up_to, settle
from dagster_mlb.warehouse.connection import connect

# Attempts whose cost nobody told: without an answer, or with one that broke off. They may have been counted there
# all the same, so they are paid in full. (An error that was answered costs nothing.)
_UNTOLD = """
    select target, count(*) from operational.collection_log
    where
        attempt_id > %s and run_id = %s and source = %s and outcome not in ('refused', 'cached')
        and (http_status is null or (http_status between 200 and 299 and load_id is null))
    group by target
"""


def collect_within_plan(
    settings: Settings, plan: Plan, costs: Sequence[int], *, purpose: str, run_id: str
) -> CollectionResult:
    """Ask everything of a plan, whose requests cost at most ``costs`` each, or nothing.

    Where the month cannot pay for every attempt that the policy allows, there are fewer attempts. Raises
    CreditsExhaustedError where it cannot pay for one.
    """
    if len(costs) != len(plan.requests) or any(cost <= 0 for cost in costs):
        raise ValueError(f"{len(plan.requests)} requests need as many positive costs, not {list(costs)}")
    if not plan.requests:
        return collect(settings, plan, run_id=run_id)
    total = sum(costs)
    wishes = [total * attempts for attempts in range(plan.policy.max_attempts, 0, -1)]
    reservation = reserve_up_to(settings, wishes, purpose=purpose, run_id=run_id)
    affordable = replace(plan.policy, max_attempts=reservation.amount // total)
    before = _last_attempt(settings)
    # Should this raise, the reservation stays open and counts in full: what was asked is not known.
    result = collect(settings, replace(plan, policy=affordable), run_id=run_id)
    cost_of = {request.request_key: cost for request, cost in zip(plan.requests, costs, strict=True)}
    untold = _untold(settings, before, run_id, cost_of)
    if result.credits_used is None and result.load_ids:
        untold += total  # answers without the header that says what they cost
    settle(
        settings,
        reservation,
        spent=(result.credits_used or 0) + untold,
        # A remainder may be from before an attempt whose cost nobody told.
        remaining=None if untold else result.credits_remaining,
    )
    return result


def collect_odds_within_plan(settings: Settings, *, run_id: str) -> CollectionResult:
    """The prices of now, in the markets and regions that the month's plan has for one look.

    Raises CreditsExhaustedError where the plan has none, or the month is spent.
    """
    poll = credit_plan(settings, settings.now().date()).odds
    if poll is None:
        raise CreditsExhaustedError(
            f"{settings.odds_api_monthly_credits} credits a month do not reach for one look a day. Nothing was asked. "
            "A larger plan is MLB_ODDS_API_MONTHLY_CREDITS"
        )
    request = client.odds_request(markets=poll.markets, regions=poll.regions)
    cost = len(poll.markets) * len(poll.regions)
    return _ask(settings, client.ODDS_TABLE, [request], [cost], "the prices of now", run_id)


def collect_scores_within_plan(settings: Settings, days_from: int | None = None, *, run_id: str) -> CollectionResult:
    """The scores of now (1 credit), with ``days_from`` (1 to 3) those of the last days too (2)."""
    request = client.scores_request(days_from)
    cost = 1 if days_from is None else 2
    return _ask(settings, client.SCORES_TABLE, [request], [cost], "scores", run_id)


def collect_historical_odds_within_plan(
    settings: Settings,
    moments: Sequence[datetime | OddsMoment],
    *,
    run_id: str,
    markets: Sequence[str] = client.MARKETS,
    regions: Sequence[str] | None = None,
    bookmakers: Sequence[str] = (),
) -> CollectionResult:
    """The prices as they stood at each moment: ten times the credits of asking now, all of them or none."""
    sold_in = regions or settings.odds_api_region_list
    requests = [
        client.historical_odds_request(moment, markets=markets, regions=sold_in, bookmakers=bookmakers)
        for moment in dict.fromkeys(moments)
    ]
    cost = HISTORICAL_FACTOR * len(markets) * (-(-len(bookmakers) // 10) or len(sold_in))
    costs = [cost] * len(requests)
    purpose = f"{len(requests)} historical snapshots"
    return _ask(settings, client.HISTORICAL_ODDS_TABLE, requests, costs, purpose, run_id)


def collect_event_odds_within_plan(
    settings: Settings,
    event_ids: Sequence[str],
    *,
    run_id: str,
    markets: Sequence[str] = props.PROP_MARKETS,
    regions: Sequence[str] = props.REGIONS,
) -> CollectionResult:
    """Props, or other markets, of each event: at most markets × regions each; a market that no book has is free."""
    requests = [
        props.event_odds_request(event_id, markets=markets, regions=regions) for event_id in dict.fromkeys(event_ids)
    ]
    costs = [props.most_credits(markets, regions)] * len(requests)
    return _ask(settings, props.EVENT_ODDS_TABLE, requests, costs, f"odds of {len(requests)} events", run_id)


def _ask(
    settings: Settings,
    table: str,
    requests: Sequence[SourceRequest],
    costs: Sequence[int],
    purpose: str,
    run_id: str,
) -> CollectionResult:
    secret_params = client.secret_params(settings)
    plan = Plan(client.POLICY, settings.odds_api_base_url, table, requests, secret_params=secret_params)
    return collect_within_plan(settings, plan, costs, purpose=purpose, run_id=run_id)


def _last_attempt(settings: Settings) -> int:
    with connect(settings, role="ingest") as connection:
        row = connection.execute("select coalesce(max(attempt_id), 0) from operational.collection_log").fetchone()
    return int(row[0]) if row else 0


def _untold(settings: Settings, before: int, run_id: str, cost_of: dict[str, int]) -> int:
    """Credits of the attempts since ``before`` whose cost nobody told."""
    with connect(settings, role="ingest") as connection:
        rows = connection.execute(_UNTOLD, [before, run_id, client.SOURCE]).fetchall()
    return sum(count * cost_of.get(target, 0) for target, count in rows)
