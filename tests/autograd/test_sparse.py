import copy
import pickle

import numpy as np
import pytest

import autograd
from autograd import RowGradient, ShapeError, Tensor, checkpoint, embedding
from tests.foreign import ForeignArray


def drawn(rows, count, *row_shape, seed=0, dtype=np.float64):
    generator = np.random.default_rng(seed)
    values = generator.standard_normal((len(rows), *row_shape)).astype(dtype)
    g = RowGradient(np.asarray(rows), values, (count, *row_shape))
    expected = np.zeros(g.shape)
    np.add.at(expected, g.rows, g.values)
    return g, expected


def row_numbers(kind):
    generator = np.random.default_rng(1)
    return {
        "none": np.empty(0, int),
        "one": np.array([4]),
        "ascending": np.arange(6),
        "once each": generator.permutation(500),
        "one row": np.full(700, 3),
        "few rows": generator.integers(0, 7, 900),
        "many rows": generator.integers(0, 500, 1500),
        "skewed": np.minimum(generator.zipf(1.3, 2000) - 1, 499),
        "bytes": generator.integers(0, 200, 900).astype(np.uint8),
    }[kind]


@pytest.mark.parametrize("row_shape", [(), (3,), (2, 2)])
@pytest.mark.parametrize(
    "kind",
    [
        "none",
        "one",
        "ascending",
        "once each",
        "one row",
        "few rows",
        "many rows",
        "skewed",
        "bytes",
    ],
)
def test_summed_has_every_row_once_and_ascending(kind, row_shape):
    g, expected = drawn(row_numbers(kind), 500, *row_shape)
    before = g.rows.copy(), g.values.copy()
    s = g.summed()
    np.testing.assert_array_equal(s.rows, np.unique(g.rows))
    np.testing.assert_allclose(s.values, expected[s.rows], rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(g.dense(), expected, rtol=1e-11, atol=1e-11)
    np.testing.assert_array_equal(g.rows, before[0])
    np.testing.assert_array_equal(g.values, before[1])
    assert s.summed() is s


def test_row_gradient_tells_what_it_is():
    g, expected = drawn([1, 1, 0], 5, 2, dtype=np.float32)
    assert (g.shape, g.ndim, g.size, g.dtype) == ((5, 2), 2, 10, np.float32)
    assert repr(g) == "RowGradient(3 rows of shape (5, 2), float32)"
    assert g.dense().dtype == g.summed().dtype == np.float32
    np.testing.assert_allclose(np.asarray(g), expected, rtol=1e-6)
    assert np.asarray(g, np.float64).dtype == np.float64
    assert g.astype(np.float64).values.dtype == np.float64
    with pytest.raises(ValueError, match="always a copy"):
        np.array(g, copy=False)


def test_copies_have_arrays_of_their_own():
    g, expected = drawn([1, 1, 0], 5, 2)
    for other in (g.copy(), copy.deepcopy(g), pickle.loads(pickle.dumps(g))):
        assert not np.shares_memory(other.values, g.values)
        assert not np.shares_memory(other.rows, g.rows)
        np.testing.assert_allclose(other.dense(), expected)


def test_adding_two_appends_the_rows():
    (g, a), (h, b) = drawn([1, 1, 0], 5, 2), drawn([4, 1], 5, 2, seed=1)
    total = g + h
    assert type(total) is RowGradient
    np.testing.assert_array_equal(total.rows, [1, 1, 0, 4, 1])
    np.testing.assert_allclose(total.dense(), a + b)
    np.testing.assert_allclose(g.dense(), a)


def test_adding_an_array_gives_an_array():
    g, expected = drawn([1, 1, 0], 5, 2)
    array = np.ones((5, 2))
    for total in (g + array, array + g, np.add(array, g)):
        assert type(total) is np.ndarray
        np.testing.assert_allclose(total, 1 + expected)
    np.testing.assert_array_equal(array, 1)
    held = array
    held += g
    assert held is array
    np.testing.assert_allclose(array, 1 + expected)


def test_scaling_by_a_number_keeps_the_dtype():
    g, expected = drawn([1, 1, 0], 5, 2, dtype=np.float32)
    for scaled in (g * 2, 2 * g, np.float64(2) * g, g * np.float64(2), g * np.array(2.0)):
        assert type(scaled) is RowGradient
        assert scaled.dtype == np.float32
        np.testing.assert_allclose(scaled.dense(), 2 * expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("compute", "words"),
    [
        (lambda g: np.sqrt(g), r"np\.sqrt is not defined .* shape \(5, 2\).* use g\.dense\(\)"),
        (lambda g: np.ones((5, 2)) * g, r"only a number scales it; use g\.dense\(\) \* array"),
        (lambda g: np.add.reduce(g), r"np\.add is not defined"),
        (lambda g: np.add(g, g, out=np.empty((5, 2))), r"np\.add is not defined"),
    ],
)
def test_other_arithmetic_raises(compute, words):
    with pytest.raises(TypeError, match=words):
        compute(drawn([1, 1, 0], 5, 2)[0])


def test_adding_another_shape_raises():
    g = drawn([1], 5, 2)[0]
    for add in (lambda: g + np.ones(2), lambda: np.ones(2) + g, lambda: g + drawn([1], 4, 2)[0]):
        with pytest.raises(ShapeError, match=r"shapes \(5, 2\) and \(.*\) differ"):
            add()
    array = np.ones((1, 5, 2))
    with pytest.raises(TypeError, match="not defined"):
        array += g


# -- in the engine ------------------------------------------------------------------------------


def test_grad_can_be_set_to_one_of_its_shape():
    w = Tensor(np.ones((5, 2)), requires_grad=True, dtype=np.float32)
    g, expected = drawn([1, 1, 0], 5, 2)
    w.grad = g
    assert type(w.grad) is RowGradient
    assert w.grad.dtype == np.float32
    np.testing.assert_allclose(w.grad.dense(), expected, rtol=1e-6)
    assert type(copy.deepcopy(w).grad) is RowGradient
    with pytest.raises(ShapeError, match=r"got shape \(4, 2\) for a tensor of shape \(5, 2\)"):
        w.grad = drawn([1], 4, 2)[0]


def test_transforms_return_ordinary_arrays():
    table = np.random.default_rng(0).standard_normal((5, 2))

    def loss(w):
        return (embedding(w, [1, 1, 0]) ** 2).sum()

    expected = 2 * table * np.array([1, 2, 0, 0, 0])[:, None]
    w = Tensor(table, requires_grad=True)
    found = [
        autograd.grad(loss)(table),
        autograd.value_and_grad(loss)(table)[1],
        autograd.elementwise_grad(lambda w: embedding(w, [1, 1, 0]) ** 2)(table),
        autograd.gradients(loss(w), w),
        autograd.vjp(loss, table)[1](1.0)[0],
        autograd.jacobian(loss)(table),
    ]
    for g in found:
        assert type(g) is np.ndarray
        np.testing.assert_allclose(g, expected, rtol=1e-13)
    v = np.ones_like(table)
    np.testing.assert_allclose(autograd.hvp(loss)(table, v), expected / table, rtol=1e-13)
    np.testing.assert_allclose(autograd.jvp(loss, (table,), (v,))[1], expected.sum(), rtol=1e-13)


def test_checkpoint_of_an_embedding():
    w = Tensor(np.ones((5, 2)), requires_grad=True)
    checkpoint(lambda w: embedding(w, [1, 1, 0]).sum())(+w).backward()
    np.testing.assert_array_equal(w.grad[:, 0], [1, 2, 0, 0, 0])
    around = Tensor(np.ones((5, 2)), requires_grad=True)
    x = Tensor(np.ones((3, 2)), requires_grad=True)
    checkpoint(lambda x: (x * embedding(around, [1, 1, 0])).sum())(x).backward()
    np.testing.assert_array_equal(np.asarray(around.grad)[:, 0], [1, 2, 0, 0, 0])


def test_rows_of_a_foreign_array_stay_with_their_library():
    values = np.random.default_rng(0).standard_normal((300, 2))
    rows = np.random.default_rng(0).integers(0, 140, 300)
    g = RowGradient(rows, ForeignArray(values), (200, 2)) * 2.0
    expected = np.zeros((200, 2))
    np.add.at(expected, rows, 2 * values)
    assert type(g.dense()) is ForeignArray
    np.testing.assert_allclose(g.dense().get(), expected, rtol=1e-12, atol=1e-12)
