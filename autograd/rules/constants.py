"""NumPy functions whose results carry no gradient: on Tensors they return plain arrays.

Those of `NEW` make arrays to be filled; of floats, these are constant Tensors. After
`c = np.zeros_like(t)`, or `np.zeros(n, like=t)`, an assignment `c[i] = t[j] ** 2` is recorded.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..registry import CONSTANT

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
