"""The backward pass in words, one node at a time.

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
from ..typing import Array, ArrayLike
from .backward_pass import Pass, Visit
from .words import code_at, formula, glimpse, name_of, norm, values_of

_CANCELLED = 1e-3  # of the sum of the norms of what arrives


class Contribution(NamedTuple):
    """A gradient on its way from one node to another.

    Example:
        >>> x = Tensor(2.0, requires_grad=True)
        >>> (step, _) = (x * 3.0).backward_steps()
        >>> step.sent[0].grad, step.sent[0].values
        (np.float64(3.0), {'y': array(3.)})
    """

    node: Node  #: the sender or the receiver, whichever is at the other end
    grad: Array  #: an array, or a list of arrays where an operation has several outputs
    rule: str = ""  #: the text of the gradient rule that gave it
    values: dict[str, Any] = {}  #: the values of its names, besides `g`, the arrived gradient

    @property
    def name(self) -> str:
        """The name of `node`: that of a leaf, or of its operation."""
        return name_of(self.node)


class Step:
    """A node that the backward pass visits. Print it, or read its fields.

    number, total   the number of the step, from 1, and of all steps
    node, name      the node and its name: that of an operation, or of a leaf
    line            'file.py:12 in train', where the operation was called or the leaf was made
    grad            the complete gradient of the end result with respect to the node's value
    arrived         its parts, a `Contribution` from each operation that used the value
    cancels         whether these parts add up to less than a thousandth of their norms
    sent            a `Contribution` to each input of the operation

    Example:
        >>> x = Tensor(2.0, requires_grad=True)
        >>> x.name = "x"
        >>> [step.name for step in (x * 3.0).backward_steps()]
        ['multiply', 'x']
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
        self.places: list[int] = []  #: the input of each entry in `sent`
        for place, g in visit.sent:
            rule = visit.op.joint or (visit.op.vjps[place] if visit.op is not OUTPUT else None)
            parent = visit.parents[place]
            assert parent is not None
            text, values = (formula(rule), values_of(rule, visit.saved)) if rule else ("", {})
            self.sent.append(Contribution(parent, g, text, values))
            self.places.append(place)

    @property
    def line(self) -> str:
        return self.node.source()  # as slow as everything else, and most steps are never printed

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


def backward_steps(
    output: Tensor, grad: ArrayLike | None = None, retain_graph: bool = False
) -> Iterator[Step]:
    """Run the backward pass of `Tensor.backward_steps`, and yield its steps."""
    seen = Pass()
    with Observing(seen):
        output.backward(grad, retain_graph)
    visits = seen.visits.values()
    yield from (Step(i, len(visits), visit) for i, visit in enumerate(visits, 1))
