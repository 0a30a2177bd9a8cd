"""The grid: how long the vectors are after training, beside gensim's.

One pair at a time does not diverge; a step of many pairs may, and mostly without a word. The
lengths show it: at their largest, or on average.
"""

import math
from itertools import combinations, product
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from . import texts
from .trainings import LIBRARIES, Training, measured

Cell = tuple[tuple[str, Any], ...]  #: names of parameters with their values

AXES: dict[str, tuple[Any, ...]] = {
    "sg": (0, 1),
    "hs": (0, 1),
    "alpha": (0.025, 0.05, 0.1),
    "window": (2, 5, 10, 15),
    "negative": (0, 1, 5, 10, 15, 20, 25),
    "shrink_windows": (1, 0),
    "cbow_mean": (1, 0),
    "sample": (1e-3, 0),
}
FIXED = (("vector_size", 50), ("min_count", 5), ("epochs", 2), ("seed", 1))

#: Ours may be so many times as long as gensim's.
MOST = 1.5

DEFAULTS = {"hs": 0, "alpha": 0.025, "window": 5, "negative": 5}
DEFAULTS |= {"shrink_windows": 1, "cbow_mean": 1, "sample": 1e-3}

#: Where training diverged when all pairs of a block pushed a noise word from one stale value.
DIVERGED: list[dict[str, Any]] = [
    {"sg": 1, "negative": 15},
    {"sg": 1, "window": 10, "negative": 15},
    {"sg": 1, "window": 10, "negative": 20},
    {"sg": 1, "alpha": 0.05, "negative": 10},
    {"sg": 1, "alpha": 0.1, "shrink_windows": 0},
    {"sg": 0, "alpha": 0.1, "negative": 15, "shrink_windows": 0},
    {"sg": 0, "alpha": 0.1, "negative": 20},
    {"sg": 1, "hs": 1, "negative": 0, "window": 15, "sample": 0},
    {"sg": 0, "hs": 1, "negative": 10, "window": 10, "alpha": 0.05, "shrink_windows": 0},
]


def cell(**settings: Any) -> Cell:
    """Return the cell of these values, and of the defaults."""
    settings = DEFAULTS | settings
    return tuple((name, settings[name]) for name in AXES)


def grid() -> list[Cell]:
    """List all cells that mean something of their own."""
    cells = (dict(zip(AXES, values, strict=True)) for values in product(*AXES.values()))
    return [
        cell(**c) for c in cells if (c["hs"] or c["negative"]) and (c["cbow_mean"] or not c["sg"])
    ]


def sample(number: int) -> list[Cell]:
    """Draw at least `number` cells, the same each time, in which all pairs of values occur.

    First come the defaults, the corners of each kind of training (all values low, all high), and
    the cells that diverged.
    """
    chosen: dict[Cell, None] = {}
    for sg, hs in product((0, 1), (0, 1)):
        low, high = ({name: values[end] for name, values in AXES.items()} for end in (0, -1))
        chosen[cell(sg=sg, hs=hs)] = None
        chosen[cell(**low | {"sg": sg, "hs": hs, "negative": 0 if hs else 1})] = None
        chosen[cell(**high | {"sg": sg, "hs": hs, "cbow_mean": sg})] = None
    chosen |= dict.fromkeys(cell(**settings) for settings in DIVERGED)
    others = grid()
    Random(0).shuffle(others)
    pairs = {c: set(combinations(c, 2)) for c in others}
    missing = set().union(*pairs.values()).difference(*(pairs[c] for c in chosen))
    while missing:
        best = max(others, key=lambda c: len(pairs[c] & missing))
        chosen[best] = None
        missing -= pairs[best]
    for c in others:
        if len(chosen) >= number:
            break
        chosen[c] = None
    return list(chosen)


def lengths(training: Training) -> dict[str, Any]:
    """Train, and measure the vectors: the largest and the mean |v|; of ours, the last loss."""
    import numpy as np

    try:
        model = training.run(texts.load(training.text))
    except Exception as error:  # whatever it is belongs in the table
        return {"error": f"{type(error).__name__}: {error}"}
    found = np.linalg.norm(model.wv.vectors.astype(float), axis=1)
    result = {"max": float(found.max()), "mean": float(found.mean())}
    if training.library == "pullback":
        result["loss"] = model.history.loss[-1]
    return result


def is_bad(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Whether ours failed, or is too long, where gensim's is finite."""
    return _finite(theirs) and not max(ratio(ours, theirs, q) for q in ("max", "mean")) <= MOST


def ratio(ours: dict[str, Any], theirs: dict[str, Any], quantity: str) -> float:
    """Return ours over theirs; infinity where ours is not finite."""
    return ours[quantity] / theirs[quantity] if _finite(ours) else math.inf


def _finite(result: dict[str, Any]) -> bool:
    return "error" not in result and math.isfinite(result["max"])


def run(names: list[str], cells: list[Cell], cache: Path | None, jobs: int, only: bool) -> bool:
    """Train all cells on each text and print the tables; return whether no cell is bad."""
    libraries = LIBRARIES[:1] if only else LIBRARIES
    good = True
    for name in names:
        cases = {c: [Training(library, name, c + FIXED) for library in libraries] for c in cells}
        found = measured(lengths, [t for two in cases.values() for t in two], cache, jobs)
        if only:
            print(f"{name}: gensim's results of {len(cells)} cells are in the cache", flush=True)
            continue
        results = {c: tuple(found[training] for training in two) for c, two in cases.items()}
        bad = {c: two for c, two in results.items() if is_bad(two[1], two[0])}
        print(*_summary(name, results), *_bad_cells(bad), "", sep="\n", flush=True)
        good &= not bad
    return good


def _bad_cells(bad: dict[Cell, Any]) -> list[str]:
    if not bad:
        return ["   no cell is bad"]
    head = "   bad cells: " + " ".join(AXES)
    lines = [f"{head}  largest |v|, ours / gensim's   mean |v|, ours / gensim's      loss"]
    for c, (theirs, ours) in bad.items():
        line = " " * 14 + " ".join(f"{value:>{len(name)}}" for name, value in c)
        for quantity in ("max", "mean"):
            own = f"{ours[quantity]:.4g}" if quantity in ours else "none"
            line += f"    {own:>10} / {theirs[quantity]:<10.4g}"
        lines.append(line + "  " + (ours.get("error") or f"{ours['loss']:.4g}")[:60])
    return lines


def _summary(name: str, results: dict[Cell, Any]) -> list[str]:
    """A line for each kind of training."""
    lines = [
        f"{name} ({texts.fingerprint(name)})\n"
        f"   sg hs   cells   bad  largest |v| over gensim's      mean |v| over gensim's"
    ]
    for sg, hs in product((0, 1), (0, 1)):
        kind = {("sg", sg), ("hs", hs)}
        two = [both for c, both in results.items() if kind <= set(c)]
        judged = [(ours, theirs) for theirs, ours in two if _finite(theirs)]
        if not judged:
            continue
        line = f"   {sg:2} {hs:2} {len(two):7} {sum(is_bad(*both) for both in judged):5}"
        for quantity in ("max", "mean"):
            ratios = [ratio(*both, quantity) for both in judged]
            line += f"  {min(ratios):6.2f} to {max(ratios):9.4g}, median {median(ratios):4.2f}"
        left_out = len(two) - len(judged)
        lines.append(line + (f"  gensim not finite: {left_out}" if left_out else ""))
    return lines
