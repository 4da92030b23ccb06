"""The check that is generated from the reference's annotations, and the promise that twins look like the reference."""

import inspect
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest

from nnspec import reference
from nnspec.accelerated import cpu
from nnspec.concepts.collect import public_functions, takes_parts
from nnspec.shapes import Array, Between, Float, Labels, Masks, Params, checked, contract

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


@pytest.mark.parametrize(
    ("a", "b", "batch"),
    [
        ((2, 3), (2, 3), (2, 3)),
        ((3,), (2, 3), (2, 3)),
        ((), (2, 3), (2, 3)),
        ((2, 1), (1, 3), (2, 3)),
        ((1,), (0,), (0,)),
    ],
)
def test_arrays_of_which_none_has_all_axes_broadcast_with_each_other(a, b, batch):
    def f(a: Float[Array, "*#batch #N K"], b: Float[Array, "*#batch #N"]):
        return None

    for one, other in ((a, b), (b, a)):
        dims = contract(f).check({"a": np.ones((*one, 1, 5)), "b": np.ones((*other, 4))})
        assert tuple(dims["batch"]) == batch and dims["N"] == 4
    with pytest.raises(
        ValueError, match=r"b must have shape \(…#batch, #N\) where #batch broadcasts to \(2,\) as in a"
    ):
        contract(f).check({"a": np.ones((2, 4, 5)), "b": np.ones((3, 4))})


def test_a_dict_may_have_any_keys_and_shapes():
    def f(grads: Params["W: N D", "b: D", ...]):
        return None

    g = checked(f, f)
    for grads in ({}, {"W": X}, {"b": np.ones((2, 3, 4)), "layer1.gamma": np.ones(7), "c": np.ones(())}):
        g(grads)
    with pytest.raises(TypeError, match=r"grads\['c'\] must be a float32 or float64 array, got list"):
        g({"W": X, "c": [1.0]})
    with pytest.raises(TypeError, match=r"grads\['c'\] must have the dtype of grads\['W'\], float64, got float32"):
        g({"W": SCORES, "c": X})
    with pytest.raises(TypeError, match="grads must be a dict of arrays, got list"):
        g([X])


def test_two_dicts_of_any_shapes_have_nothing_to_do_with_each_other():
    """Neither by name nor by place: what belongs together is for the function to say."""

    def f(params: Params["W: N D", ...], grads: Params["W: N D", ...]):
        return "taken"

    params = {"W": np.ones((2, 3)), "b": np.ones(3)}
    for grads in (params, dict(reversed(params.items())), {"W": np.ones(5)}, {}):
        assert checked(f, f)(params, grads) == "taken"


def test_an_argument_may_be_a_function():
    def f(schedule: Callable, on_step: Callable[[int], float] | None = None):
        return None

    g = checked(f, f)
    g(len), g(lambda t: t, max), g(np.sqrt, None)
    for wrong in (0.5, "cosine"):
        with pytest.raises(TypeError, match="schedule must be a function, got"):
            g(wrong)


@pytest.mark.parametrize("name", [n for n, f in public_functions(cpu).items()])
def test_a_twin_has_the_signature_of_its_reference(name):
    """But for the parts of a composite, which it has not, and a rule's in_place, which the reference has not."""
    twin, ours = (inspect.unwrap(getattr(package, name)) for package in (cpu, reference))

    def told(function):
        parameters = inspect.signature(function).parameters.values()
        return [(p.name, p.kind, p.default) for p in parameters if p.name not in ("ops", "in_place")]

    assert told(twin) == told(ours)


def test_every_function_of_the_reference_is_in_every_twin():
    assert {n for n, f in vars(cpu).items() if callable(f) and not n.startswith("_")} == set(
        public_functions(reference)
    )
    assert not any(map(takes_parts, public_functions(cpu).values()))


# -- numbered parameters -----------------------------------------------------------------------------------------------


def deep(
    params: Params["W{l}: H{l-1} H{l}", "b{l}: H{l}", "gamma{l}: H{l} if l < L and norm", "H0 = prod(d)", "C = H{L}"],
    x: Float[Array, "N *d"],
    y: Labels["N", "C"] | None = None,
    masks: Masks["mask{l}: N H{l} if l < L"] | None = None,
    *,
    norm: bool = False,
):
    return len(params)


