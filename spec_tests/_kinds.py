"""The kinds of things a course consists of. A concept's spec inherits from one of them and states what only it knows.

    class TestAffine(Layer):
        rows = ("05.01",)

        def definition(self, x, w, b):                 # in sympy, from the paper
            return x.reshape(len(x), -1) @ w + b

Everything else is inherited: the properties of the levels core, robust and strict, tried on cases whose inputs are
drawn from the shapes of the reference. A concept adds `cases` (also judged by value, gradient and agreement),
`extremes` (stability), `ties` (convention), laws (`law_…`), refusals (`bad`) and its classic mistakes (`@mistake`).
"""

import contextlib
import copy
import inspect
import itertools
import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from nnspec import reference
from nnspec.backends import Backend, NotSupplied
from nnspec.collect import is_composite, public_functions
from nnspec.shapes import contract
from nnspec.spec_tests import _truth
from nnspec.spec_tests._budget import Budget, derive_budget
from nnspec.spec_tests._cases import Case, Malformed, batch_of, default_sizes, draw_inputs, malformed_inputs
from nnspec.spec_tests._verdict import CheckFailed, compare, require, same_bits

__all__ = ["Case", "Composite", "Function", "Layer", "Loss", "Malformed", "Procedure", "UpdateRule", "mistake"]

LEVELS = {
    "core": ("value", "gradient", "agreement", "law"),
    "robust": ("stability", "purity", "layout", "dtype", "scale"),
    "strict": ("convention", "errors"),
}
LEVEL_OF = {name: level for level, names in LEVELS.items() for name in names}
DTYPES = ("float32", "float64")
STEPS = 3  # of an update rule


class BackendRaised(Exception):
    """A function of the backend raised. The text says what, where, and on which call."""


@dataclass(frozen=True)
class Mistake:
    """A classic mistake: a wrong function, the name it stands in for, and a hint that a student can act on."""

    id: str
    hint: str
    replaces: str
    function: Callable = field(hash=False)


def mistake(number: str, hint: str, *, replaces: str):
    """Makes a Mistake of a function in the body of a spec; its stable id is `<number> <name-of-the-function>`."""

    def make(function):
        return Mistake(f"{number} {function.__name__.replace('_', '-')}", hint, replaces, function)

    return make


@dataclass(frozen=True)
class Planned:
    """One check: what pytest parametrizes over."""

    case: Case
    dtype: str

    @property
    def id(self):
        return f"{self.case.name}/{self.dtype}"


class Problem:
    """A case made concrete: inputs, options and upstream gradients, and what the right answer may be off by."""

    def __init__(self, spec: "Spec", case: Case, dtype: str):
        self.spec, self.case, self.dtype = spec, case, np.dtype(dtype)
        self.dims = default_sizes(spec.reference) | dict(case.dims)
        self.options = {
            name: value(self.dims, self.dtype) if callable(value) else value for name, value in case.options.items()
        }
        self.inputs = spec.draw(case, self.dims, self.dtype)

    @cached_property
    def douts(self) -> list:
        """Upstream gradients: random, never ones, one for each output and of its shape; none if there is no gradient."""
        if not self.spec.has_gradient or self.case.value_only:
            return []
        rng = np.random.default_rng(1)
        outputs = self.spec.run(_REFERENCE, self, gradient=False)
        return [self.dtype.type(rng.standard_normal(np.shape(outputs[name]))) for name in self.spec.outputs]

    def floats(self) -> dict[str, np.ndarray]:
        """The floating inputs by name, with the entries of dicts under their keys."""
        found = {}
        for name, value in self.inputs.items():
            for key, array in value.items() if isinstance(value, dict) else [(name, value)]:
                if isinstance(array, np.ndarray) and array.dtype.kind == "f":
                    found[key] = array
        return found

    def replaced(self, arrays: dict[str, Any], douts=None) -> "Problem":
        """The same problem with other arrays under the same names."""
        other = copy.copy(self)
        other.inputs = {
            name: {key: arrays.get(key, array) for key, array in value.items()}
            if isinstance(value, dict)
            else arrays.get(name, value)
            for name, value in self.inputs.items()
        }
        for derived in ("wide", "truth"):
            other.__dict__.pop(derived, None)
        if douts is not None:
            other.__dict__["douts"] = douts
        return other

    @cached_property
    def wide(self) -> dict[str, np.ndarray]:
        """The reference in extended precision, at exactly these inputs."""
        arrays = {name: array.astype(np.longdouble) for name, array in self.floats().items()}
        other = self.replaced(arrays, [np.longdouble(dout) for dout in self.douts])
        other.options = {
            name: value.astype(np.longdouble) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value
            for name, value in self.options.items()
        }
        answer = self.spec.run(_REFERENCE, other, gradient=bool(self.douts))
        return {name: np.asarray(value) for name, value in answer.items()}

    @cached_property
    def truth(self) -> dict[str, np.ndarray]:
        """The definition with 50 digits, and the gradient that sympy derives from it."""
        return self.spec.truth(self)

    def budgets(self, want: dict[str, np.ndarray], budget_from: str | None = None) -> dict:
        """At a tie the inputs stay as they are: a neighbour would lie on the other side of the kink."""
        tie = any(self.case is case for case in self.spec.ties)
        moved = {} if tie else self.floats()
        upstream = {f"upstream {i}": np.asarray(dout) for i, dout in enumerate(self.douts)}

        def run(arrays):
            douts = [self.dtype.type(arrays[name]) for name in upstream]
            other = self.replaced(arrays, douts)
            return self.spec.run(_REFERENCE, other, gradient=bool(douts), budget_from=budget_from)

        return derive_budget(run, moved | upstream, want, self.dtype)


