"""Names that a Tensor and its functions do not have, each with NumPy's name for it.

    t.unsqueeze(0)   AttributeError: ... write np.expand_dims(t, axis), or t[None]
    t.sum(dim=1)     TypeError: ... NumPy's word for it is axis=

The tables hold the names of PyTorch and JAX that people try first, and the attributes of
`np.ndarray` that a Tensor cannot have. For any other name that is a NumPy function, the error
suggests that function.

Read `signatures.py` next: the keywords that a call may have.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Any

import numpy as np

_LEAVE_OUT = "leave it out: the memory of {0} is that of its array"

# fmt: off
#: The remedy for `t.name`.
ATTRIBUTES: dict[str, str] = {
    # of np.ndarray
    "base":         "write t.data.base",
    "byteswap":     "write t.astype(t.dtype.newbyteorder()), or t.data.byteswap() for the bytes",
    "ctypes":       "write t.data.ctypes, outside the graph",
    "getfield":     "write t.data.getfield(...), outside the graph",
    "itemset":      "write t[index] = value",
    "newbyteorder": "write t.astype(t.dtype.newbyteorder())",
    "resize":       "it would change the shape of t in place; write t = np.resize(t, shape), which "
                    "repeats the elements, or t = np.pad(t, widths), which adds zeros",
    "setfield":     "write t[...] = value",
    "setflags":     "write t.data.setflags(...)",
    "to_device":    "write Tensor(array), with an array that lives there",
    "view":         "write t.reshape(shape) for PyTorch's view, t.astype(dtype) to convert, "
                    "np.real(t) and np.imag(t) for the parts of complex numbers, or "
                    "t.data.view(dtype) for the same memory outside the graph",
    # of PyTorch: shapes
    "bool":         "write t != 0",
    "bmm":          "write t @ x",
    "cat":          "write np.concatenate([t, x], axis)",
    "chunk":        "write np.array_split(t, n, axis)",
    "dim":          "write t.ndim",
    "element_size": "write t.itemsize",
    "expand":       "write np.broadcast_to(t, shape)",
    "expand_as":    "write np.broadcast_to(t, x.shape)",
    "index_select": "write np.take(t, indices, axis)",
    "gather":       "write np.take_along_axis(t, indices, axis)",
    "masked_fill":  "write np.where(mask, value, t)",
    "masked_select": "write t[mask]",
    "movedim":      "write np.moveaxis(t, source, destination)",
    "mm":           "write t @ x",
    "mv":           "write t @ x",
    "narrow":       "write a slice, t[start : start + length]",
    "numel":        "write t.size",
    "permute":      "write t.transpose(axes)",
    "scatter":      "write np.put_along_axis(t, indices, values, axis), which changes t",
    "select":       "write t[index], or np.take(t, index, axis)",
    "t":            "write t.T",
    "topk":         "write np.sort(t)[..., ::-1][..., :k], or np.argpartition for the places",
    "type":         "write t.astype(dtype), or t.dtype",
    "type_as":      "write t.astype(x.dtype)",
    "unbind":       "write tuple(t), or np.unstack(t, axis=axis)",
    "unflatten":    "write t.reshape(shape)",
    "unsqueeze":    "write np.expand_dims(t, axis), or t[None]",
    "view_as":      "write t.reshape(x.shape)",
    # of PyTorch: numbers
    "div":          "write t / x",
    "fmod":         "write np.fmod(t, x)",
    "ge":           "write t >= x",
    "gt":           "write t > x",
    "le":           "write t <= x",
    "lt":           "write t < x",
    "ne":           "write t != x",
    "eq":           "write t == x",
    "mul":          "write t * x",
    "neg":          "write -t",
    "pow":          "write t**x",
    "rsqrt":        "write 1 / np.sqrt(t)",
    "sub":          "write t - x",
    "add":          "write t + x",
    "clamp":        "write np.clip(t, min, max)",
    "det":          "write np.linalg.det(t)",
    "inverse":      "write np.linalg.inv(t)",
    "norm":         "write np.linalg.norm(t), whose keyword is axis=",
    # of PyTorch: in place
    "copy_":        "write t[...] = x",
    "clamp_":       "write t = np.clip(t, min, max)",
    "fill_":        "write t.fill(value)",
    "masked_fill_": "write t[mask] = value",
    "scatter_":     "write np.put_along_axis(t, indices, values, axis)",
    "index_add_":   "write np.add.at(t, indices, values)",
    "zero_":        "write t[...] = 0",
    "add_":         "write t += x",
    "sub_":         "write t -= x",
    "mul_":         "write t *= x",
    "div_":         "write t /= x",
    "pow_":         "write t **= x",
    # of PyTorch: dtypes, devices, the graph
    "double":       "write t.astype(np.float64)",
    "float":        "write t.astype(np.float32), or float(t) for a number",
    "half":         "write t.astype(np.float16)",
    "int":          "write t.astype(int), which carries no gradient",
    "long":         "write t.astype(np.int64), which carries no gradient",
    "clone":        "write t.copy()",
    "contiguous":   _LEAVE_OUT.format("t"),
    "cpu":          _LEAVE_OUT.format("t"),
    "cuda":         "write Tensor(array), with an array of CuPy's",
    "to":           "write t.astype(dtype); the device of t is that of its array",
    "detach_":      "write t = t.detach()",
    "requires_grad_": "write t.requires_grad = True",
    "is_cuda":      "write t.device",
    "grad_fn":      "write t.node, or t.graph() for a picture",
    "numpy":        "write t.data, the array itself",
    "new_zeros":    "write np.zeros_like(t, shape=shape)",
    "new_ones":     "write np.ones_like(t, shape=shape)",
    "new_full":     "write np.full_like(t, value, shape=shape)",
    "new_tensor":   "write Tensor(data, dtype=t.dtype)",
    # of JAX, TensorFlow, HIPS autograd and pandas
    "at":           "write t[i] = v, or t[i] += v: a Tensor can be changed; np.add.at(t, i, v) "
                    "adds at repeated indices",
    "block_until_ready": "leave it out: everything is computed at once",
    "assign":       "write t[...] = x",
    "__dlpack__":   "hand over t.data, the array itself",
    "__dlpack_device__": "hand over t.data, the array itself",
    "_value":       "write t.data, the array itself",
    "to_numpy":     "write t.data, the array itself",
    "values":       "write t.data, the array itself",
    **{name: f"write autograd.{name}(t)" for name in (
        "relu", "sigmoid", "softmax", "log_softmax", "logsumexp", "softplus", "gelu", "silu",
        "elu", "leaky_relu", "erf")},
}

#: The remedy for `t.name = value`.
ASSIGNMENTS = {
    "shape":   "t = t.reshape(shape)",
    "dtype":   "t = t.astype(dtype)",
    "strides": "t = t.transpose(axes), or index t",
    "real":    "t[...] = value + 1j * t.imag",
    "imag":    "t[...] = t.real + 1j * value",
}

#: NumPy's word for a PyTorch keyword, or for a common misspelling.
KEYWORDS = {
    "dim": "axis", "dims": "axis", "axes": "axis", "keepdim": "keepdims", "keep_dims": "keepdims",
    "unbiased": "ddof",
}
# fmt: on


def missing_attribute(tensor: object, name: str) -> AttributeError:
    """Build the error for `tensor.name`, to which Python itself adds a similar name.

    Example:
        >>> print(autograd.missing.missing_attribute(Tensor(1.0), "unsqueeze"))
        a Tensor has no attribute 'unsqueeze'; write np.expand_dims(t, axis), or t[None]
    """
    said = f"a {type(tensor).__name__} has no attribute '{name}'"
    words = ATTRIBUTES.get(name)
    if words is None and not name.startswith("_"):
        function = name.removesuffix("_")  # PyTorch's mark for operations in place
        assigned = "t = " if function != name else ""
        for module in (np, np.linalg):
            if isinstance(getattr(module, function, None), (np.ufunc, type(np.sum))):
                words = f"write {assigned}{module.__name__.replace('numpy', 'np')}.{function}(t)"
    return AttributeError(f"{said}; {words}" if words else said, name=name, obj=tensor)


def refused_assignment(name: str) -> Any:
    """Make the setter of a read-only attribute.

    Example:
        >>> try:
        ...     Tensor([1.0, 2.0]).shape = (2, 1)
        ... except AttributeError as error:
        ...     print(error)
        t.shape = ... is not supported; write t = t.reshape(shape)
    """

    def refuse(_tensor: Any, _value: Any) -> None:
        raise AttributeError(f"t.{name} = ... is not supported; write {ASSIGNMENTS[name]}")

    return refuse


def unexpected_keyword(function: str, key: str, known: Collection[str]) -> TypeError:
    """Build the error for a keyword that is not among the `known` ones of `function`.

    Example:
        >>> print(autograd.missing.unexpected_keyword("sum", "dim", ["axis", "keepdims"]))
        sum got an unexpected keyword argument 'dim'; NumPy's word for it is axis=
    """
    if KEYWORDS.get(key) in known:
        hint = f"NumPy's word for it is {KEYWORDS[key]}="
    elif close := difflib.get_close_matches(key, known, 1):
        hint = f"did you mean {close[0]}=?"
    else:
        hint = f"its parameters are {', '.join(known)}"
    return TypeError(f"{function} got an unexpected keyword argument '{key}'; {hint}")
