import numpy as np
import pytest

import nn
from autograd import ShapeError, Tensor, grad_enabled
from tests.interruptions import interruptions

from .runs import Augmented, Counting, Noisy, OnLoss, problem


def _fit(epochs=5, lr=0.1, model=None, **options):
    generator = np.random.default_rng(1)
    model = model or nn.MLP([5, 8, 3], generator=generator)
    optimizer = nn.optim.SGD(model.parameters(), lr, momentum=0.9)
    options = {"validation": problem(), "batch_size": 10, "generator": generator, **options}
    return model, nn.fit(
        model, nn.CrossEntropyLoss(), optimizer, problem(), epochs=epochs, **options
    )


def test_fit_learns_and_keeps_a_history():
    model, history = _fit()
    for values in (history.loss, history.validation_loss, history.lr):
        assert len(values) == 5
    assert history.loss[-1] < history.loss[0] / 2
    assert history.validation_metrics["accuracy"][-1] > 0.95
    assert history.lr == [0.1] * 5
    loss, metrics = nn.evaluate(model, nn.CrossEntropyLoss(), problem(), batch_size=10)
    assert loss == history.validation_loss[-1]
    assert metrics == {"accuracy": history.validation_metrics["accuracy"][-1]}


def test_fit_is_the_loop_that_is_written_by_hand():
    model, history = _fit(2)
    generator = np.random.default_rng(1)
    own = nn.MLP([5, 8, 3], generator=generator)
    optimizer = nn.optim.SGD(own.parameters(), 0.1, momentum=0.9)
    loader = nn.DataLoader(*problem(), batch_size=10, generator=generator)
    for _ in range(2):
        total = 0.0
        for inputs, labels in loader:
            loss = nn.functional.cross_entropy(own(inputs), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(labels)
    assert history.loss[-1] == total / 64
    for name, array in own.state_dict().items():
        np.testing.assert_array_equal(array, model.state_dict()[name])


def test_fit_trains_in_training_mode_and_leaves_it_on():
    class Mode(nn.Module):
        seen = ()

        def forward(self, x):
            self.seen += (self.training,)
            return x

    mode = Mode()
    model = nn.Sequential(nn.Linear(5, 3), mode).eval()
    _fit(2, model=model, batch_size=32)
    assert mode.seen == (True, True, False, False) * 2
    assert mode.training


def test_fit_repeats_with_its_seed():
    assert _fit()[1] == _fit()[1]


def test_fit_without_validation():
    _, history = _fit(validation=None)
    assert history.validation_loss == []
    assert history.validation_metrics == {}
    assert len(history.metrics["accuracy"]) == 5


def test_fit_of_numbers_has_no_accuracy():
    x = np.random.default_rng(0).standard_normal((50, 2)).astype(np.float32)
    model = nn.Linear(2, 1)
    optimizer = nn.optim.SGD(model.parameters(), 0.1, momentum=0)
    y = x @ np.array([[1.0], [-2.0]], np.float32) + 3
    history = nn.fit(
        model, nn.functional.mse_loss, optimizer, (x, y), epochs=20, progress=False,
        metrics=None,
    )  # fmt: skip
    assert history.loss[-1] < 1e-3
    assert history.metrics == {}
    assert nn.evaluate(model, nn.MSELoss(), (x, y)) == (pytest.approx(0, abs=1e-3), {})


def test_fit_takes_metrics_that_see_arrays():
    def hits(outputs, targets):
        assert isinstance(outputs, np.ndarray)
        return np.float32((outputs.argmax(axis=1) == targets).mean())

    _, history = _fit(metrics={"hits": hits, "one": lambda outputs, targets: 1})
    assert history.metrics.keys() == history.validation_metrics.keys() == {"hits", "one"}
    assert history.metrics["one"] == [1.0] * 5
    np.testing.assert_allclose(history.metrics["hits"], _fit()[1].metrics["accuracy"], rtol=1e-6)
    assert _fit(metrics={})[1].metrics == {}


def test_fit_takes_a_loader_and_several_inputs():
    class Sum(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(5, 3)

        def forward(self, x, factor):
            return self.layer(x) * factor[:, None]

    inputs, labels = problem()
    data = (inputs, np.full(64, 2, np.float32), labels)
    loader = nn.DataLoader(*data, batch_size=10)
    model = Sum()
    optimizer = nn.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    loss = nn.CrossEntropyLoss()
    history = nn.fit(model, loss, optimizer, loader, data, epochs=5, progress=False)
    assert history.loss[-1] < history.loss[0]
    assert nn.predict(model, *data[:2], batch_size=7).shape == (64, 3)
    batches = list(nn.DataLoader(*data, batch_size=10))
    nn.fit(model, loss, optimizer, batches, epochs=1, progress=False)


# -- schedules, callbacks, early stopping -------------------------------------------------------


def _with_schedule(kind, **options):
    model = nn.MLP([5, 8, 3], generator=np.random.default_rng(0))
    optimizer = nn.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    schedule = kind(optimizer)
    name = options.pop("name", "schedule")
    history = nn.fit(
        model, nn.CrossEntropyLoss(), optimizer, problem(), epochs=3, batch_size=16,
        progress=False, **{name: schedule}, **options,
    )  # fmt: skip
    return schedule, history


def test_schedule_steps_after_each_epoch():
    schedule, history = _with_schedule(Counting)
    assert schedule.steps == 3
    np.testing.assert_allclose(history.lr, [0.1, 0.09, 0.081])


def test_batch_schedule_steps_after_each_batch():
    schedule, history = _with_schedule(Counting, name="batch_schedule")
    assert schedule.steps == 12
    np.testing.assert_allclose(history.lr, [0.1 * 0.9 ** (4 * i + 3) for i in range(3)])


def test_schedule_that_needs_a_loss_gets_that_of_the_validation():
    schedule, history = _with_schedule(OnLoss, validation=problem())
    assert schedule.seen == history.validation_loss
    with pytest.raises(ValueError, match="OnLoss needs the validation loss; pass validation="):
        _with_schedule(OnLoss)
    with pytest.raises(ValueError, match=r"batch_schedule is a OnLoss, .* as schedule="):
        _with_schedule(OnLoss, name="batch_schedule", validation=problem())


def test_callbacks_see_the_run_and_may_end_it():
    seen, later = [], []

    def callback(run):
        seen.append((run.epoch, run.epochs, len(run.history.validation_loss)))
        assert isinstance(run.model, nn.MLP)
        assert run.optimizer.param_groups[0]["lr"] == 0.1
        return run.epoch == 3

    _, history = _fit(callbacks=[callback, lambda run: later.append(run.epoch)])
    assert seen == [(1, 5, 1), (2, 5, 2), (3, 5, 3)]
    assert later == [1, 2, 3]  # also the one after
    assert len(history.loss) == 3


def test_callback_that_returns_something_else_raises():
    with pytest.raises(TypeError, match=r"a callback returned 0\.5; return True to end"):
        _fit(callbacks=[lambda run: 0.5])


def test_batch_callbacks_see_each_batch_after_its_step():
    seen, rates = [], []

    def callback(run):
        seen.append((run.epoch, run.batch))
        assert np.isfinite(run.batch_loss)
        rates.append(run.optimizer.param_groups[0]["lr"])
        assert all(p.grad is not None for p in run.model.parameters())

    _, history = _with_schedule(
        Counting, name="batch_schedule", batch_callbacks=[callback, lambda run: None]
    )
    assert seen == [(epoch, batch) for epoch in range(3) for batch in (1, 2, 3, 4)]
    np.testing.assert_allclose(rates, [0.1 * 0.9**i for i in range(1, 13)])
    assert len(history.loss) == 3


def test_batch_callback_ends_the_epoch_and_the_training():
    means, later, ends = [], [], []

    def callback(run):
        means.append(run.means.result()[0])
        return (run.epoch, run.batch) == (1, 3)

    _, history = _fit(
        batch_callbacks=[callback, lambda run: later.append(run.batch)],
        callbacks=[lambda run: ends.append((run.epoch, run.stopped))],
    )
    assert later == [1, 2, 3, 4, 5, 6, 7, 1, 2, 3]  # also the one after
    assert ends == [(1, False), (2, True)]
    assert len(history.loss) == len(history.validation_loss) == 2
    assert history.loss[-1] == means[-1]  # of its three batches


def test_batch_callbacks_leave_the_numbers_as_they_are():
    assert _fit(batch_callbacks=[lambda run: False])[1] == _fit()[1]


def test_batch_callback_that_returns_something_else_raises():
    with pytest.raises(TypeError, match=r"a callback returned 'no'; return True to end"):
        _fit(batch_callbacks=[lambda run: "no"])


# -- clipping -----------------------------------------------------------------------------------


def test_clip_norm_bounds_the_norm_of_all_gradients():
    norms = []

    def record(run):
        norms.append(np.sqrt(sum(np.sum(p.grad**2) for p in run.model.parameters())))

    _fit(clip_norm=0.05, batch_callbacks=[record])
    assert max(norms) <= 0.05 * (1 + 1e-5)
    assert np.median(norms) > 0.049


def test_clip_norm_is_the_clipping_that_is_written_by_hand():
    model, _ = _fit(2, clip_norm=0.3)
    generator = np.random.default_rng(1)
    own = nn.MLP([5, 8, 3], generator=generator)
    optimizer = nn.optim.SGD(own.parameters(), 0.1, momentum=0.9)
    loader = nn.DataLoader(*problem(), batch_size=10, generator=generator)
    for _ in range(2):
        for inputs, labels in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(own(inputs), labels).backward()
            nn.optim.clip_grad_norm_(own.parameters(), 0.3)
            optimizer.step()
    for name, array in own.state_dict().items():
        np.testing.assert_array_equal(array, model.state_dict()[name])


def test_clip_norm_that_is_never_reached_changes_nothing():
    assert _fit(clip_norm=1e9)[1] == _fit()[1]


def test_clip_norm_counts_only_what_the_optimizer_trains():
    model = nn.MLP([5, 8, 3], generator=np.random.default_rng(0))
    first, last = model.layers[0], model.layers[2]
    optimizer = nn.optim.SGD(last.parameters(), 0.1, momentum=0)
    norms = []

    def record(run):
        norms.append(np.sqrt(sum(np.sum(p.grad**2) for p in last.parameters())))

    nn.fit(
        model, nn.CrossEntropyLoss(), optimizer, problem(), epochs=3, batch_size=16,
        clip_norm=0.1, batch_callbacks=[record], progress=False,
    )  # fmt: skip
    np.testing.assert_allclose(norms, 0.1, rtol=1e-4)
    assert first.weight.grad is not None  # which grows with each batch, and is not counted


def test_gradients_without_a_finite_norm_raise_before_the_step():
    class Steep(nn.Module):
        def __init__(self):
            self.weight = nn.Parameter(np.zeros(()))

        def forward(self, x):
            return (self.weight * 1e30) * 1e30 + x

    model = Steep()
    optimizer = nn.optim.SGD(model.parameters(), 0.1, momentum=0)
    data = np.ones((4, 1), np.float32), np.ones(4)
    words = "the norm of the gradients is (inf|nan) in epoch 1, batch 1 of 1, at learning rate 0.1"
    with pytest.raises(nn.DivergedError, match=words):
        nn.fit(
            model, lambda outputs, targets: outputs.mean(), optimizer, data, epochs=1,
            clip_norm=1.0, progress=False,
        )  # fmt: skip
    assert model.weight.item() == 0


class Scripted(nn.Module):
    """Its validation loss follows a list, and its parameter counts the training steps."""

    def __init__(self, losses):
        self.losses, self.epoch = losses, -1
        self.weight = nn.Parameter(np.zeros(()))
        self.count = nn.Buffer(np.zeros((), int))

    def forward(self, x):
        if self.training:
            self.count.data[...] += 1
            return self.weight * x
        self.epoch += 1
        return Tensor(np.full(x.shape, self.losses[self.epoch], np.float32))


def _scripted(losses, patience, epochs=None):
    model = Scripted(losses)
    optimizer = nn.optim.SGD(model.parameters(), 1.0, momentum=0)
    history = nn.fit(
        model, lambda outputs, targets: outputs.mean(), optimizer,
        (np.ones((4, 1), np.float32), np.ones(4)), (np.ones((4, 1), np.float32), np.ones(4)),
        epochs=epochs or len(losses), patience=patience, progress=False, batch_size=4,
    )  # fmt: skip
    return model, history


@pytest.mark.parametrize(
    ("losses", "patience", "done", "best"),
    [
        ([5, 4, 3, 4, 5, 6, 1], 3, 6, 3),
        ([5, 4, 3, 4, 5, 2, 2, 2, 2, 2], 3, 9, 6),  # an equal loss is no better
        ([5, 4, 3], 3, 3, 3),
        ([3, 4, 5], 5, 3, 1),  # not stopped, and still the best one
        ([np.nan, 4, np.nan, np.nan, 1], 2, 4, 2),
        ([np.nan, np.inf, np.nan, 1], 3, 3, None),
    ],
)
def test_patience_ends_the_training_and_restores_the_best_epoch(losses, patience, done, best):
    model, history = _scripted(losses, patience)
    assert len(history.loss) == done
    assert history.best_epoch == best
    assert model.count.item() == (best or done)
    assert model.weight.item() == -(best or done)


def test_without_patience_the_last_epoch_stays():
    model, history = _scripted([3, 4, 5], None)
    assert (model.count.item(), history.best_epoch) == (3, 1)


# -- what goes wrong ----------------------------------------------------------------------------


def test_fit_that_diverges_names_the_batch_and_leaves_the_model_before_it():
    inputs, labels = problem()
    inputs[37] = np.nan
    model = nn.MLP([5, 8, 3], generator=np.random.default_rng(0))
    optimizer = nn.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    loader = nn.DataLoader(inputs, labels, batch_size=10, shuffle=False)
    words = (
        r"the loss is nan in epoch 1, batch 4 of 7, at learning rate 0.1; lower it, or .*check_f"
    )
    with pytest.raises(nn.DivergedError, match=words):
        nn.fit(model, nn.CrossEntropyLoss(), optimizer, loader, epochs=3, progress=False)
    own = nn.MLP([5, 8, 3], generator=np.random.default_rng(0))
    first = nn.DataLoader(inputs[:30], labels[:30], batch_size=10, shuffle=False)
    optimizer = nn.optim.SGD(own.parameters(), 0.1, momentum=0.9)
    nn.fit(own, nn.CrossEntropyLoss(), optimizer, first, epochs=1, progress=False)
    for name, array in own.state_dict().items():
        np.testing.assert_array_equal(array, model.state_dict()[name])


def test_fit_that_diverges_in_its_last_step_raises():
    model = nn.Linear(1, 1)
    optimizer = nn.optim.SGD(model.parameters(), 1e38, momentum=0)
    data = np.full((4, 1), 100, np.float32), np.zeros((4, 1), np.float32)
    words = "weight is not finite in epoch 1, batch 1 of 1, at learning rate 1e[+]38"
    with pytest.raises(nn.DivergedError, match=words):
        nn.fit(model, nn.MSELoss(), optimizer, data, epochs=1, progress=False)


@pytest.mark.parametrize("progress", [False, True])
def test_fit_that_is_interrupted_passes_it_on(progress, capsys):
    def stop(run):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:  # kept: the bar is closed, not forgotten
        _fit(callbacks=[stop], progress=progress)
    assert caught.traceback
    assert not progress or capsys.readouterr().err.endswith("\n")


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"epochs": 0}, ValueError, r"fit: epochs \(=0\) must be at least 1"),
        ({"patience": 0}, ValueError, r"fit: patience \(=0\) must be at least 1"),
        ({"patience": 2, "validation": None}, ValueError, "patience=2 needs the validation"),
        ({"resume": True}, ValueError, "resume=True needs checkpoint="),
        ({"clip_norm": 0}, ValueError, r"fit: clip_norm \(=0\) must be a positive number, or None"),
        ({"clip_norm": "1"}, ValueError, r"fit: clip_norm \(='1'\) must be a positive number"),
        ({"validation": (np.ones(3),)}, TypeError, "fit: validation is a tuple; pass a tuple"),
        ({"validation": iter([])}, TypeError, "fit: validation is a list_iterator"),
        ({"validation": []}, ValueError, "fit: validation has no batches"),
        ({"validation": [np.ones((2, 5))]}, TypeError, "a batch is a ndarray; it must be a tuple"),
    ],
)
def test_fit_of_bad_arguments_raises(options, error, words):
    with pytest.raises(error, match=words):
        _fit(progress=False, **options)


