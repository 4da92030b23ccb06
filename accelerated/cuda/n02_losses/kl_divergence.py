"""`_expected_logs.py`, and both gradients in one pass over the entries."""

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import sum_all
from nnspec.accelerated.cuda._target import cuda, empty_like, is_on_device, math
from nnspec.accelerated.cuda.n02_losses._expected_logs import expected_logs
from nnspec.reference.n02_losses._reduction import divisor_of_the_mean


def cross_entropy_dist_forward(p, q, *, reduction="mean"):
    return _forward("cross_entropy_dist_forward", p, q, False, reduction)


def cross_entropy_dist_backward(dloss, cache):
    return _gradients(dloss, *cache)


def kl_divergence_forward(p, q, *, reduction="mean"):
    return _forward("kl_divergence_forward", p, q, True, reduction)


def kl_divergence_backward(dloss, cache):
    return _gradients(dloss, *cache)


def _forward(op, p, q, kl, reduction):
    factor = 1 / divisor_of_the_mean(op, reduction, p=len(p))
    losses = expected_logs(op, p, q, factor=factor, kl=kl)
    return losses if reduction == "none" else sum_all(losses), (p, q, kl, factor)


def _gradients(dloss, p, q, kl, factor):
    dp, dq = empty_like(p), empty_like(q)
    _backward(blocks(p.size, _backward.threads), p, q, dloss, factor, dp, dq, kl=kl, each=is_on_device(dloss))
    return dp, dq


@kernel(threads=(256, 8))
def _backward(real, threads, kl, each):
    def backward(p, q, dloss, factor, dp, dq):
        columns, zero = p.shape[1], real(0)
        for at in range(cuda.grid(1), p.size, cuda.gridsize(1)):
            i, j = at // columns, at % columns
            mine, other, upstream = p[i, j], q[i, j], factor * (dloss[i] if each else dloss)
            if mine == zero and other == zero:
                dp[i, j] = dq[i, j] = zero
            else:
                log = math.log(other) if other != zero else -real(math.inf)
                own = math.log(mine) if mine != zero else -real(math.inf)
                dp[i, j] = upstream * ((own - log) + real(1) if kl else -log)
                dq[i, j] = upstream * (-mine / other)

    return backward
