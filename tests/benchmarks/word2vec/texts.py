"""The texts that word2vec is measured on: lists of sentences, which are lists of words."""

import os
import re
import zlib
from functools import cache
from pathlib import Path

Text = list[list[str]]

NAMES = ("reference", "shakespeare", "zipf")

#: The variable that names the file of Shakespeare's plays, which processes inherit.
SHAKESPEARE = "PULLBACK_SHAKESPEARE"


@cache
def load(name: str) -> Text:
    """Return one of the texts that have `NAMES`, or "analogies"."""
    if name == "reference":
        from nn.data import python_reference

        return python_reference()
    if name == "zipf":
        return zipf(1_000_000)
    if name == "analogies":
        return analogies()
    return paragraphs(Path(os.environ[SHAKESPEARE]))


@cache
def fingerprint(name: str) -> str:
    """Tell one version of a text from another: the number of its words and a checksum."""
    text = load(name)
    checksum = zlib.crc32("\n".join(" ".join(sentence) for sentence in text).encode())
    return f"{sum(map(len, text))} words {checksum:08x}"


def paragraphs(path: Path) -> Text:
    """Read the words of each paragraph, in lower case; in plays, those are the speeches."""
    found = (re.findall(r"[a-z']+", p) for p in path.read_text().lower().split("\n\n"))
    return [words for words in found if words]


def zipf(words: int) -> Text:
    """Draw words from a Zipf law over 10,000, in sentences of 20."""
    import numpy as np

    shares = 1 / np.arange(1, 10_001)
    drawn = np.random.default_rng(0).choice(10_000, size=words, p=shares / shares.sum())
    return [[f"w{i}" for i in sentence] for sentence in drawn.reshape(-1, 20).tolist()]


# -- planted analogies --------------------------------------------------------------------------

THINGS, FORMS = 20, 4


def analogies() -> Text:
    """Write sentences in which a word is a thing in a form ("thing3form1": queen is to king).

    Beside the word stand other words: those that go with the thing in each of its forms, those
    that go with the form of any thing, and those that go with anything.
    """
    import numpy as np

    rng = np.random.default_rng(0)
    text = []
    for _ in range(6_000):
        thing, form = rng.integers(THINGS), rng.integers(FORMS)
        words = [f"thing{thing}form{form}"]
        words += [f"of-thing{thing}-{rng.integers(15)}"]
        words += [f"of-form{form}-{i}" for i in rng.integers(15, size=2)]
        words += [f"any-{i}" for i in rng.zipf(1.5, size=8) % 500]
        text.append(rng.permutation(words).tolist())
    return text


def questions() -> str:
    """Write the planted analogies as the questions of `evaluate_word_analogies`."""
    lines = [": planted"]
    for form, other in ((0, 1), (1, 2), (2, 3), (3, 0)):
        lines += [
            f"thing{a}form{form} thing{a}form{other} thing{b}form{form} thing{b}form{other}"
            for a in range(THINGS)
            for b in range(THINGS)
            if a != b
        ]
    return "\n".join(lines) + "\n"
