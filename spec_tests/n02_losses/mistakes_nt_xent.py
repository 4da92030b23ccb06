"""Classic mistakes of NT-Xent."""

import numpy as np

from nnspec.reference import nt_xent_backward, nt_xent_forward
from nnspec.spec_tests._known import mistake


class MistakesOfNtXent:
    @mistake("M18", replaces="nt_xent_forward")
    def no_maximum_subtracted(zl, zr, *, tau, reduction="mean"):
        """Subtract each row's maximum before exp: at a temperature of 1/1000 similarities are 1000."""
        _, cache = nt_xent_forward(zl, zr, tau=tau, reduction=reduction)
        with np.errstate(all="ignore"):
            e = np.exp(similarities(zl, zr) / zl.dtype.type(tau))
            return reduced(-np.log(e[pairs(zl)] / (e.sum(axis=1) - e.diagonal())), reduction), cache

    @mistake("N1715", replaces="nt_xent_forward")
    def compared_with_itself(zl, zr, *, tau, reduction="mean"):
        """Leave out k = i: what is compared with itself is always most alike."""
        _, cache = nt_xent_forward(zl, zr, tau=tau, reduction=reduction)
        e = np.exp((similarities(zl, zr) - 1) / zl.dtype.type(tau))
        return reduced(np.log(e.sum(axis=1) / e[pairs(zl)]), reduction), cache

    @mistake("N1715", replaces="nt_xent_forward")
    def partner_left_out(zl, zr, *, tau, reduction="mean"):
        """The other view is one of those that the sum is over: leave out k = i alone."""
        _, cache = nt_xent_forward(zl, zr, tau=tau, reduction=reduction)
        e = np.exp((similarities(zl, zr) - 1) / zl.dtype.type(tau))
        others = e.sum(axis=1) - e.diagonal() - e[pairs(zl)]
        return reduced(np.log(np.maximum(others, 1e-30) / e[pairs(zl)]), reduction), cache

    @mistake("N1716", replaces="nt_xent_forward")
    def only_the_other_side(zl, zr, *, tau, reduction="mean"):
        """Each view is compared with all 2N - 1 others, those of its own side as well."""
        _, cache = nt_xent_forward(zl, zr, tau=tau, reduction=reduction)
        s, N = similarities(zl, zr) / zl.dtype.type(tau), len(zl)
        across = np.concatenate([s[:N, N:], s[N:, :N]])
        e = np.exp(across - across.max(axis=1, keepdims=True))
        own = e[np.arange(2 * N), np.arange(2 * N) % N]
        return reduced(np.log(e.sum(axis=1) / own), reduction), cache

    @mistake("N1716", replaces="nt_xent_forward")
    def left_views_alone(zl, zr, *, tau, reduction="mean"):
        """Both views of a sample have a loss: 2N terms."""
        _, cache = nt_xent_forward(zl, zr, tau=tau, reduction=reduction)
        losses, _ = nt_xent_forward(zl, zr, tau=tau, reduction="none")
        return reduced(np.repeat(losses[: len(zl)], 2), reduction), cache

    @mistake("N1717", replaces="nt_xent_forward")
    def not_normalized(zl, zr, *, tau, reduction="mean"):
        """Divide by the lengths: the similarity is that of the directions, not the dot product."""
        _, cache = nt_xent_forward(zl, zr, tau=tau, reduction=reduction)
        z = np.concatenate([zl, zr])
        return reduced(losses_of(z @ z.T / zl.dtype.type(tau), zl), reduction), cache

    @mistake("N1717", replaces="nt_xent_forward")
    def normalized_along_the_samples(zl, zr, *, tau, reduction="mean"):
        """The length is that of a row: along axis 1."""
        _, cache = nt_xent_forward(zl, zr, tau=tau, reduction=reduction)
        z = np.concatenate([zl, zr])
        u = z / np.maximum(np.sqrt((z * z).sum(axis=0)), 1e-30).astype(z.dtype)
        return reduced(losses_of(u @ u.T / zl.dtype.type(tau), zl), reduction), cache

    @mistake("N1717", replaces="nt_xent_backward")
    def lengths_held_constant(dloss, cache):
        """The length of z depends on z as well: what points along z has no gradient."""
        ops, u, length, tau, product, loss = cache
        dsimilar = ops.softmax_cross_entropy_backward(dloss, loss) / u.dtype.type(tau)
        left, right = ops.matmul_backward(dsimilar, product)
        dz = (left + right.T) / length
        return dz[: len(dz) // 2], dz[len(dz) // 2 :]

    @mistake("N1718", replaces="nt_xent_forward")
    def temperature_multiplied(zl, zr, *, tau, reduction="mean"):
        """Divide by tau: a low temperature makes differences larger."""
        return nt_xent_forward(zl, zr, tau=1 / tau, reduction=reduction)

    @mistake("N1718", replaces="nt_xent_forward")
    def temperature_ignored(zl, zr, *, tau, reduction="mean"):
        """Divide the similarities by tau."""
        return nt_xent_forward(zl, zr, tau=1.0, reduction=reduction)

    @mistake("N1718", replaces="nt_xent_backward")
    def temperature_not_in_the_gradient(dloss, cache):
        """The slope of s / tau is 1 / tau."""
        _, _, _, tau, *_ = cache
        return tuple(dz * dz.dtype.type(tau) for dz in nt_xent_backward(dloss, cache))

    @mistake("N1719", replaces="nt_xent_forward")
    def mean_over_the_samples(zl, zr, *, tau, reduction="mean"):
        """There are 2N terms: divide by 2N, not by N."""
        loss, cache = nt_xent_forward(zl, zr, tau=tau, reduction=reduction)
        return loss * (2 if reduction == "mean" else 1), cache

    @mistake("N1719", replaces="nt_xent_forward")
    def partner_is_the_next_row(zl, zr, *, tau, reduction="mean"):
        """Left and right stand one below the other: the other view of row i is row i + N, and not its neighbour."""
        _, cache = nt_xent_forward(zl, zr, tau=tau, reduction=reduction)
        s = similarities(zl, zr) / zl.dtype.type(tau)
        neighbours = np.arange(len(s)), np.arange(len(s)) ^ 1
        return reduced(losses_of(s, zl, neighbours), reduction), cache

    @mistake("N1720", replaces="nt_xent_backward")
    def one_side_of_the_product(dloss, cache):
        """Each direction stands on both sides of u u^T, and has the gradients of both."""
        ops, u, length, tau, product, loss = cache
        dsimilar = ops.softmax_cross_entropy_backward(dloss, loss) / u.dtype.type(tau)
        du, _ = ops.matmul_backward(dsimilar, product)
        dz = (du - (du * u).sum(axis=1, keepdims=True) * u) / length
        return dz[: len(dz) // 2], dz[len(dz) // 2 :]

    @mistake("N712", replaces="nt_xent_backward")
    def upstream_gradient_dropped(dloss, cache):
        """Multiply by the upstream gradient: the loss may be scaled, or have one for each view."""
        return nt_xent_backward(np.ones_like(dloss), cache)

    @mistake("N715", replaces="nt_xent_forward")
    def always_the_mean(zl, zr, *, tau, reduction="mean"):
        """Look at reduction: 'sum' divides by nothing, 'none' is one loss a view."""
        return nt_xent_forward(zl, zr, tau=tau)

    @mistake("N1721", replaces="nt_xent_forward", convention=True)
    def nought_by_nought(zl, zr, *, tau, reduction="mean"):
        """A vector of zeros has no direction, and is divided by 0: let its similarities be 0."""
        loss, cache = nt_xent_forward(zl, zr, tau=tau, reduction=reduction)
        lengths = abs(np.concatenate([zl, zr])).sum(axis=1)
        return loss * np.where(lengths.min(initial=1) > 0, loss.dtype.type(1), loss.dtype.type(np.nan)), cache


def similarities(zl, zr):
    """(2N, 2N)"""
    z = np.concatenate([zl, zr])
    norm = np.sqrt((z * z).sum(axis=1, keepdims=True))
    u = z / np.where(norm > 0, norm, 1)
    return u @ u.T


def pairs(zl):
    i = np.arange(2 * len(zl))
    return i, np.roll(i, len(zl))


def losses_of(scores, zl, wanted=None):
    """(2N,)"""
    np.fill_diagonal(scores, -np.inf)
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.log(np.exp(shifted).sum(axis=1)) - shifted[pairs(zl) if wanted is None else wanted]


def reduced(losses, reduction):
    return {"none": losses, "sum": losses.sum(), "mean": losses.mean()}[reduction]
