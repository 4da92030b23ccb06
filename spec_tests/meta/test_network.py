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


def counting_forward(x, params, states):
    """A block with a parameter and two states: out = s x + mean, and each state grows by one."""
    return params["s"] * x + states["mean"], {key: one + 1 for key, one in states.items()}, (x, params["s"])


def test_blocks_get_their_states_and_give_them_back_under_the_whole_keys():
    """out = s2 (s1 x + 10) + 20, whose states are new; those that went in, and those of others, stay."""
    states = {f"{block}.{name}": value for block, value in (("a", 10), ("b", 20)) for name in ("mean", "n")}
    given = states | {"c.n": 30}
    ops = SimpleNamespace(counting_forward=counting_forward, counting_backward=scaled_backward)
    network = Chain(ops, {"a.s": 2.0, "b.s": 3.0}, given)
    a = network.block("counting", np.ones(2), "a.")
    out = network.block("counting", a, "b.")
    dx, grads = network.back(np.ones(2))
    assert out.tolist() == [3 * (2 + 10) + 20] * 2 and dx.tolist() == [6.0, 6.0]
    assert grads == {"b.s": 24.0, "a.s": 6.0}
    assert network.states == {"a.mean": 11, "a.n": 11, "b.mean": 21, "b.n": 21, "c.n": 30} and given["a.mean"] == 10


def test_a_parameter_that_was_left_out_has_no_gradient():
    """A convolution without a bias gives None in its place."""
    rng = np.random.default_rng(0)
    x, w, dout = (rng.standard_normal(shape) for shape in ((1, 1, 3, 3), (2, 1, 2, 2), (1, 2, 2, 2)))
    network = Chain(reference, {"w": w})
    network("conv2d", x, "w")
    _, grads = network.back(dout)
    assert list(grads) == ["w"] and grads["w"].shape == w.shape


def test_views_and_sums_leave_what_they_are_given_alone():
    params = {"layer1.w": 1, "layer10.w": 2, "layer1.attention.w": 3}
    assert below(params, "layer1.") == {"w": 1, "attention.w": 3} and len(params) == 3
    one, other = {"w": np.ones(2), "b": np.zeros(1)}, {"w": np.ones(2)}
    assert added(one, other)["w"].tolist() == [2, 2] and one["w"].tolist() == [1, 1] and added(one)["b"] is one["b"]
