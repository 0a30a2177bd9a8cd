"""Pictures of a computation graph, as SVG, PNG or PDF.

    loss.graph().render("loss.svg")

Boxes are leaves, operations and outputs; arrows follow the data. A notebook cell that ends in
`loss.graph()` shows the picture. Graphviz does the layout, in a process of its own: the system's
`dot`, or else pygraphviz, whose wheels carry Graphviz.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from .errors import GraphError, RenderError
from .node import FREED, Leaf, Node, ShapeDtype
from .op import OUTPUT
from .scopes import Scope, innermost, titles
from .tensor import Tensor

_FORMATS = {".svg": "svg", ".png": "png", ".pdf": "pdf", ".dot": "dot", ".gv": "dot"}
_FEW = 3  # what is used more often is drawn at each use: its long arrows can take dot minutes
_FAR = 12  # operations in a row: longer pictures run down the page, which scrolls

_FONT = {"fontname": "Helvetica,Arial,sans-serif", "fontcolor": "#5f6b7a", "fontsize": "9"}
_PAGE = {**_FONT, "bgcolor": "white", "pad": "0.2", "nodesep": "0.18", "ranksep": "0.38"}
_PAGE |= {"labelloc": "b", "labeljust": "l"}
_BOX = {**_FONT, "shape": "box", "style": "rounded,filled", "penwidth": "0.9", "fontsize": "11"}
_BOX |= {"height": "0.3", "width": "0.5", "margin": "0.12,0.06"}
_ARROW = {**_FONT, "color": "#8a96a3", "penwidth": "0.8", "arrowsize": "0.55"}
_GREY = {"fillcolor": "#f3f5f7", "color": "#b4bec9", "fontcolor": "#1f2a37"}
_DASHED = {"style": "rounded,filled,dashed"}
_LOOKS = {
    "leaf": {"fillcolor": "#e3effb", "color": "#5b93c9", "fontcolor": "#12406b"},
    "operation": _GREY,
    "elsewhere": _GREY | _DASHED,
    "constant": _GREY | _DASHED | {"fillcolor": "white", "fontcolor": "#5f6b7a"},
    "output": {"fillcolor": "#fdeed7", "color": "#d08a2c", "fontcolor": "#6b3e00"},
    "hidden": {"shape": "plaintext", "style": "", "fontsize": "9"},
}
_HIGHLIGHTS = {
    "producer": {"fillcolor": "#d92d20", "color": "#8f1a11", "fontcolor": "white"},
    "propagator": {"fillcolor": "#fbd5da", "color": "#d9667a", "fontcolor": "#7a1022"},
}
_FRAME = {"style": "rounded,filled", "color": "#c9d1d9", "penwidth": "0.6", "margin": "9"}
_FRAME |= {"labelloc": "t", "labeljust": "l"}
_FILLS = ["#fafbfc", "#f3f5f8", "#ebeff3", "#e3e8ee"]  # of frames in frames, from the outermost


class Graph:
    """A picture of the operations that computed `outputs`, as they are recorded now.

    Leaves are blue, under their names; operations are grey, with the shape of their result where
    it has axes; constants are dashed, as far as they are recorded. A leaf with many uses is drawn
    at each of them; so is an operation, dashed, where its result is used far away. Of more than
    `max_nodes` boxes the nearest to the outputs are drawn, and the caption says what is missing.

    With `groups`, frames stand around what each call of a module, and each `named_scope`, computed;
    a leaf that is used in several of them is drawn in each. `depth`: how many frames at most stand
    in each other (None: all). A frame that holds only another one is drawn as one with it.

    `highlight` marks nodes, as {node: "producer"} (red) or {node: "propagator"} (pink), and `notes`
    writes a text into their boxes, as {node: "text"}. With `around`, a node, only what lies within
    `radius` arrows of it is drawn. Nodes are `tensor.node`; an output may be given as its node too.

    `dot` is the picture as DOT text. It stays as it is when `backward()` frees the graph.

    Raises `GraphError` for a tensor without a graph, and where the graph has been freed.
    """

    dot: str
    operations: int
    leaves: int
    depth: int  #: the most operations on a way from a leaf to an output

    def __init__(
        self,
        *outputs: Tensor | Node,
        max_nodes: int = 600,
        groups: bool = True,
        depth: int | None = None,
        highlight: Mapping[Node, str] | None = None,
        notes: Mapping[Node, str] | None = None,
        around: Node | None = None,
        radius: int = 3,
    ) -> None:
        if not outputs:
            raise TypeError("Graph: pass the tensors whose graph is to be drawn")
        if max_nodes < 1:
            raise ValueError(f"Graph: max_nodes (={max_nodes}) must be at least 1")
        if depth is not None and depth < 1:
            raise ValueError(
                f"Graph: depth (={depth}) must be at least 1; groups=False draws no frames"
            )
        drawing = _Drawing(
            [_node_of(output) for output in outputs], max_nodes, groups, depth or sys.maxsize
        )
        drawing.highlight = {_maker(node): look for node, look in (highlight or {}).items()}
        drawing.notes = {_maker(node): note for node, note in (notes or {}).items()}
        if around is not None:
            drawing.shown = _neighbours(drawing.inputs, _maker(around), radius)
        self.dot = drawing.draw()
        self.leaves = sum(isinstance(node, Leaf) for node in drawing.inputs)
        self.operations = len(drawing.inputs) - self.leaves
        self.depth = max(drawing.depth.values())

    def __repr__(self) -> str:
        return f"<Graph operations={self.operations} leaves={self.leaves} depth={self.depth}>"

    def render(self, path: str | os.PathLike[str], timeout: float = 30) -> Path:
        """Write the picture to `path`, in the format of its suffix, and return the path.

        The suffixes are .svg, .png and .pdf, and .dot or .gv for the DOT text, which needs no
        engine. `timeout`: the seconds that the layout may take. The file appears whole or not
        at all.

        Raises `RenderError` for another suffix, for a file that cannot be written, and where
        there is no engine, or it fails, or runs out of time.
        """
        path = Path(path)
        format = _FORMATS.get(path.suffix.lower())
        if format is None:
            raise RenderError(
                f"render: '{path.name}' does not say which format to write; end it in one of "
                f"{', '.join(_FORMATS)}"
            )
        if not path.parent.is_dir():
            raise RenderError(f"render: there is no folder '{path.parent}'; create it first")
        picture = self._picture(format, timeout)
        unfinished = path.with_name(f".{secrets.token_hex(8)}.tmp")
        try:
            unfinished.write_bytes(picture)
            os.replace(unfinished, path)
        except OSError as error:
            raise RenderError(
                f"render: '{path}' cannot be written ({error.strerror or error}); choose a file "
                f"that you may write"
            ) from error
        finally:
            with contextlib.suppress(OSError):
                unfinished.unlink()
        return path

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """What a notebook shows: the picture, or the DOT text where it cannot be drawn."""
        try:
            return {"image/svg+xml": self._picture("svg").decode(), "text/plain": repr(self)}
        except Exception as error:  # a cell is to show something, never a traceback
            return {"text/plain": f"{self!r}\n{error}\n\n{self.dot}"}

    def _picture(self, format: str, timeout: float = 30) -> bytes:
        """The picture in a format, drawn in a child process: Graphviz may hang, or crash."""
        source = self.dot.encode()
        if format == "dot":
            return source
        command = _engine(format)
        try:
            done = subprocess.run(command, input=source, capture_output=True, timeout=timeout)
        except subprocess.TimeoutExpired as error:
            raise RenderError(
                f"render: Graphviz did not finish within timeout (={timeout:g}) seconds; raise "
                f"it, or draw less with a smaller max_nodes"
            ) from error
        except OSError as error:
            raise RenderError(
                f"render: '{command[0]}' cannot be run ({error.strerror or error}); {_INSTALL}"
            ) from error
        if done.returncode or not done.stdout:
            said = done.stderr.decode(errors="replace").strip()[-1000:] or "nothing"
            raise RenderError(
                f"render: Graphviz failed with exit status {done.returncode} and said: {said}\n"
                f"To try another one, {_INSTALL}"
            )
        return done.stdout


# -- the engine ---------------------------------------------------------------------------------

_INSTALL = (
    "install Graphviz with pip install 'pullback[render]', or as a package of your system "
    "(apt install graphviz, brew install graphviz); the DOT text needs none: graph.dot, or "
    "graph.render('graph.dot')"
)
_PYGRAPHVIZ = """
import sys
try:
    import pygraphviz
    graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode())
    sys.stdout.buffer.write(graph.draw(format=sys.argv[1], prog="dot"))
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


