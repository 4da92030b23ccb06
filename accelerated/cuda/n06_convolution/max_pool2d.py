"""A thread for each output, which notes the pixel that won; backward, one for each pixel, which asks its windows.

An image and a channel make one plane m. The winner of a window is noted as its place in the plane, y W + z.
The size of the window and the stride are constants to the compiler: a division by them is then a multiplication.
"""

import numpy as np

from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._target import cuda, empty, math
from nnspec.reference.n06_convolution._windows import output_size

THREADS = (256, 8)  # of a block: on the device, in the simulator


def max_pool2d_forward(x, *, k=2, stride=None, pad=0):
    if 2 * pad > k:
        raise ValueError(f"max_pool2d_forward: pad must be at most half of k = {k}, got {pad}")
    stride = k if stride is None else stride
    size = output_size("max_pool2d_forward", "k", x, (k, k), stride, pad)
    N, C, H, W = x.shape
    out, winner = empty((N * C, *size), x.dtype), empty((N * C, *size), np.int32)
    _forward(blocks(out.size, _forward.threads), x.reshape(N * C, H, W), pad, out, winner, k=k, stride=stride)
    return out.reshape(N, C, *size), (winner, x.shape, k, stride, pad)


def max_pool2d_backward(dout, cache):
    winner, (N, C, H, W), k, stride, pad = cache
    dx = empty((N * C, H, W), dout.dtype)
    _backward(blocks(dx.size, _backward.threads), dout.reshape(winner.shape), winner, pad, dx, k=k, stride=stride)
    return dx.reshape(N, C, H, W)


@kernel(threads=THREADS)
def _forward(real, threads, k, stride):
    def forward(x, pad, out, winner):
        for at in range(cuda.grid(1), out.size, cuda.gridsize(1)):
            row, j = at // out.shape[2], at % out.shape[2]
            m, i = row // out.shape[1], row % out.shape[1]  # out[m, i, j] is this thread's
            best, best_at = -real(math.inf), -1
            for u in range(k):
                for v in range(k):
                    y, z = i * stride - pad + u, j * stride - pad + v
                    if 0 <= y < x.shape[1] and 0 <= z < x.shape[2]:
                        here = x[m, y, z]
                        if best_at < 0 or (best == best and not here <= best):  # NaN wins, the first of them
                            best, best_at = here, y * x.shape[2] + z
            out[m, i, j], winner[m, i, j] = best, best_at

    return forward


@kernel(threads=THREADS)
def _backward(real, threads, k, stride):
    reach = (k - 1) // stride  # how many windows before its last one a pixel is in, at most

    def backward(dout, winner, pad, dx):
        for at in range(cuda.grid(1), dx.size, cuda.gridsize(1)):
            row, z = at // dx.shape[2], at % dx.shape[2]
            m, y = row // dx.shape[1], row % dx.shape[1]
            last_i, last_j = (y + pad) // stride, (z + pad) // stride
            total = real(0)
            for i in range(max(0, last_i - reach), min(dout.shape[1], last_i + 1)):
                for j in range(max(0, last_j - reach), min(dout.shape[2], last_j + 1)):
                    if winner[m, i, j] == y * dx.shape[2] + z:
                        total += dout[m, i, j]
            dx[m, y, z] = total

    return backward
