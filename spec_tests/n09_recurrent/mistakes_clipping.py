"""Classic mistakes of gradient clipping."""

import numpy as np

from nnspec.reference import clip_by_global_norm, clip_by_value
from nnspec.spec_tests._known import mistake


class MistakesOfClipByGlobalNorm:
    @mistake("M92", replaces="clip_by_global_norm")
    def each_by_its_own_norm(grads, max_norm, *, eps=1e-6):
        """One norm over all gradients scales all of them: each by its own turns the step."""
        _, norm = clip_by_global_norm(grads, max_norm, eps=eps)
        return {key: clip_by_global_norm({key: g}, max_norm, eps=eps)[0][key] for key, g in grads.items()}, norm

    @mistake("M92", replaces="clip_by_global_norm")
    def small_gradients_scaled_up(grads, max_norm, *, eps=1e-6):
        """Leave what is short enough: scale by min(1, max_norm / norm)."""
        _, norm = clip_by_global_norm(grads, max_norm, eps=eps)
        return {key: max_norm / (norm + eps) * g for key, g in grads.items()}, norm

    @mistake("M92", replaces="clip_by_global_norm")
    def never_clipped(grads, max_norm, *, eps=1e-6):
        """The clipped gradients are what is to be returned, and used for the step."""
        _, norm = clip_by_global_norm(grads, max_norm, eps=eps)
        return {key: g.copy() for key, g in grads.items()}, norm

    @mistake("N871", replaces="clip_by_global_norm")
    def norms_added(grads, max_norm, *, eps=1e-6):
        """Add the squares of all gradients before the root: the sum of their norms is longer."""
        norm = sum(np.sqrt((g * g).sum()) for g in grads.values())
        return _scaled(grads, norm, max_norm, eps)

    @mistake("N871", replaces="clip_by_global_norm")
    def root_forgotten(grads, max_norm, *, eps=1e-6):
        """The norm is the root of the sum of squares."""
        return _scaled(grads, sum((g * g).sum() for g in grads.values()), max_norm, eps)

    @mistake("N871", replaces="clip_by_global_norm")
    def mean_of_the_squares(grads, max_norm, *, eps=1e-6):
        """Add the squares up: with their mean the norm does not grow with the model."""
        _, norm = clip_by_global_norm(grads, max_norm, eps=eps)
        return _scaled(grads, norm / np.sqrt(max(1, sum(g.size for g in grads.values()))), max_norm, eps)

    @mistake("N871", replaces="clip_by_global_norm")
    def largest_entry_for_the_norm(grads, max_norm, *, eps=1e-6):
        """The norm is the Euclidean length, not the largest entry."""
        return _scaled(grads, max(abs(g).max(initial=0) for g in grads.values()), max_norm, eps)

    @mistake("N872", replaces="clip_by_global_norm")
    def norm_of_after(grads, max_norm, *, eps=1e-6):
        """Return the norm of before: it tells whether gradients explode."""
        clipped, _ = clip_by_global_norm(grads, max_norm, eps=eps)
        return clipped, clip_by_global_norm(clipped, max_norm, eps=eps)[1]

    @mistake("N873", replaces="clip_by_global_norm")
    def clipped_entry_by_entry(grads, max_norm, *, eps=1e-6):
        """Scale all entries by one number: clipped one by one, they turn the step."""
        _, norm = clip_by_global_norm(grads, max_norm, eps=eps)
        return clip_by_value(grads, max_norm), norm

    @mistake("N873", replaces="clip_by_global_norm")
    def to_unit_length(grads, max_norm, *, eps=1e-6):
        """Where the norm is too large it becomes max_norm, not 1."""
        _, norm = clip_by_global_norm(grads, max_norm, eps=eps)
        return {key: g / (norm + eps) if norm > max_norm else g.copy() for key, g in grads.items()}, norm

    @mistake("N702", replaces="clip_by_global_norm")
    def eps_fixed(grads, max_norm, *, eps=1e-6):
        """Use the eps that is given; 1e-6 is only its default."""
        return clip_by_global_norm(grads, max_norm)

    @mistake("M45", replaces="clip_by_global_norm")
    def clipped_in_place(grads, max_norm, *, eps=1e-6):
        """Return new arrays: g *= scale changes the caller's gradients."""
        clipped, norm = clip_by_global_norm(grads, max_norm, eps=eps)
        for key, g in grads.items():
            g[...] = clipped[key]
        return grads, norm


class MistakesOfClipByValue:
    @mistake("N874", replaces="clip_by_value")
    def only_from_above(grads, limit):
        """Clip at -limit as well: large negative gradients explode too."""
        return {key: np.minimum(g, limit) for key, g in grads.items()}

    @mistake("N874", replaces="clip_by_value")
    def cut_to_zero_below(grads, limit):
        """Clip to -limit … limit: a negative gradient is no error."""
        return {key: np.clip(g, 0, limit) for key, g in grads.items()}

    @mistake("N874", replaces="clip_by_value")
    def beyond_the_limit_is_zero(grads, limit):
        """What is too large becomes the limit, not 0."""
        return {key: np.where(abs(g) <= limit, g, 0) for key, g in grads.items()}

    @mistake("M92", replaces="clip_by_value")
    def scaled_by_the_norm(grads, limit):
        """Clip every entry by itself; scaling by the norm is clip_by_global_norm."""
        return clip_by_global_norm(grads, limit)[0]

    @mistake("N874", replaces="clip_by_value")
    def scaled_by_the_largest(grads, limit):
        """Clip every entry by itself: those below the limit stay as they are."""
        return {key: g * min(1, limit / max(abs(g).max(initial=0), 1e-30)) for key, g in grads.items()}

    @mistake("M45", replaces="clip_by_value")
    def clipped_in_place(grads, limit):
        """Return new arrays: clipping with out=g changes the caller's gradients."""
        return {key: np.clip(g, -limit, limit, out=g) for key, g in grads.items()}


def _scaled(grads, norm, max_norm, eps):
    scale = np.minimum(1, max_norm / (norm + eps))
    return {key: g * g.dtype.type(scale) for key, g in grads.items()}, norm
