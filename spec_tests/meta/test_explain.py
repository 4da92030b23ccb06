"""`nnspec explain` as a student reads it: a screen or two, formulas that are true, and files that work as they are."""

import ast
import inspect
import math
import re
import resource
import types
from functools import cache

import numpy as np
import pytest
import sympy as sp

import nnspec.reference as reference
from nnspec.concepts import catalogue
from nnspec.explain import finding
from nnspec.explain.commands import _PARTS
from nnspec.explain.example import example, on_the_way
from nnspec.explain.formulas import LONGEST
from nnspec.explain.gradient import OUTPUT, Gradient
from nnspec.explain.lines import Place, can_be_told, lines_for, lines_of, smallest
from nnspec.explain.page import BYTES, LINES, page, where
from nnspec.explain.words import arguments, public, shape, stub
from nnspec.shapes import contract
from nnspec.spec_tests._problem import REFERENCE

CONCEPTS = list(catalogue.concepts())
LINES_OF_EXAMPLES = 180  # where parameters are a dict of many arrays


def derived(concept: str) -> list:
    """The specifications of a concept whose gradient is taken apart."""
    specs = [spec() for spec in catalogue.specs_of(catalogue.concepts()[concept])]
    return [spec for spec in specs if spec.has_gradient and can_be_told(spec, smallest(spec))]


DERIVED = [(concept, spec.part()) for concept in CONCEPTS for spec in derived(concept)]


@cache
def gradient_of(concept: str, part: str) -> Gradient:
    (spec,) = [spec for spec in derived(concept) if spec.part() == part]
    return Gradient(spec, lines_of(spec))


# -- the page ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONCEPTS)
def test_a_page_is_a_screen_or_two_and_has_what_one_needs(name):
    concept = catalogue.concepts()[name]
    made, specs = page(concept), catalogue.specs_of(concept)
    text, flowing = str(made), " ".join(str(made).split())
    assert len(made.text) <= LINES == 90 and len(text.encode()) <= BYTES == 7500
    assert max(map(len, made.text)) <= 120
    for function in public(concept).values():
        assert f"{function.__name__}(" in text
        for said in arguments(function):
            assert " ".join(said.split()) in flowing
    if any(spec.mistakes() for spec in specs):
        assert re.search(r"^pitfalls, by their number\n  [MN]\d+ +\S", text, re.M)
    for variant in [variant for spec in specs for variant in spec.variants()]:
        assert variant.id in text and variant.source in flowing
    for part in [part for concept, part in DERIVED if concept == name][:1]:
        assert f"gradient of {part}, line by line" in text


def test_an_lstm_in_the_names_of_its_equation():
    text = str(page(catalogue.concepts()["lstm"]))
    for line in (
        "  a[0,0] = sum_k x[0,k]*Wx[k,0] + sum_k h[0,k]*Wh[k,0] + b[0]\n",
        "      by a_i[0,0]: i[0,0]*(1 - i[0,0]); likewise f of a_f, o of a_o\n",
        "  c_next[0,0] = c[0,0]*f[0,0] + i[0,0]*tanh(a_g[0,0])\n",
        "    dc_next[0,0] += dh_next[0,0]*o[0,0]*(1 - tanh(c_next[0,0])^2)",
        "  the lines of lstm_step again\n",
        "    dc_next_1[0,0] = dc_next_2[0,0]*f_2[0,0] + dh[0,0]*o[0,0]*(1 - tanh(c_next_1[0,0])^2)\n",
    ):
        assert line in text
    assert "x (N, D), h, c (N, H), Wx (D, 4H), Wh (H, 4H), b (4H,): floats" in text


def test_variants_stand_before_the_pitfalls(monkeypatch):
    concept = catalogue.concepts()["relu"]
    (spec,) = catalogue.specs_of(concept)
    one = types.SimpleNamespace(id="one-at-zero", says="relu'(0) = 1.", source="Somebody 2015, sec. 2")
    monkeypatch.setattr(spec, "variants", classmethod(lambda cls: [one]), raising=False)
    told = str(page(concept))
    assert "  one-at-zero: relu'(0) = 1. Somebody 2015, sec. 2." in told
    assert told.index("variants, which are right as well") < told.index("pitfalls, by their number")


