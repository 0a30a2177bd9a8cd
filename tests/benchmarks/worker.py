"""Measure one workload on one engine in this process, and print the numbers as JSON.

Started by `__main__.py`, as `python -m tests.benchmarks.worker WORKLOAD ENGINE THREADS [quick]`.
"""

import json
import sys
from dataclasses import asdict

from .engines import SET_THREADS
from .workloads import WORKLOADS


def main(workload: str, engine: str, threads: str, quick: str = "") -> None:
    if engine in SET_THREADS:
        SET_THREADS[engine](int(threads))
    print(json.dumps(asdict(WORKLOADS[workload].engines[engine](bool(quick)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
