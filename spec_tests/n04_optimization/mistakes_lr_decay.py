"""Classic mistakes of step, exponential and 1/t decay."""

import math

from nnspec.reference import exp_decay, inv_t_decay, step_decay
from nnspec.spec_tests._known import mistake


class MistakesOfStepDecay:
    @mistake("M48", replaces="step_decay")
    def counted_from_one(t, lr, *, every=None, milestones=None, drop=0.5):
        """The first step has t = 0: with t + 1 every drop comes one too early."""
        return step_decay(t + 1, lr, every=every, milestones=milestones, drop=drop)

    @mistake("M48", replaces="step_decay")
    def dropped_one_step_late(t, lr, *, every=None, milestones=None, drop=0.5):
        """The rate has dropped at t = every: t > every is one step late."""
        return step_decay(max(0, t - 1), lr, every=every, milestones=milestones, drop=drop)

    @mistake("N1210", replaces="step_decay")
    def dropped_a_little_in_each_step(t, lr, *, every=None, milestones=None, drop=0.5):
        """Between two drops the rate stays: floor(t / every), not t / every."""
        return step_decay(t, lr, milestones=milestones, drop=drop) if every is None else lr * drop ** (t / every)

    @mistake("N1210", replaces="step_decay")
    def dropped_once(t, lr, *, every=None, milestones=None, drop=0.5):
        """Every drop multiplies what is left: drop^n, and not drop once and for all."""
        return max(step_decay(t, lr, every=every, milestones=milestones, drop=drop), lr * drop)

    @mistake("N1210", replaces="step_decay")
    def drops_added_up(t, lr, *, every=None, milestones=None, drop=0.5):
        """The rate is multiplied by drop each time, not by 1 - n (1 - drop)."""
        drops = t // every if milestones is None else sum(t >= milestone for milestone in milestones)
        return lr * (1 - drops * (1 - drop))

    @mistake("N1210", replaces="step_decay")
    def drop_is_what_is_lost(t, lr, *, every=None, milestones=None, drop=0.5):
        """drop is what is left of the rate: 0.1 leaves a tenth, and takes nine."""
        return step_decay(t, lr, every=every, milestones=milestones, drop=1 - drop)

    @mistake("N1210", replaces="step_decay")
    def drop_ignored(t, lr, *, every=None, milestones=None, drop=0.5):
        """Multiply by the drop that is given; 1/2 is only its default."""
        return step_decay(t, lr, every=every, milestones=milestones)

    @mistake("N1211", replaces="step_decay")
    def only_at_the_milestone_itself(t, lr, *, every=None, milestones=None, drop=0.5):
        """After a drop the rate stays low: count the milestones up to t, do not look for t among them."""
        if milestones is None:
            return step_decay(t, lr, every=every, drop=drop)
        return lr * drop ** (t in milestones)

    @mistake("N1211", replaces="step_decay")
    def first_milestone_alone(t, lr, *, every=None, milestones=None, drop=0.5):
        """Every milestone drops the rate, not only the first one that was passed."""
        if milestones is None:
            return step_decay(t, lr, every=every, drop=drop)
        return lr * drop ** any(t >= milestone for milestone in milestones)


class MistakesOfExpDecay:
    @mistake("M48", replaces="exp_decay")
    def counted_from_one(t, lr, k):
        """The first step has t = 0 and the full rate."""
        return exp_decay(t + 1, lr, k)

    @mistake("N1212", replaces="exp_decay")
    def base_in_place_of_rate(t, lr, k):
        """k is the rate of decay in e^(-k t), not the factor of one step."""
        return lr * k**t

    @mistake("N1212", replaces="exp_decay")
    def factor_one_minus_k(t, lr, k):
        """(1 - k)^t is e^(-k t) only as long as k is small."""
        return lr * (1 - k) ** t

    @mistake("N1212", replaces="exp_decay")
    def growing(t, lr, k):
        """The exponent is -k t: with k t the rate grows."""
        return lr * math.exp(k * t)

    @mistake("N1212", replaces="exp_decay")
    def power_of_two(t, lr, k):
        """The base is e: with 2 the rate falls more slowly."""
        return lr * 2 ** (-k * t)


class MistakesOfInvTDecay:
    @mistake("M48", replaces="inv_t_decay")
    def counted_from_one(t, lr, k):
        """The first step has t = 0 and the full rate."""
        return inv_t_decay(t + 1, lr, k)

    @mistake("N1213", replaces="inv_t_decay")
    def one_forgotten(t, lr, k):
        """The denominator is 1 + k t: with k t alone the first step divides by 0."""
        return lr / (k * t) if k * t else math.inf

    @mistake("N1213", replaces="inv_t_decay")
    def k_added_to_t(t, lr, k):
        """k multiplies t: 1 + k t, not k + t."""
        return lr / max(k + t, 1)

    @mistake("N1213", replaces="inv_t_decay")
    def root_of_t(t, lr, k):
        """1 / (1 + k t) has no root; 1 / sqrt(t) is another schedule."""
        return lr / math.sqrt(1 + k * t)

    @mistake("N1213", replaces="inv_t_decay")
    def applied_to_what_is_left(t, lr, k):
        """The formula starts from lr in every step: applied to the rate of the step before, it falls much faster."""
        for step in range(1, t + 1):
            lr = lr / (1 + k * step)
        return lr
