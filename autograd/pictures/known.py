"""The numbers, gradients and bytes of recorded nodes, collected for a picture."""

from __future__ import annotations

import gc
import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..backward import backward_pass
from ..changes import owner_of
from ..grad_mode import Observer, Observing
from ..node import Leaf, Node, ShapeDtype
from ..op import OUTPUT
from ..sparse import RowGradient
from ..tensor import Tensor
from ..typing import Array
from .picture import Options
from .walk import maker

_FEW = 16  # elements: larger arrays are not written out
_ROW = 6  # elements in a row, at most
_SAFE = 1e-30  # larger sums of squares have lost nothing to underflow, even in float32


class Known:
    """What the options ask for: arrays by node, `Gradients` or None, and bytes held by node."""

    def __init__(self, order: list[Node], outputs: list[Node], options: Options) -> None:
        self.gradients = Gradients(outputs) if options.gradients else None
        self.held = held_bytes(order) if options.memory else {}
        self.arrays = arrays(order) if options.values or options.statistics else {}


def arrays(order: list[Node]) -> dict[Node, Any]:
    """Find the arrays that nodes computed, as they are now.

    A node does not keep its own array. It is taken from what the rules will read or from a Tensor
    that is alive, or computed again; a node for which all of that fails is left out. `order`: all
    leaves and operations of a graph, inputs first.
    """
    found: dict[Node, Any] = {}
    for node in order:
        if isinstance(node, Leaf):
            continue
        out, *inputs = node.saved
        if out is not None:
            found[node] = out
        for parent, x in zip(node.parents, inputs, strict=True):
            if parent is not None and _is_array(x):
                found[parent] = x
    values = {*order, *(p for node in order for p in node.parents if p is not None)}
    for tensor in gc.get_objects():  # nodes do not point to Tensors, to avoid reference cycles
        # A Tensor whose data were refused has no node.
        if issubclass(type(tensor), Tensor) and getattr(tensor, "node", None) in values:
            found.setdefault(tensor.node, tensor._array)
    with np.errstate(all="ignore"):
        for node in order:
            if not isinstance(node, Leaf) and node not in found:
                pairs = zip(node.parents, node.saved[1:], strict=True)
                inputs = [_argument(parent, saved, found) for parent, saved in pairs]
                if all(x is not None for x in inputs):
                    found[node] = _computed(node, inputs)
    return {node: x for node, x in found.items() if _is_array(x)}


def _argument(parent: Node | None, saved: Any, found: dict[Node, Any]) -> Any:
    """Look up an input of an operation; None where it is not known."""
    if parent is None:
        return None if isinstance(saved, ShapeDtype) else saved
    if parent.op is not OUTPUT or parent in found:
        return found.get(parent)
    outputs = found.get(maker(parent))
    return outputs[parent.options["place"]] if isinstance(outputs, tuple) else None


def _computed(node: Node, inputs: list[Any]) -> Any:
    """Compute the result of an operation again; None where that fails."""
    options = {key: x for key, x in node.options.items() if key != node.op.residual}
    try:
        out = node.op.forward(*inputs, **options)
    except Exception:
        return None
    return out[0] if node.op.residual is not None else out


def _is_array(x: Any) -> bool:
    return hasattr(x, "dtype") and not isinstance(x, ShapeDtype)


class Gradients(Observer):
    """The gradients of the sum of the outputs with respect to every node.

    `norms` holds their Euclidean norms by node, `flows` the norms of the contributions by
    (input, user), and `arrays` the gradients of a few elements. The pass touches no `.grad` and
    keeps the graph.
    """

    def __init__(self, outputs: Iterable[Node]) -> None:
        self.norms: dict[Node, float] = {}
        self.flows: dict[tuple[Node, Node], float] = {}
        self.arrays: dict[Node, Any] = {}
        seeds = [(node, np.ones(node.shape, node.dtype)) for node in outputs]
        with Observing(self), np.errstate(all="ignore"):
            backward_pass(seeds, retain_graph=True, retain_grads=False)

    def arrived(self, node: Node, g: Array) -> None:
        if node.op is not OUTPUT:
            self.norms[node] = norm(g)
            if not isinstance(g, list) and g.size <= _FEW:
                self.arrays[node] = np.array(g)

    def sent(self, node: Node, parent: Node, gx: Array) -> None:
        way = maker(parent), node
        self.flows[way] = math.hypot(self.flows.get(way, 0.0), norm(gx))


def norm(g: Array) -> float:
    """Compute the Euclidean norm without overflow; NaN or Inf if an element is."""
    if isinstance(g, list):
        return math.hypot(*map(norm, g))
    x = g.summed().values if isinstance(g, RowGradient) else g
    square = float(np.vdot(x, x).real) if x.dtype.itemsize > 2 else 0.0
    if _SAFE < square < math.inf:
        return math.sqrt(square)
    x = np.abs(x)
    largest = float(x.max()) if x.size else 0.0
    if largest == 0 or not math.isfinite(largest):
        return largest
    return largest * math.sqrt(float(np.sum(np.square(x / largest), dtype=np.float64)))


def held_bytes(order: Iterable[Node]) -> dict[Node, int]:
    """Count the bytes that each node keeps alive; a shared array counts for the first node."""
    seen: set[int] = set()
    held: dict[Node, int] = {}
    for node in order:
        held[node] = 0
        for x in (*node.saved, *node.options.values()):
            for array in x if isinstance(x, tuple) else (x,):
                if _is_array(array) and hasattr(array, "nbytes"):
                    owner = owner_of(array)
                    if id(owner) not in seen:
                        seen.add(id(owner))
                        held[node] += owner.nbytes
    return held


# -- as text ------------------------------------------------------------------------------------


def in_bytes(count: int) -> str:
    """Write a number of bytes with its unit."""
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.4g} {unit}"
        count /= 1024  # type: ignore[assignment]
    return f"{count:.4g} GiB"


def numbers(x: Array) -> list[list[str]]:
    """Write out the rows of a small array; nothing for a large one."""
    if x.size > _FEW or x.ndim > 2 or not x.size:
        return []
    if not x.ndim:
        return [[_number(x.item())]]
    rows = x.reshape(-1, x.shape[-1]).tolist() if x.shape[-1] <= _ROW else [x.ravel().tolist()]
    if len(rows) == 1:
        rows = [rows[0][i : i + _ROW] for i in range(0, len(rows[0]), _ROW)]
    return [[_number(element) for element in row] for row in rows]


def _number(x: Any) -> str:
    return f"{x:.4g}" if isinstance(x, float | complex) else str(x)


def statistics(x: Array) -> str:
    """Give the mean and standard deviation of the finite elements, and the share of zeros."""
    finite = x[np.isfinite(x)] if x.dtype.kind in "fciub" else x[:0]
    if not finite.size:
        return ""
    wide = np.complex128 if x.dtype.kind == "c" else np.float64
    mean, std = (f"{f(finite, dtype=wide):.3g}" for f in (np.mean, np.std))
    percent = 100 * np.count_nonzero(finite == 0) / x.size
    zeros = f"{percent:.0f} %" if percent >= 1 or not percent else "<1 %"
    return f"mean {mean} ± {std} · {zeros} zeros"


def not_finite(x: Array) -> Iterator[tuple[str, int]]:
    """Count the elements that are NaN, and those that are infinite."""
    if x.dtype.kind in "fc":
        for kind, count in (("NaN", np.isnan(x).sum()), ("Inf", np.isinf(x).sum())):
            if count:
                yield kind, int(count)
