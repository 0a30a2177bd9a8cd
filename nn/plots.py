"""Pictures of a training run and of what it learned, drawn by matplotlib.

    plots.kernels(layer.weight.data, "kernels.png")
    plots.kernels(layer.weight.data)                    in a notebook, at the end of a cell

Each function except `alike` returns the figure, and writes it as PNG to `path` if one is given.
The figures are made without pyplot: no window opens, and the caller's settings stay as they are.
matplotlib is imported when a picture is drawn; without it the functions raise `ImportError`. They
raise `OSError` if `path` cannot be written; a file is either complete or absent.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from .checkpoint import written_whole
from .history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TRAINING, _VALIDATION, _INK, _FAINT = "#8a96a3", "#c8501e", "#1f2a37", "#5f6b7a"
_MOST = 40  # mistakes on one sheet
_LONGEST = 24  # characters of a word on a map
_GRID = 3  # pixels between the places where a word can be

_Path = str | os.PathLike[str] | None


def learning_curves(history: History, path: _Path = None) -> Figure:
    """Draw the loss and each metric by epoch, for the training data and the validation data.

    The scale of the loss is logarithmic if all its values are positive.

    Args:
        history: The record that `nn.fit` returned.
        path: The PNG file to write, if any.

    Example:
        >>> figure = nn.plots.learning_curves(nn.History(loss=[0.9, 0.5], lr=[0.1, 0.1]))
        >>> [axes.get_title(loc="left") for axes in figure.axes]
        ['loss: 0.5 in training']
    """
    metrics = list({**history.metrics, **history.validation_metrics})
    columns = 2 if len(metrics) in (1, 3) else min(1 + len(metrics), 3)
    rows = math.ceil((1 + len(metrics)) / columns)
    figure = _figure(4.2 * max(columns, 1.4), 3.4 * rows)
    panels = figure.subplots(rows, columns, squeeze=False).flat
    _curves(next(panels), "loss", history.loss, history.validation_loss)
    for name in metrics:
        seen, unseen = history.metrics.get(name, []), history.validation_metrics.get(name, [])
        _curves(next(panels), name, seen, unseen)
    for axes in panels:
        axes.set_visible(False)
    return _written(figure, path)


def _curves(axes: Axes, name: str, training: list[float], validation: list[float]) -> None:
    percent = name == "accuracy"
    training, validation = (
        [(100 if percent else 1) * v for v in x] for x in (training, validation)
    )
    epochs = max(len(training), len(validation))
    style: dict[str, Any] = {"linewidth": 1.6, "marker": "o", "markersize": 2.5}
    # The training values are means over an epoch, so they belong to its middle.
    middles = [i + 0.5 for i in range(len(training))]
    axes.plot(middles, training, color=_TRAINING, label="training", **style)
    last, where = (training or [math.nan])[-1], "in training"
    if validation:
        axes.plot(range(1, epochs + 1), validation, color=_VALIDATION, label="validation", **style)
        last, where = validation[-1], "in validation"
    title = f"{name} (%)" if percent else name
    shown = f"{last:.1f}" if percent else f"{last:.3g}"
    axes.set_title(f"{title}: {shown} {where}", color=_INK, fontsize=11, loc="left")
    axes.set_xlabel("epoch", color=_FAINT)
    axes.set_xlim(0, epochs + 0.5)
    locator: Any = axes.xaxis.get_major_locator()
    locator.set_params(integer=True)
    finite = [value for value in training + validation if math.isfinite(value)]
    if name == "loss" and min(finite, default=0) > 0:
        axes.set_yscale("log")
        if max(finite) < 1000 * min(finite):
            locator = axes.yaxis.get_major_locator()
            locator.set_params(subs=(1, 2, 5))
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("")
    if percent:
        # The first training value, of an untrained network, would squeeze all others.
        lowest = min(filter(math.isfinite, [*training[1:], *validation]), default=100.0)
        axes.set_ylim(max(0.0, math.floor(lowest / 5) * 5 - 1), 100.5)
    axes.grid(color="#e4e8ec", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", colors=_FAINT, length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.legend(frameon=False, labelcolor=_INK)


def mistakes(
    images: NDArray[Any],
    labels: NDArray[Any],
    probabilities: NDArray[Any],
    path: _Path = None,
    columns: int = 8,
) -> Figure:
    """Draw the misclassified images, the most confident first, each with both labels.

    Args:
        images: Gray images `(N, height, width)`, 0 for white.
        labels: The true labels `(N,)`.
        probabilities: The predicted probabilities `(N, classes)`.
        path: The PNG file to write, if any.
        columns: The number of images in a row; at most 40 are drawn.

    Example:
        >>> labels, probabilities = np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]])
        >>> figure = nn.plots.mistakes(np.zeros((2, 8, 8)), labels, probabilities)
        >>> figure.texts[0].get_text()
        '1 of 2 read wrongly'
    """
    read, confidence = probabilities.argmax(axis=-1), probabilities.max(axis=-1)
    (wrong,) = np.nonzero(read != labels)
    wrong = wrong[np.argsort(-confidence[wrong], kind="stable")]
    shown = wrong[:_MOST]
    title = f"{len(wrong)} of {len(labels)} read wrongly" if len(wrong) else "none read wrongly"
    if len(wrong) > len(shown):
        title += f", the {len(shown)} most confident ones"
    columns = min(columns, max(len(shown), 5))
    rows = math.ceil(len(shown) / columns)
    legend = "true \u2192 read, and how sure the network was"
    figure, place = _sheet(title, legend, rows, columns, caption=0.24)
    for number, i in enumerate(shown):
        axes = place(*divmod(number, columns))
        axes.imshow(images[i], cmap="gray_r", interpolation="nearest")
        caption = f"{labels[i]} \u2192 {read[i]}   {confidence[i]:.0%}"
        axes.set_xlabel(caption, color=_INK, fontsize=9, labelpad=4)
    return _written(figure, path)


def kernels(weight: NDArray[Any], path: _Path = None, columns: int = 8) -> Figure:
    """Draw the kernels of a convolution on images: the patterns it looks for.

    Positive elements are red and negative ones blue, on a scale of its own for each kernel.

    Args:
        weight: The kernels `(kernels, channels, height, width)`; the mean over their channels is
            drawn, for at most 64 kernels.
        path: The PNG file to write, if any.
        columns: The number of kernels in a row.

    Example:
        >>> figure = nn.plots.kernels(nn.Conv2d(1, 6, 3).weight.data)
        >>> len(figure.axes)
        6
    """
    shown = weight[:64].mean(axis=1)
    columns = min(columns, max(len(shown), 5))
    rows = math.ceil(len(shown) / columns)
    title = f"{len(weight)} kernels of {weight.shape[2]}x{weight.shape[3]}"
    if len(weight) > len(shown):
        title += f", the first {len(shown)}"
    figure, place = _sheet(title, "red adds, blue subtracts", rows, columns)
    for i, kernel in enumerate(shown):
        largest = float(np.abs(kernel).max()) or 1.0
        place(*divmod(i, columns)).imshow(kernel, cmap="RdBu_r", vmin=-largest, vmax=largest)
    return _written(figure, path)


def feature_maps(
    image: NDArray[Any],
    layers: Sequence[tuple[str, NDArray[Any]]],
    path: _Path = None,
    columns: int = 9,
) -> Figure:
    """Draw an image and the outputs of successive layers for it, one layer in a row.

    Large values are dark, on one scale for each layer.

    Args:
        image: The image `(channels, height, width)`.
        layers: The name of each layer, and its output `(channels, height, width)`.
        path: The PNG file to write, if any.
        columns: The number of channels that are drawn of each layer.

    Example:
        >>> image = np.zeros((1, 8, 8), np.float32)
        >>> output = nn.Conv2d(1, 4, 3)(image[np.newaxis]).data[0]
        >>> len(nn.plots.feature_maps(image, [("Conv2d", output)]).axes)
        5
    """
    title = "an image, and what the layers make of it"
    legend = f"the first {columns} channels of each layer; dark is large"
    rows = [("", image), *layers]
    figure, place = _sheet(title, legend, len(rows), columns, caption=0.2)
    for row, (name, maps) in enumerate(rows):
        low, high = float(np.min(maps)), float(np.max(maps))
        for column, picture in enumerate(maps[:columns]):
            axes = place(row, column)
            axes.imshow(picture, cmap="gray_r", vmin=low, vmax=high, interpolation="nearest")
            if name and not column:
                label = f"{name}  {'x'.join(map(str, maps.shape))}"
                axes.text(0, -0.06, label, transform=axes.transAxes, va="top", color=_FAINT,
                          fontsize=8)  # fmt: skip
    return _written(figure, path)


def word_map(words: Sequence[str], vectors: NDArray[Any], path: _Path = None) -> Figure:
    """Draw words in the plane of the two principal components of their vectors.

    The vectors are scaled to length 1 first. A word that would cover an earlier one moves to the
    nearest free place, and a long one is shortened. Words that no installed font can draw are left
    out, and so are the last ones if the map is full; the picture says how many, and whether the
    vectors hardly differ. matplotlib before 3.11 draws Arabic and Hebrew from left to right.

    Args:
        words: At least one word, the most important first.
        vectors: The vectors `(len(words), size)`.
        path: The PNG file to write, if any.

    Raises:
        ValueError: If there are no words, if the number of vectors is another, or if a vector is
            not finite.

    Example:
        >>> figure = nn.plots.word_map(["up", "down"], np.array([[1.0, 0.0], [0.0, 1.0]]))
        >>> figure.texts[0].get_text()
        '2 words by their vectors'
    """
    vectors = _checked(words, vectors)
    names = [_shortened(word) for word in words]
    fonts = _fonts(names)
    shown = [i for i, name in enumerate(names) if name in fonts]
    points, share = _principal(_units(vectors[shown]))

    figure = _figure(11, 7.5, layout=None)
    axes = figure.add_axes((0.02, 0.02, 0.96, 0.9))
    drawn = _place_words(axes, [names[i] for i in shown], points, fonts)
    legends = []
    if drawn > 1 and alike(vectors):
        legends.append("the vectors hardly differ: train for longer, or on more text")
    elif drawn > 1:
        legends.append(f"the two principal components, which hold {share:.0%} of the differences")
    if drawn < len(shown):
        legends.append(f"no room for the last {len(shown) - drawn}")
    if missing := len(words) - len(shown):
        legends.append(f"{missing} left out: install a font with their letters, such as Noto")
    title = f"{drawn} {'word' if drawn == 1 else 'words'} by their vectors"
    figure.text(0.02, 0.965, title, color=_INK, fontsize=11)
    figure.text(0.02, 0.94, "; ".join(legends), color=_FAINT, fontsize=8.5)
    return _written(figure, path)


def _checked(words: Sequence[str], vectors: NDArray[Any]) -> NDArray[np.float64]:
    vectors = np.asarray(vectors, np.float64)
    if not len(words) or vectors.ndim != 2 or len(vectors) != len(words):
        raise ValueError(
            f"word_map: vectors must have one row for each of at least one word; got {len(words)} "
            f"words and the shape {vectors.shape}"
        )
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        raise ValueError(
            f"word_map: the vector of {words[finite.argmin()]!r:.60} is not finite; train again "
            f"with a smaller alpha"
        )
    return vectors


def _place_words(
    axes: Axes, names: Sequence[str], points: NDArray[Any], fonts: Mapping[str, Path]
) -> int:
    """Write each name near its point until there is no room; return how many are there."""
    size = np.array(axes.get_window_extent().size)
    axes.set(xticks=[], yticks=[], xlim=(0, size[0]), ylim=(0, size[1]))  # in pixels
    for line in axes.spines.values():
        line.set_color("#d5dbe1")
    style: dict[str, Any] = {"ha": "center", "va": "center", "color": _INK, "parse_math": False}
    centres, boxes = np.empty((0, 2)), np.empty((0, 2))
    for name, point in zip(names, points, strict=True):
        label = axes.text(0, 0, name, font=fonts[name], fontsize=9, **style)
        box = label.get_window_extent().size + np.array([8, 3])
        place = _free(box / 2 + point * (size - box), box, centres, boxes, size)
        if place is None:
            label.remove()
            break
        label.set_position(place)
        centres, boxes = np.vstack([centres, place]), np.vstack([boxes, box])
    return len(centres)


def _principal(units: NDArray[Any]) -> tuple[NDArray[Any], float]:
    """Return points from 0 to 1 by the two principal components, and their share of variance."""
    points = np.zeros((len(units), 2))
    if not len(units):
        return points, 0.0
    left, widths, _ = np.linalg.svd(units - units.mean(axis=0), full_matrices=False)
    points[:, : widths.size] = (left * widths)[:, :2]
    low, high = points.min(axis=0), points.max(axis=0)
    points = 0.5 + (points - (low + high) / 2) / np.maximum(high - low, 1e-6)  # less is rounding
    return points, float((widths[:2] ** 2).sum() / max((widths**2).sum(), 1e-30))


def _free(
    centre: NDArray[Any],
    box: NDArray[Any],
    centres: NDArray[Any],
    boxes: NDArray[Any],
    size: NDArray[Any],
) -> tuple[float, float] | None:
    """Find the place nearest to `centre` where a box fits into `size` beside the others."""
    axes = [np.arange(half, end - half, _GRID) for half, end in zip(box / 2, size, strict=True)]
    if not all(len(axis) for axis in axes):
        return None
    free = np.ones([len(axis) for axis in axes], bool)
    reach = (boxes + box) / 2
    first = np.floor((centres - reach - box / 2) / _GRID).astype(int) + 1
    last = np.ceil((centres + reach - box / 2) / _GRID).astype(int)
    for (left, bottom), (right, top) in zip(first.clip(0), last.clip(0), strict=True):
        free[left:right, bottom:top] = False
    if not free.any():
        return None
    x, y = (np.square(axis - c) for axis, c in zip(axes, centre, strict=True))
    i, j = divmod(int(np.where(free, x[:, np.newaxis] + y, np.inf).argmin()), len(axes[1]))
    return float(axes[0][i]), float(axes[1][j])


def alike(vectors: NDArray[Any]) -> bool:
    """Tell whether vectors hardly differ in direction, as word vectors do early in training.

    Args:
        vectors: Vectors of shape `(N, size)`.

    Returns:
        Whether the mean cosine between two of them is above 0.9.

    Example:
        >>> nn.plots.alike(np.array([[1.0, 0.1], [1.0, 0.0]])), nn.plots.alike(np.eye(2))
        (True, False)
    """
    units = _units(vectors)
    return bool(np.square(units - units.mean(axis=0)).sum(axis=1).mean() < 0.1)


def _units(vectors: NDArray[Any]) -> NDArray[Any]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-30))


def _shortened(word: str) -> str:
    """Return the word in one line, shortened if it is long."""
    word = " ".join(word.split())
    return word if len(word) <= _LONGEST else word[: _LONGEST - 1] + "\u2026"


def _fonts(names: Sequence[str]) -> dict[str, Path]:
    """Find a font with all characters of each name; names without one are missing."""
    from matplotlib import font_manager

    installed = sorted(
        font_manager.fontManager.ttflist,
        key=lambda font: (font.style, font.weight, font.stretch) != ("normal", 400, "normal"),
    )
    # A font of last resort draws a box for every character.
    files = [f.fname for f in installed if "lastresort" not in f.name.lower().replace(" ", "")]
    fonts: dict[str, Path] = {}
    left = set(names)
    for file in [font_manager.findfont(font_manager.FontProperties()), *files]:
        if not left:
            break
        with suppress(OSError, RuntimeError):  # deleted since matplotlib listed it, or damaged
            known = font_manager.get_font(file).get_charmap()
            found = {name for name in left if all(ord(c) in known for c in name)}
            fonts.update(dict.fromkeys(found, Path(file)))
            left -= found
    return fonts


def _sheet(
    title: str, legend: str, rows: int, columns: int, caption: float = 0.0
) -> tuple[Figure, Callable[[int, int], Axes]]:
    """Make a sheet of small pictures, and a function that makes axes for a row and a column.

    `caption` is the room below each picture, in inches.
    """
    side, gap, margin, head = 0.9, 0.15, 0.2, 0.75
    width = 2 * margin + columns * (side + gap) - gap
    height = head + rows * (side + gap + caption) + (margin - gap if rows else 0.4)
    figure = _figure(width, height, layout=None)
    left = margin / width
    figure.text(left, 1 - 0.3 / height, title, color=_INK, fontsize=11, va="center")
    figure.text(left, 1 - 0.54 / height, legend, color=_FAINT, fontsize=8.5, va="center")

    def place(row: int, column: int) -> Axes:
        x = margin + column * (side + gap)
        y = height - head - row * (side + gap + caption) - side
        axes = figure.add_axes((x / width, y / height, side / width, side / height))
        axes.set(xticks=[], yticks=[])
        for line in axes.spines.values():
            line.set_color("#d5dbe1")
        return axes

    return figure, place


def _figure(
    width: float, height: float, layout: Literal["constrained"] | None = "constrained"
) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=160, layout=layout, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _written(figure: Figure, path: _Path) -> Figure:
    if path is not None:
        with written_whole(path) as file:
            figure.savefig(file, format="png")
    return figure
