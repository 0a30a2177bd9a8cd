"""Pictures of a computation graph, as SVG, PNG or PDF, and as DOT and Mermaid text.

    loss.graph().render("loss.svg")
    autograd.graph(loss, accuracy, gradients=True)

Boxes are leaves, operations and outputs; arrows follow the data. A notebook cell that ends in
`loss.graph()` shows the picture. Graphviz does the layout, in a process of its own: the system's
`dot`, or else pygraphviz, whose wheels carry Graphviz. What is in a picture is decided in
`pictures/`; this is the only file that knows Graphviz.
"""

from __future__ import annotations

import contextlib
import html
import importlib.util
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from .errors import RenderError
from .node import Leaf, Node
from .pictures.drawing import Drawing
from .pictures.mermaid import to_mermaid
from .pictures.options import Options
from .pictures.picture import Arrow, Box, Cluster, Legend, Picture, plain
from .pictures.themes import THEMES, Look, Scale, Theme, colour_of
from .pictures.walk import node_of
from .tensor import Tensor

_FORMATS = {".svg": "svg", ".png": "png", ".pdf": "pdf", ".dot": "dot", ".gv": "dot"}
_FORMATS |= {".mmd": "mermaid", ".md": "markdown"}
_HIGHLIGHTS = "producer", "propagator"
_WIDEST = 640  # points: the width of a notebook's page


