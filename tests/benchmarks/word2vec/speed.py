"""Words per second over gensim's with one worker, in the word2vec workloads of the benchmark."""

from statistics import median
from typing import Any

from ..processes import run as in_turns
from ..workloads import WORKLOADS

#: The ratios that are wanted at least, with one worker (by text and `sg`) and with two.
WANTED = {
    ("zipf", 1): 1.6,
    ("zipf", 0): 1.0,
    ("shakespeare", 1): 1.0,
    ("shakespeare", 0): 0.8,
    ("reference", 1): 1.0,
    ("reference", 0): 0.7,
}
WANTED_OF_TWO = 1.0


def run(names: list[str], rounds: int) -> bool:
    """Time the libraries in turns, print a table, and return whether all ratios are reached."""
    print(f"{'words per second':42}{'pullback':>12}{'gensim':>12}{'ratio':>8}{'wanted':>8}")
    reached = True
    for text in names:
        for sg, kind in ((1, "skip-gram"), (0, "cbow")):
            workload = kind if text == "zipf" else f"{kind}-{text}"
            engines = list(WORKLOADS[workload].engines)
            times = in_turns(workload, engines, 1, round(rounds / WORKLOADS[workload].share), False)
            wanted = {"pullback": WANTED[text, sg], "pullback-workers": WANTED_OF_TWO}
            for engine, least in wanted.items():
                line, good = _line(times[engine], times["gensim"], least)
                print(f"{workload + ', two workers' * (engine != 'pullback'):42}{line}", flush=True)
                reached &= good
    return reached


def _line(ours: list[Any], theirs: list[Any], least: float) -> tuple[str, bool]:
    """Return the columns, of which the ratio is a median of rounds, and whether it is reached."""
    if None in ours or None in theirs:
        return f"{'failed':>12}", False
    own, others = ([1e6 / report["values"]["µs per word"] for report in r] for r in (ours, theirs))
    ratio = median(a / b for a, b in zip(own, others, strict=True))
    line = f"{median(own):12,.0f}{median(others):12,.0f}{ratio:8.2f}{least:8.1f}"
    return line + "  !! slower" * (ratio < least), ratio >= least
