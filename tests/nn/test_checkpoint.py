import io
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import nn
from nn.checkpoint import _sealed

ROOT = Path(__file__).parents[2]


def _arrays():
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    return {
        "file": x,
        "layers.0.weight": x.T,
        "strided": x[::-1, ::2],
        "scalar": np.array(2.5),
        "empty": np.empty((0, 3), np.float16),
        "integers": np.arange(3),
    }


def _names(folder):
    return sorted(p.name for p in folder.iterdir())


def test_save_and_load_give_the_arrays_back(tmp_path):
    path = tmp_path / "state"
    nn.save(_arrays(), path)
    assert _names(tmp_path) == ["state"]
    loaded = nn.load(path)
    assert list(loaded) == list(_arrays())
    for name, array in _arrays().items():
        np.testing.assert_array_equal(loaded[name], array, strict=True)
        assert loaded[name].flags.writeable


def test_save_writes_what_numpy_reads(tmp_path):
    nn.save({"a": np.ones(3)}, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        np.testing.assert_array_equal(file["a"], np.ones(3))


def test_load_of_what_numpy_wrote_raises(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.ones(3))
    with pytest.raises(nn.CheckpointError, match=r"not written by nn\.save \(its checksum is miss"):
        nn.load(tmp_path / "a.npz")


def test_save_of_a_module_loads_into_another(tmp_path):
    model, other = nn.MLP([3, 4, 2]), nn.MLP([3, 4, 2])
    nn.save(model, str(tmp_path / "m.npz"))
    other.load_state_dict(nn.load(str(tmp_path / "m.npz")))
    for a, b in zip(model.parameters(), other.parameters(), strict=True):
        np.testing.assert_array_equal(a.data, b.data)


def test_save_twice_gives_equal_files(tmp_path):
    for name in "ab":
        nn.save(_arrays(), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_load_of_a_file_cut_short_raises(tmp_path):
    path = tmp_path / "a.npz"
    nn.save({"a": np.arange(3.0)}, path)
    content = path.read_bytes()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(nn.CheckpointError, match=r"a\.npz: is damaged, or was not written"):
            nn.load(path)


def test_load_with_any_bit_flipped_raises(tmp_path):
    path = tmp_path / "a.npz"
    nn.save({"a": np.arange(3.0), "b": np.ones(2, np.float32)}, path)
    content = path.read_bytes()
    for place in range(len(content)):
        for bit in range(8):
            flipped = bytearray(content)
            flipped[place] ^= 1 << bit
            path.write_bytes(flipped)
            with pytest.raises(nn.CheckpointError, match=r"a\.npz: is damaged"):
                nn.load(path)


class _Trap:
    def __reduce__(self):
        return os.abort, ()


def test_load_refuses_pickles(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(pickle.dumps(_Trap()))
    with pytest.raises(nn.CheckpointError, match=r"a\.npz: is damaged"):
        nn.load(path)
    content = io.BytesIO()
    np.savez(content, a=np.array([_Trap()], dtype=object))
    path.write_bytes(_sealed(content.getvalue()))
    with pytest.raises(nn.CheckpointError, match=r"a\.npz: .*Object arrays cannot be loaded"):
        nn.load(path)


def test_load_refuses_a_name_that_is_there_twice(tmp_path):
    content = io.BytesIO()
    np.savez(content, a=np.ones(1))
    with zipfile.ZipFile(content, "a") as archive:
        array = archive.read("a.npy")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.npy", array)
    (tmp_path / "a.npz").write_bytes(_sealed(content.getvalue()))
    with pytest.raises(nn.CheckpointError, match="'a' is there twice"):
        nn.load(tmp_path / "a.npz")


def test_load_refuses_members_that_are_no_arrays(tmp_path):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("notes.txt", "hello")
    (tmp_path / "a.npz").write_bytes(_sealed(content.getvalue()))
    with pytest.raises(nn.CheckpointError, match=r"'notes\.txt' is not an array"):
        nn.load(tmp_path / "a.npz")


def test_load_state_dict_takes_what_numpy_loads(tmp_path):
    model = nn.Linear(2, 3)
    np.savez(tmp_path / "a.npz", weight=np.ones((3, 2), np.float32), bias=np.ones(3, np.float32))
    with np.load(tmp_path / "a.npz") as file:
        model.load_state_dict(file)
    np.testing.assert_array_equal(model.weight.data, np.ones((3, 2)))


def test_load_of_a_missing_file_raises_the_usual_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing"):
        nn.load(tmp_path / "nothing")


def test_save_of_objects_raises_and_writes_nothing(tmp_path):
    with pytest.raises(nn.CheckpointError, match=r"a\.npz: 'x' is an array of Python objects"):
        nn.save({"x": np.array([None])}, tmp_path / "a.npz")
    assert _names(tmp_path) == []


def test_save_into_no_folder_raises(tmp_path):
    path = tmp_path / "missing" / "a.npz"
    with pytest.raises(nn.CheckpointError, match=r"a\.npz: cannot be saved: No such file"):
        nn.save({"x": np.ones(1)}, path)
    assert _names(tmp_path) == []


@pytest.mark.parametrize("step", ["os.replace", "os.fsync", "numpy.lib.format.write_array"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_save_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, step, error):
    path = tmp_path / "a.npz"
    nn.save({"x": np.ones(1)}, path)

    def fail(*_, **__):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(step, fail)
        with pytest.raises((nn.CheckpointError, KeyboardInterrupt)) as caught:
            nn.save({"x": np.zeros(1)}, path)
    if isinstance(error, OSError):
        assert str(caught.value) == f"{path}: cannot be saved: No space left on device"
    assert _names(tmp_path) == ["a.npz"]
    np.testing.assert_array_equal(nn.load(path)["x"], np.ones(1))


def test_save_in_a_process_that_is_killed_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.npz"
    nn.save({"x": np.ones(1)}, path)
    code = (
        "import os, sys, numpy as np, nn\n"
        "os.fsync = lambda _: os._exit(9)\n"
        "nn.save({'x': np.zeros(1)}, sys.argv[1])\n"
    )
    assert subprocess.run([sys.executable, "-c", code, path], cwd=ROOT).returncode == 9
    np.testing.assert_array_equal(nn.load(path)["x"], np.ones(1))


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_save_gives_a_file_the_usual_permissions(tmp_path):
    nn.save({"x": np.ones(1)}, tmp_path / "a.npz")
    (tmp_path / "plain").write_bytes(b"")
    assert (tmp_path / "a.npz").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_save_that_is_interrupted_while_a_part_is_opened_says_so(tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(zipfile, "_get_compressor", stop)
    with pytest.raises(KeyboardInterrupt):
        nn.save({"a": np.ones(3)}, tmp_path / "a.npz")
    assert list(tmp_path.iterdir()) == []