def _engine(format: str) -> list[str]:
    """The command that reads DOT and writes a picture."""
    dot = shutil.which("dot")
    if dot:
        return [dot, f"-T{format}"]
    if importlib.util.find_spec("pygraphviz"):  # its wheels have the library, but no `dot`
        return [sys.executable, "-P", "-W", "ignore", "-c", _PYGRAPHVIZ, format]
    raise RenderError(f"render: there is no Graphviz here to draw with; {_INSTALL}")


# -- the graph ----------------------------------------------------------------------------------


def _node_of(output: Tensor | Node) -> Node:
    if isinstance(output, Node):
        return output
    if not isinstance(output, Tensor):
        raise TypeError(f"Graph: the outputs must be Tensors, got {type(output).__name__}")
    if output.node is None:
        raise GraphError(
            "graph: this tensor has no graph: no input that requires a gradient led to it (or it "
            "was computed inside no_grad, or detached); start from Tensor(..., requires_grad=True)"
        )
    return output.node


def _parents(node: Node) -> tuple[Node | None, ...]:
    if node.parents is FREED:
        raise GraphError(
            f"graph: the graph through {node.op.name} ({node.source()}) was freed by backward(); "
            f"call graph() before it, or use backward(retain_graph=True)"
        )
    return node.parents


