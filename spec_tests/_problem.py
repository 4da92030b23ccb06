"""A case made concrete: inputs, options and upstream gradients, and what the right answer to them is."""

import copy
import zlib
from functools import cached_property
from typing import Any

import numpy as np

from nnspec import reference
from nnspec.backends import Backend
from nnspec.concepts.collect import forward_of, is_composite, public_functions
from nnspec.spec_tests._budget import NEIGHBOURS, derive_budget, jittered
from nnspec.spec_tests._cases import Case, default_sizes
from nnspec.spec_tests._known import Variant

REFERENCE = Backend("reference", reference)
PLAIN = (bool, int, float, str, tuple)  # what an option is that shapes may depend on
SINGLE = np.dtype(np.float32)

_shapes: dict[tuple, list[tuple[int, ...]]] = {}


class Problem:
    """What one check asks of an implementation. `spec` knows how to draw it and how to run it."""

    neighbours = NEIGHBOURS  # for its budgets; fewer where a problem is large and its answer is judged as a whole
    mark: bytes = b""  # what distinguishes it from others of its case, where something was drawn
    form: Variant | None = None  # the right form that the answer is to follow; None: the definition

    def __init__(self, spec, case: Case, dtype: str):
        self.spec, self.case, self.dtype = spec, case, np.dtype(dtype)
        self.dims = default_sizes(spec.reference) | dict(spec.sizes) | dict(case.dims)
        options = dict(spec.options) | dict(case.options)
        made = {name: value(self.dims, self.dtype) for name, value in options.items() if callable(value)}
        self.options = _own(options | made, options)
        self.inputs = _own(spec.draw(case, self.dims, self.dtype), case.inputs)

    def __deepcopy__(self, memo):
        """With arrays of its own. What they belong to, specification and case, is written to by nobody."""
        other = copy.copy(self)
        own = {name: value for name, value in vars(self).items() if name in ("inputs", "options", "douts")}
        vars(other).update(copy.deepcopy(own, memo))
        return other

    @cached_property
    def douts(self) -> list:
        """Upstream gradients, one for each output that is not a state, of its shape. None without a gradient."""
        if not self.spec.has_gradient or self.case.value_only:
            return []
        if "dout" in self.case.inputs and "dout" not in self.inputs:
            return [self.dtype.type(self.case.inputs["dout"])]
        rng = np.random.default_rng(zlib.crc32(f"upstream/{self.case.drawn_as or self.case.name}".encode()))
        return [self.dtype.type(self.spec.draw_upstream(rng, shape)) for shape in self._shapes_of_outputs()]

    def _shapes_of_outputs(self) -> list[tuple[int, ...]]:
        """Of those that are no states, as the reference gives them: found once for all checks of a case.

        The shapes of what goes in belong to the key, and the options: a law asks about others than those of its case.
        """
        shapes = tuple((name, array.shape) for name, array in self.arrays().items())
        options = repr({name: value for name, value in self.options.items() if isinstance(value, PLAIN)})
        key = type(self.spec), repr(self.case.drawn()), shapes, options
        if key not in _shapes:
            outputs = self.spec.run(REFERENCE, self, gradient=False)
            differentiable = [name for name in self.spec.outputs if name not in self.spec.states]
            _shapes[key] = [np.shape(outputs[name]) for name in differentiable]
        return _shapes[key]

    def floats(self) -> dict[str, np.ndarray]:
        """The floating inputs by name; those of a dict under their own keys."""
        found = {}
        for name, value in self.inputs.items():
            found |= value if isinstance(value, dict) else {name: value}
        return {name: array for name, array in found.items() if getattr(array, "dtype", np.dtype(int)).kind == "f"}

    def arrays(self) -> dict[str, np.ndarray]:
        """Every array that goes in by name, labels and masks too; those of a dict under their own keys."""
        found = {}
        for name, value in (self.inputs | self.options).items():
            found |= value if isinstance(value, dict) else {name: value}
        return {name: value for name, value in found.items() if isinstance(value, np.ndarray)}

    @property
    def more_axes(self) -> bool:
        """Whether an array has another number of axes than the plain one."""
        plain = default_sizes(self.spec.reference)
        return any(isinstance(size, tuple) and len(self.dims[name]) != len(size) for name, size in plain.items())

    def following(self, form: Variant | None) -> "Problem":
        """The same problem, whose right answer is that of another form."""
        other = copy.copy(self)
        other.form = form
        return other

    def functions(self) -> dict:
        """The reference's, in the form that is to be followed."""
        return self.form.functions() if self.form else public_functions(reference)

    @property
    def right(self) -> Backend:
        """What gives the right answer."""
        return self.form.backend() if self.form else REFERENCE

    def upstream(self) -> dict[str, np.ndarray]:
        """The upstream gradients, under the names that people are told."""
        return {f"upstream gradient {i}": np.asarray(dout) for i, dout in enumerate(self.douts)}

    @property
    def ordinary(self) -> bool:
        """Whether sympy can take it: nothing is empty, infinite or NaN."""
        arrays = [*self.floats().values(), *(value for value in self.inputs.values() if isinstance(value, np.ndarray))]
        return all(array.size and np.isfinite(array).all() for array in arrays)

    def constants(self) -> dict[str, Any]:
        """What has no gradient: labels, counts, integer images, options."""
        floats = self.floats()
        given = {name: value for name, value in self.inputs.items() if name not in floats and type(value) is not dict}
        return given | self.options

    def replaced(self, arrays: dict[str, Any], douts=None) -> "Problem":
        """The same problem with other arrays under the same names."""
        other = copy.copy(self)
        other.inputs = {
            name: {key: arrays.get(key, entry) for key, entry in value.items()}
            if type(value) is dict
            else arrays.get(name, value)
            for name, value in self.inputs.items()
        }
        if douts is not None:
            other.douts = douts
        return other

    def wide(self) -> dict[str, np.ndarray]:
        """The reference's answer in extended precision, at exactly these inputs."""
        arrays = {name: array.astype(np.longdouble) for name, array in self.floats().items()}
        other = self.replaced(arrays, [np.longdouble(dout) for dout in self.douts])
        other.options = {
            name: value.astype(np.longdouble) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value
            for name, value in self.options.items()
        }
        answer = self.spec.run(self.right, other, gradient=bool(self.douts))
        return {name: np.asarray(value) for name, value in answer.items()}

    def budgets(self, want: dict[str, np.ndarray], functions: dict | None = None, at_tie=False) -> dict:
        """What every answer may be off by, from how `functions` (the reference's) move under rounding.

        At a tie only the upstream gradients move: a neighbour of the inputs lies on the other side of the kink.
        Integer inputs have no precision of their own: single precision is good enough for them.
        """
        functions = functions or self.functions()
        own = self.form and self.form.replaces  # the form of a block, whose backward goes with it
        functions = {n: f for n, f in functions.items() if not is_composite(f) or (own and forward_of(n) == own)}
        on = Backend("rounded", functions if at_tie else jittered(functions))
        dtype = self.dtype if self.floats() else SINGLE
        upstream = self.upstream()
        moved = upstream if at_tie else self.floats() | upstream

        def run(arrays):
            douts = [self.dtype.type(arrays[name]) for name in upstream]
            return self.spec.run(on, self.replaced(arrays, douts), gradient=bool(douts))

        return derive_budget(run, moved, want, dtype, self.neighbours)

    def described(self) -> dict[str, Any]:
        """A copy of all that goes in, for people."""
        told = self.inputs | self.options | self.upstream()
        return {f"{name} =": copy.deepcopy(value) for name, value in told.items()}


def _own(values: dict, given) -> dict:
    """The values, with copies of all that is given by a case or its specification and that a backend could write to."""
    kept = {id(value) for value in given.values() if isinstance(value, (np.ndarray, list, dict))}
    return {name: copy.deepcopy(value) if id(value) in kept else value for name, value in values.items()}
