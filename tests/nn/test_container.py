import numpy as np
import pytest

import nn
from autograd import ShapeError, Tensor


def test_sequential_applies_its_modules_in_order():
    a, b = nn.Linear(3, 4), nn.Linear(4, 2)
    model = nn.Sequential(a, nn.Tanh(), b)
    x = np.ones((5, 3), np.float32)
    np.testing.assert_array_equal(model(x).data, b(nn.Tanh()(a(x))).data)


def test_sequential_gives_its_modules_back():
    parts = [nn.Flatten(), nn.Linear(3, 4), nn.ReLU()]
    model = nn.Sequential(*parts)
    assert len(model) == 3
    assert list(model) == parts
    assert model[-1] is parts[-1]
    model.eval()
    assert list(model) == parts


def test_slice_of_a_sequential_is_one_of_the_same_modules():
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    x = np.ones((5, 3), np.float32)
    part = model[:2]
    assert type(part) is nn.Sequential
    assert part[0] is model[0]
    np.testing.assert_array_equal(model[2](part(x)).data, model(x).data)
    assert [name for name, _ in model[-1:].named_parameters()] == ["0.weight", "0.bias"]


def test_sequential_without_modules_is_the_identity():
    x = Tensor([1.0])
    assert nn.Sequential()(x) is x


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (nn.ReLU, r"part 1 is the class ReLU, not a Module; .*\(nn\.ReLU\(\)\)"),
        ([nn.ReLU()], r"part 1 is a list, not a Module; pass instances"),
    ],
)
def test_sequential_of_something_else_raises(part, words):
    with pytest.raises(TypeError, match=words):
        nn.Sequential(nn.Flatten(), part)


@pytest.mark.parametrize(
    ("shape", "flat"), [((2, 3, 4), (2, 12)), ((5,), (5, 1)), ((0, 3, 2), (0, 6))]
)
def test_flatten_keeps_the_first_axis(shape, flat):
    x = Tensor(np.ones(shape), requires_grad=True)
    y = nn.Flatten()(x)
    assert y.shape == flat
    y.sum().backward()
    assert x.grad.shape == shape


def test_flatten_without_axes_raises():
    with pytest.raises(ShapeError, match="Flatten got an input without axes"):
        nn.Flatten()(np.float32(1))


class TestModuleList:
    def test_parts_are_found_and_named_by_their_place(self):
        parts = nn.ModuleList([nn.Linear(2, 3)])
        parts.append(nn.Linear(3, 1, bias=False))
        assert [name for name, _ in parts.named_parameters()] == ["0.weight", "0.bias", "1.weight"]
        assert len(parts) == 2
        assert parts[-1] is list(parts)[1]

    def test_a_slice_is_a_list_of_the_same_modules(self):
        parts = nn.ModuleList([nn.ReLU(), nn.Tanh(), nn.Sigmoid()])
        assert type(parts[1:]) is nn.ModuleList
        assert list(parts[::-1]) == list(parts)[::-1]

    def test_a_part_can_be_replaced(self):
        parts = nn.ModuleList([nn.ReLU(), nn.Tanh()])
        parts[-1] = new = nn.Sigmoid()
        assert list(parts)[1] is new
        assert len(parts) == 2
        with pytest.raises(IndexError):
            parts[2] = nn.ReLU()

    def test_a_part_that_is_no_module_is_refused(self):
        with pytest.raises(TypeError, match=r"part 0 is the class ReLU.*pass instances"):
            nn.ModuleList([nn.ReLU])


class TestModuleDict:
    def test_parts_are_found_by_name(self):
        parts = nn.ModuleDict({"a": nn.Linear(2, 3), "b": nn.ReLU()})
        assert [name for name, _ in parts.named_parameters()] == ["a.weight", "a.bias"]
        assert list(parts) == parts.keys() == ["a", "b"]
        assert parts["b"] is parts.values()[1]
        assert "a" in parts
        assert "weight" not in parts
        parts["a"] = nn.Tanh()
        assert [type(m) for m in parts.values()] == [nn.Tanh, nn.ReLU]

    @pytest.mark.parametrize("name", ["", "forward", "a.b", "training"])
    def test_names_that_cannot_be(self, name):
        with pytest.raises(ValueError, match=r"name"):
            nn.ModuleDict({name: nn.ReLU()})

    def test_what_is_no_module_or_no_name(self):
        with pytest.raises(TypeError, match="parts instances of modules"):
            nn.ModuleDict({"a": nn.ReLU})
        with pytest.raises(TypeError, match="names must be strings"):
            nn.ModuleDict({1: nn.ReLU()})
        with pytest.raises(KeyError):
            nn.ModuleDict()["a"]


def test_module_that_forgets_to_return_is_named():
    class Forgetful(nn.Module):
        def forward(self, x):
            x * 2

    with pytest.raises(TypeError, match=r"Sequential: a Forgetful returned None; end its forward"):
        nn.Sequential(Forgetful(), nn.ReLU())(np.ones(3))


def test_identity_gives_back_what_it_gets():
    x = np.arange(3)
    assert nn.Identity()(x) is x
