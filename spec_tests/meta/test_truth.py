"""The truth engine and the derived budgets: against hand-made results, against each other, and against staleness."""

import ast
import functools
import importlib.util
import textwrap
from contextlib import suppress
from pathlib import Path

import mpmath
import numpy as np
import pytest

import nnspec.spec_tests
from nnspec import reference
from nnspec.spec_tests import _kept, _truth
from nnspec.spec_tests._budget import SPREADS, Budget, derive_budget, rounding_of
from nnspec.spec_tests._verdict import CheckFailed, compare

WIDE = np.longdouble


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NNSPEC_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(_truth, "_compiled", {})
    return tmp_path / "cache"


def sine_of_squares(x):
    return _truth.exp(_truth.named(x * x)) + _truth.log(x)


def test_value_and_gradient_have_more_digits_than_float64(cache):
    x, dout = np.array([0.3, 1.7]), np.array([2.0, -0.5])
    (out,), gradients = _truth.evaluate(sine_of_squares, {"x": x}, {}, [dout])
    with mpmath.workdps(40):
        for i in range(2):
            xi = mpmath.mpf(float(x[i]))
            want = mpmath.exp(xi**2) + mpmath.log(xi)
            slope = float(dout[i]) * (2 * xi * mpmath.exp(xi**2) + 1 / xi)
            for got, true in ((out[i], want), (gradients["x"][i], slope)):
                high = float(true)
                assert abs(got - (WIDE(high) + WIDE(float(true - high)))) <= 4 * np.finfo(WIDE).eps * abs(got)


def test_cancellation_costs_no_digits(cache):
    """1 - tanh(95)^2 is 1e-82: fifty digits leave nothing of it."""
    _, gradients = _truth.evaluate(lambda x: _truth.tanh(x), {"x": np.array([95.0])}, {}, [np.array([1.0])])
    assert float(gradients["x"][0]) == pytest.approx(1 / np.cosh(95.0) ** 2, rel=1e-12)


def test_what_cancels_for_good_is_zero_and_does_not_take_all_digits(cache):
    """sqrt(x)^2 - x: the rest shrinks with every digit, and never agrees with the one before."""
    (value,), gradients = _truth.evaluate(
        lambda x: _truth.named(_truth.sqrt(x)) ** 2 - x, {"x": np.array([2.0])}, {}, [np.array([1.0])]
    )
    assert (value, gradients["x"]) == (0, 0)
    assert _truth._mp.dps < _truth.DIGITS[-1]


def test_cuts_change_nothing(cache):
    def cut(x, w):
        return _truth.named(_truth.tanh(_truth.named(x @ w))) @ w

    def whole(x, w):
        return _truth.tanh(x @ w) @ w

    rng = np.random.default_rng(0)
    arrays, dout = {"x": rng.standard_normal((2, 3)), "w": rng.standard_normal((3, 3))}, [rng.standard_normal((2, 3))]
    (one,), first = _truth.evaluate(cut, arrays, {}, dout)
    (two,), second = _truth.evaluate(whole, arrays, {}, dout)
    assert np.allclose(one.astype(float), two.astype(float), rtol=1e-15)
    for name in arrays:
        assert np.allclose(first[name].astype(float), second[name].astype(float), rtol=1e-14)


def test_the_kink_has_slope_zero_and_integers_do_not_wrap(cache):
    _, gradients = _truth.evaluate(
        lambda x: _truth.where_positive(x, x), {"x": np.array([0.0, 1.0, -1.0])}, {}, [np.ones(3)]
    )
    assert gradients["x"].tolist() == [0, 1, 0]
    assert (_truth.exact(np.array([3], np.uint8)) - _truth.exact(np.array([5], np.uint8))).tolist() == [-2]
    far, below, unknown = _truth.exact(np.array([np.inf, -np.inf, np.nan]))
    assert (1 / far, far > 0, below < 0, unknown.is_number and not unknown.is_finite) == (0, True, True, True)
    assert _truth.exact(np.inf) == far


def test_evaluators_are_kept_on_disk_and_read_back(cache, monkeypatch):
    arrays = {"x": np.array([0.5])}
    first = _truth.evaluate(sine_of_squares, arrays, {}, [np.array([1.0])])
    assert len(list((cache / "truth").glob("*.py"))) == 1
    monkeypatch.setattr(_truth, "_compiled", {})
    monkeypatch.setattr(_truth, "derive", lambda *_: pytest.fail("derived again although it is on disk"))
    assert np.array_equal(_truth.evaluate(sine_of_squares, arrays, {}, [np.array([1.0])])[0], first[0])


