"""The parameters of `Word2Vec`: the settings it is given, and the tables it learns."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ...data import LineSentences
from ...history import History
from ...sizes import check_sizes
from .gensim import ATTRIBUTES
from .keyed_vectors import KeyedVectors
from .vocabulary import Vocabulary, refuse_text

if TYPE_CHECKING:
    of_class = classmethod
else:

    class of_class(classmethod):  # noqa: N801 - a decorator
        """A classmethod that instances lack: `model.load(path)` would not change `model`."""

        def __get__(self, instance, owner=None):
            if instance is not None:
                raise AttributeError
            return super().__get__(instance, owner)


#: The settings that all trainings of a model share, in the order of its signature.
SETTINGS = (
    "vector_size", "alpha", "window", "min_count", "max_vocab_size", "sample", "workers",
    "min_alpha", "sg", "hs", "negative", "ns_exponent", "cbow_mean", "epochs", "sorted_vocab",
    "max_final_vocab", "shrink_windows",
)  # fmt: skip


class Parameters:
    """The settings of a model, and its `vocabulary`, `wv`, `syn1neg` and `syn1` once it has words.

    The base of `Word2Vec`.
    """

    vector_size: int
    alpha: float
    window: int
    min_count: int
    max_vocab_size: int | None
    sample: float
    workers: int
    min_alpha: float
    sg: int
    hs: int
    negative: int
    ns_exponent: float
    cbow_mean: int
    epochs: int
    sorted_vocab: int
    max_final_vocab: int | None
    shrink_windows: bool
    generator: np.random.Generator
    history: History
    corpus_count: int
    corpus_total_words: int

    def settings(self) -> dict[str, Any]:
        """Return the settings that all trainings of the model share.

        Example:
            >>> nn.Word2Vec(vector_size=20, sg=1).settings()["vector_size"]
            20
        """
        settings = {name: getattr(self, name) for name in SETTINGS}
        # NumPy's integers overflow where Python's do not.
        return {
            name: value.item() if isinstance(value, np.generic) else value
            for name, value in settings.items()
        }

    # -- tables ---------------------------------------------------------------------------------

    def tables(self, function: str) -> dict[str, Any]:
        """Return the tables by name.

        Args:
            function: The function to name in messages.

        Raises:
            ValueError: There are no tables yet, or one was replaced by another array.

        Example:
            >>> model = nn.Word2Vec(vector_size=4)
            >>> model.build_vocab_from_freq({"the": 20, "cat": 5})
            >>> list(model.tables("example"))
            ['vectors', 'syn1neg']
        """
        if "vocabulary" not in vars(self):
            raise ValueError(
                f"{function}: the model has no words; call build_vocab(sentences) first"
            )
        tables = {"vectors": self.wv.vectors}
        tables |= {name: vars(self)[name] for name in ("syn1neg", "syn1") if name in vars(self)}
        if self._layout() != self._laid_out:
            raise ValueError(
                f"{function}: vector_size, negative or hs has changed since the vectors were made; "
                f"call build_vocab again, or make a new model"
            )
        for name, table in tables.items():
            if not np.may_share_memory(table, self._table):
                raise ValueError(
                    f"{function}: {name} was replaced by another array, which is not trained; "
                    f"change it in place, as in wv.vectors[:] = values; to add words, call "
                    f"build_vocab(corpus, update=True)"
                )
        return tables

    def set_vocabulary(self, vocabulary: Vocabulary) -> None:
        """Set the words, and make tables of zeros.

        Args:
            vocabulary: The words and their counts.

        Example:
            >>> model = nn.Word2Vec(vector_size=4)
            >>> model.set_vocabulary(nn.models.Vocabulary(["the", "cat"], [20, 5]))
            >>> model.wv.vectors.shape
            (2, 4)
        """
        self.vocabulary = vocabulary
        self._laid_out = size, negative, hs = self._layout()
        self._table = np.zeros((len(vocabulary) * (1 + negative + hs), size), np.float32)
        self._name_tables()

    def _name_tables(self) -> None:
        """Name the parts of the table."""
        count = len(self.vocabulary)
        _, negative, hs = self._laid_out
        vars(self).pop("syn1neg", None)
        vars(self).pop("syn1", None)
        if negative:
            self.syn1neg = self._table[count : 2 * count]
        if hs:
            self.syn1 = self._table[-count:]  # there are count - 1 nodes; the last row is not used
        self.wv = KeyedVectors(self.vocabulary.words, self._table[:count], self.vocabulary.counts)

    def __setstate__(self, state: dict[str, Any]) -> None:  # for copies and pickles
        vars(self).update(state)
        if "vocabulary" in state:
            self._name_tables()

    def _layout(self) -> tuple[int, bool, bool]:
        return self.vector_size, bool(self.negative), bool(self.hs)

    if not TYPE_CHECKING:  # otherwise mypy would accept any name

        def __getattr__(self, name: str) -> Any:
            if name in ("wv", "vocabulary", "corpus_count", "corpus_total_words"):
                instead = ": it has no words yet; call build_vocab(sentences) first"
            elif name in ("syn1neg", "syn1"):
                instead = f": negative={self.negative} and hs={self.hs}, or it has no words yet"
            elif name in ATTRIBUTES["Word2Vec"]:
                instead = f"; use {ATTRIBUTES['Word2Vec'][name]}"
            else:
                instead = f"; use model.wv.{name}" * hasattr(KeyedVectors, name)
            raise AttributeError(f"Word2Vec has no attribute {name!r}{instead}")


# -- checks -------------------------------------------------------------------------------------

_EVENTS = ("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end")


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


def check_rates(function: str, **rates: float) -> None:
    """Raise the same for two learning rates, the first and the last, in this order."""
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


def corpus_of(
    function: str, name: str, sentences: object, path: str | os.PathLike[str] | None
) -> Iterable[Iterable[str]]:
    """Return the corpus, given as sentences or as a path; raise `TypeError` for anything else."""
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


def check_callbacks(callbacks: object) -> None:
    """Raise `TypeError` unless each callback has some of the methods of gensim's."""
    if not isinstance(callbacks, Iterable) or isinstance(callbacks, Iterator):
        raise TypeError(f"callbacks (={callbacks!r:.60}) must be a list")
    for callback in callbacks:
        if not any(hasattr(callback, event) for event in _EVENTS):
            raise TypeError(
                f"the callback {callback!r:.60} has none of the methods {', '.join(_EVENTS)}"
            )
