"""Small programs with one mistake each: does a tool name the line?

The line with the mistake is marked `# <-- here`. Each program is told which tool is used on it,
and words that the message must hold besides the line.
"""

from __future__ import annotations

import inspect
import os
import re
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import autograd
import nn
from autograd import Tensor, debug, detect_anomaly, no_grad

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def leaf(*values: float, dtype: Any = float) -> Tensor:
    return Tensor(np.array(values, dtype), requires_grad=True)


# -- tools: each runs a program and returns what it says -----------------------------------------


def said(error: BaseException) -> str:
    return "\n".join([str(error), *getattr(error, "__notes__", ())])


def plain(program: Callable[[], Any]) -> str:
    """Nothing is asked for: the message of the error."""
    with pytest.raises(autograd.AutogradError) as info:
        program()
    return said(info.value)


def raising(program: Callable[[], Any]) -> str:
    """An error in forward code: its message, and the line of the program in the traceback."""
    with pytest.raises(Exception) as info:  # noqa: PT011 - of many kinds
        program()
    frames = [f for f in traceback.extract_tb(info.value.__traceback__) if f.filename == __file__]
    return f"{said(info.value)}\n{frames[-1].filename}:{frames[-1].lineno} in {frames[-1].name}"


def anomaly(program: Callable[[], Any]) -> str:
    with detect_anomaly():
        return plain(program)


def nan_only(program: Callable[[], Any]) -> str:
    with detect_anomaly(inf=False):
        return plain(program)


def listed(block: Any) -> Callable[[Callable[[], Any]], str]:
    """The first line of a listing."""

    def tool(program: Callable[[], Any]) -> str:
        with block() as found:
            program()
        return str(found[0])

    return tool


def why(program: Callable[[Tensor], Any]) -> str:
    w = leaf(0.5, -1.0, 2.0)
    return str(autograd.why(w, lambda: program(w)))


def rules(program: Callable[[], Tensor]) -> str:
    with pytest.raises(autograd.GradcheckError) as info:
        debug.check_graph(program)
    return said(info.value)


def alive(program: Callable[[], Any]) -> str:
    first = autograd.scopes.next_number()
    held = program()
    text = str(debug.live_nodes(first))
    del held
    return text


class Fault(NamedTuple):
    program: Callable[..., Any]
    tool: Callable[[Any], str]
    words: str

    @property
    def line(self) -> str:
        lines, first = inspect.getsourcelines(self.program)
        (offset,) = (i for i, line in enumerate(lines) if "# <-- here" in line)
        return f"{os.path.basename(__file__)}:{first + offset} in "


FAULTS: list[Fault] = []


def fault(tool: Callable[[Any], str], words: str) -> Callable[[Any], Any]:
    def plant(program: Any) -> Any:
        FAULTS.append(Fault(program, tool, words))
        return program

    return plant


# -- numbers: in the forward pass ---------------------------------------------------------------


@fault(anomaly, r"log gave nan at \[1\].*negative number")
def log_of_a_negative_number() -> None:
    x = leaf(1.0, -1.0)
    y = np.log(x)  # <-- here
    np.exp(y).sum().backward()


@fault(anomaly, r"log gave -inf at \[0\].*the logarithm of 0")
def log_of_zero() -> None:
    p = autograd.relu(leaf(-1.0, 1.0))
    loss = -np.log(p)  # <-- here
    loss.sum().backward()


@fault(anomaly, r"divide gave nan.*0 / 0 is NaN")
def zero_by_zero() -> None:
    x = leaf(1.0, 2.0)
    centred = x - x
    y = centred / np.sqrt(centred * centred)  # <-- here
    y.sum()


@fault(anomaly, r"divide gave inf.*it divides by 0")
def division_by_a_count_of_zero() -> None:
    x = leaf(1.0, 2.0)
    mask = np.zeros(2)
    y = (x + 1).sum() / mask.sum()  # <-- here
    y.backward()


@fault(anomaly, r"exp gave inf.*exponential of 800 is more than 1.798e\+308, the largest float64")
def overflow_of_an_exponential() -> None:
    x = leaf(1.0, 800.0)
    y = np.exp(x)  # <-- here
    np.tanh(y).sum().backward()


@fault(anomaly, r"exp gave inf.*softmax.*do")
def softmax_by_hand() -> None:
    logits = leaf(1.0, 800.0)
    e = np.exp(logits)  # <-- here
    (e / e.sum()).sum().backward()


@fault(anomaly, r"subtract gave nan.*inf - inf")
def infinity_minus_infinity() -> None:
    bounds = leaf(1.0, 2.0) + np.array([0.0, np.inf])
    y = bounds - bounds.max()  # <-- here
    y.sum()


