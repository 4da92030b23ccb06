"""Recurrent layers and language models against PyTorch's own modules with the same parameters: values and gradients."""

import numpy as np
import pytest

from nnspec import convert, reference

torch = pytest.importorskip("torch")
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence  # noqa: E402

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
