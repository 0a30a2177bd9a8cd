"""Pictures of a computation graph, as SVG, PNG or PDF.

    loss.graph().render("loss.svg")

Leaves, operations and outputs are boxes, and arrows follow the data. In a notebook, a cell that
ends in `loss.graph()` shows the picture. The layout is Graphviz's work, which runs in a process
of its own: the system's `dot`, or else pygraphviz, whose wheels carry Graphviz.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Hashable
from pathlib import Path
from typing import Any

from .errors import GraphError, RenderError
from .op import FREED, OUTPUT, Leaf, Node, ShapeDtype
from .tensor import Tensor

_FORMATS = {".svg": "svg", ".png": "png", ".pdf": "pdf", ".dot": "dot", ".gv": "dot"}
_FEW = 3  # what is used more often is drawn at each use: its long arrows would take dot minutes
_FAR = 12  # operations in a row: a longer picture runs down the page, which scrolls

_FONT = {"fontname": "Helvetica,Arial,sans-serif", "fontcolor": "#5f6b7a", "fontsize": "9"}
_PAGE = {**_FONT, "bgcolor": "white", "pad": "0.2", "nodesep": "0.18", "ranksep": "0.38"}
_PAGE |= {"labelloc": "b", "labeljust": "l"}
_BOX = {**_FONT, "shape": "box", "style": "rounded,filled", "penwidth": "0.9", "fontsize": "11"}
_BOX |= {"height": "0.3", "width": "0.5", "margin": "0.12,0.06"}
_ARROW = {**_FONT, "color": "#8a96a3", "penwidth": "0.8", "arrowsize": "0.55"}
_GREY, _DASHED = {"fillcolor": "#f3f5f7", "color": "#b4bec9"}, {"style": "rounded,filled,dashed"}
_LOOKS = {
    "leaf": {"fillcolor": "#e3effb", "color": "#5b93c9", "fontcolor": "#12406b"},
    "operation": {**_GREY, "fontcolor": "#1f2a37"},
    "elsewhere": {**_GREY, **_DASHED, "fontcolor": "#1f2a37"},
    "constant": {**_GREY, **_DASHED, "fillcolor": "white"},
    "output": {"fillcolor": "#fdeed7", "color": "#d08a2c", "fontcolor": "#6b3e00"},
    "hidden": {"shape": "plaintext", "style": "", "fontsize": "9"},
}


class Graph:
    """A picture of the operations that computed `outputs`, as they are recorded now.

    Leaves are blue, under their names; operations are grey, with the shape of their result where
    it has axes; constants are dashed, as far as they are recorded. A leaf with many uses is drawn
    at each of them; so is an operation, dashed, where its result is used far away. Of more than
    `max_nodes` boxes the nearest to the outputs are drawn, and the caption says what is missing.

    `dot` is the picture as DOT text. It stays as it is when `backward()` frees the graph.

    Raises `GraphError` for a tensor without a graph, and where the graph has been freed.
    """

    dot: str
    operations: int
    leaves: int
    depth: int  #: the most operations on a way from a leaf to an output

    def __init__(self, *outputs: Tensor, max_nodes: int = 600) -> None:
        if not outputs:
            raise TypeError("Graph: pass the tensors whose graph is to be drawn")
        if max_nodes < 1:
            raise ValueError(f"Graph: max_nodes (={max_nodes}) must be at least 1")
        drawing = _Drawing([_node_of(output) for output in outputs], max_nodes)
        self.dot = drawing.dot()
        self.leaves = sum(isinstance(node, Leaf) for node in drawing.nodes)
        self.operations = len(drawing.nodes) - self.leaves
        self.depth = max(drawing.depth.values())

    def __repr__(self) -> str:
        return (
            f"<Graph: {_count(self.operations, 'operation')}, {self.leaves:,} "
            f"{'leaf' if self.leaves == 1 else 'leaves'}, depth {self.depth}>"
        )

    def render(self, path: str | os.PathLike[str], timeout: float = 30) -> Path:
        """Write the picture to `path`, in the format of its suffix, and return the path.

        The suffixes are .svg, .png, .pdf, and .dot or .gv for the DOT text, which needs no
        engine. `timeout`: the seconds that the layout may take. The file appears whole or not
        at all.

        Raises `RenderError` for another suffix, a folder that cannot be written to, and where
        there is no engine, or it fails or runs out of time.
        """
        path = Path(path)
        if path.suffix.lower() not in _FORMATS:
            raise RenderError(
                f"render: '{path.name}' does not say which format to write; end it in "
                f"{', '.join(_FORMATS)}"
            )
        if not path.parent.is_dir():
            raise RenderError(f"render: there is no folder '{path.parent}'; create it first")
        picture = self._picture(_FORMATS[path.suffix.lower()], timeout)
        unfinished = path.with_name(f".{secrets.token_hex(8)}.tmp")
        try:
            unfinished.write_bytes(picture)
            unfinished.replace(path)
        except OSError as error:
            raise RenderError(
                f"render: '{path}' cannot be written ({error.strerror}); choose a file in a "
                f"folder that you may write to"
            ) from error
        finally:
            with contextlib.suppress(OSError):
                unfinished.unlink()
        return path

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002 - Jupyter's signature
        """What a notebook shows: the picture, or the DOT text where it cannot be drawn."""
        try:
            return {"image/svg+xml": self._picture("svg").decode(), "text/plain": repr(self)}
        except Exception as error:  # a cell is to show something, never a traceback
            return {"text/plain": f"{self!r}\n{error}\n\n{self.dot}"}

    def _picture(self, format: str, timeout: float = 30) -> bytes:
        """The bytes of the picture, drawn in a child process: Graphviz may hang, or crash."""
        source = self.dot.encode()
        if format == "dot":
            return source
        command = _engine(format)
        try:
            done = subprocess.run(command, input=source, capture_output=True, timeout=timeout)
        except subprocess.TimeoutExpired as error:
            raise RenderError(
                f"render: Graphviz did not finish within timeout (={timeout:g}) seconds; raise "
                f"it, or draw less of the graph with a smaller max_nodes"
            ) from error
        except OSError as error:
            raise RenderError(
                f"render: '{command[0]}' cannot be run ({error.strerror}); {_INSTALL}"
            ) from error
        if done.returncode or not done.stdout:
            said = done.stderr.decode(errors="replace").strip()[-2000:] or "nothing"
            raise RenderError(
                f"render: Graphviz failed with exit status {done.returncode}; it said: {said}\n"
                f"Another Graphviz may do better: {_INSTALL}"
            )
        return done.stdout


# -- the engine ---------------------------------------------------------------------------------

_INSTALL = (
    "install Graphviz with pip install 'pullback[render]', or as the system's package "
    "(apt install graphviz, brew install graphviz); the DOT text is there without it, as "
    "graph.dot and graph.render('graph.dot')"
)
_PYGRAPHVIZ = """
import sys
import pygraphviz
graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode())
sys.stdout.buffer.write(graph.draw(format=sys.argv[1], prog="dot"))
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


