"""What losses refuse, and their values by hand; `test_against_torch_losses.py` has the numbers."""

import copy

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F
from autograd import DTypeError, ShapeError, Tensor, gradients

X = np.array([[2.0, -1.1, 0.6], [0.1, 0.2, -3.0]])
P = np.array([[0.2, 0.3, 0.5], [0.0, 1.0, 0.0]])
SIGNS = np.array([[1, -1, 1], [-1, -1, 1]])

#: A call of each loss of elements, with targets that suit it.
OF_ELEMENTS = {
    "mse_loss": P,
    "l1_loss": P,
    "huber_loss": P,
    "smooth_l1_loss": P,
    "binary_cross_entropy_with_logits": P,
    "kl_div": P,
    "hinge_loss": SIGNS,
    "hinge_embedding_loss": SIGNS,
}
#: Calls of all losses that take a reduction.
CALLS = {
    **{name: (X, target) for name, target in OF_ELEMENTS.items()},
    "cosine_embedding_loss": (X, P, SIGNS[:, 0]),
    "cross_entropy": (X, [2, 0]),
    "nll_loss": (X, [2, 0]),
}
MODULES = {
    "mse_loss": nn.MSELoss,
    "l1_loss": nn.L1Loss,
    "huber_loss": nn.HuberLoss,
    "smooth_l1_loss": nn.SmoothL1Loss,
    "binary_cross_entropy_with_logits": nn.BCEWithLogitsLoss,
    "kl_div": nn.KLDivLoss,
    "hinge_loss": nn.HingeLoss,
    "hinge_embedding_loss": nn.HingeEmbeddingLoss,
    "cosine_embedding_loss": nn.CosineEmbeddingLoss,
    "cross_entropy": nn.CrossEntropyLoss,
    "nll_loss": nn.NLLLoss,
}

# -- values -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (F.mse_loss([1.0, 4.0], [0.0, 1.0]), 5.0),
        (F.l1_loss([1.0, 4.0], [0.0, 1.0]), 2.0),
        (F.huber_loss([0.5, 4.0], [0.0, 1.0], delta=2.0), (0.125 + 2 * (3 - 1)) / 2),
        (F.smooth_l1_loss([0.5, 4.0], [0.0, 1.0], beta=2.0), (0.125 / 2 + (3 - 1)) / 2),
        (F.smooth_l1_loss([0.5, 4.0], [0.0, 1.0], beta=0.0), 1.75),
        (F.binary_cross_entropy_with_logits([0.0], [0.3]), np.log(2)),
        (F.kl_div(np.log([0.5, 0.5]), [1.0, 0.0], "sum"), np.log(2)),
        (F.kl_div(np.log([[0.5, 0.5]] * 4), [[1.0, 0.0]] * 4, "batchmean"), np.log(2)),
        (F.kl_div(np.log(0.5), 1.0, "batchmean"), np.log(2)),
        (F.hinge_loss([0.3, -3.0, -3.0], [1, -1, 1]), (0.7 + 0 + 4) / 3),
        (F.hinge_embedding_loss([0.3, 0.2, 2.0], [1, -1, -1], margin=1.5), (0.3 + 1.3 + 0) / 3),
        (F.cosine_embedding_loss([1.0, 0.0], [1.0, 1.0], 1), 1 - 0.5**0.5),
        (F.cosine_embedding_loss([1.0, 0.0], [1.0, 1.0], -1, margin=0.5), 0.5**0.5 - 0.5),
        (F.nll_loss([[-1.0, -2.0], [-3.0, -4.0]], [1, 0]), 2.5),
        (F.nll_loss([[-1.0, -2.0], [-3.0, -4.0]], [1, 0], weight=[1.0, 3.0]), (3 + 6) / 4),
        (F.nll_loss([[-1.0, -2.0], [-3.0, -4.0]], [1, 0], ignore_index=1), 3.0),
        (F.cross_entropy([[0.0, 0.0], [5.0, 9.0]], [1, -100]), np.log(2)),
        (F.cross_entropy([0.0, 0.0], 1, label_smoothing=0.7), np.log(2)),
        (F.cross_entropy([0.0, 0.0], [0.5, 0.5]), np.log(2)),
    ],
)
def test_loss_by_hand(loss, expected):
    np.testing.assert_allclose(loss, expected, rtol=1e-11)


