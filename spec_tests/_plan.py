"""Which checks there are: the cases of each property, by dtype."""

import math
from dataclasses import dataclass, replace
from typing import Any

from nnspec.common import DTYPES
from nnspec.shapes import contract
from nnspec.spec_tests._cases import (
    Case,
    Malformed,
    batch_of,
    default_sizes,
    malformed_inputs,
    plain_axes,
    shape_of,
)
from nnspec.spec_tests._layouts import LAYOUTS
from nnspec.spec_tests._problem import Problem

SIZES = {  # of the cases that come by themselves: the first, the step to the next, and those of several axes
    "square": (3, 0, (3, 3)),
    "odd": (5, 2, (5, 7)),
    "wide": (3, 31, (3, 65)),
    "explained": (2, 0, (1, 2)),
}
WIDE = 67  # a size beyond two vectors, a block of 64 and its tail


@dataclass(frozen=True)
class Planned:
    """One check of a property: what pytest parametrizes over."""

    case: Case
    dtype: str

    @property
    def id(self) -> str:
        return f"{self.case.name}/{self.dtype}"


class Plan:
    """Which cases come by themselves, from the shapes in the reference's annotations; a concept adds its own."""

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


_possible: dict[tuple[type, str], bool] = {}


def _is_possible(spec, case: Case) -> bool:
    """Whether the reference takes these sizes."""
    key = (type(spec), case.name)
    if key not in _possible:
        try:
            Problem(spec, case, DTYPES[0]).wide()
            _possible[key] = True
        except (ValueError, TypeError, IndexError, KeyError):
            _possible[key] = False
    return _possible[key]
