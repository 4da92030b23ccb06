"""Vision transformer, loss and gradients: bound by arithmetic, 6 operations a weight and token beside those of
attention."""

from nnspec.benchmarks._kinds import Timing
from nnspec.benchmarks._torch import trained
from nnspec.spec_tests.n10_attention import test_vit as spec


def torch_vit(C, E, M, L, n_classes, heads, patch, **_):
    from nnspec.benchmarks._torch_modules import Vit

    return Vit(C, patch, E, M, L, n_classes, heads)


def torch_loss(module, x, y, **_):
    from torch.nn import functional

    return functional.cross_entropy(module(x), y)


class BenchVit(Timing):
    spec = spec.TestVit
    peers = {"torch.nn": trained("vit", torch_vit, torch_loss)}
    sizes = {
        "S": {"N": 16, "C": 1, "H": 8, "W": 8, "E": 32, "M": 64, "n_classes": 10, "L": 2},
        "M": {"N": 32, "C": 3, "H": 16, "W": 16, "E": 128, "M": 512, "n_classes": 10, "L": 4},
    }
    options = {"heads": 4, "patch": 2}

    def flops(self, N, C, H, W, E, M, L, **_):
        T = H * W // 4
        return N * T * (6 * (L * (4 * E * E + 2 * E * M) + 4 * C * E) + 14 * L * T * E)


class BenchPoolTokens(Timing):
    spec = spec.TestPoolTokens
    sizes = {"S": {"N": 16, "T": 16, "E": 64}, "M": {"N": 64, "T": 64, "E": 256}}

    def traffic(self, N, T, E, **_):
        return 2 * N * T * E
