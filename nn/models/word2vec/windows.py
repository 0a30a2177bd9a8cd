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


def _overlapped(g: Any, n: int, step: int) -> Any:
    """The sum of parts (parts, length, size) in the `n` places that they were taken from."""
    parts, length, size = g.shape
    total = np.zeros((-(-n // step) * step, size), g.dtype)
    for begin in range(0, length, step):
        part = g[:, begin : begin + step]
        total[begin : begin + parts * step].reshape(parts, step, size)[:, : part.shape[1]] += part
    return total[:n]


#: The stretches of the blocks of a step, (blocks, block + 2 window, size), of what is at its
#: places, (blocks * block + 2 window, size): they overlap. Of the `pairs` the shape is read.
stretches = rule(
    lambda x, pairs: _overlapping(x, *pairs.shape[:2]),
    lambda g, _, _x, _pairs: _overlapped(g, _x.shape[0], _pairs.shape[1]),
    None,
    name="stretches",
)

#: What CBOW predicts from, (blocks, block, size): for each centre the sum of the words in its
#: window, times `there` (blocks, block, block + 2 window). The cotangent takes the way `back`.
#: word2vec.c, and gensim after it, gives every word of a mean the whole gradient of the mean, and
#: every word of a sum its share: each the other way round than the chain rule has it.
window_sums = rule(
    lambda x, there, back: there @ _overlapping(x, *there.shape[:2]),
    lambda g, _, _x, _there, back: _overlapped(
        np.swapaxes(back, 1, 2) @ g, _x.shape[0], back.shape[1]
    ),
    None,
    None,
    name="window_sums",
)
