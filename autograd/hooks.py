"""Hooks: functions that get the gradient of a tensor, and may replace it.

    handle = hidden.register_hook(lambda g: print(abs(g).max()))
    hidden.retain_grad()                        keeps hidden.grad in every backward pass

Their node holds them, so that they live as long as it does. A backward pass that frees a node drops
its hooks, because a hook may hold its own tensor. The pass looks for hooks only while there are
any.
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
from .typing import Array

Hook = Callable[[Any], Any]


class RemovableHandle:
    """A registration that can be undone: by `handle.remove()`, or at the end of `with handle:`.

    Example:
        >>> x = Tensor(2.0, requires_grad=True)
        >>> with x.register_hook(lambda g: 10 * g):
        ...     (3 * x).backward()
        >>> x.grad
        array(30.)
    """

    __slots__ = ("_hooks", "_key")

    _numbers = count()

    def __init__(self, hooks: dict[int, Any], hook: object, prepend: bool = False) -> None:
        self._hooks = hooks
        self._key = next(self._numbers)
        others = dict(hooks) if prepend else {}
        if prepend:
            hooks.clear()
        hooks[self._key] = hook
        hooks.update(others)

    def remove(self) -> None:
        """Stop calling the hook; a second call has no effect.

        Example:
            >>> handle = Tensor(2.0, requires_grad=True).register_hook(print)
            >>> handle.remove()
        """
        self._hooks.pop(self._key, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class Hooked:
    """The hooks of one node, and its gradient where that is retained."""

    __slots__ = ("__weakref__", "grad", "hooks", "retains")

    def __init__(self) -> None:
        self.hooks: dict[int, Hook] = {}
        self.retains = False
        self.grad: Any = None

    def arrived(self, node: Node, g: Array, retain: bool = True) -> Any:
        """Call the hooks with the gradient; return it, or its replacement."""
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
    """Return the entry of a node, and make it if there is none."""
    entry = hooked.get(id(node))
    if entry is None:
        entry = hooked[id(node)] = node.hooked = Hooked()
    return entry


class Watchers:
    """The hooks of all nodes and the observer, as a backward pass sees them."""

    __slots__ = ("observing", "record", "retain_grads")

    def __init__(self, observing: Observer | None, record: bool, retain_grads: bool) -> None:
        self.observing = observing
        self.record = record
        self.retain_grads = retain_grads

    def arrived(self, node: Node, g: Array) -> Array:
        """Show the cotangent of a node; return it, or what a hook puts in its place."""
        entry = hooked.get(id(node))
        if entry is not None:
            if self.record:
                in_our_rule.set(None)  # hooks are the user's
            g = entry.arrived(node, g, self.retain_grads)
        if self.observing is not None:
            self.observing.arrived(node, g)
        return g

    def sent(self, node: Node, parent: Node, gx: Array) -> None:
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
    """Tell the observer that a backward pass begins; return None if nobody watches."""
    observing = observer()
    if observing is not None:
        observing.began(seeds, wanted)
    elif not hooked:
        return None
    return Watchers(observing, record, retain_grads)


def _in_place_of(g: Any, result: Any, node: Node) -> Any:
    """Convert the result of a hook to a gradient like `g`."""
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
