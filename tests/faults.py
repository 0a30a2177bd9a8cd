"""Seeded faults: does a test notice when a gradient rule is wrong?

    python -m tests.faults                 every fault; a table of those that nobody noticed
    python -m tests.faults multiply        those of one operation

Each fault breaks one rule of one operation while it is in force, by wrapping it: a wrong sign, a
lost mask, an input taken for a constant when the gradient is itself recorded. The generic checks
of `tests/autograd/test_rules.py` and `test_rule_calls.py` then run on the rows that record this
operation, until one fails.
"""

from __future__ import annotations

import contextlib
import dis
import sys
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

import autograd.vjps
from autograd import Tensor, gradients
from autograd.broadcasting import unbroadcast
from autograd.op import OUTPUT, Op
from autograd.registry import REGISTRY
from autograd.rules import (
    elementwise,
    networks,
    products,
    reductions,
)
from tests.autograd import test_conventions, test_embedding, test_rule_calls, test_rules
from tests.autograd.test_rules import cotangent_for, recorded_ops
from tests.cases import CASES, Case

Wrap = Callable[[Any], Callable[..., Any]]

#: The checks that a faulty rule must not pass, the quickest first.
CHECKS: tuple[Callable[[Case], None], ...] = (
    test_rules.test_first_order_equals_differences_of_the_plain_function,
    test_rule_calls.test_rules_change_nothing_that_they_get,
    test_rule_calls.test_recorded_gradients_equal_those_of_arrays,
    test_rules.test_gradient_has_shape_and_dtype_of_input,
    test_rules.test_float32_stays_float32,
    test_rules.test_layouts_give_the_same_and_read_only_arrays_will_do,
    test_rules.test_first_and_second_order_by_gradcheck,
)

#: How many rows to try that record an operation besides those that are written for it.
OTHER_ROWS = 40


#: Checks of what no row can show, for single operations.
FURTHER_CHECKS: dict[Op, Callable[[], None]] = {
    elementwise.kink: (
        test_conventions.test_std_of_equal_numbers_has_gradient_zero_and_no_second_derivative
    ),
    networks.lookup: test_embedding.test_embedding_with_padding_gives_that_row_no_gradient,
}


@cache
def name_of(op: Op) -> str:
    """What an operation is called; where others are called so as well, also where it is from."""
    if sum(other.name == op.name for other in rows_by_operation()) < 2:
        return op.name
    return f"{op.function.__module__.rpartition('.')[-1]}.{op.name} of {op.arity}"


@dataclass(frozen=True)
class Fault:
    """One way of breaking the rule for one input of an operation."""

    op: Op
    place: int
    kind: str
    wrap: Wrap

    @property
    def name(self) -> str:
        return f"{name_of(self.op)}[{self.place}]: {self.kind}"

    @contextlib.contextmanager
    def in_force(self) -> Iterator[None]:
        op, vjps, joint, elementwise = self.op, self.op.vjps, self.op.joint, self.op.elementwise
        undo_broadcast = autograd.vjps.unbroadcast
        try:
            if self.kind == NOT_SUMMED:
                op.elementwise = False
            elif self.kind == AVERAGED:
                autograd.vjps.unbroadcast = _average
            elif joint is not None and self.kind == INPUTS_CONSTANT:
                op.joint = self.wrap(joint)
            elif joint is not None:
                op.joint = self._in_joint(joint)
            else:
                op.vjps = tuple(self.wrap(v) if i == self.place else v for i, v in enumerate(vjps))
            yield
        finally:
            op.vjps, op.joint, op.elementwise = vjps, joint, elementwise
            autograd.vjps.unbroadcast = undo_broadcast

    def _in_joint(self, joint: Any) -> Any:
        def faulty(g: Any, *args: Any, **options: Any) -> list[Any]:
            found = list(joint(g, *args, **options))
            if self.place < len(found) and found[self.place] is not None:
                found[self.place] = self.wrap(lambda *_, **__: found[self.place])(
                    g, *args, **options
                )
            return found

        return faulty


# -- what can be wrong with a gradient ----------------------------------------------------------

INPUTS_CONSTANT = "inputs taken for constants"
NOT_SUMMED = "broadcast not undone"
AVERAGED = "broadcast undone by a mean"
OVERWRITTEN = "written over what was kept"


