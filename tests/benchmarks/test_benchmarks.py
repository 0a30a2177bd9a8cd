"""The benchmarks run, and the engines they compare compute the same. No time is looked at."""

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd.grad_mode import Observing

from .engines import ENGINES, PINS, ROOT, command, environment, installed
from .measure import agree, checked, memory_of_import, peak_memory
from .plot import plot
from .profile import COLUMNS, Calls, profile
from .report import growth_table, summary, table
from .word2vec.texts import SHAKESPEARE
from .workloads import WORKLOADS
from .workloads.chain import CHAIN_OPERATIONS


@pytest.mark.parametrize("name", WORKLOADS)
def test_workload_runs_and_agrees_with_the_work_by_hand(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SHAKESPEARE, str(ROOT / "README.md"))  # a text that is always there
    workload = WORKLOADS[name]
    measured = next(workload.engines["pullback"](True))
    assert measured.values
    assert np.isfinite(list(measured.values.values())).all()
    if "numpy" in workload.engines:
        assert measured.check
        by_hand = next(workload.engines["numpy"](True))
        assert agree(measured.check, by_hand.check, workload.tolerance)


def test_a_run_of_the_command_compares_engines_in_their_own_processes(tmp_path: Path) -> None:
    report, picture = tmp_path / "results.json", tmp_path / "ratios.svg"
    benchmarks = [sys.executable, "-m", "tests.benchmarks", "--quick", "--rounds", "2"]
    benchmarks += ["--only", "chain", "growth-depth", "--engines", "pullback", "numpy"]
    benchmarks += ["pullback-workers"]  # which has no part in these
    benchmarks += ["--json", str(report), "--plot", str(picture)]
    done = subprocess.run(benchmarks, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "pullback over it" in done.stdout
    content = json.loads(report.read_text())
    assert content["machine"]["threads"] == 1
    assert set(content["results"]) == {"chain", "growth-depth"}
    for rows in content["results"].values():
        assert {row["engine"] for row in rows} == {"pullback", "numpy"}
        assert not any(row["fault"] for row in rows)
    assert "NumPy by hand" in picture.read_text()


def test_a_profile_finds_every_function_and_rule_of_a_step() -> None:
    step = WORKLOADS["chain"].steps["µs per operation"]["pullback"]()
    calls = Calls()
    with Observing(calls):
        step(0)
    assert len(calls.functions) == CHAIN_OPERATIONS
    assert len(calls.rules()) == 2 * 100 + 2 * 100 + 100 + 1  # product, sum, tanh; the last sum
    joint = Calls()
    with Observing(joint):
        WORKLOADS["layer-norm"].steps["µs per step"]["pullback"]()(0)
    assert (len(joint.functions), len(joint.rules())) == (1, 1)


def test_a_profile_accounts_for_the_whole_step() -> None:
    setups = WORKLOADS["mlp-784-30-10"].steps["µs per step"]
    found = profile(setups["pullback"](), setups["numpy"](), rounds=1)
    assert tuple(sorted(found)) == tuple(sorted(COLUMNS))
    parts = [found[name] for name in ("functions", "rules", "optimiser", "engine")]
    assert min(found["step"], *parts[:3], found["by hand"]) > 0
    assert math.isclose(sum(parts), found["step"])


#: Each engine with what uses its verbs: gradient, train, descend, hvp and jacobian.
VERBS = {
    "pytorch": ("cross-entropy", "mlp-784-30-10", "hvp", "jacobian"),
    "jax": ("cross-entropy", "mlp-784-30-10", "hvp", "jacobian"),
    "hips": ("cross-entropy", "mlp-784-30-10", "logistic", "hvp", "jacobian"),
    "mygrad": ("cross-entropy", "mlp-784-30-10"),
    "micrograd": ("scalars",),
}


@pytest.mark.parametrize(("engine", "name"), [(e, name) for e in VERBS for name in VERBS[e]])
def test_peers_agree(engine: str, name: str) -> None:
    if not installed(engine):
        pytest.skip(f"needs {engine}: {ENGINES[engine].install}")
    worker = command("-m", "tests.benchmarks.worker", name, engine, "1", "quick")
    done = subprocess.run(
        worker, input="\n", env=environment(engine, 1), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    ours = next(WORKLOADS[name].engines["pullback"](True))
    assert agree(ours.check, json.loads(done.stdout)["check"], WORKLOADS[name].tolerance)


def test_hips_process_finds_its_own_autograd_and_the_others_ours(tmp_path: Path) -> None:
    assert not installed("hips", tmp_path)
    (tmp_path / "autograd").mkdir()
    (tmp_path / "autograd" / "__init__.py").touch()
    (tmp_path / "autograd" / "core.py").touch()
    assert installed("hips", tmp_path)
    for engine, root in (("hips", tmp_path), ("pullback", ROOT), ("pytorch", ROOT)):
        done = subprocess.run(
            command("-c", "import autograd, tests.benchmarks; print(autograd.__file__)"),
            cwd=ROOT,
            env=environment(engine, 1, tmp_path),
            capture_output=True,
            text=True,
            check=True,
        )
        assert Path(done.stdout.strip()).parent == root / "autograd"


@pytest.mark.parametrize("pin", PINS)
def test_pins_are_taken_out_of_the_environment(pin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(pin, "something")
    assert pin not in environment("pullback", threads=3)
    assert environment("pullback", threads=3)["OMP_NUM_THREADS"] == "3"


@pytest.mark.parametrize(
    "other",
    [[np.array([1.0, -2.0])], [np.array([2.0, 1.0])], [np.array([1.0, 2.001])], []],
    ids=["sign", "order", "size", "missing"],
)
def test_results_that_differ_do_not_agree(other: list[Any]) -> None:
    check = checked([np.array([1.0, 2.0])])
    assert agree(check, checked([np.array([1.0, 2.0 + 1e-9])]), 1e-6)
    assert not agree(check, checked(other), 1e-6)
    assert not agree(check, None, 1e-6)


def _results(check: float) -> dict[str, Any]:
    return {"values": {"µs per step": 2.0 * check}, "check": [[check, check]]}


def test_disagreement_and_failure_are_marked() -> None:
    results = {"pullback": [_results(1.0)], "numpy": [_results(1.1)], "pytorch": [None]}
    rows = summary(results, tolerance=1e-3)
    faults = {row["engine"]: row["fault"] for row in rows}
    assert faults["pullback"] == "computes 1, others 1.1"
    assert faults["numpy"] == ""
    assert faults["pytorch"] == "see the traceback"
    assert "!! computes 1, others 1.1" in table("chain", rows)
    assert "!! pytorch see the traceback" in growth_table("growth-depth", rows)


def test_ratio_is_the_median_of_the_rounds_ratios() -> None:
    def rounds(*times: float) -> list[dict[str, Any] | None]:
        return [{"values": {"µs per step": t}, "check": None} for t in times]

    rows = summary({"pullback": rounds(1, 8, 3), "numpy": rounds(2, 2, 4)}, tolerance=0)
    assert rows[1]["pullback over it"] == 0.75
    assert rows[0]["median"] == 3


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="Linux forgets a peak")
def test_memory_is_counted_from_what_is_held_after_the_import() -> None:
    np.ones(10**8)
    assert peak_memory() - memory_of_import("numpy") > 5 * 10**8


def test_growth_is_told_relative_to_the_smallest_size() -> None:
    report = {"values": {"µs per step, 1 layers": 2.0, "µs per step, 4 layers": 7.0}, "check": None}
    line = growth_table("growth-depth", summary({"pullback": [report]}, 0)).splitlines()[-1]
    assert line.split() == ["µs", "per", "step,", "4", "layers", "7", "(", "3.5", "x)"]


def test_plot_shows_how_many_times_longer_the_others_take(tmp_path: Path) -> None:
    rounds = [_results(1.0)]
    rows = summary({"pullback": rounds, "numpy": [_results(0.25)], "jax": [_results(37.0)]}, 1)
    machine = {"processor": "a processor", "threads": 1}
    plot({"machine": machine, "results": {"chain": rows}}, tmp_path / "ratios.svg")
    picture = (tmp_path / "ratios.svg").read_text()
    assert all(f"<!-- {text} -->" in picture for text in ("chain", "0.25", "37", "JAX, jit"))


def test_plot_without_a_ratio_draws_nothing(tmp_path: Path) -> None:
    plot({"machine": {}, "results": {"chain": []}}, tmp_path / "ratios.png")
    assert not (tmp_path / "ratios.png").exists()
