"""Run the workloads on the engines, in turns, and print a table. See `__init__.py`."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from .engines import ENGINES, HIPS, command, environment, installed
from .plot import plot
from .processes import run
from .profile import COLUMNS
from .report import growth_table, machine, summary, table
from .word2vec.texts import SHAKESPEARE
from .workloads import WORKLOADS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    parser.add_argument("--engines", nargs="+", choices=ENGINES)
    parser.add_argument("--threads", type=int, default=1, help="for every library (default: 1)")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--profile", action="store_true", help="where pullback's own time goes")
    parser.add_argument("--quick", action="store_true", help="a few steps: times mean nothing")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round's numbers")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the ratios (PNG, SVG)")
    parser.add_argument("--shakespeare", type=Path, metavar="FILE", help="his plays, for word2vec")
    parser.add_argument("--hips", type=Path, default=HIPS, help=f"where it is (default: {HIPS})")
    args = parser.parse_args()
    if args.shakespeare:
        os.environ[SHAKESPEARE] = str(args.shakespeare.resolve(strict=True))

    if args.profile:
        return profile(args.only, args.threads, args.quick)

    wanted = args.engines or ENGINES
    engines = [engine for engine in wanted if installed(engine, args.hips)]
    report: dict[str, Any] = {"machine": machine(engines, args.threads, args.hips), "results": {}}
    print(described(report["machine"]))
    for engine in wanted:
        if engine not in engines:
            print(f"not here  {engine}: {ENGINES[engine].install}")
    print(flush=True)

    for name in args.only:
        if name.endswith("-shakespeare") and not args.shakespeare:
            print(f"left out  {name}: needs --shakespeare FILE\n")
            continue
        workload = WORKLOADS[name]
        able = [engine for engine in engines if engine in workload.engines]
        if able:
            results = run(name, able, args.threads, args.rounds, args.quick, args.hips)
            rows = report["results"][name] = summary(results, workload.tolerance)
            show = growth_table if name.startswith("growth") else table
            print(show(name, rows), flush=True)
            if args.json:  # each time: a run that is broken off leaves what it had
                args.json.write_text(json.dumps(report, indent=1))
    if args.plot:
        plot(report, args.plot)
    return int(any(row["fault"] for rows in report["results"].values() for row in rows))


def profile(names: list[str], threads: int, quick: bool) -> int:
    print(f"{'microseconds':26}", *(f"{column:>11}" for column in COLUMNS), flush=True)
    failed = 0
    for name in names:
        if WORKLOADS[name].steps:
            child = command("-m", "tests.benchmarks.profile", name) + ["quick"] * quick
            failed |= subprocess.run(child, env=environment("pullback", threads)).returncode
    return failed


def described(machine: dict[str, Any]) -> str:
    versions = ", ".join(f"{engine} {version}" for engine, version in machine["engines"].items())
    lines = [
        f"machine  {machine['processor']}, {machine['cores']} cores, {machine['system']}",
        f"threads  {machine['threads']}",
        f"engines  {versions}",
    ]
    return "\n".join(lines + machine["config"])


if __name__ == "__main__":
    sys.exit(main())
