"""The tables of gradients, one file per kind of function.

They are written in NumPy and know nothing of Tensors: `op` and `broadcasting` are all that they
need. Importing this package fills the registry.
"""

from . import (
    assembly,
    complex_numbers,
    constants,
    cumulative,
    decompositions,
    elementwise,
    embedding,
    fft,
    indexing,
    linalg,
    neural,
    polynomials,
    products,
    reductions,
    refused,
    selection,
    shapes,
    special,
    statistics,
)

__all__ = [
    "assembly",
    "complex_numbers",
    "constants",
    "cumulative",
    "decompositions",
    "elementwise",
    "embedding",
    "fft",
    "indexing",
    "linalg",
    "neural",
    "polynomials",
    "products",
    "reductions",
    "refused",
    "selection",
    "shapes",
    "special",
    "statistics",
]
