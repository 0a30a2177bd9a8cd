"""Traces of a computation, which continue where it leaves the graph.

    with autograd.debug.tracing():
        loss = step()
    autograd.why(w, loss)

The graph ends at `no_grad`, `detach()` and `.data`. A trace continues there: it follows the arrays
themselves, from the operation that made one to those that used it. It keeps all of them, so trace
one step rather than a whole training run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ..changes import owner_of
from ..grad_mode import Observer, Observing, grad_enabled
from ..node import FREED, NO_OPTIONS, Node, call_site
from ..op import Op
from ..tensor import Tensor
from ..tree import leaves
from ..typing import Array


class Event:
    """One computation on Tensors, inside or outside of the graph."""

    __slots__ = ("inputs", "line", "name", "op", "outputs", "parents", "recording")

    def __init__(
        self,
        name: str,
        inputs: Sequence[Any],
        parents: Sequence[Node | None],
        outputs: Sequence[Any],
        op: Op | None = None,
    ) -> None:
        self.name = name
        self.op = op  #: None outside of the graph
        self.inputs = inputs  #: arrays
        self.parents = parents  #: their nodes
        self.outputs = outputs
        self.recording = grad_enabled()
        self.line = call_site()[1]


class Trace(Observer):
    """The record that `tracing` gives: all computations on Tensors in a block, with their arrays.

    Example:
        >>> with autograd.debug.tracing() as trace:
        ...     y = Tensor(1.0, requires_grad=True) * 2
        >>> trace.knows(y.data)
        True
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.users: defaultdict[int, list[Event]] = defaultdict(list)  #: by the id of an array
        self.makers: defaultdict[int, list[Event]] = defaultdict(list)
        self._visited: dict[Node, tuple[Any, Any, Any]] = {}

    def computed(
        self,
        op: Op,
        arrays: Sequence[Any],
        parents: Sequence[Any],
        out: Array | tuple[Array, ...],
        _options: Mapping[str, Any],
    ) -> None:
        outputs = out if isinstance(out, tuple) else (out,)
        self._note(Event(op.name, list(arrays), list(parents), outputs, op))

    def left(self, how: str, values: object, result: object) -> None:
        found = [x for _, x in leaves(values) if isinstance(x, Tensor) or hasattr(x, "dtype")]
        arrays = [getattr(x, "_array", x) for x in found]
        outputs = [x for _, x in leaves(result) if hasattr(x, "dtype")]
        self._note(Event(how, arrays, [getattr(x, "node", None) for x in found], outputs))

    def arrived(self, node: Node, g: Array) -> None:  # noqa: ARG002
        self._visited.setdefault(node, (node.parents, node.saved, node.options))

    def _note(self, event: Event) -> None:
        self.events.append(event)
        for key in dict.fromkeys(map(self.key, event.inputs)):
            self.users[key].append(event)
        for array in event.outputs:
            self.makers[id(array)].append(event)

    def key(self, array: Array) -> int:
        """Identify an array; a view taken outside of the graph counts as the array it views."""
        if id(array) not in self.makers and id(owner := owner_of(array)) in self.makers:
            return id(owner)
        return id(array)

    def knows(self, array: Array) -> bool:
        """Tell whether an array was made or used in the block."""
        return id(array) in self.makers or id(array) in self.users

    @contextmanager
    def unfreed(self) -> Iterator[None]:
        """Restore what backward passes in the block freed, for as long as this block runs."""
        freed = [node for node in self._visited if node.parents is FREED]
        try:
            for node in freed:
                node.parents, node.saved, node.options = self._visited[node]
            yield
        finally:
            for node in freed:
                node.parents = node.saved = FREED
                node.options = NO_OPTIONS


_latest: list[Trace] = []


def latest_trace() -> Trace | None:
    """Return the trace of the latest `tracing` block, if there was one."""
    return _latest[-1] if _latest else None


@contextmanager
def tracing() -> Iterator[Trace]:
    """Watch the computations in a block, for `autograd.why`.

    The latest trace is kept, with all arrays that it saw, until the next one begins.

    Returns:
        A context manager that gives the `Trace`.

    Example:
        >>> with autograd.debug.tracing() as trace:
        ...     values = (Tensor(1.0, requires_grad=True) * 2).data
        >>> [event.name for event in trace.events]
        ['Tensor(data)', 'multiply', '.data']
    """
    trace = Trace()
    _latest[:] = [trace]
    with Observing(trace):
        yield trace
