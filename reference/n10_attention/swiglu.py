"""Gated feed-forward network, SwiGLU. Shazeer 2020, arXiv:2002.05202, eq. 6.

    swiglu        out = a SiLU(g)        da = dout SiLU(g)        dg = dout a (s + g s (1 - s))        s = sigmoid(g)
    swiglu_mlp    out = swiglu(x W1, x W2) W3

a, g, out of swiglu: any shape, entry by entry    x, out (…, E)    W1, W2 (E, H)    W3 (H, E)

W2 is what the gate reads: SiLU(x W2) says how much of x W1 comes through, as in the course's note; the paper's W and V,
and the gate_proj and up_proj of LLaMA, are W2 and W1. There are no biases. With three weights instead of two, H = 8/3 E
costs as much as the 4 E of a plain network. SiLU(g) = g sigmoid(g).

`swiglu_mlp` is a block: it is written once, and `ops` is the implementation of its parts (None: the reference).
"""

from nnspec.reference._network import Chain, added
from nnspec.reference.n05_backpropagation.sigmoid import sigmoid_forward
from nnspec.shapes import Array, Float, Params


def swiglu_forward(a: Float[Array, "*shape"], g: Float[Array, "*shape"]):
    s, _ = sigmoid_forward(g)
    return a * (g * s), (a, g, s)


def swiglu_backward(dout, cache):
    a, g, s = cache
    return dout * (g * s), dout * a * (s + g * s * (1 - s))


def swiglu_mlp_forward(x: Float[Array, "*batch E"], params: Params["W1: E H", "W2: E H", "W3: H E"], *, ops=None):
    if ops is None:
        from nnspec import reference as ops
    through, gate, out_of = (Chain(ops, params) for _ in range(3))
    rows = x.reshape(-1, x.shape[-1])  # (tokens, E)
    hidden, gated = ops.swiglu_forward(through("matmul", rows, "W1"), gate("matmul", rows, "W2"))  # (tokens, H)
    out = out_of("matmul", hidden, "W3")  # (tokens, E)
    return out.reshape(x.shape), (ops, through, gate, gated, out_of)


def swiglu_mlp_backward(dout, cache):
    ops, through, gate, gated, out_of = cache
    dhidden, of_W3 = out_of.back(dout.reshape(-1, dout.shape[-1]))  # (tokens, H)
    da, dg = ops.swiglu_backward(dhidden, gated)
    dx_through, of_W1 = through.back(da)  # (tokens, E)
    dx_gate, of_W2 = gate.back(dg)
    return (dx_through + dx_gate).reshape(dout.shape), added(of_W1, of_W2, of_W3)
