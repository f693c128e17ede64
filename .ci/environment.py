"""Makes .venv: a virtual environment with exactly what requirements.lock names, and the project itself, editable.

Run by .ci/environment with any Python 3.11 to 3.13, standard library only. The file .venv/.ready is written last, so an
interrupted set-up is begun anew. It holds what the environment was made from: the lock and the folder (a change of
either makes it anew), and pyproject.toml (a change installs only the project again).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

VENV = Path(".venv")
READY = VENV / ".ready"
PYTHON = VENV / "bin" / "python"
LOG = Path(".venv.log")
STEPS_OF_PROGRESS = 25


def main(lock: str, project: str) -> None:
    with Path(".venv.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)  # two commands at once: the second finds it made
        made_from = READY.read_text() if READY.is_file() else ""
        if made_from == f"{lock}\n{project}\n":
            return
        started = time.perf_counter()
        if not (made_from.startswith(f"{lock}\n") and PYTHON.exists()):
            make(started)
        READY.unlink(missing_ok=True)
        say(started, "the project itself")
        pip(started, "--no-deps", "--no-build-isolation", "--no-compile", "--editable", ".")
        READY.write_text(f"{lock}\n{project}\n")
        LOG.unlink(missing_ok=True)
        say(started, "ready")


def make(started: float) -> None:
    packages = sum("==" in line for line in Path("requirements.lock").read_text().splitlines())
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"Setting up .venv (once): {packages} packages for Python {version}, about a minute", flush=True)
    if VENV.is_symlink():
        VENV.unlink()
    elif VENV.exists():
        shutil.rmtree(VENV)
    run([sys.executable, "-m", "venv", str(VENV)], "the virtual environment could not be made")
    say(started, "packages from requirements.lock")
    # Bytecode is compiled when a module is first imported: less than a quarter of what is installed ever is.
    pip(started, "--no-deps", "--require-hashes", "--no-compile", "--requirement", "requirements.lock")


def pip(started: float, *arguments: str) -> None:
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PIP_REQUIRE_VIRTUALENV": "1"}
    lines: list[str] = []
    collected = 0
    process = subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    assert process.stdout is not None
    with LOG.open("a") as log:
        for line in process.stdout:
            log.write(line)
            lines.append(line.rstrip())
            if line.startswith("Collecting "):
                collected += 1
                if collected % STEPS_OF_PROGRESS == 0:
                    say(started, f"{collected} packages fetched")
            elif line.startswith("Installing collected"):
                say(started, "unpacking")
    if process.wait():
        complain("the packages could not be installed", lines)


def run(command: list[str], what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        complain(what, (done.stdout + done.stderr).splitlines())


def complain(what: str, lines: list[str]) -> None:
    told = "\n".join(f"  {line[:300]}" for line in lines[-15:])
    sys.exit(
        f"Set-up stopped: {what}.\n{told}\n"
        "Is the package index reachable, and is there room on the disk (1.5 GB)? The next call begins where it must."
    )


def say(started: float, what: str) -> None:
    print(f"  {time.perf_counter() - started:5.0f} s  {what}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
