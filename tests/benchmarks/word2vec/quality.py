"""The quality of the vectors over seeds, where gensim against itself is the yardstick.

Held-out loss: of pairs in a tenth of the sentences, which neither library has seen, with the same
noise words for both. Neighbours: the overlap of the ten nearest of frequent words, from one
training to another; of the same words gensim finds others with another seed. Analogies: the share
of planted ones that are answered rightly.
"""

import math
import random
import tempfile
from collections import Counter
from functools import cache
from itertools import combinations, product
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from . import texts
from .trainings import LIBRARIES, Training, measured

CORNERS: list[dict[str, Any]] = [
    {"sg": 0},
    {"sg": 0, "alpha": 0.1, "negative": 15},
    {"sg": 1},
    {"sg": 1, "alpha": 0.05, "negative": 10},
    {"sg": 1, "window": 10, "negative": 15},
]
DEFAULTS = {"alpha": 0.025, "window": 5, "negative": 5}
FIXED = {"vector_size": 50, "min_count": 5, "epochs": 5}

FREQUENT, NEAREST = 300, 10
EXAMPLES = 20_000  # of what is held out, at most


def quality(training: Training) -> dict[str, Any]:
    """Train, and measure what the text is for: analogies, or held-out loss and neighbours."""
    try:
        if training.text == "analogies":
            model = training.run(texts.load(training.text))
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "questions.txt")
                path.write_text(texts.questions())
                return {"analogies": model.wv.evaluate_word_analogies(str(path))[0]}
        seen, held_out = split(training.text)
        model = training.run(seen)
    except Exception as error:  # whatever it is belongs in the table
        return {"error": f"{type(error).__name__}: {error}"}
    counts = frequent_first(seen, dict(training.settings)["min_count"])
    row = {word: i for i, word in enumerate(model.wv.index_to_key)}
    rows = [row[word] for word in counts]
    inputs = model.wv.vectors[rows]
    cases = examples(held_out, counts, training)
    loss = held_out_loss(inputs, model.syn1neg[rows], *cases)
    if not math.isfinite(loss):
        return {"error": f"the held-out loss is {loss}"}
    return {"held-out loss": loss, "neighbours": nearest(inputs)}