@fault(anomaly, r"multiply gave nan.*0 \* inf")
def mask_times_infinity() -> None:
    scores = leaf(1.0, 2.0) + np.array([0.0, -np.inf])
    y = scores * np.array([1.0, 0.0])  # <-- here
    y.sum()


@fault(anomaly, r"softmax gave nan.*nothing but -inf")
def softmax_of_a_row_that_is_masked_altogether() -> None:
    scores = np.where([[True, False], [False, False]], leaf(1.0, 2.0), -np.inf)
    y = autograd.softmax(scores)  # <-- here
    y.sum()


@fault(anomaly, r"power gave nan.*non-integer")
def power_of_a_negative_number() -> None:
    x = leaf(1.0, -8.0)
    y = x ** (1 / 3)  # <-- here
    y.sum()


@fault(anomaly, r"multiply gave inf.*more than 6.55e\+04, the largest float16")
def overflow_of_float16() -> None:
    x = leaf(300.0, 10.0, dtype=np.float16)
    y = x * x  # <-- here
    y.sum()


@fault(anomaly, r"arcsin gave nan.*between -1 and 1")
def arcsin_of_a_number_above_one() -> None:
    x = leaf(0.6, 0.8) * 1.5
    y = np.arcsin(x)  # <-- here
    y.sum()


@fault(anomaly, r"input 1 of multiply, a constant, held nan at \[1\] before")
def nan_in_the_data() -> None:
    data = np.array([1.0, np.nan])
    y = leaf(1.0, 2.0) * data  # <-- here
    np.exp(y).sum()


@fault(anomaly, r"input 1 of matmul, the leaf 'weight' .* held nan at \[1, 0\]")
def nan_in_a_parameter() -> None:
    layer = nn.Linear(2, 2)
    layer.weight.data[1, 0] = np.nan
    y = np.ones((3, 2)) @ layer.weight  # <-- here
    y.sum()


# -- numbers: in the backward pass --------------------------------------------------------------


@fault(anomaly, r"the gradient with respect to input 0 of sqrt is inf at \[1\].*infinite at 0")
def sqrt_at_zero() -> None:
    x = leaf(1.0, 0.0)
    y = np.sqrt(x)  # <-- here
    y.sum().backward()


@fault(
    anomaly,
    r"gradient with respect to input 0 of sqrt is nan.*np.where picks.*np.sqrt\(np.where\(x > 0",
)
def sqrt_behind_where() -> None:
    x = leaf(1.0, 0.0)
    root = np.sqrt(x)  # <-- here
    np.where(x > 0, root, x).sum().backward()


@fault(
    nan_only, r"gradient with respect to input 0 of log is nan.*np.log\(np.where\(x > 0, x, 1\)\)"
)
def log_behind_where() -> None:
    x = leaf(1.0, 0.0)
    y = np.where(x > 0, np.log(x), 0)  # <-- here
    y.sum().backward()


@fault(anomaly, r"log gave -inf.*also where np.where picks another value")
def log_behind_where_seen_forward() -> None:
    x = leaf(1.0, 0.0)
    y = np.where(x > 0, np.log(x), 0)  # <-- here
    y.sum().backward()


@fault(nan_only, r"gradient with respect to input 1 of divide is nan.*a / np.where\(b != 0, b, 1\)")
def division_behind_where() -> None:
    x = leaf(1.0, 0.0)
    ratio = 1 / x  # <-- here
    np.where(x > 0, ratio, 0).sum().backward()


@fault(anomaly, r"gradient with respect to input 0 of sqrt is nan.*a mask of 0 multiplies it")
def sqrt_times_a_mask() -> None:
    x = leaf(1.0, 0.0)
    y = np.sqrt(x) * np.array([1.0, 0.0])  # <-- here
    y.sum().backward()


@fault(
    anomaly, r"gradient with respect to input 0 of power is inf.*slope of x\*\*0.5 is infinite at 0"
)
def norm_by_hand_at_zero() -> None:
    x = leaf(0.0, 0.0)
    norm = (x**2).sum() ** 0.5  # <-- here
    norm.backward()


@fault(anomaly, r"gradient with respect to input 0 of square is inf")
def overflow_of_a_gradient() -> None:
    x = leaf(1.0, 1e4, dtype=np.float16) * np.float16(0.01)
    y = np.square(x)  # <-- here
    y.backward(np.array([1.0, 6e4]))


# -- arrays that were changed -------------------------------------------------------------------
# NumPy's own writes leave no trace: the lines are those that recorded the array, and that saw it
# changed. The mistake is between them.


@fault(plain, r"multiply .* still needs was changed in place afterwards")
def changed_through_a_tensor() -> None:
    w = leaf(1.0, 2.0)
    loss = (w * w).sum()
    with no_grad():
        w -= 0.1  # <-- here
    loss.backward()


