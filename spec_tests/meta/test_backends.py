"""Backends of every form: namespaces, hooks, inherited composites, blocked and not implemented checks."""

import functools
import re
import textwrap
from types import SimpleNamespace

import numpy as np
import pytest

import nnspec
from nnspec import reference
from nnspec.backends import Backend, CannotLoad, NotSupplied, load
from nnspec.backends.near_names import near_names
from nnspec.checking.results import State
from nnspec.concepts.collect import public_functions

PARTS = (
    "affine_forward",
    "affine_backward",
    "relu_forward",
    "relu_backward",
    "softmax_cross_entropy_forward",
    "softmax_cross_entropy_backward",
    "l2_penalty",
)


def parts(**changed):
    return {name: getattr(reference, name) for name in PARTS} | changed


@pytest.mark.parametrize("form", [dict, lambda d: SimpleNamespace(**d), lambda d: type("Mine", (), _static(d))])
def test_any_namespace_is_a_backend(form):
    report = nnspec.check(form(parts()), concepts=["relu"], level="strict")
    assert report.exit_code == 0 and report.count()[State.PASSED] == report.planned > 40


def _static(functions):
    return {name: staticmethod(f) for name, f in functions.items()}


def test_the_forms_of_a_name(write, monkeypatch, tmp_path):
    write("mine/__init__.py", "from ._inner import affine_forward").with_name("_inner.py").write_text(
        "def affine_forward(x, w, b): return 0, None",
        encoding="utf-8",
    )
    assert load(str(tmp_path / "mine")).supplies() == ["affine_forward"]
    monkeypatch.syspath_prepend(tmp_path / "mine")
    assert load("_inner").supplies() == ["affine_forward"]
    assert load("cpu").ours and load("reference").ours and not load("_inner").ours
    with pytest.raises(CannotLoad, match="no function in it has a name of the specification"):
        load({"softmax": abs})


def test_who_supplies_the_parts_has_the_composite():
    report = nnspec.check(parts(), concepts=["two_layer_net"])
    counts = report.count(
        c for c in report.checks if c.id.startswith(("two_layer_net/value", "two_layer_net/gradient"))
    )
    assert counts == {State.PASSED: 20}
    assert {c.parts for c in report.checks if c.id.startswith("two_layer_net/gradient")} == {tuple(sorted(PARTS))}
    lacking = {name: f for name, f in parts().items() if name != "relu_backward"}
    states = {c.id: c.state for c in nnspec.check(lacking, concepts=["two_layer_net"]).checks}
    assert states["two_layer_net/value/distinct/float64"] is State.NOT_IMPLEMENTED
    assert states["two_layer_net/two_layer_scores.value/distinct/float64"] is State.PASSED  # needs no backward


def test_a_composite_whose_part_is_wrong_is_blocked_and_names_it():
    broken = parts(relu_backward=lambda dout, cache: dout)
    report = nnspec.check(broken, concepts=["relu", "two_layer_net"])
    blocked = [c for c in report.checks if c.state is State.BLOCKED]
    assert blocked and {c.concept for c in blocked} == {"two_layer_net"}
    assert {c.text for c in blocked} == {"builds on relu, which failed; mend that first"}
    assert report.exit_code == 1
    alone = nnspec.check(broken, concepts=["two_layer_net"])
    assert alone.count()[State.FAILED] and not alone.count()[State.BLOCKED]


class Boxed:
    """An array of another library: NumPy must not see it from outside."""

    def __init__(self, array):
        self.array = array

    __array__ = None

    def __getattr__(self, name):
        return getattr(self.array, name)


