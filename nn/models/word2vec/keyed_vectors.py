"""`KeyedVectors`: words and their vectors, with similarities, evaluation and files."""

from __future__ import annotations

import codecs
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import islice
from typing import Any

import numpy as np

from autograd import DTypeError

from ...checkpoint import CheckpointError, load, save, written_whole
from ...data import DataError
from ...sizes import check_sizes
from .evaluation import PairScores, correlation, ranks, read_pairs, read_questions
from .formats import (
    binary_vectors,
    compressed,
    has_header,
    read_counts,
    text_vectors,
    write_vectors,
)
from .lookup import unit
from .similarity import Similarities

_QUESTIONS = 64  # analogies answered at a time


class KeyedVectors(Similarities):
    """Words and their vectors, with gensim's names and results.

    `wv["word"]` is a vector (a read-only view), and `wv[["some", "words"]]` is a matrix; a word's
    number may be used in place of the word. `"word" in wv`, `len(wv)` and `for word in wv` work,
    and `wv["word"] = vector` adds a word or changes its vector.

    `words`: list of str, kept as `index_to_key`. `vectors`: floats of shape
    `(words, vector_size)`, not copied. `counts`: each word's count in its corpus, or None.
    `key_to_index`: a dict from words to their numbers. `KeyedVectors(vector_size=100)` has no words
    yet (and float32 vectors).

    Methods that take a word raise `UnknownWordError` (a KeyError) for an unknown one. A vector of
    zeros has similarity 0 to everything. Nothing is cached, so `vectors` may change at any time, as
    it does in training.

    Raises `ValueError` for a duplicate word, `TypeError` for a word that is not a str, `ShapeError`
    for shapes that do not match, and `DTypeError` for vectors that are not floats.
    """

    # -- evaluation -----------------------------------------------------------------------------

    def evaluate_word_pairs(
        self,
        pairs: str | os.PathLike[str],
        delimiter: str | None = None,
        encoding: str = "UTF-8",
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> PairScores:
        r"""Compare the similarities of pairs of words with human ratings.

        Each line of the file `pairs` has two words and a number, separated by tabs or spaces, or by
        `delimiter` ("\t" for words that contain spaces); lines that begin with # are ignored. Among
        words that differ only in case, the first in the vocabulary is used, unless
        `case_insensitive` is False. Pairs with a word that is not among the first `restrict_vocab`
        are left out, or count as similarity 0 with `dummy4unknown`.

        Returns Pearson's and Spearman's correlation (NaN if either side is constant) and the share
        of pairs with an unknown word, 0 to 1. Raises `DataError` for a file in another format, or
        with fewer than two pairs to compare.
        """
        known = self._known(restrict_vocab, case_insensitive)
        given, found, unknown = [], [], 0
        rows = read_pairs(pairs, delimiter, encoding)
        for *words, expected in rows:
            one, other = (known.get(_fold(word, case_insensitive)) for word in words)
            if one and other:
                found.append(self.similarity(one[0], other[0]))
                given.append(expected)
                continue
            unknown += 1
            if dummy4unknown:
                found.append(0.0)
                given.append(expected)
        if len(given) < 2:
            raise DataError(
                f"{pairs}: {len(given)} of its {len(rows)} pairs have known words; 2 are needed"
            )
        return PairScores(
            correlation(given, found),
            correlation(ranks(given), ranks(found)),
            unknown / len(rows),
        )

    def evaluate_word_analogies(
        self,
        analogies: str | os.PathLike[str],
        restrict_vocab: int | None = 300_000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> tuple[float, list[dict[str, Any]]]:
        """Answer the questions in a file: a is to b as c is to what?

        Each line of the file `analogies` has the words a, b, c and the answer; a line `: name`
        begins a section. Case is treated as in `evaluate_word_pairs`. Questions with a word that is
        not among the first `restrict_vocab` are left out, or count as wrong with `dummy4unknown`.

        Returns the share of correct answers, 0 to 1, and a dict for each section (the last is all
        of them together) with its name, `section`, and its questions, `correct` and `incorrect`.
        Raises `DataError` for a file in another format, or without a question to answer.
        """
        known = self._known(restrict_vocab, case_insensitive)
        read = read_questions(analogies)
        numbers = {
            question: [known.get(_fold(word, case_insensitive)) for word in question]
            for _, questions in read
            for question in questions
        }
        asked = {question: found for question, found in numbers.items() if None not in found}
        if not (numbers if dummy4unknown else asked):
            count = sum(len(questions) for _, questions in read)
            raise DataError(f"{analogies}: 0 of its {count} questions have only known words")
        right = dict(zip(asked, self._answered(list(asked.values())), strict=True))
        sections: list[dict[str, Any]] = []
        # Questions that were not asked are wrong with dummy4unknown, and do not count without it.
        for name, questions in [*read, ("Total accuracy", [q for _, part in read for q in part])]:
            correct = [question for question in questions if right.get(question)]
            incorrect = [q for q in questions if not right.get(q, not dummy4unknown)]
            sections.append({"section": name, "correct": correct, "incorrect": incorrect})
        return len(correct) / (len(correct) + len(incorrect)), sections

    def _answered(self, questions: list[Any]) -> Iterator[bool]:
        """Whether the answer to each question is right; its words are given as lists of numbers."""
        if not questions:
            return
        units = unit(self.vectors[: max(max(map(max, question)) for question in questions) + 1])
        for first in range(0, len(questions), _QUESTIONS):
            part = questions[first : first + _QUESTIONS]
            a, b, c = (units[[question[i][0] for question in part]] for i in range(3))
            cosines = (b + c - a) @ units.T
            for row, question in zip(cosines, part, strict=True):
                for given in question[:3]:
                    row[given] = -np.inf
                yield int(row.argmax()) in question[3]

    def _known(self, restrict_vocab: int | None, case_insensitive: bool) -> dict[str, list[int]]:
        """The numbers of each word: several if words differ only in case."""
        known: dict[str, list[int]] = {}
        for i, word in enumerate(self.index_to_key[:restrict_vocab]):
            known.setdefault(_fold(word, case_insensitive), []).append(i)
        return known

    # -- files ----------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to exactly `path`, as `.npz` with `words`, `vectors` and, if known, `counts`.

        The words are stored as a JSON list, in UTF-8.

        Raises `CheckpointError` if the file cannot be written.
        """
        arrays = {"words": packed(self.index_to_key), "vectors": self.vectors}
        save(arrays if self.counts is None else {**arrays, "counts": self.counts}, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> KeyedVectors:
        """Read a file that `save` or `Word2Vec.save` wrote.

        Raises `CheckpointError` for a file that is damaged or holds something else, and `OSError`
        for one that cannot be opened.
        """
        try:
            arrays = load(path)
        except CheckpointError as error:
            if has_header(path):
                raise CheckpointError(
                    f"{path}: is in word2vec.c's format; read it with "
                    f"KeyedVectors.load_word2vec_format, and binary=True if it is not text"
                ) from error
            raise
        try:
            return cls(unpacked(arrays["words"]), arrays["vectors"], arrays.get("counts"))
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"{path}: holds {', '.join(arrays) or 'nothing'}, not word vectors ({error})"
            ) from error

    def save_word2vec_format(
        self,
        fname: str | os.PathLike[str],
        fvocab: str | os.PathLike[str] | None = None,
        binary: bool = False,
        *,
        write_header: bool = True,
    ) -> None:
        """Write the text or binary format of word2vec.c, in the order of the words.

        Files that end in `.gz` or `.bz2` are compressed. The text format is exact for floats of any
        size; the binary format stores float32. `fvocab`: a file for the words and their counts.
        Without `write_header`, the text is in GloVe's format.

        Raises `ValueError` for no words, for words that the format cannot hold, because they are
        empty or contain a space or a line break, and for `fvocab` without known counts; `OSError`
        if a file cannot be written.
        """
        if not len(self):
            raise ValueError("save_word2vec_format: there are no words to write; use save")
        for word in self.index_to_key:
            if not word or " " in word or "\n" in word:
                raise ValueError(
                    f"save_word2vec_format: the format cannot hold the word {word!r}, which is "
                    f"empty, or has a space or a line break; use save"
                )
        if binary and not write_header:
            raise ValueError("save_word2vec_format: the binary format needs its header")
        _check_path("save_word2vec_format", fvocab)
        with ExitStack() as stack:
            if fvocab is not None:
                if self.counts is None:
                    raise ValueError(
                        "save_word2vec_format: fvocab is for the counts, which are not known; "
                        "leave it out, or set wv.counts"
                    )
                file = stack.enter_context(written_whole(fvocab))
                out = stack.enter_context(compressed(file, fvocab))
                for word, count in zip(self.index_to_key, self.counts.tolist(), strict=True):
                    out.write(f"{word} {count}\n".encode())
            file = stack.enter_context(written_whole(fname))
            out = stack.enter_context(compressed(file, fname))
            write_vectors(out, self.index_to_key, self.vectors, binary=binary, header=write_header)

    @classmethod
    def load_word2vec_format(
        cls,
        fname: str | os.PathLike[str],
        fvocab: str | os.PathLike[str] | None = None,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
        limit: int | None = None,
        datatype: Any = np.float32,
        no_header: bool = False,
    ) -> KeyedVectors:
        """Read vectors in the text or binary format of word2vec.c, or in GloVe's text format.

        The file may be compressed by gzip or bzip2. `fvocab`: a file with the counts of the words.
        `encoding`, `unicode_errors`: as in `bytes.decode`; if "replace" or "ignore" makes words
        equal, the first is kept. `limit`: how many words to read, at most. `datatype`: of the
        vectors. `no_header`: the text has no header line with the sizes, as in GloVe's files.

        Raises `DataError`, which names the line or word, for a file that is cut short, damaged or
        in another format, and `OSError` for one that cannot be opened. It needs no more memory than
        the content does, whatever the header announces.
        """
        _check_path("load_word2vec_format", fvocab)
        codecs.lookup(encoding), codecs.lookup_error(unicode_errors)  # or LookupError
        dtype = np.dtype(datatype)
        if dtype.kind != "f":
            raise DTypeError(f"load_word2vec_format: datatype must be a float type, not {dtype}")
        if binary and no_header:
            raise ValueError(
                "load_word2vec_format: no_header=True is for text, not for binary=True"
            )
        if limit is not None:
            check_sizes("load_word2vec_format", limit=limit)
        rows = (
            binary_vectors(fname, encoding, unicode_errors)
            if binary
            else text_vectors(fname, encoding, unicode_errors, no_header)
        )
        words: dict[str, None] = {}
        content = bytearray()
        with closing(rows), np.errstate(over="ignore"):
            for place, word, numbers in islice(rows, limit):
                vector = numbers.astype(dtype)
                if not np.isfinite(vector).all():
                    raise DataError(f"{fname}: {place} ({word!r}) has a number that is not finite")
                if word in words:
                    if unicode_errors == "strict":
                        raise DataError(f"{fname}: {place} repeats the word {word!r}")
                    continue
                words[word] = None
                content += vector.tobytes()
        found = cls(list(words), np.frombuffer(content, dtype).reshape(len(words), -1))
        if fvocab is not None:
            counts = read_counts(fvocab, encoding, unicode_errors)
            if missing := next((word for word in words if word not in counts), None):
                raise DataError(f"{fvocab}: lacks the word {missing!r} of {fname}")
            found.counts = np.array([counts[word] for word in words], np.int64)
        return found


def packed(words: list[str]) -> Any:
    """Words as an array of bytes. (In an array of str, each takes as much room as the longest.)"""
    return np.frombuffer(json.dumps(words).encode(), np.uint8)


def unpacked(array: Any) -> list[str]:
    """The words in an array that `packed` made."""
    return list(json.loads(array.tobytes()))


def _fold(word: str, case_insensitive: bool) -> str:
    return word.upper() if case_insensitive else word


def _check_path(function: str, fvocab: Any) -> None:
    if fvocab is not None and not isinstance(fvocab, str | os.PathLike):
        raise TypeError(
            f"{function}: fvocab (={fvocab!r:.60}) must be the path of a file of counts; for the "
            f"binary format, write binary=True"
        )
