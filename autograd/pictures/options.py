"""What a picture is to show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..node import Node


@dataclass(frozen=True)
class Options:
    """The options of `Graph`, whose docstring tells what each means."""

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
