"""Type aliases of arrays: those that users pass, and those that rules and kernels compute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, Union

import numpy.typing as npt

if TYPE_CHECKING:
    from .tensor import Tensor

__all__ = ["Array", "ArrayLike"]

#: A value that users may pass: a number, an array, a nested list of numbers, or a Tensor.
ArrayLike: TypeAlias = Union[npt.ArrayLike, "Tensor"]

#: An array that speaks NumPy's protocols: an `ndarray`, a Tensor, or a CuPy array, for example.
#: NumPy's stubs accept only the first, so the type checker learns nothing more.
Array: TypeAlias = Any
