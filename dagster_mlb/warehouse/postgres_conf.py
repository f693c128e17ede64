"""The embedded server's configuration, fitted to the machine: what was measured to be fast, less on a small one."""

from __future__ import annotations

import os
from pathlib import Path

_GIB = 1024**3
# Parallel queries share memory through /dev/shm; containers often give it 64 MB, too little for a parallel hash join.
_ENOUGH_SHARED_MEMORY = _GIB


def server_conf(port: int, *, fsync: bool = True, memory_bytes: int | None = None, shm_bytes: int | None = None) -> str:
    """The text of ``mlb.conf``. ``memory_bytes`` and ``shm_bytes`` default to what this machine has.

    No unix socket: its path limit (107 bytes) and the cleaning of temp folders are two traps less, and every
    client that the platform uses speaks TCP.
    """
    memory = machine_memory() if memory_bytes is None else memory_bytes
    shared = shared_memory() if shm_bytes is None else shm_bytes
    # 512 MB from 4 GB up (a reserve for what the kernel keeps to itself), an eighth of the memory below.
    buffers_mb = 512 if memory >= 3.8 * _GIB else max(64, memory // 8 // 1024**2)
    lines = {
        "listen_addresses": "'127.0.0.1'",
        "port": port,
        "unix_socket_directories": "''",
        "max_connections": 200,
        "shared_buffers": f"{buffers_mb}MB",
        "work_mem": "64MB" if buffers_mb == 512 else "16MB",
        "maintenance_work_mem": "256MB" if buffers_mb == 512 else "64MB",
        "dynamic_shared_memory_type": "posix" if shared >= _ENOUGH_SHARED_MEMORY else "mmap",
        "synchronous_commit": "off",
        "wal_level": "minimal",
        "max_wal_senders": 0,
        "max_wal_size": "4GB",
        "jit": "off",
        "max_parallel_workers_per_gather": 2,
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "log_checkpoints": "off",
    }
    if not fsync:
        lines |= {"fsync": "off", "full_page_writes": "off"}
    return "".join(f"{name} = {value}\n" for name, value in lines.items())


def machine_memory() -> int:
    """Bytes of memory that this process may count on: the machine's, or its container's limit where that is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")):
        try:
            total = min(total, int(limit.read_text()))
        except (OSError, ValueError):
            continue
    return total


def shared_memory() -> int:
    """Free bytes in /dev/shm; 0 where there is none (PostgreSQL then uses files in its own folder)."""
    try:
        entry = os.statvfs("/dev/shm")
    except OSError:
        return 0
    return entry.f_bavail * entry.f_frsize
