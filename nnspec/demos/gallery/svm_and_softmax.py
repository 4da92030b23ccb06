"""When a classifier has had enough: the SVM at its margin, softmax never

Two classes; `lead` is how far the right score is ahead. From a lead of 1 on the SVM loses nothing and pulls no more,
while the softmax loss falls and never is 0: its pull is the probability that is still given to the wrong class. On a
sample that is far on the wrong side both pull alike. While they learn classes that can be told apart, the smallest lead
of all samples grows to the margin and stays there under the SVM, and goes on growing under softmax.
"""

import numpy as np

from nnspec.demos.panels import Curves
from nnspec.demos.shared import smallest_lead

LOSSES = {"SVM": "svm_loss", "softmax": "softmax_cross_entropy"}
OBJECTIVES = {"SVM": "svm_objective", "softmax": "softmax_objective"}
LEADS = np.linspace(-3, 4, 141)
STEPS = 1500


def panels(ops):
    losses, pulls = {}, {}
    for name, op in LOSSES.items():
        losses[name], pulls[name] = of_leads(ops, op)
    grown = {name: smallest_leads(ops, objective) for name, objective in OBJECTIVES.items()}
    return [
        Curves("loss", losses, LEADS, xlabel="lead"),
        Curves("pull on the right score", pulls, LEADS, xlabel="lead"),
        Curves("smallest lead while learning", grown, np.arange(1, STEPS + 1), xlabel="step", log="x"),
    ]


def of_leads(ops, op):
    """Loss, and minus the gradient of the right score, for each lead."""
    scores, y = np.stack([LEADS, np.zeros_like(LEADS)], axis=1), np.zeros(len(LEADS), int)
    loss, cache = getattr(ops, f"{op}_forward")(scores, y, reduction="none")
    dscores = getattr(ops, f"{op}_backward")(np.ones(len(LEADS)), cache)
    return loss, -dscores[:, 0]


def smallest_leads(ops, objective, lr=0.2):
    """Of all samples, after each step of plain descent without a penalty."""
    x, y = samples()

    def gradient(w):
        return getattr(ops, objective)(w, x, y)[1]

    path = ops.gradient_descent(gradient, np.zeros((x.shape[1], 2)), lr=lr, steps=STEPS)
    return np.array([smallest_lead(x @ w, y) for w in path[1:]])


def samples():
    """Two classes on either side of a line, and a one for the bias."""
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    x = np.array([[-1.5, -1.0], [1.5, 1.0]])[y] + 0.4 * rng.standard_normal((40, 2))
    return np.column_stack([x, np.ones(40)]), y
