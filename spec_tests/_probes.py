"""What is found out about a wrong answer: its pattern, the classic mistakes that give the same one, and how the
implementation answers when it is called again.

A hint that may be false is worse than none. So a mistake or a pattern is said only if it explains the whole answer, and
explains it again in a case of other sizes.
"""

import contextlib
import copy
import functools
import re
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from nnspec.backends import Backend, NotSupplied
from nnspec.spec_tests import _kept
from nnspec.spec_tests._calling import unobserved
from nnspec.spec_tests._cases import Case
from nnspec.spec_tests._diagnosis import Wrong, pattern
from nnspec.spec_tests._forms import NO_ANSWER
from nnspec.spec_tests._known import Mistake
from nnspec.spec_tests._problem import Problem
from nnspec.spec_tests._purity import change
from nnspec.spec_tests._verdict import CheckFailed, fits, same, same_bits

RECOGNIZED_UP_TO = 10_000  # entries of an input: mistakes are recognized on small ones, and some take N^2 memory
ANSWERS = 1000  # of mistakes that are kept
CONFIRMING = 2  # cases of other sizes that a hint has to explain as well, where there are so many
NOT_POSSIBLE = (ValueError, TypeError, KeyError, IndexError)  # of sizes that a concept cannot have

_silent = ContextVar("silent", default=False)


@contextlib.contextmanager
def unexplained():
    """For campaigns, which only ask whether a check fails."""
    token = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(token)


