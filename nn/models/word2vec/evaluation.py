"""Reading the files of similarity ratings and analogies, and correlating with them."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import numpy as np

from ...data import DataError
from ...data.corpus import lines
from .lookup import unit


class PairScores(NamedTuple):
    """How well similarities agree with human ratings: two correlations, and the share of pairs
    with an unknown word."""

    pearson: float
    spearman: float
    unknown: float


def read_pairs(
    path: str | os.PathLike[str], delimiter: str | None, encoding: str
) -> list[tuple[str, str, float]]:
    """The pairs of words in a file, with their rated similarity."""
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
    """The sections of a file: each a name, and questions of four words."""
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


def correlation(x: Any, y: Any) -> float:
    """Pearson's correlation; NaN if either side is constant."""
    x, y = (unit(np.asarray(v, float) - np.mean(v)) for v in (x, y))
    return float(x @ y) if x.any() and y.any() else float("nan")


def ranks(values: Any) -> Any:
    """The ranks of values, from 1; equal values get the mean of their ranks."""
    _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[which]