class Spec:
    """What every kind has in common. Concrete kinds say how a function is run and what its answer consists of."""

    rows: ClassVar[tuple[str, ...]] = ()
    op: ClassVar[str]  # the name of the function; by default that of the class
    outputs: ClassVar[tuple[str, ...]] = ("out",)
    cases: ClassVar[tuple[Case, ...]] = ()
    extremes: ClassVar[tuple[Case, ...]] = ()
    ties: ClassVar[tuple[Case, ...]] = ()
    bad: ClassVar[tuple[Malformed, ...]] = ()
    in_both_dtypes: ClassVar[frozenset[str]] = frozenset(LEVEL_OF) - {"errors"}
    tall: ClassVar[tuple[tuple[int, int], ...]] = ((257, 33), (20000, 4))
    budget_from: ClassVar[str | None] = None  # the least accurate function of the reference that is accepted at core

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
        return [entry for entry in vars(cls).values() if isinstance(entry, Mistake)]

    looked_at: dict[str, Any] | None = None  # by the last check: inputs, and answers beside the truth

    # -- what a kind says about itself -------------------------------------------------------------------------------

    @property
    def entry(self) -> str:
        """The public function whose annotations describe the inputs."""
        return self.op

    @property
    def reference(self):
        return inspect.unwrap(getattr(reference, self.entry))

    @property
    def has_gradient(self) -> bool:
        return False

    def run(self, call, problem: Problem, gradient=True, budget_from=None) -> dict[str, Any]:
        """The answer of a backend by name: the outputs, then `d<input>` for each gradient."""
        raise NotImplementedError

    def draw(self, case: Case, dims: dict, dtype) -> dict[str, Any]:
        return draw_inputs(self.reference, self.op, case, dims, dtype)

    def truth(self, problem: Problem) -> dict[str, np.ndarray]:
        arrays, constants = problem.floats(), dict(problem.options)
        constants |= {n: v for n, v in problem.inputs.items() if n not in arrays and not isinstance(v, dict)}
        outputs, gradients = _truth.evaluate(self.definition, arrays, constants, problem.douts)
        named = dict(zip(self.outputs, outputs, strict=True))
        return named | {f"d{name}": gradient for name, gradient in gradients.items()}

    @property
    def explained_sizes(self) -> dict[str, Any]:
        """Small enough to read what sympy derives."""
        return default_sizes(self.reference, 2, 0, (1, 2))

    # -- which checks there are --------------------------------------------------------------------------------------

    def plan(self, name: str) -> list[Planned]:
        """The checks of one property. The order is that of the report."""
        dtypes = DTYPES if name in self.in_both_dtypes else DTYPES[-1:]
        return [Planned(case, dtype) for case in getattr(self, f"cases_of_{name}")() for dtype in dtypes]

    def small(self) -> list[Case]:
        first = next(iter(default_sizes(self.reference)), None)
        one = {first: (1,) if isinstance(default_sizes(self.reference)[first], tuple) else 1} if first else {}
        square = default_sizes(self.reference, 3, 0, (3, 3))
        return [Case("distinct"), Case("one", one), Case("square", square), *self.cases]

    def cases_of_value(self):
        return self.small() if hasattr(self, "definition") else []

    def cases_of_gradient(self):
        return [case for case in self.cases_of_value() if not case.value_only] if self.has_gradient else []

    def cases_of_agreement(self):
        odd, wide = default_sizes(self.reference, 5, 2, (5, 7)), default_sizes(self.reference, 3, 31, (3, 65))
        optional = [Case(f"{case.name}, larger", odd, case.options) for case in self.cases if case.options and not case.inputs]
        return [Case("odd", odd), Case("wide", wide), *optional]

    def cases_of_law(self):
        return [Case(name.removeprefix("law_").replace("_", " ")) for name in dir(self) if name.startswith("law_")]

    def cases_of_stability(self):
        return self.extremes

    def cases_of_purity(self):
        return [Case("inputs unchanged"), Case("no aliases"), Case("twice the same")]

    def cases_of_layout(self):
        return [Case("fortran"), Case("reversed"), Case("strided"), Case("read-only")]

    def cases_of_dtype(self):
        return [Case("kept")]

    def cases_of_scale(self):
        return [Case(f"{n} x {d}", batch_of(self.reference, n, d)) for n, d in self.tall]

    def cases_of_convention(self):
        return self.ties

    def cases_of_errors(self):
        return [replace(bad.case, name=bad.name) for bad in self._refusals()]

    # -- the properties ----------------------------------------------------------------------------------------------

    def test_value(self, planned, backend):
        problem = self.problem(planned, backend)
        self.judge(backend, problem, problem.truth, only="outputs", budget_from=self.budget_from)

    def test_gradient(self, planned, backend):
        problem = self.problem(planned, backend)
        self.judge(backend, problem, problem.truth, only="gradients", budget_from=self.budget_from)

    def test_agreement(self, planned, backend):
        problem = self.problem(planned, backend)
        self.judge(backend, problem, problem.wide, budget_from=self.budget_from)

    def test_law(self, planned, backend):
        """A law is a method that returns two sides. The budget is how far apart the reference lets them drift."""
        problem = self.problem(planned, backend)
        law = getattr(self, f"law_{planned.case.name.replace(' ', '_')}")

        def sides(call, problem):
            both = law(lambda **changes: self.answer(call, problem.replaced(changes)), problem)
            return [np.asarray(side, np.longdouble) for side in both]

        _, want = sides(_REFERENCE, problem)

        def drifted(arrays):
            left, right = sides(_REFERENCE, problem.replaced(arrays))
            return {"law": want + (left - right)}

        budget = derive_budget(drifted, problem.floats(), {"law": want}, problem.dtype)["law"]
        left, right = sides(backend, problem)
        try:
            compare("left side", left, right, budget, problem.dims)
        except CheckFailed as failed:
            raise CheckFailed(f"{law.__doc__}\n{failed}") from None

    def test_stability(self, planned, backend):
        problem = self.problem(planned, backend)
        self.judge(backend, problem, problem.truth)

    def test_purity(self, planned, backend):
        problem = self.problem(planned, backend)
        getattr(self, f"_purity_{planned.case.name.replace(' ', '_')}")(backend, problem)

    def test_layout(self, planned, backend):
        problem = self.problem(planned, backend)
        lay = _LAYOUTS[planned.case.name]
        arrays = {name: lay(array) for name, array in problem.floats().items()}
        douts = [lay(dout) if np.ndim(dout) else dout for dout in problem.douts]
        self.judge(backend, problem.replaced(arrays, douts), problem.wide, budget_from=self.budget_from)

    def test_dtype(self, planned, backend):
        problem = self.problem(planned, backend)
        for name, value in self.answer(backend, problem).items():
            got = np.asarray(value).dtype
            require(got == problem.dtype or got.kind != "f",
                    f"{name} is {got}, but the inputs are {problem.dtype}: the dtype must be kept")  # fmt: skip

    def test_scale(self, planned, backend):
        problem = self.problem(planned, backend)
        self.judge(backend, problem, problem.wide, budget_from=self.budget_from)

    def test_convention(self, planned, backend):
        problem = self.problem(planned, backend)
        empty = any(array.size == 0 for array in problem.floats().values())
        self.judge(backend, problem, problem.wide if empty else problem.truth)

    def test_errors(self, planned, backend):
        bad = next(bad for bad in self._refusals() if bad.name == planned.case.name)
        problem = self.problem(planned, backend)
        if bad.argument in problem.inputs:
            spoilt = problem.replaced({bad.argument: bad.spoil(problem.inputs[bad.argument])})
        else:
            spoilt = problem.replaced({})
            spoilt.options = {**problem.options, bad.argument: bad.spoil(problem.options.get(bad.argument))}
        try:
            self.run(backend, spoilt, gradient=False)
        except (ValueError, TypeError) as error:
            named = any(name in str(error) for name in (bad.argument, *bad.disagrees_with))
            require(named, f"{bad.name}: refused, but the message does not name {bad.argument!r}: {error}")
            return
        except NotSupplied:
            raise
        except Exception as error:
            raise CheckFailed(f"{bad.name}: want a ValueError or TypeError, got {type(error).__name__}: {error}") from None
        raise CheckFailed(f"{bad.name}: want a ValueError or TypeError that names {bad.argument!r}, got an answer")

    # -- how they are carried out ------------------------------------------------------------------------------------

    def problem(self, planned: Planned, backend) -> Problem:
        """The problem of a check; what the backend does not supply needs none, nor a truth, nor a budget."""
        for name in self.parts if backend.inherits(self.entry) else [self.entry]:
            backend.find(name)
        return Problem(self, planned.case, planned.dtype)

    @cached_property
    def parts(self) -> list[str]:
        """What a composite calls, found by running it once on parts that note who was asked for."""
        recording = Backend("parts", {n: f for n, f in public_functions(reference).items() if not is_composite(f)})
        self.run(recording, Problem(self, self.small()[0], "float64"))
        return sorted(recording.parts_used)

    def answer(self, backend, problem: Problem, gradient=True) -> dict[str, Any]:
        """What the backend says, as NumPy arrays. Exceptions of its own become BackendRaised."""
        with calling(self.op):
            answer = self.run(backend, problem, gradient and bool(problem.douts))
            return {name: backend.inward(value) for name, value in answer.items()}

    def judge(self, backend, problem: Problem, want: dict, only=None, budget_from=None):
        """Every output and gradient (or `only` these) within its budget of `want`."""
        budgets = self.budgets(problem, want, budget_from)  # before the call: a backend may spoil its inputs
        self.looked_at = {f"{name} =": value for name, value in (problem.inputs | problem.options).items()}
        self.looked_at |= {f"upstream gradient {i} =": dout for i, dout in enumerate(problem.douts)}
        self.looked_at = copy.deepcopy(self.looked_at)
        for name, value in self.answer(backend, problem, gradient=only != "outputs").items():
            if only is None or (only == "outputs") == (name in self.outputs):
                self.looked_at |= {f"{name} got": value, f"{name} want": want[name].astype(problem.dtype)}
                compare(name, value, want[name], budgets[name], problem.dims)

    def budgets(self, problem: Problem, want: dict, budget_from=None) -> dict:
        return problem.budgets(want, budget_from)

    def unpack(self, result, parts: int, what: str) -> tuple:
        """`result` as a tuple of that many parts, or a failure that says what was returned."""
        require(isinstance(result, tuple) and len(result) == parts, f"{what}, got {_described(result)}")
        return result

    def _refusals(self) -> list[Malformed]:
        return [*malformed_inputs(self.reference), *self.bad]

    def _purity_inputs_unchanged(self, backend, problem):
        before = copy.deepcopy((problem.inputs, problem.douts))
        self.answer(backend, problem)
        require(_equal(before, (problem.inputs, problem.douts)), "the call wrote to its inputs: they must stay unchanged")

    def _purity_no_aliases(self, backend, problem):
        given = problem.floats() | {f"upstream gradient {i}": np.asarray(dout) for i, dout in enumerate(problem.douts)}
        answer = {n: v for n, v in self.answer(backend, problem).items() if isinstance(v, np.ndarray)}
        for (name, one), (other, two) in itertools.combinations([*answer.items(), *given.items()], 2):
            if name in answer:
                require(not np.shares_memory(one, two), f"{name} shares memory with {other}: writing to one changes the other")

    def _purity_twice_the_same(self, backend, problem):
        first = copy.deepcopy(self.answer(backend, problem))
        self.answer(backend, Problem(self, Case("another call in between"), str(problem.dtype)))
        for name, value in self.answer(backend, problem).items():
            require(same_bits(first[name], value), f"{name} differs between two calls with the same inputs")


