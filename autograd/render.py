"""Pictures of a computation graph, as SVG, PNG or PDF, and as DOT and Mermaid text.

    loss.graph().render("loss.svg")
    autograd.graph(loss, accuracy, gradients=True)

Boxes are leaves, operations and outputs; arrows follow the data. A notebook cell that ends in
`loss.graph()` shows the picture. `pictures/` decides what a picture contains; only this file knows
Graphviz, which does the layout in a child process: the system's `dot`, or else pygraphviz, whose
wheels contain Graphviz.
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
from .pictures.picture import Arrow, Box, Cluster, Legend, Options, Picture, plain
from .pictures.themes import THEMES, Look, Scale, Theme, colour_of
from .pictures.walk import node_of
from .tensor import Tensor

_FORMATS = {".svg": "svg", ".png": "png", ".pdf": "pdf", ".dot": "dot", ".gv": "dot"}
_FORMATS |= {".mmd": "mermaid", ".md": "markdown"}
_WIDEST = 640  # points, the width of a notebook's page


class Graph:
    """A picture of the operations that computed `outputs`, as recorded at this moment.

    Leaves are blue and named; operations are white, with the shape of their result unless it is a
    scalar; recorded constants are dashed. A leaf with many uses is drawn at each of them, and so is
    an operation, dashed, whose result is used far away. The operations of a gradient that was
    itself recorded (`create_graph=True`) are violet and run the other way. Tooltips (in SVG) give
    values, gradients, memory and the source line of every box.

    The attributes `dot` and `mermaid` hold the picture as text; they stay when `backward()` frees
    the graph. `operations` and `leaves` count the nodes, and `depth` is the most operations on a
    path from a leaf to an output.

    Args:
        outputs: Tensors or their nodes.
        max_nodes: The most boxes; those nearest to the outputs are kept, and the caption says what
            is missing.
        groups: Whether to draw frames around what each module call and each `named_scope` computed.
            A leaf used in several frames is drawn in each.
        depth: Draw a module inside this many others as one closed box (0: the outermost ones are
            closed; None: all are open).
        fold: Draw what repeats (equal layers, time steps, terms of a sum) once, with the number of
            repetitions. Default: if there are more than `max_nodes` operations and leaves.
        values: Write out arrays of up to 16 elements, as they are now.
        gradients: Write the norm of the gradient of the sum of the outputs on each arrow, coloured
            by magnitude: grey if zero or below 1e-8 of the largest, red if NaN or Inf. With
            `values`, the boxes hold the gradient's numbers. This runs a backward pass that leaves
            the graph and every `.grad` alone.
        statistics: Write the mean, the standard deviation and the share of zeros.
        memory: Write the bytes that the graph keeps alive at each node.
        source: Write the source line.
        theme: "light" or "dark", to match the page.
        highlight: Nodes to colour, as {node: "producer"} (red) or {node: "propagator"} (pink).
        notes: Texts to write into boxes, as {node: "text"}.
        around: Draw only what lies within `radius` arrows of this node.
        radius: See `around`.

    Raises:
        GraphError: A tensor has no graph, or the graph was freed.
        ValueError: An option is out of range.

    Example:
        >>> x = Tensor(2.0, requires_grad=True)
        >>> autograd.render.Graph(np.exp(x) * x)
        <Graph operations=2 leaves=1 depth=2>
    """

    dot: str
    mermaid: str
    operations: int
    leaves: int
    depth: int

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
        if theme not in THEMES:
            raise ValueError(f"Graph: theme (={theme!r}) must be one of {', '.join(THEMES)}")
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
        """Write the picture to a file, which appears whole or not at all.

        Args:
            path: Ends in .svg, .png or .pdf; in .dot or .gv for the DOT text, in .mmd for the
                Mermaid text, or in .md for the same in Markdown. Texts need no Graphviz.
            timeout: Seconds that the layout may take.

        Returns:
            The path.

        Raises:
            RenderError: The suffix is unknown, the file cannot be written, or Graphviz is missing,
                fails or runs out of time.

        Example:
            >>> import tempfile
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     path = Tensor(2.0, requires_grad=True).graph().render(f"{folder}/x.dot")
            ...     path.name
            'x.dot'
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
        """Give a notebook the picture, or the DOT text where it cannot be drawn."""
        try:
            picture = _no_wider(self.picture("svg").decode(), _WIDEST)
            return {"image/svg+xml": picture, "text/plain": repr(self)}
        except Exception as error:  # a cell should show something, never a traceback
            return {"text/plain": f"{self!r}\n{error}\n\n{self.dot}"}

    def picture(self, format: str, timeout: float = 30) -> bytes:
        """Draw the picture, in a child process because Graphviz may hang or crash.

        Args:
            format: "svg", "png" or "pdf", or for its text "dot", "mermaid" or "markdown".
            timeout: Seconds that the layout may take.

        Raises:
            RenderError: Graphviz is missing, fails or runs out of time.

        Example:
            >>> Tensor(2.0, requires_grad=True).graph().picture("mermaid")[:12]
            b'flowchart LR'
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
    """Scale an SVG down to `width` points if it is wider, because pages would cut it off."""

    def fit(size: re.Match[str]) -> str:
        x, y = float(size[1]), float(size[2])
        scale = min(1, width / x)
        return f'<svg width="{x * scale:.0f}pt" height="{y * scale:.0f}pt"'

    return re.sub(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"', fit, svg, count=1)


def write_whole(function: str, path: Path, picture: Callable[[], bytes]) -> Path:
    """Draw a picture and write it whole or not at all; `function` is named in errors.

    Example:
        >>> from pathlib import Path
        >>> try:
        ...     autograd.render.write_whole("render", Path("nowhere/x.svg"), bytes)
        ... except autograd.RenderError as error:
        ...     print(error)
        render: there is no folder 'nowhere'; create it first
    """
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
    """Choose the command that reads DOT and writes a picture."""
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
    """A writer of DOT text, in the colours of a theme."""

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
            # Blanks keep the middle free, where an arrow enters a frame from above.
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
        """Write a line of a box: one text across it, or texts in columns."""
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
        """Write the text below the picture and the legend of gradients."""
        font = 'point-size="9"'
        rows = [_cell(line, 1, font, "left", 200) for line in picture.caption]
        rows += [self.legend(picture.legend)] if picture.legend else []
        return f"<{_table(rows, padding=2)}>"

    def legend(self, legend: Legend) -> str:
        """Write a row of squares in the colours of gradients; as cells, they would spread out."""
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
        """Escape lines so that Graphviz prints them literally in a tooltip."""
        text = "\n".join(plain(line, 200) for line in lines)
        return self.escape(text.replace("&", "&amp;"))


def _short(norm: float) -> str:
    """Round to one digit, without an exponent where none is needed."""
    return f"{float(f'{norm:.1g}'):g}"


def _html(text: str) -> str:
    return f"<{_part(text)}>"


def _part(text: str, longest: int = 60) -> str:
    """Escape text for Graphviz's markup, which collapses blanks and reads \\N as a name."""
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
