"""Gradients of functions, and between tensors.

    grad(f)(x)                          the gradient of a scalar function
    grad(grad(f))(x)                    of a scalar: its second derivative, and so on
    jacobian(f)(x), hessian(f)(x)       all first, or second, derivatives
    hvp(f)(x, v)                        the Hessian times a vector, without the Hessian
    vjp(f, x), jvp(f, (x,), (v,))       cotangents pulled back, tangents pushed forward
    checkpoint(f)                       f, which remembers its inputs only and computes twice
    gradients(y, x)                     the gradient of a tensor with respect to others

Arguments may be arrays, or containers of arrays (`tree.py`), nested as one likes; gradients come in
the same containers. They are plain arrays, unless something outside can still differentiate them
(an enclosing `grad` that is still running, or a Tensor that the function also uses): then they are
Tensors. The arguments of a call that is over are constants to all others.

Complex numbers: the derivative of an output u + iv by a real x is du/dx + i dv/dx; the gradient of
a real f by z = x + iy is df/dx - i df/dy, and a holomorphic function has its derivative by z.

Read `gradcheck.py` next: how a gradient is known to be right.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from .backward import backward_pass, recorded_backward_pass
from .changes import COPIED, expose
from .errors import (
    DTypeError,
    GraphError,
    IndependentOutputWarning,
    NotDifferentiableError,
    ShapeError,
)
from .grad_mode import differentiated, enable_grad, grad_enabled
from .node import (
    FREED,
    LEAF,
    Argument,
    Node,
    Run,
    askers,
    current_run,
    getframe,
    next_number,
    set_run,
    source_line,
    user_frame,
)
from .op import Op
from .operands import as_array, operand
from .protocols import unwrap
from .seeds import seed_of
from .sparse import dense
from .tensor import Tensor
from .tree import leaves, rebuild, tree_map

Argnum = int | str | Sequence[int | str]


# -- between tensors ----------------------------------------------------------------------------


def gradients(
    outputs: Tensor | Sequence[Tensor],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    create_graph: bool = False,
    retain_graph: bool = False,
) -> Any:
    """The gradients of the sum of `outputs` with respect to `inputs`; no `.grad` is touched.

    `inputs`: a tensor, or containers of tensors; the gradients come in the same containers (in a
    list for an iterator, such as `model.parameters()`), each of its input's shape and dtype.
    Results of operations are allowed. An input that the outputs do not depend on gets zeros.
    `grad_outputs`: the cotangent of each output, of its shape; scalars need none. `create_graph`:
    return Tensors, whose own graph leads back to the leaves, for derivatives of higher order;
    otherwise arrays. `retain_graph`: keep the graph for another backward pass (always so with
    `create_graph`).

    Raises `GraphError` for an input that requires no gradient and for what `Tensor.backward`
    refuses, `ShapeError` where `grad_outputs` do not match `outputs`.
    """
    targets: Sequence[Tensor] = [outputs] if isinstance(outputs, Tensor) else outputs
    cotangents = [grad_outputs] if isinstance(outputs, Tensor) else grad_outputs
    if cotangents is None:
        cotangents = [None] * len(targets)
    if len(cotangents) != len(targets):
        raise ShapeError(
            f"gradients: got {len(cotangents)} grad_outputs for {len(targets)} outputs"
        )
    inputs = list(inputs) if isinstance(inputs, Iterator) else inputs
    nodes: list[Node] = []
    for path, x in leaves(inputs):
        if not isinstance(x, Tensor) or x.node is None:
            raise GraphError(
                f"gradients: inputs{path} does not require a gradient; make it with "
                f"Tensor(..., requires_grad=True) before computing the outputs"
            )
        nodes.append(x.node)
    seeds: list[tuple[Node, Any]] = []
    for y, g in zip(targets, cotangents, strict=True):
        seed = seed_of("gradients", y, g)
        assert y.node is not None
        if create_graph:
            seed = g if isinstance(g, Tensor) else Tensor._of(seed, None)
        seeds.append((y.node, seed))
    found = _cotangents(seeds, nodes, create_graph, retain_graph)
    return rebuild(inputs, (_gradient(found, node, seeds, create_graph) for node in nodes))


def _cotangents(
    seeds: list[tuple[Node, Any]],
    nodes: list[Node],
    record: bool,
    retain_graph: bool,
    cut: bool = False,
) -> dict[Node, Any]:
    """The cotangents that arrive at those of `nodes` which the seeds depend on."""
    before = current_run()
    try:
        set_run(None)  # what rules compare and round is no exit of the user's
        if record:
            return recorded_backward_pass(seeds, nodes, cut)
        return backward_pass(seeds, nodes, retain_graph=retain_graph, cut=cut)
    finally:
        set_run(before)


def _gradient(
    found: dict[Node, Any], node: Node, seeds: list[tuple[Node, Any]], record: bool
) -> Any:
    """The cotangent that was found for a node; zeros where there is none."""
    g = found.get(node)
    if g is None:
        like = unwrap(seeds[0][1]) if seeds else np.empty(0)
        g = np.zeros_like(like, shape=node.shape, dtype=node.dtype)
        return Tensor._of(g, None) if record else g
    # A copy, because a cotangent may be shared between inputs, or be a view of another.
    return g if record else np.copy(dense(g))


# -- of functions -------------------------------------------------------------------------------


class _Call:
    """One call of a function with some arguments replaced by Tensors of their own.

    The Tensors are new nodes even where the arguments are Tensors already: only what the function
    does with *these* arguments is differentiated, whatever else it reaches by other ways. They
    are copies, which the function may change in place.

    The function runs when the `with` block is entered; within the block derivatives are computed.
    """

    def __init__(
        self,
        transform: str,
        function: Callable[..., Any],
        argnum: Argnum,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        has_aux: bool = False,
    ) -> None:
        self.transform = transform
        self.function = function
        self.name = getattr(function, "__name__", "the function")
        self.has_aux = has_aux
        self.recording = grad_enabled()
        self.run = Run()
        self.places = _arguments(argnum)
        self.single = isinstance(argnum, int | str)
        self.trees: list[Any] = []
        self.nodes: list[Node] = []
        self.independent = False  # whether a backward pass has reached none of the arguments
        positional = list(args)
        for at in self.places:
            place: Any = positional if isinstance(at, int) else kwargs
            try:
                tree = place[at]
            except (IndexError, KeyError):
                raise TypeError(
                    f"{transform}: argnum is {at!r}, but {self.name} was called with "
                    f"{len(args)} positional arguments and the keywords {sorted(kwargs)}"
                ) from None
            self.trees.append(tree)
            inputs = [self._own(f"argument {at!r}{path}", x) for path, x in leaves(tree)]
            self.nodes += [x.node for x in inputs if x.node is not None]
            replaced = rebuild(tree, iter(inputs))
            if isinstance(at, str):
                kwargs = {**kwargs, at: replaced}
            else:
                positional[at] = replaced
        self.args, self.kwargs = positional, kwargs

    def _own(self, what: str, x: Any) -> Tensor:
        """A Tensor with an array and a node of its own for an argument."""
        if isinstance(x, Tensor) and x.node is not None:
            if self.recording:
                return x.copy("K")
            x = x._array
        tensor = Tensor(x)
        if tensor.dtype.kind not in "fc":
            raise DTypeError(
                f"{self.transform}: {what} is of dtype {tensor.dtype}, which cannot carry a "
                f"gradient; pass floats (3.0 in place of 3), or name the other arguments with "
                f"argnum"
            )
        tensor.node = Argument(tensor.shape, tensor.dtype, self.run)
        return tensor

    def __enter__(self) -> _Call:
        before = current_run()
        try:
            set_run(self.run)
            if self.recording:
                output = differentiated(self.function, *self.args, **self.kwargs)
            else:
                with enable_grad():
                    output = differentiated(self.function, *self.args, **self.kwargs)
            self.output, self.aux = self._with_aux(output)
        except BaseException:
            self.run.end()
            raise
        finally:
            set_run(before)
            del self.args, self.kwargs  # which the function may have changed
        is_one = isinstance(output, Tensor)
        outputs = [output] if is_one else [x for _, x in leaves(output) if isinstance(x, Tensor)]
        found = [x.node for x in outputs]
        #: Whether results must stay differentiable, because the graph leads further out.
        self.outer = self.recording and _leads_out([*found, *self.nodes], self.run)
        around = current_run()
        if around is not None and self.outer:
            around.has_derivatives = True
        return self

    def _with_aux(self, output: Any) -> tuple[Any, Any]:
        if not self.has_aux:
            return output, None
        if not isinstance(output, tuple | list) or len(output) != 2:
            raise TypeError(
                f"{self.transform}: with has_aux=True, {self.name} must return the pair "
                f"(output, aux), got {_described(output)}"
            )
        return output[0], output[1]

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if self.independent and self.nodes and kind is None:
                self._warn()
            around = current_run()
            if around is not None:
                for place, (how, nodes, stops) in self.run.exits.items():
                    around.exits.setdefault(place, (how, nodes, (*stops, *self.nodes)))
        finally:
            self.run.end()

    # -- the output -----------------------------------------------------------------------------

    def output_tensor(self, kinds: str, scalar: bool) -> Tensor:
        """The output as a Tensor, checked: a number of one of the dtype `kinds`."""
        output = self.output
        if isinstance(output, tuple | list | dict):
            raise TypeError(
                f"{self.transform}: {self.name} returned {_described(output)}, not one array; "
                f"join several outputs with np.stack or np.concatenate. To return more than is "
                f"differentiated, return (output, more) and pass has_aux=True"
            )
        if not isinstance(output, Tensor):
            output = Tensor._of(np.asarray(output), None)
        if output.dtype.kind not in kinds:
            raise DTypeError(
                f"{self.transform}: {self.name} returned {type(self.output).__name__} of dtype "
                f"{output.dtype}; it must return floating-point numbers "
                f"{'' if 'c' in kinds else '(real ones) '}computed from its argument"
            )
        if scalar and output.size != 1:
            raise ShapeError(
                f"{self.transform}: {self.name} returned an array of shape {output.shape}, not a "
                f"scalar; reduce it (sum, mean), or use jacobian or elementwise_grad"
            )
        return output

    def with_aux(self, result: Any) -> Any:
        """A result, in a pair with what the function returned besides its output."""
        if not self.has_aux:
            return result
        return result, tree_map(lambda x: self.value(x) if isinstance(x, Tensor) else x, self.aux)

    # -- derivatives ----------------------------------------------------------------------------

    def cotangents(
        self, *outputs: tuple[Any, Any], record: bool | None = None, last: bool = True
    ) -> list[Any]:
        """The cotangent of each array among the arguments, for those of outputs."""
        record = self.outer if record is None else record
        seeds = [
            (y.node, g if not record or isinstance(g, Tensor) else Tensor._of(g, None))
            for y, g in outputs
            if isinstance(y, Tensor) and y.node is not None
        ]
        # What is behind copies of Tensors may be over before a pullback is called.
        cut = not last and any(node.parents is FREED for node in self.nodes)
        found = _cotangents(seeds, self.nodes, record, not last, cut) if seeds else {}
        self.independent = not found
        return [_gradient(found, node, seeds, record) for node in self.nodes]

    def derivatives(self, output: Tensor, g: Any, last: bool = True) -> list[Any]:
        """d(g * output) by each array among the arguments, for real `g`; complex as need be.

        A cotangent gives the gradient of Re(sum(g * output)): that of the imaginary part takes
        a pass of its own, with -ig.
        """
        if output.dtype.kind != "c":
            return self.cotangents((output, g), last=last)
        real = self.cotangents((output, g), last=False)
        imaginary = self.cotangents((output, g * -1j), last=last)
        return [self._joined(re, im) for re, im in zip(real, imaginary, strict=True)]

    def _joined(self, re: Any, im: Any) -> Any:
        """The derivative of a complex output, given the gradients of its two parts."""
        if re.dtype.kind != "c":
            return re + 1j * im
        a, b = (x._array if isinstance(x, Tensor) else x for x in (re, im))
        with np.errstate(all="ignore"):
            # Cauchy and Riemann: both passes compute the same, up to the factor -i and rounding.
            allowed = np.sqrt(np.finfo(a.dtype).eps) * np.max(np.abs(a), initial=0.0)
            differs = bool(np.any(np.abs(b + 1j * a) > allowed))
        if differs:
            what = f"{'the gradient of ' if self.transform == 'hessian' else ''}{self.name}"
            raise NotDifferentiableError(
                f"{self.transform}: {what} is not holomorphic there, so that no complex number is "
                f"its derivative by a complex argument; take x and y of z = x + iy as two real "
                f"arguments, or differentiate the parts of the result, np.real and np.imag, one "
                f"by one (each gives d/dx - i d/dy)"
            )
        return re

    def collect(self, values: Iterable[Any]) -> Any:
        """One value per input, put in the containers of the arguments."""
        iterator = map(self.plain, values)
        trees = tuple(rebuild(tree, iterator) for tree in self.trees)
        return trees[0] if self.single else trees

    def value(self, x: Any) -> Any:
        """A Tensor of the function's own, such as its output, as a result."""
        if self.outer:
            return self.plain(x)
        expose(x)  # a pullback may still need it
        return self.plain(x._array)

    def plain(self, x: Any) -> Any:
        """A result: a Tensor only where something outside can differentiate it.

        0-d arrays become NumPy scalars, as NumPy's own functions return them.
        """
        if isinstance(x, Tensor):
            if x.node is not None and _leads_out([x.node], self.run):
                return x
            x = x._array.copy()  # recorded gradients may be shared
        return x[()] if isinstance(x, np.ndarray) else x

    # -- outputs that do not depend on the arguments --------------------------------------------

    def _warn(self) -> None:
        """Warn that the derivatives are 0, naming the lines where values left the graph."""
        lines = [
            (how, source_line(code, instruction))
            for (code, instruction), (how, nodes, stops) in self.run.exits.items()
            if any(_reaches(node, self.nodes, stops) for node in nodes)
            # Second derivatives are often 0, with branches inside: then only this is a mistake.
            and not (self.run.has_derivatives and _gives_no_floats(how))
        ]
        if self.run.has_derivatives and not lines:
            return
        from .debug.exits import taken_out  # only then: most programs need no debugger

        what = " and ".join(f"argument {at!r}" for at in self.places)
        reasons = taken_out(lines) or (
            "; it is not used on any recorded way to the result. If that is meant, silence this "
            "with warnings.simplefilter('ignore', autograd.IndependentOutputWarning)"
        )
        _warn_caller(
            f"{self.transform}: the result of {self.name} does not depend on {what}, so that the "
            f"derivative is 0{reasons}",
            IndependentOutputWarning,
        )


