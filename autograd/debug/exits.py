"""Places where a computation left the graph, found in a trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..changes import owner_of
from ..tensor import Tensor
from .tracing import Event, Trace
from .words import Why

_Exit = tuple[str, str, str]  # kind, reason, remedy

# fmt: off
_EXITS: dict[str, _Exit] = {
    "detach()": (
        "detached", "detach() was called, which takes a tensor out of the graph",
        "leave out detach()",
    ),
    ".data": (
        ".data", ".data was used, which is the plain array, outside of the graph",
        "use the tensor itself; NumPy's functions take it as it is",
    ),
    "item()": (
        "item()", "item() was used, which gives a Python number, outside of the graph",
        "use the tensor itself; it may stay without axes",
    ),
    "tolist()": (
        "tolist()", "tolist() was used, which gives Python numbers, outside of the graph",
        "use the tensor itself; iterate over it, or over t.flat",
    ),
    "np.asarray": (
        "asarray", "np.asarray (or np.array, float) made a plain array of it",
        "use the tensor itself, and np.stack to join tensors",
    ),
    "Tensor(data)": (
        "copied", "Tensor(...) makes a new leaf, without a link to where its data came from",
        "use the tensor itself; np.stack joins several",
    ),
}
# fmt: on
_COMPARISONS = {f"np.{name}" for name in ("equal", "not_equal", "less", "less_equal", "greater")}
_COMPARISONS.add("np.greater_equal")


_NO_GRAD = (
    "move it out of the no_grad block or function, or put it under `with autograd.enable_grad():`"
)


def exit_at(event: Event, head: str = "") -> Why:
    """Explain a result that was computed outside of any graph."""
    kind, what, remedy = _exit(event.name)
    return Why(kind, head + what, event.line, remedy)


def taken_out(exits: Sequence[tuple[str, str]]) -> str:
    """List exits, pairs of the code that left the graph and its line, for a message."""
    return "".join(
        f"\n  at {line}: {what}; {remedy}"
        for (_, what, remedy), line in ((_exit(name), line) for name, line in exits)
    )


def _exit(name: str) -> _Exit:
    if name in _EXITS:
        return _EXITS[name]
    if name.endswith(" under no_grad"):
        return "no_grad", f"{name} was computed, where nothing is recorded", _NO_GRAD
    if name.startswith("astype("):
        kind, what = "integers", f"{name} makes integers, which carry no gradient"
        remedy = "stay in floats, or use the integers for choosing only"
    elif name in _COMPARISONS:
        kind, what = "comparison", f"a comparison ({name}) gives booleans, without a gradient"
        remedy = (
            "use a smooth function instead, such as autograd.sigmoid, or np.where, whose "
            "branches have gradients"
        )
    else:
        kind, what = "constant", f"{name} returns a plain array, without a gradient"
        remedy = f"let the gradient take another path than through {name}"
    return kind, what, remedy


def unrecorded(event: Event, head: str = "") -> Why:
    """Explain a result that was computed under `no_grad`."""
    return Why(
        "no_grad",
        f"{head}{event.name} was computed under no_grad, where nothing is recorded",
        event.line,
        _NO_GRAD,
    )


def breaks(trace: Trace, x: Tensor, y: Tensor) -> list[Why]:
    """Find where the paths of values from `x` to `y` leave the graph; none if there is no path."""
    leading = {id(y._array)}
    for event in reversed(trace.events):
        if any(id(a) in leading for a in event.outputs):
            leading.update(map(trace.key, event.inputs))
    found: list[Why] = []
    live = {id(x._array)}  # arrays on a recorded path
    for event in trace.events:
        outputs = set(map(id, event.outputs))
        for i, array in enumerate(event.inputs):
            if trace.key(array) not in live:
                continue
            broken = _broken(trace, event, i)
            if broken is None:
                live |= outputs
            elif outputs & leading:
                found.append(broken)
    if not found and y.node is None and id(y._array) in live:
        left = [event for event in trace.users[id(y._array)] if event.name == "detach()"]
        found = [exit_at(event, "the result is not in the graph: ") for event in left[-1:]]
    return found


def _broken(trace: Trace, event: Event, i: int) -> Why | None:
    """Explain why the graph ends at an event, though this input is in it; None if it does not."""
    array, op = event.inputs[i], event.op
    if op is None:
        if any(out is array for out in event.outputs):
            return None  # the array itself: its next use will tell
        taken = _taken_out(trace, array) if event.name == "Tensor(data)" else None
        return (
            exit_at(taken, f"Tensor(...) at {event.line} got it without its graph: ")
            if taken
            else exit_at(event)
        )
    if not event.recording:
        return unrecorded(event)
    if event.parents[i] is None:
        taken = _taken_out(trace, array)
        if taken:
            return exit_at(taken, f"{event.name} at {event.line} got a constant: ")
        return Why(
            "not required",
            f"{event.name} used it as a constant: it did not require a gradient at that time",
            event.line,
            "set requires_grad = True before it is used",
        )
    if op.vjps and op.vjps[i] is None:
        return Why(
            "no rule",
            f"{event.name} has no rule for its input {i}, as for a mask, an index or a count",
            event.line,
            "let the gradient take another path, replace a choice by a smooth function, or give an "
            "operation of your own the rule (autograd.rule)",
        )
    if all(out.dtype.kind not in "fc" for out in event.outputs):
        return Why(
            "integers",
            f"{event.name} gives {event.outputs[0].dtype} values, which carry no gradient",
            event.line,
            "stay in floats",
        )
    return None


def _taken_out(trace: Trace, array: Any) -> Event | None:
    """Find the event that took an array, or a view of it, out of the graph."""
    for event in trace.users[trace.key(array)]:
        left = event.op is None and event.name != "Tensor(data)"
        if left and any(owner_of(out) is owner_of(array) for out in event.outputs):
            return event
    return None


def exits(trace: Trace, x: Tensor) -> list[Why]:
    """Find where `x`, or a result of it, left the graph, whatever it was used for."""
    live = {id(x._array)}
    found: list[Why] = []
    for event in trace.events:
        if live.isdisjoint(map(trace.key, event.inputs)):
            continue
        if event.op is not None:
            live.update(map(id, event.outputs))
        elif event.name != "Tensor(data)":
            found.append(exit_at(event, "it left the graph here, which may be why: "))
    return list(dict.fromkeys(found))


def outside(trace: Trace, x: Tensor) -> Why | None:
    """Explain from the trace why the constant `x` is not in the graph."""
    for event in reversed(trace.makers.get(id(x._array), [])):
        if event.op is not None and not event.recording and any(event.parents):
            return unrecorded(event, "it is a constant: ")
    for event in reversed(trace.users.get(id(x._array), [])):
        if event.name == "detach()":
            return exit_at(event, "it is a constant: ")
    return None
