"""The properties: what is asked of every function, whatever its kind. How that is carried out stands in `_judging`."""

import copy
import time
from dataclasses import replace

import numpy as np

from nnspec.backends import NotSupplied
from nnspec.spec_tests._budget import derive_budget
from nnspec.spec_tests._calling import raise_if_from_the_keyboard
from nnspec.spec_tests._judging import Answer
from nnspec.spec_tests._layouts import LAYOUTS
from nnspec.spec_tests._probes import recognizing
from nnspec.spec_tests._verdict import CheckFailed, compare, numbers, require, same_bits

CALLS_FOR_RACES, SECONDS_FOR_RACES = 30, 0.05  # whichever comes first


class Properties:
    """A property is a method `test_<name>(planned, backend)`. It raises CheckFailed where the backend lacks it."""

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

        budget = self._drift(lambda arrays: sides(right, problem.replaced(arrays)), problem)
        left, right_side = sides(backend, problem)
        budget = replace(budget, rounding=budget.rounding + np.finfo(problem.dtype).eps / 2 * largest)
        try:
            self.margin = compare("left side", left, right_side, budget)
        except CheckFailed as failed:
            raise CheckFailed(f"{law.__doc__ or planned.case.name}\n{failed}") from None

    def _drift(self, sides, problem):
        """The budget of a law: how far apart its sides drift, as the reference gives them for these arrays."""

        def derived():
            try:
                _, want = sides({})
            except KeyError as missing:
                if missing.args[0] in problem.case.without:
                    raise NotSupplied(f"it takes no {missing.args[0]}") from None
                raise

            def drifted(arrays):
                left, right = sides(arrays)
                return {"law": want + (left - right)}

            return {"law": want}, derive_budget(drifted, problem.floats(), {"law": want}, problem.dtype)

        _, budgets = self.kept(problem, ("law", problem.case.name), derived)
        return budgets["law"]

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
        calls = 1 if backend.inherits(self.entry) else CALLS_FOR_RACES  # the kernels are those of its parts
        for _ in range(calls):
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
