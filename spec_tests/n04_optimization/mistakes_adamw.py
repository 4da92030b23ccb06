"""Classic mistakes of AdamW."""

import itertools

import numpy as np

from nnspec.reference import adam, adamw
from nnspec.spec_tests._known import mistake

ALL_STEPS = itertools.count()


class MistakesOfAdamw:
    @mistake("M46", replaces="adamw")
    def decay_added_to_the_gradient(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
        """Decay w itself: added to the gradient, it is divided by the root of the second moment, as in Adam with L2."""
        return adam(w, dw + weight_decay * w, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)

    @mistake("M46", replaces="adamw")
    def no_decay(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
        """Decay w by lr weight_decay w in every step: without it this is Adam."""
        return adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)

    @mistake("M47", replaces="adamw")
    def decay_in_the_first_moment(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
        """The moments are of the gradient alone: decay w beside them."""
        m, v, t = state or (0 * w, 0 * w, 0)
        m, v, t = (
            beta1 * m + (1 - beta1) * (dw + weight_decay * w),
            beta2 * v + (1 - beta2) * dw * dw,
            t + 1,
        )
        return w - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), (m, v, t)

    @mistake("N861", replaces="adamw")
    def weights_grow(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
        """Decay makes weights smaller: 1 - lr weight_decay, not 1 + lr weight_decay."""
        return adamw(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=-weight_decay)

    @mistake("N861", replaces="adamw")
    def decay_towards_the_signs(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
        """The decay is proportional to w; a constant one, by its sign, belongs to the L1 penalty."""
        shrunk = w - lr * weight_decay * np.sign(w)
        return adam(shrunk, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)

    @mistake("N862", replaces="adamw")
    def decay_of_the_l2_gradient_doubled(
        w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2
    ):
        """The decay is weight_decay w: the 2 belongs to the gradient of sum w^2 without the half."""
        return adamw(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=2 * weight_decay)

    @mistake("N702", replaces="adamw")
    def decay_fixed(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
        """Use the weight_decay that is given; 1e-2 is only its default."""
        return adamw(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)

    @mistake("N702", replaces="adamw")
    def eps_fixed(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
        """Use the lr, the betas and the eps that are given."""
        return adamw(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, weight_decay=weight_decay)

    @mistake("N863", replaces="adamw")
    def decay_in_the_first_step_only(
        w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2
    ):
        """Decay in every step, not only in the first."""
        weight_decay = weight_decay if state is None else 0.0
        return adamw(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay)

    @mistake("M40", replaces="adamw")
    def no_bias_correction(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
        """Divide the moments by 1 - beta^t: without it the first steps are too short."""
        _, (m, v, t) = adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return (1 - lr * weight_decay) * w - lr * m / (np.sqrt(v) + eps), (m, v, t)

    @mistake("M41", replaces="adamw")
    def corrected_moments_stored(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
        """Keep the uncorrected moments as state; the corrected ones are for this step only."""
        w, (m, v, t) = adamw(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay)
        return w, (m / (1 - beta1**t), v / (1 - beta2**t), t)

    @mistake("M42", replaces="adamw")
    def one_count_for_all_tensors(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
        """Count the steps of each tensor by itself; here one count serves all of them."""
        m, v, _ = state or (0 * w, 0 * w, 0)
        counted = (m, v, next(ALL_STEPS))
        return adamw(w, dw, counted, lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=weight_decay)

    @mistake("M43", replaces="adamw")
    def eps_inside_the_root(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
        """Add eps to the root, not below it: sqrt(vhat) + eps."""
        _, (m, v, t) = adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        step = lr * (m / (1 - beta1**t)) / np.sqrt(v / (1 - beta2**t) + eps)
        return (1 - lr * weight_decay) * w - step, (m, v, t)

    @mistake("M45", replaces="adamw")
    def w_decayed_in_place(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
        """Decay a copy: w *= 1 - lr weight_decay moves the caller's w."""
        w *= w.dtype.type(1 - lr * weight_decay)
        return adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
