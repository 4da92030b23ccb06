"""Parameters as PyTorch's modules hold them: what these modules compute, and back without a changed bit."""

import numpy as np
import pytest

from nnspec import convert, reference

torch = pytest.importorskip("torch")
RNG = np.random.default_rng(0)


def test_lstm():
    N, T, D, H = 3, 4, 5, 2
    params = {key: RNG.standard_normal(s) for key, s in (("Wx", (D, 4 * H)), ("Wh", (H, 4 * H)), ("b", 4 * H))}
    x, h0, c0, dh, dc = (RNG.standard_normal(s) for s in ((N, T, D), (N, H), (N, H), (N, T, H), (N, H)))
    module = torch.nn.LSTM(D, H, batch_first=True).double()
    module.load_state_dict(convert.to_torch("lstm", params))

    h, c, cache = reference.lstm_forward(x, h0, params["Wx"], params["Wh"], params["b"], c0)
    _, _, *grads, _ = reference.lstm_backward(dh, dc, cache)
    out, (_, c_T) = module(torch.from_numpy(x), (torch.from_numpy(h0)[None], torch.from_numpy(c0)[None]))
    torch.autograd.backward([out, c_T[0]], [torch.from_numpy(dh), torch.from_numpy(dc)])

    np.testing.assert_allclose(h, out.detach(), rtol=1e-10)
    np.testing.assert_allclose(c, c_T[0].detach(), rtol=1e-10)
    theirs = {name: p.grad for name, p in module.named_parameters() if name != "bias_hh_l0"}
    for key, gradient in zip(("Wx", "Wh", "b"), grads, strict=True):
        np.testing.assert_allclose(gradient, convert.from_torch("lstm", theirs)[key], rtol=1e-10, atol=1e-12)
    back = convert.from_torch("lstm", module.state_dict())
    assert all(np.array_equal(back[key], params[key]) for key in params)


def test_a_concept_that_has_no_form_is_named_with_those_that_have():
    with pytest.raises(ValueError, match=r"must be one of .*lstm.*, got 'knn'"):
        convert.to_torch("knn", {})
