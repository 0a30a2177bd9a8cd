"""The tables of gradients, one file per kind of function.

They are written in NumPy and know nothing of Tensors: `op` and `broadcasting` are all that they
need. Importing this package fills the registry.
"""

from . import (
    complex_numbers,
    cumulative,
    decompositions,
    einsum,
    elementwise,
    fft,
    indexing,
    linalg,
    networks,
    norms,
    products,
    reductions,
    shapes,
    special,
    ufuncs,
)

__all__ = [
    "complex_numbers",
    "cumulative",
    "decompositions",
    "einsum",
    "elementwise",
    "fft",
    "indexing",
    "linalg",
    "networks",
    "norms",
    "products",
    "reductions",
    "shapes",
    "special",
    "ufuncs",
]