@fault(anomaly, r"changed by NumPy: its input 0, the leaf 'w' .*before backward\(\)")
def data_written_to() -> None:
    w = leaf(1.0, 2.0)
    w.name = "w"
    y = np.square(w)  # <-- here
    w.data[0] = 100.0
    y.sum().backward()


@fault(plain, r"square .* changed by NumPy: its input 0 'w', through `t.data`.*, after .*on a copy")
def data_written_to_outside_of_any_block() -> None:
    w = leaf(1.0, 2.0)
    w.name = "w"
    y = np.square(w)
    w.data[0] = 100.0  # <-- here
    y.sum().backward()


@fault(plain, r"multiply .* changed by NumPy: its input 1, which is larger")
def large_buffer_filled_with_the_next_batch() -> None:
    batch = np.ones((200, 200))
    w = Tensor(np.ones((200, 200)), requires_grad=True)
    loss = (w * batch).sum()  # <-- here
    batch[:] = 5.0
    loss.backward()


@fault(anomaly, r"changed by NumPy: its input 1, the leaf 'weight' .* as an optimizer's step")
def optimizer_step_before_backward() -> None:
    layer = nn.Linear(2, 2)
    optimizer = nn.optim.SGD(layer.parameters(), lr=0.1)
    layer(np.ones((4, 2), np.float32)).sum().backward()
    x = Tensor(np.ones((4, 2), np.float32), requires_grad=True)
    loss = (x @ layer.weight).sum()  # <-- here
    optimizer.step()
    loss.backward()


# -- gradients that are missing or zero ---------------------------------------------------------


@fault(why, "detach")
def detached(w: Tensor) -> Tensor:
    hidden = (w * 2).detach()  # <-- here
    return (hidden + leaf(1.0)).sum()


@fault(why, "no_grad")
def computed_under_no_grad(w: Tensor) -> Tensor:
    with no_grad():
        hidden = w * 2  # <-- here
    return (hidden + leaf(1.0)).sum()


@fault(why, "int")
def converted_to_integers(w: Tensor) -> Tensor:
    hidden = w.astype(int)  # <-- here
    return (hidden * leaf(1.0)).sum()


@fault(why, "np.greater")
def compared(w: Tensor) -> Tensor:
    hit = w > 0  # <-- here
    return (hit * leaf(1.0)).mean()


@fault(why, r"item\(\)")
def taken_out_as_a_number(w: Tensor) -> Tensor:
    scale = w.sum().item()  # <-- here
    return (scale * leaf(1.0)).sum()


@fault(why, "argmax")
def chosen_by_position(w: Tensor) -> Tensor:
    best = np.argmax(w)  # <-- here
    return leaf(1.0, 2.0, 3.0)[best]


@fault(why, "relu")
def dead_relu(w: Tensor) -> Tensor:
    hidden = autograd.relu(w - 10)  # <-- here
    return (hidden * 2).sum()


@fault(why, "sigmoid")
def saturated_sigmoid(w: Tensor) -> Tensor:
    hidden = autograd.sigmoid(1000 * w)  # <-- here
    return (hidden * 2).sum()


@fault(why, "zero")
def output_layer_of_zeros(w: Tensor) -> Tensor:
    hidden = np.tanh(w)
    weight = leaf(0.0, 0.0, 0.0)
    return hidden @ weight  # <-- here


@fault(why, "round")
def rounded(w: Tensor) -> Tensor:
    steps = np.round(w)  # <-- here
    return (steps * 2).sum()


@fault(why, "cancel")
def centred_and_summed(w: Tensor) -> Tensor:
    centred = w - w.mean()  # <-- here
    return centred.sum()


# -- shapes and dtypes --------------------------------------------------------------------------


@fault(raising, r"divide: operands .* \(inputs of shape \(4, 3\), \(4,\)\)")
def sum_over_the_wrong_axis() -> None:
    x = Tensor(np.ones((4, 3)), requires_grad=True)
    y = x / x.sum(axis=1)  # <-- here
    y.sum().backward()


@fault(listed(debug.broadcasts), r"subtract\(\(4, 1\), \(4,\)\) gives \(4, 4\)")
def prediction_with_an_axis_too_many() -> None:
    w, x, target = leaf(1.0, 2.0), np.ones((4, 2)), np.ones(4)
    prediction = x @ w.reshape(2, 1)
    error = prediction - target  # <-- here
    (error**2).mean().backward()


@fault(raising, r"matmul: .* \(inputs of shape \(5, 7\), \(3, 4\) 'weight'\)")
def weight_not_transposed() -> None:
    layer = nn.Linear(4, 3)
    y = np.ones((5, 7)) @ layer.weight  # <-- here
    y.sum().backward()


@fault(raising, r"Linear\(in_features=4\) .*shape \(5, 3\).*in the part 1 Linear")
def layer_of_the_wrong_size() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 1))
    loss = model(np.ones((5, 2), np.float32)).sum()  # <-- here
    loss.backward()


