"""The lines of a definition, in the names that its own source gives them.

The definition is run on symbols from a copy of its source in which every assignment `name = value` is told: an entry of
`value` that is a formula becomes a symbol of that name, and the formula is noted. So the specification says nothing for
it, and where it cuts an expression with `named(...)` that stands in an assignment, the cut carries the name.
"""

import ast
import importlib
import inspect
import re
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import sympy as sp

from nnspec.shapes import contract
from nnspec.spec_tests._cases import Case, default_sizes
from nnspec.spec_tests._problem import Problem
from nnspec.spec_tests._truth import exact


@dataclass(frozen=True)
class Place:
    """Which number a symbol stands for: the entry of an array; `turn` counts the assignments to its name."""

    name: str
    turn: int
    index: tuple[int, ...]


@dataclass
class Line:
    """One assignment: the formula of each entry, by its symbol. alias: it only gives a part of another a name."""

    name: str
    turn: int
    array: np.ndarray  # its value
    formulas: dict = field(default_factory=dict)
    alias: bool = False


@dataclass
class Lines:
    """What the definition does to the inputs of a small case, line by line."""

    problem: Problem
    places: dict = field(default_factory=dict)  # of every symbol that is an entry of something
    shapes: dict = field(default_factory=dict)  # of every array by name and turn
    inputs: dict[str, np.ndarray] = field(default_factory=dict)
    options: dict[str, sp.Symbol] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    outputs: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def weights(self) -> set[str]:
        """The parameters of a network, which stand behind what they are multiplied with."""
        return {key for value in self.problem.inputs.values() if isinstance(value, dict) for key in value}

    def symbol(self, place: Place, shape: tuple[int, ...]) -> sp.Symbol:
        """The same one for the same place in an array of that shape; sympy orders symbols by their names."""
        made = sp.Symbol(f"{place.name}{list(place.index)}/{place.turn}", real=True)
        self.places[made], self.shapes[place.name, place.turn] = place, shape
        return made

    def told(self, name: str, value):
        """The value of an assignment, its formulas cut into symbols of that name."""
        array = _as_array(value)
        if array is None:
            return value
        compound = [_is_formula(entry) for entry in array.ravel()]
        alias = not any(compound) and self._is_part(array)
        if not any(compound) and not alias:
            return value
        cut = array.copy()
        line = Line(name, 1 + sum(line.name == name for line in self.lines), cut, alias=alias)
        self.lines.append(line)
        for at, is_formula in zip(np.ndindex(*array.shape), compound, strict=True):
            if is_formula or alias:
                cut[at] = self.symbol(Place(name, line.turn, at), array.shape)
                line.formulas[cut[at]] = array[at]
        return list(cut) if isinstance(value, list) else cut if isinstance(value, np.ndarray) else cut.item()

    def _is_part(self, array: np.ndarray) -> bool:
        """Whether it is a proper part of one line: a block of columns that deserves its own name."""
        places = [self.places.get(entry) for entry in array.ravel() if isinstance(entry, sp.Symbol)]
        if not array.ndim or not places or len(places) < array.size or None in places:
            return False
        sources = {(place.name, place.turn) for place in places}
        found = [line for line in self.lines if {(line.name, line.turn)} == sources]
        return bool(found) and array.ndim == found[0].array.ndim and array.size < found[0].array.size


def smallest(spec, size: int = 2) -> Problem:
    """The case that is explained: every size is 2, or as small as the concept allows."""
    own = {name: (size,) * len(given) if isinstance(given, tuple) else size for name, given in spec.sizes.items()}
    sizes = spec.general.get("explained") or {**own, **default_sizes(spec.reference, size, 0, (size, size))}
    return Problem(spec, Case("explained", sizes), "float64")


def lines_of(spec) -> Lines:
    """The lines of the definition for the smallest case; options that are numbers keep their names."""
    problem = smallest(spec)
    try:
        return lines_for(spec, problem, options_as_symbols=True)
    except TypeError:  # whether a symbol is above something, nobody knows
        return lines_for(spec, problem)


