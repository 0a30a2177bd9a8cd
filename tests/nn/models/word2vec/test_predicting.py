"""Predictions of word2vec, against gensim and against their definition."""

import numpy as np
import pytest

from nn.models.word2vec import UnknownWordError, Word2Vec

DRAWN = np.random.default_rng(0).choice(12, (40, 8), p=np.arange(12, 0, -1) / 78)
TEXT = [[f"w{i}" for i in sentence] for sentence in DRAWN]
KINDS = [
    pytest.param({"sg": sg, "cbow_mean": mean}, id=f"sg{sg}-mean{mean}")
    for sg, mean in ((1, 1), (0, 1), (0, 0))
]


def pair(**options):
    """Our model and gensim's, with the same words, vectors and tree."""
    gensim = pytest.importorskip("gensim.models")
    options = {"vector_size": 5, "min_count": 1, "window": 2, **options}
    ours, theirs = Word2Vec(**options), gensim.Word2Vec(**options)
    ours.build_vocab(TEXT)
    rng = np.random.default_rng(1)
    for table in ours.tables("test").values():
        table[...] = rng.normal(size=table.shape) / 2
    theirs.build_vocab_from_freq(
        dict(zip(ours.vocabulary.words, ours.vocabulary.counts.tolist(), strict=True))
    )
    which = [ours.vocabulary.index[word] for word in theirs.wv.index_to_key]
    theirs.wv.vectors[:] = ours.wv.vectors[which]
    if ours.negative:
        theirs.syn1neg[:] = ours.syn1neg[which]
    else:
        theirs.syn1[:] = ours.syn1
        depths, points, codes = ours.vocabulary.huffman()
        ends = np.cumsum(depths)
        for word in theirs.wv.index_to_key:
            i = ours.vocabulary.index[word]
            way = slice(ends[i] - depths[i], ends[i])
            theirs.wv.set_vecattr(word, "point", points[way].astype(np.uint32))
            theirs.wv.set_vecattr(word, "code", codes[way].astype(np.uint8))
    return ours, theirs


# -- words --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("context", [["w3"], ["w0", "w7", "unknown"], ["w1", 1, "w2"]])
def test_predicted_words_are_gensims(kind, context):
    ours, theirs = pair(**kind)
    expected = theirs.predict_output_word(context, topn=12)
    found = ours.predict_output_word(context, topn=12)
    assert [word for word, _ in found] == [word for word, _ in expected]
    assert [p for _, p in found] == pytest.approx([p for _, p in expected], rel=1e-5)
    assert {type(p) for _, p in found} == {float}
    assert ours.predict_output_word(iter(context), topn=3) == found[:3]


def test_probabilities_of_large_scores_are_finite():
    ours, _ = pair()
    ours.syn1neg *= 1e4
    with np.errstate(all="raise", under="ignore"):
        found = ours.predict_output_word(["w0"], topn=1)
    assert found[0][1] <= 1


@pytest.mark.parametrize(
    ("context", "error", "words"),
    [
        (["x", "y"], UnknownWordError, r"no word of \['x', 'y'\] has a vector"),
        ([], UnknownWordError, r"no word of \[\] has a vector"),
        ("w0 w1", TypeError, "context_words_list is the plain text 'w0 w1'"),
    ],
)
def test_contexts_that_are_none_are_refused(context, error, words):
    model = Word2Vec(TEXT, vector_size=2, epochs=1, sample=0)
    with pytest.raises(error, match=f"predict_output_word: {words}"):
        model.predict_output_word(context)
    with pytest.raises(ValueError, match=r"predict_output_word: topn \(=0\) must be at least 1"):
        model.predict_output_word(["w0"], topn=0)


def test_models_that_cannot_predict_are_refused():
    with pytest.raises(ValueError, match=r"predict_output_word: .* call build_vocab\(sentences\)"):
        Word2Vec().predict_output_word(["a"])
    with pytest.raises(ValueError, match="with negative words, and this one has negative=0; train"):
        Word2Vec(hs=1, negative=0).predict_output_word(["a"])
    with pytest.raises(ValueError, match="score: needs a model with hs=1, and this one has hs=0"):
        Word2Vec().score(TEXT)


# -- sentences ----------------------------------------------------------------------------------


def defined_score(model, sentence):
    """The score, word for word as it is defined."""
    depths, points, codes = model.vocabulary.huffman()
    total = 0.0
    words = [model.vocabulary.index[word] for word in sentence if word in model.wv]
    for at, word in enumerate(words):
        first = max(at - model.window, 0)
        around = [w for i, w in enumerate(words[first : at + model.window + 1], first) if i != at]
        vectors = model.wv.vectors[around].astype(float)
        if not model.sg:
            vectors = vectors.sum(axis=0, keepdims=True)[: len(around)]
            vectors /= len(around) if model.cbow_mean and around else 1
        begin = depths[:word].sum()
        for vector in vectors:
            for place in range(begin, begin + depths[word]):
                score = vector @ model.syn1[points[place]]
                total += np.log(1 / (1 + np.exp(score if codes[place] else -score)))
    return total


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_those_of_the_definition_and_gensims(kind):
    ours, theirs = pair(hs=1, negative=0, **kind)
    sentences = [*TEXT[:9], ["w0", "unknown", "w1"], ["w0", "w1", "w2"]]
    found = ours.score(sentences)
    assert found == pytest.approx([defined_score(ours, s) for s in sentences], rel=1e-5)
    # gensim reads its logarithms from a table, at places that are a little off.
    assert found == pytest.approx(theirs.score(sentences, len(sentences)), rel=0.03)


def test_scores_of_sentences_without_pairs_are_zero():
    ours, _ = pair(hs=1, negative=0)
    assert ours.score([[], ["w0"], ["x", "w0"]]).tolist() == [0, 0, 0]
    assert ours.score(iter(TEXT), total_sentences=2).shape == (2,)
    with pytest.raises(TypeError, match="score: sentences is the plain text"):
        ours.score("w0 w1")
    with pytest.raises(TypeError, match="a sentence is the plain text 'w0 w1'"):
        ours.score(["w0 w1"])
    with pytest.raises(ValueError, match=r"score: total_sentences \(=0\) must be at least 1"):
        ours.score(TEXT, 0)
