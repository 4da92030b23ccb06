"""Affine layers, activations, convolution, pooling and norms in the styles of many hands. A class is a backend."""

import math

import numpy as np
import scipy.signal
from numpy.lib.stride_tricks import as_strided, sliding_window_view
from scipy.special import erf, expit, ndtr

# -- affine and activations -----------------------------------------------------------------------------------------


class AffineByEinsum:
    def affine_forward(x, w, b):
        return np.einsum("nd,dm->nm", x.reshape(len(x), -1), w) + b, (x, w)

    def affine_backward(dout, cache):
        x, w = cache
        dx = np.einsum("nm,dm->nd", dout, w).reshape(x.shape)
        return dx, np.einsum("nd,nm->dm", x.reshape(len(x), -1), dout), np.einsum("nm->m", dout)


class AffineByLoop:
    def affine_forward(x, w, b):
        return np.array([x[n].ravel() @ w + b for n in range(len(x))]), (x, w)

    def affine_backward(dout, cache):
        x, w = cache
        dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros(w.shape[1], w.dtype)
        for sample, d, into in zip(x, dout, dx, strict=True):
            into[...] = (w @ d).reshape(into.shape)
            dw += np.outer(sample, d)
            db += d
        return dx, dw, db


class AffineInColumns:
    """Samples are columns: out^T = w^T x^T + b."""

    def affine_forward(x, w, b):
        columns = x.reshape(x.shape[0], np.prod(x.shape[1:])).T
        return (w.T @ columns + b[:, None]).T, (columns, w, x.shape)

    def affine_backward(dout, cache):
        columns, w, shape = cache
        return (w @ dout.T).T.reshape(shape), columns @ dout, dout.T.sum(axis=1)


class AffineByTensordot:
    def affine_forward(x, w, b):
        kernel = w.reshape(*x.shape[1:], -1)
        return np.tensordot(x, kernel, x.ndim - 1) + b, (x, kernel, w.shape)

    def affine_backward(dout, cache):
        x, kernel, shape = cache
        return np.tensordot(dout, kernel, (1, -1)), np.tensordot(x, dout, (0, 0)).reshape(shape), np.sum(dout, 0)


class ReluByProduct:
    def relu_forward(x):
        return x * (x > 0), x

    def relu_backward(dout, x):
        return dout * (x > 0)


class ReluByAbs:
    """(x + |x|) / 2, and a step function."""

    def relu_forward(x):
        return (x + np.abs(x)) / 2, np.heaviside(x, 0)

    def relu_backward(dout, step):
        return dout * step.astype(dout.dtype)


class ReluInPlace:
    def relu_forward(x):
        out = x.copy()
        out[out < 0] = 0
        return out, out.copy()

    def relu_backward(dout, out):
        dx = dout.copy()
        dx[out <= 0] = 0
        return dx


class TanhByItsName:
    def tanh_forward(x):
        out = np.tanh(x)
        return out, out.copy()

    def tanh_backward(dout, out):
        return dout - dout * out**2


class TanhBySigmoid:
    def tanh_forward(x):
        return 2 * expit(2 * x) - 1, x

    def tanh_backward(dout, x):
        return dout / np.cosh(x) ** 2


class SigmoidOfTheCourse:
    """It overflows to inf, and 1 / inf is 0."""

    def sigmoid_forward(x):
        with np.errstate(over="ignore"):
            out = 1.0 / (1.0 + np.exp(-x))
        return out, out

    def sigmoid_backward(dout, out):
        return dout * out * (1 - out)


class SigmoidByTanh:
    def sigmoid_forward(x):
        return 0.5 * (1 + np.tanh(x / 2)), x

    def sigmoid_backward(dout, x):
        return dout * 0.25 * (1 - np.tanh(x / 2) ** 2)


class SiluWithoutBeta:
    def silu_forward(x):
        s = 1 / (1 + np.exp(-x))
        return x * s, (x, s)

    def silu_backward(dout, cache):
        x, s = cache
        return dout * (x * s + s * (1 - x * s))


class GeluByErf:
    def gelu_forward(x):
        return 0.5 * x * (1 + erf(x / math.sqrt(2)).astype(x.dtype)), x

    def gelu_backward(dout, x):
        density = np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
        return dout * (0.5 * (1 + erf(x / math.sqrt(2))) + x * density).astype(x.dtype)


