"""Gradients of functions, and between tensors.

    grad(f)(x)                          the gradient of a scalar function
    grad(grad(f))(x)                    of a scalar: its second derivative, and so on
    jacobian(f)(x), hessian(f)(x)       all first, or second, derivatives
    hvp(f)(x, v)                        the Hessian times a vector, without the Hessian
    vjp(f, x), jvp(f, (x,), (v,))       cotangents pulled back, tangents pushed forward
    checkpoint(f)                       f, which remembers its inputs only and computes twice
    gradients(y, x)                     the gradient of a tensor with respect to others

Arguments may be arrays, or tuples, lists and dicts of arrays, nested as one likes; gradients come
in the same containers. They are plain arrays, unless something outside can still differentiate
them (an enclosing `grad`, or a Tensor that the function also uses): then they are Tensors.

Read `gradcheck.py` next: how a gradient is known to be right.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from .backward import backward_pass, recorded_backward_pass
from .changes import expose
from .errors import DTypeError, GraphError, ShapeError
from .grad_mode import enable_grad, grad_enabled
from .node import FREED, Leaf, Node
from .op import Op
from .operands import operand
from .sparse import dense
from .tensor import Tensor, seed_of
from .tree import leaves, rebuild, tree_map

Argument = int | str
Argnum = Argument | Sequence[Argument]


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
    return rebuild(inputs, iter(_cotangents(seeds, nodes, create_graph, retain_graph)))


def _cotangents(
    seeds: list[tuple[Node, Any]], nodes: list[Node], record: bool, retain_graph: bool
) -> list[Any]:
    """The cotangent that arrives at each of `nodes`; zeros where none does."""
    if record:
        found = recorded_backward_pass(seeds, nodes)
        return [found[n] if n in found else Tensor._of(_zeros(n, seeds), None) for n in nodes]
    found = backward_pass(seeds, nodes, retain_graph=retain_graph)
    # Copies, because a cotangent may be shared between inputs, or be a view of another.
    return [np.copy(dense(found[n])) if n in found else _zeros(n, seeds) for n in nodes]


def _zeros(node: Node, seeds: list[tuple[Node, Any]]) -> Any:
    return np.zeros_like(seeds[0][1], shape=node.shape, dtype=node.dtype)


# -- of functions -------------------------------------------------------------------------------


class _Call:
    """One call of a function with some arguments replaced by Tensors of their own.

    The Tensors are new nodes even where the arguments are Tensors already: only what the function
    does with *these* arguments is differentiated, whatever else it reaches by other ways.
    """

    def __init__(
        self,
        transform: str,
        function: Callable[..., Any],
        argnum: Argnum,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        recording = grad_enabled()
        self.transform = transform
        self.name = getattr(function, "__name__", "the function")
        positional = list(args)
        self.inputs: list[Tensor] = []
        self.trees: list[Any] = []
        for at in _arguments(argnum):
            place: Any = positional if isinstance(at, int) else kwargs
            try:
                tree = place[at]
            except (IndexError, KeyError):
                raise TypeError(
                    f"{transform}: argnum is {at!r}, but {self.name} was called with "
                    f"{len(args)} positional arguments and the keywords {sorted(kwargs)}"
                ) from None
            self.trees.append(tree)
            start = len(self.inputs)
            self.inputs += [
                _own(transform, f"argument {at!r}{path}", x) for path, x in leaves(tree)
            ]
            replaced = rebuild(tree, iter(self.inputs[start:]))
            if isinstance(at, str):
                kwargs = {**kwargs, at: replaced}
            else:
                positional[at] = replaced
        with nullcontext() if recording else enable_grad():
            self.output = function(*positional, **kwargs)
        self.nodes: list[Node] = [x.node for x in self.inputs if x.node is not None]
        #: Whether results must stay differentiable, because the graph leads further out.
        self.outer = recording and self._leads_out()
        self.single = isinstance(argnum, int | str)

    def output_tensor(self, kinds: str, scalar: bool) -> Tensor:
        """The output as a Tensor, checked: a number of one of the dtype `kinds`."""
        output = self.output
        if not isinstance(output, Tensor):
            output = Tensor._of(np.asarray(output), None)
        if output.dtype.kind not in kinds:
            raise DTypeError(
                f"{self.transform}: {self.name} returned {type(self.output).__name__} of dtype "
                f"{output.dtype}; it must return floating-point numbers "
                f"{'' if 'c' in kinds else '(real ones) '}computed from its argument"
            )
        if scalar and output.shape != ():
            raise ShapeError(
                f"{self.transform}: {self.name} returned an array of shape {output.shape}, not a "
                f"scalar; reduce it (sum, mean), or use jacobian or elementwise_grad"
            )
        return output

    def pull_back(self, *outputs: tuple[Tensor, Any], last: bool = True) -> Any:
        """The cotangents of the arguments, in their containers, for those of outputs."""
        return self.collect(self.cotangents(*outputs, last=last))

    def cotangents(self, *outputs: tuple[Tensor, Any], last: bool = True) -> list[Any]:
        """The cotangent of each array among the arguments, for those of outputs."""
        seeds = [
            (y.node, Tensor._of(g, None) if self.outer and not isinstance(g, Tensor) else g)
            for y, g in outputs
            if y.node is not None
        ]
        if seeds:
            return _cotangents(seeds, self.nodes, self.outer, not last)
        return [np.zeros(n.shape, n.dtype) for n in self.nodes]  # they do not depend on anything

    def collect(self, values: Iterable[Any]) -> Any:
        """One value per input, put in the containers of the arguments."""
        iterator = map(_scalar_or_array, values)
        trees = tuple(rebuild(tree, iterator) for tree in self.trees)
        return trees[0] if self.single else trees

    def value(self, output: Tensor) -> Any:
        if self.outer:
            return output
        expose(output)  # a pullback may still need it
        return _scalar_or_array(output._array)

    def _leads_out(self) -> bool:
        if any(not isinstance(node, Leaf) for node in self.nodes):
            return True  # an argument was a Tensor with a graph behind it
        outputs = (x for _, x in leaves(self.output) if isinstance(x, Tensor))
        found = [x.node for x in outputs if x.node is not None]
        seen = {*found, *self.nodes}
        for node in found:
            if isinstance(node, Leaf) and node not in self.nodes:
                return True
            for parent in node.parents if node.parents is not FREED else ():
                if parent is not None and parent not in seen:
                    seen.add(parent)
                    found.append(parent)
        return False


def _arguments(argnum: Argnum) -> Sequence[Argument]:
    return [argnum] if isinstance(argnum, int | str) else argnum


def _own(transform: str, what: str, x: Any) -> Tensor:
    """A Tensor with a node of its own for an argument."""
    if isinstance(x, Tensor) and x.node is not None:
        return x.copy()
    tensor = Tensor(x)
    if tensor.dtype.kind not in "fc":
        raise DTypeError(
            f"{transform}: {what} is of dtype {tensor.dtype}, which cannot carry a gradient; pass "
            f"floats (3.0 in place of 3), or name the other arguments with argnum"
        )
    tensor.requires_grad = True
    return tensor


def _scalar_or_array(x: Any) -> Any:
    """0-d arrays as NumPy scalars, as NumPy's own functions return them."""
    return x[()] if isinstance(x, np.ndarray) else x


