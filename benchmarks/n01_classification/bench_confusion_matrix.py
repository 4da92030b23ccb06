"""Confusion matrix: bound by memory, both labels are read once. The accuracies read the matrix once."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n01_classification import test_confusion_matrix as spec


def sklearn_confusion(problem):
    from sklearn.metrics import confusion_matrix

    pred, y, n_classes = problem.inputs.values()
    return lambda: {"confusion": confusion_matrix(y, pred, labels=range(n_classes))}


class BenchConfusionMatrix(Timing):
    spec = spec.TestConfusionMatrix
    inputs = {"n_classes": 10}
    sizes = {"S": {"N": 1000}, "M": {"N": 10_000}, "L": {"N": 1_000_000}}
    peers = {"sklearn": sklearn_confusion}

    def traffic(self, N, **_):
        return 2 * N


class BenchPerClassAccuracy(Timing):
    spec = spec.TestPerClassAccuracy
    sizes = {"S": {"C": 10}, "M": {"C": 1000}}
    exponent = 2

    def traffic(self, C, **_):
        return C * C
