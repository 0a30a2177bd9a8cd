"""word2vec: an epoch on 1,000,000 words drawn from a Zipf law over 10,000, in sentences of 20."""

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

import numpy as np

from ..measure import Engine, Measured, Workload

OPTIONS = {"vector_size": 100, "window": 5, "negative": 5, "sample": 1e-3, "seed": 1}


def corpus(words: int) -> list[list[str]]:
    shares = 1 / np.arange(1, 10_001)
    drawn = np.random.default_rng(0).choice(10_000, size=words, p=shares / shares.sum())
    return [[f"w{i}" for i in sentence] for sentence in drawn.reshape(-1, 20).tolist()]


def _pullback(text: list[list[str]], sg: int) -> Callable[[], Any]:
    from nn.models.word2vec import Word2Vec

    model = Word2Vec(sg=sg, **OPTIONS)  # type: ignore[arg-type]
    model.build_vocab(text)
    return lambda: model.train(text, epochs=1, progress=False)


def _gensim(text: list[list[str]], sg: int) -> Callable[[], Any]:
    from gensim.models import Word2Vec

    model = Word2Vec(sg=sg, workers=1, **OPTIONS)
    model.build_vocab(text)
    return lambda: model.train(text, total_examples=len(text), epochs=1)


def _engine(setup: Callable[[list[list[str]], int], Callable[[], Any]], sg: int) -> Engine:
    def epochs(quick: bool) -> Iterator[Measured]:
        text = corpus(20_000 if quick else 1_000_000)
        train = setup(text, sg)
        while True:
            start = perf_counter()
            train()
            yield Measured({"µs per word": (perf_counter() - start) / (len(text) * 20) * 1e6})

    return epochs


def workload(sg: int) -> Workload:
    """Its results are not compared: each library draws its own random numbers."""
    return Workload(
        "word2vec, 1,000,000 words, 100 dimensions, window 5, 5 negatives, an epoch",
        {"pullback": _engine(_pullback, sg), "gensim": _engine(_gensim, sg)},
        lasting=True,
    )