@pytest.mark.parametrize("name", CALLS)
def test_reductions_agree_with_each_other(name):
    function, arguments = getattr(F, name), CALLS[name]
    each = function(*arguments, reduction="none")
    assert each.shape == (X.shape if name in OF_ELEMENTS else (2,))
    np.testing.assert_allclose(function(*arguments, reduction="sum"), each.sum())
    np.testing.assert_allclose(function(*arguments), each.mean())


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_module_is_its_function(name, reduction):
    module = MODULES[name](reduction=reduction)
    expected = getattr(F, name)(*CALLS[name], reduction=reduction)
    found = module(Tensor(X), *CALLS[name][1:])
    assert isinstance(found, Tensor)
    np.testing.assert_array_equal(found.data, expected)
    assert f"reduction='{reduction}'" in repr(module)
    module.eval()
    assert "training" not in repr(module)


@pytest.mark.parametrize("name", CALLS)
def test_gradient_equals_differences(name):
    def loss(x):
        return getattr(F, name)(x, *CALLS[name][1:])

    assert autograd.gradcheck(loss, X)


def test_modules_pass_their_options_on():
    x, y = np.array([0.5, 4.0]), np.array([0.0, 1.0])
    signs = np.array([1, -1])
    for module, expected in [
        (nn.HuberLoss("sum", 2.0), F.huber_loss(x, y, "sum", 2.0)),
        (nn.SmoothL1Loss("sum", 2.0), F.smooth_l1_loss(x, y, "sum", 2.0)),
        (nn.KLDivLoss("batchmean", True), F.kl_div(x, y, "batchmean", True)),
    ]:
        np.testing.assert_array_equal(module(x, y), expected)
    found = nn.HingeEmbeddingLoss(5.0)(x, signs)
    np.testing.assert_array_equal(found, F.hinge_embedding_loss(x, signs, 5.0))
    found = nn.CosineEmbeddingLoss(0.5)(X, X, signs)
    np.testing.assert_array_equal(found, F.cosine_embedding_loss(X, X, signs, 0.5))
    assert repr(nn.HuberLoss(delta=2.0)) == "HuberLoss(reduction='mean', delta=2.0)"


def test_weights_of_modules_are_saved_with_them():
    weight = np.array([1.0, 2.0, 3.0])
    for module in (nn.CrossEntropyLoss(weight), nn.NLLLoss(weight)):
        assert [name for name, _ in module.named_buffers()] == ["weight"]
        loss = module(Tensor(X.astype(np.float32), requires_grad=True), [0, 1])
        assert loss.dtype == np.float32
    module = nn.BCEWithLogitsLoss(weight, pos_weight=weight)
    assert [name for name, _ in module.named_buffers()] == ["weight", "pos_weight"]
    assert copy.deepcopy(module)(X, P) == module(X, P)


def test_cross_entropy_in_the_plain_case_is_one_node():
    x = Tensor(X, requires_grad=True)
    for target in ([2, 0], np.array([2, 0], np.int32), Tensor(np.array([2, 0]))):
        loss = F.cross_entropy(x, target)
        assert loss.node.op is autograd.ops.cross_entropy
        assert loss.node.parents[0] is x.node
    images = Tensor(np.zeros((2, 3, 4, 4)), requires_grad=True)
    assert F.cross_entropy(images, np.zeros((2, 4, 4), int)).node.op is autograd.ops.cross_entropy


def test_ignored_labels_get_no_gradient():
    for options in ({}, {"label_smoothing": 0.3}, {"weight": [1.0, 2.0, 3.0]}):
        x = Tensor(X, requires_grad=True)
        F.cross_entropy(x, [7, 1], ignore_index=7, **options).backward()
        assert x.grad[0].tolist() == [0, 0, 0]
        assert np.all(x.grad[1] != 0)


# -- conventions, dtypes, large numbers ---------------------------------------------------------


def test_losses_have_gradient_zero_at_their_kinks():
    for name, at, target in [
        ("l1_loss", 1.0, 1.0),
        ("smooth_l1_loss", 1.0, 1.0),
        ("hinge_loss", 1.0, 1),
        ("hinge_loss", -1.0, -1),
        ("hinge_embedding_loss", 1.0, -1),
    ]:
        options = {"beta": 0.0} if name == "smooth_l1_loss" else {}
        x = Tensor([at], requires_grad=True)
        getattr(F, name)(x, [target], **options).backward()
        assert x.grad.tolist() == [0]
    x = Tensor([1.0, 0.0], requires_grad=True)
    F.cosine_embedding_loss(x, [0.0, 1.0], -1).backward()
    assert x.grad.tolist() == [0, 0]


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("kind", [list, np.array])
def test_losses_stay_float32(name, kind):
    x = Tensor(X.astype(np.float32), requires_grad=True)
    others = [np.asarray(a) for a in CALLS[name][1:]]
    others = [a.astype(np.float32) if a.dtype.kind == "f" else a for a in others]
    for reduction in ("mean", "sum", "none"):
        given = [a.tolist() for a in others] if kind is list else others
        loss = getattr(F, name)(x, *given, reduction=reduction)
        assert loss.dtype == np.float32
        assert gradients(loss.sum(), x).dtype == np.float32


