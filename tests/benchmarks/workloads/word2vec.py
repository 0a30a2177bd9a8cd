"""word2vec: epochs on texts of three sizes, on gensim with one worker and on ours."""

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

from ..measure import Engine, Measured, Workload
from ..word2vec.texts import Text, load

OPTIONS = {"vector_size": 100, "window": 5, "negative": 5, "sample": 1e-3, "seed": 1}

#: The epochs of one call: both libraries' default. What is done once, as encoding, has its share.
EPOCHS = 5


def _pullback(text: Text, sg: int, epochs: int, **workers: int) -> Callable[[], Any]:
    from nn.models.word2vec import Word2Vec

    model = Word2Vec(sg=sg, **OPTIONS, **workers)  # type: ignore[arg-type]
    model.build_vocab(text)
    return lambda: model.train(text, epochs=epochs, progress=False)


def _two_workers(text: Text, sg: int, epochs: int) -> Callable[[], Any]:
    return _pullback(text, sg, epochs, workers=2)


def _gensim(text: Text, sg: int, epochs: int) -> Callable[[], Any]:
    from gensim.models import Word2Vec

    model = Word2Vec(sg=sg, workers=1, **OPTIONS)
    model.build_vocab(text)
    return lambda: model.train(text, total_examples=len(text), epochs=epochs)


def _engine(setup: Callable[[Text, int, int], Callable[[], Any]], name: str, sg: int) -> Engine:
    def rounds(quick: bool) -> Iterator[Measured]:
        text = load(name)
        epochs = EPOCHS
        if quick:
            text, epochs = text[:1_000], 1
        words = epochs * sum(map(len, text))
        train = setup(text, sg, epochs)
        while True:
            start = perf_counter()
            train()
            yield Measured({"µs per word": (perf_counter() - start) / words * 1e6})

    return rounds


def workload(name: str, words: str, sg: int) -> Workload:
    """Its results are not compared: each library draws its own random numbers."""
    setups = {"pullback": _pullback, "pullback-workers": _two_workers, "gensim": _gensim}
    return Workload(
        f"word2vec, {words} words, 100 dimensions, window 5, 5 negatives, {EPOCHS} epochs",
        {engine: _engine(setup, name, sg) for engine, setup in setups.items()},
        lasting=True,
    )