class Layer(Spec):
    """`op_forward(inputs…, *, options…) -> (out, cache)` and `op_backward(dout, cache) -> gradients in argument order`."""

    @property
    def entry(self):
        return f"{self.op}_forward"

    @property
    def has_gradient(self):
        return True

    @cached_property
    def differentiable(self) -> list[str]:
        rules = contract(self.reference)
        return [r.name for r in rules.rules.values() if r.kind == "float" and r.default is rules.signature.empty]

    def run(self, call, problem, gradient=True, budget_from=None):
        *outputs, cache = self._forward(call, problem)
        answer = dict(zip(self.outputs, outputs, strict=True))
        return answer | (self._backward(call, problem, cache) if gradient else {})

    def cases_of_purity(self):
        return [*super().cases_of_purity(), Case("backward twice")]

    def _forward(self, call, problem):
        result = call(f"{self.op}_forward", *problem.inputs.values(), **problem.options)
        what = f"{self.op}_forward must return ({', '.join(self.outputs)}, cache)"
        return self.unpack(result, len(self.outputs) + 1, what)

    def _backward(self, call, problem, cache):
        gradients = call(f"{self.op}_backward", *problem.douts, cache)
        names = [f"d{name}" for name in self.differentiable]
        if len(names) == 1 and not (isinstance(gradients, tuple) and len(gradients) == 1):
            return {names[0]: gradients}
        what = f"{self.op}_backward must return ({', '.join(names)})"
        return dict(zip(names, self.unpack(gradients, len(names), what), strict=True))

    def _purity_backward_twice(self, backend, problem):
        with calling(self.op):
            *_, cache = self._forward(backend, problem)
            first = copy.deepcopy(self._backward(backend, problem, cache))
            second = self._backward(backend, problem, cache)
        for name in first:
            require(same_bits(backend.inward(first[name]), backend.inward(second[name])),
                    f"a second backward with the same cache gives another {name}: the first one changed the cache")  # fmt: skip


