"""The tables of gradients, one file per kind of function.

They are written in NumPy and know nothing of Tensors: `op` and `broadcasting` are all that they
import. Importing this package fills the registry.
"""

from . import constants, elementwise, indexing, linalg, neural, reductions, shapes

__all__ = ["constants", "elementwise", "indexing", "linalg", "neural", "reductions", "shapes"]