@fault(raising, r"index 3 is out of bounds.*in getitem, whose inputs have the shapes \(3,\)")
def label_out_of_range() -> None:
    scores = leaf(1.0, 2.0, 3.0)
    y = scores[[0, 3]]  # <-- here
    y.sum().backward()


@fault(
    listed(debug.promotions), r"multiply\(float32 \(2,\), float64 \(\)\) gives float64.*float\(c\)"
)
def numbers_of_numpy_widen() -> None:
    x = leaf(1.0, 2.0, dtype=np.float32) * 2.0
    y = x * np.sqrt(2.0)  # <-- here
    np.tanh(y).sum().backward()


@fault(listed(debug.promotions), r"matmul\(float64 .*input 0, a constant, is float64; .*astype")
def data_in_float64() -> None:
    layer, x = nn.Linear(2, 2), np.ones((3, 2))
    y = x @ layer.weight.T  # <-- here
    np.tanh(y).sum().backward()


@fault(listed(debug.promotions), "because input 1, a constant, is int64")
def integers_widen() -> None:
    x = leaf(1.0, 2.0, dtype=np.float32)
    y = x + np.arange(2)  # <-- here
    y.sum().backward()


# -- rules and graphs ---------------------------------------------------------------------------


@fault(rules, "the rule of <lambda> for its input 0 is wrong")
def rule_of_the_wrong_value() -> Tensor:
    cube = autograd.rule(lambda x: x**3, lambda g, _, x: 2 * g * x**2)
    y = cube(leaf(1.0, 2.0))  # <-- here
    return y.sum()


@fault(plain, r"gradient of shape \(2, 1\) for an input of shape \(2,\).*cotangent of shape \(2,\)")
def rule_of_the_wrong_shape() -> None:
    double = autograd.rule(lambda x: x * 2, lambda g, *_: (2 * g)[:, None])
    y = double(leaf(1.0, 2.0))  # <-- here
    y.sum().backward()


@fault(raising, r"in the backward pass of matmul\(constant \(2, 3\), \(3,\) 'w'\).*of shape \(2,\)")
def rule_that_raises() -> None:
    def broken(g: Any, _: Any, a: Any, __: Any) -> Any:
        return g @ np.ones(5)

    matmul = autograd.rule(lambda a, x: a @ x, None, broken)
    matmul.name = "matmul"
    w = leaf(1.0, 2.0, 3.0)
    w.name = "w"
    y = matmul(np.ones((2, 3)), w)  # <-- here
    y.sum().backward()


@fault(plain, "was freed by an earlier backward pass; pass retain_graph=True")
def walked_twice() -> None:
    x = leaf(1.0, 2.0)
    hidden = np.exp(x)
    loss = hidden.sum()  # <-- here
    loss.backward()
    loss.backward()


@fault(alive, "3 results")
def losses_kept_in_a_list() -> list[Tensor]:
    x, losses = leaf(1.0, 2.0), []
    for _ in range(3):
        loss = (x * x).sum()  # <-- here
        losses.append(loss)
    return losses


@fault(alive, "1 result of")
def running_total() -> Tensor:
    x, total = leaf(1.0, 2.0), Tensor(0.0)
    for _ in range(3):
        total = total + (x * x).sum()  # <-- here
    return total


@fault(listed(debug.accumulations), r"\(2,\) 'w' is added .* zero_grad")
def no_zero_grad() -> None:
    w = leaf(1.0, 2.0)
    w.name = "w"
    for _ in range(3):
        loss = (w * w).sum()
        loss.backward()  # <-- here
        w.data -= 0.1 * w.grad


@fault(listed(debug.untrained), r"the leaf 'shift' of shape \(2,\), made here, .* optimizer")
def parameter_not_in_the_optimizer() -> None:
    scale = nn.Parameter([1.0, 2.0])
    shift = Tensor([0.0, 0.0], requires_grad=True)  # <-- here
    shift.name = "shift"
    optimizer = nn.optim.SGD([scale], lr=0.1)
    loss = (scale * np.ones(2, np.float32) + shift).sum()
    loss.backward()
    optimizer.step()


@fault(listed(debug.untrained), "got a gradient and did not change")
def learning_rate_of_zero() -> None:
    w = Tensor([1.0, 2.0], requires_grad=True)  # <-- here
    (w * w).sum().backward()
    w.data -= 0.0 * w.grad


# -- the test -----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.program.__name__ for fault in FAULTS])
def test_planted_fault_is_named_with_its_line(fault: Fault) -> None:
    text = fault.tool(fault.program)
    assert re.search(fault.words, text, re.DOTALL), text
    assert fault.line in text, text


def test_planted_faults_are_as_many_as_promised() -> None:
    assert len(FAULTS) >= 30
