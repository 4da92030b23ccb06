"""`nnspec mutants`: small changes to the reference, one at a time, each of which the specification has to reject.

A mutant is a concept's reference with one node of its syntax tree replaced. What is changed: operators and comparisons;
constants, defaults among them; axes, `keepdims` and `ddof`; terms, calls and statements, which are dropped; arguments
and operands, which are swapped; ends of ranges and slices, which are moved by one; a reduction, which becomes another.
It is judged as a backend by the specification of its concept until a check rejects it. What no check rejects survives:
either it is equivalent, which EQUIVALENT has to say and why, or the specification has a gap.
"""

import ast
import contextlib
import copy
import functools
import inspect
import itertools
import random
import signal
import tomllib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from nnspec import catalogue, reference
from nnspec.backends import Backend, NotSupplied
from nnspec.catalogue import Concept
from nnspec.collect import public_functions
from nnspec.shapes import checked

EQUIVALENT = "meta/equivalent_mutants.toml"  # below spec_tests: [[mutant]] id, reason
SECONDS = 10  # of one check: a mutant may loop for ever

_SWAPPED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Pow: ast.Mult, ast.MatMult: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
_ORDERED = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult)  # a - b is not b - a
_OTHER_FUNCTION = {
    "sum": "mean", "mean": "sum", "max": "min", "min": "max", "argmax": "argmin", "argmin": "argmax",
    "maximum": "minimum", "minimum": "maximum", "any": "all", "all": "any", "zeros_like": "ones_like",
    "zeros": "ones", "ones": "zeros", "flatnonzero": "argsort", "concatenate": "stack",
}  # fmt: skip
_REDUCTIONS = {"sum", "mean", "max", "min", "var", "std", "prod"}
_DDOF = {"var", "std"}
_MODULES = {"np", "math", "ops"}
_WITH_AN_END = {"range", "arange"}
# What stays around its argument.
_NO_VALUE = {"range", "len", "isinstance", "getattr", "callable", "dict", "enumerate", "zip"}


@dataclass(frozen=True)
class Mutant:
    """One change. The id names it by its text and not by its line, so that it stays when the file moves."""

    concept: str
    function: str
    before: str
    after: str
    occurrence: int  # among equal changes in one function
    change: tuple[ast.Module, ast.AST, ast.AST] = field(repr=False, compare=False)  # the tree, what goes, what comes

    @property
    def source(self) -> str:
        return ast.unparse(_replaced(*self.change))

    @property
    def id(self) -> str:
        again = f" #{self.occurrence + 1}" if self.occurrence else ""
        return f"{self.concept}.{self.function}: {self.before} -> {self.after}{again}"


@dataclass(frozen=True)
class Verdict:
    mutant: Mutant
    rejected_by: str | None  # the id of the first check that rejects it
    equivalent: str | None  # the reason, for one that is known to change nothing

    @property
    def survived(self) -> bool:
        return self.rejected_by is None and self.equivalent is None

    @property
    def refuted(self) -> bool:
        """Called equivalent, but a check tells it from the reference."""
        return self.rejected_by is not None and self.equivalent is not None


def mutants_of(concept: Concept) -> list[Mutant]:
    """Every mutant of the functions in a concept's reference file, helpers included."""
    tree = ast.parse(concept.files["reference"].read_text())
    found, counts = [], {}
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        defaults = [*function.args.defaults, *filter(None, function.args.kw_defaults)]
        places = [node for part in (*function.body, *defaults) for node in ast.walk(part)]
        may_go = _droppable(function)
        for place in places:
            if _is_docstring(place) or _in_error(place, function):
                continue
            for after in (*_changes(place), *([ast.Pass()] if place in may_go else [])):
                key = (function.name, _first_line(place), _first_line(after))
                counts[key] = counts.get(key, -1) + 1
                found.append(Mutant(concept.name, *key, counts[key], (tree, place, after)))
    return found


def judge(mutant: Mutant) -> Verdict:
    reason = equivalents().get(mutant.id)
    return Verdict(mutant, _first_rejection(mutant), reason)


