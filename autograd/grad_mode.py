"""Switching recording off and on: `no_grad` and `enable_grad`.

The mode belongs to the running thread and context (a `ContextVar`), survives exceptions, and
does not leak out of a generator that is suspended inside a `with no_grad():` block: such a
block counts only while the generator's own frame is on the stack. The exception is a generator
made into a context manager: its suspension is the block, so there the mode holds.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from contextvars import ContextVar
from types import FrameType
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")
_CONTEXTLIB = contextlib.contextmanager.__code__.co_filename
_SUSPENDABLE = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


class _Scope:
    """One entered `with` block, linked to the one around it."""

    __slots__ = ("enabled", "frame", "open", "outer")

    def __init__(self, enabled: bool, frame: FrameType | None, outer: _Scope | None) -> None:
        self.enabled = enabled
        self.frame = frame
        self.outer = outer
        self.open = True


_current: ContextVar[_Scope | None] = ContextVar("grad_mode", default=None)

#: None in the ordinary case (recording, no block entered): one cheap test for the hot path.
current_scope = _current.get


def grad_enabled() -> bool:
    """Whether operations on tensors that require a gradient are being recorded here."""
    scope = _current.get()
    while scope is not None:
        if scope.open and (scope.frame is None or _on_stack(scope.frame)):
            return scope.enabled
        scope = scope.outer
    return True


def _on_stack(frame: FrameType) -> bool:
    running: FrameType | None = sys._getframe(1)
    while running is not None:
        if running is frame:
            return True
        running = running.f_back
    return False


class _GradMode:
    """A `with` block, or a decorator, that sets the mode and restores it."""

    enabled: bool

    def __init__(self) -> None:
        self._scopes: list[_Scope] = []

    def __enter__(self) -> None:
        self._enter(sys._getframe(1))

    def _enter(self, caller: FrameType) -> None:
        resumed_by = caller.f_back.f_code.co_filename if caller.f_back else ""
        suspends = caller.f_code.co_flags & _SUSPENDABLE and resumed_by != _CONTEXTLIB
        frame = caller if suspends else None
        scope = _Scope(self.enabled, frame, _current.get())
        self._scopes.append(scope)
        _current.set(scope)

    def __exit__(self, *_: object) -> None:
        scope = self._scopes.pop()
        scope.open = False
        scope.frame = None
        top = _current.get()
        while top is not None and not top.open:
            top = top.outer
        _current.set(top)

    def __call__(self, function: Callable[_P, _R]) -> Callable[_P, _R]:
        mode = type(self)
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
    """Do not record: results inside the block are constants.

    Use as `with no_grad():` or as a decorator, `@no_grad()`, also of generator functions
    and coroutines. Parameters may be changed in place inside the block (`w -= 0.1 * w.grad`).
    """

    enabled = False


class enable_grad(_GradMode):  # noqa: N801 - the counterpart of no_grad
    """Record again inside a `no_grad` block."""

    enabled = True