def test_factors_take_the_dtype_of_the_input():
    x = X.astype(np.float32)
    w = np.array([1.0, 2.0, 3.0])
    assert F.cross_entropy(x, [0, 1], w).dtype == np.float32
    assert F.cross_entropy(x, P.astype(np.float32), w).dtype == np.float32
    for options in ({"weight": w}, {"pos_weight": w}, {"weight": 2.0}, {"pos_weight": [3]}):
        loss = F.binary_cross_entropy_with_logits(x, SIGNS == 1, **options)
        assert loss.dtype == np.float32


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", CALLS)
def test_losses_are_finite_at_a_thousand(name, dtype):
    """Values, gradients and second derivatives, without a warning (warnings are errors)."""
    x = Tensor([[1000, -1000, 0], [-1000, 1000, 1000]], requires_grad=True, dtype=dtype)
    others = [a.astype(dtype) if a is P else a for a in CALLS[name][1:]]
    variants = [{}]
    if name == "cross_entropy":
        variants += [{"label_smoothing": 0.1}, {"ignore_index": 2}, {"weight": [1.0, 2.0, 3.0]}]
    if name == "binary_cross_entropy_with_logits":
        variants += [{"pos_weight": 3.0}]
    for options in variants:
        loss = getattr(F, name)(x, *others, **options)
        first = gradients(loss, x, create_graph=True)
        for values in (loss.data, first.data):
            assert np.isfinite(values).all()
        if first.requires_grad:
            assert np.isfinite(gradients(np.sum(first * first), x)).all()


def test_cosine_of_a_vector_of_zeros_is_zero():
    x = Tensor(np.zeros((1, 3)), requires_grad=True)
    loss = F.cosine_embedding_loss(x, np.ones((1, 3)), [1])
    loss.backward()
    assert loss.item() == 1
    assert np.isfinite(x.grad).all()


# -- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", OF_ELEMENTS)
def test_different_shapes_are_refused(name):
    message = rf"{name}: input has shape \(3, 1\) and target has shape \(3,\); reshape"
    for x in (np.ones((3, 1)), Tensor(np.ones((3, 1)), requires_grad=True)):
        with pytest.raises(ShapeError, match=message):
            getattr(F, name)(x, np.ones(3))


@pytest.mark.parametrize("name", CALLS)
def test_an_empty_batch_has_no_mean(name):
    arguments = [np.asarray(a)[:0] for a in CALLS[name]]
    with pytest.raises(ShapeError, match=rf"{name}: got an empty batch"):
        getattr(F, name)(*arguments)
    assert getattr(F, name)(*arguments, reduction="sum") == 0
    assert getattr(F, name)(*arguments, reduction="none").size == 0


@pytest.mark.parametrize("name", CALLS)
def test_integer_inputs_are_refused(name):
    arguments = [np.ones((2, 3), int), *CALLS[name][1:]]
    with pytest.raises(DTypeError, match=rf"{name}: input must hold floating-point numbers, got"):
        getattr(F, name)(*arguments)


@pytest.mark.parametrize("name", CALLS)
def test_unknown_reduction_is_refused(name):
    also = "'batchmean', " if name == "kl_div" else ""
    message = rf"{name}: reduction \(='average'\) must be {also}'mean', 'sum' or 'none'"
    with pytest.raises(ValueError, match=message):
        getattr(F, name)(*CALLS[name], reduction="average")


