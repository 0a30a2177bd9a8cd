"""Which words meet, as gensim pairs them, and what is predicted from them."""

import numpy as np
import pytest

from autograd import Tensor, gradcheck
from nn.models.word2vec.windows import stretches, window_sums, windows


def random_row(rng, n):
    """Words, the sentences that they belong to, and a reach for each."""
    sentences = np.sort(rng.integers(0, 1 + n // 4, n))
    return rng.integers(1, 50, n), sentences, rng.integers(1, 5, n)


@pytest.mark.parametrize("n", [1, 2, 7, 8, 9, 40])
@pytest.mark.parametrize(
    ("block", "step", "parts"), [(1, 1, 1), (1, 3, 1), (4, 4, 2), (4, 11, 1), (8, 100, 4)]
)
def test_windows_pair_the_words_that_gensim_pairs(n, block, step, parts):
    rng = np.random.default_rng(n)
    words, sentences, reach = random_row(rng, n)
    expected = []
    for i in range(n):
        start, end = np.searchsorted(sentences, [sentences[i], sentences[i] + 1])
        for j in range(max(i - reach[i], start), min(i + reach[i] + 1, end)):
            if j != i:
                expected.append((i, j))
    centres, places, pairs, counts = windows(words, sentences, reach, 4, block, step, parts)
    np.testing.assert_array_equal(pairs.sum(axis=3).ravel(), counts.ravel())
    steps, blocks, _ = centres.shape
    assert blocks * block <= max(step, block)
    assert centres.size - n < steps * block
    assert set(np.unique(pairs)) <= {0, 1}
    at, which, centre, place = np.nonzero(pairs)
    i = at * blocks * block + which * (block // parts) + centre
    j = i - centre + place - 4
    assert list(zip(i.tolist(), j.tolist(), strict=True)) == expected
    np.testing.assert_array_equal(centres.ravel()[i], words[i])
    np.testing.assert_array_equal(places[at, which * (block // parts) + place], words[j])


BANDS = [(1, 3, 5), (4, 3, 3), (4, 3, 4), (5, 2, 9)]  # blocks, block, places around a block


def band(rng, blocks, block, length):
    x = rng.standard_normal(((blocks - 1) * block + length, 2))
    parts = np.stack([x[i * block : i * block + length] for i in range(blocks)])
    return x, parts, rng.random((blocks, block, length))


@pytest.mark.parametrize(("blocks", "block", "length"), BANDS)
def test_stretches_overlap_and_add_up_their_gradients(blocks, block, length):
    x, parts, pairs = band(np.random.default_rng(blocks), blocks, block, length)
    np.testing.assert_array_equal(stretches(x, pairs), np.swapaxes(parts, 1, 2))
    assert gradcheck(lambda x: stretches(x, pairs), x, order=1)


@pytest.mark.parametrize(("blocks", "block", "length"), BANDS)
def test_window_sums_have_the_gradient_of_other_shares(blocks, block, length):
    rng = np.random.default_rng(blocks)
    x, parts, there = band(rng, blocks, block, length)
    np.testing.assert_allclose(window_sums(x, there, there), there @ parts)
    assert gradcheck(lambda x: window_sums(x, there, there), x, order=1)
    back = rng.random(there.shape)
    gradients = []
    for forward in (there, back):
        v = Tensor(x, requires_grad=True)
        window_sums(v, forward, back).sum().backward()
        gradients.append(v.grad)
    np.testing.assert_array_equal(*gradients)
