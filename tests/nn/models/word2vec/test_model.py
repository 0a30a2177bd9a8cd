"""word2vec's model: the corpus and the vocabulary it is given."""

import copy

import numpy as np
import pytest

from nn.models.word2vec import Word2Vec

from .test_training import MODELS, topics

# -- the corpus ---------------------------------------------------------------------------------


class Corpus:
    """Gives another list of sentences each time; the last one again and again."""

    def __init__(self, *texts):
        self.texts = list(texts)

    def __iter__(self):
        text = self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]
        return iter(text)


ABC = [["a", "b", "c"] * 5]


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ([], ValueError, "the corpus is empty: it has no words"),
        ([["rare", "words"]], ValueError, r"min_count \(=5\) leaves no words"),
        (["the cat sat"], TypeError, "sentence 0 is the plain text 'the cat sat', not a list"),
        ("corpus.txt", TypeError, r"is the plain text 'corpus.txt'.*LineSentences"),
        (b"corpus", TypeError, "sentences is the plain text b'corpus'"),
        ([["a", 7]], TypeError, r"has the word 7 \(int\)"),
        (7, TypeError, r"sentences \(=7\) must be a list of lists of words"),
        ([["a"]] * 9, ValueError, "no sentence has two words of the vocabulary"),
        (list("abab") * 5, TypeError, "sentence 0 is the plain text 'a'"),
        (Corpus(ABC, []), ValueError, "no sentence has two words of the vocabulary"),
        (Corpus(ABC, ["abc"]), TypeError, "sentence 0 is the plain text 'abc'"),
    ],
)  # fmt: skip
def test_corpus_that_cannot_be_learned_from_is_refused(text, error, words):
    with pytest.raises(error, match=words):
        Word2Vec(text, vector_size=4, epochs=2)


def test_train_needs_words():
    model = Word2Vec(vector_size=4)
    with pytest.raises(ValueError, match=r"train: .* call build_vocab\(sentences\) first"):
        model.train(ABC)
    model.build_vocab(ABC)
    with pytest.raises(TypeError, match="train: corpus_iterable is the plain text"):
        model.train("a b c")
    with pytest.raises(ValueError, match=r"train: epochs \(=0\) must be at least 1"):
        model.train(ABC, epochs=0)


def state(model):
    """All that training changes."""
    tables = {name: table.tobytes() for name, table in model.tables("state").items()}
    return tables, model.generator.bit_generator.state, model.history


def test_text_without_known_words_is_refused_before_anything_changes():
    model = Word2Vec(ABC, vector_size=4, sample=0)
    before = copy.deepcopy(state(model))
    for text in ([], [["x", "y"]], [["a", "x"], ["b"]]):
        with pytest.raises(ValueError, match="no sentence has two words of the vocabulary"):
            model.train(text)
        assert state(model) == before
    with pytest.raises(ValueError, match="An iterator that was used before has nothing"):
        model.train(iter([]))
    assert state(model) == before


def test_other_text_is_trained_on_without_its_unknown_words():
    one, other = (Word2Vec(vector_size=4, sample=0) for _ in range(2))
    for model in (one, other):
        model.build_vocab(topics(60))
    one.train([["a1", "x", "a2", "y"], ["z"], ["b1", "b2"]] * 9)
    other.train([["a1", "a2"], ["b1", "b2"]] * 9)
    assert state(one)[0] == state(other)[0]


def test_sentences_may_be_any_iterables_of_words():
    text = topics(60)
    given = Corpus(*([map(str, s) for s in text] for _ in range(2)))
    found = Word2Vec(given, vector_size=4, epochs=3).wv.vectors
    np.testing.assert_array_equal(found, Word2Vec(text, vector_size=4, epochs=3).wv.vectors)


def test_an_iterator_is_gone_through_once():
    with pytest.raises(TypeError, match=r"Word2Vec: .* which an iterator \(generator\) does not"):
        Word2Vec(sentence for sentence in topics(3))
    model = Word2Vec(vector_size=4)
    model.build_vocab(iter(topics(60)))
    model.train(iter(topics(60)), epochs=2)
    expected = Word2Vec(topics(60), vector_size=4, epochs=2)
    np.testing.assert_array_equal(model.wv.vectors, expected.wv.vectors)


def test_a_file_is_a_corpus(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(map(" ".join, topics(60))))
    expected = Word2Vec(topics(60), vector_size=4)
    model = Word2Vec(corpus_file=path, vector_size=4)
    np.testing.assert_array_equal(model.wv.vectors, expected.wv.vectors)
    model = Word2Vec(vector_size=4)
    model.build_vocab(corpus_file=path)
    model.train(corpus_file=path)
    np.testing.assert_array_equal(model.wv.vectors, expected.wv.vectors)


