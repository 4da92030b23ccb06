"""How the catalogue of mistakes fares with others' ways of judging, beside ours.

    python -m nnspec.spec_tests.meta.other_judges --markdown other_judges.md

Every mistake of a function that takes arrays is tried on three problems of random sizes (2 to 6 in every dimension,
normal numbers in double precision, the options of its specification), as people do who have no specification:

outputs     np.allclose of every output and the reference's, with rtol = atol = 1e-2 or 1e-4
sum         np.allclose of the gradients of out.sum(), so with ones for every upstream gradient, and the reference's
both        outputs and sum
differences the gradients for random upstream gradients, against one-sided differences (f(x + h) - f(x)) / h of the
            same code's outputs, h = 1e-5: the largest |a - b| / max(1e-8, |a| + |b|) must stay below 1e-2 or 1e-6. At
            most 40 entries of an array are tried. It compares the code with itself, so a wrong output with its own
            right gradient passes.

An exception or an array that does not fit is a rejection in all of them. Ours are read from the kept kill matrix. A
judge that refuses right code is no judge: the last column counts the parts of which the reference itself is refused
(with ours, a refusal fails the tests of this project).
"""

import argparse
import copy
import functools
import re
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nnspec.backends import Backend, NotSupplied
from nnspec.common import LEVELS
from nnspec.concepts import catalogue
from nnspec.spec_tests._cases import Case, default_sizes
from nnspec.spec_tests._kinds import Procedure
from nnspec.spec_tests._levels import LEVEL_OF
from nnspec.spec_tests._problem import REFERENCE, Problem
from nnspec.spec_tests._spec import Spec
from nnspec.spec_tests._verdict import BackendRaised, CheckFailed
from nnspec.terminal import markdown_table

KILL_MATRIX = Path(__file__).parent / "kill_matrix.md"
PROBLEMS = 3  # of random sizes
SIZES = 2, 6
STEP = 1e-5  # of a difference
ENTRIES = 40  # of an array, that differences are taken of
TRIES = 40  # at sizes that go together
IMPOSSIBLE = (ValueError, TypeError, KeyError, IndexError)  # what a reference says of sizes that do not


@dataclass(frozen=True)
class Judge:
    name: str
    accepts: Callable[[Spec, Backend, Problem], bool]


def outputs_close(spec, backend, problem, *, tolerance) -> bool:
    return _all_close(spec, backend, problem, tolerance, names=spec.outputs, gradient=False)


def gradients_of_the_sum_close(spec, backend, problem, *, tolerance) -> bool:
    ones = problem.replaced({}, [np.ones_like(dout) for dout in problem.douts])
    return not problem.douts or _all_close(spec, backend, ones, tolerance)


def outputs_and_gradients_close(spec, backend, problem, *, tolerance) -> bool:
    judges = outputs_close, gradients_of_the_sum_close
    return all(accepts(spec, backend, problem, tolerance=tolerance) for accepts in judges)


def gradients_near_differences(spec, backend, problem, *, tolerance) -> bool:
    if not problem.douts:
        return True
    gradients = _run(spec, backend, problem)
    rng = np.random.default_rng(0)
    at_first = _weighted_sum(spec, backend, problem)
    for name, array in problem.floats().items():
        if f"d{name}" not in gradients:
            continue
        entries = rng.permutation(array.size)[:ENTRIES]
        got = np.asarray(gradients[f"d{name}"]).flat[entries]
        moved = (_weighted_sum(spec, backend, problem.replaced({name: _stepped(array, i)})) for i in entries)
        differences = np.array([(value - at_first) / STEP for value in moved])
        error = abs(got - differences) / np.maximum(1e-8, abs(got) + abs(differences))
        if not (error < tolerance).all():
            return False
    return True


def _judge(name, accepts, tolerance) -> Judge:
    return Judge(f"{name}, {tolerance:g}", functools.partial(accepts, tolerance=tolerance))


JUDGES = (
    _judge("`allclose` of the outputs", outputs_close, 1e-2),
    _judge("`allclose` of the outputs", outputs_close, 1e-4),
    _judge("`allclose` of the gradient of `out.sum()`", gradients_of_the_sum_close, 1e-2),
    _judge("`allclose` of the gradient of `out.sum()`", gradients_of_the_sum_close, 1e-4),
    _judge("`allclose` of outputs and gradient of `out.sum()`", outputs_and_gradients_close, 1e-2),
    _judge("`allclose` of outputs and gradient of `out.sum()`", outputs_and_gradients_close, 1e-4),
    _judge("one-sided differences, relative error", gradients_near_differences, 1e-2),
    _judge("one-sided differences, relative error", gradients_near_differences, 1e-6),
)


def rejects(judge: Judge, spec: Spec, backend: Backend, problems: list[Problem]) -> bool:
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        for problem in problems:
            try:
                if not judge.accepts(spec, backend, problem):
                    return True
            except (CheckFailed, BackendRaised, NotSupplied, *IMPOSSIBLE):  # it raised, or what came does not fit
                return True
    return False


