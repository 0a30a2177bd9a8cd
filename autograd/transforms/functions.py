"""Gradients, Jacobians and Hessians of functions."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .calls import Argnum, Call


def grad(
    function: Callable[..., Any], argnum: Argnum = 0, *, has_aux: bool = False
) -> Callable[..., Any]:
    """Return a function that computes the gradient of the real scalar `function`.

    It takes the arguments of `function`, which may be containers of arrays. `function` gets copies,
    so that it may change them in place.

    The gradient with respect to complex z = x + iy is df/dx - i df/dy, the convention that needs no
    conjugates in rules; steepest descent follows the negative of its conjugate.

    Args:
        function: Returns one real number, in an array of any number of axes.
        argnum: The number of a positional argument, the name of a keyword argument, or a sequence
            of these, for a tuple of gradients.
        has_aux: `function` returns (output, aux), of which only the output is differentiated; then
            the result is (gradient, aux). Tensors in `aux` become arrays, as gradients are.

    Returns:
        A function. Its results have the containers, shapes and dtypes of the arguments.

    Raises:
        DTypeError: Arguments or results are not floating-point numbers.
        ShapeError: `function` does not return a scalar.
        TypeError: There is no argument `argnum`, or a tuple is returned without `has_aux`.

    Warns:
        IndependentOutputWarning: The output depends on none of the arguments named, and is not a
            derivative itself, as in `grad(grad(f))` of a linear f.

    Example:
        >>> autograd.grad(lambda x, y: x * y**2, 1)(2.0, 3.0)
        np.float64(12.0)
    """

    @functools.wraps(function)
    def compute(*args: Any, **kwargs: Any) -> Any:
        with Call("grad", function, argnum, args, kwargs, has_aux) as call:
            output = call.output_tensor("f", scalar=True)
            cotangents = call.cotangents((output, np.ones_like(output._array)))
            return call.with_aux(call.collect(cotangents))

    return compute


def value_and_grad(
    function: Callable[..., Any], argnum: Argnum = 0, *, has_aux: bool = False
) -> Callable[..., Any]:
    """Return a function that computes the pair (value, gradient) of `function`.

    Args:
        function: Returns a real scalar.
        argnum: The arguments to differentiate with respect to, as in `grad`.
        has_aux: `function` returns (output, aux); then the pair is ((value, aux), gradient).

    Raises:
        DTypeError, ShapeError, TypeError: As `grad`.

    Example:
        >>> autograd.value_and_grad(lambda x: x**2)(3.0)
        (np.float64(9.0), np.float64(6.0))
    """

    @functools.wraps(function)
    def compute(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        with Call("value_and_grad", function, argnum, args, kwargs, has_aux) as call:
            output = call.output_tensor("f", scalar=True)
            gradient = call.collect(call.cotangents((output, np.ones_like(output._array))))
            return call.with_aux(call.value(output)), gradient

    return compute


def elementwise_grad(function: Callable[..., Any], argnum: Argnum = 0) -> Callable[..., Any]:
    """Return a function that computes the derivative of the sum of the outputs.

    For a function that works element by element this is f'(x), of the shape of x.

    With respect to a real x, the derivative of complex outputs u + iv is du/dx + i dv/dx; with
    respect to a complex z, it is that of a holomorphic function. For real outputs and complex
    z = x + iy it is df/dx - i df/dy, as with `grad`.

    Args:
        function: Returns one array, real or complex.
        argnum: The arguments to differentiate with respect to, as in `grad`.

    Raises:
        NotDifferentiableError: A complex function of complex arguments is not holomorphic.

    Example:
        >>> autograd.elementwise_grad(np.square)(np.array([1.0, 2.0, 3.0]))
        array([2., 4., 6.])
    """

    @functools.wraps(function)
    def compute(*args: Any, **kwargs: Any) -> Any:
        with Call("elementwise_grad", function, argnum, args, kwargs) as call:
            output = call.output_tensor("fc", scalar=False)
            return call.collect(call.derivatives(output, np.ones_like(output._array)))

    return compute


def jacobian(
    function: Callable[..., Any], argnum: Argnum = 0, *, has_aux: bool = False
) -> Callable[..., Any]:
    """Return a function that computes all first derivatives of a function of arrays.

    It runs one backward pass for each element of the output, and two where that is complex.

    With respect to a real x, the derivative of a complex output u + iv is du/dx + i dv/dx. With
    respect to a complex z = x + iy, that of a real output f is df/dx - i df/dy, and that of a
    complex output exists only where the function is holomorphic.

    Args:
        function: Returns one array, real or complex.
        argnum: The arguments to differentiate with respect to, as in `grad`.
        has_aux: `function` returns (output, aux); then the result is (jacobian, aux).

    Returns:
        A function. Its results have the shape `output.shape + input.shape`.

    Raises:
        NotDifferentiableError: A complex function of complex arguments is not holomorphic, such as
            `np.conj`. The message says what to differentiate instead.

    Example:
        >>> autograd.jacobian(np.cumsum)(np.array([1.0, 2.0]))
        array([[1., 0.],
               [1., 1.]])
    """
    return _jacobian("jacobian", function, argnum, has_aux)


def _jacobian(
    transform: str, function: Callable[..., Any], argnum: Argnum, has_aux: bool
) -> Callable[..., Any]:
    @functools.wraps(function)
    def compute(*args: Any, **kwargs: Any) -> Any:
        with Call(transform, function, argnum, args, kwargs, has_aux) as call:
            output = call.output_tensor("fc", scalar=False)
            rows = []
            for i in range(output.size):
                g = np.zeros(output.shape, output.dtype)
                g.flat[i] = 1
                rows.append(call.derivatives(output, g, last=i == output.size - 1))
            if not rows:
                return call.with_aux(
                    call.collect(
                        np.zeros(output.shape + n.shape, np.result_type(n.dtype, output.dtype))
                        for n in call.nodes
                    )
                )
            columns = zip(*rows, strict=True)
            return call.with_aux(
                call.collect(np.reshape(np.stack(c), output.shape + c[0].shape) for c in columns)
            )

    return compute


def hessian(
    function: Callable[..., Any], argnum: int | str = 0, *, has_aux: bool = False
) -> Callable[..., Any]:
    """Return a function that computes all second derivatives of a real scalar function.

    It is the Jacobian of the gradient, of shape `x.shape + x.shape`. With respect to complex
    arguments z = x + iy the gradient is seldom holomorphic; take x and y as real arguments.

    Args:
        function: Returns a real scalar.
        argnum: The argument to differentiate with respect to, as in `grad`.
        has_aux: `function` returns (output, aux); then the result is (hessian, aux).

    Raises:
        NotDifferentiableError: The gradient with respect to complex arguments is not holomorphic.

    Example:
        >>> autograd.hessian(lambda x: x[0] ** 2 * x[1])(np.array([1.0, 2.0]))
        array([[4., 2.],
               [2., 0.]])
    """
    return _jacobian("hessian", grad(function, argnum, has_aux=has_aux), argnum, has_aux)
