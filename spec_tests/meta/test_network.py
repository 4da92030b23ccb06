"""The bookkeeping of the chain rule: blocks below a prefix, and parameters that are used twice."""

from types import SimpleNamespace

import numpy as np

from nnspec import reference
from nnspec.reference._network import Chain, added, below


def scaled_forward(x, params):
    """A block with one parameter: out = s x."""
    return params["s"] * x, (x, params["s"])


def scaled_backward(dout, cache):
    x, s = cache
    return s * dout, {"s": (dout * x).sum()}


def test_blocks_get_their_parameters_and_give_gradients_under_the_whole_keys():
    """out = s2 (s1 (s1 x)) w + b: the block with s1 is run twice, so its gradient is the sum of both uses."""
    rng = np.random.default_rng(0)
    x, w, b, dout = (rng.standard_normal(shape) for shape in ((3, 4), (4, 2), 2, (3, 2)))
    params = {"first.s": 1.5, "second.s": -0.5, "w": w, "b": b}
    ops = SimpleNamespace(**vars(reference) | {"scaled_forward": scaled_forward, "scaled_backward": scaled_backward})
    network = Chain(ops, params)
    a = network.block("scaled", x, "first.")
    a = network.block("scaled", a, "first.")
    a = network.block("scaled", a, "second.")
    out = network("affine", a, "w", "b")
    dx, grads = network.back(dout)
    along = (dout @ w.T * x).sum()
    assert np.allclose(out, -0.5 * 1.5**2 * x @ w + b) and grads.keys() == params.keys()
    assert np.allclose(dx, -0.5 * 1.5**2 * dout @ w.T)
    assert np.isclose(grads["first.s"], -0.5 * 2 * 1.5 * along) and np.isclose(grads["second.s"], 1.5**2 * along)
    assert np.allclose(grads["w"], (-0.5 * 1.5**2 * x).T @ dout) and np.allclose(grads["b"], dout.sum(axis=0))


def test_views_and_sums_leave_what_they_are_given_alone():
    params = {"layer1.w": 1, "layer10.w": 2, "layer1.attention.w": 3}
    assert below(params, "layer1.") == {"w": 1, "attention.w": 3} and len(params) == 3
    one, other = {"w": np.ones(2), "b": np.zeros(1)}, {"w": np.ones(2)}
    assert added(one, other)["w"].tolist() == [2, 2] and one["w"].tolist() == [1, 1] and added(one)["b"] is one["b"]
