"""`KeyedVectors`: words and their vectors, with similarities, evaluation and files."""

from __future__ import annotations

import codecs
import json
import os
from contextlib import ExitStack, closing
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from autograd import DTypeError

from ...checkpoint import CheckpointError, load, save, written_whole
from ...data import DataError
from ...sizes import check_sizes
from .evaluation import Evaluations
from .formats import (
    binary_vectors,
    compressed,
    has_header,
    read_counts,
    text_vectors,
    write_vectors,
)


class KeyedVectors(Evaluations):
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
        datatype: DTypeLike = np.float32,
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


def packed(words: list[str]) -> NDArray[np.uint8]:
    """Words as an array of bytes. (In an array of str, each takes as much room as the longest.)"""
    return np.frombuffer(json.dumps(words).encode(), np.uint8)


def unpacked(array: NDArray[Any]) -> list[str]:
    """The words in an array that `packed` made."""
    return list(json.loads(array.tobytes()))


def _check_path(function: str, fvocab: Any) -> None:
    if fvocab is not None and not isinstance(fvocab, str | os.PathLike):
        raise TypeError(
            f"{function}: fvocab (={fvocab!r:.60}) must be the path of a file of counts; for the "
            f"binary format, write binary=True"
        )
