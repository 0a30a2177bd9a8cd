"""Parts of a batch in several threads: NumPy computes without holding Python's lock.

BLAS shares out large matrix products by itself. This is for work in many small steps.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from .config import blas_threads

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

_WORTHWHILE = 10**7  # multiplications for each thread: less takes about as long as starting it

_pool: ThreadPoolExecutor | None = None


def in_parallel(work: Callable[[slice], Any], count: int, multiplications: int) -> list[Any]:
    """`work(part)` for parts that together are `range(count)`; the results in their order.

    As many parts are made as BLAS has threads, if `multiplications`, of all the work, are many.
    """
    parts = min(count, multiplications // _WORTHWHILE + 1, blas_threads())
    if parts <= 1:
        return [work(slice(0, count))]
    ends = [count * i // parts for i in range(parts + 1)]
    first, *others = map(slice, ends, ends[1:])
    # Each thread works in a copy of this one's context, where np.errstate is kept.
    waiting = [_threads().submit(copy_context().run, work, part) for part in others]
    return [work(first), *(result.result() for result in waiting)]


def _threads() -> ThreadPoolExecutor:
    global _pool
    if _pool is None:
        from concurrent.futures import ThreadPoolExecutor

        _pool = ThreadPoolExecutor(max(1, blas_threads() - 1), "autograd")
    return _pool


def _forget() -> None:
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)  # a new process has none of its parent's threads
