"""The benchmarks run, and the engines they compare compute the same. No time is looked at."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .__main__ import ROOT, summary, table
from .engines import PINS, environment


def test_small_workloads_agree_with_numpy_written_by_hand(tmp_path: Path) -> None:
    report = tmp_path / "results.json"
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", "--rounds", "1"]
    command += ["--only", "chain", "mlp-784-30-10", "--engines", "pullback", "numpy"]
    done = subprocess.run(
        [*command, "--json", str(report)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "pullback over it" in done.stdout
    rows = json.loads(report.read_text())["results"]
    assert set(rows) == {"chain", "mlp-784-30-10"}
    for workload in rows.values():
        assert {row["engine"] for row in workload} == {"pullback", "numpy"}
        assert not any(row["fault"] for row in workload)


def test_disagreement_and_failure_are_marked() -> None:
    def report(check: float) -> dict[str, object]:
        return {"values": {"µs per step": 2.0}, "check": check}

    rows = summary({"pullback": [report(1.0)], "numpy": [report(1.1)], "pytorch": [None]})
    faults = {row["engine"]: row["fault"] for row in rows}
    assert faults["pullback"] == "computes 1.0, others 1.1"
    assert faults["numpy"] == ""
    assert faults["pytorch"] == "see the traceback"
    assert "!! computes 1.0" in table("chain", rows)


@pytest.mark.parametrize("pin", PINS)
def test_pins_are_taken_out_of_the_environment(pin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(pin, "something")
    assert pin not in environment(threads=1)
    assert environment(threads=3)["OMP_NUM_THREADS"] == "3"
