"""The forward reads one number of each row. In the backward a thread writes an entry, so that neighbours write
neighbours."""

import numpy as np

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import sum_all
from nnspec.accelerated.cuda._target import cuda, empty, is_on_device, to_host
from nnspec.reference.n02_losses._reduction import divisor_of_the_mean
from nnspec.reference.n02_losses.nll_loss import ROUNDING

THREADS = (256, 8)


def nll_loss_forward(logp, y, *, reduction="mean"):
    factor = 1 / divisor_of_the_mean("nll_loss_forward", reduction, logp=len(logp))
    loss, labels, odd = empty(len(y), logp.dtype), empty(len(y), np.int64), empty(len(y), bool)
    _forward(blocks(len(y), _forward.threads), logp, y, factor, loss, labels, odd)
    if len(y) and to_host(odd).any():
        raise ValueError("nll_loss_forward: logp must be the logarithms of probabilities, none above 0")
    return loss if reduction == "none" else sum_all(loss), (labels, logp.shape, factor, logp.dtype)


def nll_loss_backward(dloss, cache):
    labels, shape, factor, dtype = cache
    dlogp = empty(shape, dtype)
    _backward(blocks(dlogp.size, _backward.threads), dlogp, labels, dloss, factor, each=is_on_device(dloss))
    return dlogp


@kernel(threads=THREADS)
def _forward(real, threads):
    def forward(logp, y, factor, loss, labels, odd):
        for i in range(cuda.grid(1), y.size, cuda.gridsize(1)):
            right = logp[i, y[i]]
            loss[i], labels[i], odd[i] = -factor * right, y[i], right > real(ROUNDING)

    return forward


@kernel(threads=THREADS)
def _backward(real, threads, each):
    def backward(dlogp, labels, dloss, factor):
        classes = dlogp.shape[1]
        for at in range(cuda.grid(1), dlogp.size, cuda.gridsize(1)):
            i, j = at // classes, at % classes
            dlogp[i, j] = -factor * (dloss[i] if each else dloss) if labels[i] == j else real(0)

    return backward
