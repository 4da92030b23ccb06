"""Mutants of the reference: what they are, and that the specification rejects a fixed sample of every concept's."""

import ast

import pytest

from nnspec import catalogue, mutants

A_CONCEPT = 3  # mutants of each in every run; the whole campaign is `nnspec mutants`


def concept(name):
    return catalogue.concepts()[name]


def test_a_mutant_is_one_change_of_the_source():
    original = ast.unparse(ast.parse(concept("tanh").files["reference"].read_text(encoding="utf-8")))
    found = mutants.mutants_of(concept("tanh"))
    assert "tanh.tanh_backward: 1 - out * out -> 1 + out * out" in {m.id for m in found}
    for mutant in found:
        before, after = original.splitlines(), mutant.source.splitlines()
        assert len(before) == len(after) and sum(a != b for a, b in zip(before, after, strict=True)) == 1


def test_every_kind_of_change_is_tried():
    wanted = {
        "adam.adam: 0.001 -> 0.002",
        "dropout._kept: x / keep -> keep / x",
        "dropout.dropout_forward: if not train: -> if False:",
        "knn.knn_indices: :k -> :k + 1",
        "knn.knn_predict: y_test.append(y) -> pass",
        "knn.knn_vote: 0 <= labels.min() <= labels.max() < n_classes -> 0 <= labels.min() <= labels.max() <= n_classes",
        "knn.l2_distance: np.sqrt(d2) -> d2",
        "l2_penalty.l2_penalty: (w * w).sum() -> (w * w).mean()",
        "softmax_cross_entropy.softmax_cross_entropy_backward: dscores[rows, y[rows]] -= 1 -> pass",
        "softmax_cross_entropy.softmax_cross_entropy_forward: scores.max(axis=1, keepdims=True) -> scores.max(axis=1)",
        "conv2d.conv2d_backward: axis=(0, 2, 3) -> axis=(0, 2)",
    }
    found = {m.id for name in {i.partition(".")[0] for i in wanted} for m in mutants.mutants_of(concept(name))}
    assert wanted - found == set()


def test_ids_are_unique():
    ids = [m.id for name in ("adam", "knn", "softmax_cross_entropy") for m in mutants.mutants_of(concept(name))]
    assert len(ids) == len(set(ids))


def test_what_is_called_equivalent_exists_and_survives_for_a_reason():
    known = {m.id for c in catalogue.concepts().values() for m in mutants.mutants_of(c)}
    assert set(mutants.equivalents()) <= known
    assert all(mutants.equivalents().values())


def test_what_is_called_equivalent_and_is_not_is_told(monkeypatch):
    mutant = mutants.mutants_of(concept("tanh"))[0]
    monkeypatch.setattr(mutants, "equivalents", lambda: {mutant.id: "so they say"})
    verdict = mutants.judge(mutant)
    assert verdict.refuted and not verdict.survived


@pytest.mark.parametrize("name", [name for name, c in catalogue.concepts().items() if "reference" in c.files])
def test_a_sample_is_rejected(name):
    verdicts = list(mutants.campaign([name], sample=A_CONCEPT, seed=1))
    assert verdicts and [v.mutant.id for v in verdicts if v.survived] == []


def test_the_command_counts_and_fails_when_one_survives(nnspec):
    done = nnspec("mutants", "--concept", "tanh")
    assert done.returncode == 0 and "100.0%" in done.stdout, done.stdout
