"""The suite rejects what is wrong: every classic mistake of every concept falls to some property of its own concept."""

import numpy as np
import pytest

from nnspec import catalogue, reference
from nnspec.backends import Backend, NotSupplied
from nnspec.collect import public_functions
from nnspec.mistakes import backend_of, rejections
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
    found = next(rejections(spec(), backend_of(mistake)), None)
    assert found, f"{mistake.id} passes every check of {spec.__name__}"
    assert found[0] != "strict" or mistake.convention, f"{mistake.id} falls only at {found}"


@pytest.mark.parametrize("spec", [pytest.param(spec, id=spec.part()) for spec in specs() if spec.mistakes()])
@pytest.mark.parametrize("answer", ["zeros", "ones"])
def test_constants_are_rejected_by_every_value_case(spec, answer):
    """No budget is so wide that zeros or ones fit in: only the cases whose truth is that constant may accept it."""
    constant = Backend(answer, {name: _constant(f, answer) for name, f in public_functions(reference).items()})
    rejected = {(name, case) for _, name, case in rejections(spec(), constant)}
    for planned in spec().plan("value"):
        assert ("value", planned.id) in rejected or _truth_is(spec(), planned, answer)


def _constant(function, answer):
    fill = {"zeros": 0, "ones": 1}[answer]

    def constant(value):
        if isinstance(value, tuple):
            return tuple(map(constant, value))
        if isinstance(value, dict):
            return {key: constant(entry) for key, entry in value.items()}
        return value * 0 + fill if hasattr(value, "dtype") and value.dtype.kind != "b" else value

    def answering(*args, **options):
        *outputs, last = result if isinstance(result := function(*args, **options), tuple) else (result,)
        if not outputs:
            return constant(last)
        return (*map(constant, outputs), last if function.__name__.endswith("_forward") else constant(last))

    return answering


def _truth_is(spec, planned, answer):
    fill = {"zeros": 0, "ones": 1}[answer]
    truth = spec.truth(Problem(spec, planned.case, planned.dtype))
    return all(np.all(truth[name] == fill) for name in spec.outputs)


def test_a_mistake_is_recognized_and_no_other_is_accused_alone():
    """What a mistake answers is told as that mistake, with others beside it only where they answer the same."""
    recognized = unrecognized = 0
    for spec in filter(lambda spec: hasattr(spec, "definition"), specs()):  # laws tell that it is wrong, and not how
        for mistake in spec.mistakes():
            told = "\n".join(_failures(spec(), backend_of(mistake)))
            hinted = f"mistake {mistake.id}: {mistake.hint}" in told
            assert hinted or "\nmistake " not in told, f"{mistake.id} is taken for another:\n{told}"
            recognized, unrecognized = recognized + hinted, unrecognized + (not hinted)
    assert recognized > 3 * unrecognized, f"{recognized} recognized, {unrecognized} not"


def _failures(spec: Spec, backend: Backend):
    for name in ("value", "gradient", "stability", "convention"):
        for planned in spec.plan(name):
            try:
                getattr(spec, f"test_{name}")(planned, backend)
            except CheckFailed as failed:
                yield str(failed)
            except (BackendRaised, NotSupplied):
                continue