@cache
def split(text: str) -> tuple[texts.Text, texts.Text]:
    """Return nine tenths of the sentences, in their order, and the others."""
    sentences = texts.load(text)
    out = set(random.Random(0).sample(range(len(sentences)), len(sentences) // 10))
    return [s for i, s in enumerate(sentences) if i not in out], [sentences[i] for i in out]


def frequent_first(sentences: texts.Text, min_count: int) -> dict[str, int]:
    """Return the counts of words: the vocabulary, in an order that is neither library's own."""
    counts = Counter(word for sentence in sentences for word in sentence)
    kept = ((word, count) for word, count in counts.items() if count >= min_count)
    return dict(sorted(kept, key=lambda item: (-item[1], item[0])))


def examples(sentences: texts.Text, counts: dict[str, int], training: Training) -> Any:
    """Return word numbers: what is predicted from, (n, m), padded with -1; the words, (n,).

    And noise words, (n, negative). In skip-gram m is 1; in CBOW, all places of a window.
    """
    import numpy as np

    settings = dict(training.settings)
    window = settings["window"]
    number = {word: i for i, word in enumerate(counts)}
    found = []
    for sentence in sentences:
        known = [number[word] for word in sentence if word in number]
        for i, centre in enumerate(known):
            near = known[max(i - window, 0) : i] + known[i + 1 : i + 1 + window]
            found += [([word], centre) for word in near] if settings["sg"] else [(near, centre)]
    found = [example for example in found if example[0]]
    found = random.Random(0).sample(found, min(len(found), EXAMPLES))
    width = max(len(near) for near, _ in found)
    places = np.array([near + [-1] * (width - len(near)) for near, _ in found])
    shares = np.array(list(counts.values())) ** 0.75
    size = len(found), settings["negative"]
    noise = np.random.default_rng(0).choice(len(shares), size, p=shares / shares.sum())
    return places, np.array([centre for _, centre in found]), noise


def held_out_loss(inputs: Any, outputs: Any, places: Any, centres: Any, noise: Any) -> float:
    """Return the mean loss of negative sampling; `inputs` and `outputs` are the tables."""
    import numpy as np

    padded = np.vstack([inputs, np.zeros_like(inputs[:1])]).astype(np.float64)  # the last is -1's
    predictors = padded[places].sum(axis=1) / (places >= 0).sum(axis=1, keepdims=True)
    loss = np.logaddexp(0, -np.vecdot(outputs[centres], predictors))
    for column in noise.T:
        loss += np.logaddexp(0, np.vecdot(outputs[column], predictors))
    return float(loss.mean())


def nearest(vectors: Any) -> list[list[int]]:
    """Return the ten nearest of each of the first words, which are the most frequent."""
    import numpy as np

    vectors = vectors.astype(np.float64)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    likeness = unit[:FREQUENT] @ unit.T
    np.fill_diagonal(likeness, -np.inf)
    found: list[list[int]] = np.argsort(-likeness, axis=1)[:, :NEAREST].tolist()
    return found


def overlap(one: list[list[int]], other: list[list[int]]) -> float:
    """Return the share of neighbours that two trainings agree on."""
    return mean(len({*a} & {*b}) / len(a) for a, b in zip(one, other, strict=True))


def run(names: list[str], seeds: int, cache: Path | None, jobs: int) -> bool:
    """Train all, print a table, and return whether ours is nowhere below."""
    cases = {
        (name, i, library): [
            Training(library, name, tuple({**DEFAULTS, **corner, **FIXED, "seed": seed}.items()))
            for seed in range(1, seeds + 1)
        ]
        for name in [*names, "analogies"]
        for i, corner in enumerate(CORNERS)
        for library in LIBRARIES
    }
    found = measured(quality, [t for many in cases.values() for t in many], cache, jobs)
    print(f"{'':46}{'gensim':>20}{'pullback':>20}   ({seeds} seeds: mean ± spread)")
    good = True
    for name, i in dict.fromkeys(key[:2] for key in cases):
        label = " ".join(f"{key}={value}" for key, value in (DEFAULTS | CORNERS[i]).items())
        print(f"{name}, {label}")
        theirs, ours = ([found[t] for t in cases[name, i, library]] for library in LIBRARIES)
        if errors := [result["error"] for result in ours if "error" in result]:
            print(f"  !! {len(errors)} of {seeds} failed: {errors[0]:.70}")
            good = False
            continue
        for quantity, of_theirs, of_ours, sign in _compared(theirs, ours):
            lag = sign * (mean(of_theirs) - mean(of_ours))
            within = lag <= stdev(of_theirs)
            verdict = "good" if within else "!! worse by more than gensim's spread"
            print(f"  {quantity:44}{_spread(of_theirs):>20}{_spread(of_ours):>20}   {verdict}")
            good &= within
    return good


def _compared(theirs: list[Any], ours: list[Any]) -> Any:
    """Yield each quantity with gensim's values, ours, and 1 if more is better, else -1."""
    for quantity, sign in (("held-out loss", -1), ("analogies", 1)):
        if quantity in theirs[0]:
            yield quantity, *([r[quantity] for r in results] for results in (theirs, ours)), sign
    if "neighbours" in theirs[0]:
        lists, own = ([r["neighbours"] for r in results] for results in (theirs, ours))
        among = [overlap(a, b) for a, b in combinations(lists, 2)]
        across = [overlap(a, b) for a, b in product(lists, own)]
        yield "overlap of neighbours with gensim's", among, across, 1


def _spread(values: list[float]) -> str:
    return f"{mean(values):.5g} ± {stdev(values):.2g}"