def test_fit_of_bad_parts_raises():
    model, loss, data = nn.MLP([5, 8, 3]), nn.CrossEntropyLoss(), problem()
    optimizer = nn.optim.SGD(model.parameters(), 0.1, momentum=0)

    def fit(*args, **options):
        nn.fit(*args, epochs=1, progress=False, **options)

    with pytest.raises(TypeError, match=r"loss is <class .*MSELoss'>; pass .* nn.MSELoss\(\) with"):
        fit(model, nn.MSELoss, optimizer, data)
    with pytest.raises(TypeError, match=r"loss is <.*SGD object"):
        fit(model, optimizer, loss, data)
    with pytest.raises(TypeError, match=r"a MLP for model and a MLP for optimizer; the order is"):
        fit(model, loss, model, data)
    with pytest.raises(ValueError, match="has none of the model's parameters"):
        fit(nn.MLP([5, 8, 3]), loss, optimizer, data)
    loader = nn.DataLoader(*data, batch_size=3)
    with pytest.raises(ValueError, match="generator= is for a tuple"):
        fit(model, loss, optimizer, loader, generator=np.random.default_rng())
    with pytest.raises(ShapeError, match="first axes"):
        fit(model, loss, optimizer, (data[0], data[1][:3]))

    class Once(list):
        def __iter__(self):
            while self:
                yield self.pop()

    with pytest.raises(ValueError, match="data gave no batches in epoch 2"):
        nn.fit(model, loss, optimizer, Once([data, data]), epochs=2, progress=False)


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (lambda outputs, targets: 1.0, r"gave a float; it must give a Tensor of one number"),
        (lambda outputs, targets: outputs[:, 0], r"gave a Tensor of shape \(10,\); it must"),
    ],
)
def test_loss_that_is_no_number_raises(loss, words):
    model = nn.Linear(5, 3)
    optimizer = nn.optim.SGD(model.parameters(), 0.1, momentum=0)
    with pytest.raises(TypeError, match=words):
        nn.fit(model, loss, optimizer, problem(), epochs=1, batch_size=10, progress=False)


