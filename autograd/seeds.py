"""The cotangents that backward passes start from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .errors import DTypeError, GraphError, ShapeError
from .operands import as_array, operand
from .protocols import unwrap
from .typing import Array, ArrayLike

if TYPE_CHECKING:
    from .tensor import Tensor


def seed_of(function: str, output: Tensor, grad: ArrayLike | None) -> Array:
    """Return the cotangent of `output` to start a backward pass from; None stands for 1."""
    if output.node is None:
        raise GraphError(
            f"{function}: this tensor has no graph: no input that requires a gradient led to it "
            f"(or it was computed inside no_grad, or detached)"
        )
    if grad is None:
        if output.size != 1:
            raise GraphError(
                f"{function}: a tensor of shape {output.shape} is not a scalar; reduce it first "
                f"(sum, mean), or pass grad=, an array of that shape"
            )
        return np.ones_like(output._array)
    array = as_array(operand(unwrap(grad), function, "grad"))
    if array.shape != output.shape:
        raise ShapeError(
            f"{function}: grad has shape {array.shape}, but the tensor has shape {output.shape}"
        )
    if array.dtype.kind not in "fciub" or (array.dtype.kind == "c") > (output.dtype.kind == "c"):
        raise DTypeError(
            f"{function}: grad has dtype {array.dtype}, but the tensor has dtype {output.dtype}"
        )
    return array.astype(output.dtype, copy=False)
