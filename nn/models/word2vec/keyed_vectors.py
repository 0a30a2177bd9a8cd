"""Vectors of words: which are near which, and the files that they travel in."""

from __future__ import annotations

import difflib
import gzip
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from autograd import AutogradError, DTypeError, ShapeError

from ...checkpoint import CheckpointError, load, save, written_whole
from ...data import DataError
from ...data.corpus import lines, opened

_COMMON = 20_000  # words among which matches for an unknown one are looked for
_QUESTIONS = 64  # analogies that are answered together
_SCORED = 2048  # vectors whose cosines are taken together: they are read from memory once
_READ = 1 << 20


class UnknownWordError(AutogradError, KeyError):
    """A word has no vector; the message names it, and words like it."""

    __str__ = Exception.__str__  # a KeyError shows its message in quotes


class PairScores(NamedTuple):
    """How well similarities agree with people's: two correlations, and the share left out."""

    pearson: float
    spearman: float
    unknown: float


class KeyedVectors:
    """Words and their vectors, with gensim's names and results.

    `wv["word"]` is a vector, `wv[["some", "words"]]` a matrix; `"word" in wv` and `len(wv)` work.
    `words`: list of str, then `index_to_key`. `vectors`: floats of shape `(words, size)`, not
    copied. `counts`: of the words in their corpus, or None. `key_to_index`: from a word to its
    number.

    Where a word is asked for, `UnknownWordError` (a KeyError) is raised for an unknown one. A
    vector of zeros has similarity 0 to everything.

    Raises `ValueError` for no words or for a word that is there twice, `TypeError` for words that
    are no str, `ShapeError` where the shapes do not fit, `DTypeError` for vectors not of floats.
    """

    def __init__(self, words: Sequence[str], vectors: Any, counts: Any = None) -> None:
        self.index_to_key = list(words)
        self.vectors = np.asarray(vectors)
        self.counts = None if counts is None else np.asarray(counts, np.int64)
        self.key_to_index = {word: i for i, word in enumerate(self.index_to_key)}
        if not len(self):
            raise ValueError("KeyedVectors: got no words")
        if self.vectors.ndim != 2 or len(self.vectors) != len(self):
            raise ShapeError(
                f"KeyedVectors: {len(self)} words need vectors of shape ({len(self)}, size), not "
                f"{self.vectors.shape}"
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
                raise ValueError(f"KeyedVectors: the word {word!r} is there twice")

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __contains__(self, word: object) -> bool:
        return word in self.key_to_index

    def __getitem__(self, words: str | Iterable[str]) -> Any:
        return self.vectors[self._number(words) if isinstance(words, str) else self._all(words)]

    def __repr__(self) -> str:
        return f"KeyedVectors({len(self):,} words x {self.vectors.shape[1]})"

    # -- similarity -----------------------------------------------------------------------------

    def most_similar(
        self, positive: Any = (), negative: Any = (), topn: int = 10
    ) -> list[tuple[str, float]]:
        """The `topn` words nearest to the mean of some words, with their cosines, nearest first.

        `positive`, `negative`: words or vectors, in lists or alone; those in `negative` are
        subtracted. Words are scaled to length 1 before, vectors are not. The words given are not
        among the answers. `most_similar(["king", "woman"], ["man"])` asks: man is to king as
        woman is to what?

        Raises `ValueError` where nothing is given or what is given adds up to zero.
        """
        numbers: list[int] = []
        total = np.zeros(self.vectors.shape[1], self.vectors.dtype)
        for sign, items in ((1, _items(positive)), (-1, _items(negative))):
            for item in items:
                if isinstance(item, str):
                    numbers.append(self._number(item))
                    total += sign * _unit(self.vectors[numbers[-1]])
                else:
                    total += sign * self._vector(item)
        if not total.any():
            raise ValueError(
                "most_similar: got nothing to look for: no words or vectors, or some that add up "
                "to zero"
            )
        topn = min(topn, len(self) - len(set(numbers)))
        if topn < 1:
            return []
        cosines = np.empty(len(self), total.dtype)
        unit = _unit(total)
        for first in range(0, len(self), _SCORED):
            part = self.vectors[first : first + _SCORED]
            cosines[first : first + _SCORED] = part @ unit / _lengths(part)
        cosines[numbers] = -np.inf
        far = -cosines
        near = np.flatnonzero(~(far > np.partition(far, topn - 1)[topn - 1]))  # NaN is farthest
        near = near[np.argsort(far[near], kind="stable")[:topn]]
        return [(self.index_to_key[i], float(cosines[i])) for i in near]

    def similarity(self, w1: str, w2: str) -> float:
        """The cosine of two words, -1 to 1."""
        return float(_unit(self[w1]) @ _unit(self[w2]))

    def n_similarity(self, ws1: Iterable[str], ws2: Iterable[str]) -> float:
        """The cosine of the means of two lists of words."""
        one, other = (self.vectors[self._all(_items(words))].mean(axis=0) for words in (ws1, ws2))
        return float(_unit(one) @ _unit(other))

    def doesnt_match(self, words: Iterable[str]) -> str:
        """The word least like the mean of all of them."""
        words = _items(words)
        units = _unit(self.vectors[self._all(words)])
        cosines = units @ _unit(units.mean(axis=0))
        return min(zip(cosines.tolist(), words, strict=True))[1]

    # -- evaluation -----------------------------------------------------------------------------

    def evaluate_word_pairs(
        self, path: str | os.PathLike[str], restrict_vocab: int = 300_000
    ) -> PairScores:
        """Compare the similarities of pairs of words with those that people gave.

        Each line of the file: two words and a number, between tabs or blanks; lines that begin
        with # are left out. Case does not count: of words that differ only in case, the first of
        the vocabulary stands for all. Pairs with words that are not among the first
        `restrict_vocab` are left out.

        Returns Pearson's and Spearman's correlation (NaN where one side is constant) and the
        share of pairs left out, 0 to 1. Raises `DataError` for a file that is not like this, or
        has fewer than two pairs of known words.
        """
        known = self._folded(restrict_vocab)
        given, found = [], []
        count = 0
        for number, line in lines(path):
            if not line.strip() or line.startswith("#"):
                continue
            try:
                one, other, value = line.upper().split()
                expected = float(value)
            except ValueError:
                raise DataError(
                    f"{path}: line {number} is not two words and a number: {line.strip()!r:.60} "
                    f"(a heading must begin with #)"
                ) from None
            count += 1
            if one in known and other in known:
                units = _unit(self.vectors[[known[one][0], known[other][0]]])
                given.append(expected)
                found.append(float(units[0] @ units[1]))
        if len(given) < 2:
            raise DataError(f"{path}: has {len(given)} pairs of known words, of {count}; 2 needed")
        return PairScores(
            _correlation(given, found),
            _correlation(_ranks(given), _ranks(found)),
            1 - len(given) / count,
        )

    def evaluate_word_analogies(
        self, path: str | os.PathLike[str], restrict_vocab: int = 300_000
    ) -> tuple[float, list[dict[str, Any]]]:
        """Answer the questions of a file: a is to b as c is to what?

        Each line of the file: the words a, b, c and the answer; a line `: name` begins a section.
        Case does not count, as in `evaluate_word_pairs`. Questions with words that are not among
        the first `restrict_vocab` are left out.

        Returns the share of right answers, 0 to 1, and for each section (the last is all of them)
        a dict with its name, `section`, and the questions under `correct` and `incorrect`. Raises
        `DataError` for a file that is not like this, or has no question of known words.
        """
        known = self._folded(restrict_vocab)
        sections: list[dict[str, Any]] = []
        questions = []
        count = 0
        for number, line in lines(path):
            if line.startswith(":"):
                sections.append({"section": line[1:].strip(), "correct": [], "incorrect": []})
                continue
            words = tuple(line.split())
            if not words:
                continue
            if len(words) != 4 or not sections:
                fault = "is not four words" if sections else "stands before the first `: section`"
                raise DataError(f"{path}: line {number} {fault}: {line.strip()!r:.60}")
            count += 1
            if all(word.upper() in known for word in words):
                questions.append((sections[-1], words))
        if not questions:
            raise DataError(f"{path}: has no question whose words are all known, of {count}")
        for (section, words), right in zip(
            questions, self._answered(questions, known), strict=True
        ):
            section["correct" if right else "incorrect"].append(words)
        total = {
            kind: [words for section in sections for words in section[kind]]
            for kind in ("correct", "incorrect")
        }
        sections.append({"section": "Total accuracy", **total})
        return len(total["correct"]) / len(questions), sections

    def _answered(self, questions: list[Any], known: dict[str, list[int]]) -> Iterator[bool]:
        """Whether each question is answered rightly."""
        units = _unit(self.vectors[: max(numbers[-1] for numbers in known.values()) + 1])
        for first in range(0, len(questions), _QUESTIONS):
            part = [
                [known[word.upper()] for word in words]
                for _, words in questions[first : first + _QUESTIONS]
            ]
            a, b, c = (units[[question[i][0] for question in part]] for i in range(3))
            cosines = (b + c - a) @ units.T
            for row, question in zip(cosines, part, strict=True):
                for given in question[:3]:
                    row[given] = -np.inf
                yield int(row.argmax()) in question[3]

    def _folded(self, restrict_vocab: int) -> dict[str, list[int]]:
        """From words in upper case to the numbers of those that differ only in case."""
        known: dict[str, list[int]] = {}
        for i, word in enumerate(self.index_to_key[:restrict_vocab]):
            known.setdefault(word.upper(), []).append(i)
        return known

    # -- files ----------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to exactly `path`, as `.npz` with `words`, `vectors` and, if known, `counts`.

        The words are a list in JSON, as bytes in UTF-8.

        Raises `CheckpointError` where it cannot be written.
        """
        arrays = {"words": packed(self.index_to_key), "vectors": self.vectors}
        save(arrays if self.counts is None else {**arrays, "counts": self.counts}, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> KeyedVectors:
        """Read what `save` wrote.

        Raises `CheckpointError` for a file that is damaged or holds something else, and `OSError`
        for one that cannot be opened.
        """
        arrays = load(path)
        try:
            return cls(unpacked(arrays["words"]), arrays["vectors"], arrays.get("counts"))
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"{path}: holds {', '.join(arrays) or 'nothing'}, and no word vectors ({error})"
            ) from error

    def save_word2vec_format(self, path: str | os.PathLike[str], binary: bool = False) -> None:
        """Write in the text or the binary format of word2vec.c, compressed if it ends in `.gz`.

        Text is exact for floats of any size; the binary format holds float32. Counts are not
        written. Raises `ValueError` for words that are empty or contain a blank or a line break,
        which the format does not hold, and `OSError` where the file cannot be written.
        """
        for word in self.index_to_key:
            if not word or " " in word or "\n" in word:
                raise ValueError(
                    f"save_word2vec_format: the format does not hold the word {word!r}: it is "
                    f"empty, or has a blank or a line break; use save"
                )
        with written_whole(path) as file, _compressed(file, path) as out:
            out.write(f"{len(self)} {self.vectors.shape[1]}\n".encode())
            for word, vector in zip(self.index_to_key, self.vectors, strict=True):
                if binary:
                    out.write(f"{word} ".encode() + vector.astype("<f4").tobytes())
                else:
                    out.write(f"{word} {' '.join(map(str, vector))}\n".encode())

    @classmethod
    def load_word2vec_format(
        cls, path: str | os.PathLike[str], binary: bool = False
    ) -> KeyedVectors:
        """Read vectors (float32) in the text or the binary format of word2vec.c, also gzipped.

        Raises `DataError`, with the line or word concerned, for a file that is cut short, damaged
        or of another form, and `OSError` for one that cannot be opened. No more memory is taken
        than the content needs, whatever the first line announces.
        """
        words: dict[str, int] = {}
        vectors: list[Any] = []
        read = _binary_vectors if binary else _text_vectors
        for place, word, vector in read(path):
            if words.setdefault(word, len(words)) != len(vectors):
                raise DataError(f"{path}: {place} has the word {word!r} for the second time")
            if not np.isfinite(vector).all():
                raise DataError(f"{path}: {place} ({word!r}) has a number that is not finite")
            vectors.append(vector)
        return cls(list(words), np.stack(vectors))

    # -- looking up -----------------------------------------------------------------------------

    def _number(self, word: str) -> int:
        try:
            return self.key_to_index[word]
        except (KeyError, TypeError):
            pass
        if not isinstance(word, str):
            raise TypeError(f"KeyedVectors: {word!r:.60} is not a word (a str)")
        near = [w for w in self.index_to_key[:_COMMON] if abs(len(w) - len(word)) < 3]
        near = difflib.get_close_matches(word, near)
        remedy = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise UnknownWordError(f"the word {word!r:.60} has no vector{remedy}")

    def _all(self, words: Iterable[str]) -> list[int]:
        numbers = [self._number(word) for word in words]
        if not numbers:
            raise ValueError("KeyedVectors: got an empty list of words")
        return numbers

    def _vector(self, value: Any) -> Any:
        vector = np.asarray(value)
        if vector.shape != self.vectors.shape[1:] or vector.dtype.kind not in "fiu":
            raise ShapeError(
                f"most_similar: {value!r:.60} is neither a word nor a vector of "
                f"{self.vectors.shape[1]} numbers"
            )
        return vector


def packed(words: list[str]) -> Any:
    """Words as an array. (One of texts would give each the room of the longest.)"""
    return np.frombuffer(json.dumps(words).encode(), np.uint8)


def unpacked(array: Any) -> list[str]:
    """The words in what `packed` gave."""
    return list(json.loads(array.tobytes()))


def _items(value: Any) -> list[Any]:
    """A list of words or vectors, of which one may stand alone."""
    if isinstance(value, str) or (isinstance(value, np.ndarray) and value.ndim == 1):
        return [value]
    return [] if value is None else list(value)


def _lengths(vectors: Any) -> Any:
    """1 for zeros, which so stay zeros when they are divided by it."""
    lengths = np.sqrt(np.einsum("...i,...i->...", vectors, vectors))
    return np.where(lengths == 0, lengths.dtype.type(1), lengths)


def _unit(vectors: Any) -> Any:
    return vectors / _lengths(vectors)[..., np.newaxis]


def _correlation(x: Any, y: Any) -> float:
    x, y = (_unit(np.asarray(v, float) - np.mean(v)) for v in (x, y))
    return float(x @ y) if x.any() and y.any() else float("nan")


def _ranks(values: Any) -> Any:
    """From 1; equal values share the mean of their ranks."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[which]


# -- the formats of word2vec.c --------------------------------------------------------------------


@contextmanager
def _compressed(file: Any, path: str | os.PathLike[str]) -> Iterator[Any]:
    if Path(path).suffix != ".gz":
        yield file
        return
    # Without name and time, so that equal vectors give equal files.
    with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as out:
        yield out


def _announced(head: str, path: str | os.PathLike[str]) -> tuple[int, int]:
    """The first line: how many words, and how long their vectors."""
    try:
        count, size = map(int, head.split())
        if min(count, size) > 0:
            return count, size
    except ValueError:
        pass
    raise DataError(
        f"{path}: is not in word2vec's format: its first line should be the number of words and "
        f"the length of their vectors, and is {head.strip()!r:.60}"
    )


def _text_vectors(path: str | os.PathLike[str]) -> Iterator[tuple[str, str, Any]]:
    rows = lines(path)
    count, size = _announced(next(rows, (1, ""))[1], path)
    number = 1
    for number, line in rows:
        if number > count + 1:
            if line.strip():
                raise DataError(f"{path}: goes on after the {count} words that it announces")
            continue
        # No other white space ends a word: a no-break space, say, may be part of one.
        word, *numbers = line.rstrip(" \t\r\n").split(" ")
        if len(numbers) != size or not word:
            raise DataError(
                f"{path}: line {number} should be a word and {size} numbers with single blanks "
                f"between them, and has {len(numbers)} ({line.strip()!r:.40})"
            )
        if not line.endswith("\n"):  # a cut number is a number
            raise DataError(
                f"{path}: line {number} has no line break: it is cut short, or lacks one at its end"
            )
        try:
            with np.errstate(over="ignore"):
                vector = np.array([float(x) for x in numbers]).astype(np.float32)
        except ValueError as error:
            raise DataError(f"{path}: line {number}: {error}") from None
        yield f"line {number}", word, vector
    if number < count + 1:
        raise DataError(
            f"{path}: is cut short: line {number} is its last, and it announces {count} words"
        )


def _binary_vectors(path: str | os.PathLike[str]) -> Iterator[tuple[str, str, Any]]:
    with opened(path) as file:
        head = file.readline(100)
        count, size = _announced(head.decode("ascii", "replace"), path)
        content = bytearray()
        for number in range(1, count + 1):
            while (blank := content.find(b" ")) < 0 or len(content) <= blank + 4 * size:
                more = file.read(_READ)
                if not more:
                    raise DataError(f"{path}: is cut short in word {number} of {count}, or is text")
                content += more
            try:
                # word2vec.c ends a vector with a line break, gensim does not.
                word = content[:blank].lstrip(b"\n").decode()
            except UnicodeDecodeError as error:
                raise DataError(f"{path}: word {number} is not UTF-8 ({error})") from error
            end = blank + 1 + 4 * size
            vector = np.frombuffer(bytes(content[blank + 1 : end]), "<f4").astype(np.float32)
            del content[:end]
            yield f"word {number}", word, vector
        if content.strip() or file.read(_READ).strip():
            raise DataError(f"{path}: goes on after the {count} words that it announces")
