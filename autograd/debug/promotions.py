"""The lines where float32 became float64, or complex64 complex128."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..grad_mode import Observer, Observing
from ..node import Leaf, call_site, getframe, quoted_name
from ..op import Op


class Promotion(NamedTuple):
    """A line that made numbers wider: `str()` of it says which input did so, and the remedy."""

    source: str  #: 'file.py:12 in train'
    operation: str
    message: str

    def __str__(self) -> str:
        return self.message


class promotions(Observing):  # noqa: N801 - a block, as no_grad is
    """List the lines in the block that turn float32 into float64, or complex64 into complex128.

        with autograd.debug.promotions() as found:
            loss = train_step()
        print(*found, sep="\\n")

    `found` is a list of `Promotion`s in the order of the forward pass, each line once. Only where
    wide numbers enter is listed, not what is computed of them afterwards. Python's own numbers
    never make anything wider; NumPy's scalars, float64 arrays and integer arrays do.
    """

    def __init__(self) -> None:
        self.found: list[Promotion] = []
        super().__init__(_Watch(self.found))

    def __enter__(self) -> list[Promotion]:
        self._enter(getframe(1))
        return self.found


class _Watch(Observer):
    def __init__(self, found: list[Promotion]) -> None:
        self.found = found
        # Results that are too wide, and what was computed of them, by id.
        self.widened: dict[int, weakref.ref[Any]] = {}

    def computed(
        self,
        op: Op,
        arrays: Sequence[Any],
        parents: Sequence[Any],
        out: Any,
        _options: Mapping[str, Any],
    ) -> None:
        outs = out if isinstance(out, tuple) else (out,)
        inherited = any(self._is_widened(x) for x in arrays)
        if not inherited:
            floats = [x.dtype for x in arrays if _kind(x) in "fc"]
            if not floats:
                return
            narrow = min(floats, key=_width)
            if all(_width(o.dtype) <= _width(narrow) for o in outs if o.dtype.kind in "fc"):
                return
            wide = next(o.dtype for o in outs if _width(o.dtype) > _width(narrow))
            promotion = _promotion(op, arrays, parents, narrow, wide)
            if promotion not in self.found:
                self.found.append(promotion)
        for o in outs:
            self.widened[id(o)] = weakref.ref(o)

    def _is_widened(self, x: Any) -> bool:
        reference = self.widened.get(id(x))
        return reference is not None and reference() is x


def _kind(x: Any) -> str:
    return x.dtype.kind if hasattr(x, "dtype") else "-"


def _width(dtype: np.dtype[Any]) -> int:
    """Bytes for each real number."""
    return dtype.itemsize // (2 if dtype.kind == "c" else 1)


def _promotion(
    op: Op,
    arrays: Sequence[Any],
    parents: Sequence[Any],
    narrow: np.dtype[Any],
    wide: np.dtype[Any],
) -> Promotion:
    source = call_site()[1]
    inputs = ", ".join(
        f"{x.dtype} {x.shape}" + quoted_name(p) if hasattr(x, "dtype") else repr(x)
        for x, p in zip(arrays, parents, strict=True)
    )
    message = f"{source}: {op.name}({inputs}) gives {wide}"
    culprits = [
        (i, x, p)
        for i, (x, p) in enumerate(zip(arrays, parents, strict=True))
        if hasattr(x, "dtype") and _width(np.promote_types(x.dtype, narrow)) > _width(narrow)
    ]
    for i, x, parent in culprits[:1]:
        if isinstance(parent, Leaf):
            what = f"the leaf{quoted_name(parent)} made at {parent.source()}"
            remedy = f"make it with dtype=np.{narrow}"
        elif parent is not None:
            what = f"the result of {parent.op.name} ({parent.source()})"
            remedy = f"convert it with .astype(np.{narrow})"
        elif x.shape:
            what = "a constant array"
            remedy = f"convert it with .astype(np.{narrow})"
        else:
            what = "a NumPy number"
            remedy = f"make it a Python number, float(c), which leaves {narrow} as it is"
        message += f": input {i}, {what}, is {x.dtype}; {remedy}"
    if not culprits:
        message += f" by itself; ask for dtype=np.{narrow} if that is not meant"
    return Promotion(source, op.name, message)
