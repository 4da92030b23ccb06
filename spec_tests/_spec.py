"""What every kind of concept has in common: the properties, by level, and the cases on which each is tried."""

import copy
import inspect
import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from nnspec import reference
from nnspec.backends import Backend, NotSupplied, OtherSignature, not_bound
from nnspec.collect import is_composite, public_functions
from nnspec.common import DTYPES
from nnspec.shapes import contract
from nnspec.spec_tests import _kept, _purity, _truth
from nnspec.spec_tests._budget import derive_budget, require_telling
from nnspec.spec_tests._calling import NUMPY_TAKES, calling, raise_if_from_the_keyboard, raised_on_purpose
from nnspec.spec_tests._cases import (
    Case,
    Malformed,
    batch_of,
    default_sizes,
    draw_inputs,
    malformed_inputs,
    plain_axes,
    shape_of,
)  # fmt: skip
from nnspec.spec_tests._forms import form_of
from nnspec.spec_tests._known import Mistake, Variant, known_of, mistake, variant
from nnspec.spec_tests._layouts import LAYOUTS
from nnspec.spec_tests._probes import Suspect, recognizing
from nnspec.spec_tests._problem import Problem
from nnspec.spec_tests._verdict import CheckFailed, compare, numbers, require, same_bits

__all__ = ["LEVEL_OF", "PROPERTIES", "Answer", "Mistake", "Planned", "Spec", "Variant", "mistake", "variant"]

PROPERTIES = {  # by level
    "core": ("value", "gradient", "agreement", "law"),
    "robust": ("generality", "stability", "purity", "layout", "dtype", "scale"),
    "strict": ("convention", "errors"),
}
SIZES = {  # of the cases that come by themselves: the first, the step to the next, and those of several axes
    "square": (3, 0, (3, 3)),
    "odd": (5, 2, (5, 7)),
    "wide": (3, 31, (3, 65)),
    "explained": (2, 0, (1, 2)),
}
LEVEL_OF = {name: level for level, names in PROPERTIES.items() for name in names}
WIDE = 67  # a size beyond two vectors, a block of 64 and its tail
CALLS_FOR_RACES, SECONDS_FOR_RACES = 30, 0.05  # whichever comes first
KEPT_UP_TO = 10_000  # entries of an answer that is kept in memory


_parts: dict[type, list[str]] = {}
_expected: dict[tuple, tuple[dict, dict]] = {}


@dataclass(frozen=True)
class Planned:
    """One check of a property: what pytest parametrizes over."""

    case: Case
    dtype: str

    @property
    def id(self) -> str:
        return f"{self.case.name}/{self.dtype}"


class Answer(dict):
    """A backend's answer by name. A law may ask it for a gradient of which there is no backward."""

    def __missing__(self, name):
        raise NotSupplied(f"there is no backward, and so no {name}")