def _has_params(concept) -> bool:
    """Whether its parameters come in a dict: an example shows the numbers of all."""
    contracts = [contract(inspect.unwrap(function)) for function in public(concept).values()]
    return any(rule.kind == "params" for found in contracts for rule in found.rules.values())


def test_what_does_not_fit_is_counted_and_shown_when_asked_for():
    concept = catalogue.concepts()["lstm"]
    text, every = str(page(concept)), _PARTS["pitfalls"](concept)
    hints = {mistake.hint for spec in catalogue.specs_of(concept) for mistake in spec.mistakes()}
    left_out = [hint for hint in hints if hint not in text]
    assert left_out and f"… and {len(left_out)} more: nnspec explain lstm --pitfalls" in text
    assert all(hint in every for hint in hints)
    assert "lstm_step: M84 gates-in-the-order-of-pytorch: The gates come as i, f, o, g" in every


@pytest.mark.parametrize(
    ("notation", "told"),
    [("N D", "(N, D)"), ("D 4*H", "(D, 4H)"), ("N", "(N,)"), ("N *d", "(N, d…)"), ("*shape", "of any shape"),
     ("*#batch #Tq Tk", "(batch…, Tq, Tk)"), ("prod(d) M", "(prod(d), M)"), ("", "()")],
)  # fmt: skip
def test_a_shape_in_words(notation, told):
    assert shape(notation) == told


# -- formulas: what is printed is evaluated, with numbers in place of the names ---------------------------------------


@pytest.mark.parametrize(("concept", "part"), DERIVED)
def test_every_formula_is_true(concept, part):
    gradient = gradient_of(concept, part)
    numbers = Numbers(gradient)
    shown = [(gradient.write(s.symbol), gradient.write(s.formula), s) for s in gradient.shown]
    checked = 0
    for left, right, line in shown:
        assert len(right) <= LONGEST
        checked += numbers.agree(left, right)
        for entry, (value, _) in line.slopes.items():
            text = gradient.write(value)
            if not text.endswith("…"):
                true = numbers.of(sp.diff(line.formula, entry))
                assert math.isclose(numbers.read(text), true, rel_tol=1e-9, abs_tol=1e-12), (entry, text)
    for told in gradient.chain():
        left, added, right = re.fullmatch(r"(\S+) (\+?)= (.*)", told).groups()
        if added:  # to what comes from above
            right = f"{right} + {numbers.above(left)!r}"
        checked += numbers.agree(left, right)
    assert checked or not shown


SHOWN = [
    (concept, spec.part())
    for concept in CONCEPTS
    for spec in {spec.op: spec for spec in derived(concept)[::-1]}.values()
]


PUT_BEHIND = {
    "concat_channels": {"x2", "x3", "x4"},
    "with_cls": {"x"},
    "nt_xent": {"zr"},
}  # the entry that is shown is of what is in front


@pytest.mark.parametrize(("concept", "part"), SHOWN)
def test_every_input_with_a_gradient_has_its_equation(concept, part):
    gradient = gradient_of(concept, part)
    told = " ".join(gradient.chain())
    wanted = set(gradient.lines.inputs) - gradient.without - PUT_BEHIND.get(part, set())
    reached = {place.name for symbol, place in gradient.lines.places.items() if symbol in gradient.reached}
    for name in wanted & reached:
        assert re.search(rf"(^| )d{name}(\[[\d,]+\])? =", told), name