# -- predict ------------------------------------------------------------------------------------


class Recorder(nn.Module):
    def forward(self, x):
        self.seen = (self.training, grad_enabled())
        return nn.functional.relu(x)


def test_predict_evaluates_without_a_graph_and_restores_the_modes():
    model = nn.Sequential(Recorder(), Recorder())
    model[1].eval()
    x = np.arange(5.0)[:, None]
    assert nn.predict(nn.Sequential(*model, nn.Linear(1, 1)), x).shape == (5, 1)
    assert model[0].seen == (False, False)
    assert [m.training for m in model] == [True, False]


@pytest.mark.parametrize("what", ["evaluate", "predict", "summary"])
def test_interruption_anywhere_leaves_the_modes_as_they_were(what):
    model = nn.Sequential(nn.Linear(5, 3), nn.Dropout(0.5), nn.BatchNorm1d(3))
    model.layers = nn.Dropout().eval()
    inputs, labels = (part[:4] for part in problem())
    run = {
        "evaluate": lambda: nn.evaluate(model, nn.CrossEntropyLoss(), (inputs, labels)),
        "predict": lambda: nn.predict(model, inputs, batch_size=2),
        "summary": lambda: model.summary((4, 5)),
    }[what]
    before = [(module, dict(vars(module))) for module in model.modules()]
    state = model.state_dict()
    n = 0
    files = ["training.py", "module.py", "summary.py", "generators.py"]
    for n in interruptions(run, *files, "grad_mode.py", "contextlib.py"):
        assert grad_enabled(), f"at point {n}"
        for module, attributes in before:
            own = {"training": module.training, **vars(module)}
            assert own == {"training": True, **attributes}, f"at point {n}"
    for path, array in model.state_dict().items():
        np.testing.assert_array_equal(array, state[path])
    assert n > 100