def a_network(*widths, norm=False):
    params = {}
    for i, (before, after) in enumerate(pairwise(widths), start=1):
        params |= {f"W{i}": np.ones((before, after)), f"b{i}": np.ones(after)}
        params |= {f"gamma{i}": np.ones(after)} if norm and i < len(widths) - 1 else {}
    return params


ROWS = np.ones((3, 2, 2))


@pytest.mark.parametrize("widths", [(4, 2), (4, 5, 2), (4, 1, 1, 7)])
@pytest.mark.parametrize("norm", [False, True])
def test_a_network_of_any_depth_passes(widths, norm):
    call = checked(deep, deep)
    masks = {f"mask{i}": np.ones((3, width), bool) for i, width in enumerate(widths[1:-1], start=1)}
    params = a_network(*widths, norm=norm)
    assert call(params, ROWS, np.array([0, 1, 1]), masks, norm=norm) == len(params)
    assert (
        contract(deep).check({"params": params, "x": ROWS, "y": None, "masks": None, "norm": norm})["C"] == widths[-1]
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"W2": None}, r"must have the keys W1, b1, W2, b2, W3, b3; missing or unknown: W2"),
        ({"W7": np.ones((1, 1))}, r"missing or unknown: W4, .*b4, "),
        ({"W99999999999": np.ones((1, 1))}, r"missing or unknown: "),
        ({"gamma1": np.ones(5)}, r"missing or unknown: gamma1"),
        ({"W1": np.ones((5, 5))}, r"params\['W1'\] must have shape \(H0, H1\) with H0 = 4 as in x, got \(5, 5\)"),
        ({"W2": np.ones((6, 5))}, r"params\['W2'\] must have shape \(H1, H2\) with H1 = 5 as in params\['W1'\]"),
        ({"b3": np.ones(3)}, r"params\['b3'\] must have shape \(H3,\) with H3 = 2 as in params\['W3'\], got \(3,\)"),
        ({"b1": np.ones(5, np.float32)}, r"params\['b1'\] must have the dtype of"),
        ({"b1": [1.0] * 5}, r"params\['b1'\] must be a float32 or float64 array"),
    ],
)
def test_a_network_that_does_not_fit_is_told(change, told):
    params = {key: value for key, value in (a_network(4, 5, 6, 2) | change).items() if value is not None}
    with pytest.raises((ValueError, TypeError), match=told):
        checked(deep, deep)(params, ROWS)


def test_what_depends_on_the_depth_is_checked_too():
    call, params = checked(deep, deep), a_network(4, 5, 2)
    with pytest.raises(ValueError, match=r"y must be at least 0 and at most 1 = C - 1, got 0 … 2"):
        call(params, ROWS, np.array([0, 1, 2]))
    with pytest.raises(ValueError, match=r"masks\['mask1'\] must have shape \(N, H1\) with H1 = 5"):
        call(params, ROWS, None, {"mask1": np.ones((3, 4), bool)})
    with pytest.raises(TypeError, match=r"masks\['mask1'\] must be an array of booleans"):
        call(params, ROWS, None, {"mask1": np.ones((3, 5))})
    with pytest.raises(ValueError, match="missing or unknown: mask1"):
        call(params, ROWS, None, {})
    assert call(a_network(4, 5, 2, norm=True), ROWS, norm=True) == 5
    with pytest.raises(ValueError, match="missing or unknown: gamma1"):
        call(params, ROWS, norm=True)  # which passed just now without: the option is a part of what is recognized


# -- parameters that may be there --------------------------------------------------------------------------------------


def branching(
    params: Params["w: F C", "skip.w: F C if 'skip.w' in params", "skip.b: F if 'skip.w' in params"],
    x: Float[Array, "N C"],
    running: Params["mean: F", "skip.mean: F if 'skip.w' in params"] | None = None,
):
    return sorted(params)


BRANCH = {"w": np.ones((2, 3)), "skip.w": np.ones((2, 3)), "skip.b": np.ones(2)}


def test_a_key_decides_about_others():
    call, x = checked(branching, branching), np.ones((4, 3))
    assert call({"w": BRANCH["w"]}, x) == ["w"] and call(BRANCH, x, {"mean": np.ones(2), "skip.mean": np.ones(2)})
    assert call({"w": BRANCH["w"]}, x, {"mean": np.ones(2)}) == ["w"]


