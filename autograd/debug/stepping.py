"""The backward pass, one node at a time, in words.

for step in loss.backward_steps():
    print(step)

step 2 of 5: multiply
    train.py:12 in loss: z = x * y
    arrived   0.5, from add
    rule      g * y  for input 0
    sent      1.5 to x, a leaf
...
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..grad_mode import Observing
from ..node import Leaf, Node
from ..op import OUTPUT
from ..tensor import Tensor
from .backward_pass import Pass, Visit
from .words import code_at, formula, glimpse, name_of, norm, values_of

_CANCELLED = 1e-3


class Contribution(NamedTuple):
    """A gradient on its way from one node to another."""

    node: Node  #: the other one: that it came from, or that it goes to
    grad: Any  #: an array, or a list of arrays where an operation has several outputs
    rule: str = ""  #: the text of the gradient rule that gave it
    values: dict[str, Any] = {}  #: what its names stand for, besides `g`, what arrived

    @property
    def name(self) -> str:
        return name_of(self.node)


class Step:
    """A node that the backward pass visits. Print it, or read its fields.

    number, total   of the step, from 1
    node, name      what is visited: the name of an operation, or of a leaf
    line            'file.py:12 in train', where the operation was called or the leaf was made
    grad            the gradient of the end result by the value of the node, complete by now
    arrived         its parts, a `Contribution` of each operation that used the value
    cancels         whether these parts add up to less than a thousandth of them
    sent            a `Contribution` for each input of the operation
    """

    def __init__(self, number: int, total: int, visit: Visit) -> None:
        self.number = number
        self.total = total
        self.node = visit.node
        self.name = name_of(visit.node)
        self.is_leaf = visit.is_leaf
        self.grad = visit.cotangent
        self.arrived = [Contribution(v.node, g) for v, g in visit.received]
        self.cancels = len(self.arrived) > 1 and norm(self.grad) <= _CANCELLED * sum(
            norm(part.grad) for part in self.arrived
        )
        self.sent: list[Contribution] = []
        self.places: list[int] = []  #: the inputs that `sent` belongs to
        for place, g in visit.sent:
            rule = visit.op.joint or (visit.op.vjps[place] if visit.op is not OUTPUT else None)
            parent = visit.parents[place]
            assert parent is not None
            text, values = (formula(rule), values_of(rule, visit.saved)) if rule else ("", {})
            self.sent.append(Contribution(parent, g, text, values))
            self.places.append(place)

    @property
    def line(self) -> str:
        return self.node.source()  # takes as long as all the rest: most steps are never printed

    def __str__(self) -> str:
        kind = "leaf" if self.is_leaf else self.name
        title = f"{kind} {self.node.name}".rstrip() if isinstance(self.node, Leaf) else kind
        code = code_at(self.line)
        lines = [
            f"step {self.number} of {self.total}: {title}",
            f"    {self.line}{f':  {code}' if code else ''}",
            *self._arrival(),
        ]
        if self.is_leaf:
            lines.append("    a leaf    this is added to its .grad")
        for place, part in zip(self.places, self.sent, strict=True):
            if part.rule:
                lines.append(f"    rule      {part.rule}  for input {place}")
                lines += [f"              {k} is {glimpse(v)}" for k, v in part.values.items()]
            is_named = isinstance(part.node, Leaf) and part.node.name
            target = f"{part.name}, a leaf" if is_named else part.name
            summed = ", summed where it was broadcast" if self._is_summed(part) else ""
            lines.append(f"    sent      {glimpse(part.grad)}  to {target}{summed}")
        return "\n".join(lines)

    __repr__ = __str__

    def _is_summed(self, part: Contribution) -> bool:
        return self.node.op.elementwise and part.node.shape != self.node.shape

    def _arrival(self) -> Iterator[str]:
        if not self.arrived:
            yield f"    begins    {glimpse(self.grad)}"
        elif len(self.arrived) == 1:
            yield f"    arrived   {glimpse(self.grad)}  from {self.arrived[0].name}"
        else:
            yield f"    arrived   {glimpse(self.grad)}, the sum of"
            for part in self.arrived:
                yield f"              {glimpse(part.grad)}  from {part.name}"
        if self.cancels:
            norms = ", ".join(f"{norm(part.grad):.3g}" for part in self.arrived)
            yield (
                f"    warning   these cancel: their norms are {norms}, that of their sum is "
                f"{norm(self.grad):.2g}"
            )


def backward_steps(output: Tensor, grad: Any = None, retain_graph: bool = False) -> Iterator[Step]:
    """What `Tensor.backward_steps` gives."""
    seen = Pass()
    with Observing(seen):
        output.backward(grad, retain_graph)
    visits = seen.visits.values()
    yield from (Step(i, len(visits), visit) for i, visit in enumerate(visits, 1))
