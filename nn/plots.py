"""Pictures of a training run, as PNG. They need matplotlib, which is imported when one is drawn.

The figures are made without pyplot: no window opens, and no setting of the caller's changes.
Each function raises `ImportError` without matplotlib, and `OSError` where `path` cannot be
written; a file is written whole or not at all.
"""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np

from .checkpoint import written_whole
from .training import History

_TRAINING, _HELD_OUT, _INK, _FAINT = "#8a96a3", "#c8501e", "#1f2a37", "#5f6b7a"
_MOST = 40  # mistakes on one sheet


def learning_curves(history: History, path: str | os.PathLike[str]) -> None:
    """Loss and accuracy over the epochs, for the training images and the held-out ones."""
    figure = _figure(8.4, 3.4)
    epochs = range(1, len(history.loss) + 1)
    loss, accuracy = figure.subplots(1, 2)
    # The training values are means over an epoch: they belong to its middle.
    middles = [epoch - 0.5 for epoch in epochs]
    style: dict[str, Any] = {"linewidth": 1.6, "marker": "o", "markersize": 2.5}
    for axes, seen, unseen in (
        (loss, history.loss, history.held_out_loss),
        (accuracy, history.accuracy, history.held_out_accuracy),
    ):
        scale = 100 if axes is accuracy else 1
        for x, values, color, label in (
            (middles, seen, _TRAINING, "training"),
            (epochs, unseen, _HELD_OUT, "held out"),
        ):
            axes.plot(x, [scale * v for v in values], color=color, label=label, **style)
        axes.set_xlabel("epoch", color=_FAINT)
        axes.set_xlim(0, len(epochs) + 0.5)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(color="#e4e8ec", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.tick_params(which="both", colors=_FAINT, length=0)
        for side in axes.spines.values():
            side.set_visible(False)
    loss.set_yscale("log")
    loss.set_title("cross-entropy loss (nats)", color=_INK, fontsize=11, loc="left")
    best = 100 * history.held_out_accuracy[-1]
    accuracy.set_title(
        f"accuracy (%): {best:.1f} held out at the end", color=_INK, fontsize=11, loc="left"
    )
    # The first training value, of a network that knew nothing yet, would squeeze all others.
    lowest = min(min(history.accuracy[1:], default=1.0), min(history.held_out_accuracy))
    accuracy.set_ylim(max(0.0, math.floor(20 * lowest) * 5 - 1), 100.5)
    accuracy.legend(loc="lower right", frameon=False, labelcolor=_INK)
    _write(figure, path)


def mistakes(
    images: Any, labels: Any, probabilities: Any, path: str | os.PathLike[str], columns: int = 8
) -> None:
    """The images that were read wrongly, the most confident first: true label, label read.

    `images`: `(N, height, width)`, 0 for paper; `labels`: `(N,)`; `probabilities`:
    `(N, classes)`. At most 40 are drawn.
    """
    read, confidence = probabilities.argmax(axis=-1), probabilities.max(axis=-1)
    (wrong,) = np.nonzero(read != labels)
    wrong = wrong[np.argsort(-confidence[wrong], kind="stable")]
    shown = wrong[:_MOST]
    columns = min(columns, max(len(shown), 5))
    rows = math.ceil(len(shown) / columns)
    height = 0.75 + 1.32 * rows + (0.0 if rows else 0.4)
    figure = _figure(1.05 * columns + 0.3, height, layout=None)
    title = f"{len(wrong)} of {len(labels)} read wrongly" if len(wrong) else "none read wrongly"
    if len(wrong) > len(shown):
        title += f", the {len(shown)} most confident ones"
    left = 0.2 / figure.get_figwidth()
    figure.text(left, 1 - 0.3 / height, title, color=_INK, fontsize=11, va="center")
    legend = "true \u2192 read, and how sure the network was"
    figure.text(left, 1 - 0.54 / height, legend, color=_FAINT, fontsize=8.5, va="center")
    width = figure.get_figwidth()
    for place, i in enumerate(shown):
        row, column = divmod(place, columns)
        box = (
            (0.2 + 1.05 * column) / width,
            (height - 0.75 - 1.32 * row - 0.9) / height,
            0.9 / width,
            0.9 / height,
        )
        axes = figure.add_axes(box)
        axes.imshow(images[i], cmap="gray_r", interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        for side in axes.spines.values():
            side.set_color("#d5dbe1")
        caption = f"{labels[i]} \u2192 {read[i]}   {confidence[i]:.0%}"
        axes.set_xlabel(caption, color=_INK, fontsize=9, labelpad=4)
    _write(figure, path)


def _figure(width: float, height: float, layout: Any = "constrained") -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=160, layout=layout, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _write(figure: Any, path: str | os.PathLike[str]) -> None:
    with written_whole(path) as file:
        figure.savefig(file, format="png")
