"""The arrows between boxes, where a box may represent many nodes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

from ..node import Leaf, Node
from .folding import Folding, Frame, Unit
from .walk import Inputs, distances, maker

Way = tuple[Unit, Unit]  #: from a unit to one that uses it


class Ways:
    """The units that use each other's values.

    `values` counts, for each way, the values passed on: one of several outputs, or None for a
    single one. `carried` holds the ways into the next repetition, and `flows` the largest gradient
    norm on each way. `inputs` holds the units that are not carried; `depth` and `height` are the
    longest paths to a unit and from it. `places` gives the frame around the tail of a way, `homes`
    that of a unit (for a leaf, that of its first user). `uses` counts the ways from a unit, and
    `times` the operations that have it as an input, drawn or not.
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
                    continue  # a constant, not drawn, or a parameter of a closed module
                unit = units[i]
                if unit is user and i in calls and calls[i] is calls[node]:
                    continue  # inside a closed module
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
        """Find the frame around a unit; a leaf is drawn next to its user.

        A leaf that only the first repetition uses is drawn outside the repetition.
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
        """Tell whether the longest path from a unit to its user has more than `arrows` arrows."""
        return self.height[unit] - self.height[user] > arrows


def _same_round(way: Way, folding: Folding, i: Node, node: Node) -> bool:
    """Tell whether an input and its user were computed in the same round of every common loop."""
    if i not in folding.rounds:
        return True  # a leaf
    ours, its = (list(unit.frame.outwards()) if unit.frame else [] for unit in way)
    common = sum(frame.times > 1 for frame in ours if frame in its)
    return folding.rounds[i][:common] == folding.rounds[node][:common]


def worse(a: float, b: float) -> float:
    """Return the larger norm, or NaN or Inf if one of them is."""
    return a if not math.isfinite(a) else b if not math.isfinite(b) else max(a, b)
