import io
import os
import pickle
import subprocess
import sys
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

import nn
from nn.checkpoint import _seal

ROOT = Path(__file__).parents[2]


def _sealed(content):
    """An archive without a comment, with the checksum that `load` asks for."""
    return content[:-2] + _seal(io.BytesIO(content), len(content) - 2)


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
    for protocol in range(2, 6):
        path.write_bytes(pickle.dumps(_Trap(), protocol=protocol))
        with pytest.raises(nn.CheckpointError, match=r"a\.npz: is a pickle, as torch\.save writes"):
            nn.load(path)
    path.write_bytes(pickle.dumps(_Trap(), protocol=0))
    with pytest.raises(nn.CheckpointError, match=r"a\.npz: is damaged"):
        nn.load(path)
    content = io.BytesIO()
    np.savez(content, a=np.array([_Trap()], dtype=object))
    path.write_bytes(_sealed(content.getvalue()))
    with pytest.raises(nn.CheckpointError, match=r"a\.npz: .*Object arrays cannot be loaded"):
        nn.load(path)


def test_files_are_written_and_read_without_a_copy_in_memory(tmp_path):
    array = np.ones(8_000_000)
    tracemalloc.start()
    nn.save({"a": array}, tmp_path / "a.npz")
    saving = tracemalloc.get_traced_memory()[1]
    nn.load(tmp_path / "a.npz")
    loading = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert saving < array.nbytes // 2
    assert loading < array.nbytes * 1.5


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


@pytest.mark.parametrize("name", ["a\0b", 3, "__metadata__"])
def test_save_under_names_that_no_file_holds_raises(tmp_path, name):
    with pytest.raises(nn.CheckpointError, match=r"a\.npz: .* cannot be the name of an array"):
        nn.save({name: np.ones(1)}, tmp_path / "a.npz")
    assert _names(tmp_path) == []


def test_save_takes_numbers_texts_and_names_of_any_kind(tmp_path):
    state = {
        "optimizer/0.weight": [1.5, 2.5],
        "epoch": 3,
        "ok": True,
        "history": '{"loss": [0.5, 1e-3], "name": "µ ∂"}',
        "names": np.array(["a", "long"]),
        "": 1j,
        "Größe ∑ \\ ../x": np.float16(2),
    }
    nn.save(state, tmp_path / "a.npz")
    loaded = nn.load(tmp_path / "a.npz")
    assert list(loaded) == list(state)
    for name, value in state.items():
        np.testing.assert_array_equal(loaded[name], np.asarray(value), strict=True)
    assert loaded["history"].item() == state["history"]


