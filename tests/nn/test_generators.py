import functools

import numpy as np
import pytest

import nn
from nn.generators import generators_in

from .runs import Noisy

_global = np.random.default_rng()


def _draws(x):
    return (lambda: _global.normal())() + x


def _draws_below(x):
    return _draws(x)


class _Object:
    def __init__(self, **attributes):
        vars(self).update(attributes)

    def method(self):
        pass


def _closure(generator):
    return lambda x: generator.normal() + x


def _default(x, *, generator=_global):
    pass


@pytest.mark.parametrize(
    ("make", "place"),
    [
        (lambda g: g, ""),
        (lambda g: {"a": [1, (g,)]}, "a.1.0"),
        (lambda g: _Object(inner=_Object(generator=g)), "inner.generator"),
        (lambda g: _Object(generator=g).method, "self.generator"),
        (lambda g: functools.partial(max, key=g), "keywords.key"),
        (lambda g: functools.partial(max, g), "args.0"),
        (lambda g: nn.Sequential(nn.Linear(1, 1), Noisy()), "1.noise.generator"),
    ],
)
def test_generators_are_found(make, place):
    generator = np.random.default_rng()
    found = generators_in(make(generator))
    assert list(found) == [place]
    assert found[place] is generator or "noise" in place


@pytest.mark.parametrize(
    "make",
    [_closure, lambda g: _draws, lambda g: _draws_below, lambda g: _default],
    ids=["closure", "global name", "global name of another function", "default"],
)
def test_generators_that_only_functions_hold_are_not_found(make):
    generator = np.random.default_rng()
    assert generators_in(make(generator)) == {}
    assert generators_in([make(generator), generator]) == {"1": generator}


def test_generator_that_is_reached_twice_counts_once_and_circles_end():
    generator = np.random.default_rng()
    a = _Object(generator=generator)
    a.itself, a.list = a, [a, generator]
    assert generators_in({"a": a, "b": generator}) == {"b": generator}