def value_and_grad(function: Callable[..., Any], argnum: Argnum = 0) -> Callable[..., Any]:
    """Like `grad`, but the function returned gives the pair (value, gradient)."""

    @functools.wraps(function)
    def compute(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        call = _Call("grad", function, argnum, args, kwargs)
        output = call.output_tensor("f", scalar=True)
        return call.value(output), call.pull_back((output, np.ones_like(output._array)))

    return compute


def grad(function: Callable[..., Any], argnum: Argnum = 0) -> Callable[..., Any]:
    """A function that computes the gradient of the real scalar `function`.

    It takes what `function` takes. `argnum`: the number of a positional argument, the name of a
    keyword argument, or a sequence of these, for which a tuple of gradients is returned. Each
    gradient has the containers, shapes and dtypes of its argument.

    For complex arguments z = x + iy it is df/dx - i df/dy, the convention that needs no
    conjugates in rules; steepest descent goes along its conjugate.

    Raises `DTypeError` for arguments and results that are not floating-point numbers, and
    `ShapeError` where `function` does not return a scalar.
    """
    both = value_and_grad(function, argnum)

    @functools.wraps(function)
    def compute(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return compute


def elementwise_grad(function: Callable[..., Any], argnum: Argnum = 0) -> Callable[..., Any]:
    """The gradient of the sum of the outputs: f'(x) for a function that works elementwise.

    Complex outputs are allowed; for a holomorphic function the result is its derivative.
    """

    @functools.wraps(function)
    def compute(*args: Any, **kwargs: Any) -> Any:
        call = _Call("elementwise_grad", function, argnum, args, kwargs)
        output = call.output_tensor("fc", scalar=False)
        return call.pull_back((output, np.ones_like(output._array)))

    return compute


def jacobian(function: Callable[..., Any], argnum: Argnum = 0) -> Callable[..., Any]:
    """All first derivatives of a function of arrays, of shape `output.shape + input.shape`.

    One backward pass for each element of the output.
    """

    @functools.wraps(function)
    def compute(*args: Any, **kwargs: Any) -> Any:
        call = _Call("jacobian", function, argnum, args, kwargs)
        output = call.output_tensor("fc", scalar=False)
        if not output.size:
            return call.collect(np.zeros(output.shape + n.shape, n.dtype) for n in call.nodes)
        rows = []
        for i in range(output.size):
            g = np.zeros(output.shape, output.dtype)
            g.flat[i] = 1
            rows.append(call.cotangents((output, g), last=i == output.size - 1))
        columns = zip(*rows, strict=True)
        return call.collect(np.reshape(np.stack(c), output.shape + c[0].shape) for c in columns)

    return compute


def hessian(function: Callable[..., Any], argnum: int | str = 0) -> Callable[..., Any]:
    """All second derivatives of a real scalar function of an array, of shape `2 * x.shape`."""
    return jacobian(grad(function, argnum), argnum)


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
        call = _Call("hvp", gradient, argnum, tuple(args_), kwargs)
        pairs = [
            (slope, v if isinstance(v, Tensor) else Tensor(v))
            for slope, v in _matched("hvp", call.output, vector)
        ]
        if complex_ones := [x.dtype for pair in pairs for x in pair if x.dtype.kind == "c"]:
            raise DTypeError(
                f"hvp: the argument and the vector must be real, got dtype {complex_ones[0]}"
            )
        call.outer = call.outer or any(v.requires_grad for _, v in pairs)
        cotangents = [(slope, v.astype(slope.dtype)) for slope, v in pairs]
        return call.pull_back(*cotangents if call.outer else [(s, v._array) for s, v in cotangents])

    return compute


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


def vjp(function: Callable[..., Any], *args: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value of `function(*args)`, and the function that pulls cotangents back to `args`.

    `function` returns one array. The second result takes a cotangent of the value's shape, any
    number of times, and returns a tuple with one gradient per argument.
    """
    call = _Call("vjp", function, range(len(args)), args, {})
    output = call.output_tensor("fc", scalar=False)

    def pullback(g: Any) -> tuple[Any, ...]:
        if np.shape(g) != output.shape:
            raise ShapeError(
                f"vjp: the cotangent has shape {np.shape(g)}, the value has shape {output.shape}"
            )
        if not isinstance(g, Tensor):
            g = np.asarray(operand(g, "vjp", "g"), output.dtype)
        elif not call.outer:
            call.outer = g.requires_grad
        return call.pull_back((output, g), last=False)

    return call.value(output), pullback


def jvp(
    function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]
) -> tuple[Any, Any]:
    """The value of `function(*primals)`, and its derivative in the direction `tangents`.

    `tangents`: one per primal, with its containers and shapes. The pulled-back cotangent is
    linear in the cotangent g, and its derivative by g along the tangents is the answer: forward
    mode by reversing twice (J. Townsend, "A new trick for calculating Jacobian vector products",
    2017).
    """
    primals, tangents = tuple(primals), tuple(tangents)
    call = _Call("jvp", function, range(len(primals)), primals, {})
    output = call.output_tensor("fc", scalar=False)
    outer = call.outer
    call.outer = True  # the pulled-back cotangent is to be differentiated
    g = Tensor(np.zeros_like(output._array), requires_grad=True)
    with enable_grad():
        pulled = _matched("jvp", call.pull_back((output, g)), tangents)
        slope = functools.reduce(np.add, [np.sum(a * b) for a, b in pulled])
    call.outer = outer
    if not isinstance(slope, Tensor) or slope.node is None:
        return call.value(output), np.zeros_like(output._array)
    seed = np.ones_like(slope._array)
    if outer or any(isinstance(x, Tensor) and x.requires_grad for _, x in leaves(tangents)):
        return call.value(output), gradients(slope, g, Tensor(seed), create_graph=True)
    return call.value(output), _scalar_or_array(gradients(slope, g, seed))


# -- memory -------------------------------------------------------------------------------------


def checkpoint(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, which keeps only its inputs and computes the rest again in the backward pass.

    For a function of arrays (positional arguments, or containers of them) that returns one
    array. Tensors that it uses without getting them as arguments get their gradients too. It
    must compute the same both times: a random generator is not rewound.
    """

    @functools.wraps(function)
    def compute(*args: Any, **kwargs: Any) -> Any:
        if not grad_enabled():
            return function(*args, **kwargs)
        tensors = [x for _, x in leaves(args) if isinstance(x, Tensor) and x.requires_grad]

        def replay(inputs: Sequence[Tensor]) -> Tensor:
            """Run the function on other Tensors in place of those that require a gradient."""
            others = iter(inputs)
            replaced = tree_map(
                lambda x: next(others) if isinstance(x, Tensor) and x.requires_grad else x, args
            )
            with enable_grad():
                return function(*replaced, **kwargs)

        start = Tensor(0.0, requires_grad=True).node
        assert start is not None
        probe = [Tensor(x._array, requires_grad=True) for x in tensors]
        output = replay(probe)
        if not isinstance(output, Tensor):
            raise TypeError(
                f"checkpoint: {getattr(function, '__name__', 'the function')} must return one "
                f"tensor, got {type(output).__name__}"
            )
        if output.node is None:
            return output
        own = {x.node for x in probe}
        around = _made_before(start.number, output.node, own)

        def rule(g: Any, _: Any, *inputs: Any) -> list[Any]:
            record = isinstance(g, Tensor)
            entries = [
                x.copy() if isinstance(x, Tensor) else Tensor(x, requires_grad=True)
                for x in inputs[: len(tensors)]
            ]
            again = replay(entries)
            assert again.node is not None
            wanted = [x.node for x in entries if x.node is not None] + around
            if record:
                found = recorded_backward_pass([(again.node, g)], wanted, cut=True)
            else:
                found = backward_pass([(again.node, g)], wanted, cut=True)
            return [dense(found.get(node)) for node in wanted]

        name = f"checkpoint({getattr(function, '__name__', 'function')})"
        value = output._array
        # The tensors around are inputs too: in the graph, though not in the call.
        operation = Op(name, lambda *_: value, joint=rule)
        return operation(*tensors, *(Tensor._of(np.empty(0), node) for node in around))

    return compute


def _made_before(number: int, output: Node, inputs: set[Node | None]) -> list[Node]:
    """The nodes of tensors that a function used without getting them among its inputs."""
    found: list[Node] = [output]
    around: list[Node] = []
    seen = {output, *inputs}
    for node in found:
        for parent in node.parents:
            if parent is not None and parent not in seen:
                seen.add(parent)
                (around if parent.number < number else found).append(parent)
    return around
