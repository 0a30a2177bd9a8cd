"""The contract with NumPy: each of its functions has a gradient, is a constant, or is refused.

The lists below are of the functions that NumPy does not hand over to a Tensor. A function in no
list is new in NumPy, and fails the test that names it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd import GraphError, NotDifferentiableError, Tensor
from autograd.nondifferentiable import NEW, REFUSED
from autograd.registry import CONSTANT, REGISTRY

DISPATCHED = (np.ufunc, type(np.concatenate))


def public_functions() -> dict[str, Any]:
    """The public callables of NumPy, of `linalg` and of `fft`, without exceptions, by name."""
    found = {}
    for prefix, module in (("", np), ("linalg.", np.linalg), ("fft.", np.fft)):
        for name in dir(module):
            value = getattr(module, name)
            is_error = isinstance(value, type) and issubclass(value, Exception)
            if not name.startswith("_") and callable(value) and not is_error:
                found[prefix + name] = value
    return found


FUNCTIONS = public_functions()


def leaf(*shape: int) -> Tensor:
    return Tensor(np.random.default_rng(3).uniform(0.5, 1.5, shape), requires_grad=True)


#: Never sees a Tensor: these take no array, or describe one, or read it from elsewhere.
WITHOUT_ARRAYS = {
    "bartlett", "blackman", "hamming", "hanning", "kaiser", "broadcast_shapes", "datetime_data",
    "diag_indices", "eye", "identity", "indices", "mask_indices", "tri", "tril_indices",
    "triu_indices", "empty", "ones", "zeros", "frompyfunc", "fromfunction", "frombuffer",
    "fromfile", "fromregex", "fromstring", "genfromtxt", "load", "loadtxt", "from_dlpack",
    "base_repr", "binary_repr", "format_float_positional", "format_float_scientific",
    "typename", "mintypecode", "finfo", "iinfo", "info", "isdtype", "isscalar", "issubdtype",
    "iterable", "promote_types", "dtype", "get_include", "get_printoptions", "set_printoptions",
    "printoptions", "getbufsize", "setbufsize", "geterr", "seterr", "geterrcall", "seterrcall",
    "errstate", "show_config", "show_runtime", "test", "linalg.test", "fft.test", "ndarray",
    "ndindex", "flatiter", "memmap", "record", "recarray", "chararray", "busdaycalendar",
    "ufunc", "arange",
}  # fmt: skip

#: Written in NumPy calls that are handed over, so that gradients pass through.
COMPOSED: dict[str, Callable[..., Any]] = {
    "poly1d": lambda t: np.poly1d(t)(2.0),
    "fft.fftfreq": lambda t: np.fft.fftfreq(4, t[0]),
    "fft.rfftfreq": lambda t: np.fft.rfftfreq(4, t[0]),
}

#: What would read the numbers out of a Tensor, and must not where they are recorded.
TAKES_ARRAYS: dict[str, Callable[..., Any]] = {
    "array": np.array,
    "asanyarray": np.asanyarray,
    "asarray": np.asarray,
    "asarray_chkfinite": np.asarray_chkfinite,
    "ascontiguousarray": np.ascontiguousarray,
    "asfortranarray": np.asfortranarray,
    "asmatrix": np.asmatrix,
    "bmat": lambda t: np.bmat([[t, t]]),
    "broadcast": lambda t: np.broadcast(t, t),
    "full": lambda t: np.full((2, 2), t),
    "matrix": np.matrix,
    "ndenumerate": lambda t: list(np.ndenumerate(t)),
    "nditer": np.nditer,
    "nested_iters": lambda t: np.nested_iters([t, t], [[0], [1]]),
    "require": lambda t: np.require(t, float, "C"),
    "vectorize": lambda t: np.vectorize(lambda x: 2 * x)(t),
}

#: What their messages say to write, where it is not np.stack.
INSTEAD = {"full": "np.broadcast_to", "vectorize": "the function itself"}

#: NumPy turns what goes wrong into an error of its own, with ours as its cause.
RAISES_ITS_OWN: dict[str, Callable[..., Any]] = {
    "fromiter": lambda t: np.fromiter(t.ravel(), float),
}

#: Older names, at which NumPy warns.
DEPRECATED = {"row_stack", "trapz", "in1d"}


def is_number_type(function: Any) -> bool:
    return isinstance(function, type) and issubclass(function, np.generic)


# -- every function is in one set ---------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [n for n, f in FUNCTIONS.items() if isinstance(f, DISPATCHED) and n not in DEPRECATED]
)
def test_function_that_numpy_hands_over_is_in_one_set(name: str) -> None:
    function = FUNCTIONS[name]
    sets = [function in each for each in (REGISTRY, CONSTANT, NEW, REFUSED)]
    assert sum(sets) == 1, (
        f"numpy.{name} must be in exactly one place: teach it in autograd/rules/ with rule(...), "
        f"or in autograd/compositions/ with @implements; or add it to a list in "
        f"autograd/nondifferentiable.py: to CONSTANT if its result has no gradient, to NEW if it "
        f"makes an array to be filled, or to REFUSED, with what to write instead"
    )


@pytest.mark.parametrize(
    "name", [n for n, f in FUNCTIONS.items() if not isinstance(f, (*DISPATCHED, type))]
)
def test_function_that_numpy_keeps_to_itself_is_listed(name: str) -> None:
    sets = (WITHOUT_ARRAYS, COMPOSED, TAKES_ARRAYS, RAISES_ITS_OWN, DEPRECATED, {"isfortran"})
    assert sum(name in s for s in sets) == 1, (
        f"numpy.{name} is not handed over to Tensors: list it in tests/autograd/test_coverage.py, "
        f"in TAKES_ARRAYS if it reads numbers out of its arguments, else in WITHOUT_ARRAYS"
    )


@pytest.mark.parametrize("name", [n for n, f in FUNCTIONS.items() if isinstance(f, type)])
def test_class_is_a_type_of_numbers_or_listed(name: str) -> None:
    assert (
        is_number_type(FUNCTIONS[name])
        or name in WITHOUT_ARRAYS
        or name in COMPOSED
        or name in TAKES_ARRAYS
    ), f"list the class numpy.{name} in tests/autograd/test_coverage.py"


# -- each set keeps its promise -----------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
@pytest.mark.parametrize("name", TAKES_ARRAYS)
def test_function_that_takes_arrays_refuses_a_recorded_tensor(name: str) -> None:
    for t in (leaf(2, 2), leaf(2, 2) * 2):
        words = rf"out of its graph; use {INSTEAD.get(name, 'np.stack')}"
        with pytest.raises(GraphError, match=words):
            TAKES_ARRAYS[name](t)
    TAKES_ARRAYS[name](Tensor(np.ones((2, 2))))


def test_array_of_tensors_is_refused() -> None:
    t = leaf()
    for make in (np.array, np.asarray, np.asanyarray, np.ascontiguousarray):
        with pytest.raises(GraphError, match=r"use np\.stack"):
            make([t, t])


@pytest.mark.parametrize("name", RAISES_ITS_OWN)
def test_function_with_an_error_of_its_own_names_ours_as_the_cause(name: str) -> None:
    with pytest.raises(ValueError, match="sequence") as caught:
        RAISES_ITS_OWN[name](leaf(2, 2))
    assert isinstance(caught.value.__cause__, GraphError)


@pytest.mark.parametrize(
    "name",
    [
        n
        for n, f in FUNCTIONS.items()
        if is_number_type(f) and issubclass(f, np.number | np.bool_) and n != "timedelta64"
    ],
)
def test_type_of_numbers_refuses_a_recorded_tensor(name: str) -> None:
    with pytest.raises((GraphError, TypeError), match=r"out of its graph|abstract|cannot create"):
        FUNCTIONS[name](leaf())


@pytest.mark.parametrize("name", COMPOSED)
def test_composed_function_passes_gradients_on(name: str) -> None:
    t = leaf(3)
    out = COMPOSED[name](t)
    out.backward(np.ones(out.shape))
    assert np.any(t.grad != 0)


TWO = {
    "equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "isclose", "allclose",
    "array_equal", "array_equiv", "isin", "logical_and", "logical_or", "logical_xor",
    "searchsorted", "digitize", "may_share_memory", "shares_memory", "result_type",
}  # fmt: skip
ONE = {
    "any", "all", "isnan", "isinf", "isfinite", "isneginf", "isposinf", "signbit", "iscomplex",
    "isreal", "iscomplexobj", "isrealobj", "logical_not", "argmax", "argmin", "nanargmax",
    "nanargmin", "argsort", "lexsort", "argwhere", "nonzero", "flatnonzero", "count_nonzero",
    "shape", "ndim", "size", "histogram_bin_edges", "common_type", "min_scalar_type",
    "array2string", "array_repr", "array_str",
}  # fmt: skip


def holds_a_tensor(x: Any) -> bool:
    return isinstance(x, Tensor) or (isinstance(x, tuple | list) and any(map(holds_a_tensor, x)))


@pytest.mark.parametrize("name", sorted(ONE | TWO))
def test_constant_function_returns_no_tensor(name: str) -> None:
    function, t = FUNCTIONS[name], leaf(3)
    assert function in CONSTANT
    arguments = [t] if name in ONE else [np.arange(3.0), t]
    out = function(*arguments)
    plain = function(*(x.data if isinstance(x, Tensor) else x for x in arguments))
    assert not holds_a_tensor(out)
    assert type(out) is type(plain)
    if isinstance(out, np.ndarray):
        np.testing.assert_array_equal(out, plain)


@pytest.mark.parametrize("name", ["zeros", "ones", "empty", "eye", "identity"])
def test_function_that_makes_an_array_gives_a_tensor_where_floats_are_wanted_like_one(
    name: str,
) -> None:
    c = FUNCTIONS[name](3, like=leaf(2))
    assert isinstance(c, Tensor)
    assert not c.requires_grad
    assert type(FUNCTIONS[name](3, dtype=int, like=leaf(2))) is np.ndarray
    if f"{name}_like" in FUNCTIONS:
        like = FUNCTIONS[f"{name}_like"]
        t = leaf(2, 3).astype(np.float32)
        c = like(t, shape=(4,))
        assert isinstance(c, Tensor)
        assert not c.requires_grad
        assert (c.shape, c.dtype) == ((4,), np.float32)
        assert type(like(t, dtype=bool)) is np.ndarray


#: How to call those that do not take one array.
REFUSED_ARGUMENTS: dict[str, Callable[[Tensor], tuple[Any, ...]]] = {
    **dict.fromkeys(
        [
            *("union1d", "intersect1d", "setdiff1d", "setxor1d", "histogram2d", "nextafter"),
            *("polydiv", "busday_count", "busday_offset"),
        ],
        lambda t: (t, t),
    ),
    "histogramdd": lambda t: (np.stack([t, t], axis=1),),
    "polyfit": lambda t: (t, t, 1),
}


@pytest.mark.parametrize("name", [n for n, f in FUNCTIONS.items() if f in REFUSED])
def test_refused_function_names_itself_and_the_remedy(name: str) -> None:
    function = FUNCTIONS[name]
    arguments = REFUSED_ARGUMENTS.get(name, lambda t: (t,))(leaf(3))
    with pytest.raises(NotDifferentiableError) as caught:
        function(*arguments)
    assert f"{function.__name__} has no gradient: {REFUSED[function]}" in str(caught.value)


def test_sets_hold_functions_of_numpy_that_it_hands_over() -> None:
    # np.isfortran is not handed over: it reads the memory layout, `flags`, which Tensors have.
    for function in {*REGISTRY, *CONSTANT, *REFUSED} - {np.isfortran}:
        assert isinstance(function, DISPATCHED), function


# -- methods ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["add", "multiply", "maximum", "minimum"])
@pytest.mark.parametrize("axis", [0, 1, None])
def test_reduce_is_differentiable(name: str, axis: int | None) -> None:
    reduce = getattr(np, name).reduce
    t = leaf(2, 3)
    out = reduce(t, axis=axis)
    np.testing.assert_array_equal(out.data, reduce(t.data, axis=axis))
    out.backward(np.ones(out.shape))
    assert np.any(t.grad != 0)


@pytest.mark.parametrize("name", ["accumulate", "outer", "reduceat", "at"])
@pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.maximum], ids=lambda f: f.__name__)
def test_ufunc_method_has_a_gradient(ufunc: np.ufunc, name: str) -> None:
    t = leaf(3)
    arguments = {
        "accumulate": (t,),
        "outer": (t, t),
        "reduceat": (t, [0, 2]),
        "at": (np.zeros(3), [0, 1, 2], t),
    }[name]
    if name == "at":
        words = rf"{ufunc.__name__}\.at\(t, .*Tensor\(t\)"
        with pytest.raises(NotDifferentiableError, match=words):
            ufunc.at(*arguments)
        arguments = (t + 0, *arguments[1:])
    out = getattr(ufunc, name)(*arguments)
    out = arguments[0] if name == "at" else out
    assert isinstance(out, Tensor)
    out.backward(np.ones(out.shape))
    assert np.any(t.grad != 0)


def written(t: Tensor) -> Tensor:
    t = t * 1
    t[0] = 2 * t[1]
    return t


METHODS: dict[str, Callable[[Tensor], Tensor]] = {
    **{
        name: operator.methodcaller(name)
        for name in (
            "exp", "log", "sqrt", "tanh", "abs", "sum", "mean", "max", "min", "prod", "var", "std",
            "squeeze", "ravel", "transpose", "flatten", "copy",
        )
    },
    "clip": lambda t: t.clip(0.0, 9.0),
    "dot": lambda t: t.dot(t),
    "reshape": lambda t: t.reshape(-1, 1),
    "astype": lambda t: t.astype(np.float32),
    "T": lambda t: t.T,
    "+": lambda t: t + 1,
    "-": lambda t: 1 - t,
    "*": lambda t: 2 * t,
    "/": lambda t: 1 / t,
    "%": lambda t: t % 0.4,
    "**": lambda t: t**3,
    "@": lambda t: t @ t,
    "-t": lambda t: -t,
    "+t": lambda t: +t,
    "abs()": abs,
    "t[i]": lambda t: t[1:],
    "t[i] = v": written,
}  # fmt: skip


@pytest.mark.parametrize("name", METHODS)
def test_method_or_operator_is_differentiable(name: str) -> None:
    t = leaf(3)
    out = METHODS[name](t)
    out.backward(np.arange(1.0, 1 + out.size, dtype=out.dtype).reshape(out.shape))
    assert np.any(t.grad != 0)


def test_at_least_260_functions_and_methods_are_differentiable() -> None:
    # Second names of one function (np.acos is np.arccos) count once, as do `t + 1` and `1 + t`.
    assert len(REGISTRY) + len(METHODS) >= 260
