"""Pictures as data: the options, and the boxes, arrows and frames that writers turn into text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..node import Node

_HIGHLIGHTS = "producer", "propagator"


@dataclass(frozen=True)
class Options:
    """The options of `Graph`; its docstring explains each."""

    max_nodes: int
    groups: bool
    depth: int | None
    fold: bool | None
    values: bool
    gradients: bool
    statistics: bool
    memory: bool
    source: bool
    highlight: Mapping[Node, str]
    notes: Mapping[Node, str]
    around: Node | None
    radius: int

    def __post_init__(self) -> None:
        for name, value, least in ("max_nodes", self.max_nodes, 1), ("radius", self.radius, 0):
            if value < least:
                raise ValueError(f"Graph: {name} (={value}) must be at least {least}")
        if self.depth is not None and self.depth < 0:
            raise ValueError(
                f"Graph: depth (={self.depth}) must be at least 0; groups=False draws no modules"
            )
        for look in self.highlight.values():
            if look not in _HIGHLIGHTS:
                raise ValueError(
                    f"Graph: highlight got {look!r}; each must be one of {', '.join(_HIGHLIGHTS)}"
                )


@dataclass
class Box:
    """A box; each of its `lines` has a style and texts in columns.

    The styles are "note", "value", "gradient" and "wrong".
    """

    look: str  #: an entry of `Theme.looks`, or "hidden"
    title: str
    lines: list[tuple[str, list[str]]] = field(default_factory=list)
    details: list[str] = field(default_factory=list)  #: the lines of the tooltip
    wrong: bool = False  #: whether it holds NaN or Inf
    name: str = ""


@dataclass
class Arrow:
    """An arrow between two boxes, given by name; `step` is its gradient on the `Scale`."""

    tail: str
    head: str
    label: str = ""
    #: "hidden": from boxes that are not shown; "carried": into the next repetition; "across": from
    #: the forward into the backward pass
    kind: str = ""
    weight: int = 1  #: how straight it should be
    side: int = 0  #: 1 or -1: the tail lies beside the head, before or after it, not ahead
    step: int | None = None
    backward: bool = False  #: inside a backward pass, which runs against the forward pass
    details: str = ""


@dataclass
class Cluster:
    """A frame with its boxes; the outermost one, without a title, is the whole picture."""

    title: str = ""
    boxes: list[Box] = field(default_factory=list)
    inner: list[Cluster] = field(default_factory=list)
    backward: bool = False


@dataclass
class Legend:
    """The smallest and the largest gradient, and whether any are zero, or NaN or Inf."""

    low: float
    high: float
    zero: bool
    wrong: bool


@dataclass
class Picture:
    """A whole picture, with the lines of its caption."""

    root: Cluster
    arrows: list[Arrow]
    caption: list[str]
    legend: Legend | None
    is_long: bool


def plain(text: str, longest: int = 60) -> str:
    """Remove control characters from a text, and shorten it to `longest` characters."""
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    half = longest // 2
    return text if len(text) <= longest else f"{text[:half]}…{text[1 - half :]}"
