import numpy as np
import pytest

from autograd import DTypeError, RowGradient, ShapeError, Tensor, grad, gradcheck
from autograd.ops import embedding

TABLE = np.random.default_rng(0).standard_normal((5, 3))


def test_embedding_of_an_array_is_an_array_of_rows():
    np.testing.assert_array_equal(embedding([[1, 4], [1, 0]], TABLE), TABLE[[[1, 4], [1, 0]]])
    assert type(embedding([1], TABLE)) is np.ndarray
    assert embedding(2, TABLE).shape == (3,)
    np.testing.assert_array_equal(embedding(Tensor([1, 2]), TABLE), TABLE[[1, 2]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_embedding_leaves_row_gradient_in_a_leaf(dtype):
    w = Tensor(TABLE, requires_grad=True, dtype=dtype)
    g = np.arange(12.0).reshape(2, 2, 3)
    embedding(np.array([[1, 4], [1, 0]], np.uint8), w).backward(g)
    assert type(w.grad) is RowGradient
    assert w.grad.dtype == dtype
    assert w.grad.shape == (5, 3)
    np.testing.assert_array_equal(w.grad.rows, [1, 4, 1, 0])
    expected = np.zeros((5, 3))
    np.add.at(expected, [1, 4, 1, 0], g.reshape(4, 3))
    np.testing.assert_array_equal(w.grad.dense(), expected)


def test_embedding_of_a_leaf_with_other_uses_adds_up():
    w = Tensor(TABLE, requires_grad=True)
    y = embedding([1, 1], w).sum() + (w * w).sum() + embedding(0, w).sum() + embedding(4, w).sum()
    y.backward()
    rows = np.array([1, 2, 0, 0, 1])[:, None]
    np.testing.assert_allclose(w.grad, 2 * TABLE + rows, rtol=1e-14)


def test_embedding_accumulates_over_backward_passes():
    w = Tensor(TABLE, requires_grad=True)
    for indices in ([1, 1], [0]):
        embedding(indices, w).sum().backward()
    assert type(w.grad) is RowGradient
    np.testing.assert_array_equal(w.grad.dense()[:, 0], [1, 2, 0, 0, 0])
    w.sum().backward()
    assert type(w.grad) is np.ndarray
    held = w.grad
    embedding([3, 3], w).sum().backward()
    assert w.grad is held
    np.testing.assert_array_equal(held[:, 0], [2, 3, 1, 3, 1])


def test_embedding_gradient_is_not_shared():
    w, b = Tensor(TABLE, requires_grad=True), Tensor(np.zeros((2, 3)), requires_grad=True)
    ((embedding([1, 4], w) + b) * 2.0).sum().backward()
    b.grad[...] = 99
    np.testing.assert_array_equal(w.grad.values, np.full((2, 3), 2.0))


def test_embedding_with_padding_gives_that_row_no_gradient():
    w = Tensor(TABLE, requires_grad=True)
    bad = np.array([1.0, np.nan, np.inf, 1.0])[:, None] * np.ones(3)
    for table, leaf in ((w, True), (+w, False)):
        w.grad = None
        embedding([1, 2, 2, 0], table, padding_idx=2).backward(bad)
        assert (type(w.grad) is RowGradient) == leaf
        np.testing.assert_array_equal(np.asarray(w.grad)[:, 0], [1, 1, 0, 0, 0])


def test_embedding_with_padding_is_right_at_second_order():
    def slope(w):  # on a leaf and on a computed table
        first = grad(lambda w: (embedding([1, 2, 0, 0], w, padding_idx=0) ** 3).sum())(w)
        return (first**2).sum()

    counts = np.array([0, 1, 1, 0, 0])[:, None]
    np.testing.assert_allclose(grad(slope)(TABLE), 36 * counts * TABLE**3, rtol=1e-12)
    np.testing.assert_allclose(
        grad(lambda w: slope(w * 1.0))(TABLE), 36 * counts * TABLE**3, rtol=1e-12
    )


def test_embedding_of_a_leaf_is_right_at_second_order():
    indices = np.array([1, 4, 1])
    assert gradcheck(lambda w: embedding(indices, w) ** 3, TABLE)
    second = grad(lambda w: (grad(lambda w: (embedding(indices, w) ** 3).sum())(w) ** 2).sum())
    counts = np.array([0, 2, 0, 0, 1])[:, None]
    np.testing.assert_allclose(second(TABLE), 36 * counts**2 * TABLE**3, rtol=1e-12)


def test_embedding_keeps_no_values_for_its_gradient():
    w = Tensor(TABLE, requires_grad=True)
    saved = embedding([1], w).node.saved
    assert not any(isinstance(x, np.ndarray) for x in saved)


@pytest.mark.parametrize(
    ("weight", "indices", "padding_idx", "error", "words"),
    [
        (TABLE, [1, 5, 7], None, ValueError, r"indices must lie in 0\.\.4 for 5 rows; got 5$"),
        (TABLE, [1, -2], None, ValueError, r"indices must lie in 0\.\.4 for 5 rows; got -2$"),
        (TABLE, [1], 5, ValueError, r"padding_idx \(=5\) must lie in 0\.\.4 for 5 rows"),
        (TABLE, [1], -1, ValueError, r"padding_idx \(=-1\) must lie in 0\.\.4"),
        (TABLE, [1.0], None, DTypeError, r"indices must be integers, .* got dtype float64"),
        (TABLE, [True], None, DTypeError, r"indices must be integers, .* got dtype bool"),
        (np.float64(1), [0], None, ShapeError, "it has no axes"),
    ],
)
def test_embedding_refuses(weight, indices, padding_idx, error, words):
    for table in (weight, Tensor(weight, requires_grad=True)):
        with pytest.raises(error, match=words):
            embedding(indices, table, padding_idx)
