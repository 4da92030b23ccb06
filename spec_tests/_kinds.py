"""The kinds of things a course consists of. A concept's spec inherits from one of them and states what only it knows.

    class TestAffine(Layer):
        rows = ("05.01",)

        def definition(self, x, w, b):                 # in sympy, from the paper
            return x.reshape(len(x), -1) @ w + b

Everything else is inherited: the properties of the levels core, robust and strict, tried on cases whose inputs are
drawn from the shapes of the reference. A concept adds `cases` (also judged by value, gradient and agreement),
`extremes` (stability), `ties` (convention), laws (`law_…`), refusals (`bad`) and its classic mistakes (`@mistake`).
"""

import copy
import inspect
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from nnspec import reference
from nnspec.backends import NotSupplied, accepts
from nnspec.shapes import contract
from nnspec.spec_tests import _truth
from nnspec.spec_tests._budget import Budget
from nnspec.spec_tests._calling import calling
from nnspec.spec_tests._cases import Case, Malformed
from nnspec.spec_tests._probes import recognizing
from nnspec.spec_tests._problem import Problem
from nnspec.spec_tests._purity import another, change
from nnspec.spec_tests._spec import Spec, mistake, variant
from nnspec.spec_tests._verdict import CheckFailed, require, same, same_bits

__all__ = [
    "Case",
    "Composite",
    "Drawing",
    "Function",
    "Layer",
    "Loss",
    "Malformed",
    "ParamsBlock",
    "Penalty",
    "Procedure",
    "UpdateRule",
    "mistake",
    "variant",
]

STEPS = 3  # of an update rule


class Layer(Spec):
    """`op_forward(inputs…, *, options…) -> (out, cache)`, `op_backward(dout, cache) -> gradients in argument order`."""

    has_gradient = True

    @property
    def entry(self):
        return f"{self.op}_forward"

    @property
    def backward(self):
        return f"{self.op}_backward"

    @cached_property
    def gradients(self) -> list[str]:
        rules = contract(self.reference)
        keyword = inspect.Parameter.KEYWORD_ONLY
        positional = [
            rule for name, rule in rules.rules.items() if rules.signature.parameters[name].kind is not keyword
        ]
        return [f"d{r.name}" for r in positional if r.kind == "float" and r.name not in self.no_gradient]

    @property
    def returned(self):
        return {self.entry: _tuple(*self.outputs, "cache"), self.backward: _tuple(*self.gradients)}

    def run(self, call, problem, gradient=True):
        *outputs, cache = self._forward(call, problem)
        answer = dict(zip(self.outputs, outputs, strict=True))
        return answer | (self._backward(call, problem, cache) if gradient else {})

    def _forward(self, call, problem):
        result = call(self.entry, *problem.inputs.values(), **problem.options)
        what = f"{self.entry} must return {self.returned[self.entry]}"
        return self.unpack(result, len(self.outputs) + 1, what)

    def _backward(self, call, problem, cache):
        found = self._gradients(call, problem, cache)
        return {name: found[name] for name in found if name[1:] in problem.inputs}

    def _gradients(self, call, problem, cache) -> dict:
        """Those of all arguments; what was left out may have None, or none at all."""
        result = self._pulled(call, problem, cache)
        given = [name for name in self.gradients if name[1:] not in problem.case.without]
        if 1 in (len(self.gradients), len(given)) and not isinstance(result, (tuple, list)):
            result = (result,)
        if isinstance(result, (tuple, list)) and len(result) == len(given):
            return dict(zip(given, result, strict=True))
        what = f"{self.backward} must return {self.returned[self.backward]}"
        return dict(zip(self.gradients, self.unpack(result, len(self.gradients), what), strict=True))

    def _pulled(self, call, problem, cache):
        """What the backward returns. A forward that kept nothing has none, unless that is how it is always called."""
        try:
            return call(self.backward, *problem.douts, cache)
        except Exception as error:
            if cache is None and (self.options or not problem.case.is_plain):
                raise NotSupplied(f"{self.entry} keeps no cache here, so there is no backward") from error
            raise

    def test_convention(self, planned, backend):
        """Kinks, ties, nothing at all; and what was not given has no gradient: None."""
        super().test_convention(planned, backend)
        if planned.case.without and backend.has(self.backward):
            problem = self.problem(planned, backend)
            with self.calling(backend, problem):
                *_, cache = self._forward(backend, problem)
                found = self._gradients(backend, problem, cache)
            for name in planned.case.without:
                given = type(found.get(f"d{name}")).__name__
                require(found.get(f"d{name}") is None, f"d{name} is a {given}, want None: there was no {name}")

    def _backward_twice(self, backend, problem):
        backend.find(self.backward)
        with self.calling(backend, problem):
            *_, cache = self._forward(backend, problem)
            first = copy.deepcopy(self._backward(backend, problem, cache))
            second = self._backward(backend, problem, cache)
        self._require_same(backend, first, second, "two backwards with one cache differ: the first changed the cache")

    def _another_forward_in_between(self, backend, problem):
        """What is kept for a backward belongs to its own forward: other numbers, and each array alone changed."""
        backend.find(self.backward)
        with self.calling(backend, problem):
            *_, cache = self._forward(backend, problem)
            first = copy.deepcopy(self._backward(backend, problem, cache))
            for other in (another(problem), *_one_array_changed(problem)):
                *_, cache = self._forward(backend, problem)
                self._forward(backend, other)
                second = self._backward(backend, problem, cache)
                why = "another forward before the backward changes it: keep all that it needs in the cache"
                self._require_same(backend, first, second, why)

    def _require_same(self, backend, first: dict, second: dict, why: str):
        for name in first:
            require(same_bits(backend.inward(first[name]), backend.inward(second[name])), f"{name}: {why}")

    purity = {
        **Spec.purity,
        "backward twice": _backward_twice,
        "another forward in between": _another_forward_in_between,
    }