def test_totals_of_gensims_are_taken():
    text = topics(60)
    model = Word2Vec(vector_size=4)
    model.build_vocab(text)
    assert (model.corpus_count, model.corpus_total_words) == (60, 600)
    model.train(text, total_examples=model.corpus_count, total_words=600, epochs=model.epochs)
    expected = Word2Vec(text, vector_size=4)
    np.testing.assert_array_equal(model.wv.vectors, expected.wv.vectors)


# -- the vocabulary -----------------------------------------------------------------------------

MORE = [["e1", "e2", "a1", "rare"]] * 3 + [["e2"]]


@pytest.mark.parametrize("options", MODELS)
def test_update_adds_words_and_keeps_vectors(options):
    model = Word2Vec(topics(60), vector_size=4, min_count=2, sample=0, **options)
    words, counts = model.vocabulary.words, model.vocabulary.counts
    before = {name: table.copy() for name, table in model.tables("test").items()}
    model.build_vocab(MORE, update=True, trim_rule=lambda word, *_: int(word == "rare"))
    assert model.wv.index_to_key == model.vocabulary.words == [*words, "e2", "e1"]
    expected = [*counts + 3 * (np.array(words) == "a1"), 4, 3]
    assert model.vocabulary.counts.tolist() == expected == model.wv.counts.tolist()
    assert (model.corpus_count, model.corpus_total_words) == (4, 13)
    after = model.tables("test")
    np.testing.assert_array_equal(after["vectors"][:-2], before["vectors"])
    new = after["vectors"][-2:].copy()
    assert 0 < np.abs(new).max() <= 1 / 4
    assert np.unique(new).size == new.size
    if "syn1neg" in after:
        np.testing.assert_array_equal(after["syn1neg"][:-2], before["syn1neg"])
        assert not after["syn1neg"][-2:].any()
    if "syn1" in after:  # the tree is another one
        assert not after["syn1"].any()
    model.train(MORE, epochs=2)
    assert np.any(model.wv.vectors[-2:] != new)


def test_update_counts_as_gensim_does():
    gensim = pytest.importorskip("gensim.models")
    ours, theirs = (kind(vector_size=2, min_count=1) for kind in (Word2Vec, gensim.Word2Vec))
    for text, update in ((topics(60), False), (MORE, True), (topics(9, seed=1), True)):
        ours.build_vocab(text, update=update)
        theirs.build_vocab(text, update=update)
        assert len(ours.wv) == len(theirs.wv)
        for word in theirs.wv.index_to_key:
            assert ours.wv.get_vecattr(word, "count") == theirs.wv.get_vecattr(word, "count")
        assert ours.corpus_count == theirs.corpus_count
        assert ours.corpus_total_words == theirs.corpus_total_words


def test_update_of_a_model_without_words_starts_it():
    one, other = (Word2Vec(vector_size=4) for _ in range(2))
    one.build_vocab(topics(60), update=True)
    other.build_vocab(topics(60))
    assert state(one)[:2] == state(other)[:2]


def test_words_may_be_counted_already():
    one, other = (Word2Vec(vector_size=4, min_count=2) for _ in range(2))
    one.build_vocab([["a", "b", "a", "c", "b", "a"]])
    other.build_vocab_from_freq({"c": 1, "b": 2, "a": np.int64(3)})
    assert one.wv.index_to_key == other.wv.index_to_key == ["a", "b"]
    np.testing.assert_array_equal(one.wv.vectors, other.wv.vectors)
    assert other.corpus_total_words == 6
    other.build_vocab_from_freq({"b": 1, "d": 2}, update=True)
    assert other.vocabulary.counts.tolist() == [3, 3, 2]
    with pytest.raises(TypeError, match=r"word_freq \(=\['a'\]\) must be a dict from words to"):
        other.build_vocab_from_freq(["a"])


def test_parameters_of_the_vocabulary_reach_it():
    text = [["b", "a", "a", "c"], ["c", "c", "d"]]
    model = Word2Vec(min_count=1, sorted_vocab=0, max_vocab_size=3)
    model.build_vocab(text)
    assert model.wv.index_to_key == ["b", "a", "c", "d"]
    model.build_vocab([*text, ["e"]])  # at the second time, what has a count of 1 is forgotten
    assert model.wv.index_to_key == ["a", "c"]
    assert model.corpus_total_words == 8
    model = Word2Vec(
        text, min_count=2, trim_rule=lambda word, *_: 2 * (word == "d"), vector_size=2, sample=0
    )
    assert model.wv.index_to_key == ["c", "a", "d"]


def test_words_of_another_model_are_taken():
    one, other = Word2Vec(topics(60), vector_size=4), Word2Vec(ABC, vector_size=4, sample=0)
    other.reset_from(one)
    assert other.wv.index_to_key == one.wv.index_to_key
    assert (other.corpus_count, other.corpus_total_words) == (60, 600)
    assert not other.syn1neg.any()
    other.train(topics(60))