def test_hooks_carry_arrays_to_the_backend_and_back():
    def boxed(function):
        @functools.wraps(function)
        def call(*args, **options):
            given = [a.array if isinstance(a, Boxed) else a for a in args]
            assert not any(isinstance(a, np.ndarray) for a in args)
            result = function(*given, **options)
            if isinstance(result, tuple):
                return tuple(Boxed(r) if type(r) is np.ndarray else r for r in result)
            return Boxed(result)

        return call

    hooks = {"asarray": Boxed, "to_numpy": lambda box: getattr(box, "array", box)}
    names = ("relu_forward", "relu_backward", "affine_forward", "affine_backward")
    backend = {name: boxed(getattr(reference, name)) for name in names} | hooks
    report = nnspec.check(backend, concepts=["relu", "affine"], level="core")
    assert report.exit_code == 0, str(report)


def test_a_forward_without_a_backward_is_judged_as_far_as_it_goes():
    report = nnspec.check({"relu_forward": reference.relu_forward}, concepts=["relu"], level="strict")
    states = {c.id: c.state for c in report.checks}
    assert report.exit_code == 0
    assert states["relu/gradient/distinct/float64"] is State.NOT_IMPLEMENTED
    assert states["relu/purity/backward twice/float64"] is State.NOT_IMPLEMENTED
    assert states["relu/stability/tiny/float64"] is states["relu/layout/strided/float64"] is State.PASSED

    report = nnspec.check({"layernorm_forward": reference.layernorm_forward}, concepts=["layernorm"])
    states = {c.id: c.state for c in report.checks}
    assert report.exit_code == 0
    assert states["layernorm/law/ignores a shift/float64"] is State.NOT_IMPLEMENTED
    assert states["layernorm/law/rows alone/float64"] is State.PASSED


def test_a_missing_option_is_not_implemented_and_a_raising_function_errs():
    def forward(scores, y):
        return reference.softmax_cross_entropy_forward(scores, y)

    report = nnspec.check(parts(softmax_cross_entropy_forward=forward), concepts=["softmax_cross_entropy"])
    assert report.exit_code == 0
    lacking = [c for c in report.checks if c.state is State.NOT_IMPLEMENTED]
    assert {"softmax_cross_entropy/value/class weights/float64"} <= {c.id for c in lacking}
    assert "softmax_cross_entropy_forward does not take weight=" in {c.text for c in lacking}

    report = nnspec.check(parts(relu_forward=lambda x: x.no_such_thing), concepts=["relu"])
    first = report.checks[0]
    assert first.state is State.ERRORED and report.exit_code == 1
    assert first.text.startswith("raised AttributeError: 'numpy.ndarray' object has no attribute 'no_such_thing'")

    def leaving(x):
        raise SystemExit(3)

    report = nnspec.check(parts(relu_forward=leaving), concepts=["relu"])
    assert report.checks[0].text.startswith("raised SystemExit: 3") and len(report.checks) == report.planned

    def stub(x):
        raise NotImplementedError("exercise 3")

    report = nnspec.check(parts(relu_forward=stub), concepts=["relu"], level="strict")
    assert report.count()[State.NOT_IMPLEMENTED] > 30 and not report.count()[State.ERRORED]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda x: None, "relu_forward must return (out, cache), got NoneType"),
        (lambda x: x, "relu_forward must return (out, cache), got ndarray"),
        (lambda x: (None, x), "out: got None, want an array of real numbers"),
        (lambda x: ("text", x), "out: got str, want an array of real numbers"),
        (lambda x: (x[..., None], x), "out: got shape (2, 3, 1), want (2, 3)"),
        (lambda x: (x * np.nan, x), "pattern: NaN everywhere"),
        (lambda x: (0 * x, x), "pattern: zero everywhere"),
    ],
)
def test_an_answer_of_the_wrong_form_is_told_as_such(answer, said):
    report = nnspec.check(parts(relu_forward=answer), concepts=["relu"], ids=["relu/value/distinct/float64"])
    assert report.checks[0].state is State.FAILED and said in report.checks[0].text


