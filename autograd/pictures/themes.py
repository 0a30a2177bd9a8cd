"""The colours of pictures, on light and on dark pages."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Look:
    """The colours of one kind of box: its inside, its border and its text."""

    fill: str
    line: str
    text: str
    dashed: bool = False
    loud: bool = False  #: whether only `text` is legible on it


@dataclass(frozen=True)
class Theme:
    """The colours of a picture; `scale` colours gradients, from the smallest to the largest."""

    page: str
    text: str
    faint: str  #: for arrows and other details less important than `text`
    frame: str
    fills: tuple[str, ...]  #: of frames in frames, from the outermost
    backward: str  #: the inside of the frame around a backward pass
    zero: str
    wrong: str
    scale: tuple[str, ...]
    looks: dict[str, Look]


THEMES = {
    "light": Theme(
        page="#ffffff",
        text="#59636e",
        faint="#8c959f",
        frame="#d1d9e0",
        fills=("#f8fafb", "#f1f4f7", "#e9eef2", "#e1e7ed"),
        backward="#f7f3fd",
        zero="#c4cbd3",
        wrong="#d1242f",
        scale=("#a9d3ce", "#63b3ad", "#2b8f8f", "#136a76", "#063f52"),
        looks={
            "leaf": Look("#ddefff", "#54a0e8", "#0a3f78"),
            "operation": Look("#ffffff", "#afb8c1", "#1f2328"),
            "elsewhere": Look("#ffffff", "#afb8c1", "#1f2328", dashed=True),
            "backward": Look("#efe5fd", "#a98adf", "#3f2180"),
            "module": Look("#e6f6ea", "#63b57a", "#0f4a24"),
            "constant": Look("#f6f8fa", "#b9c1ca", "#59636e", dashed=True),
            "output": Look("#fff1d6", "#d4a13a", "#633c01"),
            "producer": Look("#d1242f", "#82061e", "#ffffff", loud=True),
            "propagator": Look("#ffdce0", "#e5637b", "#7d0c22"),
        },
    ),
    "dark": Theme(
        page="#0d1117",
        text="#9198a1",
        faint="#6e7681",
        frame="#3d444d",
        fills=("#131921", "#19202a", "#1f2833", "#26303c"),
        backward="#18132a",
        zero="#3d444d",
        wrong="#ff6a69",
        scale=("#2a6468", "#2f8588", "#3caaa6", "#74d3c7", "#cdf6e9"),
        looks={
            "leaf": Look("#0c2d57", "#388bfd", "#cae8ff"),
            "operation": Look("#212830", "#59636e", "#f0f6fc"),
            "elsewhere": Look("#212830", "#59636e", "#f0f6fc", dashed=True),
            "backward": Look("#2b1f4d", "#8a63d2", "#e6dcff"),
            "module": Look("#10351f", "#3fa35a", "#c5f5d0"),
            "constant": Look("#151b23", "#4b545e", "#9198a1", dashed=True),
            "output": Look("#3d2c08", "#bb8a1e", "#ffe2a8"),
            "producer": Look("#da3633", "#ffb3ad", "#ffffff", loud=True),
            "propagator": Look("#4f1a24", "#e5637b", "#ffd7dc"),
        },
    ),
}


class Scale:
    """A logarithmic scale of five steps for gradient norms."""

    STEPS = 5
    ZERO, WRONG = -1, -2
    VANISHED = 1e-8  #: a gradient below this share of the largest norm counts as vanished

    def __init__(self, norms: Iterable[float]) -> None:
        found = [norm for norm in norms if math.isfinite(norm) and norm > 0]
        largest = max(found, default=1.0)
        self.floor = largest * self.VANISHED
        smallest = min((norm for norm in found if norm > self.floor), default=largest)
        self.low, self.high = math.log10(smallest), math.log10(largest)

    def step(self, norm: float) -> int:
        """Rank a norm from 0 (smallest) to 4 (largest); ZERO, or WRONG for NaN and Inf."""
        if not math.isfinite(norm):
            return self.WRONG
        if norm <= self.floor:
            return self.ZERO
        if self.low == self.high:
            return self.STEPS - 1
        share = (math.log10(norm) - self.low) / (self.high - self.low)
        return min(int(share * self.STEPS), self.STEPS - 1)


def colour_of(step: int, theme: Theme) -> str:
    """Return the colour of a step of a `Scale`."""
    return {Scale.ZERO: theme.zero, Scale.WRONG: theme.wrong}.get(step) or theme.scale[step]
