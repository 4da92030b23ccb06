"""How good the hints are: wrong code is planted, and what its author would read is held against what is known of it.

    python -m nnspec.spec_tests.meta.hint_quality --markdown spec_tests/meta/hint_quality.md

Planted are every classic mistake, as the reference with one function replaced, and a sample of the mutants of every
concept. Read are the `mistake …` and `pattern: …` lines of the first failing check of each property, at core, or at the
first level above it where something fails. A line is judged by a machine:

right        it names the planted mistake itself; for a mutant, which has no name: a mistake that holds
defensible   it names another mistake of the same number, or one that holds; or it is a pattern that holds
wrong        anything else

A mistake holds if it gives the same wrong answer on three fresh problems: of other sizes, where these are possible and
show that the code is wrong, else of other numbers. A pattern holds if it can be said of the wrong answers to all three.
What shows on no fresh problem at all cannot be told from a coincidence, and is wrong.

All lines decide together: rightly (all good, one of them right), defensibly (all good), partly (good ones and wrong
ones), wrongly, not named (no such line: the author has the numbers alone, a shape, or an exception).
"""

import argparse
import copy
import functools
import itertools
import random
import re
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nnspec.backends import Backend, NotSupplied
from nnspec.concepts import catalogue
from nnspec.concepts.catalogue import Concept
from nnspec.selftest import mutants
from nnspec.spec_tests._cases import Case, default_sizes
from nnspec.spec_tests._diagnosis import LOOKS, Wrong, pattern
from nnspec.spec_tests._kinds import Procedure
from nnspec.spec_tests._levels import PROPERTIES
from nnspec.spec_tests._problem import Problem
from nnspec.spec_tests._spec import Mistake, Planned, Spec
from nnspec.spec_tests._verdict import BackendRaised, CheckFailed, fits, numbers, same, same_bits
from nnspec.spec_tests.meta.other_judges import kill_matrix
from nnspec.terminal import markdown_table

MUTANTS = 12  # of each concept
FRESH = 3
VERDICTS = ("rightly", "defensibly", "partly", "wrongly", "not named")
IMPOSSIBLE = (ValueError, TypeError, KeyError, IndexError, ZeroDivisionError)  # of sizes that do not go together
NO_ANSWER = (*IMPOSSIBLE, ArithmeticError, AttributeError, NameError, BackendRaised, CheckFailed, NotSupplied)


@dataclass(frozen=True)
class Planted:
    """Wrong code, and the parts of the specification that look at it."""

    concept: str
    name: str
    backend: Backend
    specs: tuple[type[Spec], ...]
    mistake: Mistake | None = None  # None: a mutant


@dataclass(frozen=True, eq=False)
class Line:
    """A line that its author reads, and the check that says it."""

    text: str
    spec: Spec
    planned: Planned
    output: str  # which is wrong


@dataclass
class Reading:
    planted: Planted
    lines: dict[Line, str]  # right, defensible or wrong

    @property
    def verdict(self) -> str:
        found = set(self.lines.values())
        if not found:
            return "not named"
        if "wrong" in found:
            return "partly" if len(found) > 1 else "wrongly"
        return "rightly" if "right" in found else "defensibly"


def planted_mistakes(concept: Concept) -> list[Planted]:
    return [
        Planted(concept.name, mistake.id, mistake.backend(), (spec,), mistake)
        for spec in catalogue.specs_of(concept)
        for mistake in spec.mistakes()
    ]


def planted_mutants(concept: Concept, sample=MUTANTS, seed=0) -> Iterator[Planted]:
    """A sample of those that are not equivalent and that can be imported."""
    found = [m for m in mutants.mutants_of(concept) if m.id not in mutants.equivalents()]
    for mutant in random.Random(f"{seed} {concept.name}").sample(found, min(sample, len(found))):
        try:
            backend = mutants.backend_of(mutant)
        except Exception:  # whatever its module raises: its author knows
            continue
        yield Planted(concept.name, mutant.id, backend, tuple(catalogue.specs_of(concept)))


def read(planted: Planted) -> Reading | None:
    """What its author reads, judged. None where no check rejects it."""
    rejecting = _kill_matrix().get((planted.specs[0].part(), planted.name)) if planted.mistake else None
    for names in PROPERTIES.values():
        blocks = [_first_failure(planted, name) for name in names if rejecting is None or name in rejecting]
        if blocks := list(filter(None, blocks)):
            lines = {line.text: line for block in blocks for line in _lines(*block)}.values()
            return Reading(planted, {line: verdict_of(planted, line) for line in lines})


@functools.cache
def _kill_matrix() -> dict:
    """Which properties need to be asked for a mistake."""
    return kill_matrix()


