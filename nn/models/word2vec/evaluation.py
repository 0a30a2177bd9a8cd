"""Evaluation of word vectors by similarity ratings and by analogies."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...data import DataError
from ...data.corpus import lines
from .lookup import unit
from .similarity import Similarities

_QUESTIONS = 64  # analogies answered at a time


class PairScores(NamedTuple):
    """The agreement of similarities with human ratings.

    Attributes:
        pearson: Pearson's correlation.
        spearman: Spearman's correlation.
        unknown: The share of pairs with an unknown word, 0 to 1.
    """

    pearson: float
    spearman: float
    unknown: float


class Evaluations(Similarities):
    """Word vectors that can be evaluated; the base of `KeyedVectors`."""

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

        Args:
            pairs: A file whose lines have two words and a number; lines that begin with # are
                ignored.
            delimiter: What separates them (None: tabs or spaces). Words that contain spaces need
                "\t".
            encoding: The encoding of the file.
            restrict_vocab: Words after the first so many count as unknown.
            case_insensitive: Among words that differ only in case, use the first in the vocabulary.
            dummy4unknown: Count pairs with an unknown word as similarity 0, instead of skipping
                them.

        Returns:
            Pearson's and Spearman's correlation (NaN if either side is constant) and the share of
            pairs with an unknown word, 0 to 1.

        Raises:
            DataError: The file is in another format, or has fewer than two pairs to compare.

        Example:
            >>> import pathlib, tempfile
            >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
            >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     path = pathlib.Path(folder, "pairs")
            ...     _ = path.write_text("king queen 9\nking apple 1\nqueen apple 2\n")
            ...     round(wv.evaluate_word_pairs(path).spearman, 6)
            1.0
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
        r"""Answer the questions in a file: a is to b as c is to what?

        Args:
            analogies: A file whose lines have the words a, b, c and the answer; a line `: name`
                begins a section.
            restrict_vocab: Words after the first so many count as unknown.
            case_insensitive: Among words that differ only in case, use the first in the vocabulary.
            dummy4unknown: Count questions with an unknown word as wrong, instead of skipping them.

        Returns:
            The share of correct answers, 0 to 1, and a dict for each section (the last is all of
            them together) with its name, `section`, and its questions, `correct` and `incorrect`.

        Raises:
            DataError: The file is in another format, or has no question to answer.

        Example:
            >>> import pathlib, tempfile
            >>> words = ["man", "king", "woman", "queen"]
            >>> wv = nn.KeyedVectors(words, np.array([[1.0, 0], [1, 1], [-1, 0], [-1, 1]]))
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     path = pathlib.Path(folder, "questions")
            ...     _ = path.write_text(": royals\nman king woman queen\n")
            ...     wv.evaluate_word_analogies(path)[0]
            1.0
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
        # Questions that were not asked count as wrong with dummy4unknown, and not at all without.
        for name, questions in [*read, ("Total accuracy", [q for _, part in read for q in part])]:
            correct = [question for question in questions if right.get(question)]
            incorrect = [q for q in questions if not right.get(q, not dummy4unknown)]
            sections.append({"section": name, "correct": correct, "incorrect": incorrect})
        return len(correct) / (len(correct) + len(incorrect)), sections

    def _answered(self, questions: list[Any]) -> Iterator[bool]:
        """Yield whether the answer to each question is right; its words are lists of numbers."""
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
        """Return the numbers of each word: several if words differ only in case."""
        known: dict[str, list[int]] = {}
        for i, word in enumerate(self.index_to_key[:restrict_vocab]):
            known.setdefault(_fold(word, case_insensitive), []).append(i)
        return known


def read_pairs(
    path: str | os.PathLike[str], delimiter: str | None, encoding: str
) -> list[tuple[str, str, float]]:
    """Return the pairs of words in a file, with their rated similarity."""
    found = []
    for number, line in lines(path, encoding):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            one, other, value = line.split(delimiter)
            found.append((one.strip(), other.strip(), float(value)))
        except ValueError:
            raise DataError(
                f"{path}: line {number} is not two words and a number: {line.strip()!r:.60} "
                f"(a heading must begin with #)"
            ) from None
    return found


def read_questions(
    path: str | os.PathLike[str],
) -> list[tuple[str, list[tuple[str, ...]]]]:
    """Return the sections of a file: each a name, and questions of four words."""
    sections: list[tuple[str, list[tuple[str, ...]]]] = []
    for number, line in lines(path):
        if line.startswith(":"):
            sections.append((line[1:].strip(), []))
            continue
        words = tuple(line.split())
        if not words:
            continue
        if len(words) != 4 or not sections:
            fault = "is not four words" if sections else "comes before the first `: section`"
            raise DataError(f"{path}: line {number} {fault}: {line.strip()!r:.60}")
        sections[-1][1].append(words)
    return sections


def correlation(x: Sequence[float], y: Sequence[float]) -> float:
    """Return Pearson's correlation; NaN if either side is constant."""
    one, other = (unit(np.asarray(v, float) - np.mean(v)) for v in (x, y))
    return float(one @ other) if one.any() and other.any() else float("nan")


def ranks(values: Sequence[float]) -> Any:
    """Return the ranks of values, from 1; equal values get the mean of their ranks."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[which]


def _fold(word: str, case_insensitive: bool) -> str:
    return word.upper() if case_insensitive else word
