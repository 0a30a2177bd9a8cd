import copy
import itertools
import operator
import pickle
import warnings

import numpy as np
import pytest

import autograd
from autograd import RowGradient, ShapeError, Tensor, checkpoint
from autograd.ops import embedding
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


# -- as the array that it stands for --------------------------------------------------------------

#: Repeated and unsorted rows, few rows, none, one axis, three axes.
GRADIENTS = {
    "repeated": ([4, 1, 1, 0, 4, 4], 6, 3),
    "ascending": ([1, 4], 6, 3),
    "none": ([], 6, 3),
    "all": ([5, 4, 3, 2, 1, 0], 6, 3),
    "one axis": ([3, 0, 3], 6),
    "one row": ([0, 0], 1, 3),
    "three axes": ([2, 2, 0], 6, 2, 3),
    "one element": ([0, 0], 1, 1),
}
UFUNCS = {f.__name__: f for f in vars(np).values() if isinstance(f, np.ufunc)}


def both(kind, dtype, seed=0):
    """A gradient of rows, and an array like it."""
    rows, *shape = GRADIENTS[kind]
    generator = np.random.default_rng(seed)
    values = generator.integers(-8, 9, (len(rows), *shape[1:])) / 4  # sums of these are exact
    g = RowGradient(np.asarray(rows, int), values.astype(dtype), tuple(shape))
    return g, g.dense()


def outcome(compute, *args):
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return compute(*args)
        except (TypeError, ValueError, IndexError, RuntimeError) as error:
            return type(error)


def assert_same(found, expected, what=""):
    if isinstance(expected, tuple | list):
        assert len(found) == len(expected), what
        for f, e in zip(found, expected, strict=True):
            assert_same(f, e, what)
        return
    if isinstance(expected, type):
        assert isinstance(found, type), f"{what}: {found!r} in place of {expected}"
        assert issubclass(found, expected) or issubclass(expected, found), what
        return
    assert not isinstance(found, type), f"{what}: {found}"
    assert np.shape(found) == np.shape(expected), what
    assert np.asarray(found).dtype == np.asarray(expected).dtype, what
    np.testing.assert_allclose(
        np.asarray(found), np.asarray(expected), rtol=1e-5, atol=1e-6, err_msg=what
    )


