"""Jacobians and Hessians times vectors, without the matrices."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import DTypeError, ShapeError
from ..grad_mode import enable_grad, grad_enabled
from ..node import Argument
from ..operands import as_array, operand
from ..tensor import Tensor
from ..tree import leaves, tree_map
from .between import gradients
from .calls import Call, may_lead_out, owners, reaches
from .functions import grad


def vjp(function: Callable[..., Any], *args: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """Compute `function(*args)`, and return it with a function that pulls cotangents back.

    The pullback takes a cotangent g of the value's shape, any number of times, and returns a tuple
    with one gradient per argument: that of Re(sum(g * value)), also for complex values, so that no
    conjugates appear.

    Args:
        function: Returns one array, real or complex.
        *args: Its arguments, arrays or containers of arrays.
        has_aux: `function` returns (output, aux); then the result is (value, pullback, aux).

    Returns:
        The pair (value, pullback).

    Raises:
        ShapeError: From the pullback, for a cotangent of another shape than the value's.
        DTypeError: From the pullback, for a complex cotangent of a real value.

    Example:
        >>> value, pullback = autograd.vjp(np.multiply, 2.0, 3.0)
        >>> pullback(1.0)
        (np.float64(3.0), np.float64(2.0))
    """
    with Call("vjp", function, range(len(args)), args, {}, has_aux) as call:
        output = call.output_tensor("fc", scalar=False)
        call.independent = not reaches(output.node, call.nodes)
        value = call.with_aux(call.value(output))
    around = set(owners([output.node, *call.nodes], call.run)) if call.outer else set()

    def pullback(g: Any) -> tuple[Any, ...]:
        g = _checked(g, output)
        # Calls around this one when the function ran may be over by now.
        is_open = any(owner is None or owner.running for owner in around)
        record = (is_open and grad_enabled()) or may_lead_out(g, call)
        g = g.astype(output.dtype)
        if isinstance(g, Tensor) and not record:
            g = g._array
        found: tuple[Any, ...] = call.collect(
            call.cotangents((output, g), record=record, last=False)
        )
        return found

    return (value[0], pullback, value[1]) if has_aux else (value, pullback)


def _checked(g: Any, output: Tensor) -> Any:
    """Convert a cotangent of `output` to an array or Tensor, or raise an error."""
    g = g if isinstance(g, Tensor) else as_array(operand(g, "vjp", "g"))
    if g.shape != output.shape:
        raise ShapeError(
            f"vjp: the cotangent has shape {g.shape}, the value has shape {output.shape}"
        )
    if g.dtype.kind == "c" and output.dtype.kind != "c":
        raise DTypeError(
            f"vjp: the cotangent has dtype {g.dtype}, the value has dtype {output.dtype}; pass "
            f"real numbers (np.real(g)), or pull back the real and the imaginary part one by "
            f"one"
        )
    return g


def jvp(
    function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]
) -> tuple[Any, Any]:
    """Compute `function(*primals)` and its derivative in the direction `tangents`.

    The pulled-back cotangent is linear in the cotangent g, and its derivative with respect to g
    along the tangents is the answer: forward mode by reversing twice (J. Townsend, "A new trick
    for calculating Jacobian vector products", 2017).

    Args:
        function: Returns one array, real or complex.
        primals: Its arguments.
        tangents: One per primal, with its containers and shapes, and real where it is real.

    Returns:
        The pair (value, derivative). The derivative is complex where the value is; it exists also
        for functions that are not holomorphic.

    Raises:
        ShapeError: The tangents have other containers or shapes than the primals.
        DTypeError: A tangent is complex where its primal is real.

    Example:
        >>> autograd.jvp(np.multiply, (2.0, 3.0), (1.0, 0.0))
        (np.float64(6.0), np.float64(3.0))
    """
    primals, tangents = tuple(primals), tuple(tangents)
    pairs = _matched("jvp", primals, tangents)
    with Call("jvp", function, range(len(primals)), primals, {}) as call:
        for (_, v), node in zip(pairs, call.nodes, strict=True):
            if np.iscomplexobj(v) and node.dtype.kind != "c":
                raise DTypeError(
                    f"jvp: a tangent has dtype {np.asarray(v).dtype}, its primal {node.dtype}; "
                    f"pass a real tangent, or a complex primal"
                )
        output = call.output_tensor("fc", scalar=False)
        g = Tensor._of(np.zeros_like(output._array), Argument(output.shape, output.dtype, call.run))
        record = call.outer or may_lead_out(tangents, call)
        pulled = call.cotangents((output, g), record=True)
        with enable_grad():
            terms = [np.real(np.sum(a * v)) for a, (_, v) in zip(pulled, pairs, strict=True)]
            slope = functools.reduce(np.add, terms)
        if isinstance(slope, Tensor) and slope.node is not None:
            seed = Tensor(1.0, dtype=slope.dtype) if record else None
            derivative = gradients(slope, g, seed, create_graph=record)
        else:
            derivative = np.zeros_like(output._array)
        return call.value(output), call.plain(derivative)


def hvp(function: Callable[..., Any], argnum: int | str = 0) -> Callable[..., Any]:
    """Return a function that multiplies the Hessian of a real scalar function by a vector.

    It costs a few times as much as `grad` and never makes the Hessian: that is symmetric, so the
    vector is pulled back through the gradient.

    Args:
        function: Returns a real scalar.
        argnum: The argument to differentiate with respect to, as in `grad`.

    Returns:
        A function that takes the arguments of `function` and then, as the last positional argument,
        the vector. Vector and result have the containers and shapes of argument `argnum`.

    Raises:
        TypeError: The vector is missing.
        ShapeError: The vector has other containers or shapes than the argument.
        DTypeError: The argument or the vector is complex, or `grad` refuses a dtype.

    Example:
        >>> autograd.hvp(lambda x: np.sum(x**3))(np.array([1.0, 2.0]), np.array([1.0, 0.0]))
        array([6., 0.])
    """
    gradient = grad(function, argnum)

    @functools.wraps(function)
    def compute(*args: Any, **kwargs: Any) -> Any:
        if len(args) < (1 if isinstance(argnum, str) else max(argnum, 0) + 2):
            raise TypeError(
                f"hvp: got {len(args)} positional arguments; pass those of the function and then, "
                f"as the last, the vector"
            )
        *args_, vector = args
        with Call("hvp", gradient, argnum, tuple(args_), kwargs) as call:
            pairs = [
                (slope, v if isinstance(v, Tensor) else Tensor(v))
                for slope, v in _matched("hvp", call.output, vector)
            ]
            if complex_ones := [x.dtype for pair in pairs for x in pair if x.dtype.kind == "c"]:
                raise DTypeError(
                    f"hvp: the argument and the vector must be real, got dtype {complex_ones[0]}"
                )
            call.outer = call.outer or may_lead_out(vector, call)
            cotangents = [(slope, v.astype(slope.dtype)) for slope, v in pairs]
            if not call.outer:
                cotangents = [(slope, v._array) for slope, v in cotangents]
            return call.collect(call.cotangents(*cotangents))

    return compute


def _matched(transform: str, tree: Any, vector: Any) -> list[tuple[Any, Any]]:
    """Pair each leaf of `tree` with that of a vector of the same containers and shapes."""
    pairs = list(zip(leaves(tree), leaves(vector), strict=False))
    if [p for p, _ in leaves(tree)] != [p for p, _ in leaves(vector)] or any(
        np.shape(a) != np.shape(b) for (_, a), (_, b) in pairs
    ):
        raise ShapeError(
            f"{transform}: the vector must have the containers and shapes of the argument, "
            f"{tree_map(np.shape, tree)}; got {tree_map(np.shape, vector)}"
        )
    return [(a, b) for (_, a), (_, b) in pairs]