def _arguments(argnum: Argnum) -> Sequence[int | str]:
    return [argnum] if isinstance(argnum, int | str) else list(argnum)


def _described(output: Any) -> str:
    kind = type(output).__name__
    return f"a {kind} of {len(output)}" if isinstance(output, tuple | list | dict) else f"a {kind}"


def _gives_no_floats(how: str) -> bool:
    return how.startswith(("np.", "astype("))


def _leads_out(nodes: Iterable[Node | None], run: Run) -> bool:
    """Whether somebody outside of `run` can ask for derivatives by what `nodes` come from."""
    if len(askers) <= run.running:
        return False
    return any(owner is None or owner.running for owner in _owners(nodes, run))


def _owners(nodes: Iterable[Node | None], run: Run) -> Iterator[Run | None]:
    """Whose leaves `nodes` come from: other calls, or the user (None).

    When a call is over, its arguments are constants.
    """
    seen: set[Node | None] = {None}
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        assert node is not None
        seen.add(node)
        if node.op is not LEAF:
            waiting += node.parents if node.parents is not FREED else ()
        elif not isinstance(node, Argument):
            yield None
        elif node.run is not run:
            yield node.run


def _reaches(node: Node | None, ends: Sequence[Node], stops: Sequence[Node] = ()) -> bool:
    """Whether `node` was computed from one of `ends`, on a way that does not touch `stops`."""
    seen: set[Node | None] = {None, *stops}
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        if node in ends:
            return True
        assert node is not None
        seen.add(node)
        waiting += node.parents if node.parents is not FREED else ()
    return False


