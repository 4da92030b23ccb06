"""Random crop, forward and backward: bound by memory, every pixel is read and written twice."""

from nnspec.benchmarks._kinds import Timing
from nnspec.spec_tests.n08_training import test_random_crop as spec


class BenchRandomCrop(Timing):
    spec = spec.TestRandomCrop
    sizes = {
        "S": {"N": 8, "C": 3, "H": 32, "W": 32},
        "M": {"N": 256, "C": 3, "H": 32, "W": 32},
        "L": {"N": 512, "C": 3, "H": 64, "W": 64},
    }
    options = {"size": lambda dims, dtype: dims["H"], "pad": 4}

    def traffic(self, N, C, H, W, **_):
        return 4 * N * C * H * W