@dataclass
class Suspect:
    """An answer that may be wrong, and where it came from."""

    spec: Any
    backend: Backend
    problem: Problem  # what is asked
    before: Problem  # what was given, as it was before the call
    after: Problem
    name: str  # of the output
    got: Any
    want: dict
    budgets: dict

    def explained(self, got: np.ndarray | None, limit: np.ndarray | None) -> list[str]:
        """Lines for its author. got, limit: the answer in extended precision, and what its entries may be off by;
        None where what was returned is no array of the wanted shape."""
        if _silent.get():
            return []
        with unexplained(), unobserved():
            told = [*(self._shape() if got is None else self._pattern(got, limit)), *self._mistakes()]
            if not same((self.before.inputs, self.before.douts), (self.after.inputs, self.after.douts)):
                told.append("pattern: the call wrote to its inputs")
            if (asked := (self.spec.part(), self.name)) not in self.backend.probed:  # once: it takes several calls
                self.backend.probed.add(asked)
                told += self._second_call()
                told = told or self._right_for_ones()
        return told

    @property
    def is_gradient(self) -> bool:
        return self.name not in self.spec.outputs

    # -- patterns ----------------------------------------------------------------------------------------------------

    def _pattern(self, got, limit) -> list[str]:
        if self._is_discrete():  # a few integers fit many patterns
            return []
        found = pattern(_wrong(self.name, self.problem, got, limit, self.want))
        if found is None or found.is_a_fact:
            return [f"pattern: {found}"] if found else []
        for problem in self._other_sizes():
            with contextlib.suppress(*NO_ANSWER):
                want, budgets, answer = self._asked_again(problem)
                told = self._again(found, problem, want, budgets, answer)
                return [f"pattern: {told}"] if told else []
        return []

    def _shape(self) -> list[str]:
        """The right numbers in another shape."""
        with contextlib.suppress(CheckFailed, ValueError, TypeError):
            want = self.want[self.name]
            got = np.reshape(self.got, want.shape)
            if got.ndim and np.ndim(self.got) != want.ndim and fits(got, want, self.budgets[self.name]):
                ones = np.squeeze(self.got).shape == want.shape
                why = "an axis of size 1 is left: keepdims=True?" if ones else "reshape it at the end"
                return [f"pattern: the right numbers, in the shape {np.shape(self.got)} instead of {want.shape}: {why}"]
        return []

    def _again(self, found, problem, want, budgets, answer) -> str | None:
        """The pattern in the words that fit both cases. None where it does not hold in the other one."""
        got = np.asarray(answer[self.name], np.longdouble)
        if got.shape != want[self.name].shape:
            return None
        limit = np.broadcast_to(budgets[self.name].limit, got.shape)
        other = pattern(_wrong(self.name, problem, got, limit, want))
        return found.as_in(other)

    # -- mistakes ----------------------------------------------------------------------------------------------------

    def _mistakes(self) -> list[str]:
        """The classic mistakes that give just this wrong answer, with their hints. Nothing where none does."""
        if _largest(self.before) > RECOGNIZED_UP_TO:
            return []
        found = [wrong for wrong in self.spec.mistakes() if self._is_reproduced_by(wrong) and self._confirmed(wrong)]
        return list(map(told, found))

    def _is_reproduced_by(self, wrong: Mistake) -> bool:
        mistaken, budget = self._mistaken(wrong, self.before), self.budgets[self.name]
        if mistaken is None or not fits(self.got, mistaken, budget):
            return False
        return not fits(mistaken, self.want[self.name], budget)

    def _mistaken(self, wrong: Mistake, problem: Problem):
        return answer_of(wrong, self.spec, problem, self.is_gradient).get(self.name)

    def _confirmed(self, wrong: Mistake) -> bool:
        """Whether the mistake gives the implementation's answer in cases of other sizes, and is wrong there too."""
        key = (type(self.spec), self.name, wrong.id)
        if key not in self.backend.confirmed:
            self.backend.confirmed[key] = self._confirms(wrong)
        return self.backend.confirmed[key]

    def _confirms(self, wrong: Mistake) -> bool:
        alike, wrong_too = 0, 0
        for problem in self._other_sizes():
            mistaken = self._mistaken(wrong, problem)
            try:
                want, budgets, answer = self._asked_again(problem)
            except NotSupplied:  # sizes that it leaves out say nothing
                continue
            except NO_ANSWER:
                if mistaken is None:
                    continue
                return False
            if mistaken is None or not fits(answer[self.name], mistaken, budgets[self.name]):
                return False
            alike += 1
            wrong_too += not fits(mistaken, want[self.name], budgets[self.name])
            if alike >= CONFIRMING and wrong_too:
                break
        if not self._explains_under_options(wrong):
            return False
        if wrong_too and not self._is_discrete():
            return True
        return bool(alike and (wrong_too or self._only_shows_here()) and self._explains_all(wrong))

    def _explains_under_options(self, wrong: Mistake) -> bool:
        """With options of the caller's own as well: another default may give a mistake's answer by chance."""
        return self._explains(wrong, [case for case in self.spec.under_options() if not case.without])

    def _is_discrete(self) -> bool:
        return self.want[self.name].dtype.kind in "iub" or getattr(self.spec, "discrete", False)

    def _explains_all(self, wrong: Mistake) -> bool:
        """In every small case: a few integers, or an answer to extreme numbers, are easily the same by chance."""
        return self._explains(wrong, self.spec.small())

    def _explains(self, wrong: Mistake, cases: list[Case]) -> bool:
        for case in cases:
            problem = Problem(self.spec, case, str(self.problem.dtype))
            mistaken = self._mistaken(wrong, problem)
            try:
                _, budgets, answer = self._asked_again(problem)
            except NO_ANSWER:
                continue
            if mistaken is None or not fits(answer[self.name], mistaken, budgets[self.name]):
                return False
        return True

    def _only_shows_here(self) -> bool:
        """Whether the failing case has numbers of its own, which no case of other sizes can have."""
        return not all(map(callable, self.problem.case.inputs.values()))

    # -- other cases -------------------------------------------------------------------------------------------------

    def _other_sizes(self) -> list[Problem]:
        return other_sizes(self.spec, self.problem)

    def _asked_again(self, problem: Problem):
        """(wanted, budgets, answer) of the backend in another case."""
        answer = self.spec.answer(self.backend, copy.deepcopy(problem), self.is_gradient)
        problem = self.spec.asked(problem, answer)
        want, budgets = self.spec.expected(problem, "wide", lenient=True)
        if self.name not in answer:
            raise CheckFailed(f"no {self.name} there")
        return want, budgets, answer

    def _second_call(self) -> list[str]:
        if not self.spec.repeats(self.backend):
            return []
        try:
            again = self.spec.answer(self.backend, copy.deepcopy(self.before), self.is_gradient)
        except NO_ANSWER:
            return ["pattern: a second call with the same inputs raises"]
        if self.name in again and not same_bits(again[self.name], self.got):
            return ["pattern: a second call with the same inputs answers differently: is something kept between calls?"]
        return []

    def _right_for_ones(self) -> list[str]:
        """The dimensions of which size 1 alone makes it right."""
        sizes = [dim for dim, size in self.before.dims.items() if isinstance(size, int) and size > 1]
        right = [f"{dim} = 1" for dim in sizes if self._right_for_one(dim)]
        return [f"pattern: right where {' or '.join(right)}, wrong beyond"] if right else []

    def _right_for_one(self, dim: str) -> bool:
        """Whether the answer is right, and not trivially so, where this dimension has size 1."""
        case = replace(self.problem.case, dims={**self.problem.case.dims, dim: 1})
        if not all(map(callable, case.inputs.values())):
            return False
        for drawn_as in (case.name, "drawn once more"):
            try:
                small = Problem(self.spec, replace(case, drawn_as=drawn_as), str(self.problem.dtype))
                small = small.following(self.problem.form)
                want, budgets, answer = self._asked_again(small)
            except (*NOT_POSSIBLE, *NO_ANSWER):
                return False
            if not fits(answer[self.name], want[self.name], budgets[self.name]):
                return False
        return self._depends_on(small) == self._depends_on(self.problem)

    def _depends_on(self, problem: Problem) -> set[str]:
        """The arrays without which the answer would be another: where an axis has size 1, some may have no say."""
        want, found = np.asarray(problem.wide()[self.name], np.longdouble), set()  # masks have no difference
        for name in problem.arrays() | problem.upstream():
            other = copy.deepcopy(problem)
            change(other, name)
            with np.errstate(all="ignore"):
                moved = np.abs(np.asarray(other.wide()[self.name], np.longdouble) - want)
                if (moved > np.finfo(problem.dtype).eps ** 0.5 * np.abs(want).max(initial=0)).any():
                    found.add(name)
        return found