class Spec:
    """A function, judged. Its kind says how it is run and what its answer consists of; the rest is here."""

    rows: ClassVar[tuple[str, ...]] = ()  # of the course's inventory
    op: ClassVar[str]  # the name of the function; by default that of the class
    outputs: ClassVar[tuple[str, ...]] = ("out",)
    states: ClassVar[tuple[str, ...]] = ()  # outputs without an upstream gradient: running statistics
    no_gradient: ClassVar[tuple[str, ...]] = ()  # floating inputs without a gradient
    sizes: ClassVar[Mapping[str, Any]] = {}  # of dimensions, where the general ones tell nothing
    general: ClassVar[
        Mapping[str, Mapping]
    ] = {}  # sizes by the names in SIZES, where what comes by itself does not fit
    options: ClassVar[Mapping[str, Any]] = {}  # of every case that does not say otherwise
    cases: ClassVar[tuple[Case, ...]] = ()  # beside the general ones
    beyond: ClassVar[tuple[Case, ...]] = ()  # what core does not ask for: integer images, other numbers of axes
    extremes: ClassVar[tuple[Case, ...]] = ()
    ties: ClassVar[tuple[Case, ...]] = ()
    bad: ClassVar[tuple[Malformed, ...]] = ()  # beside what the annotations tell
    trivial: ClassVar[tuple[str, ...]] = ()  # dimensions of which size 1 leaves nothing to judge
    apart: ClassVar[tuple[int, ...]] = (1, WIDE)  # sizes that each dimension has once, beside the usual ones
    tall: ClassVar[tuple[tuple[int, int], ...]] = ((257, 33), (20000, 4))
    as_accurate: ClassVar[
        Mapping[str, Callable]
    ] = {}  # by name of the reference's: whose rounding core accepts as well

    looked_at: dict[str, Any] | None = None  # by the last check: what went in, and answers beside the truth
    margin: float = 0.0  # how much of its budget the last check used at most, 0 to 1
    follows: str = ""  # the variant that the last check was judged by

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "op" not in cls.__dict__ and cls.__name__.startswith("Test"):
            cls.op = cls.part()

    @classmethod
    def concept(cls) -> str:
        """The file stem."""
        return cls.__module__.rpartition(".")[2].removeprefix("test_")

    @classmethod
    def part(cls) -> str:
        """What of its concept this class judges: `TestL2Distance` judges l2_distance."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__.removeprefix("Test")).lower()

    @classmethod
    def mistakes(cls) -> list[Mistake]:
        return [known for known in known_of(cls) if isinstance(known, Mistake)]

    @classmethod
    def variants(cls) -> list[Variant]:
        return [known for known in known_of(cls) if isinstance(known, Variant)]

    # -- what a kind says about itself -------------------------------------------------------------------------------

    has_gradient: bool = False
    backward: str | None = None  # the function that gives the gradient, where it is one of its own

    @property
    def entry(self) -> str:
        """The public function whose annotations describe the inputs."""
        return self.op

    @property
    def returned(self) -> dict[str, str]:
        """What each public function returns, in words, where the kind says it."""
        return {}

    def run(self, call, problem: Problem, gradient=True) -> dict[str, Any]:
        """A backend's answer by name: the outputs, with `gradient` also `d<input>`. call(name, *args, **options)."""
        raise NotImplementedError(f"{type(self).__name__} is of no kind: inherit from Layer, Loss, UpdateRule, …")

    def draw(self, case: Case, dims: dict, dtype) -> dict[str, Any]:
        return draw_inputs(self.reference, self.op, case, dims, dtype)

    def draw_upstream(self, rng, shape):
        """Random and never ones, which hide a gradient that forgets to use them."""
        return rng.standard_normal(shape)

    def truth(self, problem: Problem) -> dict[str, np.ndarray]:
        """The definition with 50 digits, and the gradient that sympy derives from it."""
        douts = iter(problem.douts)
        upstream = [None if name in self.states else next(douts) for name in self.outputs] if problem.douts else []
        outputs, gradients = _truth.evaluate(self.definition, problem.floats(), problem.constants(), upstream)
        named = dict(zip(self.outputs, outputs, strict=True))
        return named | {f"d{name}": entry for name, entry in gradients.items() if name not in self.no_gradient}

    def budgets(self, problem: Problem, want: dict, lenient=False, at_tie=False) -> dict:
        functions = problem.functions() | (dict(self.as_accurate) if lenient else {})
        return problem.budgets(want, functions, at_tie)

    # -- the properties ----------------------------------------------------------------------------------------------

    def test_value(self, planned, backend):
        """Does it equal the definition evaluated with 50 digits?"""
        problem = self.problem(planned, backend)
        self.judge(backend, problem, "truth", only="outputs", lenient=True, telling=True)

    def test_gradient(self, planned, backend):
        """Does the backward equal the gradient that sympy derives, for random upstream gradients?"""
        problem = self.problem(planned, backend)
        if self.backward:
            backend.find(self.backward)
        self.judge(backend, problem, "truth", only="gradients", lenient=True, telling=True)

    def test_agreement(self, planned, backend):
        """Does it equal the reference on larger shapes and other options?"""
        problem = self.problem(planned, backend)
        # A size of 1 may leave nothing but rounding to be judged.
        self.judge(backend, problem, "wide", lenient=True, telling=planned.case.rule != "apart")

    @recognizing
    def test_law(self, planned, backend):
        """A law returns two sides that must be equal. The budget is how far apart the reference lets them drift.

        Its rounding is that of the largest number the sides are made of: where they cancel to 0, theirs would be 0.
        """
        problem = self.problem(planned, backend)
        problem = problem.following(self.form(backend))
        law, right = self._law(planned.case.name), problem.right
        largest = np.longdouble(0)

        def sides(call, problem):
            def run(**changes):
                if lacking := [name for name in changes if name in problem.case.without]:
                    raise NotSupplied(f"it takes no {', '.join(lacking)}")
                changed = problem.replaced(changes)
                answer = self.answer(call, changed)
                if call is right:
                    return answer
                nonlocal largest
                wanted = self.answer(right, changed)  # for its shapes: a law may only be asked of arrays that fit
                sizes = [np.abs(np.asarray(value, np.longdouble)) for value in wanted.values()]
                largest = max(largest, *(size[np.isfinite(size)].max(initial=0) for size in sizes))
                return Answer({name: numbers(name, value, np.shape(wanted[name])) for name, value in answer.items()})

            return [np.asarray(side, np.longdouble) for side in law(run, problem)]

        try:
            _, want = sides(right, problem)
        except KeyError as missing:
            if missing.args[0] in problem.case.without:
                raise NotSupplied(f"it takes no {missing.args[0]}") from None
            raise

        def drifted(arrays):
            left, right_side = sides(right, problem.replaced(arrays))
            return {"law": want + (left - right_side)}

        budget = derive_budget(drifted, problem.floats(), {"law": want}, problem.dtype)["law"]
        left, right_side = sides(backend, problem)
        budget = replace(budget, rounding=budget.rounding + np.finfo(problem.dtype).eps / 2 * largest)
        try:
            self.margin = compare("left side", left, right_side, budget)
        except CheckFailed as failed:
            raise CheckFailed(f"{law.__doc__ or planned.case.name}\n{failed}") from None

    def test_generality(self, planned, backend):
        """More axes, fewer, integer images: what an implementation is not asked for at core."""
        problem = self.problem(planned, backend)
        self.judge(backend, problem, "truth")

    def test_stability(self, planned, backend):
        """Extreme but finite input: is the answer still within its own rounding?"""
        problem = self.problem(planned, backend)
        self.judge(backend, problem, "truth")

    @recognizing
    def test_purity(self, planned, backend):
        """Inputs unchanged, nothing aliased or remembered, every call the same."""
        problem = self.problem(planned, backend).following(self.form(backend))
        self.purity[planned.case.rule](self, backend, problem)

    def test_layout(self, planned, backend):
        """Fortran-ordered, reversed, strided and read-only inputs, labels and masks among them."""
        problem = self.problem(planned, backend)
        lay = LAYOUTS[planned.case.rule]
        arrays = {name: lay(array) for name, array in problem.arrays().items()}
        douts = [lay(dout) if np.ndim(dout) else dout for dout in problem.douts]
        self.judge(backend, problem, "wide", lenient=True, given=problem.replaced(arrays, douts))

    @recognizing
    def test_dtype(self, planned, backend):
        """float32 in, float32 out; float64 in, float64 out."""
        problem = self.problem(planned, backend)
        for name, value in self.answer(backend, problem).items():
            got = np.asarray(value).dtype
            kept = got == problem.dtype or type(value) is float  # a scalar may be Python's: it promotes nothing
            require(kept, f"{name} is {got}, but the inputs are {problem.dtype}: the dtype must be kept")

    @recognizing
    def test_scale(self, planned, backend):
        """Shapes that straddle blocks and are very tall: forgotten tails show, and in some calls of many, races."""
        problem = self.problem(planned, backend)
        self.judge(backend, problem, "wide", lenient=True)
        first = copy.deepcopy(self.answer(backend, problem))
        end = time.perf_counter() + SECONDS_FOR_RACES
        for _ in range(CALLS_FOR_RACES):
            for name, value in self.answer(backend, problem).items():
                again = same_bits(first[name], value)
                require(again, f"{name} differs between two calls with the same inputs: do threads write to one place?")
            if time.perf_counter() > end:
                break

    def test_convention(self, planned, backend):
        """Choices on which honest implementations differ: kinks, ties, nothing at all; and the form that is ours."""
        problem = self.problem(planned, backend)
        if planned.case.rule == "form":
            return self._require_our_form(backend)
        self.judge(backend, problem, "truth" if problem.ordinary else "wide", at_tie=True)

    def test_errors(self, planned, backend):
        """Is malformed input refused with an error that names the argument?"""
        bad = next(bad for bad in self.refusals() if bad.name == planned.case.name)
        self.answer_plainly(backend, planned.dtype)
        spoilt = self._spoilt(self.problem(planned, backend), bad)
        try:
            self.run(backend, spoilt, gradient=False)
        except (ValueError, TypeError) as error:
            named = any(name in str(error) for name in (bad.argument, *bad.disagrees_with))
            require(named, f"{bad.name}: refused, but the message does not name {bad.argument!r}: {error}")
        except (CheckFailed, NotSupplied):
            raise
        except BaseException as error:
            raise_if_from_the_keyboard(error)
            said = f"{type(error).__name__}: {error}"
            raise CheckFailed(f"{bad.name}: want a ValueError or a TypeError, got {said}") from None
        else:
            raise CheckFailed(f"{bad.name}: want a ValueError or TypeError that names {bad.argument!r}, got an answer")

    def answer_plainly(self, backend: Backend, dtype: str):
        """Whoever answers nothing refuses nothing either: a stub is not implemented, whatever it is given."""
        self.answer(backend, Problem(self, self.small()[0], dtype), gradient=False)

    # -- which checks there are --------------------------------------------------------------------------------------

    def plan(self, name: str, only: str | None = None) -> list[Planned]:
        """The checks of one property, in the order of the report. only: those of this dtype."""
        dtypes = DTYPES[-1:] if name == "errors" else DTYPES
        cases = getattr(self, f"cases_of_{name}")()
        return [Planned(case, dtype) for case in cases for dtype in case.dtypes or dtypes if only in (None, dtype)]

    def small(self) -> list[Case]:
        """Sizes that sympy can take: all different, a single sample, all equal, and what the concept adds."""
        sizes = default_sizes(self.reference)
        first = next(iter(sizes))
        single = {first: (1,) if isinstance(sizes[first], tuple) else 1}
        return [Case("distinct"), Case("one", single), Case("square", self.sizes_of("square")), *self.cases]

    def largest_input(self, case: Case) -> int:
        """How many entries the largest array has that goes into a case."""
        dims = default_sizes(self.reference) | dict(self.sizes) | dict(case.dims)
        shapes = [shape for rule in contract(self.reference).rules.values() for _, shape in rule.shapes]
        return max((math.prod(shape_of(shape, dims)) for shape in shapes), default=0)

    def sizes_of(self, case: str) -> dict[str, Any]:
        """Sizes of a case that comes by itself: the spec's own, or as the shapes of the reference allow."""
        return self.general.get(case) or default_sizes(self.reference, *SIZES[case])

    def cases_of_value(self):
        return self.small()

    def cases_of_gradient(self):
        return [case for case in self.small() if self.has_gradient and not case.value_only]

    def cases_of_agreement(self):
        odd, wide = self.sizes_of("odd"), self.sizes_of("wide")
        larger = [Case(f"{case.name}, larger", odd, case.options) for case in self.under_options() if not case.without]
        return [Case("odd", odd), Case("wide", wide), *larger, *self.one_size_apart()]

    def one_size_apart(self) -> list[Case]:
        """Each dimension once of size 1 and once beyond 64, as far as the shapes allow it."""
        tried = [
            Case(f"{name} = {size}", {name: (size,) * len(usual) if isinstance(usual, tuple) else size}, rule="apart")
            for name, usual in (default_sizes(self.reference) | dict(self.sizes)).items()
            for size in self.apart
            if not (size == 1 and name in self.trivial)
        ]
        return [case for case in tried if _is_possible(self, case)]

    def under_options(self, given=False) -> list[Case]:
        """The cases that set options or leave arguments out; with `given` also those whose inputs do not scale."""
        return [case for case in self.cases if (case.options or case.without) and (given or not case.inputs)]

    def cases_of_generality(self):
        more = {name: (2, 3) for name, beside in plain_axes(self.reference).items() if beside}
        return [*([Case("more axes", more)] if more and "more axes" not in self.general else []), *self.beyond]

    def cases_of_law(self):
        return [Case(name.removeprefix("law_").replace("_", " ")) for name in dir(self) if name.startswith("law_")]

    def cases_of_stability(self):
        return self.extremes

    def cases_of_purity(self):
        return self._rules(self.purity, [])

    def cases_of_layout(self):
        axes = {name: (2, 3) for name, beside in plain_axes(self.reference).items() if beside}
        return self._rules(LAYOUTS, [Case("more axes", axes)] if axes else [])

    def cases_of_dtype(self):
        return self._rules(["kept"], [])

    def _rules(self, rules, others: list[Case]) -> list[Case]:
        """Every rule on the plain case, and in single precision, which shows what is promoted, under every option."""
        single = [*others, *(case for case in self.under_options(given=True) if not case.value_only)]
        return [
            *(Case(rule, rule=rule, drawn_as="plain") for rule in rules),
            *(
                replace(case, name=f"{rule}, {case.name}", rule=rule, drawn_as=case.name, dtypes=DTYPES[:1])
                for case in single
                for rule in rules
            ),
        ]

    def cases_of_scale(self):
        tall = [Case(f"{n} x {rest}", batch_of(self.reference, n, rest)) for n, rest in self.tall]
        return [*tall, *(self._with_options(tall[0], case) for case in self.under_options() if not case.dims)]

    def _with_options(self, tall: Case, case: Case) -> Case:
        return replace(case, name=f"{tall.name}, {case.name}", dims=tall.dims, dtypes=DTYPES[:1])

    def cases_of_convention(self):
        ours = [Case("our form", rule="form", dtypes=DTYPES[-1:])] if self.variants() else []
        return [*ours, *self.ties]

    def cases_of_errors(self):
        return [replace(bad.case, name=bad.name) for bad in self.refusals()]

    def refusals(self) -> list[Malformed]:
        return [*malformed_inputs(self.reference), *self.bad]

    # -- how they are carried out ------------------------------------------------------------------------------------

    @property
    def reference(self) -> Callable:
        return inspect.unwrap(getattr(reference, self.entry))

    @property
    def parts(self) -> list[str]:
        """What a composite calls, found by running it once on parts that note who was asked for."""
        if type(self) not in _parts:
            _parts[type(self)] = self._found_parts()
        return _parts[type(self)]

    def _found_parts(self) -> list[str]:
        recording = Backend("parts", {n: f for n, f in public_functions(reference).items() if not is_composite(f)})
        problem = Problem(self, self.small()[0], "float64")
        self.run(recording, problem, gradient=bool(problem.douts))
        return sorted(recording.parts_used)

    def problem(self, planned: Planned, backend: Backend) -> Problem:
        """The problem of a check. What the backend does not supply needs none, nor a truth, nor a budget."""
        if planned.dtype not in backend.dtypes:
            raise NotSupplied(f"{backend.name} has no {planned.dtype}")
        for name in self.parts if backend.inherits(self.entry) else [self.entry]:
            backend.find(name)
        lacking = self._not_taken(backend)
        if not lacking:
            return Problem(self, planned.case, planned.dtype)
        problem = Problem(self, replace(planned.case, without=(*planned.case.without, *lacking)), planned.dtype)
        try:
            self.run(problem.right, problem, gradient=False)
        except (ValueError, TypeError) as error:  # without them there is no answer
            raise NotSupplied(f"{self.entry} takes no {', '.join(lacking)}: {error}") from None
        return problem

    def form(self, backend: Backend) -> Variant | None:
        """Which right form the backend follows in every check below strict. None: the definition."""
        form = form_of(self, backend)
        self.follows = str(form or "")
        return form

    def answer(self, backend: Backend, problem: Problem, gradient=True) -> dict[str, Any]:
        """What the backend says, as NumPy arrays; without gradients where it has none to give."""
        return self.inward(backend, problem, self.answered(backend, problem, gradient))

    def answered(self, backend: Backend, problem: Problem, gradient=True) -> dict[str, Any]:
        """What the backend says, as it says it."""
        gradient = gradient and bool(problem.douts) and (not self.backward or backend.has(self.backward))
        with self.calling(backend, problem):
            return self.run(backend, problem, gradient)

    def inward(self, backend: Backend, problem: Problem, answer: dict) -> dict[str, Any]:
        """An answer as NumPy arrays: the same ones, where the backend has no others."""
        with self.calling(backend, problem):
            return {name: backend.inward(value) for name, value in answer.items()}

    def calling(self, backend: Backend, problem: Problem):
        """Calls of the backend's functions. What it leaves out is no error, whatever it raises there."""

        def excused(error) -> str | None:
            if backend.ours:
                return None
            if isinstance(error, OtherSignature):
                return None if problem.case.is_plain else str(error)
            if problem.case.is_plain:
                return None
            if problem.more_axes:
                return "it does not take this number of axes"
            if isinstance(error, ValueError) and NUMPY_TAKES.search(str(error)):
                return "NumPy does not take so many arrays at once"
            return "its own guard excludes this call" if raised_on_purpose(error) else None

        return calling(self.op, excused)

    def _not_taken(self, backend: Backend) -> list[str]:
        """Arguments that are optional with us and that its signature has no place for: it is asked without them."""
        if backend.ours or backend.inherits(self.entry):
            return []
        parameters = inspect.signature(self.reference).parameters.values()
        arguments = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        required = [p for p in arguments if p.default is p.empty]
        function = backend.find(self.entry)
        for taken in range(len(arguments), len(required) - 1, -1):
            if not_bound(function, arguments[:taken], {}) is None:
                return [p.name for p in arguments[taken:]]
        return []

    def judge(
        self, backend: Backend, problem: Problem, by: str, *,
        only=None, lenient=False, at_tie=False, telling=False, given: Problem | None = None,
    ):  # fmt: skip
        """Every output and gradient, or `only` these, within its budget of what is wanted.

        by: "truth", sympy's, or "wide", the reference's in extended precision where sympy would take too long.
        given: what is handed to the backend, where that is laid out in another way.
        """
        given = given or problem
        problem = copy.deepcopy(problem)  # a backend may spoil its inputs, and the truth is that of what it was given
        problem = problem if at_tie else problem.following(self.form(backend))
        untouched = copy.deepcopy(given)
        self.looked_at = given.described()
        answer = self.answer(backend, given, gradient=only != "outputs")
        asked = self.asked(problem, answer)
        want, budgets = self.expected(asked, by, lenient, at_tie)
        if telling:
            require_telling(want, budgets)
        for name, value in answer.items():
            if only is None or (only == "outputs") == (name in self.outputs):
                self.looked_at |= {f"{name} got": value, f"{name} want": want[name].astype(problem.dtype)}
                suspect = Suspect(self, backend, asked, untouched, given, name, value, want, budgets)
                self.margin = max(self.margin, compare(name, value, want[name], budgets[name], suspect.explained))

    def repeats(self, backend: Backend) -> bool:
        """Whether the same call should get the same answer: not of what draws for itself."""
        return True

    def asked(self, problem: Problem, answer: dict) -> Problem:
        """What the answer is an answer to: the problem, unless the backend drew something of its own."""
        return problem

    def expected(self, problem: Problem, by: str, lenient=False, at_tie=False) -> tuple[dict, dict]:
        """What is wanted, and the budgets. Small ones are kept: a campaign of mutants asks for each a hundred times."""
        by = "wide" if problem.form else by  # sympy knows the definition alone
        form = problem.form and problem.form.id
        key = (type(self), repr(problem.case.drawn()), problem.dtype, by, lenient, at_tie, form, problem.mark)
        if key not in _expected:
            found = self._kept(problem, by, lenient, at_tie)
            if sum(value.size for value in found[0].values()) > KEPT_UP_TO:
                return found
            _expected[key] = found
        return _expected[key]

    def _kept(self, problem: Problem, by: str, lenient: bool, at_tie: bool) -> tuple[dict, dict]:
        """As an earlier run left it on disk, where one did."""
        this = _kept.key(self, problem, by, lenient, at_tie)
        if (found := _kept.find(this)) is None:
            want = self.truth(problem) if by == "truth" else problem.wide()
            found = want, self.budgets(problem, want, lenient, at_tie)
            if not problem.mark:
                _kept.keep(this, *found)
        return found

    def unpack(self, result, parts: int, what: str) -> tuple:
        """`result` as a tuple of that many parts, or a failure that says what was returned."""
        several = isinstance(result, (tuple, list))
        got = f"a {type(result).__name__} of {len(result)}" if several else type(result).__name__
        require(several and len(result) == parts, f"{what}, got {got}")
        return tuple(result)

    def _law(self, name: str) -> Callable:
        return getattr(self, f"law_{name.replace(' ', '_')}")

    def _spoilt(self, problem: Problem, bad: Malformed) -> Problem:
        spoilt = problem.replaced({})
        where = "inputs" if bad.argument in problem.inputs else "options"
        values = getattr(problem, where)
        setattr(spoilt, where, values | {bad.argument: bad.spoil(values.get(bad.argument))})
        return spoilt

    def _require_our_form(self, backend):
        if (form := self.form(backend)) is not None:
            raise CheckFailed(f"it follows {form}. {form.says}\nours: {inspect.getdoc(self.definition)}")

    purity: ClassVar[dict[str, Callable]] = _purity.RULES


_possible: dict[tuple[type, str], bool] = {}


def _is_possible(spec: Spec, case: Case) -> bool:
    """Whether the reference takes these sizes."""
    key = (type(spec), case.name)
    if key not in _possible:
        try:
            Problem(spec, case, DTYPES[0]).wide()
            _possible[key] = True
        except (ValueError, TypeError, IndexError, KeyError):
            _possible[key] = False
    return _possible[key]
