"""Recurrent layers and language models against PyTorch's own modules with the same parameters: values and gradients."""

import numpy as np
import pytest

from nnspec import convert, reference

torch = pytest.importorskip("torch")
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence  # noqa: E402

from nnspec.benchmarks._torch_modules import CharLm  # noqa: E402

NEAR = {"rtol": 1e-10, "atol": 1e-12}


def tensor(array):
    return torch.from_numpy(np.ascontiguousarray(array)).requires_grad_(array.dtype.kind == "f")


def without_second_biases(named):
    """Of two biases that add up each has the gradient of the sum."""
    return {name: parameter.grad for name, parameter in named if "bias_hh" not in name}


@pytest.mark.parametrize(("N", "T", "D", "H"), [(3, 4, 5, 2), (1, 7, 2, 6), (4, 1, 3, 3)])
@pytest.mark.parametrize("with_lengths", [False, True])
def test_rnn(N, T, D, H, with_lengths):
    rng = np.random.default_rng(0)
    params = {key: rng.standard_normal(s) for key, s in (("Wx", (D, H)), ("Wh", (H, H)), ("b", H))}
    x, h0, dh = (rng.standard_normal(shape) for shape in ((N, T, D), (N, H), (N, T, H)))
    lengths = rng.integers(1, T + 1, N) if with_lengths else None
    h, cache = reference.rnn_forward(x, h0, *params.values(), lengths=lengths)
    dx, dh0, *grads = reference.rnn_backward(dh, cache)

    module = torch.nn.RNN(D, H, batch_first=True).double()
    module.load_state_dict(convert.to_torch("rnn", params))
    theirs_x, theirs_h0, running = tensor(x), tensor(h0), np.full((N, T, 1), True)
    if with_lengths:
        running = (np.arange(T) < lengths[:, None])[..., None]
        packed = pack_padded_sequence(theirs_x, torch.from_numpy(lengths), batch_first=True, enforce_sorted=False)
        out, last = module(packed, theirs_h0[None])
        out, _ = pad_packed_sequence(out, batch_first=True, total_length=T)
    else:
        out, last = module(theirs_x, theirs_h0[None])
    after = np.where(running, 0, dh).sum(axis=1)  # theirs has zeros after an end, and the last h apart
    torch.autograd.backward([out, last[0]], [torch.from_numpy(np.where(running, dh, 0)), torch.from_numpy(after)])

    np.testing.assert_allclose(np.where(running, h, 0), out.detach(), **NEAR)
    np.testing.assert_allclose(h[:, -1], last[0].detach(), **NEAR)
    found = convert.from_torch("rnn", without_second_biases(module.named_parameters()))
    for ours, other in zip((dx, dh0, *grads), (theirs_x.grad, theirs_h0.grad, *found.values()), strict=True):
        np.testing.assert_allclose(ours, other, **NEAR)
    back = convert.from_torch("rnn", module.state_dict())
    assert all(np.array_equal(back[key], params[key]) for key in params)


@pytest.mark.parametrize("padding_idx", [None, 2])
def test_embedding(padding_idx):
    rng = np.random.default_rng(0)
    ids, w, dout = rng.integers(0, 5, (3, 4)), rng.standard_normal((5, 6)), rng.standard_normal((3, 4, 6))
    out, cache = reference.embedding_forward(ids, w, padding_idx=padding_idx)
    module = torch.nn.Embedding(5, 6, padding_idx=padding_idx).double()
    module.load_state_dict({"weight": torch.from_numpy(w)})
    theirs = module(torch.from_numpy(ids))
    theirs.backward(torch.from_numpy(dout))
    np.testing.assert_array_equal(out, theirs.detach())
    np.testing.assert_allclose(reference.embedding_backward(dout, cache), module.weight.grad, **NEAR)


def char_model(params, cell, E, H, V):
    model = CharLm(V, E, H, cell).double()
    model.load_state_dict(convert.to_torch("char_lm", params))
    return model


def char_loss(model, ids, states, normalize="tokens"):
    """(loss, h and c after the last input)."""
    start = [torch.from_numpy(state) for state in states.values()] if states else None
    loss, last = model.loss(torch.from_numpy(ids), start, normalize)
    return loss, [state.detach().numpy() for state in last]


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
@pytest.mark.parametrize(("N", "T", "V", "E", "H"), [(3, 5, 7, 4, 6), (1, 1, 2, 3, 3), (2, 9, 4, 1, 2)])
@pytest.mark.parametrize(("normalize", "given"), [("tokens", False), ("batch", True)])
def test_char_lm(cell, N, T, V, E, H, normalize, given):
    rng = np.random.default_rng(0)
    params = {k: rng.standard_normal(w.shape) for k, w in reference.char_lm_init(V, E, H, cell=cell, rng=rng).items()}
    ids = rng.integers(0, V, (N, T + 1))
    names = ("h",) if cell == "rnn" else ("h", "c")
    states = {name: rng.standard_normal((N, H)) for name in names} if given else None
    loss, grads, after = reference.char_lm_loss(params, ids, states, cell=cell, normalize=normalize)

    model = char_model(params, cell, E, H, V)
    theirs, last = char_loss(model, ids, states, normalize)
    theirs.backward()
    np.testing.assert_allclose(loss, theirs.item(), **NEAR)
    for name, state in zip(names, last, strict=True):
        np.testing.assert_allclose(after[name], state, **NEAR)
    found = convert.from_torch("char_lm", without_second_biases(model.named_parameters()))
    assert grads.keys() == found.keys() == params.keys()
    for key in params:
        np.testing.assert_allclose(grads[key], found[key], **NEAR)
    back = convert.from_torch("char_lm", model.state_dict())
    assert all(np.array_equal(back[key], params[key]) for key in params)


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_char_lm_learns_a_text_as_theirs_does(cell):
    """Twenty steps of Adam over chunks of a text, states carried on: the losses are the same, and they fall."""
    text = "the cat sat on the mat and the rat sat on the cat " * 9
    vocab = reference.build_vocab(text, specials=())
    ids = reference.encode_tokens(text, vocab)[: 2 * 221].reshape(2, 221)
    V, E, H, T, lr = len(vocab), 6, 8, 11, 0.02
    params = reference.char_lm_init(V, E, H, cell=cell, rng=np.random.default_rng(0))
    model = char_model(params, cell, E, H, V)
    # Two biases that both learn would move twice as far as one.
    learned = [parameter for name, parameter in model.named_parameters() if "bias_hh" not in name]
    optimizer = torch.optim.Adam(learned, lr=lr)

    ours, theirs, states, last, moments = [], [], None, None, dict.fromkeys(params)
    for start in range(0, 220, T):
        chunk = np.ascontiguousarray(ids[:, start : start + T + 1])
        loss, grads, states = reference.char_lm_loss(params, chunk, states, cell=cell)
        ours.append(loss)
        for key in params:
            params[key], moments[key] = reference.adam(params[key], grads[key], moments[key], lr=lr)
        optimizer.zero_grad()
        loss, last = char_loss(model, chunk, last)
        theirs.append(loss.item())
        loss.backward()
        optimizer.step()
        last = dict(zip(("h", "c"), last, strict=False))
    assert len(ours) == 20 and ours[-1] < 0.8 * ours[0]
    np.testing.assert_allclose(ours, theirs, **NEAR)
