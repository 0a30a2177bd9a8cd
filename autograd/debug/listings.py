"""Lists of the lines that do something legitimate which is seldom meant.

with autograd.debug.promotions() as found:      float32 becomes float64
with autograd.debug.broadcasts() as found:      both sides of an operation are stretched
with autograd.debug.accumulations() as found:   a gradient is added to one of an earlier pass
    loss = train_step()
print(*found, sep="\\n")
"""

from __future__ import annotations

import weakref
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..backward import rule_is_recorded
from ..changes import content
from ..grad_mode import Observer, Observing
from ..node import Leaf, Node, call_site, getframe, quoted_name
from ..op import Op
from .words import origin


class Finding(NamedTuple):
    """One line; `str()` of it tells what it does, and how to avoid that."""

    line: str  #: 'file.py:12 in train'
    message: str

    def __str__(self) -> str:
        return f"{self.line}: {self.message}"


class _Listing(Observer):
    """Collects findings, each once."""

    def __init__(self) -> None:
        self.found: list[Finding] = []

    def add(self, message: str, line: str = "") -> None:
        finding = Finding(line or call_site()[1], message)
        if finding not in self.found:
            self.found.append(finding)

    def close(self) -> None:
        """The block ends."""


class _Block(Observing):
    """A block that gives the list of what is found in it."""

    listing: type[_Listing]

    def __init__(self) -> None:
        super().__init__(self.listing())

    def __enter__(self) -> list[Finding]:
        self._enter(getframe(1))
        assert isinstance(self.observer, _Listing)
        return self.observer.found

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        assert isinstance(self.observer, _Listing)
        self.observer.close()


# -- dtypes -------------------------------------------------------------------------------------


class _Promotions(_Listing):
    def __init__(self) -> None:
        super().__init__()
        # Results that are too wide, and what was computed of them, by id.
        self.widened: dict[int, weakref.ref[Any]] = {}

    def computed(
        self,
        op: Op,
        arrays: Sequence[Any],
        parents: Sequence[Node | None],
        out: Any,
        _options: Mapping[str, Any],
    ) -> None:
        outs = [o for o in (out if isinstance(out, tuple) else (out,)) if o.dtype.kind in "fc"]
        if not any(self.is_widened(x) for x in arrays):
            floats = [  # besides NumPy's numbers: np.float16(2) narrows nothing
                x.dtype
                for x, p in zip(arrays, parents, strict=True)
                if hasattr(x, "dtype") and x.dtype.kind in "fc" and (x.shape or p is not None)
            ]
            narrow = min(floats, key=_width, default=None)
            wide = [o.dtype for o in outs if narrow and _width(o.dtype) > _width(narrow)]
            if narrow is None or not wide:
                return
            shown = ", ".join(
                f"{x.dtype} {x.shape}{quoted_name(p)}" if hasattr(x, "dtype") else repr(x)
                for x, p in zip(arrays, parents, strict=True)
            )
            self.add(f"{op.name}({shown}) gives {wide[0]}{_culprit(arrays, parents, narrow)}")
        for o in outs:
            self.widened[id(o)] = weakref.ref(o)

    def is_widened(self, x: Any) -> bool:
        reference = self.widened.get(id(x))
        return reference is not None and reference() is x


def _culprit(arrays: Sequence[Any], parents: Sequence[Node | None], narrow: Any) -> str:
    """The first input that is too wide, and the remedy."""
    for i, (x, parent) in enumerate(zip(arrays, parents, strict=True)):
        if not hasattr(x, "dtype") or _width(np.promote_types(x.dtype, narrow)) <= _width(narrow):
            continue
        if isinstance(parent, Leaf):
            remedy = f"make it with dtype=np.{narrow}"
        elif x.shape:
            remedy = f"convert it with .astype(np.{narrow})"
        else:
            number = "complex(c)" if x.dtype.kind == "c" else "float(c)"
            remedy = f"make it a Python number, {number}: these widen nothing"
        return f", because input {i}, {origin(parent)}, is {x.dtype}; {remedy}"
    return f" of {narrow}; if that is not meant, ask it for dtype=np.{narrow}"