def as_markdown(readings: Iterable[Reading], kept: str = "") -> str:
    """The page. kept: as it was; what it says of concepts that are not among the readings is taken over."""
    found, bad = _tables(kept), _bad_lines(kept)
    for name, of_concept in itertools.groupby(readings, key=lambda reading: reading.planted.concept):
        of_concept = list(of_concept)
        kinds = [[r for r in of_concept if (r.planted.mistake is None) == mutant] for mutant in (False, True)]
        found[name], bad[name] = [_counts(kind) for kind in kinds], _wrong(of_concept)
    names = [name for name in catalogue.concepts() if name in found]
    headings = ["concept", *(f"{kind}: {verdict}" for kind in ("mistakes", "mutants") for verdict in VERDICTS)]
    total = [[sum(counts) for counts in zip(*(found[name][k] for name in names), strict=True)] for k in (0, 1)]
    rows = [[name, *_shown(found[name])] for name in names] + [["**all**", *_shown(total)]]
    lines = [line for name in names for line in bad.get(name, ())] or ["None."]
    shares = "".join(_share(kind, counts) for kind, counts in zip(("mistakes", "mutants"), total, strict=True))
    table, told = markdown_table(headings, rows), "".join(f"{line}\n" for line in lines)
    return f"{_HEAD}{shares}\n{table}\n## Lines that do not hold\n\n{told}"


def _tables(page: str) -> dict[str, list[list[int]]]:
    """By concept, the counts of the verdicts on mistakes and on mutants."""
    rows = [line.strip("| \n").split(" | ") for line in page.splitlines() if line.startswith("| ")][2:]
    numbers = {name: [0 if cell == "·" else int(cell) for cell in cells] for name, *cells in rows if "*" not in name}
    return {name: [found[: len(VERDICTS)], found[len(VERDICTS) :]] for name, found in numbers.items()}


def _bad_lines(page: str) -> dict[str, list[str]]:
    lines = [line for line in page.splitlines() if line.startswith("- ")]
    grouped = itertools.groupby(lines, key=lambda line: line.removeprefix("- ").partition(":")[0])
    return {name: list(found) for name, found in grouped}


def _shown(kinds: list[list[int]]) -> list[str]:
    return [str(count or "·") for counts in kinds for count in counts]


_HEAD = """# How good the hints are

Every classic mistake and a sample of the mutants of every concept, planted, and what the `mistake` and `pattern` lines
say of them: `spec_tests/meta/hint_quality.py` tells how each is judged, and writes this page.

"""


def _counts(readings) -> list[int]:
    counts = Counter(r.verdict for r in readings)
    return [counts[verdict] for verdict in VERDICTS]


def _share(kind: str, counts: list[int]) -> str:
    rightly, defensibly, *_, unnamed = counts
    named = sum(counts) - unnamed
    share = f"{(rightly + defensibly) / named:.1%}" if named else "none"
    return f"{sum(counts)} {kind}, {named} of them named, {share} of these rightly or defensibly.\n"


def _wrong(readings) -> list[str]:
    return [
        f"- {r.planted.concept}: `{r.planted.name}` at `{line.planned.id}`: {line.text}"
        for r in readings
        for line, verdict in r.lines.items()
        if verdict == "wrong"
    ]


# -- what is read ------------------------------------------------------------------------------------------------------


def _first_failure(planted: Planted, name: str) -> tuple[Spec, Planned, str] | None:
    """The first check of a property that fails, and its text. Of a mutant, which may pass all, one in single precision
    is tried beside those in double."""
    for spec in (made() for made in planted.specs):
        checks = sorted(spec.plan(name), key=lambda p: p.dtype != "float64")
        double = sum(p.dtype == "float64" for p in checks)
        for check in checks[: double + 1] if double and not planted.mistake else checks:
            if (text := _failure(spec, name, check, planted.backend)) is not None:
                return spec, check, text
    return None


def _failure(spec, name, planned, backend) -> str | None:
    try:
        with mutants.time_limit(), np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
            getattr(spec, f"test_{name}")(planned, backend)
    except (CheckFailed, BackendRaised) as failed:
        return str(failed)
    except TimeoutError:
        return "no answer in time"
    except NotSupplied:
        return None
    return None


def _lines(spec, planned, text) -> Iterator[Line]:
    entry = re.search(r"^(\S+?)(\[[\d, ]+\])?: got ", text, re.MULTILINE)
    for line in text.splitlines():
        if line.startswith(("mistake ", "pattern: ")):
            yield Line(line, spec, planned, entry[1] if entry else "")


# -- what holds --------------------------------------------------------------------------------------------------------


