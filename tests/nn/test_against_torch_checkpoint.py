"""Weights travel between here and PyTorch in safetensors files, under the same names."""

import numpy as np
import pytest

import nn

torch = pytest.importorskip("torch")
theirs = pytest.importorskip("safetensors.torch")


def _network():
    torch.manual_seed(0)
    layers = torch.nn
    model = layers.Sequential(
        layers.Conv2d(3, 4, 3),
        layers.BatchNorm2d(4),
        layers.ReLU(),
        layers.Flatten(),
        layers.Linear(4 * 6 * 6, 10),
    )
    model(torch.randn(5, 3, 8, 8))  # running statistics, and a count of one batch
    return model


def test_state_of_torch_comes_here_and_returns_the_same(tmp_path):
    model = _network()
    expected = model.state_dict()
    theirs.save_file(expected, tmp_path / "torch.safetensors")
    state = nn.load(tmp_path / "torch.safetensors")
    assert state.keys() == expected.keys()
    assert state["1.num_batches_tracked"].shape == ()
    assert state["1.num_batches_tracked"].dtype == np.int64
    for name, tensor in expected.items():
        np.testing.assert_array_equal(state[name], tensor.numpy(), strict=True)

    nn.save(state, tmp_path / "ours.safetensors")
    returned = theirs.load_file(tmp_path / "ours.safetensors")
    assert returned.keys() == expected.keys()
    for name, tensor in expected.items():
        assert returned[name].dtype == tensor.dtype
        assert returned[name].shape == tensor.shape
        assert torch.equal(returned[name], tensor)
    other = _network()
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.zero_()
    other.load_state_dict(returned)
    x = torch.randn(2, 3, 8, 8)
    assert torch.equal(model.eval()(x), other.eval()(x))


def test_models_exchange_weights(tmp_path):
    ours = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3, bias=False))
    layers = torch.nn
    model = layers.Sequential(layers.Linear(4, 8), layers.Tanh(), layers.Linear(8, 3, bias=False))
    x = np.random.default_rng(0).random((5, 4), np.float32)

    nn.save(ours, tmp_path / "ours.safetensors")
    model.load_state_dict(theirs.load_file(tmp_path / "ours.safetensors"))
    expected = model(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(ours(x).data, expected, rtol=1e-5, atol=1e-6)

    for layer in (model[0], model[2]):
        layer.reset_parameters()
    theirs.save_file(model.state_dict(), tmp_path / "torch.safetensors")
    ours.load_state_dict(nn.load(tmp_path / "torch.safetensors"))
    expected = model(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(ours(x).data, expected, rtol=1e-5, atol=1e-6)


def test_bfloat16_of_torch_raises(tmp_path):
    theirs.save_file({"x": torch.ones(2, dtype=torch.bfloat16)}, tmp_path / "a.safetensors")
    with pytest.raises(nn.CheckpointError, match="'x' has dtype BF16, which NumPy lacks"):
        nn.load(tmp_path / "a.safetensors")


@pytest.mark.parametrize("name", ["model.pt", "model.pth", "model.npz", "model.safetensors"])
@pytest.mark.parametrize("archive", [True, False])
def test_pickles_of_torch_raise_with_the_remedy(tmp_path, name, archive):
    state = _network().state_dict()
    torch.save(state, tmp_path / name, _use_new_zipfile_serialization=archive)
    with pytest.raises(nn.CheckpointError) as caught:
        nn.load(tmp_path / name)
    text = str(caught.value)
    assert f"{name}: is a pickle, as torch.save writes them" in text
    assert "safetensors.torch.save_file(" in text
    assert f"torch.load('{name}', weights_only=True)" in text