def test_the_report_shows_itself():
    report = nnspec.check(parts(relu_backward=lambda dout, cache: 2 * dout), concept="relu")
    assert "failed relu/gradient/distinct/float64" in str(report) and str(report) == repr(report)
    again = re.search(r"again: nnspec\.check\(backend, (ids=.*)\)$", str(report), re.M)[1]
    assert again == "ids=['relu/gradient/distinct/float64']" and "nnspec check" not in str(report)
    html = report._repr_html_()
    assert html.count("<table") == 1 and html.count("<details") == 1 and "relu/gradient/distinct/float64" in html
    assert nnspec.check(parts(), note=5, concept=["relu"], dtype="float64", level="core").exit_code == 0


def test_a_backward_that_is_missing_or_misspelt_is_told():
    mine = {
        "affine_forward": reference.affine_forward,
        "affine_backwards": reference.affine_backward,
        "relu_forward": reference.relu_forward,
        "tanh_fwd": reference.tanh_forward,
        "selu_forward": abs,
    }
    report = nnspec.check(mine, concepts=["affine", "relu", "tanh"], ids=["relu/value/*/float64", "affine/value/one/"])
    assert report.partly == {
        "affine": ["no affine_backward (it has affine_backwards: did you mean affine_backward?)"],
        "relu": ["no relu_backward"],
    }
    assert report.near == {"affine_backwards": "affine_backward"}  # of what is asked; tanh is not
    assert nnspec.check(mine, concept=["relu", "tanh"], dtype="float64").near == {"tanh_fwd": "tanh_forward"}
    assert re.search(r"^affine \(partly\) +2 passed", str(report), re.M) and "2 concepts (2 of them partly)" in str(
        report
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("afine_forward", "affine_forward"),
        ("AffineForward", "affine_forward"),
        ("affine_fwd", "affine_forward"),
        ("affine_grad", "affine_backward"),
        ("affine", "affine_forward"),
        ("conv_forward", "conv2d_forward"),
        ("batch_norm_backward", "batchnorm_backward"),
        ("knn_predct", "knn_predict"),
        ("l2_penaltiy", "l2_penalty"),
        ("selu_forward", None),
        ("conv1d_forward", None),
        ("l1_penalty", None),
        ("group_norm_forward", None),
        ("leaky_relu_forward", None),
        ("rnn_step_forward", None),
        ("helper", None),
        ("affine_forwardly", None),
    ],
)
def test_a_name_that_is_nearly_one_of_ours(written, meant):
    def function(x): ...

    assert near_names(SimpleNamespace(**{written: function})) == ({written: meant} if meant else {})
    if meant:
        assert near_names(SimpleNamespace(**{written: function, meant: function})) == {}


def test_what_is_composed_is_told_apart_and_not_counted():
    report = nnspec.check(parts(), concepts=["two_layer_net", "relu"], dtype="float64", level="core")
    assert report.composed == ["two_layer_net"]
    assert re.search(r"^two_layer_net \(composed\) +\d+ passed", str(report), re.M)
    assert "1 of 1 concepts, 1 of 1 composed" in str(report)
    own = parts(two_layer_loss=reference.two_layer_loss.__wrapped__)
    assert nnspec.check(own, ids=["two_layer_net/value/one/float64"]).composed == []


def test_a_broken_file_of_a_bundled_backend_costs_its_own_concept(python, tmp_path):
    """A copy of a package of twins, of which one file does not parse and another defines what nobody asked for."""
    made = """
        import sys, types
        from pathlib import Path
        import numpy
        from nnspec import reference
        from nnspec.concepts import collect
        package = types.ModuleType("twins")
        package.__path__ = [sys.argv[1]]
        sys.modules["twins"] = package
        vars(package).update(collect.twins("twins", reference))
        assert package.relu_forward(numpy.ones((2, 3)))[0].sum() == 6
        for name in ("tanh_forward", "affine_backward"):
            try:
                getattr(package, name)()
            except ImportError as error:
                print(error)
    """
    folder = tmp_path / "n05_backpropagation"
    folder.mkdir()
    (folder / "relu.py").write_text("def relu_forward(x):\n    return x * (x > 0), ()\n")
    (folder / "tanh.py").write_text("def tanh_forward(x) return x\n")
    (folder / "affine.py").write_text("def afine_forward(x, w, b): ...\n")
    done = python("-c", textwrap.dedent(made), tmp_path)
    assert done.returncode == 0, done.stderr
    assert re.search("n05_backpropagation/tanh.py cannot be used: SyntaxError: .*line 1", done.stdout)
    assert "affine.py cannot be used: ImportError: nothing in the reference is called afine_forward" in done.stdout


