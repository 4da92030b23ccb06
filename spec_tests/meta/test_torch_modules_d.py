"""Blocks and models of the note on attention beside PyTorch's own modules: the same outputs and gradients."""

import numpy as np
import pytest

from nnspec import convert, reference

torch = pytest.importorskip("torch")
from nnspec.benchmarks._torch_modules import Gpt, Vit  # noqa: E402

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
    future = torch.from_numpy(~np.tri(Tq, Tk, Tk - Tq, dtype=bool))
    mask, theirs = {
        "": (None, {}),
        "causal": (reference.causal_mask(Tq, Tk), {"attn_mask": future}),
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


def test_steps_with_kept_keys_are_one_sequence():
    """Token by token, as PyTorch's module computes it of all at once."""
    params = projections(6)
    x = RNG.standard_normal((2, 5, 6))
    module = torch.nn.MultiheadAttention(6, 3, batch_first=True).double()
    module.load_state_dict(convert.to_torch("mha", params))
    sequence = [torch.from_numpy(x)] * 3
    whole, _ = module(*sequence, attn_mask=torch.from_numpy(~np.tri(5, dtype=bool)))
    kept, outs = (), []
    for t in range(5):
        out, *kept = reference.mha_step(x[:, t : t + 1], params, *kept, heads=3)
        outs.append(out)
    assert_same(np.concatenate(outs, axis=1), whole)


def layer_parameters(E, H):
    params = {f"mha.{key}": array for key, array in projections(E).items()}
    params |= {"ffn.W1": RNG.standard_normal((E, H)) / E**0.5, "ffn.b1": RNG.standard_normal(H)}
    params |= {"ffn.W2": RNG.standard_normal((H, E)) / H**0.5, "ffn.b2": RNG.standard_normal(E)}
    return params | {f"ln{i}.{name}": RNG.standard_normal(E) for i in (1, 2) for name in ("gamma", "beta")}


@pytest.mark.parametrize(("N", "T", "E", "H", "heads"), [(2, 3, 8, 5, 2), (3, 5, 6, 12, 3)])
@pytest.mark.parametrize("act", ["gelu", "relu"])
@pytest.mark.parametrize("masked", ["", "causal", "padding"])
@pytest.mark.parametrize("order", ["post", "pre"])
def test_encoder_layer(N, T, E, H, heads, act, masked, order):
    params = layer_parameters(E, H)
    x, dout = drawn(x=(N, T, E), dout=(N, T, E)).values()
    lengths = 1 + np.arange(N) % T
    mask, theirs = {
        "": (None, {}),
        "causal": (reference.causal_mask(T), {"src_mask": torch.from_numpy(~np.tri(T, dtype=bool))}),
        "padding": (
            reference.padding_mask(lengths, T),
            {"src_key_padding_mask": torch.from_numpy(np.arange(T) >= lengths[:, None])},
        ),
    }[masked]
    module = torch.nn.TransformerEncoderLayer(
        E, heads, H, dropout=0.0, activation=act, batch_first=True, norm_first=order == "pre", dtype=torch.float64
    )
    module.load_state_dict(convert.to_torch("encoder_layer", params))
    (given,) = tensors(x)
    out = module(given, **theirs)
    out.backward(torch.from_numpy(dout))

    forward, backward = (getattr(reference, f"encoder_layer_{order}_{way}") for way in ("forward", "backward"))
    ours, cache = forward(x, params, heads=heads, mask=mask, act=act)
    dx, grads = backward(dout, cache)
    assert_same(ours, out)
    assert_same(dx, given.grad)
    assert_same_gradients("encoder_layer", grads, module)
    assert_round_trip("encoder_layer", params, module.state_dict())


@pytest.mark.parametrize("order", ["post", "pre"])
def test_encoder_layer_in_evaluation_drops_nothing(order):
    params = layer_parameters(8, 5)
    x = RNG.standard_normal((2, 3, 8))
    options = {"dropout": 0.5, "activation": "gelu", "batch_first": True, "norm_first": order == "pre"}
    module = torch.nn.TransformerEncoderLayer(8, 2, 5, dtype=torch.float64, **options)
    module.load_state_dict(convert.to_torch("encoder_layer", params))
    forward = getattr(reference, f"encoder_layer_{order}_forward")
    ours, _ = forward(x, params, heads=2, keep=0.5, train=False)
    assert_same(ours, module.eval()(torch.from_numpy(x)))


@pytest.mark.parametrize("order", ["post", "pre"])
def test_dropout_stands_where_pytorch_has_it(order):
    """The same masks in its places. Dropout of the attention weights, which ours has not, is off."""
    params, keep = layer_parameters(4, 6), 0.6
    x = RNG.standard_normal((2, 3, 4))
    shapes = {"attention": (2, 3, 4), "hidden": (2, 3, 6), "ffn": (2, 3, 4)}
    masks = {place: RNG.random(shape) < keep for place, shape in shapes.items()}
    options = {"dropout": 1 - keep, "activation": "gelu", "batch_first": True, "norm_first": order == "pre"}
    module = torch.nn.TransformerEncoderLayer(4, 2, 6, dtype=torch.float64, **options)
    module.load_state_dict(convert.to_torch("encoder_layer", params))
    module.self_attn.dropout = 0.0
    for name, place in (("dropout1", "attention"), ("dropout", "hidden"), ("dropout2", "ffn")):
        setattr(module, name, Kept(masks[place], keep))
    ours, _ = getattr(reference, f"encoder_layer_{order}_forward")(x, params, heads=2, keep=keep, masks=masks)
    assert_same(ours, module(torch.from_numpy(x)))


class Kept(torch.nn.Module):
    """Dropout with a given mask."""

    def __init__(self, mask, keep):
        super().__init__()
        self.scaled = torch.from_numpy(mask / keep)

    def forward(self, x):
        return x * self.scaled


GPT_SIZES = {"V": 11, "S": 9, "E": 8, "H": 20, "L": 2}


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize(("N", "T", "heads"), [(3, 7, 2), (1, 1, 4), (2, 9, 8)])
def test_gpt(tied, N, T, heads):
    params = reference.gpt_init(**GPT_SIZES, tied=tied, scale=0.3, rng=np.random.default_rng(0))
    params = {key: w + 0.1 * RNG.standard_normal(w.shape) for key, w in params.items()}
    ids = RNG.integers(0, 11, (N, T + 1))
    module = Gpt(**GPT_SIZES, heads=heads, tied=tied).double()
    module.load_state_dict(convert.to_torch("gpt", params))
    loss = module.loss(torch.from_numpy(ids))
    loss.backward()
    ours, grads = reference.gpt_loss(params, ids, heads=heads)
    assert_same(ours, loss)
    assert_same(reference.gpt_scores(params, ids[:, :-1], heads=heads), module(torch.from_numpy(ids[:, :-1])))
    assert_same_gradients("gpt", grads, module)
    assert_round_trip("gpt", params, module.state_dict())


def trained(loss_of, params, batches, lr):
    """The losses of Adam's steps."""
    states, losses = dict.fromkeys(params), []
    for batch in batches:
        loss, grads = loss_of(params, batch)
        losses.append(float(loss))
        moved = {key: reference.adam(w, grads[key], states[key], lr=lr) for key, w in params.items()}
        params, states = ({key: both[i] for key, both in moved.items()} for i in (0, 1))
    return losses


def trained_by_torch(loss_of, module, batches, lr):
    adam, losses = torch.optim.Adam(module.parameters(), lr=lr), []
    for batch in batches:
        adam.zero_grad()
        loss = loss_of(module, batch)
        loss.backward()
        adam.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("tied", [True, False])
def test_the_first_50_losses_of_a_gpt_are_those_of_pytorch(tied):
    """From the same start, on the characters of a sentence that repeats itself."""
    text = "the quick brown fox jumps over the lazy dog. " * 8
    letters = sorted(set(text))
    ids = np.array([letters.index(letter) for letter in text])
    starts = np.random.default_rng(1).integers(0, len(ids) - 17, (50, 8))
    batches = [np.stack([ids[start : start + 17] for start in row]) for row in starts]
    sizes = {"V": len(letters), "S": 16, "E": 16, "H": 32, "L": 2}
    params = reference.gpt_init(**sizes, tied=tied, rng=np.random.default_rng(0))
    module = Gpt(**sizes, heads=4, tied=tied).double()
    module.load_state_dict(convert.to_torch("gpt", params))

    ours = trained(lambda params, batch: reference.gpt_loss(params, batch, heads=4), params, batches, lr=1e-2)
    theirs = trained_by_torch(lambda module, batch: module.loss(torch.from_numpy(batch)), module, batches, lr=1e-2)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    assert abs(ours[0] - np.log(len(letters))) < 0.05 and ours[-1] < 0.8 * ours[0]


@pytest.mark.parametrize("form", ["assignment", "paper"])
def test_vit(form):
    options = {"S": 7, "cls": True, "norm_first": True} if form == "paper" else {}
    params = reference.vit_init(3, 2, 8, 12, 2, 5, scale=0.3, rng=np.random.default_rng(0), **options)
    params = {key: w + 0.1 * RNG.standard_normal(w.shape) for key, w in params.items()}
    x, y, norm_first = RNG.standard_normal((3, 3, 4, 6)), np.array([1, 4, 0]), form == "paper"
    learned = {"cls": True, "positions": 7} if norm_first else {}
    module = Vit(3, 2, 8, 12, 2, 5, heads=2, norm_first=norm_first, **learned).double()
    module.load_state_dict(convert.to_torch("vit", params))
    scores = module(torch.from_numpy(x))
    torch.nn.functional.cross_entropy(scores, torch.from_numpy(y)).backward()
    how = {"heads": 2, "patch": 2, "norm_first": norm_first}
    assert_same(reference.vit_loss(params, x, **how), scores)
    loss, grads = reference.vit_loss(params, x, y, **how)
    assert_same(loss, torch.nn.functional.cross_entropy(scores, torch.from_numpy(y)))
    assert_same_gradients("vit", grads, module)
    assert_round_trip("vit", params, module.state_dict())


@pytest.mark.parametrize("form", ["assignment", "paper"])
def test_a_vit_learns_some_digits(form):
    """A batch of real images by heart, on parts of the CPU's."""
    from nnspec.accelerated import cpu

    digits = pytest.importorskip("sklearn.datasets").load_digits()
    x, y = (digits.images[:30, None] / 16).astype(np.float32), digits.target[:30].astype(np.int64)
    options = {"S": 17, "cls": True, "norm_first": True} if form == "paper" else {}
    params = reference.vit_init(1, 2, 16, 32, 2, 10, scale=0.2, rng=np.random.default_rng(0), **options)
    params = {key: w.astype(np.float32) for key, w in params.items()}
    states, how = dict.fromkeys(params), {"heads": 4, "patch": 2, "norm_first": form == "paper"}
    for _ in range(80):
        _, grads = cpu.vit_loss(params, x, y, **how)
        moved = {key: cpu.adam(w, grads[key], states[key], lr=1e-2) for key, w in params.items()}
        params, states = ({key: both[i] for key, both in moved.items()} for i in (0, 1))
    assert (cpu.vit_loss(params, x, **how).argmax(axis=1) == y).mean() > 0.95
