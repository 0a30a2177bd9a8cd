"""Boxes that nodes share: closed modules, and structure that repeats.

Programs repeat themselves: layers, time steps, the terms of a sum. In recording order, a loop is a
sequence of operations that occurs again and again, such as

    multiply add multiply add multiply add tanh   multiply add multiply add multiply add tanh

`_runs` reads this from the left and writes it as ((multiply add) x 3 tanh) x 2. Only the last
repetition is drawn: a node of any other shares the box of the node at the same place in the last.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from ..node import Leaf, Node
from ..scopes import BACKWARD, Scope, innermost, titles
from .walk import Inputs

_LONGEST = 64  # steps of a repetition, once the repetitions inside it are folded
_SMALL = 3  # steps: only a longer sequence is folded if it occurs just twice


class Frame:
    """A frame around boxes: a scope, or a repetition that occurs `times` times."""

    __slots__ = ("backward", "parent", "times", "title")

    def __init__(
        self, title: str, parent: Frame | None, times: int = 1, backward: bool = False
    ) -> None:
        self.title = title
        self.parent = parent
        self.times = times
        self.backward: bool = backward or (parent is not None and parent.backward)

    def outwards(self) -> Iterator[Frame]:
        """Yield this frame, the one around it, and so on."""
        frame: Frame | None = self
        while frame is not None:
            yield frame
            frame = frame.parent


class Unit:
    """The content of one box: a leaf, an operation or a module, or several alike.

    `node` is the last of them (in a module, its last operation) and `first` the first. `members`
    counts the repetitions of the frames around, `times` does not. A module has a `title`, the
    operations `inside` it, and the number of elements of its `parameters`.
    """

    __slots__ = ("first", "frame", "inside", "members", "node", "parameters", "times", "title")

    def __init__(self, node: Node, frame: Frame | None) -> None:
        self.node = self.first = node
        self.frame = frame
        self.times = 1
        self.members = 0
        self.title = ""
        self.inside: list[Node] = []
        self.parameters = 0


class _Loop:
    """A sequence that repeats: its rounds, which all look like the last one."""

    __slots__ = ("rounds",)

    def __init__(self, rounds: list[list[_Step]]) -> None:
        self.rounds = rounds

    def is_folded(self) -> bool:
        return len(self.rounds) > 2 or len(self.rounds[-1]) > _SMALL


_Step = Node | Scope | _Loop


class Folding:
    """The box of each node, in `units`, and the nodes drawn themselves, in `shown`.

    `order`: the nodes, inputs first. `groups`: whether scopes become frames; a scope inside more
    than `depth` others becomes one box. `repeats`: which operations may be folded, "" (none), those
    of the "same line" or of "any line".
    """

    def __init__(
        self, inputs: Inputs, order: list[Node], groups: bool, depth: int | None, repeats: str
    ) -> None:
        self.units: dict[Node, Unit] = {}
        self.shown: set[Node] = set()
        self.rounds: dict[Node, tuple[int, ...]] = {}  # the round in each loop around a node
        self.frames: list[Frame] = []
        self.calls: dict[Node, Scope] = {}  # the module call of nodes in closed modules
        self.depth = depth
        operations = [node for node in order if not isinstance(node, Leaf)]
        numbers = (node.number for node in operations)
        scopes: list[Scope | None] = [None] * len(operations)
        if groups:
            scopes = innermost(numbers)
        self.titles = titles(scopes)
        self.steps = _steps(operations, scopes)
        if repeats:
            _fold(self.steps, repeats == "same line")
        self.place(self.steps[None], None, ())
        self.place_leaves(inputs, operations, bool(repeats))

    def is_closed(self, scope: Scope) -> bool:
        """Tell whether a scope is drawn as one box."""
        return self.depth is not None and scope.level > self.depth

    def place(self, steps: list[_Step], frame: Frame | None, at: tuple[int, ...]) -> None:
        """Give boxes to the steps of a frame and to everything inside them."""
        for step in steps:
            if isinstance(step, _Loop):
                self.place_loop(step, frame, at)
            elif isinstance(step, Node):
                self.join(step, Unit(step, frame), at, shown=True)
            elif self.is_closed(step):
                nodes = list(self.nodes_in(step))
                unit = Unit(nodes[-1], frame)
                unit.title, unit.inside = self.titles[step], nodes
                self.join(step, unit, at, shown=True)
            else:
                inner = Frame(self.titles[step], frame, backward=step.kind == BACKWARD)
                self.frames.append(inner)
                self.place(self.steps[step], inner, at)

    def place_loop(self, loop: _Loop, frame: Frame | None, at: tuple[int, ...]) -> None:
        """Draw the last round, and let the others share its boxes."""
        *others, last = loop.rounds
        if not loop.is_folded():
            for steps in loop.rounds:
                self.place(steps, frame, at)
            return
        times, step, first = len(loop.rounds), last[0], others[0][0]
        title = ""
        if isinstance(step, Scope):
            assert isinstance(first, Scope)
            title = " ".join(filter(None, (span(first.path, step.path), step.kind)))
        if len(last) > 1:
            self.frames.append(Frame("", frame, times))
            self.place(last, self.frames[-1], (*at, times))
        elif isinstance(step, Scope) and not self.is_closed(step):
            self.frames.append(Frame(title, frame, times, step.kind == BACKWARD))
            self.place(self.steps[step], self.frames[-1], (*at, times))
        else:
            self.place(last, frame, (*at, times))
            unit = self.units[next(self.nodes_in(step))]
            unit.times, unit.title = times, title
        for number, steps in reversed(list(enumerate(others))):
            self.liken_all(steps, last, (*at, number))

    def liken_all(self, steps: list[_Step], drawn: list[_Step], at: tuple[int, ...]) -> None:
        for step, one in zip(steps, drawn, strict=True):
            self.liken(step, one, at)

    def liken(self, step: _Step, drawn: _Step, at: tuple[int, ...]) -> None:
        """Give a step the boxes of the same step in the round that is drawn."""
        if isinstance(step, Node):
            assert isinstance(drawn, Node)
            self.join(step, self.units[drawn], at)
        elif isinstance(step, _Loop):
            assert isinstance(drawn, _Loop)
            for number, (its, one) in enumerate(zip(step.rounds, drawn.rounds, strict=True)):
                self.liken_all(its, one, (*at, number) if drawn.is_folded() else at)
        else:
            assert isinstance(drawn, Scope)
            if self.is_closed(step):
                self.join(step, self.units[next(self.nodes_in(drawn))], at)
            else:
                self.liken_all(self.steps[step], self.steps[drawn], at)

    def join(
        self, step: Node | Scope, unit: Unit, at: tuple[int, ...], shown: bool = False
    ) -> None:
        """Add an operation, or all operations of a module, to a box."""
        unit.members += 1
        nodes = [step] if isinstance(step, Node) else list(self.nodes_in(step))
        unit.first = nodes[-1]
        for node in nodes:
            self.units[node] = unit
            self.rounds[node] = at
            if isinstance(step, Scope):
                self.calls[node] = step
        if shown:
            self.shown.update(nodes)

    def nodes_in(self, step: _Step) -> Iterator[Node]:
        """Yield all operations of a step, in order."""
        if isinstance(step, Node):
            yield step
        else:
            rounds = step.rounds if isinstance(step, _Loop) else [self.steps[step]]
            for steps in rounds:
                for inner in steps:
                    yield from self.nodes_in(inner)

    def place_leaves(self, inputs: Inputs, operations: list[Node], repeats: bool) -> None:
        """Give leaves that are used alike one box, and parameters of closed modules none."""
        uses: defaultdict[Node, dict[tuple[Unit, int], Scope | None]] = defaultdict(dict)
        drawn: set[Node] = set()
        for node in operations:
            unit = self.units[node]
            for place, parent in enumerate(node.parents):
                if isinstance(parent, Leaf):
                    # Where one operation joins many, their places mean nothing.
                    key = unit, place if unit.members > 1 else -1
                    uses[parent][key] = self.calls.get(node)
                    if node in self.shown:
                        drawn.add(parent)
        alike: defaultdict[tuple[object, ...], list[Leaf]] = defaultdict(list)
        for leaf in (node for node in inputs if isinstance(node, Leaf)):
            users = uses[leaf]
            if users and all(scope and _belongs(leaf, scope) for scope in users.values()):
                unit = next(iter(users))[0]
                unit.parameters += leaf.size if leaf in drawn else 0
                self.units[leaf] = unit
                continue
            name = re.sub(r"\d+", "#", str(leaf.name))
            alike[name, leaf.shape, leaf.dtype, frozenset(users)].append(leaf)
        for leaves in alike.values():
            leaves.sort(key=lambda leaf: leaf.number)
            folded = any(user.members > 1 for user, _ in uses[leaves[0]]) or len(leaves) > _SMALL
            for group in [leaves] if repeats and folded else [[leaf] for leaf in leaves]:
                unit = Unit(group[-1], None)
                unit.members, unit.first = len(group), group[0]
                self.units.update(dict.fromkeys(group, unit))
                self.shown.update(group)


def span(first: str, last: str) -> str:
    """Join two names: "0…11.weight" for "0.weight" and "11.weight"."""
    parts = re.split(r"(\d+)", first), re.split(r"(\d+)", last)
    if re.sub(r"\d+", "#", first) != re.sub(r"\d+", "#", last):
        return f"{first} … {last}"
    return "".join(a if a == b else f"{a}…{b}" for a, b in zip(*parts, strict=True))


def _belongs(leaf: Leaf, scope: Scope) -> bool:
    """Tell whether a leaf is a parameter of the module whose call a scope is."""
    prefix = f"{scope.path}." if scope.path else ""
    return bool(scope.kind and leaf.name) and str(leaf.name).startswith(prefix)


def _steps(
    operations: list[Node], scopes: list[Scope | None]
) -> defaultdict[Scope | None, list[_Step]]:
    """List the operations and scopes directly inside each scope, in order."""
    steps: defaultdict[Scope | None, list[_Step]] = defaultdict(list)
    entered: set[Scope] = set()
    for node, scope in zip(operations, scopes, strict=True):
        new = [around for around in (scope.outwards() if scope else ()) if around not in entered]
        for around in reversed(new):
            entered.add(around)
            steps[around.parent].append(around)
        steps[scope].append(node)
    return steps


def _fold(steps: defaultdict[Scope | None, list[_Step]], same_line: bool) -> None:
    """Replace repetitions by loops in every scope, the innermost scopes first."""
    kinds: dict[object, int] = {}  # a number for each kind of step
    kind_of: dict[Scope, int] = {}
    for scope in sorted(steps, key=lambda scope: -scope.level if scope else 1):
        looks = [
            kinds.setdefault(_look(step, same_line), len(kinds))
            if isinstance(step, Node)
            else kind_of[step]  # type: ignore[index]
            for step in steps[scope]
        ]
        steps[scope], looks = _runs(steps[scope], looks, kinds)
        if scope:
            look = scope.kind, re.sub(r"\d+", "#", scope.path), *looks
            kind_of[scope] = kinds.setdefault(look, len(kinds))


def _look(node: Node, same_line: bool) -> tuple[object, ...]:
    """Return what two operations must have in common to be drawn as one."""
    look: tuple[object, ...] = node.op, node.shape, node.dtype
    if not node.op.elementwise:
        inputs = zip(node.parents, node.saved[1:], strict=True)
        look += tuple(getattr(x if p is None else p, "shape", None) for p, x in inputs)
    return (*look, node.code, node.instruction) if same_line else look


def _runs(
    steps: list[_Step], looks: list[int], kinds: dict[object, int]
) -> tuple[list[_Step], list[int]]:
    """Replace repetitions by loops; return the steps and a number for the look of each."""
    done: list[_Step] = []
    seen: list[int] = []  # the looks of the steps in `done`
    bodies: list[tuple[int, ...]] = []  # the looks inside the loops among them
    for step, look in zip(steps, looks, strict=True):
        done.append(step)
        seen.append(look)
        bodies.append(())
        while length := _repeated(seen, bodies):
            end = len(done) - length
            body, again = tuple(seen[end:]), done[end:]
            if len(bodies[end - 1]) == length and bodies[end - 1] == body:
                start = end - 1
                loop = done[start]
                assert isinstance(loop, _Loop)
                loop.rounds.append(again)
            else:
                start = end - length
                loop = _Loop([done[start:end], again])
            del done[start:], seen[start:], bodies[start:]
            done.append(loop)
            seen.append(kinds.setdefault(("loop", len(loop.rounds), body), len(kinds)))
            bodies.append(body)
    return done, seen


def _repeated(seen: list[int], bodies: list[tuple[int, ...]]) -> int:
    """Count the last steps that repeat the steps before them; 0 for none."""
    last, end = seen[-1], len(seen)
    nearest = slice(-2, -2 - min(_LONGEST, end - 1), -1)  # backwards from the last but one
    for length, (look, body) in enumerate(zip(seen[nearest], bodies[nearest], strict=True), 1):
        if body and len(body) == length and body[-1] == last and body == tuple(seen[-length:]):
            return length
        if (
            look == last
            and 2 * length <= end
            and seen[end - 2 * length : end - length] == seen[end - length :]
        ):
            return length
    return 0