class GeluOfGpt2:
    def gelu_forward(x, approximate=True):
        if not approximate:
            return x * ndtr(x), (x, None)
        inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)
        return 0.5 * x * (1 + np.tanh(inner)), (x, np.tanh(inner))

    def gelu_backward(dout, cache):
        x, t = cache
        if t is None:
            return dout * (ndtr(x) + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi))
        slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x)
        return dout * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope)


LAYERS = {
    AffineByEinsum: "affine",
    AffineByLoop: "affine",
    AffineInColumns: "affine",
    AffineByTensordot: "affine",
    ReluByProduct: "relu",
    ReluByAbs: "relu",
    ReluInPlace: "relu",
    TanhByItsName: "tanh",
    TanhBySigmoid: "tanh",
    SigmoidOfTheCourse: "sigmoid",
    SigmoidByTanh: "sigmoid",
    SiluWithoutBeta: "silu",
    GeluByErf: "gelu",
    GeluOfGpt2: "gelu",
}

# -- convolution and pooling ----------------------------------------------------------------------------------------


def wide(x, pad, value=0.0):
    out = np.full((*x.shape[:2], x.shape[2] + 2 * pad, x.shape[3] + 2 * pad), value, x.dtype)
    out[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]] = x
    return out


def cut(x, pad):
    return x[:, :, pad : x.shape[2] - pad, pad : x.shape[3] - pad]


