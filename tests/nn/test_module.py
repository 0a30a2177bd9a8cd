import copy
import pickle
import re

import numpy as np
import pytest

import nn
from autograd import DTypeError, ShapeError


class Scaled(nn.Module):
    def __init__(self):
        self.inner = nn.Linear(3, 2, generator=np.random.default_rng(0))
        self.scale = nn.Parameter(np.ones(2))

    def forward(self, x):
        return self.scale * self.inner(x)


def network():
    return nn.MLP([4, 3, 2], generator=np.random.default_rng(0))


# -- Parameter ----------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [1.5, [1, 2], np.ones(3), np.ones(2, np.float16), [True]])
def test_parameter_is_a_float32_leaf_by_default(data):
    p = nn.Parameter(data)
    assert p.dtype == np.float32
    assert p.requires_grad
    assert p.is_leaf
    assert p.shape == np.shape(data)


def test_parameter_keeps_the_dtype_it_is_given():
    assert nn.Parameter(np.ones(3), dtype=np.float64).dtype == np.float64


def test_parameter_copies_its_data():
    array = np.ones(3, np.float32)
    p = nn.Parameter(array)
    array[0] = 9
    assert p.data[0] == 1


def test_parameter_without_gradient_is_a_constant():
    assert not nn.Parameter([1.0], requires_grad=False).requires_grad


def test_parameter_of_complex_data_needs_a_complex_dtype():
    with pytest.raises(DTypeError, match=r"got complex128 data for dtype float32.*imaginary"):
        nn.Parameter([1j])
    assert nn.Parameter([1j], dtype=complex).dtype == np.complex128


def test_parameter_is_copied_and_pickled_with_its_name():
    p = Scaled().inner.weight
    for other in (copy.deepcopy(p), pickle.loads(pickle.dumps(p))):
        assert isinstance(other, nn.Parameter)
        assert other.name == "inner.weight"
        np.testing.assert_array_equal(other.data, p.data)


# -- parts and names ----------------------------------------------------------------------------


def test_module_finds_its_parameters_by_path():
    found = dict(Scaled().named_parameters())
    assert list(found) == ["scale", "inner.weight", "inner.bias"]
    assert all(path == p.name for path, p in found.items())


def test_names_of_a_network_built_bottom_up_are_full_paths():
    assert [p.name for p in network().parameters()] == [
        "layers.0.weight",
        "layers.0.bias",
        "layers.2.weight",
        "layers.2.bias",
    ]


def test_names_of_a_part_that_is_assigned_later_are_full_paths():
    model = nn.Sequential(network())
    setattr(model[0].layers, "2", nn.Linear(3, 5))
    model[0].layers[0].bias = nn.Parameter(np.zeros(3))
    assert all(path == p.name for path, p in model.named_parameters())
    assert model[0].layers[2].weight.name == "0.layers.2.weight"


def test_shared_parameter_is_yielded_once_and_has_its_first_path():
    first, second = nn.Linear(3, 3), nn.Linear(3, 3)
    second.weight = first.weight
    model = nn.Sequential(first, second)
    paths = [path for path, _ in model.named_parameters()]
    assert paths == ["0.weight", "0.bias", "1.bias"]
    assert first.weight.name == "0.weight"
    assert second.bias.name == "1.bias"
    assert len(list(model.parameters())) == 3


def test_shared_module_is_yielded_once():
    layer = nn.Linear(2, 2)
    model = nn.Sequential(layer, nn.ReLU(), layer)
    assert [path for path, _ in model.named_modules()] == ["", "0", "1"]
    assert model(np.ones((1, 2), np.float32)).shape == (1, 2)


@pytest.mark.parametrize("parts", [[nn.ReLU()], (nn.Parameter([1.0]),), {"a": nn.ReLU()}])
def test_module_refuses_parts_that_it_would_not_find(parts):
    with pytest.raises(TypeError, match=r"Module\.parts: .*inside a \w+ are not found.*Sequential"):
        nn.Module().parts = parts


