"""A picture as data: boxes, arrows and frames, for whoever writes them down."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Box:
    """A box. `lines` have a style ("note", "value", "gradient" or "wrong") and texts in columns."""

    look: str  #: an entry of `Theme.looks`, or "hidden"
    title: str
    lines: list[tuple[str, list[str]]] = field(default_factory=list)
    details: list[str] = field(default_factory=list)  #: the lines of the tooltip
    wrong: bool = False  #: whether something in it is NaN or Inf
    name: str = ""


@dataclass
class Arrow:
    """An arrow from box to box, by their names. `step`: its gradient, as `Scale.step` has it."""

    tail: str
    head: str
    label: str = ""
    #: "hidden": from what is not shown; "carried": into the next repetition; "across": from the
    #: forward into the backward pass
    kind: str = ""
    weight: int = 1  #: how straight it is to be
    side: int = 0  #: 1 or -1: the tail stands before or after the head, not ahead of it
    step: int | None = None
    backward: bool = False  #: inside a backward pass, which runs against the forward pass
    details: str = ""


@dataclass
class Cluster:
    """A frame with what stands in it; the outermost one, without a title, is the picture."""

    title: str = ""
    boxes: list[Box] = field(default_factory=list)
    inner: list[Cluster] = field(default_factory=list)
    backward: bool = False


@dataclass
class Legend:
    """The smallest and the largest gradient, and whether some are zero, and some NaN or Inf."""

    low: float
    high: float
    zero: bool
    wrong: bool


@dataclass
class Picture:
    """All of it, with the lines of its caption."""

    root: Cluster
    arrows: list[Arrow]
    caption: list[str]
    legend: Legend | None
    is_long: bool


def plain(text: str, longest: int = 60) -> str:
    """Text without control characters, and not too long for a line."""
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    half = longest // 2
    return text if len(text) <= longest else f"{text[:half]}…{text[1 - half :]}"
