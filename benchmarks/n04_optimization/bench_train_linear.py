"""Training of a linear classifier: in each step the scores and the gradient of its weights, 6 batch D C operations."""

import numpy as np

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n04_optimization import test_train_linear as spec

STEPS, BATCH = 50, 200


class BenchTrainLinear(Timing):
    spec = spec.TestTrainLinear
    sizes = {"S": {"N": 500, "D": 65, "C": 10}, "M": {"N": 5000, "D": 3073, "C": 10}}
    options = {"rng": lambda dims, dtype: np.random.default_rng(0), "steps": STEPS, "batch": BATCH, "lr": 1e-3}

    def flops(self, D, C, **_):
        return 6 * STEPS * BATCH * D * C
