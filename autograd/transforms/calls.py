"""One call of a function that is being differentiated."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ..changes import expose
from ..errors import (
    DTypeError,
    IndependentOutputWarning,
    NotDifferentiableError,
    ShapeError,
)
from ..grad_mode import differentiated, enable_grad, grad_enabled
from ..node import (
    FREED,
    LEAF,
    Argument,
    Node,
    Run,
    ancestors,
    askers,
    current_run,
    getframe,
    kept_parents,
    set_run,
    source_line,
    user_frame,
)
from ..tensor import Tensor
from ..tree import leaves, rebuild, tree_map
from ..typing import Array
from .between import cotangents_of, gradient_of

Argnum = int | str | Sequence[int | str]


class Call:
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
        """Make a Tensor with an array and a node of its own for an argument."""
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

    def __enter__(self) -> Call:
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
        """Return the output as a Tensor of one of the dtype `kinds`, or raise an error."""
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
        """Pair a result with `aux` where the function returns both."""
        if not self.has_aux:
            return result
        return result, tree_map(lambda x: self.value(x) if isinstance(x, Tensor) else x, self.aux)

    # -- derivatives ----------------------------------------------------------------------------

    def cotangents(
        self, *outputs: tuple[Any, Any], record: bool | None = None, last: bool = True
    ) -> list[Any]:
        """Pull cotangents of outputs back to each array among the arguments."""
        record = self.outer if record is None else record
        seeds = [
            (y.node, g if not record or isinstance(g, Tensor) else Tensor._of(g, None))
            for y, g in outputs
            if isinstance(y, Tensor) and y.node is not None
        ]
        # The graph that Tensors were copied from may be freed before a pullback is called.
        cut = not last and any(node.parents is FREED for node in self.nodes)
        found = cotangents_of(seeds, self.nodes, record, not last, cut) if seeds else {}
        self.independent = not found
        return [gradient_of(found, node, seeds, record) for node in self.nodes]

    def derivatives(self, output: Tensor, g: Array, last: bool = True) -> list[Any]:
        """Differentiate g * output, for real `g`, with respect to each array among the arguments.

        A cotangent gives the gradient of Re(sum(g * output)): that of the imaginary part takes
        a pass of its own, with -ig.
        """
        if output.dtype.kind != "c":
            return self.cotangents((output, g), last=last)
        real = self.cotangents((output, g), last=False)
        imaginary = self.cotangents((output, g * -1j), last=last)
        return [self._joined(re, im) for re, im in zip(real, imaginary, strict=True)]

    def _joined(self, re: Any, im: Any) -> Any:
        """Join the gradients of the two parts of a complex output to its derivative."""
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
                f"{self.transform}: {what} is not holomorphic there, so it has no derivative with "
                f"respect to a complex argument; take x and y of z = x + iy as two real "
                f"arguments, or differentiate the parts of the result, np.real and np.imag, one "
                f"by one (each gives d/dx - i d/dy)"
            )
        return re

    def collect(self, values: Iterable[Any]) -> Any:
        """Put one value per input into the containers of the arguments."""
        iterator = map(self.plain, values)
        trees = tuple(rebuild(tree, iterator) for tree in self.trees)
        return trees[0] if self.single else trees

    def value(self, x: Any) -> Any:
        """Convert a Tensor that the function made, such as its output, to a result."""
        if self.outer:
            return self.plain(x)
        expose(x)  # a pullback may still need it
        return self.plain(x._array)

    def plain(self, x: Any) -> Any:
        """Convert a result to an array, unless something outside can differentiate it.

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
            if any(reaches(node, self.nodes, stops) for node in nodes)
            # Second derivatives are often 0, with branches inside: then only this is a mistake.
            and not (self.run.has_derivatives and _gives_no_floats(how))
        ]
        if self.run.has_derivatives and not lines:
            return
        from ..debug.exits import taken_out  # only then: most programs need no debugger

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
    """Whether `nodes` come from a leaf outside of `run` whose owner can ask for derivatives."""
    if len(askers) <= run.running:
        return False
    return any(owner is None or owner.running for owner in owners(nodes, run))


def owners(nodes: Iterable[Node | None], run: Run) -> Iterator[Run | None]:
    """Yield the owners of the leaves that `nodes` come from: other calls, or the user (None).

    When a call is over, its arguments are constants.
    """
    for node in ancestors(nodes):
        if node.op is LEAF:
            if not isinstance(node, Argument):
                yield None
            elif node.run is not run:
                yield node.run


def reaches(node: Node | None, ends: Sequence[Node], stops: Sequence[Node] = ()) -> bool:
    """Whether `node` was computed from one of `ends` along a path that avoids `stops`."""

    def parents(node: Node) -> list[Node | None]:
        return [p for p in kept_parents(node) if p not in stops]

    starts = [node] if node not in stops else []
    return any(found in ends for found in ancestors(starts, parents))


def may_lead_out(tree: object, call: Call) -> bool:
    """Whether results of `call` can be differentiated with respect to Tensors in `tree`."""
    nodes = [x.node for _, x in leaves(tree) if isinstance(x, Tensor)]
    return grad_enabled() and _leads_out(nodes, call.run)


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
