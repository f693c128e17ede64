"""MLB betting data platform: sources → raw_data → staging → curated, orchestrated by Dagster."""
