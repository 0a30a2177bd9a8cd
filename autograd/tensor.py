"""The Tensor: an array that remembers how it was computed.

    x = Tensor([1.0, 2.0], requires_grad=True)
    y = (x * np.exp(x)).sum()
    y.backward()
    x.grad

Operators, methods and NumPy's own functions all arrive at the same operations: `np.exp(x)` and
`x.exp()` are one.

The gradients stand in the tables of `rules/`. Read `transforms.py` next: gradients of functions.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from . import hooks
from .backward import backward_pass, rule_is_recorded
from .changes import expose
from .errors import DTypeError, GraphError, NotDifferentiableError, ShapeError
from .grad_mode import current_scope
from .hooks import RemovableHandle
from .missing import missing_attribute, refused_assignment
from .node import Leaf, current_run
from .operands import as_array, operand
from .operators import (
    Flat,
    changing,
    in_place,
    leaving,
    method,
    of_array,
    plain,
    power,
    recorded,
    reflected,
    set_item,
)
from .protocols import array, array_function, array_ufunc, left, unwrap
from .recorded import Recorded
from .rules.elementwise import astype
from .rules.indexing import getitem
from .sparse import RowGradient

if TYPE_CHECKING:
    from .debug.stepping import Step
    from .render import Graph

_clip, _put = method(np.clip), method(np.put)
_reshape, _transpose = method(np.reshape), method(np.transpose)
_copy, _copy_as = recorded(np.copy), method(np.copy)
_with_axes_reversed = recorded(np.transpose)


class Tensor(Recorded, of_results=True):
    """An array of floats, with the graph of the operations that computed it.

    `data`: anything `np.array` takes (it is copied), of boolean, integer, float or complex
    dtype. Python floats give float64, as in NumPy. `requires_grad`: make this a leaf, whose
    gradient `backward()` puts into `.grad`. `dtype`: converts the data.

    Results of operations on a Tensor are Tensors; they require a gradient when an input does.
    Comparisons and functions with integer results return plain arrays. It has the attributes and
    methods of `np.ndarray`, but for those of the memory itself (`view`, `resize` ...). Leave the
    graph with `t.data` (the array), `t.item()` and `t.tolist()` (Python numbers) or `t.detach()`
    (a constant Tensor). `t += x` and `t[i] = x` change this tensor only: parts of it that were
    taken before keep their values.

    Raises `DTypeError` for data that are not numbers, and where integers or booleans are to
    carry a gradient.
    """

    __slots__ = ()

    def __init__(
        self, data: ArrayLike | Tensor, requires_grad: bool = False, dtype: DTypeLike | None = None
    ) -> None:
        self._array = _array_of_numbers(data, dtype)
        self.node = None
        if requires_grad:
            self.requires_grad = True
        left("Tensor(data)", data, self._array)

    # -- the array ------------------------------------------------------------------------------

    @property
    def data(self) -> Any:
        """The array itself, outside the graph: writing to it is not recorded.

        What was recorded before keeps the values of then, or `backward()` raises `GraphError`.
        """
        expose(self)
        if current_scope() is None and current_run() is None:
            return self._array
        return self._outside(".data")

    @data.setter
    def data(self, value: Any) -> None:
        if value is self._array:  # the end of `t.data -= x`
            return
        array = as_array(operand(unwrap(value), "Tensor", "data"))
        if self.node is not None and (array.shape, array.dtype) != (self.shape, self.dtype):
            raise ShapeError(
                f"Tensor.data = ... got an array of shape {array.shape} and dtype {array.dtype} "
                f"for a tensor of shape {self.shape} and dtype {self.dtype} that requires a "
                f"gradient; convert it, or make a new Tensor"
            )
        self._array = array
        expose(self)

    def _outside(self, how: str) -> Any:
        """The array, for something that takes it out of the graph."""
        if current_scope() is None and current_run() is None:
            return self._array  # nobody records a rule, and nobody observes
        if rule_is_recorded() and self.node is not None:
            raise NotDifferentiableError(
                "a gradient rule used `.data` (or detach, item) while the gradient itself was "
                "being recorded: its second derivative would be wrong; write the rule with NumPy "
                "functions on its arguments"
            )
        return left(how, self, self._array)

    shape = property(
        lambda self: self._array.shape, refused_assignment("shape"), doc="The lengths of the axes."
    )
    dtype = property(
        lambda self: self._array.dtype, refused_assignment("dtype"), doc="The NumPy dtype."
    )
    ndim = property(lambda self: self._array.ndim, doc="The number of axes.")
    size = property(lambda self: self._array.size, doc="The number of elements.")
    strides = of_array("strides").setter(refused_assignment("strides"))
    nbytes, itemsize, flags = of_array("nbytes"), of_array("itemsize"), of_array("flags")
    device = of_array("device")

    def item(self, *index: Any) -> Any:
        """The single element as a Python number, or the one at `index`, as NumPy's `item` has it.

        Raises `ShapeError` where there are more and none is named.
        """
        if self.size != 1 and not index:
            raise ShapeError(
                f"item() needs one element, the tensor has shape {self.shape}; name one, "
                f"t.item(i), or use t.tolist()"
            )
        return self._outside("item()").item(*index)

    tolist, tobytes, tofile = leaving("tolist"), leaving("tobytes"), leaving("tofile")
    dump, dumps = leaving("dump"), leaving("dumps")

    def detach(self) -> Tensor:
        """A constant Tensor that shares this one's array."""
        return Tensor._of(self._outside("detach()"), None)

    def copy(self, order: str = "C") -> Tensor:
        """A Tensor with an array of its own; gradients pass through."""
        return _copy(self) if order == "K" or self.ndim < 2 else _copy_as(self, order)

    # -- the gradient ---------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to or through this tensor. May be set, except on results."""
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if self.node is not None and not self.is_leaf:
            raise GraphError(
                "requires_grad cannot be set on the result of an operation; use detach() first"
            )
        if not value:
            self.node = None
        elif self.node is None:
            if self.dtype.kind not in "fc":
                raise DTypeError(
                    f"Tensor(requires_grad=True) got {self.dtype} data, which cannot carry a "
                    f"gradient; pass floats, for example dtype=float"
                )
            self.node = Leaf(self.shape, self.dtype)

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation computed this tensor."""
        return self.node is None or isinstance(self.node, Leaf)

    @property
    def grad(self) -> Any:
        """The gradient that `backward()` has added up here: an array like `data`, or None.

        Of the result of an operation only after `retain_grad()`. It is a `RowGradient` where only
        rows of this tensor were read, with `embedding`.
        """
        return self.node.grad if isinstance(self.node, Leaf) else self._retained("grad")

    @grad.setter
    def grad(self, value: Any) -> None:
        if not isinstance(self.node, Leaf) and not self.retains_grad:
            raise GraphError(
                "grad can be set only on a leaf made with requires_grad=True, and after "
                "retain_grad()"
            )
        if value is not None:
            if not isinstance(value, RowGradient):
                value = as_array(operand(unwrap(value), "Tensor", "grad"))
            if value.shape != self.shape:
                raise ShapeError(
                    f"Tensor.grad = ... got shape {value.shape} for a tensor of shape {self.shape}"
                )
            value = value.astype(self.dtype, copy=False)
        assert self.node is not None
        place: Any = self.node if isinstance(self.node, Leaf) else hooks.of(self.node)
        place.grad = value

    def _retained(self, field: str) -> Any:
        entry = hooks.hooked.get(id(self.node))
        return getattr(entry, field) if entry is not None else None

    @property
    def retains_grad(self) -> bool:
        """Whether this is the result of an operation and `retain_grad()` was called on it."""
        return bool(self._retained("retains"))

    def retain_grad(self) -> None:
        """Have `backward()` add up `.grad` here too, where this is the result of an operation.

        It is the gradient after all hooks, also those that are registered later. On a leaf this
        changes nothing. Raises `GraphError` for a tensor that requires no gradient.
        """
        self._need_gradient("retain_grad()")
        if not self.is_leaf:
            assert self.node is not None
            hooks.of(self.node).retains = True

    def register_hook(self, hook: Callable[[Any], Any]) -> RemovableHandle:
        """Call `hook(g)` in every backward pass with the gradient `g` of this tensor.

        That is the sum over all uses of the tensor, an array (a Tensor where the pass is recorded
        itself, a `RowGradient` where only rows were read): do not change it. What the hook
        returns, unless None, takes its place, for all that this tensor was computed from, or for
        the `.grad` of a leaf. Hooks are called in the order in which they were registered.

        `handle.remove()` on what is returned takes the hook away. Raises `GraphError` for a
        tensor that requires no gradient; in the pass `ShapeError` for a gradient of another shape.
        """
        self._need_gradient("register_hook(hook)")
        assert self.node is not None
        return RemovableHandle(hooks.of(self.node).hooks, hook)

    def _need_gradient(self, method: str) -> None:
        if self.node is None:
            raise GraphError(
                f"{method}: this tensor does not require a gradient; make it with "
                f"requires_grad=True, or compute it from one that does"
            )

    @property
    def name(self) -> str:
        """What pictures and messages call a leaf; `nn` sets it to the parameter's path."""
        return self.node.name if isinstance(self.node, Leaf) else ""

    @name.setter
    def name(self, value: str) -> None:
        if isinstance(self.node, Leaf):
            self.node.name = value

    def backward(self, grad: ArrayLike | None = None, retain_graph: bool = False) -> None:
        """Add the gradient of this tensor to the `.grad` of every leaf it depends on.

        `grad`: the cotangent to start from, of this tensor's shape; a scalar needs none (1 is
        meant). The graph is freed on the way, so that a second call raises, unless
        `retain_graph` is true.

        Raises `GraphError` for a tensor without a graph, a graph already freed, or a tensor of
        several elements without `grad`; `ShapeError` for a `grad` of another shape.
        """
        seed = seed_of("backward()", self, grad)
        given = {id(seed)}
        assert self.node is not None
        results = backward_pass([(self.node, seed)], retain_graph=retain_graph)
        for leaf, g in results.items():
            assert isinstance(leaf, Leaf)
            if leaf.grad is not None:
                if isinstance(leaf.grad, RowGradient) and not isinstance(g, RowGradient):
                    leaf.grad = leaf.grad + g  # an array: there is nothing left to save
                else:
                    leaf.grad += g
                continue
            # A gradient may be shared with another leaf, or be a view: then take a copy.
            if id(g) in given or getattr(g, "base", None) is not None:
                g = g.copy() if isinstance(g, RowGradient) else np.copy(g, order="K")
            given.add(id(g))
            leaf.grad = g if not isinstance(g, np.generic) else np.asarray(g)

    def backward_steps(
        self, grad: ArrayLike | None = None, retain_graph: bool = False
    ) -> Iterator[Step]:
        """`backward()`, to be looked at step by step: one `Step` for each node that is visited.

        Print a step to read what arrived at the node, which rule is applied, and what it sends on.
        The whole pass is run when the first step is asked for, and adds to `.grad` as always.
        """
        from .debug.stepping import backward_steps

        return backward_steps(self, grad, retain_graph)

    def graph(self, **options: Any) -> Graph:
        """A picture of the graph that computed this tensor; see `autograd.render.Graph`."""
        return graph(self, **options)

    # -- NumPy's protocols ----------------------------------------------------------------------

    #: More than that of a DataFrame, 4000: pandas lets a Tensor answer, on either side.
    __pandas_priority__ = 10_000

    __array_ufunc__, __array_function__, __array__ = array_ufunc, array_function, array

    # -- operators ------------------------------------------------------------------------------

    __add__, __radd__, __iadd__ = recorded(np.add), reflected(np.add), in_place(np.add)
    __sub__, __rsub__ = recorded(np.subtract), reflected(np.subtract)
    __mul__, __rmul__ = recorded(np.multiply), reflected(np.multiply)
    __truediv__, __rtruediv__ = recorded(np.true_divide), reflected(np.true_divide)
    __floordiv__, __rfloordiv__ = recorded(np.floor_divide), reflected(np.floor_divide)
    __mod__, __rmod__ = recorded(np.remainder), reflected(np.remainder)
    __divmod__, __rdivmod__ = recorded(np.divmod), reflected(np.divmod)
    __pow__, __rpow__ = power, reflected(np.power)
    __matmul__, __rmatmul__ = recorded(np.matmul), reflected(np.matmul)
    __isub__, __imul__ = in_place(np.subtract), in_place(np.multiply)
    __itruediv__, __ipow__ = in_place(np.true_divide), in_place(np.power)
    __ifloordiv__, __imod__ = in_place(np.floor_divide), in_place(np.remainder)
    __neg__, __pos__, __abs__ = recorded(np.negative), recorded(np.positive), recorded(np.absolute)

    __imatmul__ = in_place(np.matmul)

    __eq__, __ne__ = plain(np.equal), plain(np.not_equal)
    __lt__, __le__ = plain(np.less), plain(np.less_equal)
    __gt__, __ge__ = plain(np.greater), plain(np.greater_equal)
    __and__, __rand__ = plain(np.bitwise_and), plain(np.bitwise_and, swapped=True)
    __or__, __ror__ = plain(np.bitwise_or), plain(np.bitwise_or, swapped=True)
    __xor__, __rxor__ = plain(np.bitwise_xor), plain(np.bitwise_xor, swapped=True)
    __lshift__, __rlshift__ = plain(np.left_shift), plain(np.left_shift, swapped=True)
    __rshift__, __rrshift__ = plain(np.right_shift), plain(np.right_shift, swapped=True)
    __iand__, __ior__ = in_place(np.bitwise_and), in_place(np.bitwise_or)
    __ixor__, __invert__ = in_place(np.bitwise_xor), plain(np.invert)
    __ilshift__, __irshift__ = in_place(np.left_shift), in_place(np.right_shift)
    __hash__ = object.__hash__  # by identity, because == compares elements

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ShapeError(
                f"the truth value of a tensor of shape {self.shape} is ambiguous; use "
                f"np.any(t.data) or np.all(t.data)"
            )
        return bool(self._array)

    def __float__(self) -> float:
        return float(self.__array__())

    def __int__(self) -> int:
        return int(self.__array__())

    def __complex__(self) -> complex:
        return complex(self.__array__())

    def __index__(self) -> int:
        return operator.index(self.__array__())

    def __round__(self, decimals: int = 0) -> Tensor:
        return np.round(self, decimals)  # type: ignore[return-value]

    def __format__(self, spec: str) -> str:
        return format(self._array.item(), spec) if self.size == 1 and spec else str(self)

    def __len__(self) -> int:
        if not self.ndim:
            raise ShapeError("len() of a tensor without axes")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self.ndim:
            raise ShapeError("a tensor without axes cannot be iterated over; use t.item()")
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        return bool(np.any(self == value))

    def __getitem__(self, index: Any) -> Tensor:
        return getitem(self, index=unwrap(index, "t[i]"))

    __setitem__ = set_item

    # -- methods, with NumPy's names and arguments ----------------------------------------------

    exp, log, sqrt, tanh = recorded(np.exp), recorded(np.log), recorded(np.sqrt), recorded(np.tanh)
    abs = recorded(np.absolute)
    conj = conjugate = recorded(np.conjugate)

    sum = method(np.sum)
    mean = method(np.mean)
    max = method(np.max)
    min = method(np.min)
    prod = method(np.prod)
    var = method(np.var)
    std = method(np.std)
    cumsum = method(np.cumsum)
    cumprod = method(np.cumprod)
    trace = method(np.trace)
    dot = method(np.dot)
    round = method(np.round)
    squeeze = method(np.squeeze)
    ravel = method(np.ravel)
    swapaxes = method(np.swapaxes)
    diagonal = method(np.diagonal)
    repeat = method(np.repeat)
    take = method(np.take)
    choose = method(np.choose)
    all = method(np.all)
    any = method(np.any)
    argmax = method(np.argmax)
    argmin = method(np.argmin)
    argsort = method(np.argsort)
    argpartition = method(np.argpartition)
    nonzero = method(np.nonzero)
    searchsorted = method(np.searchsorted)
    sort, partition, put = changing(np.sort), changing(np.partition), _put

    def clip(self, min: Any = None, max: Any = None, out: Any = None, **options: Any) -> Tensor:
        """`np.clip`; either bound may be left out."""
        return _clip(self, min, max, out, **options)

    def compress(self, condition: Any, axis: int | None = None, out: Any = None) -> Tensor:
        """`np.compress`, which has the condition first."""
        return np.compress(condition, self, axis, out)

    def fill(self, value: Any) -> None:
        """Set every element to the number `value`, in place."""
        if np.ndim(value):
            raise ShapeError(
                f"fill() takes one number, got shape {np.shape(value)}; write t[...] = value"
            )
        self[...] = value

    def astype(
        self,
        dtype: DTypeLike,
        order: str = "K",
        casting: str = "unsafe",
        subok: bool = True,  # noqa: ARG002 - NumPy's; a Tensor has an array of no subclass
        copy: bool = True,
    ) -> Any:
        """The tensor converted to `dtype`: a constant, unless to a float or complex dtype.

        `dtype=object` gives an array of Tensors, one for each element. With `copy=False`, a tensor
        of that dtype is returned as it is. Raises `DTypeError` for dtypes that hold no numbers.
        """
        dtype = np.dtype(dtype)
        if dtype.kind == "O":
            return _elements(self)
        if dtype.kind not in "fciub":
            raise DTypeError(
                f"astype({dtype}): a tensor holds numbers; write t.data.astype({str(dtype)!r}), "
                f"outside the graph"
            )
        if not copy and dtype == self.dtype:
            return self
        if dtype.kind not in "fc":
            array = self._array.astype(dtype, order, casting)
            return Tensor._of(left(f"astype({dtype})", self, array), None)
        if order == "K" and casting == "unsafe":
            return astype(self, dtype=dtype)
        return astype(self, dtype=dtype, order=order, casting=casting)

    def reshape(self, *shape: Any, **options: Any) -> Tensor:
        """`np.reshape`, with the lengths one by one or as a tuple, and its `order` and `copy`."""
        return _reshape(self, shape[0] if len(shape) == 1 else shape, **options)

    def transpose(self, *axes: Any) -> Tensor:
        """`np.transpose`, with the axes one by one or as a tuple; without any, all reversed."""
        return _transpose(self, (axes[0] if len(axes) == 1 else axes) or None)

    def flatten(self, order: str = "C") -> Tensor:
        """All elements along one axis, in an array of its own."""
        return self.reshape(-1, order=order, copy=True)

    @property
    def T(self) -> Tensor:  # noqa: N802 - NumPy's name
        """The tensor with its axes reversed."""
        return _with_axes_reversed(self)

    mT = property(method(np.matrix_transpose), doc="The last two axes exchanged.")  # noqa: N815
    real = property(method(np.real), refused_assignment("real"), doc="`np.real`.")
    imag = property(method(np.imag), refused_assignment("imag"), doc="`np.imag`.")

    @property
    def flat(self) -> Flat:
        """The elements in their order: `t.flat[3]`, `t.flat[3] = x`, `for x in t.flat`."""
        return Flat(self)

    @flat.setter
    def flat(self, value: Any) -> None:
        Flat(self)[:] = value

    if not TYPE_CHECKING:  # for names that are not here only

        def __getattr__(self, name: str) -> Any:
            raise missing_attribute(self, name)

    def __repr__(self) -> str:
        prefix = f"{type(self).__name__}("
        text = np.array2string(self._array, separator=", ", prefix=prefix)
        if self.dtype not in (np.float64, np.int64, np.bool_, np.complex128):
            text += f", dtype={self.dtype}"
        if isinstance(self.node, Leaf):
            text += ", requires_grad=True"
        elif self.node is not None:
            text += f", op={self.node.op.name}"
        return f"{prefix}{text})"

    def __copy__(self) -> Tensor:
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        rebuild, arguments = self.__reduce__()
        memo[id(self)] = copy = rebuild(*arguments)
        return copy

    def __reduce__(self) -> tuple[Any, ...]:
        if not self.is_leaf:
            raise GraphError(
                "a tensor that was computed cannot be copied or pickled with its graph; use "
                "t.detach() or t.data"
            )
        return _rebuild, (type(self), self._array, self.requires_grad, self.grad, self.name)


