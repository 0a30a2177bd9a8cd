"""Changes to arrays after they were recorded: noticed, or harmless.

    buf[:] = batch                  a buffer that is filled again and again
    loss = loss + (w * buf).sum()   the gradient is that of the values at this call

A rule reads arrays long after the call that was recorded, and NumPy lets anybody write to them in
between. So a node keeps copies of others' arrays, up to `COPIED` bytes; of larger ones some hundred
elements are noted with the node, and compared when the backward pass visits it. If `t.data` hands
out an array while a node keeps it, its whole content is noted, and compared for older nodes; from
then on it counts as somebody else's, until nobody else holds it. Changes through a Tensor
(`t += 1`) are noted with their lines.

Read `op.py` next: it keeps what rules read.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from sys import getrefcount
from types import CodeType
from typing import Any

import numpy as np

from .errors import GraphError
from .node import Node, getframe, next_number, quoted_name, source_line, user_frame
from .operands import is_array
from .typing import Array

#: The number of an input or the name of an option, an array, what is looked at, what that was.
_Watched = tuple[int | str, Any, Callable[[Any], bytes], bytes]

COPIED = 1 << 18  #: bytes of an array up to which a node keeps a copy

_latest = -1


def latest() -> int:
    """Return the number before which nodes may need an array that has been changed."""
    return _latest


# -- arrays that others hold ----------------------------------------------------------------------


#: Tensors whose array `t.data` handed out since the last operation: most are let go of at once. It
#: holds something for as long as there are others, so that operations have to look here only.
fresh: list[Any] = []

#: The arrays among them that others held on to, and may write to, by id.
exposed: dict[int, weakref.ref[Any]] = {}

_ndarray = np.ndarray
_reference = weakref.ref
_MANY = 256


def expose(tensor: Any) -> None:
    """Note that the array of a tensor is handed out: from now on others may write to it."""
    array = tensor._array
    if type(array) is _ndarray and array.base is None and getrefcount(array) < _ALONE:
        fresh.append(_reference(tensor))
        if len(fresh) > _MANY:
            settle()
        return
    owner = owner_of(array)
    if type(owner) is _ndarray:
        _register(owner)
        _note(owner)  # a node may keep it already


def _register(owner: Any) -> None:
    key = id(owner)
    if key not in exposed:
        exposed[key] = _reference(owner, lambda _: exposed.pop(key, None))
        fresh.append(_nobody)


def _nobody() -> None:
    """Stand for the exposed arrays in `fresh`."""


def settle(*operands: Any) -> bool:
    """Sort out which arrays that `t.data` handed out are still held by somebody else, if any.

    Called by operations before they take an operand apart, while there are any. An optimizer reads
    `.data` of each parameter, and lets go of it: the next step is as fast as if it had not. A view
    keeps its owner exposed, because who holds it cannot be told.
    """
    try:
        while True:  # one by one: other threads may add some, and settle too
            tensor = fresh.pop()()
            if tensor is not None:
                array = tensor._array
                if getrefcount(array) >= _ALONE:
                    _register(array)
    except IndexError:
        pass  # that was the last
    for x in operands if exposed else ():
        array = getattr(x, "_array", None)
        if id(array) in exposed and getrefcount(array) < _ALONE:
            exposed.pop(id(array), None)
            _contents.pop(id(array), None)
    if exposed:
        fresh.append(_nobody)
    return bool(exposed)


#: The watched arrays of the node whose rule is being recorded, if that is a rule of this package;
#: its arrays are copies, or large ones among these, or its own results. Otherwise None.
in_our_rule: ContextVar[Sequence[_Watched] | None] = ContextVar("in_our_rule", default=None)


def may_change(array: Any) -> bool:
    """Whether somebody else may write to an array that an operation was given."""
    watched = in_our_rule.get()
    return watched is None or (bool(watched) and getattr(array, "nbytes", 0) > COPIED)


def secure(node: Node, operands: Sequence[Any]) -> None:
    """Have a node keep what its arrays hold now: called where others may write to some of them.

    `operands`: what the call was given. Copies replace arrays of up to `COPIED` bytes; what larger
    ones hold is noted in `node.watched`.
    """
    saved = node.saved
    watched: list[_Watched] = []
    for i, given in enumerate(operands, 1):
        is_tensor = hasattr(given, "_array")
        if is_tensor and not exposed:
            continue
        array = saved[i]
        if type(array) is _ndarray:
            kept = _secured(i - 1, array, is_tensor, watched)
        elif array is not None and not is_tensor and is_array(array):
            kept = _copy_of_another_library(array)
        else:
            continue
        if kept is not array:
            saved = (*saved[:i], kept, *saved[i + 1 :])
    node.saved = saved
    if node.options:
        node.options = _secured_options(node, operands, watched)
    if watched:
        node.watched = tuple(watched)


def _secured(what: int | str, array: Any, is_tensor: bool, watched: list[_Watched]) -> Any:
    """Return an array, a copy of it, or an entry in `watched`."""
    if is_tensor and id(owner_of(array)) not in exposed:
        return array
    if array.nbytes <= COPIED:
        if not array.ndim and not array.flags.writeable:
            return array  # a number: see operands.number
        return array.copy("K")
    for _, known, look, held in in_our_rule.get() or ():
        if owner_of(known) is owner_of(array):
            watched.append((what, known, look, held))
            return array
    look = content if is_tensor else samples
    watched.append((what, array, look, look(array)))
    return array


def _secured_options(
    node: Node, operands: Sequence[Any], watched: list[_Watched]
) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    for key, value in node.options.items():
        if type(value) in (_ndarray, tuple, list):
            if key == node.op.residual and not _shares(value, operands):
                continue
            kept = _secured_within(key, value, watched)
            if kept is not value:
                changed[key] = kept
    return {**node.options, **changed} if changed else node.options


def _shares(residual: Any, operands: Sequence[Any]) -> bool:
    """Whether a residual may be a view of what a call was given."""
    theirs = {id(owner_of(getattr(x, "_array", x))) for x in operands}
    parts = residual if isinstance(residual, tuple | list) else (residual,)
    return any(id(owner_of(x)) in theirs for x in parts)


def _secured_within(key: str, value: Any, watched: list[_Watched]) -> Any:
    if type(value) is _ndarray:
        return _secured(key, value, False, watched) if value.dtype.kind != "O" else value
    if type(value) is tuple or type(value) is list:
        parts = [_secured_within(key, part, watched) for part in value]
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
_SAMPLES = 256
_BLOCK = 4093  # words of eight bytes

_Place = tuple[CodeType, int]
_Content = tuple[int, bytes, _Place]  # from which node number on, what, and the line that noted it

#: By the id of the array: a weak reference, and its contents, the latest last.
_contents: dict[int, tuple[weakref.ref[Any], list[_Content]]] = {}


def samples(array: Array) -> bytes:
    """Return the bytes of some hundred elements of an array.

    They lie an odd number of elements apart, so that they fall into all columns of a matrix.
    """
    return bytes(array.ravel("K")[:: (array.size // _SAMPLES) | 1].tobytes())


def content(array: Array) -> bytes:
    """Return what an array holds: all of it, or of a larger one sums of its bits, and samples.

    Every bit counts in one of the sums, at a fifth of what a product of the elements takes; the
    samples see what sums do not, elements that change places.
    """
    if array.nbytes <= 8 * _BLOCK:
        return bytes(array.tobytes())
    flat = array.ravel("K")  # a view, if it is contiguous in any order
    octets = flat.view(np.uint8)
    whole = octets.size - octets.size % (8 * _BLOCK)
    sums = np.add.reduce(octets[:whole].view(np.uint64).reshape(-1, _BLOCK), axis=1)
    return bytes(sums.tobytes()) + bytes(octets[whole:].tobytes()) + samples(flat)


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
    _latest = max(_latest, next_number())


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


def check_watched(node: Node) -> None:
    """Raise `GraphError` if a large array changed after `node` was recorded."""
    for what, array, look, held in node.watched or ():
        if look(array) != held:
            what = f"input {what}" if isinstance(what, int) else what
            raise changed(node, f"by NumPy: its {what}, which is larger than what nodes copy")


def check_unchanged(node: Node) -> None:
    """Raise `GraphError` where an array that the rules of `node` read is not as it was.

    That is by changes through Tensors, and by those to arrays that `t.data` handed out since.
    """
    for what, array in _kept_by(node):
        owner = owner_of(array)
        key = id(owner)
        if key in _changes:
            line = line_of_change(owner, node.number)
            if line:
                raise changed(node, f"in place afterwards ({line}): its {what}")
        if key in _contents:
            place = _place_before_change(owner, _contents[key][1], node.number)
            if place is not None:
                raise changed(
                    node,
                    f"by NumPy: its {what}, through `t.data` or as the array itself, after "
                    f"{source_line(*place)}",
                )


def line_of_change(array: Any, number: int) -> str:
    """Find the line that changed an array through a Tensor after node `number`; or ''."""
    change = _changes.get(id(owner_of(array)))
    return change[2] if change is not None and change[1] > number else ""


def changed(node: Node, how: str) -> GraphError:
    """Make the error for an array that was changed although `node` still needs it."""
    return GraphError(
        f"backward: an array that {node.op.name} ({node.source()}) still needs was changed {how}; "
        f"make that change after backward(), as an optimizer's step, or on a copy"
    )


def _kept_by(node: Node) -> Iterator[tuple[str, Any]]:
    """Yield the arrays that the rules of a node read, with words for each."""
    out, *inputs = node.saved
    for y in out if isinstance(out, tuple) else (out,):
        yield "output", y
    for i, (x, parent) in enumerate(zip(inputs, node.parents, strict=True)):
        yield f"input {i}{quoted_name(parent)}", x
    for key, value in node.options.items():
        for x in value if type(value) is tuple else (value,):
            yield key, x


def _place_before_change(array: Any, history: list[_Content], number: int) -> _Place | None:
    """Find where an array was handed out, if it has changed since node `number`; or None.

    An array that a node keeps uncopied was first handed out after it, unchanged until then.
    """
    after = [noted for noted in history if noted[0] > number]
    if not after:
        return None
    _, held, place = after[0]
    is_known = len(after) < _KEPT  # else it changed so often since that it was forgotten
    return None if is_known and content(array) == held else place


def owner_of(array: Any) -> Any:
    """Return the array that owns the memory of `array`."""
    if type(array) is not _ndarray:
        base = getattr(array, "base", None)
        return base if is_array(base) else array
    while (base := array.base) is not None:
        if not isinstance(base, _ndarray):  # as_strided puts an object between the two
            base = getattr(base, "base", None)
        if not isinstance(base, _ndarray):
            break
        array = base
    return array


def _alone() -> int:
    """Count the references to an array that one place, a variable and somebody else hold."""
    holder = [np.empty(0)]
    array = holder[0]
    return getrefcount(array) + 1


_ALONE = _alone()