@pytest.mark.parametrize(
    ("params", "running", "told"),
    [
        ({"w": BRANCH["w"], "skip.w": BRANCH["w"]}, None, r"must have the keys w, skip.w, skip.b; missing.*: skip.b"),
        ({"w": BRANCH["w"], "skip.b": np.ones(2)}, None, r"must have the keys w; missing or unknown: skip.b"),
        (BRANCH | {"skip.w": np.ones((2, 2))}, None, r"params\['skip.w'\] must have shape \(F, C\) with C = 3"),
        (BRANCH, {"mean": np.ones(2)}, r"running must have the keys mean, skip.mean; missing or unknown: skip.mean"),
        ({"w": BRANCH["w"]}, {"mean": np.ones(2), "skip.mean": np.ones(2)}, r"running must have the keys mean; "),
    ],
)
def test_what_a_key_asks_for_must_be_there_and_nothing_else(params, running, told):
    with pytest.raises(ValueError, match=told):
        checked(branching, branching)(params, np.ones((4, 3)), running)


def test_numbered_conditions_are_those_of_their_number():
    def deep(params: Params["w{l}: E", "skip{l}: E if 'skip{l}' in params", "first: E"]):
        return sorted(params)

    one = np.ones(2)
    call = checked(deep, deep)
    assert call({"first": one, "w1": one, "w2": one, "skip2": one}) == ["first", "skip2", "w1", "w2"]
    with pytest.raises(ValueError, match="missing or unknown: skip3"):
        call({"first": one, "w1": one, "w2": one, "skip3": one})


# -- parameters under a condition, and what is no array ----------------------------------------------------------------


def celled(params: Params["v: H", "W: D H if cell == 'rnn'", "W: D 4*H if cell == 'lstm'"], *, cell: str = "rnn"):
    return params["W"].shape


def told(tokens: Sequence[str], vocab: dict[str, int], rows: Sequence[Sequence[int]] = ()):
    return len(tokens)


def test_a_key_without_a_number_may_have_a_condition():
    call, v = checked(celled, celled), np.ones(2)
    assert call({"v": v, "W": np.ones((3, 2))}) == (3, 2)
    assert call({"v": v, "W": np.ones((3, 8))}, cell="lstm") == (3, 8)
    with pytest.raises(ValueError, match=r"params\['W'\] must have shape \(D, 4\*H\) with"):
        call({"v": v, "W": np.ones((3, 2))}, cell="lstm")
    with pytest.raises(ValueError, match="must have the keys v; missing or unknown: W"):
        call({"v": v, "W": np.ones((3, 2))}, cell="gru")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((["a", 3], {}), "tokens must be a text, or a list or a tuple of texts"),
        ((b"ab", {}), "tokens must be a text, or a list or a tuple of texts"),
        (("ab", [("a", 0)]), "vocab must be a dict of integers by texts"),
        (("ab", {"a": True}), "vocab must be a dict of integers by texts"),
        (("ab", {}, [[1, 2.5]]), "rows must be a list or a tuple of lists of integers"),
        (("ab", {}, [1]), "rows must be a list or a tuple of lists of integers"),
    ],
)
def test_texts_numberings_and_rows_of_integers(given, said):
    call = checked(told, told)
    assert call("ab", {"a": 0}, [[1], (2, 3), []]) == call(("a", "b"), {}) == 2
    with pytest.raises(TypeError, match=said):
        call(*given)


def test_an_integer_argument_is_a_dimension_of_its_name():
    """How long a sequence may be, and how large the patches are that a row of weights takes."""

    def f(
        x: Float[Array, "N C"],
        w: Float[Array, "C*p*p M"],
        lengths: Labels["N", "T + 1"],
        T: Between[0, None],
        *,
        p: int,
    ):
        return T

    call, x, lengths = checked(f, f), np.ones((2, 3)), np.array([0, 5])
    assert call(x, np.ones((12, 4)), lengths, 5, p=2) == 5
    with pytest.raises(ValueError, match=r"w must have shape \(C\*p\*p, M\) with C\*p\*p = 27 as in x, got \(12, 4\)"):
        call(x, np.ones((12, 4)), lengths, 5, p=3)
    with pytest.raises(ValueError, match="lengths must be at least 0 and at most 4"):
        call(x, np.ones((12, 4)), lengths, 4, p=2)
