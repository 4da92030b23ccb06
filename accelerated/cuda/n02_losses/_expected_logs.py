"""Sums of p log q along lines, which entropies and divergences are made of. A line along the last axis has a warp,
whose lanes read neighbours, and one along another axis a thread. On the way it is found out whether they are
distributions."""

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import group_sum
from nnspec.accelerated.cuda._target import cuda, empty, flat, math, to_host
from nnspec.accelerated.cuda.n02_losses._softmax import steps_of
from nnspec.reference.n02_losses._probabilities import SUM_TO_1


def expected_logs(op, p, q, *, factor=1.0, kl=False, axis=-1):
    """(n,) -factor sum p log q, or of kl factor sum p log(p / q)."""
    n, *steps = steps_of(p.shape, axis)
    sums, odd = empty(n, p.dtype), empty(n, bool)
    _forward(blocks(n * steps[-1], _forward.threads), flat(p), flat(q), *steps, float(factor), sums, odd, kl=kl)
    if n and to_host(odd).any():
        which = "p" if p is q else "p and q"
        raise ValueError(f"{op}: {which} must be distributions: nothing below 0, and a sum of 1 along axis {axis}")
    return sums


@kernel(threads=(128, 8))
def _forward(real, threads, kl):
    def forward(p, q, size, inner, lanes, factor, sums, odd):
        lane, lines, zero = cuda.threadIdx.x % lanes, cuda.gridsize(1) // lanes, real(0)
        for i in range(cuda.grid(1) // lanes, sums.size, lines):
            start = i // inner * size * inner + i % inner
            total, p_total, q_total, negative = zero, zero, zero, zero
            for j in range(lane, size, lanes):
                mine, other = p[start + j * inner], q[start + j * inner]
                if not (mine >= zero and other >= zero):
                    negative = real(1)
                elif mine != zero:
                    log = math.log(other) if other != zero else -real(math.inf)
                    total += mine * (math.log(mine) - log) if kl else -mine * log
                p_total += mine
                q_total += other
            total, negative = group_sum(total, lanes), group_sum(negative, lanes)
            p_off, q_off = abs(group_sum(p_total, lanes) - real(1)), abs(group_sum(q_total, lanes) - real(1))
            if lane == 0:
                sums[i] = factor * total
                odd[i] = negative > zero or not (p_off <= real(SUM_TO_1) and q_off <= real(SUM_TO_1))

    return forward