def test_honest_choices_are_accepted():
    """A list of gradients, a Python float as loss, other caches, slightly more or less accurate arithmetic."""
    from scipy.special import logsumexp

    def tanh_forward(x):
        e = np.expm1(-2 * abs(x))
        return np.copysign(-e / (2 + e), x), {"x": x}

    def loss_forward(scores, y):
        logp = scores - logsumexp(scores, axis=1, keepdims=True)
        return float(-logp[range(len(y)), y].mean()), [logp, y]

    def loss_backward(dloss, cache):
        p = np.exp(cache[0])
        p[range(len(p)), cache[1]] -= 1
        return dloss / len(p) * p

    backend = {
        "affine_forward": lambda X, W, bias: (np.einsum("nd,dm->nm", X.reshape(len(X), len(W)), W) + bias, (X, W)),
        "affine_backward": lambda d, c: (
            list(reference.affine_backward(d, reference.affine_forward(*c, d[0])[1]))
            if len(d)
            else [0 * c[0], 0 * c[1], d.sum(0)]
        ),
        "tanh_forward": tanh_forward,
        "tanh_backward": lambda dout, cache: dout / np.cosh(cache["x"]) ** 2,
        "softmax_cross_entropy_forward": loss_forward,
        "softmax_cross_entropy_backward": loss_backward,
    }
    with np.errstate(over="ignore"):
        report = nnspec.check(backend, concepts=["affine", "tanh", "softmax_cross_entropy"], level="robust")
    assert report.exit_code == 0, str(report)


def test_dtypes_and_missing_names():
    with pytest.raises(NotSupplied, match="mine has no adam"):
        Backend("mine", parts()).find("adam")
    only32 = parts() | {"dtypes": ("float32",)}
    report = nnspec.check(only32, concepts=["relu"])
    assert {c.state for c in report.checks if c.id.endswith("float64")} == {State.NOT_IMPLEMENTED}
    assert report.exit_code == 0 and report.count()[State.PASSED]


def test_every_public_function_belongs_to_a_concept():
    from nnspec.concepts import catalogue

    assert {catalogue.concept_of(name) for name in public_functions(reference)} == set(catalogue.concepts())


def test_what_a_part_leaves_out_the_composite_lacks_too():
    """A dropout that draws for itself: a network with given masks cannot be made of it, which is nobody's fault."""

    def dropout_forward(x, *, keep, train=True, rng=None):
        mask = rng.random(x.shape) < keep if train else np.True_
        return np.where(mask, x / keep, 0) if train else x, (mask, keep if train else 1)

    def dropout_backward(dout, cache):
        mask, keep = cache
        return np.where(mask, dout / keep, 0)

    own = parts(dropout_forward=dropout_forward, dropout_backward=dropout_backward)
    report = nnspec.check(own, ids=["fc_net/value/*/float64", "fc_net/gradient/*/float64"], level="core")
    assert report.exit_code == 0, str(report)
    left_out = {check.id: check.text for check in report.checks if check.state is State.NOT_IMPLEMENTED}
    assert "does not take mask=" in left_out["fc_net/value/dropout/float64"], left_out
    assert any(check.state is State.PASSED for check in report.checks)


def test_a_folder_with_the_same_names_is_another_folder(write):
    """Neighbours that a file imports are those beside it, also after another backend had some of the same name."""
    for value in (1, 2):
        write(f"{value}/helper.py", f"VALUE = {value}")
        mine = write(f"{value}/mine.py", "import helper\n\ndef relu_forward(x): return helper.VALUE, x")
        assert load(str(mine)).namespace.relu_forward(0) == (value, 0)
