"""The Tensor: an array that remembers how it was computed.

    x = Tensor([1.0, 2.0], requires_grad=True)
    y = (x * np.exp(x)).sum()
    y.backward()
    x.grad

Operators, methods and NumPy's own functions all arrive at the same operations: `np.exp(x)` and
`x.exp()` are one.

The gradients are in the tables of `rules/`. Read `transforms.py` next: gradients of functions.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

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
from .seeds import seed_of
from .sparse import RowGradient
from .typing import Array, ArrayLike

if TYPE_CHECKING:
    from .debug.stepping import Step
    from .render import Graph

_Method = Callable[..., "Tensor"]
_put = method(np.put)
_clip: _Method = method(np.clip)
_reshape: _Method = method(np.reshape)
_transpose: _Method = method(np.transpose)
_copy: _Method = recorded(np.copy)
_copy_as: _Method = method(np.copy)
_with_axes_reversed: _Method = recorded(np.transpose)
_compress: _Method = np.compress
_item: _Method = getitem
_converted: _Method = astype


class Tensor(Recorded, of_results=True):
    """An array of numbers, with the graph of the operations that computed it.

    Results of operations on a Tensor are Tensors; they require a gradient when an input does.
    Comparisons and functions with integer results return plain arrays. It has the attributes and
    methods of `np.ndarray`, except those of the memory itself (`view`, `resize` ...).

    `t.data` (the array), `t.item()` and `t.tolist()` (Python numbers) and `t.detach()` (a constant
    Tensor) leave the graph. `t += x` and `t[i] = x` change this tensor only: parts of it that were
    taken before keep their values.

    Args:
        data: Anything that `np.array` takes, of boolean, integer, float or complex dtype. It is
            copied. Python floats give float64, as in NumPy.
        requires_grad: Make this a leaf, whose gradient `backward()` adds to `.grad`.
        dtype: Convert the data to it.

    Raises:
        DTypeError: The data are not numbers, or are integers or booleans that should carry a
            gradient.
        GraphError: The data are a Tensor that requires a gradient.

    Example:
        >>> x = Tensor([1.0, 2.0], requires_grad=True)
        >>> (x * np.exp(x)).sum().backward()
        >>> x.grad
        array([ 5.43656366, 22.1671683 ])
    """

    __slots__ = ()

    def __init__(
        self, data: ArrayLike, requires_grad: bool = False, dtype: DTypeLike | None = None
    ) -> None:
        self._array = _array_of_numbers(data, dtype)
        self.node = None
        if requires_grad:
            self.requires_grad = True
        left("Tensor(data)", data, self._array)

    # -- the array ------------------------------------------------------------------------------

    @property
    def data(self) -> Array:
        """The array itself, outside the graph: writes to it are not recorded.

        What was recorded before keeps its values, or `backward()` raises `GraphError`.

        Example:
            >>> x = Tensor([1.0, 2.0], requires_grad=True)
            >>> x.data -= 0.5
            >>> x
            Tensor([0.5, 1.5], requires_grad=True)
        """
        expose(self)
        if current_scope() is None and current_run() is None:
            return self._array
        return self._outside(".data")

    @data.setter
    def data(self, value: ArrayLike) -> None:
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
        """Return the array to code that takes it out of the graph."""
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

    def item(self, *index: int | tuple[int, ...]) -> Any:
        """Return the single element, or the one at `index`, as a Python number.

        Raises:
            ShapeError: There are several elements and no index.

        Example:
            >>> Tensor([[1.0, 2.0]]).item(1)
            2.0
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
        """Return a constant Tensor that shares this one's array.

        Example:
            >>> (Tensor(2.0, requires_grad=True) * 3).detach()
            Tensor(6.)
        """
        return Tensor._of(self._outside("detach()"), None)

    def copy(self, order: str = "C") -> Tensor:
        """Return a Tensor with an array of its own; gradients pass through.

        Example:
            >>> Tensor([1.0], requires_grad=True).copy()
            Tensor([1.], op=copy)
        """
        return _copy(self) if order == "K" or self.ndim < 2 else _copy_as(self, order)

    # -- the gradient ---------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether gradients flow to or through this tensor. It may be set, except on results.

        Example:
            >>> x = Tensor(1.0)
            >>> x.requires_grad = True
            >>> (2 * x).requires_grad
            True
        """
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
        """Whether no recorded operation computed this tensor.

        Example:
            >>> x = Tensor(1.0, requires_grad=True)
            >>> x.is_leaf, (2 * x).is_leaf
            (True, False)
        """
        return self.node is None or isinstance(self.node, Leaf)

    @property
    def grad(self) -> Array:
        """The gradient that `backward()` has added up here: an array like `data`, or None.

        The result of an operation has one only after `retain_grad()`. It is a `RowGradient` where
        `embedding` read only some rows of this tensor.

        Example:
            >>> x = Tensor(2.0, requires_grad=True)
            >>> (x * x).backward()
            >>> x.grad
            array(4.)
        """
        return self.node.grad if isinstance(self.node, Leaf) else self._retained("grad")

    @grad.setter
    def grad(self, value: Array | RowGradient | None) -> None:
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
        """Whether this is the result of an operation, and `retain_grad()` was called on it.

        Example:
            >>> Tensor(2.0, requires_grad=True).exp().retains_grad
            False
        """
        return bool(self._retained("retains"))

    def retain_grad(self) -> None:
        """Have `backward()` add up `.grad` here too, where this is the result of an operation.

        It is the gradient after all hooks, also those that are registered later. On a leaf this
        changes nothing.

        Raises:
            GraphError: The tensor requires no gradient.

        Example:
            >>> y = 3 * Tensor(2.0, requires_grad=True)
            >>> y.retain_grad()
            >>> (y * y).backward()
            >>> y.grad
            array(12.)
        """
        self._need_gradient("retain_grad()")
        if not self.is_leaf:
            assert self.node is not None
            hooks.of(self.node).retains = True

    def register_hook(self, hook: Callable[[Any], Any]) -> RemovableHandle:
        """Call `hook(g)` in every backward pass with the gradient `g` of this tensor.

        Args:
            hook: Gets the sum over all uses of the tensor, and must not change it: an array, a
                Tensor where the pass itself is recorded, a `RowGradient` where only rows were read.
                What it returns, unless None, replaces the gradient, for everything this tensor was
                computed from, or for the `.grad` of a leaf. Hooks are called in the order of
                registration.

        Returns:
            A handle; `handle.remove()` takes the hook away.

        Raises:
            GraphError: The tensor requires no gradient.
            ShapeError: In the backward pass, where the hook returned a gradient of another shape.

        Example:
            >>> x = Tensor([3.0, 4.0], requires_grad=True)
            >>> handle = x.register_hook(lambda g: np.clip(g, -1, 1))
            >>> (x * x).sum().backward()
            >>> x.grad
            array([1., 1.])
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
        """The name of a leaf in pictures and messages; `nn` sets it to the parameter's path.

        Example:
            >>> x = Tensor(1.0, requires_grad=True)
            >>> x.name = "x"
            >>> x.name
            'x'
        """
        return self.node.name if isinstance(self.node, Leaf) else ""

    @name.setter
    def name(self, value: str) -> None:
        if isinstance(self.node, Leaf):
            self.node.name = value

    def backward(self, grad: ArrayLike | None = None, retain_graph: bool = False) -> None:
        """Add the gradient of this tensor to the `.grad` of every leaf it depends on.

        Args:
            grad: The cotangent to start from, of this tensor's shape. A scalar needs none, and
                starts from 1.
            retain_graph: Keep the graph for another pass. Otherwise it is freed on the way, and a
                second call raises.

        Raises:
            GraphError: The tensor has no graph or one that was freed, or has several elements and
                no `grad` was given.
            ShapeError: `grad` has another shape.
            DTypeError: `grad` does not hold numbers, or is complex where the tensor is real.

        Example:
            >>> w = Tensor([1.0, 2.0], requires_grad=True)
            >>> (w * w).backward(grad=[1.0, 10.0])
            >>> w.grad
            array([ 2., 40.])
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
        """Run `backward()` and yield a `Step` for each node that it visits.

        Print a step to read what arrived at the node, which rule was applied, and what it sent on.
        The whole pass is run when the first step is asked for, and adds to `.grad` as always.

        Args:
            grad: As in `backward`.
            retain_graph: As in `backward`.

        Example:
            >>> y = np.exp(Tensor(0.0, requires_grad=True))
            >>> [step.name for step in y.backward_steps()]
            ['exp', 'a leaf of shape ()']
        """
        from .debug.stepping import backward_steps

        return backward_steps(self, grad, retain_graph)

    def graph(self, **options: Any) -> Graph:
        """Draw the graph that computed this tensor; `autograd.render.Graph` lists the options.

        Example:
            >>> y = np.exp(Tensor(0.0, requires_grad=True))
            >>> print(y.graph().mermaid.splitlines()[0])
            flowchart LR
        """
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
        return int(self.shape[0])

    def __iter__(self) -> Iterator[Tensor]:
        if not self.ndim:
            raise ShapeError("a tensor without axes cannot be iterated over; use t.item()")
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        return bool(np.any(self == value))

    def __getitem__(self, index: Any) -> Tensor:
        return _item(self, index=unwrap(index, "t[i]"))

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

    def clip(
        self,
        min: ArrayLike | None = None,
        max: ArrayLike | None = None,
        out: Array | None = None,
        **options: Any,
    ) -> Tensor:
        """`np.clip`; either bound may be left out.

        Example:
            >>> Tensor([-1.0, 5.0]).clip(max=3)
            Tensor([-1.,  3.])
        """
        return _clip(self, min, max, out, **options)

    def compress(
        self, condition: ArrayLike, axis: int | None = None, out: Array | None = None
    ) -> Tensor:
        """`np.compress`, whose condition comes first.

        Example:
            >>> Tensor([1.0, 2.0, 3.0]).compress([True, False, True])
            Tensor([1., 3.])
        """
        return _compress(condition, self, axis, out)

    def fill(self, value: ArrayLike) -> None:
        """Set every element to the number `value`, in place.

        Raises:
            ShapeError: `value` is an array with axes.

        Example:
            >>> x = Tensor([1.0, 2.0])
            >>> x.fill(0)
            >>> x
            Tensor([0., 0.])
        """
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
        """Convert the tensor to `dtype`; gradients pass through to float and complex dtypes only.

        Args:
            dtype: A dtype of numbers, or `object` for an array of Tensors, one for each element.
            order: Memory layout of the result, as in NumPy.
            casting: Which conversions are allowed, as in NumPy.
            subok: Has no effect; NumPy's signature.
            copy: If false, a tensor of that dtype is returned as it is.

        Raises:
            DTypeError: The dtype holds no numbers.

        Example:
            >>> Tensor([1.5, 2.5], requires_grad=True).astype(np.float32)
            Tensor([1.5, 2.5], dtype=float32, op=astype)
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
            return _converted(self, dtype=dtype)
        return _converted(self, dtype=dtype, order=order, casting=casting)

    def reshape(self, *shape: int | Sequence[int], **options: Any) -> Tensor:
        """`np.reshape`, with the lengths one by one or as a tuple, and its `order` and `copy`.

        Example:
            >>> Tensor([1.0, 2.0]).reshape(2, 1).shape
            (2, 1)
        """
        return _reshape(self, shape[0] if len(shape) == 1 else shape, **options)

    def transpose(self, *axes: int | Sequence[int] | None) -> Tensor:
        """`np.transpose`, with the axes one by one or as a tuple; without any, all are reversed.

        Example:
            >>> Tensor(np.zeros((2, 3, 4))).transpose(1, 0, 2).shape
            (3, 2, 4)
        """
        return _transpose(self, (axes[0] if len(axes) == 1 else axes) or None)

    def flatten(self, order: str = "C") -> Tensor:
        """Copy all elements to one axis.

        Example:
            >>> Tensor([[1.0, 2.0], [3.0, 4.0]]).flatten()
            Tensor([1., 2., 3., 4.])
        """
        return self.reshape(-1, order=order, copy=True)

    @property
    def T(self) -> Tensor:  # noqa: N802 - NumPy's name
        """The tensor with its axes reversed.

        Example:
            >>> Tensor(np.zeros((2, 3))).T.shape
            (3, 2)
        """
        return _with_axes_reversed(self)

    mT = property(method(np.matrix_transpose), doc="The last two axes exchanged.")  # noqa: N815
    real = property(method(np.real), refused_assignment("real"), doc="`np.real`.")
    imag = property(method(np.imag), refused_assignment("imag"), doc="`np.imag`.")

    @property
    def flat(self) -> Flat:
        """The elements in their order: `t.flat[3]`, `t.flat[3] = x`, `for x in t.flat`.

        Example:
            >>> Tensor([[1.0, 2.0], [3.0, 4.0]]).flat[2]
            Tensor(3.)
        """
        return Flat(self)

    @flat.setter
    def flat(self, value: ArrayLike) -> None:
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
        copy: Tensor = rebuild(*arguments)
        memo[id(self)] = copy
        return copy

    def __reduce__(self) -> tuple[Any, ...]:
        if not self.is_leaf:
            raise GraphError(
                "a tensor that was computed cannot be copied or pickled with its graph; use "
                "t.detach() or t.data"
            )
        return _rebuild, (type(self), self._array, self.requires_grad, self.grad, self.name)


def _array_of_numbers(data: Any, dtype: DTypeLike | None) -> Any:
    """Copy `data` to a new array, of NumPy or of another library that speaks its protocols."""
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
    """Put the elements of a tensor, each a Tensor, into an array of objects."""
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
    """Draw the graph that computed all these tensors.

    Args:
        *outputs: Tensors that require a gradient.
        **options: Those of `autograd.render.Graph`.

    Raises:
        GraphError: A tensor has no graph, or one that was freed.

    Example:
        >>> x = Tensor(0.0, requires_grad=True)
        >>> print(autograd.graph(np.exp(x), np.sin(x)).mermaid.splitlines()[0])
        flowchart LR
    """
    from .render import Graph

    return Graph(*outputs, **options)
