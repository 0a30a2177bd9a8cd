"""NumPy functions without a gradient: constant on Tensors, new arrays, or refused.

Those of `CONSTANT` return plain arrays. Those of `NEW` make arrays to be filled; of floats, these
are constant Tensors: after `c = np.zeros_like(t)`, or `np.zeros(n, like=t)`, an assignment
`c[i] = t[j] ** 2` is recorded. Those of `REFUSED` raise, and say what to write instead.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from .registry import CONSTANT

NEW: set[Callable[..., Any]] = {
    *(np.zeros_like, np.ones_like, np.empty_like),
    *(np.zeros, np.ones, np.empty, np.eye, np.identity),  # with like=
}

CONSTANT.update(
    # comparisons and tests
    (np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal),
    (np.isclose, np.allclose, np.array_equal, np.array_equiv, np.any, np.all, np.isin),
    (np.isnan, np.isinf, np.isfinite, np.isneginf, np.isposinf, np.signbit),
    (np.iscomplex, np.isreal, np.iscomplexobj, np.isrealobj),
    (np.logical_and, np.logical_or, np.logical_xor, np.logical_not),
    # functions of integers and of bits, which refuse floats themselves
    (np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.bitwise_not, np.bitwise_count),
    (np.left_shift, np.right_shift, np.gcd, np.lcm, np.packbits, np.unpackbits, np.isnat),
    # positions and counts
    (np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.argsort, np.argpartition, np.lexsort),
    (np.argwhere, np.nonzero, np.flatnonzero, np.count_nonzero, np.searchsorted, np.digitize),
    (np.shape, np.ndim, np.size, np.linalg.matrix_rank, np.histogram_bin_edges),
    (np.diag_indices_from, np.tril_indices_from, np.triu_indices_from),
    (np.unravel_index, np.ravel_multi_index),
    # dtypes and memory
    (np.result_type, np.can_cast, np.common_type, np.min_scalar_type),
    (np.may_share_memory, np.shares_memory),
    # text and files
    (np.array2string, np.array_repr, np.array_str),
    (np.save, np.savez, np.savez_compressed, np.savetxt),
)

_NUMBER_OF_VALUES = "how many values it returns jumps with the input; "

# fmt: off
#: The remedies are the ends of error messages.
REFUSED: dict[Callable[..., Any], str] = {
    np.unique:         _NUMBER_OF_VALUES + "pick them by position: "
                       "t[np.unique(t.data, return_index=True)[1]]",
    np.unique_all:     _NUMBER_OF_VALUES + "call it on t.data, and pick the values by position: "
                       "t[indices]",
    np.unique_counts:  _NUMBER_OF_VALUES + "use np.unique(t.data, return_index=True, "
                       "return_counts=True), and t[indices] for the values",
    np.unique_inverse: _NUMBER_OF_VALUES + "use np.unique(t.data, return_index=True, "
                       "return_inverse=True), and t[indices] for the values",
    np.unique_values:  _NUMBER_OF_VALUES + "pick them by position: "
                       "t[np.unique(t.data, return_index=True)[1]]",
    np.union1d:        _NUMBER_OF_VALUES + "use np.concatenate, and pick the values by position",
    np.intersect1d:    _NUMBER_OF_VALUES + "pick the values by position: "
                       "t[np.intersect1d(t.data, u.data, return_indices=True)[1]]",
    np.setdiff1d:      _NUMBER_OF_VALUES + "pick the values by mask: t[~np.isin(t, u)]",
    np.setxor1d:       _NUMBER_OF_VALUES + "pick the values by mask: t[~np.isin(t, u)]",
    np.histogram:      "counts are constant between jumps; use np.histogram(t.data), or a smooth "
                       "kernel density; for weights that require a gradient "
                       "np.bincount(np.digitize(a, edges[1:-1]), weights=t)",
    np.histogram2d:    "counts are constant between jumps; use np.histogram2d on t.data",
    np.histogramdd:    "counts are constant between jumps; use np.histogramdd on t.data",
    np.i0:             "its derivative is the Bessel function i1, which NumPy lacks; use "
                       "scipy.special with autograd.rule(scipy.special.i0, ...)",
    np.frexp:          "its exponent is an integer; use np.log2, or np.frexp(t.data)",
    np.nextafter:      "it belongs to the representation of numbers; use it on t.data",
    np.spacing:        "it belongs to the representation of numbers; use it on t.data",
    np.real_if_close:  "whether its result is real depends on the values; use np.real",
    np.sort_complex:   "use np.sort",
    np.roots:          "use np.linalg.eigvals of the companion matrix",
    np.poly:           "build the coefficients with np.polymul",
    np.polydiv:        "use np.linalg.solve with the convolution matrix of the divisor",
    np.polyfit:        "use np.linalg.lstsq(np.vander(x, deg + 1), y)",
    np.is_busday:      "it takes dates, which carry no gradient",
    np.busday_count:   "it takes dates, which carry no gradient",
    np.busday_offset:  "it takes dates, which carry no gradient",
    np.datetime_as_string: "it takes dates, which carry no gradient",
}
# fmt: on
