"""Classic mistakes of weight decay in gradient descent."""

import numpy as np

from nnspec.reference import adam, sgd, sgd_momentum, sgd_weight_decay
from nnspec.spec_tests._known import mistake


class MistakesOfSgdWeightDecay:
    @mistake("M46", replaces="sgd_weight_decay")
    def decay_without_lr(w, dw, state=None, *, lr=1e-2, weight_decay=1e-2, mu=0.0):
        """The decay is part of the gradient and multiplied by lr: w - lr (dw + weight_decay w)."""
        moved, state = sgd_weight_decay(w, dw, state, lr=lr, weight_decay=0.0, mu=mu)
        return moved - weight_decay * w, state

    @mistake("M46", replaces="sgd_weight_decay")
    def no_decay(w, dw, state=None, *, lr=1e-2, weight_decay=1e-2, mu=0.0):
        """Add weight_decay w to the gradient: without it this is plain descent."""
        return sgd_weight_decay(w, dw, state, lr=lr, weight_decay=0.0, mu=mu)

    @mistake("M46", replaces="sgd_weight_decay")
    def divided_as_adam_does(w, dw, state=None, *, lr=1e-2, weight_decay=1e-2, mu=0.0):
        """Plain descent divides by no moment: under Adam a decay in the gradient is another thing."""
        return adam(w, dw + weight_decay * w, state if isinstance(state, tuple) else None, lr=lr)

    @mistake("M47", replaces="sgd_weight_decay")
    def decay_beside_the_velocity(w, dw, state=None, *, lr=1e-2, weight_decay=1e-2, mu=0.0):
        """The decay goes through the velocity as the gradient does; beside it, it is SGDW and no L2 penalty."""
        if mu == 0:
            return sgd_weight_decay(w, dw, lr=lr, weight_decay=weight_decay)
        moved, v = sgd_momentum(w, dw, state, lr=lr, mu=mu)
        return moved - lr * weight_decay * w, v

    @mistake("M47", replaces="sgd_weight_decay")
    def decay_after_the_step(w, dw, state=None, *, lr=1e-2, weight_decay=1e-2, mu=0.0):
        """The decay is that of w before the step: where the gradient moved it to is not decayed."""
        moved, state = sgd_weight_decay(w, dw, state, lr=lr, weight_decay=0.0, mu=mu)
        return (1 - lr * weight_decay) * moved, state

    @mistake("N862", replaces="sgd_weight_decay")
    def decay_doubled(w, dw, state=None, *, lr=1e-2, weight_decay=1e-2, mu=0.0):
        """The decay is weight_decay w: the 2 belongs to the gradient of sum w^2 without the half."""
        return sgd_weight_decay(w, dw, state, lr=lr, weight_decay=2 * weight_decay, mu=mu)

    @mistake("N861", replaces="sgd_weight_decay")
    def weights_grow(w, dw, state=None, *, lr=1e-2, weight_decay=1e-2, mu=0.0):
        """Decay makes weights smaller: add weight_decay w to the gradient that is subtracted."""
        return sgd_weight_decay(w, dw, state, lr=lr, weight_decay=-weight_decay, mu=mu)

    @mistake("N861", replaces="sgd_weight_decay")
    def decay_towards_the_signs(w, dw, state=None, *, lr=1e-2, weight_decay=1e-2, mu=0.0):
        """The decay is proportional to w; a constant one, by its sign, belongs to the L1 penalty."""
        return sgd_weight_decay(w, dw + weight_decay * np.sign(w), state, lr=lr, weight_decay=0.0, mu=mu)

    @mistake("N702", replaces="sgd_weight_decay")
    def decay_fixed(w, dw, state=None, *, lr=1e-2, weight_decay=1e-2, mu=0.0):
        """Use the weight_decay that is given; 1e-2 is only its default."""
        return sgd_weight_decay(w, dw, state, lr=lr, mu=mu)

    @mistake("N703", replaces="sgd_weight_decay")
    def lr_fixed(w, dw, state=None, *, lr=1e-2, weight_decay=1e-2, mu=0.0):
        """Use the lr that is given; 1e-2 is only its default."""
        return sgd_weight_decay(w, dw, state, weight_decay=weight_decay, mu=mu)

    @mistake("N1556", replaces="sgd_weight_decay")
    def momentum_ignored(w, dw, state=None, *, lr=1e-2, weight_decay=1e-2, mu=0.0):
        """With mu the step goes on with what is left of the one before."""
        return sgd(w, dw + weight_decay * w, lr=lr)

    @mistake("N863", replaces="sgd_weight_decay")
    def decay_in_the_first_step_only(w, dw, state=None, *, lr=1e-2, weight_decay=1e-2, mu=0.0):
        """Decay in every step, not only in the first."""
        moved, v = sgd_weight_decay(w, dw, state, lr=lr, weight_decay=weight_decay if state is None else 0.0, mu=mu)
        return moved, 0 * w if v is None else v

    @mistake("M45", replaces="sgd_weight_decay")
    def decay_added_in_place(w, dw, state=None, *, lr=1e-2, weight_decay=1e-2, mu=0.0):
        """Add to a copy: dw += weight_decay w changes a gradient that others still need."""
        dw += dw.dtype.type(weight_decay) * w
        return sgd_weight_decay(w, dw, state, lr=lr, weight_decay=0.0, mu=mu)

    @mistake("M45", replaces="sgd_weight_decay")
    def w_updated_in_place(w, dw, state=None, *, lr=1e-2, weight_decay=1e-2, mu=0.0):
        """Return a new w: the caller's must not move."""
        w[...], state = sgd_weight_decay(w, dw, state, lr=lr, weight_decay=weight_decay, mu=mu)
        return w, state
