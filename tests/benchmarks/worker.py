"""Measure one workload on one engine in this process.

Started by `processes.py`, as `python -m tests.benchmarks.worker WORKLOAD ENGINE THREADS [quick]`.
For every line that it reads, it measures once and prints the numbers, as a line of JSON.
"""

import json
import sys
from dataclasses import asdict

from .engines import set_threads
from .workloads import WORKLOADS


def main(workload: str, engine: str, threads: str, quick: str = "") -> None:
    set_threads(engine, int(threads))
    measurements = WORKLOADS[workload].engines[engine](bool(quick))
    for _, measured in zip(sys.stdin, measurements, strict=False):
        print(json.dumps(asdict(measured)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
