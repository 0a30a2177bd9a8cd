"""What the rounds amount to: medians, spread, ratios, and whether the engines agree."""

import os
import platform
import subprocess
from importlib.metadata import distributions, version
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from .engines import ENGINES, HIPS, command, environment
from .measure import agree
from .processes import Results
from .workloads import WORKLOADS

Rows = list[dict[str, Any]]


def summary(results: Results, tolerance: float) -> Rows:
    """One row per quantity and engine, over the rounds."""
    rows: Rows = []
    reference = results.get("numpy") or next(iter(results.values()))
    faults = {e: _fault(reports, reference, tolerance) for e, reports in results.items()}
    quantities = (q for reports in results.values() for r in reports if r for q in r["values"])
    for quantity in dict.fromkeys(quantities):
        ours = _values(results.get("pullback", []), quantity)
        for engine, reports in results.items():
            values = _values(reports, quantity)
            if not values:
                continue
            row = {"quantity": quantity, "engine": engine, "median": median(values)}
            row |= {"fault": faults[engine], "rounds": values}
            if engine != "pullback" and len(ours) == len(values):
                row["pullback over it"] = median(o / v for o, v in zip(ours, values, strict=True))
            rows.append(row)
    for engine, reports in results.items():
        if None in reports:
            rows.append({"quantity": "failed", "engine": engine, "fault": "see the traceback"})
    return rows


def _fault(reports: list[Any], reference: list[Any], tolerance: float) -> str:
    for report, other in zip(reports, reference, strict=True):
        if report and other and not agree(report["check"], other["check"], tolerance):
            return f"computes {_short(report['check'])}, others {_short(other['check'])}"
    return ""


def _short(check: Any) -> str:
    return ", ".join(f"{x:.10g}" for x, _ in check[:3]) if check else "nothing"


def _values(reports: list[dict[str, Any] | None], quantity: str) -> list[float]:
    return [r["values"][quantity] for r in reports if r and quantity in r["values"]]


def table(name: str, rows: Rows) -> str:
    lines = [f"{name}: {WORKLOADS[name].about}"]
    for row in rows:
        line = f"  {row['quantity']:42} {row['engine']:13}"
        if "rounds" in row:
            values = row["rounds"] * 2 if len(row["rounds"]) == 1 else row["rounds"]
            tenths = quantiles(values, n=10, method="inclusive")
            line += f" {row['median']:9.4g}  {f'({tenths[0]:.4g} to {tenths[-1]:.4g})':20}"
        if "pullback over it" in row:
            line += f" pullback over it: {row['pullback over it']:.2f}"
        lines.append(line.rstrip() + (f"  !! {row['fault']}" if row["fault"] else ""))
    return "\n".join(lines) + "\n"


def growth_table(name: str, rows: Rows) -> str:
    """A line per size and a column per engine: the median, and how often the smallest size's."""
    engines = list(dict.fromkeys(row["engine"] for row in rows if "median" in row))
    medians = {(row["quantity"], row["engine"]): row["median"] for row in rows if "median" in row}
    first: dict[tuple[str, str], float] = {}
    lines = [f"{name}: {WORKLOADS[name].about}"]
    lines.append(f"  {'':28}" + "".join(f"{engine:>22}" for engine in engines))
    for quantity in dict.fromkeys(quantity for quantity, _ in medians):
        cells = []
        for engine in engines:
            value = medians.get((quantity, engine))
            kind = (quantity.split(",")[0], engine)
            if value is not None:
                times = value / first.setdefault(kind, value)
                cells.append(f"{value:10.4g} ({times:7.4g} x)")
            else:
                cells.append("")
        lines.append(f"  {quantity:28}" + "".join(f"{cell:>22}" for cell in cells))
    lines += [f"  !! {row['engine']} {row['fault']}" for row in rows if row["fault"]]
    return "\n".join(lines) + "\n"


def machine(engines: list[str], threads: int, hips: Path = HIPS) -> dict[str, Any]:
    """The processor, the system, the versions, and what `autograd.show_config()` says."""
    config = subprocess.run(
        command("-c", "import autograd; autograd.show_config()"),
        env=environment("pullback", threads),
        capture_output=True,
        text=True,
    )
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "threads": threads,
        "engines": {
            "HIPS autograd" if e == "hips" else ENGINES[e].distribution: _version(e, hips)
            for e in engines
            if ENGINES[e].distribution != "pullback"
        },
        "config": config.stdout.splitlines(),
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return platform.processor() or platform.machine()


def _version(engine: str, hips: Path) -> str:
    if engine == "hips":
        return next(d.version for d in distributions(path=[str(hips)]) if d.name == "autograd")
    return version(ENGINES[engine].distribution)
