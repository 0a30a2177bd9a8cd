"""Einstein's notation. The gradient of an einsum is an einsum.

The cotangent takes the place of the operand, and its letters exchange places with the output's:

    y = einsum("ij,jk->ik", a, b)      ga = einsum("ik,jk->ij", g, b)

NumPy's notation cannot write two cases, and an operand more makes up for each. A letter that no
other operand has was summed within this one, and its gradient is spread: by a vector of ones with
this letter. A letter that it has twice reads its diagonal, and only the diagonal gets a gradient:
by an identity matrix.
"""

import functools
import math
from collections.abc import Callable, Sequence
from string import ascii_letters
from typing import Any

import numpy as np

from ..broadcasting import unbroadcast
from ..op import Op
from ..registry import rule
from ..typing import Array


def _vjp(g: Array, i: int, operands: Sequence[Array], subscripts: str) -> Array:
    """Return the gradient with respect to operand `i`."""
    inputs, output = _explicit(subscripts, tuple(len(x.shape) for x in operands))
    terms = list(zip(inputs, operands, strict=True))
    lengths = _lengths(terms)
    terms[i] = output, g
    wanted, more = _written_once(inputs[i], terms, lengths, g)
    left, arrays = zip(*terms, *more, strict=True)
    large = math.prod(lengths.values()) > 2**15  # where looking for a good order has paid off
    gx = np.einsum(f"{','.join(left)}->{wanted}", *arrays, optimize=large)
    return unbroadcast(gx, operands[i].shape)


Terms = list[tuple[str, Array]]  #: the letters of each operand, and the operand


def _written_once(
    letters: str, terms: Terms, lengths: dict[str, int], like: Array
) -> tuple[str, Terms]:
    """Return `letters` without repetitions, and the operands that they need besides `terms`."""
    spare = (c for c in ascii_letters if c not in lengths)
    wanted, more = "", []
    for c in letters:
        again = next(spare) if c in wanted else c
        wanted += again
        if again != c:
            more.append((c + again, np.diag(np.ones_like(like, shape=lengths[c]))))
    for c in dict.fromkeys(letters):
        here = [dict(zip(s, x.shape, strict=True)).get(c) for s, x in terms + more]
        if lengths[c] not in here:
            more.append((c, np.ones_like(like, shape=lengths[c])))
    return wanted, more


def _lengths(terms: Terms) -> dict[str, int]:
    """Return the length of the axes of each letter: NumPy stretches an axis of length 1."""
    lengths: dict[str, int] = {}
    for letters, x in terms:
        for c, n in zip(letters, x.shape, strict=True):
            if n != 1 or c not in lengths:
                lengths[c] = n
    return lengths


@functools.lru_cache
def _explicit(subscripts: str, ndims: tuple[int, ...]) -> tuple[list[str], str]:
    """Return the letters of each operand and of the output: nothing implied, no ellipsis."""
    left, arrow, output = subscripts.partition("->")
    inputs = left.split(",")
    widths = [n - len(s) + 3 if "..." in s else 0 for s, n in zip(inputs, ndims, strict=True)]
    spare = [c for c in ascii_letters if c not in subscripts]
    dots = "".join(spare[: max(widths)])
    if not arrow:
        named = left.replace(".", "").replace(",", "")
        output = dots + "".join(sorted(c for c in named if named.count(c) == 1))
    inputs = [s.replace("...", dots[len(dots) - w :]) for s, w in zip(inputs, widths, strict=True)]
    return inputs, output.replace("...", dots)


def _einsum(*operands: Array, subscripts: str, optimize: Any = False) -> Array:
    return np.einsum(subscripts, *operands, optimize=optimize)


# fmt: off
einsum_of_one = rule(_einsum,
    lambda g, _, _x, subscripts="", optimize=False: _vjp(g, 0, (_x,), subscripts))
einsum_of_two = rule(_einsum,
    lambda g, _, _x, y, subscripts="", optimize=False: _vjp(g, 0, (_x, y), subscripts),
    lambda g, _, x, _y, subscripts="", optimize=False: _vjp(g, 1, (x, _y), subscripts))
# fmt: on


@functools.cache
def einsum_of(n: int) -> Op:
    """Return the operation on `n` operands."""

    def vjp_of(i: int) -> Callable[..., Array]:
        return lambda g, _, *xs, subscripts="", optimize=False: _vjp(g, i, xs, subscripts)

    return {1: einsum_of_one, 2: einsum_of_two}.get(n) or rule(_einsum, *map(vjp_of, range(n)))
