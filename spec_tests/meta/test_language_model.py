"""A language model of characters learns English from Python's own documentation, the same with every backend."""

import numpy as np
import pytest

from nnspec import reference
from nnspec.backends import load

K, N, H = 25, 16, 64


def english():
    from pydoc_data.topics import topics

    return topics["assignment"] + topics["class"] + topics["function"]


def learn(backend, cell, steps):
    """The losses of so many steps of Adam over a text in N streams, in chunks whose states go on; parameters, vocab."""
    text = english()
    vocab = reference.build_vocab(text, specials=())
    ids = reference.encode_tokens(text, vocab)
    ids = ids[: len(ids) // N * N].reshape(N, -1)  # each stream goes on where its last chunk ended
    params = reference.char_lm_init(len(vocab), 32, H, cell=cell, rng=np.random.default_rng(0))
    params = {key: array.astype(np.float32) for key, array in params.items()}
    losses, states, moments = [], None, dict.fromkeys(params)
    for start, stop in backend("tbptt_chunks", ids.shape[1] - 1, K)[:steps]:
        chunk = np.ascontiguousarray(ids[:, start : stop + 1])
        loss, grads, states = backend("char_lm_loss", params, chunk, states, cell=cell)
        losses.append(float(loss))
        for key in params:
            params[key], moments[key] = backend("adam", params[key], grads[key], moments[key], lr=1e-2)
    return losses, params, vocab


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_it_learns_the_same_with_every_backend(cell):
    (first, _, vocab), (second, *_) = (learn(load(name), cell, 40) for name in ("reference", "cpu"))
    assert abs(first[0] - np.log(len(vocab))) < 0.3  # nothing is known yet
    assert len(first) == 40 and np.mean(first[-5:]) < 0.75 * first[0]
    assert np.allclose(first, second, rtol=2e-3) and np.allclose(first[:5], second[:5], rtol=1e-5)


def test_what_it_writes_is_drawn_from_what_it_learned():
    """Greedy it repeats itself; at a temperature it writes letters of its text, and the same u write the same."""
    cpu = load("cpu")
    _, params, vocab = learn(cpu, "lstm", 40)

    def write(temperature, seed):
        rng, states, written = np.random.default_rng(seed), None, [vocab["t"]]
        for _ in range(60):
            last = np.array([written[-1:]])
            scores, states = cpu("char_lm_scores", params, last, states)
            u = rng.random(1).astype(np.float32) if temperature else None
            written.append(int(cpu("sample_step", scores[:, -1], u, temperature=temperature)[0]))
        return "".join(reference.decode_ids(written, vocab))

    assert write(0.0, 0) == write(0.0, 1) and write(1.0, 0) == write(1.0, 0) != write(1.0, 1)
    assert len(set(write(1.0, 0))) > 5
