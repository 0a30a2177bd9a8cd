"""What is known of recorded nodes: the numbers they computed, gradients, the bytes they hold."""

from __future__ import annotations

import gc
import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..backward import backward_pass
from ..grad_mode import Observer, Observing
from ..node import Leaf, Node, ShapeDtype
from ..op import OUTPUT
from ..sparse import RowGradient
from ..tensor import Tensor
from .picture import Options
from .walk import maker

_FEW = 16  # elements that are written out
_ROW = 6  # of them, at most, in a row
_SAFE = 1e-30  # sums of squares above it have lost nothing to underflow, also in float32


class Known:
    """What was asked for: arrays by node, `Gradients` or None, and the bytes held by node."""

    def __init__(self, order: list[Node], outputs: list[Node], options: Options) -> None:
        self.gradients = Gradients(outputs) if options.gradients else None
        self.held = held_bytes(order) if options.memory else {}
        self.arrays = arrays(order) if options.values or options.statistics else {}


def arrays(order: list[Node]) -> dict[Node, Any]:
    """The arrays that nodes computed, as they are now, where these can still be found.

    `order`: all leaves and operations of a graph, inputs first. A node keeps no array of its own:
    it is found in what rules are to read, in tensors that are alive, and else computed again.
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
    for tensor in gc.get_objects():  # a node does not know its tensor, so that graphs have no cycle
        # One whose data were refused has no node.
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
    """An input of an operation; None where it is not known."""
    if parent is None:
        return None if isinstance(saved, ShapeDtype) else saved
    if parent.op is not OUTPUT or parent in found:
        return found.get(parent)
    outputs = found.get(maker(parent))
    return outputs[parent.options["place"]] if isinstance(outputs, tuple) else None


def _computed(node: Node, inputs: list[Any]) -> Any:
    """The result of an operation, computed again; None where that fails."""
    options = {key: x for key, x in node.options.items() if key != node.op.residual}
    try:
        out = node.op.forward(*inputs, **options)
    except Exception:
        return None
    return out[0] if node.op.residual is not None else out


def _is_array(x: Any) -> bool:
    return hasattr(x, "dtype") and not isinstance(x, ShapeDtype)


class Gradients(Observer):
    """The gradients of the sum of some outputs with respect to every node.

    `norms` has the Euclidean norm for each node, `flows` that of what each (input, user) pair
    contributed, and `arrays` the few-element gradients themselves. No `.grad` is touched and the
    graph is kept.
    """

    def __init__(self, outputs: Iterable[Node]) -> None:
        self.norms: dict[Node, float] = {}
        self.flows: dict[tuple[Node, Node], float] = {}
        self.arrays: dict[Node, Any] = {}
        seeds = [(node, np.ones(node.shape, node.dtype)) for node in outputs]
        with Observing(self), np.errstate(all="ignore"):
            backward_pass(seeds, retain_graph=True, retain_grads=False)

    def arrived(self, node: Any, g: Any) -> None:
        if node.op is not OUTPUT:
            self.norms[node] = norm(g)
            if not isinstance(g, list) and g.size <= _FEW:
                self.arrays[node] = np.array(g)

    def sent(self, node: Any, parent: Any, gx: Any) -> None:
        way = maker(parent), node
        self.flows[way] = math.hypot(self.flows.get(way, 0.0), norm(gx))


def norm(g: Any) -> float:
    """The Euclidean norm, without overflow; NaN or Inf where an element is that."""
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
    """The bytes of the arrays that each node keeps alive, each array with the first that does."""
    seen: set[int] = set()
    held: dict[Node, int] = {}
    for node in order:
        held[node] = 0
        for x in (*node.saved, *node.options.values()):
            for array in x if isinstance(x, tuple) else (x,):
                if _is_array(array) and hasattr(array, "nbytes"):
                    owner = array
                    while hasattr(getattr(owner, "base", None), "nbytes"):
                        owner = owner.base
                    if id(owner) not in seen:
                        seen.add(id(owner))
                        held[node] += owner.nbytes
    return held


# -- as text ------------------------------------------------------------------------------------


def in_bytes(count: int) -> str:
    """A number of bytes as people write it."""
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.4g} {unit}"
        count /= 1024  # type: ignore[assignment]
    return f"{count:.4g} GiB"


def numbers(x: Any) -> list[list[str]]:
    """The rows of a small array; nothing for a large one."""
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


def statistics(x: Any) -> str:
    """Mean, standard deviation and zeros of the finite elements of an array."""
    finite = x[np.isfinite(x)] if x.dtype.kind in "fciub" else x[:0]
    if not finite.size:
        return ""
    wide = np.complex128 if x.dtype.kind == "c" else np.float64
    mean, std = (f"{f(finite, dtype=wide):.3g}" for f in (np.mean, np.std))
    percent = 100 * np.count_nonzero(finite == 0) / x.size
    zeros = f"{percent:.0f} %" if percent >= 1 or not percent else "<1 %"
    return f"mean {mean} ± {std} · {zeros} zeros"


def not_finite(x: Any) -> Iterator[tuple[str, int]]:
    """How many elements are NaN, and how many infinite."""
    if x.dtype.kind in "fc":
        for kind, count in (("NaN", np.isnan(x).sum()), ("Inf", np.isinf(x).sum())):
            if count:
                yield kind, int(count)
