"""Sums of columns in two stages, and a thread for each entry."""

from nnspec.accelerated.cuda._formula import elementwise, sqrt
from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._sums import column_sums, column_sums_of_products
from nnspec.accelerated.cuda._target import cuda, empty_like, flat, to_host

THREADS = (256, 8)


def standardize_fit(x):
    if len(x) == 0:
        raise ValueError("standardize_fit: x must hold at least one sample: the mean of none is undefined")
    mean = _share(column_sums(x), float(len(x)))
    off = empty_like(x)
    _standardize(blocks(x.size, _standardize.threads), flat(x), mean, mean, flat(off), scaled=False)
    return mean, _root(column_sums_of_products(off, off), float(len(x)))


def standardize(x, mean, std):
    told = to_host(std)
    if not (told >= 0).all():
        raise ValueError(f"standardize: std must be at least 0, got {told.tolist()}")
    out = empty_like(x)
    _standardize(blocks(x.size, _standardize.threads), flat(x), mean, std, flat(out), scaled=True)
    return out


@elementwise
def _share(total, n):
    return total / n


@elementwise
def _root(squares, n):
    return sqrt(squares / n)


@kernel(threads=THREADS)
def _standardize(real, threads, scaled):
    def standardize(x, mean, std, out):
        for at in range(cuda.grid(1), x.size, cuda.gridsize(1)):
            f = at % mean.size
            off = x[at] - mean[f]
            if scaled:
                off = off / std[f] if std[f] > real(0) else real(0)
            out[at] = off

    return standardize
