"""Arrays that are changed after they were recorded: noticed, or harmless.

    buf[:] = batch                  a buffer that is filled again and again
    loss = loss + (w * buf).sum()   the gradient is that of the values at this call

A rule reads arrays long after the call that was recorded, and NumPy lets anybody write to them in
between. So what a node keeps of others' arrays is a copy, up to `COPIED` bytes; of larger ones, and
of the arrays that `t.data` has handed out, the content is noted, and compared when the backward
pass comes to a node that is older than the latest note. What is changed through a Tensor
(`t += 1`) is noted with its line.

Read `op.py` next: it keeps what rules read.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterator
from types import CodeType
from typing import Any

import numpy as np

from .errors import GraphError
from .node import Node, getframe, next_number, quoted_name, source_line, user_frame
from .operands import NUMBERS

COPIED = 1 << 18  #: bytes of an array up to which a node keeps a copy

_latest = -1


def latest() -> int:
    """The number before which nodes may need an array that has been changed."""
    return _latest


# -- arrays that others hold ----------------------------------------------------------------------


#: Arrays of tensors that `t.data` handed out, by id, for as long as somebody may hold them.
exposed: dict[int, weakref.ref[Any]] = {}
_fresh: set[int] = set()  # those since the last operation
_ndarray = np.ndarray


def expose(tensor: Any) -> None:
    """Note that the array of a tensor is handed out: from now on others may write to it."""
    array = tensor._array
    owner = owner_of(array)
    if type(owner) is not _ndarray:
        return
    key = id(owner)
    if key not in exposed:
        exposed[key] = weakref.ref(owner, lambda _: _forget(key))
    # Who holds a view cannot be told from who holds its owner: then it stays exposed.
    is_owner = owner is array
    del array
    if is_owner:
        _fresh.add(key)
    if not is_owner or not _is_alone(owner):  # a node may keep it already
        _note(owner)


def _forget(key: int) -> None:
    exposed.pop(key, None)
    _fresh.discard(key)


def settle(*operands: Any) -> None:
    """Forget exposed arrays that nobody but their own tensor holds any more.

    Called by operations before they take an operand apart, only while there are any. An optimizer
    reads `.data` of each parameter, and lets go of it: the next step is as fast as if it had not.
    """
    global _fresh
    if _fresh:
        keys, _fresh = _fresh, set()
        for key in keys:
            _drop_if_alone(key)
    for x in operands:
        key = id(getattr(x, "_array", None))
        if key in exposed:
            _drop_if_alone(key)


def _drop_if_alone(key: int) -> None:
    reference = exposed.get(key)
    owner = reference() if reference is not None else None
    if owner is not None and _is_alone(owner):
        del exposed[key]
        _contents.pop(key, None)


def _is_alone(owner: Any) -> bool:
    """Whether one place holds the array, besides the variable of the caller."""
    return sys.getrefcount(owner) <= _ALONE


def held(array: Any, given: Any) -> Any:
    """An array as a node may keep it, which was `given` in a call as a tensor or as itself."""
    owner = array
    if hasattr(given, "_array"):
        owner = owner_of(array)
        if id(owner) not in exposed:
            return array
    elif type(array) in NUMBERS:
        return array
    if type(array) is not _ndarray:
        return _copy_of_another_library(array)
    if array.nbytes <= COPIED:
        return array.copy(order="K")
    _note(owner)
    return array


def held_options(options: dict[str, Any], residual: str | None) -> dict[str, Any]:
    """The options of a call, with indices, masks and the like as a node may keep them."""
    changed = {}
    for key, value in options.items():
        if type(value) in (_ndarray, tuple, list) and key != residual:
            kept = _held_within(value)
            if kept is not value:
                changed[key] = kept
    return {**options, **changed} if changed else options


def _held_within(value: Any) -> Any:
    if type(value) is _ndarray:
        return held(value, value) if value.dtype.kind != "O" else value
    if type(value) is tuple or type(value) is list:
        parts = [_held_within(part) for part in value]
        if type(value) is tuple and all(a is b for a, b in zip(parts, value, strict=True)):
            return value
        return type(value)(parts)
    return value


def _copy_of_another_library(array: Any) -> Any:
    if hasattr(array, "copy") and getattr(array, "nbytes", COPIED + 1) <= COPIED:
        return array.copy()
    return array


# -- what arrays held -----------------------------------------------------------------------------

_KEPT = 16  # contents of one array that are remembered: a graph is seldom older than one step
_SAMPLES = 1024
_BLOCK = 4093  # words of eight bytes

_Place = tuple[CodeType, int]
_Content = tuple[int, bytes, _Place]  # from which node number on, what, and the line that noted it

#: By the id of the array: a weak reference, and its contents, the latest last.
_contents: dict[int, tuple[weakref.ref[Any], list[_Content]]] = {}


def content(array: Any) -> bytes:
    """What an array holds: all of it, or of a larger one sums of its bits, and samples.

    Every bit counts in one of the sums, at a fifth of what a product of the elements takes; the
    samples see what sums do not, elements that change places.
    """
    if array.nbytes <= 8 * _BLOCK:
        return array.tobytes()
    if not array.flags.c_contiguous:
        array = array.T if array.flags.f_contiguous else np.ascontiguousarray(array)
    flat = array.reshape(-1)
    octets = flat.view(np.uint8)
    whole = octets.size - octets.size % (8 * _BLOCK)
    sums = np.add.reduce(octets[:whole].view(np.uint64).reshape(-1, _BLOCK), axis=1)
    samples = flat[:: flat.size // _SAMPLES]
    return sums.tobytes() + octets[whole:].tobytes() + samples.tobytes()


def _note(array: Any) -> None:
    """Remember what an array holds from now on."""
    global _latest
    now, key = content(array), id(array)
    known = _contents.get(key)
    if known is None or known[0]() is not array:
        reference = weakref.ref(array, lambda _: _contents.pop(key, None))
        known = _contents[key] = reference, []
    history = known[1]
    if not history or history[-1][1] != now:
        frame = user_frame(getframe(2))
        history.append((next_number(), now, (frame.f_code, frame.f_lasti)))
        del history[:-_KEPT]
    # The node that is being made gets one of the next numbers, and is to be looked at, too.
    _latest = max(_latest, next_number() + _NUMBERS_AHEAD)


_NUMBERS_AHEAD = 8


# -- changes through a Tensor ---------------------------------------------------------------------

#: For arrays changed through a Tensor: a weak reference, the time (as a node number), the line.
_changes: dict[int, tuple[weakref.ref[Any], int, str]] = {}


def note_change(array: Any, number: int, source: str) -> None:
    """Remember that `array` was written to, so that nodes which still need it can object."""
    global _latest
    _latest = max(_latest, number)
    array = owner_of(array)
    key = id(array)
    _changes[key] = (weakref.ref(array, lambda _: _changes.pop(key, None)), number, source)


# -- in the backward pass -------------------------------------------------------------------------


def check_unchanged(node: Node) -> None:
    """Raise `GraphError` where an array that the rules of `node` read is not as it was."""
    for what, array in _kept_by(node):
        line = line_of_change(array, node.number)
        if line:
            raise changed(node, f"in place afterwards ({line}): its {what}")
        noted = array if id(array) in _contents else owner_of(array)
        known = _contents.get(id(noted))
        if known is not None:
            place = _place_before_change(noted, known[1], node.number)
            if place is not None:
                raise changed(
                    node,
                    f"by NumPy: its {what}, through `t.data` or as the array itself, after "
                    f"{source_line(*place)}",
                )


def line_of_change(array: Any, number: int) -> str:
    """The line that changed an array through a Tensor after a node of this number; or ''."""
    change = _changes.get(id(owner_of(array)))
    return change[2] if change is not None and change[1] > number else ""


def changed(node: Node, how: str) -> GraphError:
    """The error that an array which `node` still needs was changed."""
    return GraphError(
        f"backward: an array that {node.op.name} ({node.source()}) still needs was changed {how}; "
        f"make that change after backward(), as an optimizer's step, or on a copy"
    )


def _kept_by(node: Node) -> Iterator[tuple[str, Any]]:
    """The arrays that the rules of a node read, and what they are."""
    out, *inputs = node.saved
    for y in out if isinstance(out, tuple) else (out,):
        yield "output", y
    for i, (x, parent) in enumerate(zip(inputs, node.parents, strict=True)):
        yield f"input {i}{quoted_name(parent)}", x
    for key, value in node.options.items():
        for x in value if type(value) is tuple else (value,):
            yield key, x


def _place_before_change(array: Any, history: list[_Content], number: int) -> _Place | None:
    """Where an array was noted last that has changed since a node of this number; or None."""
    before = [noted for noted in history if noted[0] < number]
    if not before and len(history) == _KEPT:
        return history[0][2]  # what it held then is forgotten, because it changed so often since
    _, held, place = before[-1] if before else history[0]
    return None if content(array) == held else place


def _arrays_of(node: Node) -> Iterator[Any]:
    out, *inputs = node.saved
    yield from out if isinstance(out, tuple) else (out,)
    yield from inputs
    for value in node.options.values():
        yield from value if type(value) is tuple else (value,)


def owner_of(array: Any) -> Any:
    """The array that owns the memory which `array` may be a view of."""
    while hasattr(base := getattr(array, "base", None), "__array_function__"):
        array = base
    return array


def _baseline() -> int:
    """What `sys.getrefcount` says of an array that one place holds, and one variable."""
    holder = [np.empty(0)]
    owner = holder[0]
    return _count(owner)


def _count(owner: Any) -> int:
    return sys.getrefcount(owner)


_ALONE = _baseline()
