"""The suite rejects what is wrong: every classic mistake of every concept falls to some property of its own concept."""

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from nnspec import reference
from nnspec.backends import Backend, NotSupplied
from nnspec.concepts import catalogue
from nnspec.concepts.collect import public_functions
from nnspec.selftest import mistakes as killing
from nnspec.selftest.mistakes import rejections
from nnspec.spec_tests._probes import unexplained
from nnspec.spec_tests._problem import Problem
from nnspec.spec_tests._spec import Spec
from nnspec.spec_tests._verdict import BackendRaised, CheckFailed


def specs() -> list[type[Spec]]:
    return [spec for concept in catalogue.concepts().values() for spec in catalogue.specs_of(concept)]


@pytest.mark.parametrize(
    ("spec", "mistake"),
    [pytest.param(spec, mistake, id=f"{spec.part()}-{mistake.id}") for spec in specs() for mistake in spec.mistakes()],
)
def test_every_mistake_is_rejected(spec, mistake):
    found = next(rejections(spec(), mistake.backend()), None)
    assert found, f"{mistake.id} passes every check of {spec.__name__}"
    assert found[0] != "strict" or mistake.convention, f"{mistake.id} falls only at {found}"


def zeros(value, args):
    return value * 0


def ones(value, args):
    return value * 0 + 1


def identity(value, args):
    """What went in, where it has the shape of what comes out."""
    arrays = [a for a in args if isinstance(a, np.ndarray) and a.dtype.kind == "f"]
    fitting = [a for a in arrays if a.shape == np.shape(value)]
    return fitting[0] * 1 if fitting else value * 0


def test_the_kept_kill_matrix_has_every_mistake_and_no_other():
    """What each count is, the tests above find out anew. `nnspec mistakes --markdown` writes the file."""
    kept = (Path(__file__).parent / "kill_matrix.md").read_text(encoding="utf-8")
    lines = [line.split(" | ")[:2] for line in kept.splitlines() if line.startswith("| ")][2:]
    found = [(part.removeprefix("| "), mistake) for part, mistake in lines]
    assert sorted(found) == sorted((spec.part(), mistake.id) for spec in specs() for mistake in spec.mistakes())


@pytest.mark.parametrize("spec", [pytest.param(spec, id=spec.part()) for spec in specs() if spec.mistakes()])
@pytest.mark.parametrize("answer", [zeros, ones, identity])
def test_no_budget_is_so_wide_that_a_trivial_answer_fits(spec, answer):
    """Every case of value and gradient rejects it: only those whose truth is just that may accept it."""
    functions = {name: _answering(f, answer) for name, f in public_functions(reference).items()}
    trivial, judged = Backend(answer.__name__, functions), spec()
    for name in ("value", "gradient"):
        for planned in judged.plan(name):
            try:
                with np.errstate(all="ignore"), unexplained():
                    getattr(judged, f"test_{name}")(planned, trivial)
            except (CheckFailed, BackendRaised):
                continue
            assert _is_right(judged, planned, trivial, name), f"{name}/{planned.id} accepts {answer.__name__}"


def _answering(function, answer):
    """The function, with every output replaced. Caches and states stay, so that backwards can run."""

    def replaced(value, args):
        if isinstance(value, tuple):
            return tuple(replaced(entry, args) for entry in value)
        if isinstance(value, dict):
            return {key: replaced(entry, args) for key, entry in value.items()}
        return answer(value, args) if hasattr(value, "dtype") and value.dtype.kind != "b" else value

    def answering(*args, **options):
        *outputs, last = result if isinstance(result := function(*args, **options), tuple) else (result,)
        if not outputs:
            return replaced(last, args)
        keeps = function.__name__.endswith("_forward")
        return (*(replaced(output, args) for output in outputs), last if keeps else replaced(last, args))

    return answering


def _is_right(spec, planned, backend, asked):
    """To the last bit, in the outputs or in the gradients."""
    problem = Problem(spec, planned.case, planned.dtype)
    answer = spec.answer(backend, problem)
    truth = spec.truth(spec.asked(problem, answer))
    names = [name for name in answer if (name in spec.outputs) == (asked == "value")]
    return all(np.array_equal(answer[name], truth[name].astype(planned.dtype)) for name in names)


def test_a_mistake_is_recognized_and_no_other_is_accused_alone():
    """What a mistake answers is told as that mistake, with others beside it only where they answer the same."""
    recognized = unrecognized = 0
    for spec in filter(lambda spec: hasattr(spec, "definition"), specs()):  # laws tell that it is wrong, and not how
        for mistake in spec.mistakes():
            told = "\n".join(_failures(spec(), mistake.backend()))
            hinted = f"mistake {mistake.id}: {mistake.hint}" in told
            assert hinted or "\nmistake " not in told, f"{mistake.id} is taken for another:\n{told}"
            recognized, unrecognized = recognized + hinted, unrecognized + (not hinted)
    assert recognized > 3 * unrecognized, f"{recognized} recognized, {unrecognized} not"


def _failures(spec: Spec, backend: Backend):
    """What is said of the first failing check of each property and output: to explain a failure costs much more than
    to find it, and the cases of one output tell the same, as does one dtype where the other told something."""
    for name in ("value", "gradient", "stability", "convention"):
        told = set()
        for dtype in ("float64", "float32"):
            for planned in () if told else [planned for planned in spec.plan(name) if planned.dtype == dtype]:
                with unexplained() if told else nullcontext():
                    failure = _failure(spec, name, planned, backend)
                output = failure.partition(":")[0].partition("[")[0]
                if told and output not in told and failure:
                    failure = _failure(spec, name, planned, backend)
                if output not in told and failure:
                    told.add(output)
                    yield failure


def _failure(spec: Spec, name: str, planned, backend: Backend) -> str:
    try:
        getattr(spec, f"test_{name}")(planned, backend)
    except CheckFailed as failed:
        return str(failed)
    except (BackendRaised, NotSupplied):
        return ""
    return ""


def test_of_one_concept_only_its_lines_of_the_matrix_are_written_anew():
    page = (Path(__file__).parent / "kill_matrix.md").read_text(encoding="utf-8")
    stale = page.replace("| tanh | ", "| tanh | M00 no mistake at all | ", 1)
    rows = list(killing.matrix(["tanh"]))
    assert killing.as_markdown(rows, stale) == killing.as_markdown(rows, page) == page
