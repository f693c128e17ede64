"""Which processes are the server of a given cluster folder, and which port it may have. A pid file is never believed.

After a crash or a reboot the pid in ``postmaster.pid`` may belong to anybody. A process counts as the cluster's server
only if it is a ``postgres`` whose working folder is the cluster (that is where a postmaster and its children stand).
"""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from dagster_mlb.warehouse.errors import WarehouseUnavailableError

HOST = "127.0.0.1"
ORPHAN_PATIENCE_SECONDS = 5.0  # a busy session of a killed server notices its death only between two steps
_PROC = Path("/proc")


@dataclass(frozen=True)
class Postmaster:
    """A live server process. ``port`` and ``ready`` are what its pid file says (None and False if nothing)."""

    pid: int
    port: int | None
    ready: bool


def find_postmaster(cluster: Path) -> Postmaster | None:
    """The live postmaster of ``cluster``, also where its pid file is damaged; None where there is none."""
    lines = _pid_file_lines(cluster)
    pid = int(lines[0]) if lines and lines[0].strip().isdigit() else None
    if pid and _is_postmaster(pid, cluster):
        port = int(lines[3]) if len(lines) > 3 and lines[3].strip().isdigit() else None
        return Postmaster(pid, port, ready=len(lines) > 7 and lines[7].strip() == "ready")
    for other in _processes_of(cluster):
        if _stays_postmaster(other, cluster):
            return Postmaster(other, None, ready=False)
    return None


def clear_the_way(cluster: Path) -> None:
    """Remove what a dead server of ``cluster`` left: its last children, and its pid file. Strangers are left alone.

    Call it under the cluster's lock, and only where ``find_postmaster`` found none.
    """
    deadline = time.perf_counter() + ORPHAN_PATIENCE_SECONDS
    while orphans := _processes_of(cluster):
        if time.perf_counter() > deadline:
            for pid in orphans:
                try:
                    os.kill(pid, signal.SIGQUIT)
                except ProcessLookupError:
                    continue
            deadline += ORPHAN_PATIENCE_SECONDS
        time.sleep(0.05)
    (cluster / "postmaster.pid").unlink(missing_ok=True)


def _pid_file_lines(cluster: Path) -> list[str]:
    try:
        return (cluster / "postmaster.pid").read_text(errors="replace").splitlines()
    except (FileNotFoundError, PermissionError):
        return []


def _processes_of(cluster: Path) -> list[int]:
    if not _PROC.is_dir():
        return [pid for pid in _pids_by_ps("postgres") if _is_postmaster(pid, cluster)]
    return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit() and _stands_in(entry, cluster)]


def _stands_in(process: Path, cluster: Path) -> bool:
    try:
        if (process / "comm").read_text().strip() != "postgres":
            return False
        return (process / "cwd").readlink() == cluster
    except OSError:  # gone, a zombie, or not ours to look at
        return False


def _is_postmaster(pid: int, cluster: Path) -> bool:
    if not _PROC.is_dir():
        command = _ps("-o", "command=", "-p", str(pid))
        return "postgres" in command and f"-D {cluster}" in command
    if not _stands_in(_PROC / str(pid), cluster):
        return False
    try:
        title = (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return False
    return not title.startswith(b"postgres: ")  # its children rename themselves so


def _stays_postmaster(pid: int, cluster: Path) -> bool:
    """A child that was forked this moment looks like its parent until it has renamed itself, or died with it."""
    for _ in range(5):
        if not _is_postmaster(pid, cluster):
            return False
        time.sleep(0.02)
    return _is_postmaster(pid, cluster)


def _pids_by_ps(name: str) -> list[int]:
    lines = _ps("-axo", "pid=,command=").splitlines()
    return [int(line.split()[0]) for line in lines if name in line and line.split()[0].isdigit()]


def _ps(*arguments: str) -> str:
    return subprocess.run(["ps", *arguments], capture_output=True, text=True, check=False).stdout


def free_port(cluster: Path, first: int | None, skip: set[int]) -> int:
    """``first`` where it is free, else the next free port of a sequence that depends on the folder alone."""
    start = int(hashlib.sha256(str(cluster).encode()).hexdigest(), 16)
    candidates = [first or 0, *(20_000 + (start + 7 * step) % 10_000 for step in range(1_000))]
    for port in candidates:
        if port and port not in skip and _is_free(port):
            return port
    raise WarehouseUnavailableError("No free port between 20000 and 30000 on 127.0.0.1 for the embedded server.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0