def test_evaluate_is_in_evaluation_mode_and_restores_the_modes():
    model = nn.Sequential(nn.Linear(5, 3), Recorder())
    model[1].eval()
    nn.evaluate(model, nn.CrossEntropyLoss(), problem())
    assert model[1].seen == (False, False)
    assert [m.training for m in model] == [True, False]


def test_validation_leaves_training_as_it_is():
    data = Augmented(nn.DataLoader(*problem(), batch_size=10), lambda x: x)
    with_validation = _fit(model=Noisy(), validation=data)[1]
    assert with_validation.loss == _fit(model=Noisy(), validation=None)[1].loss


def test_predict_in_parts_is_the_same():
    model = nn.Linear(2, 2)
    x = np.random.default_rng(0).standard_normal((7, 2)).astype(np.float32)
    whole = nn.predict(model, x)
    np.testing.assert_allclose(nn.predict(model, x, batch_size=3), whole, rtol=1e-6)
    assert nn.predict(model, x[:0]).shape == (0, 2)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"epochs": 1.5}, r"fit: epochs \(=1.5\) must be an integer"),
        ({"schedule": nn.schedules.StepLR}, r"fit: schedule is <class .*; pass a schedule, made f"),
        ({"batch_schedule": 0.1}, r"fit: batch_schedule is 0.1; pass a schedule, made for the op"),
        ({"callbacks": print}, r"fit: callbacks is <built-in function print>; pass a list of fun"),
        ({"batch_callbacks": print}, r"fit: batch_callbacks is <built-in function print>; pass a"),
        ({"generators": np.random.default_rng(0)}, r"fit: generators is Generator.*; pass a list"),
        ({"generators": [0]}, r"fit: generators is \[0\]; pass a list of np.random.Generator"),
        ({"metrics": ["accuracy"]}, r"metrics is a list; pass a dict from names to functions"),
    ],
)
def test_fit_with_arguments_of_other_types_raises(options, words):
    with pytest.raises(TypeError, match=words):
        _fit(**options)