@dataclass
class Fresh:
    """A problem that the planted code answers wrongly, too."""

    problem: Problem
    want: dict
    budgets: dict
    answer: dict


def verdict_of(planted: Planted, line: Line) -> str:
    if line.text.startswith("pattern: "):
        return "defensible" if _pattern_holds(planted, line, line.text.removeprefix("pattern: ")) else "wrong"
    said = next((m for m in line.spec.mistakes() if line.text.startswith(f"mistake {m.id}:")), None)
    if said is None:
        return "wrong"
    if planted.mistake and said.id == planted.mistake.id:
        return "right"
    if planted.mistake and said.id.split()[0] == planted.mistake.id.split()[0]:
        return "defensible"
    if not _mistake_holds(planted, line, said):
        return "wrong"
    return "defensible" if planted.mistake else "right"


def _mistake_holds(planted, line, said: Mistake) -> bool:
    fresh = list(_fresh(planted, line))
    other = said.backend()
    answers = [_answer(line.spec, other, f.problem, line.output) for f in fresh]
    same_wrong = [
        answer is not None and fits(f.answer[line.output], answer[line.output], f.budgets[line.output])
        for f, answer in zip(fresh, answers, strict=True)
    ]
    return bool(fresh) and all(same_wrong)


def _pattern_holds(planted, line, text: str) -> bool:
    if text.startswith("right where "):
        sizes = re.findall(r"(\w+) = 1", text)
        return bool(sizes) and all(_right_for_one(planted, line, dim) for dim in sizes)
    if text.startswith(("the call wrote", "a second call")):  # which right answers may do as well
        behaves = _writes_to_inputs if text.startswith("the call") else _second_call_differs
        problems = [problem for problem, *_ in itertools.islice(_all_posed(line), FRESH)]
        return all(behaves(planted, line, problem) for problem in problems)
    fresh = list(_fresh(planted, line))
    if text.startswith("the right numbers, in the shape "):
        return bool(fresh) and all(_is_reshaped(f, line.output) for f in fresh)
    return bool(fresh) and all(_can_be_said(text, f, line.output) for f in fresh)


def _is_reshaped(fresh: Fresh, output: str) -> bool:
    got, want = np.asarray(fresh.answer[output]), fresh.want[output]
    return (
        got.shape != want.shape and got.size == want.size and fits(got.reshape(want.shape), want, fresh.budgets[output])
    )


def _can_be_said(text: str, fresh: Fresh, output: str) -> bool:
    """Of this wrong answer, by any of the patterns."""
    want, limit = fresh.want[output], fresh.budgets[output].limit
    try:
        got = numbers(output, fresh.answer[output], want.shape).astype(np.longdouble)
    except CheckFailed:
        return False
    arrays = fresh.problem.floats() | fresh.problem.upstream()
    others = {name: value for name, value in fresh.want.items() if name != output}
    wrong = Wrong(output, got, want, np.broadcast_to(limit, want.shape), fresh.problem.dims, arrays, others)
    with np.errstate(all="ignore"):
        finite = np.isfinite(got).all() and np.isfinite(want).all()
        said = [pattern(wrong), *(look(wrong) for look in LOOKS if finite)]
    claimed, names = _without_numbers(text)
    for other, its_names in map(_without_numbers, map(str, filter(None, said))):
        implied = any(claimed.startswith(less) and other.startswith(more) for less, more in _IMPLIED)
        if implied or (other == claimed and (not names or names & its_names)):
            return True
    return False


_IMPLIED = (  # what is said, and what may be said in its place: of the whole for a part; of any other number of NaN
    ("NaN", "NaN"),
    ("infinite", "infinite"),
    ("all slices along axis", "# everywhere"),
    ("got / want depends on axis", "got / want is # everywhere"),
    ("got - want depends on axis", "got - want is # everywhere"),
)


def _without_numbers(text: str) -> tuple[str, set[str]]:
    """A pattern without what changes from case to case, and the names it gives to a ratio: 'N or D'."""
    for numbered, plain in (
        (r"\bis \S+ everywhere", "is # everywhere"),
        (r"^-?\d\S* everywhere", "# everywhere"),
        (r"in \d+ of \d+ entries", "in # entries"),
        (r"for \d+ entries", "for # entries"),
        (r"\bind(ex|ices) \d[\d, ]*", "index #"),
    ):
        text = re.sub(numbered, plain, text)
    before, is_called, names = text.partition(" everywhere = ")
    return (f"{before} everywhere", set(names.split(" or "))) if is_called else (text, set())


def _writes_to_inputs(planted, line, problem) -> bool:
    before = copy.deepcopy((problem.inputs, problem.douts))
    _answer(line.spec, planted.backend, problem, line.output)
    return not same(before, (problem.inputs, problem.douts))


