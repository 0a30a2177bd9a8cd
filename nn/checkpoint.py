"""Files of parameters: saving and loading.

    nn.save(model, "model.npz")
    model.load_state_dict(nn.load("model.npz"))

The suffix chooses the format. `.safetensors` is the format that PyTorch's users exchange: names and
layouts are PyTorch's, so weights travel both ways. It needs the package `safetensors`
(`pip install 'pullback[interop]'`) and holds numbers only. With any other suffix, a file is NumPy's
`.npz`, a zip archive of arrays that `np.load` reads too; it can also hold texts.

Neither can run code: pickled objects are refused. A file is either complete or absent: a process
killed while saving leaves the old file unchanged (and may leave its unfinished work under another
name, `.NAME.*.tmp`). Both formats get a checksum, because neither notices every change by itself:
in a zip archive, one wrong bit in the table of contents can make an entry disappear.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import secrets
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from autograd import AutogradError

from .module import Module, arrays_of

_SUFFIX = ".npy"
_PIECE = 1 << 20  # bytes read at a time
_SEAL = len("sha256:") + 64 + 2  # a comment, preceded by its length in two bytes

#: The numbers that both a safetensors file and NumPy have.
_CODES = {
    "BOOL": "bool",
    "I8": "int8",
    "I16": "int16",
    "I32": "int32",
    "I64": "int64",
    "U8": "uint8",
    "U16": "uint16",
    "U32": "uint32",
    "U64": "uint64",
    "F16": "float16",
    "F32": "float32",
    "F64": "float64",
    "C64": "complex64",
}
_METADATA = "__metadata__"

#: The fault of a file that `is_gensims`, and the remedy.
GENSIMS = (
    "is a pickle, as gensim's save writes it; it could run any code, and is not loaded. In "
    "gensim: model.wv.save_word2vec_format('vectors.txt'), where vectors are loaded alone without "
    ".wv; then here: KeyedVectors.load_word2vec_format('vectors.txt')"
)
_CHECKSUM = "pullback.sha256"


class CheckpointError(AutogradError):
    """A file cannot be saved or loaded; the message names the file.

    Example:
        >>> nn.save({"table": np.array([{}])}, "table.npz")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        nn.checkpoint.CheckpointError: table.npz: 'table' is an array of Python objects ...
    """


def save(state: Module | Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write a module's state, or a mapping from names to arrays, to a file.

    Args:
        state: A module, or a mapping from names to arrays or Tensors.
        path: The exact name of the file. The suffix `.safetensors` chooses that format; any
            other name is a NumPy archive.

    Raises:
        CheckpointError: If the file cannot be written, or its format cannot hold a value: Python
            objects, and in `.safetensors` also texts, dates and complex128. An earlier file at
            `path` is then still there.
        TypeError: If `state` is neither a module nor a mapping.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     nn.save(nn.Linear(3, 2), f"{folder}/model.npz")
        ...     {name: array.shape for name, array in nn.load(f"{folder}/model.npz").items()}
        {'weight': (2, 3), 'bias': (2,)}
    """
    named = state.state_dict() if isinstance(state, Module) else state
    arrays = arrays_of("save", named)
    for name, array in arrays.items():
        if not isinstance(name, str) or "\0" in name or name == _METADATA:
            raise CheckpointError(f"{path}: {name!r} cannot be the name of an array")
        if array.dtype.hasobject:
            raise CheckpointError(
                f"{path}: {name!r} is an array of Python objects (dtype {array.dtype}), which is "
                f"not saved; save numbers"
            )
    try:
        with written_whole(path) as file:
            if _is_tensors(path):
                file.write(_tensors(arrays, path))
            else:
                _archive(arrays, file)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be saved: {error.strerror or error}") from error


