"""Files of data, which may be compressed."""

from __future__ import annotations

import bz2
import gzip
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from autograd import AutogradError

_BZIP2 = re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)")  # an archive begins with a block, or ends


class DataError(AutogradError, ValueError):
    """Data that are missing, damaged or not as expected.

    Example:
        >>> try:
        ...     nn.data.mnist("no such folder")
        ... except nn.data.DataError as error:
        ...     print(str(error)[:54])
        mnist: files are missing; pass download=True, or put t
    """


@contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a file of bytes, which may be compressed by gzip or bzip2.

    Raises:
        DataError: The archive is damaged; also while reading.
    """
    with open(path, "rb") as file:
        head = file.read(10)
        file.seek(0)
        if head.startswith(b"\x1f\x8b"):
            archive: Any = gzip.GzipFile(fileobj=file)
        elif _BZIP2.match(head):
            archive = bz2.BZ2File(file)
        else:
            yield file
            return
        try:
            with archive as content:
                yield content
        except (EOFError, OSError, zlib.error) as error:
            if getattr(error, "errno", None) is not None:  # the disk's fault, not the archive's
                raise
            raise DataError(f"{path}: is damaged, or cut short ({error})") from error
