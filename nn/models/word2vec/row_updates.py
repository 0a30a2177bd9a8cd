"""Taking the gradients of rows off a table, where the same row occurs many times.

NumPy adds repeated rows slowly (`np.add.at`, `np.add.reduceat`: as if element by element). So the
occurrences of a step are put in order: the first of every row, then the second of every row that
has one, and so on, always with the most frequent row in front. Then each of these rounds is one
sum of two stretches of an array, and the table is written to once. Rows occur unevenly, as words
do: after a few rounds little is left, and goes the slow way.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from autograd import Tensor

#: So many rounds; what is left of the most frequent rows goes the slow way.
ROUNDS = 8


class Plan(NamedTuple):
    """How to subtract at repeated rows.

    `order`: the occurrences, round by round. `begins`: where each round begins in it, and at last
    where what is left does. `rows`: the distinct rows, the most frequent first. `left`: for each
    occurrence that is left, the place of its row in `rows`.
    """

    order: Any
    begins: list[int]
    rows: Any
    left: Any


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
    groups = keys >> bits
    starts = np.flatnonzero(np.append(True, groups[1:] != groups[:-1]))
    counts = np.diff(starts, append=places.size)
    # Within each step, the most frequent rows come first.
    of_step = starts // k
    frequent = np.argsort((of_step << bits) - counts, kind="stable")
    firsts = np.searchsorted(of_step, np.arange(steps + 1))
    rank = np.empty_like(frequent)
    rank[frequent] = np.arange(frequent.size) - firsts[of_step]
    # An occurrence goes behind the earlier rounds of its step, in the place of its row.
    turn = places - np.repeat(starts, counts)
    rank = np.repeat(rank, counts)
    most = int(counts.max())
    sizes = np.bincount(step * most + turn, minlength=steps * most).reshape(steps, most)
    begins = np.cumsum(sizes, axis=1) - sizes
    goes_to = step * k + begins[step, turn] + rank
    order, which = np.empty_like(places), np.empty_like(places)
    order[goes_to] = (keys & ((1 << bits) - 1)) - step * k
    which[goes_to] = rank
    order, which = order.reshape(steps, k), which.reshape(steps, k)
    rows = groups[starts[frequent]] - of_step * span
    result = []
    for i, ends in enumerate(
        np.append(begins, np.full((steps, 1), k), 1)[:, : ROUNDS + 1].tolist()
    ):
        result.append(Plan(order[i], ends, rows[firsts[i] : firsts[i + 1]], which[i, ends[-1] :]))
    return result


def subtract(table: Any, values: Any, plan: Plan) -> None:
    """Subtract `values` (k, size) from the rows of the `table` that the plan names, in place."""
    order, begins, rows, left = plan
    values = np.take(values, order, axis=0)
    total = values[: len(rows)]
    for begin, end in pairwise(begins[1:]):
        total[: end - begin] += values[begin:end]
    if len(left):
        np.add.at(total, left, values[begins[-1] :])
    changed = np.take(table, rows, axis=0)
    changed -= total
    table[rows] = changed


class Rows:
    """Rows of a table, each step's as a leaf whose gradient is then taken off the table.

    `numbers`: (steps, ...), the rows.
    """

    def __init__(self, table: Any, numbers: Any) -> None:
        self.table = table
        self.numbers = numbers
        self.plans = plans(numbers.reshape(len(numbers), -1))

    def take(self, step: int) -> Tensor:
        self.step = step
        self.leaf = Tensor(np.take(self.table, self.numbers[step], axis=0), requires_grad=True)
        return self.leaf

    def descend(self) -> None:
        """Subtract the gradient of what was taken."""
        values = np.reshape(self.leaf.grad, (-1, self.table.shape[1]))
        subtract(self.table, values, self.plans[self.step])
