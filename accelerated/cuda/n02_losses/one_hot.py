"""A thread for each entry of what comes out, so that neighbours write neighbours."""

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._target import cuda, empty, flat, to_host
from nnspec.reference.n02_losses._labels import require_labels


def one_hot(y, n_classes, *, dtype="float64"):
    require_labels("one_hot", to_host(y), n_classes)
    out = empty((*y.shape, n_classes), dtype)
    _encode(blocks(out.size, _encode.threads), flat(y), n_classes, flat(out))
    return out


@kernel(threads=(256, 8))
def _encode(real, threads):
    def encode(y, n_classes, out):
        for at in range(cuda.grid(1), out.size, cuda.gridsize(1)):
            out[at] = real(1) if y[at // n_classes] == at % n_classes else real(0)

    return encode
