"""How a check is carried out: the problem, the backend's answer to it, what is wanted, and the comparison."""

import copy
import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from nnspec import reference
from nnspec.backends import Backend, NotSupplied, OtherSignature, not_bound
from nnspec.concepts.collect import is_composite, public_functions
from nnspec.spec_tests import _kept
from nnspec.spec_tests._budget import require_telling
from nnspec.spec_tests._calling import NUMPY_TAKES, calling, raised_on_purpose
from nnspec.spec_tests._cases import Malformed
from nnspec.spec_tests._forms import form_of
from nnspec.spec_tests._known import Variant
from nnspec.spec_tests._plan import Planned
from nnspec.spec_tests._probes import Suspect
from nnspec.spec_tests._problem import Problem
from nnspec.spec_tests._verdict import CheckFailed, compare, require

KEPT_UP_TO = 10_000  # entries of an answer that is kept in memory


_parts: dict[type, list[str]] = {}
_expected: dict[tuple, tuple[dict, dict]] = {}


class Answer(dict):
    """A backend's answer by name. A law may ask it for a gradient of which there is no backward."""

    def __missing__(self, name):
        raise NotSupplied(f"there is no backward, and so no {name}")


class Judging:
    """What the properties are made of."""

    looked_at: dict[str, Any] | None = None  # by the last check: what went in, and answers beside the truth
    margin: float = 0.0  # how much of its budget the last check used at most, 0 to 1
    follows: str = ""  # the variant that the last check was judged by

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
        self._call_once(recording)
        return sorted(recording.parts_used)

    def _call_once(self, backend):
        problem = Problem(self, self.small()[0], "float64")
        self.run(backend, problem, gradient=bool(problem.douts))

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
        self,
        backend: Backend,
        problem: Problem,
        by: str,
        *,
        only=None,
        lenient=False,
        at_tie=False,
        telling=False,
        given: Problem | None = None,
    ):
        """Every output and gradient, or `only` these, within its budget of what is wanted.

        by: "truth", sympy's, or "wide", the reference's in extended precision where sympy would take too long.
        given: what is handed to the backend, where that is laid out in another way.
        """
        given = given or problem
        untouched = copy.deepcopy(given)  # a backend may spoil its inputs, and the truth is that of what it was given
        problem = untouched if given is problem else copy.deepcopy(problem)
        problem = problem if at_tie else problem.following(self.form(backend))
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
            found = self._wanted(problem, by, lenient, at_tie)
            if sum(value.size for value in found[0].values()) > KEPT_UP_TO:
                return found
            _expected[key] = found
        return _expected[key]

    def _wanted(self, problem: Problem, by: str, lenient: bool, at_tie: bool) -> tuple[dict, dict]:
        def derived():
            want = self.truth(problem) if by == "truth" else problem.wide()
            return want, self.budgets(problem, want, lenient, at_tie)

        return derived() if problem.mark else self.kept(problem, (by, lenient, at_tie), derived)

    def kept(self, problem: Problem, how: tuple, derived: Callable[[], tuple[dict, dict]]) -> tuple[dict, dict]:
        """What is wanted and the budgets, as an earlier run left them on disk, where one did."""
        asked = copy.copy(problem)  # who looks at its upstream gradients settles their shapes, which a law changes
        this = _kept.key(self, asked, *how)
        if (found := _kept.find(this)) is None:
            found = derived()
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

    def answer_plainly(self, backend: Backend, dtype: str):
        """Whoever answers nothing refuses nothing either: a stub is not implemented, whatever it is given."""
        self.answer(backend, Problem(self, self.small()[0], dtype), gradient=False)
