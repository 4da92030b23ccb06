"""What is found out about a wrong answer: its pattern, the classic mistakes that give the same one, and how the
implementation answers when it is called again."""

import contextlib
import copy
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nnspec import reference
from nnspec.backends import Backend, NotSupplied
from nnspec.collect import public_functions
from nnspec.spec_tests._diagnosis import Wrong, pattern
from nnspec.spec_tests._problem import Problem
from nnspec.spec_tests._verdict import BackendRaised, CheckFailed, fits, same, same_bits

RECOGNIZED_UP_TO = 10_000  # entries of an input: mistakes are recognized on small ones, and some take N^2 memory
NO_ANSWER = (BackendRaised, CheckFailed, NotSupplied)

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
    before: Problem  # as it was before the call
    after: Problem
    name: str  # of the output
    got: Any
    want: dict
    budgets: dict

    def explained(self, got: np.ndarray, limit: np.ndarray) -> list[str]:
        """Lines for its author. got, limit: the answer in extended precision, and what its entries may be off by."""
        if _silent.get():
            return []
        told = [*self._pattern(got, limit), *self._mistakes()]
        if not same((self.before.inputs, self.before.douts), (self.after.inputs, self.after.douts)):
            told.append("pattern: the call wrote to its inputs")
        if (asked := (self.spec.part(), self.name)) not in self.backend.probed:  # once: it takes several calls
            self.backend.probed.add(asked)
            told += self._second_call()
            told = told or self._right_for_ones()
        return told

    def _pattern(self, got, limit) -> list[str]:
        arrays = self.before.floats() | self.before.upstream()
        others = {name: value for name, value in self.want.items() if name != self.name}
        found = pattern(Wrong(self.name, got, self.want[self.name], limit, self.before.dims, arrays, others))
        return [f"pattern: {found}"] if found else []

    def _mistakes(self) -> list[str]:
        """The classic mistakes that give just this wrong answer, with their hints. Nothing where none does."""
        told = []
        if max(np.size(array) for array in self.before.inputs.values()) > RECOGNIZED_UP_TO:
            return told
        for wrong in self.spec.mistakes():
            functions = public_functions(reference) | {wrong.replaces: wrong.function}
            gradient = self.name not in self.spec.outputs
            try:
                with np.errstate(all="ignore"):
                    answer = self.spec.run(Backend(wrong.id, functions), copy.deepcopy(self.before), gradient)
            except Exception:  # a mistake that cannot take this input is not the one
                continue
            mistaken, budget = answer[self.name], self.budgets[self.name]
            if fits(self.got, mistaken, budget) and not fits(mistaken, self.want[self.name], budget):
                told.append(f"mistake {wrong.id}: {wrong.hint}")
        return told

    def _second_call(self) -> list[str]:
        try:
            again = self.spec.answer(self.backend, copy.deepcopy(self.before))
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
        case = replace(self.before.case, dims={**self.before.case.dims, dim: 1})
        if not all(map(callable, case.inputs.values())):
            return False
        try:
            small = Problem(self.spec, case, str(self.before.dtype))
            want, budgets = self.spec.expected(small, "wide", lenient=True)
        except (ValueError, TypeError, KeyError, IndexError):  # no such size is possible here
            return False
        try:
            got = self.spec.answer(self.backend, copy.deepcopy(small))[self.name]
        except NO_ANSWER:
            return False
        wanted, budget = want[self.name], budgets[self.name]
        telling = np.isfinite(wanted).all() and (np.abs(wanted) > 4 * budget.limit).any()
        return bool(telling) and fits(got, wanted, budget)
