"""Names that a Tensor does not have: what the message says to write instead, and that it works."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor
from autograd.missing import ASSIGNMENTS, ATTRIBUTES

ROOT = Path(__file__).resolve().parents[2]

# fmt: off
TORCH = [
    "view", "permute", "unsqueeze", "numpy", "cpu", "cuda", "to", "detach_", "add_", "mul_",
    "sub_", "div_", "zero_", "norm", "pow", "matmul", "mm", "bmm", "mv", "t", "expand",
    "expand_as", "contiguous", "numel", "double", "float", "half", "long", "int", "bool", "clone",
    "requires_grad_", "dim", "sin", "cos", "sigmoid", "relu", "softmax", "log_softmax", "tile",
    "flip", "roll", "cross", "outer", "kron", "floor", "ceil", "sign", "where", "median",
    "quantile", "logsumexp", "det", "inverse", "cholesky", "svd", "masked_fill", "masked_select",
    "gather", "scatter_", "index_select", "index_add_", "topk", "chunk", "split", "unbind",
    "narrow", "movedim", "clamp", "clamp_", "fill_", "copy_", "add", "sub", "mul", "div", "neg",
    "eq", "ne", "lt", "le", "gt", "ge", "rsqrt", "type", "type_as", "new_zeros", "new_ones",
    "new_full", "new_tensor", "view_as", "is_cuda", "grad_fn", "element_size", "isnan",
    "isfinite", "maximum", "minimum", "square", "exp2", "log2", "log1p", "expm1", "tril", "triu",
    "erf", "unique", "histogram", "cov", "argwhere", "unflatten", "exp_", "clip_", "addcmul",
    "baddbmm",
]
# fmt: on
OTHERS = ["at", "block_until_ready", "assign", "_value", "values", "to_numpy", "itemset", "ptp"]
WITHOUT_WORDS = {"addcmul", "baddbmm"}


@pytest.mark.parametrize("name", TORCH + OTHERS)
def test_missing_name_is_an_attribute_error_with_numpys_word(name: str) -> None:
    for t in (Tensor([[1.0, 2.0]], requires_grad=True), Tensor(1), Tensor([1.0]) * 2):
        assert not hasattr(t, name)
        assert getattr(t, name, "other") == "other"
        with pytest.raises(AttributeError, match=f"a Tensor has no attribute '{name}'") as caught:
            getattr(t, name)
        assert ("; write " in str(caught.value) or "; leave it out" in str(caught.value)) is (
            name not in WITHOUT_WORDS
        )
        assert caught.value.name == name
        assert caught.value.obj is t


def test_tensor_is_not_handed_over_without_its_graph() -> None:
    with pytest.raises(AttributeError, match=r"'__dlpack__'; hand over t\.data, the array itself"):
        np.from_dlpack(Tensor([1.0]))


def test_table_names_nothing_that_is_here() -> None:
    assert not [name for name in ATTRIBUTES if hasattr(Tensor, name)]
    assert not [name for name in ATTRIBUTES if hasattr(np.ndarray, name) and name in TORCH[1:]]
    assert all(hasattr(Tensor, name) for name in ASSIGNMENTS)


def test_words_for_names_can_be_followed() -> None:
    names = {"np": np, "autograd": autograd, "Tensor": Tensor}
    t = names["t"] = Tensor([[4.0, 1.0], [2.0, 8.0]])
    names |= {"x": Tensor([[1.0, 2.0], [0.5, 3.0]]), "axis": 1, "n": 2, "min": 2.0, "max": 3.0}
    names |= {
        "mask": t.data > 2,
        "value": 0.0,
        "values": 0.0,
        "indices": np.array([[0, 1], [1, 1]]),
    }
    names |= {"axes": (1, 0), "shape": (2, 2), "source": 0, "destination": 1, "k": 1, "index": 0}
    names |= {"dtype": np.float32, "start": 0, "length": 1, "data": [1.0], "array": np.ones(1)}
    ran = 0
    for name, words in ATTRIBUTES.items():
        written = words.removeprefix("write ").split(", ")
        expression = written[0]
        while expression.count("(") + expression.count("[") > expression.count(
            ")"
        ) + expression.count("]"):
            written = written[1:]
            expression += ", " + written[0]
        try:
            code = compile(expression, name, "eval")
        except SyntaxError:
            continue  # a sentence, or a statement
        names["t"] = +t
        if "..." not in expression or "[...," in expression:
            eval(code, dict(names))
            ran += 1
    assert ran > 60


def test_name_that_is_spelt_nearly_so_is_suggested_by_python() -> None:
    program = "import autograd; autograd.Tensor([1.0]).reshpe(1)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert "a Tensor has no attribute 'reshpe'. Did you mean: 'reshape'?" in run.stderr


@pytest.mark.parametrize("name", ["_mask", "__array_interface__", "_private", "nothing_like_it"])
def test_other_names_are_missing_without_words(name: str) -> None:
    t = Tensor([1.0], requires_grad=True)
    assert not hasattr(t, name)
    with pytest.raises(AttributeError) as caught:
        getattr(t, name)
    assert str(caught.value) == f"a Tensor has no attribute '{name}'"


def test_subclass_is_called_by_its_name() -> None:
    class Weight(Tensor):
        pass

    weight: Any = Weight([1.0])
    with pytest.raises(AttributeError, match=r"a Weight has no attribute 'dim'; write t\.ndim"):
        weight.dim()


def test_network_function_at_the_top_is_told_its_place() -> None:
    with pytest.raises(AttributeError, match=r"write autograd\.ops\.relu"):
        autograd.relu  # noqa: B018
    with pytest.raises(AttributeError, match=r"has no attribute 'nothing'$"):
        autograd.nothing  # noqa: B018
