"""Word vectors for the tests of what was learned, ours and gensim's, and how they compare."""

import numpy as np
import pytest

from nn.models import KeyedVectors

WORDS = ["king", "queen", "man", "woman", "King", "apple", "na\u00efve", "\u4f60\u597d", "don't"]


def keyed_vectors(words=None, size=20, dtype=np.float32, seed=0):
    words = words or [*WORDS, *(f"word{i}" for i in range(200))]
    vectors = np.random.default_rng(seed).normal(size=(len(words), size)).astype(dtype)
    return KeyedVectors(words, vectors, np.arange(len(words), 0, -1))


def gensims(ours):
    theirs = pytest.importorskip("gensim.models").KeyedVectors(ours.vectors.shape[1])
    theirs.add_vectors(ours.index_to_key, ours.vectors)
    return theirs


def assert_close(ours, theirs):
    assert [word for word, _ in ours] == [word for word, _ in theirs]
    np.testing.assert_allclose([c for _, c in ours], [c for _, c in theirs], rtol=0, atol=1e-6)


def assert_equal(one, other):
    assert one.index_to_key == other.index_to_key
    np.testing.assert_array_equal(one.vectors, other.vectors)
    assert one.vectors.dtype == other.vectors.dtype
