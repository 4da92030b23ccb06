"""Sizes and arithmetic of recurrent layers, which differ in how many products of the width H a step has."""

from nnspec.benchmarks._kinds import Timing


class Step(Timing):
    products = 1  # of [x, h], each of width H

    sizes = {
        "S": {"N": 16, "D": 64, "H": 64},
        "M": {"N": 64, "D": 256, "H": 256},
        "L": {"N": 256, "D": 512, "H": 512},
    }

    def flops(self, N, D, H, **_):
        return 6 * self.products * N * H * (D + H)


class Sequence(Timing):
    products = 1

    sizes = {
        "S": {"N": 16, "T": 20, "D": 64, "H": 64},
        "M": {"N": 64, "T": 50, "D": 256, "H": 256},
        "L": {"N": 64, "T": 100, "D": 256, "H": 512},
    }
    scaled = ("T",)

    def flops(self, N, T, D, H, **_):
        return 6 * self.products * N * T * H * (D + H)
