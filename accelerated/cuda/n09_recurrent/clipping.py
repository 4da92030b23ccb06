"""The squares of all gradients have one array of partial sums. The norm stays on the device, where each thread reads it
and scales by what follows from it: nothing waits for the host."""

from nnspec.accelerated.cuda._elementwise import elementwise
from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import block_sum, total_of
from nnspec.accelerated.cuda._target import cuda, empty, empty_like, flat, math

THREADS = (256, 8)


def clip_by_global_norm(grads, max_norm, *, eps=1e-6):
    if not max_norm >= 0:
        raise ValueError(f"clip_by_global_norm: max_norm must be at least 0, got {max_norm}")
    if not grads:
        return {}, 0.0
    dtype = next(iter(grads.values())).dtype
    counts = [blocks(g.size, _square.threads) for g in grads.values()]
    partial, norm, start = empty(sum(counts) or 1, dtype), empty((), dtype), 0
    if not sum(counts):
        _square(1, partial[:0], partial)
    for g, count in zip(grads.values(), counts, strict=True):
        _square(count, flat(g), partial[start : start + count])
        start += count
    _root(1, total_of(partial).reshape(1), norm.reshape(1))
    return {key: _scaled(g, norm, float(max_norm), float(eps)) for key, g in grads.items()}, norm


def clip_by_value(grads, limit):
    if not limit >= 0:
        raise ValueError(f"clip_by_value: limit must be at least 0, got {limit}")
    return {key: _clipped(g, limit) for key, g in grads.items()}


def _scaled(g, norm, max_norm, eps):
    out = empty_like(g)
    _scale(blocks(g.size, _scale.threads), flat(g), norm.reshape(1), max_norm, eps, flat(out))
    return out


@kernel(threads=THREADS)
def _square(real, threads):
    add_up = block_sum(real, threads)

    def square(g, partial):
        total = real(0)
        for i in range(cuda.grid(1), g.size, cuda.gridsize(1)):
            total += g[i] * g[i]
        add_up(total, partial)

    return square


@kernel(threads=THREADS)
def _root(real, threads):
    def root(squares, norm):
        if cuda.grid(1) == 0:
            norm[0] = math.sqrt(squares[0])

    return root


@kernel(threads=THREADS)
def _scale(real, threads):
    def scale(g, norm, max_norm, eps, out):
        share = max_norm / (norm[0] + eps)
        if share > real(1):
            share = real(1)
        for i in range(cuda.grid(1), g.size, cuda.gridsize(1)):
            out[i] = share * g[i]

    return scale


@elementwise
def _clipped(g, limit):
    return limit if g > limit else -limit if g < -limit else g
