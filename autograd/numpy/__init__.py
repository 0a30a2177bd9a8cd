"""NumPy's namespace, for code that says `import autograd.numpy as np`.

NumPy's own functions recognise Tensors, so almost every name here is NumPy's. What differs:

- the building of arrays out of Tensors, which NumPy would take out of their graph: `array`,
  `asarray` and `asanyarray` accept nested lists of tensors, arrays and numbers, as do the
  functions in `TAKES_LISTS` (`np.sum([t, u])`), and refuse masked arrays;
- arrays to be filled: inside a function that is being differentiated, `zeros`, `ones`, `empty`,
  `full`, their `*_like`, `eye` and `identity` return constant Tensors where they are of floats,
  so that `c = np.zeros(3); c[0] = x` is recorded. Everywhere else they return NumPy's arrays.
"""

import builtins
import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as _np
from numpy import *  # noqa: F403

from ..grad_mode import differentiating
from ..op import joined
from ..operands import argument
from ..tensor import Tensor
from ..tree import leaves
from . import fft, linalg, random
from .lists import TAKES_LISTS, taking_lists

__all__ = [*_np.__all__, "asanyarray", "asarray", "fft", "linalg", "random"]


def array(
    object: Any, dtype: Any = None, *, copy: Any = True, ndmin: int = 0, **options: Any
) -> Any:
    """`np.array`, which gives a Tensor where `object` is one or holds some in nested lists.

    Gradients flow to each of them. `dtype=object` gives an array of Tensors, one for each element.
    Raises NumPy's errors for shapes that do not fit together, and `TypeError` for an iterator.
    """
    if isinstance(object, Iterator):
        raise TypeError(
            f"array: got a {type(object).__name__}, which NumPy takes as one object; pass a list, "
            f"np.array(list(...))"
        )
    if getattr(object, "dtype", None) == "O" and isinstance(object, _np.ndarray):
        object = object.tolist()
    if not builtins.any(isinstance(x, Tensor) for _, x in leaves(object)):
        return _np.array(
            argument(object, "array", "object"), dtype, copy=copy, ndmin=ndmin, **options
        )
    result = joined(object)
    if ndmin > result.ndim:
        result = result.reshape((1,) * (ndmin - result.ndim) + result.shape)
    if dtype is not None and _np.dtype(dtype) != result.dtype:
        return result.astype(dtype)
    return result.copy(options.get("order", "K")) if copy and result is object else result


def asarray(a: Any, dtype: Any = None, order: Any = None, **options: Any) -> Any:
    """`np.asarray`, which leaves a Tensor as it is and takes nested lists of them."""
    if builtins.any(isinstance(x, Tensor) for _, x in leaves(a)):
        return array(a, dtype, copy=options.get("copy"))
    return _np.asarray(argument(a, "asarray", "a"), dtype, order, **options)


asanyarray = asarray


globals().update({name: taking_lists(getattr(_np, name)) for name in TAKES_LISTS})


def _to_be_filled(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def create(*args: Any, **kwargs: Any) -> Any:
        new = function(*args, **kwargs)
        if differentiating() and isinstance(new, _np.ndarray) and new.dtype.kind in "fc":
            return Tensor._of(new, None)
        return new

    return create


for _name in (
    *("zeros", "ones", "empty", "full", "eye", "identity"),
    *("zeros_like", "ones_like", "empty_like", "full_like"),
):
    globals()[_name] = _to_be_filled(getattr(_np, _name))


def __getattr__(name: str) -> Any:
    return getattr(_np, name)