@pytest.fixture
def store(cache, monkeypatch):
    """Of answers, in a cache of its own; opened anew by store()."""
    opened = []

    def store():
        opened.append(functools.cache(_kept._store.__wrapped__))
        monkeypatch.setattr(_kept, "_store", opened[-1])

    yield store
    for one in opened:
        one().close()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_answers_come_back_as_they_were_kept(store, dtype):
    """Wide ones in all their digits but the last, signs of zeros, infinities, what no double holds, and
    budgets in a few digits."""
    wide = np.array([1, -2, 0, np.inf, np.nan, -0.0], WIDE) / 3
    want = {"wide": wide, "beyond": WIDE("1e4000") * np.ones(2, WIDE), "labels": np.array([3, 1])}
    rounding = {name: rounding_of(value, dtype) for name, value in want.items()}
    spread = {"wide": 1e-7 * np.arange(6), "beyond": np.full(2, 1e-60), "labels": np.zeros(2)}
    budgets = {name: Budget(WIDE(spread[name]), rounding[name], 1e-38) for name in want}
    store()
    _kept.keep(b"one", want, budgets)
    found, limits = _kept.find(b"one")
    assert _kept.find(b"another") is None and found.keys() == want.keys()
    for name, value in want.items():
        assert found[name].dtype == value.dtype and found[name].shape == value.shape
        with np.errstate(invalid="ignore"):
            off = abs(found[name] - value)
        last = np.finfo(WIDE if dtype == "float64" else float).eps  # digits that a budget of single precision sees
        assert np.isnan(found[name]).tolist() == np.isnan(value).tolist()
        assert np.signbit(found[name]).tolist() == np.signbit(value).tolist()  # as a failure shows it
        assert (off[np.isfinite(value)] <= 4 * last * abs(value[np.isfinite(value)])).all()
        np.testing.assert_allclose(np.float64(limits[name].limit[:2]), np.float64(budgets[name].limit[:2]), rtol=1e-6)


def test_what_is_kept_does_not_grow_without_end(store, monkeypatch):
    store()
    value = {"out": np.zeros(3)}
    _kept.keep(b"one", value, {"out": Budget(np.zeros(3), np.zeros(3), 0.0)})
    store()
    assert _kept.find(b"one") is not None
    monkeypatch.setattr(_kept, "MOST", 1)
    store()
    assert _kept.find(b"one") is None


def test_a_changed_definition_or_helper_is_not_answered_from_the_cache(tmp_path, monkeypatch):
    """The key covers the definition's file and every module of the spec that it imports, however deep."""
    folder = tmp_path / "spec"
    folder.mkdir()
    monkeypatch.setattr(nnspec.spec_tests, "__path__", [*nnspec.spec_tests.__path__, str(folder)])
    (folder / "drawn_helper.py").write_text("FACTOR = 1\n", encoding="utf-8")
    (folder / "drawn_spec.py").write_text(
        textwrap.dedent("""
        from nnspec.spec_tests.drawn_helper import FACTOR

        def definition(x):
            return FACTOR * x
    """)
    )
    importlib.invalidate_caches()
    module = importlib.import_module("nnspec.spec_tests.drawn_spec")
    keys = []
    for text in ("FACTOR = 1\n", "FACTOR = 2\n", "FACTOR = 1\n"):
        (folder / "drawn_helper.py").write_text(text, encoding="utf-8")
        _truth.source_key.cache_clear()
        keys.append(_truth._key(module.definition, {"x": np.ones(1)}, {}, True))
    assert keys[0] == keys[2] != keys[1]


def test_what_a_specification_imports_is_read_as_python_reads_it():
    """Of every file, and in every form that an import may have."""
    forms = """
        from nnspec.spec_tests import _cases, _known as known  # (both)
        from nnspec.spec_tests import (
            _layouts,  # one (of them)
            _levels as rest,
        )
        from nnspec.spec_tests import \\
            _kinds

        def late():
            from nnspec.spec_tests._purity import RULES
            from sympy import Symbol
    """
    files = [path for package in (nnspec.spec_tests, reference) for path in Path(package.__path__[0]).rglob("*.py")]
    sources = [path.read_bytes() for path in files if "meta" not in path.parts]
    assert len(sources) > 200
    for source in (textwrap.dedent(forms).encode(), *sources):
        for package in ("nnspec.spec_tests", "nnspec.reference."):
            assert sorted(_truth._imports_of(package, source)) == sorted(parsed_imports(package, source))
    assert len(_truth._imports_of("nnspec.spec_tests", textwrap.dedent(forms).encode())) == 3 + 6


def parsed_imports(package, source):
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    for node in (node for node in nodes if (node.module or "").startswith(package)):
        for name in [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]:
            with suppress(ModuleNotFoundError):
                if importlib.util.find_spec(name):
                    yield name