def _array_of_numbers(data: Any, dtype: DTypeLike | None) -> Any:
    """A new array of `data`, which is of NumPy's or of another type with NumPy's protocols."""
    if isinstance(data, Tensor):
        if data.node is not None:
            raise GraphError(
                "Tensor(t) would take t out of its graph; use t.detach() for a constant, or "
                "t.copy() for a tensor through which gradients pass"
            )
        data = data._array
    if data is None:
        raise DTypeError("Tensor: `data` is None; pass numbers, or arrays of numbers")
    data = as_array(operand(data, "Tensor", "data"))
    array = data.astype(data.dtype if dtype is None else dtype)
    if array.dtype.kind not in "fciub":
        raise DTypeError(
            f"Tensor(data, dtype={array.dtype}): this dtype holds no numbers; pass float, complex, "
            f"int or bool"
        )
    return array


def _elements(t: Tensor) -> Any:
    """The elements of a tensor, each a Tensor, in an array of objects."""
    array = np.empty(t.shape, object)
    for index in np.ndindex(t.shape):
        array[index] = t[index]
    return array


def _rebuild(cls: type[Tensor], data: Any, requires_grad: bool, grad: Any, name: str) -> Tensor:
    tensor = object.__new__(cls)
    Tensor.__init__(tensor, data, requires_grad)
    if grad is not None:
        tensor.grad = grad.copy()
    tensor.name = name
    return tensor