def _second_call_differs(planted, line, problem) -> bool:
    first, second = (_answer(line.spec, planted.backend, copy.deepcopy(problem), line.output) for _ in range(2))
    return second is None or (first is not None and not same_bits(first[line.output], second[line.output]))


def _right_for_one(planted, line, dim: str) -> bool:
    """Whether size 1 makes it right, in two draws that want different answers: elsewhere nothing is shown."""
    wanted = []
    for draw in range(2):
        case = replace(line.planned.case, name=f"one {draw}", dims={**line.planned.case.dims, dim: 1})
        found = _posed(line.spec, case, line.planned.dtype)
        answer = found and _answer(line.spec, planted.backend, copy.deepcopy(found[0]), line.output)
        if not answer or not fits(answer[line.output], found[1][line.output], found[2][line.output]):
            return False
        wanted.append(found[1][line.output])
    return not fits(*wanted, found[2][line.output])


def _fresh(planted, line) -> Iterator[Fresh]:
    """The first three problems of other sizes, or at least other numbers, on which the planted code is wrong."""
    return itertools.islice(_all_fresh(planted, line), FRESH)


def _all_fresh(planted, line) -> Iterator[Fresh]:
    for problem, want, budgets in _all_posed(line):
        answer = _answer(line.spec, planted.backend, copy.deepcopy(problem), line.output)
        if answer is not None and not fits(answer[line.output], want[line.output], budgets[line.output]):
            yield Fresh(problem, want, budgets, answer)


def _all_posed(line) -> Iterator[tuple[Problem, dict, dict]]:
    posed = (_posed(line.spec, case, line.planned.dtype) for case in _other_cases(line.spec, line.planned.case))
    return filter(None, posed)


def _other_cases(spec, case: Case) -> Iterator[Case]:
    """All sizes moved by one number, each by another one, and in the end only other draws.

    Of an input that the case gives, the entries are drawn: the extreme and the equal ones stay what they are.
    """
    sizes = default_sizes(spec.reference) | dict(spec.sizes) | dict(case.dims)
    drawn = {name: value if callable(value) else _drawn_from(value) for name, value in case.inputs.items()}
    for number, moves in enumerate(([1], [2, 3, 4, 5, 6], [3], [2], [4, 1, 3, 2], [0], [0], [0])):
        dims = {name: _moved(size, by) for (name, size), by in zip(sizes.items(), itertools.cycle(moves))}
        yield replace(case, name=f"{case.name} again {number}", dims=dims, inputs=drawn)


def _drawn_from(given):
    return lambda rng, shape: rng.choice(np.ravel(given), shape)


def _moved(size, by: int):
    return tuple(axis + by for axis in size) if isinstance(size, tuple) else size + by


def _posed(spec, case, dtype) -> tuple[Problem, dict, dict] | None:
    """The problem, what is wanted, and the budgets; None if no such sizes are possible, or no array goes in."""
    if isinstance(spec, Procedure):
        return None
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
            problem = Problem(spec, case, dtype)
            return problem, *spec.expected(problem, "wide", lenient=True)
    except IMPOSSIBLE:
        return None


def _answer(spec, backend, problem, output: str) -> dict | None:
    """Copied, since some hand out the same arrays again; None where the output is not among it."""
    try:
        with mutants.time_limit(), np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
            answer = copy.deepcopy(dict(spec.answer(backend, problem)))
    except (*NO_ANSWER, TimeoutError):
        return None
    return answer if output in answer else None


def survey(concepts=(), sample=MUTANTS) -> Iterator[Reading]:
    for concept in catalogue.select(concepts):
        if "reference" in concept.files and "spec" in concept.files:
            for planted in (*planted_mistakes(concept), *planted_mutants(concept, sample)):
                if reading := read(planted):
                    yield reading


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--concept", action="append", default=[], help="only this one")
    parser.add_argument("--mutants", type=int, default=MUTANTS, help="so many of each concept (default: %(default)s)")
    parser.add_argument("--markdown", type=Path, help="write it here; of --concept, its lines anew")
    given = parser.parse_args(arguments)
    readings = []
    for reading in survey(given.concept, given.mutants):
        readings.append(reading)
        if reading.verdict in ("partly", "wrongly"):
            print(f"{reading.verdict}: {reading.planted.concept} {reading.planted.name}", file=sys.stderr)
    if given.markdown is None:
        return print(as_markdown(readings))
    kept = given.markdown.read_text(encoding="utf-8") if given.concept and given.markdown.exists() else ""
    given.markdown.write_text(as_markdown(readings, kept), encoding="utf-8")


if __name__ == "__main__":
    main()