class Loss(Layer):
    """A layer whose output is a scalar (reduction "mean", the default, or "sum") or one value a row ("none")."""

    outputs = ("loss",)

    def small(self):
        reductions = [Case(f"reduction {name}", options={"reduction": name}) for name in ("sum", "none")]
        return [*super().small(), *reductions]


class UpdateRule(Spec):
    """`rule(w, dw, state=None, *, options…) -> (w, state)`. Judged by the path of w over some steps."""

    outputs = tuple(f"w{step + 1}" for step in range(STEPS))

    def draw(self, case, dims, dtype):
        inputs = super().draw(case, dims, dtype)
        rng = np.random.default_rng(2)
        dw = inputs.pop("dw")
        more = [rng.standard_normal(dw.shape).astype(dtype) if "dw" not in case.inputs else dw for _ in range(STEPS - 1)]
        return {"w": inputs["w"], **{f"dw{i + 1}": gradient for i, gradient in enumerate([dw, *more])}}

    def _refusals(self):
        """The call that is spoilt is the first one."""
        return [
            replace(bad, argument="dw1", disagrees_with=("dw", *bad.disagrees_with)) if bad.argument == "dw" else bad
            for bad in super()._refusals()
        ]

    def run(self, call, problem, gradient=True, budget_from=None):
        w, *gradients = problem.inputs.values()
        state, answer = (), {}
        for name, dw in zip(self.outputs, gradients, strict=True):
            result = call(self.op, w, dw, *state, **problem.options)
            w, *state = self.unpack(result, 2, f"{self.op} must return (w, state)")
            answer[name] = w
        return answer


