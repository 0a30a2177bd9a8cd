"""The layout of a picture: which boxes and arrows are drawn, and in which frames."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import count

from ..errors import GraphError
from ..node import Leaf, Node
from .folding import Folding, Frame, Unit
from .known import Known, in_bytes
from .labels import Labels, name_of
from .picture import Arrow, Box, Cluster, Legend, Options, Picture
from .themes import Scale
from .walk import distances, maker, neighbours, walk
from .ways import Ways

_FEW = 3  # uses: a unit with more is drawn at each, since long arrows can cost dot minutes
_FAR = 12  # arrows on a path: a unit used farther away is drawn again there
_LONG = 10  # boxes in a row: longer pictures run down the page, which scrolls
_MOST = 12  # inputs of a box that are drawn before all other boxes have had their turn
_LABELS = 60  # arrows: larger pictures have no gradients written on them

Key = Unit | tuple[Unit, Unit] | tuple[Node, int] | int
"""What a box represents: a unit, its copy for one user, a constant by its place, an output."""


class Drawing:
    """A picture of the graph that led to `outputs`."""

    def __init__(self, outputs: list[Node], options: Options) -> None:
        self.outputs = outputs
        self.options = options
        self.inputs = walk(outputs)
        order = sorted(self.inputs, key=lambda node: node.number)  # inputs come first
        self.depth = max(distances(self.inputs, order)[0].values())
        self.known = Known(order, outputs, options)
        self.near = self.inputs
        if options.around is not None:
            centre = maker(options.around)
            if centre not in self.inputs:
                raise GraphError(
                    f"graph: around is a node of {centre.op.name} ({centre.source()}) that did not "
                    f"lead to the outputs; pass the node of a tensor that did"
                )
            nodes = neighbours(self.inputs, centre, options.radius)
            self.near = {node: its for node, its in self.inputs.items() if node in nodes}
        order = [node for node in order if node in self.near]
        dtypes = Counter(node.dtype for node in order if node.dtype != object)
        self.dtype = dtypes.most_common(1)[0][0]  # the caption states it once
        self.labels = Labels(options, self.known, self.dtype)
        fold = len(order) > options.max_nodes if options.fold is None else options.fold
        for steps in ["same line", "any line"] if fold else [""]:
            self.folding = Folding(self.near, order, options.groups, options.depth, steps)
            if len(set(self.folding.units.values())) <= options.max_nodes:
                break
        self.looks = self.of_units(options.highlight)
        self.notes = self.of_units(options.notes)
        gradients = self.known.gradients
        self.ways = Ways(self.near, self.folding, gradients.flows if gradients else {})
        often = dict.fromkeys(unit for unit, user in self.ways.values if self.is_often(unit, user))
        numbers = count(1)  # they tell units without a name apart
        self.copied = {i: "" if name_of(i.node) else f" #{next(numbers)}" for i in often}
        self.found: set[Unit] = set()
        self.cut: Counter[Key] = Counter()  # arrows to each, from what is not drawn
        self.missing: list[tuple[Frame | None, Box]] = []  # boxes that say what is not shown
        self.boxes: dict[Key, Box] = {}
        self.frames: dict[Key, Frame | None] = {}  # the frame around each box
        self.arrows: Counter[tuple[Key, Key, str]] = Counter()  # (from, to, label)

    def of_units(self, texts: Mapping[Node, str]) -> dict[Unit, str]:
        """Turn texts by node into texts by unit; the first of several counts."""
        units = self.folding.units
        found: dict[Unit, str] = {}
        for node, text in texts.items():
            if maker(node) in units:
                found.setdefault(units[maker(node)], text)
        return found

    def is_often(self, unit: Unit, user: Unit) -> bool:
        """Tell whether to draw a unit at each use: it has many, or they lie in several frames."""
        is_leaf = isinstance(unit.node, Leaf)
        if is_leaf and self.ways.homes[unit] is not self.ways.places[unit, user]:
            return True
        return self.ways.uses[unit] > _FEW and (is_leaf or self.ways.is_far(unit, user, _FAR))

    def picture(self) -> Picture:
        """Draw backwards from the outputs, as long as there is room."""
        inputs: defaultdict[Unit, list[Unit]] = defaultdict(list)
        for unit, user in self.ways.values:
            inputs[user].append(unit)
        for most in _MOST, len(self.inputs):
            self.arrows.clear()
            self.cut.clear()
            for unit in (queue := self.put_outputs()):  # grows as it is read
                if isinstance(unit.node, Leaf) or not self.unit(unit, unit, unit.frame):
                    continue  # a leaf is drawn with its first user
                latest = set(sorted(inputs[unit], key=lambda i: i.node.number)[-most:])
                followed = [i for i in inputs[unit] if i in latest]
                for i in followed:
                    for value, times in self.ways.values[i, unit].items() or [(None, 0)]:
                        self.input(i, unit, value, times)
                self.constants(unit)
                queue += [i for i in followed if i not in self.found]
                self.found.update(followed)
        arrows = list(self.pointed())
        rows = Counter(self.ways.depth.values())
        is_long = max(_LONG, *rows.values()) < len(rows)
        return Picture(self.clusters(), arrows, self.caption(), self.legend(), is_long)

    def put_outputs(self) -> list[Unit]:
        """Draw the outputs; return the units that made them, and those without a user nearby."""
        makers: dict[Unit, None] = {}
        for place, value in enumerate(self.outputs):
            unit = self.folding.units.get(maker(value))
            name = f"output {place}" if len(self.outputs) > 1 else "output"
            if unit is None or not self.put(place, None, Box("output", name, details=[name])):
                continue
            if isinstance(unit.node, Leaf):
                self.unit(unit, unit, None)
            self.arrows[unit, place, self.part(value)] += 1
            makers[unit] = None
        for unit in self.ways.inputs:
            if not self.ways.uses[unit]:
                makers[unit] = None
        self.found = set(makers)
        return list(makers)

    # -- boxes ----------------------------------------------------------------------------------

    def put(self, key: Key, frame: Frame | None, box: Box) -> bool:
        """Put a box into the picture, unless it is there; return False where there is no room."""
        if key not in self.boxes:
            if len(self.boxes) >= self.options.max_nodes:
                return False
            box.name = f"n{len(self.boxes)}"
            self.boxes[key] = box
            self.frames[key] = frame
        return True

    def unit(self, unit: Unit, key: Key, frame: Frame | None) -> bool:
        """Draw a leaf, an operation or a module."""
        if key in self.boxes:
            return True
        if isinstance(unit.node, Leaf):
            look = "leaf"
        elif key is not unit:
            look = "elsewhere"
        elif unit.inside:
            look = "module"
        else:
            look = "backward" if _is_backward(unit.frame) else "operation"
        look = self.looks.get(unit, look)
        often = unit in self.copied and unit.members == 1
        notes = [f"used {self.ways.times[unit]:,} times"] if often else []
        notes += [self.notes[unit]] if unit in self.notes else []
        return self.put(key, frame, self.labels.box(unit, look, self.copied.get(unit, ""), notes))

    def input(self, unit: Unit, user: Unit, value: Node | None, times: int) -> None:
        """Note the arrow for a value, and draw its box if it is a leaf or a copy."""
        is_leaf = isinstance(unit.node, Leaf)
        apart = unit in self.copied and (is_leaf or self.ways.is_far(unit, user, 1))
        key: Key = (unit, user) if apart else unit
        if is_leaf or apart:
            self.unit(unit, key, self.ways.places[unit, user])
        self.arrows[key, user, self.part(value)] += times

    def part(self, value: Node | None) -> str:
        """Name which of several outputs a value is; empty for a single one."""
        if value is None or value is maker(value):
            return ""
        return f"[{value.options['place']}] {self.labels.kind(value)}".strip()

    def constants(self, unit: Unit) -> None:
        """Draw the inputs without a gradient; for a module, only those that enter it."""
        for node in unit.inside or [unit.node]:
            # An array that enters a frame is data from outside; the rest belongs to the frame.
            enters = all(isinstance(i, Leaf) for i in self.inputs[node])
            for place, parent in enumerate(node.parents):
                if parent is not None and maker(parent) not in self.near:
                    self.cut[unit] += 1
                box = self.labels.constant(node, place) if parent is None else None
                outside = enters and box is not None and bool(box.lines)
                if box is not None and (outside or not unit.inside):
                    self.put((node, place), None if outside else unit.frame, box)
                    self.arrows[(node, place), unit, ""] += 1

    def clusters(self) -> Cluster:
        """Sort the boxes into frames; a frame that holds only another one is merged with it."""
        root = Cluster()
        clusters: dict[Frame | None, Cluster] = {None: root}
        contents: defaultdict[Frame | None, list[Box]] = defaultdict(list)
        for key, frame in self.frames.items():
            contents[frame].append(self.boxes[key])
        for frame, box in self.missing:
            contents[frame].append(box)
        for frame in self.folding.frames:
            cluster = clusters[frame] = Cluster(_title(frame), contents[frame])
            cluster.backward = frame.backward
            clusters[frame.parent].inner.append(cluster)
        root.boxes = contents[None]
        for frame in reversed(self.folding.frames):  # the innermost first
            around = clusters[frame.parent].inner
            cluster = clusters[frame]
            if not cluster.boxes and len(cluster.inner) == 1:
                inner = cluster.inner[0]
                inner.title = f"{cluster.title} / {inner.title}"
                around[around.index(cluster)] = inner
            elif not cluster.boxes and not cluster.inner:
                around.remove(cluster)
        return root

    # -- arrows ---------------------------------------------------------------------------------

    def pointed(self) -> Iterator[Arrow]:
        """Yield the arrows between boxes, and those from the boxes that count missing inputs."""
        sides = self.sides()
        written = len(self.arrows) <= _LABELS and not self.options.values
        scale = Scale(self.norms())
        for (key, user, label), times in self.arrows.items():
            if key not in self.boxes:
                self.cut[user] += max(times, 1)
                continue
            label = f"{label} ×{times}".strip() if times > 1 else label
            arrow = Arrow(self.boxes[key].name, self.boxes[user].name, label)
            into = isinstance(user, int) or _is_backward(self.frames[user])
            arrow.backward = into and _is_backward(self.frames[key])
            arrow.side = sides.get(key, 0)
            unit = key[0] if isinstance(key, tuple) else key
            if isinstance(unit, Unit):
                flow = self.flow(unit, user)
                if flow is not None:
                    arrow.step = scale.step(flow)
                    arrow.details = f"gradient norm {flow:.4g}"
                    if written and not isinstance(unit.node, Leaf):  # a leaf has it in its box
                        arrow.label = f"{label} {flow:.2g}".strip()
                arrow.weight = self.weight(unit, user) if key is unit else 1
                if isinstance(user, Unit) and (unit, user) in self.ways.carried:
                    arrow.kind = "carried"
                elif isinstance(user, Unit) and into and not arrow.backward:
                    arrow.kind = "across"
            yield arrow
        for user, times in self.cut.items():
            box = Box("hidden", f"… {times:,} not shown", name=f"{self.boxes[user].name}_")
            self.missing.append((self.frames[user], box))
            yield Arrow(box.name, self.boxes[user].name, kind="hidden")

    def flow(self, unit: Unit, user: Key) -> float | None:
        """Return the norm of the gradient that a user sends to a unit."""
        if self.known.gradients is None:
            return None
        if isinstance(user, Unit):
            return self.ways.flows.get((unit, user), 0.0)
        return self.known.gradients.norms.get(unit.node)

    def sides(self) -> dict[Key, int]:
        """Choose boxes to put beside their user, before (1) or after (-1) it, if there are frames.

        Ahead of its user, such a box would lengthen the frame and push it away from the previous
        one.
        """
        sides: dict[Key, int] = {}
        if not self.folding.frames:
            return sides
        rows = Counter((unit.frame, self.ways.depth[unit]) for unit in self.operations())
        free: defaultdict[Unit, list[int]] = defaultdict(lambda: [1, -1])
        for key, user, label in reversed(self.arrows):  # the main input has the first arrow
            if not isinstance(user, Unit) or key not in self.boxes or label:
                continue
            alone = isinstance(key, tuple)
            if isinstance(key, Unit) and isinstance(key.node, Leaf):
                alone = self.ways.uses[key] == 1
            is_only = rows[user.frame, self.ways.depth[user]] == 1
            if alone and is_only and self.frames[key] is user.frame and free[user]:
                sides[key] = free[user].pop()
        return sides

    def operations(self) -> Iterator[Unit]:
        """Yield the operations and modules that have boxes."""
        for key in self.boxes:
            if isinstance(key, Unit) and not isinstance(key.node, Leaf):
                yield key

    def norms(self) -> list[float]:
        """List the norms of the gradients on all arrows."""
        norms = self.known.gradients.norms if self.known.gradients else {}
        return [*self.ways.flows.values(), *(norms[maker(y)] for y in self.outputs if norms)]

    def weight(self, unit: Unit, user: Key) -> int:
        """Choose how straight an arrow should be: most of all along the longest paths."""
        if isinstance(unit.node, Leaf):
            return 1
        depth = self.ways.depth
        return 9 if isinstance(user, Unit) and depth[unit] + 1 == depth[user] else 3

    # -- below the picture ----------------------------------------------------------------------

    def caption(self) -> list[str]:
        """Write what applies to the whole picture, and what it leaves out."""
        lines = [f"{self.dtype} unless noted"]
        drawn = {key[0] if isinstance(key, tuple) else key for key in self.boxes}
        shown = [node for node, unit in self.folding.units.items() if unit in drawn]
        missing = len(self.inputs) - len(shown)
        if missing:
            lines[0] += (
                f" · {missing:,} of {len(self.inputs):,} operations and leaves are not shown"
            )
        if self.known.held:
            lines[0] += f" · the graph holds {in_bytes(sum(self.known.held.values()))}"
        units = {unit for unit in drawn if isinstance(unit, Unit)}
        if any(unit.members > 1 for unit in units):
            lines.append(
                f"{len(shown):,} operations and leaves in {len(units):,} boxes: “× n” and "
                "“n alike” count what a box or frame stands for"
            )
        if self.ways.carried:
            lines.append("dashed arrows lead into the next repetition")
        return lines

    def legend(self) -> Legend | None:
        """Summarise the gradients in the picture for the colour scale."""
        if self.known.gradients is None:
            return None
        scale = Scale(self.norms())
        steps = {scale.step(norm) for norm in self.norms()}
        return Legend(10**scale.low, 10**scale.high, Scale.ZERO in steps, Scale.WRONG in steps)


def _is_backward(frame: Frame | None) -> bool:
    return frame is not None and frame.backward


def _title(frame: Frame) -> str:
    if frame.times == 1:
        return frame.title
    return f"{frame.title} × {frame.times:,}" if frame.title else f"× {frame.times:,} like this"
