"""One function of ours for which a folder has several forms: naive and vectorized, with two loops, one and none."""

import contextlib
import copy
import functools
import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from nnspec.concepts import catalogue
from nnspec.concepts.collect import public_functions

FEW = 8  # roundings: how much the forms may differ beyond half of the digits


@functools.cache
def definitions() -> SimpleNamespace:
    """The reference's functions. They judge here and answer nothing, so that nobody takes them for the backend's."""
    from nnspec import reference

    return SimpleNamespace(**{name: inspect.unwrap(f) for name, f in public_functions(reference).items()})


class Withheld:
    """A part of an answer that is wrong in one of the forms, or still to be written: raises once somebody looks at it.
    What is asked about the other parts is answered."""

    def __init__(self, why: Callable[[], Exception]):
        self.why = functools.cache(why)

    def __array__(self, *args, **options):
        raise self.why()


def settled(part):
    """A part of an answer. Raises CheckFailed with the names of the forms that are wrong in it."""
    if isinstance(part, Withheld):
        raise part.why()
    return part


@dataclass(frozen=True)
class Question:
    """What several forms answer. A form takes the inputs and gives its parts, arrays and numbers, with None for what is
    still a stub; as a whole that is a NotImplementedError.

    Forms are equal if they are to about half of the digits, in the numbers that come out or go in: `scale` is the
    largest of these. Where all forms give one answer, it is judged like any other, and not here, unless their names are
    to be told in any case (`named`).
    """

    concept: str
    forms: dict[str, Callable]  # by the name of the function that is called
    of: Callable  # (functions, *inputs) -> the same parts by the reference, or by one of the concept's mistakes
    parts: tuple[str, ...]
    scale: Callable = lambda *inputs: 0.0
    dims: Callable = lambda *inputs: {}
    again: Callable[[], Iterable[tuple]] = tuple  # inputs of other sizes, which a hint has to explain as well
    also: tuple = ()  # (what is said, the same as `of`) of mistakes that only these forms can have
    named: bool = False

    def answered(self, *inputs, dtype) -> tuple:
        """The parts of the first form that has them. Withheld where a form is wrong."""
        answers, stubs = {}, []
        for name, form in self.forms.items():
            try:
                answers[name] = form(*inputs)
            except NotImplementedError as why:
                stubs.append(str(why))
        if not answers:
            raise NotImplementedError("; ".join(stubs))
        here = _Case(self, inputs, np.dtype(dtype))
        first, *others = answers.values()
        parts = [_first([answer[i] for answer in answers.values()]) for i in range(len(first))]
        for i in range(len(self.parts)):
            if self.named or not all(here.same(answer[i], first[i]) for answer in others):
                of_part = {name: answer[i] for name, answer in answers.items() if answer[i] is not None}
                wrong = [name for name, part in of_part.items() if not here.same(part, here.right[i])]
                if wrong:
                    parts[i] = Withheld(functools.partial(self._failure, i, wrong, of_part, here))
        return tuple(parts)

    def _failure(self, i, wrong, of_part, here) -> Exception:
        from nnspec.spec_tests._verdict import CheckFailed

        agree = [name for name in of_part if name not in wrong]
        beside = f" ({' and '.join(agree)} agree{'s' if len(agree) == 1 else ''} with it)" if agree else ""
        lines = [f"{' and '.join(wrong)} differ{'s' if len(wrong) == 1 else ''} from what the definition gives{beside}"]
        left = list(wrong)
        while left:
            alike = [name for name in left if here.same(of_part[name], of_part[left[0]])]
            left = [name for name in left if name not in alike]
            whose = f" ({' and '.join(alike)})" if len(alike) < len(wrong) else ""
            lines.append(_where(self.parts[i], of_part[alike[0]], here.right[i], here) + whose)
            lines += [f"{hint}{whose}" for hint in self._hints(i, alike[0], of_part[alike[0]], here)]
        return CheckFailed("\n".join(lines))

    # -- hints: what explains the answer here, and again in another case ---------------------------------------------

    def _hints(self, i, name, got, here) -> list[str]:
        from nnspec.spec_tests._probes import told

        other_cases = []
        for inputs in self.again():
            with contextlib.suppress(Exception):  # a form that cannot take it tells nothing there
                answer = self.forms[name](*copy.deepcopy(inputs))[i]
                other_cases.append((_Case(self, inputs, here.dtype), answer))
        if not other_cases:
            return []
        cases = [(here, got), *other_cases]
        found = [line for line, of in self.also if self._explains(of, i, cases)]
        if not found:
            mistakes = [m for spec in catalogue.specs_of(catalogue.concepts()[self.concept]) for m in spec.mistakes()]
            found = [told(mistake) for mistake in mistakes if self._explains(self._with(mistake), i, cases)]
        return list(dict.fromkeys(found)) or self._pattern(i, cases)

    def _with(self, mistake) -> Callable:
        from nnspec import reference

        functions = public_functions(reference)  # behind their checks, which make the caches that mistakes expect
        mistaken = SimpleNamespace(**functions | {mistake.replaces: mistake.function})
        return lambda _, *inputs: self.of(mistaken, *inputs)

    def _explains(self, of, i, cases) -> bool:
        """Whether it gives all of these answers, and a wrong one here."""
        for case, got in cases:
            try:
                mistaken = of(definitions(), *copy.deepcopy(case.inputs))[i]
            except Exception:  # a mistake that cannot take this input is not the one
                return False
            if mistaken is None or not case.same(got, mistaken):
                return False
        return not cases[0][0].same(of(definitions(), *copy.deepcopy(cases[0][0].inputs))[i], cases[0][0].right[i])

    def _pattern(self, i, cases) -> list[str]:
        from nnspec.spec_tests._diagnosis import Wrong, pattern

        found = []
        for case, got in cases:
            got, want = (np.asarray(array) for array in (got, case.right[i]))
            if got.dtype.kind not in "fiub" or got.shape != want.shape:
                return []
            got, want = got.astype(np.longdouble), want.astype(np.longdouble)
            limit = case.half * np.maximum(abs(want), case.largest(want))
            found.append(pattern(Wrong(self.parts[i], got, want, limit, self.dims(*case.inputs))))
        here, *others = found
        if here is None or here.is_a_fact:
            return [f"pattern: {here}"] if here else []
        told = [here.as_in(other) for other in others]
        return [f"pattern: {told[0]}"] if len(set(told)) == 1 and told[0] else []


