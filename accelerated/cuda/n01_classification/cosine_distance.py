"""A warp brings a row to length 1, and what is left is a product."""

from nnspec.accelerated.cuda._elementwise import elementwise
from nnspec.accelerated.cuda._kernel import blocks, kernel
from nnspec.accelerated.cuda._product import product
from nnspec.accelerated.cuda._sums import warp_max, warp_sum
from nnspec.accelerated.cuda._target import WARP, cuda, empty, empty_like, like, math
from nnspec.accelerated.cuda.n01_classification.mean_image import _floating

THREADS = (128, 8)


def cosine_distance(xq, xt):
    (u, _), (v, _) = _direction(xq), _direction(xt)
    return _from_cosine(product(u, v, transpose_b=True))


def cosine_distance_backward(dd, xq, xt):
    (u, length_q), (v, length_t) = _direction(xq), _direction(xt)
    return _turned(product(dd, v), u, length_q), _turned(product(dd, u, transpose_a=True), v, length_t)


def _direction(x):
    x = _floating(x)
    unit, length = empty_like(x), empty(len(x), x.dtype)
    _normalize(blocks(len(x) * WARP, _normalize.threads), x, unit, length)
    return unit, length


def _turned(pull, unit, length):
    dx = empty_like(pull)
    _project(blocks(len(pull) * WARP, _project.threads), pull, unit, length, dx)
    return dx


@elementwise
def _from_cosine(cosine):
    distance = like(cosine, 1) - cosine
    return like(cosine, 0) if distance < like(cosine, 0) else min(distance, like(cosine, 2))


@kernel(threads=THREADS)
def _normalize(real, threads):
    def normalize(x, unit, length):
        lane = cuda.threadIdx.x % WARP
        for i in range(cuda.grid(1) // WARP, x.shape[0], cuda.gridsize(1) // WARP):
            largest, total = real(0), real(0)
            for k in range(lane, x.shape[1], WARP):
                largest = max(largest, abs(x[i, k]))
            largest = warp_max(largest)
            scale = largest if largest > real(0) else real(1)
            for k in range(lane, x.shape[1], WARP):
                here = x[i, k] / scale
                total += here * here
            root = math.sqrt(warp_sum(total))
            for k in range(lane, x.shape[1], WARP):
                unit[i, k] = x[i, k] / scale / root if root > real(0) else x[i, k] * real(0)
            if lane == 0:
                length[i] = scale * root

    return normalize


@kernel(threads=THREADS)
def _project(real, threads):
    def project(pull, unit, length, dx):
        lane = cuda.threadIdx.x % WARP
        for i in range(cuda.grid(1) // WARP, pull.shape[0], cuda.gridsize(1) // WARP):
            along = real(0)
            for k in range(lane, pull.shape[1], WARP):
                along += pull[i, k] * unit[i, k]
            along = warp_sum(along)
            for k in range(lane, pull.shape[1], WARP):
                turned = along * unit[i, k] - pull[i, k]
                dx[i, k] = real(0) if length[i] == real(0) else turned / length[i]

    return project
