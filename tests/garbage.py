"""What a computation leaves to Python's cycle collector.

A reference cycle keeps what it holds until the collector comes by, and the arrays with it: memory
then grows for no reason that anybody sees. So nothing here may make one.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

OURS = ("autograd", "nn", "tests")


def left_to_the_collector(run: Callable[[], Any]) -> list[str]:
    """The objects of this project that only the collector would free after `run()`, by kind."""
    run()  # what is made once, and kept
    gc.disable()
    gc.freeze()  # only what is made from here on is gone through
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        run()
        gc.collect()
        return [name for name in map(_kind, gc.garbage) if name.split(".")[0] in OURS]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.unfreeze()
        gc.enable()


def _kind(x: Any) -> str:
    if isinstance(x, FunctionType):
        return f"{x.__module__}.{x.__qualname__}"
    code = next((c for a in ("gi_code", "f_code", "cr_code") if (c := getattr(x, a, None))), None)
    if isinstance(code, CodeType):  # a generator, a frame, a coroutine
        folders = code.co_filename.split("/")
        return f"{next((f for f in OURS if f in folders), 'other')}.{code.co_name}"
    return f"{type(x).__module__}.{type(x).__qualname__}"
