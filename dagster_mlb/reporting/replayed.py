"""What became of the records of some loads, per table of raw_data: the account that ``mlb replay`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg.rows import class_row

from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import connect

if TYPE_CHECKING:
    from rich.table import Table

_ACCOUNT_SQL = """
with made as (
    select load_id, sum(staged) as staged, sum(quarantined) as quarantined, sum(out_of_scope) as out_of_scope
    from staging.int_dispositions where load_id = any(%(loads)s) group by load_id
),
reasons as (
    select raw_table, string_agg(rule || ' (' || records || ')', ', ' order by records desc, rule) as rules
    from (
        select raw_table, rule, count(*) as records
        from staging.validation_results where load_id = any(%(loads)s) group by raw_table, rule
    ) as counted
    group by raw_table
)
select
    counts.raw_table,
    count(*) as answers,
    sum(counts.records)::bigint as records,
    coalesce(sum(made.staged), 0)::bigint as staged,
    coalesce(sum(made.quarantined), 0)::bigint as quarantined,
    coalesce(sum(made.out_of_scope), 0)::bigint as out_of_scope,
    coalesce(max(reasons.rules), '') as rules
from staging.stg_raw__record_counts as counts
left join made using (load_id)
left join reasons using (raw_table)
where counts.load_id = any(%(loads)s)
group by counts.raw_table
order by counts.raw_table
"""


@dataclass(frozen=True)
class Account:
    """One raw table: answers, and what became of their records. An unchanged repeat has records and stages none."""

    raw_table: str
    answers: int
    records: int
    staged: int
    quarantined: int
    out_of_scope: int
    rules: str


def read_accounts(settings: Settings, loads: Sequence[int]) -> list[Account]:
    """The accounts of these loads, by raw table, after they were staged."""
    with connect(settings) as connection, connection.cursor(row_factory=class_row(Account)) as cursor:
        return cursor.execute(_ACCOUNT_SQL, {"loads": list(loads)}).fetchall()


def replayed_table(settings: Settings, loads: Sequence[int]) -> Table:
    """The accounts as people read them in a terminal."""
    from dagster_mlb.reporting.status import plain_table

    columns = ("table", ">answers", ">records", ">staged", ">quarantined", ">out of scope", "rules of the quarantine")
    rows = [
        (a.raw_table, a.answers, a.records, a.staged, a.quarantined, a.out_of_scope, a.rules)
        for a in read_accounts(settings, loads)
    ]
    return plain_table("Replayed", columns, rows)
