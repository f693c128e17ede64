"""Raw assets of the archives: a partition per season, read from the folder of archive files that settings name.

A file that cannot be read is told by the check ``files_readable``; its neighbours are loaded.
(Dagster reads annotations at definition time: modules of assets go without ``from __future__ import annotations``.)
"""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from dagster_mlb.defs.partitions import SEASON_PARTITIONS
from dagster_mlb.defs.provenance_check import no_simulated_rows, simulated_rows_spec
from dagster_mlb.defs.table_metadata import one_table
from dagster_mlb.settings import Settings
from dagster_mlb.sources.archives import ArchiveFolderError, FileOutcome, load_archive

ARCHIVE_DESCRIPTIONS = {
    "sbr_archive": "Rows of SportsbookReview's season sheets (xlsx), two a game, every cell as the sheet shows it.",
    "tick_archive": "Rows of tick archives (CSV, Parquet): every quote of a book with its moment, all columns as text.",
    "retrosheet_games": "Rows of Retrosheet's game logs and gameinfo files: the official results, cells as text.",
    "mlb_games": "Lines of files of games as MLB published them (JSONL), one object each.",
    "bet_slips": "Rows of a person's own lists of bets (CSV), all columns as text. They are private: nothing is sent.",
}
_SHOWN_FILES = 60


def archive_assets() -> list[dg.AssetsDefinition]:
    return [_asset(archive, description) for archive, description in ARCHIVE_DESCRIPTIONS.items()]


def _asset(archive: str, description: str) -> dg.AssetsDefinition:
    key = ["raw_data", archive]

    @dg.asset(
        key=key,
        description=description,
        group_name="archives",
        kinds={"python", "postgres", "xlsx" if archive == "sbr_archive" else "file"},
        owners=["team:ingest"],
        partitions_def=SEASON_PARTITIONS,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool="archives",
        check_specs=[
            dg.AssetCheckSpec(
                "files_readable",
                asset=key,
                description="Every file of this archive could be read. A warning: the readable ones are loaded.",
            ),
            simulated_rows_spec(key),
        ],
        code_version="1",
    )
    def load_seasons(
        context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
    ) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
        seasons = {int(season) for season in context.partition_keys}
        try:
            outcomes = load_archive(
                settings, settings.archive_folder, run_id=context.run_id, archives={archive}, seasons=seasons
            )
        except ArchiveFolderError as error:
            raise dg.Failure(f"{error} (setting MLB_ARCHIVE_DIR)", allow_retries=False) from error
        ours = [outcome for outcome in outcomes if outcome.archive in (archive, None)]
        yield dg.MaterializeResult(asset_key=key, metadata={**one_table(settings, *key), **_metadata(ours)})
        yield files_readable(ours, key)
        yield no_simulated_rows(settings, key, archive=archive)

    return load_seasons


def files_readable(outcomes: Sequence[FileOutcome], key: Sequence[str]) -> dg.AssetCheckResult:
    """Warns of refused files, each with its reason."""
    refused = [outcome for outcome in outcomes if outcome.outcome == "refused"]
    return dg.AssetCheckResult(
        check_name="files_readable",
        asset_key=list(key),
        passed=not refused,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "files refused": len(refused),
            "reasons": dg.MetadataValue.md("\n".join(f"- {one.message}" for one in refused[:_SHOWN_FILES]) or "none"),
        },
    )


def _metadata(outcomes: Sequence[FileOutcome]) -> dict[str, Any]:
    counts = {
        kind: sum(one.outcome == kind for one in outcomes) for kind in ("stored", "unchanged", "refused", "ignored")
    }
    lines = ["| file | season | outcome | records | remark |", "|---|---|---|---|---|"]
    for one in outcomes[:_SHOWN_FILES]:
        cells = (one.file_name, one.season or "", one.outcome, f"{one.records:,}", one.message)
        lines.append("| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return {
        **{f"files {kind}": count for kind, count in counts.items()},
        "records stored": sum(one.records for one in outcomes if one.outcome == "stored"),
        "files": dg.MetadataValue.md("\n".join(lines)),
    }
