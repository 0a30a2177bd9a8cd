"""Nodes: the record of a computation.

A graph consists of `Node`s, one for each operation that was computed, and `Leaf`s, one for each
tensor that the user made. Nodes point back at the nodes of their inputs.

Read `op.py` next: how a call becomes a node.
"""

from __future__ import annotations

import math
import os
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextvars import ContextVar
from itertools import count
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .op import Op

NO_OPTIONS: dict[str, Any] = {}
FREED: tuple[Any, ...] = ("freed",)  #: replaces the parents and arrays of a node after its use


class _Leaf:
    """A placeholder for the operation of a leaf."""

    name = "leaf"


LEAF: Any = _Leaf()


class ShapeDtype:
    """The shape and dtype of an array that is not kept."""

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

    # A rule that reads `_x` as an array gets an error, whichever way it tries.

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise TypeError(_NOT_KEPT)

    def _refuse_attribute(self) -> Any:  # a `__getattr__` would slow all attributes down
        raise AttributeError(_NOT_KEPT)

    T = real = imag = sum = mean = max = min = reshape = astype = property(_refuse_attribute)
    copy = transpose = ravel = dot = item = property(_refuse_attribute)

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _refuse
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _refuse
    __pow__ = __rpow__ = __matmul__ = __rmatmul__ = __neg__ = __pos__ = __abs__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = __float__ = __int__ = __complex__ = _refuse
    __getitem__ = __array__ = __array_ufunc__ = _refuse

    def __array_function__(self, function: Any, _types: Any, args: Any, kwargs: Any) -> Any:
        if function in _OF_SHAPES:
            return getattr(self, function.__name__)
        return self._refuse()


_OF_SHAPES = (np.shape, np.ndim, np.size)
_NOT_KEPT = (
    "a gradient rule used as an array what is kept by shape and dtype only, because the name of "
    "its parameter begins with an underscore; rename it (_x to x), and the array is kept"
)


class Node(ShapeDtype):
    """One recorded operation, with the shape and dtype of its output.

    `number` grows from node to node, and inputs come before outputs, so descending numbers are a
    topological order. A node points at its parents and never at a Tensor: a graph has no reference
    cycles, and is freed together with its last result.
    """

    __slots__ = (
        "code",
        "hooked",  # set by hooks.py, on the few nodes with hooks
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
    watched: tuple[Any, ...] | None  #: large arrays of others, and their content: see changes.py
    code: CodeType  #: this and the next are cheap; the source line is derived from them
    instruction: int  #: on demand

    def source(self) -> str:
        """Return the line that called the operation, as 'file.py:12 in train'."""
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
    """Set the fields of a new node; as a function, this takes half the time of an `__init__`."""
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


if not TYPE_CHECKING and sys.version_info[:2] == (3, 13):
    # Python frees a chain of objects recursively, up to some depth. In Python 3.13, and only there,
    # that depth needs a stack of 1 MiB, which a thread may not have. So every 61st node stops the
    # recursion, and the first of these continues from there. (61 is prime: in a loop, another
    # number might always hit a node without descendants.)

    _at_work = threading.local()
    _fill = fill

    class _Landing(Node):
        __slots__ = ()

        def __del__(self) -> None:
            held = self.parents, self.saved, self.options
            self.parents = self.saved = FREED
            self.options = NO_OPTIONS
            waiting = vars(_at_work).get("waiting")
            if waiting is not None:
                waiting.append(held)
                return
            _at_work.waiting = waiting = [held]
            del held
            try:
                while waiting:
                    waiting.pop()
            finally:
                del _at_work.waiting

    def fill(node, *fields):
        _fill(node, *fields)
        if not node.number % 61 and type(node) is Node:
            node.__class__ = _Landing
        return node


#: Ids of everything that derivatives may be requested for: leaves of users, and running calls. If
#: there is only one, no graph needs to be searched for others.
askers: set[int] = set()


class Leaf(Node):
    """The node of a tensor that the user made: it has no parents, and collects `grad`."""

    __slots__ = ("grad", "name")

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        fill(self, LEAF, (), (), NO_OPTIONS, shape, dtype, user_frame(getframe(1)))
        self.grad: Any = None
        self.name = ""
        askers.add(id(self))

    def __del__(self, discard: Callable[[int], None] = askers.discard) -> None:
        discard(id(self))


class Run:
    """A call of a function that is being differentiated."""

    __slots__ = ("exits", "has_derivatives", "running")

    def __init__(self) -> None:
        self.running = True  #: until its derivatives are known
        askers.add(id(self))
        self.has_derivatives = False  #: whether the function differentiates in turn
        #: By code and instruction: the expression there that took values out of the graph, the
        #: nodes of some of these, and nodes that are the arguments of calls in between.
        self.exits: dict[tuple[CodeType, int], tuple[str, list[Node], tuple[Node, ...]]] = {}

    def end(self) -> None:
        """Finish: no further derivatives can be requested."""
        self.running = False
        self.exits = {}  # these refer to nodes, and nodes to the run
        askers.discard(id(self))

    def __del__(self, discard: Callable[[int], None] = askers.discard) -> None:
        discard(id(self))


_run: ContextVar[Run | None] = ContextVar("run", default=None)

#: The innermost call that is being differentiated.
current_run = _run.get
set_run = _run.set


class Argument(Leaf):
    """The node of an argument of such a call: a leaf while the call runs.

    It may be changed in place, since the array belongs to the call. After the call, derivatives
    with respect to it can no longer be requested, and it is a constant to others.
    """

    __slots__ = ("run",)

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any], run: Run) -> None:
        super().__init__(shape, dtype)
        self.run = run
        askers.discard(id(self))  # the run counts instead


