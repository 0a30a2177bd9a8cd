"""Watching a computation, also where it leaves the graph.

    with autograd.debug.tracing():
        loss = step()
    autograd.why(w, loss)

What is recorded for gradients ends at `no_grad`, `detach()` and `.data`. A trace goes on behind
them: it follows the arrays themselves, from the operation that made one to those that used it.
It keeps all of them, so trace one step and not a whole training.
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


class Event:
    """Something that was computed of Tensors."""

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
        self.op = op  #: None where it was done outside of the graph
        self.inputs = inputs  #: arrays
        self.parents = parents  #: their nodes
        self.outputs = outputs
        self.recording = grad_enabled()
        self.line = call_site()[1]


class Trace(Observer):
    """All that was computed on Tensors in a block, and which arrays it was computed of."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.users: defaultdict[int, list[Event]] = defaultdict(list)  #: by the id of an array
        self.makers: defaultdict[int, list[Event]] = defaultdict(list)
        self._visited: dict[Node, tuple[Any, Any, Any]] = {}

    def computed(
        self,
        op: Any,
        arrays: Sequence[Any],
        parents: Sequence[Any],
        out: Any,
        _options: Mapping[str, Any],
    ) -> None:
        outputs = out if isinstance(out, tuple) else (out,)
        self._note(Event(op.name, list(arrays), list(parents), outputs, op))

    def left(self, how: str, values: Any, result: Any) -> None:
        found = [x for _, x in leaves(values) if isinstance(x, Tensor) or hasattr(x, "dtype")]
        arrays = [getattr(x, "_array", x) for x in found]
        outputs = [x for _, x in leaves(result) if hasattr(x, "dtype")]
        self._note(Event(how, arrays, [getattr(x, "node", None) for x in found], outputs))

    def arrived(self, node: Any, g: Any) -> None:  # noqa: ARG002
        self._visited.setdefault(node, (node.parents, node.saved, node.options))

    def _note(self, event: Event) -> None:
        self.events.append(event)
        for key in dict.fromkeys(map(self.key, event.inputs)):
            self.users[key].append(event)
        for array in event.outputs:
            self.makers[id(array)].append(event)

    def key(self, array: Any) -> int:
        """What an array is known by: views that were taken outside by the array they are of."""
        if id(array) not in self.makers and id(owner := owner_of(array)) in self.makers:
            return id(owner)
        return id(array)

    def knows(self, array: Any) -> bool:
        return id(array) in self.makers or id(array) in self.users

    @contextmanager
    def unfreed(self) -> Iterator[None]:
        """Undo for a while what backward passes in the block freed."""
        freed = [node for node in self._visited if node.parents is FREED]
        for node in freed:
            node.parents, node.saved, node.options = self._visited[node]
        try:
            yield
        finally:
            for node in freed:
                node.parents = node.saved = FREED
                node.options = NO_OPTIONS


_latest: list[Trace] = []


def latest_trace() -> Trace | None:
    return _latest[-1] if _latest else None


@contextmanager
def tracing() -> Iterator[Trace]:
    """Watch what is computed in the block, for `autograd.why`; gives the `Trace`.

    The latest trace is kept, with all arrays that it saw, until the next one begins.
    """
    trace = Trace()
    _latest[:] = [trace]
    with Observing(trace):
        yield trace