def test_load_that_fails_leaves_the_model_alone(tmp_path):
    model = nn.Linear(2, 3)
    before = model.state_dict()
    nn.save({k: v + 1 for k, v in before.items()}, tmp_path / "a.npz")
    with open(tmp_path / "a.npz", "ab") as file:
        file.write(b"\0")
    with pytest.raises(nn.CheckpointError, match="damaged"):
        model.load_state_dict(nn.load(tmp_path / "a.npz"))
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


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


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_save_killed_at_any_moment_leaves_a_whole_file(tmp_path, suffix):
    if suffix == "safetensors":
        pytest.importorskip("safetensors")
    path = tmp_path / f"a.{suffix}"
    code = (
        "import sys, itertools, numpy as np, nn\n"
        "for i in itertools.count():\n"
        "    nn.save({'x': np.full(100_000, i), 'y': np.full(1000, i)}, sys.argv[1])\n"
        "    print(flush=True)\n"
    )
    draw = np.random.default_rng()
    for _ in range(4):
        child = subprocess.Popen(
            [sys.executable, "-c", code, path], cwd=ROOT, stdout=subprocess.PIPE
        )
        with child:
            child.stdout.readline()  # one file is there
            time.sleep(draw.uniform(0, 0.05))
            child.kill()
        arrays = nn.load(path)
        assert arrays["x"].shape == (100_000,)
        assert set(arrays["x"]) == set(arrays["y"])


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
@pytest.mark.parametrize("size", [10, 100_000])
def test_save_beyond_the_largest_size_of_files_leaves_the_old_one(tmp_path, suffix, size):
    pytest.importorskip("resource")  # of POSIX
    if suffix == "safetensors":
        pytest.importorskip("safetensors")
    path = tmp_path / f"a.{suffix}"
    nn.save({"x": np.ones(1)}, path)
    code = (
        "import resource, sys, numpy as np, nn\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50, 50))\n"
        "try:\n"
        "    nn.save({'x': np.zeros(int(sys.argv[2]))}, sys.argv[1])\n"
        "except nn.CheckpointError as error:\n"
        "    sys.exit(str(error))\n"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, path, str(size)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.stderr.strip() == f"{path}: cannot be saved: File too large"
    assert _names(tmp_path) == [f"a.{suffix}"]
    np.testing.assert_array_equal(nn.load(path)["x"], np.ones(1))


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_save_gives_a_file_the_usual_permissions(tmp_path):
    nn.save({"x": np.ones(1)}, tmp_path / "a.npz")
    (tmp_path / "plain").write_bytes(b"")
    assert (tmp_path / "a.npz").stat().st_mode == (tmp_path / "plain").stat().st_mode


# -- .safetensors -------------------------------------------------------------------------------


@pytest.fixture
def tensors(tmp_path):
    pytest.importorskip("safetensors")
    return tmp_path / "a.safetensors"


KINDS = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"]


def test_safetensors_give_the_arrays_back(tensors):
    nn.save(_arrays(), tensors)
    loaded = nn.load(str(tensors))
    assert loaded.keys() == _arrays().keys()
    for name, array in _arrays().items():
        np.testing.assert_array_equal(loaded[name], array, strict=True)
        assert loaded[name].flags.writeable


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", "<>")
def test_safetensors_of_any_layout_are_read_by_others(tensors, kind, order):
    numpy = pytest.importorskip("safetensors.numpy")
    x = (np.arange(24).reshape(2, 3, 4) % 5).astype(order + kind)
    state = {
        "C": x,
        "F": np.asfortranarray(x),
        "transposed": x.T,
        "moved": np.moveaxis(x, 0, 1),
        "strided": x[:, ::2, ::-1],
        "broadcast": np.broadcast_to(x[0, 0], (3, 4)),
        "scalar": x[1, 1, 1],
        "no axes": x[1, 1, 1, ...],
        "one": x[:1, :1, :1],
        "empty": x[:0],
    }
    nn.save(state, tensors)
    for read in (numpy.load_file(tensors), nn.load(tensors)):
        for name, array in state.items():
            expected = np.asarray(array, x.dtype.newbyteorder("="))
            np.testing.assert_array_equal(read[name], expected, strict=True)


def test_safetensors_of_complex_numbers_come_back(tensors):
    x = np.array([1 + 2j], np.complex64)
    try:
        nn.save({"x": x}, tensors)
    except nn.CheckpointError as error:
        pytest.skip(f"an old safetensors: {error}")
    np.testing.assert_array_equal(nn.load(tensors)["x"], x, strict=True)


def test_safetensors_saved_twice_are_equal_files(tensors):
    nn.save(_arrays(), tensors)
    first = tensors.read_bytes()
    nn.save(dict(reversed(_arrays().items())), tensors)
    assert nn.load(tensors).keys() == _arrays().keys()
    nn.save(_arrays(), tensors)
    assert tensors.read_bytes() == first


def test_safetensors_cut_short_or_longer_raise(tensors):
    nn.save({"a": np.arange(3.0)}, tensors)
    content = tensors.read_bytes()
    for changed in (*(content[:length] for length in range(len(content))), content + b"\0"):
        tensors.write_bytes(changed)
        with pytest.raises(nn.CheckpointError, match=r"a\.safetensors: is damaged"):
            nn.load(tensors)


def test_safetensors_with_any_bit_flipped_never_give_other_arrays(tensors):
    state = {"a": np.arange(3.0), "b": np.ones((1, 2), np.float32), "c": np.array(3)}
    nn.save(state, tensors)
    content = tensors.read_bytes()
    passed = set()
    for place in range(len(content)):
        for bit in range(8):
            flipped = bytearray(content)
            flipped[place] ^= 1 << bit
            tensors.write_bytes(flipped)
            try:
                loaded = nn.load(tensors)
            except nn.CheckpointError:
                continue
            passed.add(place)
            assert loaded.keys() == state.keys()
            for name, array in state.items():
                np.testing.assert_array_equal(loaded[name], array, strict=True)
    # What may change is only the name of the checksum: the file is then one without.
    start = content.index(b"__metadata__")
    assert passed <= set(range(start, content.index(b'":"', start)))


@pytest.mark.parametrize(("old", "new"), [(b"F32", b"I32"), (b"[1,2]", b"[2,1]"), (b'"b"', b'"c"')])
def test_safetensors_with_another_head_that_is_valid_raise(tensors, old, new):
    nn.save({"b": np.ones((1, 2), np.float32)}, tensors)
    content = tensors.read_bytes()
    tensors.write_bytes(content.replace(old, new, 1))
    with pytest.raises(nn.CheckpointError, match="is damaged"):
        nn.load(tensors)
    tensors.write_bytes(content.replace(b"pullback.", b"somebody.").replace(old, new, 1))
    assert len(nn.load(tensors)) == 1  # only the checksum tells


def test_safetensors_without_a_checksum_load(tensors):
    numpy = pytest.importorskip("safetensors.numpy")
    for metadata in (None, {"format": "pt"}):
        numpy.save_file({"a": np.ones(3)}, tensors, metadata)
        np.testing.assert_array_equal(nn.load(tensors)["a"], np.ones(3))


@pytest.mark.parametrize(
    "array", [np.array("text"), np.ones(1, complex), np.zeros(1, "M8[s]"), np.zeros(1, "f4,i4")]
)
def test_safetensors_refuse_what_they_do_not_hold(tensors, array):
    with pytest.raises(nn.CheckpointError, match=r"'x' has dtype .* does not hold; save it as \.n"):
        nn.save({"x": array}, tensors)
    assert _names(tensors.parent) == []


def test_safetensors_of_numbers_that_numpy_lacks_raise(tensors):
    head = b'{"x":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}'
    tensors.write_bytes(len(head).to_bytes(8, "little") + head + bytes(2))
    with pytest.raises(nn.CheckpointError, match=r"'x' has dtype BF16, which NumPy lacks; .*float"):
        nn.load(tensors)


def test_safetensors_that_are_a_pickle_or_an_archive_raise(tensors):
    tensors.write_bytes(pickle.dumps(_Trap()))
    with pytest.raises(nn.CheckpointError, match="is a pickle"):
        nn.load(tensors)
    nn.save(_arrays(), tensors.with_suffix(".npz"))
    tensors.with_suffix(".npz").rename(tensors)
    with pytest.raises(nn.CheckpointError, match="is damaged, or was not written by nn"):
        nn.load(tensors)


def test_safetensors_whose_head_begins_as_a_pickle_does_are_called_damaged(tensors):
    tensors.write_bytes((0x80).to_bytes(8, "little") + bytes(200))
    with pytest.raises(nn.CheckpointError, match="is damaged"):
        nn.load(tensors)


def test_safetensors_without_the_package_name_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    path = tmp_path / "a.safetensors"
    with pytest.raises(nn.CheckpointError, match=r"needs the package safetensors: pip install 'pu"):
        nn.save({"x": np.ones(1)}, path)
    assert _names(tmp_path) == []
    path.write_bytes(b"")
    with pytest.raises(nn.CheckpointError, match=r"pip install 'pullback\[interop\]'"):
        nn.load(path)


def test_safetensors_that_the_package_refuses_raise(tensors, monkeypatch):
    package = pytest.importorskip("safetensors.numpy")

    def refuse(*_):
        raise SafetensorError("too old")

    SafetensorError = pytest.importorskip("safetensors").SafetensorError
    monkeypatch.setattr(package, "save", refuse)
    with pytest.raises(nn.CheckpointError, match=r"a\.safetensors: cannot be saved: too old"):
        nn.save({"x": np.ones(1)}, tensors)


# The part that was never made is closed by its `__del__`, where zipfile of Python 3.13 trips.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_save_that_is_interrupted_while_a_part_is_opened_says_so(tmp_path, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(zipfile, "_get_compressor", stop)
    with pytest.raises(KeyboardInterrupt):
        nn.save({"a": np.ones(3)}, tmp_path / "a.npz")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("state", ["model.npz", [1], nn.optim.SGD(nn.Linear(1, 1).parameters())])
def test_save_of_no_mapping_raises(tmp_path, state):
    with pytest.raises(TypeError, match=rf"save got a {type(state).__name__}; pass a mapping"):
        nn.save(state, tmp_path / "state.npz")


def test_save_to_a_link_writes_the_file_that_it_leads_to(tmp_path):
    (tmp_path / "runs").mkdir()
    file, link = tmp_path / "runs" / "third.npz", tmp_path / "latest.npz"
    nn.save({"a": np.ones(1)}, file)
    link.symlink_to(file)
    nn.save({"a": np.zeros(1)}, link)
    assert link.is_symlink()
    assert nn.load(file) == {"a": [0]}


def test_save_to_a_pipe_raises_and_leaves_it(tmp_path):
    # So with /dev/null, which whoever may do everything would have replaced by a file.
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(nn.CheckpointError, match=r"pipe: cannot be saved: It is a device or a pip"):
        nn.save({"a": np.ones(1)}, tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()