def test_a_cache_that_cannot_be_written_is_no_error(monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder", encoding="utf-8")
    monkeypatch.setenv("NNSPEC_CACHE_DIR", str(blocked))
    monkeypatch.setattr(_truth, "_compiled", {})
    (out,), _ = _truth.evaluate(sine_of_squares, {"x": np.array([1.0])}, {})
    assert float(out[0]) == pytest.approx(np.e)


def test_a_budget_knows_of_cancellation_and_of_precision():
    def difference(arrays):
        return {"out": arrays["a"] - arrays["b"]}

    def budget(a, dtype):
        arrays = {"a": np.array([a], dtype), "b": np.array([a - 1], dtype)}
        return derive_budget(difference, arrays, {"out": np.array([1.0], WIDE)}, dtype)["out"].limit[0]

    plain, cancelling = budget(2.0, np.float32), budget(2.0**12, np.float32)
    assert 2**-24 < plain < 32 * SPREADS * 2**-24
    assert 500 < cancelling / plain < 20000
    assert budget(2.0, np.float64) < 1e-8 * plain


def test_a_spread_is_exact_beyond_the_digits_of_a_double():
    want, got = np.array([WIDE(1) + WIDE(2) ** -60, WIDE(10) ** 4000]), np.array([1 + 2.0**-52, np.inf])
    budget = derive_budget(lambda arrays: {"out": got}, {"x": np.ones(1)}, {"out": want}, np.float64)["out"]
    assert budget.spread[0] == 2.0**-52 - 2.0**-60
    assert budget.spread[1] == np.inf  # no double is right, so that every answer is


def test_compare_says_what_is_wrong():
    want = np.array([[1.0, 2.0], [3.0, 4.0]], WIDE)
    budget = derive_budget(lambda arrays: {"out": arrays["x"]}, {"x": want.astype(float)}, {"out": want}, np.float64)[
        "out"
    ]

    def told(got):
        with pytest.raises(CheckFailed) as failed:
            compare("out", got, want, budget, lambda got, limit: [f"explained {np.shape(got)}"])
        return str(failed.value)

    assert compare("out", want.astype(float), want, budget) == 0
    assert compare("out", want + budget.limit / 4, want, budget) == pytest.approx(0.25)
    text = told(2 * want)
    assert "out[1, 0]: got 6, want 3" in text and "explained (2, 2)" in text and "budget here: 32 x" in text
    assert "1 of 4 entries of out are wrong" in told(want + np.array([[0, 0], [0, 1]]))
    assert "got shape (2, 1), want (2, 2)" in told(want[:, :1])


def test_the_reference_in_float32_stays_far_inside_its_budget():
    """The margin of a right implementation: the reference itself uses a small part of what is allowed."""
    from nnspec.spec_tests._cases import Case
    from nnspec.spec_tests._problem import REFERENCE, Problem
    from nnspec.spec_tests.n02_losses.test_softmax_cross_entropy import TestSoftmaxCrossEntropy

    spec = TestSoftmaxCrossEntropy()
    problem = Problem(spec, Case("margin", {"N": 64, "C": 100}), "float32")
    want = problem.wide()
    budgets, got = problem.budgets(want), spec.run(REFERENCE, problem)
    used = max(float((np.abs(got[name] - want[name]) / budgets[name].limit).max()) for name in want)
    assert used < 0.2
    assert hasattr(reference, "softmax_cross_entropy_forward")


def test_an_answer_that_is_kept_depends_on_what_gives_it_and_on_nothing_else(monkeypatch):
    """A block's on its parts, of which it writes only the names; not on concepts that have nothing to do with it."""

    def home(note, name):
        return f"nnspec.reference.{note}.{name}"

    found = _kept.answering("nnspec.spec_tests.n06_convolution.test_conv_relu", "conv_relu_forward")
    assert {home("n06_convolution", "_windows"), home("n05_backpropagation", "relu")} <= found
    assert home("n09_recurrent", "lstm") not in found
    trained = _kept.answering("nnspec.spec_tests.n08_training.test_trainer", "train")
    assert {home("n05_backpropagation", "two_layer_net"), home("n02_losses", "softmax_cross_entropy")} <= trained

    source_of = _truth.source_of

    def key_if_changed(module):
        changed = {module: b"# changed"}
        monkeypatch.setattr(_truth, "source_of", lambda name: source_of(name) + changed.get(name, b""))
        return _kept._right.__wrapped__("nnspec.spec_tests.n06_convolution.test_conv_relu", "conv_relu_forward")

    as_it_is = key_if_changed("")
    assert key_if_changed(home("n09_recurrent", "lstm")) == as_it_is
    assert key_if_changed(home("n06_convolution", "_windows")) != as_it_is