def _width(dtype: np.dtype[Any]) -> int:
    """Bytes for each real number."""
    return dtype.itemsize // (2 if dtype.kind == "c" else 1)


class promotions(_Block):  # noqa: N801 - a block, as no_grad is
    """List the lines that turn float32 into float64, or complex64 into complex128.

    Only where wide numbers enter, not what is computed of them afterwards, in the order of the
    forward pass. Python's own numbers widen nothing; NumPy's numbers, and arrays of float64 or of
    integers, do.
    """

    listing = _Promotions


# -- shapes -------------------------------------------------------------------------------------


class _Broadcasts(_Listing):
    def computed(
        self,
        op: Op,
        arrays: Sequence[Any],
        parents: Sequence[Node | None],
        out: Any,
        _options: Mapping[str, Any],
    ) -> None:
        if not op.elementwise or isinstance(out, tuple) or rule_is_recorded():
            return
        shapes = [np.shape(x) for x in arrays]
        if out.shape in shapes:
            return
        shown = ", ".join(f"{s}{quoted_name(p)}" for s, p in zip(shapes, parents, strict=True))
        self.add(
            f"{op.name}({shown}) gives {out.shape}: none of its inputs has that shape; if this is "
            f"not meant, use keepdims=True where an axis was summed away, or reshape one of them"
        )


class broadcasts(_Block):  # noqa: N801
    """List the lines where all inputs are stretched, as (64, 1) - (64,) is to (64, 64).

    So errors of a missing axis hide: the loss is a number, and the gradient has the right shape.
    """

    listing = _Broadcasts


# -- gradients ----------------------------------------------------------------------------------


def _any(grad: Any) -> bool:
    """Whether a gradient is there, with an element that is not 0."""
    return grad is not None and bool(np.any(getattr(grad, "values", grad)))


class _Accumulations(_Listing):
    def began(self, _seeds: Any, wanted: Collection[Node] | None) -> None:
        self.adds = wanted is None

    def arrived(self, node: Node, _g: Any) -> None:
        if self.adds and isinstance(node, Leaf) and _any(node.grad):
            self.add(
                f"a gradient of shape {node.shape}{quoted_name(node)} is added to that of an "
                f"earlier pass; call zero_grad(), or set .grad to None, before backward()"
            )


class accumulations(_Block):  # noqa: N801
    """List the lines of backward passes that meet a leaf whose `.grad` is there already, and not 0.

    That is right where the gradients of several batches are to be added up, and a forgotten
    `zero_grad()` everywhere else.
    """

    listing = _Accumulations


class _Untrained(_Listing):
    def __init__(self) -> None:
        super().__init__()
        self.read: dict[Node, tuple[Any, bytes]] = {}
        self.reached: dict[Node, None] = {}

    def computed(
        self,
        _op: Op,
        arrays: Sequence[Any],
        parents: Sequence[Node | None],
        _out: Any,
        _options: Mapping[str, Any],
    ) -> None:
        for x, parent in zip(arrays, parents, strict=True):
            if isinstance(parent, Leaf) and parent not in self.read:
                self.read[parent] = x, content(x)

    def arrived(self, node: Node, g: Any) -> None:
        if isinstance(node, Leaf) and _any(g):
            self.reached[node] = None

    def close(self) -> None:
        for leaf in self.reached:
            array, before = self.read.get(leaf, (None, b""))
            if array is not None and content(array) == before:
                self.add(
                    f"the leaf{quoted_name(leaf)} of shape {leaf.shape}, made here, got a gradient "
                    f"and did not change; give it to the optimizer that steps, with lr above 0",
                    leaf.source(),
                )


class untrained(_Block):  # noqa: N801
    """List the leaves that get a gradient in the block, and hold the same numbers at its end.

    Put one or more whole steps into it, forward, backward and update: what is listed was
    forgotten when the optimizer was made, or has a learning rate of 0.
    """

    listing = _Untrained