class ConvolutionByLoops:
    """The naive one: four loops."""

    def conv2d_forward(x, w, b=None, *, stride=1, pad=0):
        xp, (F, _, HH, WW) = wide(x, pad), w.shape
        HO, WO = 1 + (xp.shape[2] - HH) // stride, 1 + (xp.shape[3] - WW) // stride
        out = np.zeros((len(x), F, HO, WO), x.dtype)
        for n in range(len(x)):
            for f in range(F):
                for i in range(HO):
                    for j in range(WO):
                        part = xp[n, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
                        out[n, f, i, j] = np.sum(part * w[f]) + (0 if b is None else b[f])
        return out, (x, w, b, stride, pad)

    def conv2d_backward(dout, cache):
        x, w, b, stride, pad = cache
        xp, (HH, WW) = wide(x, pad), w.shape[2:]
        dxp, dw = np.zeros_like(xp), np.zeros_like(w)
        for n, f, i, j in np.ndindex(dout.shape):
            window = np.s_[n, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
            dw[f] += dout[n, f, i, j] * xp[window]
            dxp[window] += dout[n, f, i, j] * w[f]
        return cut(dxp, pad), dw, None if b is None else dout.sum(axis=(0, 2, 3))


class ConvolutionByTaps:
    """One product for each entry of the filters, of an image that is shifted."""

    def taps(xp, w, out_shape, stride):
        HO, WO = out_shape
        for u, v in np.ndindex(w.shape[2:]):
            yield u, v, np.s_[:, :, u : u + (HO - 1) * stride + 1 : stride, v : v + (WO - 1) * stride + 1 : stride]

    def conv2d_forward(x, w, b=None, *, stride=1, pad=0):
        xp = wide(x, pad)
        HO, WO = ((size - k) // stride + 1 for size, k in zip(xp.shape[2:], w.shape[2:], strict=True))
        out = np.zeros((len(x), len(w), HO, WO), x.dtype)
        for u, v, places in ConvolutionByTaps.taps(xp, w, (HO, WO), stride):
            out += np.einsum("nchw,fc->nfhw", xp[places], w[:, :, u, v])
        if b is not None:
            out += b.reshape(1, -1, 1, 1)
        return out, (xp, w, b, stride, pad)

    def conv2d_backward(dout, cache):
        xp, w, b, stride, pad = cache
        dxp, dw = np.zeros_like(xp), np.empty_like(w)
        for u, v, places in ConvolutionByTaps.taps(xp, w, dout.shape[2:], stride):
            dw[:, :, u, v] = np.einsum("nfhw,nchw->fc", dout, xp[places])
            dxp[places] += np.einsum("nfhw,fc->nchw", dout, w[:, :, u, v])
        return cut(dxp, pad), dw, None if b is None else np.einsum("nfhw->f", dout)


class ConvolutionByStrides:
    """Windows by as_strided, as fast_layers do."""

    def conv2d_forward(x, w, b, stride=1, pad=0):
        xp = wide(x, pad)
        (N, C, H, W), (F, _, HH, WW), (sn, sc, sh, sw) = xp.shape, w.shape, xp.strides
        HO, WO = (H - HH) // stride + 1, (W - WW) // stride + 1
        strides = (sc, sh, sw, sn, stride * sh, stride * sw)
        columns = np.ascontiguousarray(as_strided(xp, (C, HH, WW, N, HO, WO), strides)).reshape(C * HH * WW, -1)
        out = w.reshape(F, -1).dot(columns) + b.reshape(-1, 1)
        return out.reshape(F, N, HO, WO).transpose(1, 0, 2, 3), (columns, xp.shape, w, stride, pad)

    def conv2d_backward(dout, cache):
        columns, shape, w, stride, pad = cache
        N, F, HO, WO = dout.shape
        rows = dout.transpose(1, 0, 2, 3).reshape(F, -1)
        dcolumns = w.reshape(F, -1).T.dot(rows).reshape(*w.shape[1:], N, HO, WO)
        dxp = np.zeros(shape, dout.dtype)
        for u, v in np.ndindex(w.shape[2:]):
            dxp[:, :, u : u + stride * HO : stride, v : v + stride * WO : stride] += dcolumns[:, u, v].transpose(
                1, 0, 2, 3
            )
        return cut(dxp, pad), rows.dot(columns.T).reshape(w.shape), rows.sum(axis=1)


class ConvolutionByScipy:
    """A dense correlation of each pair of maps, of which a stride picks."""

    def conv2d_forward(x, w, b=None, *, stride=1, pad=0):
        xp = wide(x, pad)
        dense = [[sum(map(scipy.signal.correlate2d, image, f, ["valid"] * len(f))) for f in w] for image in xp]
        out = np.array(dense, x.dtype)[:, :, ::stride, ::stride]
        return (out if b is None else out + b[:, None, None]), (xp, w, b, stride, pad)

    def conv2d_backward(dout, cache):
        xp, w, b, stride, pad = cache
        HH, WW = w.shape[2:]
        dense = np.zeros((*dout.shape[:2], xp.shape[2] - HH + 1, xp.shape[3] - WW + 1), dout.dtype)
        dense[:, :, ::stride, ::stride] = dout
        dxp, dw = np.zeros_like(xp), np.zeros_like(w)
        for n, f, c in np.ndindex(len(xp), len(w), xp.shape[1]):
            dxp[n, c] += scipy.signal.convolve2d(dense[n, f], w[f, c])
            dw[f, c] += scipy.signal.correlate2d(xp[n, c], dense[n, f], "valid")
        return cut(dxp, pad), dw, None if b is None else dout.sum(axis=(0, 2, 3))


class ConvolutionChannelsLast:
    """NHWC and HWIO inside, as in Keras."""

    def conv2d_forward(x, w, b=None, *, stride=1, pad=0):
        image, kernel = np.moveaxis(wide(x, pad), 1, -1), w.transpose(2, 3, 1, 0)
        view = sliding_window_view(image, kernel.shape[:2], axis=(1, 2))[:, ::stride, ::stride]
        out = np.einsum("nijcuv,uvcf->nijf", view, kernel, optimize=True)
        out = out if b is None else out + b
        return np.moveaxis(out, -1, 1), (view, kernel, image.shape, b, stride, pad)

    def conv2d_backward(dout, cache):
        view, kernel, shape, b, stride, pad = cache
        d = np.moveaxis(dout, 1, -1)
        dkernel = np.tensordot(view, d, ((0, 1, 2), (0, 1, 2)))  # c u v f
        dimage = np.zeros(shape, d.dtype)
        for i, j in np.ndindex(d.shape[1:3]):
            top, left = i * stride, j * stride
            dimage[:, top : top + kernel.shape[0], left : left + kernel.shape[1]] += np.tensordot(
                d[:, i, j], kernel, (1, 3)
            )
        db = None if b is None else d.sum(axis=(0, 1, 2))
        return cut(np.moveaxis(dimage, -1, 1), pad), dkernel.transpose(3, 0, 1, 2), db


class PoolingByLoops:
    def max_pool2d_forward(x, *, k=2, stride=None, pad=0):
        stride = stride or k
        xp = wide(x, pad, -np.inf)
        HO, WO = 1 + (xp.shape[2] - k) // stride, 1 + (xp.shape[3] - k) // stride
        out = np.empty((*x.shape[:2], HO, WO), x.dtype)
        for n, c, i, j in np.ndindex(out.shape):
            out[n, c, i, j] = np.max(xp[n, c, i * stride : i * stride + k, j * stride : j * stride + k])
        return out, (xp, k, stride, pad)

    def max_pool2d_backward(dout, cache):
        xp, k, stride, pad = cache
        dxp = np.zeros_like(xp)
        for n, c, i, j in np.ndindex(dout.shape):
            window = xp[n, c, i * stride : i * stride + k, j * stride : j * stride + k]
            u, v = np.unravel_index(np.argmax(window), window.shape)
            dxp[n, c, i * stride + u, j * stride + v] += dout[n, c, i, j]
        return cut(dxp, pad)


class PoolingByComparison:
    """All that equal the maximum of their window get its gradient."""

    def max_pool2d_forward(x, *, k=2, stride=None):
        stride = stride or k
        view = sliding_window_view(x, (k, k), axis=(2, 3))[:, :, ::stride, ::stride]
        out = view.max(axis=(4, 5))
        return out, (x.shape, view == out[..., None, None], k, stride)

    def max_pool2d_backward(dout, cache):
        shape, won, k, stride = cache
        dx, (HO, WO) = np.zeros(shape, dout.dtype), dout.shape[2:]
        for u, v in np.ndindex(k, k):
            dx[:, :, u : u + HO * stride : stride, v : v + WO * stride : stride] += dout * won[..., u, v]
        return dx


class PoolingInTwoSteps:
    """The maximum of rows, then of columns; the backward looks for the first that is it."""

    def max_pool2d_forward(x, *, k=2, stride=None, pad=0):
        stride, xp = stride or k, wide(x, pad, -np.inf)
        rows = np.max(sliding_window_view(xp, k, axis=3)[:, :, :, ::stride], axis=-1)
        out = np.max(sliding_window_view(rows, k, axis=2)[:, :, ::stride], axis=-1)
        return out, (xp, out.copy(), k, stride, pad)

    def max_pool2d_backward(dout, cache):
        xp, out, k, stride, pad = cache
        HO, WO = out.shape[2:]
        dxp, left = np.zeros_like(xp), np.ones(out.shape, bool)
        for u in range(k):
            for v in range(k):
                places = np.s_[:, :, u : u + HO * stride : stride, v : v + WO * stride : stride]
                first = left & (xp[places] == out)
                dxp[places] += np.where(first, dout, 0)
                left &= ~first
        return cut(dxp, pad)


class PoolingByColumns:
    """im2col of each map, and its arg max."""

    def max_pool2d_forward(x, *, k=2, stride=None):
        stride, (N, C, H, W) = stride or k, x.shape
        HO, WO = (H - k) // stride + 1, (W - k) // stride + 1
        top, left = np.indices((HO, WO)).reshape(2, 1, -1) * stride
        within = np.indices((k, k)).reshape(2, -1, 1)
        columns = x.reshape(N * C, H, W)[:, within[0] + top, within[1] + left]
        best = columns.argmax(axis=1)
        out = columns.max(axis=1).reshape(N, C, HO, WO)
        return out, (best, top[0], left[0], x.shape, k)

    def max_pool2d_backward(dout, cache):
        best, top, left, (N, C, H, W), k = cache
        dx = np.zeros((N * C, H, W), dout.dtype)
        np.add.at(dx, (np.arange(N * C)[:, None], top + best // k, left + best % k), dout.reshape(N * C, -1))
        return dx.reshape(N, C, H, W)


class PoolingBySorting:
    """The last of each sorted window; a stable order from the other end finds the first of equals."""

    def max_pool2d_forward(x, *, k=2, stride=None):
        stride = stride or k
        view = sliding_window_view(x, (k, k), axis=(2, 3))[:, :, ::stride, ::stride]
        flat = view.reshape(*view.shape[:4], k * k)[..., ::-1]
        order = np.argsort(flat, axis=-1, kind="stable")[..., -1:]
        return np.take_along_axis(flat, order, axis=-1)[..., 0], (k * k - 1 - order[..., 0], x.shape, k, stride)

    def max_pool2d_backward(dout, cache):
        winner, shape, k, stride = cache
        dx = np.zeros(shape, dout.dtype)
        n, c, i, j = np.indices(dout.shape)
        np.add.at(dx, (n, c, i * stride + winner // k, j * stride + winner % k), dout)
        return dx


IMAGES = {
    ConvolutionByLoops: "conv2d",
    ConvolutionByTaps: "conv2d",
    ConvolutionByStrides: "conv2d",
    ConvolutionByScipy: "conv2d",
    ConvolutionChannelsLast: "conv2d",
    PoolingByLoops: "max_pool2d",
    PoolingByComparison: "max_pool2d",
    PoolingInTwoSteps: "max_pool2d",
    PoolingByColumns: "max_pool2d",
    PoolingBySorting: "max_pool2d",
}
