"""Causes of a zero gradient that starts at one node, read from what the node has saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..typing import Array
from .backward_pass import Visit, is_rounding
from .words import arrays_in, count, is_zero, name_of, norm, spread

_FLAT = {"sign", "floor", "ceil", "trunc", "rint", "round", "fix", "floor_divide", "heaviside"}
_RECTIFIERS = {"relu", "gated"}
_SATURATING = {"sigmoid", "tanh", "softmax", "erf", "silu", "gelu", "gelu_tanh", "softplus", "elu"}
_CHOOSING = {"maximum", "minimum", "fmax", "fmin", "clip"}
_CENTRING = {"batch_norm", "normalize", "layer_norm", "group_norm", "softmax", "std", "var"}

Explanation = tuple[str, str, str]  # kind, reason, remedy


def explain(visit: Visit, i: int) -> Explanation:
    """Explain why input `i` gets nothing of the cotangent of `visit`."""
    parent = visit.parents[i]
    if parent is not None and not parent.size:
        return (
            "empty",
            f"input {i} of {visit.op.name} has no elements (shape {parent.shape})",
            "look at the index or mask that left none",
        )
    gx = _pulled(visit, i, lambda g: _dense(g))
    if gx is None:
        return (
            "no rule",
            f"the rule of {visit.op.name} gives no gradient for input {i}",
            "compute that input without the operation, or write a rule for it (autograd.rule)",
        )
    if is_zero(gx):
        return _blocked(visit, i)
    smallest = float(np.finfo(gx[0].dtype if isinstance(gx, list) else gx.dtype).tiny)
    if norm(gx) * norm(visit.cotangent) < 100 * smallest:
        return (
            "underflow",
            f"the gradient is too small for {visit.node.dtype}: what arrives at {visit.op.name} "
            f"has the norm {norm(visit.cotangent):.2g}",
            "look for what shrinks it: saturated functions, small factors, long products",
        )
    if is_zero(_pulled(visit, i, lambda g: _dense(g) * (g != 0))):
        return _passed_by(visit)
    return cancelled_inside(visit, i)


def _pulled(visit: Visit, i: int, change: Callable[[Any], Any]) -> Any:
    """Compute what input `i` gets if the arrays in the cotangent of `visit` are changed."""
    changed = [np.asarray(change(g)) for g in arrays_in(visit.cotangent)]
    return visit.pull_back(changed if isinstance(visit.cotangent, list) else changed[0])[i]


def _dense(g: Any) -> Any:
    """Replace a cotangent by random numbers, without zeros and structure."""
    generator = np.random.default_rng(0)
    x, y = generator.uniform(0.5, 1.5, (2, *np.shape(g)))
    return (x + 1j * y if g.dtype.kind == "c" else x).astype(g.dtype)


def _blocked(visit: Visit, i: int) -> Explanation:
    """Explain an operation that lets nothing through, whatever arrives."""
    name, (out, *inputs) = visit.op.name, visit.saved
    x = inputs[i] if i < len(inputs) else None
    x = x if isinstance(x, np.ndarray | float | int) else None
    of_x = f" (inputs {spread(x)})" if x is not None else ""
    known = _blocked_by_kind(visit, i, of_x)
    if known is not None:
        return known
    if name == "power" and len(inputs) == 2:
        return _stationary_power(i, *inputs)
    for j, other in enumerate(inputs):
        if j != i and _is_array_of_zeros(other):
            shape = f" of shape {other.shape}" if np.shape(other) else ""
            return (
                "times zero",
                f"{name} multiplies by zero: its input {j}{shape} is all 0",
                "look at where that input comes from: a mask, weights that start at zero, or a "
                "factor that is switched off",
            )
    if _is_array_of_zeros(x) or (out is not None and _is_array_of_zeros(out)):
        return (
            "stationary",
            f"the slope of {name} is 0 where its input is 0, and all of it is",
            "start from another point",
        )
    return (
        "blocked",
        f"the rule of {name} gives 0 for every element of input {i}, whatever the cotangent{of_x}",
        "look at the values that enter there",
    )


def _blocked_by_kind(visit: Visit, i: int, of_x: str) -> Explanation | None:
    """Explain a zero by the kind of operation; None for a kind that is not known."""
    name, out = visit.op.name, visit.saved[0]
    if name in _FLAT:
        return (
            "flat",
            f"{name} is a step function: its gradient is zero everywhere",
            f"leave {name} out of what is differentiated, use a smooth stand-in, or pass the "
            f"gradient straight through: x + ({name}(x.data) - x.data)",
        )
    if name in _RECTIFIERS:
        return (
            "dead",
            f"{name} is dead: {_all(visit.node.size, 'unit')} 0, because no input is positive",
            "start from smaller or other weights and biases, use a smaller learning rate, or "
            "leaky_relu, which lets a part through",
        )
    if name in _SATURATING:
        values = f"outputs {spread(out)}" if isinstance(out, np.ndarray) else f"{of_x[2:-1]}"
        return (
            "saturated",
            f"{name} is saturated: at {values} its slope is 0 in {visit.node.dtype}",
            f"make the inputs of {name} smaller (scale the data, the weights, or normalise); for a "
            f"loss, pass logits to one that takes them (cross_entropy)",
        )
    if name in _CHOOSING:
        return (
            "not chosen",
            f"{name} took the other value everywhere: input {i} is never what it returns{of_x}",
            f"widen the bounds, or use a smooth function instead of {name}",
        )
    if name == "where":
        return (
            "masked",
            f"where chose the other branch at all {count(visit.node.size, 'element')}",
            "look at its condition",
        )
    if name == "updated":
        return (
            "overwritten",
            "t[...] = value wrote over all elements"
            if i == 0
            else "t[...] = value wrote to no element: its index is empty",
            "look at the index",
        )
    return None


def _stationary_power(i: int, base: Array, exponent: Array) -> Explanation:
    if i == 0 and _is_array_of_zeros(exponent):
        return (
            "stationary",
            "power has the exponent 0: x**0 is 1 everywhere",
            "look at the exponent",
        )
    at = f"base {_known(base)}, exponent {_known(exponent)}"
    return "stationary", f"power has slope 0 here: {at}", "start from another point"


def _all(n: int, noun: str) -> str:
    return f"all {n:,} {noun}s are" if n > 1 else f"its only {noun} is"


def _known(x: Any) -> str:
    return spread(x) if isinstance(x, np.ndarray | float | int) else "unknown"


def _is_array_of_zeros(x: Any) -> bool:
    return isinstance(x, np.ndarray | np.generic | float | int) and bool(
        np.size(x) and not np.any(x)
    )


def _passed_by(visit: Visit) -> Explanation:
    """Explain a result of which only some elements are used, none of them from the input."""
    arrays = arrays_in(visit.cotangent)
    size = sum(a.size for a in arrays)
    reached = sum(int(np.count_nonzero(a)) for a in arrays)
    users = dict.fromkeys(
        f"{name_of(v.node)} ({v.node.source()})"
        for v, g in visit.received
        if any((a == 0).any() for a in arrays_in(g))
    )
    by = f", after {', '.join(users)}" if users else ""
    name = visit.op.name
    if name in _RECTIFIERS and isinstance(visit.saved[0], np.ndarray):
        dead = np.mean(visit.saved[0] == 0)
        return (
            "dead",
            f"{name} is dead where it counts: {dead:.0%} of its {visit.node.size:,} units are 0, "
            f"among them all {reached:,} that have an influence on the result",
            "start from other weights and biases, use a smaller learning rate, or leaky_relu",
        )
    return (
        "not selected",
        f"of the {count(size, 'element')} of {name} only {reached:,} have an influence on the "
        f"result{by}, and this input changes none of these",
        "look at the indices and masks, and at the part that they take",
    )


def cancelled_inside(visit: Visit, i: int) -> Explanation:
    """Explain elements of a cotangent that add up to nothing."""
    name = visit.op.name
    turned = _pulled(visit, i, lambda g: g * 1j if g.dtype.kind == "c" else g)
    if norm(turned) > 1e3 * norm(dict(visit.sent)[i]):
        return (
            "at right angles",
            f"input {i} of {name} moves the result at right angles to the part that counts, such "
            f"as the imaginary part where the real part is taken, or the phase where abs is",
            "look at which part of a complex number is used afterwards",
        )
    if name in _CENTRING:
        return (
            "cancels",
            f"{name} does not change with what happens here: the same is subtracted from, or "
            f"divided out of, all elements, and the cotangent is even over them",
            "look at what follows: a sum or mean over all outputs of a softmax or a normalisation "
            "is a constant",
        )
    return (
        "cancels",
        f"the elements of the cotangent of {name} add up to zero on the way to input {i}: a mean "
        f"is subtracted afterwards, or a sum is held fixed, so that this input has no influence",
        "leave the input out (a bias before a normalisation does nothing), or look for what is "
        "subtracted afterwards",
    )


def cancels_inside(visit: Visit, i: int, gx: Array) -> bool:
    """Tell whether `gx` is the rounding left over from a sum over elements of the cotangent."""
    # Of the same size but uneven, since some operations remove an even cotangent themselves.
    whole = _pulled(visit, i, lambda g: np.abs(g) * _dense(g))
    return norm(gx) > 0 and is_rounding(norm(gx), norm(whole), gx)
