"""Lists of lines that do something legitimate but seldom intended.

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
from ..typing import Array
from .words import origin


class Finding(NamedTuple):
    """A line of code with what it does and how to avoid that; `str()` gives both.

    Example:
        >>> str(autograd.debug.Finding("train.py:3 in step", "widens to float64"))
        'train.py:3 in step: widens to float64'
    """

    line: str  #: 'file.py:12 in train'
    message: str

    def __str__(self) -> str:
        return f"{self.line}: {self.message}"


class _Listing(Observer):
    """An observer that collects findings, each once."""

    def __init__(self) -> None:
        self.found: list[Finding] = []

    def add(self, message: str, line: str = "") -> None:
        finding = Finding(line or call_site()[1], message)
        if finding not in self.found:
            self.found.append(finding)

    def close(self) -> None:
        """Finish at the end of the block."""


class _Block(Observing):
    """A block that gives the list of its findings."""

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
        # Results that are too wide, and results of these, by id.
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
            floats = [  # without NumPy's scalars: np.float16(2) narrows nothing
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
    """Name the first input that is too wide, and the remedy."""
    for i, (x, parent) in enumerate(zip(arrays, parents, strict=True)):
        if not hasattr(x, "dtype") or _width(np.promote_types(x.dtype, narrow)) <= _width(narrow):
            continue
        if isinstance(parent, Leaf):
            remedy = f"make it with dtype=np.{narrow}"
        elif x.shape:
            remedy = f"convert it with .astype(np.{narrow})"
        else:
            number = "complex(c)" if x.dtype.kind == "c" else "float(c)"
            remedy = f"make it a Python number, {number}, which widens nothing"
        return f", because input {i}, {origin(parent)}, is {x.dtype}; {remedy}"
    return f" of {narrow}; if this is not meant, pass dtype=np.{narrow}"


def _width(dtype: np.dtype[Any]) -> int:
    """Count the bytes of each real number."""
    return dtype.itemsize // (2 if dtype.kind == "c" else 1)


class promotions(_Block):  # noqa: N801 - a block, as no_grad is
    """List the lines that turn float32 into float64, or complex64 into complex128.

    The list names the lines where wide numbers enter, not those that go on with them, in the order
    of the forward pass. Python's numbers widen nothing; NumPy's scalars, and arrays of float64 or
    of integers, do.

    Example:
        >>> x = Tensor(np.ones(3, np.float32), requires_grad=True)
        >>> with autograd.debug.promotions() as found:
        ...     y = x * np.ones(3)
        >>> found[0].message.partition(",")[0]
        'multiply(float32 (3'
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
    """List the lines where broadcasting stretches all inputs, as in (64, 1) - (64,).

    The result has shape (64, 64). A missing axis hides this way: the loss is still a number, and
    the gradient has the right shape.

    Example:
        >>> with autograd.debug.broadcasts() as found:
        ...     y = Tensor(np.ones((3, 1))) - np.ones(3)
        >>> found[0].message.partition(":")[0]
        'subtract((3, 1), (3,)) gives (3, 3)'
    """

    listing = _Broadcasts


# -- gradients ----------------------------------------------------------------------------------


def _any(grad: Any) -> bool:
    """Tell whether there is a gradient with an element other than 0."""
    return grad is not None and bool(np.any(getattr(grad, "values", grad)))


class _Accumulations(_Listing):
    def began(self, _seeds: Any, wanted: Collection[Node] | None) -> None:
        self.adds = wanted is None

    def arrived(self, node: Node, _g: Array) -> None:
        if self.adds and isinstance(node, Leaf) and _any(node.grad):
            self.add(
                f"a gradient of shape {node.shape}{quoted_name(node)} is added to that of an "
                f"earlier pass; call zero_grad(), or set .grad to None, before backward()"
            )


class accumulations(_Block):  # noqa: N801
    """List the lines of backward passes that reach a leaf whose `.grad` is already set, and not 0.

    That is right where the gradients of several batches should add up; elsewhere, a `zero_grad()`
    is missing.

    Example:
        >>> w = Tensor(1.0, requires_grad=True)
        >>> with autograd.debug.accumulations() as found:
        ...     for _ in range(2):
        ...         (w * 2.0).backward()
        >>> found[0].message.partition(";")[0]
        'a gradient of shape () is added to that of an earlier pass'
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

    def arrived(self, node: Node, g: Array) -> None:
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
    """List the leaves that get a gradient in the block but hold the same numbers at its end.

    The block should hold whole training steps: forward, backward and update. A leaf in the list was
    not given to the optimizer, or has a learning rate of 0.

    Example:
        >>> w = Tensor(1.0, requires_grad=True)
        >>> with autograd.debug.untrained() as found:
        ...     (w * 2.0).backward()
        >>> found[0].message.partition(";")[0]
        'the leaf of shape (), made here, got a gradient and did not change'
    """

    listing = _Untrained
