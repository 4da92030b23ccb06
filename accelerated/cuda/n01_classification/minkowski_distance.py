"""A thread for each distance, which reads both rows twice: for the largest difference, and for the sum."""

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._target import cuda, empty, math
from nnspec.accelerated.cuda.n01_classification.mean_image import _floating


def minkowski_distance(xq, xt, *, p=2.0):
    if not p >= 1:
        raise ValueError(f"minkowski_distance: p must be at least 1, got {p}: below it is no distance")
    xq, xt = _floating(xq), _floating(xt)
    d, finite = empty((len(xq), len(xt)), xq.dtype), p < math.inf
    _measure(blocks(d.size, _measure.threads), xq, xt, float(p) if finite else 1.0, d, finite=finite)
    return d


@kernel(threads=(128, 8))
def _measure(real, threads, finite):
    def measure(xq, xt, p, d):
        power, root = real(p), real(1) / real(p)
        for at in range(cuda.grid(1), d.size, cuda.gridsize(1)):
            i, j = at // d.shape[1], at % d.shape[1]
            largest, total = real(0), real(0)
            for k in range(xq.shape[1]):
                size = abs(xt[j, k] - xq[i, k])
                largest = size if size > largest or size != size else largest  # NaN stays NaN
            if finite and real(0) < largest < real(math.inf):
                for k in range(xq.shape[1]):
                    total += (abs(xt[j, k] - xq[i, k]) / largest) ** power
                largest *= total**root
            d[i, j] = largest

    return measure
