"""Pictures as Mermaid text, which GitHub and other Markdown viewers draw."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .picture import Arrow, Box, Cluster, Picture, plain
from .themes import Theme, colour_of

#: All marks but the harmless ones, what begins a list, and underscores at the ends of words.
_MARKUP = re.compile(r"[^\w\s.,()+=:…×·±-]|^(\d+[.)]|[-+])(?=\s)|\b_+|_+\b|^\s|\s$")


def to_mermaid(picture: Picture, theme: Theme) -> str:
    """Write a picture as a flowchart, without tooltips and the legend of gradients."""
    lines = [f"flowchart {'TB' if picture.is_long else 'LR'}"]
    lines += _cluster(picture.root, "g", "    ")
    lines += [f"    {_arrow(arrow)}" for arrow in picture.arrows]
    for name, look in theme.looks.items():
        dashes = ",stroke-dasharray:4 3" if look.dashed else ""
        lines.append(
            f"    classDef {name} fill:{look.fill},stroke:{look.line},color:{look.text}{dashes}"
        )
    lines.append(f"    classDef hidden fill:none,stroke:none,color:{theme.text}")
    for number, arrow in enumerate(picture.arrows):
        if arrow.step is not None:
            width = 1 + 0.5 * max(arrow.step, 0)
            colour = colour_of(arrow.step, theme)
            lines.append(f"    linkStyle {number} stroke:{colour},stroke-width:{width:g}px")
    lines += [f"    %% {line}" for line in picture.caption]
    return "\n".join(lines) + "\n"


def _cluster(cluster: Cluster, name: str, indent: str) -> Iterator[str]:
    for box in cluster.boxes:
        yield f"{indent}{_box(box)}"
    for number, inner in enumerate(cluster.inner):
        yield f'{indent}subgraph {name}{number}["{_text(inner.title)}"]'
        yield from _cluster(inner, f"{name}{number}_", f"{indent}    ")
        yield f"{indent}end"


def _box(box: Box) -> str:
    lines = [box.title, *(" ".join(filter(None, texts)) for _, texts in box.lines)]
    return f'{box.name}("{"<br>".join(_text(line) for line in lines if line)}"):::{box.look}'


def _arrow(arrow: Arrow) -> str:
    label = f'|"{_text(arrow.label)}"|' if arrow.label else ""
    return f"{arrow.tail} {'-.->' if arrow.kind else '-->'}{label} {arrow.head}"


def _text(text: str) -> str:
    """Escape text so that Mermaid prints it literally: possible markup becomes codes."""
    return _MARKUP.sub(lambda found: "".join(f"#{ord(c)};" for c in found[0]), plain(text))
