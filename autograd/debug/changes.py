"""Arrays that NumPy changed after they were recorded, with the lines before and after the change.

The engine notices such a change, but not when it happened. Here each call notes the content of
every array that a rule will read. When the backward pass finds another content, the change lies
between two of these calls.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping, Sequence
from types import CodeType
from typing import Any

import numpy as np

from ..changes import changed, content, line_of_change
from ..node import Node, call_site, getframe, next_number, source_line, user_frame
from ..op import Op
from ..signatures import ARRAY
from ..typing import Array
from .words import origin

_KEPT = 16  # contents remembered for one array: a graph seldom outlives one step


class _Content:
    """The content of an array from a node number on, and the calls that saw it first and last."""

    __slots__ = ("first", "held", "last", "number")

    number: int
    held: bytes
    first: tuple[CodeType, int]
    last: tuple[CodeType, int]


class Contents:
    """The contents that recorded arrays have had."""

    def __init__(self) -> None:
        # By the id of the array, which is void once the array is gone. The latest content is last.
        self.known: dict[int, tuple[weakref.ref[Any], list[_Content]]] = {}

    def note(
        self,
        op: Op,
        arrays: Sequence[Any],
        parents: Sequence[Any],
        out: Array | tuple[Array, ...],
        options: Mapping[str, Any],
    ) -> None:
        """Note the arrays that the rules of an operation about to be recorded will read."""
        keep_out, levels = op.plan(tuple([p is not None for p in parents]))
        read = [x for x, level in zip(arrays, levels, strict=True) if level == ARRAY]
        if keep_out:
            read += out if isinstance(out, tuple) else (out,)
        if options:
            read += [x for _, x in _in_options(op, options)]
        if not read:
            return
        frame = user_frame(getframe(2))
        place = frame.f_code, frame.f_lasti
        for x in read:
            if not isinstance(x, np.ndarray):
                continue
            now = content(x)
            known = self.known.get(id(x))
            if known is None or known[0]() is not x:
                known = self.known[id(x)] = weakref.ref(x), []
            contents = known[1]
            if not contents or contents[-1].held != now:
                new = _Content()
                new.number, new.held, new.first = next_number(), now, place
                contents.append(new)
                del contents[:-_KEPT]
            contents[-1].last = place

    def check(self, node: Node) -> None:
        """Raise `GraphError` if an array that the rules of `node` read has changed."""
        for i, x in enumerate(node.saved):
            if isinstance(x, np.ndarray):
                self._compare(node, x, i)
            elif isinstance(x, tuple):
                for output in x:
                    self._compare(node, output, i)
        if node.options:
            for key, x in _in_options(node.op, node.options):
                self._compare(node, x, key)

    def _compare(self, node: Node, x: Any, place: int | str) -> None:
        known = self.known.get(id(x))
        if known is None or known[0]() is not x:  # recorded outside of the block
            return
        before = after = None
        for held in known[1]:
            if held.number < node.number:
                before = held
            elif after is None:
                after = held
        if before is None and len(known[1]) < _KEPT:  # recorded outside, and used again inside
            return
        if before is not None and before.held == content(x):
            return
        if line_of_change(x, node.number):
            return  # through a Tensor: the pass itself reports that
        what = f"its {place}" if isinstance(place, str) else "its output"
        if isinstance(place, int) and place > 0:
            what = f"its input {place - 1}, {origin(node.parents[place - 1])}"
        begin = source_line(*before.last) if before else node.source()
        end = source_line(*after.first) if after else f"backward() at {call_site()[1]}"
        raise changed(node, f"by NumPy: {what}, after {begin} and before {end}")


def _in_options(op: Op, options: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the indices and masks among the options; a float array is a result, not an input."""
    for key, value in options.items():
        if key != op.residual:
            for x in value if isinstance(value, tuple | list) else (value,):
                if isinstance(x, np.ndarray) and x.dtype.kind in "biu":
                    yield key, x
