"""A channel belongs to several blocks, each with a chunk of its samples; rows are images of one pixel, so one set of
kernels reads both forms as they lie in memory. Statistics read x once: a thread sums distances from its first sample,
and their squares, which loses few digits whatever comes. Means and squares are merged (Chan, Golub and LeVeque 1983) in
the block, and then by every block that needs them, which costs less than a launch. The backward sums likewise."""

import numpy as np

from nnspec.accelerated.cuda._kernel import inlined, kernel
from nnspec.accelerated.cuda._sums import sum_by_lane
from nnspec.accelerated.cuda._target import SIMULATED, WARP, cuda, empty, empty_like, flat, math

THREADS, EACH = (256, 8), (4, 2)  # EACH: entries that a thread reads before it writes them
MOST_BLOCKS = 16 if SIMULATED else 132 * 4  # as many as are at work at once: each reads the sums of all of its channel
FEWEST = 2 if SIMULATED else 16  # samples to a thread


def batchnorm_forward(
    x, gamma, beta, running_mean, running_var, *, train=True, momentum=0.9, eps=1e-5, unbiased_running=False
):
    if train:
        _count("batchnorm_forward", len(x), unbiased_running)
    return _normalized(x, gamma, beta, running_mean, running_var, train, momentum, eps, unbiased_running)


def batchnorm_backward(dout, cache):
    x, stats, gamma, train = cache
    dx, dgamma, dbeta = empty_like(x), empty_like(gamma), empty_like(gamma)
    n_blocks, split = _split(x)
    partial = empty((2, split[-2], len(gamma)), x.dtype)
    _sum_products(n_blocks, flat(dout), flat(x), stats, split, partial)
    _unscale(n_blocks, flat(dout), flat(x), stats, gamma, partial, split, flat(dx), dgamma, dbeta, train=train)
    return dx, dgamma, dbeta


def batchnorm2d_forward(
    x, gamma, beta, running_mean, running_var, *, train=True, momentum=0.9, eps=1e-5, unbiased_running=False
):
    if train:
        _count("batchnorm2d_forward", x.shape[0] * x.shape[2] * x.shape[3], unbiased_running)
    return _normalized(x, gamma, beta, running_mean, running_var, train, momentum, eps, unbiased_running)


def batchnorm2d_backward(dout, cache):
    return batchnorm_backward(dout, cache)


def _count(op, n, unbiased_running):
    least = "two samples with unbiased_running=True" if unbiased_running else "one sample in training"
    if n < 1 + unbiased_running:
        raise ValueError(f"{op}: x must hold at least {least}, got {n}")


def _normalized(x, gamma, beta, running_mean, running_var, train, momentum, eps, unbiased_running):
    n_blocks, split = _split(x)
    samples, channels, *_, chunks, _ = split
    out, stats = empty_like(x), empty((2, channels), x.dtype)
    mean, var = empty_like(running_mean), empty_like(running_var)
    partial = empty((2, chunks, channels) if train else (2, 0, 0), x.dtype)
    if train:
        _measure(n_blocks, flat(x), split, partial)
    correction = samples / (samples - 1) if unbiased_running and train else 1.0
    given = flat(x), gamma, beta, running_mean, running_var
    numbers = float(momentum), float(1 - momentum), float(correction), float(eps)
    _normalize(n_blocks, *given, partial, split, *numbers, flat(out), stats, mean, var, train=train)
    return out, mean, var, (x, stats, gamma, train)


