"""Nothing that the engine makes is freed by the cycle collector only."""

import copy
import pickle
import warnings

import numpy as np
import pytest

import autograd
from autograd import Tensor, debug
from tests.cases import CASES
from tests.garbage import left_to_the_collector

X = np.arange(1.0, 4.0)


def leaf():
    return Tensor(X, requires_grad=True)


def f(x):
    return (np.exp(x) * x).sum()


def recorded(ys):
    return [y for y in ys if isinstance(y, Tensor) and y.requires_grad]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_operation_leaves_no_cycle(case):
    def run():
        xs = [Tensor(x, x.dtype.kind in "fc") for x in case.draw(np.random.default_rng(0))]
        y = case.function(*xs)
        ys = recorded(y if isinstance(y, tuple | list) else [y])
        first = autograd.gradients(
            ys, recorded(xs), [np.ones_like(y) for y in ys], create_graph=True
        )
        if slopes := recorded(first):
            seeds = [np.ones(g.shape, g.dtype) for g in slopes]
            autograd.gradients(slopes, recorded(xs), seeds, retain_graph=True)
        for y in ys:
            y.backward(np.ones(y.shape, y.dtype), retain_graph=y is not ys[-1])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert left_to_the_collector(run) == []


def fails(compute):
    """Have `compute` raise, and hold the exception for a while."""
    with np.errstate(all="ignore"):
        try:
            compute()
        except Exception as error:
            held = error
        assert held.__traceback__ is not None
        del held


def transforms():
    autograd.grad(f)(X)
    autograd.value_and_grad(f)(X)
    autograd.elementwise_grad(np.tanh)(X)
    autograd.jacobian(np.exp)(X)
    autograd.hessian(f)(X)
    autograd.hvp(f)(X, X)
    pull = autograd.vjp(np.exp, X)[1]
    pull(X)
    pull(X)
    autograd.jvp(np.exp, (X,), (X,))
    autograd.grad(autograd.grad(autograd.grad(lambda x: x**4)))(2.0)
    autograd.gradcheck(f, X, order=2)


def hooks():
    x = leaf()
    y = x * 2
    y.retain_grad()
    handle = x.register_hook(lambda g: g * 2)
    with y.register_hook(lambda g: None):
        y.sum().backward()
    handle.remove()


def hook_that_holds_its_tensor():
    y = leaf() * 2
    y.register_hook(lambda g: g + y.data)
    parts = np.split(leaf() * 1, 3)
    parts[0].register_hook(lambda g: g + parts[0].data)
    (y.sum() + parts[0].sum()).backward()


def hook_that_raises():
    x = leaf()
    x.register_hook(lambda _: np.ones(7))
    fails((x * 2).sum().backward)


def scopes():
    with autograd.named_scope("a"):
        f(leaf())
    autograd.named_scope("b")(f)(leaf())

    def inside():
        with autograd.named_scope("a"):
            np.concatenate([leaf(), np.ones((2, 2))])

    fails(inside)


def modes():
    def suspended():
        with autograd.no_grad():
            yield f(leaf())

    async def asynchronous():
        return f(leaf())

    autograd.no_grad()(f)(leaf())
    for generator in (suspended(), autograd.enable_grad()(suspended)()):
        next(generator)
    coroutine = autograd.no_grad()(asynchronous)()
    with pytest.raises(StopIteration):
        coroutine.send(None)
    with autograd.enable_grad(), autograd.no_grad():
        f(leaf())


def refusals():
    fails(lambda: leaf() @ np.ones((4, 4)))
    fails(lambda: leaf() + np.ones(4))
    fails(lambda: np.concatenate([leaf(), np.ones((2, 2))]))
    fails(lambda: np.linalg.lstsq(leaf(), leaf()))
    fails(lambda: autograd.grad(lambda x: x)(X))
    fails(lambda: np.asarray(leaf()))
    loss = f(leaf())
    loss.backward()
    fails(loss.backward)


def changed_array():
    y = np.exp(leaf())
    with autograd.no_grad():
        y += 1
    fails(y.sum().backward)


def in_place():
    t = leaf() * 1
    t[0] = 2.0
    t += 1
    t[1] = t[0]
    t.sum().backward()


def copies():
    copy.deepcopy(leaf())
    pickle.loads(pickle.dumps(leaf()))
    repr(f(leaf()))


def rows():
    w = Tensor(np.ones((4, 2)), requires_grad=True)
    (autograd.ops.embedding([1, 1, 3], w) ** 2).sum().backward()
    w.grad *= 0.5
    w.grad[0] = 1
    w.data -= np.clip(w.grad, -1, 1)


def stepping():
    str(list(f(leaf()).backward_steps()))
    next(f(leaf()).backward_steps())


def why():
    x = leaf()
    y = f(x)
    for question in (y, lambda: f(x), lambda: Tensor(x.data).sum()):
        str(autograd.why(x, question))
    str(autograd.why(leaf(), y))


def anomaly():
    with autograd.detect_anomaly():
        f(leaf()).backward()
    fails(lambda: autograd.detect_anomaly()(np.log)(leaf() * 0))
    fails(lambda: autograd.detect_anomaly()(lambda x: np.sqrt(x * 0).sum().backward())(leaf()))


def debugging():
    for block in (debug.promotions, debug.broadcasts, debug.accumulations, debug.untrained):
        with block():
            f(leaf()).backward()
    with debug.ledger() as costs:
        f(leaf()).backward()
    str(costs)
    str(debug.live_nodes())
    str(debug.check_graph(f(leaf())))
    with debug.tracing():
        x = leaf()
        y = f(x)
        y.backward()
    str(autograd.why(x, y))
    with debug.tracing():  # or the latest one is kept
        pass


def source():
    str(autograd.graph(f(leaf())).dot)


def rules():
    def cube(x, times=1):
        return times * x**3

    def slope(g, _, x, times=1):
        return 3 * times * g * x**2

    def failing(g, _, _x):
        return g / 0 + np.linalg.inv(g)

    cubed = autograd.rule(cube, slope)
    cubed(leaf()).sum().backward()
    cubed(leaf(), times=2).sum().backward()
    autograd.grad(autograd.grad(cubed))(2.0)
    product = autograd.rule(lambda x, y: x * y, lambda g, _, x, y: g * y, lambda g, _, x, y: g * x)
    product(leaf(), leaf()).sum().backward()
    masked = autograd.rule(lambda x, m: x * m, lambda g, _, x, m: g * m, None)
    masked(leaf(), 3.0).sum().backward()
    joint = autograd.rule(lambda *xs: xs, joint=lambda gs, _, *__: gs, name="identity")
    sum(joint(leaf(), leaf())).sum().backward()
    fails((autograd.rule(lambda x: x + 0, failing)(leaf()) * 2).sum().backward)
    fails(lambda: debug.check_graph(autograd.rule(cube, lambda g, _, x: g * x)(leaf())))
    fails(lambda: autograd.rule(cube, lambda g: g))


FEATURES = [
    rules, transforms, hooks, hook_that_holds_its_tensor, hook_that_raises, scopes, modes, refusals,
    changed_array, in_place, copies, rows, stepping, why, anomaly, debugging, source,
]  # fmt: skip


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.__name__)
def test_feature_leaves_no_cycle(feature):
    assert left_to_the_collector(feature) == []


def test_cycle_is_noticed():
    def run():
        x = leaf()
        x.register_hook(lambda g: g * x.data)  # nobody has freed it

    assert "autograd.tensor.Tensor" in left_to_the_collector(run)
