"""What the rules' errors say: the function, what was wrong with which values, and a remedy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

import autograd
from autograd import DTypeError, NotDifferentiableError, ShapeError, Tensor

la = np.linalg


def t(*shape: int) -> Tensor:
    """1, 2, 3, ... in a shape."""
    return Tensor(np.arange(1.0, np.prod(shape) + 1).reshape(shape), requires_grad=True)


def zeros(*shape: int) -> Tensor:
    return Tensor(np.zeros(shape), requires_grad=True)


def mutable(*shape: int) -> Tensor:
    return t(*shape) * 1


# fmt: off
MESSAGES: list[tuple[Callable[[], Any], type[Exception], str]] = [
    # -- decompositions
    (lambda: la.tensorinv(t(2, 2), 0), ShapeError,
     "tensorinv: ind must be positive, got 0; it says how many axes of a are rows"),
    (lambda: la.tensorinv(t(2, 3), 1), ShapeError,
     "tensorinv: the first 1 axes (2,) and the others (3,) must have as many elements; choose "
     "another ind, or reshape a"),
    (lambda: la.tensorsolve(t(2, 3), t(2)), ShapeError,
     "tensorsolve: the axes of a (2, 3) must be those of b (2,), and then others with as many "
     "elements; move axes of a to its end with axes="),
    (lambda: la.qr(t(3, 2), mode="raw"), NotDifferentiableError,
     "qr: mode='raw' has no gradient; use 'reduced', 'complete' or 'r'"),
    (lambda: la.qr(t(3, 2), mode="complete"), NotDifferentiableError,
     "qr: the last 1 columns of the complete Q of a matrix of 3 by 2 are not determined and have "
     "no gradient; use mode='reduced'"),
    (lambda: np.sum(la.svd(t(3, 2)).U).backward(), NotDifferentiableError,
     "svd: the last 1 singular vectors of a matrix of 3 by 2 are not determined and have no "
     "gradient; use full_matrices=False"),
    (lambda: la.norm(t(3, 2), "fro", axis=0), ValueError,
     "norm: ord='fro' is a norm of matrices, but axis=(0,) gives vectors; use a number for ord, or "
     "name two axes"),
    (lambda: la.norm(t(3, 2), 5), ValueError,
     "norm: ord=5 is not a norm of matrices (those are None, 1, -1, inf, -inf, 2, -2, 'nuc', "
     "'fro', 'f')"),
    (lambda: la.norm(t(3, 2, 2), 2), ShapeError,
     "norm: ord=2 needs one axis (vectors) or two (matrices); got axis=None for an array of shape "
     "(3, 2, 2)"),
    # -- products
    (lambda: la.outer(t(2, 2), t(2)), ShapeError,
     "linalg.outer: takes two vectors, got shapes (2, 2) and (2,); np.outer flattens its inputs"),
    (lambda: la.cross(t(2), t(2)), ShapeError,
     "linalg.cross: both inputs need 3 elements along axis -1, got shapes (2,) and (2,); np.cross "
     "takes vectors of a plane, too"),
    (lambda: np.einsum(t(2, 2)), ShapeError,
     "einsum: takes subscripts and an operand for each of their terms, got one argument of type "
     "Tensor; write np.einsum('ij->ji', x)"),
    (lambda: la.multi_dot([t(2, 2), t(2), t(2, 2)]), ShapeError,
     "multi_dot: takes two or more matrices (the first and the last may be vectors); got "
     "shapes [(2, 2), (2,), (2, 2)]"),
    (lambda: la.matrix_power(t(2, 3), 2), ShapeError,
     "matrix_power: a must be square matrices, of shape (..., n, n); got shape (2, 3)"),
    # -- Fourier transforms
    (lambda: np.fft.fftn(t(2, 2), s=(2,), axes=(0, 1)), ValueError,
     "fft: s=[2] and axes=[0, 1] differ in length; give one length for each axis"),
    # -- assembly
    (lambda: np.block([[t(2)], t(2)]), ValueError,
     "block: got lists nested [0, 1] deep side by side; nest all evenly, as in [[a, b], [c]]"),
    (lambda: np.block([[t(2)], []]), ValueError,
     "block: got an empty list; nest all evenly, as in [[a, b], [c]]"),
    (lambda: np.meshgrid(t(2), indexing="yx"), ValueError,
     "meshgrid: indexing must be 'xy' or 'ij', got 'yx'"),
    (lambda: np.pad(t(2), 1, mode="empty"), NotDifferentiableError,
     "pad: mode='empty' has no gradient; use mode='constant' and write into the result, or "
     "np.concatenate"),
    (lambda: np.rollaxis(t(2, 2), 0, 3), ShapeError,
     "rollaxis: start=3 is out of range for 2 dimensions; use -2 to 2"),
    (lambda: np.matrix_transpose(t(2)), ShapeError,
     "matrix_transpose: x must have two axes or more, got shape (2,); reshape it first"),
    (lambda: np.vsplit(t(2), 2), ShapeError,
     "vsplit: ary must have 2 or more axes, got shape (2,); use np.split"),
    (lambda: np.dsplit(t(2, 2), 2), ShapeError,
     "dsplit: ary must have 3 or more axes, got shape (2, 2); use np.split"),
    (lambda: np.hsplit(zeros(), 2), ShapeError,
     "hsplit: ary must have 1 or more axes, got shape (); use np.split"),
    (lambda: np.vander(t(2, 2)), ShapeError,
     "vander: x must have one axis, got shape (2, 2); ravel it first"),
    # -- selection
    (lambda: np.take(t(2), 5, mode="bounce"), ValueError,
     "take: mode must be 'raise', 'wrap' or 'clip', got 'bounce'"),
    (lambda: np.put(mutable(2), 5, 1.0, mode="bounce"), ValueError,
     "put: mode must be 'raise', 'wrap' or 'clip', got 'bounce'"),
    (lambda: np.choose([0], [t(1)], mode="bounce"), ValueError,
     "choose: mode must be 'raise', 'wrap' or 'clip', got 'bounce'"),
    (lambda: np.take_along_axis(t(2, 2), np.array([0]), 1), ShapeError,
     "take_along_axis: indices (shape (1,)) need as many axes as the array (shape (2, 2)); use "
     "np.expand_dims"),
    (lambda: np.put_along_axis(mutable(2, 2), np.array([0]), t(1), 1), ShapeError,
     "put_along_axis: indices (shape (1,)) need as many axes as the array (shape (2, 2)); use "
     "np.expand_dims"),
    (lambda: np.choose([0, 2], [t(2), t(2)]), ValueError,
     "choose: a must lie in 0..1 for 2 choices; got 0 to 2; mode='wrap' and mode='clip' take any"),
    (lambda: np.sort(t(2), order="x"), NotDifferentiableError,
     "sort: no gradient rule honours order='x' (what is honoured: axis, kind, stable); leave it "
     "out and write that step as an operation of its own, or, in a rule of yours, name it among "
     "the parameters"),
    (lambda: np.partition(t(2), 1, order="x"), NotDifferentiableError,
     "partition: no gradient rule honours order='x' (what is honoured: axis, kind); leave it out "
     "and write that step as an operation of its own, or, in a rule of yours, name it among the "
     "parameters"),
    (lambda: np.interp(t(2), [0.0, 1.0], [0.0]), ShapeError,
     "interp: xp and fp must be of one shape (n,), n > 0; got (2,) and (1,)"),
    (lambda: np.interp(t(2), [0.0, 1.0], [0.0, 1.0], period=0), ValueError,
     "interp: period must not be 0; leave it out where nothing repeats"),
    (lambda: np.place(mutable(2), [True, True], []), ValueError,
     "place: vals is empty, but mask selects 2 elements; pass one or more"),
    (lambda: np.copyto(mutable(2).astype(np.float32), t(2), casting="safe"), TypeError,
     "copyto: float64 cannot become float32 under casting='safe'; convert src first, with astype"),
    # -- running sums and differences
    (lambda: np.diff(t(2), -1), ValueError,
     "diff: n must not be negative, got -1; np.cumsum undoes diff"),
    (lambda: np.gradient(t(2, 2, 2), 1.0, 2.0), TypeError,
     "gradient: 2 spacings for 3 axes; give one for all of them, or one for each"),
    (lambda: np.gradient(t(3), edge_order=3), ValueError,
     "gradient: edge_order must be 1 or 2, got 3"),
    (lambda: np.gradient(t(2, 2), [0.0, 1.0]), ShapeError,
     "gradient: coordinates of shape (2,) for 2 axes; give them for each axis"),
    (lambda: np.gradient(t(2), edge_order=2), ShapeError,
     "gradient: edge_order=2 needs 3 points or more along axis 0; the shape of f is (2,)"),
    (lambda: np.gradient(t(3), [0.0, 1.0]), ShapeError,
     "gradient: coordinates along axis 0 must have shape (3,), got (2,)"),
    # -- statistics
    (lambda: np.average(t(2), weights=[1.0, -1.0]), ZeroDivisionError,
     "average: weights of shape (2,) sum to 0 along axis=None, so they cannot be normalised; use "
     "np.sum(a * weights)"),
    (lambda: np.average(t(2, 3), weights=[1.0, 2.0]), ShapeError,
     "average: weights of shape (2,) match neither the array, of shape (2, 3), nor its axis=None; "
     "name the axis that they are for"),
    (lambda: np.cov(t(2, 2, 2)), ShapeError,
     "cov: observations must have one or two axes, got shape (2, 2, 2); reshape them"),
    (lambda: np.cov(t(2, 3), aweights=[1.0, -1.0, 1.0]), ShapeError,
     "cov: weights must be of shape (3,), one per observation, and none negative; got shape (3,), "
     "from -1.0"),
    (lambda: np.cov(t(2, 3), fweights=[1.0, 0.5, 1.0]), TypeError,
     "cov: fweights must be whole numbers, for they count; for others use aweights"),
    (lambda: np.quantile(t(2), 0.5, weights=t(2), method="inverted_cdf"), NotDifferentiableError,
     "quantile: weights= has no gradient, for what is picked jumps with them; pass weights.data"),
    # -- windows, pieces and open meshes
    (lambda: sliding_window_view(t(5), 2, writeable=True), NotDifferentiableError,
     "sliding_window_view: writeable=True would change elements of several windows at once; leave "
     "it out, and write into the array itself"),
    (lambda: sliding_window_view(t(5, 2), 2), ShapeError,
     "sliding_window_view: window_shape=2 has 1 lengths for 2 axes of shape (5, 2); give one for "
     "each, or name the axes"),
    (lambda: np.piecewise(t(2), [[True, False]], [1.0, 2.0, 3.0]), ValueError,
     "piecewise: funclist has 3 entries for 1 conditions; give one for each, and one more for all "
     "other elements if there are any"),
    (lambda: np.apply_over_axes(lambda a, axis: a.sum(), t(2, 2), 0), ShapeError,
     "apply_over_axes: func made shape () of (2, 2); it must reduce the axis that it is given, and "
     "no other"),
    (lambda: np.ix_(t(2, 2)), ShapeError, "ix_: takes vectors, got shape (2, 2); ravel it first"),
    # -- joining
    (lambda: np.concatenate(x for x in [t(2)]), TypeError,
     "concatenate: arrays must be a list or a tuple, got a generator; write "
     "np.concatenate(list(...))"),
    (lambda: np.concatenate([t(2)], dtype=int), TypeError,
     "concatenate: float64 cannot become int64 under casting='same_kind'; convert the arrays "
     "first, with astype"),
    (lambda: np.stack([t(2)], dtype="f4", casting="safe"), TypeError,
     "stack: float64 cannot become float32 under casting='safe'; convert the arrays first, with "
     "astype"),
    # -- more functions
    (lambda: np.linspace(t(), 4.0, 3, dtype=int), NotDifferentiableError,
     "linspace: dtype=<class 'int'> rounds to integers, which carry no gradient; leave it out"),
    # -- polynomials
    (lambda: np.polyder(t(2), -1), ValueError,
     "polyder: m must not be negative, got -1; np.polyint integrates"),
    (lambda: np.polyint(t(2), -1), ValueError,
     "polyint: m must not be negative, got -1; np.polyder differentiates"),
    (lambda: np.polyint(t(2), 3, k=[1.0, 2.0]), ShapeError,
     "polyint: k must hold one constant for all integrations, or m (=3); got 2"),
    # -- normalisation
    (lambda: autograd.batch_norm(t(3), None, None), ShapeError,
     "batch_norm takes an input of shape (N, C, ...), a batch of channels; got shape (3,)"),
    (lambda: autograd.batch_norm(zeros(0, 3), None, None), ShapeError,
     "batch_norm got an input without elements (shape (0, 3)); it has no mean"),
]
if hasattr(np, "cumulative_sum"):  # since NumPy 2.1
    MESSAGES += [
        (lambda: np.cumulative_sum(t(2, 2)), ShapeError,
         "cumulative_sum: x of shape (2, 2) needs axis=, from 0 to 1; or ravel it"),
        (lambda: np.cumulative_prod(t(2, 2)), ShapeError,
         "cumulative_prod: x of shape (2, 2) needs axis=, from 0 to 1; or ravel it"),
    ]
# fmt: on


@pytest.mark.parametrize(
    ("call", "error", "message"), MESSAGES, ids=[f"{m.split(':')[0]}{i}" for i, (*_, m) in
                                                 enumerate(MESSAGES)]
)  # fmt: skip
def test_error_says(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as raised:
        call()
    assert str(raised.value) == message
    assert type(raised.value) is error


def test_out_is_refused_by_name() -> None:
    for function in (np.ptp, np.nansum, np.median, np.trace, np.nancumsum):
        with pytest.raises(NotDifferentiableError) as raised:
            function(t(2, 2), out=np.empty(()))
        assert str(raised.value) == (
            f"{function.__name__}: out= (an array of shape ()) has no graph to record the result "
            f"in; leave it out and use what {function.__name__} returns"
        )


@pytest.mark.parametrize("function", [autograd.softmax, autograd.log_softmax])
def test_softmax_of_integers_raises(function: Callable[..., Any]) -> None:
    with pytest.raises(DTypeError, match="softmax got an input of dtype int64; convert it to floa"):
        function(np.arange(3))
