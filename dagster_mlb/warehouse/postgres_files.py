"""Files and folders of the embedded server: made with the right mode from the first moment, owned by the right user."""

from __future__ import annotations

import os
from pathlib import Path

from dagster_mlb.warehouse.postgres_user import ServerUser


def log_of(cluster: Path) -> Path:
    return cluster / "server.log"


def log_since(log: Path, offset: int) -> str:
    try:
        return log.read_bytes()[offset:].decode(errors="replace")
    except OSError:
        return ""


def last_lines(text: str, count: int = 4) -> str:
    return " | ".join(line.strip() for line in text.strip().splitlines()[-count:])


def make_folder(folder: Path) -> None:
    """Make a folder and its missing parents so that others may pass through; existing ones stay as they are."""
    if not folder.exists():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)


def write_private(path: Path, content: str, mode: int = 0o600) -> None:
    """Write a file in one step, with its mode from the first moment."""
    aside = path.with_name(f"{path.name}.{os.getpid()}")
    aside.unlink(missing_ok=True)
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as handle:
        handle.write(content)
    aside.rename(path)


def chown_tree(folder: Path, user: ServerUser) -> None:
    for root, folders, files in os.walk(folder):
        for name in [".", *folders, *files]:
            os.chown(Path(root, name), user.uid, user.gid, follow_symlinks=False)
