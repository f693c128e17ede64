"""Makes .venv: a virtual environment with exactly what requirements.lock names, and the project itself, editable.

Run by .ci/environment with any Python 3.11 to 3.13, standard library only. The file .venv/.ready is written last, so an
interrupted set-up is begun anew. It holds what the environment was made from: the lock and the folder (a change of
either makes it anew), and pyproject.toml (a change installs only the project again).

Measured on two cores: one pip 47 s, two pips with half of the lock each 31 s; bytecode compiled by pip 18 s, by
compileall for the modules that are ever imported, beside the last step, 7 s (compiled at the first import: 8 s).
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

VENV = Path(".venv")
READY = VENV / ".ready"
PYTHON = VENV / "bin" / "python"
LOG = Path(".venv.log")
PIP = ["-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--progress-bar", "off", "--no-compile"]
FROM_LOCK = ["--no-deps", "--require-hashes", "--requirement"]
NEVER_IMPORTED = "/(tests?|testing|pip|setuptools|fontTools|mypy|mypyc|playwright|lexers|dialects|altair|datasets)/"


class SetupError(Exception):
    """A step that did not get through; the message holds the last lines it said."""


class Progress:
    """Lines with the seconds since the start, for a person who waits."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.fetched = 0
        self.lock = threading.Lock()

    def say(self, what: str) -> None:
        print(f"  {time.perf_counter() - self.started:4.0f} s  {what}", flush=True)

    def heard(self, line: str) -> None:
        """Counts the packages that pip tells of."""
        if line.startswith("Collecting "):
            with self.lock:
                self.fetched += 1
                if self.fetched % 40 == 0:
                    self.say(f"{self.fetched} packages fetched")


def main(lock: str, project: str) -> None:
    progress = Progress()
    with Path(".venv.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)  # two commands at once: the second finds it made
        made_from = READY.read_text() if READY.is_file() else ""
        if made_from == f"{lock}\n{project}\n" and PYTHON.exists():
            return
        LOG.write_text("")
        anew = not (made_from.startswith(f"{lock}\n") and PYTHON.exists())
        if anew:
            make(progress)
        READY.unlink(missing_ok=True)
        progress.say("the project itself")
        compiling = (
            start([str(PYTHON), "-m", "compileall", "-qq", "-j", "2", "-x", NEVER_IMPORTED, str(VENV / "lib")])
            if anew
            else None
        )
        run([str(PYTHON), *PIP, "--no-deps", "--no-build-isolation", "--editable", "."])
        if compiling:
            compiling.communicate()  # some packages carry files that are not for this Python: no error of ours
        READY.write_text(f"{lock}\n{project}\n")
        LOG.unlink(missing_ok=True)
        progress.say("ready")


def make(progress: Progress) -> None:
    """The environment and its packages, fetched and unpacked by two pips; where they are at odds, by one."""
    packages = re.split(r"(?m)^(?=[A-Za-z0-9])", Path("requirements.lock").read_text())[1:]
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"Setting up .venv (once): {len(packages)} packages for Python {version}, about a minute", flush=True)
    READY.unlink(missing_ok=True)
    if VENV.is_symlink():
        VENV.unlink()
    elif VENV.exists():
        shutil.rmtree(VENV)
    run([sys.executable, "-m", "venv", str(VENV)])
    progress.say("packages from requirements.lock")
    halves = [VENV / "first.lock", VENV / "second.lock"]
    failures: list[SetupError] = []

    def install(half: Path) -> None:
        try:
            run([str(PYTHON), *PIP, *FROM_LOCK, str(half)], progress)
        except SetupError as error:
            failures.append(error)

    threads = [threading.Thread(target=install, args=(half,)) for half in halves]
    for offset, half in enumerate(halves):
        half.write_text("".join(packages[offset::2]))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        progress.say("once more, one by one")
        run([str(PYTHON), *PIP, *FROM_LOCK, "requirements.lock"], progress)


def start(command: list[str]) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)


def run(command: list[str], progress: Progress | None = None) -> None:
    """Runs a step, keeps what it says in the log; raises SetupError with its last lines."""
    lines = []
    with start(command) as process, LOG.open("a") as log:
        assert process.stdout is not None
        for line in process.stdout:
            log.write(line)
            if not line.startswith("WARNING"):
                lines.append(line.rstrip()[:300])
            if progress:
                progress.heard(line)
    if process.returncode:
        raise SetupError("\n".join(f"  {line}" for line in lines[-12:]))


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2])
    except SetupError as error:
        sys.exit(
            f"The set-up of .venv stopped:\n{error}\nThe whole log is in {LOG}. Is the package index reachable, and is "
            "there room on the disk (1.5 GB)? The next call begins where it must."
        )
    except KeyboardInterrupt:
        sys.exit("\nThe set-up of .venv was interrupted; the next call begins anew.")
