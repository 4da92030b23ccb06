"""The check that is generated from the reference's annotations, and the promise that twins look like the reference."""

import inspect

import numpy as np
import pytest

from nnspec import reference
from nnspec.accelerated import cpu
from nnspec.collect import is_composite, public_functions
from nnspec.shapes import Array, Between, Float, Labels, Params, checked

X, W, B = np.ones((2, 3, 2), np.float32), np.ones((6, 4), np.float32), np.ones(4, np.float32)
SCORES, Y = np.eye(3), np.array([0, 2, 1])


@pytest.mark.parametrize("package", [reference, cpu])
@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda f: f.affine_forward(X, W[:5], B), ValueError,
         "affine_forward: w must have shape (prod(d), M) with prod(d) = 6 as in x, got (5, 4)"),
        (lambda f: f.affine_forward(X, W, B[:3]), ValueError,
         "w must have shape (prod(d), M) with M = 3 as in b, got (6, 4)"),
        (lambda f: f.affine_forward(X, W, B.astype(float)), TypeError, "b must have the dtype of x, float32"),
        (lambda f: f.affine_forward(X.astype(int), W, B), TypeError, "float32 or float64 array, got a int64"),
        (lambda f: f.affine_forward(X.astype(np.float16), W, B), TypeError, "x must be a float32 or float64 array"),
        (lambda f: f.affine_forward(X.tolist(), W, B), TypeError, "x must be a float32 or float64 array, got list"),
        (lambda f: f.affine_forward(X, W), TypeError, "affine_forward: missing a required argument: 'b'"),
        (lambda f: f.affine_backward(X, (X, W)), TypeError, "cache must be the one that affine_forward returned"),
        (lambda f: f.affine_backward(X[0], f.affine_forward(X, W, B)[1]), ValueError,
         "affine_backward: dout must have shape (2, 4), got (3, 2)"),
        (lambda f: f.relu_backward(X, f.affine_forward(X, W, B)[1]), TypeError, "the one that relu_forward returned"),
        (lambda f: f.softmax_cross_entropy_forward(SCORES, Y + 1), ValueError,
         "y must be at least 0 and at most 2 = C - 1, got 1 … 3"),
        (lambda f: f.softmax_cross_entropy_forward(SCORES, Y[:, None]), ValueError, "shape (N,), got (3, 1)"),
        (lambda f: f.softmax_cross_entropy_forward(SCORES, Y * 1.0), TypeError, "y must be an array of integers"),
        (lambda f: f.softmax_cross_entropy_forward(SCORES, Y, reduction="median"), ValueError,
         "reduction must be one of 'mean', 'sum', 'none', got 'median'"),
        (lambda f: f.knn_indices(SCORES, 4), ValueError, "k must be at least 1 and at most 3 = Nt, got 4"),
        (lambda f: f.knn_indices(SCORES, True), TypeError, "k must be an integer"),
        (lambda f: f.adam(X, X, lr="fast"), TypeError, "adam: lr must be a number, got str 'fast'"),
    ],
)  # fmt: skip
def test_malformed_input_is_refused_with_words(package, call, error, said):
    with pytest.raises(error) as raised:
        call(package)
    assert said in str(raised.value)


def test_labels_are_looked_at_in_every_call():
    """Shapes alone are remembered: the same array with another label in it is another call."""
    y = Y.copy()
    reference.softmax_cross_entropy_forward(SCORES, y)
    y[1] = 3
    with pytest.raises(ValueError, match="got 0 … 3"):
        reference.softmax_cross_entropy_forward(SCORES, y)
    y[1] = -1
    reference.softmax_cross_entropy_forward(SCORES, y, ignore_index=-1)


def test_numpy_scalars_do_not_promote():
    x = np.ones(3, np.float32)
    w, (m, v, _) = reference.adam(x, x, lr=np.float64(0.1), beta1=np.float64(0.9))
    assert w.dtype == m.dtype == v.dtype == np.float32
    assert reference.l2_penalty(x, np.float64(0.1))[1].dtype == np.float32


def test_notation():
    def f(
        params: Params["w: D C"], x: Float[Array, "N D"], y: Labels["N", "C", "skip"], k: Between[1, "N"], *, skip=None
    ):
        return k

    g = checked(f, f)
    params, x, y = {"w": np.ones((2, 3))}, np.ones((4, 2)), np.array([0, 1, 2, 9])
    assert g(params, x, y, 4, skip=9) == 4
    for arguments, said in [
        (({"w": np.ones((5, 3))}, x, y, 1), "x must have shape (N, D) with D = 5 as in params['w'], got (4, 2)"),
        (({"v": np.ones((2, 3))}, x, y, 1), "params must have the keys w; missing or unknown: v, w"),
        ((params, x, y, 5), "k must be at least 1 and at most 4 = N, got 5"),
    ]:
        with pytest.raises(ValueError) as raised:
            g(*arguments, skip=9)
        assert said in str(raised.value)


@pytest.mark.parametrize("name", [n for n, f in public_functions(cpu).items()])
def test_a_twin_has_the_signature_of_its_reference(name):
    twin, ours = (inspect.unwrap(getattr(package, name)) for package in (cpu, reference))

    def told(function):
        parameters = inspect.signature(function).parameters.values()
        return [(p.name, p.kind, p.default) for p in parameters if p.name != "ops"]

    assert told(twin) == told(ours)


def test_every_function_of_the_reference_is_in_every_twin():
    assert {n for n, f in vars(cpu).items() if callable(f) and not n.startswith("_")} == set(
        public_functions(reference)
    )
    assert not any(is_composite(f) for f in public_functions(cpu).values())
