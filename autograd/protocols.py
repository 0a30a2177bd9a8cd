"""NumPy's protocols: what its functions do when they meet a Tensor.

NumPy hands its ufuncs over to `__array_ufunc__`, and its other functions to `__array_function__`.
What has a rule is applied and recorded; what gives no gradient, such as `np.argmax`, is called on
the arrays; everything else is refused. A Tensor leaves its graph only where that is asked for.

Read `operators.py` next: the other ways to the same operations.
"""

from __future__ import annotations

import opcode
import os
import sys
from collections.abc import Callable
from importlib.machinery import EXTENSION_SUFFIXES
from types import CodeType, FrameType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

from .changes import expose
from .compositions import ufunc_methods
from .errors import GraphError, NotDifferentiableError
from .grad_mode import current_scope, grad_enabled, observer
from .node import ENGINE_FILES, Leaf, Node, current_run, getframe, note_exit, user_frame
from .nondifferentiable import NEW, REFUSED
from .op import Op, joined
from .operands import argument, way_of_caller
from .recorded import Recorded
from .registry import CONSTANT, OF_SEQUENCES, REGISTRY

if TYPE_CHECKING:
    from .tensor import Tensor


def array_ufunc(_self: Tensor, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
    """`Tensor.__array_ufunc__`."""
    operation = REGISTRY.get(ufunc)
    if type(operation) is Op and method == "__call__" and not options:
        return operation.apply(*inputs)
    if "out" in options:
        return _into(ufunc, method, inputs, options)
    if method == "at":
        return _change_at(ufunc, *inputs)
    function = ufunc if method == "__call__" else getattr(ufunc, method)
    if operation is None:
        return (_on_arrays if ufunc in CONSTANT else _unknown)(function, inputs, options)
    return ufunc_methods.METHODS[method](ufunc, *map(joined, inputs), **options)


def _change_at(ufunc: Any, array: Any, indices: Any, *values: Any) -> None:
    """`np.add.at(t, indices, values)` and its kind, as `t[...] = ` changes a tensor."""
    what = f"{name_of(ufunc)}.at(t, indices, ...)"
    recorded = grad_enabled() and node_of((array, values)) is not None
    if recorded and not isinstance(array, Recorded):
        raise NotDifferentiableError(
            f"{what}: the values require a gradient, but t is a plain array, which has no graph; "
            f"make it a tensor first, t = autograd.Tensor(t)"
        )
    if recorded and isinstance(array.node, Leaf):
        raise GraphError(
            f"{what} would change a leaf that requires a gradient; do it inside "
            f"`with autograd.no_grad():`, or on a copy (t = t.copy())"
        )
    if recorded:
        plain = [argument(joined(x), what) for x in values]
        array[...] = ufunc_methods.at(ufunc, array, unwrap(indices, what), *plain)
        return
    changed = np.copy(unwrap(array)) if isinstance(array, Recorded) else array
    _on_arrays(ufunc.at, (changed, indices, *values), {})
    if changed is not array:
        array[...] = changed


def _into(ufunc: Any, method: str, inputs: Any, options: dict[str, Any]) -> Any:
    """What `ufunc` gives, written into a Tensor, or, if all is constant, into an array."""
    out = options["out"]
    is_tensor = any(isinstance(x, Recorded) for x in out)
    if is_tensor and len(out) == 1 and method == "__call__":
        del options["out"]
        where = options.pop("where", True)
        np.copyto(out[0], ufunc(*inputs, **options), where=where)
        return out[0]
    if is_tensor or (grad_enabled() and node_of(inputs)):
        raise NotDifferentiableError(
            f"{ufunc.__name__}: writing a tensor's value into an array (`out=`, or `a += t`) "
            f"cannot be recorded, because the array has no graph; assign the result instead "
            f"(`a = a + t`)"
        )
    return _on_arrays(getattr(ufunc, method), inputs, options)


def array_function(_self: Tensor, function: Any, _types: Any, args: Any, kwargs: Any) -> Any:
    """`Tensor.__array_function__`."""
    operation = REGISTRY.get(function)
    if operation is not None:
        return operation(*args, **kwargs)
    if function in CONSTANT:
        return _on_arrays(function, args, kwargs)
    if function in NEW:
        new = _on_arrays(function, args, kwargs)
        return Recorded._of(new, None) if new.dtype.kind in "fc" else new
    return _unknown(function, args, kwargs)


def array(self: Tensor, dtype: DTypeLike | None = None, copy: bool | None = None) -> Any:
    """`Tensor.__array__`."""
    if self.node is not None:
        if _is_assigned(user_frame(getframe(1))):
            raise GraphError(
                "c[i] = t: a plain array c cannot hold a tensor that requires a gradient; fill one "
                "that can: c = np.zeros_like(t, shape=(n,)), or autograd.numpy.zeros(n) in a "
                "function under grad; or join the parts with np.stack([...])"
            )
        who, instead = _asked_by(getframe(1))
        raise GraphError(
            f"{who} would take a tensor that requires a gradient out of its graph; {instead} or "
            f"t.data, t.item() or t.detach() to leave the graph on purpose"
        )
    result = np.array(self._array, dtype=dtype, copy=copy)
    if np.may_share_memory(result, self._array):
        expose(self)
    return left("np.asarray", self, result)


def _is_assigned(frame: FrameType) -> bool:
    """Whether the statement that runs in `frame`, a user's, is `c[...] = value`."""
    if frame.f_code.co_filename.startswith(_NUMPY):
        return False
    instruction = frame.f_code.co_code[frame.f_lasti]
    return opcode.opname[instruction] in ("STORE_SUBSCR", "STORE_SLICE")


_NUMPY = os.path.join(os.path.dirname(os.path.abspath(np.__file__)), "")

#: Functions of `compositions/writing.py`: they change their first argument.
_WRITE = {"copyto", "put", "place", "putmask", "put_along_axis", "fill_diagonal"}

#: What to write in place of functions that NumPy does not hand over.
_INSTEAD = {
    "full": ("np.full", "np.broadcast_to(t, shape)"),
    "full_like": ("np.full_like", "np.broadcast_to(t, a.shape)"),
    "vectorize.__call__": (
        "np.vectorize",
        "the function itself on the whole tensor, or np.stack([f(x) for x in t])",
    ),
    "AxisConcatenator.__getitem__": ("np.r_ and np.c_", "np.concatenate or np.column_stack"),
    **{
        name: (f"np.{name} into a plain array", "a tensor to write into, autograd.Tensor(a)")
        for name in _WRITE
    },
    "as_strided": (
        "np.lib.stride_tricks.as_strided",
        "np.lib.stride_tricks.sliding_window_view(t, ...) or t[indices]",
    ),
}


def _asked_by(frame: FrameType) -> tuple[str, str]:
    """Which function asks for the numbers of a tensor, and what to write instead."""
    who, instead = "np.asarray, np.array and float()", "use np.stack([...]) to join tensors,"
    way = way_of_caller(frame)
    if way:  # another library
        return who, f"{way};"
    asking: CodeType | None = None
    caller: FrameType | None = frame
    while caller is not None:
        code = caller.f_code
        engine = code.co_filename in ENGINE_FILES
        if code.co_filename.startswith(_NUMPY) or (engine and code.co_name in _WRITE):
            asking = code  # at last, what the user called
        elif not engine:
            break
        elif asking is not None and asking.co_name not in _WRITE:
            asking = None  # we called it
        caller = caller.f_back
    if asking is None:
        return who, instead
    name = asking.co_name
    if asking.co_qualname in _INSTEAD:
        who, way = _INSTEAD[asking.co_qualname]
        return who, f"use {way},"
    for module in (np, np.linalg, np.fft):
        function = vars(module).get(name)
        if getattr(getattr(function, "__wrapped__", None), "__code__", None) is asking:
            name = f"{module.__name__.replace('numpy', 'np')}.{name}"
            if function not in OF_SEQUENCES:
                instead += f" as in {name}(np.stack([...])),"
            return f"{name} of a list", instead
    return who, instead


def _on_arrays(function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """A function of the arrays alone, whose result carries no gradient."""
    name = function.__name__
    result = function(*unwrap(args, name), **unwrap(kwargs, name))
    return left(function, (args, kwargs), result)


def _unknown(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """A NumPy function without a rule: harmless on constants, an error on anything else."""
    if not (grad_enabled() and node_of((args, kwargs))):
        return _on_arrays(function, args, kwargs)
    name = name_of(function)
    if function in REFUSED:
        raise NotDifferentiableError(f"{name} has no gradient: {REFUSED[function]}")
    raise NotDifferentiableError(
        f"{name} has no gradient rule; call it on plain arrays (t.data) if no gradient is needed, "
        f"or {_remedy(function, name)}"
    )


def _remedy(function: Any, name: str) -> str:
    """How to make a function without a rule differentiable."""
    ufunc = getattr(function, "__self__", function)
    if not isinstance(ufunc, np.ufunc):
        return f"teach it with autograd.rule({name}, ...), one rule for each argument"
    if ufunc.types == [f"{'O' * ufunc.nin}->{'O' * ufunc.nout}"]:
        return (
            "apply the Python function itself to the tensor: np.frompyfunc computes with Python "
            "objects, which carry no gradient"
        )
    inputs = ["x", "y"] if ufunc.nin == 2 else [f"x{i}" for i in range(1, ufunc.nin + 1)]
    names = ", ".join(inputs) if ufunc.nin > 1 else "x"
    slopes = [f"slope_{x}" for x in inputs] if ufunc.nin > 1 else ["slope"]
    rules = ", ".join(f"lambda g, out, {names}: g * {slope}({names})" for slope in slopes)
    return f"teach it: autograd.rule({name_of(ufunc)}, {rules})"


def name_of(function: Any) -> str:
    """A function as a person imports it: 'numpy.linalg.norm', 'scipy.special.gammaln'."""
    ufunc = getattr(function, "__self__", None)
    if isinstance(ufunc, np.ufunc):  # one of its methods, such as np.add.reduceat
        return f"{name_of(ufunc)}.{function.__name__}"
    if isinstance(function, np.ufunc):
        return _name_of_ufunc(function)
    return f"{function.__module__}.{function.__name__}"


def _name_of_ufunc(ufunc: np.ufunc) -> str:
    """A ufunc does not say where it is from: the modules that hold it are asked."""
    name = ufunc.__name__
    if vars(np).get(name) is ufunc:
        return f"numpy.{name}"
    modules = [m for m in list(sys.modules.values()) if isinstance(m, ModuleType)]
    holders = [m for m in modules if vars(m).get(name) is ufunc]
    makers = {m.__name__.split(".")[0] for m in holders if _is_compiled(m)}
    public = [m.__name__ for m in holders if "_" not in {part[0] for part in m.__name__.split(".")}]
    homes = [m for m in public if m.split(".")[0] in makers] or public
    return f"{min(homes, key=len)}.{name}" if homes else name


def _is_compiled(module: ModuleType) -> bool:
    return str(getattr(module, "__file__", "")).endswith(tuple(EXTENSION_SUFFIXES))


def unwrap(x: Any, function: str = "NumPy") -> Any:
    """Plain arrays in place of Tensors and of others' arrays, also inside tuples, lists, dicts."""
    if isinstance(x, Recorded):
        return x._array
    if isinstance(x, tuple | list):
        return type(x)([unwrap(part, function) for part in x])
    if isinstance(x, dict):
        return {key: unwrap(value, function) for key, value in x.items()}
    return argument(x, function)


def node_of(x: Any) -> Node | None:
    """The node of the first recorded tensor in `x`, looking into tuples, lists and dicts."""
    if isinstance(x, Recorded):
        return x.node
    if isinstance(x, dict):
        x = x.values()
    elif not isinstance(x, tuple | list):
        return None
    return next(filter(None, map(node_of, x)), None)


def left(how: str | Callable[..., Any], values: Any, result: Any) -> Any:
    """Tell who observes that `result` was computed of `values` outside the graph; returns it."""
    if current_scope() is None and current_run() is None:
        return result  # nobody does
    if not isinstance(how, str):
        how = f"np.{getattr(how, '__name__', how)}"
    note_exit(how, node_of(values))
    observing = observer()
    if observing is not None:
        observing.left(how, values, result)
    return result
