"""Operations of one and two inputs, unrolled.

On a small array an operation costs as much in Python as in NumPy. The functions made here do what
`Op.__call__` does for inputs without options, and a test holds them to recording the same. Nothing
else is to be learned here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .changes import fresh, may_change, secure, settle
from .grad_mode import current_scope
from .node import ENGINE_FILES, NO_OPTIONS, Node, fill, getframe
from .op import Op, as_output, explain, is_recorded, kept, operand_of
from .operands import NUMBERS, number, operand
from .recorded import Recorded
from .signatures import ARRAY, SHAPE

_new = object.__new__
_ndarray, _generic, _asarray = np.ndarray, np.generic, np.asarray
_LISTS = (list, tuple)


def make_fast(op: Op) -> None:
    """Unroll the calls of an operation that is never freed: `apply` refers to it in turn.

    One that is made inside a function has none, so that it goes with its last reference.
    """
    if all(op.vjps) and not op.residual and op.arity in (1, 2):
        op.apply = _unary(op) if op.arity == 1 else _binary(op)
        op.is_fast = True


def _unary(op: Op) -> Callable[[Any], Any]:
    forward = op.forward
    keep_out, (level,) = op.plan((True,))
    keep_x, keep_shape = level == ARRAY, level == SHAPE

    def apply(x: Any) -> Any:
        if not isinstance(x, Recorded):
            return forward(operand(x, op.name))
        exposed = settle(x) if fresh else False
        try:
            out = forward(x._array)
        except Exception as error:
            explain(op, error, [x._array], [x.node])
            raise
        if type(out) is not _ndarray:
            if isinstance(out, _generic):
                out = _asarray(out)
            elif isinstance(out, _LISTS):
                return op._record(out, [x._array], [x.node], NO_OPTIONS, (x,), exposed)
            else:
                out = as_output(out, op)
        result = _new(Recorded.of_results)
        result._array = out
        parent = x.node
        outside = current_scope() is not None and not is_recorded(op, [x._array], [parent], out)
        if outside or parent is None:
            result.node = None
            return result
        frame = getframe(1)
        while frame.f_code.co_filename in ENGINE_FILES:
            frame = frame.f_back  # type: ignore[assignment]
        saved = (
            out if keep_out else None,
            x._array if keep_x else parent if keep_shape else None,
        )
        result.node = node = fill(
            _new(Node), op, (parent,), saved, NO_OPTIONS, out.shape, out.dtype, frame
        )
        if exposed:
            secure(node, (x,))
        return result

    return apply


def _as_it_is(x: float, _: Any) -> float:
    return x


def _binary(op: Op) -> Callable[[Any, Any], Any]:
    forward = op.forward
    for_x, for_y, for_both = op.plan((True, False)), op.plan((False, True)), op.plan((True, True))
    keeps_x, keeps_y = for_y[1][0] == ARRAY, for_x[1][1] == ARRAY  # where that is a constant
    weak = _as_it_is if op.function is np.power else number  # whose rule asks for a number

    def apply(x: Any, y: Any) -> Any:
        others = settle(x, y) if fresh else False  # whether the node must keep copies
        if isinstance(x, Recorded):
            a, p = x._array, x.node
            if isinstance(y, Recorded):
                b, q = y._array, y.node
            else:
                b, q = y, None
                if type(y) is float:
                    b = weak(y, a)
                elif type(y) not in NUMBERS:
                    b = operand_of(y, op, 1)
                    others = others or (keeps_y and may_change(b))
                    if isinstance(b, Recorded):
                        b, q = b._array, b.node
        elif isinstance(y, Recorded):
            a, p = x, None
            b, q = y._array, y.node
            if type(x) is float:
                a = weak(x, b)
            elif type(x) not in NUMBERS:
                a = operand_of(x, op, 0)
                others = others or (keeps_x and may_change(a))
                if isinstance(a, Recorded):
                    a, p = a._array, a.node
        else:
            return forward(operand(x, op.name, 0), operand(y, op.name, 1))
        try:
            out = forward(a, b)
        except Exception as error:
            explain(op, error, [a, b], [p, q])
            raise
        if type(out) is not _ndarray:
            if isinstance(out, _generic):
                out = _asarray(out)
            elif isinstance(out, _LISTS):
                return op._record(out, [a, b], [p, q], NO_OPTIONS, (x, y), others)
            else:
                out = as_output(out, op)
        result = _new(Recorded.of_results)
        result._array = out
        outside = current_scope() is not None and not is_recorded(op, [a, b], [p, q], out)
        if outside or (p is None and q is None):
            result.node = None
            return result
        frame = getframe(1)
        while frame.f_code.co_filename in ENGINE_FILES:
            frame = frame.f_back  # type: ignore[assignment]
        keep_out, (level_x, level_y) = for_x if q is None else for_y if p is None else for_both
        saved = (
            out if keep_out else None,
            a if level_x == ARRAY else kept(a, p) if level_x else None,
            b if level_y == ARRAY else kept(b, q) if level_y else None,
        )
        result.node = node = fill(
            _new(Node), op, (p, q), saved, NO_OPTIONS, out.shape, out.dtype, frame
        )
        if others:
            secure(node, (x, y))
        return result

    return apply
