"""The measuring processes: one per engine, which take turns. See `worker.py` for their side."""

import contextlib
import json
import math
import subprocess
from pathlib import Path
from time import sleep
from typing import Any

from .engines import HIPS, command, environment
from .workloads import WORKLOADS

SPIN = 0.1  # seconds: for less than that, the idle threads of libraries keep a processor busy

#: engine -> what it reported in each round (see `measure.Measured`), or None where it failed
Results = dict[str, list[dict[str, Any] | None]]


def run(
    name: str, engines: list[str], threads: int, rounds: int, quick: bool, hips: Path = HIPS
) -> Results:
    """What each engine reports in each round; they take turns, and who goes first changes."""
    workload = WORKLOADS[name]
    results: Results = {engine: [] for engine in engines}
    workers: dict[str, subprocess.Popen[str]] = {}
    for i in range(math.ceil(rounds * workload.share)):
        for engine in engines[i % len(engines) :] + engines[: i % len(engines)]:
            if engine not in workers:
                workers[engine] = start(name, engine, threads, quick, hips)
            results[engine].append(ask(workers[engine]))
            if threads > 1:
                sleep(SPIN)
            if not workload.lasting:
                stop(workers.pop(engine))
    for worker in workers.values():
        stop(worker)
    return results


def start(name: str, engine: str, threads: int, quick: bool, hips: Path) -> subprocess.Popen[str]:
    worker = command("-m", "tests.benchmarks.worker", name, engine, str(threads))
    return subprocess.Popen(
        worker + ["quick"] * quick,
        env=environment(engine, threads, hips),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def ask(worker: subprocess.Popen[str]) -> dict[str, Any] | None:
    """The next measurement; None when the worker has failed (its traceback is on stderr)."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    try:
        print(file=worker.stdin, flush=True)
    except BrokenPipeError:
        return None
    line = worker.stdout.readline()
    return json.loads(line) if line else None


def stop(worker: subprocess.Popen[str]) -> None:
    with contextlib.suppress(BrokenPipeError):
        worker.communicate()
