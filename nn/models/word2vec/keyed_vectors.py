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
    number may replace the word. `"word" in wv`, `len(wv)` and `for word in wv` work, and
    `wv["word"] = vector` adds a word or changes its vector. A vector of zeros has similarity 0 to
    everything. Nothing is cached, so `vectors` may change at any time, as it does in training.

    Args:
        words: List of str.
        vectors: Floats, `(words, vector_size)`, not copied.
        counts: Each word's count in its corpus, or None.
        vector_size: The length of the vectors; without `vectors`, there are no words yet, and the
            vectors will be float32.

    Attributes:
        index_to_key: The words.
        key_to_index: Dict from words to their numbers.

    Raises:
        ValueError: A word is given twice.
        TypeError: A word is not a str.
        ShapeError: The shapes do not match.
        DTypeError: The vectors are not floats.
        UnknownWordError: A method gets an unknown word.

    Example:
        >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
        >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
        >>> wv["queen"], wv.most_similar("king", topn=1)
        (array([0.8, 0.6]), [('queen', 0.8)])
    """

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write to exactly `path`, as `.npz` with `words`, `vectors` and, if known, `counts`.

        The words are stored as a JSON list, in UTF-8.

        Raises:
            CheckpointError: The file cannot be written.

        Example:
            >>> import pathlib, tempfile
            >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
            >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     wv.save(pathlib.Path(folder, "words.npz"))
            ...     nn.KeyedVectors.load(pathlib.Path(folder, "words.npz"))
            KeyedVectors(3 words x 2)
        """
        arrays = {"words": packed(self.index_to_key), "vectors": self.vectors}
        save(arrays if self.counts is None else {**arrays, "counts": self.counts}, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> KeyedVectors:
        """Read a file that `save` or `Word2Vec.save` wrote.

        Raises:
            CheckpointError: The file is damaged, or holds something else.
            OSError: The file cannot be opened.

        Example:
            >>> import pathlib, tempfile
            >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
            >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     wv.save(pathlib.Path(folder, "words.npz"))
            ...     nn.KeyedVectors.load(pathlib.Path(folder, "words.npz"))["queen"]
            array([0.8, 0.6])
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
        size; the binary format stores float32.

        Args:
            fname: The path of the file.
            fvocab: A file for the words and their counts.
            binary: Write the binary format.
            write_header: Without it, the text is in GloVe's format.

        Raises:
            ValueError: There are no words; the format cannot hold a word, because it is empty or
                contains a space or a line break; or the counts for `fvocab` are not known.
            OSError: A file cannot be written.

        Example:
            >>> import pathlib, tempfile
            >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
            >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     path = pathlib.Path(folder, "words.txt")
            ...     wv.save_word2vec_format(path)
            ...     print(path.read_text().splitlines()[:2])
            ['3 2', 'king 1.0 0.0']
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
        r"""Read vectors in the text or binary format of word2vec.c, or in GloVe's text format.

        The file may be compressed by gzip or bzip2. No more memory is needed than the content
        takes, whatever the header announces.

        Args:
            fname: The path of the file.
            fvocab: A file with the counts of the words.
            binary: Read the binary format.
            encoding: As in `bytes.decode`.
            unicode_errors: As in `bytes.decode`; if "replace" or "ignore" makes words equal, the
                first is kept.
            limit: The most words to read.
            datatype: The dtype of the vectors.
            no_header: The text has no header line with the sizes, as in GloVe's files.

        Raises:
            DataError: The file is cut short, damaged or in another format; the message names the
                line or word.
            OSError: The file cannot be opened.

        Example:
            >>> import pathlib, tempfile
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     path = pathlib.Path(folder, "glove.txt")
            ...     _ = path.write_text("king 1.0 0.0\nqueen 0.8 0.6\n")
            ...     nn.KeyedVectors.load_word2vec_format(path, no_header=True)
            KeyedVectors(2 words x 2)
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
    """Return words as an array of bytes; in one of str, each takes as much room as the longest."""
    return np.frombuffer(json.dumps(words).encode(), np.uint8)


def unpacked(array: NDArray[Any]) -> list[str]:
    """Return the words in an array that `packed` made."""
    return list(json.loads(array.tobytes()))


def _check_path(function: str, fvocab: Any) -> None:
    if fvocab is not None and not isinstance(fvocab, str | os.PathLike):
        raise TypeError(
            f"{function}: fvocab (={fvocab!r:.60}) must be the path of a file of counts; for the "
            f"binary format, write binary=True"
        )
