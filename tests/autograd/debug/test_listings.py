"""Listings: what is found, what is not, and each line once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import Tensor, gradients
from autograd.debug import accumulations, broadcasts, promotions, untrained


def leaf(*values: float, dtype: Any = np.float32) -> Tensor:
    return Tensor(np.array(values or (1.0, 2.0), dtype), requires_grad=True)


# -- dtypes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (np.float64(2), "make it a Python number, float(c)"),
        (np.array(2.0), "make it a Python number, float(c)"),
        (np.array([2.0, 3.0]), "a constant, is float64; convert it with .astype(np.float32)"),
        (np.arange(2), "a constant, is int64; convert it with .astype(np.float32)"),
        (Tensor([1.0, 2.0], requires_grad=True), "make it with dtype=np.float32"),
    ],
)
def test_promotion_names_the_input_and_the_remedy(other: Any, words: str) -> None:
    with promotions() as found:
        y = leaf() * other
        np.tanh(y) + y
    (finding,) = found
    assert y.dtype == np.float64
    assert words in finding.message
    assert finding.message.startswith("multiply(float32 (2,), ")
    assert "test_listings.py:" in finding.line
    assert str(finding) == f"{finding.line}: {finding.message}"


def test_promotion_of_complex_numbers_and_by_the_operation_itself() -> None:
    with promotions() as found:
        Tensor(np.array([1j], np.complex64), requires_grad=True) * np.array([1j])
        leaf().astype(np.float64)
    assert "gives complex128, because input 1, a constant, is complex128" in found[0].message
    assert "astype(float32 (2,)) gives float64 of float32; if this is not meant" in found[1].message


def test_promotion_by_a_complex_number_is_avoided_by_one_of_python() -> None:
    with promotions() as found:
        leaf() * np.complex128(2)
    assert "make it a Python number, complex(c)" in found[0].message
    with promotions() as found:
        leaf() * complex(np.complex128(2))
    assert found == []


def test_promotion_is_listed_where_wide_numbers_enter_and_once() -> None:
    with promotions() as found:
        for _ in range(3):
            y = leaf() + np.arange(2.0)
            for _ in range(2):
                y = np.tanh(y * leaf())
    assert len(found) == 1


def test_promotion_is_none_where_the_width_stays() -> None:
    x = leaf()
    with promotions() as found:
        (x * 2.0 + np.float32(3)).mean().backward()
        (leaf(1.0, dtype=float) * 2).sum()
        x * (x.data > 1)
        x * Tensor(np.array([1j], np.complex64))
        np.split(x, 2)
        autograd.cross_entropy(x.reshape(1, 2), np.array([1]))
        np.argmax(x)
        x * np.float16(2)
    assert found == []


# -- shapes -------------------------------------------------------------------------------------


def test_broadcast_is_listed_where_both_are_stretched() -> None:
    x = leaf()
    with broadcasts() as found:
        (x.reshape(2, 1) - np.ones(2)).sum().backward()
        x * 2 + np.ones((3, 2))
        np.where(np.ones((2, 1), bool), x, 0.0)
    assert [f.message.split(" gives ")[0] for f in found] == [
        "subtract((2, 1), (2,))",
        "where((2, 1), (2,), ())",
    ]


# -- gradients ----------------------------------------------------------------------------------


def test_accumulation_is_listed_at_the_second_pass() -> None:
    x = leaf()
    with accumulations() as found:
        (x * 2).sum().backward()
        gradients((x * 2).sum(), x)
        x.grad = None
        (x * 2).sum().backward()
        assert found == []
        (x * 2).sum().backward()
    assert "a gradient of shape (2,) is added to that of an earlier pass" in found[0].message


def test_gradient_that_was_set_to_zero_is_no_accumulation() -> None:
    x = leaf()
    (x * 2).sum().backward()
    x.grad[:] = 0
    with accumulations() as found:
        (x * 2).sum().backward()
    assert found == []


def test_untrained_lists_what_an_optimizer_forgot() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    frozen = nn.Embedding(4, 2)
    optimizer = nn.optim.SGD(model[0].parameters(), lr=0.1)
    with untrained() as found:
        x = frozen(np.array([0, 1, 1]))
        (model(x) ** 2).sum().backward()
        optimizer.step()
        assert found == []
    names = [f.message.split("'")[1] for f in found]
    assert sorted(names) == ["1.bias", "1.weight", "weight"]


def test_untrained_lets_gradients_of_zero_be() -> None:
    with untrained() as found:
        (leaf() * 0).sum().backward()
    assert found == []
