"""`nnspec.gradient_check`: the faults it finds, those it says it cannot, what spoils it, and other people's arrays."""

import copy
import math

import numpy as np
import pytest

import nnspec
from nnspec import reference
from nnspec.gradients.check import _chosen
from nnspec.gradients.points import Point

RNG = np.random.default_rng(0)
X, W, B = RNG.standard_normal((7, 4)), RNG.standard_normal((4, 4)), RNG.standard_normal(4)
Y = np.array([0, 3, 1, 1, 2, 0, 3])
REG = 0.1
PARAMS = {"w": W, "b": B}


def loss(params):
    scores = X.astype(params["w"].dtype) @ params["w"] + params["b"]
    shifted = scores - scores.max(axis=1, keepdims=True)
    logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -logp[np.arange(len(Y)), Y].mean() + REG / 2 * (params["w"] ** 2).sum()


def gradient(params=PARAMS):
    scores = X @ params["w"] + params["b"]
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    ds = (p / p.sum(axis=1, keepdims=True) - np.eye(4)[Y]) / len(Y)
    return {"w": X.T @ ds + REG * params["w"], "b": ds.sum(axis=0)}


def with_w(change):
    return gradient() | {"w": change(gradient()["w"])}


def without_an_entry(dw):
    dw = dw.copy()
    dw[2, 1] = 0
    return dw


FAULTS = {
    "a factor": with_w(lambda dw: 2 * dw),
    "a sign": {key: -array for key, array in gradient().items()},
    "transposed": with_w(np.transpose),
    "an entry left out": with_w(without_an_entry),
    "a sum for a mean": {key: len(Y) * array for key, array in gradient().items()},
    "no regularization": with_w(lambda dw: dw - REG * W),
    "regularization without its half": with_w(lambda dw: dw + REG * W),
    "one use forgotten": with_w(lambda dw: dw - np.outer(X[0], X[0])),
    "NaN": with_w(lambda dw: np.where(dw > 0, dw, np.nan)),
    "of another point": gradient({"w": W - 0.01 * gradient()["w"], "b": B}),
    "off by a thousandth": with_w(lambda dw: dw * (1 + 1e-3)),
    "off by a millionth": with_w(lambda dw: dw + 1e-6),
}


def test_a_right_gradient():
    report = nnspec.gradient_check(loss, PARAMS, gradient())
    assert report and report.relative_error == 0 and report.checked == 20
    assert report.slope == pytest.approx(2, abs=0.1)
    assert str(report).startswith("the gradient is right: relative error 0 by complex steps, all 20 entries\n")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_gradient_is_found(fault):
    report = nnspec.gradient_check(loss, PARAMS, FAULTS[fault])
    assert not report and report.right is False and report.relative_error > 1e-8, str(report)
    assert "worst at" in str(report)


def test_the_remainder_alone_tells():
    """Of twenty entries only two are looked at; the one that is wrong shows in the slope."""
    for fault in ("a factor", "transposed", "a sum for a mean", "one use forgotten"):
        report = nnspec.gradient_check(loss, PARAMS, FAULTS[fault], entries=2)
        assert report.checked == 2 and report.slope == pytest.approx(1, abs=0.2)


def test_what_was_not_looked_at_shows_in_the_remainder():
    x = RNG.standard_normal((50, 40))
    wrong = 3 * np.cos(x)
    seen = _chosen(Point(x), 5, np.random.default_rng(0))
    wrong.ravel()[seen] /= 3
    report = nnspec.gradient_check(lambda x: np.sin(x).sum(), x, wrong, entries=5)
    assert report.right is False and report.relative_error == 0 and report.slope == pytest.approx(1, abs=0.1)
    assert "the gradient as a whole is not" in str(report)


def test_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"analytic must have the shapes of x; got analytic\['w'\] \(4,\)"):
        nnspec.gradient_check(loss, PARAMS, gradient() | {"w": gradient()["b"]})


def test_what_it_cannot_find():
    """As its documentation says: a wrong f with its own right gradient, and a branch that x does not take."""
    assert nnspec.gradient_check(lambda x: (x**3).sum(), X, 3 * X**2)  # where x^2 was meant
    x = np.array([1.0, 2.0])
    assert nnspec.gradient_check(lambda x: np.where(x > 0, x, 7 * x).sum(), x, np.ones(2))  # and 1 for negative ones


def test_a_common_factor_and_a_few_wrong_entries_are_told():
    assert "analytic is 2 times what it should be" in str(nnspec.gradient_check(lambda x: (x**2).sum(), B, 4 * B))
    assert "1 of 20 entries are wrong" in str(nnspec.gradient_check(loss, PARAMS, FAULTS["an entry left out"]))


