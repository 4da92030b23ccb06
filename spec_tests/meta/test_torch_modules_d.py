"""Blocks and models of the note on attention beside PyTorch's own modules: the same parameters, outputs and gradients."""

import numpy as np
import pytest

from nnspec import convert, reference

torch = pytest.importorskip("torch")
RNG = np.random.default_rng(0)


def drawn(**shapes):
    return {name: RNG.standard_normal(shape) for name, shape in shapes.items()}


def projections(E):
    params = {f"W{name}": RNG.standard_normal((E, E)) / E**0.5 for name in "qkvo"}
    return params | {f"b{name}": RNG.standard_normal(E) for name in "qkvo"}


def tensors(*arrays):
    return [torch.from_numpy(array).requires_grad_() for array in arrays]


def assert_same(ours, theirs):
    np.testing.assert_allclose(ours, theirs.detach(), rtol=1e-10, atol=1e-11)


def assert_same_gradients(concept, grads, module):
    theirs = convert.from_torch(concept, {name: p.grad for name, p in module.named_parameters()})
    assert grads.keys() == theirs.keys()
    for key, gradient in grads.items():
        np.testing.assert_allclose(gradient, theirs[key], rtol=1e-10, atol=1e-11, err_msg=key)


def assert_round_trip(concept, params, state):
    back = convert.from_torch(concept, state)
    assert back.keys() == params.keys() and all(np.array_equal(back[key], params[key]) for key in params)


@pytest.mark.parametrize(("N", "Tq", "Tk", "E", "heads"), [(2, 3, 5, 8, 2), (1, 4, 4, 6, 3), (3, 1, 7, 4, 1)])
@pytest.mark.parametrize("masked", ["", "causal", "padding", "each head"])
def test_multi_head_attention(N, Tq, Tk, E, heads, masked):
    """Its boolean masks have the opposite polarity, and the padding mask is an argument of its own."""
    params = projections(E)
    q, k, v, dout = drawn(q=(N, Tq, E), k=(N, Tk, E), v=(N, Tk, E), dout=(N, Tq, E)).values()
    lengths = 1 + np.arange(N) % Tk
    mask, theirs = {
        "": (None, {}),
        "causal": (allowed := np.tri(Tq, Tk, Tk - Tq, dtype=bool), {"attn_mask": torch.from_numpy(~allowed)}),
        "padding": (
            reference.padding_mask(lengths, Tk),
            {"key_padding_mask": torch.from_numpy(np.arange(Tk) >= lengths[:, None])},
        ),
        "each head": (
            each := (RNG.random((N, heads, Tq, Tk)) < 0.6) | (np.arange(Tk) == 0),
            {"attn_mask": torch.from_numpy(~each.reshape(N * heads, Tq, Tk))},
        ),
    }[masked]
    module = torch.nn.MultiheadAttention(E, heads, batch_first=True).double()
    module.load_state_dict(convert.to_torch("mha", params))
    inputs = tensors(q, k, v)
    out, weights = module(*inputs, average_attn_weights=False, **theirs)
    out.backward(torch.from_numpy(dout))

    ours, cache = reference.mha_forward(q, k, v, params, heads=heads, mask=mask)
    dq, dk, dv, grads = reference.mha_backward(dout, cache)
    assert_same(ours, out)
    assert_same(reference.attention_map(q, k, params, heads=heads, mask=mask), weights)
    for gradient, given in zip((dq, dk, dv), inputs, strict=True):
        assert_same(gradient, given.grad)
    assert_same_gradients("mha", grads, module)
    assert_round_trip("mha", params, module.state_dict())


def test_self_attention_sums_three_gradients():
    params = projections(6)
    x, dout = drawn(x=(2, 4, 6), dout=(2, 4, 6)).values()
    module = torch.nn.MultiheadAttention(6, 2, batch_first=True).double()
    module.load_state_dict(convert.to_torch("mha", params))
    (given,) = tensors(x)
    allowed = np.tri(4, dtype=bool)
    out, _ = module(given, given, given, attn_mask=torch.from_numpy(~allowed))
    out.backward(torch.from_numpy(dout))
    ours, cache = reference.self_mha_forward(x, params, heads=2, mask=allowed)
    dx, grads = reference.self_mha_backward(dout, cache)
    assert_same(ours, out)
    assert_same(dx, given.grad)
    assert_same_gradients("mha", grads, module)
