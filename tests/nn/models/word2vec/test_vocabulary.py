import heapq
from itertools import pairwise

import numpy as np
import pytest

from nn.models import Vocabulary
from nn.models.word2vec.vocabulary import RULE_DEFAULT, RULE_DISCARD, RULE_KEEP, count_words

CORPUS = [["a", "rose", "is", "a", "rose", "is", "a", "rose"], ["a", "b"], [], ["c"]]


def _zipf(count, seed=0):
    """A vocabulary, with counts that fall as those of words do."""
    counts = np.random.default_rng(seed).integers(1, 40, count)
    counts += 20_000 // np.arange(1, count + 1)
    return Vocabulary([f"w{i}" for i in range(count)], np.sort(counts)[::-1])


def _gensim(vocabulary, **options):
    """gensim's model of the same words and counts."""
    gensim = pytest.importorskip("gensim.models")
    model = gensim.Word2Vec(vector_size=1, min_count=1, **options)
    counts = dict(zip(vocabulary.words, vocabulary.counts.tolist(), strict=True))
    model.build_vocab_from_freq(counts)
    return model


# -- counting -----------------------------------------------------------------------------------


def test_words_come_by_count_and_then_by_first_appearance():
    vocabulary = Vocabulary.build(CORPUS, min_count=1)
    assert vocabulary.words == ["a", "rose", "is", "b", "c"]
    assert vocabulary.counts.tolist() == [4, 3, 2, 1, 1]
    assert vocabulary.counts.dtype == np.int64
    assert vocabulary.index == {"a": 0, "rose": 1, "is": 2, "b": 3, "c": 4}
    assert vocabulary.total == 11
    assert len(vocabulary) == 5
    assert repr(vocabulary) == "Vocabulary(5 words, 11 in the corpus)"


@pytest.mark.parametrize(("least", "words"), [(0, 5), (2, 3), (3, 2), (4, 1)])
def test_rare_words_are_left_out(least, words):
    vocabulary = Vocabulary.build(CORPUS, min_count=least)
    assert vocabulary.words == ["a", "rose", "is", "b", "c"][:words]
    assert vocabulary.total == sum([4, 3, 2, 1, 1][:words])


@pytest.mark.parametrize(("most", "words"), [(1, 1), (3, 3), (4, 3), (5, 5), (9, 5)])
def test_the_most_frequent_words_are_kept_and_equal_counts_go_together(most, words):
    vocabulary = Vocabulary.build(CORPUS, 1, most)
    assert vocabulary.words == ["a", "rose", "is", "b", "c"][:words]
    kept = _gensim(Vocabulary.build(CORPUS, 1), max_final_vocab=most).wv
    assert dict(zip(vocabulary.words, vocabulary.counts, strict=True)) == {
        word: kept.get_vecattr(word, "count") for word in kept.index_to_key
    }


def test_any_iterable_of_sentences_is_counted_in_one_pass():
    once = Vocabulary.build((iter(s) for s in CORPUS), min_count=1)
    assert once.words == Vocabulary.build(CORPUS, min_count=1).words
    mapping = Vocabulary.build([{"a": 7, "b": 1}, {"a": 7}], min_count=1)
    assert mapping.counts.tolist() == [2, 1]


@pytest.mark.parametrize(
    ("sentences", "options", "error", "words"),
    [
        ([], {}, ValueError, "the corpus is empty"),
        ([[], []], {}, ValueError, "the corpus is empty"),
        (CORPUS, {}, ValueError, r"min_count \(=5\) leaves no words: .* 'a', has a count of 4"),
        ([["a", "b"]], {"min_count": 1, "max_final_vocab": 1}, ValueError,
         "max_final_vocab leaves no words: more words than it allows have the largest count, 1"),
        (CORPUS, {"max_final_vocab": 0}, ValueError, r"max_final_vocab \(=0\) must be at least 1"),
        (["a rose is", "a rose"], {}, TypeError, r"sentence 0 is the plain text 'a rose is'.*spl"),
        ([["a"], b"a rose"], {}, TypeError, "sentence 1 is the plain text b'a rose'"),
        ("corpus.txt", {}, TypeError, r"sentences is the plain text 'corpus.txt'.*LineSentences"),
        ([["a"], [b"rose"]], {}, TypeError, r"has the word b'rose' \(bytes\); words must be str"),
        ([["a", 3]], {}, TypeError, r"has the word 3 \(int\)"),
        ([["a", ["b"]]], {}, TypeError, r"sentence 0 \(=\['a', \['b'\]\]\) is not a list of words"),
        ([["a"], 7], {}, TypeError, r"sentence 1 \(=7\) is not a list of words"),
    ],
)  # fmt: skip
def test_corpus_that_is_none_is_refused(sentences, options, error, words):
    with pytest.raises(error, match=words):
        Vocabulary.build(sentences, **options)