def test_complex_steps_where_f_takes_them():
    report = nnspec.gradient_check(lambda x: np.exp(x).sum(), B, np.exp(B))
    assert report and report.by == "complex steps"
    off = np.exp(B) * (1 + 1e-6)
    assert nnspec.gradient_check(lambda x: np.exp(x).sum(), B, off).right is False
    assert nnspec.gradient_check(lambda x: np.abs(x).sum(), B, np.sign(B)).by == "central differences"


def test_kinks():
    """At a kink there is no derivative: the entry is left out. Near one a smaller step is taken."""
    x = np.array([0.0, 1e-7, -0.5, 2.0])
    relu, slope = lambda x: (3 * np.maximum(x, 0)).sum(), 3.0 * (x > 0)
    report = nnspec.gradient_check(relu, x, slope)
    assert report and [entry.index for entry in report.kinks] == [(0,)]
    assert "1 entries lie on a kink" in str(report)
    assert nnspec.gradient_check(relu, x, slope + np.array([0, 0.5, 0, 0])).right is False
    assert nnspec.gradient_check(relu, np.zeros(2), np.zeros(2)).right is None


@pytest.mark.parametrize("name", ["relu", "gelu", "silu", "softmax"])
def test_layers_of_the_reference(name):
    forward, backward = (getattr(reference, f"{name}_{way}") for way in ("forward", "backward"))
    dout = RNG.standard_normal(X.shape)
    dx = backward(dout, forward(X)[1])
    assert nnspec.gradient_check(lambda x: forward(x)[0], X, dx, dout=dout)
    assert nnspec.gradient_check(lambda x: forward(x)[0], X, dx * 1.01, dout=dout).right is False


def test_single_precision():
    """Large differences show in it; where f rounds away all that the steps change, that is said."""
    single = {key: array.astype(np.float32) for key, array in PARAMS.items()}
    right = {key: array.astype(np.float32) for key, array in gradient().items()}
    assert nnspec.gradient_check(loss, single, right).right is not False
    assert nnspec.gradient_check(loss, single, right | {"w": 2 * right["w"]}).right is False
    one = np.ones(3, np.float32)
    hidden = nnspec.gradient_check(lambda x: np.float32(1e6) + np.abs(x).sum(), one, one)
    assert hidden.right is None and "double precision" in str(hidden)


def test_what_spoils_it_is_told():
    assert "f draws" in str(nnspec.gradient_check(lambda x: (x * RNG.random(4)).sum(), B, B))

    def writes(x):
        x += 1
        return x.sum()

    before = B.copy()
    assert "f writes to x" in str(nnspec.gradient_check(writes, B, np.ones(4)))
    assert np.array_equal(B, before)
    assert "f is nan at x" in str(nnspec.gradient_check(lambda x: np.log(x - x.max() - 1).sum(), B, B))
    with pytest.raises(TypeError, match="must be an array of floats, got int64, whose steps would be lost"):
        nnspec.gradient_check(lambda x: x.sum(), np.arange(3), np.ones(3))
    with pytest.raises(ValueError, match=r"f must give a number, or dout be given; got shape \(4,\)"):
        nnspec.gradient_check(lambda x: x, B, np.ones(4))
    with pytest.raises(ValueError, match="dout must have the shape of f"):
        nnspec.gradient_check(lambda x: x, B, np.ones(4), dout=np.ones(3))


def test_a_linear_function_and_numbers():
    assert nnspec.gradient_check(lambda x: 3 * x.sum(), B, np.full(4, 3.0)).slope is None
    assert nnspec.gradient_check(lambda x: x**2, 3.0, 6.0)
    assert nnspec.gradient_check(lambda x: x**2, 3.0, 6.1).right is False
    nested = [(B, {"w": W})]
    assert nnspec.gradient_check(
        lambda x: (x[0][0] @ x[0][1]["w"]).sum(), nested, [(W.sum(1), {"w": B[:, None] + 0 * W})]
    )
    kept = copy.deepcopy(nested)
    assert np.array_equal(nested[0][0], kept[0][0])


def test_pytorch():
    torch = pytest.importorskip("torch")
    layer = torch.nn.Linear(4, 3).double()
    x = torch.from_numpy(X).requires_grad_()
    dout = torch.from_numpy(RNG.standard_normal((7, 3)))
    layer(x).backward(dout)
    assert nnspec.gradient_check(layer, x, x.grad, dout=dout)
    assert nnspec.gradient_check(layer, x, x.grad.flip(0), dout=dout).right is False


def test_large_inputs_are_sampled():
    x = RNG.standard_normal((50, 40))
    report = nnspec.gradient_check(lambda x: np.sin(x).sum(), x, np.cos(x), entries=30)
    assert report and (report.checked, report.size) == (30, 2000) and math.isclose(report.slope, 2, abs_tol=0.2)
    assert "30 of 2000 entries" in str(report)
