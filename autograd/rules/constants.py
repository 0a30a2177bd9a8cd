"""NumPy functions whose results carry no gradient: on Tensors they return plain arrays."""

import numpy as np

from ..op import CONSTANT

CONSTANT.update(
    # comparisons and tests
    (np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal),
    (np.isnan, np.isinf, np.isfinite, np.signbit, np.isclose, np.allclose, np.array_equal),
    (np.logical_and, np.logical_or, np.logical_xor, np.logical_not, np.any, np.all),
    # positions and counts
    (np.argmax, np.argmin, np.argsort, np.argwhere, np.nonzero, np.count_nonzero),
    (np.searchsorted, np.shape, np.ndim, np.size),
    # new arrays
    (np.zeros_like, np.ones_like, np.empty_like, np.full_like, np.result_type),
    (np.array2string, np.array_repr, np.array_str),
)
