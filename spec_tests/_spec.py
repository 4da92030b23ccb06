"""A function, judged. One check from start to end, say `affine/gradient/distinct/float32` of a backend:

1. `plan` (in `_plan`) lists the cases of each property: those that come by themselves from the shapes in the
   reference's annotations, and the concept's own. pytest calls `test_gradient` (in `_properties`) with each of them.
2. `problem` (in `_judging`) makes the case concrete: inputs, options and upstream gradients, drawn from a seed that the
   case's name gives. What the backend does not supply is told as not implemented, and the check ends.
3. `judge` asks which right form the backend follows (`_forms`), calls its functions through `run`, which the kind says
   (`_kinds`: forward and backward of a layer, steps of an update rule), and takes the answer as NumPy arrays.
4. `expected` gives what is wanted: the definition evaluated with 50 digits and the gradient that sympy derives from it
   (`_truth`), or the reference in extended precision where sympy would take too long; and for each output a budget
   (`_budget`).
5. `compare` (in `_verdict`) passes what is within its budget. What is not is looked into (`_probes`): which entries,
   which pattern (`_diagnosis`), and which of the concept's mistakes (`_known`) gives the same numbers.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from nnspec.spec_tests import _purity, _truth
from nnspec.spec_tests._cases import Case, Malformed, draw_inputs
from nnspec.spec_tests._judging import Answer, Judging
from nnspec.spec_tests._known import Mistake, Variant, known_of, mistake, variant
from nnspec.spec_tests._plan import WIDE, Plan, Planned
from nnspec.spec_tests._problem import Problem
from nnspec.spec_tests._properties import Properties

__all__ = ["Answer", "Mistake", "Planned", "Spec", "Variant", "mistake", "variant"]


class Spec(Properties, Plan, Judging):
    """What a kind and a concept say; the rest comes from `Properties`, `Plan` and `Judging`."""

    rows: ClassVar[tuple[str, ...]] = ()  # of the course's inventory
    op: ClassVar[str]  # the name of the function; by default that of the class
    outputs: ClassVar[tuple[str, ...]] = ("out",)
    states: ClassVar[tuple[str, ...]] = ()  # outputs without an upstream gradient: running statistics
    no_gradient: ClassVar[tuple[str, ...]] = ()  # floating inputs without a gradient
    symbolic: ClassVar[bool] = True  # whether its definition takes symbols; one that compares its numbers does not
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
    purity: ClassVar[Mapping[str, Callable]] = _purity.RULES
    apart: ClassVar[tuple[int, ...]] = (1, WIDE)  # sizes that each dimension has once, beside the usual ones
    tall: ClassVar[tuple[tuple[int, int], ...]] = ((257, 33), (20000, 4))
    as_accurate: ClassVar[
        Mapping[str, Callable]
    ] = {}  # by name of the reference's: whose rounding core accepts as well

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

    def overwrite(self, name: str, array: np.ndarray):
        """Other contents for an array in the same memory, which the function takes as well."""
        _purity.overwrite(array)

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
