"""The benchmarks run, and notice an engine that computes something else. No timing is asserted."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .__main__ import ROOT, summary, table
from .engines import PINS, environment


def test_quick_run_agrees_with_numpy_by_hand(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    what = ["--only", "chain", "mlp-784-30-10", "--engines", "pullback", "numpy"]
    how = ["--quick", "--rounds", "1", "--json", str(report)]
    process = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks", *what, *how],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    results = json.loads(report.read_text())["results"]
    assert list(results) == ["chain", "mlp-784-30-10"]
    for rows in results.values():
        assert [row["engine"] for row in rows] == ["pullback", "numpy"]
        assert [row["fault"] for row in rows] == ["", ""]


def test_disagreement_and_failure_are_marked() -> None:
    def report(check: float) -> dict[str, object]:
        return {"values": {"µs per step": 2.0}, "check": check}

    rows = summary({"pullback": [report(1.0)], "numpy": [report(1.1)], "pytorch": [None]})
    faults = {row["engine"]: row["fault"] for row in rows}
    assert faults["pullback"] == "computes 1.0, others 1.1"
    assert faults["numpy"] == ""
    assert faults["pytorch"]
    assert "!! computes 1.0" in table("chain", rows)


@pytest.mark.parametrize("pin", PINS)
def test_pins_are_taken_out_of_the_environment(pin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(pin, "something")
    assert pin not in environment(threads=1)
    assert environment(threads=3)["OMP_NUM_THREADS"] == "3"