def _maker(value: Node) -> Node:
    """The leaf or operation that made a value: each of several outputs has a node of its own."""
    trunk = _parents(value)[0] if value.op is OUTPUT else None
    return trunk or value


def _walk(outputs: list[Node]) -> dict[Node, list[Node]]:
    """All leaves and operations with their inputs, by their distance from the outputs."""
    inputs: dict[Node, list[Node]] = {}
    queue = [_maker(output) for output in outputs]
    for node in queue:  # grows as it is read
        if node not in inputs:
            parents = (parent for parent in _parents(node) if parent is not None)
            inputs[node] = list(dict.fromkeys(map(_maker, parents)))
            queue += inputs[node]
    return inputs


def _neighbours(inputs: dict[Node, list[Node]], centre: Node, radius: int) -> set[Node]:
    """The nodes within so many arrows of `centre`, in either direction."""
    users: defaultdict[Node, list[Node]] = defaultdict(list)
    for node, its in inputs.items():
        for i in its:
            users[i].append(node)
    near = edge = {centre}
    for _ in range(radius):
        edge = {other for node in edge for other in (*inputs[node], *users[node])} - near
        near = near | edge
    return near


def _distances(
    inputs: dict[Node, list[Node]], order: list[Node]
) -> tuple[dict[Node, int], dict[Node, int]]:
    """The most operations on a way from a leaf to each node, and on a way from it to an output."""
    depth = {node: int(not isinstance(node, Leaf)) for node in inputs}
    height = dict.fromkeys(inputs, 0)
    for node in order:
        for i in inputs[node]:
            depth[node] = max(depth[node], depth[i] + 1)
    for node in reversed(order):
        for i in inputs[node]:
            height[i] = max(height[i], height[node] + 1)
    return depth, height


def _groups(
    inputs: dict[Node, list[Node]], order: list[Node], depth: int
) -> dict[Hashable, Scope | None]:
    """The scope that each operation was computed in, and for a leaf that of its first user."""
    groups: dict[Hashable, Scope | None] = {}
    for node, scope in zip(order, innermost(node.number for node in order), strict=True):
        while scope is not None and scope.level > depth:
            scope = scope.parent
        if not isinstance(node, Leaf):
            groups[node] = scope
            for i in inputs[node]:
                groups.setdefault(i, scope)
    return groups


# -- the picture --------------------------------------------------------------------------------

_Box = tuple[str, str, dict[str, str]]  # what DOT calls it, its text and its look