class ParamsBlock(Layer):
    """A block whose parameters are a dict: `op_forward(x…, params, *, options…) -> (out…, cache)` and
    `op_backward(dout…, cache) -> (dx…, grads under the keys of params)`.

    With `states` it takes a dict of these after the parameters, and gives it back new before the cache. `outputs` is
    then ("out", *states).
    """

    apart = (1,)  # what is wide is asked of the parts

    def draw(self, case, dims, dtype):
        return _of_order_one(super().draw(case, dims, dtype), case, dtype)

    def under_options(self, given=False):
        """Purity and layout are asked under one option: a block is many calls of its parts, which have been asked."""
        cases = super().under_options(given)
        return cases[:1] if given else cases

    @property
    def no_gradient(self):
        return self.states

    @property
    def returned(self):
        states = ["states"] if self.states else []
        return {
            self.entry: _tuple(*self._plain_outputs(), *states, "cache"),
            self.backward: _tuple(*self.gradients, "grads"),
        }

    def _plain_outputs(self):
        return [name for name in self.outputs if name not in self.states]

    def _forward(self, call, problem):
        result = call(self.entry, *problem.inputs.values(), **problem.options)
        parts = len(self._plain_outputs()) + bool(self.states) + 1
        *outputs, cache = self.unpack(result, parts, f"{self.entry} must return {self.returned[self.entry]}")
        if self.states:
            states = _under(self.states, outputs.pop(), f"{self.entry} must return the states")
            outputs += states.values()
        return *outputs, cache

    def _backward(self, call, problem, cache):
        return self._gradients(call, problem, cache)

    def _gradients(self, call, problem, cache):
        what = f"{self.backward} must return {self.returned[self.backward]}"
        *gradients, grads = self.unpack(self._pulled(call, problem, cache), len(self.gradients) + 1, what)
        grads = _under(problem.inputs["params"], grads, f"{self.backward} must return the gradients")
        return dict(zip(self.gradients, gradients, strict=True)) | {f"d{key}": grads[key] for key in grads}


class Loss(Layer):
    """A layer whose output is a scalar (reduction "mean", the default, or "sum") or one value a row ("none")."""

    outputs = ("loss",)
    reductions = tuple(Case(f"reduction {name}", options={"reduction": name}) for name in ("sum", "none"))

    def small(self):
        return [*super().small(), *self.reductions]

    def under_options(self, given=False):
        return [*super().under_options(given), *self.reductions]


class Penalty(Spec):
    """`penalty(w, strengths…, *, options…) -> (r, dw)`: a scalar and its gradient at once, nothing upstream."""

    has_gradient = True
    outputs = ("r",)

    @property
    def returned(self):
        return {self.op: _tuple("r", "dw")}

    def run(self, call, problem, gradient=True):
        result = call(self.op, *problem.inputs.values(), **problem.options)
        r, dw = self.unpack(result, 2, f"{self.op} must return {self.returned[self.op]}")
        return {"r": r} | ({"dw": dw} if gradient else {})

    def draw_upstream(self, rng, shape):
        return np.ones(shape)


