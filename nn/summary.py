"""The table of a model: the output shape, the parameters and the memory of each layer.

print(model.summary((1, 784)))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

from autograd import AutogradError, Tensor, no_grad

from .generators import generators_in

if TYPE_CHECKING:
    from .module import Module


class SummaryError(AutogradError, ValueError):
    """A layer failed on the input shapes; the message names it."""


@dataclass
class Row:
    """The row of one module.

    Attributes:
        path: The path to the module, such as 'layers.0'; empty for the model itself.
        type: The name of its class.
        is_leaf: Whether it has no modules below it.
        parameters: The number of elements in its own parameters, without those of modules below.
        parameter_bytes: Their memory.
        outputs: The shape of the output of each call, as text.
        output_bytes: The memory of the outputs of all calls.
    """

    path: str
    type: str
    is_leaf: bool
    parameters: int = 0
    parameter_bytes: int = 0
    outputs: list[str] = field(default_factory=list)
    output_bytes: int = 0


@dataclass(repr=False)
class Summary:
    """A table of modules; its text is `str()` and `repr()`.

    Attributes:
        rows: A `Row` for each module.
        trainable: The number of elements in parameters that are not frozen.

    Example:
        >>> table = nn.MLP([4, 3, 2]).summary((1, 4))
        >>> table.parameters, table.parameter_bytes
        (23, 92)
        >>> [(row.path, row.outputs) for row in table.rows if row.is_leaf]
        [('layers.0', ['(1, 3)']), ('layers.1', ['(1, 3)']), ('layers.2', ['(1, 2)'])]
    """

    rows: list[Row]
    trainable: int

    @property
    def parameters(self) -> int:
        """The number of elements in all parameters."""
        return sum(row.parameters for row in self.rows)

    @property
    def parameter_bytes(self) -> int:
        """The memory of the parameters, in bytes."""
        return sum(row.parameter_bytes for row in self.rows)

    @property
    def output_bytes(self) -> int:
        """The memory of the outputs of all calls of modules without modules below, in bytes."""
        return sum(row.output_bytes for row in self.rows if row.is_leaf)

    def __str__(self) -> str:
        head = ("layer", "output", "parameters", "memory", "output memory")
        cells = [head, *(_cells(row) for row in self.rows)]
        total = (f"{self.parameters:,}", _bytes(self.parameter_bytes), _bytes(self.output_bytes))
        cells.append(("total", "", *total))
        widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
        lines = [
            "  ".join(
                text.ljust(width) if i < 2 else text.rjust(width)
                for i, (text, width) in enumerate(zip(row, widths, strict=True))
            )
            for row in cells
        ]
        rule = "-" * len(lines[0])
        lines = [lines[0], rule, *lines[1:-1], rule, lines[-1]]
        if self.trainable != self.parameters:
            lines.append(f"{self.parameters - self.trainable:,} parameters are frozen")
        return "\n".join(line.rstrip() for line in lines)

    __repr__ = __str__


def summary(model: Module, *shapes: tuple[int, ...], dtype: DTypeLike | None = None) -> Summary:
    """Run `model` once on zeros, and list its modules; see `Module.summary`.

    Raises:
        TypeError: If `shapes` is empty, or one is not a tuple of sizes.
        SummaryError: If a layer fails.
    """
    wrong = [s for s in shapes if not isinstance(s, tuple | list) or any(n < 0 for n in s)]
    if wrong or not shapes:
        got = f"got {wrong[0]!r}" if wrong else "got none"
        raise TypeError(
            f"summary: {got}; pass the shape of each input as a tuple, with the batch axis: "
            f"model.summary((1, 784))"
        )
    if dtype is None:
        floats = (p.dtype for p in model.parameters() if p.dtype.kind == "f")
        dtype = next(floats, np.dtype(np.float32))
    modules = list(model.named_modules())
    rows = {
        path: Row(path, type(module).__name__, is_leaf=len(list(module.modules())) == 1)
        for path, module in modules
    }
    for name, parameter in model.named_parameters():
        row = rows[name.rpartition(".")[0]]
        row.parameters += parameter.size
        row.parameter_bytes += parameter.data.nbytes
    with _unchanged(model), no_grad():
        model.eval()
        for path, module in modules:
            object.__setattr__(module, "forward", _watched(module.forward, rows[path]))
        model(*(np.zeros(shape, dtype) for shape in shapes))
    trainable = sum(p.size for p in model.parameters() if p.requires_grad)
    return Summary(list(rows.values()), trainable)


def _watched(forward: Callable[..., Any], row: Row) -> Callable[..., Any]:
    def watched(*args: Any, **kwargs: Any) -> Any:
        try:
            out = forward(*args, **kwargs)
        except SummaryError:  # from a module below
            raise
        except Exception as error:
            where = f"layer {row.path} ({row.type})" if row.path else row.type
            raise SummaryError(
                f"summary: {where} failed on an input of shape {_shape(args)}: {error} (the input "
                f"shapes of summary() include the batch axis)"
            ) from error
        row.outputs.append(_shape(out))
        row.output_bytes += _size(out)
        return out

    return watched


@contextmanager
def _unchanged(model: Module) -> Iterator[None]:
    """Restore the attributes, buffers and generators of all modules at the end."""
    attributes = [(module, dict(vars(module))) for module in model.modules()]
    buffers = [(buffer.data, buffer.data.copy()) for _, buffer in model.named_buffers()]
    generators = [(g.bit_generator, g.bit_generator.state) for g in generators_in(model).values()]

    def restore() -> None:
        for module, before in attributes:
            vars(module).update(before)
            for name in vars(module).keys() - before.keys():
                del vars(module)[name]
        for array, copy in buffers:
            array[...] = copy
        for bits, state in generators:
            bits.state = state

    try:
        try:
            yield
        finally:
            restore()
    finally:
        restore()  # in case Ctrl-C ended the first


def _shape(value: Any) -> str:
    if isinstance(value, Tensor | np.ndarray):
        return str(value.shape)
    if isinstance(value, tuple | list):
        return ", ".join(_shape(part) for part in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_shape(part)}" for name, part in value.items())
    return type(value).__name__


def _size(value: Any) -> int:
    if isinstance(value, Tensor | np.ndarray):
        return int(value.size * value.dtype.itemsize)
    parts = value.values() if isinstance(value, dict) else value
    return sum(map(_size, parts)) if isinstance(value, tuple | list | dict) else 0


def _cells(row: Row) -> tuple[str, ...]:
    shapes = " then ".join(dict.fromkeys(row.outputs))
    calls = f" x{len(row.outputs)}" if len(row.outputs) > 1 else ""
    own = (f"{row.parameters:,}", _bytes(row.parameter_bytes)) if row.parameters else ("", "")
    size = _bytes(row.output_bytes) if row.is_leaf and row.outputs else ""
    depth = row.path.count(".") + 1 if row.path else 0
    name = f"{'  ' * depth}{row.path}: {row.type}" if row.path else row.type
    return (name, f"{shapes}{calls}" or "not called", *own, size)


def _bytes(count: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"