class Numbers:
    """Random numbers in place of all that a gradient names, forwards by its lines and backwards by the chain rule."""

    def __init__(self, gradient: Gradient):
        rng = np.random.default_rng(0)
        self.gradient, lines = gradient, gradient.lines
        self.values = {option: rng.uniform(0.5, 1.5) for option in lines.options.values()}
        for symbol, place in lines.places.items():
            if place.turn == 0:
                positive = "var" in place.name or place.name in ("p", "q")  # variances and probabilities
                self.values[symbol] = abs(rng.normal()) + 0.2 if positive else rng.normal()
        formulas = {symbol: formula for line in lines.lines for symbol, formula in line.formulas.items()}
        for symbol, formula in formulas.items():
            self.values[symbol] = self.of(formula)
        self.upstream = {
            (name, at): rng.normal()
            for name, array in lines.outputs.items() if name not in gradient.spec.states
            for at in np.ndindex(*array.shape)
        }  # fmt: skip
        self.adjoints = dict.fromkeys(self.values, 0.0)
        for (name, at), dout in self.upstream.items():
            self._pull(dout, sp.sympify(lines.outputs[name][at]))
        for symbol, formula in reversed(formulas.items()):
            self._pull(self.adjoints[symbol], formula)
        self.names = self._names()

    def of(self, formula) -> float:
        """With the numbers that the definition itself has as they are shown, in four digits."""
        formula = sp.sympify(formula)
        shown = {number: sp.Float(f"{float(number):.4g}", 17) for number in formula.atoms(sp.Float)}
        given = {symbol: sp.Float(value, 17) for symbol, value in self.values.items()}
        return float(sp.N(formula.xreplace(shown).xreplace(given), 17))

    def _pull(self, upstream, formula):
        for symbol in formula.free_symbols:
            self.adjoints[symbol] += upstream * self.of(sp.diff(formula, symbol))

    def _names(self) -> dict:
        """The arrays under the names that they are printed with; a line is in front of an output of its name."""
        places, write, found = self.gradient.lines.places, self.gradient.write, {}
        shown = {(s.line.name, s.line.turn) for s in self.gradient.shown}
        for (name, at), dout in self.upstream.items():
            value = self.of(self.gradient.lines.outputs[name][at])
            found.setdefault((name, OUTPUT), {})[at] = value, dout
        for symbol, value in self.values.items():
            place = places.get(symbol)
            if place and (place.turn == 0 or (place.name, place.turn) in shown):
                found.setdefault((place.name, place.turn), {})[place.index] = value, self.adjoints[symbol]
        names = {str(option): self.values[option] for option in self.gradient.lines.options.values()}
        for (name, turn), entries in found.items():
            for i, prefix in enumerate(("", "d")):
                array = np.full(np.max([*entries], axis=0) + 1 if () not in entries else (), np.nan)
                for at, pair in entries.items():
                    array[at] = pair[i]
                names[write.label(Place(f"{prefix}{name}", turn, ()))] = array
        return names

    def above(self, left: str) -> float:
        """What comes from above into an entry of a line that is an output: `dc_next[0,0]` is told of `c_next`."""
        outputs = self.gradient.lines.outputs
        for symbol, place in self.gradient.lines.places.items():
            if self.gradient.write.label(Place(f"d{place.name}", place.turn, place.index)) == left and place.turn > 0:
                array = outputs[place.name]
                return sum(self.upstream[place.name, at] for at in np.ndindex(*array.shape) if array[at] is symbol)
        raise AssertionError(left)

    def agree(self, left: str, right: str) -> bool:
        if right.endswith("…"):
            return False
        assert math.isclose(self.read(left), self.read(right), rel_tol=1e-9, abs_tol=1e-12), f"{left} = {right}"
        return True

    def read(self, text: str) -> float:
        known = {"exp": math.exp, "log": math.log, "sqrt": math.sqrt, "tanh": math.tanh, "erf": math.erf, "abs": abs,
                 "sign": np.sign, "max": max, "pi": math.pi, "added": self._added}  # fmt: skip
        names = {_plain(name): array for name, array in self.names.items()}
        return float(eval(_with_sums(_plain(text)).replace("^", "**"), {**known, **names}))

    def _added(self, letters: str, body: str, function):
        """A sum over letters, each of which runs over the shortest axis that it stands on."""
        sizes, names = [], {_plain(name): array for name, array in self.names.items()}
        for letter in letters.split(","):
            axes = [names[name].shape[i] for name, index in re.findall(r"(\w+)\[([^]]*)\]", body)
                    for i, at in enumerate(index.split(",")) if at == letter]  # fmt: skip
            sizes.append(min(axes))
        return sum(function(*at) for at in np.ndindex(*sizes))


def _plain(text: str) -> str:
    """Names of parameters without their dots: `layers.1.ln1.gamma` is no name of Python's."""
    return re.sub(r"\b[A-Za-z]\w*(?:\.\w+)+", lambda found: found[0].replace(".", "_"), text)


