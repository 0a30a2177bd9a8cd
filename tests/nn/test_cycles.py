"""Nothing that layers, training and files make is freed by the cycle collector only."""

import numpy as np
import pytest

import nn
from tests.autograd.test_cycles import fails
from tests.garbage import left_to_the_collector

INPUTS, LABELS = np.ones((8, 3), np.float32), np.arange(8) % 2
DATA = INPUTS, LABELS


def network():
    generator = np.random.default_rng(0)
    hidden = nn.Linear(3, 4, generator=generator)
    dropout = nn.Dropout(0.1, generator=generator)
    return nn.Sequential(hidden, nn.ReLU(), dropout, nn.Linear(4, 2, generator=generator))


def states(_):
    model = network()
    model.load_state_dict(model.state_dict())
    repr(model.train().eval())
    fails(lambda: model.load_state_dict({}))
    fails(lambda: model(np.ones((2, 7), np.float32)))
    str(model.summary((8, 3)))
    fails(lambda: model.summary((8, 5)))


def hooks(_):
    model = network()
    model.register_forward_pre_hook(lambda module, args: None)
    model.register_forward_hook(lambda module, args, output: None)
    handle = model.register_full_backward_hook(lambda module, grad_input, grad_output: None)
    model(INPUTS).sum().backward()
    handle.remove()
    model(INPUTS).sum().backward()


def images(_):
    layers = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.MaxPool2d(2)
    nn.Sequential(*layers)(np.ones((1, 1, 6, 6), np.float32)).sum().backward()


def words(_):
    table = nn.Embedding(5, 2)
    (table(np.array([1, 1, 2])) ** 2).sum().backward()
    nn.optim.SGD(table.parameters(), lr=0.1).step()


def archives(folder, suffix=".npz"):
    path = folder / f"model{suffix}"
    model = network()
    nn.save(model, path)
    model.load_state_dict(nn.load(path))
    fails(lambda: nn.save(model, folder / "missing" / path.name))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    fails(lambda: nn.load(path))
    path.write_bytes(b"\x80\x02pickle")
    fails(lambda: nn.load(path))


def tensors(folder):
    archives(folder, ".safetensors")


def optimizers(_):
    model = network()
    for kind in (nn.optim.SGD, nn.optim.Adam, nn.optim.RMSprop, nn.optim.Adagrad, nn.optim.LBFGS):
        optimizer = kind(model.parameters(), lr=0.1)

        def closure(optimizer=optimizer):
            optimizer.zero_grad()
            loss = (model(INPUTS) ** 2).sum()
            loss.backward()
            return loss

        closure()
        nn.optim.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step(*([closure] if kind is nn.optim.LBFGS else []))
        optimizer.load_state_dict(optimizer.state_dict())
        fails(lambda optimizer=optimizer: optimizer.load_state_dict({}))


def training(folder, lr=0.1, epochs=2, **options):
    model = network()
    optimizer = nn.optim.SGD(model.parameters(), lr=lr)
    loss = nn.CrossEntropyLoss()
    options = {"progress": False, "epochs": epochs, **options}
    nn.fit(model, loss, optimizer, DATA, DATA, **options)
    nn.evaluate(model, loss, DATA)
    nn.predict(model, INPUTS)
    fails(lambda: nn.evaluate(model, loss, (INPUTS[:, :2], LABELS)))
    fails(lambda: nn.predict(model, INPUTS[:, :2]))


def patience(folder):
    training(folder, patience=1)


def batch_callbacks(folder):
    metrics = {"whole": nn.metrics.WholeSet(lambda outputs, targets: 1.0)}
    training(folder, batch_callbacks=[lambda run: True], clip_norm=1.0, metrics=metrics)


def divergence(folder):
    fails(lambda: training(folder, lr=1e38, epochs=20))


def interruption(folder):
    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training(folder, callbacks=[stop])


def resumed(folder):
    path = folder / "run.npz"
    path.unlink(missing_ok=True)
    for epochs in (1, 2):
        training(folder, checkpoint=path, resume=True, epochs=epochs)


FEATURES = [
    states, hooks, images, words, archives, tensors, optimizers, training, patience,
    batch_callbacks, divergence, interruption, resumed,
]  # fmt: skip


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.__name__)
def test_feature_leaves_no_cycle(feature, tmp_path):
    assert left_to_the_collector(lambda: feature(tmp_path)) == []
