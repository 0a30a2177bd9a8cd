"""Memory and time by source line, and the graphs that are kept alive.

with autograd.debug.ledger() as costs:
    loss = step()
    loss.backward()
print(costs)

print(autograd.debug.live_nodes())      should be none after a few steps
"""

from __future__ import annotations

import gc
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Any, NamedTuple

from ..changes import owner_of
from ..grad_mode import Observer, Observing
from ..node import FREED, Leaf, Node, ancestors, getframe, line_in, line_of, next_number, user_frame
from ..scopes import innermost
from ..tree import leaves
from ..typing import Array
from .words import count

_ROWS = 20  #: the most that are printed


class Row(NamedTuple):
    """The costs of one source line.

    Example:
        >>> with autograd.debug.ledger() as costs:
        ...     y = Tensor(2.0, requires_grad=True) * 3.0
        >>> costs.rows[0].operations
        1
    """

    line: str  #: 'file.py:12 in train'
    operations: int  #: the number computed
    kept: int  #: bytes that the graph keeps for the backward pass
    forward: float  #: seconds, including the Python since the operation before
    backward: float  #: seconds in the gradient rules


class Ledger(Observer):
    """The costs that `ledger` recorded. Print it, or read `rows` and `savings`.

    rows        one `Row` for each source line, the longest time first
    savings     pairs of a module, scope or function, and the bytes that `checkpoint` would save
    live        the nodes made in the block that are still alive, see `live_nodes`
    seconds     the time of the whole block

    Example:
        >>> x = Tensor(2.0, requires_grad=True)
        >>> with autograd.debug.ledger() as costs:
        ...     y = x * 3.0
        >>> [row.operations for row in costs.rows], len(costs.live)
        ([1], 1)
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.live = Live([])
        self._first = next_number()
        self._operations: defaultdict[str, int] = defaultdict(int)
        self._forward: defaultdict[str, float] = defaultdict(float)
        self._backward: defaultdict[str, float] = defaultdict(float)
        self._kept: defaultdict[str, int] = defaultdict(int)
        self._saved: defaultdict[str, int] = defaultdict(int)
        self._graph: set[Node] = set()  # the graph of the running backward pass
        self._since: float | None = None  # the end of the last operation

    def computed(self, *_: object) -> None:
        now = perf_counter()
        frame = user_frame(getframe(1))
        line = line_in(frame.f_code, frame.f_lineno)
        self._operations[line] += 1
        if self._since is not None:
            self._forward[line] += now - self._since
        self._since = perf_counter()

    def arrived(self, node: Node, g: Array) -> None:  # noqa: ARG002
        if node not in self._graph:
            self._graph = set(_operations([node]))
            self._add(self._graph)
        self._rule_since = perf_counter()
        self._since = None  # time after a backward pass belongs to no operation

    def sent(self, node: Node, parent: Node, gx: Array) -> None:  # noqa: ARG002
        self._backward[node.source()] += perf_counter() - self._rule_since
        self._rule_since = perf_counter()

    def _add(self, nodes: Iterable[Node]) -> None:
        """Enter the bytes that a graph keeps; of several steps, the largest counts."""
        arrays = list(_kept(nodes))
        by_line: defaultdict[str, int] = defaultdict(int)
        for array in arrays:
            by_line[array.node.source()] += array.size
        for line, size in by_line.items():
            self._kept[line] = max(self._kept[line], size)
        for name, size in _savings(arrays).items():
            self._saved[name] = max(self._saved[name], size)

    def close(self, seconds: float) -> None:
        """Finish at the end of the block."""
        self.seconds = seconds
        self.live = live_nodes(self._first)
        self._add(node for node in self.live.nodes if node not in self._graph)
        self._graph = set()

    @property
    def rows(self) -> list[Row]:
        """One `Row` for each source line, the longest time first."""
        lines = dict.fromkeys([*self._operations, *self._kept, *self._backward])
        rows = [
            Row(x, self._operations[x], self._kept[x], self._forward[x], self._backward[x])
            for x in lines
        ]
        return sorted(rows, key=lambda row: row.forward + row.backward, reverse=True)

    @property
    def savings(self) -> list[tuple[str, int]]:
        """Pairs of a module, scope or function, and the bytes that `checkpoint` would save."""
        return sorted(self._saved.items(), key=lambda item: item[1], reverse=True)

    def __str__(self) -> str:
        rows = self.rows
        total = (
            Row("total", *(sum(column) for column in list(zip(*rows, strict=True))[1:]))
            if rows
            else Row("total", 0, 0, 0.0, 0.0)
        )
        other = self.seconds - total.forward - total.backward
        head = ("line", "operations", "kept", "forward ms", "backward ms")
        cells = [_cells(row) for row in [*rows[:_ROWS], total]]
        if len(rows) > _ROWS:
            cells.insert(-1, (f"... {len(rows) - _ROWS} more lines", "", "", "", ""))
        text = [_table([head, *cells]), f"outside of operations and rules: {other * 1e3:.1f} ms"]
        best = [f"    {_bytes(size):>9}  {name}" for name, size in self.savings[:5]]
        if best:
            text += ["autograd.checkpoint would not keep", *best]
        if self.live.nodes:
            text.append(str(self.live))
        return "\n".join(text)

    __repr__ = __str__


@contextmanager
def ledger() -> Iterator[Ledger]:
    """Count operations, bytes and seconds by source line in a block.

    Bytes are those of the results, constants and masks that the graph keeps. An array kept by
    several operations counts once, for the first of them, and a view counts as the array it views.
    Leaves do not count. If the block holds several steps, the bytes are those of the largest. The
    time of an operation starts at the end of the one before, so it includes the Python and plain
    NumPy between them.

    Returns:
        A context manager that gives a `Ledger`.

    Example:
        >>> x = Tensor(2.0, requires_grad=True)
        >>> with autograd.debug.ledger() as costs:
        ...     np.exp(x).backward()
        >>> costs.rows[0].kept
        8
    """
    costs = Ledger()
    start = perf_counter()
    try:
        with Observing(costs):
            yield costs
    finally:
        costs.close(perf_counter() - start)


# -- what a graph keeps -------------------------------------------------------------------------


class _Array(NamedTuple):
    node: Node  #: the first node that keeps it
    size: int  #: bytes
    users: set[Node]
    made_by: Node | None  #: None for constants


def _kept(nodes: Iterable[Node]) -> Iterator[_Array]:
    """Yield each array that the nodes keep, once, without those of leaves."""
    found: dict[int, _Array] = {}
    leaf_arrays = set()
    for node in sorted(nodes, key=lambda node: node.number):
        if node.parents is FREED or isinstance(node, Leaf):
            continue
        out, *inputs = node.saved
        values = [(out, node), *zip(inputs, node.parents, strict=True)]
        values += [(x, node) for _, x in leaves(list(node.options.values()))]
        for value, maker in values:
            for array in value if isinstance(value, tuple) else (value,):
                if not hasattr(array, "nbytes"):
                    continue
                owner = owner_of(array)
                if isinstance(maker, Leaf):
                    leaf_arrays.add(id(owner))
                entry = _Array(node, owner.nbytes, set(), maker)
                found.setdefault(id(owner), entry).users.add(node)
    return (entry for key, entry in found.items() if key not in leaf_arrays)


def _savings(arrays: Sequence[_Array]) -> dict[str, int]:
    """Count the bytes made and kept within one call only, by the name of the call."""
    nodes = sorted({n for array in arrays for n in (*array.users, array.made_by) if n}, key=_number)
    calls: dict[Node, set[Any]] = {}
    for node, scope in zip(nodes, innermost(map(_number, nodes)), strict=True):
        calls[node] = {*(scope.outwards() if scope else ()), node.code}
    saved: defaultdict[str, int] = defaultdict(int)
    for array in arrays:
        if array.made_by is not None:
            for call in set.intersection(*(calls[n] for n in (*array.users, array.made_by))):
                saved[_call_name(call)] += array.size
    return {name: size for name, size in saved.items() if name}


def _call_name(call: Any) -> str:
    if hasattr(call, "co_name"):
        is_function = not call.co_name.startswith("<")
        line = os.path.basename(line_of(call.co_filename, call.co_firstlineno))
        return f"{call.co_name}(), {line}" if is_function else ""
    return " ".join(filter(None, (call.path, call.kind)))


def _number(node: Node) -> int:
    return node.number


def _operations(nodes: Iterable[Node]) -> list[Node]:
    """List the operations that led to the nodes, themselves included."""
    return [node for node in ancestors(nodes) if not isinstance(node, Leaf)]


# -- what is alive ------------------------------------------------------------------------------


class Held(NamedTuple):
    """The results of one source line that keep graphs alive.

    Example:
        >>> start = autograd.scopes.next_number()
        >>> y = np.exp(Tensor(2.0, requires_grad=True)) * 3.0
        >>> autograd.debug.live_nodes(start).held[0].nodes
        2
    """

    line: str
    results: int
    nodes: int  #: the operations that led to them, themselves included
    kept: int  #: bytes


class Live:
    """The nodes that are alive. Print it, or read `nodes` and `held`.

    Example:
        >>> print(autograd.debug.live_nodes(autograd.scopes.next_number()))
        no graph is alive
    """

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        parents = {parent for node in nodes for parent in node.parents}
        ends: defaultdict[str, list[Node]] = defaultdict(list)
        for node in nodes:
            if node not in parents:
                ends[node.source()].append(node)
        held = []
        for line, results in ends.items():
            graph = _operations(results)
            size = sum(array.size for array in _kept(graph))
            held.append(Held(line, len(results), len(graph), size))
        self.held = sorted(held, key=lambda entry: entry.nodes, reverse=True)

    def __len__(self) -> int:
        return len(self.nodes)

    def __str__(self) -> str:
        if not self.nodes:
            return "no graph is alive"
        text = [f"{count(len(self.nodes), 'node')} alive, held by"]
        for line, results, nodes, size in self.held[:_ROWS]:
            what = f"{count(results, 'result')} of {line}"
            text.append(f"    {what}: {count(nodes, 'node')}, {_bytes(size)}")
        text.append("to keep a value without its graph, take t.item(), t.data or t.detach()")
        return "\n".join(text)

    __repr__ = __str__


def live_nodes(since: int = 0) -> Live:
    """List the recorded operations that are alive, with the results that hold them.

    A training loop that keeps a loss (`losses.append(loss)`, `total += loss`) keeps its graph; the
    list names such lines. Freed graphs do not count. This searches all objects that Python's cycle
    collector knows, which takes tens of milliseconds.

    Args:
        since: Only nodes from this number on (`autograd.scopes.next_number()` gives the next one).

    Returns:
        A `Live`, to be printed.

    Example:
        >>> start = autograd.scopes.next_number()
        >>> y = np.exp(Tensor(2.0, requires_grad=True)) * 3.0
        >>> len(autograd.debug.live_nodes(start))
        2
    """
    return Live(
        [
            x
            for x in gc.get_objects()
            if issubclass(type(x), Node)
            and not issubclass(type(x), Leaf)
            and getattr(x, "parents", FREED) is not FREED
            and x.number >= since
        ]
    )


# -- text ---------------------------------------------------------------------------------------


def _cells(row: Row) -> tuple[str, ...]:
    path, _, rest = row.line.rpartition(os.sep)
    line = os.path.join(os.path.basename(path), rest) if path else row.line
    times = f"{row.forward * 1e3:.2f}", f"{row.backward * 1e3:.2f}"
    return line, f"{row.operations:,}", _bytes(row.kept), *times


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    lines.insert(1, "-" * len(max(lines, key=len)))
    return "\n".join(lines)


def _bytes(size: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.2f} GiB"