class _Drawing:
    """One picture of what led to `outputs`, with room for so many boxes."""

    def __init__(self, outputs: list[Node], room: int, groups: bool, depth: int) -> None:
        import graphviz

        self.outputs = outputs
        self.room = room
        self.inputs = _walk(outputs)
        order = sorted(self.inputs, key=lambda node: node.number)  # inputs come first
        self.depth, self.height = _distances(self.inputs, order)
        self.groups = _groups(self.inputs, order, depth) if groups else {}
        self.titles = titles(self.groups.values())
        self.uses = Counter(i for inputs in self.inputs.values() for i in inputs)
        dtypes = Counter(node.dtype for node in self.inputs if node.dtype != object)
        self.dtype = dtypes.most_common(1)[0][0]  # is said once, in the caption
        often = dict.fromkeys(
            i
            for node, inputs in self.inputs.items()
            for i in inputs
            if (self.uses[i] > _FEW and (isinstance(i, Leaf) or self.is_far(i, node, _FAR)))
            or (isinstance(i, Leaf) and self.groups.get(i) is not self.groups.get(node))
        )
        numbers = count(1)  # tell those apart that have no name
        self.copied = {i: "" if _name(i) else f" #{next(numbers)}" for i in often}
        self.drawn: set[Node] = set()
        self.shown: Collection[Node] = self.inputs
        self.highlight: dict[Node, str] = {}
        self.notes: dict[Node, str] = {}
        self.boxes: dict[Hashable, str] = {}  # what each stands for, and what DOT calls it
        self.homes: dict[Hashable, Scope | None] = {}  # the frame that each stands in
        self.contents: defaultdict[Scope | None, list[_Box]] = defaultdict(list)
        self.arrows: Counter[tuple[Hashable, Hashable, str]] = Counter()  # (from, to, label)
        self.hidden: Counter[Hashable] = Counter()  # arrows to what has a box, from what has none
        self.graph = graphviz.Digraph(
            "computation graph", graph_attr=_PAGE, node_attr=_BOX, edge_attr=_ARROW
        )

    def is_far(self, node: Node, user: Node, operations: int) -> bool:
        """Whether more than so many operations lie on the longest way from a node to its user."""
        return self.height[node] - self.height[user] > operations

    def draw(self) -> str:
        """The DOT text."""
        for i, value in enumerate(self.outputs):
            name = f"output {i}" if len(self.outputs) > 1 else "output"
            if _maker(value) in self.shown and self.box(i, "output", None, name):
                self.input(value, i)
        for node in self.inputs:
            if isinstance(node, Leaf) or node not in self.shown:
                continue  # a leaf is drawn with its first user
            if not self.node(node, node, self.groups.get(node)):
                break
            for i, (parent, saved) in enumerate(zip(node.parents, node.saved[1:], strict=True)):
                if parent is not None:
                    self.input(parent, node)
                elif lines := self.constant(node, i, saved):
                    # What enters a frame as an array is data from outside; the rest belongs to it.
                    enters = len(lines) > 1 and all(isinstance(i, Leaf) for i in self.inputs[node])
                    group = None if enters else self.groups.get(node)
                    self.box((node, i), "constant", group, *lines)
                    self.arrows[(node, i), node, ""] += 1
        self.hide()
        self.frame()
        self.connect()
        # A blank stands above the caption: Graphviz can crash where a label begins with no text.
        caption = f" \n{self.dtype} unless noted"
        missing = len(self.inputs) - len(self.drawn)
        if missing:
            caption += f" · {missing:,} of {len(self.inputs):,} operations and leaves are not shown"
        is_long = max(self.depth.values()) > _FAR
        self.graph.attr("graph", label=caption, rankdir="TB" if is_long else "LR")
        return str(self.graph.source)

    def box(
        self, key: Hashable, look: str, group: Scope | None, *lines: str, hover: str = ""
    ) -> bool:
        """Draw a box, unless it is there. False where there is no room."""
        if key not in self.boxes:
            if len(self.boxes) >= self.room:
                return False
            self.boxes[key] = f"n{len(self.boxes)}"
            style = (_LOOKS | _HIGHLIGHTS)[look] | {"tooltip": _text(hover or lines[0])}
            self.contents[group].append((self.boxes[key], _text(*lines), style))
            self.homes[key] = group
        return True

    def node(self, node: Node, key: Hashable, group: Scope | None) -> bool:
        """Draw a leaf or an operation."""
        here = "operation" if key is node else "elsewhere"
        title = (_name(node) or node.op.name) + self.copied.get(node, "")
        note = f"used {self.uses[node]} times" if node in self.copied else ""
        look = "leaf" if isinstance(node, Leaf) else here
        lines = title, self.kind(node), note, self.notes.get(node, "")
        look = self.highlight.get(node, look)
        fits = self.box(key, look, group, *lines, hover=_where(node))
        if fits and look != "elsewhere":
            self.drawn.add(node)
        return fits

    def input(self, value: Node, user: Hashable) -> None:
        """Note the arrow for a value, and draw its box where that has no turn of its own."""
        node = _maker(value)
        leaf, copied = isinstance(node, Leaf), node in self.copied
        apart = copied and (leaf or (isinstance(user, Node) and self.is_far(node, user, 1)))
        key: Hashable = (node, user) if apart else node
        if (leaf or apart) and node in self.shown:
            self.node(node, key, self.groups.get(user if apart else node))
        label = "" if value is node else f"[{value.options['place']}] {self.kind(value)}"
        self.arrows[key, user, label.strip()] += 1

    def constant(self, node: Node, i: int, saved: Any) -> tuple[str, ...]:
        """What to write of an input without a gradient; nothing where it may be no constant."""
        has_rule = node.op.joint is not None or node.op.vjps[i] is not None
        if saved is None:  # not kept; or None itself, as for a bias that is left out
            return ("constant",) if has_rule and node.op.elementwise else ()
        if hasattr(saved, "dtype"):
            if not has_rule and saved.dtype.kind in "fc":
                return ()
            if saved.shape or isinstance(saved, ShapeDtype):
                return ("constant", self.kind(saved) if saved.shape else "")
            saved = saved.item()
        if isinstance(saved, int | float | complex):
            return (f"{saved:.6g}" if isinstance(saved, float) else str(saved),)
        return ()

    def kind(self, x: ShapeDtype) -> str:
        """A shape, if it has axes, and a dtype, if it is not the usual one."""
        dtype = "" if x.dtype in (self.dtype, object) else x.dtype  # object: several outputs
        return f"{x.shape or ''} {dtype}".strip()

    def hide(self) -> None:
        """Tell beside each box how many arrows to it have no room."""
        for (key, user, _), times in self.arrows.items():
            if key not in self.boxes:
                self.hidden[user] += times
        for user, times in self.hidden.items():
            box = f"{self.boxes[user]}_", f"… {times:,} not shown", _LOOKS["hidden"]
            self.contents[self.groups.get(user)].append(box)

    def frame(self) -> None:
        """Draw the boxes, with frames around those that belong to a scope."""
        framed = {scope for group in self.contents if group for scope in group.outwards()}
        inner = Counter(scope.parent for scope in framed)
        opened: list[Scope] = []
        above = ""
        for number, scope in enumerate(filter(framed.__contains__, self.titles)):
            title = above + self.titles[scope]
            if inner[scope] == 1 and scope not in self.contents:
                above = f"{title} / "  # of the next one, which is all that it holds
                continue
            above = ""
            while opened and opened[-1].last < scope.first:
                opened.pop()
                self.graph.body.append("\t}\n")
            fill = _FILLS[min(len(opened), len(_FILLS) - 1)]
            opened.append(scope)
            self.graph.body.append(f"\tsubgraph cluster_{number} {{\n")
            self.graph.attr(label=_text(title), tooltip=_text(title), fillcolor=fill, **_FRAME)
            self.write(self.contents.get(scope, ()))
        self.graph.body += ["\t}\n"] * len(opened)
        self.write(self.contents[None])

    def write(self, boxes: Iterable[_Box]) -> None:
        for name, text, style in boxes:
            self.graph.node(name, text, **style)

    def connect(self) -> None:
        """Draw the arrows between boxes, and from what tells that others are missing."""
        sides = self.sides()
        for (key, user, label), times in self.arrows.items():
            if key in self.boxes:
                label = f"{label} ×{times}".strip() if times > 1 else label  # noqa: RUF001
                ends = self.boxes[key], self.boxes[user]
                side = sides.get(key)
                if side and not label:
                    self.graph.edge(
                        *ends[::side], minlen="0", dir="forward" if side > 0 else "back"
                    )
                else:
                    self.graph.edge(*ends, _text(label) or None, weight=self.weight(key, user))
        for user in self.hidden:
            self.graph.edge(f"{self.boxes[user]}_", self.boxes[user], style="dashed")

    def sides(self) -> dict[Hashable, int]:
        """In a picture with frames: what stands beside its user, before (1) or after (-1) it.

        Ahead of its user, it would make the frame longer and push it away from the frame before.
        """
        sides: dict[Hashable, int] = {}
        if not self.titles:
            return sides
        free: defaultdict[Hashable, list[int]] = defaultdict(lambda: [1, -1])
        for key, user, _ in reversed(self.arrows):  # what an operation works on comes first in it
            alone = isinstance(key, tuple) or (isinstance(key, Leaf) and self.uses[key] == 1)
            if alone and self.homes.get(key) is self.groups.get(user) and free[user]:
                sides[key] = free[user].pop()
        return sides

    def weight(self, key: Hashable, user: Hashable) -> str:
        """How straight an arrow is to be: above all along the longest ways."""
        if not isinstance(key, Node) or isinstance(key, Leaf):
            return "1"
        longest = isinstance(user, Node) and self.depth[key] + 1 == self.depth[user]
        return "9" if longest else "3"


def _name(node: Node) -> str:
    return str(node.name) if isinstance(node, Leaf) else ""


def _where(node: Node) -> str:
    """The operation and the line that called it, without the folder."""
    place, function = node.source().rsplit(" in ", 1)
    return f"{node.op.name}, {os.path.basename(place)} in {function}"


def _text(*lines: str) -> str:
    """Lines that Graphviz prints to the letter: no markup, entities or control characters."""
    import graphviz

    shown = []
    for line in filter(None, lines):
        line = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
        shown.append(line if len(line) <= 60 else f"{line[:30]}…{line[-29:]}")
    return graphviz.escape("\n".join(shown).replace("&", "&amp;"))
