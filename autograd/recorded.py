"""The part of a Tensor that the engine knows: an array, and the node that recorded it.

`Tensor`, further down the house, adds the operators and methods.
"""

from __future__ import annotations

from typing import Any, ClassVar

from .node import Node


class Recorded:
    """An array and its place in the graph; the base class of `Tensor`."""

    __slots__ = ("__weakref__", "_array", "node")

    _array: Any
    node: Node | None  #: the node that recorded this tensor: None for a constant

    of_results: ClassVar[type[Recorded]]  #: the class of the results of operations

    def __init_subclass__(cls, of_results: bool = False) -> None:
        if of_results:
            Recorded.of_results = cls

    @staticmethod
    def _of(data: Any, node: Node | None) -> Any:
        """Wrap an array, and the node that computed it, without a copy or a check."""
        tensor = object.__new__(Recorded.of_results)
        tensor._array = data
        tensor.node = node
        return tensor
