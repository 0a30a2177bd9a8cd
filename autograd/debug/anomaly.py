"""The search for the operation that made the first NaN or infinity.

    with autograd.detect_anomaly():
        loss = step()
        loss.backward()

Every result and every gradient is checked as soon as it is computed. An operation is to blame if it
made a NaN from other numbers, not if it only passes one on.
"""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..backward import rule_is_recorded
from ..errors import AnomalyError, AutogradError
from ..grad_mode import Observer, Observing
from ..hooks import hooked
from ..node import LEAF, Leaf, Node, ShapeDtype, ancestors, fill, getframe, quoted_name, user_frame
from ..op import Op
from ..sparse import RowGradient
from ..tensor import Tensor
from ..typing import Array
from . import nan_causes
from .changes import Contents
from .words import code_at, module_of, origin, summary


class detect_anomaly(Observing):  # noqa: N801 - a block, as no_grad is
    """Raise `AnomalyError` at the first operation that makes a NaN or an infinity.

    Use as `with detect_anomaly():`, or as a decorator, `@detect_anomaly()`, around the forward and
    the backward pass. The message names the operation, the line that called it, its inputs, the
    first element that went wrong, the cause and the remedy; or the leaf or constant that held wrong
    numbers from the start. Small operations take two to three times as long inside.

    An infinity in a constant, such as a mask of -inf, and what is computed from it, is allowed. A
    NaN in a constant is an anomaly as soon as a result holds it.

    Args:
        inf: Whether an infinity is an anomaly, too.
        picture: A file (.svg, .png or .pdf) for the graph around the operation, which is red;
            nodes that the NaN reaches are pink.

    Raises:
        AnomalyError: An operation made a NaN or an infinity.
        GraphError: The backward pass needs an array that was changed after it was recorded in this
            block; the message names the two lines between which that happened.

    Example:
        >>> x = Tensor([1.0, 0.0], requires_grad=True)
        >>> try:
        ...     with autograd.detect_anomaly(), np.errstate(divide="ignore"):
        ...         np.sqrt(x).sum().backward()
        ... except autograd.AnomalyError as error:
        ...     print(str(error).partition(";")[0])
        detect_anomaly: the gradient with respect to input 0 of sqrt is inf at [1]
    """

    def __init__(self, inf: bool = True, picture: str | os.PathLike[str] | None = None) -> None:
        self._watch = _Watch(inf, picture)
        super().__init__(self._watch)

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self._watch.contents = Contents()  # changes outside of the block are not seen


_TITLES = ("why", "remedy")
_NONE_MET: Sequence[Any] = ()


