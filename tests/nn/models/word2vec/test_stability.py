"""word2vec where a step of many pairs once diverged, and one pair at a time does not.

The grid of `python -m tests.benchmarks.word2vec grid` trains gensim beside ours, there and in many
more places; the lengths below are what it measured of gensim 4.4 on the text of Python 3.11.
"""

import math

import numpy as np
import pytest

import nn
from tests.benchmarks.word2vec.stability import DIVERGED, FIXED, MOST

#: gensim's largest and mean |v|, in the order of `DIVERGED`.
GENSIM = [
    (2.95, 1.65),
    (3.45, 1.68),
    (3.45, 1.78),
    (3.44, 1.56),
    (4.17, 1.71),
    (7.57, 1.87),
    (6.18, 2.01),
    (3.67, 0.924),
    (10.8, 1.65),
]


@pytest.fixture(scope="module")
def text():
    return nn.data.python_reference()


@pytest.mark.parametrize(
    ("settings", "largest", "mean"),
    [
        pytest.param(settings, *gensim, id=" ".join(f"{k}={v}" for k, v in settings.items()))
        for settings, gensim in zip(DIVERGED, GENSIM, strict=True)
    ],
)
def test_vectors_are_not_longer_than_gensims(text, settings, largest, mean):
    model = nn.Word2Vec(text, progress=False, **settings, **dict(FIXED))
    lengths = np.linalg.norm(model.wv.vectors.astype(float), axis=1)
    assert lengths.max() < MOST * largest
    assert lengths.mean() < MOST * mean
    if not settings.get("hs"):  # all scores 0, as before training
        assert model.history.loss[-1] < math.log(2) * (1 + settings.get("negative", 5))