class Function(Spec):
    """One plain function; where the reference has `op_backward(dout, inputs…)`, also its gradient.

    discrete: the answer consists of integers. The definition then works on exact rationals, and nothing is tolerated.
    """

    discrete: ClassVar[bool] = False

    @property
    def has_gradient(self):
        return hasattr(reference, self._backward)

    @property
    def _backward(self):
        return f"{self.op}_backward"

    def run(self, call, problem, gradient=True, budget_from=None):
        result = call(budget_from or self.op, *problem.inputs.values(), **problem.options)
        if len(self.outputs) > 1:
            what = f"{self.op} must return ({', '.join(self.outputs)})"
            return dict(zip(self.outputs, self.unpack(result, len(self.outputs), what), strict=True))
        answer = {self.outputs[0]: result}
        if gradient and self.has_gradient:
            names = [f"d{name}" for name in problem.floats()]
            gradients = call(self._backward, *problem.douts, *problem.inputs.values(), **problem.options)
            what = f"{self._backward} must return ({', '.join(names)})"
            answer |= zip(names, self.unpack(gradients, len(names), what), strict=True)
        return answer

    def truth(self, problem):
        if not self.discrete:
            return super().truth(problem)
        arrays = {n: _truth.exact(v) if isinstance(v, np.ndarray) else v for n, v in problem.inputs.items()}
        outputs = self.definition(**arrays, **problem.options)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        return {n: np.asarray(o, np.longdouble) for n, o in zip(self.outputs, outputs, strict=True)}

    def budgets(self, problem, want, budget_from=None):
        if not self.discrete:
            return super().budgets(problem, want, budget_from)
        return {name: Budget(np.zeros(value.shape), np.zeros(value.shape), 0.0) for name, value in want.items()}

    def cases_of_dtype(self):
        return [] if self.discrete else super().cases_of_dtype()


