"""Which words meet, as gensim pairs them."""

import numpy as np
import pytest

from autograd import gradcheck
from nn.models.word2vec.windows import chunks, stretches, windows


def random_row(rng, n):
    """Words, the sentences that they belong to, and a reach for each."""
    sentences = np.sort(rng.integers(0, 1 + n // 4, n))
    return rng.integers(1, 50, n), sentences, rng.integers(1, 5, n)


@pytest.mark.parametrize("n", [1, 2, 7, 8, 9, 40])
@pytest.mark.parametrize(("block", "step"), [(1, 1), (1, 3), (4, 4), (4, 11), (8, 100)])
def test_windows_pair_the_words_that_gensim_pairs(n, block, step):
    rng = np.random.default_rng(n)
    words, sentences, reach = random_row(rng, n)
    expected = []
    for i in range(n):
        start, end = np.searchsorted(sentences, [sentences[i], sentences[i] + 1])
        for j in range(max(i - reach[i], start), min(i + reach[i] + 1, end)):
            if j != i:
                expected.append((i, j))
    centres, places, pairs = windows(words, sentences, reach, 4, block, step)
    steps, blocks, _ = centres.shape
    assert blocks * block <= max(step, block)
    assert centres.size - n < steps * block
    at, which, centre, place = np.nonzero(pairs)
    i = (at * blocks + which) * block + centre
    j = i - centre + place - 4
    assert list(zip(i.tolist(), j.tolist(), strict=True)) == expected
    np.testing.assert_array_equal(centres[at, which, centre], words[i])
    np.testing.assert_array_equal(places[at, which * block + place], words[j])


@pytest.mark.parametrize(("parts", "step", "width"), [(1, 3, 5), (4, 3, 3), (4, 3, 4), (5, 2, 9)])
def test_stretches_overlap_and_add_up_their_gradients(parts, step, width):
    rng = np.random.default_rng(parts)
    x = rng.standard_normal(((parts - 1) * step + width, 2))
    expected = np.stack([x[i * step : i * step + width] for i in range(parts)])
    np.testing.assert_array_equal(stretches(x, parts=parts, step=step), expected)
    assert gradcheck(lambda x: stretches(x, parts=parts, step=step), x, order=1)


def test_chunks_keep_sentences_whole_and_drop_unknown_words():
    text = ["a b a", "", "x", "b x a", "a"]
    found = list(chunks([s.split() for s in text], {"a": 0, "b": 1}, 4))
    rows = [(words.tolist(), sentence.tolist()) for words, sentence in found]
    assert rows == [([0, 1, 0], [0, 0, 0]), ([1, 0, 0], [0, 0, 1])]
