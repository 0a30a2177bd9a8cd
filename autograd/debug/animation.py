"""Animated pictures of a backward pass, which play in browsers, notebooks and READMEs.

    autograd.debug.animate(loss, "backward.svg")

The layout stays the same throughout. In its step, each box shows its gradient and glows, together
with the arrows along which it sends gradients.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import RenderError
from ..op import OUTPUT
from ..tensor import Tensor, seed_of
from ..typing import ArrayLike
from .backward_pass import Pass
from .words import arrays_in, norm

_GLOW = "drop-shadow(0 0 2px #cf222e) drop-shadow(0 0 2px #cf222e)"
_GROUP = re.compile(
    r'<g id="(?:node|edge)\d+" class="(node|edge)">\n<title>(.*?)</title>.*?\n</g>\n', re.S
)


def animate(
    y: Tensor,
    path: str | os.PathLike[str],
    grad: ArrayLike | None = None,
    seconds: float = 1.2,
    **options: Any,
) -> Path:
    """Write an animated SVG of the backward pass from `y`.

    The pass is run for the picture: it touches no `.grad` and keeps the graph.

    Args:
        y: The tensor to start from.
        path: A file that ends in .svg.
        grad: The cotangent of `y`, of the same shape; default: ones.
        seconds: The time of one step.
        options: Those of `Tensor.graph`.

    Returns:
        The path.

    Raises:
        RenderError: The path has another suffix, or the picture cannot be drawn or written.
        GraphError: `y` has no graph.

    Example:
        >>> y = np.exp(Tensor(2.0, requires_grad=True))
        >>> try:
        ...     autograd.debug.animate(y, "backward.png")
        ... except autograd.RenderError as error:
        ...     print(error)
        animate: 'backward.png' must end in .svg: other formats do not move
    """
    path = Path(path)
    if path.suffix.lower() != ".svg":
        raise RenderError(f"animate: '{path.name}' must end in .svg: other formats do not move")
    from ..render import write_whole

    seed = seed_of("animate", y, np.ones_like(y._array) if grad is None else grad)
    assert y.node is not None
    order = [v for v in Pass.of(y.node, seed).visits.values() if v.op is not OUTPUT]
    notes = {v.node: f"step {i}: {_short(v.cotangent)}" for i, v in enumerate(order, 1)}

    def picture() -> bytes:
        still = y.graph(notes=notes, **options).picture("svg").decode()
        return _moving(still, len(order), seconds).encode()

    return write_whole("animate", path, picture)


def _short(g: Any) -> str:
    arrays = arrays_in(g)
    if len(arrays) == 1 and np.size(arrays[0]) <= 3:
        return ", ".join(f"{x:.3g}" for x in np.ravel(arrays[0]))
    return f"norm {norm(g):.3g}"


def _moving(svg: str, steps: int, seconds: float) -> str:
    """Add an animation to each box that has a step."""
    svg = re.sub(r"<!--.*?-->\n|<!DOCTYPE.*?>\n", "", svg, flags=re.DOTALL)
    turns: dict[str, str] = {}  # the step of each box

    def box(match: re.Match[str]) -> str:
        group, kind, name = match[0], match[1], match[2]
        step = re.search(r"<text [^>]*>step (\d+):", group)
        if kind == "node" and step:
            turns[name] = step[1]
            group = group.replace('class="node"', f'class="node s g{step[1]}"', 1)
            note = step[0].replace("<text ", f'<text class="s n{step[1]}" ', 1)
            group = group.replace(step[0], note)
        return group

    def arrow(match: re.Match[str]) -> str:
        step = turns.get(match[2].rpartition("&gt;")[2])
        if match[1] == "node" or step is None:
            return match[0]
        return match[0].replace('class="edge"', f'class="edge s g{step}"', 1)

    svg = _GROUP.sub(arrow, _GROUP.sub(box, svg))
    rules = [f"svg{{--g:{_GLOW}}}"]
    rules += [f".s{{animation:{(steps + 1) * seconds:g}s step-end infinite}}"]
    for i in range(1, steps + 1):
        start, end = (f"{100 * k / (steps + 1):.4g}%" for k in (i - 1, i))
        rules += [
            f".g{i}{{animation-name:g{i}}}.n{i}{{animation-name:n{i}}}",
            f"@keyframes g{i}{{0%{{filter:none}}{start}{{filter:var(--g)}}{end}{{filter:none}}}}",
            f"@keyframes n{i}{{0%{{visibility:hidden}}{start},to{{visibility:visible}}}}",
        ]
    rules.append("@media(prefers-reduced-motion:reduce){.s{animation:none}}")
    head, tag, rest = svg.partition('<g id="graph0"')
    return f"{head}<style>\n{chr(10).join(rules)}\n</style>\n{tag}{rest}"