class _Watch(Observer):
    def __init__(self, inf: bool, picture: str | os.PathLike[str] | None) -> None:
        self.inf = inf
        self.picture = picture
        self.contents = Contents()
        self.g: Any = None  # the cotangent of the node that is being visited
        self.wanted: Collection[Node] = ()
        #: Fields of the nodes that a backward pass will free, in case a picture needs them.
        self.walked: list[tuple[Node, Any, Any, Any]] = []

    def wrong(self, x: Array) -> Array:
        """Find the elements of `x` that are an anomaly."""
        return ~np.isfinite(x) if self.inf else np.isnan(x)

    # -- forward --------------------------------------------------------------------------------

    def computed(
        self,
        op: Op,
        arrays: Sequence[Any],
        parents: Sequence[Node | None],
        out: Array | tuple[Array, ...],
        options: Mapping[str, Any],
    ) -> None:
        for y in out if isinstance(out, tuple) else (out,):
            # `sent` checks the results of rules.
            if not _surely_finite(y) and not rule_is_recorded():
                self.judge(op, arrays, parents, y)
        self.contents.note(op, arrays, parents, out, options)

    def judge(
        self, op: Op, arrays: Sequence[Any], parents: Sequence[Node | None], y: Array
    ) -> None:
        """Blame the origin of the wrong numbers in `y`, if they are an anomaly."""
        made = np.isnan(y) & ~_any_input(np.isnan, op, arrays)
        if self.inf:
            made |= np.isinf(y) & ~_any_input(_not_finite, op, arrays)
        node = fill(
            object.__new__(Node), op, tuple(parents), (None, *arrays), {}, y.shape, y.dtype,
            user_frame(getframe(1)),
        )  # fmt: skip
        if np.any(made):
            index = _first(made)
            met = _at_element((y, *arrays), y.shape, index) if op.elementwise else _NONE_MET
            known = [x for x in map(_numbers, arrays) if x is not None]
            self.blame(
                f"{op.name} gave {y[index]} at {list(index)}, called at {node.source()}",
                [_value("output", y, met[:1]), *_inputs(node, met[1:])],
                nan_causes.of_value(op, y[index], met[1:] or known),
                node,
                {node: "producer"},
            )
        for i, (x, parent) in enumerate(zip(map(_numbers, arrays), parents, strict=True)):
            if x is None:
                continue
            wrong = self.wrong(x) if isinstance(parent, Leaf) else np.isnan(x)
            if np.any(wrong):
                index = _first(wrong)
                self.blame(
                    f"input {i} of {op.name}, {origin(parent)}, held {x[index]} at {list(index)} "
                    f"before; {op.name} was called at {node.source()}",
                    _inputs(node, _NONE_MET),
                    ("", "look at how it was made, and at what changed it last"),
                    node,
                    {node: "propagator"} | ({parent: "producer"} if parent else {}),
                )

    # -- backward -------------------------------------------------------------------------------

    def began(self, seeds: Sequence[tuple[Node, Any]], wanted: Collection[Node] | None) -> None:
        self.wanted = wanted or ()
        if self.picture is not None:
            found = ancestors(node for node, _ in seeds)
            self.walked = [(n, n.parents, n.saved, n.options) for n in found]
        for node, g in seeds:
            if np.any(self.wrong(_plain(g))):
                self.blame(
                    f"the cotangent given for the output of {node.op.name} ({node.source()}) was "
                    f"wrong already: {summary(_plain(g))}",
                    [],
                    ("", "look at how it was computed"),
                    node,
                    {},
                )

    def arrived(self, node: Node, g: Array) -> None:
        self.g = g
        is_end = node.op is LEAF or node in self.wanted
        if is_end and not _surely_finite(g) and np.any(self.wrong(_plain(g))):
            self.blame_sum(node)
        if node.op is not LEAF:
            self.contents.check(node)

    def sent(self, node: Node, parent: Node, gx: Array) -> None:
        if gx is self.g or _surely_finite(gx):
            return
        gx = _plain(gx)
        wrong = self.wrong(gx)
        if not np.any(wrong):
            return
        g = _plain(self.g)
        if np.any(self.wrong(g)):
            self.blame_sum(node)
        op, index = node.op, _first(wrong)
        place, met = node.parents.index(parent), _NONE_MET
        why = nan_causes.of_matrix_gradient(op)
        found = self.slope(node, parent, g) if op.elementwise else None
        if found is not None:
            place, element = found
            met = _at_element((g, *node.saved), node.shape, element)
            why = nan_causes.of_slope(op, met[0], met[1], met[2:])
        details = [_value("cotangent", g, met[:1])]
        if isinstance(node.saved[0], np.ndarray):
            details.append(_value("output", node.saved[0], met[1:2]))
        gx = np.asarray(gx)
        self.blame(
            f"the gradient with respect to input {place} of {op.name} is {gx[index]} at "
            f"{list(index)}; {op.name} was called at {node.source()}",
            details + _inputs(node, met[2:]),
            why if why[0] or not np.isinf(gx[index]) else nan_causes.overflow(op, gx.dtype),
            node,
            {**dict.fromkeys(ancestors([parent]), "propagator"), node: "producer"},
        )

    def slope(self, node: Node, parent: Node, g: Any) -> tuple[int, tuple[int, ...]] | None:
        """Find the input and the element of a wrong slope, before broadcast axes are summed."""
        for place, (other, vjp) in enumerate(zip(node.parents, node.op.vjps, strict=True)):
            if other is parent and vjp is not None:
                with np.errstate(all="ignore"):
                    wrong = self.wrong(vjp(g, *node.saved, **node.options))
                if np.any(wrong):
                    return place, _first(np.broadcast_to(wrong, node.shape))
        return None

    def blame_sum(self, node: Node) -> None:
        entry = hooked.get(id(node))
        hook, remedy = "", "scale the loss down, or compute in a wider dtype"
        if entry is not None and entry.hooks:
            hook = ", or what a hook made of it,"
            remedy = f"look at what its hooks return; otherwise {remedy}"
        self.blame(
            f"the cotangents that were added up on the way to {node.op.name}{quoted_name(node)} "
            f"({node.source()}) are finite, but their sum{hook} is not",
            [],
            ("", remedy),
            node,
            {node: "producer"},
        )

    # -- the message ----------------------------------------------------------------------------

    def blame(
        self,
        what: str,
        details: list[str],
        why: tuple[str, str],
        node: Node,
        highlight: dict[Node, str],
    ) -> None:
        code = code_at(node.source())
        lines = [f"detect_anomaly: {what}", *([f"  {code}"] if code else []), *details]
        module = module_of(node)
        if module:
            lines.append(f"in: {module}")
        lines += [f"{title}: {text}" for title, text in zip(_TITLES, why, strict=True) if text]
        if self.picture is not None:
            lines.append(f"picture: {self.draw(self.picture, node, highlight)}")
        raise AnomalyError("\n  ".join(lines))

    def draw(self, picture: str | os.PathLike[str], node: Node, highlight: dict[Node, str]) -> str:
        """Write the picture, and return its path or why there is none."""
        from ..render import Graph

        outputs = [node]
        if any(node is walked for walked, *_ in self.walked):
            outputs = [self.walked[0][0]]
            for walked, *held in self.walked:
                walked.parents, walked.saved, walked.options = held
        try:
            return str(Graph(*outputs, highlight=highlight, around=node).render(picture))
        except AutogradError as error:
            return f"none, because {error}"


