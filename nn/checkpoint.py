"""Saving parameters to a file, and loading them.

    nn.save(model, "model.npz")
    model.load_state_dict(nn.load("model.npz"))

A file is NumPy's `.npz`: a zip archive of arrays, which `np.load` reads too. It holds numbers
only: nothing in it can run code, and pickled objects are refused. It is complete or not there:
a process killed while saving leaves the old file as it was. Its end (the archive's comment) is a
checksum of all the rest, for a zip archive by itself does not notice every change: one wrong bit
in its table of contents can make an entry disappear.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from autograd import AutogradError, Tensor

from .module import Module

_SUFFIX = ".npy"
_SEAL = len("sha256:") + 64 + 2  # the comment, and before it its length in two bytes


class CheckpointError(AutogradError):
    """A file could not be saved, or what it holds cannot be loaded; the message names it."""


def save(state: Module | Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write a module's state, or a mapping from names to arrays, to exactly `path`.

    Raises `CheckpointError` where it cannot be written, or for an array that holds objects;
    what was at `path` before is then still there.
    """
    named = state.state_dict() if isinstance(state, Module) else state
    arrays = {k: v.data if isinstance(v, Tensor) else np.asarray(v) for k, v in named.items()}
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise CheckpointError(
                f"{path}: {name!r} is an array of Python objects (dtype {array.dtype}), which is "
                f"not saved; save numbers"
            )
    try:
        with written_whole(path) as file:
            file.write(_sealed(_archive(arrays)))
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be saved: {error.strerror or error}") from error


def load(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The arrays in the file `path`, by name, as `save` wrote them.

    Raises `CheckpointError` for a file that was not written by `save`, was changed since or cut
    short, or holds anything but arrays of numbers; `OSError` for one that cannot be opened. (For
    other `.npz` files there is `np.load`, and `load_state_dict` takes what it returns.)
    """
    content = Path(path).read_bytes()
    try:
        if content != _sealed(content[:-_SEAL] + bytes(2)):
            raise ValueError("its checksum is missing or wrong")
        return _arrays(content)
    except Exception as error:  # what is no zip archive fails in many ways
        raise CheckpointError(
            f"{path}: is damaged, or was not written by nn.save ({error}); nothing was loaded"
        ) from error


def _archive(arrays: dict[str, Any]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        try:
            for name, array in arrays.items():
                # A fixed date, so that equal arrays give equal files.
                member = zipfile.ZipInfo(name + _SUFFIX, date_time=(1980, 1, 1, 0, 0, 0))
                with archive.open(member, "w", force_zip64=True) as part:
                    np.lib.format.write_array(part, array, allow_pickle=False)
        except BaseException:
            archive.fp = None  # or closing it with a part half open would hide an interruption
            raise
    return content.getvalue()


def _arrays(content: bytes) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.infolist():
            name = member.filename.removesuffix(_SUFFIX)
            if name == member.filename:
                raise ValueError(f"{name!r} is not an array")
            if name in arrays:
                raise ValueError(f"{name!r} is there twice")
            part = io.BytesIO(archive.read(member))
            arrays[name] = np.lib.format.read_array(part, allow_pickle=False)
    return arrays


def _sealed(content: bytes) -> bytes:
    """An archive with a checksum for its comment, in place of the empty comment it has."""
    body = content[:-2]  # a zip archive ends in the length of its comment, and the comment
    comment = f"sha256:{hashlib.sha256(body).hexdigest()}".encode()
    return body + len(comment).to_bytes(2, "little") + comment


@contextmanager
def written_whole(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file to write to that takes the place of `path` at the end, if nothing went wrong.

    Until then it stands under another name in the same folder; after an error it is removed.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # or the new name could survive a power cut without content
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