def load(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the arrays of a file that `save` wrote.

    A `.safetensors` file from elsewhere is read too, without a checksum to compare. Read other
    `.npz` files with `np.load`; `load_state_dict` takes its result.

    Args:
        path: The file.

    Returns:
        The arrays by name, in the dtypes they were saved with.

    Raises:
        CheckpointError: If the file was changed or cut short, is an `.npz` file that `save` did
            not write, or holds anything but arrays that NumPy has (such as bfloat16).
        OSError: If the file cannot be opened.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     nn.save({"step": np.array(7), "rate": np.float32(0.5)}, f"{folder}/state.npz")
        ...     nn.load(f"{folder}/state.npz")
        {'step': array(7), 'rate': array(0.5, dtype=float32)}
    """
    path = Path(path)
    try:
        with open(path, "rb") as file:
            return _arrays_of_tensors(file.read(), path) if _is_tensors(path) else _arrays(file)
    except (CheckpointError, OSError):
        raise
    except Exception as error:  # a file in neither format can fail in many ways
        content = path.read_bytes()
        if is_gensims(content):
            raise CheckpointError(f"{path}: {GENSIMS}") from error
        if _is_pickle(content):
            raise CheckpointError(
                f"{path}: is a pickle, as torch.save writes them; it could run any code, and is "
                f"not loaded. With PyTorch: safetensors.torch.save_file(torch.load("
                f"{Path(path).name!r}, weights_only=True), 'model.safetensors')"
            ) from error
        raise CheckpointError(
            f"{path}: is damaged, or was not written by nn.save ({error}); nothing was loaded"
        ) from error


def is_gensims(content: bytes) -> bool:
    """Tell whether a file that begins with `content` is a pickle by gensim."""
    return content[:1] == b"\x80" and b"gensim." in content[:100]


def _is_pickle(content: bytes) -> bool:
    # Alone or in a zip archive. (A safetensors file can begin with 0x80 too, then zeros follow.)
    return (content[:1] == b"\x80" and any(content[2:8])) or b"/data.pkl" in content


# -- .npz ---------------------------------------------------------------------------------------


def _archive(arrays: dict[str, Any], file: BinaryIO) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        try:
            for name, array in arrays.items():
                # A fixed date, so that equal arrays give equal files.
                member = zipfile.ZipInfo(name + _SUFFIX, date_time=(1980, 1, 1, 0, 0, 0))
                with archive.open(member, "w", force_zip64=True) as part:
                    np.lib.format.write_array(part, array, allow_pickle=False)
        except BaseException:
            archive.fp = None  # or closing it with a half-open part would hide an interruption
            raise
    end = file.tell() - 2  # a zip archive ends with the length of its comment and the comment
    seal = _seal(file, end)
    file.seek(end)
    file.write(seal)


def _arrays(file: BinaryIO) -> dict[str, Any]:
    end = max(file.seek(0, os.SEEK_END) - _SEAL, 0)
    seal = _seal(file, end)
    if file.read() != seal:
        raise ValueError("its checksum is missing or wrong")
    arrays: dict[str, Any] = {}
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            name = member.filename.removesuffix(_SUFFIX)
            if name == member.filename:
                raise ValueError(f"{name!r} is not an array")
            if name in arrays:
                raise ValueError(f"{name!r} is there twice")
            with archive.open(member) as part:
                arrays[name] = np.lib.format.read_array(part, allow_pickle=False)
    return arrays


def _seal(file: BinaryIO, end: int) -> bytes:
    """Return an archive's comment, a checksum of the bytes up to `end`, after its length."""
    file.seek(0)
    digest = hashlib.sha256()
    while piece := file.read(min(_PIECE, end - file.tell())):
        digest.update(piece)
    comment = f"sha256:{digest.hexdigest()}".encode()
    return len(comment).to_bytes(2, "little") + comment


# -- .safetensors -------------------------------------------------------------------------------


def _is_tensors(path: str | os.PathLike[str]) -> bool:
    return Path(path).suffix == ".safetensors"


def _safetensors(path: str | os.PathLike[str]) -> Any:
    try:
        import safetensors.numpy
    except ImportError as error:
        raise CheckpointError(
            f"{path}: needs the package safetensors: pip install 'pullback[interop]'"
        ) from error
    return safetensors


def _tensors(arrays: dict[str, Any], path: str | os.PathLike[str]) -> bytes:
    for name, array in arrays.items():
        if array.dtype.name not in _CODES.values():
            raise CheckpointError(
                f"{path}: {name!r} has dtype {array.dtype}, which a safetensors file does not "
                f"hold; save it as .npz, or convert it"
            )
    # Contiguous and in native byte order, or safetensors would write the bytes in an order that
    # contradicts the shape. (np.ascontiguousarray would add an axis to an array without axes.)
    plain = {k: np.asarray(v, v.dtype.newbyteorder("="), order="C") for k, v in arrays.items()}
    safetensors = _safetensors(path)
    try:
        content: bytes = safetensors.numpy.save(plain, {_CHECKSUM: _checksum(plain)})
    except safetensors.SafetensorError as error:
        raise CheckpointError(f"{path}: cannot be saved: {error}") from error
    return content


def _arrays_of_tensors(content: bytes, path: str | os.PathLike[str]) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    for name, part in _safetensors(path).deserialize(content):
        if part["dtype"] not in _CODES:
            raise CheckpointError(
                f"{path}: {name!r} has dtype {part['dtype']}, which NumPy lacks; save it as "
                f"float32 with PyTorch: tensor.float()"
            )
        dtype = np.dtype(_CODES[part["dtype"]])
        array = np.frombuffer(part["data"], dtype.newbyteorder("<")).reshape(part["shape"])
        arrays[name] = np.require(array, dtype, "W")
    head = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    expected = head.get(_METADATA, {}).get(_CHECKSUM)
    if expected is not None and expected != _checksum(arrays):
        raise ValueError("its checksum is wrong")
    return arrays


def _checksum(arrays: dict[str, Any]) -> str:
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(json.dumps([name, array.dtype.name, array.shape]).encode())
        digest.update(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
    return digest.hexdigest()


# -- writing ------------------------------------------------------------------------------------


@contextmanager
def written_whole(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file to write, which replaces the one at `path` at the end unless an error occurs.

    Until then it has another name in the same folder; after an error it is removed.
    """
    path = Path(os.path.realpath(path))  # a link's target
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise OSError(errno.EINVAL, "It is a device or a pipe")  # would be replaced by a file
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "x+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # or a power cut could keep the new name and lose the content
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