def graph(*outputs: Tensor, **options: Any) -> Graph:
    """A picture of the graph that computed all these tensors; see `autograd.render.Graph`."""
    from .render import Graph

    return Graph(*outputs, **options)


def seed_of(function: str, output: Tensor, grad: Any) -> Any:
    """The cotangent to start a backward pass from, checked against the `output` it is for."""
    if output.node is None:
        raise GraphError(
            f"{function}: this tensor has no graph: no input that requires a gradient led to it "
            f"(or it was computed inside no_grad, or detached)"
        )
    if grad is None:
        if output.size != 1:
            raise GraphError(
                f"{function}: a tensor of shape {output.shape} is not a scalar; reduce it first "
                f"(sum, mean), or pass grad=, an array of that shape"
            )
        return np.ones_like(output._array)
    array = as_array(operand(unwrap(grad), function, "grad"))
    if array.shape != output.shape:
        raise ShapeError(
            f"{function}: grad has shape {array.shape}, but the tensor has shape {output.shape}"
        )
    if array.dtype.kind not in "fciub" or (array.dtype.kind == "c") > (output.dtype.kind == "c"):
        raise DTypeError(
            f"{function}: grad has dtype {array.dtype}, but the tensor has dtype {output.dtype}"
        )
    return array.astype(output.dtype, copy=False)
