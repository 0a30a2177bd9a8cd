"""Checks of the parameters of `Word2Vec`, and what replaces those of gensim's that are missing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from ...data import LineSentences
from ...sizes import check_sizes
from .keyed_vectors import KeyedVectors
from .vocabulary import refuse_text

_COMPUTE_LOSS = "the loss is always measured: history.loss has the mean of each epoch"

_EVENTS = ("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end")

#: gensim's parameters that are not here, by function, and what to do instead.
_ABSENT = {
    "Word2Vec": {
        "size": "call it vector_size",
        "iter": "call it epochs",
        "corpus_iterable": "call it sentences",
        "hashfxn": "the vectors depend on seed only",
        "null_word": "there is no word that pads short contexts",
        "batch_words": "chunks always have about 10,000 words",
        "compute_loss": _COMPUTE_LOSS,
        "comment": "keep notes in a variable of your own",
    },
    "build_vocab": {
        "sentences": "call it corpus_iterable, or give it first",
        "progress_per": "counting the words shows no progress",
        "keep_raw_vocab": "counts of words that are left out are not kept",
    },
    "build_vocab_from_freq": {
        "keep_raw_vocab": "counts of words that are left out are not kept",
        "corpus_count": "training does not need it",
    },
    "train": {
        "sentences": "call it corpus_iterable, or give it first",
        "iter": "call it epochs",
        "word_count": "checkpoint= and resume=True go on with training that was interrupted",
        "queue_factor": "there is no queue of jobs",
        "report_delay": "progress=True shows the progress all the time",
        "compute_loss": _COMPUTE_LOSS,
    },
}

#: Attributes of gensim's model that ours lacks, and what to use instead.
_ELSEWHERE = {
    "scan_vocab": "model.build_vocab(corpus)",
    "prepare_vocab": "model.build_vocab(corpus)",
    "raw_vocab": "model.vocabulary.words and model.vocabulary.counts",
    "init_weights": "model.build_vocab(corpus), or model.reset_from(other)",
    "reset_weights": "model.build_vocab(corpus), or model.reset_from(other)",
    "init_sims": "model.wv.get_vector(word, norm=True)",
    "make_cum_table": "model.vocabulary.noise(ns_exponent)",
    "cum_table": "model.vocabulary.noise(ns_exponent)",
    "create_binary_tree": "model.vocabulary.huffman()",
    "prepare_weights": "model.build_vocab(corpus)",
    "update_weights": "model.build_vocab(corpus, update=True)",
    "estimate_memory": "model.save(path), and the size of its file",
    "get_latest_training_loss": "model.history.loss[-1]",
    "running_training_loss": "model.history.loss[-1]",
    "layer1_size": "model.vector_size",
    "random": "model.generator",
    "syn0": "model.wv.vectors",
    "iter": "model.epochs",
    "vocab": "model.wv.key_to_index",
    "index2word": "model.wv.index_to_key",
    "load": "Word2Vec.load(path), which returns a model",
    "load_word2vec_format": "KeyedVectors.load_word2vec_format(path)",
}


def check_settings(given: Mapping[str, Any]) -> None:
    """Raise `TypeError` or `ValueError` for a parameter of the wrong type or out of range."""
    sizes = ("vector_size", "window", "epochs", "workers", "max_vocab_size", "max_final_vocab")
    unlimited = {name for name in sizes if name.startswith("max_") and given[name] is None}
    check_sizes("Word2Vec", **{name: given[name] for name in sizes if name not in unlimited})
    counts = {name: given[name] for name in ("negative", "min_count", "seed")}
    check_sizes("Word2Vec", least=0, **counts)
    for name in ("sg", "hs", "cbow_mean", "shrink_windows", "sorted_vocab"):
        if given[name] not in (0, 1):
            raise ValueError(f"Word2Vec: {name} (={given[name]!r}) must be 0 or 1")
    for name in ("sample", "ns_exponent"):
        _check_number("Word2Vec", name, given[name])
    if given["sample"] < 0:
        raise ValueError(f"Word2Vec: sample (={given['sample']}) must not be negative")
    if not given["hs"] and not given["negative"]:
        raise ValueError(
            "Word2Vec: hs=0 with negative=0 leaves nothing to learn from; set hs=1, or negative "
            "to 5"
        )
    check_rates("Word2Vec", alpha=given["alpha"], min_alpha=given["min_alpha"])


def check_rates(function: str, **rates: Any) -> None:
    """Raise the same for two learning rates, the first and the last."""
    for name, value in rates.items():
        _check_number(function, name, value)
        if value < 0:
            raise ValueError(f"{function}: {name} (={value}) must not be negative")
    (first, start), (last, end) = rates.items()
    if not start or start < end:
        raise ValueError(
            f"{function}: {first} (={start}) must be positive, and not less than {last} (={end})"
        )


def _check_number(function: str, name: str, value: Any) -> None:
    if not isinstance(value, int | float | np.number) or isinstance(value, bool):
        raise TypeError(f"{function}: {name} (={value!r}) must be a number")
    if not math.isfinite(value):
        raise ValueError(f"{function}: {name} (={value}) must be finite")


def corpus_of(function: str, name: str, sentences: Any, path: Any) -> Iterable[Iterable[str]]:
    """The corpus, given as sentences or as a path. Raises `TypeError` for anything else."""
    if (sentences is None) == (path is None):
        got = "neither" if path is None else "both"
        raise TypeError(f"{function}: got {got} of {name} and corpus_file; give one of them")
    if path is not None:
        return LineSentences(path)
    refuse_text(sentences, f"{function}: {name} is")
    if not isinstance(sentences, Iterable):
        raise TypeError(
            f"{function}: {name} (={sentences!r:.60}) must be a list of lists of words, or an "
            f"object whose __iter__ gives such lists"
        )
    return sentences


def check_callbacks(callbacks: Any) -> None:
    """Raise `TypeError` unless this is a list of objects with methods of gensim's callbacks."""
    if not isinstance(callbacks, Iterable) or isinstance(callbacks, Iterator):
        raise TypeError(f"callbacks (={callbacks!r:.60}) must be a list")
    for callback in callbacks:
        if not any(hasattr(callback, event) for event in _EVENTS):
            raise TypeError(
                f"the callback {callback!r:.60} has none of the methods {', '.join(_EVENTS)}"
            )


def refuse_others(function: str, others: Mapping[str, Any]) -> None:
    """Raise `TypeError` for any other argument; for one of gensim's, say what to do instead."""
    for name in others:
        instead = _ABSENT[function].get(name)
        if instead is None:
            raise TypeError(f"{function}: got an unexpected argument {name!r}")
        raise TypeError(f"{function}: {name} is not here; {instead}")


def where_else(name: str) -> str:
    """Say what replaces an attribute of gensim's model, to end a message with."""
    if name in _ELSEWHERE:
        return f"; use {_ELSEWHERE[name]}"
    return f"; use model.wv.{name}" if hasattr(KeyedVectors, name) else ""
