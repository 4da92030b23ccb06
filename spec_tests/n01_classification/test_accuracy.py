"""Accuracy: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import accuracy
from nnspec.spec_tests._kinds import Case, Function, Malformed, mistake


def a_third_wrong(rng, shape):
    return np.arange(*shape) % 3


class TestAccuracy(Function):
    rows = ("01.13",)
    outputs = ("accuracy",)
    sizes = {"N": 6}

    def definition(self, pred, y):
        """(number of n with pred_n = y_n) / N. CS231n notes "Image classification"."""
        return sum(int(p == label) for p, label in zip(pred, y, strict=True)) / exact_count(y)

    def law_order_does_not_matter(self, run, problem):
        """Samples in another order, pred and y alike, have the same accuracy."""
        pred, y = problem.inputs["pred"], problem.inputs["y"]
        return run(pred=pred[::-1].copy(), y=y[::-1].copy())["accuracy"], run()["accuracy"]

    def law_symmetric(self, run, problem):
        """It does not matter which of the two is the prediction."""
        return run(pred=problem.inputs["y"], y=problem.inputs["pred"])["accuracy"], run()["accuracy"]

    def law_all_right(self, run, problem):
        """Whoever predicts the labels has accuracy 1."""
        return run(pred=problem.inputs["y"].copy())["accuracy"], 1

    cases = (
        Case("half right", inputs={"pred": [0, 1, 2, 0, 1, 2], "y": [0, 1, 2, 1, 2, 0]}),
        Case("none right", inputs={"pred": [0, 1, 2, 0, 1, 2], "y": [1, 2, 0, 1, 2, 0]}),
        Case("right up to the sign", N=3, inputs={"pred": [0, -1, 2], "y": [0, 1, 2]}),
        Case(
            "two thirds of many",
            N=300,
            inputs={"pred": lambda rng, shape: np.arange(*shape) % 3 // 2, "y": a_third_wrong},
        ),
    )

    def cases_of_dtype(self):
        """Labels go in, and no precision to keep: np.mean gives a float64."""
        return []

    bad = (
        Malformed("no samples", "y", N=0),
        Malformed("a column of labels", "y", lambda y: y[:, None]),
        Malformed("scores for predictions", "pred", lambda pred: np.eye(6)),
    )

    @mistake("M25", replaces="accuracy")
    def column_against_row(pred, y):
        """Compare (N,) with (N,): a column (N, 1) beside a row compares everybody with everybody."""
        return float((pred[:, None] == y).mean())

    @mistake("N875", replaces="accuracy")
    def hits_not_divided(pred, y):
        """Divide the hits by N: accuracy is a share."""
        return float((pred == y).sum())

    @mistake("N875", replaces="accuracy")
    def in_percent(pred, y):
        """Accuracy lies between 0 and 1; percent are for people."""
        return 100 * accuracy(pred, y)

    @mistake("N875", replaces="accuracy")
    def share_of_errors(pred, y):
        """Count what is equal: what differs is the error rate."""
        return float((pred != y).mean())

    @mistake("N876", replaces="accuracy")
    def whole_numbers_divided(pred, y):
        """Divide as floats: // leaves 0 or 1."""
        return float((pred == y).sum() // len(y))

    @mistake("N876", replaces="accuracy")
    def all_or_nothing(pred, y):
        """Average over the samples: np.array_equal asks whether all are right."""
        return float(np.array_equal(pred, y))

    @mistake("N876", replaces="accuracy")
    def close_is_near_enough(pred, y):
        """Labels are names, not quantities: 1 for 2 is as wrong as 9 for 2."""
        return float(np.maximum(0, 1 - abs(pred - y)).mean() + (abs(pred - y) == 1).mean() / 2)


def exact_count(y):
    import sympy as sp

    return sp.Integer(len(y))
