import numpy as np
import pytest

import nn
from autograd import RowGradient
from nn.optim import clip_grad_norm_, clip_grad_value_


def with_gradient(g, dtype=np.float32):
    p = nn.Parameter(np.zeros(np.shape(g)), dtype=dtype)
    p.grad = np.array(g, dtype)
    return p


def test_clip_grad_norm_scales_in_place_and_returns_the_norm():
    p, q, none = with_gradient([3.0]), with_gradient([[0.0, 4.0]]), nn.Parameter([1.0])
    held = p.grad
    assert clip_grad_norm_((x for x in (p, q, none)), 1.0) == pytest.approx(5)
    assert p.grad is held
    np.testing.assert_allclose(p.grad, [0.6], rtol=1e-6)
    np.testing.assert_allclose(q.grad, [[0, 0.8]], rtol=1e-6)
    assert clip_grad_norm_(p, 1.0) == pytest.approx(0.6)
    np.testing.assert_allclose(p.grad, [0.6], rtol=1e-6)


def test_clip_grad_norm_of_a_row_gradient_adds_repeated_rows_first():
    p = nn.Parameter(np.zeros((3, 1)))
    p.grad = RowGradient(np.array([2, 2]), np.array([[3.0], [1.0]], np.float32), (3, 1))
    assert clip_grad_norm_(p, 2.0) == pytest.approx(4)
    np.testing.assert_allclose(p.grad.dense(), [[0], [0], [2]], rtol=1e-6)


@pytest.mark.parametrize("size", [1e30, 1e-30])
def test_clip_grad_norm_where_squares_leave_float32(size):
    p = with_gradient(np.full(4, size))
    assert clip_grad_norm_(p, 1.0) == pytest.approx(2 * size, rel=1e-6)
    np.testing.assert_allclose(p.grad, 0.5 if size > 1 else size, rtol=1e-6)


@pytest.mark.parametrize("norm_type", [2.0, float("inf")])
def test_clip_grad_norm_of_nothing_is_zero(norm_type):
    assert clip_grad_norm_([nn.Parameter([1.0])], 1.0, norm_type) == 0
    assert clip_grad_norm_([with_gradient(np.zeros((0, 2)))], 1.0, norm_type) == 0


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_clip_grad_norm_that_is_not_finite_raises_and_changes_nothing(bad):
    p, q = with_gradient([1.0, bad]), with_gradient([5.0])
    with pytest.raises(ValueError, match=rf"the norm of the gradients is {bad}, and they are unch"):
        clip_grad_norm_([p, q], 1.0)
    np.testing.assert_array_equal(p.grad, [1, bad])
    assert q.grad == 5
    with np.errstate(invalid="ignore"):  # as PyTorch does it
        clip_grad_norm_([p, q], 1.0, error_if_nonfinite=False)
    assert np.isnan(p.grad[1])
    assert q.grad != 5


def test_clip_grad_value_clips_in_place():
    p = with_gradient([-3.0, 0.5, np.inf])
    held = p.grad
    clip_grad_value_([p, nn.Parameter([1.0])], 1)
    assert p.grad is held
    np.testing.assert_array_equal(held, [-1, 0.5, 1])


def test_wrong_limits_raise():
    p = with_gradient([1.0])
    for call, words in (
        (lambda: clip_grad_norm_(p, -1), r"clip_grad_norm_: max_norm \(=-1\) must not be neg"),
        (lambda: clip_grad_norm_(p, float("nan")), r"max_norm \(=nan\)"),
        (lambda: clip_grad_norm_(p, 1, 0), r"clip_grad_norm_: norm_type \(=0\) must be positive"),
        (lambda: clip_grad_value_(p, -1), r"clip_grad_value_: clip_value \(=-1\) must not be"),
    ):
        with pytest.raises(ValueError, match=words):
            call()


@pytest.mark.parametrize("function", [clip_grad_norm_, clip_grad_value_])
def test_clipping_of_nothing_raises(function):
    # An iterator that an optimiser has used up would leave all gradients as they are.
    model = nn.Linear(2, 1)
    parameters = model.parameters()
    nn.optim.SGD(parameters)
    with pytest.raises(ValueError, match=rf"{function.__name__}: got no parameters; an iterator"):
        function(parameters, 1.0)
    with pytest.raises(TypeError, match=rf"{function.__name__}: got a module; pass model.param"):
        function(model, 1.0)
