"""NumPy's functions as operators and methods of a Tensor: `x + y`, `x += y`, `x[i] = y`, `x.sum()`.

They arrive at the same operations as `np.add(x, y)` does, and are recorded alike.

Read `tensor.py` next: the class that has them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .changes import note_change
from .errors import DTypeError, GraphError, ShapeError
from .grad_mode import current_scope, grad_enabled
from .node import Leaf, call_site
from .op import REGISTRY, Op
from .protocols import left, node_of, unwrap
from .rules.indexing import updated

if TYPE_CHECKING:
    from .tensor import Tensor


def recorded(function: Callable[..., Any]) -> Callable[..., Any]:
    """The recorded form of a NumPy function of one or two inputs, ready to be a method."""
    operation = REGISTRY[function]
    return operation.apply if isinstance(operation, Op) else operation


def reflected(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same with its two inputs exchanged, as `__radd__` has them."""
    apply = recorded(function)
    return lambda y, x: apply(x, y)


def comparison(ufunc: np.ufunc) -> Callable[..., Any]:
    """`t < x` and its kind: a plain array."""

    def compare(self: Tensor, other: Any) -> Any:
        result = ufunc(self._array, unwrap(other))
        return result if current_scope() is None else left(ufunc, (self, other), result)

    return compare


def method(function: Callable[..., Any]) -> Callable[..., Any]:
    """A NumPy function as a method: `t.sum(axis=0)` is `np.sum(t, axis=0)`."""

    apply = REGISTRY.get(function, function)  # NumPy would only ask for it; constants have none

    def method(self: Tensor, *args: Any, **kwargs: Any) -> Any:
        return apply(self, *args, **kwargs)

    method.__name__ = function.__name__
    method.__doc__ = f"`np.{function.__name__}`."
    return method


# -- in place -----------------------------------------------------------------------------------


def in_place(ufunc: np.ufunc) -> Callable[..., Any]:
    """`t += value` and its kind."""

    def update(self: Tensor, value: Any) -> Tensor:
        _change(
            self,
            f"{ufunc.__name__} in place",
            lambda: ufunc(self._array, unwrap(value), out=self._array),
            lambda: recorded(ufunc)(self, value),
            value,
        )
        return self

    return update


def set_item(self: Tensor, index: Any, value: Any) -> None:
    """`t[index] = value`."""
    _change(
        self,
        f"t[{index!r}] = ...",
        lambda: operator.setitem(self._array, unwrap(index), unwrap(value)),
        lambda: _updated(self, value, unwrap(index)),
        value,
    )


def _updated(x: Tensor, value: Any, index: Any) -> Tensor:
    if x.dtype.kind not in "fc":
        raise DTypeError(
            f"t[...] = value: a value that requires a gradient does not fit into a tensor of "
            f"dtype {x.dtype}; convert it first, t = t.astype(float)"
        )
    return updated(x, value, index=index)


def _change(
    x: Tensor, what: str, write: Callable[[], Any], compute: Callable[[], Tensor], value: Any
) -> None:
    """Change a tensor: its array where nothing is recorded, else its place in the graph."""
    if (x.node is None and node_of(value) is None) or not grad_enabled():
        write()
        note_change(x._array, *call_site())
        return
    if isinstance(x.node, Leaf):
        raise GraphError(
            f"{what} would change a leaf that requires a gradient; do it inside "
            f"`with autograd.no_grad():`, or compute a new tensor (t = t + ...)"
        )
    result = compute()
    if result.shape != x.shape:
        raise ShapeError(f"{what}: the result has shape {result.shape}, not {x.shape}")
    if result.dtype != x.dtype:
        if not np.can_cast(result.dtype, x.dtype, "same_kind"):
            raise DTypeError(
                f"{what}: {result.dtype} values do not fit into a tensor of dtype "
                f"{x.dtype}; convert it first, t = t.astype({result.dtype})"
            )
        result = result.astype(x.dtype)
    is_retained = x.retains_grad
    x._array, x.node = result._array, result.node
    if is_retained:
        x.retain_grad()