def campaign(concepts=(), sample: int | None = None, seed: int = 0) -> Iterator[Verdict]:
    """The verdict on every mutant of these concepts (empty: all), or on so many of each, drawn with a fixed seed."""
    for concept in catalogue.select(concepts):
        if "reference" in concept.files and "spec" in concept.files:
            mutants = mutants_of(concept)
            if sample is not None and sample < len(mutants):
                mutants = random.Random(seed).sample(mutants, sample)
            yield from map(judge, mutants)


def equivalents() -> dict[str, str]:
    from nnspec import spec_tests

    with (Path(spec_tests.__path__[0]) / EQUIVALENT).open("rb") as file:
        return {entry["id"]: entry["reason"] for entry in tomllib.load(file).get("mutant", [])}


def _first_rejection(mutant: Mutant) -> str | None:
    from nnspec.spec_tests._spec import LEVEL_OF

    concept = catalogue.concepts()[mutant.concept]
    try:
        backend = _backend(mutant, concept)
    except Exception as error:  # a default or a constant of the module that no longer makes sense
        return f"import: {type(error).__name__}"
    specs = [made() for made in catalogue.specs_of(concept)]
    for name in LEVEL_OF:
        for spec in specs:
            for planned in spec.plan(name):
                check = functools.partial(getattr(spec, f"test_{name}"), planned)
                if _rejects(check, backend):
                    return f"{concept.name}/{name}/{planned.id}"
    return None


def _rejects(check, backend, again=False) -> bool:
    from nnspec.spec_tests._probes import unexplained
    from nnspec.spec_tests._problem import REFERENCE
    from nnspec.spec_tests._verdict import BackendRaised, CheckFailed

    try:
        with _time_limit(), unexplained(), np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
            check(backend)
    except (CheckFailed, BackendRaised):
        return True
    except NotSupplied:
        return False
    except TimeoutError:
        if not again:
            check(REFERENCE)  # where the truth had to be derived, the next try finds it
        return again or _rejects(check, backend, again=True)
    return False


def _backend(mutant: Mutant, concept: Concept) -> Backend:
    """The reference, with the functions of one concept taken from the mutant's source."""
    module = f"nnspec.reference.{concept.note}.{concept.name}"
    namespace = {"__name__": module, "__file__": str(concept.files["reference"])}
    exec(compile(mutant.source, f"<mutant of {concept.name}>", "exec"), namespace)
    own = {name: checked(namespace[name], inspect.unwrap(getattr(reference, name))) for name in concept.functions}
    return Backend(mutant.id, public_functions(reference) | own)


@contextlib.contextmanager
def _time_limit():
    """Of this process's own time, whatever else the machine does. Only Python code is interrupted: a reference is."""

    def stop(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _changes(node) -> Iterator[ast.AST]:
    """What may stand in a node's place."""
    if isinstance(node, ast.BinOp):
        if type(node.op) in _SWAPPED:
            yield _with(node, op=_SWAPPED[type(node.op)]())
        yield node.left
        yield node.right
        if isinstance(node.op, _ORDERED):
            yield _with(node, left=node.right, right=node.left)
    elif isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            if type(op) in _SWAPPED:
                yield _with(node, ops=[*node.ops[:i], _SWAPPED[type(op)](), *node.ops[i + 1 :]])
    elif isinstance(node, ast.BoolOp):
        yield _with(node, op=_SWAPPED[type(node.op)]())
        yield from node.values
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    elif isinstance(node, ast.If) and not isinstance(node.body[0], ast.ImportFrom):  # whose parts are no mathematics
        yield from (_with(node, test=ast.Constant(value)) for value in (True, False))
    elif isinstance(node, ast.AugAssign):
        if type(node.op) in _SWAPPED:
            yield _with(node, op=_SWAPPED[type(node.op)]())
        yield ast.copy_location(ast.Assign([node.target], node.value), node)
    elif isinstance(node, ast.Constant):
        yield from map(ast.Constant, _other_constants(node.value))
    elif isinstance(node, ast.keyword) and node.arg == "axis" and isinstance(node.value, ast.Tuple):
        axes = node.value.elts  # of a sum: their order says nothing
        yield from (_with(node, value=_with(node.value, elts=[*axes[:i], *axes[i + 1 :]])) for i in range(len(axes)))
    elif isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load) and not _all_constants(node):
        yield from (_with(node, elts=elements) for elements in _neighbours_swapped(node.elts))
    elif isinstance(node, ast.Slice):
        yield from _other_slices(node)
    elif isinstance(node, ast.Call):
        yield from _other_calls(node)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value


