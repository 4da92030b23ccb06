"""The judge on small backends of every kind that people hand in: right ones in their own conventions, wrong ones in
their own ways. RIGHT pass at core; WRONG fail, at core or at robust, and are told what is wrong.
"""

import copy
import math
import re
from importlib import import_module
from types import FunctionType

import numpy as np
import pytest
from scipy.special import erf, logsumexp, softmax

import nnspec
from nnspec.checking.results import State
from nnspec.concepts import catalogue
from nnspec.spec_tests._levels import LEVEL_OF
from nnspec.spec_tests._problem import Problem


def checked(backend, concept, level="core", **options):
    return nnspec.check(backend, concepts=concept, level=level, dtype=options.pop("dtype", "float64"), **options)


HOLES = {}  # what the suite does not do yet, and why: whoever mends one is told to take it out


def names(table):
    return [
        pytest.param(name, marks=pytest.mark.xfail(reason=HOLES[name])) if name in HOLES else name for name in table
    ]


def counted(report, state):
    return [check for check in report.asked() if check.state is state]


def told(report):
    return "\n".join(check.text for check in report.checks if check.state in (State.FAILED, State.ERRORED))


def _refuse(why):
    raise ValueError(why)


# A guard of somebody's own: what raises in a module of nnspec's is no guard but an error.
refuse = FunctionType(_refuse.__code__, {"__name__": "theirs"})


# -- right, and followed --------------------------------------------------------------------------------------------


class VotesByCounting:
    """The nearest of the most frequent, as `Counter.most_common` has it."""

    def knn_vote(labels, n_classes=None):
        n_classes = n_classes or labels.max() + 1
        counts = np.array([np.bincount(row, minlength=n_classes) for row in labels])
        winners = [max(row, key=lambda label, row=row: list(row).count(label)) for row in labels]
        return np.array(winners), counts, np.array([(row == row.max()).sum() > 1 for row in counts])


class HalvedPenalty:
    def l2_penalty(w, lam, half=True):
        factor = 0.5 if half else 1.0
        return factor * lam * np.sum(w * w), 2 * factor * lam * w


class VelocityWithoutLr:
    def sgd_momentum(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=False):
        kept = np.zeros_like(w) if state is None else state
        if lr_in_velocity:
            return w + mu * kept - lr * dw, mu * kept - lr * dw
        kept = mu * kept + dw
        return w - lr * kept, kept


def adam_in(w, dw, state, lr, beta1, beta2, eps, first_t=0, hat=False):
    state = state or {"m": 0 * w, "v": 0 * w, "t": first_t}
    t = state["t"] + 1
    m = beta1 * state["m"] + (1 - beta1) * dw
    v = beta2 * state["v"] + (1 - beta2) * dw**2
    root = math.sqrt(1 - beta2**t)
    step = lr * m / (1 - beta1**t) / (np.sqrt(v) / root + (eps / root if hat else eps))
    return w - step, {"m": m, "v": v, "t": t}


