"""Checks across tables: every record accounted for, every foreign key holding. Gates of their own, not of one model.

(Dagster reads annotations at definition time: modules of assets go without ``from __future__ import annotations``.)
"""

import re

import dagster as dg

from dagster_mlb.settings import Settings
from dagster_mlb.warehouse.connection import connect
from dagster_mlb.warehouse.held import list_held
from dagster_mlb.warehouse.transform import DBT_PROJECT_DIR

RECORD_ACCOUNTING = ["operational", "record_accounting"]
_ACCOUNTING_SQL = """
select source, raw_table, records, staged, quarantined, repeats, out_of_scope, held, difference
from operational.record_accounting
order by source, raw_table
"""
# Made anew after this check: until then it may hold the keys of a spine that has changed.
_MADE_LATER = {"curated.feature_vectors"}
_FOREIGN_KEYS_SQL = """
select conrelid::regclass::text, conname, confrelid::regclass::text, convalidated
from pg_constraint
where contype = 'f' and connamespace in ('staging'::regnamespace, 'curated'::regnamespace)
order by 1, 2
"""


@dg.asset_check(asset=RECORD_ACCOUNTING, blocking=True)
def records_accounted_for(settings: dg.ResourceParam[Settings]) -> dg.AssetCheckResult:
    """Per raw table: records = staged + quarantined + unchanged repeats + out of scope + held, exactly."""
    with connect(settings) as connection:
        rows = connection.execute(_ACCOUNTING_SQL).fetchall()
    table = ["| source | table | records | staged | quarantined | repeats | out of scope | held | difference |"]
    table.append("|---|---|--:|--:|--:|--:|--:|--:|--:|")
    table += [f"| {row[0]} | {row[1]} | " + " | ".join(f"{count:,}" for count in row[2:]) + " |" for row in rows]
    missing = {row[1]: int(row[-1]) for row in rows if row[-1] != 0}
    return dg.AssetCheckResult(
        passed=not missing,
        description="; ".join(f"{table}: {count:+,} records" for table, count in missing.items()) or None,
        metadata={
            "tables": len(rows),
            "records": int(sum(row[2] for row in rows)),
            "tables with a difference": dg.MetadataValue.json(missing),
            "accounts": dg.MetadataValue.md("\n".join(table)),
        },
    )


@dg.asset_check(asset=RECORD_ACCOUNTING)
def no_load_waits(settings: dg.ResourceParam[Settings]) -> dg.AssetCheckResult:
    """No load is held back for a person's word. A warning: its neighbours went on without it."""
    waiting = list_held(settings)
    return dg.AssetCheckResult(
        passed=not waiting,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(f"load {held.load_id}: {held.rule}" for held in waiting) or None,
        metadata={
            "loads held": len(waiting),
            "reasons": dg.MetadataValue.md(
                "\n".join(f"- load {held.load_id}: {held.reason}" for held in waiting) or "none"
            ),
        },
    )


def declared_foreign_keys() -> dict[str, str]:
    """Constraint name → child table, of every key that dbt_project/macros/foreign_keys.sql declares."""
    text = (DBT_PROJECT_DIR / "macros" / "foreign_keys.sql").read_text()
    declared = re.findall(r"\('(\w+)', '(\w+)', '(\w+)', '\w+', '\w+', '\w+'\)", text)
    return {f"fk_{child}_{column}": f"{schema}.{child}" for schema, child, column in declared}


@dg.asset_check(asset=["curated", "enhanced_games"], blocking=True)
def foreign_keys_hold(settings: dg.ResourceParam[Settings]) -> dg.AssetCheckResult:
    """PostgreSQL itself vouches for every foreign key that the project declares; none is missing or unvalidated."""
    with connect(settings) as connection:
        keys = connection.execute(_FOREIGN_KEYS_SQL).fetchall()
    broken = [f"{table}: {name}" for table, name, _, is_valid in keys if not is_valid and table not in _MADE_LATER]
    there = {name for _, name, _, _ in keys}
    missing = [f"{table}: {name}" for name, table in declared_foreign_keys().items() if name not in there]
    missing = [key for key in missing if key.split(":")[0] not in _MADE_LATER]
    return dg.AssetCheckResult(
        passed=bool(keys) and not broken and not missing,
        description="; ".join([*(f"not valid: {key}" for key in broken), *(f"missing: {key}" for key in missing)])
        or None,
        metadata={
            "foreign keys": len(keys),
            "not valid": ", ".join(broken) or "none",
            "missing": ", ".join(missing) or "none",
            "keys": dg.MetadataValue.md(
                "\n".join(f"- {child} → {parent} (`{name}`)" for child, name, parent, _ in keys)
            ),
        },
    )
