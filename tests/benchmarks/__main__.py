"""Run the workloads on the engines, in turns, and print a table. See `__init__.py`."""

import argparse
import json
import math
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from .engines import ENGINES, environment, installed
from .workloads import WORKLOADS

ROOT = Path(__file__).resolve().parents[2]
TOLERANCE = 1e-3  # relative: float32, after thousands of steps

#: workload -> engine -> what each round reported (see `measure.Measured`), or None: it failed
Results = dict[str, dict[str, list[dict[str, Any] | None]]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--engines", nargs="+", choices=ENGINES)
    parser.add_argument("--threads", type=int, default=1, help="for every library (default: 1)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a few steps: times mean nothing")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round's numbers")
    args = parser.parse_args()

    engines = args.engines or [engine for engine in ENGINES if installed(engine)]
    machine = describe_machine(engines, args.threads)
    print(machine, flush=True)
    results = run(args.only, engines, args.threads, args.rounds, args.quick)
    report = {name: summary(measured) for name, measured in results.items()}
    for name, rows in report.items():
        print(table(name, rows), flush=True)
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


def run(names: list[str], engines: list[str], threads: int, rounds: int, quick: bool) -> Results:
    """Every workload on every engine, once per round; the engine that goes first changes."""
    pairs = {name: [e for e in engines if e in WORKLOADS[name].engines] for name in names}
    results: Results = {name: {e: [] for e in pair} for name, pair in pairs.items()}
    for i in range(rounds):
        for name, pair in pairs.items():
            turn = i % len(pair) if pair else 0
            for engine in pair[turn:] + pair[:turn]:
                print(f"\rround {i + 1}/{rounds}: {name}, {engine}\033[K", end="", file=sys.stderr)
                results[name][engine].append(measure(name, engine, threads, quick))
    print("\r\033[K", end="", file=sys.stderr)
    return results


def measure(name: str, engine: str, threads: int, quick: bool) -> dict[str, Any] | None:
    """What a process of its own reports; None, and its traceback printed, if it fails."""
    worker = [sys.executable, "-m", "tests.benchmarks.worker", name, engine, str(threads)]
    process = subprocess.run(
        worker + ["quick"] * quick,
        cwd=ROOT,
        env=environment(threads),
        capture_output=True,
        text=True,
    )
    if process.returncode:
        print(f"\n{name}, {engine}:\n{process.stderr}", file=sys.stderr)
        return None
    return json.loads(process.stdout.splitlines()[-1])


def summary(measured: dict[str, list[dict[str, Any] | None]]) -> list[dict[str, Any]]:
    """One row per quantity and engine, over the rounds."""
    reports = {engine: [r for r in rounds if r] for engine, rounds in measured.items()}
    checks = [r["check"] for engine in ("numpy", *reports) for r in reports.get(engine, [])]
    rows: list[dict[str, Any]] = [
        {"quantity": "failed", "engine": engine, "fault": "see the traceback above"}
        for engine, rounds in measured.items()
        if None in rounds
    ]
    for quantity in dict.fromkeys(q for rs in reports.values() for r in rs for q in r["values"]):
        ours = [r["values"].get(quantity) for r in reports.get("pullback", [])]
        for engine, rounds in reports.items():
            values = [r["values"][quantity] for r in rounds if quantity in r["values"]]
            if not values:
                continue
            row = {"quantity": quantity, "engine": engine, "median": median(values)}
            row["rounds"] = values
            if engine != "pullback" and len(ours) == len(values) and None not in ours:
                row["pullback over it"] = median(o / v for o, v in zip(ours, values, strict=True))
            wrong = [r["check"] for r in rounds if not _agree(r["check"], checks[0])]
            row["fault"] = f"computes {wrong[0]}, others {checks[0]}" if wrong else ""
            rows.append(row)
    return rows


def _agree(check: float | None, reference: float | None) -> bool:
    if check is None or reference is None:
        return check is reference
    return math.isclose(check, reference, rel_tol=TOLERANCE)


def table(name: str, rows: list[dict[str, Any]]) -> str:
    lines = [f"{name}: {WORKLOADS[name].about}"]
    for row in rows:
        line = f"  {row['quantity']:42} {row['engine']:12}"
        if "rounds" in row:
            low, high = min(row["rounds"]), max(row["rounds"])
            line += f" {row['median']:9.4g}  {f'({low:.4g} to {high:.4g})':22}"
        if "pullback over it" in row:
            line += f" pullback over it: {row['pullback over it']:.2f}"
        lines.append(line.rstrip() + (f"  !! {row['fault']}" if row["fault"] else ""))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