def _node_of(output: Tensor) -> Node:
    if not isinstance(output, Tensor):
        raise TypeError(f"Graph: the outputs must be Tensors, got {type(output).__name__}")
    if output.node is None:
        raise GraphError(
            "graph: this tensor has no graph: no input that requires a gradient led to it (or it "
            "was computed inside no_grad, or detached); start from Tensor(..., requires_grad=True)"
        )
    return output.node


def _source(node: Node) -> Node:
    """The leaf or operation that made a value: several outputs of one have a node for each."""
    if node.op is not OUTPUT:
        return node
    (trunk,) = _inputs(node)
    assert trunk is not None
    return trunk


def _inputs(node: Node) -> tuple[Node | None, ...]:
    if node.parents is FREED:
        raise GraphError(
            f"graph: the graph through {node.op.name} ({node.source()}) was freed by backward(); "
            f"call graph() before it, or use backward(retain_graph=True)"
        )
    return node.parents


def _sources(node: Node) -> dict[Node, None]:
    """The leaves and operations that a node uses, each once, in order."""
    return dict.fromkeys(_source(parent) for parent in _inputs(node) if parent is not None)


def _nearest_first(outputs: list[Node]) -> list[Node]:
    """All leaves and operations, by their distance from the outputs."""
    nodes = list(dict.fromkeys(map(_source, outputs)))
    seen = set(nodes)
    for node in nodes:  # grows as it is read
        new = [source for source in _sources(node) if source not in seen]
        seen.update(new)
        nodes += new
    return nodes


