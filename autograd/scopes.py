"""Named parts of a computation, which group the nodes in pictures of its graph.

    with autograd.named_scope("attention"):
        scores = q @ k.T

Nodes are numbered as they are made, so a part is a first number, a last number and a name, and
nodes know nothing of it. Nodes outside of all parts are drawn without a group. Threads that compute
at the same time share the numbers, so their groups are mixed up.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count

from .node import next_number

__all__ = ["failed", "named_scope", "next_number", "record"]

_KEPT = 1 << 14
BACKWARD = "backward pass"  #: the kind of a part in which gradients were recorded
_recent: deque[tuple[int, int, str, str]] = deque(maxlen=_KEPT)

#: Notes a part that has been computed, as (its first number, its last number, its path, its kind),
#: both from `next_number()`. A module does so at every call, so this is all that it costs.
record: Callable[[tuple[int, int, str, str]], None] = _recent.append


@contextmanager
def named_scope(name: str) -> Iterator[None]:
    """Group the results of this block, or of a function decorated so, under a name.

    Pictures of the graph draw a frame around them, inside the frames of enclosing modules and
    scopes. The latest 16,384 parts are remembered, except those that an exception ended.

    Args:
        name: The words on the frame.

    Raises:
        TypeError: The name is not a string.
        ValueError: The name is empty.

    Example:
        >>> x = Tensor(2.0, requires_grad=True)
        >>> with autograd.named_scope("square"):
        ...     y = x * x
        >>> "square" in y.graph().mermaid
        True
    """
    if not isinstance(name, str):
        raise TypeError(f"named_scope: name must be a string, got {type(name).__name__}")
    if not name:
        raise ValueError("named_scope: name is empty; give the words to show in the picture")
    first = next_number()
    try:
        yield
    except Exception as error:
        failed(error, name, "")
        raise
    record((first, next_number(), name, ""))


def failed(error: Exception, path: str, kind: str) -> None:
    """Note on an error the innermost part in which it was raised."""
    if not any(note.startswith("in the part ") for note in getattr(error, "__notes__", ())):
        error.add_note(f"in the part {' '.join(filter(None, (path, kind)))}")


class Scope:
    """A recorded part, linked to the one around it."""

    __slots__ = ("first", "kind", "last", "level", "parent", "path")

    def __init__(
        self, first: int, last: int, path: str, kind: str, parent: Scope | None = None
    ) -> None:
        self.first = first
        self.last = last
        self.path = path
        self.kind = kind
        self.parent = parent
        self.level: int = parent.level + 1 if parent else 1

    def outwards(self) -> Iterator[Scope]:
        """Yield this scope, the one around it, and so on."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent


def innermost(numbers: Iterable[int]) -> list[Scope | None]:
    """Find the innermost scope of each of the numbers, which must ascend."""
    waiting = sorted(_recent, reverse=True)
    found: list[Scope | None] = []
    inside: Scope | None = None
    for number in numbers:
        while waiting and waiting[-1][0] < number:
            first, last, path, kind = waiting.pop()
            inside = Scope(first, last, path, kind, _left(inside, first))
        inside = _left(inside, number)
        found.append(inside)
    return found


def _left(inside: Scope | None, number: int) -> Scope | None:
    """Leave the scopes that end before `number`; return the one that remains."""
    while inside is not None and inside.last < number:
        inside = inside.parent
    return inside


def titles(scopes: Iterable[Scope | None]) -> dict[Scope, str]:
    """Give these scopes, and all around them, the words for their frames, outermost first."""
    shown = {scope for inner in set(scopes) if inner for scope in inner.outwards()}
    order = sorted(shown, key=lambda scope: scope.first)
    calls = Counter((scope.parent, scope.path, scope.kind) for scope in order)
    # Without a path, two of the same kind may be different modules.
    repeated = {call: count(1) for call, times in calls.items() if call[1] and times > 1}
    written = {}
    for scope in order:
        written[scope] = " ".join(filter(None, (scope.path, scope.kind)))
        call = repeated.get((scope.parent, scope.path, scope.kind))
        if call:
            written[scope] += f" (call {next(call)})"
    return written
