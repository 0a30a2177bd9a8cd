import numpy as np
import pytest

import nn
from autograd import DTypeError, ShapeError, gradcheck
from autograd.ops import cross_entropy, log_softmax
from nn.models import CBOW, SkipGram

BOTH = pytest.mark.parametrize("model", [CBOW, SkipGram])


def test_shapes():
    assert CBOW(7, 3)(np.array([1, 2, 6])).shape == (7,)
    assert CBOW(7, 3)(np.zeros((5, 4), int)).shape == (5, 7)
    assert SkipGram(7, 3)(2).shape == (7,)
    assert SkipGram(7, 3)(np.zeros((5, 4), int)).shape == (5, 4, 7)


@BOTH
def test_tables_have_no_biases_and_come_from_the_generator(model):
    one, other = (model(400, 25, generator=np.random.default_rng(3)) for _ in range(2))
    shapes = {name: p.shape for name, p in one.named_parameters()}
    assert shapes == {"weight_in": (400, 25), "weight_out": (25, 400)}
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        np.testing.assert_array_equal(a.data, b.data)
        assert a.dtype == np.float32
        assert a.data.std() == pytest.approx(0.2, rel=0.05)
    assert model(4, 2, dtype=np.float64)([1, 2]).dtype == np.float64


def test_gradients_equal_differences():
    tables = [p.data for p in CBOW(5, 3, dtype=np.float64).parameters()]
    for model, loss in (
        (CBOW(5, 3), lambda m: cross_entropy(m([[0, 2, 2], [4, 1, 0]]), [3, 4])),
        (SkipGram(5, 3), lambda m: -log_softmax(m(1))[[0, 2, 2]].sum()),
    ):

        def of_tables(weight_in, weight_out, model=model, loss=loss):
            vars(model).update(weight_in=weight_in, weight_out=weight_out)
            return loss(model)

        assert gradcheck(of_tables, *tables)


@BOTH
def test_training_learns_which_words_stand_together(model):
    generator = np.random.default_rng(0)
    made = model(6, 4, generator=generator)
    optimizer = nn.optim.Adam(made.parameters(), lr=0.05)
    partner = np.array([1, 0, 3, 2, 5, 4])
    words = np.arange(6)
    for _ in range(150):
        optimizer.zero_grad()
        cross_entropy(made(words[:, None] if model is CBOW else words), partner).backward()
        optimizer.step()
    read = made(words[:, None] if model is CBOW else words)
    np.testing.assert_array_equal(read.data.argmax(axis=1), partner)


@BOTH
def test_bad_input_is_refused(model):
    name = model.__name__
    with pytest.raises(ValueError, match=rf"{name}: vocab_size \(=0\) must be at least 1"):
        model(0, 2)
    with pytest.raises(ValueError, match=rf"{name}: dim \(=0\) must be at least 1"):
        model(4, 0)
    for numbers in ([4, 0], [-1, 2]):
        with pytest.raises(ValueError, match="0"):
            model(4, 2)(numbers)
    with pytest.raises(DTypeError):
        model(4, 2)([0.5, 1.0])


def test_cbow_without_context_is_refused():
    for context in (np.zeros((3, 0), int), np.array(2)):
        with pytest.raises(
            ShapeError, match=r"CBOW: context has shape \(.*\), but must be \(..., C\)"
        ):
            CBOW(4, 2)(context)
