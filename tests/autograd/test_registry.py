"""How the arguments of a NumPy function reach its composition."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograd import NotDifferentiableError, Tensor
from autograd.registry import REGISTRY, implements

t = Tensor(np.array([0.3, 0.1, 0.2]), requires_grad=True)


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """The registry is afterwards as it was."""
    before = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(before)


def test_composition_gets_numpys_defaults_for_all_parameters_that_it_names() -> None:
    @implements(np.linspace)
    def linspace(start: Any, stop: Any, endpoint: Any, num: Any, axis: Any) -> Any:
        return num, endpoint, axis

    assert np.linspace(t, 1, axis=-1) == (50, True, -1)
    assert np.linspace(t, 1, 3, False) == (3, False, 0)


def test_own_default_of_a_composition_comes_before_numpys() -> None:
    @implements(np.linspace)
    def linspace(start: Any, stop: Any, num: Any = 7) -> Any:
        return num

    assert np.linspace(t, 1) == 7


def test_default_that_numpy_does_not_show_is_none_or_that_of_its_reductions() -> None:
    @implements(np.diff)
    def diff(a: Any, prepend: Any, append: Any) -> Any:
        return prepend, append

    @implements(np.amax)
    def amax(a: Any, keepdims: Any, where: Any, initial: Any) -> Any:
        return keepdims, where, initial

    assert np.diff(t) == np.diff(t, prepend=np._NoValue) == (None, None)
    assert np.amax(t) == (False, True, None)


def test_parameter_that_is_not_named_may_be_given_its_default_only() -> None:
    @implements(np.partition)
    def partition(a: Any, kth: Any, axis: Any) -> Any:
        return axis

    assert np.partition(t, 1, order=None, kind="introselect") == -1
    words = r"^partition: no gradient rule honours kind='other' \(what is honoured: axis\); leave"
    with pytest.raises(NotDifferentiableError, match=words):
        np.partition(t, 1, kind="other")


def test_missing_argument_is_named() -> None:
    with pytest.raises(TypeError, match=r"^partition\(\) is missing its argument 'kth'$"):
        REGISTRY[np.partition](t)


def test_too_many_arguments_are_counted() -> None:
    with pytest.raises(TypeError, match=r"^diag\(\) takes at most 2 positional arguments, got 3$"):
        REGISTRY[np.diag](t, 0, 0)


def test_parameter_that_numpys_function_does_not_have_is_refused() -> None:
    words = (
        r"^implements\(diag\): diagonal_matrix has a parameter 'offset', which NumPy's function "
        r"does not have; its parameters are v, k$"
    )
    with pytest.raises(TypeError, match=words):

        @implements(np.diag)
        def diagonal_matrix(v: Any, offset: Any) -> Any:
            raise AssertionError


def test_messages_name_numpys_function_where_one_composition_serves_two() -> None:
    for function, name in ((np.fft.fftn, "fftn"), (np.fft.fft2, "fft2")):
        with pytest.raises(NotDifferentiableError, match=rf"^{name}: out= \(an array of shape"):
            function(np.stack([t, t]), out=np.zeros((2, 3), complex))


def test_compiled_function_takes_out_by_position() -> None:
    with pytest.raises(NotDifferentiableError, match=r"^concatenate: out= \(an array of shape"):
        np.concatenate([t, t], 0, np.zeros(6))
