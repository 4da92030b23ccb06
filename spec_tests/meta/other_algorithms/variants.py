"""Further ways to single concepts, one namespace each: a class is a backend as well."""

import math

import numpy as np
import scipy.fft
from scipy.special import erfc, log_softmax

from .convolution import padded, windows
from .layers import FAR
from .normalization import batchnorm_backward


class ConvolutionByFourier:
    """A product of spectra in double precision; strides pick from the dense answer, wrapped rows are cut off.

    A transform errs by the size of the whole image, so single precision alone would not do, and where nothing arrives
    it leaves a rest that has to be cleared.
    """

    dtypes = ("float32",)

    @staticmethod
    def conv2d_forward(x, w, b=None, *, stride=1, pad=0):
        wide = padded(x, pad, 0)
        size, (KH, KW) = wide.shape[2:], w.shape[2:]
        of_x, of_w = (scipy.fft.rfft2(array.astype(float), size) for array in (wide, w))
        dense = scipy.fft.irfft2(np.einsum("nchw,fchw->nfhw", of_x, of_w.conj()), size).astype(x.dtype)
        out = dense[:, :, : size[0] - KH + 1 : stride, : size[1] - KW + 1 : stride]
        out = out.copy() if b is None else out + b[:, None, None]
        return out, ((of_x, of_w), (x.shape, w.shape, size), stride, pad, b)

    @staticmethod
    def conv2d_backward(dout, cache):
        (of_x, of_w), ((*_, H, W), (*_, KH, KW), size), stride, pad, b = cache
        HO, WO = dout.shape[2:]
        dense = np.zeros((*dout.shape[:2], *size))
        dense[:, :, : HO * stride : stride, : WO * stride : stride] = dout
        of_dout = scipy.fft.rfft2(dense)
        dx = scipy.fft.irfft2(np.einsum("nfhw,fchw->nchw", of_dout, of_w), size)
        dw = scipy.fft.irfft2(np.einsum("nfhw,nchw->fchw", of_dout.conj(), of_x), size)[:, :, :KH, :KW]
        reached = np.logical_and.outer(met(size[0], KH, HO, stride), met(size[1], KW, WO, stride))
        dx = np.where(reached, dx, 0)[:, :, pad : pad + H, pad : pad + W]
        seen = np.logical_and.outer(inside(H, pad, KH, HO, stride), inside(W, pad, KW, WO, stride))
        db = None if b is None else dout.sum(axis=(0, 2, 3))
        return dx.astype(dout.dtype), np.where(seen, dw, 0).astype(dout.dtype), db


def starts(windows, stride):
    return stride * np.arange(windows)


def met(size, kernel, windows, stride):
    """Which of `size` places some window covers."""
    return np.isin(np.arange(size), starts(windows, stride)[:, None] + np.arange(kernel))


def inside(size, pad, kernel, windows, stride):
    """Which entries of the kernel ever lie on the image, and not on its padding."""
    places = starts(windows, stride) + np.arange(kernel)[:, None] - pad
    return ((places >= 0) & (places < size)).any(axis=1)


