"""``python -m dagster_mlb.simulator --port 3080``: serve the simulated league on loopback."""

from __future__ import annotations

import argparse
import os
import signal
import threading
import time
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until stopped. Without ``--world`` it is the demo's."""
    parser = argparse.ArgumentParser(prog="python -m dagster_mlb.simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=3080)
    parser.add_argument("--world", help="a world as JSON (World.to_json); default: the demo's")
    clock = parser.add_mutually_exclusive_group()
    clock.add_argument("--clock", choices=("fixed", "stepped"), default="fixed", help="whether POST /clock may move it")
    clock.add_argument("--rate", type=float, help="how many seconds of the world pass in one of ours, for example 600")
    parser.add_argument("--faults", help='which answers go wrong, as JSON: {"share": 0.3, "kinds": ["rate_limited"]}')
    parser.add_argument("--parent", type=int, help="end when this process, which started the server, is gone")
    chosen = parser.parse_args(arguments)
    if chosen.parent is not None:
        threading.Thread(target=_end_with, args=(chosen.parent,), daemon=True).start()

    import uvicorn

    from dagster_mlb.simulator.demo import DEMO_WORLD
    from dagster_mlb.simulator.faults import FaultPlan, Faults
    from dagster_mlb.simulator.server import create_app
    from dagster_mlb.simulator.world import World

    world = World.from_json(chosen.world) if chosen.world else DEMO_WORLD
    app = create_app(world, clock=chosen.clock if chosen.rate is None else chosen.rate)
    faulty = Faults(app, FaultPlan.from_json(chosen.faults) if chosen.faults else FaultPlan())
    uvicorn.run(faulty, host=chosen.host, port=chosen.port, log_level="warning", access_log=False)


def _end_with(parent: int) -> None:
    """Stop the server when its parent has gone, however it went: nothing is left listening."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
