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
        (
            lambda f: f.affine_forward(X, W[:5], B),
            ValueError,
            "affine_forward: w must have shape (prod(d), M) with prod(d) = 6 as in x, got (5, 4)",
        ),
        (
            lambda f: f.affine_forward(X, W, B[:3]),
            ValueError,
            "w must have shape (prod(d), M) with M = 3 as in b, got (6, 4)",
        ),
        (lambda f: f.affine_forward(X, W, B.astype(float)), TypeError, "b must have the dtype of x, float32"),
        (lambda f: f.affine_forward(X.astype(int), W, B), TypeError, "float32 or float64 array, got a int64"),
        (lambda f: f.affine_forward(X.astype(np.float16), W, B), TypeError, "x must be a float32 or float64 array"),
        (lambda f: f.affine_forward(X.tolist(), W, B), TypeError, "x must be a float32 or float64 array, got list"),
        (lambda f: f.affine_forward(X, W), TypeError, "affine_forward: missing a required argument: 'b'"),
        (lambda f: f.affine_backward(X, (X, W)), TypeError, "cache must be the one that affine_forward returned"),
        (
            lambda f: f.affine_backward(X[0], f.affine_forward(X, W, B)[1]),
            ValueError,
            "affine_backward: dout must have shape (2, 4), got (3, 2)",
        ),
        (lambda f: f.relu_backward(X, f.affine_forward(X, W, B)[1]), TypeError, "the one that relu_forward returned"),
        (
            lambda f: f.softmax_cross_entropy_forward(SCORES, Y + 1),
            ValueError,
            "y must be at least 0 and at most 2 = C - 1, got 1 … 3",
        ),
        (lambda f: f.softmax_cross_entropy_forward(SCORES, Y[:, None]), ValueError, "shape (N,), got (3, 1)"),
        (lambda f: f.softmax_cross_entropy_forward(SCORES, Y * 1.0), TypeError, "y must be an array of integers"),
        (
            lambda f: f.softmax_cross_entropy_forward(SCORES, Y, reduction="median"),
            ValueError,
            "reduction must be one of 'mean', 'sum', 'none', got 'median'",
        ),
        (lambda f: f.knn_indices(SCORES, 4), ValueError, "k must be at least 1 and at most 3 = Nt, got 4"),
        (lambda f: f.knn_indices(SCORES, True), TypeError, "k must be an integer"),
        (lambda f: f.adam(X, X, lr="fast"), TypeError, "adam: lr must be a number, got str 'fast'"),
    ],
)
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


class Sub(np.ndarray):
    """A class of somebody's own."""


@pytest.mark.parametrize("package", [reference, cpu])
@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int16, np.uint32, np.int64, np.uint64])
def test_numpy_integers_are_told_by_their_value(package, kind):
    """Each a call of its own: k = 9 would read outside of the array."""
    assert package.knn_indices(SCORES, kind(3)).tolist() == package.knn_indices(SCORES, 3).tolist()
    with pytest.raises(ValueError, match="k must be at least 1 and at most 3 = Nt, got 9"):
        package.knn_indices(SCORES, kind(9))
    x, w = np.ones((1, 1, 3, 3)), np.ones((1, 1, 3, 3))
    assert package.conv2d_forward(x, w, pad=kind(100))[0].shape == (1, 1, 201, 201)


@pytest.mark.parametrize("package", [reference, cpu])
def test_subclasses_are_told_by_their_shapes_and_handed_on_as_arrays(package, tmp_path):
    longer, shorter = np.ones(4).view(Sub), np.ones(1).view(Sub)
    w, v = package.sgd_momentum(longer, longer)
    assert type(w) is type(v) is np.ndarray
    with pytest.raises(ValueError, match="dw must have shape"):
        package.sgd_momentum(longer, shorter)
    Y.astype(np.int64).tofile(tmp_path / "y")
    y = np.memmap(tmp_path / "y", np.int64, "r")
    loss, cache = package.softmax_cross_entropy_forward(SCORES, y)
    assert loss == package.softmax_cross_entropy_forward(SCORES, Y)[0]
    assert type(package.softmax_cross_entropy_backward(np.float32(1), cache)) is np.ndarray
    with pytest.raises(ValueError, match="got 1 … 3"):
        package.softmax_cross_entropy_forward(SCORES, (Y + 1).view(Sub))


@pytest.mark.parametrize("package", [reference, cpu])
@pytest.mark.parametrize(
    ("array", "said"), [(np.asmatrix(SCORES), "got a matrix"), (np.ma.masked_array(SCORES), "got a masked one")]
)
def test_what_would_lose_its_meaning_is_refused(package, array, said):
    _, cache = package.relu_forward(SCORES)
    for call in (lambda: package.relu_forward(array), lambda: package.relu_backward(array, cache)):
        with pytest.raises(TypeError, match=said):
            call()
    with pytest.raises(TypeError, match=r"params\['W1'\] must be a plain array"):
        package.two_layer_loss({"W1": array, "b1": Y, "W2": Y, "b2": Y}, SCORES, Y)


@pytest.mark.parametrize("package", [reference, cpu])
def test_a_state_is_looked_at(package):
    """cpu would read its moments as far as w goes."""
    w = np.ones(4)
    _, state = package.adam(w, w)
    package.adam(w, w, state)
    for wrong in ((np.ones(1), *state[1:]), (*state[:2], -1), state[:2], (state[0].astype(np.float32), *state[1:])):
        with pytest.raises(ValueError, match="adam: state must be the one that adam returned"):
            package.adam(w, w, wrong)
    with pytest.raises(ValueError, match="sgd_momentum: state must be"):
        package.sgd_momentum(w, w, np.ones(1))


def test_a_cache_is_that_of_the_same_backend():
    _, cache = reference.relu_forward(SCORES)
    with pytest.raises(TypeError, match="cache must be the one that relu_forward of the same backend returned"):
        cpu.relu_backward(SCORES, cache)


@pytest.mark.parametrize("package", [reference, cpu])
@pytest.mark.parametrize("rates", [{"beta1": 1.0}, {"beta2": 1}, {"beta1": -0.1}, {"beta2": np.nan}])
def test_decay_rates_that_divide_by_zero_are_refused(package, rates):
    (name,) = rates
    with pytest.raises(ValueError, match=rf"adam: {name} must lie in \[0, 1\)"):
        package.adam(X, X, **rates)
    package.adam(X, X, **{name: 0})


def test_parameters_that_are_no_numbers_are_never_the_best():
    """argmax takes NaN for the largest score, so that they would predict class 0."""
    x, y = np.random.default_rng(0).standard_normal((20, 4)), np.zeros(20, int)
    params = reference.two_layer_init(4, 8, 2, rng=np.random.default_rng(0))
    with np.errstate(all="ignore"):
        best, history = reference.train(
            params, x, y, x, y, model="two_layer_loss", lr=1e200, epochs=2, batch=10, rng=np.random.default_rng(0)
        )
    assert np.isnan(history["loss"][-1]) and history["val_accuracy"] == [0, 0]
    assert all(np.array_equal(best[key], params[key]) for key in params)


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
