"""The ladders: every rung is right, the last one is the twin, and one command climbs them."""

import inspect

import pytest

import nnspec
from nnspec import catalogue, reference
from nnspec.accelerated import cpu
from nnspec.bench.ladder import Ladder, climbed, ladders, lines
from nnspec.common import Unusable
from nnspec.spec_tests._spec import PROPERTIES

LADDERS = {ladder.concept: ladder for ladder in ladders()}
RUNGS = [(concept, name) for concept, ladder in LADDERS.items() for name in ladder.rungs]
FEW_WORDS = 6


class Doubled:
    """It adds the bias twice."""

    def affine_forward(x, w, b):
        out, cache = cpu.affine_forward(x, w, b)
        return out + b, cache

    affine_backward = cpu.affine_backward


def core(concept):
    """What core asks, without the advice of the levels above."""
    return [f"{concept}/{name}/" for name in PROPERTIES["core"]]


def test_the_three_that_teach_have_ladders():
    assert {"affine", "layernorm", "sdpa"} <= LADDERS.keys()


@pytest.mark.parametrize("concept, name", RUNGS, ids=map("-".join, RUNGS))
def test_every_rung_passes_the_specification(concept, name):
    """In one dtype: each costs a compilation, and the twins are checked in both."""
    rung = LADDERS[concept].backends()[name]
    report = nnspec.check(rung, ids=core(concept), dtype="float32", level="core")
    assert [check.id for check in report.checks if check.state != "passed"] == [] and report.exit_code == 0
    assert {check.property_name for check in report.checks} == set(PROPERTIES["core"])


@pytest.mark.parametrize("concept, name", RUNGS, ids=map("-".join, RUNGS))
def test_a_rung_has_all_functions_of_the_concept_and_says_what_it_changes(concept, name):
    ladder, functions = LADDERS[concept], catalogue.concepts()[concept].functions
    for function in functions:
        own, asked = (inspect.signature(getattr(of, function)) for of in (ladder.rungs[name], reference))
        assert list(own.parameters) == list(asked.parameters)
    assert 0 < len(ladder.change(name).split()) <= FEW_WORDS


@pytest.mark.parametrize("concept", LADDERS)
def test_the_last_rung_is_the_twin_itself(concept):
    *others, last = LADDERS[concept].rungs.values()
    for function in catalogue.concepts()[concept].functions:
        twin = inspect.unwrap(getattr(cpu, function))
        assert getattr(last, function) is twin and all(getattr(rung, function) is not twin for rung in others)


def test_a_ladder_is_no_concept():
    assert not [name for name in catalogue.concepts() if "ladder" in name]


def test_a_rung_that_is_wrong_is_not_timed():
    ladder = Ladder("affine", LADDERS["affine"].module, {"wrong": Doubled, "final": LADDERS["affine"].rungs["final"]})
    rows = climbed(ladder, "S", "float32", threads=1)
    assert rows[0]["state"].startswith("wrong") and rows[1]["state"] == "timed"
    (_, change, *cells), right = lines(ladder, rows)
    assert change == "It adds the bias twice" and cells[0].startswith("wrong") and "sgemm" in right[-1]


def test_the_command_prints_every_rung_in_order(nnspec):
    done = nnspec("bench", "ladder", "affine", "--preset", "S", "--threads", "1")
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stdout.splitlines() if line.endswith("sgemm")]
    assert [line.split()[0] for line in told] == list(LADDERS["affine"].rungs)
    assert "CPU time" in done.stdout


def test_what_has_no_ladder_is_told_in_one_line(nnspec):
    done = nnspec("bench", "ladder", "relu")
    assert done.returncode == 2 and done.stderr.strip() == "nnspec: cpu has no ladder of relu"
    with pytest.raises(Unusable, match="there is no concept"):
        ladders(["afine"])
