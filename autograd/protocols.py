"""NumPy's protocols: what its functions do when they meet a Tensor.

NumPy hands its ufuncs over to `__array_ufunc__`, and its other functions to `__array_function__`.
What has a rule is applied and recorded; what gives no gradient, such as `np.argmax`, is called on
the arrays; everything else is refused. A Tensor leaves its graph only where that is asked for.

Read `operators.py` next: the other ways to the same operations.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

from . import op
from .changes import expose
from .errors import GraphError, NotDifferentiableError
from .grad_mode import current_scope, grad_enabled, observer
from .node import Node
from .op import CONSTANT, REGISTRY, Op
from .operands import argument, way_of_caller
from .rules.refused import REFUSED

if TYPE_CHECKING:
    from .tensor import Tensor

#: What `np.add.reduce(t)` and its kind are called otherwise.
_UFUNC_METHODS: dict[tuple[str, Any], Any] = {
    ("reduce", np.add): np.sum,
    ("reduce", np.multiply): np.prod,
    ("reduce", np.maximum): np.max,
    ("reduce", np.minimum): np.min,
    ("accumulate", np.add): np.cumsum,
    ("accumulate", np.multiply): np.cumprod,
}


def array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
    """`Tensor.__array_ufunc__`."""
    operation = REGISTRY.get(ufunc)
    if type(operation) is Op and method == "__call__" and not options:
        return operation.apply(*inputs)
    if "out" in options:
        raise NotDifferentiableError(
            f"{ufunc.__name__}: writing a tensor's value into an array (`out=`, or `a += t`) "
            f"cannot be recorded, because the array has no graph; assign the result instead "
            f"(`a = a + t`)"
        )
    function: Any = ufunc
    if method == "outer" and len(inputs) == 2:
        x, y = inputs  # every element of one with every one of the other
        inputs = (np.reshape(x, np.shape(x) + (1,) * np.ndim(y)), y)
    elif method != "__call__":
        if ufunc in CONSTANT:
            return _on_arrays(getattr(ufunc, method), inputs, options)
        function = _UFUNC_METHODS.get((method, ufunc))
        if function is None:
            return _unknown(getattr(ufunc, method), inputs, options)
        if len(inputs) == 1:
            options.setdefault("axis", 0)
    return array_function(self, function, None, inputs, options)


def array_function(_self: Tensor, function: Any, _types: Any, args: Any, kwargs: Any) -> Any:
    """`Tensor.__array_function__`."""
    operation = REGISTRY.get(function)
    if operation is not None:
        return operation(*args, **kwargs)
    if function in CONSTANT:
        return _on_arrays(function, args, kwargs)
    return _unknown(function, args, kwargs)


def array(self: Tensor, dtype: DTypeLike | None = None, copy: bool | None = None) -> Any:
    """`Tensor.__array__`."""
    if self.node is not None:
        way = way_of_caller(sys._getframe(1))
        raise GraphError(
            "np.asarray, np.array and float() would take a tensor that requires a gradient "
            "out of its graph; "
            + (f"{way}; or " if way else "use np.stack([...]) to join tensors, or ")
            + "t.data, t.item() or t.detach() to leave the graph on purpose"
        )
    result = np.array(self._array, dtype=dtype, copy=copy)
    if np.may_share_memory(result, self._array):
        expose(self)
    return result if current_scope() is None else left("np.asarray", self, result)


def _on_arrays(function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """A function of the arrays alone, whose result carries no gradient."""
    result = function(*unwrap(args), **unwrap(kwargs))
    return result if current_scope() is None else left(function, (args, kwargs), result)


def _unknown(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """A NumPy function without a rule: harmless on constants, an error on anything else."""
    if not (grad_enabled() and node_of((args, kwargs))):
        return _on_arrays(function, args, kwargs)
    name = _name(function)
    if function in REFUSED:
        raise NotDifferentiableError(f"{name} has no gradient: {REFUSED[function]}")
    raise NotDifferentiableError(
        f"{name} has no gradient rule; call it on plain arrays (t.data) if no gradient is needed, "
        f"or teach it with autograd.rule({name}, ...)"
    )


def _name(function: Any) -> str:
    ufunc = getattr(function, "__self__", None)
    if isinstance(ufunc, np.ufunc):  # one of its methods, such as np.add.reduceat
        return f"{_name(ufunc)}.{function.__name__}"
    module = "numpy" if isinstance(function, np.ufunc) else function.__module__
    return f"{module}.{function.__name__}"


def unwrap(x: Any, function: str = "NumPy") -> Any:
    """Plain arrays in place of Tensors and of others' arrays, also inside tuples, lists, dicts."""
    if isinstance(x, op.Tensor):
        return x._array
    if isinstance(x, tuple | list):
        return type(x)([unwrap(part, function) for part in x])
    if isinstance(x, dict):
        return {key: unwrap(value, function) for key, value in x.items()}
    return argument(x, function)


def node_of(x: Any) -> Node | None:
    """The node of the first recorded tensor in `x`, looking into tuples, lists and dicts."""
    if isinstance(x, op.Tensor):
        return x.node
    if isinstance(x, dict):
        x = x.values()
    elif not isinstance(x, tuple | list):
        return None
    return next(filter(None, map(node_of, x)), None)


def left(how: str | Callable[..., Any], values: Any, result: Any) -> Any:
    """Tell who observes that `result` was computed of `values` outside the graph; returns it."""
    observing = observer()
    if observing is not None:
        if not isinstance(how, str):
            how = f"np.{getattr(how, '__name__', how)}"
        observing.left(how, values, result)
    return result
