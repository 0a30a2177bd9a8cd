"""NumPy's namespace, for code that says `import autograd.numpy as np`.

NumPy's own functions recognise Tensors, so almost every name here is NumPy's. The exceptions:

- functions that build arrays from Tensors, which NumPy would take out of their graph: `array`,
  `asarray`, `asanyarray` and the functions in `TAKES_LISTS` (`np.sum([t, u])`) accept nested lists
  of tensors, arrays and numbers; masked arrays are refused;
- functions that make arrays to be filled: `zeros`, `ones`, `empty`, `full`, their `*_like`, `eye`
  and `identity` return constant Tensors if they hold floats and a function is being differentiated,
  so that `c = np.zeros(3); c[0] = x` is recorded. Everywhere else they return NumPy arrays.
"""

import builtins
import functools
from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as _np
import numpy.typing as npt
from numpy import *  # noqa: F403

from ..grad_mode import differentiating
from ..op import joined
from ..operands import argument
from ..tensor import Tensor
from ..tree import leaves
from ..typing import Array, ArrayLike
from . import fft, linalg, random
from .lists import TAKES_LISTS, taking_lists

__all__ = [*_np.__all__, "asanyarray", "asarray", "fft", "linalg", "random"]


def array(
    object: ArrayLike,
    dtype: npt.DTypeLike | None = None,
    *,
    copy: builtins.bool | None = True,
    ndmin: int = 0,
    **options: Any,
) -> Array:
    """Do as `np.array`, and give a Tensor if `object` is one or holds some in nested lists.

    Gradients flow to each of them.

    Args:
        object: A number, an array, a Tensor, or nested lists of these.
        dtype: The dtype of the result; `object` gives an array of Tensors, one for each element.
        copy: As in NumPy.
        ndmin: The least number of axes.
        options: The other options of `np.array`.

    Raises:
        TypeError: `object` is an iterator.
        ValueError: The shapes do not fit together.

    Example:
        >>> x = Tensor(2.0, requires_grad=True)
        >>> autograd.numpy.array([x, 3 * x]).sum().backward()
        >>> x.grad
        array(4.)
    """
    if isinstance(object, Iterator):
        raise TypeError(
            f"array: got a {type(object).__name__}, which NumPy takes as one object; pass a list, "
            f"np.array(list(...))"
        )
    if getattr(object, "dtype", None) == "O" and isinstance(object, _np.ndarray):
        object = object.tolist()
    if not builtins.any(isinstance(x, Tensor) for _, x in leaves(object)):
        values = argument(object, "array", "object")
        return _np.array(values, dtype, copy=copy, ndmin=ndmin, **options)
    result = joined(object)
    if ndmin > result.ndim:
        result = result.reshape((1,) * (ndmin - result.ndim) + result.shape)
    if dtype is not None and _np.dtype(dtype) != result.dtype:
        return result.astype(dtype)
    is_new = result is not object
    return result if is_new or not copy else result.copy(options.get("order", "K"))


def asarray(
    a: ArrayLike,
    dtype: npt.DTypeLike | None = None,
    order: Literal["K", "A", "C", "F"] | None = None,
    **options: Any,
) -> Array:
    """Do as `np.asarray`, but keep a Tensor as it is and accept nested lists of them.

    Example:
        >>> x = Tensor(2.0, requires_grad=True)
        >>> autograd.numpy.asarray(x) is x
        True
    """
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
