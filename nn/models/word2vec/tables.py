"""The words of a model, and what it learns of them: one table, whose parts have gensim's names."""

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
        """A classmethod that an instance lacks: `model.load(path)` would not change the model."""

        def __get__(self, instance, owner=None):
            if instance is not None:
                raise AttributeError
            return super().__get__(instance, owner)


class Tables:
    """What `Word2Vec` holds: `vocabulary`, `wv`, `syn1neg` and `syn1`, once it has words."""

    vector_size: int
    negative: int
    hs: int

    def tables(self, function: str) -> dict[str, Any]:
        """What is learned, by name, for a `function`.

        Raises `ValueError` where there is nothing yet, or another array stands in its place.
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
                    f"{function}: {name} is another array than the one that is trained; change "
                    f"that in place, as in wv.vectors[:] = values; for new words there is "
                    f"build_vocab(corpus, update=True)"
                )
        return tables

    def set_vocabulary(self, vocabulary: Vocabulary) -> None:
        """Take these words, with tables of zeros."""
        self.vocabulary = vocabulary
        self._laid_out = size, negative, hs = self._layout()
        self._table = np.zeros((len(vocabulary) * (1 + negative + hs), size), np.float32)
        self._name_tables()

    def _name_tables(self) -> None:
        """Make the parts of the one table known by their names."""
        count = len(self.vocabulary)
        _, negative, hs = self._laid_out
        vars(self).pop("syn1neg", None)
        vars(self).pop("syn1", None)
        if negative:
            self.syn1neg = self._table[count : 2 * count]
        if hs:
            self.syn1 = self._table[-count:]  # the last one is that of no node
        self.wv = KeyedVectors(self.vocabulary.words, self._table[:count], self.vocabulary.counts)

    def __setstate__(self, state: dict[str, Any]) -> None:  # of a copy, or a pickle
        vars(self).update(state)
        if "vocabulary" in state:
            self._name_tables()

    def _layout(self) -> tuple[int, bool, bool]:
        return self.vector_size, bool(self.negative), bool(self.hs)

    if not TYPE_CHECKING:  # or any name would seem to be there

        def __getattr__(self, name: str) -> Any:
            if name in ("wv", "vocabulary", "corpus_count", "corpus_total_words"):
                instead = ": it has no words yet; call build_vocab(sentences) first"
            elif name in ("syn1neg", "syn1"):
                instead = f": negative={self.negative} and hs={self.hs}, or it has no words yet"
            else:
                instead = where_else(name)
            raise AttributeError(f"Word2Vec has no attribute {name!r}{instead}")