def _distances(nodes: list[Node]) -> tuple[dict[Node, int], dict[Node, int]]:
    """The largest number of operations from a leaf to each node, and from it to an output."""
    depth = {node: int(not isinstance(node, Leaf)) for node in nodes}
    height = dict.fromkeys(nodes, 0)
    order = sorted(nodes, key=lambda node: node.number)  # inputs come first
    for node in order:
        for source in _sources(node):
            depth[node] = max(depth[node], depth[source] + 1)
    for node in reversed(order):
        for source in _sources(node):
            height[source] = max(height[source], height[node] + 1)
    return depth, height


# -- the picture --------------------------------------------------------------------------------


class _Drawing:
    """One picture of what led to `outputs`, with room for so many boxes."""

    def __init__(self, outputs: list[Node], room: int) -> None:
        import graphviz

        self.outputs = outputs
        self.room = room
        self.nodes = _nearest_first(outputs)
        self.depth, self.height = _distances(self.nodes)
        self.uses = Counter(source for node in self.nodes for source in _sources(node))
        dtypes = Counter(node.dtype for node in self.nodes if node.dtype != object)
        self.dtype = max(dtypes, key=dtypes.__getitem__)  # the usual one, which is said once
        self.numbers: dict[Node, str] = {}  # tell the copies of one node from those of another
        for node in self.nodes:
            for source in _sources(node):
                if self.is_copied(source, node) and source not in self.numbers:
                    self.numbers[source] = "" if _name(source) else f" #{len(self.numbers) + 1}"
        self.boxes: dict[Hashable, str] = {}  # what they stand for, and their names in DOT
        self.shown: set[Node] = set()
        self.arrows: Counter[tuple[Hashable, Hashable, str]] = Counter()  # (from, to, label)
        self.graph = graphviz.Digraph("computation graph", node_attr=_BOX, edge_attr=_ARROW)

    def is_copied(self, node: Node, user: Node) -> bool:
        """Whether `user` gets a box of its own for this input."""
        far = isinstance(node, Leaf) or self.height[node] - self.height[user] > _FAR
        return far and self.uses[node] > _FEW

    def dot(self) -> str:
        """Draw it all: the DOT text."""
        for i, node in enumerate(self.outputs):
            if self.box(i, "output", f"output {i}" if len(self.outputs) > 1 else "output"):
                self.input(node, i)
        for node in self.nodes:
            if isinstance(node, Leaf) or not self.node(node, node, "operation"):
                continue  # a leaf is drawn where it is used
            for i, (parent, saved) in enumerate(zip(node.parents, node.saved[1:], strict=True)):
                if parent is not None:
                    self.input(parent, node)
                elif lines := self.constant(node, i, saved):
                    self.box((node, i), "constant", *lines)
                    self.arrows[(node, i), node, ""] += 1
        self.connect()
        caption = f"{self.dtype} unless noted"
        if len(self.shown) < len(self.nodes):
            missing = len(self.nodes) - len(self.shown)
            caption += f" · {missing:,} of {len(self.nodes):,} operations and leaves are not shown"
        rankdir = "TB" if max(self.depth.values()) > _FAR else "LR"
        self.graph.attr(**_PAGE, rankdir=rankdir, label=f"\n{caption}")
        return str(self.graph.source)

    def box(self, key: Hashable, look: str, *lines: str, hover: str = "") -> bool:
        """Draw a box, unless it is there. False where there is no room."""
        if key not in self.boxes:
            if len(self.boxes) >= self.room:
                return False
            self.boxes[key] = f"n{len(self.boxes)}"
            hover = _text(hover or lines[0])
            self.graph.node(self.boxes[key], _text(*lines), tooltip=hover, **_LOOKS[look])
        return True

    def node(self, node: Node, key: Hashable, look: str) -> bool:
        """Draw the box of a leaf or an operation."""
        title = (_name(node) or node.op.name) + self.numbers.get(node, "")
        uses = f"used {self.uses[node]} times" if node in self.numbers else ""
        drawn = self.box(key, look, title, self.kind(node), uses, hover=_where(node))
        if drawn and look != "elsewhere":
            self.shown.add(node)
        return drawn

    def input(self, value: Node, user: Hashable) -> None:
        """Note the arrow to a user, and draw the box it comes from if nothing else will."""
        node = key = _source(value)
        if isinstance(user, Node) and self.is_copied(node, user):
            key = (node, user)
        if isinstance(node, Leaf):
            self.node(node, key, "leaf")
        elif key is not node:
            self.node(node, key, "elsewhere")
        label = "" if value is node else f"[{value.options['place']}] {self.kind(value)}"
        self.arrows[key, user, label] += 1

    def constant(self, node: Node, i: int, saved: Any) -> tuple[str, ...]:
        """What to write of an input without a gradient; nothing where it may not be constant."""
        wanted = node.op.joint is not None or node.op.vjps[i] is not None
        if saved is None:
            return ("constant",) if wanted and node.op.elementwise else ()
        if hasattr(saved, "dtype"):
            if not wanted and saved.dtype.kind in "fc":
                return ()
            if saved.shape or isinstance(saved, ShapeDtype):
                return ("constant", self.kind(saved) if saved.shape else "")
            saved = saved.item()
        if isinstance(saved, int | float | complex):
            return (f"{saved:.6g}" if isinstance(saved, float) else str(saved),)
        return ()

    def kind(self, x: ShapeDtype) -> str:
        """A shape, if it has axes, and a dtype, if it is not the usual one."""
        if x.dtype == object:  # several outputs: the arrows tell
            return ""
        return f"{x.shape or ''} {x.dtype if x.dtype != self.dtype else ''}".strip()

    def connect(self) -> None:
        """Draw the arrows between the boxes there are, and say where others would come from."""
        hidden: Counter[str] = Counter()
        for (key, user, label), count in self.arrows.items():
            if key not in self.boxes:
                hidden[self.boxes[user]] += count
                continue
            label += f" ×{count}" if count > 1 else ""
            self.graph.edge(
                self.boxes[key],
                self.boxes[user],
                _text(label.strip()),
                weight=self.weight(key, user),
            )
        for name, count in hidden.items():
            self.graph.node(f"{name}_", f"… {_count(count, 'input')} not shown", **_LOOKS["hidden"])
            self.graph.edge(f"{name}_", name, style="dashed")

    def weight(self, key: Hashable, user: Hashable) -> str:
        """How straight an arrow is to be: most of all those of the longest way through."""
        if not isinstance(key, Node) or isinstance(key, Leaf):
            return "1"
        is_longest = isinstance(user, Node) and self.depth[key] + 1 == self.depth[user]
        return "9" if is_longest else "3"


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
    return graphviz.escape("\n".join(shown).replace("&", "&amp;"))  # type: ignore[no-any-return]


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}" + ("" if n == 1 else "s")
