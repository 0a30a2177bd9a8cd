"""Operations: a function, its gradient rules, and how a call of it is recorded.

An `Op` pairs a function with one vector-Jacobian product (VJP) per input, and `rule` makes it:

    rule(np.exp,      lambda g, y, *_: g * y)
    rule(np.multiply, lambda g, _, __, y: g * y,
                      lambda g, _, x, __: g * x)

A VJP takes `(g, out, *inputs, **options)`, which are the cotangent of the output, the output
and the inputs, and returns the cotangent of its own input. It is written in plain NumPy: on
arrays it computes a gradient, on Tensors it computes and records one, so that the gradient can
be differentiated again. It must not change `g`.

The names of its parameters say what a recorded call keeps for it:

    x       the array
    _x      the shape and dtype only (`_x.shape`, `_x.dtype`, `_x.ndim`, `_x.size`)
    _, *_   nothing (any number of underscores)

Parameters with a default value are the operation's options (`axis=None`). An option that the
rules do not name is refused when the function is called: it cannot be ignored silently.

Read `backward.py` next: it walks what is recorded here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .changes import fresh, in_our_rule, may_change, secure, settle
from .errors import AutogradError, DTypeError, ShapeError
from .grad_mode import current_scope, grad_enabled, observer
from .node import (
    ENGINE_FILES,
    NO_OPTIONS,
    Node,
    ShapeDtype,
    current_run,
    fill,
    getframe,
    note_exit,
    quoted_name,
    user_frame,
)
from .operands import NUMBERS, PLAIN_OPTIONS, argument, number, operand
from .recorded import Recorded
from .signatures import (
    ARRAY,
    NO_DEFAULT,
    NOTHING,
    SHAPE,
    Reads,
    drop_defaults,
    positional_parameters,
)

VJP = Callable[..., Any]

# -- operations ---------------------------------------------------------------------------------


class Op:
    """A differentiable function: call it on arrays, or on Tensors to have the call recorded."""

    __slots__ = (
        "__dict__",  # what `help` and editors read of the function
        "_plans",
        "_signature",
        "apply",
        "arity",
        "constants",
        "elementwise",
        "extension",
        "forward",
        "function",
        "is_fast",
        "is_ours",
        "joint",
        "name",
        "options",
        "reads",
        "residual",
        "vjps",
    )

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        vjps: tuple[VJP | None, ...] = (),
        joint: VJP | None = None,
        elementwise: bool = False,
        residual: str | None = None,
        forward: Callable[..., Any] | None = None,
    ) -> None:
        functools.update_wrapper(self, function)
        self.name = self.__name__ = name.strip("_")
        self.function = function
        self.forward = forward or function
        self._signature: tuple[list[str], dict[str, Any]] | None = None
        self._plans: dict[tuple[bool, ...], tuple[bool, list[int]]] = {}
        self.vjps = vjps
        self.joint = joint
        self.arity = None if joint else len(vjps)  # None: any number of inputs
        self.constants = None in vjps  # some inputs never carry a gradient
        self.elementwise = elementwise
        self.residual = residual
        self.reads = tuple(Reads(v) for v in ((joint,) if joint else vjps))
        for read in self.reads:
            if not joint and read.count not in (None, self.arity, -1):
                raise TypeError(
                    f"rule({self.name}): a rule takes {read.count} inputs after (g, out), but "
                    f"there are {self.arity} rules; give one rule per input (None: no gradient), "
                    f"each with the parameters (g, out, *inputs)"
                )
        named = frozenset().union(*(r.options for r in self.reads))
        for place, read in enumerate(self.reads):
            missing = named - read.options
            if missing and not read.any_option:
                raise TypeError(
                    f"rule({self.name}): the rule for input {place} does not name the options "
                    f"{', '.join(sorted(missing))}, which another one names; every rule is given "
                    f"all of them"
                )
        self.options = named - {residual}
        #: What to call where an option is given that no rule names, and the options it names.
        self.extension: tuple[Callable[..., Any], frozenset[str]] | None = None
        self.is_fast = False
        self.is_ours = False  # whether its rules are of this package

    apply: Callable[..., Any]  #: the operation on its inputs, without options, as fast as can be

    def __getattr__(self, name: str) -> Any:
        if name == "apply":  # it was not made fast, and calls of a user's rule do not need it
            return self
        raise AttributeError(f"'Op' object has no attribute '{name}'")

    def make_fast(self) -> None:
        """Unroll the calls of an operation that is never freed: `apply` refers to it in turn.

        One that is made inside a function has none, so that it goes with its last reference.
        """
        if all(self.vjps) and not self.residual and self.arity in (1, 2):
            self.apply = _unary(self) if self.arity == 1 else _binary(self)
            self.is_fast = True

    def __repr__(self) -> str:
        return f"<Op {self.name}>"

    def __get__(self, instance: object, owner: type | None = None) -> Op:
        """Make `inspect.isroutine` true, so that `help` shows the function's own page."""
        return self

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Apply to `args`, and record the call where one of them requires a gradient.

        Arrays give what the plain function gives. With a Tensor among them the result is a
        Tensor, or a tuple of Tensors for a function of several outputs. Raises
        `NotDifferentiableError` for an option that the rules do not honour.
        """
        if self.arity is not None:
            if options or len(args) != self.arity:
                args, options, extension = self._bind(args, options)
                if extension is not None:
                    inputs = [argument(x, self.name, i) for i, x in enumerate(args)]
                    options = {key: argument(x, self.name, key) for key, x in options.items()}
                    return extension(*inputs, **options)
            elif self.is_fast:
                return self.apply(*args)
        others = settle(*args) if fresh else False  # whether a node must keep copies
        arrays: list[Any] = []
        parents: list[Node | None] = []
        on_tensors = False
        for i, x in enumerate(args):
            if not isinstance(x, Recorded) and type(x) not in NUMBERS:
                x = _operand(x, self, i)
                others = others or may_change(x)
            if isinstance(x, Recorded):
                on_tensors = True
                arrays.append(x._array)
                parents.append(x.node)
            else:
                arrays.append(x)
                parents.append(None)
        if (
            options
            and not PLAIN_OPTIONS.issuperset(map(type, options.values()))
            and in_our_rule.get() is None
        ):
            options = {key: argument(x, self.name, key) for key, x in options.items()}
            others = True
        try:
            out = self.forward(*arrays, **options)
        except Exception as error:
            _explain(self, error, arrays, parents)
            raise
        if self.residual is not None:
            if type(out) is not tuple or len(out) != 2:
                raise TypeError(
                    f"{self.name}: with residual='{self.residual}' the forward function must "
                    f"return (out, {self.residual}), got {kind_of(out)}"
                )
            out, residual = out
            options = {**options, self.residual: residual}
        return self._record(out, arrays, parents, options, args, others) if on_tensors else out

    def _record(
        self,
        out: Any,
        arrays: list[Any],
        parents: list[Node | None],
        options: dict[str, Any],
        given: Sequence[Any],
        others: bool,
    ) -> Any:
        """Wrap the output of a call that has been computed, with its node if it needs one.

        `given`: the inputs as they were passed, of which the `arrays` were taken; `others`: whether
        somebody else may write to any of these, or of the options.
        """
        several = isinstance(out, _LISTS)
        if several:
            out = tuple(_as_array(o, self) for o in out)
        elif type(out) is not _ndarray:
            out = _as_array(out, self)
        recording = current_scope() is None or _recording(self, arrays, parents, out, options)
        if not several and out.dtype.kind not in "fc":
            return out  # integers and booleans carry no gradient
        if self.constants:
            parents = [p if vjp else None for p, vjp in zip(parents, self.vjps, strict=True)]
        if not recording or not any(parents):
            return tuple(Recorded._of(o, None) for o in out) if several else Recorded._of(out, None)
        keep_out, levels = self.plan(tuple([p is not None for p in parents]))
        saved = [out if keep_out else None]
        for x, parent, level in zip(arrays, parents, levels):  # noqa: B905 - a hot loop
            saved.append(x if level == ARRAY else _kept(x, parent) if level else None)
        frame = user_frame(getframe(2))
        if not several:
            node = fill(
                _new(Node), self, tuple(parents), tuple(saved), options, out.shape, out.dtype, frame
            )
            if others:
                secure(node, given)
            return Recorded._of(out, node)
        # Each of several outputs hangs from the node by a node of its own, which knows its place.
        specs = tuple(ShapeDtype(o.shape, o.dtype) for o in out)
        trunk = fill(_new(Node), self, tuple(parents), tuple(saved), options, (), _SEVERAL, frame)
        if others:
            secure(trunk, given)
        return tuple(Recorded._of(o, _output_node(trunk, i, specs)) for i, o in enumerate(out))

    def plan(self, wanted: tuple[bool, ...]) -> tuple[bool, list[int]]:
        """Whether to keep the output, and how much of each input, for those that are `wanted`."""
        plan = self._plans.get(wanted)
        if plan is None:
            reads = self.reads
            if self.joint is None:
                reads = tuple(r for r, w in zip(reads, wanted, strict=True) if w)
            places = range(len(wanted))
            levels = [max((r.level(i) for r in reads), default=NOTHING) for i in places]
            plan = self._plans[wanted] = (any(r.out for r in reads), levels)
        return plan

    def _bind(
        self, args: tuple[Any, ...], options: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any], Callable[..., Any] | None]:
        """Sort the arguments of a call into inputs and options, as NumPy's signature has them.

        The third is what to call with them where no rule names one of the options.
        """
        options = {key: value for key, value in options.items() if value is not np._NoValue}
        if len(args) == self.arity and options.keys() <= self.options:
            return args, options, None
        if self._signature is None:
            self._signature = positional_parameters(self.function)
        names, defaults = self._signature
        names = names or [f"x{i}" for i in range(self.arity or 0)]
        if len(args) > len(names):
            raise TypeError(f"{self.name} takes at most {len(names)} arguments, got {len(args)}")
        bound = dict(zip(names, args, strict=False))
        for key, value in options.items():
            if key in bound:
                raise TypeError(f"{self.name} got two values for the argument '{key}'")
            bound[key] = value
        for name in names[: self.arity]:
            if bound.setdefault(name, defaults.get(name, NO_DEFAULT)) is NO_DEFAULT:
                raise TypeError(f"{self.name} misses its argument '{name}'")
        inputs = tuple(bound.pop(name) for name in names[: self.arity])
        extension, known = self.extension or (None, self.options)
        drop_defaults(self.name, bound, known, defaults)
        return inputs, bound, None if bound.keys() <= self.options else extension


def _explain(op: Op, error: Exception, arrays: list[Any], parents: list[Node | None]) -> None:
    """Add to NumPy's complaint the names and the shapes that it leaves out."""
    if isinstance(error, AutogradError):
        return
    if any(x is None for x in arrays):
        names, defaults = positional_parameters(op.function)
        for name, x in zip(names or ("x1", "x2", "x3"), arrays, strict=False):
            if x is None and defaults.get(name, NO_DEFAULT) is NO_DEFAULT:
                raise DTypeError(f"{op.name}: {name} is None; pass an array") from error
    shapes = ", ".join(
        f"{np.shape(x)}{quoted_name(parent)}" for x, parent in zip(arrays, parents, strict=True)
    )
    if type(error) in (ValueError, np.exceptions.AxisError):
        said = str(error).removeprefix(f"{op.name}: ").rstrip()
        raise ShapeError(f"{op.name}: {said} (inputs of shape {shapes})") from error
    error.add_note(f"in {op.name}, whose inputs have the shapes {shapes}")


