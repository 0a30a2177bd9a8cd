"""Recording, switched off and on: `no_grad` and `enable_grad`.

The mode belongs to the running thread and context (a `ContextVar`), survives exceptions, and
does not leak out of a generator that is suspended inside a `with no_grad():` block: such a
block counts only while the generator's own frame is on the stack. The exception is a generator
made into a context manager: its suspension is the block, so there the mode holds.

Ctrl-C ends a block as any exception does. Only if it comes before the first line of `__exit__`,
nothing can be done at once: then the mode ends when `no_grad()` itself is freed, with the traceback
or with the variable that holds it.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
from collections.abc import AsyncGenerator, Callable, Collection, Generator, Mapping, Sequence
from contextvars import ContextVar
from types import FrameType
from typing import Any, ParamSpec, TypeVar

from .errors import GraphError

_P = ParamSpec("_P")
_R = TypeVar("_R")
_CONTEXTLIB = contextlib.contextmanager.__code__.co_filename
_SUSPENDABLE = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


class _Scope:
    """One entered `with` block, linked to the one around it."""

    __slots__ = ("enabled", "frame", "observer", "open", "outer")

    def __init__(
        self,
        enabled: bool | None,
        frame: FrameType | None,
        outer: _Scope | None,
        observer: Observer | None = None,
    ) -> None:
        self.enabled = enabled  # None: as around it
        self.frame = frame
        self.outer = outer
        self.observer = observer
        self.open = True

    def counts(self) -> bool:
        """Whether the block is being executed here."""
        return self.open and (self.frame is None or _on_stack(self.frame))


_current: ContextVar[_Scope | None] = ContextVar("grad_mode", default=None)

#: None in the ordinary case (recording, no block entered): one cheap test for the hot path.
current_scope = _current.get


def grad_enabled() -> bool:
    """Whether operations on tensors that require a gradient are being recorded here.

    Example:
        >>> with autograd.no_grad():
        ...     autograd.grad_enabled()
        False
    """
    scope = _current.get()
    while scope is not None:
        if scope.enabled is not None and scope.counts():
            return scope.enabled
        scope = scope.outer
    return True


_differentiating: ContextVar[bool] = ContextVar("differentiating", default=False)

#: Whether a function is being called to be differentiated: by `grad` and its family.
differentiating = _differentiating.get


def differentiated(function: Callable[..., _R], *args: Any, **kwargs: Any) -> _R:
    """Call a function that is to be differentiated.

    In the meantime `autograd.numpy.zeros` and its kind make Tensors, which can be filled.
    """
    before = _differentiating.get()
    try:
        _differentiating.set(True)
        return function(*args, **kwargs)
    except ValueError as error:  # of NumPy, where `c[i] = t` was refused: the reason is its cause
        if isinstance(error.__cause__, GraphError):
            error.add_note(str(error.__cause__))
        raise
    finally:
        _differentiating.set(before)


class Observer:
    """An object that is told of everything computed on Tensors in a block of `Observing`."""

    def computed(
        self,
        op: Any,
        arrays: Sequence[Any],
        parents: Sequence[Any],
        out: Any,
        options: Mapping[str, Any],
    ) -> None:
        """`op` computed `out` (a tuple, if it has several outputs) from `arrays` and `options`.

        Called before the result is recorded, and also where it will not be.

        Args:
            op: The operation.
            arrays: Its inputs.
            parents: The nodes of the inputs, None for constants.
            out: Its output.
            options: Its options.
        """

    def left(self, how: str, values: Any, result: Any) -> None:
        """`result` was computed outside of any graph from `values`, some of which are Tensors.

        `how` is the code that did so, such as "detach()" or "numpy.greater".
        """

    def began(self, seeds: Sequence[tuple[Any, Any]], wanted: Collection[Any] | None) -> None:
        """A backward pass begins, from pairs of a node and its cotangent.

        `wanted`: the nodes whose gradients are asked for; None for the `.grad` of all leaves.
        """

    def arrived(self, node: Any, g: Any) -> None:
        """The backward pass visits `node`, whose cotangent is `g`."""

    def sent(self, node: Any, parent: Any, gx: Any) -> None:
        """The rule of `node` gave `gx` for one of its parents, in the order of its inputs."""


class _Both(Observer):
    """Two blocks, one inside the other, whose observers are both told."""

    def __init__(self, outer: Observer, inner: Observer) -> None:
        self.observers = (outer, inner)

    def computed(self, *event: Any) -> None:
        for each in self.observers:
            each.computed(*event)

    def began(self, *event: Any) -> None:
        for each in self.observers:
            each.began(*event)

    def left(self, *event: Any) -> None:
        for each in self.observers:
            each.left(*event)

    def arrived(self, *event: Any) -> None:
        for each in self.observers:
            each.arrived(*event)

    def sent(self, *event: Any) -> None:
        for each in self.observers:
            each.sent(*event)


def observer() -> Observer | None:
    """The observer of the innermost block that is being executed and has one."""
    scope = _current.get()
    while scope is not None:
        if scope.observer is not None and scope.counts():
            return scope.observer
        scope = scope.outer
    return None


def _on_stack(frame: FrameType) -> bool:
    running: FrameType | None = sys._getframe(1)
    while running is not None:
        if running is frame:
            return True
        running = running.f_back
    return False


class _GradMode:
    """A `with` block, or a decorator, that sets the mode and restores it."""

    enabled: bool | None
    _scopes: list[_Scope] = []  #: those entered and not left; each instance has its own

    def __init__(self) -> None:
        self._scopes = []

    def __enter__(self) -> Any:
        self._enter(sys._getframe(1))

    def _enter(self, caller: FrameType) -> None:
        resumed_by = caller.f_back.f_code.co_filename if caller.f_back else ""
        suspends = caller.f_code.co_flags & _SUSPENDABLE and resumed_by != _CONTEXTLIB
        frame = caller if suspends else None
        scope = _Scope(self.enabled, frame, _current.get(), self._observer_inside())
        try:
            self._scopes.append(scope)
            _current.set(scope)
        except BaseException:  # Ctrl-C: the block will not be entered
            scope.open = False
            self._scopes[:] = [other for other in self._scopes if other.open]
            raise

    def _observer_inside(self) -> Observer | None:
        return None

    def __exit__(self, *_: object) -> None:
        scope = self._scopes[-1]
        scope.open = False  # first of all, in case that Ctrl-C ends the rest
        scope.frame = None
        self._scopes.pop()
        top = _current.get()
        while top is not None and not top.open:
            top = top.outer
        _current.set(top)

    def __del__(self) -> None:
        # Python may deliver Ctrl-C when `__enter__` is done and the block has not begun, or before
        # the first line of `__exit__`: then nobody but this ends the mode.
        for scope in self._scopes:
            scope.open = False
            scope.frame = None

    def _another(self) -> _GradMode:
        """The same mode for a call of a decorated function: calls may end in any order."""
        other = object.__new__(type(self))
        vars(other).update(vars(self), _scopes=[])
        return other

    def __call__(self, function: Callable[_P, _R]) -> Callable[_P, _R]:
        mode = self._another
        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def generate(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
                with mode():
                    return (yield from function(*args, **kwargs))

            return generate  # type: ignore[return-value]

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def run(*args: Any, **kwargs: Any) -> Any:
                with mode():
                    return await function(*args, **kwargs)

            return run  # type: ignore[return-value]

        if inspect.isasyncgenfunction(function):

            @functools.wraps(function)
            async def stream(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
                with mode():
                    async with contextlib.aclosing(function(*args, **kwargs)) as values:
                        async for value in values:
                            yield value

            return stream  # type: ignore[return-value]

        @functools.wraps(function)
        def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            with mode():
                return function(*args, **kwargs)

        return call


class no_grad(_GradMode):  # noqa: N801 - the field's name for it
    """A block, or a decorator, that does not record: results inside are constants.

    As a decorator, `@no_grad()` works on generator functions and coroutines, too. Parameters may be
    changed in place inside the block.

    Example:
        >>> w = Tensor(2.0, requires_grad=True)
        >>> with autograd.no_grad():
        ...     w -= 0.5
        >>> w
        Tensor(1.5, requires_grad=True)
    """

    enabled = False


class enable_grad(_GradMode):  # noqa: N801 - the counterpart of no_grad
    """A block, or a decorator, that records again inside of `no_grad`.

    Example:
        >>> x = Tensor(2.0, requires_grad=True)
        >>> with autograd.no_grad(), autograd.enable_grad():
        ...     (x * x).requires_grad
        True
    """

    enabled = True


class Observing(_GradMode):
    """A block in which an observer is told of all computations; recording goes on as before.

    Observers of blocks around it are told, too.
    """

    enabled = None

    def __init__(self, observer: Observer) -> None:
        super().__init__()
        self.observer = observer

    def _observer_inside(self) -> Observer:
        around = observer()
        if around is None or around is self.observer:  # as in a function that calls itself
            return self.observer
        return _Both(around, self.observer)