def _with_sums(text: str) -> str:
    """`sum_k BODY` as Python; it ends where its bracket does, or before the next + or - beside it."""
    found = re.search(r"sum_(?:\{([\w,]+)\}|(\w))\s", text)
    if not found:
        return text
    letters, depth, end = found[1] or found[2], 0, len(text)
    for i in range(found.end(), len(text)):
        depth += (text[i] in "([") - (text[i] in ")]")
        if depth < 0 or (depth == 0 and text[i : i + 3] in (" + ", " - ")):
            end = i
            break
    body = text[found.end() : end]
    inside = f"added({letters!r}, {body!r}, lambda {letters}: {_with_sums(body)})"
    return text[: found.start()] + inside + _with_sums(text[end:])


def test_a_sum_runs_over_all_of_an_axis_or_is_written_out():
    text = gradient_of("lstm", "lstm_step").write
    lines = gradient_of("lstm", "lstm_step").lines
    a = next(line for line in lines.lines if line.name == "a").array
    assert text(a[0, 0] + a[0, 1]) == "a[0,0] + a[0,1]"
    assert text(sum(a[0])) == "sum_k a[0,k]"
    assert text(a[0, 0] * a[1, 1] + a[0, 1] * a[1, 0]) == "a[0,0]*a[1,1] + a[0,1]*a[1,0]"


def test_labels_that_happen_to_count_up_are_no_diagonal():
    network = gradient_of("fc_net", "fc_net")
    assert network.lines.problem.constants()["y"].tolist() == [0, 1]
    data = next(shown.formula for shown in network.shown if shown.line.name == "data")
    assert network.write(data).endswith("- scores[0,0]/2 - scores[1,1]/2")


# -- the worked example -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONCEPTS)
def test_an_example_runs_and_gives_what_stands_behind_it(name):
    concept = catalogue.concepts()[name]
    told = example(concept, catalogue.specs_of(concept))
    assert told == example(concept, catalogue.specs_of(concept)) and max(map(len, told)) <= 120
    assert len(told) <= (LINES_OF_EXAMPLES if _has_params(concept) else LINES)
    typed = [number for line in told if not line.startswith("#") for number in re.findall(r"\d\.\d+", line)]
    assert all(len(number) <= 4 for number in typed)
    namespace, compared = {}, 0
    for is_comment, text in _statements(told):
        if not is_comment:
            exec(text, namespace)
        elif text in {spec.part() for spec in catalogue.specs_of(concept)}:  # a heading: what stood above is not meant
            namespace = {key: value for key, value in namespace.items() if not isinstance(value, np.ndarray)}
        elif match := re.fullmatch(r"(.+?) = (.*)", text):
            with_value = match[1].split("[")[0] in namespace
            if with_value:
                got, want = eval(match[1], namespace), eval(match[2])
                assert _close(got, want), text
                compared += 1
    takes_arrays = any("np.array" in line for line in told)
    assert compared or not takes_arrays


@pytest.mark.parametrize(("concept", "part"), DERIVED)
def test_the_lines_of_an_example_lead_to_what_the_reference_returns(concept, part):
    spec = gradient_of(concept, part).spec
    problem = smallest(spec)
    found, answer = lines_for(spec, problem), spec.run(REFERENCE, problem, gradient=False)
    values = {symbol: float(problem.floats()[place.name][place.index])
              for symbol, place in found.places.items() if place.turn == 0}  # fmt: skip
    for line in found.lines:
        for symbol, formula in line.formulas.items():
            values[symbol] = sp.N(formula.xreplace(values))
    for name, array in found.outputs.items():
        got = [float(sp.N(sp.sympify(entry).xreplace(values))) for entry in array.ravel()]
        assert np.allclose(got, np.ravel(answer[name]))


def test_the_gates_stand_on_the_way():
    (spec,) = [spec for spec in derived("lstm") if spec.part() == "lstm_step"]
    assert [*on_the_way(spec, smallest(spec))] == ["a", "i", "f", "o"]


def _statements(lines):
    """(whether it is a comment, text): lines that are indented go on with what is above them."""
    found = []
    for line in lines:
        text = line.removeprefix("# ")
        if found and (text.startswith("  ") or text == ")"):
            found[-1][1] += f" {text.strip()}" if found[-1][0] else f"\n{text}"
        elif line:
            found.append([line.startswith("#"), text])
    return found


def _close(got, want) -> bool:
    if isinstance(want, (list, tuple)):
        return len(got) == len(want) and all(map(_close, got, want))
    return bool(np.isclose(float(got), float(want), rtol=1e-3, atol=1e-300))


