"""NumPy's namespace, for code that says `import autograd.numpy as np`.

NumPy's own functions recognise Tensors, so almost every name here is NumPy's. What differs is the
building of arrays out of Tensors, which NumPy would take out of their graph: `array`, `asarray`
and `asanyarray` accept nested lists of tensors, arrays and numbers, and refuse masked arrays.
"""

import builtins
from typing import Any

import numpy as _np
from numpy import *  # noqa: F403

from ..operands import argument
from ..tensor import Tensor
from ..tree import leaves
from . import fft, linalg, random

__all__ = [*_np.__all__, "asanyarray", "asarray", "fft", "linalg", "random"]


def array(object: Any, dtype: Any = None, **options: Any) -> Any:
    """`np.array`, which gives a Tensor where `object` is one or holds some in nested lists.

    Gradients flow to each of them. Raises NumPy's errors for shapes that do not fit together.
    """
    if not builtins.any(isinstance(x, Tensor) for _, x in leaves(object)):
        return _np.array(argument(object, "array", "object"), dtype, **options)
    result = _joined(object)
    if dtype is not None:
        return result.astype(dtype)
    return result.copy() if isinstance(object, Tensor) else result


def asarray(a: Any, dtype: Any = None, **options: Any) -> Any:
    """`np.asarray`, which leaves a Tensor as it is and takes nested lists of them."""
    if isinstance(a, Tensor) and (dtype is None or _np.dtype(dtype) == a.dtype):
        return a
    if builtins.any(isinstance(x, Tensor) for _, x in leaves(a)):
        return array(a, dtype)
    return _np.asarray(argument(a, "asarray", "a"), dtype, **options)


asanyarray = asarray


def _joined(tree: Any) -> Any:
    if not isinstance(tree, list | tuple):
        return tree
    return _np.stack([_joined(part) for part in tree])


def __getattr__(name: str) -> Any:
    return getattr(_np, name)
