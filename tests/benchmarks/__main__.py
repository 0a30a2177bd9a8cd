"""Run the workloads on the engines, in turns, and print a table. See `__init__.py`."""

import argparse
import contextlib
import json
import math
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from time import sleep
from typing import Any

from .engines import ENGINES, environment, installed
from .workloads import WORKLOADS

ROOT = Path(__file__).resolve().parents[2]
TOLERANCE = 1e-3  # relative: float32, after thousands of steps
SPIN = 0.1  # seconds: for less than that, the idle threads of libraries keep a processor busy

#: engine -> what it reported in each round (see `measure.Measured`), or None where it failed
Results = dict[str, list[dict[str, Any] | None]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--engines", nargs="+", choices=ENGINES)
    parser.add_argument("--threads", type=int, default=1, help="for every library (default: 1)")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--quick", action="store_true", help="a few steps: times mean nothing")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round's numbers")
    args = parser.parse_args()

    engines = args.engines or [engine for engine in ENGINES if installed(engine)]
    machine = describe_machine(engines, args.threads)
    print(machine, flush=True)
    report = {}
    for name in args.only:
        able = [engine for engine in engines if engine in WORKLOADS[name].engines]
        if able:
            report[name] = summary(run(name, able, args.threads, args.rounds, args.quick))
            print(table(name, report[name]), flush=True)
    if args.json:
        content = {"machine": machine.splitlines(), "threads": args.threads, "results": report}
        args.json.write_text(json.dumps(content, indent=1))
    return int(any(row["fault"] for rows in report.values() for row in rows))


def describe_machine(engines: list[str], threads: int) -> str:
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [x for x in cpuinfo.read_text().splitlines() if x.startswith("model name")]
        processor = names[0].split(":")[1].strip() if names else processor
    peers = dict.fromkeys(ENGINES[engine] for engine in engines if engine != "pullback")
    versions = [f"{peer} {version(peer)}" for peer in peers]
    config = subprocess.run(
        [sys.executable, "-c", "import autograd; autograd.show_config()"],
        cwd=ROOT,
        env=environment(threads),
        capture_output=True,
        text=True,
    )
    return f"machine  {processor}\nengines  {', '.join(versions)}\n{config.stdout}"


def run(name: str, engines: list[str], threads: int, rounds: int, quick: bool) -> Results:
    """What each engine reports in each round; they take turns, and who goes first changes."""
    lasting = WORKLOADS[name].lasting
    results: Results = {engine: [] for engine in engines}
    workers: dict[str, subprocess.Popen[str]] = {}
    for i in range(rounds if lasting else math.ceil(rounds / 10)):
        for engine in engines[i % len(engines) :] + engines[: i % len(engines)]:
            if engine not in workers:
                workers[engine] = start(name, engine, threads, quick)
            results[engine].append(ask(workers[engine]))
            if threads > 1:
                sleep(SPIN)
            if not lasting:
                stop(workers.pop(engine))
    for worker in workers.values():
        stop(worker)
    return results


def start(name: str, engine: str, threads: int, quick: bool) -> subprocess.Popen[str]:
    worker = [sys.executable, "-m", "tests.benchmarks.worker", name, engine, str(threads)]
    return subprocess.Popen(
        worker + ["quick"] * quick,
        cwd=ROOT,
        env=environment(threads),
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


def summary(results: Results) -> list[dict[str, Any]]:
    """One row per quantity and engine, over the rounds."""
    rows: list[dict[str, Any]] = []
    reference = results.get("numpy") or next(iter(results.values()))
    quantities = (q for reports in results.values() for r in reports if r for q in r["values"])
    for quantity in dict.fromkeys(quantities):
        ours = _values(results.get("pullback", []), quantity)
        for engine, reports in results.items():
            values = _values(reports, quantity)
            if not values:
                continue
            row = {"quantity": quantity, "engine": engine, "median": median(values), "fault": ""}
            row["rounds"] = values
            if engine != "pullback" and len(ours) == len(values):
                row["pullback over it"] = median(o / v for o, v in zip(ours, values, strict=True))
            for report, other in zip(reports, reference, strict=True):
                if report and other and not _agree(report["check"], other["check"]):
                    row["fault"] = f"computes {report['check']}, others {other['check']}"
            rows.append(row)
    for engine, reports in results.items():
        if None in reports:
            rows.append({"quantity": "failed", "engine": engine, "fault": "see the traceback"})
    return rows


def _values(reports: list[dict[str, Any] | None], quantity: str) -> list[float]:
    return [r["values"][quantity] for r in reports if r and quantity in r["values"]]


def _agree(check: float | None, reference: float | None) -> bool:
    if check is None or reference is None:
        return check is reference
    return math.isclose(check, reference, rel_tol=TOLERANCE)


def table(name: str, rows: list[dict[str, Any]]) -> str:
    lines = [f"{name}: {WORKLOADS[name].about}"]
    for row in rows:
        line = f"  {row['quantity']:42} {row['engine']:12}"
        if "rounds" in row:
            values = row["rounds"] * 2 if len(row["rounds"]) == 1 else row["rounds"]
            tenths = quantiles(values, n=10, method="inclusive")
            line += f" {row['median']:9.4g}  {f'({tenths[0]:.4g} to {tenths[-1]:.4g})':20}"
        if "pullback over it" in row:
            line += f" pullback over it: {row['pullback over it']:.2f}"
        lines.append(line.rstrip() + (f"  !! {row['fault']}" if row["fault"] else ""))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