def test_words_may_stay_in_the_order_of_the_text():
    counts = {"b": 1, "a": 3, "c": 2}
    assert Vocabulary.from_counts(counts, 1).words == ["a", "c", "b"]
    assert Vocabulary.from_counts(counts, 1, sorted_vocab=0).words == ["b", "a", "c"]


def test_words_are_added_to_known_ones():
    known = Vocabulary.build(CORPUS, min_count=2)
    counts = {"c": 1, "d": 2, "is": 1, "e": 3}
    grown = Vocabulary.from_counts(counts, 2, known=known)
    assert grown.words == ["a", "rose", "is", "e", "d"]
    assert grown.counts.tolist() == [4, 3, 3, 3, 2]
    assert known.counts.tolist() == [4, 3, 2]
    assert Vocabulary.from_counts({"rose": 1}, 2, known=known).counts.tolist() == [4, 4, 2]
    with pytest.raises(ValueError, match="the corpus is empty"):
        Vocabulary.from_counts({}, 2, known=known)


@pytest.mark.parametrize("max_final_vocab", [None, 1, 3])
@pytest.mark.parametrize("max_vocab_size", [None, 2, 4, 10])
@pytest.mark.parametrize("rule", [None, "keeps", "discards"])
def test_words_that_are_left_are_gensims(max_final_vocab, max_vocab_size, rule):
    gensim = pytest.importorskip("gensim.models")
    answers = {"keeps": {"w3": RULE_KEEP}, "discards": {"w0": RULE_DISCARD, "w9": RULE_KEEP}}
    trim_rule = rule and (lambda word, *_: answers[rule].get(word, RULE_DEFAULT))
    rng = np.random.default_rng(5)
    text = [[f"w{int(i)}" for i in 20 * rng.random(6) ** 2] for _ in range(60)]
    theirs = gensim.Word2Vec(
        min_count=3, max_vocab_size=max_vocab_size, max_final_vocab=max_final_vocab
    )
    counted = count_words(text, max_vocab_size, trim_rule)
    theirs.scan_vocab(text, trim_rule=trim_rule)
    assert counted.counts == dict(theirs.raw_vocab)
    theirs.build_vocab(text, trim_rule=trim_rule)
    assert counted.sentences == theirs.corpus_count == 60
    assert counted.total == theirs.corpus_total_words == 360
    ours = Vocabulary.from_counts(counted.counts, 3, max_final_vocab, trim_rule=trim_rule)
    assert dict(zip(ours.words, ours.counts, strict=True)) == {
        word: theirs.wv.get_vecattr(word, "count") for word in theirs.wv.index_to_key
    }


@pytest.mark.parametrize("answer", [True, False, None, 3, "keep"])
def test_answers_of_a_rule_that_are_none_are_refused(answer):
    with pytest.raises(
        TypeError, match=f"trim_rule: returned {answer!r} for the word 'a'; it must return RULE_D"
    ):
        Vocabulary.from_counts({"a": 2}, trim_rule=lambda *_: answer)


@pytest.mark.parametrize(
    ("counts", "options", "error", "words"),
    [
        ({"a": 1.5}, {}, TypeError, r"the count of 'a' \(=1.5\) must be an integer"),
        ({"a": True}, {}, TypeError, r"the count of 'a' \(=True\) must be an integer"),
        ({"a": 0}, {}, ValueError, r"the count of 'a' \(=0\) must be at least 1"),
        ({3: 1}, {}, TypeError, r"has the word 3 \(int\); words must be str"),
        ({"a": 9}, {"trim_rule": lambda *_: RULE_DISCARD}, ValueError,
         "trim_rule leaves no words: it discards them all"),
    ],
)  # fmt: skip
def test_counts_of_words_that_are_none_are_refused(counts, options, error, words):
    with pytest.raises(error, match=words):
        Vocabulary.from_counts(counts, **options)


