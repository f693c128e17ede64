"""The ledger of The Odds API's credits: reserved before anything is asked, settled by what the source says it cost.

A month (UTC) has ``settings.odds_api_monthly_credits``. Reservations of all processes stand in one table and are made
one after another, so their sum never exceeds the month; one that was never settled (a crash) counts in full. What the
source says remains lowers what may still be spent (somebody else may use the key), and never raises it above the plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import psycopg

from dagster_mlb.settings import Settings
from dagster_mlb.sources.http_outcome import SourceError
from dagster_mlb.warehouse.connection import connect

_LOCK = "operational.credit_ledger"

# Answers that were under way at once may be settled in another order than the source counted them, so of those that
# overlap the newest the lowest remainder holds. Whatever did not tell a remainder may have lowered it since.
_BALANCE = """
with entries as (
    select reservation_id, reserved, spent, told_remaining, settlement_id
    from operational.credit_ledger
    where account = %(account)s and month = %(month)s
),
newest as (
    select reservation_id from entries where told_remaining is not null order by settlement_id desc limit 1
)
select
    coalesce(sum(spent), 0)::bigint,
    coalesce(sum(reserved) filter (where spent is null), 0)::bigint,
    min(told_remaining) filter (where settlement_id > (select reservation_id from newest))::bigint,
    coalesce(sum(coalesce(spent, reserved)) filter (
        where told_remaining is null
        and (spent is null or settlement_id > (select reservation_id from newest))
    ), 0)::bigint
from entries
"""


class CreditsExhaustedError(SourceError):
    """The month's credits do not allow a request; nothing was asked."""


@dataclass(frozen=True)
class Balance:
    """A month's credits. ``remaining_as_told``: what the source said is left, less what may have been spent since."""

    month: date
    granted: int
    spent: int
    reserved: int
    remaining_as_told: int | None

    @property
    def available(self) -> int:
        """What may still be reserved."""
        planned = self.granted - self.spent - self.reserved
        return max(0, planned if self.remaining_as_told is None else min(planned, self.remaining_as_told))


@dataclass(frozen=True)
class Reservation:
    """Credits put aside for one question (or several that are asked together)."""

    reservation_id: int
    month: date
    amount: int


def balance(settings: Settings) -> Balance:
    """The credits of this month (UTC, on the clock of settings)."""
    with connect(settings, role="ingest") as connection:
        return _balance(connection, settings)


def reserve(settings: Settings, amount: int, *, purpose: str, run_id: str) -> Reservation:
    """Put the most that a request can cost aside, before it is sent. Safe across threads, processes and machines.

    Raises CreditsExhaustedError, telling what is left and when it returns, where the month would be overspent.
    """
    return reserve_up_to(settings, [amount], purpose=purpose, run_id=run_id)


def reserve_up_to(settings: Settings, wishes: list[int], *, purpose: str, run_id: str) -> Reservation:
    """The first of several amounts (largest first) that the month still allows. Raises as ``reserve`` for the last."""
    if not wishes or min(wishes) <= 0:
        raise ValueError(f"credits to reserve must be positive, not {wishes}: what costs nothing needs no reservation")
    with connect(settings, role="ingest") as connection:
        connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [_LOCK])
        now = _balance(connection, settings)
        amount = next((wish for wish in wishes if wish <= now.available), None)
        if amount is None:
            raise CreditsExhaustedError(_refusal(now, wishes[-1], purpose))
        row = connection.execute(
            "insert into operational.credit_ledger (account, month, purpose, run_id, reserved, reserved_at) "
            "values (%s, %s, %s, %s, %s, %s) returning reservation_id",
            [_account(settings), now.month, purpose, run_id, amount, settings.now()],
        ).fetchone()
        assert row is not None
        return Reservation(row[0], now.month, amount)


def settle(settings: Settings, reservation: Reservation, *, spent: int, remaining: int | None = None) -> None:
    """Write down what the source said it cost (``x-requests-last``) and what it says is left. Once per reservation.

    ``spent`` may exceed what was reserved (the source's word is the truth); 0 gives everything back.
    """
    with connect(settings, role="ingest") as connection:
        connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [_LOCK])
        done = connection.execute(
            "update operational.credit_ledger set spent = %s, told_remaining = %s, settled_at = %s, settlement_id = "
            "nextval(pg_get_serial_sequence('operational.credit_ledger', 'reservation_id')) "
            "where reservation_id = %s and spent is null",
            [spent, remaining, settings.now(), reservation.reservation_id],
        )
        if done.rowcount != 1:
            raise ValueError(f"reservation {reservation.reservation_id} is settled already, or none of this ledger")


def _balance(connection: psycopg.Connection, settings: Settings) -> Balance:
    month = month_of(settings.now())
    row = connection.execute(_BALANCE, {"account": _account(settings), "month": month}).fetchone()
    assert row is not None
    spent, reserved, told, since = row
    remaining = None if told is None else max(0, told - since)
    return Balance(month, settings.odds_api_monthly_credits, spent, reserved, remaining)


def month_of(moment: datetime) -> date:
    """The first day of a moment's month, UTC: a plan's credits return with it."""
    return moment.astimezone(UTC).date().replace(day=1)


def _account(settings: Settings) -> str:
    """Live credits are one account; those of a simulated league or a replay are others and cost nobody anything."""
    return settings.provenance_of("odds_api", settings.odds_api_base_url)


def _refusal(now: Balance, wanted: int, purpose: str) -> str:
    told = "" if now.remaining_as_told is None else f" (by what the source says {now.remaining_as_told} remain)"
    following = date(now.month.year + now.month.month // 12, now.month.month % 12 + 1, 1)
    return (
        f"The Odds API: {purpose} may cost {wanted} credits, and of {now.granted} in {now.month:%B %Y} {now.spent} are "
        f"spent and {now.reserved} reserved{told}. Nothing was asked. They return on {following} (UTC); "
        "a larger plan is MLB_ODDS_API_MONTHLY_CREDITS"
    )
