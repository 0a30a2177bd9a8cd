"""Ctrl-C at every point of a computation.

Python delivers it where a function begins, where a call into C returns, and at the end of a loop's
body: here `KeyboardInterrupt` is raised at the first such point, at the second, and so on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any


def interruptions(run: Callable[[], Any], *files: str) -> Iterator[int]:
    """Call `run()` again and again, interrupted one point later each time, until it gets through.

    Gives the number of the point after each interruption. `files`: the names of those in which
    modes are switched; all other points lie between the same two of these. In a `__del__` there is
    no point: what is raised there, or where a generator is closed because nobody needs it any
    more, is lost.
    """
    for n in count(1):
        points = count(1)

        def interrupt(frame: Any, event: str, _: Any, points: Any = points, n: int = n) -> None:
            code = frame.f_code
            is_point = event in ("call", "c_return") and code.co_name != "__del__"
            if is_point and os.path.basename(code.co_filename) in files and next(points) == n:
                raise KeyboardInterrupt

        hook, sys.unraisablehook = sys.unraisablehook, lambda _: None
        sys.setprofile(interrupt)
        try:
            run()
            return
        except KeyboardInterrupt:
            pass
        finally:
            sys.setprofile(None)
            sys.unraisablehook = hook
        yield n