@pytest.mark.parametrize("counts", [[1], [2, 0], [[1, 2]]])
def test_counts_that_do_not_fit_are_refused(counts):
    with pytest.raises(ValueError, match="2 words need as many counts of at least 1"):
        Vocabulary(["a", "b"], counts)


# -- encoding -----------------------------------------------------------------------------------


def test_encode_drops_unknown_words():
    vocabulary = Vocabulary.build(CORPUS, min_count=2)
    numbers = vocabulary.encode(["is", "b", "a", "x", "a"])
    assert numbers.tolist() == [2, 0, 0]
    assert numbers.dtype == np.int32
    assert vocabulary.encode(iter(["rose"])).tolist() == [1]
    for nothing in ([], ["x", "y"]):
        assert vocabulary.encode(nothing).shape == (0,)


def test_encode_refuses_plain_text():
    with pytest.raises(TypeError, match="a sentence is the plain text 'a rose'"):
        Vocabulary.build(CORPUS, min_count=1).encode("a rose")


# -- what is drawn ------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", [0, 1e-5, 1e-3, 0.5, 1, 30])
def test_keep_probabilities_equal_gensims(sample):
    vocabulary = _zipf(60)
    ours = vocabulary.keep_probabilities(sample)
    theirs = _gensim(vocabulary, sample=sample).wv
    expected = [theirs.get_vecattr(word, "sample_int") / (2**32 - 1) for word in vocabulary.words]
    np.testing.assert_allclose(ours, expected, rtol=0, atol=2**-31)
    assert 0 < ours.min() <= ours.max() <= 1


def test_keep_probabilities_by_hand():
    vocabulary = Vocabulary(["a", "b"], [96, 4])
    expected = [(np.sqrt(96) + 1) / 96, (np.sqrt(4) + 1) / 4]
    np.testing.assert_allclose(vocabulary.keep_probabilities(0.01), expected, rtol=1e-14)


@pytest.mark.parametrize("sample", [-1e-3, float("nan"), float("inf")])
def test_sample_that_is_none_is_refused(sample):
    with pytest.raises(ValueError, match=r"sample \(=.*\) must be 0 or positive"):
        _zipf(3).keep_probabilities(sample)


@pytest.mark.parametrize("exponent", [0.75, 0, 1, -0.5])
def test_noise_equals_gensims(exponent):
    vocabulary = _zipf(60)
    noise = vocabulary.noise(exponent)
    assert noise.dtype == np.float64
    assert noise[-1] == 1
    weights = vocabulary.counts.astype(float) ** exponent
    np.testing.assert_allclose(np.diff(noise, prepend=0), weights / weights.sum(), rtol=1e-10)
    table = _gensim(vocabulary, ns_exponent=exponent).cum_table
    np.testing.assert_allclose(noise, table / (2**31 - 1), rtol=0, atol=2**-30)


@pytest.mark.parametrize("exponent", [400, -400])
def test_noise_of_extreme_exponents_is_finite(exponent):
    noise = _zipf(60).noise(exponent)
    assert np.isfinite(noise).all()
    assert noise[0 if exponent > 0 else -1] == 1


def test_exponent_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"ns_exponent \(=nan\) must be finite"):
        _zipf(3).noise(float("nan"))


def _chi_squared(observed, expected):
    """In standard deviations from its mean, for many degrees of freedom."""
    freedom = len(observed) - 1
    return (((observed - expected) ** 2 / expected).sum() - freedom) / np.sqrt(2 * freedom)


@pytest.mark.parametrize("exponent", [0.75, 0, 1])
def test_noise_words_drawn_have_their_distribution(exponent):
    vocabulary = _zipf(200)
    noise = vocabulary.noise(exponent)
    n = 400_000
    drawn = np.searchsorted(noise, np.random.default_rng(5).random(n), side="right")
    observed = np.bincount(drawn, minlength=200)
    weights = vocabulary.counts.astype(float) ** exponent
    assert abs(_chi_squared(observed, n * weights / weights.sum())) < 4
    # The test can tell: another exponent is far off.
    other = vocabulary.counts.astype(float) ** (exponent + 0.05)
    assert _chi_squared(observed, n * other / other.sum()) > 20