class _Changed(nn.Module):
    """A model that changes its input by a function."""

    def __init__(self, function):
        self.function = function

    def forward(self, x):
        return self.function(x)


@pytest.mark.parametrize("function", [lambda x: (x, x), lambda x: x.sum(), lambda x: None])
def test_predict_of_a_model_without_one_array_raises(function):
    # A tuple of two arrays would have been joined to one with another first axis.
    with pytest.raises(TypeError, match=r"predict: the model returned a .*; it must return one"):
        nn.predict(_Changed(function), np.ones((4, 2)))


def test_predict_with_wrong_arguments_raises():
    with pytest.raises(TypeError, match="predict: got no inputs; the order is predict"):
        nn.predict(nn.MLP([2, 1]))
    with pytest.raises(ValueError, match=r"predict: batch_size \(=0\) must be at least 1"):
        nn.predict(nn.MLP([2, 1]), np.ones((4, 2)), batch_size=0)


@pytest.mark.parametrize(
    ("loss", "metric", "words"),
    [
        (
            "none",
            len,
            r"evaluate: loss\(outputs, targets\) gave an array of shape \(64,\); it must",
        ),
        (
            "mean",
            lambda outputs, targets: outputs,
            r"metrics\['own'\] gave an array of shape \(64, ",
        ),
        (
            "mean",
            lambda outputs, targets: None,
            r"metrics\['own'\] gave None; it must give one num",
        ),
    ],
)
def test_evaluate_with_what_gives_no_number_raises(loss, metric, words):
    loss = nn.CrossEntropyLoss(reduction=loss)
    with pytest.raises(TypeError, match=words):
        nn.evaluate(nn.MLP([5, 3]), loss, problem(), metrics={"own": metric})
