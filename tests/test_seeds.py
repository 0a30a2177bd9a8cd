"""Figures and closed forms from teaching texts on backpropagation, reproduced by the engine."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Tensor, elementwise_grad, grad, gradcheck, gradients, vjp
from autograd.ops import (
    conv,
    cross_entropy,
    log_softmax,
    logsumexp,
    max_pool,
    relu,
    sigmoid,
    softmax,
)

RANDOM = np.random.default_rng(11)


def eight_places(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=0.5e-8 + 1e-12)


# -- CBOW with one context word -----------------------------------------------------------------


W_IN = np.array(
    [[-1.38118728, 0.54849373], [0.39389902, -1.1501331],
     [-1.16967628, 0.36078022], [0.06676289, -0.14292845]]
)  # fmt: skip
W_OUT = np.array(
    [[1.39420129, -0.89441757, 0.99869667, 0.44447037],
     [0.69671796, -0.23364341, 0.21975196, -0.0022673]]
)  # fmt: skip


def test_cbow_with_one_context_word() -> None:
    a, b = Tensor(W_IN, requires_grad=True), Tensor(W_OUT, requires_grad=True)
    u = a[0] @ b
    loss = cross_entropy(u, 1)
    eight_places(u.data, [-1.54350765, 1.10720623, -1.25885456, -0.61514042])
    eight_places(softmax(u.data), [0.05256567, 0.7445479, 0.06987559, 0.13301083])
    eight_places(loss.item(), 0.29497808)
    eight_places(-u.data[1] + logsumexp(u.data), loss.item())
    loss.backward()
    eight_places(
        b.grad,
        [[-0.07260304, 0.35282718, -0.09651128, -0.18371287],
         [0.02883194, -0.14011387, 0.03832632, 0.07295561]],
    )  # fmt: skip
    eight_places(a.grad, [[0.43067187, 0.11136187], [0, 0], [0, 0], [0, 0]])


# -- the catalogue of vector-Jacobian products --------------------------------------------------


def test_vjp_catalogue() -> None:
    x, w, g = RANDOM.normal(size=(4, 3)), RANDOM.normal(size=(3, 5)), RANDOM.normal(size=(4, 5))
    _, pull = vjp(np.tanh, x)
    np.testing.assert_allclose(pull(g[:, :3])[0], g[:, :3] * (1 - np.tanh(x) ** 2))
    _, pull = vjp(lambda x, w: x @ w, x, w)
    for found, expected in zip(pull(g), (g @ w.T, x.T @ g), strict=True):
        np.testing.assert_allclose(found, expected)
    s, pull = vjp(lambda x: softmax(x, axis=1), x)
    g = g[:, :3]
    np.testing.assert_allclose(pull(g)[0], s * g - s * np.sum(s * g, axis=1, keepdims=True))


# -- one-dimensional logistic loss --------------------------------------------------------------


@pytest.mark.parametrize("y", [1.0, -1.0])
def test_logistic_loss_against_its_closed_form(y: float) -> None:
    w, x1, x2 = np.array([0.3, -1.2, 0.7]), 1.5, -0.4
    for loss in (
        lambda w: np.log(1 + np.exp(-y * (w[0] + w[1] * x1 + w[2] * x2))),
        lambda w: logsumexp(np.stack([w[0] * 0, -y * (w[0] + w[1] * x1 + w[2] * x2)])),
    ):
        e = np.exp(-y * (w[0] + w[1] * x1 + w[2] * x2))
        common = -y * e / (1 + e)
        np.testing.assert_allclose(grad(loss)(w), common * np.array([1, x1, x2]), rtol=1e-13)


# -- two layers of sigmoids ---------------------------------------------------------------------


def test_two_layer_sigmoid_network_against_its_closed_forms() -> None:
    x, y = RANDOM.normal(size=(6, 3)), RANDOM.integers(0, 2, (6, 1)).astype(float)
    w1, w2 = RANDOM.normal(size=(3, 4)), RANDOM.normal(size=(4, 1))

    def likelihood(w1: Any, w2: Any, shift: Any = 0.0) -> Any:
        p = sigmoid(sigmoid(x @ w1) @ w2 + shift)
        return np.sum(y * np.log(p) + (1 - y) * np.log(1 - p))

    h = sigmoid(x @ w1)
    p = sigmoid(h @ w2)
    # The gradient at the last weighted input collapses to y - p.
    at_last = grad(likelihood, 2)(w1, w2, np.zeros((6, 1)))
    np.testing.assert_allclose(at_last, y - p, rtol=1e-12)
    g1, g2 = grad(likelihood, (0, 1))(w1, w2)
    np.testing.assert_allclose(g2, h.T @ (y - p), rtol=1e-12)
    np.testing.assert_allclose(g1, x.T @ ((y - p) @ w2.T * h * (1 - h)), rtol=1e-12)


# -- memoised layer errors on a ReLU network ----------------------------------------------------


def test_layer_errors_of_a_deep_relu_network() -> None:
    """E_last = (out - y) R'(Z), E_l = (E_{l+1} W) R'(Z_l), dW = layer error x layer input."""
    weights = [np.abs(RANDOM.normal(size=(3, 3))) / 2 for _ in range(11)]
    x, y = np.array([0.5, 1.0, 0.2]), np.array([0.1, 0.4, 0.3])

    def cost(weights: Any) -> Any:
        a = x
        for w in weights:
            a = relu(w @ a)
        return 0.5 * np.sum((a - y) ** 2)

    inputs, sums = [x], []
    for w in weights:
        sums.append(w @ inputs[-1])
        inputs.append(np.maximum(sums[-1], 0))
    error = (inputs[-1] - y) * (sums[-1] > 0)
    expected = []
    for layer in reversed(range(len(weights))):
        expected.insert(0, np.outer(error, inputs[layer]))
        if layer:
            error = (weights[layer].T @ error) * (sums[layer - 1] > 0)
    for found, e in zip(grad(cost)(weights), expected, strict=True):
        np.testing.assert_allclose(found, e, rtol=1e-12)


# -- the worked network 2-3-2-1 -----------------------------------------------------------------


def test_worked_network_2_3_2_1() -> None:
    w1 = np.array([[-1.0, 2.5, 1.0], [1.0, 0.4, -1.5]])
    w2 = np.array([[2.2, 0.34], [-1.4, 1.05], [0.56, 3.1]])
    w3 = np.array([[0.75], [-0.22]])
    weights = [Tensor(w, requires_grad=True) for w in (w1, w2, w3)]
    x, target, rate, momentum = np.array([0.6, 0.7]), 0.9, 0.3, 0.1
    a, sums = x, []
    for w in weights:
        z = a @ w
        sums.append(z)
        a = sigmoid(z)
    eight_places(sums[0].data, [0.1, 1.78, -0.45])
    eight_places(sums[1].data, [0.17502063, 2.28399301])
    eight_places(sums[2].data, [0.20807347])
    eight_places(a.data, [0.5518315])
    cost = 0.5 * np.sum((target - a) ** 2)

    # δ is the error with the sign of (target - out): minus the gradient at a weighted input.
    third, second, first = (
        -g for g in gradients(cost, [sums[2], sums[1], sums[0]], retain_graph=True)
    )
    eight_places(third, [0.08610677])
    eight_places(second, [0.01602201, -0.00158953])
    eight_places(first, [0.00865534, -0.00297584, 0.00096168])

    cost.backward()
    steps = [np.zeros_like(w.data) for w in weights]  # the momentum term starts at 0
    for w, step in zip(weights, steps, strict=True):
        step *= momentum
        step -= rate * w.grad
        w.data = w.data + step
    new1, new2, new3 = (w.data for w in weights)
    eight_places(new3, [[0.76404342], [-0.19655633]])
    eight_places(
        new2,
        [[2.20252337, 0.33974966], [-1.39588701, 1.04959195], [0.5618715, 3.09981433]],
    )
    eight_places(
        new1,
        [[-0.99844204, 2.49946435, 1.0001731], [1.00181762, 0.39937507, -1.49979805]],
    )


# -- one backward pass against one forward pass per weight --------------------------------------


def test_backpropagation_equals_one_difference_for_each_weight() -> None:
    x = RANDOM.normal(size=(5, 4))
    shapes = [(4, 3), (3, 3), (3, 2)]
    weights = [RANDOM.normal(size=s) for s in shapes]
    calls = []

    def cost(weights: Any) -> Any:
        calls.append(1)
        a = x
        for w in weights:
            a = np.tanh(a @ w)
        return np.mean(a**2)

    found = grad(cost)(weights)
    assert len(calls) == 1
    step = 1e-6
    for layer, shape in enumerate(shapes):
        for index in np.ndindex(shape):
            moved = [w.copy() for w in weights]
            moved[layer][index] += step
            up = cost(moved)
            moved[layer][index] -= 2 * step
            slope = (up - cost(moved)) / (2 * step)
            assert found[layer][index] == pytest.approx(slope, rel=1e-5, abs=1e-9)
    assert len(calls) == 1 + 2 * sum(w.size for w in weights)


# -- the gradient as a sum over all paths -------------------------------------------------------


def test_gradient_is_the_sum_over_all_paths_of_products_of_rates() -> None:
    sizes = [2, 3, 3, 2]
    weights = [RANDOM.normal(size=s) for s in pairwise(sizes)]
    x, target = np.array([0.4, -0.9]), np.array([0.2, 0.7])

    def cost(weights: Any) -> Any:
        a = x
        for w in weights:
            a = sigmoid(a @ w)
        return 0.5 * np.sum((a - target) ** 2)

    activations, slopes = [x], []
    for w in weights:
        z = activations[-1] @ w
        slopes.append(elementwise_grad(sigmoid)(z))
        activations.append(sigmoid(z))
    found = grad(cost)(weights)
    # Perturb weight (j, k) of the first layer: the change runs from k along every path to the
    # outputs, multiplied at each step by the weight and by the slope of the neuron that it enters.
    for j, k in np.ndindex(2, 3):
        total = 0.0
        for hidden, last in product(range(3), range(2)):
            rate = x[j] * slopes[0][k]
            rate *= weights[1][k, hidden] * slopes[1][hidden]
            rate *= weights[2][hidden, last] * slopes[2][last]
            total += rate * (activations[-1][last] - target[last])
        assert found[0][j, k] == pytest.approx(total, rel=1e-12)


# -- convolution --------------------------------------------------------------------------------


def correlation(image: Any, kernel: Any) -> Any:
    """Every window of the image times the kernel, added up."""
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("xyij,ij->xy", windows, kernel)


def test_the_kernel_is_rotated_for_the_input_and_not_for_the_kernel() -> None:
    image, kernel = RANDOM.normal(size=(6, 5)), RANDOM.normal(size=(3, 2))
    x, w = Tensor(image[None, None], requires_grad=True), Tensor(kernel[None, None], True)
    y = conv(x, w)
    np.testing.assert_allclose(y.data[0, 0], correlation(image, kernel))
    error = RANDOM.normal(size=y.shape)
    y.backward(error)

    padded = np.pad(error[0, 0], [(2, 2), (1, 1)])
    np.testing.assert_allclose(x.grad[0, 0], correlation(padded, kernel[::-1, ::-1]))
    assert not np.allclose(x.grad[0, 0], correlation(padded, kernel))
    np.testing.assert_allclose(w.grad[0, 0], correlation(image, error[0, 0]))
    assert not np.allclose(w.grad[0, 0, ::-1, ::-1], correlation(image, error[0, 0]))

    def cost(image: Any, kernel: Any) -> Any:
        return (correlation(image, kernel) * error[0, 0]).sum()

    for array, found in ((image, x.grad), (kernel, w.grad)):
        for place in np.ndindex(*array.shape):
            before = array[place]
            array[place] = before + 1e-6
            above = cost(image, kernel)
            array[place] = before - 1e-6
            slope = (above - cost(image, kernel)) / 2e-6
            array[place] = before
            np.testing.assert_allclose(found[0, 0][place], slope, rtol=1e-6, atol=1e-8)


def test_gradient_descent_finds_another_kernel_than_the_one_it_was_shown() -> None:
    picture = np.array([[[10.0, 3, 5, -4]]])

    def forward(kernel: Any) -> Any:
        return conv(picture, np.reshape(kernel, (1, 1, 3)))[0, 0]

    np.testing.assert_array_equal(forward(np.ones(3)), [18, 4])
    np.testing.assert_array_equal(forward(np.array([0.0, 3, 0])), [9, 15])
    kernel, losses = np.array([0.0, 3, 0]), []
    for _ in range(200):
        w = Tensor(kernel, requires_grad=True)
        loss = (np.max(forward(w)) - np.max(forward(np.ones(3)))) ** 2 / 2
        loss.backward()
        losses.append(loss.item())
        kernel = kernel - 0.01 * w.grad
    assert losses[0] == (15 - 18) ** 2 / 2
    assert losses[-1] < 1e-20
    # The maximum stayed the second window: only its elements ever got a gradient, so that the
    # kernel found is not the one with which the target was made.
    assert np.argmax(forward(kernel)) == 1
    np.testing.assert_allclose(kernel - [0, 3, 0], np.array([3, 5, -4]) * 3 / 50)
    assert np.abs(kernel - 1).max() > 1


# -- subsampling --------------------------------------------------------------------------------


def test_max_pooling_sends_the_error_unchanged_to_the_element_that_was_the_maximum() -> None:
    x = RANDOM.normal(size=(2, 3, 6, 4))
    error = RANDOM.normal(size=(2, 3, 3, 2))
    _, back = vjp(lambda x: max_pool(x, (2, 2)), x)
    (found,) = back(error)
    expected = np.zeros_like(x)
    for n, c, i, j in np.ndindex(error.shape):
        window = x[n, c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        row, column = np.unravel_index(window.argmax(), (2, 2))
        expected[n, c, 2 * i + row, 2 * j + column] = error[n, c, i, j]
    np.testing.assert_array_equal(found, expected)
    assert np.count_nonzero(found) == error.size


# -- networks that learn ------------------------------------------------------------------------


def images_and_targets(pair: tuple[Any, Any]) -> tuple[Any, Any]:
    """Digits as float64, and their labels as rows of a unit matrix."""
    images, labels = pair
    return images.astype(float), np.eye(10)[labels]


def test_digit_classifier_by_the_four_equations_of_backpropagation() -> None:
    (x, y), (test_x, test_y) = map(images_and_targets, nn.data.digits())
    generator = np.random.default_rng(14)
    sizes = [64, 30, 10]
    weights = [
        Tensor(generator.normal(size=shape), requires_grad=True) for shape in pairwise(sizes)
    ]
    biases = [Tensor(generator.normal(size=size), requires_grad=True) for size in sizes[1:]]
    parameters = [*weights, *biases]

    def layers(x: Any) -> tuple[list[Any], list[Any]]:
        """The weighted inputs of each layer, and its activations, the input first."""
        weighted, activations = [], [Tensor(x)]
        for w, b in zip(weights, biases, strict=True):
            weighted.append(activations[-1] @ w + b)
            activations.append(sigmoid(weighted[-1]))
        return weighted, activations

    def cost(output: Any, y: Any) -> Any:
        return ((output - y) ** 2).sum() / (2 * len(y))

    # The four equations, for the errors of a mini-batch and what the engine finds.
    z, a = layers(x[:10])
    total = cost(a[-1], y[:10])
    errors = gradients(total, z, retain_graph=True)
    total.backward()
    slopes = [sigmoid(z_l.data) * (1 - sigmoid(z_l.data)) for z_l in z]
    same = np.testing.assert_allclose
    same(errors[1], (a[-1].data - y[:10]) / 10 * slopes[1], atol=1e-15)  # 1, at the output
    same(errors[0], errors[1] @ weights[1].data.T * slopes[0], atol=1e-15)  # 2, one layer back
    for b, w, before, error in zip(biases, weights, a[:-1], errors, strict=True):
        same(b.grad, error.sum(axis=0), atol=1e-15)  # 3, biases
        same(w.grad, before.data.T @ error, atol=1e-15)  # 4, weights

    for _ in range(20):
        order = generator.permutation(len(x))
        for rows in (order[i : i + 10] for i in range(0, len(x), 10)):
            for p in parameters:
                p.grad = None
            cost(layers(x[rows])[1][-1], y[rows]).backward()
            for p in parameters:
                p.data[...] -= 3.0 * p.grad
    found = layers(test_x)[1][-1].data.argmax(axis=1)
    assert np.mean(found == test_y.argmax(axis=1)) > 0.93


def faces(generator: np.random.Generator, n: int) -> tuple[Any, Any]:
    """Images (n, 1, 16, 16) and 1 for a face, -1 for the same parts in other places."""
    eye, mouth = np.ones((2, 2)), np.ones((1, 6))
    images = generator.normal(0, 0.2, (n, 1, 16, 16))
    targets = np.where(np.arange(n) % 2, 1.0, -1.0)
    for image, target in zip(images[:, 0], targets, strict=True):
        i, j = generator.integers(0, 6, 2)
        rows = (2, 2, 7) if target == 1 else (7, 7, 2)  # upside down, it is none
        for part, row, column in zip((eye, eye, mouth), rows, (1, 6, 2), strict=True):
            height, width = part.shape
            image[i + row : i + row + height, j + column : j + column + width] += part
    return images, targets


def test_face_classifier_of_convolutions_and_subsampling() -> None:
    target, output = 1.0, Tensor(0.73, requires_grad=True)
    np.testing.assert_allclose((target - output).data, 0.27)
    ((target - output) ** 2 / 2).backward()
    np.testing.assert_allclose(output.grad, -0.27)

    generator = np.random.default_rng(19)
    made: dict[str, Any] = {"dtype": float, "generator": generator}
    model = nn.Sequential(
        nn.Conv2d(1, 4, 5, **made), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(4, 8, 3, **made), nn.Tanh(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(32, 1, **made), nn.Tanh(),
    )  # fmt: skip
    images, targets = faces(generator, 200)
    test_images, test_targets = faces(generator, 100)
    optimizer = nn.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(15):
        for x, t in nn.DataLoader(images, targets, batch_size=20, generator=generator):
            optimizer.zero_grad()
            ((t - model(x)[:, 0]) ** 2 / 2).mean().backward()
            optimizer.step()
    error = test_targets - nn.predict(model, test_images)[:, 0]
    assert np.mean(np.abs(error) < 1) > 0.93  # on the right side of 0
    assert np.mean(error**2) < 0.3


# -- what readers were told to reach for --------------------------------------------------------


def test_he_initialisation_keeps_the_size_of_signals_through_many_layers() -> None:
    x = RANDOM.normal(size=(100, 200))
    spread = {}
    for start in (nn.init.kaiming_normal_, nn.init.xavier_normal_):
        layers = [nn.Linear(200, 200, bias=False, dtype=float) for _ in range(20)]
        y: Any = x
        for layer in layers:
            start(layer.weight, generator=RANDOM)
            y = relu(layer(y))
        spread[start] = np.sqrt(np.mean(y.data**2))
    assert 0.5 < spread[nn.init.kaiming_normal_] < 2
    assert spread[nn.init.xavier_normal_] < 0.005  # half of the variance is lost in each layer


def test_loss_divided_by_the_number_of_outputs_has_gradients_divided_by_it() -> None:
    target = RANDOM.normal(size=(6, 5))
    y = Tensor(RANDOM.normal(size=(6, 5)), requires_grad=True)
    mean = nn.functional.mse_loss(y, target)
    total = nn.functional.mse_loss(y, target, reduction="sum")
    np.testing.assert_allclose(mean.data, total.data / 30)
    (by_mean,), (by_total,) = gradients(mean, [y]), gradients(total, [y])
    np.testing.assert_allclose(by_mean, by_total / 30)
    np.testing.assert_allclose(by_total, 2 * (y.data - target))


def network(batch_norm: bool) -> nn.Sequential:
    """Of badly scaled features, with and without batch normalisation."""
    made: dict[str, Any] = {"dtype": float, "generator": np.random.default_rng(21)}
    norm = [nn.BatchNorm1d(4, dtype=float)] if batch_norm else []
    return nn.Sequential(*norm, nn.Linear(4, 8, **made), nn.Tanh(), nn.Linear(8, 1, **made))


def scaled_problem() -> tuple[Any, Any]:
    generator = np.random.default_rng(22)
    x = generator.normal(size=(64, 4))
    return x * [100, 1, 0.01, 1] + [500, 0, 0, 3], np.sin(x[:, :1]) + x[:, 2:3] * x[:, 3:]


def loss_after(model: nn.Sequential, optimizer: nn.optim.Optimizer, steps: int) -> float:
    x, y = scaled_problem()

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss: Tensor = nn.functional.mse_loss(model(x), y)
        loss.backward()
        return loss

    for _ in range(steps):
        if isinstance(optimizer, nn.optim.LBFGS):
            optimizer.step(closure)
        else:
            closure()
            optimizer.step()
    return closure().item()


def test_batch_normalisation_and_adam_and_a_line_search_each_help() -> None:
    plain, normed = network(batch_norm=False), network(batch_norm=True)
    by_sgd = loss_after(plain, nn.optim.SGD(plain.parameters(), lr=0.05), 200)
    by_norm = loss_after(normed, nn.optim.SGD(normed.parameters(), lr=0.05), 200)
    normed = network(batch_norm=True)
    by_adam = loss_after(normed, nn.optim.Adam(normed.parameters(), lr=0.05), 200)
    normed = network(batch_norm=True)
    search = nn.optim.LBFGS(normed.parameters(), line_search_fn="strong_wolfe")
    by_search = loss_after(normed, search, 10)  # 200 iterations
    assert by_sgd > 2 * by_norm > 4 * by_adam > 8 * by_search


def test_gradients_of_a_network_agree_with_differences() -> None:
    x, y = scaled_problem()
    model = network(batch_norm=True)
    parameters = list(model.parameters())

    def loss(*values: Any) -> Any:
        weight, bias, w1, b1, w2, b2 = values
        normed = nn.functional.batch_norm(x, None, None, weight, bias, training=True)
        return nn.functional.mse_loss(np.tanh(normed @ w1.T + b1) @ w2.T + b2, y)

    values = [p.data for p in parameters]
    gradcheck(loss, *values)
    value = nn.functional.mse_loss(model(x), y)
    value.backward()
    np.testing.assert_allclose(value.data, loss(*values))
    for p, expected in zip(parameters, grad(loss, tuple(range(6)))(*values), strict=True):
        np.testing.assert_allclose(p.grad, expected, atol=1e-14)


# -- word2vec with a full softmax ---------------------------------------------------------------


def four_words(model: type[nn.models.CBOW]) -> nn.models.CBOW:
    """I, like, playing, football."""
    made = model(4, 2, dtype=np.float64)
    made.load_state_dict({"weight_in": W_IN, "weight_out": W_OUT})
    return made


def check_both_tables(model: nn.models.CBOW, inputs: list[int], e: Any) -> None:
    """dL/dW' = (Wᵀx̄) ⊗ e and dL/dW = x̄ ⊗ (W'e), where x̄ is the mean of one-hot vectors."""
    x = np.eye(4)[inputs].mean(axis=0)
    eight_places(model.weight_out.grad, np.outer(W_IN.T @ x, e))
    eight_places(np.asarray(model.weight_in.grad), np.outer(x, W_OUT @ e))


def test_cbow_with_one_context_word_as_a_model() -> None:
    model = four_words(nn.models.CBOW)
    u = model([0])
    loss = cross_entropy(u, 1)
    loss.backward()
    y = softmax(u.data)
    eight_places(u.data, [-1.54350765, 1.10720623, -1.25885456, -0.61514042])
    eight_places(y, [0.05256567, 0.7445479, 0.06987559, 0.13301083])
    eight_places(loss.item(), 0.29497808)
    eight_places(
        model.weight_out.grad,
        [[-0.07260304, 0.35282718, -0.09651128, -0.18371287],
         [0.02883194, -0.14011387, 0.03832632, 0.07295561]],
    )  # fmt: skip
    eight_places(
        np.asarray(model.weight_in.grad), [[0.43067187, 0.11136187], [0, 0], [0, 0], [0, 0]]
    )
    check_both_tables(model, [0], y - np.eye(4)[1])


@pytest.mark.parametrize(
    ("context", "target"), [([0, 2], 1), ([0, 2, 3], 1), ([3, 3, 1], 0), ([0, 1, 2, 3], 2)]
)
def test_cbow_with_several_context_words(context: list[int], target: int) -> None:
    model = four_words(nn.models.CBOW)
    u = model(context)
    loss = cross_entropy(u, target)
    loss.backward()
    expected = np.eye(4)[context].mean(axis=0) @ W_IN @ W_OUT
    eight_places(u.data, expected)
    eight_places(loss.item(), -expected[target] + np.log(np.exp(expected).sum()))
    check_both_tables(model, context, softmax(expected) - np.eye(4)[target])


@pytest.mark.parametrize(("center", "around"), [(0, [1]), (1, [0, 2]), (2, [0, 1, 3, 3])])
def test_skip_gram(center: int, around: list[int]) -> None:
    model = four_words(nn.models.SkipGram)
    u = model(center)
    loss = -log_softmax(u)[around].sum()
    loss.backward()
    expected = W_IN[center] @ W_OUT
    eight_places(u.data, expected)
    logarithm = np.log(np.exp(expected).sum())
    eight_places(loss.item(), sum(logarithm - expected[j] for j in around))
    e = sum(softmax(expected) - np.eye(4)[j] for j in around)
    check_both_tables(model, [center], e)
