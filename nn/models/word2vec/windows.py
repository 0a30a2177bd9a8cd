"""Sentences as blocks of words with their windows, and the pairs of words in them.

The words of many sentences are put in one row, which is cut into steps, and each step into blocks
of centres. The windows of all centres of a block are in its stretch: the block and `window` places
on either side. A mask says which centre is paired with which place. For the row a b c d e (one
sentence), a step of three blocks of two, and windows of one (`.` is padding; 1 is a pair)::

    block    stretch    mask         block    stretch    mask         block    stretch    mask
    a b      . a b c    0 0 1 0      c d      b c d e    1 0 1 0      e .      d e . .    1 0 0 0
                        0 1 0 1                          0 1 0 1                          0 0 0 0
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from autograd import rule


class Windows(NamedTuple):
    """The blocks of a row of words. Padding is word 0, in no pair.

    Attributes:
        centres: `(steps, blocks, block)`, numbers of words.
        places: `(steps, blocks * block + 2 window)`, the same, with those around.
        pairs: `(steps, blocks * parts, block / parts, block / parts + 2 window)`, 1.0 where a
            centre meets a place.
        counts: `(steps, blocks, block)`, the number of pairs of each centre.
    """

    centres: NDArray[np.int32]
    places: NDArray[np.int32]
    pairs: NDArray[np.float32]
    counts: NDArray[np.float32]


def windows(
    words: NDArray[Any],
    sentences: NDArray[Any],
    reach: NDArray[Any] | int,
    window: int,
    block: int,
    step: int,
    parts: int = 1,
) -> Windows:
    """Cut a row of `words` into blocks, and find the pairs in them.

    Args:
        words: `(n,)`, numbers.
        sentences: `(n,)`, the sentence of each word, ascending.
        reach: `(n,)` or a number, 1 to `window`: as in gensim, a centre is paired with the words of
            its sentence that are at most this many places away.
        window: The largest reach.
        block: The centres in a block.
        step: The most centres in a step, at least `block`.
        parts: How many parts each block's mask is split into.
    """
    n = len(words)
    steps = -(-n // (step // block * block))
    blocks = -(-n // (steps * block))  # equal numbers in all steps, so there is little padding
    at = np.arange(n)
    first = np.zeros(steps * blocks * block, np.int32)
    last = np.full(len(first), -1, np.int32)  # padding is in no pair
    first[:n] = np.maximum(at - reach, np.searchsorted(sentences, sentences)) - at
    last[:n] = np.searchsorted(sentences, sentences, "right") - 1
    last[:n] = np.minimum(at + reach, last[:n]) - at
    part = block // parts
    offset = np.arange(part + 2 * window, dtype=np.int32) - window
    offset = offset - np.arange(part, dtype=np.int32)[:, np.newaxis]
    pairs = offset >= first.reshape(-1, part, 1)
    pairs &= offset <= last.reshape(-1, part, 1)
    pairs &= offset != 0
    row = np.zeros(len(first) + 2 * window, np.int32)
    row[window : window + n] = words
    places = _overlapping(row, steps, blocks * block)
    centres = row[window : window + len(first)].reshape(steps, blocks, block)
    mask = pairs.reshape(steps, blocks * parts, part, -1).astype(np.float32)
    counts = np.maximum(last - first, 0).astype(np.float32).reshape(centres.shape)
    return Windows(centres, places, mask, counts)


def _overlapping(x: Any, parts: int, step: int) -> Any:
    """Return a view of `x` as overlapping parts, each `step` places after the last."""
    length = len(x) - (parts - 1) * step
    shape, strides = (parts, length, *x.shape[1:]), (step * x.strides[0], *x.strides)
    return as_strided(x, shape, strides, writeable=False)


def _overlapped(g: Any, n: int, step: int) -> Any:
    """Add up overlapping parts (parts, length, size) at the `n` places that they came from."""
    parts, length, size = g.shape
    total = np.zeros((-(-n // step) * step, size), g.dtype)
    for begin in range(0, length, step):
        part = g[:, begin : begin + step]
        total[begin : begin + parts * step].reshape(parts, step, size)[:, : part.shape[1]] += part
    return total[:n]


#: The inputs of skip-gram, (blocks, size, block + 2 window): the stretch of each block, from the
#: vectors at all places of a step, (blocks * block + 2 window, size). Only the shape of `pairs` is
#: used.
stretches: Callable[..., Any] = rule(
    lambda x, pairs: np.swapaxes(_overlapping(x, *pairs.shape[:2]), 1, 2),
    lambda g, _, _x, _pairs: _overlapped(np.swapaxes(g, 1, 2), _x.shape[0], _pairs.shape[1]),
    None,
    name="stretches",
)

#: The inputs of CBOW, (blocks, block, size): for each centre, the sum of the vectors in its window,
#: weighted by `there` (blocks, block, block + 2 window); the cotangent is weighted by `back`.
#: word2vec.c and gensim give every word of a mean the whole gradient of the mean, and every word of
#: a sum only its share: for both, the opposite of the chain rule.
window_sums: Callable[..., Any] = rule(
    lambda x, there, _back: there @ _overlapping(x, *there.shape[:2]),
    lambda g, _, _x, _there, back: _overlapped(
        np.swapaxes(back, 1, 2) @ g, _x.shape[0], back.shape[1]
    ),
    None,
    None,
    name="window_sums",
)