class Procedure(Spec):
    """A function that no array goes into, judged by its laws alone: each returns two sides that must be equal."""

    def cases_of_agreement(self):
        return []

    def test_law(self, planned, backend):
        law = getattr(self, f"law_{planned.case.name.replace(' ', '_')}")
        left, right = law(lambda *args, **options: backend(self.op, *args, **options))
        if not np.array_equal(left, right):
            raise CheckFailed(f"the law does not hold: {law.__doc__}\ngot {left}, want {right}")

    in_both_dtypes = frozenset()

    def plan(self, name):
        return super().plan(name) if name == "law" else []


class Composite(Spec):
    """Written once over the parts of a backend: `f(params, x, y, *, options…) -> (loss, grads under the keys of params)`."""

    outputs = ("loss",)

    @property
    def has_gradient(self):
        return True

    def run(self, call, problem, gradient=True, budget_from=None):
        result = call(self.op, *problem.inputs.values(), **problem.options)
        loss, grads = self.unpack(result, 2, f"{self.op} must return (loss, grads)")
        params = problem.inputs["params"]
        require(isinstance(grads, dict) and set(grads) == set(params),
                f"{self.op} must return the gradients under the keys {', '.join(params)}, got {_described(grads)}")  # fmt: skip
        return {"loss": loss} | ({f"d{key}": grads[key] for key in params} if gradient else {})

    def truth(self, problem):
        """Without the gradients of what is no parameter."""
        returned = {*self.outputs, *(f"d{key}" for key in problem.inputs["params"])}
        return {name: value for name, value in super().truth(problem).items() if name in returned}

@contextlib.contextmanager
def calling(op: str):
    """Exceptions of a backend's own, told as what they are."""
    try:
        yield
    except (CheckFailed, NotSupplied):
        raise
    except NotImplementedError as error:
        raise NotSupplied(f"{op} says it is not implemented: {error or 'NotImplementedError'}") from None
    except Exception as error:
        raise BackendRaised(_told(error)) from error


def _described(value) -> str:
    if isinstance(value, tuple):
        return f"a tuple of {len(value)}"
    return "None" if value is None else type(value).__name__


def _told(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"raised {type(error).__name__}: {error} ({frame.filename.rpartition('/')[2]}:{frame.lineno}, in {frame.name})"


def _equal(first, second) -> bool:
    if isinstance(first, np.ndarray):
        return same_bits(first, second)
    if isinstance(first, dict):
        return all(_equal(first[key], second[key]) for key in first)
    if isinstance(first, (tuple, list)):
        return all(map(_equal, first, second))
    return first == second


def _fortran(array):
    return np.asfortranarray(array)


def _reversed(array):
    return array[tuple(slice(None, None, -1) for _ in array.shape)].copy()[tuple(slice(None, None, -1) for _ in array.shape)]


def _strided(array):
    spread = np.full([2 * size for size in array.shape], np.nan, array.dtype)
    view = spread[tuple(slice(None, None, 2) for _ in array.shape)]
    view[...] = array
    return view


def _read_only(array):
    frozen = array.copy()
    frozen.flags.writeable = False
    return frozen


_LAYOUTS = {"fortran": _fortran, "reversed": _reversed, "strided": _strided, "read-only": _read_only}
_REFERENCE = Backend("reference", reference)