def operands(g, array):
    """(what stands beside a gradient, or an array like it) in calls of two arguments."""
    row = np.array([0.5, 2.0, -1.0], array.dtype)
    h, other = both("repeated", array.dtype, seed=1)
    if array.shape != other.shape:
        h, other = g * 3.0, array * 3.0
    wide = np.linspace(-1, 2, array.size).reshape(array.shape)
    one = np.ones((1, *array.shape[1:]))
    plain = [2, -0.5, 0, np.inf, np.nan, np.float64(2), np.float32(2), np.array(2.0), 2j, True]
    plain += [
        row,
        row.tolist(),
        wide,
        wide.astype(np.float32),
        one,
        wide > 0,
        np.ones((2, 2, 1, 1)),
    ]
    return [(x, x) for x in plain] + [(h, other), (g, array), (3 * g, 3 * array)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", UFUNCS)
def test_ufunc_of_a_row_gradient_is_that_of_the_array(name, dtype):
    for kind in GRADIENTS:
        check_ufunc(UFUNCS[name], *both(kind, dtype))


def check_ufunc(ufunc, g, array):
    if ufunc.nin == 1:
        assert_same(outcome(ufunc, g), outcome(ufunc, array))
    elif ufunc.nin == 2:
        for x, y in operands(g, array):
            assert_same(outcome(ufunc, g, x), outcome(ufunc, array, y), f"g and {y!r}")
            assert_same(outcome(ufunc, x, g), outcome(ufunc, y, array), f"{y!r} and g")
    assert_same(g, array, "it was changed")
    for method in ("reduce", "accumulate", "outer"):
        call = getattr(ufunc, method)
        args = [(g, array)] if method != "outer" else [(g, array), (array, array)]
        found, expected = outcome(call, *(a for a, _ in args)), outcome(call, *(b for _, b in args))
        if expected is not ValueError:  # which NumPy also raises before it asks anybody
            assert_same(found, expected, method)


IN_PLACE = {
    "+=": operator.iadd,
    "-=": operator.isub,
    "*=": operator.imul,
    "/=": operator.itruediv,
    "//=": operator.ifloordiv,
    "%=": operator.imod,
    "**=": operator.ipow,
    "out=": lambda x, y: np.maximum(x, y, out=x),
    "out= of three": lambda x, y: np.add(y, y, out=x),
    "where=": lambda x, y: np.add(x, y, out=x, where=np.arange(np.shape(x)[-1]) % 2 == 0),
    "at": lambda x, y: np.add.at(x, [0, 0], y) or x,
    "x[0] =": lambda x, y: operator.setitem(x, 0, y) or x,
    "x[...] =": lambda x, y: operator.setitem(x, ..., y) or x,
    "x[mask] =": lambda x, y: operator.setitem(x, x > 0, 7) or x,
    "clip": lambda x, y: np.clip(x, -1, y, out=x),
    "fill": lambda x, y: x.fill(3) or x,
    "sort": lambda x, y: x.sort(axis=0) or x,
    "put": lambda x, y: x.put([0], 5) or x,
    "reduce": lambda x, y: np.add.reduce(np.stack([np.asarray(x)] * 2), out=x),
    "divmod": lambda x, y: np.divmod(x, 2, out=(x, np.empty(np.shape(x))))[0],
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", GRADIENTS)
@pytest.mark.parametrize("way", IN_PLACE)
def test_row_gradient_is_changed_in_place_and_nothing_beside_it(way, kind, dtype):
    change = IN_PLACE[way]
    for place in range(len(operands(*both(kind, dtype)))):
        g, array = both(kind, dtype)
        x, y = operands(g, array)[place]
        rows, values = g.rows, g.values
        kept = rows.copy(), values.copy()
        sharing, before = g.astype(dtype, copy=True), np.array(g)
        sharing.values = values  # as another RowGradient may
        beside = None if x is g or not isinstance(x, RowGradient) else x.dense()
        found, expected = outcome(change, g, x), outcome(change, array, y)
        assert_same(found, expected, f"{y!r}")
        if not isinstance(found, type):
            assert found is g
        assert_same(g, array, f"{y!r}")
        np.testing.assert_array_equal(rows, kept[0])
        np.testing.assert_array_equal(values, kept[1])
        np.testing.assert_array_equal(sharing.dense(), before)
        if beside is not None:
            np.testing.assert_array_equal(x.dense(), beside)


@pytest.mark.parametrize("kind", GRADIENTS)
@pytest.mark.parametrize("way", ["+=", "-=", "*=", "/=", "**=", "x[...] =", "at", "out="])
def test_array_is_changed_in_place_by_a_row_gradient(way, kind):
    for mine, others in ((np.float64, np.float32), (np.float32, np.float64), (int, np.float64)):
        g, array = both(kind, others)
        x = np.ones(array.shape, mine)
        y = x.copy()
        found, expected = outcome(IN_PLACE[way], x, g), outcome(IN_PLACE[way], y, array)
        assert_same(found, expected)
        np.testing.assert_allclose(x, y, rtol=1e-6)
        assert isinstance(found, type) or found is x


NAMES = """
    sum prod mean std var max min ptp median argmax argmin any all count_nonzero cumsum cumprod diff
    sort argsort ravel squeeze transpose flip roll flipud fliplr atleast_1d atleast_3d nan_to_num
    nonzero flatnonzero argwhere unique trace diagonal real imag real_if_close isreal iscomplex
    isneginf isposinf copy asarray array shape ndim size zeros_like ones_like nansum nanmax nanmean
    round around average ascontiguousarray asfortranarray rot90 gradient iscomplexobj isrealobj
"""
FUNCTIONS = [
    *(getattr(np, name) for name in NAMES.split()),
    np.linalg.norm, np.fft.fft, len, list, float, int, complex, bool,
    lambda g: g.sum(), lambda g: g.sum(axis=0), lambda g: g.sum(-1), lambda g: g.sum((0, -1)),
    lambda g: g.sum(0, keepdims=True), lambda g: np.sum(g, axis=0, dtype=np.float64),
    lambda g: g.sum(0, np.float64), lambda g: np.sum(g, initial=5), lambda g: g.sum(axis=7),
    lambda g: np.sum(g, where=np.asarray(g) > 0), lambda g: np.sum(g, axis=0, out=None),
    lambda g: g.mean(0), lambda g: g.max(), lambda g: g.std(), lambda g: g.argmax(), lambda g: g.T,
    lambda g: g.reshape(-1), lambda g: g.ravel(), lambda g: g.flatten(), lambda g: g.tolist(),
    lambda g: g.item(), lambda g: g.nbytes, lambda g: g.itemsize, lambda g: g.real,
    lambda g: g.all(), lambda g: g.any(), lambda g: g.round(1), lambda g: g.cumsum(0),
    lambda g: g.squeeze(), lambda g: g.swapaxes(0, -1), lambda g: g.take([0], axis=0),
    lambda g: g.astype(int), lambda g: g.astype(np.float64), lambda g: g.astype(complex),
    lambda g: g.astype(bool), lambda g: g.copy(), lambda g: g.conj(), lambda g: g.nonzero(),
    lambda g: g[0], lambda g: g[-1], lambda g: g[0:2], lambda g: g[::-1], lambda g: g[..., 0],
    lambda g: g[[0, -1]], lambda g: g[g > 0], lambda g: g[None], lambda g: g[100],
    lambda g: g[g != 0], lambda g: np.ones(np.shape(g))[g > 0], lambda g: g[g * 0],
    lambda g: g == 0, lambda g: g != 0, lambda g: g < 1, lambda g: g >= 0, lambda g: g == g,
    lambda g: g == np.asarray(g), lambda g: np.asarray(g) == g, lambda g: g == None,  # noqa: E711
    lambda g: 0.25 in g, lambda g: 1e9 in g, lambda g: -g, lambda g: +g, lambda g: abs(g),
    lambda g: g / 2, lambda g: 2 / g, lambda g: g**2, lambda g: g**0, lambda g: 2 - g,
    lambda g: g - 2, lambda g: divmod(g, 2), lambda g: g @ np.ones((np.shape(g)[-1], 2)),
    lambda g: np.asarray(g).T @ g, lambda g: g * [1.0, 2.0, 3.0], lambda g: g << 1, lambda g: ~g,
    lambda g: np.clip(g, -1, 1), lambda g: g.clip(-1, 1), lambda g: np.clip(g, 1, 2),
    lambda g: np.clip(g, None, 0.5), lambda g: np.clip(g, -0.5, None), lambda g: np.clip(g, 1, -1),
    lambda g: np.clip(g, np.zeros(np.shape(g)[-1]), 1), lambda g: g.clip(min=0), lambda g: g.clip(),
    lambda g: g.clip(0, 1, dtype=np.float64), lambda g: np.clip(g, max=1), lambda g: g.clip(0, 1j),
    lambda g: np.where(g > 0, g, 0), lambda g: np.concatenate([g, g]), lambda g: np.stack([g, g]),
    lambda g: np.vdot(g, g), lambda g: np.dot(g, np.ones(np.shape(g)[-1])), lambda g: np.array([g]),
    lambda g: np.einsum("i...->...", g), lambda g: np.tensordot(g, g, np.ndim(g)),
    lambda g: np.isfinite(g).all(), lambda g: np.isnan(g).any(), lambda g: np.allclose(g, g),
    lambda g: np.array_equal(g, np.asarray(g)), lambda g: np.sqrt((g**2).sum()),
    lambda g: g / np.linalg.norm(g), lambda g: sum(g), lambda g: [row.sum() for row in g],
    lambda g: np.full_like(g, 2), lambda g: np.pad(g, 1), lambda g: np.split(g, 1),
    lambda g: np.broadcast_to(g, (2, *np.shape(g))), lambda g: np.outer(g, g),
    lambda g: np.histogram(g), lambda g: g + np.ones((7, 9, 2)), lambda g: hash(g),
]  # fmt: skip


@pytest.mark.parametrize("place", range(len(FUNCTIONS)))
def test_function_of_a_row_gradient_is_that_of_the_array(place):
    for kind, dtype in itertools.product(GRADIENTS, [np.float32, np.float64]):
        g, array = both(kind, dtype)
        assert_same(outcome(FUNCTIONS[place], g), outcome(FUNCTIONS[place], array), kind)
        assert_same(g, array)


@pytest.mark.parametrize(
    "compute",
    [
        lambda g: -g,
        lambda g: abs(g),
        lambda g: 0.5 * g,
        lambda g: g / 2,
        lambda g: g // 2,
        lambda g: g * g,
        lambda g: g**2,
        lambda g: np.sqrt(abs(g)),
        lambda g: np.sign(g),
        lambda g: np.clip(g, -1, 1),
        lambda g: g.clip(max=1),
        lambda g: np.maximum(g, 0),
        lambda g: g * np.arange(3.0),
        lambda g: np.ones((1, 3)) * g,
        lambda g: g + g,
        lambda g: g - 2 * g,
        lambda g: np.hypot(g, 3 * g),
        lambda g: np.add(g, g, out=g.copy()),
        lambda g: g.astype(np.float32),
        lambda g: 0.9 * (0.9 * g + g) + g,
    ],
)
def test_what_maps_zero_to_zero_keeps_to_the_rows(compute):
    g, _ = both("repeated", np.float64)
    found = compute(g)
    assert type(found) is RowGradient
    assert set(found.rows) == set(g.rows)
    assert len(compute(found).summed().rows) == 3


@pytest.mark.parametrize(
    "compute",
    [
        lambda g: g + 1,
        lambda g: g * np.inf,  # 0 * inf is NaN
        lambda g: g / 0,
        lambda g: np.exp(g),
        lambda g: g == 0,
        lambda g: g != 0,
        lambda g: g**0,
        lambda g: np.clip(g, 1, 2),
        lambda g: g * np.array([1.0, np.nan, 1.0]),
        lambda g: g + np.ones((6, 3)),
        lambda g: g.astype(int),
    ],
)
def test_what_does_not_map_zero_to_zero_is_an_array(compute):
    with np.errstate(all="ignore"):
        assert type(compute(both("repeated", np.float64)[0])) is np.ndarray


def test_momentum_by_hand_does_not_grow():
    g, array = both("repeated", np.float64)
    velocity, expected = 0, 0
    for _ in range(50):
        velocity, expected = 0.5 * velocity + g, 0.5 * expected + array
    assert len(velocity.rows) < 2 * len(g.rows)
    np.testing.assert_allclose(velocity, expected, rtol=1e-12)


def test_zeros_written_over_everything_leave_no_rows():
    for clear in (lambda g: g.fill(0), lambda g: operator.setitem(g, ..., 0)):
        g, _ = both("repeated", np.float64)
        clear(g)
        assert len(g.rows) == 0
        assert not np.any(g)


def test_writing_to_a_view_raises():
    g, array = both("repeated", np.float64)
    for write in (
        lambda: operator.setitem(g[0], 1, 5),
        lambda: operator.setitem(g.T, 0, 5),
        lambda: operator.setitem(g.flat, 0, 5),
        lambda: operator.imul(g.reshape(-1), 2),
        lambda: next(iter(g)).fill(1),
    ):
        with pytest.raises(ValueError, match="read-only"):
            write()
    np.testing.assert_array_equal(g, array)


def test_row_gradient_has_no_other_attributes():
    g, _ = both("repeated", np.float64)
    for name in ("nosuch", "_array", "__array_interface__", "__array_function__"):
        with pytest.raises(AttributeError, match=f"'RowGradient' object has no attribute '{name}'"):
            getattr(g, name)


def test_rows_of_different_integer_types_stay_integers():
    a = RowGradient(np.array([1], np.uint64), np.ones((1, 2)), (4, 2))
    b = RowGradient(np.array([2], np.int64), np.ones((1, 2)), (4, 2))
    np.testing.assert_array_equal((a + b)[:, 0], [0, 1, 1, 0])
    np.testing.assert_array_equal(np.maximum(a, b)[:, 0], [0, 1, 1, 0])


# -- in the engine ------------------------------------------------------------------------------


def descend(w, _):
    w.data -= 0.1 * w.grad


def descend_in_place(w, _):
    with autograd.no_grad():
        w -= 0.1 * w.grad


def descend_out_of_place(w, _):
    w.data = w.data - w.grad * 0.1


def decay(w, _):
    w.grad += 0.01 * w.data
    w.data -= 0.1 * w.grad


def decay_through_another_name(w, _):
    g = w.grad
    g += 0.01 * w.data
    w.data -= 0.1 * w.grad


def halve(w, _):
    w.grad *= 0.5
    w.data -= w.grad


def halve_through_another_name(w, _):
    g = w.grad
    g /= 2
    w.data -= w.grad


def clip_values(w, _):
    w.grad = np.clip(w.grad, -0.5, 0.5)
    w.data -= w.grad


def clip_in_place(w, _):
    np.clip(w.grad, -0.5, 0.5, out=w.grad)
    w.data -= w.grad


def clip_norm(w, _):
    norm = np.linalg.norm(w.grad)
    if norm > 1:
        w.grad = w.grad / norm
    w.data -= w.grad


def skip_what_is_not_finite(w, _):
    if np.isfinite(w.grad).all():
        w.data -= w.grad


def pad(w, _):
    w.grad[1] = 0
    w.data -= w.grad


def momentum(w, state):
    state["v"] = 0.9 * state.get("v", 0) + w.grad
    w.data -= 0.1 * state["v"]


def momentum_in_an_array(w, state):
    v = state.setdefault("v", np.zeros_like(w.data))
    v *= 0.9
    v += w.grad
    w.data -= 0.1 * v


def adam(w, state):
    state["m"] = 0.9 * state.get("m", 0) + 0.1 * w.grad
    state["v"] = 0.99 * state.get("v", 0) + 0.01 * w.grad**2
    w.data -= 0.1 * state["m"] / (np.sqrt(state["v"]) + 1e-8)


def adagrad(w, state):
    state["v"] = state.get("v", 0) + w.grad * w.grad
    w.data -= 0.1 * w.grad / np.sqrt(state["v"] + 1e-8)


def sign(w, _):
    w.data -= 0.1 * np.sign(w.grad)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "update",
    [
        descend, descend_in_place, descend_out_of_place, decay, decay_through_another_name, halve,
        halve_through_another_name, clip_values, clip_in_place, clip_norm, skip_what_is_not_finite,
        pad, momentum, momentum_in_an_array, adam, adagrad, sign,
    ],
)  # fmt: skip
def test_update_by_hand_is_that_of_a_table_with_ordinary_gradients(update, dtype):
    start = np.random.default_rng(0).standard_normal((6, 3))
    tables = []
    for lookup in (embedding, lambda indices, table: table[indices]):
        w, state = Tensor(start, requires_grad=True, dtype=dtype), {}
        generator = np.random.default_rng(1)
        for _ in range(4):
            w.grad = None
            for _ in range(2):  # batches, whose gradients are added up
                (lookup(generator.integers(0, 6, 4), w) ** 2).sum().backward()
            assert type(w.grad) is (RowGradient if lookup is embedding else np.ndarray)
            update(w, state)
            assert w.dtype == dtype
        tables.append(w.data)
    np.testing.assert_allclose(*tables, rtol=1e-4 if dtype == np.float32 else 1e-12)
    assert not np.array_equal(tables[0], start.astype(dtype))


@pytest.mark.parametrize("order", ["rda", "rad", "drr", "rdr", "rrd", "adr", "ard", "dar", "dra"])
def test_gradients_of_rows_and_arrays_add_up_in_any_order(order):
    """Of rows (r), of an array (d), set by hand (a)."""
    w = Tensor(np.ones((4, 2)), requires_grad=True)
    for what in order:
        if what == "r":
            embedding([1, 1, 3], w).sum().backward()
        elif what == "d":
            (2.0 * w).sum().backward()
        else:
            by_hand = RowGradient(np.array([0]), np.ones((1, 2)), (4, 2))
            w.grad = by_hand if w.grad is None else w.grad + by_hand
    by_row = {"r": [0, 2, 0, 1], "d": [2, 2, 2, 2], "a": [1, 0, 0, 0]}
    expected = np.sum([by_row[what] for what in order], axis=0)
    np.testing.assert_array_equal(np.asarray(w.grad)[:, 0], expected)


def test_held_gradient_grows_with_further_passes():
    w = Tensor(np.ones((4, 2)), requires_grad=True)
    embedding([1], w).sum().backward()
    held = w.grad
    embedding([1, 2], w).sum().backward()
    assert held is w.grad
    np.testing.assert_array_equal(held[:, 0], [0, 2, 1, 0])


def test_hook_that_changes_or_replaces_rows():
    for hook in (lambda g: 0.5 * g, lambda g: np.clip(g, 0, 0.5), lambda g: g.dense() / 2):
        w = Tensor(np.ones((4, 2)), requires_grad=True)
        w.register_hook(hook)
        for _ in range(2):
            embedding([1, 2], w).sum().backward()
        np.testing.assert_array_equal(np.asarray(w.grad)[:, 0], [0, 1, 1, 0])


def test_tensor_times_row_gradient_is_recorded():
    g, array = drawn([1, 1, 0], 5, 2)
    for f in (
        lambda t: (t * g).sum(),
        lambda t: (g * t).sum(),
        lambda t: np.multiply(g, t).sum(),
        lambda t: (g @ t.T).sum() - (g @ (t.T - g.T)).sum() + (g * t).sum(),
    ):
        np.testing.assert_allclose(autograd.grad(f)(array + 1), array)


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
        return (embedding([1, 1, 0], w) ** 2).sum()

    expected = 2 * table * np.array([1, 2, 0, 0, 0])[:, None]
    w = Tensor(table, requires_grad=True)
    found = [
        autograd.grad(loss)(table),
        autograd.value_and_grad(loss)(table)[1],
        autograd.elementwise_grad(lambda w: embedding([1, 1, 0], w) ** 2)(table),
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
    checkpoint(lambda w: embedding([1, 1, 0], w).sum())(+w).backward()
    np.testing.assert_array_equal(w.grad[:, 0], [1, 2, 0, 0, 0])
    around = Tensor(np.ones((5, 2)), requires_grad=True)
    x = Tensor(np.ones((3, 2)), requires_grad=True)
    checkpoint(lambda x: (x * embedding([1, 1, 0], around)).sum())(x).backward()
    np.testing.assert_array_equal(np.asarray(around.grad)[:, 0], [1, 2, 0, 0, 0])


def test_rows_of_a_foreign_array_stay_with_their_library():
    values = np.random.default_rng(0).standard_normal((300, 2))
    rows = np.random.default_rng(0).integers(0, 140, 300)
    g = RowGradient(rows, ForeignArray(values), (200, 2)) * 2.0
    expected = np.zeros((200, 2))
    np.add.at(expected, rows, 2 * values)
    assert type(g.dense()) is ForeignArray
    np.testing.assert_allclose(g.dense().get(), expected, rtol=1e-12, atol=1e-12)
