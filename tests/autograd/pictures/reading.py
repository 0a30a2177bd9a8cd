"""Graphs to draw, and what their DOT text says."""

from __future__ import annotations

import html
import re
from collections import Counter
from typing import Any
from xml.etree import ElementTree

import numpy as np

from autograd import Tensor, named_scope
from autograd.ops import cross_entropy, linear, relu
from autograd.render import Graph

#: Names, and how they are to be printed.
NAMES = {
    "<b>bold</b>": "<b>bold</b>",
    "<lambda>": "<lambda>",
    "ij,jk->ik": "ij,jk->ik",
    "{a|b}": "{a|b}",
    "a&lt;b&amp;&#65;": "a&lt;b&amp;&#65;",
    'say "hi"': 'say "hi"',
    r"a\nb\l\N\G": r"a\nb\l\N\G",
    "back\\": "back\\",
    '\\"': '\\"',
    "two\nlines\r": r"two\nlines\r",
    "\n": r"\n",
    "nul\0bell\a\x1b[0m": r"nul\x00bell\x07\x1b[0m",
    "\ud800 \uffff \u202e": r"\ud800 \uffff \u202e",
    "Gewichte_äöü 重み 🙂": "Gewichte_äöü 重み 🙂",
    "graph": "graph",
    "n0:port": "n0:port",
    "%3": "%3",
    " ": " ",
    "w" * 99: "w" * 30 + "…" + "w" * 29,
}


def leaf(name: str = "", *shape: int, dtype: Any = float) -> Tensor:
    tensor = Tensor(np.ones(shape), requires_grad=True, dtype=dtype)
    tensor.name = name
    return tensor


def perceptron() -> Tensor:
    x, labels = np.ones((5, 4), np.float32), np.zeros(5, int)
    w1, b1 = leaf("w1", 3, 4, dtype="f4"), leaf("b1", 3, dtype="f4")
    w2, b2 = leaf("w2", 2, 3, dtype="f4"), leaf("b2", 2, dtype="f4")
    return cross_entropy(linear(relu(linear(Tensor(x), w1, b1)), w2, b2), labels)


def recurrent(steps: int) -> Tensor:
    w, u, b = leaf("w", 2, 3), leaf("u", 3, 3), leaf("b", 3)
    inputs, h = np.tanh(leaf("x", steps, 4, 2)), Tensor(np.zeros((4, 3)))
    for t in range(steps):
        h = np.tanh(inputs[t] @ w + h @ u + b)
    return h.sum()


def lines(label: str) -> str:
    """The text of a label in Graphviz's markup."""
    rows = re.findall(r"<tr>(.*?)</tr>", label) or [label]
    cells = [[re.sub("<.*?>", "", cell) for cell in row.split("</td>")] for row in rows]
    texts = [" ".join(filter(None, row)) for row in cells]
    return html.unescape("\n".join(texts)).replace("\xa0", " ")


def boxes(graph: Graph) -> dict[str, str]:
    """The texts in the boxes, by what DOT calls these."""
    found = re.findall(r"^\t(n\w+) \[label=<(.*?)>(?: \w+=|\])", graph.dot, re.MULTILINE)
    return {name: lines(label) for name, label in found}


def labels(graph: Graph) -> Counter[str]:
    return Counter(boxes(graph).values())


def arrows(graph: Graph) -> Counter[tuple[str, str, str]]:
    """(from, to, label) by the labels of the boxes."""
    name = boxes(graph)
    found: Counter[tuple[str, str, str]] = Counter()
    for tail, head, style in re.findall(r"^\t(\w+) -> (\w+) \[(.*)\]$", graph.dot, re.MULTILINE):
        ends = (head, tail) if "dir=back" in style else (tail, head)
        label = re.search("label=<(.*?)>(?: \\w+=|$)", style)
        found[name[ends[0]], name[ends[1]], lines(label[1]) if label else ""] += 1
    return found


def frames(graph: Graph) -> dict[tuple[str, ...], list[str]]:
    """The labels of the boxes that stand in each frame, under the titles from the outermost."""
    name = boxes(graph)
    inside: dict[tuple[str, ...], list[str]] = {(): []}
    titles: list[str] = []
    for line in graph.dot.splitlines():
        if line.startswith("\tcolor="):
            label = re.search(r" label=<(.*?)> labeljust", line)
            assert label
            titles.append(lines(label[1]).rstrip())
            inside[tuple(titles)] = []
        elif line == "\t}":
            titles.pop()
        elif box := re.match(r"\t(n\d+) \[", line):
            inside[tuple(titles)].append(name[box[1]].partition("\n")[0])
    assert not titles
    return {titles: sorted(labels) for titles, labels in inside.items()}


def texts(svg: bytes) -> list[str]:
    """The lines of text in a picture, which must be well-formed XML."""
    found = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return [(text.text or "").replace("\xa0", " ") for text in found]


def blocks() -> Tensor:
    w, b, x = leaf("w", 2, 2), leaf("b", 2), np.ones((3, 2))
    with named_scope("net"):
        with named_scope("first"):
            h = np.tanh(x @ w + b)
        with named_scope("empty"):
            np.exp(x)
        with named_scope("second"):
            h = h * 0.5
        h = relu(h)
    return h.sum()


def repeated(steps: int) -> Tensor:
    """A loop of two operations, with a leaf of its own in each round, and a shared one."""
    u, y = leaf("u"), leaf("y")
    for i in range(steps):
        y = np.tanh(y * leaf(f"w{i}") + u)
    return y
