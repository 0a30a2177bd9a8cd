"""Sentences as blocks of words with their windows, and which words meet as pairs.

The words of many sentences stand in one row, cut into steps, and each of these into blocks of
centres. The windows of a block's centres all lie in its stretch: the block with `window` places
more on either side. A mask says which centre meets which place. For the row a b c d e (one
sentence), a step of three blocks of two, and windows of one (`.` is padding; 1 is a pair):

    block    stretch    mask         block    stretch    mask         block    stretch    mask
    a b      . a b c    0 0 1 0      c d      b c d e    1 0 1 0      e .      d e . .    1 0 0 0
                        0 1 0 1                          0 1 0 1                          0 0 0 0
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from autograd import rule


class Windows(NamedTuple):
    """`centres`: (steps, blocks, block), numbers of words. `places`: (steps, blocks * block +
    2 window), the same, with those around. `pairs`: (steps, blocks, block, block + 2 window),
    bool. Padding is word 0, in no pair."""

    centres: Any
    places: Any
    pairs: Any


def windows(words: Any, sentences: Any, reach: Any, window: int, block: int, step: int) -> Windows:
    """The blocks of a row of `words`, and which of them lie in one another's windows.

    `words`: (n,), numbers. `sentences`: (n,), which sentence each word belongs to, ascending.
    `reach`: (n,) or a number, 1 to `window`: a word meets those of its sentence that are at most
    so many places away, as gensim's does. `step`: the most centres in a step, at least `block`.
    """
    n = len(words)
    steps = -(-n // (step // block * block))
    blocks = -(-n // (steps * block))  # as many in each step: there is little padding
    count = steps * blocks
    at = np.arange(n)
    first = np.zeros(count * block, np.int32)
    last = np.full(count * block, -1, np.int32)  # the padding meets nothing
    first[:n] = np.maximum(at - reach, np.searchsorted(sentences, sentences)) - at
    last[:n] = np.searchsorted(sentences, sentences, "right") - 1
    last[:n] = np.minimum(at + reach, last[:n]) - at
    across = np.arange(block + 2 * window, dtype=np.int32)
    offset = across - window - np.arange(block, dtype=np.int32)[:, None]
    pairs = offset >= first.reshape(count, block, 1)
    pairs &= offset <= last.reshape(count, block, 1)
    pairs &= offset != 0
    row = np.zeros(count * block + 2 * window, np.int32)
    row[window : window + n] = words
    size = blocks * block
    places = _overlapping(row, steps, size)
    centres = row[window : window + count * block].reshape(steps, blocks, block)
    return Windows(centres, places, pairs.reshape(steps, blocks, block, -1))


def _overlapping(x: Any, parts: int, step: int) -> Any:
    """The first axis of `x` in equal parts, each `step` places after the one before: a view."""
    length = len(x) - (parts - 1) * step
    shape, strides = (parts, length, *x.shape[1:]), (step * x.strides[0], *x.strides)
    return as_strided(x, shape, strides, writeable=False)


def _overlapping_vjp(g: Any, _: Any, _x: Any, parts: int = 1, step: int = 1) -> Any:
    gx = np.zeros((-(-_x.shape[0] // step) * step, *_x.shape[1:]), g.dtype)
    for begin in range(0, g.shape[1], step):
        part = g[:, begin : begin + step]
        inside = gx[begin : begin + parts * step].reshape(parts, step, -1)
        inside[:, : part.shape[1]] += part
    return gx[: _x.shape[0]]


#: The stretches of the blocks of a step, (blocks, block + 2 window, size), of what is at its
#: places, (blocks * block + 2 window, size): they overlap.
stretches = rule(_overlapping, _overlapping_vjp)


def chunks(
    sentences: Iterable[Sequence[str]], index: dict[str, int], size: int
) -> Iterator[tuple[Any, Any]]:
    """Whole sentences in a row, about `size` words at a time, without those not in `index`.

    Yields the numbers of the words and, for each, the number of its sentence.
    """
    held: list[Sequence[str]] = []
    words = 0
    for sentence in sentences:
        held.append(sentence)
        words += len(sentence)
        if words >= size:
            yield _in_a_row(held, words, index)
            held, words = [], 0
    if words:
        yield _in_a_row(held, words, index)


def _in_a_row(held: list[Sequence[str]], count: int, index: dict[str, int]) -> tuple[Any, Any]:
    numbers = map(index.get, chain.from_iterable(held), repeat(-1))
    words = np.fromiter(numbers, np.int32, count)
    known = words >= 0
    return words[known], np.repeat(np.arange(len(held)), list(map(len, held)))[known]
