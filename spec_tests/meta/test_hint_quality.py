"""The judge of hints: true lines are told from false ones, and a fixed sample is named as it should be."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from nnspec import reference
from nnspec.backends import Backend
from nnspec.concepts import catalogue
from nnspec.concepts.collect import public_functions
from nnspec.spec_tests._cases import Case
from nnspec.spec_tests._spec import Planned
from nnspec.spec_tests.meta.hint_quality import VERDICTS, Line, Planted, as_markdown, read, survey, verdict_of
from nnspec.spec_tests.n05_backpropagation.test_affine import TestAffine as Affine  # not to be collected here

KEPT = Path(__file__).parent / "hint_quality.md"


def averaged(dout, cache):
    """dw is divided by N."""
    dx, dw, db = reference.affine_backward(dout, cache)
    return dx, dw / len(dx), db


def planted(function, name="affine_backward"):
    backend = Backend("planted", {**public_functions(reference), name: function})
    return Planted("affine", "planted", backend, (Affine,))


def judged(wrong: Planted, text: str, output="dw") -> str:
    return verdict_of(wrong, Line(text, Affine(), Planned(Case("distinct"), "float64"), output))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("pattern: got / want is 0.5 everywhere = 1/N", "defensible"),
        ("pattern: got / want is 0.5 everywhere", "defensible"),
        ("pattern: got / want is 0.5 everywhere = 1/2", "wrong"),  # in a batch of 2
        ("pattern: got / want is 0.5 everywhere = 1/M", "wrong"),
        ("pattern: right where N = 1, wrong beyond", "defensible"),
        ("pattern: right where M = 1, wrong beyond", "wrong"),
        ("pattern: got is reversed along axis 0", "wrong"),
        ("pattern: the call wrote to its inputs", "wrong"),
        ("pattern: a second call with the same inputs raises", "wrong"),
        ("pattern: a second call with the same inputs answers differently: is something kept between calls?", "wrong"),
        ("pattern: something that nobody says", "wrong"),
        ("mistake M63 dw-of-the-last-sample: …", "wrong"),
        ("mistake N807 parameters-averaged: …", "right"),  # which dw alone cannot be told from
    ],
)
def test_a_line_is_judged_on_fresh_problems(text, wanted):
    assert judged(planted(averaged), text) == wanted


def test_the_right_numbers_in_another_shape():
    def flat(x, w, b):
        out, cache = reference.affine_forward(x, w, b)
        return out.ravel(), cache

    text = "pattern: the right numbers, in the shape (6,) instead of (2, 3): reshape it at the end"
    assert judged(planted(flat, "affine_forward"), text, "out") == "defensible"
    assert judged(planted(averaged), text) == "wrong"


def test_a_mistake_is_right_by_its_own_name_and_defensible_by_its_number():
    both = [m for m in Affine.mistakes() if m.id.startswith("M51")]
    mine = replace(planted(both[0].function), mistake=both[0])
    assert [judged(mine, f"mistake {m.id}: {m.hint}", "db") for m in both] == ["right", "defensible"]


def test_an_accident_is_no_pattern():
    """Where no fresh problem shows it, it cannot be told from a coincidence."""
    right = planted(reference.affine_backward)
    assert judged(right, "pattern: got / want is 2 everywhere = 2") == "wrong"


def test_lines_decide_together():
    reading = read(planted(averaged))
    assert reading.verdict == "rightly" and any("parameters-averaged" in line.text for line in reading.lines)
    reading.lines[replace(next(iter(reading.lines)), text="pattern: false")] = "wrong"
    assert reading.verdict == "partly"


def test_right_code_is_not_read():
    assert read(planted(reference.affine_backward)) is None


def test_a_fixed_sample_is_named_as_it_should_be():
    readings = list(survey(["affine", "sgd_momentum"], sample=4))
    of_mistakes = [r.verdict for r in readings if r.planted.mistake]
    assert of_mistakes.count("rightly") > len(of_mistakes) / 2
    assert [r.planted.name for r in readings if r.verdict in ("partly", "wrongly")] == []
    assert f"{len(of_mistakes)} mistakes" in as_markdown(readings)


def test_the_kept_page_has_every_mistake_of_every_concept():
    rows = [
        line.strip("| \n").split(" | ")
        for line in KEPT.read_text(encoding="utf-8").splitlines()
        if line.startswith("| ")
    ]
    counted = {name: sum(int(n) for n in cells[: len(VERDICTS)] if n != "·") for name, *cells in rows[2:-1]}
    assert counted == {name: len(found) for name, c in catalogue.concepts().items() if (found := mistakes_of(c))}


def mistakes_of(concept) -> list:
    return [mistake for spec in catalogue.specs_of(concept) for mistake in spec.mistakes()]


def test_of_one_concept_only_its_lines_are_written_anew():
    page = KEPT.read_text(encoding="utf-8")
    assert as_markdown([], page) == page
    readings = list(survey(["tanh"], sample=2))
    changed = as_markdown(readings, page).splitlines()
    told = [line for line in changed if line not in page.splitlines()]
    assert all(re.match(r"\| (tanh|\*\*all\*\*) |\d+ (mistakes|mutants), |- tanh: ", line) for line in told), told
