import numpy as np
import pytest

from nn.data import DataError
from nn.models import KeyedVectors

from .words import gensims, keyed_vectors

PAIRS = """# a heading
king\tqueen\t8.5
KING\tman\t6
woman apple 1.5
apple\tkingdom\t2

word1\tword2\t6
word3\tword4\t6
word5\tWord6\t0.25
"""


def test_word_pairs_equal_gensims(tmp_path):
    wv = keyed_vectors()
    path = tmp_path / "pairs.tsv"
    path.write_text(PAIRS)
    found = wv.evaluate_word_pairs(path)
    tabs = tmp_path / "tabs.tsv"
    tabs.write_text(PAIRS.replace(" apple ", "\tapple\t"))
    pearson, spearman, unknown = gensims(wv).evaluate_word_pairs(str(tabs))
    assert found.pearson == pytest.approx(pearson[0], abs=1e-6)
    assert found.spearman == pytest.approx(spearman[0], abs=1e-6)
    assert found.unknown == pytest.approx(unknown / 100) == pytest.approx(1 / 7)
    few = wv.evaluate_word_pairs(path, restrict_vocab=13)
    expected = gensims(wv).evaluate_word_pairs(str(tabs), restrict_vocab=13)
    assert few.pearson == pytest.approx(expected[0][0], abs=1e-6)
    assert few.unknown == pytest.approx(3 / 7)


