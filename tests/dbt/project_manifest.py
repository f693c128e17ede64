"""The manifest of the dbt project: the one that lint's strict parse has left, or one parse for all workers."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from dagster_mlb.settings import PROJECT_ROOT
from dagster_mlb.warehouse.transform import (
    DBT_PROFILES_DIR,
    DBT_PROJECT_DIR,
    MANIFEST_PATH,
    newest_source_change,
)
from tests.conftest import session_lock


@cache
def project_manifest() -> dict[str, Any]:
    """The parsed project. A warning of dbt, a deprecation included, is an error in lint's parse and in this one."""
    if MANIFEST_PATH.exists() and MANIFEST_PATH.stat().st_mtime > newest_source_change():
        return json.loads(MANIFEST_PATH.read_text())
    with session_lock() as folder:
        target = folder / "dbt_target"
        if not (target / "manifest.json").exists():
            _parse(target)
        return json.loads((target / "manifest.json").read_text())


def _parse(target: Path) -> None:
    dbt = Path(sys.executable).with_name("dbt")
    command = [str(dbt), "--warn-error", "--no-send-anonymous-usage-stats", "parse", "--quiet", "--no-partial-parse"]
    folders = ["--project-dir", DBT_PROJECT_DIR, "--profiles-dir", DBT_PROFILES_DIR, "--target-path", target]
    done = subprocess.run(
        [*command, "--show-all-deprecations", *map(str, folders), "--log-path", str(target)],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
