"""gensim's names that are missing here, and their replacements."""

from __future__ import annotations

from collections.abc import Mapping

_COMPUTE_LOSS = "the loss is always measured: history.loss has the mean of each epoch"

#: Parameters, by function.
PARAMETERS: dict[str, dict[str, str]] = {
    "Word2Vec": {
        "size": "call it vector_size",
        "iter": "call it epochs",
        "corpus_iterable": "call it sentences",
        "hashfxn": "the vectors depend on seed only",
        "null_word": "there is no word that pads short contexts",
        "batch_words": "chunks always have about 10,000 words",
        "compute_loss": _COMPUTE_LOSS,
        "comment": "keep notes in a variable of your own",
    },
    "build_vocab": {
        "sentences": "call it corpus_iterable, or give it first",
        "progress_per": "counting the words shows no progress",
        "keep_raw_vocab": "counts of words that are left out are not kept",
    },
    "build_vocab_from_freq": {
        "keep_raw_vocab": "counts of words that are left out are not kept",
        "corpus_count": "training does not need it",
    },
    "train": {
        "sentences": "call it corpus_iterable, or give it first",
        "iter": "call it epochs",
        "word_count": "checkpoint= and resume=True go on with training that was interrupted",
        "queue_factor": "there is no queue of jobs",
        "report_delay": "progress=True shows the progress all the time",
        "compute_loss": _COMPUTE_LOSS,
    },
}

#: Attributes, by class.
ATTRIBUTES: dict[str, dict[str, str]] = {
    "Word2Vec": {
        "scan_vocab": "model.build_vocab(corpus)",
        "prepare_vocab": "model.build_vocab(corpus)",
        "raw_vocab": "model.vocabulary.words and model.vocabulary.counts",
        "init_weights": "model.build_vocab(corpus), or model.reset_from(other)",
        "reset_weights": "model.build_vocab(corpus), or model.reset_from(other)",
        "init_sims": "model.wv.get_vector(word, norm=True)",
        "make_cum_table": "model.vocabulary.noise(ns_exponent)",
        "cum_table": "model.vocabulary.noise(ns_exponent)",
        "create_binary_tree": "model.vocabulary.huffman()",
        "prepare_weights": "model.build_vocab(corpus)",
        "update_weights": "model.build_vocab(corpus, update=True)",
        "estimate_memory": "model.save(path), and the size of its file",
        "get_latest_training_loss": "model.history.loss[-1]",
        "running_training_loss": "model.history.loss[-1]",
        "layer1_size": "model.vector_size",
        "random": "model.generator",
        "syn0": "model.wv.vectors",
        "iter": "model.epochs",
        "vocab": "model.wv.key_to_index",
        "index2word": "model.wv.index_to_key",
        "load": "Word2Vec.load(path), which returns a model",
        "load_word2vec_format": "KeyedVectors.load_word2vec_format(path)",
    },
    "KeyedVectors": {
        "allocate_vecattrs": "set wv.counts, an array with a number for each word",
        "cosine_similarities": "write 1 - wv.distances(vector)",
        "expandos": "the counts are in wv.counts",
        "fill_norms": "leave it out: norms are computed when needed, and never out of date",
        "index2entity": "write index_to_key",
        "index2word": "write index_to_key",
        "init_sims": "leave it out; for replace=True, write wv.vectors[...] = "
        "wv.get_normed_vectors()",
        "intersect_word2vec_format": "write wv.vectors[wv.get_index(word)] = other[word] for "
        "each word that is in both",
        "norms": "write np.linalg.norm(wv.vectors, axis=1)",
        "resize_vectors": "write wv.add_vectors(words, vectors)",
        "set_vecattr": "set wv.counts, an array with a number for each word",
        "sort_by_descending_frequency": "write wv.vectors_for_all(words), with the words in "
        "that order",
        "syn0": "write vectors",
        "unit_normalize_all": "write wv.vectors[...] = wv.get_normed_vectors()",
        "vectors_lockf": "all words learn; write wv.vectors[rows] = kept after each training for "
        "rows that must not change",
        "vectors_norm": "write get_normed_vectors()",
        "vocab": "write key_to_index, index_to_key, or get_vecattr(word, 'count')",
        "wmdistance": "it needs optimal transport; with the package POT: ot.emd2(shares, "
        "other_shares, ot.dist(wv[words], wv[other_words]))",
        "word_vec": "write get_vector",
        "words_closer_than": "write closer_than",
    },
}


def refuse_others(function: str, others: Mapping[str, object]) -> None:
    """Raise `TypeError` for any other argument; for one of gensim's, name the replacement."""
    for name in others:
        instead = PARAMETERS[function].get(name)
        if instead is None:
            raise TypeError(f"{function}: got an unexpected argument {name!r}")
        raise TypeError(f"{function}: {name} is not here; {instead}")
