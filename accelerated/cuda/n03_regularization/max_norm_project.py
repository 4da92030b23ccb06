"""A warp has a row, whose lanes read neighbours, or a thread a column, whose neighbours have the columns beside it."""

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import group_max, group_sum
from nnspec.accelerated.cuda._target import cuda, empty_like, flat, math
from nnspec.accelerated.cuda.n02_losses._softmax import steps_of


def max_norm_project(w, c, *, axis=0):
    if not c > 0:
        raise ValueError(f"max_norm_project: c must be above 0, got {c}")
    out, (n, *steps) = empty_like(w), steps_of(w.shape, axis)
    _project(blocks(n * steps[-1], _project.threads), flat(w), *steps, float(c), flat(out), n)
    return out


@kernel(threads=(128, 8))
def _project(real, threads):
    def project(w, size, inner, lanes, c, out, n):
        lane, lines = cuda.threadIdx.x % lanes, cuda.gridsize(1) // lanes
        for i in range(cuda.grid(1) // lanes, n, lines):
            start, top, squares = i // inner * size * inner + i % inner, real(0), real(0)
            for j in range(lane, size, lanes):
                top = max(top, abs(w[start + j * inner]))
            top = group_max(top, lanes)
            unit = top if top > real(0) else real(1)
            for j in range(lane, size, lanes):
                ratio = w[start + j * inner] / unit
                squares += ratio * ratio
            norm = top * math.sqrt(group_sum(squares, lanes))
            factor = real(1) if norm <= c else c / norm
            for j in range(lane, size, lanes):
                out[start + j * inner] = w[start + j * inner] * factor

    return project
