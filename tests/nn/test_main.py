import importlib.util
import os
import shutil
import struct
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest

import nn
import nn.__main__ as command
from autograd import RenderError, Tensor
from nn import plots
from nn.models.word2vec.learner import Learner

ROOT = Path(__file__).parents[2]
FILES = ["curves.png", "mistakes.png", "model.npz", "step.svg"]


def _run(folder, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    return subprocess.run(
        [sys.executable, "-m", "nn", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def _accuracy(model):
    _, metrics = nn.evaluate(model, nn.CrossEntropyLoss(), nn.data.digits()[1])
    return metrics["accuracy"]


def _can_draw():
    return bool(shutil.which("dot") or importlib.util.find_spec("pygraphviz"))


def test_mlp_trains_and_writes_its_files(tmp_path):
    image = pytest.importorskip("matplotlib.image")
    if not _can_draw():
        pytest.skip("no Graphviz")
    done = _run(tmp_path, "mlp", "--epochs", "3", "--hidden", "16", "8", "--seed", "1")
    assert done.returncode == 0, done.stderr
    out = tmp_path / "pullback-mlp"
    assert sorted(p.name for p in out.iterdir()) == FILES
    assert all(str(Path("pullback-mlp", name)) in done.stdout for name in FILES)
    assert "accuracy on held-out images: " in done.stdout
    assert "Linear(64 -> 16)" in done.stdout
    picture = ElementTree.parse(out / "step.svg").getroot()
    assert picture.tag.endswith("svg")
    assert "layers.0.weight" in "".join(picture.itertext())
    for name in ("curves.png", "mistakes.png"):
        assert image.imread(out / name).std() > 0.01
    model = nn.MLP([64, 16, 8, 10])
    model.load_state_dict(nn.load(out / "model.npz"))
    accuracy = _accuracy(model)
    assert f"{accuracy:.1%}" in done.stdout


@pytest.mark.parametrize("seed", [0, 1])
def test_mlp_reads_97_percent_of_the_digits_it_has_not_seen(tmp_path, seed, capsys):
    assert command.main(["mlp", "--seed", str(seed), "--out", str(tmp_path / "out")]) == 0
    model = nn.MLP([64, 128, 10])
    model.load_state_dict(nn.load(tmp_path / "out" / "model.npz"))
    accuracy = _accuracy(model)
    assert accuracy >= 0.97
    capsys.readouterr()


def test_cnn_trains_and_writes_its_files(tmp_path):
    image = pytest.importorskip("matplotlib.image")
    if not _can_draw():
        pytest.skip("no Graphviz")
    small = ["--epochs", "3", "--channels", "4", "6", "--kernel-size", "5", "--hidden", "16", "8"]
    done = _run(tmp_path, "cnn", *small, "--dropout", "0.1", "--seed", "1")
    assert done.returncode == 0, done.stderr
    out = tmp_path / "pullback-cnn"
    more = ["features.png", "kernels.png", "training.npz"]
    assert sorted(p.name for p in out.iterdir()) == sorted(FILES + more)
    assert "features.3: Conv2d     (1, 6, 4, 4)" in done.stdout
    texts = "".join(ElementTree.parse(out / "step.svg").getroot().itertext())
    assert "features.0.weight" in texts
    assert "features.0 Conv2d" in texts
    for name in ("curves.png", "mistakes.png", "kernels.png", "features.png"):
        assert image.imread(out / name).std() > 0.01
    model = nn.CNN((1, 8, 8), channels=(4, 6), kernel_size=5, hidden=(16, 8), dropout=0.1)
    model.load_state_dict(nn.load(out / "model.npz"))
    images, labels = nn.data.digits()[1]
    right = np.mean(nn.predict(model, images.reshape(-1, 1, 8, 8)).argmax(1) == labels)
    assert f"{right:.1%}" in done.stdout


def test_cnn_reads_98_and_a_half_percent_of_the_digits_it_has_not_seen(tmp_path, capsys):
    assert command.main(["cnn", "--out", str(tmp_path / "out")]) == 0
    model = nn.CNN((1, 8, 8), channels=(32, 64), kernel_size=3, hidden=(128,), dropout=0.5)
    model.load_state_dict(nn.load(tmp_path / "out" / "model.npz"))
    images, labels = nn.data.digits()[1]
    right = np.mean(nn.predict(model, images.reshape(-1, 1, 8, 8)).argmax(1) == labels)
    assert right >= 0.985
    capsys.readouterr()


def _idx_folder(folder, count=60):
    """MNIST's test files, with squares that stand further right the larger the label."""
    folder.mkdir()
    labels = (np.arange(count) % 5).astype(np.uint8)
    images = np.zeros((count, 12, 10), np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[4:8, 2 * label : 2 * label + 2] = 255
    for name, array in (("images-idx3", images), ("labels-idx1", labels)):
        head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
        (folder / f"t10k-{name}-ubyte").write_bytes(head + array.tobytes())
    return folder


def _cnn(tmp_path, *arguments):
    folder = tmp_path / "data"
    if not folder.exists():
        _idx_folder(folder)
    options = ["--channels", "4", "--hidden", "8", "--batch-size", "8", "--shift", "1"]
    out = ["--data", str(folder), "--out", str(tmp_path / "out")]
    return command.main(["cnn", *options, *out, *arguments])


def test_cnn_reads_idx_files(tmp_path, capsys):
    assert _cnn(tmp_path, "--epochs", "2") == 0
    shown = capsys.readouterr().out
    assert "48 images to learn from, 12 held out" in shown
    assert "(1, 4, 12, 10)" in shown
    assert "(1, 5)" in shown  # classes


def test_cnn_that_is_resumed_ends_as_one_that_was_not(tmp_path, capsys, monkeypatch):
    assert _cnn(tmp_path, "--epochs", "3") == 0
    whole = nn.load(tmp_path / "out" / "model.npz")
    fit = nn.fit

    def interrupted(*args, **kwargs):
        def stop(run):
            if run.epoch == 2:
                raise KeyboardInterrupt

        return fit(*args, **kwargs, callbacks=[stop])

    monkeypatch.setattr(nn, "fit", interrupted)
    assert _cnn(tmp_path, "--epochs", "3") == 130
    assert "interrupted; go on with --resume" in capsys.readouterr().err
    monkeypatch.setattr(nn, "fit", fit)
    assert _cnn(tmp_path, "--epochs", "3", "--resume") == 0
    for name, array in nn.load(tmp_path / "out" / "model.npz").items():
        np.testing.assert_array_equal(array, whole[name])


def test_cnn_without_data_ends_in_one_line(tmp_path, capsys):
    assert command.main(["cnn", "--out", str(tmp_path / "out"), "--data", "nowhere"]) == 1
    shown = capsys.readouterr().err
    assert "nowhere" in shown
    assert shown.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_cnn_that_cannot_be_made_ends_in_one_line(tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        command.main(["cnn", "--out", str(tmp_path / "out"), "--channels", *"44444"])
    assert caught.value.code == 2
    shown = capsys.readouterr().err
    assert "cannot be halved 5 times" in shown
    assert shown.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def _need_word2vec():
    if importlib.util.find_spec("nn.models.word2vec") is None:
        pytest.skip("no Word2Vec yet")


def _word2vec(tmp_path, *arguments):
    _need_word2vec()
    return command.main(["word2vec", "--out", str(tmp_path / "out"), *arguments])


def test_word2vec_trains_and_writes_its_files(tmp_path):
    _need_word2vec()
    image = pytest.importorskip("matplotlib.image")
    done = _run(tmp_path, "word2vec", "--epochs", "20", "--seed", "1")
    assert done.returncode == 0, done.stderr
    out = tmp_path / "pullback-word2vec"
    files = ["map.png", "training.npz", "vectors.npz", "vectors.txt"]
    assert sorted(p.name for p in out.iterdir()) == files
    assert "words/s" in done.stdout
    assert "epoch 20/20" in done.stdout + done.stderr
    near = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert " right " in near["left"]
    assert " false " in near["true"]
    assert image.imread(out / "map.png").std() > 0.01
    wv = nn.models.KeyedVectors.load(out / "vectors.npz")
    assert wv.vectors.shape[1] == 100
    assert wv.index_to_key[0] == "the"
    assert f"{len(wv):,} words from a text of {wv.counts.sum():,}" in done.stdout
    same = nn.models.KeyedVectors.load_word2vec_format(out / "vectors.txt")
    assert same.index_to_key == wv.index_to_key
    np.testing.assert_array_equal(same.vectors, wv.vectors)


CORPUS = """The Cat sat on the mat.
"The dog", said the cat, "sat on the log."
  The dog -- no cat -- said: sat!
"""


@pytest.mark.parametrize(
    "arguments",
    [[], ["--cbow"], ["--hs"], ["--sg", "--negative", "2"], ["--hs", "--negative", "1"]],
)
def test_word2vec_reads_a_text(tmp_path, arguments, capsys):
    (tmp_path / "text").write_text(CORPUS * 30)
    options = ["--corpus", str(tmp_path / "text"), "--dim", "4", "--window", "2", "--epochs", "2"]
    assert _word2vec(tmp_path, *options, "--min-count", "60", *arguments) == 0
    wv = nn.models.KeyedVectors.load(tmp_path / "out" / "vectors.npz")
    assert dict(zip(wv.index_to_key, wv.counts.tolist(), strict=True)) == {
        "the": 180, "cat": 90, "sat": 90, "on": 60, "dog": 60, "said": 60
    }  # fmt: skip
    assert wv.vectors.shape == (6, 4)
    assert "6 words from a text of 540" in capsys.readouterr().out


TOPICS = [["猫", "ε", "กา", "말", "🐱", "dog"], ["茶", "β", "นม", "빵", "🍎", "tea"]]


def _text_of_topics(path, sentences=600):
    """Sentences that have English function words, and of one topic each."""
    generator = np.random.default_rng(0)
    lines = []
    for topic in generator.integers(2, size=sentences):
        words = [*generator.choice(TOPICS[topic], 6), *generator.choice(["the", "of", "i"], 3)]
        lines.append(" ".join(generator.permutation(words)))
    path.write_text("\n".join(lines), encoding="utf-8")
    return ["--corpus", str(path), "--dim", "8", "--epochs", "20", "--alpha", "0.1"]


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_word2vec_shows_neighbours_in_any_script(tmp_path, encoding, monkeypatch):
    _need_word2vec()
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    done = _run(tmp_path, "word2vec", *_text_of_topics(tmp_path / "text"))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()[1:9]
    topics = [
        [word.encode(encoding, "backslashreplace").decode(encoding) for word in topic]
        for topic in TOPICS
    ]
    for line in lines:
        word, *near = line.replace(",", "").split()
        (topic,) = (topic for topic in topics if word in topic)
        assert {word, *near[:10:2]} == set(topic)


def test_word2vec_says_when_vectors_do_not_tell_words_apart(tmp_path, capsys):
    told = "The vectors do not tell the words apart yet"
    options = _text_of_topics(tmp_path / "text")
    for changed, expected in (
        (["--epochs", "20"], False),
        (["--epochs", "3", "--alpha", "0.025"], True),  # they are all alike
        (["--alpha", "0.0005"], True),  # they are as they were
    ):
        assert _word2vec(tmp_path, *options, *changed) == 0
        shown = capsys.readouterr().out
        assert (told in shown) == expected
        assert ("tea 0.9" in shown) != expected  # a neighbour of a word of its topic
    (tmp_path / "text").write_text("sat " * 100)  # a vocabulary of one
    assert _word2vec(tmp_path, *options[:2]) == 0
    assert told in capsys.readouterr().out


def test_word2vec_strips_punctuation_of_any_script(tmp_path, capsys):
    text = "«Mot», ¿qué? 「猫」。 C++ don\u2019t __init__ कमल। 😀 क्या? \u05e6\u05d4\u05f4\u05dc\n"
    (tmp_path / "text").write_text(text * 5, encoding="utf-8")
    assert _word2vec(tmp_path, "--corpus", str(tmp_path / "text"), "--epochs", "1") == 0
    wv = nn.models.KeyedVectors.load(tmp_path / "out" / "vectors.npz")
    assert set(wv.index_to_key) == {
        "mot", "qué", "猫", "c", "don\u2019t", "__init__", "कमल", "😀", "क्या",
        "\u05e6\u05d4\u05f4\u05dc",
    }  # fmt: skip
    capsys.readouterr()


def test_word2vec_shows_long_words_cut_short(tmp_path, capsys):
    options = _text_of_topics(tmp_path / "text")
    text = (tmp_path / "text").read_text(encoding="utf-8").replace("dog", "dog" * 1000)
    (tmp_path / "text").write_text(text, encoding="utf-8")
    assert _word2vec(tmp_path, *options) == 0
    lines = capsys.readouterr().out.splitlines()[1:9]
    assert any("dogdog" in line for line in lines)
    assert max(map(len, lines)) < 150


def test_word2vec_options_reach_the_model(tmp_path, capsys):
    options = [*_text_of_topics(tmp_path / "text"), "--epochs", "1", "--alpha", "0.04"]
    options += ["--sample", "0.5", "--window", "3", "--cbow", "--workers", "2"]
    assert _word2vec(tmp_path, *options) == 0
    model = nn.Word2Vec.load(tmp_path / "out" / "training.npz")
    assert (model.alpha, model.sample, model.window, model.sg) == (0.04, 0.5, 3, 0)
    assert model.workers == 2
    capsys.readouterr()


def test_word2vec_with_the_same_seed_gives_the_same_vectors(tmp_path, capsys):
    (tmp_path / "text").write_text(CORPUS * 30)
    options = ["--corpus", str(tmp_path / "text"), "--dim", "4", "--epochs", "2"]
    found = []
    for seed in "112":
        assert _word2vec(tmp_path, *options, "--seed", seed) == 0
        found.append((tmp_path / "out" / "vectors.npz").read_bytes())
    assert found[0] == found[1] != found[2]
    capsys.readouterr()


def test_word2vec_that_is_resumed_ends_as_one_that_was_not(tmp_path, capsys, monkeypatch):
    (tmp_path / "text").write_text(CORPUS * 30)
    options = ["--corpus", str(tmp_path / "text"), "--dim", "4", "--epochs", "3"]
    assert _word2vec(tmp_path, *options) == 0
    whole = (tmp_path / "out" / "vectors.npz").read_bytes()
    learn, calls = Learner.learn, []

    def interrupted(*args):
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return learn(*args)

    monkeypatch.setattr(Learner, "learn", interrupted)
    assert _word2vec(tmp_path, *options) == 130
    assert "interrupted; go on with --resume" in capsys.readouterr().err
    assert _word2vec(tmp_path, *options, "--resume") == 0
    assert len(calls) == 4
    assert "words/s" not in capsys.readouterr().out.splitlines()[0]  # not all were read now
    assert (tmp_path / "out" / "vectors.npz").read_bytes() == whole
    assert _word2vec(tmp_path, *options, "--resume", "--window", "2") == 1
    assert "is of a run with window=5; this one has window=2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "arguments", "code", "words"),
    [
        (b"", [], 2, "text: Vocabulary: the corpus is empty"),
        (b"some words", [], 2, "'some', has a count of 1; a text needs a sentence a line with "),
        ("words ".encode("utf-16-le") * 9, [], 1, "text: has the byte 0x00, as UTF-16 has"),
        ("folder", [], 2, "argument --corpus: "),
        (b"some words", ["--min-count", "1", "--negative", "0"], 2, "negative=0"),
        (b"some \xff words", [], 1, "line 1 has the byte 0xff, which is not UTF-8"),
        (None, [], 1, "No such file"),
    ],
)
def test_word2vec_that_cannot_train_ends_in_one_line(
    tmp_path, capsys, text, arguments, code, words
):
    path = tmp_path / "text"
    if text == "folder":
        path.mkdir()
    elif text is not None:
        path.write_bytes(text)
    try:
        found = _word2vec(tmp_path, "--corpus", str(path), *arguments)
    except SystemExit as end:
        found = end.code
    assert found == code
    shown = capsys.readouterr().err
    assert words in shown
    assert shown.startswith("python -m nn word2vec: error: ")
    assert shown.count("\n") == 1
    assert [p.name for p in tmp_path.iterdir()] == ["text"][: text is not None]


def test_word2vec_of_sentences_of_one_word_names_the_file(tmp_path, capsys):
    (tmp_path / "text").write_text("lone\n" * 9)
    with pytest.raises(SystemExit):
        _word2vec(tmp_path, "--corpus", str(tmp_path / "text"))
    shown = capsys.readouterr().err.splitlines()[-1]  # the first line may be of the progress
    assert f"error: {tmp_path / 'text'}: train: no sentence has two words" in shown


@pytest.mark.parametrize("name", ["mlp", "cnn", "word2vec", None])
def test_help_is_shown(name, capsys):
    with pytest.raises(SystemExit) as caught:
        command.main([name, "--help"] if name else ["--help"])
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    words = ["--epochs", "--seed", "--out"]
    if name == "word2vec":
        words += ["--corpus", "--sg", "--cbow", "--hs", "--negative", "--dim", "--window"]
        words += ["--min-count", "--sample", "--alpha", "--workers"]
    elif name:
        words += ["--lr", "--batch-size", "--hidden"]
    for word in words if name else ["mlp", "cnn", "word2vec"]:
        assert word in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "the following arguments are required: command"),
        (["cnn9"], "invalid choice: 'cnn9'"),
        (["mlp", "--epochs", "0"], "argument --epochs: '0' is not a whole number of at least 1"),
        (["mlp", "--epochs", "2.5"], "argument --epochs: '2.5' is not a whole number"),
        (["mlp", "--lr", "-0.1"], "argument --lr: '-0.1' is not a positive number"),
        (["mlp", "--lr", "nan"], "argument --lr: 'nan' is not a positive number"),
        (["mlp", "--batch-size", "0"], "argument --batch-size: '0' is not a whole number"),
        (["mlp", "--hidden", "8", "0"], "argument --hidden: '0' is not a whole number"),
        (["mlp", "--seed", "-1"], "argument --seed: '-1' is not a whole number of at least 0"),
        (["cnn", "--dropout", "1.5"], "argument --dropout: '1.5' is not a number from 0 to 1"),
        (["cnn", "--shift", "-1"], "argument --shift: '-1' is not a whole number of at least 0"),
        (["word2vec", "--sg", "--cbow"], "argument --cbow: not allowed with argument --sg"),
        (["word2vec", "--negative", "-1"], "argument --negative: '-1' is not a whole number"),
        (["word2vec", "--workers", "0"], "argument --workers: '0' is not a whole number of at"),
        (["mlp", "--out", "taken"], "argument --out: cannot write into 'taken': "),
        (["mlp", "--out", "taken/below"], "argument --out: cannot write into "),
    ],
)
def test_bad_arguments_end_in_one_line_before_training(
    arguments, words, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("a file")
    monkeypatch.setattr(nn, "fit", lambda *_, **__: pytest.fail("it trained"))
    with pytest.raises(SystemExit) as caught:
        command.main(arguments)
    assert caught.value.code == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("python -m nn")
    assert shown.err.count("\n") == 1
    assert words in shown.err
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]


def test_bad_arguments_show_no_traceback(tmp_path):
    done = _run(tmp_path, "mlp", "--epochs", "0")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def _fast(tmp_path):
    return ["mlp", "--epochs", "1", "--hidden", "4", "--out", str(tmp_path / "a" / "out")]


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [(KeyboardInterrupt(), 130, "interrupted"), (MemoryError("too large"), 1, "error: too large")],
)
def test_training_that_stops_leaves_no_folder(tmp_path, monkeypatch, capsys, error, code, words):
    def stop(*_, **__):
        raise error

    monkeypatch.setattr(nn, "fit", stop)
    assert command.main(_fast(tmp_path)) == code
    assert words in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_training_that_diverges_says_so(tmp_path, capsys):
    assert command.main([*_fast(tmp_path), "--lr", "1e30"]) == 1
    assert "error: fit: the loss is nan in epoch 1, batch " in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_model_that_cannot_be_saved_is_an_error(tmp_path, monkeypatch, capsys):
    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    assert command.main(_fast(tmp_path)) == 1
    assert "model.npz: cannot be saved: No space left on device" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_pictures_that_cannot_be_drawn_are_named_with_the_remedy(tmp_path, monkeypatch, capsys):
    class Undrawable:
        def render(self, path):
            raise RenderError("no engine; pip install pygraphviz")

    monkeypatch.setattr(Tensor, "graph", lambda self: Undrawable())
    for name in ("matplotlib", "matplotlib.figure", "matplotlib.backends.backend_agg", "tqdm"):
        monkeypatch.setitem(sys.modules, name, None)
    assert command.main(_fast(tmp_path)) == 0
    shown = capsys.readouterr().out
    assert "step.svg was not written: no engine; pip install pygraphviz" in shown
    for name in ("curves.png", "mistakes.png"):
        assert f"{name} was not written, for want of matplotlib: pip install matplotlib" in shown
    assert [p.name for p in (tmp_path / "a" / "out").iterdir()] == ["model.npz"]


def test_graph_without_its_package_is_named_with_the_remedy(tmp_path, monkeypatch, capsys):
    def graph(_):
        raise ModuleNotFoundError("No module named 'graphviz'")

    monkeypatch.setattr(Tensor, "graph", graph)
    assert command.main(_fast(tmp_path)) == 0
    words = "step.svg was not written, for want of graphviz: pip install graphviz"
    assert words in capsys.readouterr().out


def test_picture_that_cannot_be_written_is_named(tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(plots, "learning_curves", fail)
    assert command.main(_fast(tmp_path)) == 0
    assert "curves.png was not written: No space left on device" in capsys.readouterr().out
