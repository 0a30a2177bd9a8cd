"""The tables of gradients, one file per kind of function.

They are written in NumPy and know nothing of Tensors: `op` and `broadcasting` are all that they
need. Importing this package fills the registry.
"""

from . import (
    activations,
    complex_numbers,
    convolution,
    cumulative,
    decompositions,
    einsum,
    elementwise,
    embedding,
    fft,
    indexing,
    linalg,
    neural,
    normalization,
    norms,
    pooling,
    products,
    reductions,
    shapes,
    special,
    ufuncs,
)

__all__ = [
    "activations",
    "complex_numbers",
    "convolution",
    "cumulative",
    "decompositions",
    "einsum",
    "elementwise",
    "embedding",
    "fft",
    "indexing",
    "linalg",
    "neural",
    "normalization",
    "norms",
    "pooling",
    "products",
    "reductions",
    "shapes",
    "special",
    "ufuncs",
]
