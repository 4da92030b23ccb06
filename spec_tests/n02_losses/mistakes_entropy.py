"""Classic mistakes of the entropy."""

import math

import numpy as np

from nnspec.reference import entropy_backward, entropy_forward
from nnspec.spec_tests._known import mistake


class MistakesOfEntropy:
    @mistake("M27", replaces="entropy_forward")
    def zero_times_log_zero(p, *, axis=-1, base=math.e):
        """0 log 0 is 0, by its limit: 0 times -inf is NaN."""
        with np.errstate(divide="ignore", invalid="ignore"):
            out = -(p * np.log(p)).sum(axis=axis) / math.log(base)
        return out, entropy_forward(p, axis=axis, base=base)[1]

    @mistake("M21", replaces="entropy_forward")
    def log_of_p_plus_epsilon(p, *, axis=-1, base=math.e):
        """Leave p alone, and take 0 log 0 for 0: log(p + 1e-8) is off everywhere."""
        out = -(p * np.log(p + p.dtype.type(1e-8))).sum(axis=axis) / math.log(base)
        return out, entropy_forward(p, axis=axis, base=base)[1]

    @mistake("N1120", replaces="entropy_forward")
    def sign_forgotten(p, *, axis=-1, base=math.e):
        """Logarithms of probabilities are negative: entropy is minus their mean."""
        out, cache = entropy_forward(p, axis=axis, base=base)
        return -out, cache

    @mistake("N1121", replaces="entropy_forward")
    def always_nats(p, *, axis=-1, base=math.e):
        """Divide by the logarithm of the base: bits are log2."""
        return entropy_forward(p, axis=axis)[0], entropy_forward(p, axis=axis, base=base)[1]

    @mistake("N1121", replaces="entropy_forward")
    def always_bits(p, *, axis=-1, base=math.e):
        """Nats unless a base is given: np.log, not np.log2."""
        return entropy_forward(p, axis=axis, base=2.0)

    @mistake("N1121", replaces="entropy_backward")
    def base_not_in_the_gradient(dout, cache):
        """The base divides the gradient as well."""
        p, axis, _ = cache
        return entropy_backward(dout, cache.of((p, axis, math.e), cache.op, [dout]))

    @mistake("N1122", replaces="entropy_forward")
    def not_weighted_by_p(p, *, axis=-1, base=math.e):
        """Weigh each surprisal by its p."""
        _, cache = entropy_forward(p, axis=axis, base=base)
        with np.errstate(divide="ignore"):
            return -np.log(p).sum(axis=axis) / math.log(base), cache

    @mistake("N1122", replaces="entropy_forward")
    def mean_over_the_outcomes(p, *, axis=-1, base=math.e):
        """Add up: p has the weights in it, and they sum to 1 already."""
        out, cache = entropy_forward(p, axis=axis, base=base)
        return out / p.shape[axis], cache

    @mistake("M17", replaces="entropy_forward")
    def all_distributions_together(p, *, axis=-1, base=math.e):
        """Each distribution has an entropy: sum along its axis only."""
        out, cache = entropy_forward(p, axis=axis, base=base)
        return out.sum() + 0 * out, cache

    @mistake("M17", replaces="entropy_forward")
    def always_the_last_axis(p, *, axis=-1, base=math.e):
        """Sum along the axis that is given."""
        logs = np.log(np.where(p > 0, p, 1))
        return -(p * logs).sum(axis=-1) / math.log(base), entropy_forward(p, axis=axis, base=base)[1]

    @mistake("N1123", replaces="entropy_backward")
    def product_rule_forgotten(dout, cache):
        """p stands twice in p log p: its slope is log p + 1."""
        p, axis, base = cache
        with np.errstate(divide="ignore"):
            return -np.log(p) / math.log(base) * np.expand_dims(dout, axis)

    @mistake("N712", replaces="entropy_backward")
    def upstream_gradient_dropped(dout, cache):
        """Multiply by the upstream gradient."""
        return entropy_backward(np.ones_like(dout), cache)