class _Case:
    """Inputs, what is right there, and how near to it is near enough."""

    def __init__(self, question, inputs, dtype):
        self.question, self.inputs, self.dtype = question, copy.deepcopy(inputs), dtype
        self.half = FEW * np.finfo(dtype if dtype.kind == "f" else np.float64).eps ** 0.5

    @functools.cached_property
    def right(self) -> tuple:
        return self.question.of(definitions(), *copy.deepcopy(self.inputs))

    def largest(self, want) -> float:
        return max(self.question.scale(*self.inputs), np.abs(want[np.isfinite(want)]).max(initial=0))

    def same(self, one, two) -> bool:
        """Whether two answers are equal, or one of them is not there."""
        if one is None or two is None:
            return True
        one, two = np.asarray(one), np.asarray(two)
        if one.shape != two.shape or one.dtype.kind not in "fiub":
            return False
        one, two = one.astype(float), two.astype(float)
        return np.allclose(one, two, rtol=self.half, atol=self.half * self.largest(two), equal_nan=True)


def _first(parts: list):
    return next((part for part in parts if part is not None), None)


def _where(name, got, want, case) -> str:
    """The entry that is furthest off."""
    got, want = np.asarray(got), np.asarray(want)
    if got.dtype.kind not in "fiub" or got.shape != want.shape:
        return f"{name}: got {_described(got)}, want {_described(want)}"
    off = np.nan_to_num(abs(got.astype(float) - want), nan=np.inf)
    at = np.unravel_index(np.argmax(off), off.shape)
    where = f"[{', '.join(map(str, at))}]" if at else ""
    return f"{name}{where}: got {float(got[at]):.9g}, want {float(want[at]):.9g}"


def _described(array) -> str:
    return f"shape {array.shape}" if array.dtype.kind in "fiub" else f"{array.dtype}"