def test_module_refuses_to_lose_a_parameter():
    layer = nn.Linear(2, 2)
    with pytest.raises(TypeError, match=r"Linear\.weight is a Parameter, and a ndarray in its"):
        layer.weight = np.ones((2, 2))
    layer.bias = None
    assert [path for path, _ in layer.named_parameters()] == ["weight"]


def test_module_refuses_a_name_with_a_dot():
    with pytest.raises(ValueError, match=r"the name 'a\.b' must not contain a dot"):
        setattr(nn.Module(), "a.b", nn.ReLU())


def test_module_refuses_to_contain_itself():
    model = network()
    with pytest.raises(ValueError, match=r"Sequential\.parent: the module would contain itself"):
        model.layers.parent = model


def test_module_call_is_framed_in_pictures():
    model = nn.Sequential(Scaled(), nn.ReLU())
    dot = model(np.ones((1, 3), np.float32)).graph().dot
    assert re.findall(r"subgraph cluster_\w+ {\n.*label=<([^>]*)> labeljust", dot) == [
        "Sequential",
        "0 Scaled",
        "0.inner Linear",
        "1 ReLU",
    ]


def test_modules_without_a_path_are_not_taken_for_calls_of_one():
    a, b = nn.Linear(3, 3), nn.Linear(3, 3)
    assert "call" not in b(a(np.ones((1, 3), np.float32))).graph().dot
    model = nn.Sequential(a)
    model.again = a
    assert "(call 2)" in model(np.ones((1, 3), np.float32)).graph().dot


def test_module_call_that_fails_leaves_the_picture_alone():
    layer = nn.Linear(3, 2)
    with pytest.raises(ValueError, match="Linear"):
        layer(np.ones((1, 4), np.float32))
    assert layer(np.ones((1, 3), np.float32)).graph().dot.count("subgraph") == 1


def test_module_without_forward_says_so():
    with pytest.raises(NotImplementedError, match=r"Module must define forward\(\)"):
        nn.Module()(1.0)


def test_module_passes_all_arguments_on():
    class Both(nn.Module):
        def forward(self, x, *, scale=1):
            return x * scale

    assert Both()(3, scale=2) == 6


# -- modes and gradients ------------------------------------------------------------------------


def test_train_and_eval_reach_every_module():
    model = network()
    assert all(m.training for m in model.modules())
    assert model.eval() is model
    assert not any(m.training for m in model.modules())
    assert all(m.training for m in model.train().modules())


def test_zero_grad_forgets_gradients_and_skips_frozen_parameters():
    model = network()
    model.layers[0].weight.requires_grad = False
    model(np.ones((1, 4), np.float32)).sum().backward()
    assert model.layers[2].weight.grad is not None
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


# -- state --------------------------------------------------------------------------------------


def test_state_dict_holds_copies_and_loads_back():
    model, other = network(), nn.MLP([4, 3, 2], generator=np.random.default_rng(1))
    state = model.state_dict()
    place = other.layers[0].weight.data
    other.load_state_dict(state)
    x = np.ones((2, 4), np.float32)
    np.testing.assert_array_equal(model(x).data, other(x).data)
    assert other.layers[0].weight.data is place
    state["layers.0.weight"][:] = 7
    assert not np.any(model.layers[0].weight.data == 7)


def test_load_state_dict_names_all_faults_and_changes_nothing():
    model = network()
    before = model.state_dict()
    state = {k: v + 1 for k, v in before.items()}
    del state["layers.0.weight"]
    state["layers.0.bias"] = np.ones((1, 3), np.float32)
    state["layers.2.weight"] = state["layers.2.weight"].astype(np.float64)
    state["extra"] = np.ones(1)
    with pytest.raises(nn.StateError) as caught:
        model.load_state_dict(state)
    for words in (
        "MLP.load_state_dict: the state does not fit, and nothing was loaded",
        "missing: layers.0.weight",
        "unexpected: extra",
        "layers.0.bias has shape (1, 3), not (3,)",
        "layers.2.weight has dtype float64, not float32",
    ):
        assert words in str(caught.value)
    for path, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[path])


