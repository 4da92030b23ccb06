"""`nnspec mutants`: small changes to the reference, one at a time, each of which the specification has to reject.

A mutant is a concept's reference with one node of its syntax tree replaced: an operator, a comparison, a constant, an
axis, `keepdims`, a dropped term, two arguments swapped. It is judged as a backend by the specification of its concept
until a check rejects it. What no check rejects survives: either it is equivalent, which EQUIVALENT has to say and why,
or the specification has a gap.
"""

import ast
import contextlib
import copy
import inspect
import random
import signal
import tomllib
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


def mutants_of(concept: Concept) -> list[Mutant]:
    """Every mutant of the functions in a concept's reference file, helpers included."""
    tree = ast.parse(concept.files["reference"].read_text())
    found, counts = [], {}
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        places = [node for part in function.body for node in ast.walk(part)]
        for place in places:
            if _is_docstring(place) or _in_error(place, function):
                continue
            for after in _changes(place):
                key = (function.name, ast.unparse(place), ast.unparse(after))
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
    from nnspec.spec_tests._spec import LEVEL_OF, BackendRaised
    from nnspec.spec_tests._verdict import CheckFailed

    concept = catalogue.concepts()[mutant.concept]
    try:
        backend = _backend(mutant, concept)
    except Exception as error:  # a default or a constant of the module that no longer makes sense
        return f"import: {type(error).__name__}"
    specs = [made() for made in catalogue.specs_of(concept)]
    for name in LEVEL_OF:
        for spec in specs:
            for planned in spec.plan(name):
                try:
                    with _time_limit(), np.errstate(all="ignore"):
                        getattr(spec, f"test_{name}")(planned, backend)
                except (CheckFailed, BackendRaised, TimeoutError):
                    return f"{concept.name}/{name}/{planned.id}"
                except NotSupplied:
                    continue
    return None


def _backend(mutant: Mutant, concept: Concept) -> Backend:
    """The reference, with the functions of one concept taken from the mutant's source."""
    module = f"nnspec.reference.{concept.note}.{concept.name}"
    namespace = {"__name__": module, "__file__": str(concept.files["reference"])}
    exec(compile(mutant.source, f"<mutant of {concept.name}>", "exec"), namespace)
    own = {name: checked(namespace[name], inspect.unwrap(getattr(reference, name))) for name in concept.functions}
    return Backend(mutant.id, public_functions(reference) | own)


@contextlib.contextmanager
def _time_limit():
    """Only Python code is interrupted, which is what a reference consists of."""

    def stop(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _changes(node) -> Iterator[ast.AST]:
    """What may stand in a node's place."""
    if isinstance(node, ast.BinOp):
        if type(node.op) in _SWAPPED:
            yield _with(node, op=_SWAPPED[type(node.op)]())
        yield node.left
        yield node.right
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _SWAPPED:
        yield _with(node, ops=[_SWAPPED[type(node.ops[0])]()])
    elif isinstance(node, ast.BoolOp):
        yield _with(node, op=_SWAPPED[type(node.op)]())
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    elif isinstance(node, ast.Constant):
        yield from map(ast.Constant, _other_constants(node.value))
    elif isinstance(node, ast.Call):
        plain = [i for i, argument in enumerate(node.args) if not isinstance(argument, ast.Starred)]
        if len(plain) > 1 and ast.dump(node.args[plain[0]]) != ast.dump(node.args[plain[1]]):
            swapped = [*node.args]
            swapped[plain[0]], swapped[plain[1]] = swapped[plain[1]], swapped[plain[0]]
            yield _with(node, args=swapped)
        for keyword in node.keywords:
            yield _with(node, keywords=[other for other in node.keywords if other is not keyword])
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value


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


def _is_docstring(node) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _in_error(place, function) -> bool:
    """The text of an error is no mathematics."""
    raised = [node for node in ast.walk(function) if isinstance(node, ast.Raise)]
    return any(place is inner for node in raised for inner in ast.walk(node))
