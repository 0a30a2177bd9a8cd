"""NumPy functions for lists of tensors, which NumPy itself would take out of their graph."""

import functools
from collections.abc import Callable
from typing import Any

from ..op import joined

#: Functions that take a list as an array. NumPy lets a Tensor override them, but not a list.
TAKES_LISTS = [
    *("sum", "prod", "max", "min", "amax", "amin", "ptp", "mean", "var", "std", "median"),
    *("nansum", "nanprod", "nanmax", "nanmin", "nanmean", "nanvar", "nanstd", "nanmedian"),
    *("average", "quantile", "percentile", "cumsum", "cumprod", "diff", "trapezoid"),
    *("dot", "vdot", "inner", "outer", "kron", "cross", "tensordot", "trace", "clip", "where"),
    *("reshape", "ravel", "transpose", "broadcast_to", "tile", "repeat", "diag", "flip", "roll"),
    "sort",
]


def taking_lists(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a NumPy function so that it joins tensors in lists among its arguments.

    Example:
        >>> total = autograd.numpy.lists.taking_lists(np.sum)
        >>> total([Tensor(1.0), Tensor(2.0)])
        Tensor(3.)
    """

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        args = tuple(joined(x) if type(x) in (list, tuple) else x for x in args)
        return function(*args, **options)

    return call
