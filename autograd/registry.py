"""The registry of differentiable functions, and the three ways into it.

    rule(np.exp, lambda g, y, _: g * y)       a function and its gradient rules: an operation
    @implements(np.nanmean)                   a NumPy function in terms of other ones
    @extends(np.var)                          the options of an operation that its rules leave out

`op.py` explains how a rule is written; `rules/` holds those of NumPy's functions, and
`compositions/` the functions that are composed of them.
"""

from __future__ import annotations

import copyreg
import functools
import inspect
from collections.abc import Callable, Sequence
from types import CodeType
from typing import Any, TypeVar, overload

import numpy as np

from .node import ENGINE_FILES, getframe
from .op import VJP, Op, joined
from .operands import argument
from .signatures import NO_DEFAULT, drop_defaults, positional_parameters
from .unrolled import make_fast

Function = TypeVar("Function", bound=Callable[..., Any])

#: What NumPy's functions do when they meet a Tensor: an Op, or a function that calls Ops.
REGISTRY: dict[Callable[..., Any], Callable[..., Any]] = {}

#: NumPy functions whose results carry no gradient: they return plain arrays.
CONSTANT: set[Callable[..., Any]] = set()

#: Functions of lists of arrays. For all others a list of tensors is an array.
OF_SEQUENCES: set[Callable[..., Any]] = set()


# -- rules --------------------------------------------------------------------------------------


@overload
def rule(
    function: Function,
    /,
    *rules: VJP | None,
    joint: VJP | None = None,
    forward: Callable[..., Any] | None = None,
    elementwise: bool | None = None,
    residual: str | None = None,
    name: str | None = None,
) -> Function: ...


@overload
def rule(
    *,
    vjps: Sequence[VJP | None] = (),
    joint: VJP | None = None,
    forward: Callable[..., Any] | None = None,
    elementwise: bool | None = None,
    residual: str | None = None,
    name: str | None = None,
) -> Callable[[Function], Function]: ...


def rule(
    function: Any = None,
    /,
    *rules: VJP | None,
    vjps: Sequence[VJP | None] = (),
    joint: VJP | None = None,
    forward: Callable[..., Any] | None = None,
    elementwise: bool | None = None,
    residual: str | None = None,
    name: str | None = None,
) -> Any:
    """Make a function differentiable, and return the operation, which is called like it.

    In a table, the rules follow the function; as a decorator, they are its argument `vjps`. The
    operation keeps the function's name, signature and docstring.

    A NumPy function (or any ufunc) is found again when it is called on a Tensor. Any other
    function is differentiable through the operation returned here.

    Args:
        function: Returns an array, or a tuple or list of arrays for several outputs.
        *rules: One rule per input, each `(g, out, *inputs, **options)` -> gradient of that input,
            an array of its shape; None for an input without a gradient (a mask, an index). The
            head of `autograd/op.py` explains how the names of a rule's parameters decide what is
            kept for it.
        vjps: The same as a list, where `rule` is a decorator.
        joint: In place of `rules`, one rule that returns a tuple with the gradient of each input
            (None where there is none), for functions of any number of inputs.
        forward: Computes the function on arrays, where something is faster than `function`
            itself; it gets the inputs, and the options that were given by keyword.
        elementwise: Whether the function broadcasts its inputs, so that the engine sums each
            gradient back to the shape of its input. Default: true for NumPy's ufuncs that work
            element by element.
        residual: The forward function returns `(out, residual)`, and rules find the second under
            this name among their options. When the gradient is itself recorded they get None
            there and must compute it again from their inputs, because a stored array could not be
            differentiated. An array of integers or booleans is a constant, and stays.
        name: What pictures and messages call the operation. Default: the name of the function.

    Raises:
        TypeError: The number of rules and of their parameters disagree, or one rule names an
            option that another does not.

    Example:
        >>> cube = autograd.rule(lambda x: x**3, lambda g, _, x: 3 * g * x**2)
        >>> autograd.grad(cube)(2.0)
        np.float64(12.0)
        >>> @autograd.rule(vjps=[lambda g, _, x: 4 * g * x**3])
        ... def fourth(x):
        ...     return x**4
        >>> autograd.grad(fourth)(2.0)
        np.float64(32.0)
    """
    caller = getframe(1).f_code
    settings = joint, forward, elementwise, residual, name
    if function is not None:
        return _rule(caller, function, rules or vjps, *settings)
    return lambda decorated: _rule(caller, decorated, vjps, *settings)


def _rule(
    caller: CodeType,
    function: Callable[..., Any],
    vjps: Sequence[VJP | None],
    joint: VJP | None,
    forward: Callable[..., Any] | None,
    elementwise: bool | None,
    residual: str | None,
    name: str | None,
) -> Op:
    is_ufunc = isinstance(function, np.ufunc)
    if elementwise is None:
        elementwise = isinstance(function, np.ufunc) and function.signature is None
    dispatched = is_ufunc or isinstance(function, type(np.concatenate))
    name = str(name or getattr(function, "__name__", "operation"))
    op = Op(name, function, tuple(vjps), joint, elementwise, residual, forward)
    if dispatched:
        REGISTRY[function] = op
    op.is_ours = caller.co_filename in ENGINE_FILES
    if dispatched or caller.co_name == "<module>":
        make_fast(op)
    return op


# -- compositions -------------------------------------------------------------------------------


