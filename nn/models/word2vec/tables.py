"""The words of a model, and its parameters: one table, whose parts have gensim's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .keyed_vectors import KeyedVectors
from .settings import where_else
from .vocabulary import Vocabulary

if TYPE_CHECKING:
    of_class = classmethod
else:

    class of_class(classmethod):  # noqa: N801 - a decorator
        """A classmethod that instances lack: `model.load(path)` would not change `model`."""

        def __get__(self, instance, owner=None):
            if instance is not None:
                raise AttributeError
            return super().__get__(instance, owner)


class Tables:
    """The base of `Word2Vec`: its `vocabulary`, `wv`, `syn1neg` and `syn1`, once it has words."""

    vector_size: int
    negative: int
    hs: int

    def tables(self, function: str) -> dict[str, Any]:
        """The tables by name; messages name `function`.

        Raises `ValueError` if there are none yet, or if one was replaced by another array.
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
        """Set the words, with tables of zeros."""
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
            else:
                instead = where_else(name)
            raise AttributeError(f"Word2Vec has no attribute {name!r}{instead}")
