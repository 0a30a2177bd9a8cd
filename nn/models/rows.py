"""Taking the gradients of rows off a table, where the same row occurs many times.

NumPy adds repeated rows slowly (`np.add.at`, `np.add.reduceat`: as if element by element). So the
occurrences are dealt into rounds: the first of every row, the second of every row, and so on. In
a round no row occurs twice, and it is one indexed subtraction. Rows occur unevenly, as words do:
after a few rounds little is left, and goes the slow way.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Tensor

#: So many rounds; what is left of the most frequent rows goes the slow way.
ROUNDS = 8

Rounds = list[tuple[Any, Any]]


def rounds(numbers: Any, step: int) -> list[Rounds]:
    """How the rows `numbers` (a flat array) are taken, `step` of them at a time.

    For each step a list of (rows, places), where the places count from the start of the step. All
    but the last pair of a full list of `ROUNDS + 1` hold each row once. Planning many steps at a
    time costs little more than planning one.
    """
    count = len(numbers)
    bits = count.bit_length()
    places = np.arange(count)
    steps = places // step
    span = int(numbers.max()) + 1
    keys = ((steps * span + numbers) << bits) | places  # of one row in one step, in order
    keys.sort()
    groups = keys >> bits
    keys &= (1 << bits) - 1
    starts = np.flatnonzero(np.append(True, groups[1:] != groups[:-1]))
    rank = places - np.repeat(starts, np.diff(starts, append=count))
    turn = (steps * (ROUNDS + 1) + np.minimum(rank, ROUNDS)) << bits  # steps stay in order
    turn |= places
    turn.sort()
    order = keys[turn & ((1 << bits) - 1)]
    turn >>= bits
    ends = np.flatnonzero(np.append(turn[1:] != turn[:-1], True)) + 1
    result: list[Rounds] = [[] for _ in range(-(-count // step))]
    rows = numbers[order]
    order -= steps * step
    begin = 0
    for end, which in zip(ends.tolist(), (turn[ends - 1] // (ROUNDS + 1)).tolist(), strict=True):
        result[which].append((rows[begin:end], order[begin:end]))
        begin = end
    return result


def subtract(table: Any, values: Any, plan: Rounds) -> None:
    """Subtract `values` (k, size) from the rows of the `table` that the plan names, in place."""
    for rows, places in plan[:ROUNDS]:
        changed = np.take(table, rows, axis=0)
        changed -= np.take(values, places, axis=0)
        table[rows] = changed
    for rows, places in plan[ROUNDS:]:
        np.subtract.at(table, rows, values[places])


class Rows:
    """Rows of a table, some at a time as a leaf whose gradient is then taken off the table.

    `numbers`: (blocks, k), the rows, of which `blocks` are taken at a time, in order.
    """

    def __init__(self, table: Any, numbers: Any, blocks: int) -> None:
        self.table = table
        self.numbers = numbers
        self.plans = iter(rounds(numbers.ravel(), blocks * numbers.shape[1]))

    def take(self, part: slice) -> Tensor:
        self.leaf = Tensor(np.take(self.table, self.numbers[part], axis=0), requires_grad=True)
        return self.leaf

    def descend(self) -> None:
        """Subtract the gradient of what was taken."""
        values = np.reshape(self.leaf.grad, (-1, self.table.shape[1]))
        subtract(self.table, values, next(self.plans))