def implements(
    function: Callable[..., Any], of_sequences: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Say how a NumPy function is composed of others, for calls with Tensors.

    The decorated function names the parameters that it honours, as NumPy does. Every call gives it
    all of them: NumPy's default where neither the call nor its own signature has a value, and None
    where NumPy has no default to show (`np._NoValue`). A parameter of NumPy's that it does not name
    may only be given its default; `out=` is refused.

    Args:
        function: A function of NumPy's that dispatches by `__array_function__`. NumPy before 2.4
            does not tell the signatures of its compiled functions (`np.dot`, `np.concatenate`):
            the compositions of these have the defaults in their own.
        of_sequences: Whether lists of tensors reach the composition as lists. Otherwise each
            arrives as one Tensor.

    Returns:
        The decorator. What it returns may be called like `function`.

    Raises:
        TypeError: The composition names a parameter that `function` does not have.

    Example:
        >>> @autograd.implements(np.i0)
        ... def i0(x):
        ...     return 1 + x**2 / 4 + x**4 / 64  # near 0
        >>> autograd.grad(np.i0)(0.5)
        np.float64(0.2578125)
        >>> del autograd.registry.REGISTRY[np.i0]
    """

    name = function.__name__

    def enter(composition: Callable[..., Any]) -> Callable[..., Any]:
        bind = _binder(function, composition)

        @functools.wraps(composition)
        def call(*args: Any, **options: Any) -> Any:
            if not of_sequences:
                args = tuple([joined(x) if type(x) in _LISTS else x for x in args])
                options = {key: joined(x) for key, x in options.items()}
            args = tuple([argument(x, name, i) for i, x in enumerate(args)])
            options = {
                key: argument(x, name, key) for key, x in options.items() if x is not np._NoValue
            }
            args, options = bind(args, options)
            return composition(*args, **options)

        REGISTRY[function] = call
        if of_sequences:
            OF_SEQUENCES.add(function)
        return call

    return enter


_Arguments = tuple[tuple[Any, ...], dict[str, Any]]


def _binder(
    function: Callable[..., Any], composition: Callable[..., Any]
) -> Callable[[tuple[Any, ...], dict[str, Any]], _Arguments]:
    """Make the function that turns the arguments of `function` into those of its composition."""
    name = function.__name__
    own = inspect.signature(composition).parameters.values()
    named = [p for p in own if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    takes_all = any(p.kind is p.VAR_POSITIONAL for p in own)
    takes_any = any(p.kind is p.VAR_KEYWORD for p in own)
    positional, theirs = positional_parameters(function)
    if not positional:  # compiled, and without a signature before NumPy 2.4
        positional = [*positional_parameters(composition)[0], "out"]
    elif unknown := [p.name for p in named if p.default is NO_DEFAULT and p.name not in theirs]:
        raise TypeError(
            f"implements({name}): {composition.__name__} has a parameter {unknown[0]!r}, which "
            f"NumPy's function does not have; its parameters are {', '.join(theirs)}"
        )
    values = {p.name: _default(p, theirs) for p in named}
    known = frozenset(values)
    defaults = {key: value for key, value in values.items() if value is not NO_DEFAULT}
    required = known - defaults.keys()

    def bind(args: tuple[Any, ...], options: dict[str, Any]) -> _Arguments:
        if not takes_all:
            options, args = _named(name, positional, args, options), ()
        if not takes_any and not options.keys() <= known:
            others = {key: options.pop(key) for key in list(options) if key not in known}
            drop_defaults(name, others, defaults, theirs)
        if not takes_all and not options.keys() >= required:
            missing = next(key for key in values if key in required - options.keys())
            raise TypeError(f"{name}() is missing its argument '{missing}'")
        return args, defaults | options

    return bind


#: NumPy's reductions have these defaults where they show none.
_UNSHOWN = {"keepdims": False, "where": True}
_LISTS = (list, tuple)


def _default(parameter: inspect.Parameter, theirs: dict[str, Any]) -> Any:
    """The default of a composition's parameter: its own, or that of NumPy's function."""
    if parameter.default is not NO_DEFAULT:
        return parameter.default
    value = theirs.get(parameter.name, NO_DEFAULT)
    return _UNSHOWN.get(parameter.name) if value is np._NoValue else value


def _named(
    function: str, names: Sequence[str], args: tuple[Any, ...], options: dict[str, Any]
) -> dict[str, Any]:
    """The arguments of a call by their names."""
    if len(args) > len(names):
        raise TypeError(
            f"{function}() takes at most {len(names)} positional arguments, got {len(args)}"
        )
    named = {key: x for key, x in zip(names, args, strict=False) if x is not np._NoValue}
    for key in named:
        if key in options:
            raise TypeError(f"{function} got two values for the argument '{key}'")
    return named | options


def extends(function: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Say what a function that has a rule does with options that its rule does not name.

    The decorated composition names all options that are honoured, including those of the rule.
    The rule stays as short, and the plain call as fast, as without them.

    Args:
        function: A function of NumPy's with a rule of its own.

    Returns:
        The decorator, which returns the composition.
    """

    def enter(composition: Callable[..., Any]) -> Callable[..., Any]:
        operation: Any = REGISTRY[function]
        named = list(inspect.signature(composition).parameters)[operation.arity :]
        operation.extension = composition, frozenset(named)
        return composition

    return enter


# -- pickling -----------------------------------------------------------------------------------


def _pickled(operation: Op) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """Pickle an operation by the NumPy function that it is registered for."""
    for function, registered in REGISTRY.items():
        if registered is operation:
            return _registered, (function,)
    raise TypeError(
        f"the operation {operation.name} cannot be pickled: it is not in the registry; pickle the "
        f"name of the module variable that holds it"
    )


def _registered(function: Callable[..., Any]) -> Callable[..., Any]:
    return REGISTRY[function]


copyreg.pickle(Op, _pickled)