def _split(x):
    """Blocks; samples of a channel, channels, pixels; neighbouring channels of a block, chunks of samples, length."""
    channels = x.shape[1]
    pixels = x.size // (len(x) * channels) if x.size else 1
    samples, lanes = len(x) * pixels if x.size else 0, 1
    while lanes < channels and 2 * lanes * pixels <= WARP:
        lanes *= 2
    tiles, at_once = (channels + lanes - 1) // lanes, _measure.threads // lanes
    chunks = max(1, min(MOST_BLOCKS // max(1, tiles), samples // (FEWEST * at_once)))
    length = (samples + chunks - 1) // chunks
    return tiles * chunks, (samples, channels, pixels, lanes, chunks, length)


@inlined
def _share(split, threads):
    """Of this thread: its channel, and its samples from … to, in steps of …"""
    samples, channels, _, lanes, chunks, length = split
    t, start = cuda.threadIdx.x, cuda.blockIdx.x % chunks * length
    c = cuda.blockIdx.x // chunks * lanes + t % lanes
    return c, start + t // lanes, min(samples, start + length) if c < channels else 0, threads // lanes


@inlined
def _place(sample, c, channels, pixels):
    """Where a sample of channel c lies in memory, and in its image."""
    return (sample // pixels * channels + c) * pixels + sample % pixels, sample % pixels


@inlined
def _onwards(at, pixel, images, over, channels, pixels):
    """The place so many images and pixels further on, without a division."""
    at, pixel = at + images * channels * pixels + over, pixel + over
    if pixel >= pixels:
        at, pixel = at + (channels - 1) * pixels, pixel - pixels
    return at, pixel


@inlined
def _length_of(chunk, samples, length):
    return min(samples, (chunk + 1) * length) - min(samples, chunk * length)


@kernel(threads=THREADS)
def _measure(real, threads):
    add_up = sum_by_lane(real, threads)

    def measure(x, split, partial):
        """partial: of each chunk and channel the mean, as a distance from x[0, c, 0], and the squares around it."""
        slots, other_slots = cuda.shared.array(threads, real), cuda.shared.array(threads, real)
        samples, channels, pixels, lanes, chunks, length = split
        c, begin, end, step = _share(split, threads)
        at, pixel = _place(begin, c, channels, pixels)
        images, over = step // pixels, step % pixels
        mean = total = squares = count = real(0)
        if begin < end:
            first = x[at]
            for _ in range(begin, end, step):
                centred = x[at] - first
                total += centred
                squares += centred * centred
                at, pixel = _onwards(at, pixel, images, over, channels, pixels)
            count = real((end - begin + step - 1) // step)
            mean = (first - x[c * pixels]) + total / count
            squares = max(squares - total / count * total, real(0))
        chunk = cuda.blockIdx.x % chunks
        middle = add_up(count * mean, lanes, slots) / real(max(1, _length_of(chunk, samples, length)))
        squares = add_up(squares + count * (mean - middle) * (mean - middle), lanes, other_slots)
        if cuda.threadIdx.x < lanes and c < channels:
            partial[0, chunk, c], partial[1, chunk, c] = middle, squares

    return measure


@kernel(threads=THREADS, each=EACH)
def _normalize(real, threads, each, train):
    add_up = sum_by_lane(real, threads)

    def normalize(
        x, gamma, beta, old_mean, old_var, partial, split, keep, take, correction, eps, out, stats, new_mean, new_var
    ):
        values, places = cuda.local.array(each, real), cuda.local.array(each, np.int64)
        samples, channels, pixels, lanes, chunks, length = split
        c, begin, end, step = _share(split, threads)
        writes = cuda.blockIdx.x % chunks == 0 and cuda.threadIdx.x < lanes and c < channels
        if train:
            slots, other_slots = cuda.shared.array(threads, real), cuda.shared.array(threads, real)
            own, last = cuda.threadIdx.x // lanes, chunks if c < channels else 0
            total = squares = real(0)
            for chunk in range(own, last, step):
                total += partial[0, chunk, c] * real(_length_of(chunk, samples, length))
            shift = add_up(total, lanes, slots) / real(samples)
            for chunk in range(own, last, step):
                gap = partial[0, chunk, c] - shift
                squares += partial[1, chunk, c] + gap * gap * real(_length_of(chunk, samples, length))
            var = add_up(squares, lanes, other_slots) / real(samples)
        if c < channels:
            if train:
                mean = x[c * pixels] + shift
            else:
                mean, var = old_mean[c], old_var[c]
            rstd = real(1) / math.sqrt(var + eps)
            scale, offset = gamma[c] * rstd, beta[c]
            at, pixel = _place(begin, c, channels, pixels)
            images, over = step // pixels, step % pixels
            for sample in range(begin, end, step * each):
                for e in range(each):  # all reads first, so that they are under way together
                    places[e] = at
                    if sample + e * step < end:
                        values[e] = x[at]
                    at, pixel = _onwards(at, pixel, images, over, channels, pixels)
                for e in range(each):
                    if sample + e * step < end:
                        out[places[e]] = (values[e] - mean) * scale + offset
            if writes:
                stats[0, c], stats[1, c] = mean, rstd
                new_mean[c] = keep * old_mean[c] + take * mean if train else mean
                new_var[c] = keep * old_var[c] + take * (var * correction) if train else var

    return normalize


@kernel(threads=THREADS)
def _sum_products(real, threads):
    add_up = sum_by_lane(real, threads)

    def sum_products(dout, x, stats, split, partial):
        slots, other_slots = cuda.shared.array(threads, real), cuda.shared.array(threads, real)
        samples, channels, pixels, lanes, chunks, length = split
        c, begin, end, step = _share(split, threads)
        products = total = real(0)
        if c < channels:
            mean, rstd = stats[0, c], stats[1, c]
            at, pixel = _place(begin, c, channels, pixels)
            images, over = step // pixels, step % pixels
            for _ in range(begin, end, step):
                products += dout[at] * ((x[at] - mean) * rstd)
                total += dout[at]
                at, pixel = _onwards(at, pixel, images, over, channels, pixels)
        products, total = add_up(products, lanes, slots), add_up(total, lanes, other_slots)
        if cuda.threadIdx.x < lanes and c < channels:
            chunk = cuda.blockIdx.x % chunks
            partial[0, chunk, c], partial[1, chunk, c] = products, total

    return sum_products


@kernel(threads=THREADS, each=EACH)
def _unscale(real, threads, each, train):
    add_up = sum_by_lane(real, threads)

    def unscale(dout, x, stats, gamma, partial, split, dx, dgamma, dbeta):
        slots, other_slots = cuda.shared.array(threads, real), cuda.shared.array(threads, real)
        values, douts = cuda.local.array(each, real), cuda.local.array(each, real)
        places = cuda.local.array(each, np.int64)
        samples, channels, pixels, lanes, chunks, length = split
        c, begin, end, step = _share(split, threads)
        products = total = real(0)
        for chunk in range(cuda.threadIdx.x // lanes, chunks if c < channels else 0, step):
            products += partial[0, chunk, c]
            total += partial[1, chunk, c]
        products, total = add_up(products, lanes, slots), add_up(total, lanes, other_slots)
        if c < channels:
            if cuda.blockIdx.x % chunks == 0 and cuda.threadIdx.x < lanes:
                dgamma[c], dbeta[c] = products, total
            mean, rstd = stats[0, c], stats[1, c]
            scale = gamma[c] * rstd
            along_shift, along_scale = total / real(samples), products / real(samples)
            at, pixel = _place(begin, c, channels, pixels)
            images, over = step // pixels, step % pixels
            for sample in range(begin, end, step * each):
                for e in range(each):
                    places[e] = at
                    if sample + e * step < end:
                        douts[e] = dout[at]
                        if train:
                            values[e] = x[at]
                    at, pixel = _onwards(at, pixel, images, over, channels, pixels)
                for e in range(each):
                    if sample + e * step < end:
                        d = douts[e]
                        if train:
                            d -= along_shift + (values[e] - mean) * rstd * along_scale
                        dx[places[e]] = d * scale

    return unscale
