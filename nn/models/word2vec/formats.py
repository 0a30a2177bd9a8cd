"""Files of vectors that other programs read and write: word2vec.c's, and GloVe's.

In text, a line is a word and its numbers; in binary, numbers are float32 after the word and a
blank. word2vec.c writes a first line before: how many words, and how long their vectors. GloVe
writes text without it. Counts are in a file of their own, a word and its count to a line.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ...checkpoint import GENSIMS, is_gensims
from ...data import DataError
from ...data.corpus import opened

_READ = 1 << 20
_LONGEST_HEAD = 100
_DIGITS = 18  # int64 holds them

Row = tuple[str, str, Any]  #: where it stands in the file, a word, its vector


def write_vectors(
    out: Any, words: Iterable[str], vectors: Any, *, binary: bool, header: bool
) -> None:
    """Write vectors to an open file."""
    if header:
        out.write("{} {}\n".format(*vectors.shape).encode())
    for word, vector in zip(words, vectors, strict=True):
        if binary:
            out.write(f"{word} ".encode() + vector.astype("<f4").tobytes())
        else:
            out.write(f"{word} {' '.join(map(str, vector))}\n".encode())


@contextmanager
def compressed(file: Any, path: str | os.PathLike[str]) -> Iterator[Any]:
    """A file to write to, compressed as the suffix of `path` says."""
    suffix = Path(path).suffix
    if suffix == ".gz":
        # Without name and time, so that equal vectors give equal files.
        with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as out:
            yield out
    elif suffix == ".bz2":
        with bz2.BZ2File(file, "wb") as out:
            yield out
    else:
        yield file


def text_vectors(
    path: str | os.PathLike[str], encoding: str, errors: str, no_header: bool
) -> Generator[Row]:
    """The rows of a text file."""
    with opened(path) as file:
        count = size = number = 0  # so long as they are not known
        if not no_header:
            count, size = _announced(file.readline(_LONGEST_HEAD), path)
            number = 1
        for line in file:
            number += 1
            if not no_header and number > count + 1:
                if line.strip():
                    raise DataError(f"{path}: goes on after the {count} words that it announces")
                continue
            # No other white space ends a word: a no-break space, say, may be part of one.
            word, *numbers = line.rstrip(b" \t\r\n").split(b" ")
            size = size or len(numbers)
            # GloVe's largest file has words such as `. . .`.
            while no_header and len(numbers) > size and not _is_number(numbers[0]):
                word += b" " + numbers.pop(0)
            if not word or len(numbers) != size or not size:
                hint = "; is it binary? Then binary=True" if b"\0" in line else ""
                if no_header and number == 2:
                    hint = "; is line 1 a header? Then leave out no_header"
                raise DataError(
                    f"{path}: line {number} should be a word and {size or 'its'} numbers with "
                    f"single blanks between them, and has {len(numbers)} ({_shown(line):.40}){hint}"
                )
            if not line.endswith(b"\n"):  # a cut number is a number
                raise DataError(
                    f"{path}: line {number} has no line break: it is cut short, or lacks one at "
                    f"its end"
                )
            place = f"line {number}"
            try:
                vector = np.array([float(x) for x in numbers])
            except ValueError as error:
                raise DataError(f"{path}: {place}: {error}") from None
            if no_header and number == 1:
                word = word.removeprefix(codecs.BOM_UTF8)
            yield place, _decoded(word, encoding, errors, path, place), vector
        if not number:
            raise DataError(f"{path}: is empty")
        if number <= count:
            raise DataError(
                f"{path}: is cut short: line {number} is its last, and it announces {count} words"
            )


def binary_vectors(path: str | os.PathLike[str], encoding: str, errors: str) -> Generator[Row]:
    """The rows of a binary file."""
    with opened(path) as file:
        count, size = _announced(file.readline(_LONGEST_HEAD), path)
        content = bytearray()
        for number in range(1, count + 1):
            while (blank := content.find(b" ")) < 0 or len(content) <= blank + 4 * size:
                more = file.read(_READ)
                if not more:
                    raise DataError(f"{path}: is cut short in word {number} of {count}, or is text")
                content += more
            if number == 1:  # as vectors, text would be numbers too
                _, *numbers = bytes(content).partition(b"\n")[0].rstrip(b" \r").split(b" ")
                if len(numbers) == size and all(map(_is_number, numbers)):
                    raise DataError(f"{path}: is text; leave out binary=True")
            # word2vec.c ends a vector with a line break, gensim does not.
            place = f"word {number}"
            word = _decoded(content[:blank].lstrip(b"\n"), encoding, errors, path, place)
            end = blank + 1 + 4 * size
            vector = np.frombuffer(bytes(content[blank + 1 : end]), "<f4")
            del content[:end]
            yield place, word, vector
        if content.strip() or file.read(_READ).strip():
            raise DataError(f"{path}: goes on after the {count} words that it announces")


def read_counts(path: str | os.PathLike[str], encoding: str, errors: str) -> dict[str, int]:
    """The counts in a file of words and their counts."""
    counts: dict[str, int] = {}
    with opened(path) as file:
        for number, line in enumerate(file, 1):
            word, _, count = line.rstrip().rpartition(b" ")
            if not word or not count.isdigit() or len(count) > _DIGITS:
                raise DataError(
                    f"{path}: line {number} is not a word and its count: {_shown(line):.60}"
                )
            counts.setdefault(_decoded(word, encoding, errors, path, f"line {number}"), int(count))
    return counts


def has_header(path: str | os.PathLike[str]) -> bool:
    """Whether a file begins as word2vec.c's do."""
    try:
        with opened(path) as file:
            _announced(file.readline(_LONGEST_HEAD), path)
    except DataError:
        return False
    return True


def _announced(head: bytes, path: str | os.PathLike[str]) -> tuple[int, int]:
    """The first line: how many words, and how long their vectors."""
    try:
        count, size = map(int, head.removeprefix(codecs.BOM_UTF8).split())
        if min(count, size) > 0:
            return count, size
    except ValueError:
        pass
    if is_gensims(head):
        raise DataError(f"{path}: {GENSIMS}")
    raise DataError(
        f"{path}: is not in word2vec's format: its first line should be the number of words and "
        f"the length of their vectors, and is {_shown(head):.60}; "
        f"GloVe's files lack that line: no_header=True"
    )


def _shown(line: bytes) -> str:
    return repr(line.strip().decode("utf-8", "replace"))


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _decoded(
    word: bytes | bytearray, encoding: str, errors: str, path: str | os.PathLike[str], place: str
) -> str:
    try:
        return word.decode(encoding, errors)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: {place} has the byte 0x{word[error.start]:02x}, which is not {encoding} "
            f"there; give the file's encoding, or unicode_errors='replace' where words were cut"
        ) from error