# fmt: off
REFUSED = [
    (lambda: F.mse_loss(X, X * 1j), DTypeError,
     "mse_loss: target must hold real numbers, got dtype complex128"),
    (lambda: F.huber_loss(X, P, delta=0), ValueError, "huber_loss: delta (=0) must be positive"),
    (lambda: F.huber_loss(X, P, delta=np.nan), ValueError,
     "huber_loss: delta (=nan) must be positive"),
    (lambda: F.smooth_l1_loss(X, P, beta=-1), ValueError,
     "smooth_l1_loss: beta (=-1) must not be negative"),
    (lambda: F.kl_div(X, -P), ValueError,
     "kl_div: target holds the probability -1.0; pass log_target=True for logarithms"),
    (lambda: F.hinge_loss(X, P), ValueError, "hinge_loss: targets must be 1 or -1; got 0.2"),
    (lambda: F.hinge_embedding_loss(X, Tensor(SIGNS * 2)), ValueError,
     "hinge_embedding_loss: targets must be 1 or -1; got 2.0"),
    (lambda: F.cosine_embedding_loss(X, P, 0), ShapeError,
     "cosine_embedding_loss: inputs of shape (N, D) go with targets of shape (N,); got (2, 3) "
     "and ()"),
    (lambda: F.cosine_embedding_loss(X[0], P[0], 0), ValueError,
     "cosine_embedding_loss: targets must be 1 or -1; got 0"),
    (lambda: F.cosine_embedding_loss(X, P[0], [1, 1]), ShapeError,
     "cosine_embedding_loss: input has shape (2, 3) and input2 has shape (3,); reshape one of "
     "them to the other's shape"),
    (lambda: F.binary_cross_entropy_with_logits(X, P, weight=np.ones((4, 2, 3))), ShapeError,
     "binary_cross_entropy_with_logits: weight of shape (4, 2, 3) does not broadcast to the "
     "input's shape (2, 3)"),
    (lambda: F.binary_cross_entropy_with_logits(X, P, pos_weight=[1.0, 2.0]), ShapeError,
     "binary_cross_entropy_with_logits: pos_weight of shape (2,) does not broadcast to the "
     "input's shape (2, 3)"),
    (lambda: F.cross_entropy(X, [0, 3]), ValueError,
     "cross_entropy: labels must lie in 0..2 for 3 classes, or be the ignore_index (=-100); got "
     "3"),
    (lambda: F.nll_loss(X, [0, -1], ignore_index=7), ValueError,
     "nll_loss: labels must lie in 0..2 for 3 classes, or be the ignore_index (=7); got -1"),
    (lambda: F.cross_entropy(X, [0.0, 1.0]), DTypeError,
     "cross_entropy: labels must be integers, the indices of the classes; got dtype float64"),
    (lambda: F.cross_entropy(X, [True, False]), DTypeError,
     "cross_entropy: labels must be integers, the indices of the classes; got dtype bool"),
    (lambda: F.cross_entropy(X, [0]), ShapeError,
     "cross_entropy: an input of shape (N, C, d1, ...) goes with labels of shape (N, d1, ...); "
     "got (2, 3) and (1,)"),
    (lambda: F.nll_loss(np.float64(1.0), 0), ShapeError,
     "nll_loss: an input of shape (N, C, d1, ...) goes with labels of shape (N, d1, ...); got () "
     "and ()"),
    (lambda: F.cross_entropy(X, SIGNS), DTypeError,
     "cross_entropy: a target of the input's shape (2, 3) holds probabilities, but its dtype is "
     "int64; labels have no axis of classes"),
    (lambda: F.cross_entropy(X, P, ignore_index=0), ValueError,
     "cross_entropy: ignore_index (=0) is for labels, but the target of shape (2, 3) holds "
     "probabilities"),
    (lambda: F.cross_entropy(X, [0, 1], weight=[1.0, 2.0]), ShapeError,
     "cross_entropy: weight must have one factor for each of the 3 classes; got shape (2,)"),
    (lambda: F.cross_entropy(X, P, weight=1.0), ShapeError,
     "cross_entropy: weight must have one factor for each of the 3 classes; got shape ()"),
    (lambda: F.cross_entropy(X, [0, 1], label_smoothing=1.5), ValueError,
     "cross_entropy: label_smoothing (=1.5) must be in 0..1"),
    *[(lambda f=f, o=o: f(X, [1, 1], **o), ValueError,
       f"{f.__name__}: every label is the ignore_index, or of a class of weight 0, so that there "
       f"is no mean; skip this batch, or use reduction='sum'")
      for f in (F.cross_entropy, F.nll_loss)
      for o in ({"ignore_index": 1}, {"weight": [1.0, 0.0, 1.0]})],
]
# fmt: on


@pytest.mark.parametrize(
    ("call", "error", "message"), REFUSED, ids=[f"{m.split(':')[0]}{i}" for i, (*_, m) in
                                                enumerate(REFUSED)]
)  # fmt: skip
def test_error_says(call, error, message):
    with pytest.raises(error) as raised:
        call()
    assert str(raised.value) == message


def test_sum_over_ignored_labels_is_zero():
    assert F.cross_entropy(X, [-100, -100], reduction="sum") == 0
    assert F.nll_loss(X, [1, 1], ignore_index=1, reduction="none").tolist() == [0, 0]


@pytest.mark.parametrize("function", [F.cross_entropy, F.nll_loss])
def test_losses_of_no_array_raise(function):
    # What a network gives whose forward lacks its return.
    with pytest.raises(DTypeError, match=rf"{function.__name__}: input must hold floating-point"):
        function(None, np.array([0, 1]))
