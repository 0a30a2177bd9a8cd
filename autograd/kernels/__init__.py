"""Forward code that is more than a call of NumPy's, and the numerics that its gradients need.

Kernels work on arrays, and know nothing of graphs or rules; `rules/networks.py` makes operations of
them, and `ops.py` is where people find these.
"""
