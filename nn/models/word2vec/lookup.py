"""Words and their vectors: reading and adding them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeGuard

import numpy as np
from numpy.typing import NDArray

from autograd import AutogradError, DTypeError, ShapeError
from autograd.typing import ArrayLike

from ...sizes import check_sizes
from .gensim import ATTRIBUTES

Key = str | int  #: a word, or its number
Query = ArrayLike | Iterable[object]  #: words, numbers of words, or vectors; or one of them

_MISSING = ATTRIBUTES["KeyedVectors"]
_COMMON = 20_000  # words that are searched for one like an unknown word


class UnknownWordError(AutogradError, KeyError):
    """A word without a vector; the message names similar words.

    Example:
        >>> wv = nn.KeyedVectors(["king", "queen"], np.eye(2))
        >>> try:
        ...     wv["kings"]
        ... except nn.models.UnknownWordError as error:
        ...     print(error)
        the word 'kings' has no vector; did you mean 'king'?
    """

    __str__ = Exception.__str__  # KeyError would put the message in quotes


class WordVectors:
    """A table of vectors with a word for each row; the base of `KeyedVectors`."""

    def __init__(
        self,
        words: Sequence[str] | int = (),
        vectors: ArrayLike | None = None,
        counts: ArrayLike | None = None,
        *,
        vector_size: int | None = None,
    ) -> None:
        if isinstance(words, int | np.integer):
            vector_size = int(words)
            words = ()
        if vectors is None:
            if vector_size is None:
                raise TypeError(
                    "KeyedVectors: got no vectors; write KeyedVectors(words, vectors), or "
                    "KeyedVectors(vector_size=100) to add some later"
                )
            check_sizes("KeyedVectors", vector_size=vector_size)
            vectors = np.zeros((0, vector_size), np.float32)
        self.index_to_key = list(words)
        self.vectors = np.asarray(vectors)
        self.counts = None if counts is None else np.asarray(counts, np.int64)
        self.key_to_index = {word: i for i, word in enumerate(self.index_to_key)}
        if self.vectors.ndim != 2 or len(self.vectors) != len(self):
            raise ShapeError(
                f"KeyedVectors: {len(self)} words need vectors of shape ({len(self)}, size), not "
                f"{self.vectors.shape}"
            )
        if vector_size not in (None, self.vector_size):
            raise ShapeError(
                f"KeyedVectors: vector_size (={vector_size}) is not the length of the vectors, "
                f"{self.vector_size}; leave it out"
            )
        if self.counts is not None and self.counts.shape != (len(self),):
            raise ShapeError(
                f"KeyedVectors: {len(self)} words need as many counts, not an array of shape "
                f"{self.counts.shape}"
            )
        if self.vectors.dtype.kind != "f":
            raise DTypeError(f"KeyedVectors: vectors must be floats, not {self.vectors.dtype}")
        for i, word in enumerate(self.index_to_key):
            if not isinstance(word, str):
                raise TypeError(f"KeyedVectors: word {i} is {word!r}, not a str")
            if self.key_to_index[word] != i:
                raise ValueError(f"KeyedVectors: the word {word!r} occurs twice")

    if not TYPE_CHECKING:  # otherwise mypy would accept any name

        def __getattr__(self, name: str) -> Any:
            kind = type(self).__name__
            text = f"{kind!r} object has no attribute {name!r}"
            if name in _MISSING:
                text = f"{kind} has no {name}: {_MISSING[name]}"
            raise AttributeError(text, name=name, obj=self)

        def __setattr__(self, name: str, value: Any) -> None:
            if name in _MISSING:  # such as `vectors_lockf`, which would have no effect
                self.__getattr__(name)
            super().__setattr__(name, value)

    @property
    def vector_size(self) -> int:
        """The length of the vectors.

        Example:
            >>> nn.KeyedVectors(["king"], np.ones((1, 3))).vector_size
            3
        """
        return int(self.vectors.shape[1])

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __iter__(self) -> Iterator[str]:
        return iter(self.index_to_key)

    def __contains__(self, key: object) -> bool:
        return self.has_index_for(key)

    def __getitem__(self, keys: Key | Iterable[Key]) -> Any:
        if is_key(keys):
            return self.get_vector(keys)
        return self.vectors[self._numbers(_listed(keys))]

    def __setitem__(self, words: str | Sequence[str], vectors: ArrayLike) -> None:
        self.add_vectors(words, vectors, replace=True)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self):,} words x {self.vector_size})"

    # -- looking up -----------------------------------------------------------------------------

    def get_index(self, key: object, default: int | None = None) -> int:
        """Return the number of a word; a number is returned as it is.

        Args:
            key: A word, or a number.
            default: The answer for an unknown key.

        Raises:
            UnknownWordError: The word or number is unknown, and `default` is None.
            TypeError: `key` is neither a str nor an int, and `default` is None.

        Example:
            >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
            >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
            >>> wv.get_index("queen"), wv.get_index("pear", -1)
            (1, -1)
        """
        if isinstance(key, str) and key in self.key_to_index:
            return self.key_to_index[key]
        number = key if is_key(key) and not isinstance(key, str | bool) else None
        if number is not None and 0 <= number < len(self):
            return int(number)
        if default is not None:
            return default
        if number is not None:
            raise UnknownWordError(f"there is no vector number {key}, only 0 to {len(self) - 1}")
        if not isinstance(key, str):
            raise TypeError(
                f"KeyedVectors: {key!r:.60} is neither a word (a str) nor the number of one"
            )
        near = [w for w in self.index_to_key[:_COMMON] if abs(len(w) - len(key)) < 3]
        near = difflib.get_close_matches(key, near)
        remedy = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise UnknownWordError(f"the word {key!r:.60} has no vector{remedy}")

    def has_index_for(self, key: object) -> bool:
        """Return whether there is such a word, or a vector with this number.

        Example:
            >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
            >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
            >>> wv.has_index_for("pear"), "king" in wv
            (False, True)
        """
        return self.get_index(key, -1) >= 0

    def get_vector(self, key: Key, norm: bool = False) -> Any:
        """Return the vector of a word, read-only.

        Without `norm` it is a view, which changes with `vectors`, as in training; use `.copy()` to
        keep the present numbers.

        Args:
            key: A word, or its number.
            norm: Scale it to length 1.

        Raises:
            UnknownWordError: The word is unknown.

        Example:
            >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
            >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
            >>> wv.get_vector("queen")
            array([0.8, 0.6])
        """
        vector = self.vectors[self.get_index(key)]
        if norm:
            return unit(vector)
        vector.flags.writeable = False
        return vector

    def get_normed_vectors(self) -> Any:
        """Return all vectors scaled to length 1, `(words, vector_size)`; zeros stay zeros.

        Example:
            >>> nn.KeyedVectors(["a", "b"], np.array([[3.0, 4.0], [0, 0]])).get_normed_vectors()
            array([[0.6, 0.8],
                   [0. , 0. ]])
        """
        return unit(self.vectors)

    def get_vecattr(self, key: Key, attr: str) -> int:
        """Return the count of a word in its corpus.

        Args:
            key: A word, or its number.
            attr: Must be "count".

        Raises:
            KeyError: `attr` is another one, or the counts are not known.

        Example:
            >>> nn.KeyedVectors(["king"], np.ones((1, 3)), counts=[7]).get_vecattr("king", "count")
            7
        """
        if attr != "count":
            raise KeyError(f"get_vecattr: attr (={attr!r}) must be 'count'; nothing else is stored")
        number = self.get_index(key)
        if self.counts is None:
            raise KeyError(
                "get_vecattr: the counts are not known; set wv.counts, or read them with the "
                "vectors: load_word2vec_format(fname, fvocab)"
            )
        return int(self.counts[number])

    def vectors_for_all(self, keys: Iterable[str], *, copy_vecattrs: bool = False) -> Self:
        """Return the vectors of some words, in the given order, as a new object.

        Args:
            keys: Words; unknown ones and repetitions are left out.
            copy_vecattrs: Copy the counts, too.

        Example:
            >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
            >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
            >>> wv.vectors_for_all(["apple", "pear", "king"]).index_to_key
            ['apple', 'king']
        """
        numbers = [
            self.key_to_index[key] for key in dict.fromkeys(keys) if key in self.key_to_index
        ]
        counts = self.counts[numbers] if copy_vecattrs and self.counts is not None else None
        return type(self)([self.index_to_key[i] for i in numbers], self.vectors[numbers], counts)

    def _numbers(self, keys: Any) -> list[int]:
        numbers = [self.get_index(key) for key in keys]
        if not numbers:
            raise ValueError("KeyedVectors: got an empty list of words")
        return numbers

    # -- adding ---------------------------------------------------------------------------------

    def add_vector(self, key: str, vector: ArrayLike) -> int:
        """Add one word, and return its number. (To add many, `add_vectors` is faster.)

        Args:
            key: The word.
            vector: `(vector_size,)`.

        Raises:
            TypeError: `key` is not a str.
            ShapeError: The vector does not fit.

        Example:
            >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
            >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
            >>> wv.add_vector("pear", [0.1, 0.9])
            3
        """
        rows: Any = [vector]
        self.add_vectors([key], rows)
        return self.key_to_index[key]

    def add_vectors(
        self,
        keys: str | Sequence[str],
        weights: ArrayLike,
        extras: Mapping[str, Any] | None = None,
        replace: bool = False,
    ) -> None:
        """Add words and their vectors.

        Each call copies the whole table, so add many words at a time. Do not add words to a model
        that will be trained further; use its `build_vocab(update=True)`.

        Args:
            keys: The words.
            weights: Their vectors, `(words, vector_size)`.
            extras: `{"count": counts}`; without it, new words get a count of 0 if the others have
                counts.
            replace: Give known words the new vectors (as in `wv[word] = vector`); otherwise they
                keep theirs.

        Raises:
            TypeError: A word is not a str.
            ShapeError: The vectors do not fit.
            ValueError: There are other extras, or a word is given twice; nothing is added.

        Example:
            >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
            >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
            >>> wv.add_vectors(["pear", "plum"], [[0.1, 0.9], [0.2, 0.8]])
            >>> len(wv)
            5
        """
        words = as_list(keys)
        rows = self._rows(words, weights)
        counts = _counts(extras, len(words))
        for word in words:
            if not isinstance(word, str):
                raise TypeError(
                    f"add_vectors: {word!r:.60} is not a word (a str); to change the vector of a "
                    f"number, write wv.vectors[number] = vector"
                )
        if len(set(words)) != len(words):
            raise ValueError("add_vectors: a word is given twice")
        known = np.array([word in self.key_to_index for word in words], bool)
        if counts is not None and self.counts is None:
            self.counts = np.zeros(len(self), np.int64)
        if replace:
            numbers = [self.key_to_index[word] for word in words if word in self.key_to_index]
            self.vectors[numbers] = rows[known]
            if counts is not None and self.counts is not None:
                self.counts[numbers] = counts[known]
        if known.all():
            return
        self.vectors = np.concatenate([self.vectors, rows[~known].astype(self.vectors.dtype)])
        if self.counts is not None:
            more = np.zeros(len(words), np.int64) if counts is None else counts
            self.counts = np.concatenate([self.counts, more[~known]])
        for word in words:
            if word not in self.key_to_index:
                self.key_to_index[word] = len(self.index_to_key)
                self.index_to_key.append(word)

    def _rows(self, words: list[Any], weights: Any) -> Any:
        try:
            rows = np.asarray(weights)
        except ValueError:  # vectors of different lengths
            rows = np.empty(0, object)
        if rows.ndim == 1 and len(words) == 1:
            rows = rows[np.newaxis]
        if rows.shape != (len(words), self.vector_size) or rows.dtype.kind not in "fiu":
            raise ShapeError(
                f"add_vectors: {len(words)} words need vectors of shape ({len(words)}, "
                f"{self.vector_size}), numbers, not {rows.dtype} of shape {rows.shape}"
            )
        return rows


def _counts(extras: Mapping[str, Any] | None, words: int) -> Any:
    if not extras:
        return None
    if set(extras) != {"count"}:
        raise ValueError(f"add_vectors: extras may only hold 'count', not {', '.join(extras)}")
    counts = np.asarray(extras["count"], np.int64)
    if counts.shape != (words,):
        raise ShapeError(
            f"add_vectors: {words} words need as many counts, not an array of shape {counts.shape}"
        )
    return counts


def is_key(value: object) -> TypeGuard[Key]:
    """Return whether a value is a word or its number: a str or an integer."""
    return isinstance(value, str | int | np.integer)


def as_list(value: object) -> list[Any]:
    """Return words or vectors as a list; one alone becomes a list of one."""
    is_vector = isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "fiu"
    if is_key(value) or is_vector:
        return [value]
    return [] if value is None else _listed(value)


def _listed(value: Any) -> list[Any]:
    try:
        if not isinstance(value, bytes):  # whose letters would be taken for numbers of words
            return list(value)
    except TypeError:
        pass
    raise TypeError(
        f"KeyedVectors: {value!r:.60} is neither a word (a str), nor the number of one, nor a list "
        f"of those"
    )


def lengths(vectors: NDArray[Any]) -> NDArray[Any]:
    """Return the lengths of vectors; 1 for vectors of zeros, so that they can be divided by it."""
    with np.errstate(over="ignore", under="ignore"):
        found = np.sqrt(np.vecdot(vectors, vectors))
        least, most = np.sqrt([np.finfo(found.dtype).tiny, np.finfo(found.dtype).max])
        if not (least < found.min(initial=1) and found.max(initial=1) < most):
            # Squares may be out of float32's range. (Zeros and NaN come here, too.)
            found = np.sqrt(np.vecdot(vectors, vectors, dtype=float)).astype(found.dtype)
    divisors: NDArray[Any] = np.where(found == 0, found.dtype.type(1), found)
    return divisors


def unit(vectors: NDArray[Any]) -> NDArray[Any]:
    """Scale vectors to length 1."""
    scaled: NDArray[Any] = vectors / lengths(vectors)[..., np.newaxis]
    return scaled