def _wrong(name: str, problem: Problem, got, limit, want: dict) -> Wrong:
    arrays = problem.floats() | problem.upstream()
    others = {other: value for other, value in want.items() if other != name}
    return Wrong(name, got, want[name], limit, problem.dims, arrays, others)


def _largest(problem: Problem) -> int:
    return max((array.size for array in problem.arrays().values()), default=1)


def told(wrong: Mistake) -> str:
    return f"mistake {wrong.id}: {wrong.hint}"


def answer_of(wrong: Mistake, spec, problem: Problem, gradient=True) -> dict:
    """What the reference answers with this mistake in it; nothing where it cannot take the problem.

    What was asked lately is kept: each failure of a concept is held against each of its mistakes, mostly in one case.
    """
    contents = _kept.contents(problem)
    if contents is None:
        return _answer_of(wrong, spec, problem, gradient)
    key = (wrong, type(spec), gradient, contents)
    if key not in _answers:
        if len(_answers) == ANSWERS:
            _answers.pop(next(iter(_answers)))
        _answers[key] = _answer_of(wrong, spec, problem, gradient)
    return _answers[key]


_answers: dict[tuple, dict] = {}


def _answer_of(wrong: Mistake, spec, problem: Problem, gradient: bool) -> dict:
    try:
        with np.errstate(all="ignore"):
            return spec.run(wrong.backend(), copy.deepcopy(problem), gradient and bool(problem.douts))
    except Exception:  # whatever a wrong function raises on inputs that it was not made for: then it is not the one
        return {}


def other_sizes(spec, problem: Problem) -> list[Problem]:
    """The problem in other sizes: with what is equal still equal and 1 still 1, as the larger cases, and plain."""
    form = problem.form and problem.form.id
    key = (type(spec), repr(problem.case.drawn()), str(problem.dtype), form)
    if key not in _others:
        _others[key] = list(_other_sizes(spec, problem))
    return _others[key]


_others: dict[tuple, list[Problem]] = {}


