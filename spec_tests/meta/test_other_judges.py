"""How others judge is emulated as it is told, and our own figures are those of the kill matrix."""

import numpy as np
import pytest

from nnspec import reference
from nnspec.backends import Backend
from nnspec.common import LEVELS
from nnspec.concepts import catalogue
from nnspec.concepts.collect import public_functions
from nnspec.spec_tests._problem import REFERENCE
from nnspec.spec_tests.meta import other_judges
from nnspec.spec_tests.n07_residual_networks.test_layernorm import TestLayernorm as Layernorm
from nnspec.spec_tests.n10_attention.test_masked_softmax import TestMaskedSoftmax as MaskedSoftmax

JUDGES = {judge.name: judge for judge in other_judges.JUDGES}


def rejected_by(spec, **functions) -> set[str]:
    backend = Backend("planted", {**public_functions(reference), **functions})
    problems = other_judges.problems_of(spec())
    assert len(problems) == other_judges.PROBLEMS
    return {name for name, judge in JUDGES.items() if other_judges.rejects(judge, spec(), backend, problems)}


def test_a_gradient_of_zeros_passes_where_the_sum_of_the_outputs_is_constant():
    found = rejected_by(MaskedSoftmax, masked_softmax_backward=lambda dout, cache: np.zeros_like(dout))
    assert found and all("differences" in name for name in found)


def test_a_coarse_tolerance_lets_a_small_fault_pass():
    def eps_too_large(x, gamma, beta, *, eps=1e-5):
        return reference.layernorm_forward(x, gamma, beta, eps=1e-3)

    found = rejected_by(Layernorm, layernorm_forward=eps_too_large)
    assert "`allclose` of the outputs, 0.0001" in found and "`allclose` of the outputs, 0.01" not in found


def test_differences_compare_the_code_with_itself():
    def doubled(x, gamma, beta, *, eps=1e-5):
        return reference.layernorm_forward(x, 2 * gamma, 2 * beta, eps=eps)

    def doubled_backward(dout, cache):
        dx, dgamma, dbeta = reference.layernorm_backward(dout, cache)
        return dx, 2 * dgamma, 2 * dbeta

    found = rejected_by(Layernorm, layernorm_forward=doubled, layernorm_backward=doubled_backward)
    assert "`allclose` of the outputs, 0.01" in found
    assert "one-sided differences, relative error, 0.01" not in found


def test_what_raises_or_does_not_fit_is_rejected():
    assert rejected_by(Layernorm, layernorm_forward=lambda x, gamma, beta: (x, None)) == set(JUDGES)
    assert rejected_by(Layernorm, layernorm_forward=lambda x, gamma, beta: (x[:, :1], None)) == set(JUDGES)


@pytest.mark.parametrize("spec", [Layernorm, MaskedSoftmax])
def test_right_code_is_accepted_where_the_tolerance_allows(spec):
    problems = other_judges.problems_of(spec())
    refused = {n for n, judge in JUDGES.items() if other_judges.rejects(judge, spec(), REFERENCE, problems)}
    assert all(name.startswith("one-sided differences") and name.endswith("1e-06") for name in refused)


def test_every_run_says_the_same():
    assert list(other_judges.judged(["relu"])) == list(other_judges.judged(["relu"]))


def test_ours_is_what_the_kill_matrix_keeps():
    specs = [spec for concept in catalogue.concepts().values() for spec in catalogue.specs_of(concept)]
    kept = other_judges.ours()
    assert set(kept) == {(spec.part(), mistake.id) for spec in specs for mistake in spec.mistakes()}
    assert set(kept.values()) <= set(LEVELS) and kept["relu", "M53 mask-from-dout"] == "core"


def test_the_table_counts():
    table = other_judges.as_markdown(list(other_judges.judged(["relu", "tanh"])))
    assert "nnspec at level strict" in table and "of 2" in table
