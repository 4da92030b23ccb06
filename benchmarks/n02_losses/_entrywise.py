"""What the benchmarks of losses of two arrays of one shape share."""

from math import prod


class Entrywise:
    """The forward reads both arrays, and the backward as well, which writes one."""

    sizes = {
        "S": {"shape": (100, 10)},
        "M": {"shape": (1024, 256)},
        "L": {"shape": (4096, 1024)},
    }

    def traffic(self, shape, **_):
        return 5 * prod(shape)