def test_load_state_dict_refuses_two_names_of_one_parameter():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].weight = model[0].weight
    state = model.state_dict()
    state["1.weight"] = state["0.weight"]
    with pytest.raises(nn.StateError, match=r"duplicate: 1\.weight is the same tensor as 0\.w"):
        model.load_state_dict(state)


def test_load_state_dict_that_is_not_strict_returns_what_it_passed_over():
    model = network()
    state = {"layers.0.bias": np.full(3, 7, np.float32), "extra": np.ones(1)}
    kept = model.state_dict()["layers.0.weight"]
    result = model.load_state_dict(state, strict=False)
    assert result.missing_keys == ["layers.0.weight", "layers.2.weight", "layers.2.bias"]
    assert result.unexpected_keys == ["extra"]
    np.testing.assert_array_equal(model.layers[0].bias.data, state["layers.0.bias"])
    np.testing.assert_array_equal(model.layers[0].weight.data, kept)
    assert model.load_state_dict(model.state_dict()) == ([], [])


def test_load_state_dict_that_is_not_strict_still_refuses_other_shapes():
    model = network()
    before = model.state_dict()
    state = {"layers.0.weight": before["layers.0.weight"] + 1, "layers.0.bias": np.ones(4)}
    with pytest.raises(
        nn.StateError, match=r"loaded: layers\.0\.bias has shape \(4,\), not \(3,\)$"
    ):
        model.load_state_dict(state, strict=False)
    for path, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[path])


def test_module_is_deep_copied_with_arrays_of_its_own():
    model = network()
    twin = copy.deepcopy(model)
    twin.layers[0].weight.data[:] = 0
    assert np.any(model.layers[0].weight.data)
    assert [p.name for p in twin.parameters()] == [p.name for p in model.parameters()]


# -- text ---------------------------------------------------------------------------------------


def test_repr_of_a_layer_has_its_shape_and_count():
    assert repr(nn.Linear(784, 128)) == "Linear(784 -> 128)  100,480 parameters"
    assert repr(nn.Linear(2, 3, bias=False)) == "Linear(2 -> 3, bias=False)  6 parameters"
    assert repr(nn.ReLU()) == "ReLU"


def test_repr_of_a_network_is_a_tree_with_a_total():
    assert repr(nn.MLP([784, 128, 10])).splitlines() == [
        "MLP",
        "  layers: Sequential",
        "    0: Linear(784 -> 128)  100,480 parameters",
        "    1: ReLU",
        "    2: Linear(128 -> 10)     1,290 parameters",
        "total                      101,770 parameters",
    ]


def test_repr_of_a_custom_module_shows_its_own_parameters():
    assert repr(Scaled()).splitlines() == [
        "Scaled(scale 2)           2 parameters",
        "  inner: Linear(3 -> 2)   8 parameters",
        "total                    10 parameters",
    ]


class Normalised(nn.Module):
    def __init__(self):
        self.inner = nn.Linear(3, 2)
        self.mean = nn.Buffer(np.zeros(2, np.float32))
        self.steps = nn.Buffer(0)


def test_buffers_are_state_but_not_trained():
    model = nn.Sequential(Normalised())
    assert [name for name, _ in model.named_buffers()] == ["0.mean", "0.steps"]
    assert all(not buffer.requires_grad for _, buffer in model.named_buffers())
    assert len(list(model.parameters())) == 2
    state = model.state_dict()
    assert state.keys() == {"0.inner.weight", "0.inner.bias", "0.mean", "0.steps"}
    assert state["0.steps"].dtype == np.int64
    state["0.steps"] += 3
    model.load_state_dict(state)
    assert model[0].steps.item() == 3