class Graph:
    """A picture of the operations that computed `outputs`, as they are recorded now.

    Leaves are blue, under their names; operations are white, with the shape of their result where
    it has axes; constants are dashed, as far as they are recorded. A leaf with many uses is drawn
    at each of them; so is an operation, dashed, where its result is used far away. What a gradient
    that was itself recorded (`create_graph=True`) computed is violet, and runs the other way.

    With `groups`, frames stand around what each call of a module, and each `named_scope`, computed;
    a leaf that is used in several of them is drawn in each. `depth`: a module that lies inside so
    many others is one box, with what it counts (None: all are open; 0: the outermost are closed).
    A frame that holds only another one is drawn as one with it.

    `fold` draws what repeats once and says how often it occurs: equal layers, time steps, the
    terms of a sum (default: where there are more than `max_nodes` operations and leaves). If there
    are still more boxes than that, those nearest to the outputs are drawn. The caption says what is
    missing.

    On request boxes have more in them. `values`: the numbers of arrays of up to 16 elements, as the
    arrays hold them now. `gradients`: the gradient of the sum of the outputs; its norms stand on
    the arrows, coloured by magnitude, grey where zero or less than 1e-8 of the largest, red where
    NaN or Inf; with `values`, its numbers stand in the boxes. This runs a backward pass, which
    leaves the graph and every `.grad` alone. `statistics`: mean, standard deviation and share of
    zeros. `memory`: the bytes that the graph keeps alive at each node. `source`: the line.
    Tooltips (in SVG) have all of that. `theme`: "light" or "dark", the page that it is made for.

    `highlight` marks nodes, as {node: "producer"} (red) or {node: "propagator"} (pink), and `notes`
    writes a text into their boxes, as {node: "text"}. With `around`, a node, only what lies within
    `radius` arrows of it is drawn. All of these, and `outputs`, are Tensors or their nodes.

    `dot` and `mermaid` are the picture as text, which stays as it is when `backward()` frees the
    graph.

    Raises `GraphError` for a tensor without a graph, and where the graph has been freed.
    """

    dot: str
    mermaid: str
    operations: int
    leaves: int
    depth: int  #: the most operations on a way from a leaf to an output

    def __init__(
        self,
        *outputs: Tensor | Node,
        max_nodes: int = 150,
        groups: bool = True,
        depth: int | None = None,
        fold: bool | None = None,
        values: bool = False,
        gradients: bool = False,
        statistics: bool = False,
        memory: bool = False,
        source: bool = False,
        theme: str = "light",
        highlight: Mapping[Any, str] | None = None,
        notes: Mapping[Any, str] | None = None,
        around: Tensor | Node | None = None,
        radius: int = 3,
    ) -> None:
        if not outputs:
            raise TypeError("Graph: pass the tensors whose graph is to be drawn")
        if max_nodes < 1:
            raise ValueError(f"Graph: max_nodes (={max_nodes}) must be at least 1")
        if radius < 0:
            raise ValueError(f"Graph: radius (={radius}) must be at least 0")
        if depth is not None and depth < 0:
            raise ValueError(
                f"Graph: depth (={depth}) must be at least 0; groups=False draws no modules"
            )
        if theme not in THEMES:
            raise ValueError(f"Graph: theme (={theme!r}) must be one of {', '.join(THEMES)}")
        for look in (highlight or {}).values():
            if look not in _HIGHLIGHTS:
                raise ValueError(
                    f"Graph: highlight got {look!r}; each must be one of {', '.join(_HIGHLIGHTS)}"
                )
        options = Options(
            max_nodes=max_nodes,
            groups=groups,
            depth=depth,
            fold=fold,
            values=values,
            gradients=gradients,
            statistics=statistics,
            memory=memory,
            source=source,
            highlight={node_of(x): look for x, look in (highlight or {}).items()},
            notes={node_of(x): text for x, text in (notes or {}).items()},
            around=None if around is None else node_of(around),
            radius=radius,
        )
        drawing = Drawing([node_of(output) for output in outputs], options)
        picture = drawing.picture()
        self.dot = _Dot(THEMES[theme]).write(picture)
        self.mermaid = to_mermaid(picture, THEMES[theme])
        self.leaves = sum(isinstance(node, Leaf) for node in drawing.inputs)
        self.operations = len(drawing.inputs) - self.leaves
        self.depth = drawing.depth

    def __repr__(self) -> str:
        return f"<Graph operations={self.operations} leaves={self.leaves} depth={self.depth}>"

    def render(self, path: str | os.PathLike[str], timeout: float = 30) -> Path:
        """Write the picture to `path`, in the format of its suffix, and return the path.

        The suffixes are .svg, .png and .pdf; .dot or .gv for the DOT text, .mmd for the Mermaid
        text and .md for that in Markdown, which need no engine. `timeout`: the seconds that the
        layout may take. The file appears whole or not at all.

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
        return write_whole("render", path, lambda: self.picture(format, timeout))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """What a notebook shows: the picture, or the DOT text where it cannot be drawn."""
        try:
            picture = _no_wider(self.picture("svg").decode(), _WIDEST)
            return {"image/svg+xml": picture, "text/plain": repr(self)}
        except Exception as error:  # a cell is to show something, never a traceback
            return {"text/plain": f"{self!r}\n{error}\n\n{self.dot}"}

    def picture(self, format: str, timeout: float = 30) -> bytes:
        """The picture as "svg", "png" or "pdf", or its text as "dot", "mermaid" or "markdown".

        It is drawn in a child process: Graphviz may hang, or crash.
        """
        texts = {"dot": self.dot, "mermaid": self.mermaid}
        texts["markdown"] = f"```mermaid\n{self.mermaid}```\n"
        if format in texts:
            return texts[format].encode()
        command = _engine(format)
        try:
            done = subprocess.run(
                command, input=self.dot.encode(), capture_output=True, timeout=timeout
            )
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


def _no_wider(svg: str, width: float) -> str:
    """The picture, scaled down to so many points where it is wider: pages cut off what is."""

    def fit(size: re.Match[str]) -> str:
        x, y = float(size[1]), float(size[2])
        scale = min(1, width / x)
        return f'<svg width="{x * scale:.0f}pt" height="{y * scale:.0f}pt"'

    return re.sub(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"', fit, svg, count=1)


def write_whole(function: str, path: Path, picture: Callable[[], bytes]) -> Path:
    """Draw a picture, if there is a folder for it, and write it whole or not at all."""
    if not path.parent.is_dir():
        raise RenderError(f"{function}: there is no folder '{path.parent}'; create it first")
    data = picture()
    unfinished = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        unfinished.write_bytes(data)
        os.replace(unfinished, path)
    except OSError as error:
        raise RenderError(
            f"{function}: '{path}' cannot be written ({error.strerror or error}); choose a file "
            f"that you may write"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink()
    return path


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


# -- DOT ----------------------------------------------------------------------------------------

_FONT = {"fontname": "Helvetica,Arial,sans-serif"}
_WRONG = re.compile("nan|inf")
_PAGE = {"pad": "0.2", "nodesep": "0.2", "ranksep": "0.38", "labelloc": "b", "labeljust": "l"}
_BOX = {"shape": "box", "style": "rounded,filled", "penwidth": "1", "fontsize": "11"}
_BOX |= {"height": "0.3", "width": "0.5", "margin": "0.08,0.04"}
_ARROW = {"penwidth": "0.9", "arrowsize": "0.6", "fontsize": "8"}
_FRAME = {"style": "rounded,filled", "penwidth": "0.8", "margin": "9", "fontsize": "9"}
_FRAME |= {"labelloc": "t", "labeljust": "l"}


class _Dot:
    """Writes a picture as DOT text, in the colours of a theme."""

    def __init__(self, theme: Theme) -> None:
        import graphviz

        self.theme = theme
        self.escape = graphviz.escape
        self.graph = graphviz.Digraph(
            "computation graph",
            graph_attr=_FONT | _PAGE | {"bgcolor": theme.page, "fontcolor": theme.text},
            node_attr=_FONT | _BOX,
            edge_attr=_FONT | _ARROW | {"color": theme.faint, "fontcolor": theme.text},
        )

    def write(self, picture: Picture) -> str:
        self.is_long = picture.is_long
        self.cluster(picture.root, level=-1, number="")
        for arrow in picture.arrows:
            self.arrow(arrow)
        style = {"rankdir": "TB", "ranksep": "0.32"} if picture.is_long else {"rankdir": "LR"}
        self.graph.attr("graph", label=self.caption(picture), **style)
        return str(self.graph.source)

    def cluster(self, cluster: Cluster, level: int, number: str) -> None:
        if level >= 0:
            fills = self.theme.fills
            fill = self.theme.backward if cluster.backward else fills[min(level, len(fills) - 1)]
            self.graph.body.append(f"\tsubgraph cluster{number} {{\n")
            colours = {"color": self.theme.frame, "fillcolor": fill, "fontcolor": self.theme.text}
            # An arrow enters a frame from above in the middle: keep that free.
            title = _part(cluster.title) + "&#160;" * (2 * len(cluster.title) * self.is_long)
            self.graph.attr(
                label=f"<{title}>", tooltip=self.tip([cluster.title]), **colours, **_FRAME
            )
        for box in cluster.boxes:
            self.box(box)
        for place, inner in enumerate(cluster.inner):
            self.cluster(inner, level + 1, f"{number}_{place}")
        if level >= 0:
            self.graph.body.append("\t}\n")

    def box(self, box: Box) -> None:
        if box.look == "hidden":
            self.graph.node(
                box.name,
                _html(box.title),
                shape="plaintext",
                style="",
                fontsize="9",
                fontcolor=self.theme.text,
            )
            return
        look = self.theme.looks[box.look]
        columns = max((len(texts) for _, texts in box.lines), default=1)
        rows = [_cell(box.title, columns)] if box.title else []
        rows += [self.row(kind, texts, columns, look) for kind, texts in box.lines]
        style = {"fillcolor": look.fill, "color": look.line, "fontcolor": look.text}
        if look.dashed:
            style["style"] = "rounded,filled,dashed"
        if box.wrong:
            style |= {"color": self.theme.wrong, "penwidth": "2"}
        tip = self.tip(box.details or [box.title])
        self.graph.node(box.name, f"<{_table(rows)}>", tooltip=tip, **style)

    def row(self, kind: str, texts: list[str], columns: int, look: Look) -> str:
        """A line of a box: one text across it, or texts in columns."""
        cells = []
        for place, text in enumerate(texts):
            colour = self.theme.scale[3] if kind == "gradient" else look.text
            if kind == "wrong" or (kind != "note" and _WRONG.search(text)):
                colour = self.theme.wrong
            font = f'point-size="9" color="{look.text if look.loud else colour}"'
            if len(texts) == 1:
                cells.append(_cell(text, columns, font))
            else:
                cells.append(_cell(f"  {text}" if place else text, 1, font, "right"))
        return "".join(cells)

    def arrow(self, arrow: Arrow) -> None:
        style: dict[str, str] = {}
        if arrow.label:
            style["label"] = f"<{_table([_cell(arrow.label)], padding=3)}>"
        if arrow.details:
            style["tooltip"] = self.tip([arrow.details])
        if arrow.step is not None:
            style["color"] = colour_of(arrow.step, self.theme)
            style["penwidth"] = f"{0.9 + 0.4 * max(arrow.step, 0):.2g}"
        if arrow.kind:
            style["style"] = "dashed"
        ends = arrow.tail, arrow.head
        if arrow.kind == "across":
            self.graph.edge(*ends, constraint="false", **style)
        elif arrow.backward or arrow.kind == "carried":  # against the others
            self.graph.edge(*ends[::-1], dir="back", weight=str(arrow.weight), **style)
        elif arrow.side:
            direction = "forward" if arrow.side > 0 else "back"
            self.graph.edge(*ends[:: arrow.side], minlen="0", dir=direction, **style)
        else:
            self.graph.edge(*ends, weight=str(arrow.weight), **style)

    def caption(self, picture: Picture) -> str:
        """The text below the picture, and the colours of gradients."""
        font = 'point-size="9"'
        rows = [_cell(line, 1, font, "left", 200) for line in picture.caption]
        rows += [self.legend(picture.legend)] if picture.legend else []
        return f"<{_table(rows, padding=2)}>"

    def legend(self, legend: Legend) -> str:
        """A row of squares in the colours of gradients. As cells, they would be torn apart."""
        scale = "".join(self.square(step) for step in range(Scale.STEPS))
        parts = [_part(f"gradient norm {_short(legend.low)} "), scale]
        parts.append(_part(f" {_short(legend.high)}"))
        if legend.zero:
            parts += [_part("   "), self.square(Scale.ZERO), _part(" zero or vanished")]
        if legend.wrong:
            parts += [_part("   "), self.square(Scale.WRONG), _part(" NaN or Inf")]
        return f'<td align="left"><font point-size="9">{"".join(parts)}</font></td>'

    def square(self, step: int) -> str:
        return f'<font point-size="13" color="{colour_of(step, self.theme)}">■</font>'

    def tip(self, lines: Iterable[str]) -> Any:
        """Lines that Graphviz prints to the letter in a tooltip."""
        text = "\n".join(plain(line, 200) for line in lines)
        return self.escape(text.replace("&", "&amp;"))


def _short(norm: float) -> str:
    """One digit, and no exponent where none is needed."""
    return f"{float(f'{norm:.1g}'):g}"


def _html(text: str) -> str:
    return f"<{_part(text)}>"


def _part(text: str, longest: int = 60) -> str:
    """Text to the letter inside Graphviz's markup, where blanks may collapse and \\N is a name."""
    text = re.sub("^ | (?= |$)", "&#160;", html.escape(plain(text, longest)))
    return re.sub(r"\\(?=[NGETHL])", "<font>&#92;</font>", text)


def _table(rows: list[str], padding: int = 0) -> str:
    body = "".join(f"<tr>{row}</tr>" for row in rows or ["<td></td>"])
    return f'<table border="0" cellspacing="0" cellpadding="{padding}">{body}</table>'


def _cell(text: str, columns: int = 1, font: str = "", align: str = "", longest: int = 60) -> str:
    part = _part(text, longest)
    part = f"<font {font}>{part}</font>" if font and part else part
    span = f' colspan="{columns}"' if columns > 1 else ""
    side = f' align="{align}"' if align else ""
    return f"<td{span}{side}>{part}</td>"
