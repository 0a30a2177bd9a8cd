"""The file formats of word2vec.c and GloVe.

In the text format, each line is a word and its numbers, separated by single spaces. In the binary
format, a word and a space are followed by its numbers as float32. word2vec.c begins both with a
header line: the number of words, and the length of their vectors. GloVe writes text without a
header. Counts have a file of their own, with a word and its count on each line.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ...checkpoint import GENSIMS, is_gensims
from ...data import DataError
from ...data.files import opened

_READ = 1 << 20
_LONGEST_HEAD = 100
_DIGITS = 18  # of a count, so that it fits in int64

Row = tuple[str, str, Any]  #: a place in the file (for messages), a word, its vector


def write_vectors(
    out: IO[bytes], words: Iterable[str], vectors: NDArray[Any], *, binary: bool, header: bool
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
def compressed(file: IO[bytes], path: str | os.PathLike[str]) -> Iterator[Any]:
    """Open a file to write to, compressed according to the suffix of `path`."""
    suffix = Path(path).suffix
    if suffix == ".gz":
        # No name and no time, so that equal vectors give equal files.
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
    """Yield the rows of a text file."""
    with opened(path) as file:
        count = size = number = 0  # 0: not known yet
        if not no_header:
            count, size = _announced(file.readline(_LONGEST_HEAD), path)
            number = 1
        for line in file:
            number += 1
            if not no_header and number > count + 1:
                if line.strip():
                    raise DataError(f"{path}: goes on after the {count} words that it announces")
                continue
            # Only a space ends a word: a no-break space, for example, may be part of one.
            word, *numbers = line.rstrip(b" \t\r\n").split(b" ")
            size = size or len(numbers)
            # GloVe's largest file has words with spaces, such as `. . .`.
            while no_header and len(numbers) > size and not _is_number(numbers[0]):
                word += b" " + numbers.pop(0)
            if not word or len(numbers) != size or not size:
                hint = "; is it binary? Then binary=True" if b"\0" in line else ""
                if no_header and number == 2:
                    hint = "; is line 1 a header? Then leave out no_header"
                raise DataError(
                    f"{path}: line {number} should be a word and {size or 'its'} numbers, "
                    f"separated by single spaces, but has {len(numbers)} "
                    f"({_shown(line):.40}){hint}"
                )
            if not line.endswith(b"\n"):  # a number that was cut off still reads as a number
                raise DataError(
                    f"{path}: line {number} does not end with a line break; either the file is cut "
                    f"short, or one must be added"
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
                f"{path}: is cut short: it ends at line {number}, and announces {count} words"
            )


def binary_vectors(path: str | os.PathLike[str], encoding: str, errors: str) -> Generator[Row]:
    """Yield the rows of a binary file."""
    with opened(path) as file:
        count, size = _announced(file.readline(_LONGEST_HEAD), path)
        content = bytearray()
        for number in range(1, count + 1):
            while (blank := content.find(b" ")) < 0 or len(content) <= blank + 4 * size:
                more = file.read(_READ)
                if not more:
                    raise DataError(f"{path}: is cut short in word {number} of {count}, or is text")
                content += more
            if number == 1:  # text read as binary would give garbage
                _, *numbers = bytes(content).partition(b"\n")[0].rstrip(b" \r").split(b" ")
                if len(numbers) == size and all(map(_is_number, numbers)):
                    raise DataError(f"{path}: is text; leave out binary=True")
            # word2vec.c writes a line break after each vector; gensim does not.
            place = f"word {number}"
            word = _decoded(content[:blank].lstrip(b"\n"), encoding, errors, path, place)
            end = blank + 1 + 4 * size
            vector = np.frombuffer(bytes(content[blank + 1 : end]), "<f4")
            del content[:end]
            yield place, word, vector
        if content.strip() or file.read(_READ).strip():
            raise DataError(f"{path}: goes on after the {count} words that it announces")


def read_counts(path: str | os.PathLike[str], encoding: str, errors: str) -> dict[str, int]:
    """Return the counts in a file that has a word and its count on each line."""
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
    """Return whether a file begins with the header of word2vec.c."""
    try:
        with opened(path) as file:
            _announced(file.readline(_LONGEST_HEAD), path)
    except DataError:
        return False
    return True


def _announced(head: bytes, path: str | os.PathLike[str]) -> tuple[int, int]:
    """Return the number of words and the length of their vectors, from the header."""
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
        f"the length of their vectors, but is {_shown(head):.60}; for GloVe's files, which lack "
        f"that line, pass no_header=True"
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
            f"there; pass the file's encoding, or unicode_errors='replace' if words were cut off"
        ) from error