def _other_calls(node):
    """Arguments swapped, keywords dropped or added, another function, or none."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    yield from (_with(node, args=arguments) for arguments in _neighbours_swapped(node.args))
    for keyword in node.keywords:
        yield _with(node, keywords=[other for other in node.keywords if other is not keyword])
    for added, value in _absent_keywords(name, node):
        yield _with(node, keywords=[*node.keywords, ast.keyword(added, ast.Constant(value))])
    if name in _OTHER_FUNCTION:
        field = "attr" if isinstance(node.func, ast.Attribute) else "id"
        yield _with(node, func=_with(node.func, **{field: _OTHER_FUNCTION[name]}))
    if name in _WITH_AN_END:
        end = min(1, len(node.args) - 1)
        yield from (
            _with(node, args=[*node.args[:end], moved, *node.args[end + 1 :]]) for moved in _moved(node.args[end])
        )
    inner = _inside(node)
    if inner is not None and name not in _NO_VALUE:
        yield inner


def _inside(call):
    """x of x.f(…), f(x, …) and np.f(x, …)."""
    if isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", None) not in _MODULES:
        return call.func.value
    return next((argument for argument in call.args if not isinstance(argument, (ast.Starred, ast.GeneratorExp))), None)


def _absent_keywords(name, call):
    given = {keyword.arg for keyword in call.keywords}
    if name in _REDUCTIONS and isinstance(call.func, ast.Attribute):
        yield from ((added, value) for added, value in (("axis", 0), ("keepdims", True)) if added not in given)
    if name in _DDOF and "ddof" not in given:
        yield "ddof", 1


def _other_slices(node):
    """Without an end, or with one that is off by one."""
    for end in ("lower", "upper"):
        if (value := getattr(node, end)) is not None:
            yield _with(node, **{end: None})
            if not isinstance(value, ast.Constant):
                yield from (_with(node, **{end: moved}) for moved in _moved(value))
    if node.step is not None:
        yield _with(node, step=None)


def _moved(node):
    return [ast.BinOp(node, op, ast.Constant(1)) for op in (ast.Add(), ast.Sub())]


def _neighbours_swapped(nodes):
    for i, (one, two) in enumerate(itertools.pairwise(nodes)):
        plain = not isinstance(one, ast.Starred) and not isinstance(two, ast.Starred)
        if plain and ast.dump(one) != ast.dump(two):
            yield [*nodes[:i], two, one, *nodes[i + 2 :]]


def _all_constants(node) -> bool:
    return all(isinstance(element, ast.Constant) for element in node.elts)


def _droppable(function) -> set[ast.stmt]:
    """Statements without which the function still runs: they change a value that exists, or have only an effect."""
    known = {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
    found = set()
    for node in sorted((n for n in ast.walk(function) if isinstance(n, ast.stmt)), key=lambda n: n.lineno):
        named = {name.id for name in _targets(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}
        effect = isinstance(node, ast.Expr) and not _is_docstring(node.value)
        if effect or isinstance(node, ast.AugAssign) or (isinstance(node, ast.Assign) and named <= known):
            found.add(node)
        known |= named
    return found


def _targets(node):
    targets = getattr(node, "targets", [getattr(node, "target", None)])
    return [inner for target in targets if target is not None for inner in ast.walk(target)]


def _other_constants(value):
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, float):
        return [value * 2, 0.0] if value else [1.0]
    return []


def _with(node, **fields):
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _replaced(tree, place, after):
    """A copy of the tree with `after` where `place` stands."""
    place.is_replaced = True
    changed = copy.deepcopy(tree)
    del place.is_replaced

    class Replace(ast.NodeTransformer):
        def visit(self, node):
            return after if hasattr(node, "is_replaced") else self.generic_visit(node)

    return ast.fix_missing_locations(Replace().visit(changed))


def _first_line(node) -> str:
    """Of an `if`, what it asks."""
    return ast.unparse(node).partition("\n")[0]


def _is_docstring(node) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _in_error(place, function) -> bool:
    """The text of an error is no mathematics."""
    raised = [node for node in ast.walk(function) if isinstance(node, ast.Raise)]
    return any(place is inner for node in raised for inner in ast.walk(node))
