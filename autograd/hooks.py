"""Hooks: functions that are called with the gradient of a tensor, and may replace it.

    handle = hidden.register_hook(lambda g: print(abs(g).max()))
    hidden.retain_grad()                        hidden.grad will be there after backward()

They are held by their node, so that they go with it, and they go when a backward pass has freed
it, for a hook may hold its own tensor. The backward pass asks here for them, and only while there
are any.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import count
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from .changes import in_our_rule
from .errors import ShapeError
from .grad_mode import Observer, observer
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


class Watchers:
    """Who is told of a backward pass: the hooks of its nodes, and an observer if there is one."""

    __slots__ = ("observing", "record", "retain_grads")

    def __init__(self, observing: Observer | None, record: bool, retain_grads: bool) -> None:
        self.observing = observing
        self.record = record
        self.retain_grads = retain_grads

    def arrived(self, node: Node, g: Any) -> Any:
        """Show the cotangent of a node; return it, or what a hook puts in its place."""
        entry = hooked.get(id(node))
        if entry is not None:
            if self.record:
                in_our_rule.set(None)  # hooks are the user's
            g = entry.arrived(node, g, self.retain_grads)
        if self.observing is not None:
            self.observing.arrived(node, g)
        return g

    def sent(self, node: Node, parent: Node, gx: Any) -> None:
        """Show what the rule of a node returned for one of its inputs."""
        if self.observing is not None:
            self.observing.sent(node, parent, gx)

    def freed(self, nodes: Iterable[Node]) -> None:
        """Remove the hooks of those nodes that no further pass can visit."""
        if self.observing is not None:
            return
        for node in nodes:
            entry = hooked.get(id(node))
            if entry is not None and (
                node.parents is FREED
                or any(p is not None and p.parents is FREED for p in node.parents)
            ):
                entry.hooks.clear()


def watchers(
    seeds: Sequence[tuple[Node, Any]],
    wanted: Collection[Node] | None,
    record: bool,
    retain_grads: bool,
) -> Watchers | None:
    """Tell the observer that a backward pass begins; None if nobody watches it."""
    observing = observer()
    if observing is not None:
        observing.began(seeds, wanted)
    elif not hooked:
        return None
    return Watchers(observing, record, retain_grads)


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