class ConvolutionTransposed:
    """tensordot over windows; dx is a convolution too, of the spread out dout with the flipped kernel."""

    @staticmethod
    def conv2d_forward(x, w, b=None, *, stride=1, pad=0):
        view = windows(padded(x, pad, 0), *w.shape[2:], stride)
        out = np.tensordot(view, w, ((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2)
        return (out if b is None else out + b[:, None, None]), [view, w, b, x.shape, stride, pad]

    @staticmethod
    def conv2d_backward(dout, cache):
        view, w, b, (N, C, H, W), stride, pad = cache
        (F, _, KH, KW), (HO, WO) = w.shape, dout.shape[2:]
        db = None if b is None else dout.sum(axis=(0, 2, 3))
        spread = np.zeros((N, F, H + 2 * pad + KH - 1, W + 2 * pad + KW - 1), dout.dtype)
        spread[:, :, KH - 1 : KH - 1 + HO * stride : stride, KW - 1 : KW - 1 + WO * stride : stride] = dout
        dx = np.tensordot(windows(spread, KH, KW, 1), w[:, :, ::-1, ::-1], ((1, 4, 5), (0, 2, 3)))
        dw = np.tensordot(dout, view, ((0, 2, 3), (0, 2, 3)))
        return (
            dx.transpose(0, 3, 1, 2)[:, :, pad : pad + H, pad : pad + W],
            dw,
            db,
        )


class PoolingByTournament:
    """A running maximum over the k k shifts of the image; the backward asks each shift whether it won."""

    @staticmethod
    def max_pool2d_forward(x, *, k=2, stride=None, pad=0):
        stride = stride or k
        view = windows(padded(x, pad, -np.inf), k, k, stride)
        out, winner = np.array(view[..., 0, 0]), np.zeros(view.shape[:4], int)
        for shift, (u, v) in enumerate(np.ndindex(k, k)):
            challenger = view[..., u, v]
            wins = (challenger > out) | (np.isnan(challenger) & ~np.isnan(out))
            out[wins], winner[wins] = challenger[wins], shift
        return out, (winner, x.shape, k, stride, pad)

    @staticmethod
    def max_pool2d_backward(dout, cache):
        winner, (N, C, H, W), k, stride, pad = cache
        dx = np.zeros((N, C, H + 2 * pad, W + 2 * pad), dout.dtype)
        HO, WO = dout.shape[2:]
        for shift, (u, v) in enumerate(np.ndindex(k, k)):
            dx[:, :, u : u + HO * stride : stride, v : v + WO * stride : stride] += dout * (winner == shift)
        return dx[:, :, pad : pad + H, pad : pad + W]


class BatchnormByShiftedData:
    """One pass over x less the mean of its first samples; a scale and a shift for each feature, as in PyTorch."""

    @staticmethod
    def batchnorm_forward(
        x, gamma, beta, running_mean, running_var, *, train=True, momentum=0.9, eps=1e-5, unbiased_running=False
    ):
        mean, var, running = running_mean, running_var, (running_mean.copy(), running_var.copy())
        if train:
            first = x[:8].mean(axis=0)
            apart = x - first
            mean_apart = apart.mean(axis=0)
            mean, var = first + mean_apart, np.maximum((apart * apart).mean(axis=0) - mean_apart * mean_apart, 0)
            kept = var * (len(x) / (len(x) - 1)) if unbiased_running else var
            running = [momentum * old + (1 - momentum) * new for old, new in zip(running, (mean, kept), strict=True)]
        scale = gamma / np.sqrt(var + eps)
        out = x * scale + (beta - mean * scale)
        return out, *running, ((x - mean) / np.sqrt(var + eps), scale, train)

    batchnorm_backward = staticmethod(batchnorm_backward)


class GeluByErfc:
    @staticmethod
    def gelu_forward(x):
        return x / 2 * erfc(x * -math.sqrt(0.5)), x

    @staticmethod
    def gelu_backward(dout, x):
        near = np.clip(x, -FAR, FAR)
        return dout * (erfc(x * -math.sqrt(0.5)) / 2 + near * np.exp(-(near**2) / 2) / math.sqrt(2 * math.pi))


class LossFromLogSoftmax:
    """Everything from log p, picked by a one-hot matrix; no options."""

    @staticmethod
    def softmax_cross_entropy_forward(scores, y):
        logp = log_softmax(scores, axis=1)
        onehot = np.eye(scores.shape[1], dtype=scores.dtype)[y]
        return -np.vdot(onehot, logp) / len(y), (logp, onehot)

    @staticmethod
    def softmax_cross_entropy_backward(dloss, cache):
        logp, onehot = cache
        return (np.exp(logp) - onehot) * (float(dloss) / len(logp))


class ExpandedDistance:
    """|a|^2 - 2ab + |b|^2 also for the plain distance, and the gradient without an array of three axes."""

    @staticmethod
    def l2_distance(xq, xt, *, squared=False):
        xq, xt = (x if x.dtype.kind == "f" else x.astype(float) for x in (xq, xt))
        d2 = np.maximum((xq**2).sum(1)[:, None] + (xt**2).sum(1) - 2 * xq @ xt.T, 0)
        return d2 if squared else np.sqrt(d2)

    @staticmethod
    def l2_distance_backward(dd, xq, xt, *, squared=False):
        if squared:
            pull = 2 * dd
        else:
            d = ExpandedDistance.l2_distance(xq, xt)
            pull = np.divide(dd, d, out=np.zeros_like(dd), where=d > 0)
        return pull.sum(1)[:, None] * xq - pull @ xt, pull.sum(0)[:, None] * xt - pull.T @ xq