def test_buffers_that_would_be_lost_are_refused():
    model = Normalised()
    with pytest.raises(TypeError, match=r"mean is a Buffer, and a ndarray in its place would not"):
        model.mean = np.zeros(2)
    with pytest.raises(TypeError, match="inside a list are not found"):
        model.parts = [nn.Buffer(1.0)]


@pytest.mark.parametrize("state", ["model.npz", None, [1], nn.Linear(3, 2)])
def test_load_of_no_mapping_raises(state):
    for part in (nn.Linear(3, 2), nn.optim.SGD(nn.Linear(3, 2).parameters())):
        words = rf"load_state_dict got a {type(state).__name__}; pass a mapping"
        with pytest.raises(TypeError, match=words):
            part.load_state_dict(state)


@pytest.mark.parametrize("data", [None, [None, 1.0], "1.5", [{}]])
def test_parameter_of_no_numbers_raises(data):
    with pytest.raises(DTypeError, match=r"Parameter\(data\) got data of dtype .*; pass numbers"):
        nn.Parameter(data)


@pytest.mark.parametrize("fill", [lambda m: m.parts.append(nn.Linear(2, 2)),
                                  lambda m: m.named.update(a=nn.Parameter([1.0]))])  # fmt: skip
def test_parts_put_into_a_list_or_dict_later_raise_when_they_are_looked_for(fill):
    model = nn.Linear(1, 1)
    model.parts, model.named, model.sizes = [], {}, [3, 4]
    network = nn.Sequential(model)
    assert len(list(network.parameters())) == 2
    fill(model)
    for read in (model.parameters, model.state_dict, network.parameters):
        with pytest.raises(
            TypeError, match=r"Linear\.(parts|named): parameters and modules inside"
        ):
            list(read())


def test_module_is_frozen_and_thawed():
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    optimizer = nn.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    def step():
        before = model.state_dict()
        optimizer.zero_grad()
        (model(np.ones((4, 2), np.float32)) ** 2).sum().backward()
        optimizer.step()
        return [
            name for name, a in model.state_dict().items() if not np.array_equal(a, before[name])
        ]

    assert len(step()) == 4
    assert model[0].requires_grad_(False) is model[0]
    assert step() == ["1.weight", "1.bias"]
    model.requires_grad_()
    assert len(step()) == 4


def test_buffers_are_found_each_once():
    norm = nn.BatchNorm1d(2)
    model = nn.Sequential(norm, norm)
    assert list(model.buffers()) == [norm.running_mean, norm.running_var, norm.num_batches_tracked]


def test_module_is_copied_whole():
    """Ties, names, buffers, gradients and the generator's place are those of the original."""
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Dropout(0.5))
    model.again = model[0]
    x = np.arange(12, dtype=np.float32).reshape(4, 3)
    optimizer = nn.optim.Adam(model.parameters())

    def step(model, optimizer):
        optimizer.zero_grad()
        y = model(x)
        (y * y).sum().backward()
        optimizer.step()

    step(model, optimizer)
    pair = model, optimizer
    twins = [copy.deepcopy(pair), pickle.loads(pickle.dumps(pair))]
    for _ in range(3):
        step(*pair)
    for twin, its_optimizer in twins:
        assert twin.again is twin[0]
        assert [p.name for p in twin.parameters()] == [p.name for p in model.parameters()]
        for _ in range(3):
            step(twin, its_optimizer)
        for name, array in model.state_dict().items():
            np.testing.assert_array_equal(twin.state_dict()[name], array)


def test_error_in_forward_names_the_innermost_module():
    model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Linear(4, 1)))
    with pytest.raises(ShapeError) as info:
        model(np.ones((5, 2), np.float32))
    assert info.value.__notes__ == ["in the part 1.1 Linear"]