def test_word_pairs_that_people_rate_all_the_same_have_no_correlation(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("king queen 1\nman woman 1\n")
    found = keyed_vectors().evaluate_word_pairs(path)
    assert np.isnan(found.pearson)
    assert np.isnan(found.spearman)


def _analogies(folder):
    """Words in rows, of which each is the first of its row plus the same steps; and questions."""
    draw = np.random.default_rng(4)
    rows, steps = draw.normal(size=(40, 1, 20)), draw.normal(size=(1, 4, 20))
    table = rows + steps + 0.7 * draw.normal(size=(40, 4, 20))
    words = [f"w{row}{form}" for row in range(40) for form in "abcd"]
    table = table.reshape(160, 20)
    near = table[1::4] + 0.1 * draw.normal(size=(40, 20))  # of the answers' words in upper case
    wv = KeyedVectors([*words, *(w.upper() for w in words[1::4])], np.concatenate([table, near]))
    text = ""
    for name, (one, other) in {"a to b": "ab", "c to d": "cd", "unknown": "xy"}.items():
        text += f": {name}\n"
        for _ in range(100):
            i, j = draw.choice(40, 2, replace=False)
            text += f"w{i}{one} W{i}{other.upper()} w{j}{one} w{j}{other}\n"
    path = folder / "questions.txt"
    path.write_text(text)
    return wv, path


@pytest.mark.parametrize("most", [300_000, 100])
def test_word_analogies_equal_gensims(tmp_path, most):
    wv, path = _analogies(tmp_path)
    score, sections = wv.evaluate_word_analogies(path, most)
    expected, theirs = gensims(wv).evaluate_word_analogies(str(path), restrict_vocab=most)
    assert score == expected
    assert 0.2 < score < 0.9
    upper = [
        {
            key: value if isinstance(value, str) else [tuple(w.upper() for w in q) for q in value]
            for key, value in section.items()
        }
        for section in sections
    ]
    assert upper == theirs
    assert [s["section"] for s in sections] == ["a to b", "c to d", "unknown", "Total accuracy"]


@pytest.mark.parametrize(
    ("method", "text", "words"),
    [
        ("pairs", "king queen 1\nWord 1 Word 2 Mean\n", "line 2 is not two words and a number"),
        (
            "pairs",
            "king queen x\n",
            r"line 1 is not two words and a number: 'king queen x' \(a heading",
        ),
        ("pairs", "king queen 1\nking zzz 2\n", "1 of its 2 pairs have known words"),
        ("pairs", "", "0 of its 0 pairs have known words"),
        (
            "analogies",
            "king queen man woman\n",
            r"line 1 comes before the first `: section`: 'king queen",
        ),
        (
            "analogies",
            ": s\nking queen man woman\n\nking queen man\n",
            "line 4 is not four words: 'king queen",
        ),
        ("analogies", ": s\nking queen man zzz\n", "0 of its 1 questions have only known words"),
    ],
)
def test_files_of_another_kind_are_refused(tmp_path, method, text, words):
    path = tmp_path / "file"
    path.write_text(text)
    with pytest.raises(DataError, match=words) as caught:
        getattr(keyed_vectors(), f"evaluate_word_{method}")(path)
    assert str(caught.value).startswith(f"{path}: ")


# -- gensim's arguments -------------------------------------------------------------------------


@pytest.mark.parametrize("case_insensitive", [True, False])
@pytest.mark.parametrize("dummy4unknown", [True, False])
def test_arguments_of_word_pairs_are_gensims(tmp_path, case_insensitive, dummy4unknown):
    wv = keyed_vectors()
    path = tmp_path / "pairs.csv"
    path.write_text("king,queen,8.5\nKING,man,6\nman,apple,1.5\napple,King,2\nzz,word1,6\n")
    arguments = {"case_insensitive": case_insensitive, "dummy4unknown": dummy4unknown}
    found = wv.evaluate_word_pairs(path, ",", **arguments)
    pearson, spearman, unknown = gensims(wv).evaluate_word_pairs(str(path), ",", **arguments)
    assert found.pearson == pytest.approx(pearson[0], abs=1e-6)
    assert found.spearman == pytest.approx(spearman[0], abs=1e-6)
    assert found.unknown == pytest.approx(unknown / 100) == (0.2 if case_insensitive else 0.4)


def test_word_pairs_of_other_files_are_read(tmp_path):
    wv = keyed_vectors(["New York", "Paris", "na\u00efve"])
    expected = wv.similarity("New York", "Paris")
    path = tmp_path / "pairs.tsv"
    path.write_bytes("New York\tParis\t8\nna\u00efve\tParis\t1\n".encode("latin-1"))
    found = wv.evaluate_word_pairs(path, delimiter="\t", encoding="latin-1")
    sign = np.sign(expected - wv.similarity("na\u00efve", "Paris"))
    assert found == (pytest.approx(sign), pytest.approx(sign), 0)
    with pytest.raises(DataError, match="line 2 has the byte 0xef, which is not UTF-8 there"):
        wv.evaluate_word_pairs(path, delimiter="\t")


def test_pairs_of_unknown_words_can_count(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("king\tqueen\t8\nzz\tking\t1\n")
    with pytest.raises(DataError, match="1 of its 2 pairs have known words"):
        keyed_vectors().evaluate_word_pairs(path)
    assert keyed_vectors().evaluate_word_pairs(path, dummy4unknown=True).unknown == 0.5


@pytest.mark.parametrize("case_insensitive", [True, False])
@pytest.mark.parametrize("dummy4unknown", [True, False])
def test_arguments_of_word_analogies_are_gensims(tmp_path, case_insensitive, dummy4unknown):
    wv, path = _analogies(tmp_path)
    path.write_text(path.read_text().replace("w1a", "W1A"))
    arguments = 190, case_insensitive, dummy4unknown
    score, sections = wv.evaluate_word_analogies(path, *arguments)
    expected, theirs = gensims(wv).evaluate_word_analogies(str(path), *arguments)
    assert score == expected
    for ours, other in zip(sections, theirs, strict=True):
        assert ours["section"] == other["section"]
        for kind in ("correct", "incorrect"):
            questions = ours[kind]
            if case_insensitive:
                questions = [tuple(word.upper() for word in words) for words in questions]
            assert questions == other[kind]


def test_questions_of_unknown_words_can_count(tmp_path):
    path = tmp_path / "questions.txt"
    path.write_text(": s\nking queen man zzz\n")
    score, sections = keyed_vectors().evaluate_word_analogies(path, dummy4unknown=True)
    assert score == 0
    assert sections[0]["incorrect"] == [("king", "queen", "man", "zzz")]
    path.write_text(": s\n")
    with pytest.raises(DataError, match="0 of its 0 questions have only known words"):
        keyed_vectors().evaluate_word_analogies(path, dummy4unknown=True)
