"""The exceptions: each is also the built-in one that a caller would expect."""

from __future__ import annotations

import inspect

import pytest

import autograd
from autograd import errors


@pytest.mark.parametrize(
    ("error", "built_in"),
    [
        (errors.ShapeError, ValueError),
        (errors.DTypeError, TypeError),
        (errors.GraphError, RuntimeError),
        (errors.NotDifferentiableError, TypeError),
        (errors.RenderError, RuntimeError),
        (autograd.GradcheckError, AssertionError),
    ],
)
def test_error_is_of_this_package_and_of_the_built_in_kind(error: type, built_in: type) -> None:
    assert issubclass(error, autograd.AutogradError)
    assert issubclass(error, built_in)
    assert error.__doc__


def test_errors_are_all_public() -> None:
    for name, value in vars(errors).items():
        if inspect.isclass(value):
            assert getattr(autograd, name) is value
            assert name in autograd.__all__


def test_public_names_exist_and_are_listed_once() -> None:
    assert sorted(set(autograd.__all__)) == sorted(autograd.__all__)
    assert all(hasattr(autograd, name) for name in autograd.__all__)
