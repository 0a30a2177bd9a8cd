"""What is written in a box, and what its tooltip says."""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np

from ..node import Leaf, Node, ShapeDtype
from . import known
from .folding import Unit, span
from .picture import Box


class Labels:
    """Writes boxes for units. `dtype` is the usual one, which is not written.

    `arrays`, `gradients` and `held` are what is known of nodes (see `known.py`), as far as it was
    asked for; `values` and `statistics` tell what of it to write, `source` adds the source line.
    """

    def __init__(
        self,
        dtype: np.dtype[Any],
        arrays: dict[Node, Any],
        gradients: known.Gradients | None,
        held: dict[Node, int],
        values: bool,
        statistics: bool,
        source: bool,
    ) -> None:
        self.dtype = dtype
        self.arrays = arrays
        self.gradients = gradients
        self.held = held
        self.values = values
        self.statistics = statistics
        self.source = source

    def box(self, unit: Unit, look: str, suffix: str, notes: list[str]) -> Box:
        """The box of a leaf, an operation or a module."""
        node = unit.node
        title = f"{_title(unit)}{suffix}{f' × {unit.times:,}' if unit.times > 1 else ''}"  # noqa: RUF001
        box = Box(look, title, details=[_where(node)])
        box.lines = [("note", [kind])] if (kind := self.kind(node)) else []
        if isinstance(node, Leaf) and unit.members > 1:
            box.lines.append(("note", [f"{unit.members:,} alike"]))
        if len(unit.inside) > 1:
            box.lines.append(("note", [f"{len(unit.inside):,} operations"]))
        if unit.parameters:
            box.lines.append(("note", [f"{unit.parameters:,} parameters"]))
        if unit.members > 1:
            box.details.append(f"stands for {unit.members:,} alike; what follows is of the last")
        if self.source:
            box.lines.append(("note", [place_of(node)]))
        box.details += [f"shape {node.shape}, {node.dtype}"] if node.dtype != object else []
        box.details += [
            f"{key}={x!r}"
            for key, x in node.options.items()
            if isinstance(x, bool | int | float | str | tuple) and key != node.op.residual
        ]
        self.add_array(box, self.arrays.get(node))
        self.add_gradient(box, unit)
        held = sum(self.held.get(inside, 0) for inside in unit.inside or [node])
        if held:
            box.lines.append(("note", [f"holds {known.in_bytes(held)}"]))
        box.lines += [("note", [note]) for note in notes]
        return box

    def add_array(self, box: Box, x: Any) -> None:
        """Add the numbers that a node computed, or what can be said of them."""
        if x is None:
            return
        rows = known.numbers(x) if self.values else []
        before = [""] if self.gradients else []  # below, gradients have a title
        box.lines += [("value", [*before, *row]) for row in rows]
        said = known.statistics(x)
        if self.statistics and x.ndim:
            box.lines.append(("note", [said]))
        box.details.append(said)
        if not known.is_finite(x):
            box.wrong = True
            box.lines += (
                []
                if rows
                else [("wrong", [f"{count:,} {kind}"]) for kind, count in known.not_finite(x)]
            )

    def add_gradient(self, box: Box, unit: Unit) -> None:
        """Add the gradient: its numbers, or its norm for a leaf, whose end result it is."""
        if self.gradients is None:
            return
        norm = self.gradients.norms.get(unit.node)
        if norm is None:
            box.details.append("no gradient arrives")
            return
        rows = known.numbers(g) if (g := self.gradients.arrays.get(unit.node)) is not None else []
        style = "gradient" if math.isfinite(norm) else "wrong"
        if self.values and rows:
            box.lines += [("gradient", ["" if i else "grad", *row]) for i, row in enumerate(rows)]
        elif isinstance(unit.node, Leaf) or style == "wrong":
            box.lines.append((style, [f"gradient {norm:.3g}"]))
        box.details.append(f"gradient norm {norm:.4g}")
        box.wrong = box.wrong or style == "wrong"

    def constant(self, node: Node, place: int) -> Box | None:
        """The box of an input without a gradient; None where it may be no constant."""
        saved = node.saved[1 + place]
        has_rule = node.op.joint is not None or node.op.vjps[place] is not None
        if saved is None:  # not kept; or None itself, as for a bias that is left out
            return Box("constant", "constant") if has_rule and node.op.elementwise else None
        if hasattr(saved, "dtype"):
            if not has_rule and saved.dtype.kind in "fc":
                return None
            if saved.shape or isinstance(saved, ShapeDtype):
                box = Box("constant", "constant")
                box.lines = [("note", [self.kind(saved)])] if saved.shape else []
                if not isinstance(saved, ShapeDtype) and (self.values or self.statistics):
                    self.add_array(box, saved)
                return box
            saved = saved.item()
        if isinstance(saved, int | float | complex):
            return Box("constant", f"{saved:.6g}" if isinstance(saved, float) else str(saved))
        return None

    def kind(self, x: ShapeDtype) -> str:
        """A shape, if it has axes, and a dtype, if it is not the usual one."""
        dtype = "" if x.dtype in (self.dtype, object) else x.dtype  # object: several outputs
        return f"{x.shape or ''} {dtype}".strip()


def name_of(node: Node) -> str:
    """The name that a leaf was given."""
    return str(node.name) if isinstance(node, Leaf) else ""


def _title(unit: Unit) -> str:
    first, last = name_of(unit.first), name_of(unit.node)
    return unit.title or span(first, last) or unit.node.op.name


def place_of(node: Node) -> str:
    """The line that called an operation, without the folder."""
    return os.path.basename(node.source().rsplit(" in ", 1)[0])


def _where(node: Node) -> str:
    return f"{node.op.name}, {place_of(node)} in {node.source().rsplit(' in ', 1)[1]}"
