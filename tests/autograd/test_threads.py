"""Parts of a batch in several threads."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from autograd import Tensor, conv, threads

MANY = 10**9


@pytest.fixture(autouse=True)
def _three_threads(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(threads, "blas_threads", lambda: 3)
    monkeypatch.setattr(threads, "_pool", None)
    yield
    if threads._pool is not None:
        threads._pool.shutdown()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 100])
def test_parts_cover_everything_once_and_in_order(count: int) -> None:
    parts = threads.in_parallel(lambda part: list(range(count))[part], count, MANY)
    assert len(parts) == max(1, min(count, 3))
    assert [i for part in parts for i in part] == list(range(count))


def test_little_work_stays_here() -> None:
    assert threads.in_parallel(lambda _: threading.current_thread(), 9, 1000) == [
        threading.current_thread()
    ]
    assert threads._pool is None


def test_parts_run_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=10)
    threads.in_parallel(lambda _: together.wait(), 3, MANY)


@pytest.mark.parametrize("at", [0, 1, 2])
def test_errors_come_through(at: int) -> None:
    def work(part: slice) -> None:
        if part.start == at:
            raise KeyError("broken")

    with pytest.raises(KeyError, match="broken"):
        threads.in_parallel(work, 3, MANY)


def test_threads_work_under_the_same_errstate() -> None:
    with np.errstate(divide="ignore"):
        results = threads.in_parallel(lambda _: np.ones(2) / np.zeros(2), 3, MANY)
    assert np.isinf(results).all()
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        threads.in_parallel(lambda part: np.ones(2) / (np.zeros(2) + (not part.start)), 3, MANY)


def test_a_new_process_makes_threads_of_its_own() -> None:
    threads.in_parallel(lambda _: None, 3, MANY)
    pool = threads._pool
    assert pool is not None
    threads._forget()
    threads.in_parallel(lambda _: None, 3, MANY)
    assert threads._pool is not pool
    pool.shutdown()


@pytest.mark.parametrize("stride", [1, 2])
def test_convolution_gives_the_same_with_any_number_of_threads(
    stride: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=s) for s in ((7, 9, 20, 21), (16, 9, 3, 3), (16,))]
    monkeypatch.setattr(threads, "_WORTHWHILE", 10**5)
    results = []
    for count in (1, 3):
        monkeypatch.setattr(threads, "blas_threads", lambda count=count: count)
        x, w, b = (Tensor(a, requires_grad=True) for a in arrays)
        y = conv(x, w, b, stride=stride, padding=1)
        (y * y).sum().backward()
        results.append([y.data, x.grad, w.grad, b.grad])
    assert threads._pool is not None
    for one, three in zip(*results, strict=True):
        np.testing.assert_allclose(three, one, rtol=1e-12, atol=1e-12)
