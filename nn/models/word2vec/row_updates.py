"""Subtracting the gradients of rows from a table, where the same row may occur many times.

NumPy is slow to add repeated rows (`np.add.at` and `np.add.reduceat` take as long as element by
element). So the occurrences in a step are ordered in rounds: the first of every row, then the
second of every row that has one, and so on, with the most frequent row always in front. Each round
is then one sum of two slices of an array, and the table is read and written once. Words have very
uneven frequencies: after a few rounds few occurrences are left, and these are added the slow way.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

#: The number of rounds; later occurrences, of the most frequent rows, are added the slow way.
ROUNDS = 8


class Plan(NamedTuple):
    """How to read and update the rows of a step, some of which occur repeatedly.

    `rows`: the distinct rows, the most frequent first. `places`: the index in `rows` of each
    occurrence. `order`: the occurrences, round by round. `begins`: where each round begins in
    `order`, and last where the remaining occurrences begin.
    """

    rows: Any
    places: Any
    order: Any
    begins: list[int]


def plans(numbers: Any) -> list[Plan]:
    """The plan for each line of `numbers`, (steps, k).

    Planning many steps at a time costs little more than planning one.
    """
    steps, k = numbers.shape
    places = np.arange(steps * k)
    step = places // k
    span, bits = int(numbers.max()) + 1, places.size.bit_length()
    keys = ((step * span + numbers.ravel()) << bits) | places
    keys.sort()  # all of one row in one step stand together
    occurrence, groups = keys & ((1 << bits) - 1), keys >> bits
    starts = np.flatnonzero(np.append(True, groups[1:] != groups[:-1]))
    counts = np.diff(starts, append=places.size)
    # Within each step, the most frequent rows come first.
    of_step = starts // k
    frequent = np.argsort((of_step << bits) - counts, kind="stable")
    firsts = np.searchsorted(of_step, np.arange(steps + 1))
    rank = np.empty_like(frequent)
    rank[frequent] = np.arange(frequent.size) - firsts[of_step]
    rows = groups[starts[frequent]] - of_step * span
    # An occurrence goes behind the earlier rounds of its step, in the place of its row.
    rank = np.repeat(rank, counts)
    turn = places - np.repeat(starts, counts)
    most = int(counts.max())
    cell = step * most + turn
    sizes = np.bincount(cell, minlength=steps * most).reshape(steps, most)
    begins = np.cumsum(sizes, axis=1) - sizes
    order, place = np.empty_like(places), np.empty_like(places)
    order[step * k + begins.ravel()[cell] + rank] = occurrence - step * k
    place[occurrence] = rank
    order, place = order.reshape(steps, k), place.reshape(steps, k)
    ends = np.append(begins, np.full((steps, 1), k), 1)[:, : ROUNDS + 1].tolist()
    bounds = [slice(*ends) for ends in pairwise(firsts.tolist())]
    return [Plan(rows[bounds[i]], place[i], order[i], ends[i]) for i in range(steps)]


class Rows:
    """The rows of a table that each step reads and then updates.

    `numbers`: (steps, k), the rows of each step. `longest`: the farthest that a step moves a row.
    `shared`: whether other processes change the table at the same time.
    """

    def __init__(self, table: Any, numbers: Any, longest: float, shared: bool = False) -> None:
        self.table, self.shared = table, shared
        self.plans = plans(numbers)
        self.longest = longest
        k, size = numbers.shape[1], table.shape[1]
        self.gradients, self.sums = np.empty((2, k, size), table.dtype)

    def take(self, step: int) -> Any:
        """The rows of a step, (k, size)."""
        self.plan = self.plans[step]
        self.held = self.table.take(self.plan.rows, axis=0)
        return self.held.take(self.plan.places, axis=0)

    def descend(self, *gradients: Any) -> None:
        """Subtract the gradients of the rows taken: arrays that have k rows together."""
        rows, places, order, begins = self.plan
        size = self.table.shape[1]
        values = np.concatenate([g.reshape(-1, size) for g in gradients], out=self.gradients)
        values = values.take(order, axis=0, out=self.sums, mode="clip")
        total = values[: len(rows)]
        for begin, end in pairwise(begins[1:]):
            total[: end - begin] += values[begin:end]
        if begins[-1] < len(order):
            left = places[order[begins[-1] :]]
            which = np.arange(left.max() + 1)[:, np.newaxis] == left
            total[: len(which)] += which.astype(total.dtype) @ values[begins[-1] :]
        lengths = np.vecdot(total, total)
        if not lengths.max() <= self.longest**2:
            total *= (self.longest / np.sqrt(np.maximum(lengths, self.longest**2)))[:, np.newaxis]
        if self.shared:  # otherwise, the changes of others meanwhile would be lost
            self.held = self.table.take(rows, axis=0)
        self.held -= total
        self.table[rows] = self.held