class UpdateRule(Spec):
    """`rule(w, dw, state=None, *, options…) -> (w, state)`, judged by the path of w over three steps.

    The definition takes (w, dw1, dw2, dw3) and returns w after each step; `dw` in a case is the gradient of all three.
    A law may give `problem.inputs` more gradients, and gets a w for each.
    """

    outputs = tuple(f"w{step + 1}" for step in range(STEPS))

    def draw(self, case, dims, dtype):
        inputs = super().draw(case, dims, dtype)
        rng = np.random.default_rng(2)
        gradients = [inputs["dw"]]
        for _ in range(STEPS - 1):
            fixed = "dw" in case.inputs
            gradients.append(inputs["dw"] if fixed else rng.standard_normal(inputs["dw"].shape).astype(dtype))
        return {"w": inputs["w"], **{f"dw{i + 1}": gradient for i, gradient in enumerate(gradients)}}

    def run(self, call, problem, gradient=True):
        w, *gradients = problem.inputs.values()
        state, answer = (), {}
        for step, dw in enumerate(gradients):
            result = call(self.op, w, dw, *state, **self.options_of(problem, step))
            w, *state = self.unpack(result, 2, f"{self.op} must return {self.returned[self.op]}")
            answer[f"w{step + 1}"] = w
        return answer

    @property
    def returned(self):
        return {self.op: _tuple("w", "state")}

    def options_of(self, problem, step):
        """The same in every step, unless a spec says otherwise."""
        return problem.options

    def _state_reusable(self, backend, problem):
        w, dw, again, *_ = problem.inputs.values()
        with self.calling(backend, problem):
            result = backend(self.op, w, dw, **problem.options)
            _, state = self.unpack(result, 2, f"{self.op} must return {self.returned[self.op]}")
            first, second = (copy.deepcopy(backend(self.op, w, again, state, **problem.options)[0]) for _ in range(2))
        unchanged = same_bits(backend.inward(first), backend.inward(second))
        require(unchanged, "a second step from the same state differs: the first one wrote to the state it was given")

    purity = {**Spec.purity, "state reusable": _state_reusable}

    def refusals(self):
        """The call that is spoilt is the first one."""
        return [
            replace(bad, argument="dw1", disagrees_with=("dw", *bad.disagrees_with)) if bad.argument == "dw" else bad
            for bad in super().refusals()
        ]


class Function(Spec):
    """One plain function; where the reference has `op_backward(dout, inputs…)`, also its gradient.

    discrete: the answer consists of integers. The definition then works on exact rationals, and nothing is tolerated.
    """

    discrete: ClassVar[bool] = False

    @property
    def backward(self):
        name = f"{self.op}_backward"
        return name if hasattr(reference, name) else None

    @property
    def has_gradient(self):
        return self.backward is not None

    @property
    def returned(self):
        return {self.op: _tuple(*self.outputs)}

    def run(self, call, problem, gradient=True):
        result = call(self.op, *problem.inputs.values(), **problem.options)
        if len(self.outputs) == 1:
            result = (result,)
        what = f"{self.op} must return {self.returned[self.op]}"
        answer = dict(zip(self.outputs, self.unpack(result, len(self.outputs), what), strict=True))
        return answer | (self._backward(call, problem) if gradient else {})

    def _backward(self, call, problem):
        names = [f"d{name}" for name in problem.floats()]
        result = call(self.backward, *problem.douts, *problem.inputs.values(), **problem.options)
        if len(names) == 1 and not isinstance(result, tuple):
            result = (result,)
        what = f"{self.backward} must return {_tuple(*names)}"
        return dict(zip(names, self.unpack(result, len(names), what), strict=True))

    def truth(self, problem):
        if not self.discrete:
            return super().truth(problem)
        exact = {name: _truth.exact(value) for name, value in problem.inputs.items()}
        outputs = self.definition(**exact, **problem.options)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        return {name: np.asarray(out, np.longdouble) for name, out in zip(self.outputs, outputs, strict=True)}

    def budgets(self, problem, want, lenient=False, at_tie=False):
        if not self.discrete:
            return super().budgets(problem, want, lenient, at_tie)
        return {name: Budget(np.zeros(value.shape), np.zeros(value.shape), 0.0) for name, value in want.items()}

    @recognizing
    def test_dtype(self, planned, backend):
        """Integers where indices, labels and counts are asked for."""
        if not self.discrete:
            return super().test_dtype(planned, backend)
        for name, value in self.answer(backend, self.problem(planned, backend)).items():
            got = np.asarray(value).dtype
            require(got.kind in "iub", f"{name} is {got}: integers are asked for, which can index and count")


