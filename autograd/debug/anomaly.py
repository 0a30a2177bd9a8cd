"""Finding the operation that made the first NaN or infinity.

    with autograd.detect_anomaly():
        loss = step()
        loss.backward()

Every result and every gradient is looked at as soon as it is computed. An operation is to blame
if it made a NaN of numbers that were none; what only passes one on is not.
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
from . import nan_causes
from .changes import Contents
from .words import code_at, module_of, origin, summary


class detect_anomaly(Observing):  # noqa: N801 - a block, as no_grad is
    """Raise `AnomalyError` at the first operation that makes a NaN or an infinity.

    Use as `with detect_anomaly():` or as a decorator, `@detect_anomaly()`, around the forward
    and the backward pass. The message names the operation, the line that called it, its inputs,
    the first element that went wrong, why, and the remedy; or else the leaf or constant in which
    the numbers were wrong before.

    Infinities in constants, such as masks of -inf, and what is computed of them are no anomaly;
    NaN in a constant is one, once a result holds it. With `inf=False` no infinity is an anomaly.
    `picture`: a file (.svg, .png or .pdf) for the graph around the operation, which is red there;
    where the NaN goes on to is pink.

    Where the backward pass raises `GraphError`, because an array that it needs was changed after it
    had been recorded in this block, the message has the two lines between which that happened.

    Small operations take two to three times as long inside.
    """

    def __init__(self, inf: bool = True, picture: str | os.PathLike[str] | None = None) -> None:
        self._watch = _Watch(inf, picture)
        super().__init__(self._watch)

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self._watch.contents = Contents()  # what happens outside is not seen


_TITLES = ("why", "remedy")
_NONE_MET: Sequence[Any] = ()


class _Watch(Observer):
    def __init__(self, inf: bool, picture: str | os.PathLike[str] | None) -> None:
        self.inf = inf
        self.picture = picture
        self.contents = Contents()
        self.g: Any = None  # the cotangent of the node that is being visited
        self.wanted: Collection[Node] = ()
        #: What a backward pass frees of its nodes, where a picture may be wanted.
        self.walked: list[tuple[Node, Any, Any, Any]] = []

    def wrong(self, x: Any) -> Any:
        """Where the elements of `x` are an anomaly."""
        return ~np.isfinite(x) if self.inf else np.isnan(x)

    # -- forward --------------------------------------------------------------------------------

    def computed(
        self,
        op: Op,
        arrays: Sequence[Any],
        parents: Sequence[Node | None],
        out: Any,
        options: Mapping[str, Any],
    ) -> None:
        for y in out if isinstance(out, tuple) else (out,):
            if (
                not _surely_finite(y) and not rule_is_recorded()
            ):  # what a rule gives, `sent` looks at
                self.judge(op, arrays, parents, y)
        self.contents.note(op, arrays, parents, out, options)

    def judge(self, op: Op, arrays: Sequence[Any], parents: Sequence[Node | None], y: Any) -> None:
        """Blame what made the wrong numbers in `y`, if they are an anomaly."""
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

    def arrived(self, node: Node, g: Any) -> None:
        self.g = g
        is_end = node.op is LEAF or node in self.wanted
        if is_end and not _surely_finite(g) and np.any(self.wrong(_plain(g))):
            self.blame_sum(node)
        if node.op is not LEAF:
            self.contents.check(node)

    def sent(self, node: Node, parent: Node, gx: Any) -> None:
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
            f"the gradient by input {place} of {op.name} is {gx[index]} at {list(index)}; "
            f"{op.name} was called at {node.source()}",
            details + _inputs(node, met[2:]),
            why if why[0] or not np.isinf(gx[index]) else nan_causes.overflow(op, gx.dtype),
            node,
            {**dict.fromkeys(ancestors([parent]), "propagator"), node: "producer"},
        )

    def slope(self, node: Node, parent: Node, g: Any) -> tuple[int, tuple[int, ...]] | None:
        """By which input, and at which element, before the sum over axes that were broadcast."""
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
            remedy = f"look at what its hooks return; else {remedy}"
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
        """Write the picture, and say where it is."""
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
    """An input as an array, or None for what is no number, or was not kept."""
    if x is None or isinstance(x, ShapeDtype):
        return None
    x = np.asarray(x)
    return x if x.dtype.kind in "biufc" else None


def _first(mask: Any) -> tuple[int, ...]:
    """The index of the first true element."""
    return tuple(map(int, np.unravel_index(np.argmax(mask), np.shape(mask))))


def _at_element(
    inputs: Iterable[Any], shape: tuple[int, ...], index: tuple[int, ...]
) -> Sequence[Any]:
    """The numbers that meet at `index` of the broadcast `shape`; NaN where one is not known."""
    known = map(_numbers, inputs)
    return [np.nan if x is None else np.broadcast_to(x, shape)[index] for x in known]


def _plain(g: Any) -> Any:
    """A cotangent as one array: it may be a Tensor, rows of a table, or several for outputs."""
    if isinstance(g, list):
        return np.concatenate([np.ravel(_plain(x)) for x in g])
    return g._array if isinstance(g, Tensor) else g.values if isinstance(g, RowGradient) else g


def _surely_finite(x: Any) -> bool:
    """At a glance: of large numbers, too, the sum of squares may be infinite."""
    if type(x) is not np.ndarray:
        x = _plain(x)
    return math.isfinite(np.vdot(x, x).real)


def _not_finite(x: Any) -> Any:
    return ~np.isfinite(x)


def _any_input(test: Callable[[Any], Any], op: Op, arrays: Sequence[Any]) -> Any:
    """Where an input passes the test: element by element, if the operation works so."""
    found = [test(x) for x in map(_numbers, arrays) if x is not None]
    if op.elementwise:
        return functools.reduce(np.logical_or, found, np.False_)
    return np.any([np.any(x) for x in found])


# -- words --------------------------------------------------------------------------------------


def _inputs(node: Node, met: Sequence[Any]) -> list[str]:
    """What is known of the inputs, and of the elements that met."""
    lines = []
    for i, (x, parent) in enumerate(zip(node.saved[1:], node.parents, strict=True)):
        kind = "constant" if parent is None else parent.op.name + quoted_name(parent)
        if _numbers(x) is not None:
            lines.append(_value(f"input {i} ({kind})", _numbers(x), met[i : i + 1]))
    return lines


def _value(name: str, x: Any, met: Sequence[Any]) -> str:
    return f"{name}: {summary(x)}" + "".join(f"; {element} there" for element in met)
