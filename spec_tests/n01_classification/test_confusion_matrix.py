"""Confusion matrix and accuracy of each class: definitions, laws, cases. Mistakes: mistakes_confusion_matrix.py."""

from collections import Counter

import numpy as np
import sympy as sp

from nnspec.spec_tests._kinds import Case, Function, Malformed

LABELS = np.array([19, 3, 19, 0, 14], np.uint8)


class TestConfusionMatrix(Function):
    rows = ("01.14",)
    outputs = ("confusion",)
    sizes = {"N": 9, "n_classes": 4}
    discrete = True

    def definition(self, pred, y, n_classes):
        """confusion_ij = the number of n with y_n = i and pred_n = j, as in scikit-learn."""
        pairs = Counter(zip(map(int, y), map(int, pred), strict=True))
        return [[pairs[i, j] for j in range(n_classes)] for i in range(n_classes)]

    def law_row_is_the_truth(self, run, problem):
        """A row adds up to how often its class occurs."""
        y, n_classes = problem.inputs["y"], problem.inputs["n_classes"]
        return run()["confusion"].sum(axis=1), np.array([np.count_nonzero(y == c) for c in range(n_classes)])

    def law_column_is_the_prediction(self, run, problem):
        """A column adds up to how often its class was predicted."""
        pred, n_classes = problem.inputs["pred"], problem.inputs["n_classes"]
        return run()["confusion"].sum(axis=0), np.array([np.count_nonzero(pred == c) for c in range(n_classes)])

    def law_diagonal_is_what_is_right(self, run, problem):
        """Whoever predicts the labels has nothing beside the diagonal."""
        confusion = run(pred=problem.inputs["y"].copy())["confusion"]
        return confusion, np.diag(confusion.sum(axis=1))

    def law_order_does_not_matter(self, run, problem):
        """Samples in another order, pred and y alike, have the same matrix."""
        pred, y = problem.inputs["pred"], problem.inputs["y"]
        return run(pred=pred[::-1].copy(), y=y[::-1].copy())["confusion"], run()["confusion"]

    def law_turned_round(self, run, problem):
        """Prediction and truth exchanged transpose the matrix."""
        pred, y = problem.inputs["pred"], problem.inputs["y"]
        return run(pred=y, y=pred)["confusion"], run()["confusion"].T

    cases = (
        Case("a class that does not occur", {"n_classes": 6}),
        Case("always the same", {"n_classes": 3}, N=6, inputs={"pred": [1] * 6, "y": [0, 1, 2, 2, 1, 2]}),
        Case("a single class", {"n_classes": 1}, N=4, inputs={"pred": [0] * 4, "y": [0] * 4}),
        Case("more than a thread has", {"n_classes": 4}, N=3000),
    )
    beyond = (Case("uint8 labels", {"n_classes": 20}, N=5, inputs={"pred": LABELS, "y": LABELS[::-1].copy()}),)
    ties = (Case("no samples", {"n_classes": 3}, N=0),)
    bad = (
        Malformed("a label too large", "y", lambda y: y + 9),
        Malformed("a label below 0", "y", lambda y: y - 1 - y.min()),
        Malformed("a prediction too large", "pred", lambda pred: pred + 9),
        Malformed("a prediction below 0", "pred", lambda pred: pred - 1 - pred.min()),
        Malformed("scores for predictions", "pred", lambda pred: np.eye(9)),
        Malformed("no classes", "n_classes", lambda _: 0),
    )

    def cases_of_scale(self):
        """Many samples of few classes, and some of many."""
        return [Case("257 x 33", {"n_classes": 33}, N=257), Case("20000 x 4", {"n_classes": 4}, N=20000)]


class TestPerClassAccuracy(Function):
    rows = ("01.14",)
    outputs = ("accuracy",)
    sizes = {"C": 4}
    tall = ((257, 257), (700, 700))

    def definition(self, confusion):
        """accuracy_i = confusion_ii / sum_j confusion_ij: what is right, of all samples of the class."""
        right = confusion.diagonal()
        return np.array([sp.Rational(int(right[i]), int(sum(row))) for i, row in enumerate(confusion)])

    def law_absent_class_is_nan(self, run, problem):
        """A class without samples has no accuracy: NaN, not 0, and the others keep theirs."""
        confusion = problem.inputs["confusion"].copy()
        confusion[1] = 0
        want = run()["accuracy"].copy()
        want[1] = np.nan
        got = run(confusion=confusion)["accuracy"]
        return np.append(np.isnan(got), np.nan_to_num(got)), np.append(np.isnan(want), np.nan_to_num(want))

    def law_mean_over_samples_is_the_accuracy(self, run, problem):
        """Weighted by the samples of each class, they are the share of all samples that is right."""
        confusion = problem.inputs["confusion"]
        return (run()["accuracy"] * confusion.sum(axis=1)).sum(), confusion.trace()

    def law_classes_count_alike(self, run, problem):
        """A class that has ten times as many samples, of which the same share is right, has the same accuracy."""
        confusion = problem.inputs["confusion"].copy()
        confusion[0] *= 10
        return run(confusion=confusion)["accuracy"], run()["accuracy"]

    cases = (
        Case("all right", C=3, inputs={"confusion": np.diag([4, 1, 7])}),
        Case("none right", C=3, inputs={"confusion": [[0, 2, 1], [5, 0, 0], [1, 1, 0]]}),
        Case("many samples", C=2, inputs={"confusion": [[40001, 3], [7, 90017]]}),
        Case("one is guessed for all", C=3, inputs={"confusion": [[0, 4, 0], [0, 2, 0], [0, 3, 0]]}),
    )
    beyond = (Case("uint8 counts", C=2, inputs={"confusion": np.array([[200, 100], [30, 240]], np.uint8)}),)
    ties = (Case("no classes", C=0),)
    bad = (
        Malformed("a row too many", "confusion", lambda confusion: np.vstack([confusion, confusion[:1]])),
        Malformed("shares for counts", "confusion", lambda confusion: confusion / 10),
        Malformed("a count of -1", "confusion", lambda confusion: confusion * 0 - 1),
    )

    def cases_of_dtype(self):
        """Counts go in, and no precision to keep: integers divided give a float64."""
        return []

    def draw(self, case, dims, dtype):
        """Every class has samples."""
        inputs = super().draw(case, dims, dtype)
        if "confusion" not in case.inputs:
            inputs["confusion"] = abs(inputs["confusion"]) + 1
        return inputs
