"""What all activations are measured on."""

from math import prod


class Elementwise:
    """Bound by arithmetic in the caches, by memory beyond: forward and backward read or write 5 arrays."""

    sizes = {
        "S": {"shape": (100, 100)},
        "M": {"shape": (512, 1024)},
        "L": {"shape": (64, 64, 32, 32)},
    }

    def traffic(self, shape, **_):
        return 5 * prod(shape)