def _other_sizes(spec, problem: Problem) -> Iterator[Problem]:
    case = problem.case
    inputs = {name: given for name, given in case.inputs.items() if callable(given) or np.ndim(given) == 0}
    grown = {name: _grown(size) for name, size in problem.dims.items()}
    for told_as, dims in (("grown", grown), ("odd", spec.sizes_of("odd")), ("plain", {})):
        other = Case(f"{case.name}, {told_as}", dims, case.options, inputs, case.without, case.value_only)
        try:
            made = Problem(spec, other, str(problem.dtype)).following(problem.form)
            made.wide()
        except NOT_POSSIBLE:
            continue
        if made.dims != problem.dims and _largest(made) <= RECOGNIZED_UP_TO:
            yield made


def _grown(size):
    if isinstance(size, tuple):
        return tuple(map(_grown, size))
    return size if size <= 1 else size + 2


# -- checks that compare no single answer ------------------------------------------------------------------------------


def recognizing(test):
    """For a check that compares no single answer: names the one mistake that fails it in the same words."""

    @functools.wraps(test)
    def check(spec, planned, backend):
        try:
            return test(spec, planned, backend)
        except CheckFailed as failed:
            text = str(failed)
            if _silent.get() or "mistake " in text:
                raise
            with unexplained(), unobserved():
                alike = [wrong for wrong in spec.mistakes() if _fails_alike(test, spec, planned, backend, wrong, text)]
            named = [told(wrong) for wrong in alike if len(alike) == 1]
            raise CheckFailed("\n".join([*named, text])) from None

    return check


def _fails_alike(test, spec, planned, backend, wrong: Mistake, text: str) -> bool:
    """Whether the reference with this mistake fails the check in the same words, and gives the backend's answers."""
    try:
        with np.errstate(all="ignore"):
            test(type(spec)(), planned, wrong.backend())
    except CheckFailed as failed:
        return _words(str(failed)) == _words(text) and _answers_alike(spec, backend, wrong)
    except Exception:  # a mistake that cannot take the case is not the one
        return False
    return False


def _words(text: str) -> str:
    """With numbers to two digits: what is off by little is off by rounding."""
    return re.sub(r"-?\d+(\.\d+)?(e[-+]?\d+)?", lambda number: f"{float(number[0]):.2g}", text)


def _answers_alike(spec, backend, wrong: Mistake) -> bool:
    """Whether it gives the backend's answers on two cases of different size; a procedure's are what its laws say."""
    if not hasattr(spec, "definition"):
        return all(_law_alike(spec, law, backend, wrong) for law in spec.plan("law"))
    plain = Problem(spec, spec.small()[0], backend.widest_dtype)
    for problem in (plain, *other_sizes(spec, plain)):
        mistaken = answer_of(wrong, spec, problem)
        try:
            answer = spec.answer(backend, copy.deepcopy(problem))
        except NO_ANSWER:
            return False
        _, budgets = spec.expected(spec.asked(problem, answer), "wide", lenient=True)
        if not all(name in mistaken and fits(value, mistaken[name], budgets[name]) for name, value in answer.items()):
            return False
    return True


def _law_alike(spec, law, backend, wrong: Mistake) -> bool:
    """Whether a law holds for both or for none. What cannot be judged by it is told by the others.

    One law of a procedure often has a few numbers or truth values, which many mistakes get wrong in one way: it takes
    all of them to tell which it was.
    """
    ours, theirs = _holds(spec, law, backend, _held.setdefault(backend, {})), _holds(spec, law, *_mistaken(wrong))
    return ours is None or theirs is None or ours == theirs


_held: WeakKeyDictionary = WeakKeyDictionary()  # of each backend: which laws hold for it


@functools.cache
def _mistaken(wrong: Mistake) -> tuple[Backend, dict]:
    return wrong.backend(), {}


def _holds(spec, law, backend, known: dict) -> bool | None:
    if (key := (type(spec), law.id)) not in known:
        known[key] = True
        try:
            with np.errstate(all="ignore"):
                type(spec)().test_law(law, backend)
        except CheckFailed:
            known[key] = False
        except Exception:  # whatever it raises, it was not judged
            known[key] = None
    return known[key]