class Procedure(Spec):
    """A function that no array goes into, or that is given a function to call, judged by its laws alone: each returns
    two sides that must be equal.

    A law is given the function; what goes together with it is asked of its `backend`. Of `bad` calls, which are
    refused at level strict, the case gives the arguments.
    """

    def plan(self, name, only=None):
        once = {"law": slice(None, None, 2), "errors": slice(None)}  # no array: no dtype to vary
        return super().plan(name)[once[name]] if name in once else []

    def refusals(self):
        return list(self.bad)

    def answer_plainly(self, backend, dtype):
        """There is no plain call of a procedure."""

    def draw(self, case, dims, dtype):
        return dict(case.inputs)

    def run(self, call, problem, gradient=True):
        call(self.op, *problem.inputs.values(), **problem.options)

    def _call_once(self, backend):
        """By its laws, which know what it is called with."""
        for law in self.plan("law"):
            self.test_law(law, backend)

    @recognizing
    def test_law(self, planned, backend):
        law, function = self._law(planned.case.name), backend.find(self.op)

        def call(*args, **options):
            if not accepts(function, "rng"):  # it draws for itself, and is judged by what it draws
                options.pop("rng", None)
            return backend.inward(backend(self.op, *args, **options))

        call.function, call.backend = function, backend
        with calling(self.op):
            left, right = law(call)
        if not same(left, right) and not np.array_equal(left, right):
            raise CheckFailed(f"{law.__doc__ or planned.case.name}\ngot {left}, want {right}")


class Drawing(Procedure):
    """A procedure that leaves something to chance: `drawn(f, rng)` is a call of it that does."""

    GENERATORS = 16

    def drawn(self, f, rng):
        raise NotImplementedError(f"{type(self).__name__} must say how {self.op} is called with a generator")

    def law_every_generator_draws_its_own(self, f):
        """rng alone decides: generators of other seeds draw something else, those of the same seed the same."""
        if not accepts(f.function, "rng"):
            raise NotSupplied(f"{self.op} draws for itself: it takes no rng")
        first, again = (
            [as_text(self.drawn(f, np.random.default_rng(seed))) for seed in range(self.GENERATORS)] for _ in range(2)
        )
        return [len(set(first)), first == again], [self.GENERATORS, True]

    def law_what_was_drawn_is_the_callers(self, f):
        """A later call leaves alone what an earlier one gave out."""
        if not accepts(f.function, "rng"):
            raise NotSupplied(f"{self.op} draws for itself: it takes no rng")
        drawn = self.drawn(f, np.random.default_rng(0))
        told = as_text(drawn)
        self.drawn(f, np.random.default_rng(1))
        return [as_text(drawn) == told], [True]


class Composite(Spec):
    """Written once over a backend's parts: `f(params, x, y, *, options…) -> (loss, grads under the keys of params)`.

    With `states` also a dict of these: `-> (loss, grads, states)`. `outputs` is then ("loss", *states).
    """

    has_gradient = True
    outputs = ("loss",)
    apart = (1,)  # what is wide is asked of the parts
    trivial = ("C", "n_classes")  # of a single class the loss is 0

    def draw(self, case, dims, dtype):
        return _of_order_one(super().draw(case, dims, dtype), case, dtype)

    def run(self, call, problem, gradient=True):
        result = call(self.op, *problem.inputs.values(), **problem.options)
        parts = 3 if self.states else 2
        loss, grads, *states = self.unpack(result, parts, f"{self.op} must return {self.returned[self.op]}")
        answer = {"loss": loss}
        if self.states:
            answer |= _under(self.states, states[0], f"{self.op} must return the states")
        grads = _under(problem.inputs["params"], grads, f"{self.op} must return the gradients")
        return answer | ({f"d{key}": grads[key] for key in grads} if gradient else {})

    @property
    def returned(self):
        return {self.op: _tuple("loss", "grads", *(["states"] if self.states else []))}

    def draw_upstream(self, rng, shape):
        """The gradients are those of the loss itself."""
        return np.ones(shape)

    def truth(self, problem):
        """Without the gradients of what is no parameter."""
        returned = {*self.outputs, *(f"d{key}" for key in problem.inputs["params"])}
        return {name: value for name, value in super().truth(problem).items() if name in returned}


def _of_order_one(inputs: dict, case: Case, dtype) -> dict:
    """Weights over the root of their fan-in, so that activations stay of order 1 at every size."""
    for key, array in inputs["params"].items():
        if array.ndim > 1 and key not in case.inputs:
            inputs["params"][key] = array / dtype.type(max(1, len(array)) ** 0.5)
    return inputs


def _under(keys, found, what: str) -> dict:
    """What was returned as a dict with these keys, in their order."""
    complete = isinstance(found, dict) and found.keys() == set(keys)
    require(complete, f"{what} in a dict under the keys {', '.join(keys)}")
    return {key: found[key] for key in keys}


def as_text(value) -> str:
    """Every digit of it, in whatever the arrays are nested."""
    if isinstance(value, dict):
        return as_text(list(value.items()))
    return repr([as_text(entry) for entry in value] if isinstance(value, (list, tuple)) else np.asarray(value).tolist())


def _one_array_changed(problem) -> Iterator[Problem]:
    for name in problem.arrays():
        changed = copy.deepcopy(problem)
        change(changed, name)
        yield changed


def _tuple(*names: str) -> str:
    return f"({', '.join(names)})" if len(names) > 1 else names[0]
