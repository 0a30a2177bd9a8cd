"""The tables of gradients, one file per kind of function.

They are written in NumPy and know nothing of Tensors: `op` and `broadcasting` are all that they
need. Importing this package fills the registry.
"""

from . import (
    activations,
    assembly,
    complex_numbers,
    constants,
    convolution,
    cumulative,
    decompositions,
    elementwise,
    embedding,
    fft,
    indexing,
    linalg,
    neural,
    normalization,
    norms,
    polynomials,
    pooling,
    products,
    reductions,
    refused,
    selection,
    shapes,
    special,
    statistics,
)

__all__ = [
    "activations",
    "assembly",
    "complex_numbers",
    "constants",
    "convolution",
    "cumulative",
    "decompositions",
    "elementwise",
    "embedding",
    "fft",
    "indexing",
    "linalg",
    "neural",
    "normalization",
    "norms",
    "polynomials",
    "pooling",
    "products",
    "reductions",
    "refused",
    "selection",
    "shapes",
    "special",
    "statistics",
]
