"""Assembly, selection, statistics, running sums: one row per way of calling a function.

A row has a `name`, a `function` of arrays or Tensors, and `inputs`: from a random generator it
makes the list of float64 arrays to call the function with. Their elements are all different, and
far enough apart that no step of a numerical check changes their order. Rows of functions that
NumPy computes in float64 whatever it is given have `keeps_float32` false.

Functions of several outputs return them in a row. Those that change an array in place change a
new one, and return it. NaNs are put in by the function, where `HOLES` are.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Maker = Callable[[np.random.Generator], Any]


def _row(
    name: str,
    function: Callable[..., Any],
    *inputs: Maker | Sequence[int],
    keeps_float32: bool = True,
) -> dict[str, Any]:
    """A row; an input is given by what makes it, or as the shape of distinct numbers."""
    makers = [_distinct(*i) if isinstance(i, Sequence) else i for i in inputs]
    return {
        "name": name,
        "function": function,
        "inputs": lambda rng: [m(rng) for m in makers],
        "keeps_float32": keeps_float32,
    }


def _distinct(*shape: int) -> Maker:
    """Numbers of both signs, any two of them at least 0.06 apart, none of them near 0."""

    def make(rng: np.random.Generator) -> Any:
        n = int(np.prod(shape))
        values = rng.permutation(n) - n / 2 + rng.uniform(0.3, 0.7, n)
        return np.reshape(values * 0.15 + 0.02 * np.sign(values), shape)

    return make


def _positive(*shape: int) -> Maker:
    return lambda rng: rng.uniform(0.5, 1.5, shape)


def _rising(n: int) -> Maker:
    return lambda rng: np.cumsum(rng.uniform(0.5, 1.5, n))


def _flat(parts: Any) -> Any:
    """All outputs in one vector."""
    return np.concatenate([np.ravel(part) for part in parts])


def _changed(change: Callable[..., Any]) -> Callable[..., Any]:
    """Of a function that changes its first argument: a function that returns it changed."""

    def function(x: Any, *others: Any) -> Any:
        x = x * 1
        change(x, *others)
        return x

    return function


HOLES = np.array([[0, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 1]], bool)


def _holed(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x: function(np.where(HOLES, np.nan, x))


INDEX = np.array([[2, 0], [1, 1], [0, 2]])
MASK = np.array([[1, 0, 1, 0], [0, 0, 1, 1], [1, 0, 0, 1]], bool)
ROWS_OF_MASK = np.array([[True], [True], [False]])
WINDOWS = np.lib.stride_tricks.sliding_window_view
WIDTHS = ((1, 2), (3, 0))
Q = [[0.1, 0.5], [0.0, 1.0]]

# fmt: off
ROWS: list[dict[str, Any]] = [
    # -- joining
    _row("hstack of vectors",     lambda x, y: np.hstack([x, y]),            (3,), (2,)),
    _row("hstack of matrices",    lambda x, y: np.hstack((x, y)),            (2, 3), (2, 1)),
    _row("hstack of one",         lambda x: np.hstack(x),                    (2, 3, 2)),
    _row("hstack of scalars",     lambda x, y: np.hstack([x, y]),            (), ()),
    _row("vstack of vectors",     lambda x, y: np.vstack([x, y, x]),         (3,), (3,)),
    _row("vstack of matrices",    lambda x, y: np.vstack([x, y]),            (2, 3), (1, 3)),
    _row("dstack of vectors",     lambda x, y: np.dstack([x, y]),            (3,), (3,)),
    _row("dstack of matrices",    lambda x, y: np.dstack([x, y]),            (2, 3), (2, 3)),
    _row("column_stack",          lambda x, y: np.column_stack([x, y, x]),   (3,), (3, 2)),
    _row("block",                 lambda x, y, z: np.block([[x, y], [z]]),
                                  (2, 2), (2, 1), (1, 3)),
    _row("block of vectors",      lambda x, y: np.block([x, y, x]),          (2,), ()),
    _row("block of three axes",   lambda x, y: np.block([[[x], [y]]]),       (1, 2, 1), (3, 1)),
    _row("block of one",          lambda x: np.block(x),                     (2, 2)),
    _row("append",                lambda x, y: np.append(x, y),              (2, 3), (2,)),
    _row("append along an axis",  lambda x, y: np.append(x, y, axis=-1),     (2, 3), (2, 1)),
    _row("full_like",             lambda x: np.full_like(x, 0.5) * x,        (2, 3)),
    _row("full_like of a shape",  lambda x: np.full_like(x, 0.5, shape=(3,)) * x, (2, 3)),
    _row("insert a scalar",       lambda x, v: np.insert(x, 1, v),           (4,), ()),
    _row("insert several at one", lambda x, v: np.insert(x, 2, v),           (4,), (3,)),
    _row("insert flat",           lambda x, v: np.insert(x, [1, -2], v),     (2, 3), (2,)),
    _row("insert a column",       lambda x, v: np.insert(x, 1, v, axis=1),   (3, 2), (3,)),
    _row("insert columns",        lambda x, v: np.insert(x, [1], v, axis=1), (3, 2), (3, 2)),
    _row("insert at a list",      lambda x, v: np.insert(x, [2, 0, 2], v, axis=-1), (2, 3), (2, 3)),
    _row("insert at a slice",     lambda x, v: np.insert(x, slice(0, 3, 2), v, 0), (3, 2), (2,)),
    _row("delete",                lambda x: np.delete(x, [1, -1]),           (2, 3)),
    _row("delete a row",          lambda x: np.delete(x, 1, axis=0),         (3, 2)),
    _row("delete a slice",        lambda x: np.delete(x, slice(None, None, 2), axis=-1), (2, 5)),
    _row("atleast_1d",            lambda x: np.atleast_1d(x),                ()),
    _row("atleast_1d of several", lambda x, y: _flat(np.atleast_1d(x, y)),   (), (2, 2)),
    _row("atleast_2d",            lambda x: np.atleast_2d(x),                (3,)),
    _row("atleast_3d",            lambda x: np.atleast_3d(x),                (3,)),
    _row("atleast_3d of several", lambda x, y: _flat(np.atleast_3d(x, y)),   (2, 3), ()),

    # -- repeating
    _row("tile",                  lambda x: np.tile(x, 3),                   (2, 3)),
    _row("tile by a tuple",       lambda x: np.tile(x, (2, 1, 3)),           (2, 3)),
    _row("tile of more axes",     lambda x: np.tile(x, (2,)),                (2, 1, 3)),
    _row("repeat flat",           lambda x: np.repeat(x, 2),                 (2, 3)),
    _row("repeat along an axis",  lambda x: np.repeat(x, 3, axis=-2),        (2, 3)),
    _row("repeat by counts",      lambda x: np.repeat(x, [0, 2, 1], axis=1), (2, 3)),
    _row("resize to more",        lambda x: np.resize(x, (3, 5)),            (2, 3)),
    _row("resize to less",        lambda x: np.resize(x, 4),                 (2, 3)),
    _row("broadcast_arrays",      lambda x, y: _flat(np.broadcast_arrays(x, y)), (3, 1), (2,)),
    _row("meshgrid",              lambda x, y: _flat(np.meshgrid(x, y)),     (3,), (2,)),
    _row("meshgrid ij",           lambda x, y: _flat(np.meshgrid(x, y, indexing="ij")), (3,), (2,)),
    _row("meshgrid sparse",       lambda x, y, z: _flat(np.meshgrid(x, y, z, sparse=True)),
                                  (3,), (2,), (1,)),
    _row("meshgrid of one",       lambda x: np.meshgrid(x)[0],               (3,)),
    _row("ix_",                   lambda x, y: np.multiply(*np.ix_(x, y)),   (3,), (2,)),
    _row("full_like",             lambda x, v: np.full_like(x, v) * x,       (2, 3), ()),
    _row("full_like, stretched",  lambda v: np.full_like(v, v, shape=(2, 3)) * 1, (3,)),

    # -- padding
    _row("pad",                   lambda x: np.pad(x, 1),                    (2, 3)),
    _row("pad with constants",    lambda x: np.pad(x, WIDTHS, constant_values=((1, 2), (3, 4))),
                                  (2, 3)),
    _row("pad one axis",          lambda x: np.pad(x, ((0, 0), (2, 1)), "edge"), (2, 3)),
    *(
        _row(f"pad {mode}",       lambda x, mode=mode: np.pad(x, WIDTHS, mode), (4, 4))
        for mode in ("edge", "reflect", "symmetric", "wrap", "linear_ramp")
    ),
    *(
        _row(f"pad far, {mode}",  lambda x, mode=mode: np.pad(x, (7, 8), mode), (3,))
        for mode in ("reflect", "symmetric", "wrap")
    ),
    *(
        _row(f"pad {mode}, odd",  lambda x, mode=mode: np.pad(x, WIDTHS, mode, reflect_type="odd"),
                                  (4, 4))
        for mode in ("reflect", "symmetric")
    ),
    *(
        _row(f"pad {mode}",       lambda x, mode=mode: np.pad(x, WIDTHS, mode), (3, 4))
        for mode in ("maximum", "minimum", "mean", "median")
    ),
    *(
        _row(f"pad {mode} of a part",
                                  lambda x, mode=mode: np.pad(x, (0, 2), mode, stat_length=2),
                                  (5,))
        for mode in ("maximum", "minimum", "mean", "median")
    ),
    _row("pad linear_ramp to",    lambda x: np.pad(x, WIDTHS, "linear_ramp", end_values=(5, -4)),
                                  (2, 3)),
    _row("trim_zeros",            lambda x: np.trim_zeros(np.pad(x, (2, 1))), (4,)),
    _row("trim_zeros in front",   lambda x: np.trim_zeros(np.pad(x, (2, 1)), "f"), (4,)),

    # -- moving
    _row("flip",                  lambda x: np.flip(x),                      (2, 3)),
    _row("flip two axes",         lambda x: np.flip(x, axis=(0, -1)),        (2, 3, 2)),
    _row("fliplr",                lambda x: np.fliplr(x),                    (2, 3)),
    _row("flipud",                lambda x: np.flipud(x),                    (2, 3)),
    _row("rot90",                 lambda x: np.rot90(x),                     (2, 3)),
    _row("rot90 of other axes",   lambda x: np.rot90(x, k=3, axes=(2, 0)),   (2, 3, 4)),
    _row("roll flat",             lambda x: np.roll(x, 2),                   (2, 3)),
    _row("roll along an axis",    lambda x: np.roll(x, -1, axis=1),          (2, 3)),
    _row("roll two axes",         lambda x: np.roll(x, (1, -2), axis=(0, -1)), (2, 3)),
    _row("rollaxis",              lambda x: np.rollaxis(x, 2),               (2, 3, 4)),
    _row("rollaxis to the end",   lambda x: np.rollaxis(x, -3, 3),           (2, 3, 4)),
    _row("permute_dims",          lambda x: np.permute_dims(x, (2, 0, 1)),   (2, 3, 4)),
    _row("matrix_transpose",      lambda x: np.matrix_transpose(x),          (2, 3, 4)),
    _row("copy",                  lambda x: np.copy(x) * x,                  (2, 3)),
    _row("astype",                lambda x: np.astype(x, x.dtype) * x,       (2, 3)),

    # -- windows
    _row("sliding_window_view",   lambda x: WINDOWS(x, 3),                   (5,)),
    _row("sliding_window_view, axes", lambda x: WINDOWS(x, (2, 3), axis=(2, 0)), (4, 2, 3)),
    _row("sliding_window_view of all", lambda x: WINDOWS(x, (2, 2)),         (3, 4)),
    _row("sliding_window_view twice", lambda x: WINDOWS(x, (2, 2), axis=(-1, -1)), (2, 4)),
    _row("sliding_window_view of one", lambda x: WINDOWS(x, 1) ** 2,         (2,)),

    # -- splitting
    _row("hsplit",                lambda x: np.hsplit(x, 2)[1],              (2, 4)),
    _row("hsplit of a vector",    lambda x: _flat(np.hsplit(x, [1, 3])[::-1]), (5,)),
    _row("vsplit",                lambda x: _flat(np.vsplit(x, 2)[::-1]),    (4, 2)),
    _row("dsplit",                lambda x: np.dsplit(x, [1])[1],            (2, 2, 3)),

    # -- triangles and diagonals
    _row("tril",                  lambda x: np.tril(x),                      (3, 4)),
    _row("tril of a stack",       lambda x: np.tril(x, k=-1),                (2, 3, 3)),
    _row("tril of a vector",      lambda x: np.tril(x),                      (3,)),
    _row("triu",                  lambda x: np.triu(x, 1),                   (3, 4)),
    _row("triu of a vector",      lambda x: np.triu(x),                      (3,)),
    _row("diag of a vector",      lambda x: np.diag(x),                      (3,)),
    _row("diag above",            lambda x: np.diag(x, k=2),                 (3,)),
    _row("diag of a matrix",      lambda x: np.diag(x, -1),                  (3, 4)),
    _row("diagflat",              lambda x: np.diagflat(x, -1),              (2, 2)),
    _row("diagonal",              lambda x: np.diagonal(x),                  (3, 4)),
    _row("diagonal of a stack",   lambda x: np.diagonal(x, offset=1, axis1=-1, axis2=0), (2, 3, 4)),
    _row("diagonal below",        lambda x: np.diagonal(x, -1),              (4, 2)),
    _row("trace",                 lambda x: np.trace(x),                     (3, 4)),
    _row("trace of a stack",      lambda x: np.trace(x, offset=-1, axis1=1, axis2=2), (2, 3, 3)),
    _row("fill_diagonal",         _changed(lambda x, v: np.fill_diagonal(x, v)), (3, 4), ()),
    _row("fill_diagonal, wrapped", _changed(lambda x, v: np.fill_diagonal(x, v, wrap=True)),
                                  (7, 3), (2,)),
    _row("vander",                lambda x: np.vander(x),                    (3,),
                                  keeps_float32=False),
    _row("vander increasing",     lambda x: np.vander(x, 4, increasing=True), (3,),
                                  keeps_float32=False),

    # -- selection
    _row("take flat",             lambda x: np.take(x, [[0, -1], [2, 0]]),   (2, 3)),
    _row("take along an axis",    lambda x: np.take(x, [2, 0, 2], axis=-1),  (2, 3)),
    _row("take one",              lambda x: np.take(x, 1, axis=0),           (2, 3)),
    _row("take by booleans",      lambda x: np.take(x, [True, False, True], 0), (2, 3)),
    _row("take wrapped",          lambda x: np.take(x, [5, -4, 1], 1, mode="wrap"), (2, 3)),
    _row("take clipped",          lambda x: np.take(x, [5, -4, 1], 1, mode="clip"), (2, 3)),
    _row("take_along_axis",       lambda x: np.take_along_axis(x, INDEX, axis=1), (3, 4)),
    _row("take_along_axis, last", lambda x: np.take_along_axis(x, INDEX[:1], axis=-1), (3, 4)),
    _row("take_along_axis, flat", lambda x: np.take_along_axis(x, INDEX[:, 0], axis=None), (3, 4)),
    _row("compress",              lambda x: np.compress([True, False, True], x, axis=1), (2, 3)),
    _row("compress flat",         lambda x: np.compress([False, True, True], x), (2, 3)),
    _row("extract",               lambda x: np.extract(MASK, x),             (3, 4)),
    _row("choose",                lambda x, y, z: np.choose([[2, 0, 1], [1, 1, 0]], [x, y, z]),
                                  (3,), (2, 3), ()),
    _row("choose by booleans",    lambda x, y: np.choose([True, False, True], [x, y]),
                                  (3,), (2, 3)),
    _row("choose wrapped",        lambda x, y: np.choose([-1, 0, 4], (x, y), mode="wrap"),
                                  (3,), (3,)),
    _row("choose clipped",        lambda x: np.choose([-1, 0, 4], x, mode="clip"), (2, 3)),
    _row("select",                lambda x, y: np.select([x > 0.2, x < -0.2], [x * y, y], x),
                                  (3, 4), (4,)),
    _row("select, no default",    lambda x: np.select([x > 0.2], [x * x]),   (3, 4)),
    _row("piecewise",             lambda x, y: np.piecewise(x, [x < -0.1, x > 0.3],
                                      [np.square, lambda v: v * y, np.sin]), (3, 4), ()),
    _row("piecewise, numbers",    lambda x: np.piecewise(x, x > 0, [np.exp, 0.5]), (5,)),
    _row("sort",                  lambda x: np.sort(x),                      (2, 5)),
    _row("sort along an axis",    lambda x: np.sort(x, axis=0, kind="stable"), (4, 2)),
    _row("sort flat",             lambda x: np.sort(x, axis=None),           (2, 3)),
    _row("partition",             lambda x: np.partition(x, 2),              (2, 5)),
    _row("partition, axis",       lambda x: np.partition(x, (1, 2), axis=0), (4, 2)),
    _row("partition flat",        lambda x: np.partition(x, 3, axis=None),   (2, 3)),
    _row("interp",                lambda x, xp, fp: np.interp(x, xp, fp),
                                  lambda rng: np.array([[2.1, 3.4], [1.6, 2.4]]),
                                  lambda rng: np.array([0.2, 1.1, 1.9, 3.0, 3.9]), (5,),
                                  keeps_float32=False),
    _row("interp outside",        lambda x, xp, fp: np.interp(x, xp, fp),
                                  lambda rng: np.array([-3.0, 2.4, 9.0]),
                                  lambda rng: np.array([0.2, 1.1, 1.9, 3.0, 3.9]), (5,),
                                  keeps_float32=False),
    _row("interp, left and right", lambda x, fp, *ends: np.interp(x, [0, 1, 3], fp, *ends),
                                  lambda rng: np.array([-3.0, 2.4, 9.0]), (3,), (), (),
                                  keeps_float32=False),
    _row("interp, periodic",      lambda x, xp, fp: np.interp(x, xp, fp, period=4.0),
                                  lambda rng: np.array([-3.1, 2.4, 9.7, 3.8]),
                                  lambda rng: np.array([5.2, 0.3, -1.0, 6.1]), (4,),
                                  keeps_float32=False),
    _row("interp by one point",   lambda x, fp: np.interp(x, [1.0], fp) * x, (3,), (1,),
                                  keeps_float32=False),
    _row("put",                   _changed(lambda x, v: np.put(x, [4, -1, 0], v)), (2, 3), (2,)),
    _row("put twice in a place",  _changed(lambda x, v: np.put(x, [4, 1, 4], v)), (2, 3), (3,)),
    _row("put clipped",           _changed(lambda x, v: np.put(x, [1, 99], v, mode="clip")),
                                  (2, 3), (2,)),
    _row("place",                 _changed(lambda x, v: np.place(x, MASK, v)), (3, 4), (4,)),
    _row("putmask",               _changed(lambda x, v: np.putmask(x, MASK, v)), (3, 4), (5,)),
    _row("copyto",                _changed(lambda x, v: np.copyto(x, v)),    (3, 4), (4,)),
    _row("copyto where",          _changed(lambda x, v: np.copyto(x, v, where=MASK)), (3, 4), (4,)),
    _row("put_along_axis",        _changed(lambda x, v: np.put_along_axis(x, INDEX[:, :1], v, 1)),
                                  (3, 4), (3, 1)),
    _row("put_along_axis, flat",  _changed(lambda x, v: np.put_along_axis(x, INDEX[0], v, None)),
                                  (3, 4), (2,)),

    # -- statistics
    _row("amax",                  lambda x: np.amax(x, axis=0),              (3, 4)),
    _row("amin",                  lambda x: np.amin(x, axis=(0, -1), keepdims=True), (3, 4, 2)),
    _row("ptp",                   lambda x: np.ptp(x),                       (3, 4)),
    _row("ptp along an axis",     lambda x: np.ptp(x, axis=-1, keepdims=True), (3, 4)),
    _row("average",               lambda x: np.average(x, axis=1, keepdims=True), (3, 4)),
    _row("average, weighted",     lambda x, w: np.average(x, weights=w),
                                  (3, 4), _positive(3, 4)),
    _row("average along an axis", lambda x, w: np.average(x, axis=-2, weights=w, keepdims=True),
                                  (2, 3, 4), _positive(3)),
    _row("average of two axes",   lambda x, w: np.average(x, (2, 0), w),     (2, 3, 4),
                                  _positive(4, 2)),
    _row("average, returned",     lambda x, w: _flat(np.average(x, 1, w, returned=True)),
                                  (3, 4), _positive(4)),
    _row("cov",                   lambda x: np.cov(x),                       (3, 5),
                                  keeps_float32=False),
    _row("cov of a vector",       lambda x: np.cov(x),                       (5,),
                                  keeps_float32=False),
    _row("cov of two",            lambda x, y: np.cov(x, y, bias=True),      (2, 5), (5,),
                                  keeps_float32=False),
    _row("cov of columns",        lambda x, y: np.cov(x, y, rowvar=False, ddof=0), (5, 2), (5, 1),
                                  keeps_float32=False),
    _row("cov, weighted",         lambda x, w: np.cov(x, fweights=[1, 2, 1, 3], aweights=w),
                                  (2, 4), _positive(4), keeps_float32=False),
    _row("cov, counted",          lambda x: np.cov(x, fweights=[1, 2, 1, 3]), (2, 4),
                                  keeps_float32=False),
    _row("cov, of a dtype",       lambda x: np.cov(x, dtype=x.dtype),        (2, 4)),
    _row("corrcoef",              lambda x: np.corrcoef(x),                  (3, 5),
                                  keeps_float32=False),
    _row("corrcoef of two",       lambda x, y: np.corrcoef(x, y),            (5,), (5,),
                                  keeps_float32=False),
    _row("corrcoef of columns",   lambda x: np.corrcoef(x, rowvar=False),    (5, 2),
                                  keeps_float32=False),
    _row("median",                lambda x: np.median(x),                    (3, 4)),
    _row("median along an axis",  lambda x: np.median(x, axis=0),            (3, 4)),
    _row("median of two axes",    lambda x: np.median(x, axis=(0, -1), keepdims=True), (3, 2, 2)),
    _row("quantile",              lambda x: np.quantile(x, 0.3),             (3, 4)),
    _row("quantile, several",     lambda x: np.quantile(x, [0.1, 0.5, 1], axis=-1), (3, 4),
                                  keeps_float32=False),
    _row("quantile, 2-d",         lambda x: np.quantile(x, Q, (0, 2), keepdims=True), (2, 3, 2),
                                  keeps_float32=False),
    *(
        _row(f"quantile {method}", lambda x, m=method: np.quantile(x, 0.37, axis=0, method=m),
                                  (5, 2))
        for method in (
            "lower", "higher", "midpoint", "nearest", "inverted_cdf", "averaged_inverted_cdf",
            "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull",
            "median_unbiased", "normal_unbiased",
        )
    ),
    _row("percentile",            lambda x: np.percentile(x, 30, axis=1),    (3, 4)),
    _row("percentile, several",   lambda x: np.percentile(x, [30, 90], (0, 1)), (3, 4),
                                  keeps_float32=False),
    _row("nansum",                _holed(lambda x: np.nansum(x, axis=0)),    (3, 4)),
    _row("nansum, keepdims",      _holed(lambda x: np.nansum(x, axis=(0, 1), keepdims=True)),
                                  (3, 4)),
    _row("nanprod",               _holed(lambda x: np.nanprod(x, axis=-1)),  (3, 4)),
    _row("nanmean",               _holed(lambda x: np.nanmean(x)),           (3, 4)),
    _row("nanmean along an axis", _holed(lambda x: np.nanmean(x, axis=1, keepdims=True)), (3, 4)),
    _row("nanvar",                _holed(lambda x: np.nanvar(x, axis=0)),    (3, 4)),
    _row("nanvar, ddof",          _holed(lambda x: np.nanvar(x, ddof=1)),    (3, 4)),
    _row("nanstd of a stack",     _holed(lambda x: np.nanstd(x, axis=-1)),   (2, 3, 4)),
    _row("nanstd",                _holed(lambda x: np.nanstd(x, axis=-1, ddof=0.5, keepdims=True)),
                                  (3, 4)),
    _row("nanmax",                _holed(lambda x: np.nanmax(x, axis=0)),    (3, 4)),
    _row("nanmin",                _holed(lambda x: np.nanmin(x, axis=-1, keepdims=True)), (3, 4)),
    _row("nanmedian",             _holed(lambda x: np.nanmedian(x, axis=1)), (3, 4)),
    _row("nanmedian of all",      _holed(lambda x: np.nanmedian(x, keepdims=True)), (3, 4)),
    _row("nanquantile",           _holed(lambda x: np.nanquantile(x, 0.3, axis=0)), (3, 4)),
    _row("nanquantile, several",  _holed(lambda x: np.nanquantile(x, [0.3, 0.8], 1, keepdims=True)),
                                  (3, 4), keeps_float32=False),
    _row("nanpercentile",         _holed(lambda x: np.nanpercentile(x, 60, axis=1, method="hazen")),
                                  (3, 4)),

    _row("quantile, weighted",    lambda x: np.quantile(x, Q, axis=1, method="inverted_cdf",
                                      weights=[1, 2, 0.5, 3]), (3, 4), keeps_float32=False),
    _row("nanpercentile, weighted", _holed(lambda x: np.nanpercentile(x, 40, axis=0,
                                      method="inverted_cdf", weights=MASK + 1.0)), (3, 4)),
    _row("sum of some",           lambda x, s: np.sum(x, axis=0, where=MASK, initial=s),
                                  (3, 4), ()),
    _row("prod of some",          lambda x, s: np.prod(x, where=MASK, initial=s), (3, 4), ()),
    _row("mean of some",          lambda x: np.mean(x, axis=1, where=MASK, keepdims=True), (3, 4)),
    _row("var of some",           lambda x: np.var(x, axis=1, where=MASK, correction=0.5), (3, 4)),
    _row("var from a mean",       lambda x, m: np.var(x, axis=0, mean=m),    (3, 4), (1, 4)),
    _row("std of some",           lambda x: np.std(x, where=MASK, ddof=1),   (3, 4)),
    _row("max of some",           lambda x, s: np.max(x, axis=0, where=MASK, initial=s),
                                  (3, 4), ()),
    _row("min of some",           lambda x, s: np.min(x, initial=s),         (3, 4), ()),
    _row("min of some, and the start", lambda x, s: np.min(x + 0.5, axis=0, where=MASK, initial=s),
         (3, 4), ()),
    _row("nanmax of some",        _holed(lambda x: np.nanmax(x, axis=1, initial=0.1, where=MASK)),
                                  (3, 4)),
    _row("nanvar of some",        _holed(lambda x: np.nanvar(x, axis=0, where=ROWS_OF_MASK)),
                                  (3, 4)),

    # -- methods of ufuncs
    _row("subtract.reduce",       lambda x: np.subtract.reduce(x, axis=1) ** 2, (2, 4)),
    _row("logaddexp.reduce",      lambda x: np.logaddexp.reduce(x, axis=(0, 2)), (2, 3, 3)),
    _row("multiply.accumulate",   lambda x: np.multiply.accumulate(x, axis=1), (2, 4)),
    _row("maximum.accumulate",    lambda x: np.maximum.accumulate(x, axis=-1), (3, 5)),
    _row("minimum.accumulate",    lambda x: np.minimum.accumulate(x),        (5, 2)),
    _row("hypot.accumulate",      lambda x: np.hypot.accumulate(x),          (5, 2)),
    _row("divide.accumulate",     lambda x: np.divide.accumulate(x, axis=1), (2, 4)),
    _row("add.reduceat",          lambda x: np.add.reduceat(x, [0, 3, 1], axis=1), (2, 5)),
    _row("multiply.reduceat",     lambda x: np.multiply.reduceat(x, [1, 0, 3]), (5, 2)),
    _row("add.at",                _changed(lambda x, v: np.add.at(x, [2, 0, 2], v)),
                                  (3, 2), (3, 1)),
    _row("subtract.at",           _changed(lambda x, v: np.subtract.at(x, ([0, 1], [1, 1]), v)),
                                  (3, 2), (2,)),
    _row("multiply.at",           _changed(lambda x, v: np.multiply.at(x, [2, 0, 2], v)),
                                  (3, 2), (3, 1)),
    _row("maximum.at",            _changed(lambda x, v: np.maximum.at(x, [0, 3, 0], v)),
                                  (4,), (3,)),
    _row("square.at",             _changed(lambda x: np.square.at(x, [0, 3, 0])), (4,)),

    # -- running sums, products and differences
    _row("cumsum flat",           lambda x: np.cumsum(x),                    (2, 3)),
    _row("cumsum along an axis",  lambda x: np.cumsum(x, axis=-2),           (2, 3, 2)),
    _row("cumprod flat",          lambda x: np.cumprod(x),                   (2, 3)),
    _row("cumprod along an axis", lambda x: np.cumprod(x, axis=-1),          (2, 4)),
    _row("cumprod with a zero",   lambda x: np.cumprod(x, axis=1),
                                  lambda rng: np.array([[2, 0, 3, 1.5], [1, 2, 3, 0.5]])),
    _row("cumprod with two",      lambda x: np.cumprod(x, axis=0),
                                  lambda rng: np.array([2.0, 0.0, 3.0, 0.0, -1.5])),
    _row("cumprod of zeros",      lambda x: np.cumprod(x),
                                  lambda rng: np.array([0.0, 0.0, 0.0])),
    _row("nancumsum",             _holed(lambda x: np.nancumsum(x, axis=1)), (3, 4)),
    _row("nancumprod",            _holed(lambda x: np.nancumprod(x, axis=0)), (3, 4)),
    _row("diff",                  lambda x: np.diff(x),                      (2, 4)),
    _row("diff twice",            lambda x: np.diff(x, n=2, axis=0),         (4, 2)),
    _row("diff with ends",        lambda x, p, a: np.diff(x, 1, -1, p, a),   (2, 3), (), (2, 2)),
    _row("ediff1d",               lambda x: np.ediff1d(x),                   (2, 3)),
    _row("ediff1d with ends",     lambda x, e, b: np.ediff1d(x, to_end=e, to_begin=b),
                                  (4,), (2,), ()),
    _row("gradient",              lambda x: np.gradient(x),                  (5,)),
    _row("gradient of all axes",  lambda x: _flat(np.gradient(x, 0.5)),      (3, 4)),
    _row("gradient, axis",        lambda x: np.gradient(x, 2, axis=-2, edge_order=2), (4, 2)),
    _row("gradient, two steps",   lambda x, h: _flat(np.gradient(x, h, 0.3, axis=(1, 0))),
                                  (3, 4), _positive()),
    _row("gradient, coordinates", lambda x, c: np.gradient(x, c, axis=1),    (2, 4), _rising(4)),
    _row("gradient, second order", lambda x, c: np.gradient(x, c, edge_order=2), (5,), _rising(5)),
    _row("gradient of two points", lambda x, c: np.gradient(x, c),           (2,), _rising(2)),
    _row("gradient, both",        lambda x, c: _flat(np.gradient(x, 0.3, c, edge_order=2)),
                                  (3, 4), _rising(4)),
    _row("trapezoid",             lambda y: np.trapezoid(y),                 (2, 4)),
    _row("trapezoid, step",       lambda y: np.trapezoid(y, dx=0.3, axis=0), (3, 2)),
    _row("trapezoid, points",     lambda y, x: np.trapezoid(y, x, axis=-2),  (3, 2), (3,)),
    _row("trapezoid, all points", lambda y, x: np.trapezoid(y, x),           (2, 3), (2, 3)),
    _row("unwrap",                lambda x: np.unwrap(7 * x),                (2, 6)),
    _row("unwrap, period",        lambda x: np.unwrap(x, axis=0, period=0.5), (6, 2)),
    _row("polyval",               lambda p, x: np.polyval(p, x),             (4,), (2, 3)),
    _row("polyval at a point",    lambda p: np.polyval(p, 0.7),              (4,),
                                  keeps_float32=False),
    _row("polyval of constants",  lambda x: np.polyval([1.0, -2.0, 0.5], x), (2, 3),
                                  keeps_float32=False),
    _row("polyder",               lambda p: np.polyder(p, 2),                (5,),
                                  keeps_float32=False),
    _row("polyint",               lambda p: np.polyint(p),                   (3,),
                                  keeps_float32=False),
    _row("polyint, constants",    lambda p: np.polyint(p, 2, k=[1.0, 2.0]),  (3,),
                                  keeps_float32=False),
]

if hasattr(np, "cumulative_sum"):  # since NumPy 2.1
    ROWS += [
        _row("unstack",               lambda x: np.unstack(x)[1],                (3, 2)),
        _row("unstack another axis",  lambda x: _flat(np.unstack(x, axis=-1)[::-1]), (3, 2)),
        _row("cumulative_sum",        lambda x: np.cumulative_sum(x),            (4,)),
        _row("cumulative_sum from 0", lambda x: np.cumulative_sum(x, axis=-1, include_initial=True),
                                      (2, 3)),
        _row("cumulative_prod",       lambda x: np.cumulative_prod(x, axis=0),   (3, 2)),
        _row("cumulative_prod from 1", lambda x: np.cumulative_prod(x, include_initial=True), (4,)),
    ]
# fmt: on