# -- numbers ------------------------------------------------------------------------------------


def _numbers(x: Any) -> Any:
    """Return an input as an array, or None if it is not numeric or was not kept."""
    if x is None or isinstance(x, ShapeDtype):
        return None
    x = np.asarray(x)
    return x if x.dtype.kind in "biufc" else None


def _first(mask: Any) -> tuple[int, ...]:
    """Return the index of the first true element."""
    return tuple(map(int, np.unravel_index(np.argmax(mask), np.shape(mask))))


def _at_element(
    inputs: Iterable[Any], shape: tuple[int, ...], index: tuple[int, ...]
) -> Sequence[Any]:
    """List the numbers that meet at `index` of the broadcast `shape`; NaN for unknown ones."""
    known = map(_numbers, inputs)
    return [np.nan if x is None else np.broadcast_to(x, shape)[index] for x in known]


def _plain(g: Any) -> Any:
    """Turn a cotangent into one array, from a Tensor, rows of a table, or several outputs."""
    if isinstance(g, list):
        return np.concatenate([np.ravel(_plain(x)) for x in g])
    return g._array if isinstance(g, Tensor) else g.values if isinstance(g, RowGradient) else g


def _surely_finite(x: Any) -> bool:
    """Tell whether all elements are finite; may be False for large finite numbers."""
    if type(x) is not np.ndarray:
        x = _plain(x)
    return math.isfinite(np.vdot(x, x).real)


def _not_finite(x: Any) -> Any:
    return ~np.isfinite(x)


def _any_input(test: Callable[[Any], Any], op: Op, arrays: Sequence[Any]) -> Any:
    """Find where an input passes the test, by element if the operation is elementwise."""
    found = [test(x) for x in map(_numbers, arrays) if x is not None]
    if op.elementwise:
        return functools.reduce(np.logical_or, found, np.False_)
    return np.any([np.any(x) for x in found])


# -- words --------------------------------------------------------------------------------------


def _inputs(node: Node, met: Sequence[Any]) -> list[str]:
    """Describe the known inputs, and the elements that met."""
    lines = []
    for i, (x, parent) in enumerate(zip(node.saved[1:], node.parents, strict=True)):
        kind = "constant" if parent is None else parent.op.name + quoted_name(parent)
        if _numbers(x) is not None:
            lines.append(_value(f"input {i} ({kind})", _numbers(x), met[i : i + 1]))
    return lines


def _value(name: str, x: Any, met: Sequence[Any]) -> str:
    return f"{name}: {summary(x)}" + "".join(f"; {element} there" for element in met)
