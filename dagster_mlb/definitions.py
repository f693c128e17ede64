"""The one place where everything is put together: ``build_defs(**overrides)``, and ``defs`` for Dagster to load.

Importing it needs no database and runs no dbt, unless dbt's manifest is missing or older than the project.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import dagster as dg

from dagster_mlb.defs import checks, jobs, leakage_checks, learning, schedules, signals
from dagster_mlb.defs.dbt_models import dbt_model_assets, load_manifest, source_checks, upstream_keys
from dagster_mlb.defs.graded_bets import graded_bets
from dagster_mlb.defs.raw_archives import archive_assets
from dagster_mlb.defs.raw_live import live_assets
from dagster_mlb.defs.source_health import source_health
from dagster_mlb.defs.strategy_results import strategy_results
from dagster_mlb.settings import Settings, get_settings


def build_defs(
    *,
    settings: Settings | None = None,
    manifest: Mapping[str, Any] | None = None,
    resources: Mapping[str, Any] | None = None,
) -> dg.Definitions:
    """Every asset, check, job and schedule. Tests pass their own settings, manifest of dbt, or resources."""
    # Backfill policies have been "beta" for years; a line for each asset hides what matters.
    warnings.filterwarnings("ignore", category=dg.BetaWarning)
    settings = settings or get_settings()
    manifest = manifest if manifest is not None else load_manifest()
    dbt_assets = dbt_model_assets(manifest)
    asset_jobs = jobs.jobs(settings, source_checks(dbt_assets), upstream_keys(dbt_assets))
    return dg.Definitions(
        assets=[
            *live_assets(settings),
            source_health,
            *archive_assets(),
            *dbt_assets,
            learning.team_ratings,
            learning.train_and_predict,
            signals.sharp_action_signals,
            strategy_results,
            graded_bets,
        ],
        asset_checks=[
            checks.records_accounted_for,
            checks.foreign_keys_hold,
            learning.training_set_meets_expectations,
            signals.signals_keep_the_laws,
            leakage_checks.features_know_no_future,
            leakage_checks.signals_know_no_future,
            leakage_checks.bets_know_no_future,
            leakage_checks.skill_is_not_of_the_future,
        ],
        jobs=asset_jobs,
        schedules=schedules.schedules(settings, asset_jobs),
        resources={"settings": settings, **(resources or {})},
        executor=dg.in_process_executor,
    )


defs = build_defs()
