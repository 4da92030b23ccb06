"""`nnspec mutants`: small changes to the reference, one at a time, each of which the specification has to reject.

A mutant is a concept's reference with one node of its syntax tree replaced, or one public function made wrong as a
whole; `mutations` says in which ways. The specification of its concept judges it as it does the reference, of which
nothing may be left out, until a check rejects it, at the latest at the level that its kind has to fall by: half
precision at core, what is remembered or shared between calls at robust. What no check rejects survives: either it is
equivalent, which EQUIVALENT has to say and why, or the specification has a gap.
"""

import ast
import contextlib
import functools
import inspect
import random
import signal
import tomllib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from nnspec import reference
from nnspec.backends import Backend, NotSupplied
from nnspec.common import LEVELS
from nnspec.concepts import catalogue
from nnspec.concepts.catalogue import Concept
from nnspec.concepts.collect import public_functions
from nnspec.selftest.mutations import changes_of, helpers, replaced, takes_a_cache, wrappers_of
from nnspec.shapes import checked

EQUIVALENT = "n[0-9][0-9]_*/mutants_*.toml"  # beside a specification: [[mutant]] id, reason
SECONDS = 10  # of one check: a mutant may loop for ever


@dataclass(frozen=True)
class Mutant:
    """One change. The id names it by its text and not by its line, so that it stays when the file moves."""

    concept: str
    function: str
    before: str
    after: str
    occurrence: int  # among equal changes in one function
    falls_by: str = "strict"  # the level that has to reject it at the latest
    change: tuple[ast.Module, ast.AST, ast.AST] | None = field(default=None, repr=False, compare=False)
    around: Callable | None = field(default=None, repr=False, compare=False)  # of the function, where no node changes

    @property
    def source(self) -> str:
        """The changed file."""
        return ast.unparse(replaced(*self.change))

    @property
    def id(self) -> str:
        again = f" #{self.occurrence + 1}" if self.occurrence else ""
        return f"{self.concept}.{self.function}: {self.before} -> {self.after}{again}"


@dataclass(frozen=True)
class Verdict:
    mutant: Mutant
    rejected_by: str | None  # the id of the first check that rejects it
    level: str | None  # of that check; core where it cannot even be imported
    equivalent: str | None  # the reason, for one that is known to change nothing

    @property
    def survived(self) -> bool:
        return self.equivalent is None and (self.rejected_by is None or self.late)

    @property
    def late(self) -> bool:
        """Rejected at a level above the one that has to."""
        return self.level is not None and LEVELS.index(self.level) > LEVELS.index(self.mutant.falls_by)

    @property
    def refuted(self) -> bool:
        """Called equivalent, but a check tells it from the reference."""
        return self.rejected_by is not None and self.equivalent is not None


def mutants_of(concept: Concept) -> list[Mutant]:
    """Every mutant of the functions in a concept's reference file, helpers included."""
    tree = ast.parse(concept.files["reference"].read_text())
    found, counts = [], {}

    def add(function, told, falls_by, **made):
        key = (function, *told)
        counts[key] = counts.get(key, -1) + 1
        found.append(Mutant(concept.name, *key, counts[key], falls_by, **made))

    for change in changes_of(tree):
        add(change.function, change.told, change.falls_by, change=(tree, change.place, change.after))
    for name in concept.functions:
        for wrapper in wrappers_of(_unchecked(name), _forward_of(name)):
            add(name, wrapper.told, wrapper.falls_by, around=wrapper.around)
    return found


def _unchecked(name: str):
    return inspect.unwrap(getattr(reference, name))


def _forward_of(name: str):
    """Of a backward that is given its forward's cache."""
    function = _unchecked(name)
    return _unchecked(f"{name.removesuffix('_backward')}_forward") if takes_a_cache(function) else None


def judge(mutant: Mutant) -> Verdict:
    reason = equivalents().get(mutant.id)
    try:
        backend = backend_of(mutant)
    except Exception as error:  # a default or a constant of the module that no longer makes sense
        return Verdict(mutant, f"import: {type(error).__name__}", "core", reason)
    backend.ours = True  # as the reference, which leaves nothing out
    rejected_by, level = _first_rejection(mutant.concept, backend)
    if mutant.falls_by == "core" and rejected_by is None and not _rounded(backend):
        reason = reason or "no floating number came by in any check"
    return Verdict(mutant, rejected_by, level, reason)


def campaign(concepts=(), sample: int | None = None, seed: int = 0) -> Iterator[Verdict]:
    """The verdict on every mutant of these concepts (empty: all), or on so many of each, drawn with a fixed seed."""
    for concept in catalogue.select(concepts):
        if "reference" in concept.files and "spec" in concept.files:
            mutants = mutants_of(concept)
            if sample is not None and sample < len(mutants):
                mutants = random.Random(seed).sample(mutants, sample)
            yield from map(judge, mutants)


@functools.cache
def equivalents() -> dict[str, str]:
    from nnspec import spec_tests

    files = sorted(Path(spec_tests.__path__[0]).glob(EQUIVALENT))
    entries = [entry for file in files for entry in tomllib.loads(file.read_text(encoding="utf-8"))["mutant"]]
    return {entry["id"]: entry["reason"] for entry in entries}


def _first_rejection(name: str, backend: Backend) -> tuple[str, str] | tuple[None, None]:
    """(the id of a check, its level)."""
    from nnspec.spec_tests._levels import LEVEL_OF

    concept = catalogue.concepts()[name]
    specs = [made() for made in catalogue.specs_of(concept)]
    for name, level in LEVEL_OF.items():
        for spec in specs:
            for planned in spec.plan(name):
                check = functools.partial(getattr(spec, f"test_{name}"), planned)
                if _rejects(check, backend):
                    return f"{concept.name}/{name}/{planned.id}", level
    return None, None


def _rounded(backend: Backend) -> bool:
    """Whether anything went through half precision."""
    functions = map(inspect.unwrap, public_functions(backend.namespace).values())
    return any(f.__globals__["_half"].used for f in functions if "_half" in f.__globals__)


def _rejects(check, backend, again=False) -> bool:
    from nnspec.spec_tests._probes import unexplained
    from nnspec.spec_tests._problem import REFERENCE
    from nnspec.spec_tests._verdict import BackendRaised, CheckFailed

    try:
        with time_limit(), unexplained(), np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
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


def backend_of(mutant: Mutant) -> Backend:
    """The reference, with the functions of one concept taken from the mutant's source, or one function wrapped."""
    concept = catalogue.concepts()[mutant.concept]
    if mutant.around:
        namespace = {mutant.function: mutant.around(_unchecked(mutant.function))}
    else:
        module = f"nnspec.reference.{concept.note}.{concept.name}"
        namespace = {"__name__": module, "__file__": str(concept.files["reference"]), **helpers()}
        exec(compile(mutant.source, f"<mutant of {concept.name}>", "exec"), namespace)
    own = {name: checked(namespace[name], _unchecked(name)) for name in concept.functions if name in namespace}
    return Backend(mutant.id, public_functions(reference) | own)


@contextlib.contextmanager
def time_limit():
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