def _average(g: Any, shape: tuple[int, ...]) -> Any:
    summed = unbroadcast(g, shape)
    return summed * (summed.size / max(g.size, 1))


def _of_result(change: Callable[[Any], Any]) -> Wrap:
    def wrap(vjp: Any) -> Any:
        def faulty(g: Any, *args: Any, **options: Any) -> Any:
            gx = vjp(g, *args, **options)
            return None if gx is None else change(gx)

        return faulty

    return wrap


def _transposed(gx: Any) -> Any:
    return np.reshape(np.swapaxes(gx, -1, -2), gx.shape) if gx.ndim > 1 else gx


def _without_largest(gx: Any) -> Any:
    mask = np.ones(gx.size, gx.dtype)
    if gx.size:
        mask[np.argmax(np.abs(_data(gx)))] = 0
    return gx * mask.reshape(gx.shape)


def _narrow(gx: Any) -> Any:
    return gx.astype({"f": np.float32, "c": np.complex64}.get(gx.dtype.kind, gx.dtype))


def _on_tensors(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda gx: change(gx) if isinstance(gx, Tensor) else gx


OF_RESULTS: dict[str, Callable[[Any], Any]] = {
    "sign": np.negative,
    "twice": lambda gx: gx * 2,
    "half": lambda gx: gx * 0.5,
    "zero": lambda gx: gx * 0,
    "a hundredth of a percent": lambda gx: gx * 1.0001,
    "transposed": _transposed,
    "moved by one": lambda gx: np.roll(gx, 1),
    "reversed": lambda gx: np.reshape(np.ravel(gx)[::-1], gx.shape),
    "largest element lost": _without_largest,
    "narrow": _narrow,
    "sign when recorded": _on_tensors(np.negative),
    "constant when recorded": _on_tensors(lambda gx: Tensor(gx._array)),
}


def _drops_mask(vjp: Any) -> Any:
    """What a mask kept out comes through."""

    def faulty(g: Any, *args: Any, **options: Any) -> Any:
        gx = vjp(g, *args, **options)
        try:
            return gx + (_data(gx) == 0) * g
        except (ValueError, TypeError):
            return gx

    return faulty


def _takes_inputs_for_constants(vjp: Any) -> Any:
    """First derivatives are right; what they depend on is forgotten."""

    def detached(x: Any) -> Any:
        if isinstance(x, tuple):
            return tuple(map(detached, x))
        return Tensor(x._array) if isinstance(x, Tensor) else x

    return lambda g, *args, **options: vjp(g, *map(detached, args), **options)


def _steep(vjp: Any) -> Any:
    """A slope of one where there is none."""
    return lambda g, *args, **options: vjp(g, *args, **options) + g


def _changes_cotangent(vjp: Any) -> Any:
    def faulty(g: Any, *args: Any, **options: Any) -> Any:
        gx = vjp(g, *args, **options)
        if gx is g or np.shares_memory(_data(gx), _data(g)):
            gx = gx * 1
        array = _data(g)
        array *= 0
        return gx

    return faulty


def _changes_kept(vjp: Any) -> Any:
    """The gradient is written over an array that was kept for it."""

    def faulty(g: Any, *args: Any, **options: Any) -> Any:
        gx = vjp(g, *args, **options)
        for kept in test_rule_calls.arrays_in([_data(x) for x in args]):
            if isinstance(kept, np.ndarray) and kept.shape == gx.shape and kept.dtype == gx.dtype:
                kept[...] = _data(gx)
                return gx if isinstance(gx, Tensor) else kept
        return gx

    return faulty


def _data(x: Any) -> Any:
    return x._array if isinstance(x, Tensor) else x


def _without(option: str) -> Wrap:
    def wrap(vjp: Any) -> Any:
        return lambda g, *args, **options: vjp(
            g, *args, **{k: v for k, v in options.items() if k != option}
        )

    return wrap


def _in_place_of(other: Any) -> Wrap:
    return lambda _: lambda g, *args, **options: other(g, *args, **options)


def faults_of(op: Op) -> Iterator[Fault]:
    """Every fault that can be seeded in an operation's rules."""
    rules = [op.joint] * 2 if op.joint else list(op.vjps)
    for place, vjp in enumerate(rules):
        if vjp is None:
            continue
        if op is elementwise.kink:
            yield Fault(op, place, "NaN lost", _of_result(lambda gx: np.where(True, 0, gx)))
        if (op, place) in FLAT:
            yield Fault(op, place, "slope of one", _steep)
            yield Fault(op, place, "cotangent changed", _changes_cotangent)
            continue
        for kind, change in OF_RESULTS.items():
            if kind != "transposed" or (op, place) not in OF_VECTORS:
                yield Fault(op, place, kind, _of_result(change))
        reads = op.reads[0 if op.joint else place]
        used = {i.argval for i in dis.get_instructions(vjp) if i.opname.startswith("LOAD_FAST")}
        if reads.out or any(reads.level(i) == 2 for i in range(op.arity or 0)):
            yield Fault(op, place, INPUTS_CONSTANT, _takes_inputs_for_constants)
        if op.joint:
            continue
        yield Fault(op, place, "cotangent changed", _changes_cotangent)
        if op in MASKED:
            yield Fault(op, place, "mask dropped", _drops_mask)
        if reads.out or any(reads.level(i) == 2 for i in range(op.arity or 0)):
            yield Fault(op, place, OVERWRITTEN, _changes_kept)
        for option in sorted(reads.options & used - {op.residual}):
            yield Fault(op, place, f"{option} forgotten", _without(option))
        if op.elementwise and (op.arity or 0) > 1:
            yield Fault(op, place, NOT_SUMMED, lambda v: v)
            yield Fault(op, place, AVERAGED, lambda v: v)
        for other, rule in enumerate(op.vjps):
            if rule is not None and rule.__code__.co_code != vjp.__code__.co_code:
                yield Fault(op, place, f"gradient of input {other}", _in_place_of(rule))


# Exemptions go by operation: `np.convolve` and the layer's convolution have one name.


def _ops(*functions: Any) -> set[Op]:
    """Operations, given as such or as the functions of NumPy that they stand for."""
    return {f if isinstance(f, Op) else REGISTRY[f] for f in functions}  # type: ignore[misc]


#: Rules that give 0 everywhere: a multiple or a part of it is the same.
FLAT: set[tuple[Op, int]] = {
    *((op, 0) for op in _ops(
        np.sign, np.floor, np.ceil, np.trunc, np.rint, np.fix, np.round, np.around,
        np.floor_divide, np.heaviside, elementwise.kink,
    )),
    *((op, 1) for op in _ops(np.floor_divide, np.copysign, np.heaviside, networks.gated)),
}  # fmt: skip

#: Rules whose result is always a vector (or its order that of one), which has no transpose.
OF_VECTORS: set[tuple[Op, int]] = {
    (products.convolve, 0), (products.convolve, 1), (networks.convolve, 2),
    (networks.linear, 2), (networks.batch_norm, 1), (networks.fixed_norm, 1),
}  # fmt: skip

#: Rules with a mask that rows see at work.
MASKED = _ops(
    np.maximum,
    np.minimum,
    np.fmax,
    np.fmin,
    np.where,
    elementwise.clip_between,
    networks.relu,
    networks.gated,
    np.tril,
    np.triu,
    np.nan_to_num,
)

#: Rules that look at their inputs only to compare them, or to round them: these are constants
#: wherever a derivative exists.
COMPARING = _ops(
    np.maximum,
    np.minimum,
    np.fmax,
    np.fmin,
    np.max,
    np.min,
    np.amax,
    np.amin,
    np.nanmax,
    np.nanmin,
    elementwise.clip_between,
    np.where,
    networks.relu,
    networks.gated,
    networks.leaky_relu,
    np.fabs,
    np.copysign,
    np.nan_to_num,
    np.ldexp,
    *(reductions.EXTREMA_FROM[f] for f in (np.max, np.min, np.nanmax)),
    np.fmod,
    np.remainder,
)

_KEPT_IS_NO_FLOAT = "all that is kept are booleans or integers, which it does not fit into"

#: Other faults that change no result, with the reason.
EQUIVALENT: dict[tuple[Op, int, str], str] = {
    (REGISTRY[np.where], 1, OVERWRITTEN): _KEPT_IS_NO_FLOAT,  # type: ignore[dict-item]
    (REGISTRY[np.where], 2, OVERWRITTEN): _KEPT_IS_NO_FLOAT,  # type: ignore[dict-item]
    (REGISTRY[np.ldexp], 0, OVERWRITTEN): _KEPT_IS_NO_FLOAT,  # type: ignore[dict-item]
}  # fmt: skip


def why_equivalent(fault: Fault) -> str | None:
    """Why a fault is none: the program with it computes the same."""
    if fault.kind == INPUTS_CONSTANT and fault.op in COMPARING:
        return "its inputs are only compared or rounded, so that their derivative is 0"
    return EQUIVALENT.get((fault.op, fault.place, fault.kind))


# -- running the checks -------------------------------------------------------------------------


@cache
def rows_by_operation() -> dict[Op, list[Case]]:
    """For each operation the rows that record it, small ones of its own first."""
    found: dict[Op, list[tuple[Any, Case]]] = defaultdict(list)
    for number, row in enumerate(CASES):
        leaves = [Tensor(x, requires_grad=True) for x in row.inputs()]
        out = row.function(*leaves)
        direct = recorded_ops(out)
        g = Tensor(cotangent_for(out), requires_grad=True)
        recorded = set(direct)
        for tensor in gradients(out, leaves, g, create_graph=True):
            recorded |= recorded_ops(tensor)
        size = sum(x.size for x in row.inputs())
        for op in recorded:
            own = op in direct and op.name.split("-")[0] in row.label
            found[op].append(((not own, op not in direct, size < 2, size, number), row))
    return {
        op: [row for _, row in sorted(rows, key=lambda pair: pair[0])]
        for op, rows in found.items()
        if op.name not in ("leaf", OUTPUT.name) and (op.vjps or op.joint)
    }


def rows_for(op: Op) -> list[Case]:
    rows = rows_by_operation()[op]
    own = sum(op.name.split("-")[0] in row.label for row in rows)
    return rows[: own + OTHER_ROWS]


@cache
def passes(check: Callable[[Case], None], row: Case) -> bool:
    """Whether a check passes without any fault; others say nothing about faults."""
    try:
        check(row)
    except Exception:
        return False
    return True


def caught_by(fault: Fault) -> str | None:
    """What notices the fault: the name of a check and the label of a row, or None."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for check in CHECKS:
            for row in rows_for(fault.op):
                if not passes(check, row):
                    continue
                try:
                    with fault.in_force():
                        check(row)
                except Exception:
                    return f"{check.__name__}[{row.label}]"
        further = FURTHER_CHECKS.get(fault.op)
        if further is not None:
            try:
                with fault.in_force():
                    further()
            except Exception:
                return further.__name__
    return None


def every_fault() -> list[Fault]:
    """All faults, in an order that does not change from run to run."""
    places = {row.label: i for i, row in enumerate(CASES)}
    operations = rows_by_operation()
    order = sorted(operations, key=lambda op: (name_of(op), places[operations[op][0].label]))
    return [fault for op in order for fault in faults_of(op)]


def main(names: list[str]) -> int:
    start = time.perf_counter()
    faults = [f for f in every_fault() if not names or {f.op.name, name_of(f.op)} & {*names}]
    by_check: Counter[str] = Counter()
    survivors: list[Fault] = []
    for fault in faults:
        found = caught_by(fault)
        if found is None:
            survivors.append(fault)
        else:
            by_check[found.partition("[")[0]] += 1
    explained = [f for f in survivors if why_equivalent(f)]
    real = len(faults) - len(explained)
    caught = len(faults) - len(survivors)
    print(f"{len(faults)} faults, {len(explained)} of them change nothing; of the other {real},")
    seconds = time.perf_counter() - start
    print(f"{caught} were noticed ({caught / max(real, 1):.2%}), in {seconds:.0f} s")
    for check, count in by_check.most_common():
        print(f"{count:6} first by {check}")
    for title, chosen in (
        ("not noticed", [f for f in survivors if not why_equivalent(f)]),
        ("change nothing", explained),
    ):
        print(f"\n{title}:" if chosen else "")
        for fault in chosen:
            print(f"    {fault.name:50} {why_equivalent(fault) or ''}")
    return int(caught < 0.99 * real)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