class AdamWithEpsHat:
    def adam(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        return adam_in(w, dw, state, lr, beta1, beta2, eps, hat=True)


class AdamFromOne:
    def adam(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        return adam_in(w, dw, state, lr, beta1, beta2, eps, first_t=1)


class GeluWithTanh:
    """The tanh form unless told otherwise."""

    def gelu_forward(x, approximate=True):
        if not approximate:
            phi = (1 + erf(x / math.sqrt(2))) / 2
            return x * phi, phi + x * np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
        k = math.sqrt(2 / math.pi)
        t = np.tanh(k * (x + 0.044715 * x**3))
        return x * (1 + t) / 2, (1 + t) / 2 + x / 2 * (1 - t * t) * k * (1 + 0.134145 * x * x)

    def gelu_backward(dout, slope):
        return dout * slope


class ReluWithSlopeAtZero:
    def relu_forward(x):
        return np.maximum(x, 0), x >= 0

    def relu_backward(dout, active):
        return dout * active


class PoolingByReshape:
    """Windows that tile the image, and no others; every tie gets the gradient."""

    def max_pool2d_forward(x, *, k=2, stride=None, pad=0):
        N, C, H, W = x.shape
        if pad or stride not in (None, k) or H % k or W % k:
            refuse("only windows that tile the image")
        tiles = x.reshape(N, C, H // k, k, W // k, k)
        out = tiles.max(axis=(3, 5))
        return out, (tiles, out)

    def max_pool2d_backward(dout, cache):
        tiles, out = cache
        N, C, H, k, W, _ = tiles.shape
        won = tiles == out[:, :, :, None, :, None]
        return (won * dout[:, :, :, None, :, None]).reshape(N, C, H * k, W * k)


class PoolingThatShares(PoolingByReshape):
    def max_pool2d_backward(dout, cache):
        tiles, out = cache
        N, C, H, k, W, _ = tiles.shape
        won = tiles == out[:, :, :, None, :, None]
        shares = won / won.sum(axis=(3, 5), keepdims=True)
        return (shares * dout[:, :, :, None, :, None]).reshape(N, C, H * k, W * k)


FOLLOWED = {
    "nearest of them": (VotesByCounting, "knn"),
    "half by default": (HalvedPenalty, "l2_penalty"),
    "lr outside": (VelocityWithoutLr, "sgd_momentum"),
    "eps-hat": (AdamWithEpsHat, "adam"),
    "t starts at 1": (AdamFromOne, "adam"),
    "tanh form by default": (GeluWithTanh, "gelu"),
    "slope 1 at 0": (ReluWithSlopeAtZero, "relu"),
    "every tie gets the gradient": (PoolingByReshape, "max_pool2d"),
    "ties share the gradient": (PoolingThatShares, "max_pool2d"),
}


def registered():
    for name in dict.fromkeys(concept for _, concept in FOLLOWED.values()):
        note = next(note for note, concepts in CONCEPTS_OF_NOTES.items() if name in concepts)
        module = import_module(f"nnspec.spec_tests.{note}.test_{name}")
        for spec in vars(module).values():
            yield from getattr(spec, "variants", list)() if isinstance(spec, type) else ()


CONCEPTS_OF_NOTES = {
    "n01_classification": ("knn",),
    "n03_regularization": ("l2_penalty",),
    "n04_optimization": ("sgd_momentum", "adam"),
    "n05_backpropagation": ("gelu", "relu"),
    "n06_convolution": ("max_pool2d",),
}


def test_there_is_a_backend_for_every_variant():
    assert {variant.id for variant in registered()} == FOLLOWED.keys()


@pytest.mark.parametrize("name", names(FOLLOWED))
def test_a_variant_is_accepted_and_named(name):
    backend, concept = FOLLOWED[name]
    report = checked(backend, concept)
    assert report.exit_code == 0, str(report)
    assert {check.follows.partition(":")[0] for check in report.asked() if check.follows} == {name}
    assert f"follows {name}: " in " ".join(str(report).split())


def test_two_forms_in_one_are_refused():
    class Both:
        """eps-hat in the first step, eps in the others."""

        def adam(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
            return adam_in(w, dw, state, lr, beta1, beta2, eps, hat=state is None)

    assert checked(Both, "adam").exit_code == 1


def test_strict_says_which_form_is_ours():
    text = told(checked(ReluWithSlopeAtZero, "relu", "strict"))
    assert "it follows slope 1 at 0: Goodfellow" in text and "ours: " in text


# -- right, and with less than we offer -----------------------------------------------------------------------------


class BatchnormWithoutEvaluationCache:
    def batchnorm_forward(
        x, gamma, beta, running_mean, running_var, *, train=True, momentum=0.9, eps=1e-5, unbiased_running=False
    ):
        if not train:
            return (
                gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta,
                running_mean + 0,
                running_var + 0,
                None,
            )
        N = len(x)
        mean, var = x.mean(axis=0), x.var(axis=0)
        std = np.sqrt(var + eps)
        xhat = (x - mean) / std
        kept = var * N / (N - 1) if unbiased_running else var
        running = [momentum * old + (1 - momentum) * new for old, new in ((running_mean, mean), (running_var, kept))]
        return gamma * xhat + beta, *running, (xhat, gamma / std)

    def batchnorm_backward(dout, cache):
        xhat, scale = cache
        dgamma, dbeta = np.sum(dout * xhat, axis=0), np.sum(dout, axis=0)
        return scale * (dout - dbeta / len(dout) - xhat * dgamma / len(dout)), dgamma, dbeta


class LayernormOfRows:
    def layernorm_forward(x, gamma, beta, *, eps=1e-5):
        N, D = x.shape
        centred = (x.T - x.mean(axis=1)).T
        std = np.sqrt((centred**2).sum(axis=1) / D + eps)
        xhat = (centred.T / std).T
        return xhat * gamma + beta, (xhat, std, gamma)

    def layernorm_backward(dout, cache):
        xhat, std, gamma = cache
        g = (dout * gamma).T
        dx = (g - g.mean(axis=0) - xhat.T * (g * xhat.T).mean(axis=0)) / std
        return dx.T, (dout * xhat).sum(axis=0), dout.sum(axis=0)


def loops_of_conv(x, w, stride, pad):
    wide = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    KH, KW = w.shape[2:]
    HO, WO = ((size - window) // stride + 1 for size, window in zip(wide.shape[2:], (KH, KW), strict=True))
    for i, j in np.ndindex(HO, WO):
        yield i, j, (slice(None), slice(None), slice(i * stride, i * stride + KH), slice(j * stride, j * stride + KW))


class ConvolutionWithBias:
    """b, stride and pad must be given or have their usual values; a stride that does not divide is refused."""

    def conv2d_forward(x, w, b, stride=1, pad=0):
        for size, window in zip(x.shape[2:], w.shape[2:], strict=True):
            if (size + 2 * pad - window) % stride:
                refuse("the stride does not divide")
        HO, WO = ((n + 2 * pad - k) // stride + 1 for n, k in zip(x.shape[2:], w.shape[2:], strict=True))
        wide, out = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad))), np.empty((len(x), len(w), HO, WO), x.dtype)
        for i, j, window in loops_of_conv(x, w, stride, pad):
            out[:, :, i, j] = np.tensordot(wide[window], w, ((1, 2, 3), (1, 2, 3))) + b
        return out, (x, w, stride, pad)

    def conv2d_backward(dout, cache):
        x, w, stride, pad = cache
        wide = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        dwide, dw = np.zeros_like(wide), np.zeros_like(w)
        for i, j, window in loops_of_conv(x, w, stride, pad):
            dwide[window] += np.tensordot(dout[:, :, i, j], w, (1, 0))
            dw += np.tensordot(dout[:, :, i, j], wide[window], (0, 0))
        H, W = x.shape[2:]
        return dwide[:, :, pad : pad + H, pad : pad + W], dw, dout.sum(axis=(0, 2, 3))


class DropoutOfItsOwn:
    """It draws for itself, and takes neither a mask nor a generator."""

    def dropout_forward(x, *, keep, train=True):
        scale = np.random.binomial(1, keep, x.shape) / keep if train else np.ones(x.shape)  # noqa: NPY002
        return x * scale, scale

    def dropout_backward(dout, scale):
        return dout * scale


class TanhBySigmoid:
    def tanh_forward(x):
        out = 2 / (1 + np.exp(-2 * x)) - 1
        return out, out

    def tanh_backward(dout, out):
        return (1 - out * out) * dout


class AttentionOfTwoOrThreeAxes:
    def sdpa_forward(q, k, v, mask=None, scale=None):
        assert q.ndim in (2, 3), "no heads yet"
        scale = q.shape[-1] ** -0.5 if scale is None else scale
        scores = scale * np.einsum("...qd,...kd->...qk", q, k)
        if mask is not None:
            scores = scores + np.where(mask, 0, -1e9)
        p = softmax(scores, axis=-1)
        if mask is not None:
            p = p * np.broadcast_to(mask, p.shape).any(axis=-1, keepdims=True)
        return np.einsum("...qk,...kd->...qd", p, v), (q, k, v, p, scale)

    def sdpa_backward(dout, cache):
        q, k, v, p, scale = cache
        dp = np.einsum("...qd,...kd->...qk", dout, v)
        ds = scale * p * (dp - np.sum(dp * p, axis=-1, keepdims=True))
        return (
            np.einsum("...qk,...kd->...qd", ds, k),
            np.einsum("...qk,...qd->...kd", ds, q),
            np.einsum("...qk,...qd->...kd", p, dout),
        )


class PlainSequence:
    """No c0 and no lengths: what is not taken is not implemented."""

    def lstm_forward(x, h0, Wx, Wh, b):
        H = h0.shape[1]
        h, c, hs, steps = h0, np.zeros_like(h0), [], []
        for x_t in np.moveaxis(x, 1, 0):
            a = x_t @ Wx + h @ Wh + b
            s, g = 1 / (1 + np.exp(-a[:, : 3 * H])), np.tanh(a[:, 3 * H :])
            i, f, o = s[:, :H], s[:, H : 2 * H], s[:, 2 * H :]
            before, c = c, f * c + i * g
            steps.append((x_t, h, before, i, f, o, g, np.tanh(c)))
            h = o * np.tanh(c)
            hs.append(h)
        return np.stack(hs, axis=1), c, (steps, Wx, Wh)

    def lstm_backward(dh, dc, cache):
        steps, Wx, Wh = cache
        dx, dh_next, dWx, dWh, db = [], 0, np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(Wx.shape[1], Wx.dtype)
        for t in range(len(steps))[::-1]:
            x_t, h, c, i, f, o, g, shown = steps[t]
            dh_t = dh[:, t] + dh_next
            dc = dc + dh_t * o * (1 - shown**2)
            da = np.hstack(
                [dc * g * i * (1 - i), dc * c * f * (1 - f), dh_t * shown * o * (1 - o), dc * i * (1 - g**2)]
            )
            dx.insert(0, da @ Wx.T)
            dh_next, dc = da @ Wh.T, dc * f
            dWx, dWh, db = dWx + x_t.T @ da, dWh + h.T @ da, db + da.sum(axis=0)
        return np.stack(dx, axis=1), dh_next, dWx, dWh, db


class LossWithoutOptions:
    def softmax_cross_entropy_forward(scores, y):
        return float(np.mean(logsumexp(scores, axis=1) - scores[range(len(y)), y])), (scores, y)

    def softmax_cross_entropy_backward(dloss, cache):
        scores, y = cache
        d = softmax(scores, axis=1)
        d[range(len(y)), y] -= 1
        return dloss * d / len(y)


PARTLY = {  # concept: the backend, and a word of what it leaves out
    "batchnorm": (BatchnormWithoutEvaluationCache, "keeps no cache"),
    "layernorm": (LayernormOfRows, "number of axes"),
    "conv2d": (ConvolutionWithBias, "its own guard excludes"),
    "dropout": (DropoutOfItsOwn, "mask"),
    "tanh": (TanhBySigmoid, None),
    "sdpa": (AttentionOfTwoOrThreeAxes, None),
    "lstm": (PlainSequence, "lengths"),
    "softmax_cross_entropy": (LossWithoutOptions, "reduction"),
}


@pytest.mark.parametrize("concept", names(PARTLY))
def test_what_is_left_out_is_not_wrong(concept):
    backend, left_out = PARTLY[concept]
    report = checked(backend, concept, "robust") if concept == "layernorm" else checked(backend, concept)
    assert report.exit_code == 0, str(report)
    texts = [check.text for check in counted(report, State.NOT_IMPLEMENTED)]
    assert left_out is None or any(left_out in text for text in texts), texts
    assert len(counted(report, State.PASSED)) >= 4


def test_more_axes_are_not_asked_at_core():
    def layernorm_forward(x, gamma, beta, *, eps=1e-5):
        mean, var = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)  # axis 1, not the last: (N, D) is meant
        return gamma * (x - mean) / np.sqrt(var + eps) + beta, None

    backend = {"layernorm_forward": layernorm_forward}
    assert checked(backend, "layernorm").exit_code == 0
    assert checked(backend, "layernorm", "robust").exit_code == 1


def test_stubs_are_to_be_written():
    def stub(*_, **__):
        raise NotImplementedError("later")

    report = checked({"tanh_forward": stub, "tanh_backward": stub, "relu_forward": stub}, ["tanh", "relu"])
    assert report.exit_code == 0 and report.only_stubs
    assert {check.state for check in report.asked()} == {State.NOT_IMPLEMENTED}


def test_an_error_on_the_plain_case_is_an_error():
    def relu_forward(x):
        assert x.ndim == 4, "images only"
        return np.maximum(x, 0), x

    report = checked({"relu_forward": relu_forward}, "relu")
    assert report.exit_code == 1 and "images only" in told(report)


# -- wrong at core --------------------------------------------------------------------------------------------------


def conv_of_one_row(x, w, b, stride=1, pad=0):
    out, cache = ConvolutionWithBias.conv2d_forward(x, w, b, stride, pad)
    return (out + (out.shape[2] == 1)), cache


class OneImageRow(ConvolutionWithBias):
    conv2d_forward = conv_of_one_row


class OneKey:
    """masked_softmax: a single key is "certain", whatever the mask says."""

    def masked_softmax_forward(x, *, mask=None):
        z = x if mask is None else np.where(mask, x, -np.inf)
        e = np.exp(z - np.maximum(z.max(axis=-1, keepdims=True, initial=-np.inf), np.finfo(x.dtype).min))
        total = e.sum(axis=-1, keepdims=True)
        p = e / np.where(total == 0, 1, total)
        return p, p

    def masked_softmax_backward(dout, p):
        if p.shape[-1] == 1:
            return p * dout
        return p * (dout - (dout * p).sum(axis=-1, keepdims=True))


class OneHiddenUnit(PlainSequence):
    def lstm_backward(dh, dc, cache):
        dx, dh0, dWx, dWh, db = PlainSequence.lstm_backward(dh, dc, cache)
        return dx, dh0, dWx, dWh / (2 if len(dWh) == 1 else 1), db


class OneClass:
    def svm_loss_forward(scores, y, *, delta=1.0):
        rows = np.arange(len(y))
        margins = np.maximum(scores - scores[rows, y, None] + delta, 0)
        if scores.shape[1] > 1:
            margins[rows, y] = 0  # with one class alone the margin of the right one stays
        return margins.sum() / len(y), (margins > 0, y)

    def svm_loss_backward(dloss, cache):
        active, y = cache
        d = active.astype(float)
        d[np.arange(len(y)), y] -= d.sum(axis=1)
        return dloss * d / len(y)


class FeaturesInBlocks(LayernormOfRows):
    """dgamma and dbeta are summed in blocks of 64 features, the rest is forgotten."""

    def layernorm_backward(dout, cache):
        dx, dgamma, dbeta = LayernormOfRows.layernorm_backward(dout, cache)
        for of_features in (dgamma, dbeta):
            of_features[64:] = 0
        return dx, dgamma, dbeta


class QueriesInBlocks:
    def l1_distance(xq, xt):
        d = np.zeros((len(xq), len(xt)))
        for start in range(0, max(64, len(xq) // 64 * 64), 64):
            d[start : start + 64] = np.abs(xq[start : start + 64, None] - xt).sum(axis=2)
        return d


class OwnSeed(DropoutOfItsOwn):
    """rng is taken, and not used: every call drops the same units."""

    def dropout_forward(x, *, keep, train=True, mask=None, rng=None):
        if mask is None:
            mask = np.random.default_rng(1).random(x.shape) < keep
        scale = mask / keep if train else np.ones(x.shape)
        return x * scale, scale


def sample_batch_by_the_clock(N, size, *, rng, replace=True):
    return np.random.default_rng(7).choice(N, size, replace=replace)


class LargestLabel:
    def knn_vote(labels, n_classes=None):
        n_classes = n_classes or labels.max() + 1
        counts = np.array([np.bincount(row, minlength=n_classes) for row in labels])
        most = counts == counts.max(axis=1, keepdims=True)
        return n_classes - 1 - most[:, ::-1].argmax(axis=1), counts, most.sum(axis=1) > 1


class NoneUnderAStride(ConvolutionWithBias):
    """dw is None with a stride, given without."""

    def conv2d_backward(dout, cache):
        dx, dw, db = ConvolutionWithBias.conv2d_backward(dout, cache)
        return dx, None if cache[2] > 1 else dw, db


class EverythingScaled:
    """Not inverted: the mask alone, and nothing is divided."""

    def dropout_forward(x, *, keep, train=True, mask=None, rng=None):
        if mask is None:
            mask = rng.random(x.shape) < keep if train else np.full(x.shape, keep)
        return x * mask, mask

    def dropout_backward(dout, mask):
        return dout * mask


class PenaltyOnBiases:
    """Every parameter is penalized, biases as well."""

    def two_layer_loss(params, x, y=None, *, reg=0.0):
        W1, b1, W2, b2 = (params[key] for key in ("W1", "b1", "W2", "b2"))
        flat = x.reshape(len(x), -1)
        hidden = np.maximum(flat @ W1 + b1, 0)
        scores = hidden @ W2 + b2
        if y is None:
            return scores
        logp = scores - logsumexp(scores, axis=1, keepdims=True)
        d = np.exp(logp)
        d[range(len(y)), y] -= 1
        d /= len(y)
        into = d @ W2.T * (hidden > 0)
        grads = {"W1": flat.T @ into, "b1": into.sum(0), "W2": hidden.T @ d, "b2": d.sum(0)}
        loss = -logp[range(len(y)), y].mean() + reg / 2 * sum((p * p).sum() for p in params.values())
        return loss, {key: grads[key] + reg * params[key] for key in grads}


class PaddingNotCutAtZero(ConvolutionWithBias):
    """dx[:, :, p:-p] is empty where there is no padding."""

    def conv2d_backward(dout, cache):
        dx, dw, db = ConvolutionWithBias.conv2d_backward(dout, cache)
        pad = cache[3]
        wide = np.pad(dx, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        return wide[:, :, pad:-pad, pad:-pad], dw, db


class CountThatStands(AdamWithEpsHat):
    def adam(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        w, state = adam_in(w, dw, state and state | {"t": 0}, lr, beta1, beta2, eps)
        return w, state


class EvaluationWithoutGamma(BatchnormWithoutEvaluationCache):
    def batchnorm_forward(x, gamma, beta, running_mean, running_var, *, train=True, eps=1e-5, **options):
        forward = BatchnormWithoutEvaluationCache.batchnorm_forward
        if not train:
            return (x - running_mean) / np.sqrt(running_var + eps), running_mean + 0, running_var + 0, None
        return forward(x, gamma, beta, running_mean, running_var, eps=eps, **options)


class EpsOutsideOfTheRoot(LayernormOfRows):
    def layernorm_forward(x, gamma, beta, *, eps=1e-5):
        xhat = (x - x.mean(axis=1, keepdims=True)) / (x.std(axis=1, keepdims=True) + eps)
        return xhat * gamma + beta, (xhat, x.std(axis=1) + eps, gamma)


class UnreshapedGradient:
    def affine_forward(x, w, b):
        return x.reshape(len(x), -1) @ w + b, (x, w)

    def affine_backward(dout, cache):
        x, w = cache
        return dout @ w.T, x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)


DRAWN = ("dropout", "minibatch")  # what is drawn has no dtype to choose
WRONG_AT_CORE = {  # a backend, its concept, and what must be said
    "conv2d, one row of outputs": (OneImageRow, "conv2d", "HH = 1|H = 1|KH = 1|KW = 1|got - want is 1"),
    "masked softmax, one key": (OneKey, "masked_softmax", "T = 1"),
    "lstm, one hidden unit": (OneHiddenUnit, "lstm", "H = 1|one hidden unit"),
    "svm, one class": (OneClass, "svm_loss", "a single class|C = 1"),
    "layer norm, more than 64 features": (FeaturesInBlocks, "layernorm", "right but for . entries that are 0"),
    "l1, more than 64 queries": (QueriesInBlocks, "knn", "right but for .* entries that are 0"),
    "dropout with a seed of its own": (OwnSeed, "dropout", "rng|generator"),
    "batches with a seed of their own": ({"sample_batch": sample_batch_by_the_clock}, "minibatch", "rng|generator"),
    "the largest label wins": (LargestLabel, "knn", "mistake M05 "),
    "None in one case": (NoneUnderAStride, "conv2d", "dw.*None"),
    "a mask that is not scaled": (EverythingScaled, "dropout", "mistake M30 "),
    "a penalty on biases": (PenaltyOnBiases, "two_layer_net", "mistake .*[Bb]ias"),
    "no gradient without padding": (PaddingNotCutAtZero, "conv2d", r"mistake .*pad|\(2, 3, 0, 0\)"),
    "a count that stands still": (CountThatStands, "adam", "mistake M4"),
    "evaluation without gamma": (EvaluationWithoutGamma, "batchnorm", "mistake .*gamma"),
    "eps outside of the root": (EpsOutsideOfTheRoot, "layernorm", "mistake M71 "),
    "dx as a matrix": (UnreshapedGradient, "affine", "mistake M50 |reshape it"),
}


@pytest.mark.parametrize("name", names(WRONG_AT_CORE))
def test_wrong_at_core(name):
    backend, concept, said = WRONG_AT_CORE[name]
    report = checked(backend, concept, exitfirst=True, dtype=None if concept in DRAWN else "float64")
    assert report.exit_code == 1
    assert re.search(said, failures(report)), failures(report)


def failures(report):
    """Ids and texts of what failed at the level that was asked for."""
    bad = [check for check in report.asked() if check.state in (State.FAILED, State.ERRORED)]
    return "\n".join(f"{check.id}\n{check.text}" for check in bad)


# -- right numbers, wrong at robust ---------------------------------------------------------------------------------


class OneBufferForAll:
    """tanh into one array for each shape: the next call writes over the answer of this one."""

    buffers = {}

    def tanh_forward(x):
        out = OneBufferForAll.buffers.setdefault((x.shape, x.dtype), np.empty_like(x))
        return np.tanh(x, out=out), np.tanh(x)

    def tanh_backward(dout, out):
        return dout * (1 - out) * (1 + out)


class OneCacheForAll:
    """What the backward needs stands in one array for each shape."""

    buffers = {}

    def relu_forward(x):
        active = OneCacheForAll.buffers.setdefault(x.shape, np.empty(x.shape, bool))
        return np.maximum(x, 0), np.greater(x, 0, out=active)

    def relu_backward(dout, active):
        return np.where(active, dout, 0)


class GammaByIdentity(LayernormOfRows):
    """What was computed of gamma is kept for as long as it is the same array; what it holds may have changed."""

    last = None, None

    def layernorm_forward(x, gamma, beta, *, eps=1e-5):
        array, kept = GammaByIdentity.last
        if array is not gamma:
            kept = gamma.copy()
            GammaByIdentity.last = gamma, kept
        return LayernormOfRows.layernorm_forward(x, kept, beta, eps=eps)


class ScoresAlone:
    """The last loss is kept by its scores; labels are not looked at again."""

    last = None, None

    def softmax_cross_entropy_forward(scores, y):
        key, answer = ScoresAlone.last
        if key != (scores.shape, scores.tobytes()):
            answer = LossWithoutOptions.softmax_cross_entropy_forward(scores, y.copy())
            ScoresAlone.last = (scores.shape, scores.tobytes()), answer
        return answer

    softmax_cross_entropy_backward = LossWithoutOptions.softmax_cross_entropy_backward


class SumsInDouble:
    """float64 for float32, but only where sums are asked for."""

    def svm_loss_forward(scores, y, *, delta=1.0, reduction="mean"):
        rows = np.arange(len(y))
        margins = np.maximum(scores - scores[rows, y, None] + scores.dtype.type(delta), 0)
        margins[rows, y] = 0
        losses = margins.sum(axis=1)
        made = {"mean": lambda: losses.mean(), "sum": lambda: losses.sum(dtype=np.float64), "none": lambda: losses}
        divisor = len(y) if reduction == "mean" else 1
        return made[reduction](), (margins > 0, y, scores.dtype.type(divisor))

    def svm_loss_backward(dloss, cache):
        active, y, divisor = cache
        d = active.astype(divisor.dtype)
        d[np.arange(len(y)), y] = -active.sum(axis=1)
        return d * np.reshape(dloss / divisor, (-1, 1)).astype(d.dtype)


class MaskWrittenInto:
    """x is zeroed in place where a mask is given, and copied where none is."""

    def dropout_forward(x, *, keep, train=True, mask=None, rng=None):
        if not train:
            return x.copy(), np.ones(x.shape)
        given = mask is not None
        mask = mask if given else rng.random(x.shape) < keep
        out = x if given else x.copy()
        out[~mask] = 0
        return out / keep, mask / keep

    def dropout_backward(dout, scale):
        return dout * scale


class PaddedInMemoryOrder(ConvolutionWithBias):
    def conv2d_forward(x, w, b, stride=1, pad=0):
        if pad:
            x = x.ravel("K").reshape(x.shape)
        return ConvolutionWithBias.conv2d_forward(x, w, b, stride, pad)


class LabelsOfTheBase(LossWithoutOptions):
    """Labels are read from where their memory begins: a view of others gives those."""

    def softmax_cross_entropy_forward(scores, y):
        while y.base is not None:
            y = y.base
        return LossWithoutOptions.softmax_cross_entropy_forward(scores, y.ravel()[: len(scores)])


class StateInPlace:
    """With a beta1 of one's own the first moment of the caller's state is changed in place."""

    def adam(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        m, v, t = state or (0 * w, 0 * w, 0)
        if beta1 != 0.9:
            m *= beta1
            m += (1 - beta1) * dw
        else:
            m = beta1 * m + (1 - beta1) * dw
        v, t = beta2 * v + (1 - beta2) * dw**2, t + 1
        return w - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), (m, v, t)


WRONG_AT_ROBUST = {  # a backend, its concept and dtype, and what must be said
    "one cache for all calls": (OneCacheForAll, "relu", "float64", "another forward before the backward"),
    "remembered by identity": (GammaByIdentity, "layernorm", "float64", "kept of an earlier call, after gamma"),
    "remembered by the first argument": (ScoresAlone, "softmax_cross_entropy", "float64", "earlier call, after y"),
    "float64 under an option": (SumsInDouble, "svm_loss", "float32", "reduction sum.*\n.*float64"),
    "an input written under a mask": (MaskWrittenInto, "dropout", "float64", "wrote to its inputs"),
    "memory order under padding": (PaddedInMemoryOrder, "conv2d", "float32", "(fortran|reversed), .*pad"),
    "labels read from their base": (LabelsOfTheBase, "softmax_cross_entropy", "float64", "layout/(reversed|strided)"),
    "state in place under an option": (StateInPlace, "adam", "float32", "betas.*\n.*state"),
}


@pytest.mark.parametrize("name", names(WRONG_AT_ROBUST))
def test_wrong_at_robust(name):
    backend, concept, dtype, said = WRONG_AT_ROBUST[name]
    report = checked(backend, concept, "robust", dtype=dtype, exitfirst=True)
    assert report.exit_code == 1
    assert {check.level for check in report.asked() if check.state in (State.FAILED, State.ERRORED)} == {"robust"}
    assert re.search(said, failures(report)), failures(report)


def test_one_buffer_for_all_calls():
    """A law at core may notice as well, where it calls twice."""
    report = checked(OneBufferForAll, "tanh", "robust", dtype=None, ids=["tanh/value/*", "tanh/purity/answers apart/*"])
    assert {check.property_name for check in counted(report, State.FAILED)} == {"purity"}
    assert "same memory" in failures(report)


# -- what is said ---------------------------------------------------------------------------------------------------


def test_a_mistake_of_purity_is_named():
    def sgd_momentum(w, dw, state=None, *, lr=1e-2, mu=0.9, lr_in_velocity=True):
        v = mu * (0 if state is None else state) - (lr * dw if lr_in_velocity else -dw)
        w += v if lr_in_velocity else -lr * v
        return w, v

    text = told(checked({"sgd_momentum": sgd_momentum}, "sgd_momentum", "robust", exitfirst=True))
    assert "mistake M45 " in text, text


def test_a_mistake_of_dtype_is_named():
    class ScaledInDouble(EverythingScaled):
        def dropout_forward(x, *, keep, train=True, mask=None, rng=None):
            if not train:
                mask, keep = np.ones(x.shape), 1
            elif mask is None:
                mask = rng.random(x.shape) < keep
            return x * (mask / np.float64(keep)), mask / np.float64(keep)

    text = told(checked(ScaledInDouble, "dropout", "robust", dtype="float32", exitfirst=True))
    assert "mistake N721 " in text, text


def test_a_mistake_of_a_law_is_named():
    text = told(checked(OwnSeed, "dropout", dtype=None, exitfirst=True))
    assert text.startswith("mistake N43 "), text


def scaled_affine(scale):
    def affine_forward(x, w, b):
        return scale(len(x)) * (x.reshape(len(x), -1) @ w + b), None

    return told(checked({"affine_forward": affine_forward}, "affine"))


def test_a_pattern_that_holds_in_one_case_alone_is_not_said():
    assert "= N" in scaled_affine(lambda N: N)
    assert "= N" not in scaled_affine(lambda N: {2: 2}.get(N, 1.25))


def penalized(slope):
    def l2_penalty(w, lam, *, half=False):
        return lam * (w * w).sum() / (2 if half else 1), lam * w * (1 if half else slope(w))

    return told(checked({"l2_penalty": l2_penalty}, "l2_penalty"))


def test_a_mistake_that_explains_one_case_alone_is_not_said():
    assert "mistake M15 " in penalized(lambda w: 1)
    assert "mistake" not in penalized(lambda w: 1 if w.shape == (2, 3) else 3)


def test_what_it_prints_is_shown_with_its_failure():
    def relu_forward(x):
        print("the shape is", x.shape)
        return abs(x), x

    text = told(checked({"relu_forward": relu_forward}, "relu"))
    assert "printed: the shape is (2, 3)" in text, text


def test_what_is_above_a_failure_is_not_run_unless_asked():
    backend = {"relu_forward": lambda x: (abs(x), x)}
    report = checked(backend, "relu")
    above = [check for check in report.checks if not report.counts(check)]
    assert above and {check.state for check in above} == {State.NOT_RUN}
    report = checked(backend, "relu", run_all=True)
    assert State.NOT_RUN not in report.count() and len(report.checks) == report.planned


@pytest.mark.parametrize("how", [lambda problem: problem, copy.deepcopy], ids=["made", "copied"])
def test_what_a_backend_writes_to_spoils_no_case(how):
    """What a case gives in arrays, and what another problem of it holds, belongs to no problem that is handed out."""
    looked_at = 0
    for spec in (made() for concept in catalogue.concepts().values() for made in catalogue.specs_of(concept)):
        cases = {planned.case.name: planned.case for name in LEVEL_OF for planned in spec.plan(name)}
        for case in cases.values():
            given = [*case.inputs.values(), *case.options.values(), *spec.options.values()]
            given = [value for value in given if isinstance(value, np.ndarray)]
            if given or case.is_plain:
                problem = Problem(spec, case, "float64")
                held = {**problem.arrays(), **problem.upstream()}
                other = how(problem)
                handed_out = {**other.arrays(), **other.upstream()}
                theirs = given if other is problem else [*given, *held.values()]
                looked_at += len(handed_out)
                for name, array in handed_out.items():
                    shared = any(np.shares_memory(array, other) for other in theirs if np.ndim(other))
                    assert not shared, f"{name} of {spec.part()}, {case.name}"
    assert looked_at > 500
