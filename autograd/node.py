"""Nodes: what is recorded of a computation.

A graph is made of `Node`s, one for each operation that was computed, and `Leaf`s, one for each
tensor that the user made. Nodes point back at the nodes of their inputs.

Read `op.py` next: how a call becomes a node.
"""

from __future__ import annotations

import math
import os
import sys
from itertools import count
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .op import Op

NO_OPTIONS: dict[str, Any] = {}
FREED: tuple[Any, ...] = ("freed",)  #: stands for the parents and arrays of a node that was used


class _Leaf:
    """What stands in the place of a leaf's operation."""

    name = "leaf"


LEAF: Any = _Leaf()


class ShapeDtype:
    """What is known of an array that is not kept."""

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape = shape
        self.dtype = dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)


class Node(ShapeDtype):
    """One recorded operation, with the shape and dtype of its output.

    `number` grows from node to node and inputs are made before outputs, so descending numbers
    are a topological order. A node points at its parents and never at a Tensor: a graph has no
    reference cycles, and is freed the moment its last result is.
    """

    __slots__ = (
        "code",
        "hooked",  # set by hooks.py, for those few that have any
        "instruction",
        "number",
        "op",
        "options",
        "parents",
        "saved",
        "watched",
    )

    op: Op
    parents: tuple[Node | None, ...]  #: one per input; None where no gradient is wanted
    saved: tuple[Any, ...]  #: (output, *inputs), each as the rules read it
    options: dict[str, Any]
    number: int
    hooked: Any
    watched: tuple[Any, ...] | None  #: large arrays of others, and what they held: see changes.py
    code: CodeType  #: this and the next are cheap, and the source line can be worked out from
    instruction: int  #: them when somebody asks for it

    def source(self) -> str:
        """Where the operation was called, as 'file.py:12 in train'."""
        return source_line(self.code, self.instruction)


def fill(
    node: Node,
    op: Op,
    parents: tuple[Node | None, ...],
    saved: tuple[Any, ...],
    options: dict[str, Any],
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    frame: FrameType,
) -> Node:
    """Set the fields of a new node. As a function it takes half the time of an `__init__`."""
    node.op = op
    node.parents = parents
    node.saved = saved
    node.options = options
    node.shape = shape
    node.dtype = dtype
    node.number = next_number()
    node.watched = None
    node.code = frame.f_code
    node.instruction = frame.f_lasti
    return node


class Leaf(Node):
    """The node of a tensor made by the user. It has no parents, and collects `grad`."""

    __slots__ = ("grad", "name")

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        fill(self, LEAF, (), (), NO_OPTIONS, shape, dtype, user_frame(getframe(1)))
        self.grad: Any = None
        self.name = ""


getframe = sys._getframe
next_number = count().__next__
ENGINE_FILES = {
    os.path.join(folder, file)
    for folder, _, files in os.walk(os.path.dirname(os.path.abspath(__file__)))
    for file in files
    if file.endswith(".py")
}


def user_frame(frame: FrameType) -> FrameType:
    """The nearest caller outside this package."""
    caller: FrameType | None = frame
    while caller is not None and caller.f_code.co_filename in ENGINE_FILES:
        caller = caller.f_back
    return caller or frame


def source_line(code: CodeType, instruction: int) -> str:
    """The line of an instruction, as 'file.py:12 in train'."""
    line: int | None = code.co_firstlineno
    for start, end, at in code.co_lines():
        if start <= instruction < end:
            line = at
    return line_in(code, line)


def line_in(code: CodeType, line: int | None) -> str:
    """A line of a function, as 'file.py:12 in train', or in a notebook 'cell [3] line 5'."""
    place = line_of(code.co_filename, line)
    is_whole_cell = code.co_name == "<module>" and place.startswith("cell ")
    return place if is_whole_cell else f"{place} in {code.co_name}"


#: The files of lines that were shown, by the names that they were shown under.
shown_files: dict[str, str] = {}
_NEIGHBOURS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")


def line_of(file: str, line: int | None) -> str:
    """'file.py:12', without the folder in which this package is; or 'cell [3] line 5'."""
    cell = _cell(file)
    shown = cell or file.removeprefix(_NEIGHBOURS)
    shown_files[shown] = file
    return f"{shown} line {line}" if cell else f"{shown}:{line}"


def _cell(file: str) -> str:
    """What to call a file that stands for a cell: its number is known to IPython alone."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    number_of = getattr(getattr(shell, "compile", None), "format_code_name", None)
    label_and_number = number_of(file) if number_of else None
    return f"cell {label_and_number[1].removeprefix('In')}" if label_and_number else ""


def quoted_name(node: Node | None) -> str:
    """The name of a leaf that has one, to stand behind its shape in a message."""
    return f" '{node.name}'" if isinstance(node, Leaf) and node.name else ""


def call_site() -> tuple[int, str]:
    """Now, as a node number, and the user's line that is being executed."""
    frame = user_frame(getframe(1))
    return next_number(), line_in(frame.f_code, frame.f_lineno)