def _recording(
    op: Op,
    arrays: list[Any],
    parents: list[Node | None],
    out: Any,
    options: dict[str, Any] = NO_OPTIONS,
) -> bool:
    """Where a block of `grad_mode.py` is open: tell its observer, and say whether to record."""
    observing = observer()
    if observing is not None:
        observing.computed(op, arrays, parents, out, options)
    if grad_enabled():
        return True
    if current_run() is not None:
        note_exit(f"{op.name} under no_grad", next(filter(None, parents), None))
    return False


def _kept(x: Any, parent: Node | None) -> ShapeDtype:
    """The shape and dtype of an input: its node knows them."""
    return parent or ShapeDtype(np.shape(x), np.result_type(x))


def _as_array(x: Any, op: Op) -> Any:
    """NumPy gives scalars where a result has no axes; a Tensor always holds an array."""
    if isinstance(x, np.generic):
        return np.asarray(x)
    if hasattr(x, "dtype"):
        return x
    if isinstance(x, int | float | complex):
        return np.asarray(x)
    raise TypeError(
        f"{op.name}: the forward function returned {kind_of(x)}; it must return an array, or a "
        f"tuple of arrays"
    )


def kind_of(x: Any) -> str:
    """Name the kind of an object, for a message."""
    if x is None:
        return "nothing"
    name = type(x).__name__
    return f"a {name} of {len(x)}" if isinstance(x, tuple | list) else f"a {name}"