def test_words_kept_have_their_distribution():
    vocabulary = _zipf(200)
    keep = vocabulary.keep_probabilities(1e-3)
    text = np.repeat(np.arange(200), vocabulary.counts)
    kept = text[np.random.default_rng(6).random(len(text)) < keep[text]]
    observed = np.bincount(kept, minlength=200)
    share = 1 / (1e-3 * vocabulary.total / vocabulary.counts)
    expected = vocabulary.counts * np.minimum((np.sqrt(share) + 1) / share, 1)
    thinned = expected < vocabulary.counts
    assert 5 < thinned.sum() < 195
    np.testing.assert_array_equal(observed[~thinned], vocabulary.counts[~thinned])
    spread = expected * (1 - keep)
    deviations = ((observed - expected)[thinned] ** 2 / spread[thinned]).sum()
    assert abs(deviations - thinned.sum()) < 4 * np.sqrt(2 * thinned.sum())


# -- the Huffman tree ---------------------------------------------------------------------------


def _cost(counts):
    """The least total length of codes: the sum of all inner nodes."""
    heap = list(map(int, counts))
    heapq.heapify(heap)
    total = 0
    while len(heap) > 1:
        node = heapq.heappop(heap) + heapq.heappop(heap)
        total += node
        heapq.heappush(heap, node)
    return total


def _ways(vocabulary):
    """The points and the codes of each word."""
    depths, points, codes = vocabulary.huffman()
    assert len(depths) == len(vocabulary)
    assert (points.dtype, codes.dtype) == (np.int32, bool)
    ends = np.cumsum(depths)
    assert points.shape == codes.shape == (ends[-1],)
    return np.split(points, ends[:-1]), np.split(codes, ends[:-1])


@pytest.mark.parametrize("count", [2, 3, 7, 100, 1000])
def test_huffman_codes_are_those_of_least_cost(count):
    vocabulary = _zipf(count)
    lengths = vocabulary.huffman()[0]
    assert (lengths * vocabulary.counts).sum() == _cost(vocabulary.counts)
    theirs = _gensim(vocabulary, hs=1).wv
    cost = sum(len(theirs.get_vecattr(w, "code")) * theirs.get_vecattr(w, "count")
               for w in vocabulary.words)  # fmt: skip
    assert (lengths * vocabulary.counts).sum() == cost


@pytest.mark.parametrize("order", [1, -1])
def test_huffman_tree_equals_gensims_where_no_counts_tie(order):
    counts = np.random.default_rng(3).integers(1, 10**9, 50) // np.arange(1, 51) ** 2
    vocabulary = Vocabulary([f"w{i}" for i in range(50)], np.sort(counts)[::order])
    theirs = _gensim(vocabulary, hs=1).wv
    points, codes = _ways(vocabulary)
    for word, point, code in zip(vocabulary.words, points, codes, strict=True):
        assert point.tolist() == theirs.get_vecattr(word, "point").tolist()[: len(code)]
        assert code.tolist() == theirs.get_vecattr(word, "code").tolist()
    assert len(set(map(len, codes))) > 5


@pytest.mark.parametrize("count", [2, 7, 300])
def test_huffman_codes_are_prefix_free_and_their_probabilities_sum_to_one(count):
    points, codes = _ways(_zipf(count))
    texts = sorted("".join("01"[int(turn)] for turn in code) for code in codes)
    assert not any(b.startswith(a) for a, b in pairwise(texts))
    assert set(np.concatenate(points).tolist()) == set(range(count - 1))
    assert len({way[0] for way in points}) == 1  # the root
    right = np.random.default_rng(2).random(count - 1)  # of turning right, at each inner node
    probabilities = [
        np.where(code, right[way], 1 - right[way]).prod()
        for way, code in zip(points, codes, strict=True)
    ]
    assert sum(probabilities) == pytest.approx(1, abs=1e-12)


def test_huffman_tree_of_equal_counts_is_balanced():
    assert set(Vocabulary(list("abcdefgh"), [5] * 8).huffman()[0]) == {3}


def test_huffman_tree_by_hand():
    # Of the equal sums 2 and 2 the word goes before the node: c with (d e), b with a.
    points, codes = _ways(Vocabulary(list("abcde"), [3, 2, 2, 1, 1]))
    assert [p.tolist() for p in points] == [[3, 2], [3, 1], [3, 1], [3, 2, 0], [3, 2, 0]]
    assert [c.astype(int).tolist() for c in codes] == [[1, 1], [0, 0], [0, 1], [1, 0, 0], [1, 0, 1]]


def test_huffman_code_of_a_single_word_is_empty():
    (points,), (codes,) = _ways(Vocabulary(["a"], [5]))
    assert points.shape == codes.shape == (0,)