# -- walks --------------------------------------------------------------------------------------


def kept_parents(node: Node) -> tuple[Node | None, ...]:
    """Return the parents of a node: none for a leaf, nor for a node that was freed."""
    return () if node.parents is FREED else node.parents


def ancestors(
    nodes: Iterable[Node | None], parents: Callable[[Node], Iterable[Node | None]] = kept_parents
) -> Iterator[Node]:
    """Yield the nodes and everything they were computed from, each once and the nearest first.

    `parents` says where to go from a node. It may leave out some parents, to end the walk there, or
    raise an error for a freed node.

    Example:
        >>> from autograd.node import ancestors
        >>> x = Tensor(2.0, requires_grad=True)
        >>> [node.op.name for node in ancestors([(np.exp(x) * x).node])]
        ['multiply', 'exp', 'leaf']
    """
    queue = list(dict.fromkeys(node for node in nodes if node is not None))
    seen: set[Node | None] = {None, *queue}
    for node in queue:  # grows as it is read
        yield node
        for parent in parents(node):
            if parent not in seen:
                seen.add(parent)
                queue.append(parent)  # type: ignore[arg-type]  # not None: that has been seen


def leading_to(ends: Collection[Node], nodes: Iterable[Node]) -> set[Node]:
    """Return the `ends`, and those of the `nodes` that were computed from one of them.

    `nodes` must come oldest first, and none may be freed.

    Example:
        >>> from autograd.node import leading_to
        >>> x = Tensor(2.0, requires_grad=True)
        >>> y = np.exp(x)
        >>> leading_to([x.node], [y.node]) == {x.node, y.node}
        True
    """
    leading = set(ends)
    for node in nodes:
        if not leading.isdisjoint(node.parents):
            leading.add(node)
    return leading


def free(node: Node) -> None:
    """Let go of the arrays and parents of a node that a backward pass has used."""
    node.parents = node.saved = FREED
    node.options = NO_OPTIONS
    node.watched = None


# -- lines of the user's code --------------------------------------------------------------------

getframe = sys._getframe
next_number = count().__next__
ENGINE_FILES = {
    os.path.join(folder, file)
    for folder, _, files in os.walk(os.path.dirname(os.path.abspath(__file__)))
    for file in files
    if file.endswith(".py")
}


def user_frame(frame: FrameType) -> FrameType:
    """Find the nearest caller outside this package."""
    caller: FrameType | None = frame
    while caller is not None and caller.f_code.co_filename in ENGINE_FILES:
        caller = caller.f_back
    return caller or frame


def source_line(code: CodeType, instruction: int) -> str:
    """Find the line of an instruction, as 'file.py:12 in train'."""
    line: int | None = code.co_firstlineno
    for start, end, at in code.co_lines():
        if start <= instruction < end:
            line = at
    return line_in(code, line)


def line_in(code: CodeType, line: int | None) -> str:
    """Name a line of a function: 'file.py:12 in train', or in a notebook 'cell [3] line 5'."""
    place = line_of(code.co_filename, line)
    is_whole_cell = code.co_name == "<module>" and place.startswith("cell ")
    return place if is_whole_cell else f"{place} in {code.co_name}"


#: The files of lines shown in messages, by the names used there.
shown_files: dict[str, str] = {}
_NEIGHBOURS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")


def line_of(file: str, line: int | None) -> str:
    """Name a line without its function: 'file.py:12', or 'cell [3] line 5'.

    Paths are relative to the folder that contains this package.
    """
    cell = _cell(file)
    shown = cell or file.removeprefix(_NEIGHBOURS)
    shown_files[shown] = file
    return f"{shown} line {line}" if cell else f"{shown}:{line}"


def _cell(file: str) -> str:
    """Name the notebook cell behind a file; only IPython knows its number."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    number_of = getattr(getattr(shell, "compile", None), "format_code_name", None)
    label_and_number = number_of(file) if number_of else None
    return f"cell {label_and_number[1].removeprefix('In')}" if label_and_number else ""


def quoted_name(node: Node | None) -> str:
    """Quote the name of a leaf, to follow its shape in a message; empty without a name."""
    return f" '{node.name}'" if isinstance(node, Leaf) and node.name else ""


def call_site() -> tuple[int, str]:
    """Return the next node number and the line of the user's code that is being executed."""
    frame = user_frame(getframe(1))
    return next_number(), line_in(frame.f_code, frame.f_lineno)


_EXITS_NOTED = 8  # per line: noted nodes keep their graphs while the function runs


def note_exit(how: str, node: Node | None) -> None:
    """Remember that `node` leaves the graph here, if a function is being differentiated."""
    run = current_run()
    if run is not None and node is not None:
        frame = user_frame(getframe(1))
        _, nodes, _ = run.exits.setdefault((frame.f_code, frame.f_lasti), (how, [], ()))
        if len(nodes) < _EXITS_NOTED:
            nodes.append(node)
