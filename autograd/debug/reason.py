"""What `why` answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from .words import place


@dataclass(frozen=True, repr=False)
class Why:
    """One reason; `others` are further ones. Printing it tells everything."""

    kind: str  #: in a word or two: "detached", "no_grad", "dead", "not zero" and so on
    reason: str
    line: str = ""  #: 'file.py:12 in train', or empty where no line is to blame
    remedy: str = ""
    others: tuple[Why, ...] = field(default=())

    def __str__(self) -> str:
        lines = [self.reason]
        if self.line:
            lines += place(self.line).splitlines()
        if self.remedy:
            lines.append(f"Remedy: {self.remedy}")
        text = "\n  ".join(lines)
        return "\n".join([text, *(f"Also: {other}" for other in self.others)])

    __repr__ = __str__


def joined(reasons: Iterable[Why]) -> Why:
    """The first reason, with the others behind it, each once."""
    first, *others = dict.fromkeys(reasons)
    return replace(first, others=(*first.others, *others))
