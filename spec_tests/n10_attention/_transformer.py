"""What transformers are made of, in sympy: on arrays of symbols, with parameters in a dict."""

import numpy as np

from nnspec import reference
from nnspec.spec_tests._truth import erf, exact, exp, log, named, sqrt, where_positive


def weights_of(Q, K, heads, mask=None):
    """A (N, heads, Tq, Tk) = softmax(Q_h K_h^T / sqrt(d)) over the allowed keys; 0 without any."""
    (N, Tq, E), Tk = Q.shape, K.shape[1]
    d = E // heads
    allowed = np.broadcast_to(True if mask is None else mask, (N, heads, Tq, Tk))
    A = np.zeros(allowed.shape, object)
    for n, h, i in np.ndindex(N, heads, Tq):
        of_head = slice(h * d, (h + 1) * d)
        keys = [j for j in range(Tk) if allowed[n, h, i, j]]
        e = [named(exp(named(sum(Q[n, i, of_head] * K[n, j, of_head]) / sqrt(d)))) for j in keys]
        total = named(sum(e))
        for j, entry in zip(keys, e, strict=True):
            A[n, h, i, j] = named(entry / total)
    return A


def mha_of(q, k, v, params, heads, mask=None):
    """concat_h(A_h V_h) Wo + bo. Vaswani et al. 2017, sec. 3.2.2."""
    Q, K, V = (named(x @ params[f"W{name}"] + params[f"b{name}"]) for x, name in ((q, "q"), (k, "k"), (v, "v")))
    A, d = weights_of(Q, K, heads, mask), Q.shape[-1] // heads
    columns = [A[:, h] @ V[..., h * d : (h + 1) * d] for h in range(heads)]
    return named(np.concatenate(columns, axis=-1)) @ params["Wo"] + params["bo"]


def below(params, prefix):
    """The parameters of a part, without the prefix."""
    return {key.removeprefix(prefix): array for key, array in params.items() if key.startswith(prefix)}


def gelu(x):
    """x Phi(x)."""
    return x * (1 + erf(x / sqrt(2))) / 2


class ThroughGelu:
    """Budgets of what goes through a GELU. 1 + erf is rounded at the size of 1: where it is small, neighbouring inputs
    do not tell how far off an honest one is."""

    def budgets(self, problem, want, lenient=False, at_tie=False):
        rough = {"gelu_forward": _rough_gelu_forward, "gelu_backward": _rough_gelu_backward}
        return problem.budgets(want, problem.functions() | rough, at_tie)


def _rough_gelu_forward(x):
    out, cache = reference.gelu_forward(x)
    return out + x * _half_an_ulp(x), cache


def _rough_gelu_backward(dout, cache):
    return reference.gelu_backward(dout, cache) + dout * _half_an_ulp(cache[0])


def _half_an_ulp(x):
    """Of 1, up or down as the last bit of x says, which no two neighbours have in common."""
    bits = np.ascontiguousarray(x).view(np.int64 if x.itemsize == 8 else np.int32)
    return np.where(bits % 2, 0.5, -0.5).astype(x.dtype) * np.finfo(x.dtype).eps


def ffn_of(x, params, act="gelu", keep=1, mask=None):
    """dropout(act(x W1 + b1)) W2 + b2. Vaswani et al. 2017, eq. 2."""
    a = named(x @ params["W1"] + params["b1"])
    a = gelu(a) if act == "gelu" else where_positive(a, a)
    if mask is not None:
        a = a * mask.astype(int) / keep
    return named(a) @ params["W2"] + params["b2"]


def layernorm_of(x, params, eps=1e-5):
    """gamma (x - mean) / sqrt(var + eps) + beta over the last axis. Ba et al. 2016, eq. 3 and 4."""
    out = np.empty(x.shape, object)
    for at in np.ndindex(*x.shape[:-1]):
        row = named(x[at])
        mean = named(sum(row) / len(row))
        std = named(sqrt(named(sum((row - mean) ** 2) / len(row)) + eps))
        out[at] = params["gamma"] * named((row - mean) / std) + params["beta"]
    return named(out)


def encoder_layer_of(x, params, heads, *, first, mask=None, act="gelu", keep=1, masks=None):
    """Post-LN, Vaswani et al. 2017, sec. 3.1; with the norms first pre-LN, Xiong et al. 2020, fig. 1."""
    mha, ffn, ln1, ln2 = (below(params, f"{part}.") for part in ("mha", "ffn", "ln1", "ln2"))
    kept = {place: mask.astype(int) / exact(keep) for place, mask in (masks or {}).items()}

    def attention(z):
        return mha_of(z, z, z, mha, heads, mask) * kept.get("attention", 1)

    def feed(z):
        return ffn_of(z, ffn, act, keep, masks and masks["hidden"]) * kept.get("ffn", 1)

    if first:
        y = named(x + attention(layernorm_of(x, ln1)))
        return y + feed(layernorm_of(y, ln2))
    y = layernorm_of(x + attention(x), ln1)
    return layernorm_of(y + feed(y), ln2)


def layer_shapes(E, H):
    """Of the parameters of an encoder layer."""
    projections = {f"mha.{kind}{name}": shape for name in "qkvo" for kind, shape in (("W", (E, E)), ("b", (E,)))}
    feed = {"ffn.W1": (E, H), "ffn.b1": (H,), "ffn.W2": (H, E), "ffn.b2": (E,)}
    return projections | feed | {f"ln{i}.{name}": (E,) for i in (1, 2) for name in ("gamma", "beta")}


def drawn(shapes, case, dtype):
    """Parameters of a network, weights over the root of their fan-in."""
    rng, params = np.random.default_rng(5), {}
    for key, shape in shapes.items():
        given = case.inputs.get(key)
        array = rng.standard_normal(shape) / (max(1, shape[0]) ** 0.5 if len(shape) > 1 else 1)
        params[key] = (array if given is None else given(rng, shape)).astype(dtype)
    return params


def cross_entropy_of(scores, y):
    """mean_n -log softmax(scores_n)[y_n]. scores (N, V)."""
    return sum(log(named(sum(exp(row)))) - row[label] for row, label in zip(scores, y, strict=True)) / len(y)
