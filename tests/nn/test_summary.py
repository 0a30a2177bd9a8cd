import numpy as np
import pytest

import nn
from autograd import grad_enabled
from nn.summary import SummaryError

from .runs import Noisy


def test_summary_lists_layers_outputs_parameters_and_memory():
    table = nn.MLP([64, 128, 10]).summary((32, 64))
    assert str(table) == repr(table)
    assert str(table).splitlines() == [
        "layer                 output     parameters    memory  output memory",
        "--------------------------------------------------------------------",
        "MLP                   (32, 10)",
        "  layers: Sequential  (32, 10)",
        "    layers.0: Linear  (32, 128)       8,320  32.5 KiB       16.0 KiB",
        "    layers.1: ReLU    (32, 128)                             16.0 KiB",
        "    layers.2: Linear  (32, 10)        1,290   5.0 KiB        1.2 KiB",
        "--------------------------------------------------------------------",
        "total                                 9,610  37.5 KiB       33.2 KiB",
    ]
    assert table.parameters == table.trainable == 9610
    assert table.parameter_bytes == 4 * 9610
    assert table.output_bytes == 4 * 32 * (128 + 128 + 10)


class Odd(nn.Module):
    """Shared modules and parameters, a module that is not called, outputs of all kinds."""

    def __init__(self):
        self.a = nn.Linear(8, 8)
        self.again = self.a
        self.list = nn.ModuleList([nn.Linear(8, 3)])
        self.idle = nn.Linear(8, 8)
        self.idle.weight = self.a.weight
        self.list[0].weight.requires_grad = False

    def forward(self, x, y):
        x = self.list[0](self.again(self.a(self.a(x[:1]))))
        return x, {"y": y, "n": 3}


def test_summary_counts_shared_modules_and_parameters_once():
    table = Odd().summary((4, 8), (2, 5))
    rows = {row.path: row for row in table.rows}
    assert list(rows) == ["", "a", "list", "list.0", "idle"]
    assert rows["a"].outputs == ["(1, 8)"] * 3
    assert rows["a"].output_bytes == 3 * 32
    assert rows["idle"].parameters == 8  # its bias
    assert rows["list"].outputs == rows["idle"].outputs == []
    assert rows[""].outputs == ["(1, 3), y: (2, 5), n: int"]
    assert table.parameters == 72 + 27 + 8 == sum(p.size for p in Odd().parameters())
    assert table.output_bytes == 3 * 32 + 12
    text = str(table)
    assert "(1, 8) x3" in text
    assert text.count("not called") == 2
    assert text.endswith("\n24 parameters are frozen")


def test_summary_of_one_module_at_two_shapes():
    class Twice(nn.Module):
        def __init__(self):
            self.relu = nn.ReLU()

        def forward(self, x):
            return self.relu(self.relu(x)[:1])

    assert "(3, 2) then (1, 2) x2" in str(Twice().summary((3, 2)))


class Watching(nn.Module):
    def __init__(self):
        self.generator = np.random.default_rng(0)
        self.mean = nn.Buffer(np.zeros(3))
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        self.mean.data[...] += 1
        assert self.generator.random() >= 0
        assert not self.training
        assert not grad_enabled()
        assert x.dtype == np.float64
        return x


@pytest.mark.parametrize("shape", [(2, 5), (2, 4)])
def test_summary_changes_nothing_also_when_a_layer_fails(shape):
    model = nn.Sequential(Watching(), nn.Linear(5, 3, dtype=np.float64))
    model[1].eval()
    watching = model[0]
    before = {name: dict(vars(module)) for name, module in model.named_modules()}
    state = watching.generator.bit_generator.state
    if shape == (2, 5):
        model.summary(shape)
    else:
        with pytest.raises(SummaryError):
            model.summary(shape)
    assert {name: dict(vars(module)) for name, module in model.named_modules()} == before
    assert watching.generator.bit_generator.state == state
    assert watching.mean.data.tolist() == [0, 0, 0]
    assert "forward" not in vars(watching)


def test_summary_of_an_input_that_does_not_fit_names_the_layer():
    model = nn.Sequential(nn.MLP([5, 4, 3]))
    words = (
        r"summary: layer 0.layers.0 \(Linear\) failed on an input of shape \(2, 7\): Linear\(in_fe"
        r".*\(the input shapes of summary\(\) include the batch axis\)"
    )
    with pytest.raises(ValueError, match=words) as caught:
        model.summary((2, 7))
    assert isinstance(caught.value.__cause__, ValueError)
    with pytest.raises(SummaryError, match=r"summary: Sequential failed .* takes 2 positional"):
        model.summary((2, 5), (2, 5))


def test_summary_takes_a_dtype():
    class Table(nn.Module):
        def __init__(self):
            self.weight = nn.Parameter(np.ones((4, 2)))

        def forward(self, x):
            return self.weight[x]

    assert Table().summary((5, 3), dtype=np.int64).rows[0].outputs == ["(5, 3, 2)"]


@pytest.mark.parametrize("shapes", [(), (5,), ([2, -1],)])
def test_summary_of_no_shape_raises(shapes):
    with pytest.raises(TypeError, match=r"summary: got .*; pass the shape of each input"):
        nn.ReLU().summary(*shapes)


def test_summary_leaves_noise_as_it_was():
    model = Noisy()
    model.summary((2, 5))
    np.testing.assert_equal(model.state_dict(), Noisy().state_dict())
