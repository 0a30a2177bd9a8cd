"""Hooks: functions that are called with the gradient of a tensor, and may replace it.

    handle = hidden.register_hook(lambda g: print(abs(g).max()))
    hidden.retain_grad()                        hidden.grad will be there after backward()

They are held by their node, so that they go with it, and they go when a backward pass has freed
it, for a hook may hold its own tensor. The backward pass asks here for them, and only while there
are any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from .errors import ShapeError
from .node import FREED, Leaf, Node
from .sparse import RowGradient

Hook = Callable[[Any], Any]


class RemovableHandle:
    """Takes a hook away again: `handle.remove()`, or the end of a block `with handle:`."""

    __slots__ = ("_hooks", "_key")

    _numbers = count()

    def __init__(self, hooks: dict[int, Any], hook: Any, prepend: bool = False) -> None:
        self._hooks = hooks
        self._key = next(self._numbers)
        others = dict(hooks) if prepend else {}
        if prepend:
            hooks.clear()
        hooks[self._key] = hook
        hooks.update(others)

    def remove(self) -> None:
        """From now on the hook is not called; harmless the second time."""
        self._hooks.pop(self._key, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class Hooked:
    """What is asked of the gradient of one node."""

    __slots__ = ("__weakref__", "grad", "hooks", "retains")

    def __init__(self) -> None:
        self.hooks: dict[int, Hook] = {}
        self.retains = False
        self.grad: Any = None

    def arrived(self, node: Node, g: Any, retain: bool = True) -> Any:
        """Call the hooks with the gradient; returns it, or what they put in its place."""
        called = list(self.hooks.values())
        for hook in called:
            g = np.asarray(g) if isinstance(g, np.generic) else g
            result = hook(g)
            if result is not None:
                g = _in_place_of(g, result, node)
        if self.retains and retain:
            array = getattr(g, "_array", g)
            array = array.copy() if isinstance(array, RowGradient) else np.array(array)
            self.grad = array if self.grad is None else self.grad + array
        if called and isinstance(node, Leaf) and not hasattr(g, "_array"):
            return g.copy()  # the leaf will add to it, and a hook may have kept it
        return g


#: By the id of the node, for as long as it lives: nobody else may hold an entry.
hooked: WeakValueDictionary[int, Hooked] = WeakValueDictionary()


def of(node: Node) -> Hooked:
    """The entry of a node, which is made if there is none."""
    entry = hooked.get(id(node))
    if entry is None:
        entry = hooked[id(node)] = node.hooked = Hooked()
    return entry


def drop_freed(nodes: Iterable[Node]) -> None:
    """Take away the hooks of those nodes that no further pass can visit."""
    for node in nodes:
        entry = hooked.get(id(node))
        if entry is not None and (
            node.parents is FREED or any(p is not None and p.parents is FREED for p in node.parents)
        ):
            entry.hooks.clear()


def _in_place_of(g: Any, result: Any, node: Node) -> Any:
    """What a hook returned, as a gradient like `g`."""
    is_recorded = hasattr(g, "_array")
    if is_recorded and isinstance(result, type(g)):
        array = result._array
    else:
        array = getattr(result, "_array", result)
        if not isinstance(array, RowGradient):
            array = np.array(array)  # a copy: it may be anybody's
    if array.shape != node.shape:
        raise ShapeError(
            f"register_hook: a hook returned a gradient of shape {array.shape} for a tensor of "
            f"shape {node.shape}; return one of that shape, or None to leave it as it is"
        )
    if is_recorded and isinstance(result, type(g)):
        return result if array.dtype == node.dtype else result.astype(node.dtype)
    array = array.astype(node.dtype, copy=False)
    return type(g)._of(array, None) if is_recorded else array
