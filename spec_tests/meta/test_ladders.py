"""The ladders: every rung is right, the last one is the twin, and one command climbs them."""

import inspect

import pytest

import nnspec
from nnspec import reference
from nnspec.accelerated import cpu
from nnspec.accelerated.cpu import _cache
from nnspec.bench.ladder import Ladder, climbed, ladders, lines
from nnspec.common import Unusable
from nnspec.concepts import catalogue
from nnspec.spec_tests._levels import PROPERTIES

LADDERS = {ladder.concept: ladder for ladder in ladders()}
RUNGS = [(concept, name) for concept, ladder in LADDERS.items() for name in ladder.rungs]
CUDA = {"affine": ("rows", "columns", "tiles", "final"), "layernorm": ("rows", "warps", "final")}
ENDS = ("ends", "True")
FEW_WORDS = 6


class Doubled:
    """It adds the bias twice."""

    def affine_forward(x, w, b):
        out, cache = cpu.affine_forward(x, w, b)
        return out + b, cache

    affine_backward = cpu.affine_backward


SIMULATED = """
from nnspec.accelerated import cuda
from nnspec.bench.ladder import ladders
from nnspec.spec_tests.meta.test_ladders import ends_with_the_twin, faults_of

for ladder in ladders(backend="cuda"):
    for name in ladder.rungs:
        print(ladder.concept, name, faults_of(ladder, name))
    print(ladder.concept, "ends", ends_with_the_twin(ladder, cuda))
"""


def faults_of(ladder, name):
    """What core finds, without the advice of the levels above. In one dtype: each costs a compilation, and the twins
    are checked in both."""
    ids = [f"{ladder.concept}/{asked}/" for asked in PROPERTIES["core"]]
    report = nnspec.check(ladder.backends()[name], ids=ids, dtype="float32", level="core")
    assert {check.property_name for check in report.checks} == set(PROPERTIES["core"])
    return [check.id for check in report.checks if check.state != "passed"]


def ends_with_the_twin(ladder, package):
    """And no rung before has a function of it."""
    *others, last = ladder.rungs.values()
    twins = {name: inspect.unwrap(getattr(package, name)) for name in catalogue.concepts()[ladder.concept].functions}
    own = [getattr(rung, name) for rung in others for name in twins]
    return all(getattr(last, name) is twin for name, twin in twins.items()) and not {*own} & {*twins.values()}


def test_the_three_that_teach_have_ladders():
    assert {"affine", "layernorm", "sdpa"} <= LADDERS.keys()


@pytest.mark.parametrize("concept, name", RUNGS, ids=map("-".join, RUNGS))
def test_every_rung_passes_the_specification(concept, name):
    assert faults_of(LADDERS[concept], name) == []


@pytest.mark.parametrize("concept, name", RUNGS, ids=map("-".join, RUNGS))
def test_a_rung_has_all_functions_of_the_concept_and_says_what_it_changes(concept, name):
    ladder, functions = LADDERS[concept], catalogue.concepts()[concept].functions
    for function in functions:
        own, asked = (inspect.signature(getattr(of, function)) for of in (ladder.rungs[name], reference))
        assert list(own.parameters) == list(asked.parameters)
    assert 0 < len(ladder.change(name).split()) <= FEW_WORDS


@pytest.mark.parametrize("concept", LADDERS)
def test_the_last_rung_is_the_twin_itself(concept):
    assert ends_with_the_twin(LADDERS[concept], cpu)


def test_the_rungs_of_cuda_too_in_the_simulator(python):
    """That they compile for a GPU is asked where all kernels are: `nnspec kernels`."""
    done = python("-c", SIMULATED, NNSPEC_CUDA="simulate")
    told = [line.split(" ", 2) for line in done.stdout.splitlines()]
    want = [[concept, *said] for concept, rungs in CUDA.items() for said in (*((r, "[]") for r in rungs), ENDS)]
    assert told == want, done.stderr


def test_an_edit_of_a_ladder_compiles_no_other_kernel_anew(write, monkeypatch):
    monkeypatch.setattr(_cache, "__file__", str(write("accelerated/cpu/_cache.py", "")))
    before = _cache._cache_folder.__wrapped__()
    write("accelerated/cpu/n05_a/_ladder_affine.py", "changed")
    assert _cache._cache_folder.__wrapped__() == before


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
