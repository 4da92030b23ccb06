"""Mutants of the reference: what they are, and that the specification rejects a fixed sample of every concept's."""

import ast
import difflib
import tomllib
from pathlib import Path

import numpy as np
import pytest

from nnspec import spec_tests
from nnspec.concepts import catalogue
from nnspec.selftest import mutants

A_CONCEPT = 3  # mutants of each in every run; the whole campaign is `nnspec mutants`


def concept(name):
    return catalogue.concepts()[name]


def test_a_mutant_is_one_change_of_the_source():
    original = ast.unparse(ast.parse(concept("tanh").files["reference"].read_text(encoding="utf-8")))
    found = [m for m in mutants.mutants_of(concept("tanh")) if not m.around]
    assert "tanh.tanh_backward: 1 - out * out -> 1 + out * out" in {m.id for m in found}
    for mutant in found:
        lines = list(difflib.ndiff(original.splitlines(), mutant.source.splitlines()))
        gone, new = (sum(line.startswith(sign) for line in lines) for sign in "-+")
        assert gone <= 1 and new <= 1, mutant.id


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
        "affine.affine_forward: flat @ w + b -> 2 * (flat @ w) + b",
        "affine.affine_forward: x -> x[:1] for every sample",
        "affine.affine_backward: return (dx, dw, db) -> return (db, dw, dx)",
        "adam.adam: t = t + 1 -> only after mhat = m / (1 - beta1 ** t)",
        "batchnorm.batchnorm_backward: dout.sum(axis=0) -> dout.mean(axis=0)",
        "conv2d.conv2d_forward: out += b[:, None, None] -> out = b[:, None, None]",
        "knn.knn_predict: for start in range(0, len(x_test), chunk): -> the same, once",
        "lstm.lstm_forward: range(T) -> range(1, T)",
        "lstm.lstm_forward: x[:, t] -> x[:, t - 1]",
        "lstm.lstm_forward: lstm_step_forward(np.where(running[t], x[:, t], 0), h, c, Wx, Wh, b)"
        " -> lstm_step_forward(np.where(running[t], x[:, t], 0), c, h, Wx, Wh, b)",
        "layernorm.layernorm_forward: mean = x.mean(axis=-1, keepdims=True) -> in half precision",
        "adam.adam: its answer -> the one that it gave to the same shapes",
        "adam.adam: dw -> dw of the first call of its shape",
        "adam.adam: w, dw -> dw, w",
        "affine.affine_forward: its outputs -> arrays that it has handed out before",
        "affine.affine_forward: its cache -> arrays of the cache before",
    }
    found = {m.id for name in {i.partition(".")[0] for i in wanted} for m in mutants.mutants_of(concept(name))}
    assert wanted - found == set()


def test_ids_are_unique():
    ids = [m.id for name in ("adam", "knn", "softmax_cross_entropy") for m in mutants.mutants_of(concept(name))]
    assert len(ids) == len(set(ids))


def test_a_function_that_remembers_is_one_that_answers_from_memory():
    (mutant,) = (m for m in mutants.mutants_of(concept("l2_penalty")) if m.after.endswith("the same shapes"))
    penalty, ones = mutants.backend_of(mutant).find("l2_penalty"), np.ones((2, 3))
    assert penalty(ones, 1.0)[0] == penalty(5 * ones, 1.0)[0] == 6
    assert penalty(ones, 2.0)[0] == 12


def test_what_falls_too_late_survives():
    mutant = next(m for m in mutants.mutants_of(concept("affine")) if m.after == "in half precision")
    assert mutant.falls_by == "core"
    assert mutants.Verdict(mutant, "affine/scale/20000 x 4/float32", "robust", None).survived
    assert not mutants.Verdict(mutant, "affine/value/distinct/float32", "core", None).survived


def test_what_is_called_equivalent_exists_and_survives_for_a_reason():
    known = {m.id for c in catalogue.concepts().values() for m in mutants.mutants_of(c)}
    assert set(mutants.equivalents()) <= known
    assert all(mutants.equivalents().values())
    for file in Path(spec_tests.__path__[0]).glob(mutants.EQUIVALENT):
        name = file.stem.removeprefix("mutants_")
        assert all(entry["id"].startswith(f"{name}.") for entry in tomllib.loads(file.read_text())["mutant"])


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


@pytest.mark.parametrize("name", ["tanh", "affine", "adam"])
def test_what_remembers_falls_at_robust_and_half_precision_at_core(name):
    kinds = [m for m in mutants.mutants_of(concept(name)) if m.falls_by != "strict"]
    assert {m.falls_by for m in kinds} == {"core", "robust"}
    assert [v.mutant.id for v in map(mutants.judge, kinds) if v.survived] == []