# -- the hot path -------------------------------------------------------------------------------
# An operation on a small array costs as much in Python as in NumPy. These two are
# `Op.__call__` for one and for two inputs without options, unrolled; a test holds them to
# recording the same.

_new = object.__new__
_ndarray, _generic, _asarray = np.ndarray, np.generic, np.asarray
_LISTS = (list, tuple)


def _operand(x: Any, op: Op, place: int) -> Any:
    """An operand that is no Tensor: an array, or the Tensor that joins the tensors of a list."""
    if type(x) in _LISTS:
        x = joined(x)
        if isinstance(x, Recorded):
            return x
    return operand(x, op.name, place, op.constants and op.vjps[place] is None)


def joined(x: Any) -> Any:
    """Nested lists and tuples that hold tensors as one Tensor; all else as it is."""
    return _stacked(x) if _holds_tensors(x) else x


def _holds_tensors(x: Any) -> bool:
    return isinstance(x, list | tuple) and any(
        isinstance(part, Recorded) or _holds_tensors(part) for part in x
    )


def _stacked(x: Any) -> Any:
    if not isinstance(x, list | tuple) or not x:
        return x
    return np.stack([_stacked(part) for part in x])


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
            _explain(op, error, [x._array], [x.node])
            raise
        if type(out) is not _ndarray:
            if isinstance(out, _generic):
                out = _asarray(out)
            elif isinstance(out, _LISTS):
                return op._record(out, [x._array], [x.node], NO_OPTIONS, (x,), exposed)
            else:
                out = _as_array(out, op)
        result = _new(Recorded.of_results)
        result._array = out
        parent = x.node
        outside = current_scope() is not None and not _recording(op, [x._array], [parent], out)
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
                    b = _operand(y, op, 1)
                    others = others or (keeps_y and may_change(b))
                    if isinstance(b, Recorded):
                        b, q = b._array, b.node
        elif isinstance(y, Recorded):
            a, p = x, None
            b, q = y._array, y.node
            if type(x) is float:
                a = weak(x, b)
            elif type(x) not in NUMBERS:
                a = _operand(x, op, 0)
                others = others or (keeps_x and may_change(a))
                if isinstance(a, Recorded):
                    a, p = a._array, a.node
        else:
            return forward(operand(x, op.name, 0), operand(y, op.name, 1))
        try:
            out = forward(a, b)
        except Exception as error:
            _explain(op, error, [a, b], [p, q])
            raise
        if type(out) is not _ndarray:
            if isinstance(out, _generic):
                out = _asarray(out)
            elif isinstance(out, _LISTS):
                return op._record(out, [a, b], [p, q], NO_OPTIONS, (x, y), others)
            else:
                out = _as_array(out, op)
        result = _new(Recorded.of_results)
        result._array = out
        outside = current_scope() is not None and not _recording(op, [a, b], [p, q], out)
        if outside or (p is None and q is None):
            result.node = None
            return result
        frame = getframe(1)
        while frame.f_code.co_filename in ENGINE_FILES:
            frame = frame.f_back  # type: ignore[assignment]
        keep_out, (level_x, level_y) = for_x if q is None else for_y if p is None else for_both
        saved = (
            out if keep_out else None,
            a if level_x == ARRAY else _kept(a, p) if level_x else None,
            b if level_y == ARRAY else _kept(b, q) if level_y else None,
        )
        result.node = node = fill(
            _new(Node), op, (p, q), saved, NO_OPTIONS, out.shape, out.dtype, frame
        )
        if others:
            secure(node, (x, y))
        return result

    return apply