def _warn_caller(message: str, category: type[Warning]) -> None:
    """Warn at the user's line; Python shows a warning once for each line and text."""
    frame = user_frame(getframe(1))
    warnings.warn_explicit(
        message,
        category,
        frame.f_code.co_filename,
        frame.f_lineno,
        frame.f_globals.get("__name__", "sys"),
        frame.f_globals.setdefault("__warningregistry__", {}),
    )


def value_and_grad(
    function: Callable[..., Any], argnum: Argnum = 0, *, has_aux: bool = False
) -> Callable[..., Any]:
    """Like `grad`, but the function returned gives the pair (value, gradient).

    With `has_aux` it gives ((value, aux), gradient).
    """

    @functools.wraps(function)
    def compute(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        with _Call("value_and_grad", function, argnum, args, kwargs, has_aux) as call:
            output = call.output_tensor("f", scalar=True)
            gradient = call.collect(call.cotangents((output, np.ones_like(output._array))))
            return call.with_aux(call.value(output)), gradient

    return compute


def grad(
    function: Callable[..., Any], argnum: Argnum = 0, *, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that computes the gradient of the real scalar `function`.

    It takes what `function` takes. `argnum`: the number of a positional argument, the name of a
    keyword argument, or a sequence of these, for which a tuple of gradients is returned. Each
    gradient has the containers, shapes and dtypes of its argument. `has_aux`: `function` returns
    (output, aux), of which only the output is differentiated, and the result is (gradient, aux);
    Tensors in `aux` become arrays, as gradients are.

    The output may have axes, if it has one element. For complex arguments z = x + iy the gradient
    is df/dx - i df/dy, the convention that needs no conjugates in rules; steepest descent goes
    along its conjugate.

    The function may change its argument in place: it gets a copy, and the gradient is that by the
    original.

    Raises `DTypeError` for arguments and results that are not floating-point numbers, `ShapeError`
    where `function` does not return a scalar, and `TypeError` where it returns a tuple without
    `has_aux`. Warns (`IndependentOutputWarning`) where the output does not depend on any of the
    arguments named, unless it is a derivative itself, as in `grad(grad(f))` of a linear f.

        grad(lambda x, y: x * y**2, 1)(2.0, 3.0)      # 12.0
    """

    @functools.wraps(function)
    def compute(*args: Any, **kwargs: Any) -> Any:
        with _Call("grad", function, argnum, args, kwargs, has_aux) as call:
            output = call.output_tensor("f", scalar=True)
            cotangents = call.cotangents((output, np.ones_like(output._array)))
            return call.with_aux(call.collect(cotangents))

    return compute


def elementwise_grad(function: Callable[..., Any], argnum: Argnum = 0) -> Callable[..., Any]:
    """The derivative of the sum of the outputs: f'(x) for a function that works elementwise.

    Complex outputs u + iv are allowed. By a real x the result is du/dx + i dv/dx, by a complex z
    the derivative of a holomorphic function; of others, `NotDifferentiableError` is raised. For
    real outputs and complex z = x + iy it is df/dx - i df/dy, as with `grad`.
    """

    @functools.wraps(function)
    def compute(*args: Any, **kwargs: Any) -> Any:
        with _Call("elementwise_grad", function, argnum, args, kwargs) as call:
            output = call.output_tensor("fc", scalar=False)
            return call.collect(call.derivatives(output, np.ones_like(output._array)))

    return compute


def jacobian(
    function: Callable[..., Any], argnum: Argnum = 0, *, has_aux: bool = False
) -> Callable[..., Any]:
    """All first derivatives of a function of arrays, of shape `output.shape + input.shape`.

    One backward pass for each element of the output; two, where it is complex. `argnum` and
    `has_aux` as in `grad`; the result with `has_aux` is (jacobian, aux).

    By a real argument x, the derivative of a complex output u + iv is du/dx + i dv/dx. By a
    complex z = x + iy, that of a real output f is df/dx - i df/dy, and that of a complex output
    exists only where the function is holomorphic; elsewhere (np.conj, np.abs(z) * z)
    `NotDifferentiableError` is raised, and says what to differentiate instead.

        jacobian(np.cumsum)(np.array([1.0, 2.0]))     # [[1, 0], [1, 1]]
    """
    return _jacobian("jacobian", function, argnum, has_aux)


def _jacobian(
    transform: str, function: Callable[..., Any], argnum: Argnum, has_aux: bool
) -> Callable[..., Any]:
    @functools.wraps(function)
    def compute(*args: Any, **kwargs: Any) -> Any:
        with _Call(transform, function, argnum, args, kwargs, has_aux) as call:
            output = call.output_tensor("fc", scalar=False)
            rows = []
            for i in range(output.size):
                g = np.zeros(output.shape, output.dtype)
                g.flat[i] = 1
                rows.append(call.derivatives(output, g, last=i == output.size - 1))
            if not rows:
                return call.with_aux(
                    call.collect(
                        np.zeros(output.shape + n.shape, np.result_type(n.dtype, output.dtype))
                        for n in call.nodes
                    )
                )
            columns = zip(*rows, strict=True)
            return call.with_aux(
                call.collect(np.reshape(np.stack(c), output.shape + c[0].shape) for c in columns)
            )

    return compute


def hessian(
    function: Callable[..., Any], argnum: int | str = 0, *, has_aux: bool = False
) -> Callable[..., Any]:
    """All second derivatives of a real scalar function of an array, of shape `2 * x.shape`.

    The Jacobian of the gradient. By complex arguments the gradient is holomorphic in rare cases
    only, and `NotDifferentiableError` is raised elsewhere: take x and y of z = x + iy as real
    arguments. `has_aux` as in `grad`; the result is then (hessian, aux).
    """
    return _jacobian("hessian", grad(function, argnum, has_aux=has_aux), argnum, has_aux)


def hvp(function: Callable[..., Any], argnum: int | str = 0) -> Callable[..., Any]:
    """The Hessian-vector product of a real scalar function, for a few times the price of `grad`.

    Returns a function that takes what `function` takes and, as the last positional argument, the
    vector: containers and shapes as those of argument `argnum`, and so has the result. The
    Hessian is symmetric, so the vector is pulled back through the gradient.

    Raises what `grad` does, `TypeError` where the vector is missing, `ShapeError` for one of other
    shapes, and `DTypeError` for complex numbers.
    """
    gradient = grad(function, argnum)

    @functools.wraps(function)
    def compute(*args: Any, **kwargs: Any) -> Any:
        if len(args) < (1 if isinstance(argnum, str) else max(argnum, 0) + 2):
            raise TypeError(
                f"hvp: got {len(args)} positional arguments; pass those of the function and then, "
                f"as the last, the vector"
            )
        *args_, vector = args
        with _Call("hvp", gradient, argnum, tuple(args_), kwargs) as call:
            pairs = [
                (slope, v if isinstance(v, Tensor) else Tensor(v))
                for slope, v in _matched("hvp", call.output, vector)
            ]
            if complex_ones := [x.dtype for pair in pairs for x in pair if x.dtype.kind == "c"]:
                raise DTypeError(
                    f"hvp: the argument and the vector must be real, got dtype {complex_ones[0]}"
                )
            call.outer = call.outer or _may_lead_out(vector, call)
            cotangents = [(slope, v.astype(slope.dtype)) for slope, v in pairs]
            if not call.outer:
                cotangents = [(slope, v._array) for slope, v in cotangents]
            return call.collect(call.cotangents(*cotangents))

    return compute


def _may_lead_out(tree: Any, call: _Call) -> bool:
    """Whether results of `call` and of the Tensors in `tree` can be differentiated by these."""
    nodes = [x.node for _, x in leaves(tree) if isinstance(x, Tensor)]
    return grad_enabled() and _leads_out(nodes, call.run)


def _matched(transform: str, tree: Any, vector: Any) -> list[tuple[Any, Any]]:
    """Each leaf of `tree` with that of a vector of the same containers and shapes."""
    pairs = list(zip(leaves(tree), leaves(vector), strict=False))
    if [p for p, _ in leaves(tree)] != [p for p, _ in leaves(vector)] or any(
        np.shape(a) != np.shape(b) for (_, a), (_, b) in pairs
    ):
        raise ShapeError(
            f"{transform}: the vector must have the containers and shapes of the argument, "
            f"{tree_map(np.shape, tree)}; got {tree_map(np.shape, vector)}"
        )
    return [(a, b) for (_, a), (_, b) in pairs]


def vjp(function: Callable[..., Any], *args: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """The value of `function(*args)`, and the function that pulls cotangents back to `args`.

    `function` returns one array; with `has_aux`, (output, aux), and the result is (value,
    pullback, aux). The pullback takes a cotangent g of the value's shape, any number of times, and
    returns a tuple with one gradient per argument: that of Re(sum(g * value)), for complex values
    too, so that no conjugates appear.

    The pullback raises `ShapeError` for a cotangent of another shape, and `DTypeError` for a
    complex one of a real value.
    """
    with _Call("vjp", function, range(len(args)), args, {}, has_aux) as call:
        output = call.output_tensor("fc", scalar=False)
        call.independent = not _reaches(output.node, call.nodes)
        value = call.with_aux(call.value(output))
    owners = set(_owners([output.node, *call.nodes], call.run)) if call.outer else set()

    def pullback(g: Any) -> tuple[Any, ...]:
        g = g if isinstance(g, Tensor) else as_array(operand(g, "vjp", "g"))
        if g.shape != output.shape:
            raise ShapeError(
                f"vjp: the cotangent has shape {g.shape}, the value has shape {output.shape}"
            )
        if g.dtype.kind == "c" and output.dtype.kind != "c":
            raise DTypeError(
                f"vjp: the cotangent has dtype {g.dtype}, the value has dtype {output.dtype}; pass "
                f"real numbers (np.real(g)), or pull back the real and the imaginary part one by "
                f"one"
            )
        # What was outside when the function ran may be over by now.
        is_open = any(owner is None or owner.running for owner in owners)
        record = (is_open and grad_enabled()) or _may_lead_out(g, call)
        g = g.astype(output.dtype)
        if isinstance(g, Tensor) and not record:
            g = g._array
        return call.collect(call.cotangents((output, g), record=record, last=False))

    return (value[0], pullback, value[1]) if has_aux else (value, pullback)


def jvp(
    function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]
) -> tuple[Any, Any]:
    """The value of `function(*primals)`, and its derivative in the direction `tangents`.

    `tangents`: one per primal, with its containers and shapes, and real where it is real. The
    derivative is complex where the value is; it exists for functions that are not holomorphic too.

    The pulled-back cotangent is linear in the cotangent g, and its derivative by g along the
    tangents is the answer: forward mode by reversing twice (J. Townsend, "A new trick for
    calculating Jacobian vector products", 2017).
    """
    primals, tangents = tuple(primals), tuple(tangents)
    pairs = _matched("jvp", primals, tangents)
    with _Call("jvp", function, range(len(primals)), primals, {}) as call:
        for (_, v), node in zip(pairs, call.nodes, strict=True):
            if np.iscomplexobj(v) and node.dtype.kind != "c":
                raise DTypeError(
                    f"jvp: a tangent has dtype {np.asarray(v).dtype}, its primal {node.dtype}; "
                    f"pass a real tangent, or a complex primal"
                )
        output = call.output_tensor("fc", scalar=False)
        g = Tensor._of(np.zeros_like(output._array), Argument(output.shape, output.dtype, call.run))
        record = call.outer or _may_lead_out(tangents, call)
        pulled = call.cotangents((output, g), record=True)
        with enable_grad():
            terms = [np.real(np.sum(a * v)) for a, (_, v) in zip(pulled, pairs, strict=True)]
            slope = functools.reduce(np.add, terms)
        if isinstance(slope, Tensor) and slope.node is not None:
            seed = Tensor(1.0, dtype=slope.dtype) if record else None
            derivative = gradients(slope, g, seed, create_graph=record)
        else:
            derivative = np.zeros_like(output._array)
        return call.value(output), call.plain(derivative)


# -- memory -------------------------------------------------------------------------------------


def checkpoint(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, which keeps only its inputs and computes the rest again in the backward pass.

    Arguments and results are arrays, or containers of them. Tensors that the function uses
    without getting them as arguments get their gradients too. It must compute the same both
    times (a random generator is not rewound): `GraphError` is raised where the second results
    are seen to differ from the first. Raises `TypeError` where it returns no Tensor, though it
    got some that require a gradient.

        hidden = checkpoint(block)(hidden)
    """
    name = getattr(function, "__name__", "function")
    # What a call needs goes with its node, as an option: the operation refers to no call.
    operation = Op(f"checkpoint({name})", _first_outputs, joint=_computed_again)

    @functools.wraps(function)
    def compute(*args: Any, **kwargs: Any) -> Any:
        if not grad_enabled():
            return function(*args, **kwargs)
        tensors = [x for _, x in leaves((args, kwargs)) if _is_recorded(x)]
        call = _Checkpoint(function, name, args, kwargs)
        number = next_number()
        inputs, nodes = call.inputs([x._array for x in tensors])
        output = call.run(inputs)
        found = [x for _, x in leaves(output)]
        if tensors and not any(isinstance(x, Tensor) for x in found):
            raise TypeError(f"checkpoint: {name} must return tensors, got {type(output).__name__}")
        call.places = [i for i, x in enumerate(found) if _is_recorded(x)]
        if not call.places:
            return output
        call.outputs = tuple(found[i]._array for i in call.places)
        call.samples = [_sample(x) for x in call.outputs]
        call.around = _made_before(number, [found[i].node for i in call.places], nodes)
        # The tensors around are inputs too: in the graph, though not in the call.
        around = (Tensor._of(np.empty(0), node) for node in call.around)
        results = operation(*tensors, *around, call=call)
        for i, x in zip(call.places, _several(results), strict=True):
            found[i] = x
        return rebuild(output, iter(found))

    return compute


class _Checkpoint:
    """One call of a function, as far as it takes to repeat it."""

    def __init__(
        self, function: Callable[..., Any], name: str, args: Any, kwargs: dict[str, Any]
    ) -> None:
        self.function = function
        self.name = name
        #: The arguments, with `_Checkpoint` in place of those that require a gradient.
        self.arguments = tree_map(_unrecorded, (args, kwargs))
        self.places: list[int] = []  # of the outputs that require a gradient, among all
        self.outputs: tuple[Any, ...] = ()
        self.samples: list[Any] = []
        self.around: list[Node] = []

    def inputs(self, arrays: Sequence[Any]) -> tuple[list[Tensor], list[Node]]:
        """Tensors to run the function on, and their nodes: it may change them in place."""
        run = Run()
        tensors = [
            x.copy() if isinstance(x, Tensor) else Tensor._of(x, Argument(x.shape, x.dtype, run))
            for x in arrays
        ]
        return tensors, [x.node for x in tensors if x.node is not None]

    def run(self, inputs: Sequence[Tensor]) -> Any:
        others = iter(inputs)
        args, kwargs = tree_map(lambda x: next(others) if x is _Checkpoint else x, self.arguments)
        with enable_grad():
            return differentiated(self.function, *args, **kwargs)

    def again(self, inputs: Sequence[Tensor]) -> list[Node]:
        """The nodes of the outputs, computed once more."""
        found = [x for _, x in leaves(self.run(inputs))]
        nodes = []
        for i, sample in zip(self.places, self.samples, strict=True):
            node = found[i].node if i < len(found) and isinstance(found[i], Tensor) else None
            if node is None or not np.allclose(
                _sample(found[i]._array), sample, rtol=1e-4, atol=1e-8, equal_nan=True
            ):
                raise GraphError(
                    f"checkpoint: {self.name} did not compute the same in the backward pass as "
                    f"before; draw random numbers outside of it, and do not change in between "
                    f"what it uses"
                )
            nodes.append(node)
        return nodes


def _is_recorded(x: Any) -> bool:
    return isinstance(x, Tensor) and x.node is not None


def _unrecorded(x: Any) -> Any:
    if _is_recorded(x):
        return _Checkpoint
    # Another Tensor around the same array: the user's may be changed in place before backward.
    if isinstance(x, Tensor):
        return Tensor._of(x._array, None)
    return x.copy() if isinstance(x, np.ndarray) and x.nbytes <= COPIED else x


def _sample(x: Any) -> Any:
    """All elements of a small array, some thousands of a large one."""
    return np.ravel(x)[:: max(1, x.size // 4096)].copy()


def _first_outputs(*_: Any, call: _Checkpoint) -> Any:
    outputs, call.outputs = call.outputs, ()
    return outputs if len(outputs) > 1 else outputs[0]


def _several(x: Any) -> Sequence[Any]:
    return x if isinstance(x, tuple | list) else [x]


def _computed_again(g: Any, _: Any, *inputs: Any, call: Any = None) -> list[Any]:
    tensors, nodes = call.inputs(inputs[: len(inputs) - len(call.around)])
    seeds = list(zip(call.again(tensors), _several(g), strict=True))
    wanted = [*nodes, *call.around]
    record = isinstance(seeds[0][1], Tensor)
    run = recorded_backward_pass if record else backward_pass
    found = run(seeds, wanted, cut=True)
    return [dense(found.get(node)) for node in wanted]


def _made_before(number: int, outputs: Sequence[Node], own: Sequence[Node]) -> list[Node]:
    """The nodes of tensors that a function used without getting them among its inputs."""
    around: list[Node] = []
    seen: set[Node | None] = {None, *own}
    waiting: list[Node | None] = [*outputs]
    for node in waiting:
        if node in seen:
            continue
        assert node is not None
        seen.add(node)
        if node.number < number:
            around.append(node)
        elif node.parents is not FREED:
            waiting += node.parents
    return around
