"""Draw how many times longer than pullback the others take, from the numbers of a run.

python -m tests.benchmarks.plot results.json ratios.png
"""

import argparse
import json
from pathlib import Path
from typing import Any

#: The title of an engine's column. micrograd and gensim, which share no workload, share one.
COLUMNS = {
    "numpy": "NumPy by hand",
    "pytorch": "PyTorch",
    "pytorch-last": "PyTorch,\nchannels last",
    "jax": "JAX, jit",
    "jax-eager": "JAX, eager",
    "hips": "HIPS autograd",
    "mygrad": "MyGrad",
    "tinygrad": "tinygrad",
    "micrograd": "micrograd,\ngensim",
    "gensim": "micrograd,\ngensim",
}

_FASTER, _SLOWER, _INK, _FAINT = "#2a7f62", "#c8501e", "#1f2a37", "#5f6b7a"
_LIMITS = (1 / 30, 30)


def plot(report: dict[str, Any], path: Path) -> None:
    """A line per workload and size, a column per engine, on logarithmic axes that meet at 1.

    Bars to the right are engines that take longer than pullback. What is off the scale is cut,
    and its number is written beside it, as beside every bar.
    """
    from matplotlib.figure import Figure

    ratios = {
        (label, COLUMNS[row["engine"]]): 1 / row["pullback over it"]
        for name, rows in report["results"].items()
        if not name.startswith(("growth", "import", "size"))
        for row in rows
        if row["engine"] in COLUMNS and "pullback over it" in row
        for label in [_label(name, row["quantity"])]
    }
    labels = list(dict.fromkeys(label for label, _ in ratios))
    shown = {title for _, title in ratios}
    columns = [title for title in dict.fromkeys(COLUMNS.values()) if title in shown]
    if not columns:
        return
    figure = Figure(
        figsize=(2.2 + 1.2 * len(columns), 1.3 + 0.27 * len(labels)), layout="constrained"
    )
    panels = figure.subplots(1, len(columns), sharey=True, squeeze=False)[0]
    for title, axes in zip(columns, panels, strict=True):
        _column(axes, title, [ratios.get((label, title)) for label in labels])
    panels[0].set_yticks(range(len(labels)), labels, color=_INK)
    panels[0].set_ylim(len(labels) - 0.4, -0.6)
    machine = report["machine"]
    threads = f"{machine['threads']} thread" + "s" * (machine["threads"] > 1)
    figure.suptitle(
        f"How many times pullback's time, or memory, the others take\n"
        f"right of 1: pullback is ahead   ({machine['processor']}, {threads})",
        color=_INK,
        fontsize=12,
    )
    figure.savefig(path, dpi=130, facecolor="white")


def _label(name: str, quantity: str) -> str:
    """The workload, with the size where there are several."""
    _, _, size = quantity.partition(", ")
    return f"{name}, {size.removesuffix(' elements')}" if size else name


def _column(axes: Any, title: str, ratios: list[float | None]) -> None:
    low, high = _LIMITS
    for place, ratio in enumerate(ratios):
        if ratio is None:
            continue
        end, ahead = min(max(ratio, low), high), ratio >= 1
        axes.barh(place, end - 1, left=1, height=0.62, color=_FASTER if ahead else _SLOWER)
        axes.annotate(
            f"{ratio:.2g}" if ratio < 10 else f"{ratio:.0f}",
            (1, place),
            xytext=(-3 if ahead else 3, 0),
            textcoords="offset points",
            ha="right" if ahead else "left",
            va="center",
            fontsize=8.5,
            color=_INK,
        )
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_xticks([0.1, 1, 10], ["0.1", "1", "10"])
    axes.minorticks_off()
    axes.axvline(1, color=_INK, linewidth=1)
    axes.grid(axis="x", color="#e4e8ec", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_title(title, fontsize=10, color=_INK)
    axes.tick_params(colors=_FAINT, length=0, labelsize=9)
    for side in axes.spines.values():
        side.set_visible(False)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.plot", description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("picture", type=Path)
    args = parser.parse_args()
    plot(json.loads(args.results.read_text()), args.picture)


if __name__ == "__main__":
    main()
