"""The text in a box and in its tooltip."""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np

from ..node import Leaf, Node, ShapeDtype
from ..typing import Array
from .folding import Unit, span
from .known import Known, in_bytes, not_finite, numbers, statistics
from .picture import Box, Options


class Labels:
    """A writer of boxes, with as much detail as the options ask for.

    `dtype` is the most common one, which boxes do not repeat.
    """

    def __init__(self, options: Options, known: Known, dtype: np.dtype[Any]) -> None:
        self.options = options
        self.known = known
        self.dtype = dtype

    def box(self, unit: Unit, look: str, suffix: str, notes: list[str]) -> Box:
        """Write the box of a leaf, an operation or a module."""
        node = unit.node
        title = f"{_title(unit)}{suffix}{f' × {unit.times:,}' if unit.times > 1 else ''}"
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
        if self.options.source:
            box.lines.append(("note", [place_of(node)]))
        if node.dtype != object:  # of several outputs
            box.details.append(f"shape {node.shape}, {node.dtype}")
        box.details += [
            f"{key}={x!r}"
            for key, x in node.options.items()
            if isinstance(x, bool | int | float | str | tuple) and key != node.op.residual
        ]
        self.add_array(box, self.known.arrays.get(node))
        self.add_gradient(box, unit)
        held = sum(self.known.held.get(inside, 0) for inside in unit.inside or [node])
        if held:
            box.lines.append(("note", [f"holds {in_bytes(held)}"]))
        box.lines += [("note", [note]) for note in notes]
        return box

    def add_array(self, box: Box, x: Array) -> None:
        """Add the numbers that a node computed, or a summary of them."""
        if x is None:
            return
        rows = numbers(x) if self.options.values else []
        # The gradient below them has one more column, for its name.
        before = [""] if self.known.gradients and x.ndim else []
        box.lines += [("value", [*before, *row]) for row in rows]
        said = statistics(x)
        if self.options.statistics and x.ndim:
            box.lines.append(("note", [said]))
        box.details += [said] if said else []
        for kind, count in not_finite(x):
            box.wrong = True
            box.details.append(f"{count:,} {kind}")
            box.lines += [] if rows else [("wrong", [f"{count:,} {kind}"])]

    def add_gradient(self, box: Box, unit: Unit) -> None:
        """Add the gradient: its numbers, or its norm for a leaf, where it ends up."""
        if self.known.gradients is None:
            return
        norm = self.known.gradients.norms.get(unit.node)
        if norm is None:
            box.details.append("no gradient arrives")
            return
        g = self.known.gradients.arrays.get(unit.node)
        rows = numbers(g) if self.options.values and g is not None else []
        if rows and unit.node.shape:
            box.lines += [("gradient", ["" if i else "grad", *row]) for i, row in enumerate(rows)]
        elif rows:
            box.lines.append(("gradient", [f"grad {rows[0][0]}"]))
        elif isinstance(unit.node, Leaf) or not math.isfinite(norm):
            box.lines.append(("gradient", [f"gradient {norm:.3g}"]))
        box.details.append(f"gradient norm {norm:.4g}")
        box.wrong = box.wrong or not math.isfinite(norm)

    def constant(self, node: Node, place: int) -> Box | None:
        """Write the box of an input without a gradient; None where it may not be a constant."""
        saved = node.saved[1 + place]
        has_rule = node.op.joint is not None or node.op.vjps[place] is not None
        if saved is None:  # not kept, or left out, such as a bias
            return Box("constant", "constant") if has_rule and node.op.elementwise else None
        if hasattr(saved, "dtype"):
            if not has_rule and saved.dtype.kind in "fc":
                return None
            if saved.shape or isinstance(saved, ShapeDtype):
                box = Box("constant", "constant")
                box.lines = [("note", [self.kind(saved)])] if saved.shape else []
                if not isinstance(saved, ShapeDtype) and (
                    self.options.values or self.options.statistics
                ):
                    self.add_array(box, saved)
                return box
            saved = saved.item()
        if isinstance(saved, int | float | complex):
            return Box("constant", f"{saved:.6g}" if isinstance(saved, float) else str(saved))
        return None

    def kind(self, x: ShapeDtype) -> str:
        """Write the shape, if there are axes, and the dtype, if it is not the common one."""
        dtype = "" if x.dtype in (self.dtype, object) else x.dtype  # object: several outputs
        return f"{x.shape or ''} {dtype}".strip()


def name_of(node: Node) -> str:
    """Return the name that a leaf was given; empty for an operation."""
    return str(node.name) if isinstance(node, Leaf) else ""


def _title(unit: Unit) -> str:
    first, last = name_of(unit.first), name_of(unit.node)
    return unit.title or span(first, last) or unit.node.op.name


def place_of(node: Node) -> str:
    """Return the line that called an operation, without the folder."""
    return os.path.basename(node.source().rsplit(" in ", 1)[0])


def _where(node: Node) -> str:
    return f"{node.op.name}, {os.path.basename(node.source())}"