# -- the stub ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONCEPTS)
def test_a_stub_has_the_signatures_of_the_reference(name):
    concept = catalogue.concepts()[name]
    text, mine = stub(concept, catalogue.specs_of(concept)), types.ModuleType("mine")
    exec(text, vars(mine))
    assert max(map(len, text.splitlines())) <= 120
    for function, ours in public(concept).items():
        theirs, wanted = (inspect.signature(f).parameters.values() for f in (getattr(mine, function), ours))
        assert [(p.name, p.kind, p.default) for p in theirs] == [(p.name, p.kind, p.default) for p in wanted]
        assert all(said in " ".join(getattr(mine, function).__doc__.split()) for said in arguments(ours))


def test_a_stub_is_checked_at_once_and_passes_when_it_is_filled_in(nnspec, write):
    told = nnspec("explain", "affine", "--stub").stdout
    done = nnspec("check", write("mine.py", told), "--concept", "affine")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is still to be written: nothing failed at level core" in done.stdout
    written = ast.parse(told)
    source = ast.parse(catalogue.concepts()["affine"].files["reference"].read_text(encoding="utf-8"))
    bodies = {node.name: node.body for node in source.body if isinstance(node, ast.FunctionDef)}
    for function in [node for node in written.body if isinstance(node, ast.FunctionDef)]:
        assert ast.unparse(function.body[-1]) == "raise NotImplementedError"
        function.body[-1:] = bodies[function.name]
    done = nnspec("check", write("mine.py", ast.unparse(written)), "--concept", "affine")
    assert done.returncode == 0 and "passed at level core: 1 of 1" in done.stdout, done.stdout + done.stderr


# -- the command ------------------------------------------------------------------------------------------------------


def test_the_code_comes_with_its_path(nnspec):
    told = nnspec("explain", "relu", "--code").stdout
    source = catalogue.concepts()["relu"].files["reference"].read_text(encoding="utf-8")
    assert told == f"# {where(catalogue.concepts()['relu'])}\n\n{source}"
    assert where(catalogue.concepts()["relu"]).endswith("reference/n05_backpropagation/relu.py")


def test_a_word_finds_what_has_it_and_a_slip_is_told(nnspec):
    found = nnspec("explain", "soft")
    assert found.returncode == 0
    assert re.search(
        r"^softmax_cross_entropy +Softmax cross-entropy loss from scores\n(.+\n)*masked_softmax ", found.stdout, re.M
    )
    assert re.search(r"^soft stands in the text of\n(.+\n)*sdpa +out = softmax\(scale q k\^T\) v$", found.stdout, re.M)
    slip = nnspec("explain", "afine")
    assert slip.returncode == 2 and "there is no concept afine; did you mean affine?" in slip.stderr
    several = nnspec("explain", "soft", "--stub")
    assert several.returncode == 2 and "soft may be softmax, " in several.stderr


@pytest.mark.parametrize(
    ("word", "name"),
    [("attention", None), ("lstm_step_forward", "lstm"), ("Batch Norm", "batchnorm"),
     ("cross entropy", None), ("softmax cross entropy", "softmax_cross_entropy"),
     ("norm", None), ("conv2d", "conv2d"), ("momentum", "sgd_momentum")],
)  # fmt: skip
def test_a_word_that_means_one_concept_explains_it(word, name):
    called, spoken = finding.found(word)
    if name:
        assert [concept.name for concept in called] == [name]
    else:
        assert called and len(called) + len(spoken) > 1


def test_it_is_plain_where_it_is_no_terminal_and_quick(nnspec):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = nnspec("explain", "lstm")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0 and "\x1b" not in done.stdout and not done.stderr
    assert done.stdout == f"{page(catalogue.concepts()['lstm'])}\n"
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 3


def test_nothing_of_the_specification_runs_twice_because_it_is_told():
    """The copy whose assignments are told has classes of its own, and leaves those of the specification alone."""
    (spec,) = [spec for spec in derived("lstm") if spec.part() == "lstm_step"]
    definition = type(spec).definition
    lines_of(spec)
    assert type(spec).definition is definition and definition.__globals__["named"].__module__.endswith("_truth")
    assert inspect.unwrap(reference.lstm_step_forward).__module__.startswith("nnspec.reference")
