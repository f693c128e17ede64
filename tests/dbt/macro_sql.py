"""Renders a macro of the dbt project to the SQL it stands for, without dbt: the macro files through jinja2 alone."""

from __future__ import annotations

from functools import cache

import jinja2

from dagster_mlb.warehouse.transform import DBT_PROJECT_DIR


@cache
def _macros() -> dict[str, object]:
    """Every macro of the files that need nothing of dbt, by name; they may call one another."""
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)
    source = "\n".join(
        (DBT_PROJECT_DIR / "macros" / name).read_text(encoding="utf-8")
        for name in ("bets.sql", "casts.sql", "clock.sql", "game_key.sql", "odds.sql")
    )
    return vars(environment.from_string(source).module)


def macro(name: str, *arguments: object) -> str:
    """``macro("hold", "q1", "q2")`` → the SQL expression."""
    return str(_macros()[name](*arguments)).strip()  # type: ignore[operator]
