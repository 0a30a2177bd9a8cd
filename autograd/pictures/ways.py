"""The arrows between boxes, each of which may stand for many nodes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

from ..node import Leaf, Node
from .folding import Folding, Frame, Unit
from .walk import Inputs, distances, maker

Way = tuple[Unit, Unit]  #: from a unit to one that uses it


class Ways:
    """Which unit uses which, and how.

    `values` counts, for each way, what is passed on: one of several outputs, or None where there is
    but one. `carried` are the ways into the next repetition, `flows` the largest gradient norms on
    each way, given those between nodes. `inputs` has what is not carried; `depth` and `height` are
    the most arrows on a way to a unit, and from it. `places` has the frame that the tail of a way
    stands in, `homes` that of a unit (of a leaf, with its first user). `uses` counts the ways from
    a unit, `times` how often operations have it as an input, also those that are not drawn.
    """

    def __init__(
        self, near: Inputs, folding: Folding, flows: Mapping[tuple[Node, Node], float]
    ) -> None:
        self.values: dict[Way, Counter[Node | None]] = {}
        self.flows: dict[Way, float] = {}
        units, calls = folding.units, folding.calls
        self.times: Counter[Unit] = Counter()
        direct: set[Way] = set()
        for node in near:
            user = units[node]
            for value in node.parents if not isinstance(node, Leaf) else ():
                i = maker(value) if value is not None else None
                if i is None or i not in near or (isinstance(i, Leaf) and units[i].inside):
                    continue  # no input, not drawn, or a parameter of a module that is one box
                unit = units[i]
                if unit is user and i in calls and calls[i] is calls[node]:
                    continue  # inside such a module
                way = unit, user
                self.times[unit] += 1
                values = self.values.setdefault(way, Counter())
                if (i, node) in flows:
                    self.flows[way] = worse(self.flows.get(way, 0.0), flows[i, node])
                before = unit.node.number < user.node.number
                if before and way not in direct and _same_round(way, folding, i, node):
                    direct.add(way)
                if i in folding.shown and node in folding.shown and not user.inside:
                    values[value if value is not i and unit.members == 1 else None] += 1
        self.carried = self.values.keys() - direct
        self.uses = Counter(unit for unit, _ in self.values)
        order = sorted(dict.fromkeys(units.values()), key=lambda unit: unit.node.number)
        self.inputs: dict[Unit, list[Unit]] = {unit: [] for unit in order}
        self.places: dict[Way, Frame | None] = {}
        self.homes: dict[Unit, Frame | None] = {}
        for unit, user in sorted(self.values, key=lambda way: way[1].node.number):
            place = self.places[unit, user] = self.place(unit, user)
            self.homes.setdefault(unit, place)
            if (unit, user) not in self.carried:
                self.inputs[user].append(unit)
        self.depth, self.height = distances(self.inputs, order)

    def place(self, unit: Unit, user: Unit) -> Frame | None:
        """The frame that a unit stands in: a leaf stands with its user.

        One that only the first repetition uses stands outside of what repeats.
        """
        if not isinstance(unit.node, Leaf):
            return unit.frame
        frame = user.frame
        if not self.values[unit, user] and not user.inside:
            loops = [around for around in frame.outwards() if around.times > 1] if frame else []
            if loops:
                frame = loops[-1 if unit.members == 1 else 0].parent
        return frame

    def is_far(self, unit: Unit, user: Unit, arrows: int) -> bool:
        """Whether more than so many arrows lie on the longest way from a unit to its user."""
        return self.height[unit] - self.height[user] > arrows


def _same_round(way: Way, folding: Folding, i: Node, node: Node) -> bool:
    """Whether an input was computed in the same repetition as its user, of all around both."""
    if i not in folding.rounds:
        return True  # a leaf
    ours, its = (list(unit.frame.outwards()) if unit.frame else [] for unit in way)
    common = sum(frame.times > 1 for frame in ours if frame in its)
    return folding.rounds[i][:common] == folding.rounds[node][:common]


def worse(a: float, b: float) -> float:
    """The larger norm; NaN or Inf, if one of them is that."""
    return a if not math.isfinite(a) else b if not math.isfinite(b) else max(a, b)
