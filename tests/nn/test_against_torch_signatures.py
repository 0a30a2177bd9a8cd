"""Names, order and defaults of arguments against PyTorch's."""

import inspect

import pytest

import nn

torch = pytest.importorskip("torch")

#: What PyTorch's have besides: of other machines, of memory, and long deprecated.
SKIPPED = {
    *("self", "device", "dtype", "inplace", "size_average", "reduce", "last_epoch"),
    *("foreach", "maximize", "capturable", "differentiable", "fused"),
}

#: Differences on purpose, each with its reason.
OURS = {
    ("Parameter", "data"),  # PyTorch makes an empty one
    ("Buffer", "data"),
    ("Softmax", "dim"),  # without it, PyTorch guesses an axis and warns
    ("LogSoftmax", "dim"),
    ("softmax", "dim"),
    ("log_softmax", "dim"),
    ("ModuleList", "modules"),  # nothing, as an empty tuple
    ("clip_grad_norm_", "error_if_nonfinite"),  # nothing wrong without a word
}


def _pairs():
    places = [
        (nn, torch.nn, nn.__all__),
        (nn.functional, torch.nn.functional, nn.functional.__all__),
        (nn.optim, torch.optim, nn.optim.__all__),
        (nn.optim, torch.nn.utils, nn.optim.__all__),
        (nn.schedules, torch.optim.lr_scheduler, vars(nn.schedules)),
        (nn.init, torch.nn.init, vars(nn.init)),
    ]
    for ours, theirs, names in places:
        for name in names:
            if callable(getattr(ours, name)) and getattr(ours, name).__module__.startswith("nn."):
                yield name, getattr(ours, name), getattr(theirs, name, None)
    methods = {
        (nn.Module, torch.nn.Module): (
            *("parameters", "named_parameters", "buffers", "named_buffers", "modules", "train"),
            *("eval", "requires_grad_", "load_state_dict"),
        ),
        (nn.optim.SGD, torch.optim.SGD): ("load_state_dict", "add_param_group"),
        (nn.schedules.StepLR, torch.optim.lr_scheduler.StepLR): ("load_state_dict", "get_last_lr"),
    }
    for (ours, theirs), names in methods.items():
        for name in names:
            yield f"{ours.__name__}.{name}", getattr(ours, name), getattr(theirs, name)


def _parameters(function):
    """The parameters by name; None where there is no signature, or one that says nothing."""
    try:
        parameters = inspect.signature(function).parameters
    except ValueError:
        return None
    parameters = {name: p for name, p in parameters.items() if name not in SKIPPED}
    if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters.values()):
        return None
    return parameters


PAIRS = {
    name: found
    for name, ours, theirs in _pairs()
    if None not in (found := (_parameters(ours), theirs and _parameters(theirs)))
}


def test_signatures_are_found():
    assert len(PAIRS) > 70
    for name in ("Conv2d", "cross_entropy", "Adam", "OneCycleLR", "kaiming_normal_"):
        assert name in PAIRS


@pytest.mark.parametrize("name", PAIRS)
def test_arguments_are_those_of_torch(name):
    ours, theirs = PAIRS[name]
    placed = [n for n, p in ours.items() if p.kind is not p.KEYWORD_ONLY]
    assert placed == list(theirs)[: len(placed)]
    for argument in ours.keys() & theirs.keys():
        if (name, argument) not in OURS:
            assert ours[argument].default == theirs[argument].default, argument
    new = ours.keys() - theirs.keys() - {"generator"}
    assert not new