def problems_of(spec: Spec) -> list[Problem]:
    """Three of random sizes, the same in every run. Sizes that do not go together are drawn again."""
    rng = np.random.default_rng(zlib.crc32(spec.part().encode()))
    sizes, found = default_sizes(spec.reference) | dict(spec.sizes), []
    for _ in range(TRIES):
        dims = {name: _drawn(rng, size) for name, size in sizes.items()}
        try:
            problem = Problem(spec, Case(f"random {len(found)}", dims), "float64")
            _run(spec, REFERENCE, problem)
        except (CheckFailed, BackendRaised, NotSupplied, *IMPOSSIBLE):
            continue
        found.append(problem)
        if len(found) == PROBLEMS:
            break
    return found


def judged(concepts=()) -> Iterator[tuple[str, str | None, list[bool]]]:
    """(part, mistake or None for the reference, whether each judge rejects it)."""
    for concept in catalogue.select(concepts):
        for spec in (made() for made in catalogue.specs_of(concept)):
            if isinstance(spec, Procedure) or not spec.mistakes() or not (problems := problems_of(spec)):
                continue
            yield spec.part(), None, [rejects(judge, spec, REFERENCE, problems) for judge in JUDGES]
            for mistake in spec.mistakes():
                backend = mistake.backend()
                yield spec.part(), mistake.id, [rejects(judge, spec, backend, problems) for judge in JUDGES]


def ours() -> dict[tuple[str, str], str]:
    """The level at which the kept kill matrix has each mistake rejected, by (part, mistake)."""
    return {key: min((LEVEL_OF[name] for name in names), key=LEVELS.index) for key, names in kill_matrix().items()}


def kill_matrix() -> dict[tuple[str, str], list[str]]:
    """The properties that reject each mistake, by (part, mistake), as they are kept."""
    lines = [re.split(r" *(?<!\\)\| *", line)[1:-1] for line in KILL_MATRIX.read_text(encoding="utf-8").splitlines()]
    headings, _, *rows = (cells for cells in lines if cells)
    return {
        (row[0], row[1]): [name for name, cell in zip(headings, row, strict=True) if name in LEVEL_OF and cell != "·"]
        for row in rows
    }


def as_markdown(found: list[tuple[str, str | None, list[bool]]]) -> str:
    kept = ours()
    wrong = [(part, mistake, verdicts) for part, mistake, verdicts in found if mistake]
    right = [verdicts for _, mistake, verdicts in found if not mistake]
    rows = [
        [judge.name, _share([verdicts[i] for *_, verdicts in wrong]), f"{sum(v[i] for v in right)} of {len(right)}"]
        for i, judge in enumerate(JUDGES)
    ]
    for number, level in enumerate(LEVELS):
        by_then = [kept[part, mistake] in LEVELS[: number + 1] for part, mistake, _ in wrong]
        rows.append([f"nnspec at level {level}", _share(by_then), "–"])
    return markdown_table(["judge", f"of {len(wrong)} mistakes rejected", "right code refused"], rows)


def _share(rejected: list[bool]) -> str:
    return f"{sum(rejected)} ({sum(rejected) / len(rejected):.0%})" if rejected else "–"


def _drawn(rng, size):
    low, high = SIZES
    return (
        tuple(int(n) for n in rng.integers(low, high + 1, len(size)))
        if isinstance(size, tuple)
        else int(rng.integers(low, high + 1))
    )


def _run(spec, backend, problem, gradient=True) -> dict:
    return copy.deepcopy(dict(spec.answer(backend, copy.deepcopy(problem), gradient=gradient and bool(problem.douts))))


def _all_close(spec, backend, problem, tolerance, names=None, gradient=True) -> bool:
    got, want = (_run(spec, on, problem, gradient) for on in (backend, REFERENCE))
    names = names or [name for name in want if name not in spec.outputs]
    return all(np.allclose(got[name], want[name], rtol=tolerance, atol=tolerance) for name in names)


def _weighted_sum(spec, backend, problem) -> float:
    """What the gradients for these upstream gradients are the gradients of."""
    answer = _run(spec, backend, problem, gradient=False)
    named = [name for name in spec.outputs if name not in spec.states]
    return float(sum(np.sum(answer[name] * dout) for name, dout in zip(named, problem.douts, strict=True)))


def _stepped(array, i):
    moved = array.copy()
    moved.flat[i] += STEP
    return moved


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--concept", action="append", default=[], help="only this one")
    parser.add_argument("--markdown", type=Path, help="write the table here, instead of showing it")
    given = parser.parse_args(arguments)
    table = as_markdown(list(judged(given.concept)))
    given.markdown.write_text(table, encoding="utf-8") if given.markdown else print(table)


if __name__ == "__main__":
    main()