def can_be_told(spec, problem: Problem) -> bool:
    """Whether the definition takes symbols: one in exact integers does not, nor one that looks at its numbers."""
    taken = inspect.signature(spec.definition).parameters if hasattr(spec, "definition") else {}
    any_name = any(parameter.kind is parameter.VAR_KEYWORD for parameter in taken.values())
    numbers_alone = getattr(spec, "discrete", False) or not spec.symbolic
    return bool(taken) and not numbers_alone and (any_name or problem.floats().keys() <= set(taken))


def lines_for(spec, problem: Problem, *, options_as_symbols=False) -> Lines:
    """The lines of the definition for this case."""
    found = Lines(problem)
    definition = _telling(type(spec))().definition
    taken = inspect.signature(definition).parameters
    for name, array in problem.floats().items():
        found.inputs[name] = np.empty(array.shape, object)
        for at in np.ndindex(*array.shape):
            found.inputs[name][at] = found.symbol(Place(name, 0, at), array.shape)
    if options_as_symbols:
        numbers = [rule.name for rule in contract(spec.reference).rules.values() if rule.kind == "number"]
        found.options = {name: sp.Symbol(name, positive=True) for name in numbers if name in taken}
    constants = {name: exact(value) for name, value in problem.constants().items()}
    token = _telling_to.set(found)
    try:
        outputs = definition(**{**found.inputs, **constants, **found.options})
    finally:
        _telling_to.reset(token)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    found.outputs = {name: np.asarray(out, object) for name, out in zip(spec.outputs, outputs, strict=True)}
    return found


_telling_to: ContextVar[Lines | None] = ContextVar("telling_to", default=None)


def _tell(names, value):
    """What an assignment of a telling copy calls."""
    lines = _telling_to.get()
    if lines is None:
        return value
    if isinstance(names, str):
        return lines.told(names, value)
    values = tuple(value)
    if len(values) != len(names):
        return values  # which is for Python to complain of
    return tuple(lines.told(name, entry) for name, entry in zip(names, values, strict=True))


class _Telling(ast.NodeTransformer):
    def visit_Assign(self, node: ast.Assign):
        target = node.targets[0]
        targets = target.elts if isinstance(target, ast.Tuple) else [target]
        if len(node.targets) == 1 and all(isinstance(entry, ast.Name) for entry in targets):
            names = tuple(entry.id for entry in targets) if isinstance(target, ast.Tuple) else target.id
            node.value = ast.Call(ast.Name("_tell", ast.Load()), [ast.Constant(names), node.value], [])
        return node

    def visit_ClassDef(self, node: ast.ClassDef):
        """Only what is computed tells: the tables of a class stay as they are."""
        node.body = [self.visit(entry) if isinstance(entry, ast.FunctionDef) else entry for entry in node.body]
        return node


def _telling(spec: type) -> type:
    return _telling_module(spec.__module__)[spec.__name__]


@cache
def _telling_module(name: str) -> dict:
    """A copy of a module of the specification whose functions tell their assignments; its helpers too."""
    source = inspect.getsource(importlib.import_module(name))
    tree = ast.parse(source)
    tree.body = [
        _Telling().visit(node) if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else node for node in tree.body
    ]
    namespace = {"__name__": name, "_tell": _tell}
    exec(compile(ast.fix_missing_locations(tree), f"<lines of {name}>", "exec"), namespace)
    namespace["named"] = lambda expression: expression  # an assignment says it with a name
    for helper, value in list(namespace.items()):
        home = getattr(value, "__module__", None) or ""
        if inspect.isfunction(value) and home != name and re.match(r"nnspec\.spec_tests\.n\d\d_", home):
            namespace[helper] = _telling_module(home)[value.__name__]
    return namespace


def _is_formula(entry) -> bool:
    return isinstance(entry, sp.Expr) and not isinstance(entry, sp.Symbol) and bool(entry.free_symbols)


def _as_array(value) -> np.ndarray | None:
    """Entries that may be formulas, as an array of objects; None for what holds none."""
    if isinstance(value, sp.Expr):
        return np.array(value, object)
    if isinstance(value, np.ndarray):
        return value if value.dtype == object else None
    if not isinstance(value, list) or not value or not all(isinstance(entry, (sp.Expr, np.ndarray)) for entry in value):
        return None
    if len({np.shape(entry) for entry in value}) > 1:
        return None
    return np.array([*map(np.asarray, value)], object) if isinstance(value[0], np.ndarray) else np.array(value, object)