# -- several outputs ----------------------------------------------------------------------------

#: One of several outputs of an operation; the backward pass gathers their cotangents.
OUTPUT = Op("output", lambda outputs: outputs)
_SEVERAL = np.dtype(object)  # the dtype of a node whose value is a tuple of arrays


def _output_node(trunk: Node, place: int, specs: tuple[ShapeDtype, ...]) -> Node:
    node = fill(
        _new(Node),
        OUTPUT,
        (trunk,),
        (None, None),
        {"place": place, "outputs": specs},
        specs[place].shape,
        specs[place].dtype,
        getframe(0),
    )
    node.code, node.instruction = trunk.code, trunk.instruction
    return node


def recorded_arguments(node: Node) -> tuple[list[Any], dict[str, Any]]:
    """What the rules read, as Tensors that are linked to the graph, and the options.

    Rules that run on these record the gradient they compute.
    """
    out, *inputs = node.saved
    if isinstance(out, tuple):
        specs = tuple(ShapeDtype(o.shape, o.dtype) for o in out)
        out = tuple(Recorded._of(o, _output_node(node, i, specs)) for i, o in enumerate(out))
    elif out is not None:
        out = Recorded._of(out, node)
    linked = [
        x if p is None or x is None or isinstance(x, ShapeDtype) else Recorded._of(x, p)
        for x, p in zip(inputs, node.parents, strict=True)
    ]
    options, residual = node.options, node.op.residual
    if residual is not None and getattr(options[residual], "dtype", _SEVERAL).kind not in "biu":
        options = {**options, residual: None}
    return [out, *linked], options
